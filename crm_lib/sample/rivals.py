"""Invented records of rivals at the customers of 旭东: who sells to them what they do not buy from us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.sample._pages_words import Pen

if TYPE_CHECKING:
    import pandas as pd

_RIVALS = [("宜禾家居", 0.4), ("佳木商城", 0.35), ("南枝生活", 0.25)]
_REPS = {"宜禾家居": ["方经理", "石经理"], "佳木商城": ["贾顾问", "尹顾问"], "南枝生活": ["覃代表", "岳代表"]}
_STYLES = ["上门拜访", "电话回访", "价格优惠", "会员积分", "样品试用"]
_COLUMNS = [
    *("customer_id", "rival", "product_used", "satisfaction", "rep", "selling_style", "relation"),
    "recorded_on",
]


def make_rivals(wallet: pd.DataFrame, *, seed: int = 0, share: float = 0.25) -> pd.DataFrame:
    """Make records of rivals for customers who buy much of a category elsewhere.

    Parameters
    ----------
    wallet : DataFrame
        One row per customer, category and period: customer_id, category, category_spend, our_spend (yuan).
    seed : int
        Any integer of at least 0.
    share : float
        Chance that a salesperson has written a record for such a row, 0–1.

    Returns
    -------
    DataFrame
        One row per customer and rival: the columns of the contract ``competitors``; some satisfactions and
        relations are not known.  Sorted by customer and rival.

    Raises
    ------
    SchemaError
        A column is missing.
    """
    import pandas as pd

    require_columns(
        "make_rivals", list(wallet.columns), _COLUMNS[:1] + ["category", "category_spend", "our_spend"]
    )
    require_range("make_rivals", "share", share, 0.0, 1.0)
    pen, rows = Pen(seed), []
    known = wallet.dropna(subset=["category_spend", "our_spend"])
    for item, one in enumerate(known.itertuples(index=False)):
        little = one.our_spend < 0.5 * one.category_spend
        if not little or pen.number("noted", item) >= share:
            continue
        rival = pen.weigh("rival", item, _RIVALS)
        relation = 1 + int(5 * pen.number("relation", item))
        liking = min(5, max(1, relation + int(3 * pen.number("liking", item)) - 1))
        day = f"2024-{pen.whole('rival_month', item, 7, 12):02d}-{pen.whole('rival_day', item, 1, 28):02d}"
        gap, silent = pen.number("gap", item) < 0.08, pen.number("silent", item) < 0.08
        head = (str(one.customer_id), rival, str(one.category), None if gap else liking)
        style = pen.pick("style", item, _STYLES)
        rows.append((*head, pen.pick("rep", item, _REPS[rival]), style, None if silent else relation, day))
    out = pd.DataFrame(rows, columns=_COLUMNS)
    out[["satisfaction", "relation"]] = out[["satisfaction", "relation"]].astype("Int64")
    out["recorded_on"] = pd.to_datetime(out["recorded_on"])
    out = out.sort_values(["customer_id", "rival", "recorded_on"], kind="stable")
    return out.drop_duplicates(["customer_id", "rival"], keep="last").reset_index(drop=True)
