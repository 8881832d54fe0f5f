"""Read the answers of a questionnaire: numbers or words, within their scale, every refused one listed."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from crm_lib._checks import closest_first, list_words, require_columns
from crm_lib.errors import DataError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

POINTS = 5
REFUSED = ["response_id", "column", "value", "reason"]
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:分|$|[-.、:：)]\s*\D.*)")
_YES = {"是", "反", "反向", "真", "true", "yes", "y", "1", "1.0", "r", "x", "√"}
_NO = {"否", "正", "正向", "假", "false", "no", "n", "0", "0.0", "", "nan", "none", "<na>"}
# column → (lowest, highest, whole numbers only); of a prefix all columns that begin with it
_FIXED = {
    "nps": (0, 10, True),
    "overall": (1, 10, True),
    "seconds": (0, None, False),
    "actual_wait_min": (0, None, False),
    "felt_wait_min": (0, None, False),
}
_PREFIXES = {"importance_": (1, 5, True), "performance_": (1, 5, True), "kano_": (1, 5, True)}


class Screened(NamedTuple):
    """Answers as numbers, and the list of those that were refused."""

    answers: pd.DataFrame
    refused: pd.DataFrame


def screen_answers(survey: pd.DataFrame, items: pd.DataFrame | None = None) -> Screened:
    """Turn answers into numbers and refuse what no answer of the scale can be.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire.  Known columns: the items of `items`, nps (0–10), overall (1–10),
        importance_… and performance_… (1–5), kano_…_f and kano_…_d (1–5, 1 is 很喜欢), seconds and the
        waiting times (at least 0).  All others stay as they are.
    items : DataFrame, optional
        One row per item: item (a column of `survey`), construct, reversed (yes/no), points (2–100; 5 when
        not given).

    Returns
    -------
    Screened
        ``answers``: the same rows, the known columns as float64, a refused answer missing;
        ``refused``: one row per refused answer: response_id, column, value (as it stood), reason
        ("unreadable", "out of range", "not whole").

    Raises
    ------
    SchemaError
        When an item is no column of the survey.
    DataError
        When an item stands twice or its number of points is no scale.

    Notes
    -----
    Words such as 非常同意 count as their place in the scale (``answer_words.toml``); full-width digits, 5分 and
    "5-非常同意" are read as 5.  A scale of p points runs from 1 to p, one of 11 or 100 points from 0 (to 10 and
    to 100): the one choice that the number of points does not settle; a column ``lowest`` of `items` wins.

    Examples
    --------
    >>> import pandas as pd
    >>> found = screen_answers(pd.DataFrame({"response_id": ["A", "B"], "nps": ["９", "11"]}))
    >>> found.answers["nps"].tolist(), found.refused["reason"].tolist()
    ([9.0, nan], ['out of range'])
    """
    import pandas as pd

    scales = {} if items is None else _scales_of(survey, items)
    scales |= {str(c): kind for c in survey.columns if (kind := _known_scale(str(c))) and c not in scales}
    answers, refused = survey.copy(), []
    names = name_responses(survey)
    for column, (low, high, whole, words) in scales.items():
        numbers, reasons = read_answers(survey[column], low=low, high=high, whole=whole, words=words)
        answers[column] = numbers
        bad = reasons[reasons != ""]
        for at, reason in bad.items():
            refused.append((names.loc[at], column, str(survey[column].loc[at]), reason))
    return Screened(answers, pd.DataFrame(refused, columns=REFUSED).astype("str"))


def read_answers(
    values: pd.Series, *, low: float, high: float | None, whole: bool, words: Mapping[str, float]
) -> tuple[pd.Series, pd.Series]:
    """Return answers as float64 (missing where refused) and the reason of each refusal ("" elsewhere)."""
    import pandas as pd

    filled, numbers = values.notna(), _as_numbers(values, words)
    if not pd.api.types.is_numeric_dtype(values):
        filled &= values.astype("str").str.strip() != ""
    reasons = pd.Series("", index=values.index, dtype=object)
    outside = (numbers < low) | ((numbers > high) if high is not None else False)
    reasons[filled & numbers.isna()] = "unreadable"
    reasons[outside] = "out of range"
    if whole:
        reasons[~outside & numbers.notna() & (numbers % 1 != 0)] = "not whole"
    return numbers.where(reasons == ""), reasons


def _as_numbers(values: pd.Series, words: Mapping[str, float]) -> pd.Series:
    import pandas as pd

    if pd.api.types.is_bool_dtype(values):
        return pd.Series(float("nan"), index=values.index)
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.astype("Float64").astype("float64")
        return numbers.where(numbers.abs() != float("inf"))
    seen = {v: _read(v, words) for v in values.dropna().unique()}
    return values.map(seen).astype("float64")


def _read(value: Any, words: Mapping[str, float]) -> float:
    if isinstance(value, bool):
        return float("nan")
    if isinstance(value, int | float):
        return float(value) if abs(value) != float("inf") else float("nan")
    text = _fold(value)
    if text in words:
        return words[text]
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else float("nan")


def _fold(value: Any) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(value)).split()).lower()


@cache
def _words(kind: str, points: int) -> dict[str, float]:
    text = (resources.files("crm_lib.identify") / "answer_words.toml").read_text("utf-8")
    degrees = tomllib.loads(text)[kind].get(str(points), [])
    return {_fold(word): float(i) for i, wordings in enumerate(degrees, 1) for word in wordings}


def _known_scale(column: str) -> tuple[float, float | None, bool, dict[str, float]] | None:
    if column in _FIXED:
        return (*_FIXED[column], {})
    kind = next((k for k in _PREFIXES if column.startswith(k)), None)
    if kind is None or (kind == "kano_" and not column.endswith(("_f", "_d"))):
        return None
    return (*_PREFIXES[kind], _words("kano" if kind == "kano_" else "scales", 5))


def _scales_of(survey: pd.DataFrame, items: pd.DataFrame) -> dict[str, tuple]:
    return {
        row["item"]: (row["lowest"], row["highest"], row["points"] != 100, _words("scales", row["points"]))
        for row in read_items(items, survey=survey).to_dict("records")
    }


def read_items(items: pd.DataFrame, *, survey: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the list of items in one form, or say everything that is wrong with it.

    Parameters
    ----------
    items : DataFrame
        One row per item: item, construct, and perhaps text, reversed (是/否, true/false), points, lowest.
    survey : DataFrame, optional
        When given, each item must be one of its columns.

    Returns
    -------
    DataFrame
        One row per item in the order given: item, construct, text (str), reversed (bool), points (int64),
        lowest, highest (float64).  ``attrs["assumed_points"]`` says whether 5 points were assumed.

    Raises
    ------
    SchemaError, DataError
        A column is missing; an item stands twice, has no construct, is no column, or no scale.
    """
    import pandas as pd

    require_columns("read_items", list(items.columns), ("item", "construct"))
    given = "points" in items.columns and items["points"].notna().all()
    points = pd.to_numeric(items["points"], errors="coerce") if "points" in items.columns else None
    frame = pd.DataFrame({
        "item": items["item"].astype("str").str.strip().to_numpy(),
        "construct": items["construct"]
        .astype(object)
        .where(items["construct"].notna(), "")
        .astype("str")
        .to_numpy(),
        "text": items["text"].astype("str").to_numpy()
        if "text" in items.columns
        else items["item"].astype("str"),
        "reversed": [_read_flag(v) for v in items["reversed"]] if "reversed" in items.columns else False,
        "points": POINTS if points is None else points.fillna(POINTS).to_numpy(),
    })
    _refuse_items(frame, survey)
    frame["points"] = frame["points"].astype("int64")
    lowest = frame["points"].map({11: 0.0, 100: 0.0}).fillna(1.0)
    if "lowest" in items.columns:
        own = pd.to_numeric(items["lowest"], errors="coerce").reset_index(drop=True)
        lowest = own.where(own.notna(), lowest)
    steps = frame["points"].where(frame["points"] == 100, frame["points"] - 1)
    frame["lowest"], frame["highest"] = lowest.to_numpy(), (lowest + steps).to_numpy()
    frame.attrs["assumed_points"] = not given
    return frame


