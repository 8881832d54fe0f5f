"""What the lesson on unprofitable customers reads: orders with all their lines, contacts, groups of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trade:
    """What the lesson works on: net lines, all lines with their returns, contacts, groups of people.

    `rows` are the cleaned lines with a cost each, `every` also holds the pairs of purchase and return that cancel
    out, because serving them took work.  `talks` may be None; `talks_kind` and `people_kind` say why.
    """

    rows: pd.DataFrame
    every: pd.DataFrame
    talks: pd.DataFrame | None
    talks_kind: str
    people: pd.DataFrame
    people_kind: str
    cleaned: Any
    n_read: int
    n_assumed: int
    margin: float


def gather_trade(
    *, orders: str, contacts: str, customers: str, columns: str, date_order: str, margin: float
) -> Trade:
    """Read orders, contacts and registers, clean them and show where they come from.

    Parameters
    ----------
    orders, contacts, customers
        A sample or a file; only the orders cannot be left out.
    columns, date_order
        For the orders, as in the other lessons.
    margin
        Share of the amount taken as gross profit where a line states no cost.
    """
    from crm_lib.identify import clean_table
    from crm_lib.lesson.below_zero_people import read_people, read_talks
    from crm_lib.lesson.display import finding
    from crm_lib.lesson.run import require_data, show_source
    from crm_lib.lesson.sources import read_source
    from crm_lib.sample.files import JOURNEY_NAMES
    from crm_lib.sample.journey import JOURNEY_NOTE

    raw = read_source(orders, "orders", columns=columns or None)
    show_source(raw)
    if orders in JOURNEY_NAMES:
        finding(JOURNEY_NOTE)
    cleaned = clean_table(raw, "orders", date_order=date_order)
    require_data(cleaned)
    rows, n_assumed = _fill_lines(cleaned.rows, margin)
    netted = cleaned.merged
    if len(netted):
        netted = netted[netted["reason"].astype(str).str.startswith("netted")]
        netted, _ = _fill_lines(netted, margin)
    every = _join_lines(rows, netted)
    talks, talks_kind = read_talks(contacts, orders, rows)
    people, people_kind = read_people(customers, orders, rows)
    return Trade(rows, every, talks, talks_kind, people, people_kind, cleaned, len(raw), n_assumed, margin)


def _join_lines(rows: pd.DataFrame, netted: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    if not len(netted):
        return rows
    kept = [c for c in rows.columns if c in netted.columns]
    return pd.concat([rows[kept], netted[kept]], ignore_index=True)


def _fill_lines(lines: pd.DataFrame, margin: float) -> tuple[pd.DataFrame, int]:
    """Fill in what a line may lack: its order, its pieces, its price and its cost; count the costs assumed."""
    import numpy as np

    out = lines.copy()
    if "order_id" not in out.columns:
        out["order_id"] = None
    day = out["ordered_at"].dt.strftime("%Y-%m-%d")
    own = out["customer_id"].astype(str) + "|" + day
    out["order_id"] = out["order_id"].astype(object).where(out["order_id"].notna(), own).astype(str)
    for name in ("quantity", "unit_price", "unit_cost"):
        if name not in out.columns:
            out[name] = np.nan
    sign = np.where(out["amount"] < 0, -1.0, 1.0)
    pieces = out["quantity"].astype("float64")
    out["quantity"] = pieces.where(pieces.notna() & (pieces != 0), sign)
    unknown = out["unit_cost"].isna()
    assumed = (1 - margin) * out["amount"] / out["quantity"]
    out["unit_cost"] = out["unit_cost"].astype("float64").where(~unknown, assumed.abs())
    return out, int(unknown.sum())
