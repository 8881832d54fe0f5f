"""Repairs: only what is certain, each in the audit, nothing else changed, and a second time nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.identify import REPAIRS, assess_quality, repair_values


def repair(table="customers", **columns):
    raw = pd.DataFrame(columns)
    return raw, repair_values(raw, table)


def check_account(raw, done):
    """Hold a repair to its account: every difference is one audit row, and every audit row a difference."""
    assert done.n_in == len(raw)
    numbers = raw["source_row"] if "source_row" in raw else pd.Series(range(1, len(raw) + 1), index=raw.index)
    number = done.rows["source_row"] if "source_row" in done.rows else pd.Series(range(1, len(done.rows) + 1))
    after = pd.concat([done.rows.assign(source_row=number), done.merged]).set_index("source_row")
    before = raw.assign(source_row=numbers.to_numpy()).set_index("source_row")
    told = done.audit[~done.audit["rule"].str.startswith("twin")]
    changed = set()
    for row in before.index:
        for column in before.columns:
            old, new = before.at[row, column], after.at[row, column]
            if not (old == new or (pd.isna(old) and pd.isna(new))):
                changed.add((row, column))
                line = told[(told["source_row"] == row) & (told["column"] == column)]
                assert line[["before", "after"]].values.tolist() == [["" if pd.isna(old) else old, new]]
    assert changed == set(zip(told["source_row"], told["column"], strict=True))
    assert len(told) == len(changed)
    assert {r.split(":")[0] for r in done.audit["rule"]} <= set(REPAIRS)


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("phone", "１３８１２３４５６７８", "13812345678"),
        ("phone", "+86 138-1234-5678", "13812345678"),
        ("phone", "(0571) 87654321转 801", "0571-87654321-801"),
        ("phone", "1381234567", None),  # a digit too few: which one nobody knows
        ("phone", "13812345678/13912345678", None),
        ("name", "　王芳 ", "王芳"),
        ("name", "阿依古丽．买买提", "阿依古丽·买买提"),
        ("name", "王5", None),
        ("record_id", "Ｋ００１", "K001"),
        ("record_id", "6.21E+12", None),
        ("birth_date", "1990/3/7", "1990-03-07"),
        ("birth_date", "1990年3月7日", "1990-03-07"),
        ("birth_date", "19900307", "1990-03-07"),
        ("birth_date", "1990-02-30", None),
        ("birth_date", "1990/2/30", None),
        ("birth_date", "90-3-7", None),  # which century
        ("birth_date", "03/04/1990", None),  # which is the month
        ("address", " 旭日路１２号", "旭日路12号"),
        ("address", "旭日路（东）", None),  # Chinese punctuation is no fault
        ("email", "Ａ@example.com ", "A@example.com"),
        ("email", "a@example", None),
        ("province", "浙", "浙江省"),
        ("province", "Atlantis", None),
    ],
)
def test_what_is_certain_and_what_is_not(column, before, after):
    clean = {"record_id": "K9", "name": "李明", "phone": "13912345678", "email": "x@y.cn", "birth_date": "1985-12-31",
             "province": "广东省", "address": "东风路2号"}  # fmt: skip
    raw = pd.DataFrame([clean | {"record_id": f"K{k}", "phone": f"1391234567{k}"} for k in range(3)])
    raw.loc[1, column] = before
    done = repair_values(raw, "customers")
    assert done.rows.loc[1, column] == (after or before)
    assert len(done.audit) == (after is not None)
    check_account(raw, done)


def test_dates_take_the_form_most_of_their_column_have():
    raw, done = repair(
        record_id=["1", "2", "3", "4"], birth_date=["1990/3/7", "1991/4/8", "1992-05-09", "1993.6.10"]
    )
    assert done.rows["birth_date"].tolist() == ["1990/3/7", "1991/4/8", "1992/5/9", "1993/6/10"]
    check_account(raw, done)


def test_merging_does_not_change_how_dates_are_written():
    """Two dates nobody can tell outnumber each other form; merging the rest must not turn the majority."""
    days = ["1990-03-07", "1990/3/7", "1990年3月7日", "19900307", "03/04/1990", "03/04/1990"]
    raw, done = repair(
        record_id=list("123456"), name=["王芳"] * 6, phone=["13812345678"] * 6, birth_date=days
    )
    assert done.rows["birth_date"].tolist() == ["1990-03-07", "03/04/1990"]
    assert repair_values(done.rows, "customers").audit.empty
    check_account(raw, done)


def test_a_year_of_two_digits_is_left_alone():
    raw, done = repair(record_id=["1", "2", "3"], birth_date=["1990-03-07", "1991-04-08", "30年3月7日"])
    assert done.rows["birth_date"].tolist() == raw["birth_date"].tolist()  # 1930 or 2030


def test_clock_times_are_kept():
    raw, done = repair(
        "orders",
        customer_id=["1", "2", "3", "4"],
        ordered_at=["2024-01-02 10:00:00", "2024-01-03 11:30:05", "2024/1/4 9:05:07", "2024/1/4 9:05"],
        amount=["1.00", "¥1,234.50", "1,234", "￥5"],
    )
    assert done.rows["ordered_at"].tolist()[2:] == ["2024-01-04 09:05:07", "2024-01-04 09:05"]
    assert done.rows["amount"].tolist() == ["1.00", "1234.50", "1,234", "5"]
    check_account(raw, done)


def test_a_city_says_its_province_only_in_full():
    raw, done = repair(
        record_id=list("12345"),
        province=[None, "", "粤", "浙江省", None],
        city=["杭州市", "朝阳", "深圳", "苏州", "Atlantis"],
    )
    assert done.rows["province"].tolist()[:1] == ["浙江省"]
    assert done.rows["province"].fillna("").tolist()[1:] == ["", "广东省", "浙江省", ""]
    # 苏州 does not lie in 浙江: one of the two is wrong, and nobody knows which
    assert done.rows["city"].tolist() == ["杭州市", "朝阳", "深圳市", "苏州", "Atlantis"]
    check_account(raw, done)


def test_exact_twins_are_merged_and_told():
    raw, done = repair(
        record_id=["K1", "K2", "K3", "K4"],
        name=["王芳", "王芳 ", "王芳", "李明"],
        phone=["13812345678", "138 1234 5678", "13812345678", None],
        hobbies=["阅读", "阅读", "旅行", None],
    )
    assert done.rows["record_id"].tolist() == ["K1", "K3", "K4"]  # K3 has another hobby
    assert done.rows["source_row"].tolist() == [1, 3, 4]
    assert done.merged[["source_row", "merged_into", "record_id"]].values.tolist() == [[2, 1, "K2"]]
    twin = done.audit[done.audit["rule"].str.startswith("twin")]
    assert twin[["source_row", "before", "after"]].values.tolist() == [[2, "K2", "K1"]]
    check_account(raw, done)


def test_equal_rows_that_name_nobody_stay():
    _, done = repair(record_id=["K1", "K2"], name=["王芳", "王芳"], phone=[None, None])
    assert done.n_in == len(done.rows) == 2


def test_order_lines_are_never_merged_here():
    _, done = repair("orders", customer_id=["1", "1"], ordered_at=["2024-01-02"] * 2, amount=["5", "5"])
    assert len(done.rows) == 2


def test_rows_that_are_no_records_are_not_touched():
    raw, done = repair(record_id=["Ｋ1", "合计"], name=["王芳 ", " 2人 "])
    assert done.rows["name"].tolist() == ["王芳", " 2人 "]
    check_account(raw, done)


CELLS = {
    "record_id": st.sampled_from(["K1", "Ｋ2", " K3", "6.2E+11", "", None]),
    "name": st.sampled_from([
        "王芳",
        " 王芳",
        "王 芳",
        "阿依·买买提",
        "阿依.买买提",
        "小明",
        "王5",
        "ａｂ",
        None,
    ]),
    "phone": st.sampled_from([
        "13812345678",
        "138-1234-5678",
        "１３８12345678",
        "+86 13812345678",
        "1381",
        "a",
        None,
    ]),
    "birth_date": st.sampled_from([
        "1990-03-07",
        "1990/3/7",
        "1990年3月7日",
        "19900307",
        "1990-02-30",
        "03/04/1990",
        "90/1/2",
        "x",
        "",
        None,
    ]),
    "province": st.sampled_from(["浙江省", "浙", "粤", "吉林", "x", "", None]),
    "city": st.sampled_from(["杭州市", "杭州", "吉林", "广东省深圳市", "海南", "x", "", None]),
    "address": st.sampled_from(["旭日路1号", "旭日路１号 ", "（东）", "", None]),
}


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=6))
def test_repairs_are_accounted_for_and_final(rows):
    raw = pd.DataFrame(rows, dtype=object)
    copy = raw.copy(deep=True)
    done = repair_values(raw, "customers")
    pd.testing.assert_frame_equal(raw, copy)
    check_account(raw, done)
    again = repair_values(done.rows, "customers")
    assert again.audit.empty
    pd.testing.assert_frame_equal(again.rows, done.rows)


@settings(max_examples=20)
@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=6))
def test_what_is_called_automatic_is_mended_and_nothing_else(rows):
    raw = pd.DataFrame(rows, dtype=object)
    found = assess_quality({"customers": raw}, as_of="2025-01-01")
    forms = found[(found["effort"] == "自动") & (found["dimension"] == "规范性")]
    done = repair_values(raw, "customers")
    told = done.audit[~done.audit["rule"].str.startswith(("twin", "province_from_city"))]
    assert set(zip(forms["row"], forms["column"], strict=True)) == set(
        zip(told["source_row"], told["column"], strict=True)
    )
