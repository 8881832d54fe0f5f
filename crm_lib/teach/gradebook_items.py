"""How well the questions of a notebook worked: difficulty, discrimination, reliability."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Kelley (1939): with normal scores, the extreme 27 % tell good and weak apart best.
TAIL_SHARE = 0.27


def analyze_items(points: pd.DataFrame, totals: pd.Series, *, blanks: pd.DataFrame) -> pd.DataFrame:
    """Describe each question by the points a group of students got.

    Parameters
    ----------
    points : DataFrame
        One row per student, one column per question; NaN where points are still
        to be given by hand.
    totals : Series
        Most points of each question, by its name; above 0.
    blanks : DataFrame
        Of the same shape: whether the student left the question blank.

    Returns
    -------
    DataFrame
        One row per question, in the order of the columns: question, total,
        n_students, mean_points, sd_points, blank_share, full_share, difficulty,
        discrimination, item_rest_correlation.

    Raises
    ------
    DataError
        A question without a total, or with one that is not above 0.

    Notes
    -----
    *Difficulty* ``P = mean / total``: the share of the points that was reached, so
    a high P is an easy question.  *Discrimination* ``D = P_upper - P_lower`` over
    the best and the weakest ``round(0.27 n)`` students by the sum of all questions
    (Kelley 1939; Ebel and Frisbie 1991 read at least 0.4 as very good, below 0.2 as
    poor).  Students tied at the edge of a tail share its places evenly, so the
    order of the rows never matters.  *Item-rest correlation*: Pearson's r between
    the question and the sum of all others (Henrysson 1963), which for right-wrong
    questions is the corrected point-biserial; without leaving the question out
    of the sum, a short test praises itself.  A question with a mark still missing
    is left out of all sums.  What cannot be computed (all equal, one student, one
    question) is NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> points = pd.DataFrame({"q1": [5, 5, 0, 0], "q2": [5, 0, 5, 0]})
    >>> found = analyze_items(points, pd.Series({"q1": 5, "q2": 5}), blanks=points == 0)
    >>> found[["question", "difficulty", "discrimination", "item_rest_correlation"]]
      question  difficulty  discrimination  item_rest_correlation
    0       q1         0.5             1.0                    0.0
    1       q2         0.5             1.0                    0.0
    """
    import pandas as pd

    _check_totals(points, totals)
    complete = [q for q in points.columns if points[q].notna().all()]
    # Rounded, so that equal sums of fractions are ties.
    whole = points[complete].sum(axis=1).round(6)
    rows = []
    for question in points.columns:
        given = points[question].notna()
        got, total = points.loc[given, question].astype(float), float(totals[question])
        rest = (whole[given] - (got if question in complete else 0)).round(6)
        n = len(got)
        rows.append({
            "question": question,
            "total": total,
            "n_students": n,
            "mean_points": got.mean(),
            "sd_points": got.std(ddof=1),
            "blank_share": blanks.loc[given, question].mean() if n else math.nan,
            "full_share": (got >= total - 1e-9).mean() if n else math.nan,
            "difficulty": got.mean() / total,
            "discrimination": measure_discrimination(got / total, whole[given]),
            "item_rest_correlation": _correlate(got, rest),
        })
    columns = list(rows[0]) if rows else ["question", "total", "n_students"]
    return pd.DataFrame(rows, columns=columns)


def _check_totals(points: pd.DataFrame, totals: pd.Series) -> None:
    wrong = [str(q) for q in points.columns if q not in totals.index or not totals[q] > 0]
    if wrong:
        raise DataError(
            f"analyze_items: every question needs a total above 0; {', '.join(wrong)} has none. "
            "Give its most points in totals."
        )


def measure_discrimination(shares: pd.Series, sums: pd.Series) -> float:
    """Return Kelley's D: mean share of the best 27 % less that of the weakest 27 %.

    Parameters
    ----------
    shares : Series
        Share of the points of one question, one value per student.
    sums : Series
        What the students are ranked by, with the same index.

    Returns
    -------
    float
        From -1 to 1; NaN for fewer than two students or when all sums are equal.
    """
    n = len(shares)
    if n < 2 or sums.max() == sums.min():
        return math.nan
    size = max(1, math.floor(TAIL_SHARE * n + 0.5))
    return _mean_of_first(shares, -sums, size) - _mean_of_first(shares, sums, size)


def _mean_of_first(shares: pd.Series, key: pd.Series, size: int) -> float:
    """Return the mean of the `size` students with the smallest key; those tied at the edge count in part."""
    edge = key.sort_values().iloc[size - 1]
    inside, tied = shares[key < edge], shares[key == edge]
    return float((inside.sum() + tied.mean() * (size - len(inside))) / size)


def _correlate(one: pd.Series, other: pd.Series) -> float:
    if len(one) < 2 or one.max() == one.min() or other.max() == other.min():
        return math.nan
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()))


def measure_alpha(points: pd.DataFrame) -> float:
    """Return Cronbach's alpha of the questions.

    Parameters
    ----------
    points : DataFrame
        One row per student, one column per question; a question with a gap is left out.

    Returns
    -------
    float
        ``k / (k - 1) * (1 - sum of the variances / variance of the sum)``; NaN for
        fewer than two questions or students, or when all sums are equal.

    Notes
    -----
    Alpha (Cronbach 1951) rises with the number of questions: four tasks that ask
    four different things have a low one by right.
    """
    complete = points.dropna(axis="columns")
    k, n = complete.shape[1], len(complete)
    if k < 2 or n < 2:
        return math.nan
    whole = float(complete.sum(axis=1).var(ddof=1))
    return k / (k - 1) * (1 - float(complete.var(ddof=1).sum()) / whole) if whole > 0 else math.nan
