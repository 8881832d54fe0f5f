"""Data of a student's own: the same again from key and id, and different from everybody else's."""

import csv
import hashlib
import io

import pytest

from crm_lib import clean_table, read_table, sample
from crm_lib.errors import ParameterError
from crm_lib.teach.personal_data import (
    choose_customers,
    choose_personal,
    derive_seed,
    draw_personal_data,
    read_course_key,
    write_personal_data,
)

TOUR, MVC, PORTRAIT = (
    "0_start/1_tour",
    "2_differentiation/1_most_valuable",
    "5_information/7_customer_portrait",
)
KEY = b"a key of this course"


def draw(notebook_id, student_id, key=KEY):
    return draw_personal_data(notebook_id, derive_seed(key, student_id))


def test_the_seed_is_the_hmac_of_key_and_id():
    # RFC 2104 by hand: H((K ⊕ opad) ‖ H((K ⊕ ipad) ‖ text)), K padded to 64 bytes
    key, text = KEY.ljust(64, b"\0"), "crm personal data 1\n学生7".encode()
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + text).digest()
    assert derive_seed(KEY, "学生7") == hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()


def test_key_and_id_give_the_same_bytes_and_anything_else_others():
    assert draw(MVC, "1") == draw(MVC, "1")
    drawn = [draw(TOUR, i)["orders"][1] for i in ("1", "2", "01")] + [draw(TOUR, "1", b"x" * 16)["orders"][1]]
    assert len(set(drawn)) == 4


@pytest.mark.parametrize(
    ("notebook_id", "tables"),
    [
        (TOUR, {"orders": "orders"}),
        (MVC, {"orders": "orders", "contacts": "contacts"}),
        (PORTRAIT, {"orders": "orders", "customers": "customers", "products": "products"}),
    ],
)
def test_each_notebook_gets_the_tables_it_reads(notebook_id, tables):
    assert choose_personal(notebook_id) == tables
    assert {p: name for p, (name, _) in draw(notebook_id, "1").items()} == {
        p: f"data/my_{table}.csv" for p, table in tables.items()
    }


def test_a_customer_comes_whole_or_not_at_all_in_every_table(tmp_path):
    keep = choose_customers(derive_seed(KEY, "1"))
    write_personal_data(MVC, "1", key=KEY, folder=tmp_path)
    for table in ("orders", "contacts"):
        whole = read_table(sample.path(f"xudong_{table}"), table)
        mine = read_table(tmp_path / "data" / f"my_{table}.csv", table)
        expected = whole[whole["customer_id"].map(lambda i: isinstance(i, str) and keep(i))]
        assert mine["customer_id"].dropna().tolist() == expected["customer_id"].tolist()
        assert 0.5 < len(mine) / len(whole) < 0.9


def test_the_share_itself_is_drawn():
    ids = read_table(sample.path("xudong_orders"), "orders")["customer_id"].dropna().unique()
    rules = [choose_customers(derive_seed(KEY, str(i))) for i in range(30)]
    counts = [sum(map(rule, ids)) for rule in rules]
    assert len(set(counts)) > 15
    assert all(0.52 < n / len(ids) < 0.88 for n in counts)


def test_cells_faults_encoding_and_separator_stay_as_the_company_has_them():
    for table, encoding, mark in (("orders", "utf-8-sig", ","), ("contacts", "gb18030", ";")):
        whole = sample.path(f"xudong_{table}").read_bytes().decode(encoding)
        mine = draw(MVC, "1")[table][1].decode(encoding)
        rows = [tuple(r) for r in csv.reader(io.StringIO(mine), delimiter=mark)]
        before = [tuple(r) for r in csv.reader(io.StringIO(whole), delimiter=mark)]
        assert rows[0] == before[0]
        assert set(rows) < set(before)
    # 2022/1/2 beside 2022-01-02: both forms of dates are still there
    assert "合计" not in draw(TOUR, "1")["orders"][1].decode("utf-8-sig")


def test_registers_of_three_kinds_become_one_readable_table(tmp_path):
    write_personal_data(PORTRAIT, "1", key=KEY, folder=tmp_path)
    mine = read_table(tmp_path / "data" / "my_customers.csv", "customers")
    whole = read_table(sample.paths("xudong_customers"), "customers")
    keep = choose_customers(derive_seed(KEY, "1"))
    assert mine["record_id"].tolist() == [i for i in whole["record_id"] if i != "合计" and keep(i)]


def test_what_was_drawn_can_be_cleaned(tmp_path):
    write_personal_data(TOUR, "1", key=KEY, folder=tmp_path)
    raw = read_table(tmp_path / "data" / "my_orders.csv", "orders")
    cleaned = clean_table(raw, "orders")
    assert len(cleaned.quarantine) < 0.05 * len(raw)
    assert 0.5 * 500 < cleaned.rows["customer_id"].nunique() < 0.9 * 500


def test_the_key_is_read_from_where_it_lies_and_never_repeated(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("0123456789abcdef\n", encoding="utf-8")
    monkeypatch.setenv("COURSE_KEY", "0123456789abcdef")
    assert (
        read_course_key(f"file:{tmp_path / 'key'}")
        == read_course_key("env:COURSE_KEY")
        == b"0123456789abcdef"
    )
    monkeypatch.setenv("COURSE_KEY", "geheim")
    with pytest.raises(ParameterError, match="at least 16 characters") as caught:
        read_course_key("env:COURSE_KEY")
    assert "geheim" not in str(caught.value)
    with pytest.raises(ParameterError) as caught:
        read_course_key("the-key-itself-typed")
    assert "the-key-itself-typed" not in str(caught.value)
