"""The days on which each customer bought, on every engine and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from order_sources import put

from crm_lib.differentiate.lifetime import summarize_repeat


@pytest.mark.parametrize("kind", ["parquet", "csv", "arrow", "polars", "polars_lazy", "duckdb"])
def test_every_engine_gives_the_same_digits(kind: str, tmp_path) -> None:
    random = np.random.default_rng(3)
    n = 3_000
    lines = pd.DataFrame({
        "customer_id": random.integers(0, 300, n).astype(str),
        "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300 * 24, n), unit="h"),
        "amount": random.normal(50, 40, n).round(2),
    })
    expected = summarize_repeat(lines, as_of="2024-09-30")
    got = summarize_repeat(put(lines, kind, tmp_path), as_of="2024-09-30")
    pd.testing.assert_frame_equal(got, expected)
    # and by another way: the days of each customer, one set after the other
    for customer, rows in list(
        lines[(lines["amount"] >= 0) & (lines["ordered_at"] < "2024-10-01")].groupby("customer_id")
    )[:40]:
        days = sorted(rows["ordered_at"].dt.normalize().unique())
        row = expected.set_index("customer_id").loc[customer]
        assert row["n_repeat"] == len(days) - 1
        assert row["t_last"] == pytest.approx((days[-1] - days[0]).days / 7)
        later = rows.loc[rows["ordered_at"].dt.normalize() > days[0], "amount"].sum()
        assert row["mean_repeat_value"] * row["n_repeat"] == pytest.approx(later, abs=1e-6) or len(days) == 1
