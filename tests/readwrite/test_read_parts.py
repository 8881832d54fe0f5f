"""Column files, fingerprints, totals rows, and text written and read again."""

from __future__ import annotations

import csv
import hashlib
import io
import sqlite3
import subprocess
import sys
from contextlib import closing

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_read_files import HEADERS, LINES, as_csv, typed, write, write_xlsx

from crm_lib.errors import CrmError, DataError
from crm_lib.readwrite import (
    data_fingerprint,
    find_totals_rows,
    load_columns,
    propose_columns,
    read_table,
    save_columns,
)
from crm_lib.readwrite.parts import hide_password

# --- column mappings ---


@pytest.mark.parametrize(
    "text",
    [
        "customer_id=会员卡,order_id=单号",
        " customer_id = 会员卡 ; order_id=单号, ",
        "customer_id=会员卡，order_id=单号",
        "customer_id=\"会员卡\"\norder_id='单号'",
    ],
)
def test_inline_columns(text):
    assert load_columns(text) == {"customer_id": "会员卡", "order_id": "单号"}


def test_inline_columns_keep_commas_of_a_header():
    assert load_columns("amount=金额,元,order_id=单号") == {"amount": "金额,元", "order_id": "单号"}
    assert load_columns("amount=") == {"amount": ""}
    assert load_columns("") == {}


@pytest.mark.parametrize("text", ["customer_id", "=会员卡", "order_id=1,order_id=2"])
def test_wrong_inline_columns(text):
    with pytest.raises(CrmError, match=r"^columns: "):
        load_columns(text)


@given(
    st.dictionaries(
        st.sampled_from(["customer_id", "order_id", "amount"]),
        st.text(st.characters(codec="utf-8"), max_size=20),
    )
)
@settings(max_examples=60)
def test_columns_saved_are_read_again(tmp_path_factory, mapping):
    path = save_columns(mapping, tmp_path_factory.mktemp("c") / "columns.toml")
    assert load_columns(path) == mapping
    assert path.read_text(encoding="utf-8").startswith("#")


def test_column_file_of_the_wrong_kind(tmp_path):
    with pytest.raises(CrmError, match="is not a column file"):
        load_columns(write(tmp_path / "c.toml", "customer_id = "))
    with pytest.raises(CrmError, match="must be text"):
        load_columns(write(tmp_path / "c.toml", "customer_id = 3\n"))


def test_proposal_fills_what_reading_would_not_guess(tmp_path):
    path = write(tmp_path / "a.csv", "会员卡片,单号,日子,订单金额,应付金额\n1,2,2024-01-01,4,5\n")
    with pytest.raises(CrmError, match="no header for|could be"):
        read_table(path, "orders")
    proposed = propose_columns(path, "orders")
    assert proposed == {
        "order_id": "单号", "customer_id": "会员卡片", "ordered_at": "日子", "amount": "订单金额",
    }  # fmt: skip
    saved = save_columns({**proposed, "amount": "应付金额"}, tmp_path / "columns.toml")
    frame = read_table(path, "orders", columns=saved)
    assert frame[["customer_id", "amount"]].iloc[0].tolist() == ["1", "5"]
    assert propose_columns(path, "orders", columns=saved)["amount"] == "应付金额"


# --- fingerprints ---


def test_fingerprint_is_that_of_the_bytes(tmp_path):
    path = write(tmp_path / "a.csv", as_csv())
    wanted = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert data_fingerprint(read_table(path, "orders")) == wanted
    assert data_fingerprint(read_table(path.rename(tmp_path / "b.csv"), "orders")) == wanted


def test_fingerprint_of_frames_and_several_files(tmp_path):
    raw = pd.DataFrame(LINES, columns=HEADERS)
    one = data_fingerprint(read_table(raw, "orders"))
    assert one == data_fingerprint(read_table(raw.copy(), "orders"))
    assert one != data_fingerprint(read_table(raw.iloc[1:].reset_index(drop=True), "orders"))
    write(tmp_path / "1.csv", as_csv())
    write(tmp_path / "2.csv", as_csv([HEADERS, LINES[0]]))
    both = data_fingerprint(read_table(tmp_path / "*.csv", "orders"))
    assert len(both) == 12
    assert both != data_fingerprint(read_table(tmp_path / "1.csv", "orders"))
    with pytest.raises(DataError, match="read_table"):
        data_fingerprint(raw)


# --- totals rows ---


def test_totals_rows_need_an_empty_key():
    raw = pd.DataFrame(
        [
            ["A1", "C1", "2024-01-02", "Total Wine", "1"],
            ["A2", "C2", "2024-01-02", "合计", "2"],  # an article of that name: customer and day are there
            ["合计", None, None, None, "3"],
            [None, "小计", None, None, "3"],
            [None, None, "总计：", None, "3"],
            [None, "", "2024-01-02", "本页小计", "3"],
            [None, "C1 汇总", None, None, "3"],
            [None, "合计", "合计", "合计", "3"],
            ["A3", None, "2024-01-02", "毛巾", "4"],
            [None, None, None, None, "7"],
        ],
        columns=["order_id", "customer_id", "ordered_at", "product_name", "amount"],
    )
    raw["source_row"] = range(2, 12)
    found = find_totals_rows(raw)
    assert found.tolist() == [False, False, True, True, True, True, True, True, False, False]
    assert found.dtype == bool
    assert find_totals_rows(raw.iloc[::-1]).tolist() == found.tolist()[::-1]


