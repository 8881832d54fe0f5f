"""Every format and quirk gives the same five lines."""

from __future__ import annotations

import csv
import hashlib

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest
from make_read_files import (
    COLUMNS,
    HEADERS,
    LINES,
    PLAIN,
    as_csv,
    as_html,
    as_json,
    as_spreadsheet_xml,
    pack,
    show,
    typed,
    write,
    write_ods,
    write_xls,
    write_xlsx,
)

from crm_lib.readwrite import read_table

TYPED = pd.DataFrame(PLAIN, columns=HEADERS)
TITLE = [["旭东公司 2024 年订单明细"], ["导出时间：2024-04-01", "", "", "操作员：王"], []]


def kinds(frame) -> set[str]:
    return {n["kind"] for n in frame.attrs["source"]["notes"]}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_text_in_every_encoding_and_separator(tmp_path, separator, encoding, said):
    path = write(tmp_path / "orders.csv", as_csv(separator=separator), encoding)
    frame = read_table(path, "orders")
    assert show(frame) == LINES
    assert frame["source_row"].tolist() == [2, 3, 4, 5, 6]
    assert frame["source_row"].dtype == "int64"
    source = frame.attrs["source"]
    assert (source["encoding"], source["separator"], source["header_row"]) == (said, separator, 1)
    assert source["mapping"] == dict(zip(COLUMNS, HEADERS, strict=True))
    assert source["files"] == [
        {
            "name": "orders.csv",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_text_with_any_line_end_and_quoting(tmp_path, end, quoting):
    assert show(read_table(write(tmp_path / "a.csv", as_csv(end=end, quoting=quoting)), "orders")) == LINES


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
def test_packed_text(tmp_path, kind):
    path = write(tmp_path / f"orders.csv.{kind}", pack(as_csv().encode("gb18030"), kind))
    frame = read_table(path, "orders")
    assert show(frame) == LINES
    assert frame.attrs["source"]["files"][0]["bytes"] == path.stat().st_size


def test_big5_is_taken_when_only_it_gives_headers_that_fit(tmp_path):
    rows = [["訂單編號", "客戶編號", "下單時間", "實付金額"], ["A1", "007", "2024-01-02", "12"]]
    frame = read_table(write(tmp_path / "tw.csv", as_csv(rows), "big5"), "orders")
    assert frame["customer_id"].tolist() == ["007"]
    assert frame.attrs["source"]["encoding"] == "big5"
    assert "encoding_assumed" in kinds(frame)


def test_western_bytes_that_stand_alone_are_no_chinese(tmp_path):
    head = "InvoiceNo,Description,Quantity,InvoiceDate,UnitPrice,CustomerID"
    text = head + "\n1,CAFÉ £1 MÜG,2,12/1/2010 8:26,2.5,13085\n"
    frame = read_table(write(tmp_path / "uci.csv", text, "cp1252"), "orders")
    assert frame["product_name"].tolist() == ["CAFÉ £1 MÜG"]
    assert frame.attrs["source"]["encoding"] == "cp1252"


def test_encoding_given_wins(tmp_path):
    rows = [["customer_id", "ordered_at", "amount", "备注"], ["1", "2024-01-01", "1", "中文"]]
    path = write(tmp_path / "a.csv", as_csv(rows), "utf-8")
    header = "备注".encode().decode("gb18030", "replace")
    assert "备注" in read_table(path, "orders").columns
    with pytest.raises(ValueError, match="is not valid ascii"):
        read_table(path, "orders", encoding="ascii")
    assert header not in read_table(path, "orders", encoding="utf-8").columns


def test_line_breaks_in_quoted_cells_keep_rows_and_row_numbers(tmp_path):
    rows = [HEADERS, *LINES]
    rows[2] = [*rows[2][:3], "两\n行", *rows[2][4:]]
    frame = read_table(write(tmp_path / "a.csv", as_csv(rows)), "orders")
    assert frame["product_name"].tolist()[1] == "两\n行"
    assert frame["source_row"].tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('"5 寸', '"5 寸'),  # never closed
        ('5" 屏', '5" 屏'),
        ('"5" 屏"', '5" 屏'),  # not doubled within
        ('"大""号"', '大"号'),
    ],
)
@pytest.mark.parametrize("n", [1, 2])
def test_stray_quotation_marks_swallow_no_row(tmp_path, cell, value, n):
    rows = "".join(f"{i},2024-01-0{i},{cell if i <= n else '茶杯'},{i}\n" for i in (1, 2, 3, 4))
    frame = read_table(write(tmp_path / "a.csv", "客户编号,下单日期,品名,实付金额\n" + rows), "orders")
    assert frame["product_name"].tolist() == [value] * n + ["茶杯"] * (4 - n)
    assert frame["amount"].tolist() == ["1", "2", "3", "4"]
    assert ("stray_quotes" in kinds(frame)) == (cell[0] == '"' and cell != '"大""号"')


