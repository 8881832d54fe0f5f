"""Rivals at our customers (竞争对手记录): how near each is to taking the customer, and what is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

ASKED = ("product_used", "satisfaction", "rep", "selling_style", "relation")
_TOP = 5


def judge_rivals(
    records: pd.DataFrame, revenue: pd.Series | None = None, *, danger: float = 0.6, calm: float = 0.3
) -> pd.DataFrame:
    """Judge per customer and rival how great the danger is.

    Parameters
    ----------
    records : DataFrame
        One row per customer and rival: customer_id, rival, product_used, satisfaction (1–5, of the customer with
        the rival's product), rep, selling_style, relation (1–5, of the rival's representative to the customer).
    revenue : Series, optional
        customer_id → yuan with us; a customer without an entry has 0.
    danger, calm : float
        From which threat on a rival is dangerous, below which he is not, 0 ≤ calm ≤ danger ≤ 1.

    Returns
    -------
    DataFrame
        The records with threat_score (satisfaction × relation / 25; missing when one of both is), verdict
        (``danger``, ``watch``, ``calm``, ``unknown``), revenue and revenue_at_risk (threat × revenue), gaps (the
        questions not answered, joined by 、): most revenue at risk first, then by customer and rival; what is
        unknown comes last.

    Raises
    ------
    SchemaError
        A column is missing.
    DataError
        A satisfaction or relation is not from 1 to 5.

    Notes
    -----
    The five questions are the textbook's; the score and its limits are ours.  The product is used because a
    rival is dangerous when the customer likes his product *and* his representative: either alone holds less.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"customer_id": ["A"], "rival": ["R"], "product_used": ["杯子"], "satisfaction": [4],
    ...                      "rep": ["方"], "selling_style": ["拜访"], "relation": [5]})
    >>> judge_rivals(rows)[["threat_score", "verdict"]].values.tolist()
    [[0.8, 'danger']]
    """
    import numpy as np
    import pandas as pd

    require_columns("judge_rivals", list(records.columns), ("customer_id", "rival", *ASKED))
    require_range("judge_rivals", "danger", danger, 0.0, 1.0)
    require_range("judge_rivals", "calm", calm, 0.0, danger)
    liking, relation = (_read_scale(records, c) for c in ("satisfaction", "relation"))
    out = records.reset_index(drop=True)
    threat = (liking * relation / _TOP**2).to_numpy()
    known = ~np.isnan(threat)
    verdict = np.select([~known, threat >= danger, threat >= calm], ["unknown", "danger", "watch"], "calm")
    ours = pd.Series(0.0, index=out.index)
    if revenue is not None:
        ours = out["customer_id"].map(revenue.to_dict()).astype("float64").fillna(0.0)
    out = out.assign(threat_score=threat, verdict=pd.Series(verdict, dtype="str"), revenue=ours)
    out["revenue_at_risk"] = (out["threat_score"] * out["revenue"].clip(lower=0.0)).round(2)
    missing = out[list(ASKED)].isna().to_numpy()
    out["gaps"] = pd.Series(
        ["、".join(c for c, gap in zip(ASKED, row, strict=True) if gap) for row in missing], dtype="str"
    )
    order = ["revenue_at_risk", "threat_score", "customer_id", "rival"]
    return out.sort_values(
        order, ascending=[False, False, True, True], na_position="last", kind="stable"
    ).reset_index(drop=True)


def _read_scale(records: pd.DataFrame, column: str) -> pd.Series:
    values = records[column].astype("Float64").astype("float64").reset_index(drop=True)
    bad = values.notna() & ~values.between(1, _TOP)
    if bad.any():
        raise DataError(
            f"judge_rivals: column {column!r} must be from 1 to {_TOP}; {int(bad.sum())} of {len(records)} rows "
            f"are not (first: {values[bad].iloc[0]:g}). Clean the records."
        )
    return values


def summarize_rivals(judged: pd.DataFrame) -> pd.DataFrame:
    """Sum up the records per rival.

    Parameters
    ----------
    judged : DataFrame
        As `judge_rivals` returns it.

    Returns
    -------
    DataFrame
        One row per rival, most revenue at risk first: rival, n_customers, mean_satisfaction, mean_relation (of the
        known), n_danger, revenue_at_risk (yuan, of the known), usual_style (the most frequent, first by name on a
        tie; empty when none is known).
    """
    import pandas as pd

    require_columns("summarize_rivals", list(judged.columns), ("rival", "verdict", "revenue_at_risk", *ASKED))
    rows = []
    for name, part in judged.groupby("rival", sort=True):
        styles = part["selling_style"].dropna().value_counts()
        top = sorted(styles.index[styles == styles.max()]) if len(styles) else [""]
        means = [
            float(part[c].astype("Float64").astype("float64").mean()) for c in ("satisfaction", "relation")
        ]
        n_danger = int((part["verdict"] == "danger").sum())
        risk = float(part["revenue_at_risk"].sum())
        rows.append((str(name), part["customer_id"].nunique(), *means, n_danger, risk, str(top[0])))
    columns = ["rival", "n_customers", "mean_satisfaction", "mean_relation", "n_danger", "revenue_at_risk"]
    out = pd.DataFrame(rows, columns=[*columns, "usual_style"])
    return out.sort_values(["revenue_at_risk", "rival"], ascending=[False, True]).reset_index(drop=True)
