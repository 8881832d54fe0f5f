"""Test whether customers form more than one heap: Hartigan's dip along many directions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST_TESTED = 30
MOST_TESTED = 5_000
ALPHA = 0.01
BANDWIDTH = 0.15
"""Blur, in units of the widest feature's standard deviation: detail finer than this is no heap."""

N_BINS = 400
NULL_TAIL = (
    (0.349, 0.5),
    (0.471, 0.1),
    (0.514, 0.05),
    (0.602, 0.01),
    (0.638, 0.005),
    (0.711, 0.001),
    (0.800, 0.0001),
)
"""√n · dip of n uniform values and the probability to exceed it, from 40,000 simulated samples."""


@dataclass(frozen=True)
class HeapTest:
    """What the dip test found; ``p_value`` is missing when there were too few customers to test.

    ``dip`` is the largest over ``n_directions`` directions, and ``p_value`` is
    corrected for their number.
    """

    dip: float
    p_value: float | None
    n_tested: int
    n_directions: int

    @property
    def finds_one_heap(self) -> bool:
        """Whether customers were tested and a second heap could not be shown."""
        return self.p_value is not None and self.p_value > ALPHA


def seek_heaps(blurred: np.ndarray, directions: np.ndarray) -> HeapTest:
    """Test whether points lie in more than one heap along any of `directions`.

    Parameters
    ----------
    blurred : array of shape (n, d)
        Points as `blur_points` gives them.
    directions : array of shape (m, d)
        Directions to look along.

    Returns
    -------
    HeapTest
        ``finds_one_heap`` when no direction shows a valley.

    Notes
    -----
    Null hypothesis: along every direction the blurred density rises and then
    falls.  That holds for a uniform box, for a normal cloud of any covariance
    and for a skewed cloud alike, so none of them counts as structure, whatever
    its silhouette.  The dip is the least distance of the distribution function
    from a unimodal one; it is referred to the uniform distribution, of all
    unimodal ones the hardest to tell from two heaps, and the smallest p is
    multiplied by the number of directions.  Disputable: groups that touch
    without a valley between them pass for one heap.

    References
    ----------
    Hartigan & Hartigan (1985), The dip test of unimodality.
    """
    n, m = len(blurred), len(directions)
    if n < LEAST_TESTED or not m:
        return HeapTest(0.0, None, n, m)
    dip = max(measure_dip(blurred @ d) for d in directions)
    return HeapTest(dip, min(1.0, dip_p_value(dip, n) * m), n, m)


def part_clusters(blurred: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> float | None:
    """Return the largest p-value of a valley between two clusters, over all pairs.

    Small: every two clusters are parted by a valley on the line through their
    centres.  Missing when some pair has too few points to test.
    """
    worst = 0.0
    for a, b in combinations(range(len(centers)), 2):
        pair = blurred[(labels == a) | (labels == b)]
        if len(pair) < LEAST_TESTED:
            return None
        dip = measure_dip(pair @ (centers[a] - centers[b]))
        worst = max(worst, dip_p_value(dip, len(pair)))
    return worst


def list_directions(points: np.ndarray, all_centers: Iterable[np.ndarray], *, most: int = 24) -> np.ndarray:
    """Return the directions worth a look: features, principal axes, lines between centres."""
    import numpy as np

    d = points.shape[1]
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2] if d > 1 else np.eye(0, d)
    lines = [c[a] - c[b] for c in all_centers for a, b in combinations(range(len(c)), 2)]
    found = np.vstack([np.eye(d), axes, *lines[:most]])
    return found[np.abs(found).sum(axis=1) > 0]


def blur_points(points: np.ndarray, *, random_state: int) -> np.ndarray:
    """Spread ties over the gap to their neighbours, then blur by a normal kernel.

    Counts have a heap at every whole number and prices at every .99; neither
    means anything.  Both steps keep a density with one heap a density with one
    heap: a lattice becomes its histogram, and the normal kernel is log-concave.
    """
    import numpy as np

    rng = np.random.default_rng(random_state)
    spread = points.std(axis=0).max() if len(points) else 0.0
    columns = [_spread_ties(column, rng) for column in points.T]
    return np.column_stack(columns) + rng.normal(0, 1, points.shape) * BANDWIDTH * spread


