"""Graded work as tables: a row per student, per task, per question, per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.teach.gradebook_items import analyze_items, measure_alpha
from crm_lib.teach.results import GRADED, MISSING, UNREADABLE, Graded

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Book:
    """The graded work of one notebook: its title, its tasks in order with their most points, its entries."""

    notebook_id: str
    title: str
    tasks: dict[str, tuple[str, float]]
    entries: tuple[Graded, ...] = field(default=())

    @property
    def total(self) -> float:
        """Most points there are."""
        return round(sum(total for _, total in self.tasks.values()), 2)

    def select(self, class_name: str | None) -> Book:
        """Return the book of one class; of all when `class_name` is None."""
        kept = tuple(e for e in self.entries if class_name in (None, e.class_name))
        return Book(self.notebook_id, self.title, self.tasks, kept)


def sort_books(graded: Sequence[Graded]) -> list[Book]:
    """Sort graded work by notebook, class and student.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.

    Returns
    -------
    list of Book
        In the order of the notebooks' ids; a task stands where the first student who
        has it has it.

    Raises
    ------
    DataError
        A student stands there twice for one notebook.
    """
    keys = [(e.notebook_id, e.student_id) for e in graded]
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    if twice:
        raise DataError(
            f"gradebook: one entry per student and notebook; {twice[0][1]!r} stands there "
            f"{keys.count(twice[0])} times for {twice[0][0]} ({len(twice)} such). Keep one of them."
        )
    ids = sorted({e.notebook_id for e in graded})
    titles = _short_titles(ids)
    books = []
    for notebook_id in ids:
        entries = sorted(
            (e for e in graded if e.notebook_id == notebook_id), key=lambda e: (e.class_name, e.student_id)
        )
        tasks = {t.grade_id: (t.title, t.total) for e in entries for t in e.tasks}
        books.append(Book(notebook_id, titles[notebook_id], tasks, tuple(entries)))
    return books


def _short_titles(ids: Sequence[str]) -> dict[str, str]:
    """Return the title of each notebook up to its colon; its id where two would be alike or there is none."""
    from crm_lib._places import list_notebooks
    from crm_lib.publish.plan import read_title

    known = set(list_notebooks())
    short = {i: read_title(i).split("：")[0] if i in known else i for i in ids}
    return {i: title if list(short.values()).count(title) == 1 else i for i, title in short.items()}


def list_classes(books: Sequence[Book]) -> list[str]:
    """Return the names of the classes, sorted; students without one are a class without a name."""
    return sorted({e.class_name for book in books for e in book.entries})


def tabulate_students(graded: Sequence[Graded]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Make the gradebook: one row per student.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.

    Returns
    -------
    tuple
        The table, sorted by class and student, and the title of each column.  For
        each notebook: status, time of handing in, days late, the points of each
        task (empty when nothing could be graded or a mark is still missing), their
        sum, the share the late rule takes, the points.  Who has handed in nothing
        has 0 points.  At the end the points of all notebooks and the most there are.
    """
    import pandas as pd

    books = sort_books(graded)
    people: dict[tuple[str, str], dict[str, Any]] = {}
    titles = {name: say(f"gradebook.{name}") for name in ("student_id", "name", "class_name")}
    for book in books:
        titles |= _title_columns(book, several=len(books) > 1)
        for entry in book.entries:
            row = people.setdefault((entry.class_name, entry.student_id), _head(entry))
            row |= _read_entry(entry, book)
    table = pd.DataFrame([people[key] for key in sorted(people)], columns=list(titles))
    if not table.empty:
        _settle_types(table)
    sums = [f"{book.notebook_id}|points" for book in books]
    table["points"] = table[sums].sum(axis=1).round(2) if sums else pd.Series(dtype="float64")
    table["total"] = round(sum(book.total for book in books), 2)
    return table, titles | {name: say(f"gradebook.{name}") for name in ("points", "total")}


def _settle_types(table: pd.DataFrame) -> None:
    """Give gaps their due type: text stays text, days stay whole numbers."""
    for name in table.columns:
        kind = name.split("|")[-1]
        if kind in {"student_id", "name", "class_name", "status", "handed_in_at"}:
            table[name] = table[name].astype(object).where(table[name].notna(), "")
        elif kind == "late_days":
            table[name] = table[name].astype("float64").astype("Int64")


def _head(entry: Graded) -> dict[str, Any]:
    return {"student_id": entry.student_id, "name": entry.name, "class_name": entry.class_name}


def _title_columns(book: Book, *, several: bool) -> dict[str, str]:
    before = f"{book.title} · " if several else ""
    names = {name: say(f"gradebook.{name}") for name in ("status", "handed_in_at", "late_days")}
    names |= {
        task: say("gradebook.task", title=title, total=total) for task, (title, total) in book.tasks.items()
    }
    names |= {name: say(f"gradebook.{name}") for name in ("raw_points", "late_share")}
    names["points"] = say("gradebook.book_points", total=book.total)
    return {f"{book.notebook_id}|{name}": before + title for name, title in names.items()}


