"""The review list: what it shows and hides, its drop-downs, and reading it back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError
from crm_lib.identify import list_reviews, read_reviews, write_reviews

RECORDS = pd.DataFrame({
    "record_id": ["S1", "W1", "W2", "K1"],
    "channel": ["store", "web", "web", "call_center"],
    "name": ["王静", "王静", "=1+1", "王敏"],
    "phone": ["15400001111", "１５４00001111", "15400002222", None],
    "email": ["wj@example.com", None, None, "wm@example.com"],
    "address": ["旭日路12号101室", "旭日路13号101室", "和平街5号", None],
    "birth_date": pd.to_datetime(["1990-01-02", "1990-01-02", None, "1991-01-01"]),
})
PAIRS = pd.DataFrame({
    "record_id_l": ["W1", "S1", "S1", "K1"],
    "record_id_r": ["S1", "W2", "K1", "W2"],
    "probability": [0.9, 0.55, 0.999, 0.05],
})


def test_the_doubtful_pairs_the_most_doubtful_first() -> None:
    reviews = list_reviews(PAIRS, RECORDS, low=0.2, high=0.98)
    assert reviews[["pair", "record_id_l", "record_id_r", "probability"]].values.tolist() == [
        [1, "S1", "W2", 0.55],
        [2, "S1", "W1", 0.9],
    ]
    assert reviews["decision"].tolist() == ["", ""]
    assert reviews.attrs["n_found"] == 2
    assert len(list_reviews(PAIRS, RECORDS, low=0, high=1, most=3)) == 3
    renamed = PAIRS.rename(columns={"probability": "match_probability"})
    pd.testing.assert_frame_equal(list_reviews(renamed, RECORDS), reviews)


def test_contact_data_are_masked_but_differences_seen() -> None:
    reviews = list_reviews(PAIRS, RECORDS, low=0.8)
    row = reviews.iloc[0]
    assert [row["phone_l"], row["phone_r"]] == ["154****1111", "１５４****1111"]
    assert [row["address_l"], row["address_r"]] == ["旭日路***", "旭日路***"]
    assert row["email_l"] == "w***@example.com"
    # the addresses differ where it is hidden, full width is no difference, nor is a gap
    assert reviews.attrs["differ"] == {
        "name": [], "birth_date": [], "phone": [], "email": [], "address": [1], "channel": [1],
    }  # fmt: skip
    text = reviews.to_csv()
    assert "00001111" not in text
    assert "12号" not in text
    shown = list_reviews(PAIRS, RECORDS, low=0.8, show=["phone"])
    assert shown["phone_l"].tolist() == ["15400001111"]
    assert "12号" not in shown.to_csv()


def fill(path: Path, decisions: dict[tuple[str, str], str], *, turn: bool = False) -> None:
    """Fill in the list as a person does: choose words, perhaps sort the rows."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for row in rows:
        pair = (row[heads.index("记录甲")], row[heads.index("记录乙")])
        row[heads.index("判断")] = decisions.get(pair)
    for r, row in enumerate(reversed(rows) if turn else rows, 2):
        for c, value in enumerate(row, 1):
            sheet.cell(r, c, value)
    book.save(path)


def test_filled_in_and_read_back(tmp_path: Path) -> None:
    path = write_reviews(tmp_path / "reviews.xlsx", list_reviews(PAIRS, RECORDS))
    assert read_reviews(path)["decision"].tolist() == ["", ""]
    assert read_reviews(path).attrs["n_open"] == 2
    fill(path, {("S1", "W2"): "不同人"}, turn=True)
    found = read_reviews(path)
    assert found[["record_id_l", "record_id_r", "decision", "source_row"]].values.tolist() == [
        ["S1", "W1", "", 2],
        ["S1", "W2", "different", 3],
    ]
    assert found.attrs["n_open"] == 1


def test_the_workbook_has_its_drop_down_and_the_same_bytes(tmp_path: Path) -> None:
    reviews = list_reviews(PAIRS, RECORDS)
    path = write_reviews(tmp_path / "reviews.xlsx", reviews)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"同一人,不同人,不确定"'
    assert str(rule.sqref) == "B2:B3"
    assert sheet["B1"].value == "判断"
    assert sheet.freeze_panes == "C2"
    heads = [cell.value for cell in sheet[1]]
    assert heads[6:10] == ["姓名（甲）", "姓名（乙）", "出生日期（甲）", "出生日期（乙）"]
    formula = sheet.cell(2, heads.index("姓名（乙）") + 1)
    assert (formula.value, formula.data_type) == ("=1+1", "s")
    # where the two records differ, the cells have another colour
    address = heads.index("地址（甲）") + 1
    assert sheet.cell(2, address).fill.fgColor.rgb.endswith("FDF6E6")
    assert not sheet.cell(2, heads.index("出生日期（甲）") + 1).fill.fgColor.rgb.endswith("FDF6E6")
    assert "同一人" in book.worksheets[1]["A1"].value
    assert path.read_bytes() == write_reviews(tmp_path / "again.xlsx", reviews).read_bytes()


def test_other_words_are_named_with_their_rows(tmp_path: Path) -> None:
    path = write_reviews(tmp_path / "reviews.xlsx", list_reviews(PAIRS, RECORDS))
    fill(path, {("S1", "W2"): "是", ("S1", "W1"): "大概"})
    with pytest.raises(DataError, match=r"2 do not have that: row 2 \(是\), row 3 \(大概\)"):
        read_reviews(path)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ReadError, match=r"Excel workbook.*no\.xlsx"):
        read_reviews(tmp_path / "no.xlsx")
    with pytest.raises(ReadError, match="cannot be read"):
        read_reviews(tmp_path / "none.xlsx")
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(SchemaError, match="the first sheet must have the headers"):
        read_reviews(tmp_path / "other.xlsx")


def test_wrong_calls() -> None:
    with pytest.raises(ParameterError, match="low"):
        list_reviews(PAIRS, RECORDS, low=0.9, high=0.5)
    with pytest.raises(DataError, match=r"1 are not \(K1\)"):
        list_reviews(PAIRS, RECORDS[:3], low=0, high=1)
    with pytest.raises(SchemaError, match="probability"):
        list_reviews(PAIRS.drop(columns="probability"), RECORDS)
    assert len(list_reviews(PAIRS[:0], RECORDS)) == 0
