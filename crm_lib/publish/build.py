"""Build notebooks from their authored sources: student edition and teacher edition."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._places import checks_file, list_notebooks, project_root, source_file
from crm_lib.catalogue import say
from crm_lib.errors import BuildError

if TYPE_CHECKING:
    from nbformat import NotebookNode

EDITIONS = ("student", "teacher")
GRADED_TAGS = frozenset({"exercise", "solution", "grade"})
_SOLUTION = re.compile(r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION\n?", re.DOTALL | re.MULTILINE)
_MODEL_ANSWER = re.compile(r'\n*<details class="model-answer">.*?</details>\n*', re.DOTALL)


def list_sources() -> list[str]:
    """Return the ids of all authored notebooks, in book order."""
    folder = project_root() / "notebooks" / "src"
    paths = (p for p in folder.glob("[0-9]*_*/[0-9]*_*.py") if not p.name.endswith(".checks.py"))
    return sorted(
        (f"{p.parent.name}/{p.stem}" for p in paths),
        key=lambda i: [int(part.split("_")[0]) for part in i.split("/")],
    )


def build_notebook(notebook_id: str, *, edition: str = "student") -> NotebookNode:
    """Build one notebook from its source.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    edition
        ``student``: answers blank, model answers and hidden checks removed;
        ``teacher``: everything.

    Returns
    -------
    NotebookNode
        Without outputs, with the same cell ids at every build.

    Raises
    ------
    BuildError
        When the source breaks a rule of the notebook anatomy; all faults at once.
    """
    from crm_lib.publish.anatomy import find_faults

    path = source_file(notebook_id)
    if not path.exists():
        raise BuildError(f"crm build: no source {notebook_id!r}; there are: {', '.join(list_sources())}")
    notebook = read_source(path)
    faults = find_faults(notebook, notebook_id)
    if faults:
        raise BuildError(f"{notebook_id}: " + "; ".join(faults))
    for cell in notebook.cells:
        _shape_cell(cell, edition, notebook_id)
    _set_ids(notebook)
    notebook.metadata = _metadata(notebook_id, edition)
    return notebook


def read_source(path: Path) -> NotebookNode:
    """Read an authored ``.py`` (jupytext percent format) as a notebook."""
    import jupytext

    return jupytext.read(path, fmt="py:percent")


def _shape_cell(cell: Any, edition: str, notebook_id: str) -> None:
    tags = cell.metadata.get("tags", [])
    grade_id = cell.metadata.pop("grade_id", None)
    if edition == "student":
        cell.source = _MODEL_ANSWER.sub("\n\n", cell.source).strip()
        if "solution" in tags:
            cell.source = _blank_answer(cell.source, notebook_id, grade_id)
    if grade_id:
        cell.metadata["nbgrader"] = _nbgrader(cell, tags, grade_id, notebook_id)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _blank_answer(source: str, notebook_id: str, grade_id: str) -> str:
    from crm_lib.lesson.checks import load_checks

    name = load_checks(notebook_id)[grade_id].answer
    return _SOLUTION.sub(f"{say('build.write_here')}\n{name} = None\n", source).strip()


def _nbgrader(cell: Any, tags: list[str], grade_id: str, notebook_id: str) -> dict[str, Any]:
    from crm_lib.lesson.checks import load_checks

    meta = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    if "solution" in tags:
        return {**meta, "grade_id": f"{grade_id}-answer", "solution": True}
    if "grade" in tags:
        points = load_checks(notebook_id)[grade_id].points
        return {**meta, "grade_id": grade_id, "grade": True, "locked": True, "points": points}
    return {**meta, "grade_id": f"{grade_id}-task", "locked": True}


def _set_ids(notebook: NotebookNode) -> None:
    """Give each cell an id that depends on its section and its place there, not on chance."""
    section, place = "", 0
    for cell in notebook.cells:
        heading = re.match(r"#{1,2} (.+)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            section, place = heading[1], 0
        cell["id"] = hashlib.sha256(f"{section}\n{place}".encode()).hexdigest()[:12]
        place += 1


def _metadata(notebook_id: str, edition: str) -> Any:
    from nbformat import from_dict

    return from_dict({
        "crm": {"edition": edition, "id": notebook_id, "source_sha256": hash_source(notebook_id)},
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })


def hash_source(notebook_id: str) -> str:
    """Return the sha256 of the source and its checks table."""
    digest = hashlib.sha256()
    for path in (source_file(notebook_id), checks_file(notebook_id)):
        if path.exists():
            digest.update(path.read_text(encoding="utf-8").encode())
    return digest.hexdigest()


def drop_graded(notebook: NotebookNode) -> NotebookNode:
    """Return the report's notebook: the student edition without its exercises."""
    import copy

    report = copy.deepcopy(notebook)
    report.cells = [c for c in report.cells if not GRADED_TAGS & set(c.metadata.get("tags", ()))]
    return report


def write_notebooks(
    notebook_ids: list[str] | None = None, *, edition: str = "student", out: Path | None = None
) -> list[Path]:
    """Build notebooks and write those whose bytes changed.

    Parameters
    ----------
    notebook_ids
        Which ones; all by default.
    out
        Folder; the suite's ``notebooks/`` by default.

    Returns
    -------
    list of Path
        The files that were written (an unchanged one is left alone).
    """
    folder = Path(out) if out else project_root() / "notebooks"
    written = []
    for notebook_id in notebook_ids or list_sources():
        text = notebook_text(notebook_id, edition=edition)
        path = folder / f"{notebook_id}.ipynb"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    return written


def notebook_text(notebook_id: str, *, edition: str = "student") -> str:
    """Return the built notebook as the text of its ``.ipynb`` file."""
    import nbformat

    return nbformat.writes(build_notebook(notebook_id, edition=edition), version=4) + "\n"


def find_stale() -> list[str]:
    """Return the ids whose built notebook is missing, differs from its source, or has none."""
    folder = project_root() / "notebooks"
    sources = list_sources()
    stale = [i for i in list_notebooks() if i not in sources]
    for notebook_id in sources:
        path = folder / f"{notebook_id}.ipynb"
        if not path.exists() or path.read_text(encoding="utf-8") != notebook_text(notebook_id):
            stale.append(notebook_id)
    return stale
