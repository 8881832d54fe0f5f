"""Shapes of files nobody has seen before: each is read whole, or refused in words."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest
from make_read_files import as_csv, write

from crm_lib.errors import SchemaError
from crm_lib.readwrite import find_totals_rows, read_table
from crm_lib.readwrite.totals import is_totals_word

HEAD = "客户编号,下单日期,实付金额\n"


@pytest.mark.parametrize(
    "name",
    [
        "my orders.csv",
        "订单（2023）.csv",
        "[1] a.csv",
        "a#b.csv",
        "100% 订单.csv",
        "x#y#z.csv",
        "a&b;c'd.csv",
    ],
)
def test_names_of_files(tmp_path, name):
    raw = read_table(write(tmp_path / name, HEAD + "A,2024-01-02,5\n"), "orders")
    assert (raw["amount"].tolist(), raw.attrs["source"]["files"][0]["name"]) == (["5"], name)


@pytest.mark.parametrize(
    ("record", "mapping"),
    [
        (
            {"order_id": "1", "customer": {"id": "A", "email": "a@x.com"}, "created_at": "2024-01-02",
             "total": {"amount": 5, "currency": "CNY"}},
            {"order_id": "order_id", "customer_id": "customer.id", "ordered_at": "created_at", "amount": "total.amount"},
        ),
        (
            {"orderId": 1, "userId": "A", "orderTime": 1672876800000, "payAmount": 5, "lines": [{"sku": 1}]},
            {"order_id": "orderId", "customer_id": "userId", "ordered_at": "orderTime", "amount": "payAmount"},
        ),
    ],
)  # fmt: skip
def test_records_within_records(tmp_path, record, mapping):
    path = write(tmp_path / "a.jsonl", json.dumps(record) + "\n" + json.dumps(record))
    source = read_table(path, "orders").attrs["source"]
    assert source["mapping"] == mapping


def test_stray_zero_bytes_in_chinese_text_are_no_picture(tmp_path):
    raw = read_table(write(tmp_path / "a.csv", HEAD + "A\0,2024-01-02,5\nB,2024-01-03,6\n"), "orders")
    assert raw["amount"].tolist() == ["5", "6"]


def test_a_cell_longer_than_the_csv_module_allows(tmp_path):
    remark = 'a "b", c' + "长" * 140_000
    path = write(
        tmp_path / "a.csv", as_csv([[*HEAD.strip().split(","), "备注"], ["A", "2024-01-02", "5", remark]])
    )
    raw = read_table(path, "orders")
    assert (raw["备注"].tolist(), raw.attrs["source"]["notes"]) == ([remark], [])


def test_the_user_s_choices_are_recorded(tmp_path):
    path = write(tmp_path / "a.csv", "编码,下单日期,订单金额\nA,2024-01-02,5\n")
    assert read_table(path, "orders", columns="customer_id=编码").attrs["source"]["chosen"] == ["customer_id"]


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            "订单号,用户实付金额(元),商家实收金额(元),订单成交时间,用户ID",
            "'用户实付金额(元)' or '商家实收金额(元)'",
        ),
        ("订单号,客户编号,发货日期,金额", "ordered_at=发货日期"),
    ],
)
def test_what_is_not_guessed(tmp_path, headers, message):
    path = write(tmp_path / "a.csv", f"{headers}\n{',1' * headers.count(',')}\n")
    with pytest.raises(SchemaError) as caught:
        read_table(path, "orders")
    assert message in str(caught.value)


# --- totals: the quick way finds what the slow way finds ---------------------------

WORDS = ["合计", "合　计：", "总計", "T o t a l", "SUM", "ｔｏｔａｌ", "s\u2003um", "本页小计", "\u3000", "\x1c", "", " \xa0",
         "A1", "Total Wine", "合", "summe", "0", "１２", None]  # fmt: skip


@pytest.mark.parametrize("kind", ["str", "object", "mixed", "category", "arrow"])
def test_totals_words_are_found_in_any_kind_of_column(kind):
    key = pd.Series(WORDS, dtype=object)
    if kind == "mixed":
        key = pd.concat([key, pd.Series([1.5, pd.Timestamp("2024-01-02")], dtype=object)], ignore_index=True)
    elif kind == "arrow":
        key = pd.Series(WORDS, dtype=pd.ArrowDtype(pa.string()))
    elif kind != "object":
        key = key.astype({"str": "str" if pd.__version__ >= "3" else object, "category": "category"}[kind])
    frame = pd.DataFrame({"customer_id": key, "ordered_at": None, "备注": "Sum"})
    expected = [True] * len(key)  # every row: its date is empty, and its remark reads Sum
    assert find_totals_rows(frame).tolist() == expected
    frame = frame.assign(ordered_at="2024-01-02", 备注="x")
    assert find_totals_rows(frame).tolist() == [is_totals_word(v) for v in key.tolist()]
