"""Which rows are set aside, with which reason, and how the account closes."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import DataError, SchemaError
from crm_lib.identify import REASONS, clean_table, summarize_cleaning
from crm_lib.schema import Column, Table

MESS = [
    # customer, date, amount, reason
    ("C1", "2023-01-05", "10", ""),
    (None, None, None, "blank_row"),
    ("  ", "", "　", "blank_row"),
    ("客户编号", "下单时间", "金额", "repeated_header"),
    ("合计", None, "10", "totals_row"),
    ("匿名", "2023-01-05", "20", "missing_customer_id"),
    ("C2", "", "30", "missing_date"),
    ("C3", "2023-02-30", "40", "bad_date"),
    ("C4", "2023-01-05", "", "missing_amount"),
    ("C5", "2023-01-05", "inf", "bad_amount"),
    ("", "2023-02-31", "abc", "missing_customer_id"),
    ("C6", "2023-01-06", "7", ""),
]


def make_mess():
    raw = pd.DataFrame(MESS, columns=["customer_id", "ordered_at", "amount", "expected"], dtype=object)
    raw.attrs["source"] = {
        "mapping": {"customer_id": "客户编号", "ordered_at": "下单时间", "amount": "金额"},
        "factors": {},
    }
    return raw


def test_every_row_has_its_reason():
    raw = make_mess()
    expected = raw.pop("expected")
    cleaned = clean_table(raw, "orders")
    found = expected.mask(expected == "", None).dropna()
    assert cleaned.quarantine["reason"].tolist() == found.tolist()
    assert cleaned.quarantine["source_row"].tolist() == (found.index + 1).tolist()
    assert cleaned.rows["source_row"].tolist() == [1, 12]
    assert cleaned.n_in == len(raw) == 12


def test_all_reasons_are_kept_and_structural_rows_have_one():
    raw = make_mess().drop(columns="expected")
    aside = clean_table(raw, "orders").quarantine.set_index("source_row")
    assert aside.loc[11, "reasons"] == "missing_customer_id;bad_date;bad_amount"
    assert aside.loc[[2, 4, 5], "reasons"].tolist() == ["blank_row", "repeated_header", "totals_row"]
    assert set(aside["reason"]) <= set(REASONS)


def test_quarantine_keeps_the_raw_cells_as_text():
    raw = pd.DataFrame({
        "customer_id": [None, "C1"],
        "ordered_at": ["2023-01-05"] * 2,
        "amount": [12.5, 1.0],
        "reason": ["x", "y"],
    })
    aside = clean_table(raw, "orders").quarantine
    assert aside[["amount", "parsed_amount", "reason", "reason_raw"]].values.tolist() == [
        ["12.5", 12.5, "missing_customer_id", "x"]
    ]
    assert pd.isna(aside["customer_id"].item())


def test_the_rows_keep_their_order_and_columns():
    raw = pd.DataFrame(
        {
            "备注": ["a", "b"],
            "amount": ["1", "2"],
            "ordered_at": ["2023-01-06", "2023-01-05"],
            "customer_id": ["B", "A"],
            "source_row": [7, 9],
            "source_file": ["x.csv", "x.csv"],
        },
        index=[5, 3],
    )
    before = raw.copy(deep=True)
    rows = clean_table(raw, "orders").rows
    assert list(rows.columns) == (
        ["customer_id", "ordered_at", "amount", "source_row", "source_file"]
        + ["is_return", "is_zero_amount", "is_suspected_duplicate", "is_near_duplicate", "备注"]
    )
    assert rows["customer_id"].tolist() == ["B", "A"]
    assert rows["source_row"].tolist() == [7, 9]
    pd.testing.assert_frame_equal(raw, before)


def test_the_audit_names_every_changed_cell_but_not_those_of_quarantined_rows():
    raw = pd.DataFrame(
        {"customer_id": ["００1", "C2", "-"], "ordered_at": ["2023年1月5日", "2023-01-05", "2023/1/6"]},
    ).assign(amount=["¥5", "6", "￥7"], source_row=[2, 3, 4])
    audit = clean_table(raw, "orders").audit
    assert audit[["source_row", "column", "before", "after"]].values.tolist() == [
        [pd.NA, "order_id", "", ""],
        [2, "customer_id", "００1", "001"],
        [2, "ordered_at", "2023年1月5日", "2023-01-05"],
        [2, "amount", "¥5", "5"],
    ]
    assert audit["rule"].iloc[0] == "order_id: one order per customer and day"
    assert audit["source_row"].dtype == "Int64"


def test_an_empty_table_has_the_same_columns_and_types():
    full = clean_table(make_mess().drop(columns="expected"), "orders")
    empty = clean_table(make_mess().drop(columns="expected").iloc[:0], "orders")
    for name in ("rows", "merged", "audit"):
        one, other = getattr(empty, name), getattr(full, name)
        assert len(one) == 0 or name == "audit"
        assert one.dtypes.to_dict() == other.dtypes.to_dict()
    assert summarize_cleaning(empty)["n_lines"].sum() == 0


def test_a_missing_column_is_named_with_the_way_out():
    with pytest.raises(SchemaError) as error:
        clean_table(pd.DataFrame({"customer": ["1"], "ordered_at": ["2023-01-05"], "amount": [1]}), "orders")
    assert str(error.value) == (
        "clean_table: table 'orders' needs column 'customer_id'; the table has customer, ordered_at, amount. "
        "Read the file with read_table, which maps known headers, or rename the column."
    )
    with pytest.raises(SchemaError, match="'amount' or 'quantity' and 'unit_price'"):
        clean_table(
            pd.DataFrame({"customer_id": ["1"], "ordered_at": ["2023-01-05"], "quantity": [1]}), "orders"
        )


def test_what_is_no_table_is_refused_in_words():
    with pytest.raises(DataError, match=r"got dict. Read the file with read_table first"):
        clean_table({"customer_id": ["1"]}, "orders")
    twice = pd.DataFrame(
        [["1", "2", "2023-01-05", 1]], columns=["customer_id", "customer_id", "ordered_at", "amount"]
    )
    with pytest.raises(SchemaError, match="'customer_id' more than once"):
        clean_table(twice, "orders")
    with pytest.raises(DataError, match="'source_row' must hold the row numbers"):
        clean_table(make_mess().assign(source_row="x"), "orders")


def test_other_contracts_quarantine_what_they_need_and_blank_the_rest():
    people = Table(
        "people",
        "",
        "person",
        (
            Column("record_id", "id", "", "", required=True),
            Column("birth_date", "date", "", ""),
            Column("has_pet", "flag", "", ""),
        ),
    )
    raw = pd.DataFrame({
        "record_id": ["1", "", "3", "record_id"],
        "birth_date": ["1990-02-30", "1990-01-01", "1990/5/6", "birth_date"],
        "has_pet": ["是", "否", "Y", "has_pet"],
    })
    cleaned = clean_table(raw, people)
    assert cleaned.rows[["record_id", "has_pet"]].values.tolist() == [["1", True], ["3", True]]
    assert cleaned.rows["birth_date"].isna().tolist() == [True, False]
    assert cleaned.quarantine["reason"].tolist() == ["missing_value", "repeated_header"]
    assert list(cleaned.rows.columns) == ["record_id", "birth_date", "has_pet", "source_row"]
    assert summarize_cleaning(cleaned)["amount"].isna().all()