def test_quotation_mark_closed_by_one_in_a_later_row_swallows_no_row(tmp_path):
    text = '客户编号,下单日期,品名,实付金额\n1,2024-01-01,"5 寸,1\n2,2024-01-02,7",2\n3,2024-01-03,a,3\n'
    frame = read_table(write(tmp_path / "a.csv", text), "orders")
    assert frame["product_name"].tolist() == ['"5 寸', '7"', "a"]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_uneven_rows_are_put_back_where_they_stood(tmp_path, quoting):
    rows = [
        HEADERS,
        ["合计", "1"],
        *LINES[:2],
        ["小计"],
        LINES[2],
        ["a\nb"],
        *LINES[3:],
        [*LINES[0], "", ""],
        ["完"],
    ]
    frame = read_table(write(tmp_path / "a.csv", as_csv(rows, quoting=quoting)), "orders")
    assert frame["order_id"].tolist() == [
        "合计", "A001", "A001", "小计", "A002", "a\nb", "A003", "A004", "A001", "完",
    ]  # fmt: skip
    assert frame["source_row"].tolist() == list(range(2, 12))
    notes = {n["kind"]: n for n in frame.attrs["source"]["notes"]}
    assert notes["short_rows"]["lines"] == [2, 5, 7, 12]
    assert notes["trailing_cells"]["lines"] == [11]


def test_empty_cells_are_missing_and_blanks_are_kept(tmp_path):
    text = 'customer_id,ordered_at,amount,备注\n001,2024-01-02,,""\n002,2024-01-03, ,NA\n'
    frame = read_table(write(tmp_path / "a.csv", text), "orders")
    assert frame["amount"].isna().tolist() == [True, False]
    assert frame["amount"][1] == " "
    assert frame["备注"].isna().tolist() == [True, False]
    assert frame["备注"][1] == "NA"


@pytest.mark.parametrize("separator", [" ", "   "])
def test_columns_set_apart_by_blanks(tmp_path, separator):
    rows = [["customer_id", "date", "number_of_cds", "dollar_value"], ["00001", "19970101", "1", "11.77"]]
    text = "".join("  " + separator.join(r) + "  \r\n" for r in rows)
    frame = read_table(write(tmp_path / "CDNOW.txt", text), "orders")
    assert frame.iloc[0].tolist() == ["00001", "19970101", "1", "11.77", 2]


def test_separator_line_of_excel(tmp_path):
    frame = read_table(write(tmp_path / "a.csv", "sep=;\n" + as_csv(separator=";", end="\n")), "orders")
    assert show(frame) == LINES
    assert frame["source_row"].tolist() == [3, 4, 5, 6, 7]


# --- layouts -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_title_rows_above_the_header(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        write(path, as_csv([*TITLE, HEADERS, *LINES]))
    else:
        write_xlsx(path, {"Sheet1": [*TITLE, HEADERS, *typed()]})
    frame = read_table(path, "orders")
    assert show(frame) == (LINES if kind == "csv" else PLAIN)
    assert frame["source_row"].tolist() == [5, 6, 7, 8, 9]
    assert frame.attrs["source"]["header_row"] == 4
    assert "title_rows" in kinds(frame)


def test_unit_in_the_header_and_in_a_line_above(tmp_path):
    above = write(
        tmp_path / "a.csv", "销售明细,,\n单位：万元,,\n客户编号,下单时间,实付金额\n1,2024-01-01,0.5\n"
    )
    frame = read_table(above, "orders")
    assert frame["amount"].tolist() == ["0.5"]
    assert frame.attrs["source"]["factors"] == {"amount": 10000.0}
    assert "unit_line" in kinds(frame)
    inside = write(tmp_path / "b.csv", "单位：万元,,\n客户编号,下单时间,实付金额(元)\n1,2024-01-01,5000\n")
    assert read_table(inside, "orders").attrs["source"]["factors"] == {}


def test_two_header_rows(tmp_path):
    rows = [["客户编号", "订单信息", "", "金额信息", ""], ["", "单号", "下单日期", "数量", "实付金额"],
            ["007", "A1", "2024-01-02", "2", "10"]]  # fmt: skip
    frame = read_table(write(tmp_path / "a.csv", as_csv(rows)), "orders")
    assert frame.iloc[0].to_dict() == {
        "order_id": "A1", "customer_id": "007", "ordered_at": "2024-01-02", "quantity": "2", "amount": "10",
        "source_row": 3,
    }  # fmt: skip
    assert frame.attrs["source"]["header_row"] == 2
    assert "two_header_rows" in kinds(frame)


