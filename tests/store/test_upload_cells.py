"""One cell of an upload: what Excel and input methods do to it is undone, or the broken rule is named."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from crm_lib.errors import ParameterError
from crm_lib.store.cell_readers import READERS, Cell
from crm_lib.store.cell_texts import find_blank, pack_rows, tell_text, tidy_text
from crm_lib.store.fields import list_forms, load_form

CUSTOMERS = load_form("customers")


def ric_number(body: str) -> str:
    return body + ric.calc_check_digit(body + "0")


def read(column: str, raw, table: str = "customers") -> Cell:
    field = load_form(table).field(column)
    return READERS[field.form](tell_text(raw), field, raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("13812345678", "13812345678"),
        (13812345678, "13812345678"),
        (13812345678.0, "13812345678"),  # Excel's number
        ("1.3812345678E+10", "13812345678"),  # a CSV that Excel wrote, all digits there
        ("13812345678.0", "13812345678"),
        ("　１３８－１２３４－５６７８ ", "13812345678"),  # full width
        ("+86 138 1234 5678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("(0571) 8765 4321", "0571-87654321"),
        ("010-66012345", "010-66012345"),
        ("0571-87654321转801", "0571-87654321-801"),
        ("+1 650-253-0000", "+16502530000"),
        (None, None),
        ("无", None),
        (" ", None),
    ],
)
def test_a_phone_is_read_however_it_is_written(raw, value) -> None:
    assert read("phone", raw) == Cell(value)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("1.38E+10", "lost_digits"),
        ("1381234567", "phone_digits"),
        ("138123456789", "phone_digits"),
        ("12012345678", "phone_digits"),
        ("13812345678/13987654321", "two_numbers"),
        ("87654321", "phone"),  # a landline nobody elsewhere could dial
        ("张三", "phone"),
        ("=13812345678", "phone"),
    ],
)
def test_a_wrong_phone_is_named(raw, rule) -> None:
    assert read("phone", raw).rule == rule


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1990-03-07", dt.date(1990, 3, 7)),
        ("1990/3/7", dt.date(1990, 3, 7)),
        ("1990年3月7日", dt.date(1990, 3, 7)),
        ("19900307", dt.date(1990, 3, 7)),
        (19900307.0, dt.date(1990, 3, 7)),
        ("１９９０．０３．０７", dt.date(1990, 3, 7)),
        (32939, dt.date(1990, 3, 7)),  # 1899-12-30 + 32,939 days
        (32939.75, dt.date(1990, 3, 7)),
        (dt.datetime(1990, 3, 7), dt.date(1990, 3, 7)),
        (dt.date(1990, 3, 7), dt.date(1990, 3, 7)),
        (pd.Timestamp("1990-03-07 10:00"), dt.date(1990, 3, 7)),
        (float("nan"), None),
    ],
)
def test_a_day_is_read_however_it_is_written(raw, value) -> None:
    assert read("birth_date", raw) == Cell(value)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("1990-02-30", "date"),
        ("7/3/1990", "date_open"),
        ("03-07-90", "date_open"),
        ("去年", "date"),
        ("1850-01-01", "date"),
    ],
)
def test_a_wrong_day_is_named(raw, rule) -> None:
    assert read("birth_date", raw).rule == rule


def test_a_time_keeps_its_clock() -> None:
    noon = dt.datetime(2024, 5, 20, 12, 30)
    told = ["2024-05-20 12:30", "2024/5/20 12:30:00", "2024-05-20T12:30:00", noon, 45432.520833333336]
    assert [read("ordered_at", raw, "transactions").value for raw in told] == [noon] * 5
    assert read("ordered_at", "2024-05-20 25:00", "transactions").rule == "date"


@given(st.integers(0, 10**15))
def test_identity_numbers_are_judged_as_python_stdnum_does(seed: int) -> None:
    # Beijing 东城, whose code never changed: there stdnum asks no more than the form, the day and the digit
    body = f"110101{1950 + seed % 60}{1 + seed // 60 % 12:02d}{1 + seed // 720 % 31:02d}{seed // 22320 % 1000:03d}"
    number = body + "0123456789X"[seed // 22_320_000 % 11]
    assert (read("identity_no", number).rule == "") == ric.is_valid(number)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("11010119900307003", "identity_form"),
        ("110101900307003", "identity_old"),
        ("110101199003070039", "identity_check"),
        (ric_number("99010119900307003"), "identity_part"),
        (ric_number("11010119900230003"), "identity_part"),
        (110101199003070038.0, "lost_digits"),  # a float has 15 digits
        ("1.10101E+17", "lost_digits"),
    ],
)
def test_a_wrong_identity_number_is_named(raw, rule) -> None:
    assert read("identity_no", raw).rule == rule


def test_a_place_that_got_its_code_later_counts() -> None:
    # 广州天河 has its code since 1985; who was registered there then was born earlier
    number = ric_number("44010619700101001")
    assert read("identity_no", number.lower()) == Cell(number)
    assert not ric.is_valid(number)


@pytest.mark.parametrize(
    ("column", "raw", "value"),
    [
        ("gender", "先生", "男"),
        ("gender", "F", "女"),
        ("province", "广东", "广东省"),
        ("province", "内蒙古", "内蒙古自治区"),
        ("province", "北京", "北京市"),
        ("channel", "web", "网店"),
        ("education", "本科　", "本科"),
        ("name", " 李　娜 ", "李娜"),
        ("name", "Anna  Li", "Anna Li"),
        ("name", "阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("address", "旭日路１０８号\u200b，三楼", "旭日路108号，三楼"),
        ("email", "Li.Na＠EXAMPLE.com", "Li.Na@example.com"),
    ],
)
def test_words_come_into_one_form(column, raw, value) -> None:
    assert read(column, raw) == Cell(value)


@pytest.mark.parametrize(
    ("column", "raw", "rule"),
    [
        ("gender", "不知道", "choice"),
        ("province", "火星", "choice"),
        ("name", "=1+1", "formula"),
        ("name", "@SUM(A1)", "formula"),
        ("name", "-cmd", "formula"),
        ("name", "<b>王</b>", "markup"),
        ("address", "<script>x</script>", "markup"),
        ("address", "路" * 201, "too_long"),
        ("name", "12345", "name"),
        ("name", "王;DROP", "name"),
        ("email", "nobody", "email"),
        ("email", "a@b", "email"),
        ("email", "a..b@example.com", "email"),
    ],
)
def test_what_is_no_word_of_the_column_is_named(column, raw, rule) -> None:
    assert read(column, raw).rule == rule


@pytest.mark.parametrize(
    ("raw", "value"), [("¥1,200.50", 1200.5), ("38.20元", 38.2), (-3, -3.0), ("１２", 12.0), ("", None)]
)
def test_amounts_are_read(raw, value) -> None:
    assert read("amount", raw, "transactions") == Cell(value)


@pytest.mark.parametrize("raw", ["1,20", "abc", "nan%", "1e999", "Infinity"])
def test_what_is_no_amount_is_named(raw) -> None:
    assert read("amount", raw, "transactions").rule == "number"


@given(st.text(max_size=40), st.sampled_from(["customers", "transactions", "investments"]))
def test_no_text_breaks_a_reader(text: str, table: str) -> None:
    for field in load_form(table).fields:
        cell = READERS[field.form](text, field, text)
        assert cell.value is None or not cell.rule
        if isinstance(cell.value, str):
            again = READERS[field.form](cell.value, field, cell.value)
            assert again.value == cell.value, "what was read once is read as itself"


@given(st.text(max_size=30))
def test_tidy_text_is_tidy(text: str) -> None:
    assert tidy_text(tidy_text(text)) == tidy_text(text)


def test_rows_are_packed_as_they_came() -> None:
    frame = pd.DataFrame({
        "姓\"名": ["王\n伟", None, "\ud800"], "数": [1.0, 2.5, float("nan")], "日": [dt.date(2024, 1, 2), None, True],
    }, dtype=object)  # fmt: skip
    packed = [json.loads(text) for text in pack_rows(frame)]
    assert packed == [
        {'姓"名': "王\n伟", "数": 1, "日": "2024-01-02"},
        {"数": 2.5},
        {'姓"名': "\ud800", "日": True},
    ]
    assert all(text.encode("utf-8") for text in pack_rows(frame))
    assert pack_rows(frame.iloc[:0]) == []


def test_blank_rows_are_found() -> None:
    frame = pd.DataFrame({"a": ["x", " ", None], "b": [None, None, 0.0]})
    assert find_blank(frame).tolist() == [False, True, False]


def test_forms_are_sound() -> None:
    for table in list_forms():
        form = load_form(table)
        for field in form.fields:
            cell = READERS[field.form](field.example, field, field.example)
            assert not cell.rule or field.form == "customer_no", (table, field.name)
            assert (field.form == "choice") == bool(field.choices)


def test_a_firms_own_choices() -> None:
    form = load_form("customers", {"channel": ["门店", "展会"]})
    assert form.field("channel").choices == ("门店", "展会")
    assert READERS["choice"]("store", form.field("channel")).value == "门店"
    assert READERS["choice"]("网店", form.field("channel")).rule == "choice"
    for bad in ({"name": ["a"]}, {"channel": []}, {"channel": [" 门店"]}, {"channel": ["a", "a"]}):
        with pytest.raises(ParameterError):
            load_form("customers", bad)