def _spread_ties(column: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    import numpy as np

    values, place = np.unique(column, return_inverse=True)
    u = rng.uniform(-0.5, 0.5, len(column))
    if len(values) == 1:
        return column
    gaps = np.diff(values)
    below, above = np.r_[gaps[0], gaps], np.r_[gaps, gaps[-1]]
    return column + u * np.where(u < 0, below[place], above[place])


def dip_p_value(dip: float, n: int) -> float:
    """Return the probability that `n` uniform values have at least this dip."""
    import numpy as np

    at, tail = np.array(NULL_TAIL).T
    s, logs = dip * n**0.5, np.log(tail)
    if s <= at[0]:
        return float(1 - (1 - tail[0]) * s / at[0])
    if s >= at[-1]:
        # the tail falls like that of a Brownian bridge, exp(-c s²)
        return float(np.exp(logs[-1] * (s / at[-1]) ** 2))
    return float(np.exp(np.interp(s, at, logs)))


def measure_dip(values: np.ndarray) -> float:
    """Return the dip of `values`: the distance of their distribution from the nearest unimodal one.

    Notes
    -----
    The distribution function is taken at 400 equal steps over the range and
    joined by lines, which loses less than the p-values can show.

    Examples
    --------
    >>> import numpy as np
    >>> round(measure_dip(np.r_[np.zeros(50), np.ones(50)]), 2), measure_dip(np.zeros(9))
    (0.25, 0.0)
    """
    import numpy as np

    x = np.sort(values)
    if not len(x) or x[0] == x[-1]:
        return 0.0
    grid = np.linspace(x[0], x[-1], N_BINS + 1)
    share = np.searchsorted(x, grid, side="right") / len(x)
    share[0], share[-1] = 0.0, 1.0
    return dip_of_curve(grid, share)


def dip_of_curve(x: np.ndarray, y: np.ndarray) -> float:
    """Return the dip of the distribution function that joins the points (x, y) by lines."""
    import numpy as np

    low, high, twice = 0, len(x) - 1, 0.0
    while True:
        here = slice(low, high + 1)
        under = _list_hull(x[here], y[here], 1) + low
        over = _list_hull(x[here], y[here], -1) + low
        lower = np.interp(x[here], x[under], y[under])
        upper = np.interp(x[here], x[over], y[over])
        gap_under, gap_over = upper[under - low] - y[under], y[over] - lower[over - low]
        gap = max(gap_under.max(), gap_over.max())
        if gap_under.max() >= gap_over.max():
            first = under[gap_under.argmax()]
            last = over[over >= first][0]
        else:
            last = over[gap_over.argmax()]
            first = under[under <= last][-1]
        if gap <= twice or (first, last) == (low, high) or first >= last:
            return float(max(gap, twice)) / 2
        left = np.abs(y[low : first + 1] - lower[: first - low + 1]).max()
        right = np.abs(y[last : high + 1] - upper[last - low :]).max()
        twice, low, high = max(twice, left, right), first, last


def _list_hull(x: np.ndarray, y: np.ndarray, sign: int) -> np.ndarray:
    """Return the corners of the greatest convex curve below (sign 1), the least concave one above (-1)."""
    import numpy as np

    xs, ys = x.tolist(), (sign * y).tolist()
    keep: list[int] = []
    for i in range(len(xs)):
        while len(keep) > 1:
            a, b = keep[-2], keep[-1]
            if (ys[b] - ys[a]) * (xs[i] - xs[b]) < (ys[i] - ys[b]) * (xs[b] - xs[a]):
                break
            keep.pop()
        keep.append(i)
    return np.array(keep)
