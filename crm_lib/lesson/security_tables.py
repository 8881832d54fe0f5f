"""Show the tables of the lesson on maintenance and security under its own Chinese titles and words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, list_section, say
from crm_lib.lesson.display import show_table

if TYPE_CHECKING:
    import pandas as pd


def title_all(frame: pd.DataFrame) -> dict[str, str]:
    """Return the Chinese titles of a frame's columns in this lesson.

    Parameters
    ----------
    frame
        Any frame.
    """
    return {str(c): name_column(str(c)) for c in frame.columns}


def show_step(frame: pd.DataFrame, caption: str, *, most: int = 20) -> None:
    """Show a table of this lesson.

    Parameters
    ----------
    frame
        Any frame.
    caption
        One line.
    most
        Rows shown at most.
    """
    show_table(frame, caption, most=most, titles=title_all(frame))


def name_table(table: str) -> str:
    """Return the Chinese title of a table of the customer database.

    Parameters
    ----------
    table
        Its name.
    """
    known = list_section("security_tables")
    return known.get(table, table)


def name_column(column: str) -> str:
    """Return the Chinese title of a column of the customer database.

    Parameters
    ----------
    column
        Its name.
    """
    own = list_section("security_columns") | _store_titles()
    return own.get(column, column_title(column))


@cache
def _store_titles() -> dict[str, str]:
    from crm_lib.store import load_table

    return {f.name: f.title for f in load_table("customers").fields}


def word(section: str, value: Any) -> str:
    """Return the Chinese word for a code, or the code itself when there is none.

    Parameters
    ----------
    section
        What the code stands for: the words begin with it.
    value
        The code.
    """
    return list_section("security").get(f"{section}_{value}", str(value))


def join_counts(counts: dict[str, int], *, unit: str) -> str:
    """Return counts as a list in words, such as ``电话 3 处，住址 2 处``.

    Parameters
    ----------
    counts
        Name → number.
    unit
        Word after each number.
    """
    return "，".join(f"{name} {n:,} {unit}" for name, n in counts.items()) or say("security.nothing")
