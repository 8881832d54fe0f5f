"""Silhouettes of several clusterings of the same points, at the price of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_ROWS = 500


def measure_silhouettes(points: np.ndarray, labelings: list[np.ndarray]) -> list[float]:
    """Return the mean silhouette of each clustering of `points`.

    Notes
    -----
    ``s = (b − a) / max(a, b)`` with a the mean distance to the others of the
    own cluster and b the least mean distance to another cluster; 0 for a
    cluster of one, and for a clustering with a single cluster.  The distances,
    nearly all the work, are computed once for all clusterings.
    """
    import numpy as np
    from scipy.spatial.distance import cdist

    codes = [np.unique(labels, return_inverse=True)[1] for labels in labelings]
    members = [np.eye(c.max() + 1)[c] for c in codes]
    totals = [0.0] * len(labelings)
    for start in range(0, len(points), _ROWS):
        distances = cdist(points[start : start + _ROWS], points)
        for i, (code, member) in enumerate(zip(codes, members, strict=True)):
            totals[i] += _sum_silhouettes(distances @ member, code[start : start + _ROWS], member.sum(axis=0))
    return [total / max(len(points), 1) for total in totals]


def _sum_silhouettes(sums: np.ndarray, own: np.ndarray, sizes: np.ndarray) -> float:
    import numpy as np

    if len(sizes) < 2:
        return 0.0
    rows = np.arange(len(own))
    others = sums / sizes
    others[rows, own] = np.inf
    near = others.min(axis=1)
    inner = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    widest = np.maximum(near, inner)
    s = np.divide(near - inner, widest, out=np.zeros_like(widest), where=widest > 0)
    return float(s[sizes[own] > 1].sum())
