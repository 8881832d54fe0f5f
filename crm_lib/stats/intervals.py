"""Intervals of shares and means, and of their differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

from crm_lib.errors import CrmWarning, DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np

_NAN = float("nan")


class SmallSampleWarning(CrmWarning):
    """So few cases that the figure says next to nothing about those who were not asked."""


class Interval(NamedTuple):
    """A figure and the ends of its interval; missing (NaN) where nothing can be said."""

    estimate: float
    low: float
    high: float


def interval_of_share(count: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return the Wilson interval of a share.

    Parameters
    ----------
    count : int
        Cases with the property.
    n : int
        Cases observed.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    Interval
        estimate, low, high, each within 0–1; missing when nobody was observed.

    Raises
    ------
    DataError
        When `count` is no whole number from 0 to `n`.
    ParameterError
        When `confidence` is not between 0 and 1.

    Notes
    -----
    The ends solve (p̂ − p)² = z² p (1 − p) / n for p.  Unlike p̂ ± z √(p̂(1 − p̂)/n) they never leave
    0–1 and do not close up on a share of 0 or 1.  No continuity correction.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> [round(x, 3) for x in interval_of_share(8, 10)]
    [0.8, 0.49, 0.943]
    """
    z = _z("interval_of_share", confidence)
    _require_count("interval_of_share", count, n)
    if n == 0:
        return Interval(_NAN, _NAN, _NAN)
    share = count / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == n else middle + half
    return Interval(share, low, high)


def interval_of_mean(
    values: Sequence[float], *, confidence: float = 0.95, population: int | None = None
) -> Interval:
    """Return Student's interval of a mean.

    Parameters
    ----------
    values : sequence of float
        One number per case; missing ones are left out.
    confidence : float
        Above 0 and below 1.
    population : int, optional
        Number of cases the sample was drawn from, without replacement; narrows the interval.

    Returns
    -------
    Interval
        estimate, low, high in the unit of `values`; with a single case the ends are missing.

    Raises
    ------
    DataError
        When a value is infinite, or the population is smaller than the sample.
    ParameterError
        When `confidence` is not between 0 and 1.

    Notes
    -----
    x̄ ± t₍n−1₎ · s/√n · √((N − n)/(N − 1)), the last factor only with `population` N.

    Examples
    --------
    >>> [round(x, 3) for x in interval_of_mean([2.0, 4.0, 6.0])]
    [4.0, -0.968, 8.968]
    """
    from scipy import stats

    _z("interval_of_mean", confidence)
    x = known_numbers("interval_of_mean", values)
    n = len(x)
    if n < 2:
        return Interval(float(x[0]) if n else _NAN, _NAN, _NAN)
    if population is not None and population < n:
        raise DataError(
            f"interval_of_mean: population must be at least the number of cases ({n:,}); got {population!r}. "
            "Leave it out when the population is not known."
        )
    kept = 1.0 if population is None else math.sqrt((population - n) / max(population - 1, 1))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * float(x.std(ddof=1)) / math.sqrt(n) * kept
    mean = float(x.mean())
    return Interval(mean, mean - half, mean + half)


def interval_of_difference(
    first: Sequence[float], second: Sequence[float], *, confidence: float = 0.95, paired: bool = False
) -> Interval:
    """Return the interval of the difference of two means, first − second.

    Parameters
    ----------
    first, second : sequence of float
        One number per case.  Missing ones are left out; of a pair with a gap both are.
    confidence : float
        Above 0 and below 1.
    paired : bool
        The two belong to the same cases, in the same order.

    Returns
    -------
    Interval
        estimate, low, high; the ends are missing when a group has a single case.

    Raises
    ------
    DataError
        When a value is infinite, or pairs are asked for and the lengths differ.
    ParameterError
        When `confidence` is not between 0 and 1.

    Notes
    -----
    Not paired: Welch's interval, the variances may differ.  Paired: Student's interval of the differences.

    Examples
    --------
    >>> [round(x, 3) for x in interval_of_difference([3.0, 5.0, 7.0], [2.0, 3.0, 4.0], paired=True)]
    [2.0, -0.484, 4.484]
    """
    import numpy as np
    from scipy import stats

    where = "interval_of_difference"
    if paired:
        if len(first) != len(second):
            raise DataError(
                f"{where}: pairs must be of one length; got {len(first):,} and {len(second):,}. "
                "Give both columns of the same table."
            )
        gap = np.asarray(first, dtype="float64") - np.asarray(second, dtype="float64")
        return interval_of_mean(gap, confidence=confidence)
    _z(where, confidence)
    a, b = known_numbers(where, first), known_numbers(where, second)
    mean = float(a.mean() - b.mean()) if len(a) and len(b) else _NAN
    if len(a) < 2 or len(b) < 2:
        return Interval(mean, _NAN, _NAN)
    va, vb = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    if va + vb == 0:
        return Interval(mean, mean, mean)
    # shares of the whole variance: squares of tiny variances would be zero
    pa, pb = va / (va + vb), vb / (va + vb)
    free = 1 / (pa**2 / (len(a) - 1) + pb**2 / (len(b) - 1))
    half = float(stats.t.ppf((1 + confidence) / 2, free)) * math.sqrt(va + vb)
    return Interval(mean, mean - half, mean + half)


def interval_of_share_difference(
    count_first: int, n_first: int, count_second: int, n_second: int, *, confidence: float = 0.95
) -> Interval:
    """Return the interval of the difference of two independent shares, first − second.

    Parameters
    ----------
    count_first, n_first : int
        Cases with the property and cases observed in the first group.
    count_second, n_second : int
        The same of the second group.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    Interval
        estimate, low, high, within −1…1; missing when a group is empty.

    Notes
    -----
    Newcombe's hybrid of the two Wilson intervals (his method 10): with (l₁, u₁), (l₂, u₂) the ends are
    d − √((p₁ − l₁)² + (u₂ − p₂)²) and d + √((u₁ − p₁)² + (p₂ − l₂)²).

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions.
    Statistics in Medicine 17, 873–890.

    Examples
    --------
    >>> [round(x, 4) for x in interval_of_share_difference(56, 70, 48, 80)]
    [0.2, 0.0524, 0.3339]
    """
    p, p_low, p_high = interval_of_share(count_first, n_first, confidence=confidence)
    q, q_low, q_high = interval_of_share(count_second, n_second, confidence=confidence)
    low = p - q - math.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + math.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return Interval(p - q, low, high)


def known_numbers(where: str, values: Any) -> np.ndarray:
    """Return the known numbers of `values` as floats; an infinite one is refused."""
    import numpy as np
    import pandas as pd

    x = pd.to_numeric(pd.Series(values), errors="raise").astype("Float64").to_numpy("float64", na_value=_NAN)
    if np.isinf(x).any():
        raise DataError(
            f"{where}: values must be finite; {int(np.isinf(x).sum()):,} are not. "
            "Was something divided by zero?"
        )
    return x[~np.isnan(x)]


def _z(where: str, confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ParameterError(
            f"{where}: confidence must be above 0 and below 1; got {confidence!r}. 0.95 is usual."
        )
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _require_count(where: str, count: int, n: int) -> None:
    whole = int(count) == count and int(n) == n
    if not whole or not 0 <= count <= n:
        raise DataError(
            f"{where}: count must be a whole number from 0 to n; got {count!r} of {n!r}. "
            "Count cases, not shares or weights."
        )
