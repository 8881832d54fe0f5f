"""Behaviour by its seven aspects (行为数据的七个方面): of a firm's customers, and of one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day, require_columns
from crm_lib.identify._behaviour_faults import read_flag, sum_own_purchases
from crm_lib.identify.behaviour_file import Shopping, list_sheets
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("关联性", "完整性", "规范性", "唯一性", "准确性", "一致性")
_UNIT = 10_000
_COLUMNS = ("aspect", "measure", "value", "text", "unit", "n")


def measure_wallet_share(wallet: pd.DataFrame) -> dict[str, float]:
    """Return the share of the customers' wallet: our part of what they spend on our kinds of product.

    Parameters
    ----------
    wallet : DataFrame
        One row per customer, category and period: category_spend and our_spend (yuan).  Rows with more with
        us than in all, or without one of the two, are left out and counted.

    Returns
    -------
    dict
        wallet_share (0–1; missing without spending), category_spend, our_spend, n_rows, n_left_out.

    Examples
    --------
    >>> import pandas as pd
    >>> cars = pd.DataFrame({"category_spend": [4.0], "our_spend": [2.0]})
    >>> measure_wallet_share(cars)["wallet_share"]
    0.5
    """
    import numpy as np

    require_columns("measure_wallet_share", list(wallet.columns), ("category_spend", "our_spend"))
    whole, ours = (_units(wallet[c]) for c in ("category_spend", "our_spend"))
    good = whole.notna() & ours.notna() & (ours <= whole + 50) & (ours >= 0)
    total, mine = float(whole[good].sum()), float(ours[good].sum())
    share = mine / total if total > 0 else np.nan
    return {
        "wallet_share": share,
        "category_spend": total / _UNIT,
        "our_spend": mine / _UNIT,
        "n_rows": int(good.sum()),
        "n_left_out": int((~good).sum()),
    }


def _units(values: pd.Series) -> pd.Series:
    import numpy as np
    import pandas as pd

    return np.floor(pd.to_numeric(values, errors="coerce").astype("float64") * _UNIT + 0.5)


def summarize_aspects(
    *,
    orders: pd.DataFrame | None = None,
    clicks: pd.DataFrame | None = None,
    contacts: pd.DataFrame | None = None,
    wallet: pd.DataFrame | None = None,
    customers: pd.DataFrame | None = None,
    as_of: str | dt.date,
) -> pd.DataFrame:
    """Sum up the behaviour of each customer by the seven aspects, from whatever tables are there.

    Parameters
    ----------
    orders : DataFrame, optional
        Order lines: customer_id, order_id, ordered_at, amount; channel and sku where known.
    clicks : DataFrame, optional
        Events: customer_id (may be missing), occurred_at; event and session_id where known.
    contacts : DataFrame, optional
        Contacts: customer_id, occurred_at, medium; satisfaction where known.
    wallet : DataFrame, optional
        customer_id, category_spend, our_spend.
    customers : DataFrame, optional
        customer_id, language.
    as_of : str or date
        What happened later is left out and counted.

    Returns
    -------
    DataFrame
        One row per customer of any table, by customer_id: n_orders, revenue, usual_channel (购买习惯),
        n_sessions, n_events (网上点击), n_contacts, mean_satisfaction (互动), usual_medium (渠道), language
        (语言), n_skus, quantity (产品消费), wallet_share (钱包份额).  Missing where the tables tell nothing;
        counts are 0 only for customers of a table that is there.  ``attrs["n_later"]``: table → lines.

    Raises
    ------
    SchemaError
        When a table lacks a needed column.
    """
    import pandas as pd

    day = pd.Timestamp(parse_day("summarize_aspects", "as_of", as_of)) + pd.Timedelta(days=1)
    later: dict[str, int] = {}
    parts = [
        _sum_orders(_know_by("orders", orders, "ordered_at", day, later)),
        _sum_clicks(_know_by("clicks", clicks, "occurred_at", day, later)),
        _sum_contacts(_know_by("contacts", contacts, "occurred_at", day, later)),
        _sum_wallet(wallet),
        _sum_customers(customers),
    ]
    there = [p for p in parts if p is not None]
    out = (
        (pd.concat(there, axis=1) if there else pd.DataFrame()).reindex(columns=_ASPECT_COLUMNS).sort_index()
    )
    out.insert(0, "customer_id", out.index.astype("str"))
    out = out.reset_index(drop=True)
    for name in ("n_orders", "n_sessions", "n_events", "n_contacts", "n_skus"):
        out[name] = out[name].astype("Int64")
    out.attrs["n_later"] = later
    return out


def _know_by(
    name: str, frame: pd.DataFrame | None, when: str, end: pd.Timestamp, later: dict[str, int]
) -> pd.DataFrame | None:
    """Return the lines before `end` that have a customer, and count the later ones."""
    import pandas as pd

    if frame is None:
        return None
    needed = ("customer_id", when, "amount") if name == "orders" else ("customer_id", when)
    require_columns("summarize_aspects", list(frame.columns), needed)
    times = pd.to_datetime(frame[when], errors="coerce")
    later[name] = int((times >= end).sum())
    return frame[(times < end) & frame["customer_id"].notna()]


_ASPECT_COLUMNS = [
    *("n_orders", "revenue", "usual_channel", "n_sessions", "n_events", "n_contacts", "mean_satisfaction"),
    *("usual_medium", "language", "n_skus", "quantity", "wallet_share"),
]


def _usual(values: pd.Series) -> str | None:
    """Return the most frequent value; of equals the first by name, so that the order of rows cannot matter."""
    counts = values.dropna().astype(str).value_counts()
    return None if counts.empty else sorted(counts[counts == counts.iloc[0]].index)[0]


def _sum_orders(orders: pd.DataFrame | None) -> pd.DataFrame | None:
    import pandas as pd

    if orders is None:
        return None
    number = orders["order_id"] if "order_id" in orders.columns else orders["ordered_at"]
    bought = orders.assign(_n=number, _money=_units(orders["amount"]))
    groups = bought.groupby("customer_id")
    counted = bought[bought["_money"] >= 0].groupby("customer_id")["_n"].nunique()
    out = pd.DataFrame({"n_orders": counted.reindex(groups.size().index, fill_value=0)})
    out["revenue"] = groups["_money"].sum() / _UNIT
    for name, column, how in (
        ("usual_channel", "channel", _usual),
        ("n_skus", "sku", "nunique"),
        ("quantity", "quantity", "sum"),
    ):
        if column in orders.columns:
            out[name] = groups[column].agg(how)
    return out


def _sum_clicks(clicks: pd.DataFrame | None) -> pd.DataFrame | None:
    if clicks is None:
        return None
    groups = clicks.groupby("customer_id")
    out = groups.size().rename("n_events").to_frame()
    if "session_id" in clicks.columns:
        out["n_sessions"] = groups["session_id"].nunique()
    return out


def _sum_contacts(contacts: pd.DataFrame | None) -> pd.DataFrame | None:
    if contacts is None:
        return None
    groups = contacts.groupby("customer_id")
    out = groups.size().rename("n_contacts").to_frame()
    if "satisfaction" in contacts.columns:
        out["mean_satisfaction"] = groups["satisfaction"].mean()
    if "medium" in contacts.columns:
        out["usual_medium"] = groups["medium"].agg(_usual)
    return out


def _sum_wallet(wallet: pd.DataFrame | None) -> pd.DataFrame | None:
    import pandas as pd

    if wallet is None:
        return None
    require_columns("summarize_aspects", list(wallet.columns), ("customer_id", "category_spend", "our_spend"))
    shares = {str(k): measure_wallet_share(part)["wallet_share"] for k, part in wallet.groupby("customer_id")}
    return pd.DataFrame({"wallet_share": pd.Series(shares, dtype="float64")})


def _sum_customers(customers: pd.DataFrame | None) -> pd.DataFrame | None:
    if customers is None or "language" not in customers.columns:
        return None
    require_columns("summarize_aspects", list(customers.columns), ("customer_id",))
    kept = customers.dropna(subset=["customer_id"])
    return kept.groupby("customer_id")["language"].agg(_usual).to_frame()


def summarize_my_aspects(shopping: Shopping) -> pd.DataFrame:
    """Sum up one person's shopping by the seven aspects.

    Parameters
    ----------
    shopping : Shopping
        What `read_my_shopping` returned.

    Returns
    -------
    DataFrame
        One row per measure, aspects in the textbook's order: aspect, measure (a key such as ``n_purchases``),
        value (a number, or missing), text (a word, or ""), unit, n (rows it rests on).

    Notes
    -----
    Rows with faults are counted as they stand, except that a missing cell adds nothing; what was bought and
    brought back counts as a purchase and not as spending.
    """
    import pandas as pd

    from crm_lib.identify._behaviour_measures import MEASURES

    rows = []
    for sheet in list_sheets():
        frame = shopping.tables[sheet.table.name]
        for measure, unit, function in MEASURES[sheet.table.name]:
            value = function(frame)
            is_text = value is None or isinstance(value, str)
            number = float("nan") if is_text else float(value)
            rows.append((sheet.aspect, measure, number, (value or "") if is_text else "", unit, len(frame)))
    out = pd.DataFrame(rows, columns=list(_COLUMNS))
    return out.astype({"text": "str"})


def compare_shoppers(shoppers: Mapping[str, Shopping]) -> pd.DataFrame:
    """Put several people's aspects side by side.

    Parameters
    ----------
    shoppers : mapping of str to Shopping
        Name to show → what `read_my_shopping` returned.

    Returns
    -------
    DataFrame
        One row per measure: aspect, measure, unit, then a column per person (a number or a word).
    """
    out = None
    for name, shopping in shoppers.items():
        mine = summarize_my_aspects(shopping)
        shown = mine["value"].astype(object).where(mine["text"] == "", mine["text"])
        part = mine[["aspect", "measure", "unit"]].assign(**{name: shown})
        out = part if out is None else out.assign(**{name: part[name]})
    return out


def score_shopping(shopping: Shopping) -> pd.DataFrame:
    """Score one person's table by the six dimensions of data quality.

    Parameters
    ----------
    shopping : Shopping
        What `read_my_shopping` returned.

    Returns
    -------
    DataFrame
        One row per dimension, in the textbook's order: dimension, n_rows (filled in), n_bad (rows with at
        least one fault of this dimension; a missing sheet or answer on the first sheet counts as one), score
        (0–100), n_faults.

    Notes
    -----
    score = 100 × (1 − n_bad / n_rows), 0 at least, missing without rows.  A row that is true but out of the
    period is no inaccuracy; it is counted under 准确性 because the textbook puts validity there.
    """
    import pandas as pd

    rows, n = [], shopping.n_rows
    for name in DIMENSIONS:
        mine = shopping.faults[shopping.faults["dimension"] == name]
        n_bad = len(mine.drop_duplicates(["table", "row"])) if len(mine) else 0
        score = max(0.0, 100 * (1 - n_bad / n)) if n else float("nan")
        rows.append((name, n, n_bad, score, len(mine)))
    return pd.DataFrame(rows, columns=["dimension", "n_rows", "n_bad", "score", "n_faults"])


def list_fault_kinds() -> pd.DataFrame:
    """Return the kinds of faults a shopping table may have: kind, dimension, cause (taken as a start)."""
    import pandas as pd

    return pd.DataFrame(load_rules("shopping")["faults"])


__all__ = [
    "DIMENSIONS",
    "compare_shoppers",
    "list_fault_kinds",
    "measure_wallet_share",
    "read_flag",
    "score_shopping",
    "sum_own_purchases",
    "summarize_aspects",
    "summarize_my_aspects",
]
