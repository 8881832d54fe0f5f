"""Refuse an amount that is the total of the order, written on its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.errors import DataError
from crm_lib.identify._orders import compute_amount

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify._columns import Typed

# Shares of the orders that tell; fewer than FEW may be chance.
_MOST, _FEW, _MANY = 0.9, 3, 5
_ARTICLE = ("sku", "product_name", "quantity", "unit_price")


def refuse_order_totals(typed: Typed, source: dict[str, Any]) -> None:
    """Raise `DataError` when the amounts are totals of orders: their sum would count them several times.

    Notes
    -----
    Three signs, each over orders of several lines: one amount on every line that
    is the sum of quantity × unit_price (or stays the same where these differ);
    one amount on the first line only, which that sum explains; and, without
    quantities and prices, one amount for all the articles of almost every order.
    The last is no proof, so a user who named the column is believed.
    """
    frame = typed.frame
    if not {"order_id", "amount"} <= set(frame.columns):
        return
    orders = _sum_orders(typed)
    if orders.empty:
        return
    header = (source.get("mapping") or {}).get("amount", "amount")
    found = _find_repeated(orders), _find_on_first(orders)
    for hits, n_orders, said in found:
        if len(hits):
            _raise(header, hits, n_orders, said, _leave_out())
    if source and "amount" not in source.get("chosen", ()):
        hits, n_orders = _find_same(orders)
        if len(hits):
            _raise(header, hits, n_orders, "repeats one number on all its lines", _keep_first(header))


def _sum_orders(typed: Typed) -> pd.DataFrame:
    """Return one row per order of several lines: what its amounts and its computed amounts are."""
    frame = typed.frame
    several = (frame["order_id"].notna() & frame["order_id"].duplicated(keep=False)).to_numpy()
    part = frame.loc[several, ["order_id", "amount"]].assign(computed=compute_amount(typed)[several])
    names = [c for c in _ARTICLE if c in frame.columns]
    part["article"] = frame.loc[several, names].groupby(names, dropna=False).ngroup() if names else 0
    part["own"] = part["computed"].where(part["amount"].notna())
    part["worth"] = part["computed"].abs() > 0.005
    groups = part.groupby("order_id", sort=False)
    orders = groups.agg(
        n_lines=("amount", "size"), n_amounts=("amount", "count"), low=("amount", "min"), high=("amount", "max"),
        n_computed=("computed", "count"), least=("computed", "min"), most=("computed", "max"),
        total=("computed", "sum"), own=("own", "first"), n_worth=("worth", "sum"),
        n_articles=("article", "nunique"),
    )  # fmt: skip
    orders["full"] = orders["n_computed"] == orders["n_lines"]
    orders["same"] = (orders["high"] - orders["low"] < 0.005) & (orders["high"].abs() > 0.005)
    return orders


def _is_close(left: pd.Series, right: pd.Series) -> pd.Series:
    return (left - right).abs() <= (right.abs() * 0.001).clip(lower=0.02)


def _find_repeated(orders: pd.DataFrame) -> tuple[pd.DataFrame, int, str]:
    """Find totals that stand on every line of their order."""
    said = "is the total of the order, on every line"
    whole = orders[orders["full"] & (orders["n_amounts"] == orders["n_lines"])]
    telling = whole[whole["n_worth"] > 1]
    proved = telling[telling["same"] & _is_close(telling["high"], telling["total"])]
    if len(telling) and len(proved) >= _MOST * len(telling):
        return proved, len(telling), said
    varied = whole[whole["most"] - whole["least"] > 0.02]
    hits = varied[varied["same"]]
    enough = len(hits) >= _FEW and len(hits) >= _MOST * len(varied)
    return (hits if enough else hits.iloc[:0]), len(varied), said


def _find_on_first(orders: pd.DataFrame) -> tuple[pd.DataFrame, int, str]:
    """Find totals that stand on one line of their order and are no amount of that line."""
    # a sum of zero is what a cancelled order comes to, however its amounts are written: no evidence
    telling = (orders["n_worth"] > 1) & (orders["high"].abs() > 0.005)
    once = orders[orders["full"] & (orders["n_amounts"] == 1) & telling]
    hits = once[~_is_close(once["high"], once["own"])]
    proved = _is_close(hits["high"], hits["total"]).any()
    enough = len(hits) and len(hits) >= _MOST * len(once) and (proved or len(hits) >= _FEW)
    return (hits if enough else hits.iloc[:0]), len(once), "is the total of the order, on one of its lines"


def _find_same(orders: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Find orders of several articles that all have one amount, another in each order."""
    known = orders[
        (orders["n_computed"] == 0) & (orders["n_articles"] > 1) & (orders["n_amounts"] == orders["n_lines"])
    ]
    hits = known[known["same"]]
    enough = (
        len(hits) >= _MANY and len(hits) >= _MOST * len(known) and hits["high"].nunique() > 0.5 * len(hits)
    )
    return (hits if enough else hits.iloc[:0]), len(known)


def _leave_out() -> str:
    return 'Leave it out with columns="amount=", so that quantity × unit_price counts.'


def _keep_first(header: str) -> str:
    return (
        "Keep it on the first line of each order only; or, if it is the amount of the line after all, "
        f'say so with columns="amount={header}".'
    )


def _raise(header: str, hits: pd.DataFrame, n_orders: int, said: str, way_out: str) -> None:
    first = hits.iloc[0]
    raise DataError(
        f"clean_table: column 'amount' (header {header!r}) must hold the amount of each line; in {len(hits):,} of "
        f"{n_orders:,} orders with several lines it {said} (first: order {hits.index[0]}, "
        f"{first['high']:,.2f}, {int(first['n_lines'])} lines). {way_out}"
    )
