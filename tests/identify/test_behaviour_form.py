"""The template: what a student finds in it, and that what is filled in comes back."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pytest

from crm_lib.errors import ParameterError
from crm_lib.identify import read_my_shopping, write_shopping_template
from crm_lib.identify.behaviour_file import ABOUT, GUIDE, list_sheets


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = write_shopping_template(tmp_path_factory.mktemp("form") / "new" / "form.xlsx")
    return openpyxl.load_workbook(path)


def test_seven_sheets_after_guide_and_about(book):
    assert book.sheetnames == [GUIDE, ABOUT, *(s.table.title for s in list_sheets())]
    assert len(book.sheetnames) == 2 + 7


def test_headers_example_and_drop_downs(book):
    for one in list_sheets():
        sheet = book[one.table.title]
        assert [c.value for c in sheet[1]] == [c.title for c in one.table.columns]
        assert [c.value for c in sheet[2]] == ["例", *one.example, "确定"]
        lists = {
            str(rule.sqref).split(":")[0]: rule.formula1
            for rule in sheet.data_validations.dataValidation
            if rule.type == "list"
        }
        wanted = {
            f"{openpyxl.utils.get_column_letter(i)}2": '"' + ",".join(map(str, column.choices)) + '"'
            for i, column in enumerate(one.table.columns, start=1)
            if column.choices
        }
        assert wanted
        assert lists == wanted


def test_the_guide_leads_to_each_sheet(book):
    targets = [c.hyperlink.location for row in book[GUIDE] for c in row if c.hyperlink]
    assert targets == [f"'{s.table.title}'!A1" for s in list_sheets()]


def test_same_arguments_same_bytes(tmp_path):
    one, two = (write_shopping_template(tmp_path / f"{i}.xlsx").read_bytes() for i in "ab")
    assert one == two


def test_an_empty_template_reads_as_no_rows(tmp_path):
    mine = read_my_shopping(write_shopping_template(tmp_path / "empty.xlsx"))
    assert all(len(rows) == 0 for rows in mine.tables.values())  # the example row is no data


def test_what_is_filled_in_comes_back(tmp_path):
    rows = pd.DataFrame({
        "bought_on": [dt.date(2024, 3, 5), None],
        "place": ["本店", "=1+1"],
        "category": ["上衣", None],
        "quantity": pd.array([2, None], dtype="Int64"),
        "amount": [199.5, 20.0],
        "discounted": pd.array([True, None], dtype="boolean"),
    })
    about = {"shop": "甲店", "start_on": dt.date(2024, 1, 1), "end_on": dt.date(2024, 12, 31)}
    path = write_shopping_template(tmp_path / "mine.xlsx", about=about, tables={"purchases": rows})
    sheet = openpyxl.load_workbook(path)[list_sheets()[0].table.title]
    by_title = dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[4]], strict=True))
    assert sheet["A3"].value == 1
    assert sheet["A4"].value == 2
    assert "=1+1" in by_title.values()
    assert all(c.data_type != "f" for row in sheet for c in row)  # text is never a formula
    mine = read_my_shopping(path)
    bought = mine.tables["purchases"]
    assert bought["source_row"].tolist() == [3, 4]
    assert bought["amount"].tolist() == [199.5, 20.0]
    assert bought["bought_on"].iloc[0] == pd.Timestamp("2024-03-05")
    assert pd.isna(bought["quantity"].iloc[1])
    assert mine.about["shop"] == "甲店"
    assert mine.about["end_on"] == pd.Timestamp("2024-12-31")


@pytest.mark.parametrize(
    "given",
    [
        {"about": {"shops": "甲"}},
        {"tables": {"purchase": pd.DataFrame()}},
        {"tables": {"purchases": pd.DataFrame({"amounts": [1]})}},
    ],
)
def test_an_unknown_name_is_refused(tmp_path, given):
    with pytest.raises(ParameterError, match="Did you mean"):
        write_shopping_template(tmp_path / "x.xlsx", **given)
    assert not (tmp_path / "x.xlsx").exists()
