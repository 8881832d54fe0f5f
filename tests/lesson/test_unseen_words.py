"""What a lesson says of a file's dates and money stays true on files nobody has seen."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib import clean_table, read_table
from crm_lib.errors import DataError
from crm_lib.lesson.words import choose_as_of, choose_currency


def rows_on(*days):
    return pd.DataFrame({"ordered_at": pd.to_datetime(list(days))})


def test_a_misprinted_last_date_is_no_cut_off():
    rows = rows_on("2023-01-05", "2023-02-01", "2099-12-31")
    with pytest.raises(DataError, match='2099-12-31.*2023-02-01.*as_of = "2023-02-02"'):
        choose_as_of("", rows)
    assert choose_as_of("2023-02-02", rows) == "2023-02-02"


@pytest.mark.parametrize(
    "days", [["2023-01-05"], ["2019-01-05", "2023-02-01"], ["2013-01-05", "2023-02-01", "2023-02-02"]]
)
def test_rare_customers_are_no_misprints(days):
    assert (
        choose_as_of("", rows_on(*days)) == (pd.Timestamp(days[-1]) + pd.Timedelta(days=1)).date().isoformat()
    )


@pytest.mark.parametrize(
    ("header", "cell", "unit"),
    [
        ("Amount", "$5.00", "美元"),
        ("Amount (EUR)", "5.00", "欧元"),
        ("Amount", "¥5.00", "元"),
        ("Amount", "5.00", "元"),
        ("Amount", "zł5.00", "PLN"),
    ],
)
def test_money_bears_the_currency_of_the_file(tmp_path, header, cell, unit):
    path = tmp_path / "a.csv"
    path.write_text(f"Customer ID,Order Date,{header}\nA,2024-01-02,{cell}\n", encoding="utf-8")
    rows = clean_table(read_table(path, "orders"), "orders").rows
    assert choose_currency("", str(path), rows) == unit
    assert choose_currency("比索", str(path), rows) == "比索"


def test_a_column_of_currencies_names_the_unit(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Customer ID,Order Date,Amount,Currency\nA,2024-01-02,5,gbp\n", encoding="utf-8")
    rows = clean_table(read_table(path, "orders"), "orders").rows
    assert choose_currency("", str(path), rows) == "英镑"
