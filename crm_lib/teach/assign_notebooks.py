"""The notebooks of a course: the source that nbgrader releases from, and the release itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.errors import BuildError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_BEGIN = re.compile(r"^([ \t]*)### BEGIN SOLUTION$", re.MULTILINE)


def make_release(notebook_id: str, values: Mapping[str, Any] | None = None) -> NotebookNode:
    """Return the student edition with its statements and checks locked.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    values
        Parameters that get another default: text only.
    """
    from crm_lib.publish.build import build_notebook

    notebook = build_notebook(notebook_id)
    for cell in notebook.cells:
        _lock(cell)
        if values and "parameters" in cell.metadata.get("tags", ()):
            cell.source = set_defaults(cell.source, values)
    return notebook


def make_source(notebook_id: str) -> NotebookNode:
    """Return what nbgrader makes its release from: the release plus the solutions in their regions.

    nbgrader cuts out the regions only.  So folded model answers, which stand in
    the text, are not in here in the first place; and what a student finds in an
    empty answer cell stands above the region, so that both releases agree.
    """
    from crm_lib.publish.build import build_notebook

    teacher = {c["id"]: c for c in build_notebook(notebook_id, edition="teacher").cells}
    notebook = make_release(notebook_id)
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", ()):
            cell.source = _add_blank(teacher[cell["id"]].source, cell.source, notebook_id)
    notebook.metadata["crm"]["edition"] = "source"
    return notebook


def _add_blank(solution: str, blank: str, notebook_id: str) -> str:
    """Put the lines of the empty answer above the region they stand for."""
    before = _BEGIN.split(solution, maxsplit=1)[0]
    if len(_BEGIN.findall(solution)) != 1 or not blank.startswith(before.rstrip("\n")):
        raise BuildError(f"{notebook_id}: an answer cell must hold one region BEGIN SOLUTION … END SOLUTION")
    region = re.search(r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION", solution, re.S | re.M)
    return f"{blank}\n{region[0]}"


def _lock(cell: Any) -> None:
    """Lock as nbgrader's LockCells does: statements and checks for good, answers against deletion."""
    meta = cell.metadata.get("nbgrader", {})
    if meta.get("locked") or meta.get("solution"):
        cell.metadata["deletable"] = False
    if meta.get("locked"):
        cell.metadata["editable"] = False


def set_defaults(source: str, values: Mapping[str, str]) -> str:
    """Return the text of a parameters cell with other defaults for the text parameters in `values`.

    Examples
    --------
    >>> set_defaults('orders: str = "cdnow"  # orders <path>', {"orders": "data/my_orders.csv"})
    'orders: str = "data/my_orders.csv"  # orders <path>'
    """
    lines = source.split("\n")
    for name, value in values.items():
        line = re.compile(rf'^({re.escape(name)}: str = )("[^"]*")')
        places = [i for i, text in enumerate(lines) if line.match(text)]
        if len(places) != 1:
            raise BuildError(f"the parameters cell must hold one line '{name}: str = \"…\"'")
        lines[places[0]] = line.sub(lambda found, v=value: f'{found[1]}"{v}"', lines[places[0]])
    return "\n".join(lines)


def write_text(notebook: NotebookNode) -> bytes:
    """Return the bytes of the ``.ipynb`` file."""
    import nbformat

    return (nbformat.writes(notebook, version=4) + "\n").encode()
