"""Every source gives the same digits."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from order_sources import IN_PROCESS, make_orders, put, work_out_rfm
from pandas.testing import assert_frame_equal

from crm_lib.differentiate import summarize_rfm
from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return make_orders()


@pytest.fixture(scope="module")
def expected(orders: pd.DataFrame) -> pd.DataFrame:
    return work_out_rfm(orders)


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_every_source_gives_the_oracle_to_the_digit(kind, orders, expected, tmp_path):
    got = summarize_rfm(put(orders, kind, tmp_path), as_of="2024-12-31")
    assert_frame_equal(got, expected, check_exact=True)
    assert got.attrs["n_later"] == int((orders["ordered_at"] >= "2025-01-01").sum()) > 0


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_without_order_id_a_day_is_an_order_and_prices_are_multiplied(kind, tmp_path):
    frame = pd.DataFrame({
        "customer_id": [7, 7, 7, 8],
        "ordered_at": [dt.date(2024, 3, 1), dt.date(2024, 3, 1), dt.date(2024, 3, 2), dt.date(2024, 2, 29)],
        "quantity": [2, 1, 3, -1],
        "unit_price": [9.99, 0.1, 5.0, 4.0],
        "discount": [0.5, None, 0.0, 0.25],
    })
    got = summarize_rfm(put(frame, kind, tmp_path), as_of="2024-03-03")
    # 7: days 1 and 2 March; 2 × 9.99 × 0.5 + 0.1 + 15 = 25.09.  8: only a return of 4 × 0.75 = 3.
    assert got.to_dict("list") == {
        "customer_id": ["7", "8"],
        "recency_days": [1, 3],
        "n_orders": [2, 0],
        "revenue": [25.09, -3.0],
    }


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_text_dates_and_text_amounts_are_read(kind, tmp_path):
    frame = pd.DataFrame({
        "customer_id": ["001", "001", "002"],
        "ordered_at": ["2024-02-28", "2024-02-29T23:59:59.5", "2024-02-27 08:00"],
        "amount": ["1.10", "2e1", "-.5"],
    })
    got = summarize_rfm(put(frame, kind, tmp_path), as_of="2024-03-01")
    assert got["customer_id"].tolist() == ["001", "002"]
    assert got["recency_days"].tolist() == [1, 3]
    assert got["n_orders"].tolist() == [2, 0]
    assert got["revenue"].tolist() == [21.1, -0.5]


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_faults_are_counted_and_named_alike(kind, tmp_path):
    frame = pd.DataFrame({
        "customer_id": ["a", None, "c", "d", "  "],
        "ordered_at": ["2024-01-01", "2024-01-01", "05/01/2024", "2024-02-30", "2024-01-01"],
        "amount": [1.0, np.nan, 3.0, 4.0, 2e10],
    })
    with pytest.raises(DataError) as caught:
        summarize_rfm(put(frame, kind, tmp_path), as_of="2024-12-31")
    sentence = str(caught.value)
    assert "summarize_rfm: every order line needs customer_id, ordered_at and amount; of 5 lines" in sentence
    assert "2 without customer_id" in sentence
    assert "2 without a date in ordered_at (such as '05/01/2024')" in sentence
    assert "2 without an amount between -1e10 and 1e10" in sentence
    assert "Run clean_table first" in sentence


@pytest.mark.parametrize("kind", IN_PROCESS)
def test_nothing_known_yet_is_an_error_and_nothing_at_all_is_not(kind, orders, tmp_path):
    with pytest.raises(DataError, match=r"all 4,000 lines are later than 2020-01-01 \(first: 2023-12-0"):
        summarize_rfm(put(orders, kind, tmp_path), as_of="2020-01-01")
    empty = summarize_rfm(put(orders.iloc[:0], kind, tmp_path), as_of="2020-01-01")
    full = summarize_rfm(orders, as_of="2024-12-31")
    assert len(empty) == 0
    assert empty.dtypes.tolist() == full.dtypes.tolist()


@pytest.mark.parametrize("kind", ["pandas", "arrow", "parquet", "polars", "duckdb"])
@pytest.mark.parametrize("unit", ["us", "ns"])
def test_times_with_a_zone_need_to_be_told_where(kind, unit, tmp_path):
    at = pd.to_datetime(["2024-03-01 18:00", "2024-03-01 10:00"]).tz_localize("UTC").as_unit(unit)
    frame = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": at, "amount": [1.0, 1.0]})
    source = put(frame, kind, tmp_path)
    with pytest.raises(DataError, match=r"times with a zone.*time_zone='Asia/Shanghai'"):
        summarize_rfm(source, as_of="2024-03-02")
    got = summarize_rfm(source, as_of="2024-03-02", time_zone="Asia/Shanghai")
    assert got["recency_days"].tolist() == [0, 1]  # 18:00 UTC is 02:00 of the next day in Shanghai
    with pytest.raises(ParameterError, match="time_zone must be a name like"):
        summarize_rfm(source, as_of="2024-03-02", time_zone="Shanghai?")


@pytest.mark.parametrize(
    ("ids", "texts"),
    [
        ([13085, 13085, 9], ["13085", "9"]),
        ([13085.0, 13085.0, 9.0], ["13085", "9"]),
        ([1.5, 1.5, 2.0], ["1.5", "2"]),
        (pd.array([13085, 13085, 9], dtype="Int64"), ["13085", "9"]),
        (pd.array([3, 3, 20], dtype="uint8"), ["20", "3"]),
        (pd.Categorical(["b", "b", "a"]), ["a", "b"]),
        (pd.Categorical([10, 10, 9]), ["10", "9"]),
        (pd.array([13085.0, "13085", "x"], dtype=object), ["13085", "x"]),
        ([dt.date(2024, 1, 1)] * 3, ["2024-01-01"]),
    ],
)
def test_customer_numbers_of_any_type_become_text(ids, texts, tmp_path):
    frame = pd.DataFrame({"customer_id": ids, "ordered_at": pd.Timestamp("2024-01-01"), "amount": 1.0})
    assert summarize_rfm(frame, as_of="2024-01-01")["customer_id"].tolist() == texts


def test_decimal_numbers_of_customers_and_money_as_databases_export_them(tmp_path):
    table = pa.table({
        "customer_id": pa.array([13085, 13085, 9]).cast(pa.decimal128(38, 10)),
        "ordered_at": pa.array([dt.datetime(2024, 1, 1)] * 3, pa.timestamp("ns")),
        "amount": pa.array([1, 2, 3]).cast(pa.decimal128(24, 4)),
    })
    pq.write_table(table, tmp_path / "x.parquet")
    import polars as pl

    for source in (table, tmp_path / "x.parquet", pl.from_arrow(table)):
        got = summarize_rfm(source, as_of="2024-01-01")
        assert got["customer_id"].tolist() == ["13085", "9"]
        assert got["revenue"].tolist() == [3.0, 3.0]


def test_a_collation_of_the_callers_connection_merges_nobody():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET default_collation = 'nocase'")
    connection.execute(
        "CREATE TABLE o (customer_id VARCHAR, order_id VARCHAR, ordered_at DATE, amount DOUBLE);"
        "INSERT INTO o VALUES ('b', 'x', '2024-01-01', 1), ('B', 'x', '2024-01-01', 2),"
        " ('a', 'y', '2024-01-01', 3), ('a', 'Y', '2024-01-01', 4)"
    )
    got = summarize_rfm(connection.table("o"), as_of="2024-01-01")
    assert got["customer_id"].tolist() == ["B", "a", "b"]
    assert got["n_orders"].tolist() == [1, 2, 1]


def test_headers_of_a_real_file_are_matched_and_ten_thousands_are_multiplied(tmp_path):
    table = pa.table({
        "会员卡号": ["k1", "k1"],
        "购买日期": ["2024-01-01", "2024-01-02"],
        "金额（万元）": [0.5, 0.25],
    })
    pq.write_table(table, tmp_path / "订单.parquet")
    got = summarize_rfm(tmp_path / "订单.parquet", as_of="2024-01-02")
    assert got.to_dict("list") == {
        "customer_id": ["k1"], "recency_days": [0], "n_orders": [2], "revenue": [7500.0],
    }  # fmt: skip


def test_several_files_by_glob_by_folder_and_with_brackets_in_the_name(tmp_path):
    folder = tmp_path / "all[2024]"
    parts = folder / "orders.parquet"
    parts.mkdir(parents=True)
    for i in (1, 2):
        table = {"amount": [float(i)], "customer_id": ["a"], "ordered_at": [dt.date(2024, 1, i)]}
        columns = list(table) if i == 1 else list(reversed(table))
        pq.write_table(pa.table({c: table[c] for c in columns}), parts / f"part-{i}.parquet")
        pd.DataFrame(table).to_csv(tmp_path / f"o_{i}.csv", index=False)
    for source in (parts, str(tmp_path / "o_*.csv")):
        got = summarize_rfm(source, as_of="2024-01-02")
        assert got.to_dict("records") == [
            {"customer_id": "a", "recency_days": 0, "n_orders": 2, "revenue": 3.0}
        ]
    assert summarize_rfm(parts / "part-1.parquet", as_of="2024-01-02")["revenue"].tolist() == [1.0]


def test_a_csv_keeps_zeros_hashes_and_first_lines(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        'customer_id,ordered_at,amount,note\n#007,2024-01-01,1,"a\nb"\n007,2024-01-01,2,"x, y"\n',
        encoding="utf-8-sig",
    )
    got = summarize_rfm(path, as_of="2024-01-01")
    assert got["customer_id"].tolist() == ["#007", "007"]


def test_paths_that_cannot_be_read_say_why(tmp_path):
    (tmp_path / "orders_2024.parquet").write_bytes(b"no parquet")
    (tmp_path / "gb.csv").write_bytes("customer_id,ordered_at,amount\n客户,2024-01-01,1\n".encode("gb18030"))
    (tmp_path / "ragged.csv").write_text(
        "customer_id,ordered_at,amount\na,2024-01-01,1\nb,2024-01-01,2,3,4\n", encoding="utf-8"
    )
    with pytest.raises(ReadError, match=r"must end in \.parquet.*got '.*orders\.xlsx'.*read_table"):
        summarize_rfm(tmp_path / "orders.xlsx", as_of="2024-01-01")
    with pytest.raises(ReadError, match=r"no file at .*; the folder has orders_2024\.parquet"):
        summarize_rfm(tmp_path / "orders.parquet", as_of="2024-01-01")
    for name in ("orders_2024.parquet", "gb.csv", "ragged.csv"):
        with pytest.raises(ReadError, match="cannot be read.*read_table") as caught:
            summarize_rfm(tmp_path / name, as_of="2024-01-01")
        assert "\n" not in str(caught.value)


def test_wrong_columns_types_and_objects_are_refused_in_words():
    frame = pd.DataFrame({"customer_id": ["a"], "ordered_at": [20240101], "amount": [1.0]})
    with pytest.raises(DataError, match=r"'ordered_at' must hold times, dates or text .* got type BIGINT"):
        summarize_rfm(frame, as_of="2024-01-01")
    with pytest.raises(DataError, match=r"'amount' must hold numbers; got type BOOLEAN"):
        summarize_rfm(frame.assign(ordered_at="2024-01-01", amount=True), as_of="2024-01-01")
    with pytest.raises(SchemaError, match="amount"):
        summarize_rfm(frame.drop(columns="amount"), as_of="2024-01-01")
    twice = pd.concat([frame, frame[["amount"]]], axis=1)
    with pytest.raises(SchemaError, match="'amount' stands twice"):
        summarize_rfm(twice.assign(order_id="x"), as_of="2024-01-01")
    with pytest.raises(DataError, match="orders must be a path .* got list"):
        summarize_rfm([1, 2], as_of="2024-01-01")


@pytest.mark.parametrize("kind", ["pandas", "polars", "parquet"])
def test_money_that_does_not_fit_is_refused_not_wrapped(kind, tmp_path):
    n = 100_000
    frame = pd.DataFrame({"customer_id": ["big"] * n, "ordered_at": "2024-01-01", "amount": [9.9e9] * n})
    frame["order_id"] = np.arange(n)
    with pytest.raises(DataError, match=r"must stay below 9e\+14 yuan; that of customer big does not"):
        summarize_rfm(put(frame, kind, tmp_path), as_of="2024-01-01")
