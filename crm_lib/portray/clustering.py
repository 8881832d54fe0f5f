"""Group customers by k-means: choose k, fit, apply."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_columns, require_range, require_rows
from crm_lib.errors import DataError, NoStructureWarning, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_INIT = 10
N_SILHOUETTE = 5_000
WEAK_SILHOUETTE = 0.25
_INDICES = ("silhouette", "calinski_harabasz", "davies_bouldin")


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
        nearest = _nearest(points, self.centers)
        return pd.DataFrame({"customer_id": features["customer_id"].to_numpy(), "cluster": nearest + 1})


def sweep_k(features: pd.DataFrame, *, k: Iterable[int] = range(2, 11), random_state: int) -> pd.DataFrame:
    """Compare numbers of clusters by four indices.

    Parameters
    ----------
    features : DataFrame
        One row per customer, as `prepare_features` gives them.
    k : iterable of int
        Numbers of clusters to try, each at least 2; those above the number of
        distinct customers less one cannot be tried and are left out.
    random_state : int
        Seed of the starts and of the sample for the silhouette.

    Returns
    -------
    DataFrame
        One row per k, ascending: ``k``, ``inertia``, ``silhouette`` (on at most
        5,000 customers), ``calinski_harabasz``, ``davies_bouldin``.
        ``attrs``: ``recommended_k`` (None when nothing could be tried),
        ``reason`` (why), ``n_customers``.

    Warns
    -----
    NoStructureWarning
        No k reaches a silhouette of 0.25: whatever the clustering, the groups
        are cuts through one cloud.

    Notes
    -----
    Each index ranks the k (silhouette and Calinski–Harabasz: higher is better;
    Davies–Bouldin: lower); recommended is the k with the lowest sum of ranks,
    the smaller k on a tie.  Disputable: the silhouette alone nearly always
    says 2 for purchase data, which is seldom useful.
    """
    import pandas as pd

    names, points = _points("sweep_k", features)
    wanted = sorted(set(k))
    if not wanted or wanted[0] < 2:
        raise ParameterError(f"sweep_k: k must hold whole numbers >= 2; got {wanted}. Try range(2, 11).")
    n_distinct = _count_distinct(points)
    rows = [_judge(points, n, random_state) for n in wanted if n < n_distinct]
    sweep = pd.DataFrame(rows, columns=["k", "inertia", *_INDICES]).astype({"k": "int64"})
    best, reason = _recommend(sweep, n_distinct)
    sweep.attrs.update(recommended_k=best, reason=reason, n_customers=len(points))
    if len(sweep) and sweep["silhouette"].max() < WEAK_SILHOUETTE:
        warnings.warn(
            f"sweep_k: the highest silhouette is {sweep['silhouette'].max():.2f}, below {WEAK_SILHOUETTE}; "
            "the customers form one cloud, so any clustering of them is a convenience, not a finding.",
            NoStructureWarning,
            stacklevel=2,
        )
    return sweep


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
    cannot change a digit.  The numbers of the clusters do not depend on the
    seed's luck: they follow the centres (see `ClusterModel`).
    """
    names, points = _points("fit_clusters", features)
    require_rows("fit_clusters", len(points), 1, "customer", "Check the filters before this step.")
    require_range("fit_clusters", "k", k, 1)
    n_distinct = _count_distinct(points)
    if k > n_distinct:
        warnings.warn(
            f"fit_clusters: k must be <= the number of distinct customers; got {k} for {n_distinct}. "
            f"The model has {n_distinct} clusters.",
            NoStructureWarning,
            stacklevel=2,
        )
    centers, inertia = _run_kmeans(points, min(k, n_distinct), random_state)
    return ClusterModel(names, centers[_value_order(names, centers)], inertia)


def _points(where: str, features: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
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


def _count_distinct(points: np.ndarray) -> int:
    import numpy as np

    if points.shape[1] == 0:
        return min(1, len(points))
    return len(np.unique(points, axis=0))


def _run_kmeans(points: np.ndarray, k: int, random_state: int) -> tuple[np.ndarray, float]:
    if k == 1:
        center = points.mean(axis=0, keepdims=True)
        return center, float(((points - center) ** 2).sum())
    cluster = import_extra("sklearn.cluster", extra="tour", purpose="Clustering")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        model = cluster.KMeans(n_clusters=k, n_init=N_INIT, random_state=random_state).fit(points)
    return model.cluster_centers_, float(model.inertia_)


def _value_order(names: tuple[str, ...], centers: np.ndarray) -> list[int]:
    if not names:
        return list(range(len(centers)))
    first = names.index("revenue") if "revenue" in names else 0
    return sorted(range(len(centers)), key=lambda i: (-centers[i][first], *(-centers[i])))


def _nearest(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    import numpy as np

    best = np.zeros(len(points), dtype="int64")
    least = np.full(len(points), np.inf)
    for i, center in enumerate(centers):
        distance = ((points - center) ** 2).sum(axis=1)
        closer = distance < least
        best[closer], least[closer] = i, distance[closer]
    return best


def _judge(points: np.ndarray, k: int, random_state: int) -> dict[str, Any]:
    import numpy as np

    metrics = import_extra("sklearn.metrics", extra="tour", purpose="Clustering")
    centers, inertia = _run_kmeans(points, k, random_state)
    labels = _nearest(points, centers)
    some = np.arange(len(points))
    if len(points) > N_SILHOUETTE:
        some = np.sort(np.random.default_rng(random_state).choice(len(points), N_SILHOUETTE, replace=False))
    alone = len(np.unique(labels[some])) < 2
    return {
        "k": k,
        "inertia": inertia,
        "silhouette": 0.0 if alone else float(metrics.silhouette_score(points[some], labels[some])),
        "calinski_harabasz": float(metrics.calinski_harabasz_score(points, labels)),
        "davies_bouldin": float(metrics.davies_bouldin_score(points, labels)),
    }


def _recommend(sweep: pd.DataFrame, n_distinct: int) -> tuple[int | None, str]:
    if sweep.empty:
        return None, f"{n_distinct} distinct customers are too few to compare numbers of clusters"
    ranks = (
        sweep["silhouette"].rank(ascending=False)
        + sweep["calinski_harabasz"].rank(ascending=False)
        + sweep["davies_bouldin"].rank()
    )
    row = sweep.loc[ranks.idxmin()]
    best = int(row["k"])
    votes = {
        "silhouette": int(sweep.loc[sweep["silhouette"].idxmax(), "k"]),
        "Calinski-Harabasz": int(sweep.loc[sweep["calinski_harabasz"].idxmax(), "k"]),
        "Davies-Bouldin": int(sweep.loc[sweep["davies_bouldin"].idxmin(), "k"]),
    }
    said = ", ".join(f"{name} prefers {k}" for name, k in votes.items())
    return best, f"k = {best} has the lowest sum of ranks ({said}); its silhouette is {row['silhouette']:.2f}"
