"""Notebooks as students hand them in, made from the student edition and the teacher's answers."""

from __future__ import annotations

import json
from functools import cache

from crm_lib._places import notebook_file
from crm_lib.publish.build import build_notebook

TOUR = "0_start/1_tour"
TASKS = ["tour-1-line-amount", "tour-2-recent", "tour-3-top-fifth", "tour-4-largest-cluster"]


@cache
def solve(notebook_id=TOUR):
    """Return grade_id → the teacher's code."""
    found = {}
    for cell in build_notebook(notebook_id, edition="teacher").cells:
        if "solution" in cell.metadata.get("tags", ()):
            grade_id = cell.metadata["nbgrader"]["grade_id"].removesuffix("-answer")
            found[grade_id] = "\n".join(x for x in cell.source.splitlines() if "### " not in x)
    return found


def code_cell(source):
    """Return a cell of the student's own."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": 1}


def text_cell(source):
    """Return a text cell of the student's own."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def find_cell(notebook, grade_id):
    """Return the cell of `notebook` with this nbgrader grade_id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def make_notebook(answers=None, change=None, *, notebook_id=TOUR):
    """Return the student edition as a dict with `answers` (grade_id → code) typed in, then changed."""
    notebook = json.loads(notebook_file(notebook_id).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    for grade_id, code in (solve(notebook_id) if answers is None else answers).items():
        find_cell(notebook, f"{grade_id}-answer")["source"] = code
    for n, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = n
    if change:
        change(notebook)
    return notebook


def write_notebook(path, answers=None, change=None, **more):
    """Write what `make_notebook` returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(make_notebook(answers, change, **more), ensure_ascii=False), encoding="utf-8")
    return path
