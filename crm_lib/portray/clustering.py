"""Group customers by k-means: fit, apply."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_columns, require_range, require_rows
from crm_lib.errors import DataError, NoStructureWarning

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_INIT = 10
MANY = 50_000
"""Above this number of customers the starts are tried on a sample of `N_START`."""

N_START = 10_000


@dataclass(frozen=True, eq=False)
class ClusterModel:
    """Centres of the clusters in feature space; `apply` gives each customer the nearest.

    Cluster 1 is the one with the highest revenue centre (without a feature
    ``revenue``: the highest first feature), and so on downwards.
    """

    features: tuple[str, ...]
    centers: np.ndarray
    inertia: float

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centers)

    def apply(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the cluster of every customer.

        Parameters
        ----------
        features : DataFrame
            One row per customer: ``customer_id`` and the features of the model.

        Returns
        -------
        DataFrame
            ``customer_id``, ``cluster`` (int64, 1…k), in the order of `features`.

        Notes
        -----
        A customer equally near to two centres goes to the lower number, so
        equal customers always share a cluster.
        """
        import pandas as pd

        require_columns("ClusterModel.apply", features.columns, ["customer_id", *self.features])
        points = features[list(self.features)].to_numpy(float)
        cluster = nearest_center(points, self.centers) + 1
        return pd.DataFrame({"customer_id": features["customer_id"].to_numpy(), "cluster": cluster})


def fit_clusters(features: pd.DataFrame, *, k: int, random_state: int) -> ClusterModel:
    """Group customers into `k` clusters by k-means.

    Parameters
    ----------
    features : DataFrame
        One row per customer, as `prepare_features` gives them.
    k : int
        Number of clusters, at least 1.
    random_state : int
        Seed of the ten starts.

    Returns
    -------
    ClusterModel
        Its ``apply`` gives each customer a cluster.

    Raises
    ------
    DataError
        There is no customer, or a feature is missing or infinite.

    Warns
    -----
    NoStructureWarning
        Fewer distinct customers than `k`; the model then has fewer clusters.

    Notes
    -----
    k-means++ with ten starts on one thread, so that the number of processors
    cannot change a digit.  Above 50,000 customers the ten starts are tried on
    a sample of 10,000 and the best one is carried to the end on all.  The numbers of the clusters do not depend on the
    seed's luck: they follow the centres (see `ClusterModel`).
    """
    names, points = check_points("fit_clusters", features)
    require_rows("fit_clusters", len(points), 1, "customer", "Check the filters before this step.")
    require_range("fit_clusters", "k", k, 1)
    n_distinct = count_distinct(points)
    if k > n_distinct:
        warnings.warn(
            f"fit_clusters: k must be <= the number of distinct customers; got {k} for {n_distinct}. "
            f"The model has {n_distinct} clusters.",
            NoStructureWarning,
            stacklevel=2,
        )
    centers, inertia = run_kmeans(points, min(k, n_distinct), random_state)
    return ClusterModel(names, centers[_value_order(names, centers)], inertia)


def check_points(where: str, features: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names and the values of the features, or say why they will not do."""
    import numpy as np

    require_columns(where, features.columns, ["customer_id"])
    names = tuple(c for c in features.columns if c != "customer_id")
    try:
        points = features[list(names)].to_numpy(float)
    except (TypeError, ValueError):
        points = None
    if points is None or not np.isfinite(points).all():
        raise DataError(
            f"{where}: features must be finite numbers; some are not. Make them with prepare_features."
        )
    return names, points


def count_distinct(points: np.ndarray, *, enough: int | None = None) -> int:
    """Return the number of distinct rows; stop early once `enough` are seen among the first."""
    import numpy as np

    if points.shape[1] == 0:
        return min(1, len(points))
    if enough is not None and len(points) > N_START:
        some = len(np.unique(points[:N_START], axis=0))
        if some >= enough:
            return some
    return len(np.unique(points, axis=0))


def draw_sample(n: int, most: int, random_state: int) -> np.ndarray:
    """Return the places of at most `most` of `n` rows, ascending."""
    import numpy as np

    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))


def run_kmeans(
    points: np.ndarray, k: int, random_state: int, *, n_init: int = N_INIT
) -> tuple[np.ndarray, float]:
    """Return the centres and the inertia of the best of `n_init` starts."""
    if k == 1:
        center = points.mean(axis=0, keepdims=True)
        return center, float(((points - center) ** 2).sum())
    cluster = import_extra("sklearn.cluster", extra="tour", purpose="Clustering")
    start: object = "k-means++"
    if len(points) > MANY:
        some = points[draw_sample(len(points), N_START, random_state)]
        if count_distinct(some) >= k:
            start, n_init = run_kmeans(some, k, random_state, n_init=n_init)[0], 1
    with _find_pools().limit(limits=1):
        model = cluster.KMeans(n_clusters=k, init=start, n_init=n_init, random_state=random_state).fit(points)
    return model.cluster_centers_, float(model.inertia_)


@cache
def _find_pools() -> Any:
    # looking for thread pools takes as long as a small fit, so it is done once
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _value_order(names: tuple[str, ...], centers: np.ndarray) -> list[int]:
    if not names:
        return list(range(len(centers)))
    first = names.index("revenue") if "revenue" in names else 0
    return sorted(range(len(centers)), key=lambda i: (-centers[i][first], *(-centers[i])))


def nearest_center(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the place of the nearest centre of every point, the lower one on a tie."""
    import numpy as np

    best = np.zeros(len(points), dtype="int64")
    least = np.full(len(points), np.inf)
    for i, center in enumerate(centers):
        distance = ((points - center) ** 2).sum(axis=1)
        closer = distance < least
        best[closer], least[closer] = i, distance[closer]
    return best
