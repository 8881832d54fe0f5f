"""The rules a notebook source is held to (see CONTRIBUTING, "A notebook")."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from crm_lib.errors import BuildError

if TYPE_CHECKING:
    from nbformat import NotebookNode

TAGS = frozenset(
    ["hide-input", "parameters", "injected-parameters", "finding", "exercise", "solution", "grade", "export"]
    + ["nbval-check-output"]
)
CODE_CELLS = (12, 25)
MOST_LINES = 12
MEDIAN_LINES = 6
MOST_IMPORTS = 8
MOST_DEF_LINES = 5
FEWEST_CHECKED = 3
# a page that opens a project (0_…) tells what the project is about; it may have no parameters and no tasks
PAGE_CELLS = (3, 10)
PAGE_CHECKED = 1
_READERS = re.compile(r"\b(?:pd|pandas|pl|polars|duckdb)\.(?:read_|scan_|connect|sql\b)|\bopen\(")


def find_faults(notebook: NotebookNode, notebook_id: str) -> list[str]:
    """Return every broken rule of the notebook anatomy, in words; empty when all hold."""
    faults: list[str] = []
    for look in (_tags, _opening, _parameters, _sizes, _reading, _exercises, _solution_names, _closing):
        faults += look(notebook, notebook_id)
    return faults


def is_page(notebook_id: str) -> bool:
    """Tell whether a notebook is the page that opens a project, such as ``1_identification/0_project``.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    """
    return notebook_id.rsplit("/", 1)[-1].startswith("0_")


def tags_of(cell: Any) -> set[str]:
    """Return the tags of a cell as a set."""
    return set(cell.metadata.get("tags", ()))


def _code(notebook: NotebookNode, *, graded: bool = True) -> list[Any]:
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    return cells if graded else [c for c in cells if not tags_of(c) & {"solution", "grade"}]


def _tags(notebook: NotebookNode, _: str) -> list[str]:
    used = set().union(*(tags_of(c) for c in notebook.cells))
    return [f"tag {tag!r} is not in the closed list" for tag in sorted(used - TAGS)]


def _opening(notebook: NotebookNode, _: str) -> list[str]:
    faults = []
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    if sum(len(re.findall(r"^# ", t, re.MULTILINE)) for t in texts) != 1 or not texts[0].startswith("# "):
        faults.append("there must be one H1, in the first cell")
    if not re.search(r"\d+ ?分钟", texts[0]):
        faults.append("the first cell must say how many minutes it takes (分钟)")
    if "你将学会" not in texts[1]:
        faults.append("the second text must be 你将学会")
    imports = _code(notebook)[0]
    if "hide-input" not in tags_of(imports) or len(imports.source.splitlines()) > MOST_IMPORTS:
        faults.append(f"the first code cell holds the imports: tag hide-input, at most {MOST_IMPORTS} lines")
    return faults


def _parameters(notebook: NotebookNode, notebook_id: str) -> list[str]:
    from crm_lib.lesson.params import read_parameters

    cells = [i for i, c in enumerate(notebook.cells) if "parameters" in tags_of(c)]
    if not cells and is_page(notebook_id):
        call = f'parameters("{notebook_id}")'
        there = any(c.source.startswith(call) and "hide-input" in tags_of(c) for c in _code(notebook))
        return [] if there else [f"a page without parameters still calls {call}, tagged hide-input"]
    if len(cells) != 1:
        return ["there must be exactly one cell tagged parameters"]
    after = notebook.cells[cells[0] + 1]
    faults = []
    if f'parameters("{notebook_id}")' not in after.source or "hide-input" not in tags_of(after):
        faults.append(f'after the parameters cell comes parameters("{notebook_id}"), tagged hide-input')
    try:
        read_parameters(notebook.cells[cells[0]].source, where="parameters cell")
    except BuildError as error:
        faults.append(str(error))
    return faults


def _sizes(notebook: NotebookNode, notebook_id: str) -> list[str]:
    faults = []
    fewest, most = PAGE_CELLS if is_page(notebook_id) else CODE_CELLS
    cells = _code(notebook)
    # one parameter a line: a lesson may well need more of them than a step may have lines
    steps = [c for c in cells if "parameters" not in tags_of(c)]
    lengths = sorted(len(c.source.splitlines()) for c in steps)
    if not fewest <= len(cells) <= most:
        faults.append(f"{len(cells)} code cells; there must be {fewest} to {most}")
    if lengths and lengths[-1] > MOST_LINES:
        faults.append(f"a code cell has {lengths[-1]} lines; at most {MOST_LINES}")
    if lengths and lengths[len(lengths) // 2] > MEDIAN_LINES:
        faults.append(f"the median code cell has {lengths[len(lengths) // 2]} lines; at most {MEDIAN_LINES}")
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            long = isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > MOST_DEF_LINES
            if long:
                faults.append(
                    f"def {node.name} is longer than {MOST_DEF_LINES} lines: it belongs in the library"
                )
    return faults


def _reading(notebook: NotebookNode, _: str) -> list[str]:
    found = [m[0] for c in _code(notebook) for m in [_READERS.search(c.source)] if m]
    return [f"data are read through crm_lib only; found {text!r}" for text in found]


def _exercises(notebook: NotebookNode, notebook_id: str) -> list[str]:
    from crm_lib.lesson.checks import load_checks

    faults = []
    checks = load_checks(notebook_id)
    kinds = Counter(
        (cell.metadata.get("grade_id"), kind)
        for cell in notebook.cells
        for kind in ("exercise", "solution", "grade")
        if kind in tags_of(cell)
    )
    ids = {grade_id for grade_id, _ in kinds}
    if ids != set(checks):
        faults.append(f"graded tasks {sorted(map(str, ids))} and checks table {sorted(checks)} differ")
    for grade_id in sorted(set(checks) & ids):
        faults += _one_exercise(grade_id, kinds, checks[grade_id], notebook)
    return faults


def _one_exercise(grade_id: str, kinds: Counter, check: Any, notebook: NotebookNode) -> list[str]:
    faults = []
    if any(kinds[grade_id, kind] != 1 for kind in ("exercise", "solution", "grade")):
        faults.append(f"{grade_id}: needs one exercise, one solution and one grade cell")
    if len(check.mistakes) < 4:
        faults.append(f"{grade_id}: the checks table needs at least 4 mistakes")
    call = f'check("{grade_id}", {check.answer})'
    if not any(c.source.strip() == call for c in notebook.cells if "grade" in tags_of(c)):
        faults.append(f"{grade_id}: its grade cell must be {call}")
    statement = next((c.source for c in notebook.cells if c.metadata.get("grade_id") == grade_id), "")
    if not re.search(rf"{check.points:g} ?分", statement):
        faults.append(f"{grade_id}: its statement must name its {check.points:g} points (分)")
    return faults


def _names(source: str, context: type) -> set[str]:
    return {
        n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name) and isinstance(n.ctx, context)
    }


def _solution_names(notebook: NotebookNode, _: str) -> list[str]:
    """No cell of the report may use what only a solution defines."""
    kept = _code(notebook, graded=False)
    defined = set().union(*(_names(c.source, ast.Store) for c in kept)) if kept else set()
    used = set().union(*(_names(c.source, ast.Load) for c in kept)) if kept else set()
    solved = set().union(
        set(), *(_names(c.source, ast.Store) for c in _code(notebook) if "solution" in tags_of(c))
    )
    return [
        f"{name!r} is defined by a solution but used outside" for name in sorted((solved - defined) & used)
    ]


def _closing(notebook: NotebookNode, notebook_id: str) -> list[str]:
    faults = []
    page = is_page(notebook_id)
    fewest = PAGE_CHECKED if page else FEWEST_CHECKED
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    if not page and not any(re.search(r"^## 小结", text, re.MULTILINE) for text in texts):
        faults.append("a closing section 小结 is missing")
    if not any("export" in tags_of(c) for c in _code(notebook)):
        faults.append("a cell tagged export is missing")
    if not any("finding" in tags_of(c) for c in _code(notebook)):
        faults.append("no cell is tagged finding: data-dependent sentences are computed")
    if any("nbval-check-output" in tags_of(c) and "show_figure(" in c.source for c in _code(notebook)):
        faults.append("a cell tagged nbval-check-output shows a figure, which no comparison can hold")
    if sum("nbval-check-output" in tags_of(c) for c in _code(notebook)) < fewest:
        faults.append(f"at least {fewest} cells must be tagged nbval-check-output")
    return faults
