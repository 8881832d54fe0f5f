"""The official notebook as grading needs it: its cells, its tasks, its items for manual points."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from crm_lib._checks import require_choice
from crm_lib._places import list_notebooks, notebook_file
from crm_lib.lesson.checks import Check, load_checks

_TITLE = re.compile(r"\*\*(做一做\s*\d+)")
_THINK, _EXTEND = "**想一想**", "**拓展任务**"


@dataclass(frozen=True)
class OfficialCell:
    """One cell of the student edition; `task` is the grade_id it serves, `role` what for."""

    kind: str
    source: str
    cell_id: str
    grade_id: str = ""
    task: str = ""
    role: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ManualItem:
    """One item that gets its points from a person: the official cell it stands in, and its title."""

    grade_id: str
    title: str
    cell: int


@dataclass(frozen=True)
class Official:
    """The student edition of a notebook."""

    notebook_id: str
    cells: tuple[OfficialCell, ...]
    checks: dict[str, Check]
    titles: dict[str, str]
    manual: tuple[ManualItem, ...]

    @property
    def tasks(self) -> list[str]:
        """The grade_ids in the order of the notebook."""
        return [c.task for c in self.cells if c.role == "answer"]

    def places(self, task: str) -> dict[str, int]:
        """Return the numbers of the statement, answer and check cells of `task` by role."""
        return {c.role: n for n, c in enumerate(self.cells) if c.task == task}


def load_official(notebook_id: str) -> Official:
    """Return the built student edition of `notebook_id`, ready for matching."""
    require_choice("crm grade", "notebook", notebook_id, list_notebooks())
    path = notebook_file(notebook_id)
    return _load(notebook_id, path.read_text(encoding="utf-8"))


@cache
def _load(notebook_id: str, text: str) -> Official:
    cells = tuple(map(_read_cell, json.loads(text)["cells"]))
    found = {c.task: _TITLE.search(c.source) for c in cells if c.role == "statement"}
    titles = {task: re.sub(r"\s+", " ", m[1]) if m else task for task, m in found.items()}
    return Official(notebook_id, cells, load_checks(notebook_id), titles, _list_manual(notebook_id, cells))


def _read_cell(raw: dict) -> OfficialCell:
    tags = raw["metadata"].get("tags", ())
    graded = raw["metadata"].get("nbgrader", {}).get("grade_id", "")
    roles = {"exercise": "statement", "solution": "answer", "grade": "check"}
    role = next((roles[t] for t in tags if t in roles), "")
    task = graded.removesuffix({"statement": "-task", "answer": "-answer"}.get(role, "\0")) if role else ""
    kind = "code" if raw["cell_type"] == "code" else "text"
    return OfficialCell(kind, "".join(raw["source"]), raw.get("id", ""), graded, task, role, tuple(tags))


def _list_manual(notebook_id: str, cells: tuple[OfficialCell, ...]) -> tuple[ManualItem, ...]:
    stem = notebook_id.split("/")[-1]
    items: list[ManualItem] = []
    for mark, word in ((_THINK, "think"), (_EXTEND, "extend")):
        places = [n for n, c in enumerate(cells) if c.kind == "text" and mark in c.source]
        title = mark.strip("*")
        items += [
            ManualItem(f"{stem}-{word}-{k}", f"{title} {k}" if len(places) > 1 else title, n)
            for k, n in enumerate(places, 1)
        ]
    return tuple(items)
