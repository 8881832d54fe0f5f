"""Turn numbers about a cluster into labels with a strength (数据标签化)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError
from crm_lib.portray.describe import join_labels
from crm_lib.portray.features import RFM_COLUMNS
from crm_lib.portray.titles import label_ends

if TYPE_CHECKING:
    import pandas as pd

ONLY_ONCE, NO_PURCHASE = "只买一次", "只有退货"
COLUMNS = ["cluster", "n_customers", "feature", "label", "deviation", "strength"]


def label_clusters(
    customers: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    columns: Sequence[str] = RFM_COLUMNS,
    categories: Sequence[str] = (),
    min_strength: float = 0.1,
) -> pd.DataFrame:
    """Label each cluster by what sets it apart from all customers.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id``, the numeric `columns`, the text
        columns `categories`.
    labels : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    columns : sequence of str
        Quantities to label.
    categories : sequence of str
        Text columns (such as ``segment``) whose over-represented values become
        labels.
    min_strength : float
        Below it a quantity gets no label (empty text), a category no row.

    Returns
    -------
    DataFrame
        One row per cluster and quantity, and per cluster and over-represented
        category value: ``cluster``, ``n_customers``, ``feature``, ``label``,
        ``deviation`` (−1…1), ``strength`` (0…1); by cluster, then quantities in
        the order given, then category values, the strongest first.

    Notes
    -----
    ``deviation = 2 · mean(midrank) − 1``, where a customer's midrank is the
    share of all customers below him plus half the share of those equal to
    him.  It is 0 for a cluster like everybody and tends to ±1 for a small
    cluster wholly above or below; it has no unit, and neither ties nor a few
    huge values disturb it.  For a category value the same formula gives share
    in the cluster − share in all.  ``strength = |deviation|``.  Disputable: the
    comparison is with *all* customers, the cluster included, so a cluster that
    is most of the base is, rightly, weakly labelled.
    """
    require_range("label_clusters", "min_strength", min_strength, 0, 1)
    joined = join_labels("label_clusters", customers, labels, [*columns, *categories])
    import pandas as pd

    parts = [_label_quantity(joined, c, min_strength) for c in columns]
    parts += [_label_category(joined, c, min_strength) for c in categories]
    parts = [p.assign(block=i) for i, p in enumerate(parts) if len(p)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    out = pd.concat(parts, ignore_index=True)
    out["strength"] = out["deviation"].abs()
    out["n_customers"] = out["cluster"].map(joined["cluster"].value_counts()).astype("int64")
    keys = out.assign(weak=-out["strength"]).sort_values(["cluster", "block", "weak", "label"], kind="stable")
    return keys[COLUMNS].reset_index(drop=True)


def pool_labels(labels: pd.DataFrame) -> pd.DataFrame:
    """Pool the labels of several clusters into those of all their customers.

    Parameters
    ----------
    labels : DataFrame
        As `label_clusters` returns them, of one or more clusters.

    Returns
    -------
    DataFrame
        One row per label, the strongest first: ``label``, ``n_customers`` (in
        clusters that bear it), ``strength``.

    Notes
    -----
    ``strength`` is the mean over all customers of the given clusters, a
    cluster without the label counting 0.  Rows without a label are left out.
    """
    require_columns("pool_labels", labels.columns, COLUMNS)
    total = int(labels.drop_duplicates("cluster")["n_customers"].sum())
    used = labels[labels["label"] != ""]
    weighted = used.assign(strength=used["strength"] * used["n_customers"] / max(total, 1))
    out = weighted.groupby("label", as_index=False).agg(
        n_customers=("n_customers", "sum"), strength=("strength", "sum")
    )
    out = out.sort_values(["strength", "label"], ascending=[False, True], kind="stable")
    return out.reset_index(drop=True)


def _label_quantity(joined: pd.DataFrame, column: str, min_strength: float) -> pd.DataFrame:
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(joined[column]) or joined[column].isna().any():
        raise DataError(
            f"label_clusters: column {column!r} must hold numbers without gaps; it does not. "
            "Name text columns in categories."
        )
    midrank = (joined[column].rank(method="average") - 0.5) / max(len(joined), 1)
    deviation = 2 * midrank.groupby(joined["cluster"]).mean() - 1
    ends = joined.groupby("cluster")[column].agg(["min", "max"])
    rows = [
        (cluster, column, _name(column, value, tuple(ends.loc[cluster]), min_strength), value)
        for cluster, value in deviation.items()
    ]
    return pd.DataFrame(rows, columns=["cluster", "feature", "label", "deviation"])


def _name(column: str, deviation: float, ends: tuple[float, float], min_strength: float) -> str:
    # deviation 0 says nothing even when every strength is allowed
    if deviation == 0 or abs(deviation) < min_strength:
        return ""
    if column == "n_orders" and ends in {(0, 0), (1, 1)}:
        return ONLY_ONCE if ends[0] else NO_PURCHASE
    if column == "revenue" and deviation > 0 and ends[1] <= 0:
        return ""  # to have returned less than others is no high spending
    low, high = label_ends(column)
    return high if deviation > 0 else low


def _label_category(joined: pd.DataFrame, column: str, min_strength: float) -> pd.DataFrame:
    import pandas as pd

    text = joined[column].fillna("").astype(str).str.strip()
    known = joined.assign(value=text)[text != ""]
    overall = known["value"].value_counts() / max(len(joined), 1)
    sizes = joined["cluster"].value_counts()
    counts = known.groupby(["cluster", "value"]).size()
    rows = [
        (cluster, column, value, n / sizes[cluster] - overall[value])
        for (cluster, value), n in counts.items()
    ]
    out = pd.DataFrame(rows, columns=["cluster", "feature", "label", "deviation"])
    return out[(out["deviation"] >= min_strength) & (out["deviation"] > 0)]
