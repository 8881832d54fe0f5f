"""Experience data (体验数据): waiting, observers' scores and their agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

WAITING = ("very_good", "good", "ordinary", "poor", "very_poor")
RATIOS = (2.0, 1.1, 0.9, 0.5)


def classify_waiting(
    actual: Sequence[float], felt: Sequence[float], *, ratios: Sequence[float] = RATIOS
) -> pd.DataFrame:
    """Classify the experience of waiting by actual time T1 against felt time T2.

    Parameters
    ----------
    actual, felt : sequence of float
        Minutes, 0 or more, one pair per customer; missing where not known.
    ratios : four floats
        Falling borders of T1 / T2: from the first on T1 ≫ T2, above the second T1 > T2, from the third to
        the second T1 = T2, above the fourth T1 < T2, up to the fourth T1 ≪ T2.  They are ours: the textbook
        gives the five classes, no numbers.

    Returns
    -------
    DataFrame
        One row per pair in the same order: actual_wait_min, felt_wait_min, wait_ratio (T1 / T2; infinite when
        only T2 is 0), experience (``very_good``, ``good``, ``ordinary``, ``poor``, ``very_poor``; missing when a
        time is).  ``attrs["n_unknown"]`` counts the latter.

    Raises
    ------
    ParameterError
        When the borders are not four falling numbers around 1.
    DataError
        When the two differ in length, or a time is negative or infinite.

    Notes
    -----
    T1 = T2 allows for the spread of an estimate: between the second and third border, both included.  No
    wait at all (both 0) is T1 = T2.

    Examples
    --------
    >>> classify_waiting([10, 10, 10], [5, 10, 20])["experience"].tolist()
    ['very_good', 'ordinary', 'very_poor']
    """
    import numpy as np
    import pandas as pd

    _check_ratios(ratios)
    t1, t2 = _read_minutes("actual", actual), _read_minutes("felt", felt)
    if len(t1) != len(t2):
        raise DataError(
            f"classify_waiting: actual and felt must be pairs; got {len(t1):,} and {len(t2):,} values. "
            "Pass two columns of one table."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((t1 == 0) & (t2 == 0), 1.0, t1 / t2)
    far, above, below, near = ratios
    cases = [ratio >= far, ratio > above, ratio >= below, ratio > near, ratio <= near]
    kinds = np.select(cases, list(WAITING), "")
    out = pd.DataFrame({"actual_wait_min": t1, "felt_wait_min": t2, "wait_ratio": ratio})
    out["experience"] = pd.Series([k or None for k in kinds.tolist()], dtype="str")
    out.attrs["n_unknown"] = int(np.isnan(ratio).sum())
    return out


def _check_ratios(ratios: Sequence[float]) -> None:
    good = len(ratios) == 4 and all(a > b for a, b in zip(ratios, list(ratios)[1:], strict=False))
    if not good or not ratios[1] >= 1 >= ratios[2] > 0 or ratios[3] <= 0:
        raise ParameterError(
            f"classify_waiting: ratios must be four falling numbers above 0, the middle two around 1; got "
            f"{list(ratios)!r}. For example {list(RATIOS)}."
        )


def _read_minutes(name: str, values: Sequence[float]) -> Any:
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").to_numpy("float64")
    bad = (numbers < 0) | np.isinf(numbers)
    if bad.any():
        raise DataError(
            f"classify_waiting: {name} must be minutes of 0 or more; {int(bad.sum())} of {len(numbers):,} are not "
            f"(first: {numbers[bad][0]:g}). Correct or empty these cells."
        )
    return numbers


def summarize_waiting(waiting: pd.DataFrame) -> pd.DataFrame:
    """Count the five classes of waiting.

    Parameters
    ----------
    waiting : DataFrame
        What `classify_waiting` returned.

    Returns
    -------
    DataFrame
        One row per class from very good to very poor: experience, n_pairs, pair_share with low_share and
        high_share (Wilson), mean_actual_min, mean_felt_min.
    """
    import pandas as pd

    from crm_lib.stats import interval_of_share

    require_columns(
        "summarize_waiting", list(waiting.columns), ("experience", "actual_wait_min", "felt_wait_min")
    )
    known = waiting[waiting["experience"].notna()]
    rows = []
    for kind in WAITING:
        part = known[known["experience"] == kind]
        means = [float(part[c].mean()) for c in ("actual_wait_min", "felt_wait_min")]
        rows.append((kind, len(part), *interval_of_share(len(part), len(known)), *means))
    names = [
        "experience",
        "n_pairs",
        "pair_share",
        "low_share",
        "high_share",
        "mean_actual_min",
        "mean_felt_min",
    ]
    return pd.DataFrame(rows, columns=names)


def score_observations(
    observations: pd.DataFrame, *, by: Sequence[str] = ("touchpoint", "attribute"), confidence: float = 0.95
) -> pd.DataFrame:
    """Average the scores of observers and mystery customers per touchpoint and attribute.

    Parameters
    ----------
    observations : DataFrame
        One row per observation: score (1–10, may be missing) and the columns of `by`.
    by : sequence of str
        Columns to group by: touchpoint, attribute, method, observer, level.
    confidence : float
        Of the intervals, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per group with a score, the lowest mean first, then by the columns of `by`: those columns,
        n_scores, n_without_score, mean_score, low_score, high_score (Student's interval, missing with one
        score).

    Raises
    ------
    SchemaError
        When a column is missing.
    DataError
        When a score is outside 1–10.

    Notes
    -----
    The interval takes the observations as independent.  Scores of one observer are not quite: that makes it
    rather too narrow, so compare observers with `measure_agreement` first.
    """
    import pandas as pd

    from crm_lib.stats import interval_of_mean

    if isinstance(by, str) or not by:
        raise ParameterError(
            f"score_observations: by must be a list of columns, at least one; got {by!r}. For example ['observer']."
        )
    require_columns("score_observations", list(observations.columns), ["score", *by])
    frame = observations[list(by)].astype(object).where(observations[list(by)].notna(), "")
    frame["score"] = _read_scores(observations["score"])
    rows = []
    for key, part in frame.groupby(list(by), sort=True):
        scores = part["score"].dropna()
        if len(scores):
            lost = len(part) - len(scores)
            rows.append((*key, len(scores), lost, *interval_of_mean(scores.tolist(), confidence=confidence)))
    names = [*by, "n_scores", "n_without_score", "mean_score", "low_score", "high_score"]
    out = pd.DataFrame(rows, columns=names)
    return out.sort_values(["mean_score", *by], kind="stable").reset_index(drop=True)


def _read_scores(values: pd.Series) -> pd.Series:
    import pandas as pd

    scores = pd.to_numeric(values, errors="coerce")
    bad = (scores < 1) | (scores > 10)
    if bad.any():
        raise DataError(
            f"score_observations: column 'score' must lie in 1–10; {int(bad.sum())} of {len(scores):,} rows do not "
            f"(first: {scores[bad].iloc[0]:g}). Convert another scale to 1–10 first."
        )
    return scores


def measure_agreement(observations: pd.DataFrame) -> pd.DataFrame:
    """Measure how well each two observers agree on what both have scored.

    Parameters
    ----------
    observations : DataFrame
        One row per observation: observer, touchpoint, attribute, score (1–10).

    Returns
    -------
    DataFrame
        One row per pair of observers who scored at least one touchpoint and attribute in common, the most
        in common first: observer_1, observer_2, n_common (touchpoint × attribute), mean_difference
        (observer_1 − observer_2), mean_distance, near_share (at most one point apart), correlation (missing
        below 3 in common or without spread).

    Raises
    ------
    SchemaError
        When a column is missing.

    Notes
    -----
    Each observer's scores are averaged per touchpoint and attribute first, so the pairs are about the same
    thing although not about the same minute.  A high correlation with a mean difference far from 0 is a
    strict and a mild observer who see the same: their scores can be compared after centring.
    """
    import itertools

    import pandas as pd

    needed = ("observer", "touchpoint", "attribute", "score")
    require_columns("measure_agreement", list(observations.columns), needed)
    frame = observations[list(needed)].dropna().copy()
    frame["score"], frame["observer"] = _read_scores(frame["score"]), frame["observer"].astype(str)
    wide = frame.pivot_table(
        index=["touchpoint", "attribute"], columns="observer", values="score", aggfunc="mean"
    )
    pairs = itertools.combinations(sorted(wide.columns), 2)
    rows = [_compare_pair(wide[[first, second]].dropna()) for first, second in pairs]
    out = pd.DataFrame([row for row in rows if row[2]], columns=_PAIR_COLUMNS)
    order = ["n_common", "observer_1", "observer_2"]
    return out.sort_values(order, ascending=[False, True, True]).reset_index(drop=True)


_PAIR_COLUMNS = [
    *(
        "observer_1",
        "observer_2",
        "n_common",
        "mean_difference",
        "mean_distance",
        "near_share",
        "correlation",
    ),
]


def _compare_pair(both: pd.DataFrame) -> tuple:
    first, second = both.columns
    gap = both[first] - both[second]
    near = float((gap.abs() <= 1 + 1e-9).mean()) if len(both) else float("nan")
    spread = len(both) >= 3 and both[first].std() > 0 and both[second].std() > 0
    r = float(both[first].corr(both[second])) if spread else float("nan")
    return (first, second, len(both), float(gap.mean()), float(gap.abs().mean()), near, r)
