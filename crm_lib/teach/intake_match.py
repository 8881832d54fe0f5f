"""Find a student's answers among the cells that came back, whatever happened to them on the way."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from dataclasses import dataclass, field

from crm_lib.catalogue import say
from crm_lib.teach.intake_json import Cell, HandedNotebook
from crm_lib.teach.intake_official import Official

MOST_CODE = 256 << 10  # bytes of one answer
_MOST_WORDS = 4_000


@dataclass
class Matched:
    """A student's answers by grade_id, the cells that belong to none, own words by manual item, notes."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    extras: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def match_answers(official: Official, notebook: HandedNotebook) -> Matched:
    """Return what of `notebook` is the student's, by task.

    Parameters
    ----------
    official
        The student edition the notebook came from.
    notebook
        What was handed in.

    Returns
    -------
    Matched
        An answer cell is found by its nbgrader grade_id, else by its cell id, else by
        its place between official cells, else by the variable it assigns.  The student's
        own code cells belong to the task in whose place they stand, else to the next one;
        those after the last task are extras.  A task without an answer is not among
        ``answers``.  Every official cell counts as it was handed out, changed or not.
    """
    cells = list(notebook.cells)
    found = _match_cells(official, cells)
    owners = _find_owners(official, cells, found)
    matched = Matched()
    for n, cell in enumerate(cells):
        if cell.kind == "code" and n not in found and not owners[n] and cell.source.strip():
            matched.extras.append(cell.source)
    for task in official.tasks:
        _collect_answer(official, task, cells, found, owners, matched)
    edited = [n for n, o in found.items() if _is_edited(official, cells[n], o)]
    if edited:
        matched.notes.append(say("intake.edited", n=len(edited)))
    _collect_words(official, cells, found, matched)
    return matched


def count_matches(official: Official, notebook: HandedNotebook) -> int:
    """Return how many cells of `notebook` are official ones by their text, marks counting half."""
    texts = {_plain(c.source) for c in official.cells}
    marks = {c.grade_id for c in official.cells if c.grade_id}
    same = len({_plain(c.source) for c in notebook.cells} & texts)
    return 2 * same + len({c.grade_id for c in notebook.cells} & marks)


