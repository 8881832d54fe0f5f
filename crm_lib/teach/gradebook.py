"""Write the gradebook: CSV for other systems, a workbook with the statistics of the questions."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.teach.gradebook_tables import (
    tabulate_classes,
    tabulate_items,
    tabulate_students,
    tabulate_tasks,
)
from crm_lib.teach.results import Graded

if TYPE_CHECKING:
    import pandas as pd

NOTES = ("points", "population", "difficulty", "discrimination", "item_rest", "alpha", "small")


def write_gradebook(graded: Sequence[Graded], out: str | PathLike[str]) -> dict[str, Path]:
    """Write ``gradebook.csv`` and ``gradebook.xlsx``.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.
    out : str or path
        Folder; made when it is missing.

    Returns
    -------
    dict of str to Path
        The files written: ``gradebook_csv``, ``gradebook_xlsx``.

    Raises
    ------
    DataError
        A student stands there twice for one notebook.
    ReadError
        A file cannot be written, for instance because Excel has it open.

    Notes
    -----
    The CSV has a byte order mark, so that Excel reads the Chinese right; text that a
    spreadsheet could take for a formula is kept from being one in both files, for
    names and messages are what students make them.  The same work gives the same
    bytes.
    """
    from crm_lib.readwrite.excel import write_csv, write_excel

    folder = Path(out)
    students, titles = tabulate_students(graded)
    sheets = {
        "students": students,
        "items": tabulate_items(graded),
        "classes": tabulate_classes(graded),
        "tasks": tabulate_tasks(graded),
        "notes": _tabulate_notes(),
    }
    titles |= {name: say(f"gradebook.{name}") for table in list(sheets.values())[1:] for name in table}
    named = {say(f"gradebook.sheet_{name}"): table for name, table in sheets.items()}
    return {
        "gradebook_csv": write_csv(folder / "gradebook.csv", students, titles=titles),
        "gradebook_xlsx": write_excel(folder / "gradebook.xlsx", named, titles=titles),
    }


def _tabulate_notes() -> pd.DataFrame:
    """Say what the figures mean, and whose formulas they are."""
    import pandas as pd

    rows = [(say(f"gradebook.term_{name}"), say(f"gradebook.note_{name}")) for name in NOTES]
    return pd.DataFrame(rows, columns=["term", "meaning"])


def write_books(graded: Sequence[Graded], out: str | PathLike[str]) -> dict[str, Path]:
    """Write everything that comes of grading: gradebook, feedback, class report, similarity.

    Parameters
    ----------
    graded : sequence of Graded
        At most one entry per student and notebook.
    out : str or path
        Folder; made when it is missing.

    Returns
    -------
    dict of str to Path
        ``gradebook_csv``, ``gradebook_xlsx``, ``class_report``, ``similarity`` and
        ``feedback`` (the folder with one page per student).

    Raises
    ------
    DataError
        A student stands there twice for one notebook.
    ReadError, RenderError
        A file cannot be written.
    """
    from crm_lib.teach.class_report import write_class_report
    from crm_lib.teach.feedback import write_feedback
    from crm_lib.teach.similarity import find_similar
    from crm_lib.teach.similarity_report import write_similarity

    folder = Path(out)
    pairs = find_similar(graded)
    written = write_gradebook(graded, folder)
    write_feedback(graded, folder)
    written["feedback"] = folder / "feedback"
    written["similarity"] = write_similarity(graded, pairs, folder)
    written["class_report"] = write_class_report(graded, pairs, folder)
    return written
