"""A lesson's data by name: samples, groups, tables of a package, own files."""

import importlib.util

import pandas as pd
import pytest

from crm_lib import sample
from crm_lib.errors import MissingPackageError, ParameterError, ReadError
from crm_lib.lesson import read_source
from crm_lib.lesson.portrait_data import choose_customer, choose_k, gather_tables, list_contacts


def test_a_table_of_the_journey_comes_under_our_names_and_with_its_source():
    frame = read_source("journey_customers", "customers")
    assert frame["customer_id"].nunique() == len(frame) == 801
    source = frame.attrs["source"]
    assert source["files"][0]["name"] == "demographics.parquet"
    assert source["notes"][0]["kind"] == "simulated"


def test_the_registers_come_in_one_frame_that_says_which_file():
    frame = read_source("xudong_customers", "customers")
    parts = frame["source_file"].value_counts()
    # one row per record, and the totals row of two of the three files
    assert len(frame) == 904
    assert set(parts.index) == {p.name for p in sample.paths("xudong_customers")}
    assert len(frame.attrs["source"]["files"]) == 3
    assert (frame["record_id"] == "合计").sum() == 2


def test_any_other_name_is_a_file(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text("会员号,日期,金额\nA,2024-01-02,5\n", encoding="utf-8")
    assert read_source(str(path), "orders")["customer_id"].tolist() == ["A"]
    assert len(read_source("xudong_orders", "orders")) == 6_782
    with pytest.raises(ReadError, match="没有找到文件"):
        read_source(str(tmp_path / "p.csv"), "orders")


def test_the_wrong_table_and_needless_columns_are_refused_in_words():
    with pytest.raises(ParameterError, match="journey_orders"):
        read_source("journey_products", "orders")
    with pytest.raises(ParameterError, match="留空"):
        read_source("journey_orders", "orders", columns="customer_id=x")


def test_without_the_package_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"crm-lib\[tour\]"):
        read_source("journey_orders", "orders")


ROWS = pd.DataFrame({
    "customer_id": ["a", "a", "b"],
    "ordered_at": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-02-01"]),
    "amount": [6.0, 0.0, 5.0],
    "retail_discount": [2.0, 0.0, 0.0],
})


def test_amounts_of_discount_become_shares_of_the_shelf_price():
    tables = gather_tables(ROWS, as_of="2024-03-02")
    # 2 off a price of 6 + 2; nothing off; a price of nothing is no discount
    assert tables["orders"]["discount"].tolist() == [0.25, 0.0, 0.0]
    assert set(tables) == {"orders"}
    assert "retail_discount" not in tables["orders"].columns


def test_clicks_and_register_know_only_customers_of_the_orders_by_the_day(tmp_path):
    clicks = tmp_path / "clicks.csv"
    clicks.write_text(
        "customer_id,visitor_id,occurred_at\na,v1,2024-01-02 10:00\n,v2,2024-01-02 11:00\n"
        "z,v3,2024-01-03 10:00\na,v1,31.31.2024\n",
        encoding="utf-8",
    )
    register = tmp_path / "r.csv"
    register.write_text("customer_id,name,phone\na,张三,13800000001\nb,李四,13800000002\n", encoding="utf-8")
    tables = gather_tables(ROWS, as_of="2024-01-15", clicks=str(clicks), customers=str(register))
    assert tables["clicks"]["customer_id"].tolist() == ["a"]
    assert tables["clicks"].attrs == {"n_read": 3}
    assert tables["orders"].attrs["n_aside"] == 1  # the day that does not exist
    # b ordered only after the day
    assert tables["customers"]["customer_id"].tolist() == ["a"]
    assert tables["customers"].attrs["n_unmatched"] == 1
    assert list_contacts(tables, False) == []
    assert list_contacts(tables, True) == ["name", "phone"]


def test_k_is_asked_for_recommended_or_one():
    sweep = pd.DataFrame({"k": [2, 3]})
    sweep.attrs["recommended_k"] = 3
    points = pd.DataFrame({"customer_id": list("abcd"), "x": [0.0, 1.0, 2.0, 2.0]})
    assert [choose_k(sweep, k, points) for k in (0, 1, 2, 9)] == [3, 1, 2, 3]
    sweep.attrs["recommended_k"] = None
    assert choose_k(sweep, 0, points) == 1
    assert choose_k(sweep, 5, points[["customer_id"]]) == 1


def test_a_customer_is_the_named_or_the_most_typical_one():
    points = pd.DataFrame({"customer_id": list("abcd"), "x": [0.0, 1.0, 5.0, 9.0]})
    clusters = pd.DataFrame({"customer_id": list("abcd"), "cluster": [1, 1, 1, 2]})
    # the centre of cluster 1 is (0 + 1 + 5) / 3 = 2
    assert choose_customer("", points, clusters) == "b"
    assert choose_customer("d", points, clusters) == "d"