def test_two_header_rows_merged_in_a_workbook(tmp_path):
    rows = [
        ["客户编号", "订单信息", None, "实付金额"],
        [None, "单号", "下单日期", None],
        ["007", "A1", "2024-01-02", 10],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows}, merged={"S": ["A1:A2", "B1:C1", "D1:D2"]})
    frame = read_table(path, "orders")
    assert frame[["order_id", "customer_id", "amount"]].iloc[0].tolist() == ["A1", "007", 10]
    assert frame["source_row"].tolist() == [3]


def test_group_names_tell_repeated_headers_apart(tmp_path):
    rows = [
        ["客户编号", "下单日期", "线上", "", "线下", ""],
        ["", "", "数量", "实付金额", "数量", "实付金额"],
        ["007", "2024-01-02", "1", "10", "2", "30"],
    ]
    path = write(tmp_path / "a.csv", as_csv(rows))
    frame = read_table(path, "orders", columns="amount=线下 实付金额")
    assert frame["amount"].tolist() == ["30"]
    assert frame["线上 实付金额"].tolist() == ["10"]


@pytest.mark.parametrize("word", ["合计", "总 计：", "本页小计", "Grand Total", "Sum", "合計"])
def test_totals_row_is_left_and_noted(tmp_path, word):
    total = [word, "", "", "", "9", "372.3"]
    frame = read_table(write(tmp_path / "a.csv", as_csv([HEADERS, *LINES, total])), "orders")
    assert len(frame) == 6
    note = next(n for n in frame.attrs["source"]["notes"] if n["kind"] == "totals_rows")
    assert (note["n"], note["rows"]) == (1, [7])


def test_blank_lines_stay_rows_and_are_counted(tmp_path):
    text = as_csv([HEADERS, LINES[0], [], LINES[2], [""] * 6, LINES[3]], end="\n") + "\n\n"
    frame = read_table(write(tmp_path / "a.csv", text), "orders")
    assert frame["customer_id"].fillna("-").tolist() == ["007", "-", "0815", "-", "1042"]
    assert frame["source_row"].tolist() == [2, 3, 4, 5, 6]


def test_trailing_separators_and_footer_lines(tmp_path):
    lines = as_csv(end="\n").splitlines()
    text = "\n".join([lines[0], *(line + ",," for line in lines[1:]), "合计,,372.3", "共 5 条记录"])
    frame = read_table(write(tmp_path / "a.csv", text), "orders")
    assert show(frame)[:5] == LINES
    assert len(frame) == 7
    assert {"trailing_cells", "short_rows", "totals_rows"} <= kinds(frame)


def test_columns_without_header_or_content_are_no_columns(tmp_path):
    rows = [["", *HEADERS, "", ""], *(["", *r, "", "x" if r[0] == "A002" else ""] for r in LINES)]
    frame = read_table(write(tmp_path / "a.csv", as_csv(rows)), "orders")
    assert show(frame) == LINES
    assert [c for c in frame.columns if c.startswith("column_")] == ["column_9"]


def test_unmatched_columns_keep_their_header_behind_the_known_ones(tmp_path):
    rows = [["备注", "amount", "客户编号", "应付", "日期", "备注"], ["a", "1", "2", "3", "2024-01-01", "b"]]
    frame = read_table(write(tmp_path / "a.csv", as_csv(rows)), "orders", columns={"amount": "应付"})
    assert frame.columns.tolist() == [
        "customer_id", "ordered_at", "amount", "备注", "amount_2", "备注_2", "source_row",
    ]  # fmt: skip
    assert frame.iloc[0].tolist() == ["2", "2024-01-01", "3", "a", "1", "b", 2]


def test_file_without_header_is_read_by_number(tmp_path):
    path = write(tmp_path / "a.csv", "007,2024-01-02,10\n008,2024-01-03,20\n")
    frame = read_table(
        path, "orders", header_row=0, columns="customer_id=column_1,ordered_at=column_2,amount=column_3"
    )
    assert frame["customer_id"].tolist() == ["007", "008"]
    assert frame["source_row"].tolist() == [1, 2]


def test_header_only_file_has_no_rows(tmp_path):
    for path in (
        write(tmp_path / "a.csv", as_csv([HEADERS])),
        write_xlsx(tmp_path / "a.xlsx", {"S": [HEADERS]}),
    ):
        frame = read_table(path, "orders")
        assert len(frame) == 0
        assert frame.columns.tolist() == [*COLUMNS, "source_row"]


