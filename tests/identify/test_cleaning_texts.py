"""How clean_table reads ids, texts, categories and flags."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.identify import clean_table
from crm_lib.schema import Column, Table


def clean_cells(cells, kind, **more):
    table = Table(
        "cells", "", "cell", (Column("value", kind, "", "", **more), Column("row", "integer", "", ""))
    )
    raw = pd.DataFrame({"row": list(range(len(cells))), "value": pd.Series(cells, dtype=object)})
    return clean_table(raw, table)


def read_cells(cells, kind, **more):
    return [None if pd.isna(v) else v for v in clean_cells(cells, kind, **more).rows["value"]]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("00042", "00042"),
        ("００４２", "0042"),
        (" C1 ", "C1"),
        ("C\x001\u200b", "C1"),
        ("\tA-17\t", "A-17"),
        ("13085.0", "13085"),
        (13085.0, "13085"),
        (13085, "13085"),
        ("'00042", "00042"),
        ('="00042"', "00042"),
        ("6.2112345678901E+13", "62112345678901"),
        ("6.21E+12", "6.21E+12"),
        ("5E10", "5E10"),
        ("张伟", "张伟"),
        ("0", "0"),
    ],
)
def test_ids(cell, meant):
    assert read_cells([cell], "id") == [meant]


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "-",
        "无",
        "N/A",
        "NULL",
        "nan",
        "None",
        "匿名",
        "匿名用户",
        "游客",
        "　",
        "#N/A",
        float("nan"),
        None,
    ],
)
def test_placeholders_are_no_ids(cell):
    assert read_cells([cell, "C1"], "id") == [None, "C1"]


def test_digits_lost_in_a_spreadsheet_are_flagged():
    audit = clean_cells(["6.21E+12", 123456789012345678.0, "6.21E+02"], "id").audit
    assert audit[["source_row", "before", "after"]].values.tolist() == [
        [1, "6.21E+12", "6.21E+12"],
        [2, "1.2345678901234568e+17", "123456789012345680"],
        [3, "6.21E+02", "621"],
    ]
    assert audit["rule"].str.split(":").str[0].tolist() == [
        "id_digits_lost",
        "id_digits_lost",
        "id_scientific",
    ]


def test_a_column_of_numbers_makes_the_ids_it_shows():
    raw = pd.DataFrame({
        "customer_id": [17850.0, None, 13047.0],
        "ordered_at": ["2023-01-05"] * 3,
        "amount": 1.0,
    })
    cleaned = clean_table(raw, "orders")
    assert cleaned.rows["customer_id"].tolist() == ["17850", "13047"]
    assert cleaned.audit["source_row"].notna().sum() == 0


def test_texts_lose_only_blanks_and_unseen_characters():
    assert read_cells([" 45㎡ 地毯\n ", "无", "", "①号\u200b"], "text") == ["45㎡ 地毯", "无", None, "①号"]


def test_categories_are_spelt_one_way():
    cells = ["Store", "ｓｔｏｒｅ", " web ", "天猫（旗舰店）", "-"]
    assert read_cells(cells, "category", choices=("store", "web")) == [
        "store",
        "store",
        "web",
        "天猫(旗舰店)",
        None,
    ]


@pytest.mark.parametrize("cell", ["是", "Y", "yes", "TRUE", "1", "1.0", 1, True, "已退货", "√"])
def test_yes(cell):
    assert read_cells([cell], "flag") == [True]


@pytest.mark.parametrize("cell", ["否", "N", "no", "false", "0", 0, False, "未退货", "无"])
def test_no(cell):
    assert read_cells([cell], "flag") == [False]


def test_an_unknown_flag_is_missing_and_said():
    cleaned = clean_cells(["是", "也许", None], "flag")
    assert cleaned.rows["value"].isna().tolist() == [False, True, True]
    assert cleaned.audit["before"].tolist() == ["是", "也许"]
    assert clean_cells(["是", "否"], "flag").rows["value"].dtype == bool


def test_lists_in_cells_are_read_as_text():
    assert read_cells([["a", 1], None], "text") == ["['a', 1]", None]
