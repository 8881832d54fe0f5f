"""What labels are made of: one number per customer, from what was known on the as-of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("orders", "products", "clicks")


@dataclass(frozen=True)
class Known:
    """The tables as they were known at the end of the as-of day.

    ``orders`` has the columns of the products added by ``sku``, ``day``, and
    ``purchase`` (amount >= 0); ``n_later`` counts the rows left out per table.
    """

    orders: pd.DataFrame
    clicks: pd.DataFrame | None
    as_of: dt.date
    n_later: dict[str, int]

    def lacks(self, needs: tuple[str, ...]) -> list[str]:
        """Return which of the needed columns (``orders.discount``, …) are not there."""
        missing = []
        for need in needs:
            table, column = need.split(".")
            frame = self.orders if table == "orders" else self.clicks
            if frame is None or column not in frame.columns or frame[column].isna().all():
                missing.append(need)
        return missing


def know_tables(where: str, frame: pd.DataFrame | Mapping[str, pd.DataFrame], as_of: dt.date) -> Known:
    """Return the order lines, clicks and products as they were known at the end of `as_of`."""
    tables = dict(frame) if isinstance(frame, Mapping) else {"orders": frame}
    strange = [name for name in tables if name not in TABLES]
    if strange or "orders" not in tables:
        raise SchemaError(
            f"{where}: needs the table 'orders', and may have clicks and products; got "
            f"{list_words(tables) or 'none'}. Pass {{'orders': …, 'products': …, 'clicks': …}}."
        )
    require_columns(where, tables["orders"].columns, ["customer_id", "ordered_at", "amount"])
    orders, n_orders = _cut_later(where, tables["orders"], "ordered_at", as_of)
    clicks, n_clicks = None, 0
    if "clicks" in tables:
        require_columns(where, tables["clicks"].columns, ["customer_id", "occurred_at"])
        clicks, n_clicks = _cut_later(where, tables["clicks"], "occurred_at", as_of)
        clicks = clicks[clicks["customer_id"].notna()]
    if len(tables["orders"]) and orders.empty:
        raise DataError(f"{where}: as_of must not lie before all orders; {as_of} does. Choose a later as_of.")
    orders = _add_products(where, orders, tables.get("products"))
    returned = (
        orders["returned"].astype("boolean").fillna(False).astype(bool)
        if "returned" in orders.columns
        else False
    )
    orders = orders.assign(purchase=(orders["amount"] >= 0), sent_back=(orders["amount"] < 0) | returned)
    return Known(orders, clicks, as_of, {"orders": n_orders, "clicks": n_clicks})


def _cut_later(where: str, frame: pd.DataFrame, column: str, as_of: dt.date) -> tuple[pd.DataFrame, int]:
    import pandas as pd

    at = pd.to_datetime(frame[column], errors="coerce")
    if at.isna().any() or (column == "ordered_at" and frame[["customer_id", "amount"]].isna().any(axis=None)):
        raise DataError(
            f"{where}: every row of the table needs its customer, {column} and amount; some have none. "
            "Clean the table with clean_table."
        )
    at = at.dt.tz_localize(None) if at.dt.tz is not None else at
    known = at < pd.Timestamp(as_of) + pd.Timedelta(days=1)
    out = frame.assign(**{column: at, "day": at.dt.normalize()})[known.to_numpy()]
    return out.reset_index(drop=True), int((~known).sum())


def _add_products(where: str, orders: pd.DataFrame, products: pd.DataFrame | None) -> pd.DataFrame:
    if products is None or "sku" not in orders.columns:
        return orders
    require_columns(where, products.columns, ["sku"])
    if products["sku"].duplicated().any():
        first = products["sku"][products["sku"].duplicated()].iloc[0]
        raise DataError(f"{where}: needs one row per sku in products; {first} occurs twice. Remove one.")
    fresh = [c for c in products.columns if c == "sku" or c not in orders.columns]
    return orders.merge(products[fresh], on="sku", how="left")


def _order_key(known: Known) -> list[str]:
    lines = known.orders
    return ["customer_id", "order_id"] if "order_id" in lines.columns else ["customer_id", "day"]


def _list_orders(known: Known) -> pd.DataFrame:
    bought = known.orders[known.orders["purchase"]]
    return bought.drop_duplicates(_order_key(known))


def _by(frame: pd.DataFrame, column: str) -> object:
    return frame.groupby("customer_id", sort=True)[column]


def _days_since(days: pd.Series, as_of: dt.date) -> pd.Series:
    import pandas as pd

    return (pd.Timestamp(as_of) - days).dt.days


def _revenue(known: Known) -> pd.Series:
    import numpy as np

    exact = np.floor(known.orders["amount"].to_numpy(float) * 10_000 + 0.5).astype("int64")
    return known.orders.assign(exact=exact).groupby("customer_id")["exact"].sum() / 10_000.0


def _mean_order_value(known: Known) -> pd.Series:
    n = _by(_list_orders(known), "day").size()
    return (_revenue(known) / n).dropna()


def _share_of_orders(known: Known, flag: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
    orders = _list_orders(known)
    return _by(orders.assign(flag=flag(orders).astype(float)), "flag").mean()


def _night_share(known: Known) -> pd.Series:
    if (known.orders["ordered_at"] == known.orders["day"]).all():
        # dates without a time of day would all be midnight, and every customer a night owl
        return known.orders.head(0)["amount"]
    return _share_of_orders(known, lambda o: (o["ordered_at"].dt.hour >= 22) | (o["ordered_at"].dt.hour < 6))


def _share_of_lines(known: Known, column: str) -> pd.Series:
    import pandas as pd

    lines = known.orders[known.orders["purchase"]]
    flag = (pd.to_numeric(lines[column]) > 0).astype(float)
    return _by(lines.assign(flag=flag), "flag").mean()


def _count_values(known: Known, column: str) -> pd.Series:
    return _by(known.orders[known.orders["purchase"]], column).nunique()


def _clicks_30d(known: Known) -> pd.Series:
    recent = _days_since(known.clicks["day"], known.as_of) < 30
    return _by(known.clicks.assign(recent=recent.astype("int64")), "recent").sum()


def _clicks_without_order(known: Known) -> pd.Series:
    last = _by(known.orders[known.orders["purchase"]], "ordered_at").max()
    clicks = known.clicks.assign(last=known.clicks["customer_id"].map(last))
    after = clicks["last"].isna() | (clicks["occurred_at"] > clicks["last"])
    return _by(clicks.assign(after=after.astype("int64")), "after").sum()


@dataclass(frozen=True)
class Measure:
    """One number per customer: its Chinese title, the columns it needs, how it is computed."""

    title: str
    needs: tuple[str, ...]
    compute: Callable[[Known], pd.Series]


def _bought(known: Known) -> pd.DataFrame:
    return known.orders[known.orders["purchase"]]


MEASURES = {
    "recency_days": Measure(
        "距最近一次购买的天数", (), lambda t: _days_since(_by(_bought(t), "day").max(), t.as_of)
    ),
    "tenure_days": Measure(
        "距首次购买的天数", (), lambda t: _days_since(_by(_bought(t), "day").min(), t.as_of)
    ),
    "n_orders": Measure("订单数", (), lambda t: _by(_list_orders(t), "day").size()),
    "revenue": Measure("净消费金额", (), _revenue),
    "mean_order_value": Measure("平均每单金额", (), _mean_order_value),
    "return_share": Measure(
        "退货行占比", (), lambda t: _by(t.orders.assign(f=t.orders["sent_back"].astype(float)), "f").mean()
    ),
    "discount_share": Measure("打折行占比", ("orders.discount",), lambda t: _share_of_lines(t, "discount")),
    "weekend_share": Measure(
        "周末订单占比", (), lambda t: _share_of_orders(t, lambda o: o["day"].dt.day_of_week >= 5)
    ),
    "night_share": Measure("夜间订单占比", (), _night_share),
    "n_channels": Measure("购买渠道数", ("orders.channel",), lambda t: _count_values(t, "channel")),
    "n_categories": Measure("购买类别数", ("orders.category",), lambda t: _count_values(t, "category")),
    "n_clicks_30d": Measure("30 天浏览事件数", ("clicks.occurred_at",), _clicks_30d),
    "clicks_without_order": Measure("购买后浏览事件数", ("clicks.occurred_at",), _clicks_without_order),
}
"""Every measure a label may name."""
