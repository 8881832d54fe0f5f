"""Days on which each customer bought, written once for every engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.engine.customers import has_nobody, sum_column, text_of_ids, value_lines
from crm_lib.engine.faults import collect, name_all_later, name_faults
from crm_lib.engine.sources import open_lines

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa


@dataclass(frozen=True)
class PurchaseDays:
    """On how many days each customer bought, the first and the last of them, and for how much.

    ``table`` (Arrow) holds one row per customer with a purchase, sorted by customer_id as text:
    customer_id (text), first_day, last_day (date32), n_days (int64), money_after (int64, in 1/10,000
    of the unit: what was bought on all days but the first).  ``n_later`` counts the lines after
    as_of, ``n_without_purchase`` the customers who only have returns up to then.
    """

    table: pa.Table
    n_later: int
    n_without_purchase: int


def total_days(orders: Any, *, as_of: dt.date, where: str, time_zone: str | None = None) -> PurchaseDays:
    """Sum order lines up to the end of `as_of` to the days on which each customer bought.

    Parameters
    ----------
    orders
        Order lines; see :func:`crm_lib.engine.open_lines` for what is taken.
    as_of
        Last day that counts.
    where
        Name of the calling function, for messages.
    time_zone
        See :func:`crm_lib.engine.open_lines`.

    Returns
    -------
    PurchaseDays
        One row per customer with a purchase on or before `as_of`.

    Raises
    ------
    DataError
        When a line lacks its customer, its date or its amount, or every line is after `as_of`.

    Notes
    -----
    A line is a purchase when its amount, rounded to 1/10,000 of the unit, is >= 0, as in
    `total_customers`; returns have no part in the money either.
    """
    lines = open_lines(orders, where=where, time_zone=time_zone)
    totals = collect(_by_customer(_by_day(value_lines(lines, as_of))), where)
    ids = text_of_ids(totals["customer_id"])
    if sum_column(totals["n_faults"]) or has_nobody(ids):
        raise name_faults(lines, where)
    n_later = sum_column(totals["n_later"])
    n_seen = sum_column(totals["is_seen"])
    if n_later and not n_seen:
        raise name_all_later(lines, as_of, where)
    table = _finish(totals, ids)
    return PurchaseDays(table, n_later, n_seen - table.num_rows)


def list_days(orders: Any, *, as_of: dt.date, where: str, time_zone: str | None = None) -> pa.Table:
    """List the days on which each customer bought, up to the end of `as_of`.

    Parameters
    ----------
    orders, as_of, where, time_zone
        As for `total_days`, which has looked for faults in the lines.

    Returns
    -------
    pyarrow.Table
        One row per customer and day with a purchase: customer_id (text), day (date32); in no order.
    """
    import narwhals as nw
    import pyarrow as pa

    lines = value_lines(open_lines(orders, where=where, time_zone=time_zone), as_of)
    days = lines.filter(~nw.col("bought_on").is_null()).group_by("customer_id", "bought_on").agg(n=nw.len())
    found = collect(days, where)
    return pa.table({
        "customer_id": text_of_ids(found["customer_id"]),
        "day": found["bought_on"].cast(pa.date32()),
    })


def _by_day(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Group lines to the customer's days; lines that are no purchase keep a row without a day."""
    import narwhals as nw

    bought = nw.col("bought_on").is_null()
    lines = lines.with_columns(money_bought=nw.when(~bought).then(nw.col("money_now")))
    return lines.group_by("customer_id", "bought_on").agg(
        money=nw.col("money_bought").sum(),
        seen_on=nw.col("seen_on").max(),
        n_later=nw.col("is_later").count(),
        n_faults=nw.col("is_fault").count(),
    )


def _by_customer(days: nw.LazyFrame) -> nw.LazyFrame:
    import narwhals as nw

    day = nw.col("bought_on")
    days = days.with_columns(first_day=day.min().over("customer_id"))
    days = days.with_columns(after=nw.when(day > nw.col("first_day")).then(nw.col("money")))
    totals = days.group_by("customer_id").agg(
        first_day=day.min(),
        last_day=day.max(),
        n_days=day.count(),
        money_after=nw.col("after").sum(),
        seen_on=nw.col("seen_on").max(),
        n_later=nw.col("n_later").sum(),
        n_faults=nw.col("n_faults").sum(),
    )
    totals = totals.with_columns(is_seen=nw.when(~nw.col("seen_on").is_null()).then(1))
    if totals.collect_schema()["customer_id"].is_integer():
        totals = totals.with_columns(customer_id=nw.col("customer_id").cast(nw.String))
    return totals


def _finish(totals: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    """Keep who has bought, in fixed types, sorted by code point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.table({
        "customer_id": ids,
        "first_day": totals["first_day"].cast(pa.date32()),
        "last_day": totals["last_day"].cast(pa.date32()),
        "n_days": totals["n_days"].cast(pa.int64()),
        "money_after": pc.coalesce(totals["money_after"].cast(pa.int64()), pa.scalar(0, pa.int64())),
    })
    table = table.filter(pc.is_valid(totals["first_day"]))
    return table.take(pc.sort_indices(table["customer_id"]))