# --- workbooks -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.xlsx", "a.xlsm", "a.csv", "a.xls"])
def test_xlsx_whatever_its_suffix(tmp_path, name):
    path = write_xlsx(tmp_path / "a.xlsx", {"订单": [HEADERS, *typed()]}).rename(tmp_path / name)
    frame = read_table(path, "orders")
    assert show(frame) == PLAIN
    assert ("suffix_differs" in kinds(frame)) == (name == "a.csv")


def test_old_xls_and_ods(tmp_path):
    assert show(read_table(write_xls(tmp_path / "a.xls", [HEADERS, *typed()]), "orders")) == PLAIN
    assert show(read_table(write_ods(tmp_path / "a.ods", [HEADERS, *PLAIN]), "orders")) == PLAIN


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_text_called_xls(tmp_path, encoding):
    path = write(tmp_path / "export.xls", as_csv([HEADERS, *PLAIN], separator="\t"), encoding)
    frame = read_table(path, "orders")
    assert show(frame) == PLAIN
    assert "suffix_differs" in kinds(frame)


def test_web_page_called_xls(tmp_path):
    frame = read_table(write(tmp_path / "export.xls", as_html([HEADERS, *PLAIN]), "gb18030"), "orders")
    assert show(frame) == PLAIN
    assert "suffix_differs" in kinds(frame)


def test_web_page_with_rows_spanned(tmp_path):
    text = (
        "<table><tr><th>客户编号</th><th>下单日期</th><th>实付金额</th></tr>"
        "<tr><td rowspan=2>007</td><td>2024-01-02</td><td>1</td></tr>"
        "<tr><td>2024-01-03</td><td>2</td></tr></table>"
    )
    frame = read_table(write(tmp_path / "a.html", text), "orders")
    assert frame["customer_id"].tolist() == ["007", "007"]
    assert frame["amount"].tolist() == ["1", "2"]


def test_xml_workbook_called_xls(tmp_path):
    rows = [HEADERS, *([*r[:5], float(r[5])] for r in PLAIN)]
    assert show(read_table(write(tmp_path / "export.xls", as_spreadsheet_xml(rows)), "orders")) == PLAIN


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_merged_cells_are_filled_down_but_amounts_are_not(tmp_path, kind):
    rows = [
        ["客户编号", "下单日期", "商品名称", "实付金额"],
        ["007", "2024-01-02", "毛巾", 30],
        [None, None, "枕头", None],
        ["008", "2024-01-03", "茶杯", 5],
    ]
    path = tmp_path / f"a.{kind}"
    if kind == "xlsx":
        write_xlsx(path, {"S": rows}, merged={"S": ["A2:A3", "B2:B3", "D2:D3"]})
    else:
        write_xls(path, rows, merged=[(1, 2, 0, 0), (1, 2, 1, 1), (1, 2, 3, 3)])
    frame = read_table(path, "orders")
    assert frame["customer_id"].tolist() == ["007", "007", "008"]
    assert frame["ordered_at"].tolist() == ["2024-01-02", "2024-01-02", "2024-01-03"]
    # 30 is paid for both lines together: 30 + 5 in all, not 30 + 30 + 5
    assert frame["amount"].astype(float).sum() == 35
    notes = {n["kind"]: n for n in frame.attrs["source"]["notes"]}
    assert notes["merged_cells"]["n_filled"] == 2
    assert notes["merged_amounts"]["rows"] == [2]


def test_one_fitting_sheet_among_others_is_taken_and_noted(tmp_path):
    path = write_xlsx(
        tmp_path / "a.xlsx", {"说明": [["本文件由系统导出"]], "订单": [HEADERS, *typed()], "空": []}
    )
    frame = read_table(path, "orders")
    assert show(frame) == PLAIN
    note = next(n for n in frame.attrs["source"]["notes"] if n["kind"] == "sheet_chosen")
    assert note == {"kind": "sheet_chosen", "sheet": "订单", "hidden": False, "others": ["说明"]}


def test_sheet_named_by_hash_or_option(tmp_path):
    sheets = {"1月": [HEADERS, *typed(PLAIN[:2])], "2月": [HEADERS, *typed(PLAIN[2:])]}
    path = write_xlsx(tmp_path / "a.xlsx", sheets)
    assert show(read_table(f"{path}#2月", "orders")) == PLAIN[2:]
    assert show(read_table(path, "orders", sheet="1月")) == PLAIN[:2]


