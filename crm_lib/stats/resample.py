"""What chance alone would give: bootstrap intervals and permutation tests, both seeded."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from crm_lib._checks import require_choice, require_range, require_rows
from crm_lib.errors import DataError
from crm_lib.stats.intervals import Interval, _z, known_numbers

if TYPE_CHECKING:
    import numpy as np

METHODS = ("percentile", "bca")
SIDES = ("two-sided", "greater", "less")
_SAME = 1e-9


class PermutationTest(NamedTuple):
    """What `permutation_test` found."""

    statistic: float
    p_value: float
    n_permutations: int
    exact: bool


def bootstrap_interval(
    values: Any,
    statistic: Callable[[np.ndarray], float],
    *,
    random_state: int,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    method: str = "percentile",
) -> Interval:
    """Return the bootstrap interval of any figure computed from cases.

    Parameters
    ----------
    values : array, Series or DataFrame
        One row per case, numeric; of a frame whole rows are drawn, so what belongs together stays so.
    statistic : callable
        Takes an array of the same columns, any number of rows, and returns a number.
    random_state : int
        Seed of the draws.
    n_resamples : int
        How many samples are drawn, at least 100.
    confidence : float
        Above 0 and below 1.
    method : {"percentile", "bca"}
        Plain percentiles, or percentiles corrected for bias and acceleration.

    Returns
    -------
    Interval
        estimate (of the cases as they are), low, high.  Ends are missing when the figure cannot be
        computed in more than a tenth of the samples.

    Raises
    ------
    DataError
        When there is no case.
    ParameterError
        When an option is out of range.

    Notes
    -----
    The percentile interval holds the middle part of the statistic over `n_resamples` draws of n cases
    with replacement.  BCa moves the ends by z₀ (share of draws below the estimate) and the acceleration
    a (skewness of the leave-one-out values).  Samples where the statistic is missing are left out.  When
    every draw gives the same figure the interval is that figure.

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. JASA 82, 171–185.

    Examples
    --------
    >>> import numpy as np
    >>> found = bootstrap_interval([1.0, 2, 3, 4], np.mean, random_state=0)
    >>> found.estimate, found.low >= 1, found.high <= 4
    (2.5, True, True)
    """
    import numpy as np

    where = "bootstrap_interval"
    _z(where, confidence)
    require_choice(where, "method", method, METHODS)
    require_range(where, "n_resamples", n_resamples, 100)
    x = np.asarray(values, dtype="float64")
    require_rows(where, len(x), 1, "cases", "Check the step before: it left nobody.")
    rng = np.random.default_rng(random_state)
    estimate = float(statistic(x))
    drawn = np.array([float(statistic(x[rng.integers(0, len(x), len(x))])) for _ in range(n_resamples)])
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) < 0.9 * n_resamples or math.isnan(estimate):
        return Interval(estimate, float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    at = (tail, 1 - tail)
    if method == "bca":
        at = _bend(at, x, statistic, estimate, drawn)
    low, high = np.quantile(drawn, at)
    return Interval(estimate, float(low), float(high))


def _bend(
    at: tuple[float, float], x: np.ndarray, statistic: Callable, estimate: float, drawn: np.ndarray
) -> tuple[float, float]:
    """Return the percentiles that BCa reads instead of `at`."""
    import numpy as np
    from scipy import stats

    # half of the ties on either side, so that a discrete figure is not called biased
    below = (float((drawn < estimate).mean()) + float((drawn <= estimate).mean())) / 2
    if len(x) < 3 or not 0 < below < 1:
        return at
    z0 = stats.norm.ppf(below)
    left_out = np.array([float(statistic(np.delete(x, i, axis=0))) for i in range(len(x))])
    off = np.nanmean(left_out) - left_out
    spread = float(np.nansum(off**2))
    a = float(np.nansum(off**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    shifted = [z0 + stats.norm.ppf(p) for p in at]
    first, second = (float(stats.norm.cdf(z0 + s / (1 - a * s))) for s in shifted)
    return first, second


def permutation_test(
    first: Any,
    second: Any,
    *,
    random_state: int,
    statistic: Callable[[np.ndarray, np.ndarray], float] | None = None,
    n_permutations: int = 9999,
    alternative: str = "two-sided",
) -> PermutationTest:
    """Test whether two groups differ more than a lot would make them differ.

    Parameters
    ----------
    first, second : sequence of float
        One number per case; missing ones are left out.
    random_state : int
        Seed of the draws.
    statistic : callable, optional
        Takes both groups as arrays and returns a number; by default the difference of the means.
    n_permutations : int
        How many divisions are drawn; all are tried when there are no more than this.
    alternative : {"two-sided", "greater", "less"}
        Which difference counts: any, a larger statistic, a smaller one.

    Returns
    -------
    PermutationTest
        statistic, p_value, n_permutations (divisions tried), exact (whether all were tried).

    Raises
    ------
    DataError
        When a group is empty.
    ParameterError
        When an option is out of range.

    Notes
    -----
    p = (1 + divisions at least as extreme) / (1 + divisions drawn), so never 0; of all divisions p is the
    plain share.  Two-sided is twice the smaller tail, at most 1, so it fits statistics that are not
    symmetric.  Figures that differ by rounding alone count as equal.

    Examples
    --------
    >>> permutation_test([5.0, 6, 7], [1.0, 2, 3], random_state=0).p_value
    0.1
    """
    import numpy as np

    where = "permutation_test"
    require_choice(where, "alternative", alternative, SIDES)
    require_range(where, "n_permutations", n_permutations, 99)
    a, b = known_numbers(where, first), known_numbers(where, second)
    if not len(a) or not len(b):
        raise DataError(f"{where}: both groups need a case; got {len(a)} and {len(b)}. Compare other groups.")
    measure = statistic or (lambda x, y: float(x.mean() - y.mean()))
    observed, pool = float(measure(a, b)), np.concatenate([a, b])
    exact = math.comb(len(pool), len(a)) <= n_permutations
    found = np.array([
        float(measure(x, y)) for x, y in _divide(pool, len(a), exact, n_permutations, random_state)
    ])
    slack = _SAME * max(1.0, abs(observed))
    extra = 0 if exact else 1
    above = (int((found >= observed - slack).sum()) + extra) / (len(found) + extra)
    below = (int((found <= observed + slack).sum()) + extra) / (len(found) + extra)
    p = {"greater": above, "less": below, "two-sided": min(1.0, 2 * min(above, below))}[alternative]
    return PermutationTest(observed, p, len(found), exact)


def _divide(pool: np.ndarray, n_first: int, exact: bool, n: int, seed: int) -> Any:
    """Yield the pool divided into two groups: every way, or `n` ways by lot."""
    import numpy as np

    if exact:
        for chosen in itertools.combinations(range(len(pool)), n_first):
            inside = np.zeros(len(pool), dtype=bool)
            inside[list(chosen)] = True
            yield pool[inside], pool[~inside]
        return
    rng = np.random.default_rng(seed)
    for _ in range(n):
        mixed = rng.permutation(pool)
        yield mixed[:n_first], mixed[n_first:]
