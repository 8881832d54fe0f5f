"""Association between what somebody is and what they do, held against chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_PERMUTATIONS = 999
MOST_VALUES = 12
"""A number with more different values is cut into groups of about equal size."""
N_GROUPS = 4
LEAST_OF_VALUE = 5
REST = "其他"
COLUMNS = [
    *("attribute", "outcome", "kind", "n_known", "n_values", "effect", "effect_squared", "mutual_bits"),
    *("chance_bits", "chance_bits_95", "extra_bits", "p_value"),
]
_CHUNK = 2_000_000


def measure_association(
    frame: pd.DataFrame,
    *,
    attributes: Sequence[str],
    outcomes: Sequence[str],
    random_state: int,
    within: str | None = None,
    n_permutations: int = N_PERMUTATIONS,
    least_of_value: int = LEAST_OF_VALUE,
) -> pd.DataFrame:
    """Measure how strongly each attribute goes with each outcome, and how strongly chance alone would have it.

    Parameters
    ----------
    frame : DataFrame
        One row per case (a customer), with all columns named; missing values may stand in any.
    attributes : sequence of str
        What cases are: words, flags or numbers.  A number of more than 12 different values is
        cut into four groups of about equal size, equal values always together.
    outcomes : sequence of str
        What cases do: a word or flag is a category, anything else a number.
    random_state : int
        Seed of the permutations.
    within : str, optional
        A third column: outcomes are exchanged only between cases with the same value of it, so that
        what goes with that column alone counts as chance.
    n_permutations : int
        Number of permutations.
    least_of_value : int
        Attribute values of fewer cases are counted together as "其他", and left out when even
        together they are fewer.

    Returns
    -------
    DataFrame
        One row per attribute and outcome, in the order given: ``attribute``, ``outcome``, ``kind``
        ("category" or "number"), ``n_known`` (cases with both), ``n_values`` (groups compared),
        ``effect`` (0 to 1: bias-corrected Cramér's V, or the square root of ω² of the outcome's
        ranks), ``effect_squared`` (uncorrected: V² or η² of the ranks), ``mutual_bits``
        (mutual information), ``chance_bits`` and ``chance_bits_95`` (mean and 95 % quantile under
        permutation), ``extra_bits`` (found less the mean of chance), ``p_value``.  Where fewer than two
        groups or two different outcomes are left, all figures after ``n_values`` are missing.

    Raises
    ------
    SchemaError
        A column is missing.

    Notes
    -----
    V² = max(0, χ²/n − (r−1)(c−1)/(n−1)) / (min(r', c') − 1) with r' = r − (r−1)²/(n−1)
    (Bergsma 2013).  η² = SSB/SST and ω² = (SSB − (r−1)·MSW)/(SST + MSW) on midranks, so that
    (n−1)·η² is the statistic of Kruskal and Wallis: money has a long tail, and a single customer must
    not decide.  Mutual information compares the groups with the outcome's categories, a number
    being cut into four groups.  p = (1 + permutations that reach the χ² or η² found)/(1 + permutations).
    Disputable: mutual information is above 0 by chance alone, the more so the more groups and the fewer
    cases, so it is never shown without its permutation mean; adjusted for it, it may be negative.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": list("xxxxxyyyyy"), "b": list("uuuuuvvvvv")})
    >>> found = measure_association(frame, attributes=["a"], outcomes=["b"], random_state=0)
    >>> found[["effect_squared", "mutual_bits"]].round(3).values.tolist()
    [[1.0, 1.0]]
    """
    import numpy as np
    import pandas as pd

    where = "measure_association"
    require_columns(where, frame.columns, [*attributes, *outcomes, *([within] if within else [])])
    require_range(where, "n_permutations", n_permutations, 1, 1_000_000)
    rng = np.random.default_rng(random_state)
    strata = _code(frame[within])[0] if within else np.zeros(len(frame), dtype=int)
    rows = []
    for attribute in attributes:
        values = group_values(frame[attribute], least=least_of_value)
        for outcome in outcomes:
            found = _measure(values, frame[outcome], strata, rng, n_permutations)
            rows.append((attribute, outcome, *found))
    return pd.DataFrame(rows, columns=COLUMNS)


def group_values(values: pd.Series, *, least: int = LEAST_OF_VALUE) -> pd.Series:
    """Return an attribute as a few groups: many-valued numbers cut, rare words pooled, missing ones missing.

    Parameters
    ----------
    values : Series
        Words, flags or numbers.
    least : int
        Groups of fewer cases are pooled as "其他", or become missing when even together they are fewer.

    Returns
    -------
    Series
        Words (object), under the same index.

    Examples
    --------
    >>> import pandas as pd
    >>> group_values(pd.Series([1.0, 2.0, None]), least=1).tolist()[:2]
    ['1', '2']
    """
    index, values = values.index, values.reset_index(drop=True)
    known = values.dropna()
    if is_number(known) and known.nunique() > MOST_VALUES:
        groups = _cut(known.astype(float))
    elif is_number(known):
        groups = known.astype(float).map("{:g}".format)
    else:
        groups = known.astype(str)
    rare = groups.map(groups.value_counts()) < least
    pooled = groups.astype(object).where(~rare, REST)
    kept = pooled if rare.sum() >= least else pooled[~rare]
    return kept.reindex(values.index).set_axis(index)


def is_number(values: pd.Series) -> bool:
    """Tell whether a column holds numbers (flags are words here)."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(values) and not is_bool_dtype(values))