def test_hidden_sheet_counts_only_without_a_visible_one(tmp_path):
    sheets = {"旧": [HEADERS, *typed(PLAIN[:1])], "订单": [HEADERS, *typed()]}
    path = write_xlsx(tmp_path / "a.xlsx", sheets, hidden=("旧",))
    assert len(read_table(path, "orders")) == 5
    assert len(read_table(f"{path}#旧", "orders")) == 1
    only = write_xlsx(tmp_path / "b.xlsx", {"封面": [["封面"]], "旧": sheets["旧"]}, hidden=("旧",))
    frame = read_table(only, "orders")
    assert len(frame) == 1
    assert next(n for n in frame.attrs["source"]["notes"] if n["kind"] == "sheet_chosen")["hidden"] is True


# --- typed formats and frames --------------------------------------------------


def _parquet(p):
    TYPED.to_parquet(p / "a.parquet")
    return p / "a.parquet"


def _feather(p):
    pyarrow.feather.write_feather(pa.Table.from_pandas(TYPED), p / "a.feather")
    return p / "a.feather"


def _duckdb(p):
    with duckdb.connect(str(p / "shop.duckdb")) as db:
        db.register("view_", pa.Table.from_pandas(TYPED))
        db.execute("CREATE TABLE orders AS SELECT * FROM view_")
        db.execute("CREATE TABLE other (x INTEGER)")
    return p / "shop.duckdb"


def _sqlite(p):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(p / "shop.db")) as db:
        TYPED.to_sql("orders", db, index=False)
        db.execute("CREATE TABLE other (x)")
        db.commit()
    return p / "shop.db"


SOURCES = {
    "parquet": _parquet,
    "feather": _feather,
    "duckdb": _duckdb,
    "duckdb#table": lambda p: f"{_duckdb(p)}#orders",
    "duckdb url": lambda p: f"duckdb:///{_duckdb(p)}#orders",
    "sqlite": _sqlite,
    "sqlite#table": lambda p: f"{_sqlite(p)}#orders",
    "sqlite url": lambda p: f"sqlite:///{_sqlite(p)}#orders",
    "json": lambda p: write(p / "a.json", as_json(lines=False)),
    "json lines": lambda p: write(p / "a.jsonl", as_json(lines=True)),
    "pandas": lambda p: TYPED,
    "arrow": lambda p: pa.Table.from_pandas(TYPED),
    "polars": lambda p: pl.DataFrame(TYPED.to_dict("list")),
    "polars lazy": lambda p: pl.LazyFrame(TYPED.to_dict("list")),
    "duckdb relation": lambda p: duckdb.connect().from_arrow(pa.Table.from_pandas(TYPED)),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_typed_sources(tmp_path, kind):
    frame = read_table(SOURCES[kind](tmp_path), "orders")
    assert show(frame) == PLAIN
    assert frame["source_row"].tolist() == [1, 2, 3, 4, 5]
    assert len(frame.attrs["source"]["files"][0]["sha256"]) == 64


def test_whole_numbers_with_gaps_stay_whole(tmp_path):
    big = 9_007_199_254_740_993  # 2**53 + 1: lost as a float
    table = pa.table({
        "客户编号": pa.array([big, None], pa.int64()),
        "日期": ["2024-01-01"] * 2,
        "amount": [1.0, 2.0],
    })
    assert read_table(table, "orders")["customer_id"].tolist() == [big, None]


def test_index_and_categories_of_a_frame_become_plain_columns():
    raw = pd.DataFrame(
        {"日期": ["2024-01-01"], "amount": [1.0], "渠道": pd.Categorical(["线上"])},
        index=pd.Index(["007"], name="客户编号"),
    )
    frame = read_table(raw, "orders")
    assert frame["customer_id"].tolist() == ["007"]
    arrow = read_table(pa.Table.from_pandas(raw), "orders")
    assert arrow["channel"].tolist() == ["线上"]
    assert not isinstance(arrow["channel"].dtype, pd.CategoricalDtype)


def test_reading_a_read_frame_again_changes_nothing(tmp_path):
    path = write(tmp_path / "a.csv", as_csv([*TITLE, [*HEADERS[:5], "实付金额(万元)"], *LINES]))
    once = read_table(path, "orders")
    twice = read_table(once, "orders")
    pd.testing.assert_frame_equal(once, twice)
    assert twice.attrs["source"]["files"] == once.attrs["source"]["files"]
    assert twice.attrs["source"]["factors"] == {"amount": 10000.0}


def test_input_frame_is_not_changed():
    raw = pd.DataFrame(PLAIN, columns=HEADERS)
    before = raw.copy()
    frame = read_table(raw, "orders")
    frame.loc[:, "customer_id"] = "x"
    pd.testing.assert_frame_equal(raw, before)