def _match_cells(official: Official, cells: list[Cell]) -> dict[int, int]:
    """Return handed-in cell → official cell."""
    by_grade = {c.grade_id: n for n, c in enumerate(official.cells) if c.grade_id}
    by_id = {c.cell_id: n for n, c in enumerate(official.cells) if c.cell_id}
    by_text = {_plain(c.source): n for n, c in enumerate(official.cells)}
    ways = (
        lambda c: _unless_other(official, c, by_grade.get(c.grade_id, -1)),
        lambda c: _unless_other(official, c, by_id.get(c.cell_id, -1)),
        lambda c: by_text.get(_plain(c.source), -1),
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for way in ways:
        claims = defaultdict(list)
        for n, cell in enumerate(cells):
            o = way(cell)
            if n not in found and o >= 0 and o not in taken and official.cells[o].kind == cell.kind:
                claims[o].append(n)
        for o, numbers in claims.items():
            n = _choose(official, o, cells, numbers)
            found[n] = o
            taken.add(o)
    _drop_copies(official, cells, found, by_text)
    return found


def _unless_other(official: Official, cell: Cell, o: int) -> int:
    """Return `o`, or -1 when it is the answer cell of one task and `cell` assigns another's answer."""
    if o < 0 or official.cells[o].role != "answer" or is_blank(cell.source, ""):
        return o
    own = official.checks[official.cells[o].task].answer
    others = [c.answer for c in official.checks.values() if c.answer != own]
    wrong = not assigns(cell.source, own) and any(assigns(cell.source, name) for name in others)
    return -1 if wrong else o


def _choose(official: Official, o: int, cells: list[Cell], numbers: list[int]) -> int:
    """Return which of several cells of one mark is the official one: copying a cell copies its mark."""
    cell = official.cells[o]
    same_id = [n for n in numbers if cells[n].cell_id and cells[n].cell_id == cell.cell_id]
    if same_id or cell.role != "answer":
        return (same_id or numbers)[0]
    name = official.checks[cell.task].answer
    return next((n for n in numbers if assigns(cells[n].source, name)), numbers[0])


def _drop_copies(
    official: Official, cells: list[Cell], found: dict[int, int], by_text: dict[str, int]
) -> None:
    """Let unchanged second copies of official cells that are no answers count as official too."""
    for n, cell in enumerate(cells):
        o = by_text.get(_plain(cell.source), -1)
        if n not in found and o >= 0 and official.cells[o].role != "answer":
            found[n] = o


def _find_owners(official: Official, cells: list[Cell], found: dict[int, int]) -> list[str]:
    """Return per cell the task it belongs to, or nothing."""
    tasks = [(task, official.places(task)) for task in official.tasks]
    owners, last = [], -1
    for n, cell in enumerate(cells):
        if n in found:
            last = found[n]
            official_cell = official.cells[last]
            owners.append(official_cell.task if official_cell.role == "answer" else "")
            continue
        inside = [
            t for t, p in tasks if p.get("statement", p["answer"]) <= last < p.get("check", p["answer"])
        ]
        after = [t for t, p in tasks if p["answer"] > last]
        owners.append((inside or after or [""])[0] if cell.kind == "code" else "")
    return owners


def _collect_answer(
    official: Official,
    task: str,
    cells: list[Cell],
    found: dict[int, int],
    owners: list[str],
    matched: Matched,
) -> None:
    name, title = official.checks[task].answer, official.titles[task]
    place = official.places(task)["answer"]
    numbers = [n for n, owner in enumerate(owners) if owner == task and cells[n].source.strip()]
    own = next((n for n in numbers if found.get(n) == place), -1)
    if not any(assigns(cells[n].source, name) and not is_blank(cells[n].source, name) for n in numbers):
        elsewhere = [n for n in _changed(official, cells, found) if assigns(cells[n].source, name)]
        elsewhere = [n for n in elsewhere if n not in numbers and not is_blank(cells[n].source, name)]
        if elsewhere:
            matched.notes.append(say("intake.found_by_name", title=title, answer=name))
            numbers = [*numbers, elsewhere[-1]]
    elif own < 0:
        matched.notes.append(say("intake.found_by_place", title=title))
    elif cells[own].grade_id != official.cells[place].grade_id:
        matched.notes.append(say("intake.found_by_id", title=title))
    sources = [cells[n].source for n in numbers if not is_blank(cells[n].source, name)]
    if not sources:
        return
    if sum(len(s.encode("utf-8", "replace")) for s in sources) > MOST_CODE:
        matched.notes.append(say("intake.too_long", title=title, most=MOST_CODE >> 10))
        return
    matched.answers[task] = sources


def _changed(official: Official, cells: list[Cell], found: dict[int, int]) -> list[int]:
    """Return the code cells that are not as they were handed out."""
    code = [n for n, c in enumerate(cells) if c.kind == "code"]
    return [
        n
        for n in code
        if n not in found or _plain(cells[n].source) != _plain(official.cells[found[n]].source)
    ]


def _is_edited(official: Official, cell: Cell, o: int) -> bool:
    target = official.cells[o]
    return cell.kind == "code" and target.role != "answer" and _plain(cell.source) != _plain(target.source)


def _collect_words(official: Official, cells: list[Cell], found: dict[int, int], matched: Matched) -> None:
    """Gather the student's own text by the last 想一想 or 拓展任务 above it."""
    items = sorted(official.manual, key=lambda item: item.cell)
    words, last = defaultdict(list), -1
    for n, cell in enumerate(cells):
        last = found.get(n, last)
        item = next((i for i in reversed(items) if i.cell <= last), None)
        if cell.kind != "text" or item is None:
            continue
        given = set(official.cells[found[n]].source.splitlines()) if n in found else set()
        own = [line for line in cell.source.splitlines() if line.strip() and line not in given]
        words[item.grade_id] += own
    matched.words = {i: "\n".join(lines)[:_MOST_WORDS] for i, lines in words.items() if lines}


def assigns(source: str, name: str) -> bool:
    """Tell whether `source` assigns the variable `name`, also in code that does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (
            re.search(rf"^\s*{re.escape(name)}\s*(?::[^=]+)?[-+*/]?=(?!=)", source, re.MULTILINE) is not None
        )
    stores = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(node.id == name for node in stores)


def is_blank(source: str, name: str) -> bool:
    """Tell whether `source` does nothing: comments, ``pass``, ``answer = None``."""
    words = [w for w in _words(source) if w]
    plain = " ".join(words).replace(";", " ").split()
    return not plain or " ".join(plain) in (f"{name} = None", f"{name} = ...", "pass", "...")


def _words(source: str) -> list[str]:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, RecursionError):
        return source.split()
    return [t.string for t in tokens if t.type not in skipped]


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
