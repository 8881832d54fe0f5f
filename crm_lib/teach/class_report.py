"""Write the report on a class for its teacher: scores, questions, frequent mistakes, who needs a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib.catalogue import list_sentences, say
from crm_lib.look.page import render_page, write_atomic
from crm_lib.teach.gradebook_tables import (
    Book,
    list_groups,
    sort_books,
    tabulate_classes,
    tabulate_items,
)
from crm_lib.teach.results import GRADED, MISSING, UNREADABLE, Graded
from crm_lib.teach.similarity import Pair

N_BANDS = 10


@dataclass(frozen=True)
class Section:
    """What the report says on one notebook; rows are ready to be shown."""

    title: str
    classes: list[dict[str, Any]]
    bands: list[tuple[str, int, float]]
    n_graded: int
    items: list[dict[str, Any]]
    mistakes: list[tuple[str, str, int, str]]
    lists: list[tuple[str, str, list[tuple[str, str]]]]
    pairs: list[Pair]


def write_class_report(graded: Sequence[Graded], pairs: Sequence[Pair], out: str | PathLike[str]) -> Path:
    """Write ``class_report.html``.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.
    pairs : sequence of Pair
        What `find_similar` found.
    out : str or path
        Folder; made when it is missing.

    Returns
    -------
    Path
        The page: per notebook the classes, the distribution of the scores, the
        questions, the frequent mistakes by name and count, who has not handed in,
        what could not be read, constants instead of calculations, similar pairs.

    Raises
    ------
    DataError
        A student stands there twice for one notebook.
    RenderError
        The page cannot be written.
    """
    books = sort_books(graded)
    items, classes = tabulate_items(graded), tabulate_classes(graded)
    sections = [
        Section(
            title=book.title,
            classes=_rows_of(classes, book),
            bands=count_bands(book),
            n_graded=sum(e.status == GRADED for e in book.entries),
            items=[row | {"reading": read_item(row)} for row in _rows_of(items, book)],
            mistakes=count_mistakes(book),
            lists=_list_people(book),
            pairs=[p for p in pairs if p.notebook_id == book.notebook_id],
        )
        for book in books
    ]
    page, _ = render_page(
        "crm_lib.teach",
        "class_report.html.j2",
        styles=("base.css", "teach.css"),
        shared=list_sentences("class_report"),
        sections=sections,
        several=len(list_groups(books)) > 1,
        n_students=len({e.student_id for e in graded}),
        n_missing=sum(e.status == MISSING for e in graded),
        n_pairs=len(pairs),
    )
    return write_atomic(Path(out) / "class_report.html", page)


def _rows_of(table: Any, book: Book) -> list[dict[str, Any]]:
    if not len(table):
        return []
    return table[table["notebook_id"] == book.notebook_id].to_dict("records")


def count_bands(book: Book) -> list[tuple[str, int, float]]:
    """Count the graded submissions in ten bands of the share of the points reached.

    Parameters
    ----------
    book : Book
        Points after the late rule.

    Returns
    -------
    list of tuple
        (band, number, number over the largest number), the lowest band first; a
        share on an edge counts above it, the full score in the last band.
    """
    shares = [e.points / book.total for e in book.entries if e.status == GRADED and book.total > 0]
    counts = Counter(min(int(share * N_BANDS + 1e-9), N_BANDS - 1) for share in shares)
    most = max(counts.values(), default=1)
    width = 100 // N_BANDS
    return [
        (say("class_report.band_range", low=i * width, high=(i + 1) * width), counts[i], counts[i] / most)
        for i in range(N_BANDS)
    ]


def read_item(row: dict[str, Any]) -> str:
    """Return in a word how to read the statistics of a question.

    Parameters
    ----------
    row : dict
        ``difficulty``, ``discrimination`` and ``item_rest_correlation`` of
        `analyze_items`.

    Returns
    -------
    str
        Very easy (P at least 0.9) and very hard (P at most 0.2) win, for such a
        question cannot tell people apart; then reversed (D below 0 or r below -0.2)
        and weak (either below 0.2).  D alone would flatter: the question is part of
        the sum it is compared with.
    """
    p, d, r = row["difficulty"], row["discrimination"], row["item_rest_correlation"]
    if p != p:
        return say("class_report.unknown")
    if p >= 0.9 or p <= 0.2:
        return say("class_report.easy" if p >= 0.9 else "class_report.hard")
    if d != d or r != r:
        return say("class_report.unknown")
    word = "reversed" if d < 0 or r < -0.2 else "weak" if min(d, r) < 0.2 else "fine"
    return say(f"class_report.{word}")


def count_mistakes(book: Book) -> list[tuple[str, str, int, str]]:
    """Count the frequent mistakes.

    Parameters
    ----------
    book : Book
        Its entries' tasks carry the name of the mistake.

    Returns
    -------
    list of tuple
        (title of the task, name of the mistake, number of students, message), the
        most frequent first.
    """
    found: Counter[tuple[str, str]] = Counter()
    told: dict[tuple[str, str], str] = {}
    for entry in book.entries:
        for task in entry.tasks:
            if task.mistake:
                found[task.title, task.mistake] += 1
                told.setdefault((task.title, task.mistake), task.message)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(*key, n, told[key]) for key, n in ranked]


def _list_people(book: Book) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (heading, remark, [(person, what)]) for each matter; matters that touch nobody are left out."""
    matters: dict[str, list[tuple[str, str]]] = {
        name: [] for name in ("missing", "unreadable", "late", "hard_coded", "pending", "errors", "notes")
    }
    for entry in book.entries:
        who = name_person(entry)
        if entry.status == MISSING:
            matters["missing"].append((who, ""))
        if entry.status == UNREADABLE:
            matters["unreadable"].append((who, entry.reason))
        if entry.late_days and entry.status != MISSING:
            line = say("class_report.late_line", days=entry.late_days, share=entry.late_share)
            matters["late"].append((who, line))
        if entry.pending:
            matters["pending"].append((who, say("class_report.pending_line", n=entry.pending)))
        fixed = "、".join(t.title for t in entry.tasks if t.hard_coded)
        matters["hard_coded"] += [(who, fixed)] if fixed else []
        matters["errors"] += [(who, f"{t.title}：{t.error}") for t in entry.tasks if t.error]
        matters["notes"] += [(who, note) for note in entry.notes]
    remarks = {"hard_coded": say("class_report.hard_coded_note")}
    return [
        (say(f"class_report.{name}"), remarks.get(name, ""), people)
        for name, people in matters.items()
        if people
    ]


def name_person(entry: Any) -> str:
    """Return name and student_id of an entry or a work, for the eyes of the teacher."""
    return f"{entry.name}（{entry.student_id}）" if entry.name else entry.student_id
