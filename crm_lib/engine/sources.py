"""Open order lines wherever they live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.engine.headers import find_line_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw


def open_lines(orders: Any, *, where: str, time_zone: str | None = None) -> nw.LazyFrame:
    """Open order lines as a narwhals frame that computes in the engine they live in.

    Parameters
    ----------
    orders
        Order lines: a path to Parquet or CSV (a glob is allowed), an Arrow table, a pandas or Polars
        frame, a DuckDB relation or a Spark frame, with customer_id, ordered_at and amount (or
        quantity × unit_price × (1 − discount)), and order_id when there is one.
    where
        Name of the calling function, for messages.
    time_zone
        Zone in which calendar days are counted; needed only for times that carry a zone.  A Spark
        timestamp is counted in its session's zone when none is given.

    Returns
    -------
    narwhals.LazyFrame
        One row per order line: customer_id, order_id (when there is one), day (date), amount (float;
        null when it is no number), and raw_day, raw_amount (text, for messages).

    Raises
    ------
    ReadError
        When a path cannot be read.
    SchemaError
        When a needed column is missing.
    DataError
        When `orders` is none of the above, or a column has an impossible type.
    """
    import narwhals as nw

    return nw.from_native(_prepare(orders, where, time_zone)).lazy()


def _prepare(orders: Any, where: str, time_zone: str | None) -> Any:
    """Give each engine its own columns; what comes back is a frame of that engine."""
    kind = _kind(orders, where)
    options = {"where": where, "time_zone": time_zone}
    if kind == "polars":
        from crm_lib.engine.polars import prepare_polars

        lazy = orders.lazy()
        return prepare_polars(lazy, find_line_columns(lazy.collect_schema().names(), where=where), **options)
    if kind == "pyspark":
        from crm_lib.engine.spark import prepare_spark

        return prepare_spark(orders, find_line_columns(orders.columns, where=where), **options)
    from crm_lib.engine import duck

    if kind == "pandas":
        columns = find_line_columns([str(c) for c in orders.columns], where=where)
        return duck.prepare_duck(duck.open_pandas(orders, columns), columns, **options)
    if kind == "path":
        orders = duck.open_path(orders, where=where)
    elif kind == "pyarrow":
        orders = duck.open_arrow(orders)
    return duck.prepare_duck(orders, find_line_columns(orders.columns, where=where), **options)


_CLASSES = {
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("polars", "LazyFrame"),
    ("pyarrow", "Table"),
    ("duckdb", "DuckDBPyRelation"),
    ("pyspark", "DataFrame"),
}


def _kind(orders: Any, where: str) -> str:
    """Tell what `orders` is by the home of its class: to ask must import none of the packages."""
    if isinstance(orders, str | Path):
        return "path"
    for base in type(orders).__mro__:
        home = base.__module__.split(".")[0].lstrip("_")
        if (home, base.__name__) in _CLASSES:
            return home
    raise DataError(
        f"{where}: orders must be a path to Parquet or CSV, an Arrow table, a pandas, Polars or Spark "
        f"frame or a DuckDB relation; got {type(orders).__name__}. Make a DataFrame of it."
    )
