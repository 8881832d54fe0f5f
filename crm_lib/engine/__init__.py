"""Compute customer totals where the order lines live.

One aggregation, written once in narwhals, runs on a Parquet or CSV path, an
Arrow table and a pandas frame (all three through the embedded DuckDB), and on
Polars frames, DuckDB relations and Spark frames in their own engine.  What
differs between engines (reading text as a date or a number, time zones) is
done by one small module per engine before the shared part begins.
"""

from crm_lib.engine.customers import total_customers
from crm_lib.engine.days import list_days, total_days
from crm_lib.engine.sources import open_lines

__all__ = ["list_days", "open_lines", "total_customers", "total_days"]
