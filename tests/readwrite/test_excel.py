"""Workbooks and CSV files open again with the same values and do no harm."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, ReadError
from crm_lib.readwrite import excel
from crm_lib.readwrite.cells import cell_text, settle_column
from crm_lib.readwrite.excel import mend_sheet_names, write_csv, write_excel

FRAME = pd.DataFrame({
    "customer_id": ["00001", "00002", "00003"],
    "ordered_at": pd.to_datetime(["1997-01-01", "1997-01-12", None]),
    "seen_at": pd.to_datetime(["1997-01-01 08:30:00", "1997-01-12 00:00:00", "2024-02-29 23:59:59"]),
    "amount": [11.77, -1234.5, None],
    "customer_share": [0.25, 0.125, 0.625],
    "n_orders": [1, 12_000, 3],
    "returned": [True, False, True],
    "barcode": [6_901_234_567_890_123, 1, 2],
})
TITLES = {"customer_id": "客户编号", "amount": "金额"}


def _open(path, **how):
    return openpyxl.load_workbook(path, **how)


def test_values_types_and_formats_come_back(tmp_path):
    book = _open(write_excel(tmp_path / "new/t.xlsx", {"客户": FRAME}, titles=TITLES))
    sheet = book["客户"]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    assert rows[0] == ["客户编号", "ordered_at", "seen_at", "金额", *list(FRAME.columns)[4:]]
    day, time_ = dt.datetime(1997, 1, 1), dt.datetime(1997, 1, 1, 8, 30)
    assert rows[1] == ["00001", day, time_, 11.77, 0.25, 1, True, "6901234567890123"]
    assert rows[3][1] is None
    assert rows[3][3] is None
    formats = [c.number_format for c in sheet[2]]
    assert formats[1:6] == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "#,##0.00", "0.0%", "#,##0"]
    assert [sheet["A2"].data_type, sheet["H2"].data_type] == ["s", "s"]


def test_sheet_is_ready_to_use(tmp_path):
    wide = pd.DataFrame({"segment": ["需要关注客户" * 3], "k": [1], "comment": ["长" * 500]})
    sheet = _open(write_excel(tmp_path / "t.xlsx", {"a": wide}))["a"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C2"
    # 18 Chinese characters take 36 places; a short number at least 8; nothing above 60
    widths = [sheet.column_dimensions[c].width for c in "ABC"]
    assert widths == pytest.approx([38, 8, 60], abs=1)
    assert sheet["A1"].font.bold


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1+1"])
def test_text_like_a_formula_stays_text(tmp_path, text):
    frame = pd.DataFrame({"name": [text, "平常"], text: [1, 2]})
    path = write_excel(tmp_path / "t.xlsx", {"a": frame})
    sheet = _open(path)["a"]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].quotePrefix
    assert not sheet["A3"].quotePrefix
    assert sheet["B1"].data_type == "s"
    with zipfile.ZipFile(path) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    lines = write_csv(tmp_path / "t.csv", frame).read_bytes().decode("utf-8-sig")
    cells = pd.read_csv(io.StringIO(lines), dtype=str, keep_default_na=False, lineterminator="\n")
    assert cells.iloc[0, 0] == f"'{text}"
    assert cells.columns[1] == f"'{text}"


def test_numbers_stay_numbers(tmp_path):
    frame = pd.DataFrame({"amount": [-5.5, 3.0], "text": ["-5.5", "+3"]})
    assert write_csv(tmp_path / "t.csv", frame).read_text("utf-8-sig") == "amount,text\n-5.5,-5.5\n3.0,+3\n"
    sheet = _open(write_excel(tmp_path / "t.xlsx", {"a": frame}))["a"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == (-5.5, "n")
    assert (sheet["B2"].value, sheet["B2"].data_type, sheet["B2"].quotePrefix) == ("-5.5", "s", False)


def test_csv_opens_in_excel_and_keeps_every_value(tmp_path):
    path = write_csv(tmp_path / "t.csv", FRAME, titles=TITLES)
    content = path.read_bytes()
    assert content.startswith("\ufeff客户编号,".encode())
    assert b"\r" not in content
    back = pd.read_csv(
        path, dtype={"客户编号": str}, encoding="utf-8-sig", parse_dates=["ordered_at", "seen_at"]
    )
    pd.testing.assert_frame_equal(
        back.rename(columns={"客户编号": "customer_id", "金额": "amount"}), FRAME, check_dtype=False
    )


def test_links_are_text(tmp_path):
    frame = pd.DataFrame({"url": ["https://example.com/x", "mailto:a@b.c", "internal:Sheet1!A1"]})
    sheet = _open(write_excel(tmp_path / "t.xlsx", {"a": frame}))["a"]
    assert [sheet[f"A{i}"].value for i in (2, 3, 4)] == frame["url"].tolist()
    assert all(sheet[f"A{i}"].hyperlink is None for i in (2, 3, 4))


def test_odd_values_are_shown_not_lost(tmp_path):
    zone = pd.to_datetime(["2024-05-01 10:00"]).tz_localize("Asia/Shanghai")
    frame = pd.DataFrame({
        "amount": [float("inf")],
        "old": pd.to_datetime(["1850-06-01"]),
        "zone": zone,
        "decimal": [Decimal("1.50")],
        "day": [dt.date(2024, 5, 1)],
        "category": pd.Categorical(["甲"]),
        "period": [pd.Period("2024-05", "M")],
        "broken": pd.Series(["a\x00b\ud800c"], dtype=object),
        "long": ["长" * 40_000],
        "list": [[1, 2]],
    })
    row = [c.value for c in _open(write_excel(tmp_path / "t.xlsx", {"a": frame}))["a"][2]]
    assert row[:8] == [
        "∞",
        "1850-06-01",
        dt.datetime(2024, 5, 1, 10),
        1.5,
        dt.datetime(2024, 5, 1),
        "甲",
        "2024-05",
        "a\ufffdb\ufffdc",
    ]
    assert len(row[8]) == 32_767
    assert row[8].endswith("……（全文 40,000 字）")
    assert row[9] == "[1, 2]"


def test_same_tables_same_bytes(tmp_path):
    first = write_excel(tmp_path / "a.xlsx", {"a": FRAME, "b": FRAME.head(0)}).read_bytes()
    time.sleep(1.1)  # the clock of the archive and of the properties counts seconds
    assert write_excel(tmp_path / "b.xlsx", {"a": FRAME, "b": FRAME.head(0)}).read_bytes() == first


def test_empty_table_keeps_its_header(tmp_path):
    book = _open(write_excel(tmp_path / "t.xlsx", {"a": FRAME.head(0), "none": pd.DataFrame()}))
    assert [c.value for c in book["a"][1]] == list(FRAME.columns)
    assert book["none"].max_row == 1


def test_large_table_is_streamed_with_the_same_values(tmp_path, monkeypatch):
    plain = _open(write_excel(tmp_path / "a.xlsx", {"a": FRAME}))["a"]
    monkeypatch.setattr(excel, "_BIG", 1)
    streamed = _open(write_excel(tmp_path / "b.xlsx", {"a": FRAME}))["a"]
    assert [[c.value for c in r] for r in plain] == [[c.value for c in r] for r in streamed]
    assert streamed.auto_filter.ref == plain.auto_filter.ref


def test_too_large_for_a_sheet_is_said_before_anything_is_written(tmp_path):
    long = pd.DataFrame({"x": pd.RangeIndex(1_048_576)})
    with pytest.raises(DataError, match=r"at most 1,048,575 rows .* table 'long' has 1,048,576 .* write_csv"):
        write_excel(tmp_path / "t.xlsx", {"long": long})
    assert list(tmp_path.iterdir()) == []


def test_sheet_names_are_mended():
    got = mend_sheet_names({"客户/订单": 1, "客户:订单": 2, "x" * 40: 3, "x" * 41: 4, "history": 5, "'q'": 6})
    assert got == ["客户_订单", "客户_订单 (2)", "x" * 31, "x" * 27 + " (2)", "history_", "q"]


@settings(max_examples=60)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5, unique=True))
def test_any_sheet_names_can_be_opened(names):
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name in mend_sheet_names(dict.fromkeys(names)):
            book.add_worksheet(name)
    assert len(openpyxl.load_workbook(buffer).sheetnames) == len(names)


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_text_comes_back(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    sheet = _open(write_excel(path, {"a": pd.DataFrame({"t": ["x", text]})}))["a"]
    # what XML cannot hold is shown as U+FFFD, and a CR as the LF that XML reads it as
    assert (sheet["A3"].value or "") == cell_text(text, "text")


def test_nothing_to_write_and_nowhere_to_write_are_said(tmp_path):
    with pytest.raises(ParameterError, match="needs at least one sheet; got none"):
        write_excel(tmp_path / "t.xlsx", {})
    (tmp_path / "dir.xlsx").mkdir()
    with pytest.raises(ReadError, match=r"write_excel: the file must be writable; .*dir\.xlsx.*Close it"):
        write_excel(tmp_path / "dir.xlsx", {"a": FRAME})
    assert [p.name for p in tmp_path.iterdir()] == ["dir.xlsx"]


def test_input_is_never_changed(tmp_path):
    before = FRAME.copy(deep=True)
    write_excel(tmp_path / "t.xlsx", {"a": FRAME})
    write_csv(tmp_path / "t.csv", FRAME, titles=TITLES)
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x_share", [0.1], "share"),
        ("median_revenue", [1.0], "money"),
        ("n", [1], "integer"),
        ("n", pd.array([1, None], dtype="Int64"), "integer"),
        ("n", [10**15], "text"),
        ("z", [0.5], "number"),
        ("revenue", ["12"], "text"),
        ("flag", [True], "flag"),
        ("mixed", [1, None, 2], "number"),
        ("mixed", pd.Series([1, None, 2], dtype=object), "number"),
        ("mixed", pd.Series([1, "a"], dtype=object), "text"),
    ],
)
def test_kind_follows_type_then_name(name, values, kind):
    assert settle_column(name, pd.Series(values))[1] == kind