def _read_entry(entry: Graded, book: Book) -> dict[str, Any]:
    row: dict[str, Any] = {"status": say_status(entry), "handed_in_at": entry.handed_in_at}
    row |= {"late_days": entry.late_days if entry.status != MISSING else None}
    if entry.status == GRADED:
        row |= {t.grade_id: None if t.pending else t.points for t in entry.tasks}
    row |= {"raw_points": entry.raw_points, "late_share": entry.late_share, "points": entry.points}
    return {f"{book.notebook_id}|{name}": value for name, value in row.items()}


def say_status(entry: Graded) -> str:
    """Return in Chinese how it stands with a submission."""
    if entry.status == UNREADABLE:
        return say("gradebook.unreadable", reason=entry.reason)
    if entry.status == GRADED and entry.pending:
        return say("gradebook.pending", n=entry.pending)
    return say(f"gradebook.{entry.status}")


def tabulate_tasks(graded: Sequence[Graded]) -> pd.DataFrame:
    """Make the long table: one row per student, notebook and task.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.

    Returns
    -------
    DataFrame
        student_id, name, class_name, notebook_id, grade_id, title, points (empty while
        a mark is missing), total, message, mistake, hard_coded, blank, error.
    """
    import pandas as pd

    columns = ["student_id", "name", "class_name", "notebook_id", "grade_id", "title", "points", "total"]
    columns += ["message", "mistake", "hard_coded", "blank", "error"]
    rows = [
        [entry.student_id, entry.name, entry.class_name, entry.notebook_id, t.grade_id, t.title]
        + [None if t.pending else t.points, t.total, t.message, t.mistake, t.hard_coded, t.blank, t.error]
        for book in sort_books(graded)
        for entry in book.entries
        for t in entry.tasks
    ]
    return pd.DataFrame(rows, columns=columns)


def tabulate_items(graded: Sequence[Graded]) -> pd.DataFrame:
    """Describe every question, for all students and for each class.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.

    Returns
    -------
    DataFrame
        notebook_id, class_name (empty: all classes), grade_id, title, then the
        columns of `analyze_items`.  Points before the late rule; only submissions
        that could be graded count.
    """
    import pandas as pd

    books = sort_books(graded)
    parts = []
    for book in books:
        for class_name in list_groups(books):
            points, blanks, totals = make_matrix(book.select(class_name))
            if not len(points):
                continue
            found = analyze_items(points, totals, blanks=blanks)
            found.insert(0, "notebook_id", book.notebook_id)
            found.insert(1, "class_name", class_name or "")
            found.insert(2, "title", [book.tasks[q][0] for q in found["question"]])
            parts.append(found.rename(columns={"question": "grade_id"}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def list_groups(books: Sequence[Book]) -> list[str | None]:
    """Return None (all students), then each class when there are several."""
    classes = list_classes(books)
    return [None, *classes] if len(classes) > 1 else [None]


def make_matrix(book: Book) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return points and blanks (students × questions) and the totals of the questions.

    Parameters
    ----------
    book : Book
        Only its graded entries count; questions without any points to win are left out.

    Returns
    -------
    tuple
        points (NaN while a mark is missing), blanks, totals.
    """
    import pandas as pd

    entries = [e for e in book.entries if e.status == GRADED]
    tasks = [task for task, (_, total) in book.tasks.items() if total > 0]
    found = [{t.grade_id: t for t in entry.tasks} for entry in entries]
    points = [
        [
            None if task in one and one[task].pending else one[task].points if task in one else 0.0
            for task in tasks
        ]
        for one in found
    ]
    blanks = [[task not in one or one[task].blank for task in tasks] for one in found]
    ids = [entry.student_id for entry in entries]
    return (
        pd.DataFrame(points, index=ids, columns=tasks, dtype="float64"),
        pd.DataFrame(blanks, index=ids, columns=tasks, dtype=bool),
        pd.Series({task: book.tasks[task][1] for task in tasks}, dtype="float64"),
    )


def tabulate_classes(graded: Sequence[Graded]) -> pd.DataFrame:
    """Describe each class in each notebook.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.

    Returns
    -------
    DataFrame
        notebook_id, class_name (empty: all), n_students, n_graded, n_missing,
        n_unreadable, n_late, total, mean_points, sd_points, median_points, min_points,
        max_points (of graded submissions, after the late rule), alpha.
    """
    import pandas as pd

    books = sort_books(graded)
    rows = [
        {"notebook_id": book.notebook_id, "class_name": name or "", **_describe_class(book.select(name))}
        for book in books
        for name in list_groups(books)
    ]
    return pd.DataFrame(rows)


def _describe_class(book: Book) -> dict[str, Any]:
    import pandas as pd

    got = pd.Series([e.points for e in book.entries if e.status == GRADED], dtype="float64")
    counts = {f"n_{s}": sum(e.status == s for e in book.entries) for s in (GRADED, MISSING, UNREADABLE)}
    return {
        "n_students": len(book.entries),
        **counts,
        "n_late": sum(e.late_days > 0 for e in book.entries),
        "total": book.total,
        "mean_points": got.mean(),
        "sd_points": got.std(ddof=1),
        "median_points": got.median(),
        "min_points": got.min(),
        "max_points": got.max(),
        "alpha": measure_alpha(make_matrix(book)[0]),
    }