def _read_flag(value: Any) -> bool | None:
    text = _fold(value)
    return True if text in _YES else False if text in _NO else None


def _refuse_items(frame: pd.DataFrame, survey: pd.DataFrame | None) -> None:
    faults = []
    twice = sorted(set(frame.loc[frame["item"].duplicated(), "item"]))
    if twice:
        faults.append(f"an item stands once; {list_words(map(repr, twice))} more often")
    if not len(frame):
        faults.append("there must be an item; the list is empty")
    empty = frame.loc[frame["construct"].str.strip() == "", "item"].tolist()
    if empty:
        faults.append(f"each item needs a construct; {list_words(map(repr, empty))} has none")
    unclear = frame.loc[[v is None for v in frame["reversed"]], "item"].tolist()
    if unclear:
        faults.append(f"reversed must be 是 or 否; that of {list_words(map(repr, unclear))} is neither")
    odd = frame.loc[~frame["points"].between(2, 100) | (frame["points"] % 1 != 0), "item"].tolist()
    if odd:
        faults.append(
            f"points must be a whole number from 2 to 100; those of {list_words(map(repr, odd))} are not"
        )
    if faults:
        raise DataError(f"read_items: {'; '.join(faults)}. Mend the list of items.")
    missing = [] if survey is None else [i for i in frame["item"] if i not in survey.columns]
    if missing:
        near = closest_first(missing[0], [str(c) for c in survey.columns])
        raise SchemaError(
            f"read_items: each item must be a column of the survey; {list_words(map(repr, missing))} is none. "
            f"The survey has {list_words(near)}. Write the column's name into the list of items."
        )


def name_responses(survey: pd.DataFrame) -> pd.Series:
    """Return a name for each questionnaire: response_id, else the row of its file, else its place."""
    import pandas as pd

    for column in ("response_id", "source_row"):
        if column in survey.columns:
            return survey[column].astype("str")
    return pd.Series(range(1, len(survey) + 1), index=survey.index).astype("str")
