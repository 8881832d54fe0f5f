"""Write a feedback page per student: points, what went wrong, where to look again; never an answer."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from os import PathLike
from pathlib import Path

from crm_lib.catalogue import list_sentences, say
from crm_lib.look.page import render_page, write_atomic
from crm_lib.teach.gradebook_tables import Book, sort_books
from crm_lib.teach.results import GRADED, MISSING, Graded, TaskResult

MOST_OUTPUT = 4_000
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


@dataclass(frozen=True)
class ShownTask:
    """One task as the page shows it; `kind` is full, part, none, blank or waiting."""

    task: TaskResult
    kind: str
    output: str = ""
    code: str = ""


@dataclass(frozen=True)
class ShownWork:
    """One notebook of one student as the page shows it."""

    title: str
    entry: Graded
    total: float
    opening: str
    tasks: tuple[ShownTask, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()


def write_feedback(graded: Sequence[Graded], out: str | PathLike[str]) -> dict[str, Path]:
    """Write ``feedback/<student_id>.html``, one page per student with all notebooks.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.
    out : str or path
        Folder of the gradebook; ``feedback`` is made in it.

    Returns
    -------
    dict of str to Path
        student_id → page.  A student_id that cannot be a file name gets a mended one
        with a short hash.

    Raises
    ------
    DataError
        A student stands there twice for one notebook.
    RenderError
        A page cannot be written.

    Notes
    -----
    A page is made from the entries of its student alone.  It holds points, the
    messages of the checks, the student's own code, output and errors; expected
    values and hidden checks are not in a `Graded` at all.  All of it is text from
    outside and is escaped; the page runs no script and loads nothing.
    """
    works: dict[str, list[ShownWork]] = {}
    for book in sort_books(graded):
        for entry in book.entries:
            works.setdefault(entry.student_id, []).append(_show_work(entry, book))
    names = name_files(works)
    shared = _shared_text(works.values())
    return {
        student: write_atomic(Path(out) / "feedback" / names[student], _render(shown, shared))
        for student, shown in works.items()
    }


def name_files(student_ids: Iterable[str]) -> dict[str, str]:
    """Return a file name for each student, safe on every system, no two alike.

    Examples
    --------
    >>> name_files(["2024001", "../etc"])
    {'2024001': '2024001.html', '../etc': '_etc-f7f9121f.html'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for student in student_ids:
        plain = unicodedata.normalize("NFKC", student)
        safe = re.sub(r'[<>:"/\\|?*\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+', "_", plain).strip("._ ")
        safe = safe.encode("utf-8")[:80].decode("utf-8", "ignore")
        if not safe or safe != student or _RESERVED.match(safe) or safe.casefold() in taken:
            digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            safe = f"_{safe}-{digest}"
        taken.add(safe.casefold())
        names[student] = f"{safe}.html"
    return names


def _render(works: Sequence[ShownWork], shared: str) -> str:
    page, _ = render_page(
        "crm_lib.teach",
        "feedback.html.j2",
        styles=("base.css", "teach.css"),
        shared=shared,
        glyphs="".join(sorted(set(shared))),
        student=works[0].entry,
        works=works,
    )
    return page


def _shared_text(works: Iterable[Sequence[ShownWork]]) -> str:
    """Return what pages have in common, names left out; every page carries its glyphs, so they are cut once."""
    found = {list_sentences("feedback", "gradebook", "check")}
    for shown in works:
        for work in shown:
            found |= {work.title, *(step for _, step in work.steps)}
            found |= {one.task.title + one.task.message for one in work.tasks}
    return "\n".join(sorted(found))


def _show_work(entry: Graded, book: Book) -> ShownWork:
    tasks = tuple(_show_task(task) for task in entry.tasks)
    found = find_steps(book.notebook_id)
    lost = [one.task for one in tasks if one.kind in {"part", "none", "blank"}]
    steps = tuple((task.title, found[task.grade_id]) for task in lost if task.grade_id in found)
    return ShownWork(book.title, entry, book.total, _open(entry), tasks, steps)


def _open(entry: Graded) -> str:
    """Return the first sentence: kind, and true."""
    if entry.status == MISSING:
        return say("feedback.missing")
    if entry.status != GRADED:
        return say("feedback.unreadable", reason=entry.reason)
    done = [t for t in entry.tasks if not t.pending and t.total > 0]
    total = sum(t.total for t in done)
    if not total:
        return say("feedback.nothing")
    share = sum(t.points for t in done) / total
    return say(
        "feedback." + ("great" if share >= 0.9 else "good" if share >= 0.6 else "some" if share else "start")
    )


def _show_task(task: TaskResult) -> ShownTask:
    kind = "none"
    if task.pending:
        kind = "waiting"
    elif task.points >= task.total - 1e-9:
        kind = "full"
    elif task.points > 0:
        kind = "part"
    elif task.blank:
        kind = "blank"
    return ShownTask(task, kind, _cut(task.output), _cut("\n\n".join(task.code)))


def _cut(text: str) -> str:
    text = text.strip("\n")
    rest = len(text) - MOST_OUTPUT
    return text if rest <= 0 else text[:MOST_OUTPUT] + "\n" + say("feedback.cut", n=rest)


@cache
def find_steps(notebook_id: str) -> dict[str, str]:
    """Return for each task of a notebook the heading it stands under.

    Parameters
    ----------
    notebook_id : str
        ``<project>/<n>_<name>``.

    Returns
    -------
    dict of str to str
        grade_id → heading, for manual items too; empty for an unknown notebook.
    """
    from crm_lib._places import list_notebooks
    from crm_lib.teach.intake_official import load_official

    if notebook_id not in list_notebooks():
        return {}
    official = load_official(notebook_id)
    manual = {item.cell: item.grade_id for item in official.manual}
    steps, heading = {}, ""
    for number, cell in enumerate(official.cells):
        found = re.match(r"## +(.+)", cell.source) if cell.kind == "text" else None
        heading = found[1].strip() if found else heading
        grade_id = cell.task if cell.role == "statement" else manual.get(number, "")
        if grade_id and heading:
            steps[grade_id] = heading
    return steps
