"""How much more one group is asked than the others in the same stratum, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Effect(NamedTuple):
    """A difference of logarithms: estimate, standard error, degrees of freedom."""

    estimate: float
    error: float
    free: int


def estimate_within(
    value: np.ndarray, group: np.ndarray, stratum: np.ndarray, customer: np.ndarray
) -> Effect:
    """Return the mean difference of `value` between group and others of the same stratum.

    Parameters
    ----------
    value : array of float
        One number per quote.
    group : array of bool
        Whether the quote was made to the group.
    stratum, customer : array of int
        Codes; every stratum holds quotes of both sides.

    Returns
    -------
    Effect
        In the unit of `value`.

    Notes
    -----
    With x̃, ỹ less their means in the stratum: b = Σx̃ỹ / Σx̃², which weights a stratum by
    n₁n₀ / (n₁ + n₀).  Variance from the sums of x̃e over clusters (Liang and Zeger 1986), the
    factor G/(G−1) · (n−1)/(n−K) with K = 1 + strata, clustered by customer and by stratum:
    V = V_customer + V_stratum − V_both (Cameron, Gelbach and Miller 2011), the largest of V,
    V_customer and V_stratum taken.  The disputable choice: t with one less than the smallest
    number of strata or customers on a side as degrees of freedom, so few known customers among
    thousands of strangers make a wide interval.
    """
    import numpy as np

    n_strata = int(stratum.max()) + 1
    size = np.bincount(stratum, minlength=n_strata)
    x = group - (np.bincount(stratum, group.astype(float)) / size)[stratum]
    y = value - (np.bincount(stratum, value) / size)[stratum]
    spread = float((x * x).sum())
    slope = float((x * y).sum()) / spread
    score = x * (y - slope * x)
    left = max(len(value) - 1 - n_strata, 1)
    both = np.unique(customer.astype(np.int64) * n_strata + stratum, return_inverse=True)[1]
    v_customer, v_stratum, v_both = (
        _sum_squares(score, code, (len(value) - 1) / left) for code in (customer, stratum, both)
    )
    variance = max(v_customer + v_stratum - v_both, v_customer, v_stratum)
    sides = [len(np.unique(customer[group == side])) for side in (True, False)]
    return Effect(slope, math.sqrt(variance) / spread, max(min(n_strata, *sides) - 1, 1))


def _sum_squares(score: np.ndarray, code: np.ndarray, factor: float) -> float:
    import numpy as np

    sums = np.bincount(np.unique(code, return_inverse=True)[1], score)
    n = len(sums)
    return float((sums * sums).sum()) * factor * n / max(n - 1, 1)


def find_p_value(effect: Effect, margin: float) -> float:
    """Return p of the hypothesis that the group is asked at most `margin` more, two-sided.

    The two-sided p, not the half of it, so that a small p means an interval that lies wholly
    above the margin.
    """
    from scipy import stats

    beyond = effect.estimate - margin
    if effect.error == 0:
        return 0.0 if beyond > 1e-12 else 1.0
    return min(1.0, 2.0 * float(stats.t.sf(beyond / effect.error, effect.free)))


def bound_effect(effect: Effect, confidence: float) -> tuple[float, float, float]:
    """Return the effect and the ends of its interval as shares of the price: exp(b ± t·s) − 1."""
    from scipy import stats

    half = float(stats.t.ppf((1 + confidence) / 2, effect.free)) * effect.error
    low, high = effect.estimate - half, effect.estimate + half
    return math.expm1(effect.estimate), math.expm1(low), math.expm1(high)


def find_detectable(effect: Effect, margin: float, confidence: float, power: float = 0.8) -> float:
    """Return the smallest share that would have been told from the margin with this power."""
    from scipy import stats

    reach = stats.t.ppf((1 + confidence) / 2, effect.free) + stats.t.ppf(power, effect.free)
    return math.expm1(margin + float(reach) * effect.error)


def adjust_holm(p: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number: Holm's step-down method (1979).

    Examples
    --------
    >>> [round(x, 3) for x in adjust_holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, highest = [1.0] * len(p), 0.0
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - place) * p[i]))
        out[i] = highest
    return out
