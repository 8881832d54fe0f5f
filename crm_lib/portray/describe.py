"""Describe the clusters in the customers' own units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def describe_clusters(
    customers: pd.DataFrame, labels: pd.DataFrame, *, columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Describe each cluster in the customers' own units.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id``, ``recency_days``, ``n_orders``, ``revenue``.
    labels : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    columns : sequence of str
        Further quantities whose medians are wanted.

    Returns
    -------
    DataFrame
        One row per cluster, ascending: ``cluster``, ``n_customers``,
        ``customer_share``, ``revenue``, ``revenue_share`` (missing when the
        total is not positive), ``median_recency_days``, ``median_n_orders``,
        ``median_revenue``, then ``median_<column>`` of the `columns`.
    """
    needed = ["recency_days", "n_orders", "revenue", *columns]
    joined = join_labels("describe_clusters", customers, labels, needed)
    groups = joined.groupby("cluster", sort=True)
    out = groups.agg(
        n_customers=("customer_id", "size"),
        revenue=("revenue", _sum_money),
        median_recency_days=("recency_days", "median"),
        median_n_orders=("n_orders", "median"),
        median_revenue=("revenue", "median"),
        **{f"median_{name}": (name, "median") for name in columns},
    ).reset_index()
    total = _sum_money(joined["revenue"])
    out.insert(2, "customer_share", out["n_customers"] / max(len(joined), 1))
    out.insert(4, "revenue_share", out["revenue"] / total if total > 0 else float("nan"))
    return out


def join_labels(
    where: str, customers: pd.DataFrame, labels: pd.DataFrame, columns: list[str]
) -> pd.DataFrame:
    """Return `customers` with their ``cluster``; every customer must have exactly one."""
    require_columns(where, customers.columns, ["customer_id", *columns])
    require_columns(where, labels.columns, ["customer_id", "cluster"])
    for what, frame in (("the customers", customers), ("the labels", labels)):
        if frame["customer_id"].duplicated().any():
            first = frame["customer_id"][frame["customer_id"].duplicated()].iloc[0]
            raise DataError(
                f"{where}: needs one row per customer in {what}; {first} occurs twice. Remove one."
            )
    rest = customers.drop(columns="cluster", errors="ignore")
    joined = rest.merge(labels[["customer_id", "cluster"]], on="customer_id", how="left")
    without = joined["cluster"].isna()
    if without.any():
        raise DataError(
            f"{where}: every customer needs a cluster; {int(without.sum()):,} of {len(joined):,} have none "
            f"(first: {joined.loc[without, 'customer_id'].iloc[0]}). Apply the model to these customers too."
        )
    return joined.astype({"cluster": "int64"})


def _sum_money(values: pd.Series) -> float:
    import numpy as np

    return int(np.floor(values.to_numpy(float) * 10_000 + 0.5).astype("int64").sum()) / 10_000.0
