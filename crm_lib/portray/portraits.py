"""Put a cluster's numbers and labels into one portrait (客户画像)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = [
    "cluster",
    "n_customers",
    "customer_share",
    "revenue_share",
    "median_recency_days",
    "median_n_orders",
    "median_revenue",
]


def portray_clusters(
    description: pd.DataFrame, labels: pd.DataFrame, *, money_unit: str = "元"
) -> pd.DataFrame:
    """Write a portrait of each cluster: a name, its labels, a paragraph.

    Parameters
    ----------
    description : DataFrame
        One row per cluster, as `describe_clusters` returns it.
    labels : DataFrame
        Labels with strength, as `label_clusters` returns them.
    money_unit : str
        Unit of money in the paragraph.

    Returns
    -------
    DataFrame
        One row per cluster, in the order of `description`: ``cluster``,
        ``name`` (its two strongest labels), ``labels`` (all, the strongest
        first), ``portrait`` (a Chinese paragraph whose every number is computed).

    Raises
    ------
    DataError
        A cluster of the labels is not described.
    """
    require_columns("portray_clusters", description.columns, _NEEDED)
    require_columns("portray_clusters", labels.columns, ["cluster", "label", "strength"])
    unknown = set(labels["cluster"]) - set(description["cluster"])
    if unknown:
        raise DataError(
            f"portray_clusters: every labelled cluster must be described; {min(unknown)} is not. "
            "Make both tables from the same clustering."
        )
    import pandas as pd

    rows = [_portray(row, _strongest(labels, row.cluster), money_unit) for row in description.itertuples()]
    return pd.DataFrame(rows, columns=["cluster", "name", "labels", "portrait"])


def _strongest(labels: pd.DataFrame, cluster: int) -> list[str]:
    own = labels[(labels["cluster"] == cluster) & (labels["label"] != "")]
    ordered = own.sort_values(["strength", "label"], ascending=[False, True], kind="stable")
    return list(dict.fromkeys(ordered["label"]))


def _portray(row: object, names: list[str], unit: str) -> tuple[int, str, str, str]:
    name = "、".join(names[:2]) or "与总体相近"
    revenue = "" if row.revenue_share != row.revenue_share else f"，带来 {row.revenue_share:.1%} 的消费金额"
    apart = f"与全部客户相比的特点：{'、'.join(names)}。" if names else "与全部客户相比没有明显特点。"
    text = (
        f"第 {row.cluster} 群共 {row.n_customers:,} 位客户，占 {row.customer_share:.1%}{revenue}。"
        f"居中的一位距最近一次{'购买' if row.median_n_orders else '退货'} {_number(row.median_recency_days)} 天，"
        f"购买 {_number(row.median_n_orders)} 次，消费 {row.median_revenue:,.2f} {unit}。{apart}"
    )
    return int(row.cluster), name, "、".join(names), text


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
