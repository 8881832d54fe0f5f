"""Order lines in Spark, made ready by expressions of its own."""

from __future__ import annotations

from typing import Any

from crm_lib.engine.headers import LineColumns
from crm_lib.engine.rules import DAY_RULE, ISO_DAY, MONEY, NUMBER, combine_amount, refuse_type, require_zone

INTEGERS = ("tinyint", "smallint", "int", "bigint")


def prepare_spark(frame: Any, columns: LineColumns, *, where: str, time_zone: str | None) -> Any:
    """Select customer_id, order_id, day, amount and the raw texts for messages."""
    from pyspark.sql import functions as f

    kinds = dict(frame.dtypes)
    col = {c: f.col("`" + columns.headers[c].replace("`", "``") + "`") for c in columns.used}
    kind = {c: kinds[columns.headers[c]] for c in columns.used}
    number = {c: _number(c, col[c], kind[c], columns, where) for c in columns.used if c in MONEY}
    raw = col["amount" if "amount" in number else "unit_price"]
    keys = [_key(col[c], kind[c]).alias(c) for c in ("customer_id", "order_id") if c in col]
    return frame.select(
        *keys,
        _day(col["ordered_at"], kind["ordered_at"], where, time_zone).alias("day"),
        combine_amount(number, lambda x: f.coalesce(x, f.lit(0.0))).alias("amount"),
        col["ordered_at"].cast("string").alias("raw_day"),
        raw.cast("string").alias("raw_amount"),
    )


def _key(column: Any, kind: str) -> Any:
    from pyspark.sql import functions as f

    if kind in {"float", "double"}:
        value = column.cast("double") + f.lit(0.0)
        return f.when(~f.isnan(value), value)
    return column if kind in INTEGERS or kind.startswith("decimal") else column.cast("string")


def _day(column: Any, kind: str, where: str, time_zone: str | None) -> Any:
    from pyspark.sql import functions as f

    if kind in {"string", "void"}:
        iso = f.when(column.rlike(ISO_DAY), f.substring(column, 1, 10))
        return f.try_to_timestamp(iso, f.lit("yyyy-MM-dd")).cast("date")
    if kind == "timestamp" and time_zone is not None:
        zone = f.lit(require_zone(where, time_zone))
        return f.convert_timezone(f.current_timezone(), zone, column.cast("timestamp_ntz")).cast("date")
    if kind in {"date", "timestamp", "timestamp_ntz"}:
        return column.cast("date")
    raise refuse_type(where, "ordered_at", DAY_RULE, kind)


def _number(column: str, value: Any, kind: str, columns: LineColumns, where: str) -> Any:
    from pyspark.sql import functions as f

    if kind in {"string", "void"}:
        value = f.when(value.rlike(NUMBER), value)
    elif kind not in (*INTEGERS, "float", "double") and not kind.startswith("decimal"):
        raise refuse_type(where, column, "numbers", kind)
    factor = columns.factors.get(column, 1.0)
    value = value.try_cast("double")
    return value if factor == 1 else value * f.lit(factor)
