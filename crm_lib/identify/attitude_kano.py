"""Kano's classes: which feature is taken for granted, which is asked for, which delights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("M", "O", "A", "I", "R", "Q")
# Rows: feeling when the feature is there, columns: when it is not; 1 like … 5 dislike, in both.
TABLE = (
    ("Q", "A", "A", "A", "O"),
    ("R", "I", "I", "I", "M"),
    ("R", "I", "I", "I", "M"),
    ("R", "I", "I", "I", "M"),
    ("R", "R", "R", "R", "Q"),
)
_FONG = 1.65


def classify_pairs(functional: pd.Series, dysfunctional: pd.Series) -> pd.Series:
    """Classify each pair of answers by Kano's table.

    Parameters
    ----------
    functional, dysfunctional : Series
        Feeling when the feature is there and when it is not: 1 like, 2 must be, 3 neutral, 4 can live with,
        5 dislike; same length, missing allowed.

    Returns
    -------
    Series
        M, O, A, I, R or Q; missing (None) when an answer is.

    Examples
    --------
    >>> import pandas as pd
    >>> classify_pairs(pd.Series([1, 1, 2]), pd.Series([5, 3, 5])).tolist()
    ['O', 'A', 'M']
    """
    import pandas as pd

    pairs = []
    for answers in (functional, dysfunctional):
        x = pd.to_numeric(answers, errors="coerce").astype("float64")
        bad = answers.notna().to_numpy() & ~x.isin([1, 2, 3, 4, 5]).to_numpy()
        if bad.any():
            raise DataError(
                f"classify_pairs: answers must be whole numbers from 1 to 5; {int(bad.sum()):,} of {len(x):,} are "
                f"not (first: {answers[bad].iloc[0]!r}). Run screen_answers first: it reads words and lists the rest."
            )
        pairs.append(x)
    found = [
        TABLE[int(f) - 1][int(d) - 1] if f == f and d == d else None for f, d in zip(*pairs, strict=True)
    ]
    return pd.Series(found, index=functional.index, dtype=object)


def classify_kano(
    survey: pd.DataFrame, *, features: Sequence[str] | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Classify features by how their presence and their absence would be felt.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire: kano_<feature>_f (feeling when it is there) and kano_<feature>_d (when it
        is not), 1 like … 5 dislike.
    features : sequence of str, optional
        Which to classify; by default all that have both columns.
    confidence : float
        Of the intervals of better and worse, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per feature in the order of the columns: feature, n (pairs answered, int64), n_m, n_o, n_a,
        n_i, n_r, n_q (int64), kano (the most frequent class; several joined by "/" when tied; empty without an
        answer), tied (bool), better, better_low, better_high (0–1), worse, worse_low, worse_high (−1–0),
        total_strength, category_strength (0–1), fong_needed (smallest difference of the two most frequent
        classes that counts), clear (bool: their difference reaches it).

    Raises
    ------
    SchemaError
        When no feature has both columns, or one asked for lacks one.
    DataError
        When an answer is no whole number from 1 to 5.

    Notes
    -----
    M must-be, O one-dimensional (the more the better), A attractive, I indifferent, R reverse, Q
    questionable.  better = (A + O)/(A + O + M + I), worse = −(O + M)/(A + O + M + I); their intervals are
    Wilson's.  total_strength is the share of M, O and A; category_strength the share of the most frequent
    class less that of the second.  Fong: the two differ (at about 90 %) when |a − b| ≥ 1.65
    √((a + b)(2n − a − b)/(2n)).  Ties are said, not broken: the usual order M > O > A > I is a choice of
    the reader's.

    References
    ----------
    Kano, N., Seraku, N., Takahashi, F. and Tsuji, S. (1984). Hinshitsu 14(2).
    Berger, C. et al. (1993). Center for Quality of Management Journal 2(4), 3–36.
    Fong, D. (1996). Center for Quality of Management Journal 5(3).
    Lee, M. C. and Newcomb, J. F. (1997). Quality Management Journal 4(3) (the strengths).

    Examples
    --------
    >>> import pandas as pd
    >>> three = pd.DataFrame({"kano_gift_f": [1, 1, 3], "kano_gift_d": [3, 4, 3]})
    >>> classify_kano(three)[["feature", "kano", "n_a", "n_i"]].to_numpy().tolist()
    [['gift', 'A', 2, 1]]
    """
    import pandas as pd

    rows = []
    for name in _list_features(survey, features):
        kinds = classify_pairs(survey[f"kano_{name}_f"], survey[f"kano_{name}_d"]).dropna()
        counts = {k: int((kinds == k).sum()) for k in CLASSES}
        rows.append({"feature": name, "n": len(kinds)} | {f"n_{k.lower()}": c for k, c in counts.items()}
                    | _judge(counts) | _weigh(counts, confidence))  # fmt: skip
    return pd.DataFrame(rows)


def _list_features(survey: pd.DataFrame, features: Sequence[str] | None) -> list[str]:
    columns = [str(c) for c in survey.columns]
    if features is not None:
        require_columns("classify_kano", columns, [f"kano_{f}_{end}" for f in features for end in "fd"])
        return list(features)
    names = [c[5:-2] for c in columns if c.startswith("kano_") and c.endswith("_f") and len(c) > 7]
    both = [n for n in names if f"kano_{n}_d" in columns]
    if not both:
        raise SchemaError(
            "classify_kano: needs pairs of columns kano_<feature>_f and kano_<feature>_d; "
            f"the table has {list_words(columns)}. Rename the columns of the survey."
        )
    return both


def _judge(counts: dict[str, int]) -> dict:
    n = sum(counts.values())
    first, second = sorted(counts.values(), reverse=True)[:2]
    top = [k for k in CLASSES if counts[k] == first] if n else []
    needed = _FONG * math.sqrt((first + second) * (2 * n - first - second) / (2 * n)) if n else float("nan")
    return {
        "kano": "/".join(top),
        "tied": len(top) > 1,
        "total_strength": sum(counts[k] for k in "MOA") / n if n else float("nan"),
        "category_strength": (first - second) / n if n else float("nan"),
        "fong_needed": needed,
        "clear": n > 0 and first - second >= needed - 1e-9 and first > second,
    }


def _weigh(counts: dict[str, int], confidence: float) -> dict[str, float]:
    from crm_lib.stats import interval_of_share

    base = sum(counts[k] for k in "AOMI")
    better = interval_of_share(counts["A"] + counts["O"], base, confidence=confidence)
    worse = interval_of_share(counts["O"] + counts["M"], base, confidence=confidence)
    return {
        "better": better.estimate, "better_low": better.low, "better_high": better.high,
        "worse": 0.0 - worse.estimate, "worse_low": 0.0 - worse.high, "worse_high": 0.0 - worse.low,
    }  # fmt: skip
