"""Read the data of the lesson on attitudes: statements, questionnaires under any headers, the population."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

_TEXT_COLUMNS = ("importance_", "performance_", "kano_")
_NUMBERED = re.compile(r"q\d\d")


def read_questions(items: str) -> pd.DataFrame:
    """Read the list of statements, each under the name its answers will have.

    Parameters
    ----------
    items : str
        A file or a sample: item, construct, and perhaps text, reversed, points.

    Returns
    -------
    DataFrame
        One row per item, as `read_items` returns it; an item written 第1题 is called q01.
    """
    from crm_lib.identify import clean_table, read_items
    from crm_lib.lesson.run import require_data, show_source
    from crm_lib.lesson.sources import read_source
    from crm_lib.schema.match import match_headers

    raw = read_source(items, "survey_items")
    show_source(raw)
    cleaned = clean_table(raw, "survey_items")
    require_data(cleaned, what=say("attitude.items_rows"))
    rows = cleaned.rows
    names = {}
    for item in rows["item"]:
        found = match_headers([str(item)], "survey", strict=False).mapping
        names[item] = next((c for c in found if _NUMBERED.fullmatch(c)), str(item))
    return read_items(rows.assign(item=rows["item"].map(names)))


def read_survey(survey: str, questions: pd.DataFrame, *, columns: str | None = None) -> pd.DataFrame:
    """Read the questionnaires as they stand, whatever their items are called.

    Parameters
    ----------
    survey : str
        A file or a sample.
    questions : DataFrame
        What `read_questions` returned: an item the contract does not know is added to it.
    columns : str, optional
        Column → header, where the headers are not recognised.

    Returns
    -------
    DataFrame
        One row per questionnaire.
    """
    from crm_lib.lesson.run import show_source
    from crm_lib.lesson.sources import read_source

    raw = read_source(survey, survey_contract(questions), columns=columns or None)  # type: ignore[arg-type]
    show_source(raw)
    return raw


def survey_contract(questions: pd.DataFrame) -> Any:
    """Return the contract of a survey with these items: answers are read as text, so that words survive.

    Parameters
    ----------
    questions : DataFrame
        One row per item: item, text.

    Returns
    -------
    Table
        The contract ``survey``, its items among the columns.
    """
    from crm_lib.schema import load_schema
    from crm_lib.schema.reader import Column

    known = load_schema("survey")
    items = set(questions["item"])
    kept = tuple(
        replace(c, type="text", unit="") if c.name in items or c.name.startswith(_TEXT_COLUMNS) else c
        for c in known.columns
    )
    own = tuple(Column(i, "text", i, "answer to an item") for i in questions["item"] if i not in known.names)
    needs = ((*known.needs[0], *((c.name,) for c in own)),) if known.needs else ()
    return replace(known, columns=(*kept, *own), needs=needs)


def collect_answers(survey: pd.DataFrame, questions: pd.DataFrame, *, channel: str = "") -> Any:
    """Clean the questionnaires, keep those of one channel, and turn answers into numbers.

    Parameters
    ----------
    survey : DataFrame
        What `read_survey` returned.
    questions : DataFrame
        What `read_questions` returned.
    channel : str
        Keep these only; empty for all.

    Returns
    -------
    tuple
        The cleaned table, the answers (one row per questionnaire of the channel), the refused answers.

    Raises
    ------
    ParameterError
        No questionnaire came that way; the known ways are listed.
    DataError
        No item of the list is a column of the survey.
    """
    from crm_lib.identify import clean_table, screen_answers
    from crm_lib.lesson.run import require_data

    cleaned = clean_table(survey, survey_contract(questions))
    require_data(cleaned, what=say("attitude.rows"))
    rows = cleaned.rows
    missing = [i for i in questions["item"] if i not in rows.columns]
    if missing:
        raise DataError(say("attitude.no_item", items="、".join(missing[:8]), n=len(missing)))
    if channel:
        ways = sorted(set(rows["channel"].dropna().astype(str))) if "channel" in rows.columns else []
        if channel not in ways:
            raise ParameterError(say("attitude.no_channel", channel=channel, known="、".join(ways) or "—"))
        rows = rows[rows["channel"].astype(str) == channel].reset_index(drop=True)
    answers, refused = screen_answers(rows, questions)
    return cleaned, answers, refused


def read_people(population: str, survey: str, *, by: str) -> tuple[pd.DataFrame | None, str]:
    """Read the known population, unless it is that of another company.

    Parameters
    ----------
    population : str
        A file, a sample, or empty text.
    survey : str
        Where the questionnaires come from: one company's customers are no measure for another's survey.
    by : str
        Column the classes are made by.

    Returns
    -------
    tuple of DataFrame or None, and str
        The strata, and why: ``used``, ``none``, ``other`` (a sample that does not belong to the survey),
        ``no_class`` (the table does not have the column).
    """
    from crm_lib import sample
    from crm_lib.identify import clean_table
    from crm_lib.lesson.run import show_source
    from crm_lib.lesson.sources import read_source

    if not population:
        return None, "none"
    samples = {s.name for s in sample.list_samples()}
    if population in samples and (survey not in samples or survey.split("_")[0] != population.split("_")[0]):
        return None, "other"
    raw = read_source(population, "population")
    show_source(raw)
    rows = clean_table(raw, "population").rows
    if by not in rows.columns or not rows["n"].fillna(0).gt(0).any():
        return None, "no_class"
    return rows, "used"