def _cut(values: pd.Series) -> pd.Series:
    """Cut numbers at their quartiles into words that say the range; equal values stay together."""
    import numpy as np
    import pandas as pd

    edges = np.unique(np.quantile(values, np.arange(1, N_GROUPS) / N_GROUPS, method="inverted_cdf"))
    place = np.searchsorted(edges, values.to_numpy(), side="left")
    low, high = values.groupby(place).min(), values.groupby(place).max()
    names = {k: f"{low[k]:g}–{high[k]:g}" if low[k] < high[k] else f"{low[k]:g}" for k in low.index}
    return pd.Series([names[p] for p in place], index=values.index, dtype=object)


def _code(values: pd.Series) -> tuple[np.ndarray, int]:
    import pandas as pd

    codes, uniques = pd.factorize(values.astype(object).where(values.notna(), "\0"), sort=False)
    return codes, len(uniques)


def _measure(
    values: pd.Series, outcome: pd.Series, strata: np.ndarray, rng: np.random.Generator, n_permutations: int
) -> tuple:
    known = (values.notna() & outcome.notna()).to_numpy()
    x, r = _code(values[known])
    result, as_number = outcome[known], is_number(outcome)
    kind = "number" if as_number else "category"
    bins, c = _code(_bin(result) if as_number else result.astype(str))
    n = int(known.sum())
    if r < 2 or c < 2 or result.nunique() < 2:
        return kind, n, r, *([float("nan")] * 7)
    ranks = result.rank().to_numpy(float) if as_number else None
    orders = _permute(strata[known], rng, n_permutations)
    found = _compute(x, bins, ranks, r, c, _identity(n))
    chance = _compute(x, bins, ranks, r, c, orders)
    hits = int((chance[0] >= found[0][0] - 1e-12).sum())
    bits, drawn = float(found[1][0]), chance[1]
    effect = _omega(found[0][0], r, n) if as_number else _correct(found[0][0], r, c, n)
    squared = found[0][0] if as_number else found[0][0] / (min(r, c) - 1)
    mean, high = float(drawn.mean()), _quantile(drawn)
    return (
        kind,
        n,
        r,
        effect,
        float(squared),
        bits,
        mean,
        high,
        bits - mean,
        (1 + hits) / (1 + n_permutations),
    )


def _bin(result: pd.Series) -> pd.Series:
    return (
        _cut(result.astype(float)) if result.nunique() > N_GROUPS else result.astype(float).map("{:g}".format)
    )


def _identity(n: int) -> np.ndarray:
    import numpy as np

    return np.arange(n)[None, :]


def _quantile(drawn: np.ndarray) -> float:
    import numpy as np

    return float(np.quantile(drawn, 0.95))


def _permute(strata: np.ndarray, rng: np.random.Generator, times: int) -> np.ndarray:
    """Return `times` orders of the cases, each exchanging cases of one stratum only."""
    import numpy as np

    orders = np.empty((times, len(strata)), dtype=np.int32)
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum).astype(np.int32)
        orders[:, here] = rng.permuted(np.broadcast_to(here, (times, len(here))), axis=1)
    return orders


def _compute(
    x: np.ndarray, bins: np.ndarray, ranks: np.ndarray | None, r: int, c: int, orders: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return per order of the outcome the statistic (χ²/n, or η² of the ranks) and the mutual information in bits."""
    import numpy as np

    n, step = len(x), max(1, _CHUNK // max(len(x), r * c))
    parts = []
    for first in range(0, len(orders), step):
        some = orders[first : first + step]
        offset = np.arange(len(some))[:, None]
        table = np.bincount((offset * (r * c) + x * c + bins[some]).ravel(), minlength=len(some) * r * c)
        table = table.reshape(len(some), r, c) / n
        expected = table.sum(2, keepdims=True) * table.sum(1, keepdims=True)
        ratio = np.divide(table, expected, out=np.ones_like(table), where=table > 0)
        bits = (table * np.log2(ratio)).sum((1, 2))
        if ranks is None:
            main = (table * ratio).sum((1, 2)) - 1.0
        else:
            sums = np.bincount((offset * r + x).ravel(), weights=ranks[some].ravel(), minlength=len(some) * r)
            between = (sums.reshape(len(some), r) ** 2 / np.bincount(x, minlength=r)).sum(
                1
            ) - n * ranks.mean() ** 2
            main = between / ((ranks - ranks.mean()) ** 2).sum()
        parts.append((main, bits))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _correct(phi: float, r: int, c: int, n: int) -> float:
    """Return the bias-corrected Cramér's V from χ²/n."""
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return min(1.0, (phi / least) ** 0.5) if least > 0 else 0.0


def _omega(eta: float, r: int, n: int) -> float:
    """Return the square root of ω² (0 when negative) from η²."""
    if n <= r:
        return 0.0
    within = (1.0 - eta) / (n - r)
    return float(max(0.0, (eta - (r - 1) * within) / (1.0 + within)) ** 0.5)
