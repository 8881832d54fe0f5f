"""数据库管理制度.docx: the regulation as a document, with what was found under each part."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.protect.regulation import BROKEN, Clause, check_regulation, list_clauses, list_parts

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("clause", "title", "required", "found", "verdict")
_PART_NUMBERS = "一二三四"


def make_regulation(
    store: Any, path: str | Path, *, as_of: str | dt.date, firm: str | None = None
) -> pd.DataFrame:
    """Write the regulation as a Word document: every clause in words, and whether the database meets it.

    Parameters
    ----------
    store
        An open store, as for `check_regulation`.
    path : str or Path
        The document, such as ``数据库管理制度.docx``.
    as_of : str or date
        The day of the check.
    firm : str, optional
        The firm's name for the title; by default 本公司.

    Returns
    -------
    DataFrame
        What `check_regulation` found.

    Notes
    -----
    The same database on the same day gives the same bytes.
    """
    from crm_lib.readwrite.word import write_word

    day = parse_day("make_regulation", "as_of", as_of)
    checked = check_regulation(store, as_of=day)
    name = firm or say("protect_regulation.firm")
    write_word(path, list(_list_blocks(checked, name, day)))
    return checked


def _list_blocks(checked: pd.DataFrame, firm: str, day: dt.date) -> Any:
    from crm_lib.readwrite.word import HeadingBlock, TableBlock, TextBlock

    by_number = {c.number: c for c in list_clauses()}
    yield HeadingBlock(say("protect_regulation.document", firm=firm), 0)
    yield TextBlock(_summarize(checked, day))
    titles = {c: say(f"protect_regulation.column_{c}") for c in _SHOWN}
    for number, part in zip(_PART_NUMBERS, list_parts(), strict=True):
        rows = checked[checked["part"] == part]
        yield HeadingBlock(say("protect_regulation.part", number=number, part=part), 1)
        for row in rows.itertuples(index=False):
            yield TextBlock(f"{row.clause}　{_word_clause(by_number[row.clause], row.found, row.required)}")
        caption = say("protect_regulation.caption", part=part, day=day.isoformat())
        yield TableBlock(rows[list(_SHOWN)].reset_index(drop=True), caption, titles)
    yield HeadingBlock(say("protect_regulation.limits_title"), 1)
    yield TextBlock(say("protect_regulation.limits"))
    yield TextBlock(say("protect_regulation.signature"))


def _word_clause(clause: Clause, found: str, required: str) -> str:
    limit = clause.limit[-1] if isinstance(clause.limit, list) else clause.limit
    return clause.text.format(value=found, limit=required if limit is None else limit)


def _summarize(checked: pd.DataFrame, day: dt.date) -> str:
    broken = checked[checked["verdict"] == BROKEN]
    if broken.empty:
        return say("protect_regulation.all_met", day=day.isoformat(), n=len(checked))
    named = "、".join(f"{c}“{t}”" for c, t in zip(broken["clause"], broken["title"], strict=True))
    n_met = len(checked) - len(broken)
    return say(
        "protect_regulation.some_broken",
        day=day.isoformat(),
        n=len(checked),
        n_met=n_met,
        n_broken=len(broken),
        named=named,
    )