def test_totals_rows_of_other_tables_and_of_nothing():
    products = pd.DataFrame({"sku": ["P1", "Total"], "unit_price": [1.0, 2.0]})
    assert find_totals_rows(products).tolist() == [False, True]
    assert find_totals_rows(products.iloc[:0]).tolist() == []
    assert find_totals_rows(pd.DataFrame(index=[5, 6])).tolist() == [False, False]


# --- text written and read again ---

CELLS = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cs", "Cc", "Zl", "Zp"), include_characters="\n"),
    max_size=12,
)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150)
def test_any_text_comes_back(tmp_path_factory, rows, separator, encoding, quoting, end):
    path = tmp_path_factory.mktemp("t") / "a.csv"
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerow(["customer_id", "ordered_at", "amount", "备注1", "备注2", "备注3"])
    writer.writerows([f"C{i}", "2024-01-02", "1", *row] for i, row in enumerate(rows))
    path.write_bytes(out.getvalue().encode(encoding))
    frame = read_table(path, "orders", encoding=encoding if encoding == "gb18030" else None)
    texts = frame.reindex(columns=["备注1", "备注2", "备注3"]).astype(object)
    back = [["" if c is None or c != c else c for c in row] for row in texts.to_numpy().tolist()]
    assert back == [list(row) for row in rows]
    assert frame["customer_id"].tolist() == [f"C{i}" for i in range(len(rows))]
    assert frame["source_row"].tolist() == list(range(2, len(rows) + 2))


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_no_bytes_raise_anything_but_a_sentence(tmp_path_factory, data):
    path = write(tmp_path_factory.mktemp("b") / "a.csv", data)
    with pytest.raises(CrmError) as caught:
        read_table(path, "orders")
    assert "a.csv" in str(caught.value)


HEADS = (
    b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"ARROW1", b"\x1f\x8b", b"BZh", b"SQLite format 3\0",
    b"\0\0\0\0\0\0\0\0DUCK", b"<html>", b"{", b"[{", b"<?xml ",
)  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_no_damaged_file_of_any_kind_raises_anything_but_a_sentence(tmp_path, head):
    path = write(tmp_path / "a.bin", head + bytes(range(256)) * 4)
    with pytest.raises(CrmError) as caught:
        read_table(path, "orders")
    assert "a.bin" in str(caught.value)


# --- the rest ---


def test_environment_variable_stands_for_the_source(tmp_path, monkeypatch):
    path = write_xlsx(tmp_path / "a.xlsx", {"1": [HEADERS, *typed()], "2": [HEADERS]})
    monkeypatch.setenv("SHOP_ORDERS", f"{path}#1")
    assert len(read_table("env:SHOP_ORDERS", "orders")) == 5


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+pg8000://ann:s3cret@db:5432/shop",
        "mysql://ann:s3c/r@et@db/shop",
        "mysql://ann@db/shop?password=s3cret",
        "mysql://:s3cret@db/shop",
    ],
)
def test_no_password_in_a_shown_address(url):
    shown = hide_password(url)
    assert "s3c" not in shown
    assert "@db" in shown


def test_numbers_signs_in_names_of_files_and_sheets(tmp_path):
    path = write_xlsx(tmp_path / "a#1.xlsx", {"S#1": [HEADERS, *typed()], "S#2": [HEADERS]})
    assert len(read_table(f"{path}#S#1", "orders")) == 5


def test_web_address_is_refused_before_anything_is_asked():
    with pytest.raises(CrmError, match="address on the web"):
        read_table("https://example.com/orders.csv", "orders")


def test_sqlite_address_goes_by_primary_key(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE o (customer_id TEXT, ordered_at TEXT, amount REAL, n INTEGER PRIMARY KEY)")
        rows = [("007", "2024-01-02", 1.5, 2), ("008", "2024-01-01", None, 1)]
        db.executemany("INSERT INTO o VALUES (?, ?, ?, ?)", rows)
        db.commit()
    frame = read_table(f"sqlite:///{path}#o", "orders")
    assert frame["customer_id"].tolist() == ["008", "007"]
    assert frame["amount"].isna().tolist() == [True, False]


def test_source_row_of_a_file_does_not_shadow_ours(tmp_path):
    path = write(tmp_path / "a.csv", "source_row,customer_id,ordered_at,amount\nx,1,2024-01-01,2\n")
    frame = read_table(path, "orders")
    assert frame["source_row"].tolist() == [2]
    assert frame["source_row_2"].tolist() == ["x"]


def test_importing_the_reader_loads_nothing_heavy():
    code = (
        "import sys, crm_lib.readwrite; heavy = ('pandas', 'pyarrow', 'duckdb', 'python_calamine'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "[]"
