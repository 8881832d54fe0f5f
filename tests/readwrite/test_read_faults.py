"""What cannot be read is refused in one sentence: what, the rule, what it got, the way out."""

from __future__ import annotations

import datetime as dt
import json
import re

import duckdb
import pandas as pd
import pytest
from make_read_files import HEADERS, LINES, as_csv, pack, typed, write, write_xls, write_xlsx

from crm_lib.errors import CrmError, ReadError, SchemaError
from crm_lib.readwrite import read_table

SECRET = "s3cr/t@7"


def refused(kind, source, *parts, **options):
    """Read, expect `kind`, and find every part in its one-line message."""
    with pytest.raises(kind) as caught:
        read_table(source, options.pop("schema", "orders"), **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 700
    for part in parts:
        assert part in text, text
    return text


# --- no such thing -------------------------------------------------------------


def test_missing_file_names_the_closest(tmp_path):
    write(tmp_path / "orders_2024.csv", as_csv())
    write(tmp_path / "zebra.csv", as_csv())
    text = refused(ReadError, tmp_path / "order_2024.csv", "no file 'order_2024.csv'", "'orders_2024.csv'")
    assert text.index("orders_2024.csv") < text.index("zebra.csv")


def test_missing_folder_pattern_list_and_variable(tmp_path, monkeypatch):
    refused(ReadError, tmp_path / "nowhere" / "a.csv", "the folder", "does not exist")
    write(tmp_path / "a.csv", as_csv())
    refused(ReadError, tmp_path / "b_*.csv", "no file matches", "'a.csv'")
    refused(ReadError, [], "the list of files is empty")
    monkeypatch.delenv("SHOP_ORDERS", raising=False)
    refused(ReadError, "env:SHOP_ORDERS", "SHOP_ORDERS", "not set")


def test_folder_lists_what_can_be_read(tmp_path):
    write(tmp_path / "a.csv", as_csv())
    write(tmp_path / "notes.md", "x")
    text = refused(ReadError, tmp_path, "is a folder", "'a.csv'", "*.csv")
    assert "notes.md" not in text


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n \n", b"\0" * 100])
def test_empty_file(tmp_path, content):
    refused(ReadError, write(tmp_path / "a.csv", content), "a.csv", "the file is empty")


def test_empty_workbook(tmp_path):
    refused(ReadError, write_xlsx(tmp_path / "a.xlsx", {"S": []}), "a.xlsx", "all its sheets are empty")


@pytest.mark.parametrize("source", [42, object(), 3.5])
def test_what_is_no_source(source):
    refused(ReadError, source, "cannot read an object of type", type(source).__name__)


def test_unknown_schema(tmp_path):
    with pytest.raises(CrmError, match="Did you mean 'orders'"):
        read_table(tmp_path / "a.csv", "order")


# --- damaged -------------------------------------------------------------------


def test_undecodable_byte_is_named_by_line_and_offset(tmp_path):
    good = "customer_id,ordered_at,amount,备注\n1,2024-01-02,3,中文中文\n".encode("gb18030")
    path = write(tmp_path / "a.csv", good + b"2,2024-01-03,4,\xff\xff\n")
    refused(ReadError, path, "0xFF", f"offset {len(good) + 15}", "(line 3)", "encoding=")


def test_undecodable_byte_deep_in_a_large_file_is_found(tmp_path):
    line = "1,2024-01-02,3,中文\n".encode()
    data = "customer_id,ordered_at,amount,备注\n".encode() + line * 50_000 + b"1,2024-01-02,3,\xff\xfe\xe4\n"
    refused(ReadError, write(tmp_path / "a.csv", data), "(line 50002)")


def test_unknown_encoding(tmp_path):
    path = write(tmp_path / "a.csv", as_csv())
    refused(ReadError, path, "encoding 'gb18O30' is unknown", "'gb18030'", encoding="gb18O30")


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
def test_damaged_archives(tmp_path, kind):
    data = pack(as_csv([HEADERS, *LINES * 200]).encode(), kind)
    refused(ReadError, write(tmp_path / f"a.csv.{kind}", data[: len(data) // 2]), "damaged")


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.xls"])
def test_damaged_files(tmp_path, name):
    path = tmp_path / name
    if name == "a.parquet":
        pd.DataFrame(LINES, columns=HEADERS).to_parquet(path)
    elif name == "a.xlsx":
        write_xlsx(path, {"S": [HEADERS, *typed()]})
    else:
        write_xls(path, [HEADERS, *typed()])
    data = path.read_bytes()
    refused(ReadError, write(path, data[: len(data) // 3]), name)


@pytest.mark.parametrize("name", ["a.png", "a.csv"])
def test_picture_is_no_table(tmp_path, name):
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
    refused(ReadError, write(tmp_path / name, data), name, "content is binary")


def test_protected_workbook(tmp_path):
    data = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 600
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 600
    )
    refused(ReadError, write(tmp_path / "a.xlsx", data), "protected with a password")


# --- uneven rows ---------------------------------------------------------------


@pytest.mark.parametrize("above", [0, 2])
def test_row_with_too_many_cells_is_named_by_line(tmp_path, above):
    text = (
        "标题,,\n" * above
        + "客户编号,下单日期,实付金额\n1,2024-01-01,5\n2,2024-01-02,1,200\n3,2024-01-03,7\n"
    )
    refused(
        ReadError,
        write(tmp_path / "a.csv", text),
        f"line {above + 3} has 4 cells where the header has 3",
        "','",
    )


def test_row_with_too_few_cells_is_named_by_line(tmp_path):
    text = "客户编号,下单日期,实付金额\n1,2024-01-01,5\n2,200\n"
    refused(ReadError, write(tmp_path / "a.csv", text), "line 3 has 2 cells where the header has 3")


def test_line_after_a_broken_cell_is_the_line_of_the_file(tmp_path):
    text = '客户编号,下单日期,备注,实付金额\n1,2024-01-01,"a\nb",5\n2,2024-01-02,x\n'
    refused(ReadError, write(tmp_path / "a.csv", text), "line 4 has 3 cells")


def test_quotation_mark_never_closed_in_a_row_with_another_fault(tmp_path):
    text = '客户编号,下单日期,备注,实付金额\n1,2024-01-01,a,5\n2,2024-01-02,"x,6,7\n3,2024-01-03,y,7\n'
    refused(ReadError, write(tmp_path / "a.csv", text), "line 3 has 5 cells", "never closed")


# --- headers -------------------------------------------------------------------


def test_missing_columns_are_all_named_with_the_way_out(tmp_path):
    path = write(tmp_path / "a.csv", "会员卡类别,日子,钱,地区\n金卡,2024-01-01,5,华东\n")
    text = refused(
        SchemaError, path, "a.csv: no header for", "'customer_id' (客户编号)", "'ordered_at' (下单时间)"
    )
    assert 'columns="customer_id=会员卡类别,ordered_at=日子,amount=钱"' in text
    assert "'地区'" in text


def test_two_headers_for_one_column(tmp_path):
    path = write(tmp_path / "a.csv", "客户编号,下单日期,订单金额,应付金额\n1,2024-01-01,5,6\n")
    refused(SchemaError, path, "'amount' could be '订单金额' or '应付金额'", 'columns="amount=订单金额"')
    assert read_table(path, "orders", columns="amount=应付金额")["amount"].tolist() == ["6"]


def test_repeated_header_that_matters(tmp_path):
    path = write(tmp_path / "a.csv", "客户编号,下单日期,实付金额,实付金额\n1,2024-01-01,5,6\n")
    refused(SchemaError, path, "'实付金额' or '实付金额_2'")
    assert read_table(path, "orders", columns="amount=实付金额_2")["amount"].tolist() == ["6"]


def test_no_header_at_all_shows_the_first_row(tmp_path):
    path = write(tmp_path / "a.csv", "007,2024-01-02,10\n008,2024-01-03,20\n")
    refused(
        SchemaError,
        path,
        "no header row",
        "'007', '2024-01-02', '10'",
        "header_row=0",
        "customer_id=column_1",
    )


def test_columns_naming_what_is_not_there(tmp_path):
    path = write(tmp_path / "a.csv", as_csv())
    refused(SchemaError, path, "'customer'", "Did you mean 'customer_id'", columns="customer=客户编号")
    refused(SchemaError, path, "客户号码牌", "'客户编号'", columns={"customer_id": "客户号码牌"})
    refused(SchemaError, path, "two columns", columns="customer_id=客户编号,order_id=客户编号")
    refused(CrmError, path, "neither column=header nor a file", columns="customer_id")


def test_header_row_out_of_range(tmp_path):
    path = write(tmp_path / "a.csv", as_csv())
    refused(ReadError, path, "header_row=99", header_row=99)
    refused(SchemaError, path, "no header for", header_row=2)


# --- sheets and tables ---------------------------------------------------------


def test_two_sheets_that_fit(tmp_path):
    rows = [HEADERS, *typed()]
    path = write_xlsx(tmp_path / "a.xlsx", {"1月": rows, "2月": rows, "说明": [["x"]]})
    refused(ReadError, path, "2 tables could be meant", "a.xlsx#1月, a.xlsx#2月", "for example a.xlsx#1月")


def test_unknown_sheet_names_the_closest(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", {"订单明细": [HEADERS, *typed()], "说明": [["x"]]})
    refused(ReadError, f"{path}#订单", "no sheet '订单'", "Did you mean a.xlsx#订单明细?")


def test_no_sheet_fits_says_what_the_likeliest_lacks(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", {"说明": [["x"]], "客户": [["客户编号", "姓名"], ["1", "王"]]})
    refused(SchemaError, path, "a.xlsx#客户", "'ordered_at'")


def test_unknown_table_of_databases(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute("CREATE TABLE orders (customer_id VARCHAR)")
    refused(ReadError, f"{path}#order", "no table 'order'", "shop.duckdb#orders")
    refused(ReadError, f"sqlite:///{tmp_path}/none.db#orders", "no table 'orders'")


@pytest.mark.parametrize("url", ["postgresql+pg8000://ann:{}@127.0.0.1:1/shop?ssl={}#orders"])
def test_password_of_an_address_never_shows(monkeypatch, url):
    full = url.format(SECRET, SECRET)
    text = refused(ReadError, full, "postgresql+pg8000://ann:***@127.0.0.1:1/shop")
    monkeypatch.setenv("SHOP_URL", full)
    again = refused(ReadError, "env:SHOP_URL")
    assert SECRET not in text + again


# --- several files -------------------------------------------------------------


def test_file_that_does_not_fit_is_named(tmp_path):
    write(tmp_path / "o_1.csv", as_csv())
    write(tmp_path / "o_2.csv", "姓名,电话\n王,1\n")
    refused(SchemaError, tmp_path / "o_*.csv", "o_2.csv: no header for")


def test_files_in_different_units_are_not_added_up(tmp_path):
    write(tmp_path / "o_1.csv", "客户编号,下单日期,实付金额(万元)\n1,2024-01-01,5\n")
    write(tmp_path / "o_2.csv", "客户编号,下单日期,实付金额(元)\n1,2024-01-01,5\n")
    refused(ReadError, tmp_path / "o_*.csv", "different units", "o_1.csv", "o_2.csv")


# --- several files, read -------------------------------------------------------


def test_several_files_by_name_each_with_its_own_headers(tmp_path):
    write(tmp_path / "o_2.csv", as_csv([HEADERS, *LINES[2:]]), "gb18030")
    other = [["实付金额", "会员号", "下单日期", "单号", "品名", "件数", "备注"]]
    other += [[r[5], r[1], r[2], r[0], r[3], r[4], "x"] for r in LINES[:2]]
    write(tmp_path / "o_1.csv", as_csv(other, separator=";"))
    frame = read_table(str(tmp_path / "o_*.csv"), "orders")
    assert frame["order_id"].tolist() == [r[0] for r in LINES]
    assert frame["customer_id"].tolist() == [r[1] for r in LINES]
    assert frame["source_row"].tolist() == [2, 3, 2, 3, 4]
    assert frame["source_file"].tolist() == ["o_1.csv"] * 2 + ["o_2.csv"] * 3
    assert frame["备注"].isna().tolist() == [False, False, True, True, True]
    source = frame.attrs["source"]
    assert [f["name"] for f in source["files"]] == ["o_1.csv", "o_2.csv"]
    assert {"kind": "columns_lacking", "file": "o_2.csv", "columns": ["备注"]} in source["notes"]
    assert json.loads(json.dumps(source, ensure_ascii=False)) == source
    both = read_table([tmp_path / "o_2.csv", tmp_path / "o_1.csv"], "orders")
    pd.testing.assert_frame_equal(both, frame)


def test_files_of_one_name_are_told_apart_by_folder(tmp_path):
    for month in ("01", "02"):
        (tmp_path / month).mkdir()
        write(tmp_path / month / "o.csv", as_csv())
    frame = read_table(tmp_path / "*" / "o.csv", "orders")
    assert sorted(set(frame["source_file"])) == ["01/o.csv", "02/o.csv"]


def test_attrs_are_json_for_a_workbook_with_dates_above(tmp_path):
    rows = [[dt.datetime(2024, 4, 1), None, "单位：千元"], HEADERS, *typed()]
    frame = read_table(write_xlsx(tmp_path / "a.xlsx", {"S": rows}), "orders")
    source = frame.attrs["source"]
    assert json.loads(json.dumps(source)) == source
    assert source["factors"] == {"amount": 1000.0}
    assert re.fullmatch("[0-9a-f]{64}", source["files"][0]["sha256"])
