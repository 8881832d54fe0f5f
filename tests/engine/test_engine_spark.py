"""Spark gives the same digits as every other source."""

from __future__ import annotations

import pytest
from order_sources import make_orders, start_spark, work_out_rfm
from pandas.testing import assert_frame_equal

from crm_lib.differentiate import summarize_rfm
from crm_lib.errors import DataError

pytestmark = [
    pytest.mark.needs("java", "pyspark"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def spark():
    session = start_spark()
    yield session
    session.stop()


def test_spark_gives_the_oracle_to_the_digit(spark):
    orders = make_orders()
    lines = orders.astype({"order_id": object})
    lines["order_id"] = [o if isinstance(o, str) else None for o in lines["order_id"]]
    got = summarize_rfm(spark.createDataFrame(lines), as_of="2024-12-31")
    assert_frame_equal(got, work_out_rfm(orders), check_exact=True)


def test_spark_reads_text_prices_and_faults(spark):
    rows = [(7, "2024-03-01", "2", "9.99", 0.5), (7, "2024-03-01 23:59:59", "1", "0.1", None)]
    names = "customer_id int, ordered_at string, quantity string, unit_price string, discount double"
    got = summarize_rfm(spark.createDataFrame(rows, names), as_of="2024-03-03")
    assert got.to_dict("list") == {
        "customer_id": ["7"], "recency_days": [2], "n_orders": [1], "revenue": [10.09],
    }  # fmt: skip
    rows += [(None, "2024-02-30", "x", "1", None)]
    with pytest.raises(DataError, match=r"of 3 lines 1 without customer_id, 1 without a date .* 1 without"):
        summarize_rfm(spark.createDataFrame(rows, names), as_of="2024-03-03")


def test_spark_counts_days_where_it_is_told(spark):
    line = spark.sql("SELECT 'a' AS customer_id, 1.0 AS amount, TIMESTAMP'2024-03-01 02:00:00' AS ordered_at")
    assert summarize_rfm(line, as_of="2024-03-02")["recency_days"].tolist() == [1]
    in_paris = summarize_rfm(line, as_of="2024-03-02", time_zone="Europe/Paris")
    assert in_paris["recency_days"].tolist() == [2]
