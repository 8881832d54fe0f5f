"""Totals per customer, written once for every engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.engine.faults import collect, name_all_later, name_faults, name_overflow
from crm_lib.engine.rules import LARGEST_AMOUNT, LARGEST_TOTAL, MONEY_UNIT
from crm_lib.engine.sources import open_lines

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa


@dataclass(frozen=True)
class CustomerTotals:
    """What the order lines say of each customer.

    ``table`` (Arrow) holds one row per customer, sorted by customer_id as text by code point:
    customer_id (text), last_day (date of the last purchase; of the last line where there is no
    purchase), n_orders (int64), money (int64, in 1/10,000 of the unit).  ``n_later`` counts the
    lines after as_of, which are in no total.
    """

    table: pa.Table
    n_later: int


def total_customers(
    orders: Any, *, as_of: dt.date, where: str, time_zone: str | None = None
) -> CustomerTotals:
    """Sum order lines up to the end of `as_of` per customer.

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
    CustomerTotals
        One row per customer with a line on or before `as_of`.

    Raises
    ------
    DataError
        When a line lacks its customer, its date or its amount, or every line is after `as_of`.

    Notes
    -----
    Two grouped steps, lines → orders → customers, stand in for ``count(distinct order_id)``: the
    distinct count keeps a set per customer, the steps keep one row per order and are as fast or
    faster in DuckDB although they do more.  Faults are counted in the same pass; only when there are
    any is a second one made to name them.  One narwhals expression serves every engine: on DuckDB it
    takes the time of the same query written by hand (``benchmarks/bench_rfm.py``).
    """
    lines = open_lines(orders, where=where, time_zone=time_zone)
    totals = collect(_by_customer(_by_order(value_lines(lines, as_of))), where)
    ids = text_of_ids(totals["customer_id"])
    if sum_column(totals["n_faults"]) or has_nobody(ids):
        raise name_faults(lines, where)
    if (customer := _find_overflow(totals, ids)) is not None:
        raise name_overflow(customer, where)
    table = _finish(totals, ids)
    n_later = sum_column(totals["n_later"])
    if n_later and not table.num_rows:
        raise name_all_later(lines, as_of, where)
    return CustomerTotals(table, n_later)


def value_lines(lines: nw.LazyFrame, as_of: dt.date) -> nw.LazyFrame:
    """Add what each line is worth: its money, the day it was seen, the day it was a purchase."""
    import narwhals as nw

    day, amount = nw.col("day"), nw.col("amount")
    # NaN and infinity go first: engines differ in what a cast to integer makes of them.
    lines = lines.with_columns(amount=nw.when(amount.abs() < LARGEST_AMOUNT).then(amount))
    lines = lines.with_columns(money=(amount * MONEY_UNIT + 0.5).floor().cast(nw.Int64))
    now = day <= as_of
    return lines.with_columns(
        money_now=nw.when(now).then(nw.col("money")),
        seen_on=nw.when(now).then(day),
        bought_on=nw.when(now & (nw.col("money") >= 0)).then(day),
        is_later=nw.when(day > as_of).then(1),
        is_fault=nw.when(day.is_null() | nw.col("money").is_null()).then(1),
    )


def _by_order(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Group lines to orders; a line without order number belongs to its customer's day."""
    import narwhals as nw

    schema = lines.collect_schema()
    keys = ["customer_id", "order_day"]
    if "order_id" not in schema:
        lines = lines.with_columns(order_day=nw.col("day"))
    else:
        keys.append("order_id")
        if schema["order_id"] == nw.String:
            lines = lines.with_columns(order_id=nw.when(nw.col("order_id") != "").then(nw.col("order_id")))
        lines = lines.with_columns(order_day=nw.when(nw.col("order_id").is_null()).then(nw.col("day")))
    return lines.group_by(keys).agg(
        money=nw.col("money_now").sum(),
        seen_on=nw.col("seen_on").max(),
        bought_on=nw.col("bought_on").max(),
        n_later=nw.col("is_later").count(),
        n_faults=nw.col("is_fault").count(),
    )


def _by_customer(orders: nw.LazyFrame) -> nw.LazyFrame:
    import narwhals as nw

    totals = orders.group_by("customer_id").agg(
        money=nw.col("money").sum(),
        # Integers wrap around in silence in some engines; this sum tells when they did.
        rough_money=nw.col("money").cast(nw.Float64).sum(),
        seen_on=nw.col("seen_on").max(),
        bought_on=nw.col("bought_on").max(),
        n_orders=nw.col("bought_on").count(),
        n_later=nw.col("n_later").sum(),
        n_faults=nw.col("n_faults").sum(),
    )
    if totals.collect_schema()["customer_id"].is_integer():
        totals = totals.with_columns(customer_id=nw.col("customer_id").cast(nw.String))
    return totals.sort("customer_id")


def sum_column(column: pa.ChunkedArray) -> int:
    """Add up a column of whole numbers; 0 when it is empty."""
    import pyarrow.compute as pc

    return int(pc.sum(column).as_py() or 0)


def has_nobody(ids: pa.ChunkedArray) -> bool:
    """Tell whether a customer number is missing or blank."""
    import pyarrow.compute as pc

    blank = pc.equal(pc.utf8_trim_whitespace(ids), "")
    return bool(pc.any(pc.or_kleene(pc.is_null(ids), blank)).as_py())


def _find_overflow(totals: pa.Table, ids: pa.ChunkedArray) -> str | None:
    import pyarrow.compute as pc

    too_big = pc.greater(pc.abs(totals["rough_money"]), LARGEST_TOTAL)
    return pc.min(ids.filter(too_big)).as_py()


def _finish(totals: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    """Keep who was seen by as_of, in fixed types, sorted by code point whatever the engine's collation."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.table({
        "customer_id": ids,
        "last_day": pc.coalesce(totals["bought_on"], totals["seen_on"]).cast(pa.date32()),
        "n_orders": totals["n_orders"].cast(pa.int64()),
        "money": totals["money"].cast(pa.int64()),
    })
    table = table.filter(pc.is_valid(totals["seen_on"]))
    # The engine has sorted, in parallel; a collation of its own would show here.
    ids = table["customer_id"]
    is_sorted = pc.all(pc.less(ids[:-1], ids[1:])).as_py() is not False
    return table if is_sorted else table.take(pc.sort_indices(ids))


def text_of_ids(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write customer numbers as text; a whole number kept as float or decimal loses its '.0'."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(ids.type):
        words = [None if v is None else repr(int(v) if v.is_integer() else v) for v in ids.to_pylist()]
        return pa.chunked_array([pa.array(words, pa.large_string())])
    text = ids.cast(pa.large_string())
    if pa.types.is_decimal(ids.type):
        text = pc.replace_substring_regex(text, r"\.0+$", "")
    return text
