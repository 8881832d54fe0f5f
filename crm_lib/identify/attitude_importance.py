"""Importance against performance: where to improve first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, ParameterError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

QUADRANTS = ("concentrate", "keep_up", "low_priority", "overkill")
CUTS = ("mean", "middle")
_MIDDLE = 3.0
_EDGE = 1e-9


def compare_importance(
    survey: pd.DataFrame,
    *,
    attributes: Sequence[str] | None = None,
    cut: str | tuple[float, float] = "mean",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare how much an attribute matters with how well it is done (importance–performance analysis).

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire: importance_<attribute> and performance_<attribute>, numbers on one scale.
    attributes : sequence of str, optional
        Which to compare; by default all that have both columns.
    cut : {"mean", "middle"} or tuple of float
        Where the plane is divided: at the mean of the attributes' means, at 3 (the middle of 1–5), or at
        (importance, performance).
    confidence : float
        Of the intervals, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per attribute, the largest gap first, equal ones by name: attribute, n (who judged both,
        int64), importance, importance_low, importance_high, performance, performance_low, performance_high
        (means over these, in points of the scale), gap, gap_low, gap_high (importance − performance, of the
        same people), quadrant, firm (bool: neither interval holds its cut).
        ``attrs``: cut_importance, cut_performance, cut ("mean", "middle" or "given").

    Raises
    ------
    SchemaError
        When no attribute has both columns, or one asked for lacks one.
    DataError
        When a column is not numeric.
    ParameterError
        When `cut` is neither of these.

    Notes
    -----
    Quadrants: concentrate (important, done poorly), keep_up (important, done well), low_priority
    (neither), overkill (done well, not important).  A mean exactly on the cut counts as high.  With
    cut="mean" somebody is always below: the picture ranks, it does not judge; the choice matters most for
    attributes near a line, which `firm` marks.

    References
    ----------
    Martilla, J. A. and James, J. C. (1977). Importance-performance analysis. Journal of Marketing 41(1).

    Examples
    --------
    >>> import pandas as pd
    >>> two = pd.DataFrame({"importance_price": [5, 4, 5], "performance_price": [2, 3, 2],
    ...                     "importance_store": [2, 3, 2], "performance_store": [4, 5, 4]})
    >>> compare_importance(two)[["attribute", "quadrant"]].to_numpy().tolist()
    [['price', 'concentrate'], ['store', 'overkill']]
    """
    import pandas as pd

    from crm_lib.stats import interval_of_difference, interval_of_mean

    rows = []
    for name in _list_attributes(survey, attributes):
        pair = _pair(survey, name)
        row: dict[str, object] = {"attribute": name, "n": len(pair)}
        for column in ("importance", "performance"):
            row |= _ends(column, interval_of_mean(pair[column], confidence=confidence))
        gap = interval_of_difference(
            pair["importance"], pair["performance"], confidence=confidence, paired=True
        )
        rows.append(row | _ends("gap", gap))
    found = pd.DataFrame(rows)
    at_importance, at_performance, how = _settle_cut(cut, found)
    important = found["importance"] >= at_importance - _EDGE
    done = found["performance"] >= at_performance - _EDGE
    found["quadrant"] = [
        QUADRANTS[(1 if d else 0) if i else (3 if d else 2)] for i, d in zip(important, done, strict=True)
    ]
    found.loc[found["n"] == 0, "quadrant"] = ""
    beside = [
        (found[f"{c}_low"] > at) | (found[f"{c}_high"] < at)
        for c, at in (("importance", at_importance), ("performance", at_performance))
    ]
    found["firm"] = beside[0] & beside[1]
    found = found.sort_values(["gap", "attribute"], ascending=[False, True], ignore_index=True)
    found.attrs |= {"cut_importance": at_importance, "cut_performance": at_performance, "cut": how}
    return found


def _ends(column: str, interval: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((column, f"{column}_low", f"{column}_high"), interval, strict=True))


def _list_attributes(survey: pd.DataFrame, attributes: Sequence[str] | None) -> list[str]:
    columns = [str(c) for c in survey.columns]
    if attributes is not None:
        needed = [f"{kind}_{a}" for a in attributes for kind in ("importance", "performance")]
        require_columns("compare_importance", columns, needed)
        return list(attributes)
    names = [c.removeprefix("importance_") for c in columns if c.startswith("importance_")]
    both = [n for n in names if f"performance_{n}" in columns]
    if not both:
        raise SchemaError(
            "compare_importance: needs pairs of columns importance_<attribute> and performance_<attribute>; "
            f"the table has {list_words(columns)}. Rename the columns of the survey."
        )
    return both


def _pair(survey: pd.DataFrame, name: str) -> pd.DataFrame:
    import pandas as pd

    pair = pd.DataFrame({k: survey[f"{k}_{name}"] for k in ("importance", "performance")})
    numbers = pair.apply(pd.to_numeric, errors="coerce").astype("float64")
    if (numbers.isna() & pair.notna()).any(axis=None):
        raise DataError(
            f"compare_importance: the columns of {name!r} must be numeric; some answers are not. "
            "Run screen_answers first: it lists them and leaves them out."
        )
    return numbers.dropna()


def _settle_cut(cut: str | tuple[float, float], found: pd.DataFrame) -> tuple[float, float, str]:
    if cut == "mean":
        return float(found["importance"].mean()), float(found["performance"].mean()), "mean"
    if cut == "middle":
        return _MIDDLE, _MIDDLE, "middle"
    if isinstance(cut, tuple | list) and len(cut) == 2 and all(isinstance(c, int | float) for c in cut):
        return float(cut[0]), float(cut[1]), "given"
    raise ParameterError(
        f"compare_importance: cut must be one of {', '.join(map(repr, CUTS))} or two numbers; got {cut!r}."
    )
