"""What the labels of customers say about clusters: lift; and the customer most like a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_rows
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["cluster", "label", "n_customers", "label_share", "base_share", "lift"]


def lift_labels(labels: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Compare how frequent each label is in a cluster and among all clustered customers.

    Parameters
    ----------
    labels : DataFrame
        One row per customer and label, as `label_customers` gives them.
    clusters : DataFrame
        One row per customer: ``customer_id``, ``cluster``.

    Returns
    -------
    DataFrame
        One row per cluster and label that occurs in it: ``cluster``, ``label``,
        ``n_customers`` (of the cluster with the label), ``label_share`` (of the
        cluster), ``base_share`` (of all), ``lift`` (the first over the second); by
        cluster, the largest difference of shares first.

    Notes
    -----
    lift = label_share / base_share; 1 means the label says nothing about the cluster.
    Sorted by the difference, not by lift: a lift of ten on three customers is noise.

    Examples
    --------
    >>> import pandas as pd
    >>> found = lift_labels(pd.DataFrame({"customer_id": ["a", "b"], "label": ["x", "x"]}),
    ...                     pd.DataFrame({"customer_id": list("abcd"), "cluster": [1, 1, 2, 2]}))
    >>> found.values.tolist()
    [[1, 'x', 2, 1.0, 0.5, 2.0]]
    """
    require_columns("lift_labels", labels.columns, ["customer_id", "label"])
    require_columns("lift_labels", clusters.columns, ["customer_id", "cluster"])
    joined = labels[["customer_id", "label"]].drop_duplicates().merge(clusters, on="customer_id", how="inner")
    sizes = clusters["cluster"].value_counts()
    out = joined.groupby(["cluster", "label"]).size().rename("n_customers").reset_index()
    out["label_share"] = out["n_customers"] / out["cluster"].map(sizes).astype(float)
    base = joined["label"].value_counts() / max(len(clusters), 1)
    out["base_share"] = out["label"].map(base).astype(float)
    out["lift"] = out["label_share"] / out["base_share"]
    order = out.assign(gap=(out["base_share"] - out["label_share"]).round(12))
    return order.sort_values(["cluster", "gap", "label"], kind="stable")[COLUMNS].reset_index(drop=True)


def find_typical(features: pd.DataFrame, clusters: pd.DataFrame, *, cluster: int | None = None) -> str:
    """Return the customer nearest to the centre of a cluster.

    Parameters
    ----------
    features : DataFrame
        One row per customer, what the clusters were made from.
    clusters : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    cluster : int, optional
        Which cluster; the largest by default, of equally large ones the lowest number.

    Returns
    -------
    str
        A ``customer_id``; of equally near ones the first in order of numbers.

    Raises
    ------
    DataError
        The cluster holds nobody.

    Notes
    -----
    The centre is the mean of the cluster's features, the distance Euclidean.
    """
    require_columns("find_typical", clusters.columns, ["customer_id", "cluster"])
    require_rows("find_typical", len(clusters), 1, "customer", "Check the filters before this step.")
    number = int(clusters["cluster"].mode()[0]) if cluster is None else cluster
    own = features[features["customer_id"].isin(clusters.loc[clusters["cluster"] == number, "customer_id"])]
    if own.empty:
        known = "、".join(map(str, sorted(clusters["cluster"].unique())))
        raise DataError(f"find_typical: cluster must be one of {known}; got {cluster}. Choose one.")
    points = own.drop(columns="customer_id").astype(float)
    distance = ((points - points.mean()) ** 2).sum(axis=1).round(12)
    order = own[["customer_id"]].assign(distance=distance).sort_values(["distance", "customer_id"])
    return str(order["customer_id"].iloc[0])
