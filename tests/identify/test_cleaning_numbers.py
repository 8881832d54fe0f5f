"""How clean_table reads amounts, numbers and shares."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.identify import clean_table
from crm_lib.schema import Column, Table


def clean_cells(cells, kind="money"):
    table = Table("cells", "", "cell", (Column("value", kind, "", ""), Column("id", "id", "", "")))
    raw = pd.DataFrame({"id": [str(i) for i in range(len(cells))], "value": pd.Series(cells, dtype=object)})
    return clean_table(raw, table)


def read_cells(cells, kind="money"):
    values = clean_cells(cells, kind).rows["value"]
    return [None if pd.isna(v) else float(v) for v in values]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1234.5", 1234.5),
        ("¥1,234.50", 1234.5),
        ("￥1,234.50", 1234.5),
        ("$1,234.50", 1234.5),
        ("€ 12.50", 12.5),
        ("RMB 99", 99),
        ("99 CNY", 99),
        ("cny99.5", 99.5),
        ("99元", 99),
        ("人民币 99.90 元", 99.9),
        ("1.2万", 12_000),
        ("1.2万元", 12_000),
        ("¥3亿", 300_000_000),
        ("1.5w", 15_000),
        ("2k", 2_000),
        ("(123.45)", -123.45),
        ("（123）", -123),
        ("¥(123.45)", -123.45),
        ("(¥123.45)", -123.45),
        ("12.50-", -12.5),
        ("−5", -5),
        ("-¥5", -5),
        ("¥-5", -5),
        ("+5", 5),
        ("１２３．４５", 123.45),
        ("1 234.50", 1234.5),
        ("1\xa0234\xa0567.8", 1_234_567.8),
        ("1,234", 1234),
        ("1,234,567", 1_234_567),
        ("12,34,567.50", 1_234_567.5),
        ("1'234.50", 1234.5),
        (" 12.5 ", 12.5),
        (".5", 0.5),
        ("1e3", 1000),
        (12, 12),
        (12.5, 12.5),
    ],
)
def test_every_way_to_write_an_amount(cell, meant):
    assert read_cells([cell]) == [meant]


@pytest.mark.parametrize(
    "cell",
    [
        "inf",
        "-Infinity",
        "NaN",
        "#DIV/0!",
        "#VALUE!",
        "abc",
        "12 50",
        "1.2.3",
        "--5",
        "(-5)",
        "5%",
        "¥5$",
        "12/5",
    ]
    + ["(5", "5)", "¥", "1,2345", float("inf"), True, "1e999"],
)
def test_what_is_no_amount_becomes_missing_and_is_said(cell):
    cleaned = clean_cells([cell])
    assert read_cells([cell]) == [None]
    assert cleaned.audit[["source_row", "before", "after"]].values.tolist() == [
        [1, "inf" if cell == float("inf") else str(cell), ""]
    ]
    assert cleaned.audit["rule"].item().startswith("unreadable")


@pytest.mark.parametrize("cell", ["-", "—", "无", "N/A", "null", "  "])
def test_placeholders_are_missing_not_unreadable(cell):
    audit = clean_cells([cell]).audit
    assert read_cells([cell]) == [None]
    assert not audit["rule"].str.startswith("unreadable").any()


def test_the_decimal_sign_is_decided_by_the_column():
    assert read_cells(["12,50", "1.234,50", "1.234", "7"]) == [12.5, 1234.5, 1234, 7]
    assert read_cells(["12,5", "1,234"]) == [12.5, 1.234]
    # a proof each way: every cell keeps its own reading, the undecidable are thousands
    assert read_cells(["12,50", "12.50", "1,234", "1.234"]) == [12.5, 12.5, 1234, 1.234]
    assert read_cells(["1,234", "2,000"]) == [1234, 2000]
    assert read_cells(["1,2万", "3万"]) == [12_000, 30_000]


def test_the_decimal_comma_is_said_once_for_the_column():
    audit = clean_cells(["12,50", "7"]).audit
    assert audit[["source_row", "column"]].values.tolist() == [[pd.NA, "value"], [1, "value"]]
    assert audit["rule"].iloc[0].startswith("decimal_comma")


def test_another_currency_cannot_be_added():
    cleaned = clean_cells(["¥100", "$20", "30", "¥5"])
    assert read_cells(["¥100", "$20", "30", "¥5"]) == [100, None, 30, 5]
    assert cleaned.audit.loc[cleaned.audit["source_row"] == 2, "before"].tolist() == ["$20"]
    one = clean_cells(["$100", "$20"]).audit
    assert one.loc[one["source_row"].isna(), ["after", "rule"]].values.tolist() == [
        ["USD", "currency: the column is in this currency; nothing was converted"]
    ]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("15%", 0.15),
        ("１５％", 0.15),
        ("8折", 0.2),
        ("85折", 0.15),
        ("8.5折", 0.15),
        ("10折", 0),
        ("0.2", 0.2),
    ]
    + [("20% off", 0.2), ("0", 0), (0.25, 0.25), ("15", None), ("-0.1", None), ("120%", None), ("0折", 1)],
)
def test_shares(cell, meant):
    assert read_cells([cell], "share") == [meant]


@pytest.mark.parametrize(
    ("cell", "meant"), [("3件", 3), ("5 pcs", 5), ("1,000", 1000), ("¥3", None), ("5kg", 5)]
)
def test_numbers_with_pieces(cell, meant):
    assert read_cells([cell], "number") == [meant]


def test_integers_stay_integers():
    assert clean_cells(["1", "2.0", 3], "integer").rows["value"].tolist() == [1, 2, 3]
    assert clean_cells(["1", "2"], "integer").rows["value"].dtype == "int64"
    broken = clean_cells(["1", "2.5"], "integer")
    assert str(broken.rows["value"].dtype) == "Int64"
    assert broken.rows["value"].isna().tolist() == [False, True]


def test_the_unit_of_the_header_is_applied_once_and_never_again():
    raw = pd.DataFrame({
        "customer_id": ["1", "2"],
        "ordered_at": ["2023-01-05"] * 2,
        "amount": ["1.2", "0.00005"],
    })
    raw.attrs["source"] = {"factors": {"amount": 10_000}, "mapping": {"amount": "金额（万元）"}}
    cleaned = clean_table(raw, "orders")
    # 1.2 × 10,000 = 12,000; 0.00005 × 10,000 = 0.5
    assert cleaned.rows["amount"].tolist() == [12_000, 0.5]
    said = cleaned.audit[cleaned.audit["rule"].str.startswith("factor")]
    assert said[["source_row", "column", "before", "after"]].values.tolist() == [
        [pd.NA, "amount", "1", "10000"]
    ]
    again = clean_table(cleaned.rows, "orders")
    assert again.rows["amount"].tolist() == [12_000, 0.5]
    assert raw.attrs["source"]["factors"] == {"amount": 10_000}
