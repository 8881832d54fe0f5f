"""Order lines in Polars, made ready by expressions of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.engine.headers import LineColumns
from crm_lib.engine.rules import DAY_RULE, ISO_DAY, MONEY, NUMBER, combine_amount, refuse_type, require_zone

if TYPE_CHECKING:
    import polars as pl


def prepare_polars(
    frame: pl.LazyFrame, columns: LineColumns, *, where: str, time_zone: str | None
) -> pl.LazyFrame:
    """Select customer_id, order_id, day, amount and the raw texts for messages."""
    import polars as pl

    kinds = frame.collect_schema()
    head = columns.headers
    number = {c: _number(c, head[c], kinds, columns, where) for c in columns.used if c in MONEY}
    raw = head.get("amount") if "amount" in columns.used else head["unit_price"]
    keys = [_key(head[c], kinds[head[c]]).alias(c) for c in ("customer_id", "order_id") if c in columns.used]
    return frame.select(
        *keys,
        _day(head["ordered_at"], kinds[head["ordered_at"]], where, time_zone).alias("day"),
        combine_amount(number, lambda x: x.fill_null(0)).alias("amount"),
        pl.col(head["ordered_at"]).cast(pl.String).alias("raw_day"),
        pl.col(raw).cast(pl.String).alias("raw_amount"),
    )


def _key(header: str, kind: Any) -> pl.Expr:
    import polars as pl

    column = pl.col(header)
    if kind.is_float():
        return (column.cast(pl.Float64) + 0.0).fill_nan(None)
    return column if kind == pl.String or kind.is_integer() or kind.is_decimal() else column.cast(pl.String)


def _day(header: str, kind: Any, where: str, time_zone: str | None) -> pl.Expr:
    import polars as pl

    column = pl.col(header)
    if kind in {pl.String, pl.Null}:
        text = column.cast(pl.String)
        iso = pl.when(text.str.contains(ISO_DAY)).then(text.str.slice(0, 10))
        return iso.str.to_date("%Y-%m-%d", strict=False)
    if kind == pl.Date:
        return column
    if kind == pl.Datetime:
        if kind.time_zone is not None:
            column = column.dt.convert_time_zone(require_zone(where, time_zone))
        return column.dt.date()
    raise refuse_type(where, "ordered_at", DAY_RULE, str(kind))


def _number(column: str, header: str, kinds: Any, columns: LineColumns, where: str) -> pl.Expr:
    import polars as pl

    kind, value = kinds[header], pl.col(header)
    if kind in {pl.String, pl.Null}:
        text = value.cast(pl.String)
        value = pl.when(text.str.contains(NUMBER)).then(text)
    elif not kind.is_numeric():
        raise refuse_type(where, column, "numbers", str(kind))
    value = value.cast(pl.Float64, strict=False)
    factor = columns.factors.get(column, 1.0)
    return value if factor == 1 else value * factor
