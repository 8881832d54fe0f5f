"""Test whether customers form more than one heap: Hartigan's dip along many directions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST_TESTED = 30
MOST_TESTED = 5_000
ALPHA = 0.01
BANDWIDTH = 0.15
"""Blur, in units of the widest feature's standard deviation: detail finer than this is no cluster."""

_BIN = 400
_NULL_SIZE, _NULL_RUNS = 500, 2_000


@dataclass(frozen=True)
class HeapTest:
    """What the dip test found: ``p_value`` (None when there were too few customers to test).

    ``dip`` is the largest of ``n_directions`` directions, ``p_value`` is
    corrected for their number.
    """

    dip: float
    p_value: float | None
    n_tested: int
    n_directions: int

    @property
    def finds_one_heap(self) -> bool:
        """Whether the customers were tested and more than one heap cannot be shown."""
        return self.p_value is not None and self.p_value > ALPHA


def test_heaps(points: np.ndarray, directions: np.ndarray, *, random_state: int) -> HeapTest:
    """Test whether `points` have a valley between heaps along any of `directions`.

    Parameters
    ----------
    points : array of shape (n, d)
        One row per customer, features of comparable scale.
    directions : array of shape (m, d)
        Directions to look along.
    random_state : int
        Seed of the sample and of the blur.

    Returns
    -------
    HeapTest
        ``finds_one_heap`` when no direction shows a valley.

    Notes
    -----
    Null hypothesis: along every direction the density, blurred by a normal
    kernel of 0.15 standard deviations, rises and then falls.  This holds for a
    uniform box, a normal cloud of any covariance and a skewed cloud alike, so
    neither of them counts as structure, whatever its silhouette.  The dip (the
    least distance of the distribution function from a unimodal one) is
    referred to the uniform distribution, the hardest unimodal one to tell from
    two heaps (Hartigan & Hartigan 1985), and the smallest p is multiplied by
    the number of directions.

    Ties are spread evenly over the gap to their neighbours first: quantities
    that are counts have heaps at every whole number that mean nothing.
    Disputable: heaps that touch without a valley between them pass for one.
    """
    import numpy as np

    if len(points) < LEAST_TESTED or not len(directions):
        return HeapTest(0.0, None, len(points), len(directions))
    rng = np.random.default_rng(random_state)
    blurred = blur_points(points, rng)
    if len(blurred) > MOST_TESTED:
        blurred = blurred[rng.choice(len(blurred), MOST_TESTED, replace=False)]
    dips = [measure_dip(blurred @ d) for d in directions]
    dip = max(dips)
    null = _null_dips()
    n = len(blurred)
    scaled = dip * n**0.5
    p = _tail(null, scaled)
    return HeapTest(dip, min(1.0, p * len(directions)), n, len(directions))


def blur_points(points, rng):
    import numpy as np

    spread = points.std(axis=0).max()
    columns = [_spread_ties(column, rng) for column in points.T]
    return np.column_stack(columns) + rng.normal(0, BANDWIDTH * spread, points.shape)


def _spread_ties(column, rng):
    import numpy as np

    values, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    if len(values) == 1:
        return column
    gaps = np.diff(values)
    left, right = np.r_[gaps[0], gaps], np.r_[gaps, gaps[-1]]
    u = rng.uniform(-0.5, 0.5, len(column))
    width = np.where(u < 0, left[place], right[place])
    return column + u * width


def measure_dip(values) -> float:
    import numpy as np

    x = np.sort(values)
    n = len(x)
    grid = np.linspace(x[0], x[-1], _BIN + 1)
    if x[0] == x[-1]:
        return 0.0
    F = np.searchsorted(x, grid, side="right") / n
    F[0] = 0.0
    return _dip_of(grid, F)


def _dip_of(x, F):
    import numpy as np

    low, high, dip = 0, len(x) - 1, 0.0
    while True:
        g = _hull(x[low : high + 1], F[low : high + 1], 1) + low
        l = _hull(x[low : high + 1], F[low : high + 1], -1) + low
        G = np.interp(x[low : high + 1], x[g], F[g])
        L = np.interp(x[low : high + 1], x[l], F[l])
        gap_g = L[g - low] - F[g]  # at touch points of the convex hull
        gap_l = F[l] - G[l - low]
        if gap_g.max() >= gap_l.max():
            i = g[gap_g.argmax()]
            d = gap_g.max()
            new_low = i
            new_high = l[l >= i][0]
        else:
            j = l[gap_l.argmax()]
            d = gap_l.max()
            new_high = j
            new_low = g[g <= j][-1]
        if d <= dip or (new_low, new_high) == (low, high) or new_low >= new_high:
            return max(dip, d) / 2 if (new_low >= new_high or d > dip) else dip / 2
        left = np.abs(F[low : new_low + 1] - G[: new_low - low + 1]).max()
        right = np.abs(F[new_high : high + 1] - L[new_high - low :]).max()
        dip = max(dip, left, right)
        low, high = new_low, new_high


def _hull(x, y, sign):
    import numpy as np

    keep = []
    for i in range(len(x)):
        while len(keep) > 1:
            a, b = keep[-2], keep[-1]
            if sign * ((y[b] - y[a]) * (x[i] - x[b]) - (y[i] - y[b]) * (x[b] - x[a])) >= 0:
                keep.pop()
            else:
                break
        keep.append(i)
    return np.array(keep)
