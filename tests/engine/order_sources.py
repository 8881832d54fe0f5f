"""The same order lines in every form that the engine takes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

IN_PROCESS = (
    "pandas", "parquet", "csv", "csv_gz", "arrow", "polars", "polars_lazy", "duckdb",
)  # fmt: skip


def put(frame: pd.DataFrame, kind: str, folder: Path):
    """Return `frame` as a source of the given kind; files go to `folder`."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if kind == "pandas":
        return frame
    if kind == "arrow":
        return table
    if kind == "parquet":
        pq.write_table(table, folder / "orders.parquet")
        return folder / "orders.parquet"
    if kind in {"csv", "csv_gz"}:
        path = folder / ("orders.csv" if kind == "csv" else "orders.csv.gz")
        frame.to_csv(path, index=False, encoding="utf-8")
        return str(path)
    if kind in {"polars", "polars_lazy"}:
        import polars as pl

        eager = pl.from_arrow(table)
        return eager.lazy() if kind == "polars_lazy" else eager
    if kind == "duckdb":
        import duckdb

        return duckdb.connect().from_arrow(table)
    raise AssertionError(kind)


def start_spark():
    """Start a small local Spark session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").appName("crm-lib tests")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.session.timeZone": "Asia/Shanghai",
            "spark.driver.memory": "1g",
            "spark.driver.host": "127.0.0.1",
        }.items():
            builder = builder.config(key, value)
        return builder.getOrCreate()


def make_orders(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Make lines with shared orders, returns, later lines, missing order numbers and awkward cents."""
    rng = np.random.default_rng(seed)
    second = rng.integers(-30 * 86_400, 400 * 86_400, n)
    order = rng.integers(0, n // 3, n)
    return pd.DataFrame({
        "customer_id": rng.choice(["Z9", "a1", "A1", "é", "客户", "10", "9", "C001", "\U0001f600"], n),
        "order_id": pd.Series([f"S{o}" if o % 7 else None for o in order], dtype="str"),
        "ordered_at": np.datetime64("2024-01-01", "us") + second.astype("timedelta64[s]"),
        "amount": np.round(rng.normal(30, 40, n), 3) * rng.choice([1, 1, 0, 0.1, 1e4], n),
    })


def work_out_rfm(orders: pd.DataFrame) -> pd.DataFrame:
    """Work it out in pandas and Python integers, apart from the engine."""
    day = orders["ordered_at"].dt.normalize()
    known = orders[day <= "2024-12-31"].assign(day=day)
    rows = []
    for customer, lines in known.groupby("customer_id"):
        money = np.floor(lines["amount"] * 10_000 + 0.5).astype("int64")
        bought = lines[money >= 0]
        orders_of = {
            o if isinstance(o, str) else d for o, d in zip(bought["order_id"], bought["day"], strict=True)
        }
        last = (bought if len(bought) else lines)["day"].max()
        recency = (pd.Timestamp("2024-12-31") - last).days
        rows.append((customer, recency, len(orders_of), int(money.sum()) / 10_000))
    frame = pd.DataFrame(rows, columns=["customer_id", "recency_days", "n_orders", "revenue"])
    frame = frame.sort_values("customer_id", key=lambda ids: ids.map(lambda i: i.encode("utf-32-be")))
    return frame.reset_index(drop=True).astype({"customer_id": "str"})
