"""What a clustering is held against: data without clusters (gap), other samples (stability)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import import_extra
from crm_lib.portray.clustering import nearest_center, run_kmeans

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_REFERENCES = 10
N_BOOTSTRAPS = 10


def measure_gap(points: np.ndarray, k: Sequence[int], *, random_state: int) -> pd.DataFrame:
    """Compare the tightness of clusters with that in data that have none.

    Parameters
    ----------
    points : array of shape (n, d)
        Features of (a sample of) the customers.
    k : sequence of int
        Numbers of clusters, at least 1 each.
    random_state : int
        Seed of the reference data and of the starts.

    Returns
    -------
    DataFrame
        One row per k in the order given: ``k``, ``gap``, ``gap_se``.

    Notes
    -----
    ``gap = mean(ln W*) − ln W`` with W the inertia and W* that of ten reference
    sets, uniform over the box along the principal axes; ``gap_se`` is their
    standard deviation times √(1 + 1/10) (Tibshirani, Walther & Hastie 2001).
    """
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(random_state)
    middle = points.mean(axis=0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    along = (points - middle) @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    boxes = [rng.uniform(low, high, along.shape) for _ in range(N_REFERENCES)]
    rows = []
    for n in k:
        ours = _log(run_kmeans(points, n, random_state)[1])
        theirs = [_log(run_kmeans(box, n, random_state, n_init=1)[1]) for box in boxes]
        rows.append((n, np.mean(theirs) - ours, np.std(theirs) * (1 + 1 / N_REFERENCES) ** 0.5))
    return pd.DataFrame(rows, columns=["k", "gap", "gap_se"])


def choose_by_gap(gaps: pd.DataFrame) -> int:
    """Return the smallest k whose gap is at least the next one's less its standard error.

    Parameters
    ----------
    gaps : DataFrame
        As `measure_gap` returns them, for consecutive k.

    Returns
    -------
    int
        The k of the one-standard-error rule; the largest when none holds.
    """
    k, gap, se = (gaps[c].tolist() for c in ("k", "gap", "gap_se"))
    for i in range(len(k) - 1):
        if gap[i] >= gap[i + 1] - se[i + 1]:
            return int(k[i])
    return int(k[-1])


def measure_stability(points: np.ndarray, centers: np.ndarray, *, random_state: int) -> float:
    """Return how alike the clusters come out of other samples of the customers.

    Parameters
    ----------
    points : array of shape (n, d)
        Features of (a sample of) the customers.
    centers : array of shape (k, d)
        Centres of the clustering in question.
    random_state : int
        Seed of the samples.

    Returns
    -------
    float
        Mean adjusted Rand index between the given clusters and those fitted to
        ten samples drawn with replacement, both applied to all `points`: 1
        when the same groups come back every time, 0 when it is chance.
    """
    import numpy as np

    metrics = import_extra("sklearn.metrics", extra="tour", purpose="Clustering")
    rng = np.random.default_rng(random_state)
    ours = nearest_center(points, centers)
    scores = []
    for _ in range(N_BOOTSTRAPS):
        drawn = points[rng.integers(0, len(points), len(points))]
        k = min(len(centers), len(np.unique(drawn, axis=0)))
        other = run_kmeans(drawn, k, random_state, n_init=2)[0]
        scores.append(metrics.adjusted_rand_score(ours, nearest_center(points, other)))
    return float(np.mean(scores))


def _log(inertia: float) -> float:
    import math

    # k distinct points in k clusters leave nothing, and ln 0 has no value
    return math.log(max(inertia, 1e-12))
