"""Verification by the calendar, grades with history, investments, and details that grow."""

from __future__ import annotations

import pandas as pd
import pytest
from store_world import ENGINES, open_fresh, small_file, three_customers

from crm_lib.errors import StoreError
from crm_lib.store import (
    change_settings,
    insert_customers,
    list_overdue_verifications,
    plan_verification,
    record_details,
    record_investments,
    record_verification,
    set_grades,
    summarize_investments,
    verify_store,
)


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    for opened in open_fresh(request, tmp_path):
        insert_customers(opened, three_customers(), at="2024-01-10 09:00:00")
        yield opened


@pytest.fixture
def small(tmp_path):
    with small_file(tmp_path) as opened:
        yield opened


def numbers(store) -> list[str]:
    return store.read("customers").set_index("name")["customer_no"][["王芳", "李雷"]].tolist()


def plan(store, as_of: str, no: str) -> list[list[object]]:
    found = plan_verification(store, as_of=as_of)
    found = found[found["customer_no"] == no]
    return found.assign(due_on=found["due_on"].dt.strftime("%m-%d"))[
        ["kind", "due_on", "overdue_days"]
    ].values.tolist()


def check(no: str, kind: str, result: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_no": [no], "kind": [kind], "result": [result]})


def test_a_new_customer_is_due_within_the_days_of_the_setting(store) -> None:
    wang, _ = numbers(store)
    assert plan(store, "2024-01-09", wang) == []  # not known yet
    # 10 January + 30 days = 9 February
    assert plan(store, "2024-02-09", wang) == [["new", "02-09", 0]]
    assert plan(store, "2024-02-10", wang) == [["new", "02-09", 1]]
    assert len(list_overdue_verifications(store, as_of="2024-02-09")) == 0
    assert len(list_overdue_verifications(store, as_of="2024-02-10")) == 3
    change_settings(store, {"verify_new_days": 5}, at="2024-02-10")
    assert plan(store, "2024-02-10", wang) == [["new", "01-15", 26]]


def test_only_a_passed_check_settles_it(store) -> None:
    wang, li = numbers(store)
    done = record_verification(store, check(wang, "new", "联系不上"), at="2024-02-01 10:00:00")
    assert done["due_on"].tolist() == [pd.Timestamp("2024-02-09")]
    assert len(plan(store, "2024-02-10", wang)) == 1
    record_verification(store, check(wang, "new", "已更正"), at="2024-02-11 10:00:00")
    assert plan(store, "2024-02-11", wang) == []
    assert plan(store, "2024-02-10", wang) != [], "what was known the day before does not change"
    assert len(plan(store, "2024-02-11", li)) == 1
    assert store.read("verifications")["verified_by"].tolist() == ["林小满"] * 2
    assert store.read("verifications")["verification_no"].is_unique


def test_grades_keep_their_history_and_come_up_again_by_their_own_period(store) -> None:
    wang, li = numbers(store)
    change_settings(store, {"verify_credit_days": 10}, at="2024-03-01")
    frame = pd.DataFrame({"customer_no": [wang, li], "grade": ["A", "B"]})
    first = set_grades(store, frame, kind="credit", at="2024-03-01 09:00:00")
    assert first["before"].isna().all()
    assert first["changed"].all()
    second = set_grades(store, frame.assign(grade=["A", "C"]), kind="credit", at="2024-03-06 09:00:00")
    assert second["changed"].tolist() == [False, True]
    assert second["before"].tolist() == ["A", "B"]
    # A was confirmed, C set on 6 March: both due on the 16th
    assert [r for n in (wang, li) for r in plan(store, "2024-03-16", n) if r[0] == "credit"] == [
        ["credit", "03-16", 0]
    ] * 2
    assert [r for r in plan(store, "2024-03-05", wang) if r[0] == "credit"] == [["credit", "03-11", -6]]
    history = store.dump("grades").sort_values(["customer_no", "valid_from"])
    mine = history[history["customer_no"] == li]
    assert mine["grade"].tolist() == ["B", "C"]
    assert mine["valid_to"].tolist()[0] == mine["valid_from"].tolist()[1]
    assert verify_store(store).empty


def test_the_value_grade_stands_in_the_roster(small) -> None:
    wang, _ = numbers(small)
    set_grades(small, pd.DataFrame({"customer_no": [wang], "grade": ["A"]}), kind="value", at="2024-03-01")
    assert small.read("roster").set_index("customer_no")["grade_value"][wang] == "A"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"customer_no": ["nobody"], "grade": ["A"]}, "not in the database"),
        ({"customer_no": ["@", "@"], "grade": ["A", "B"]}, "more than once"),
        ({"customer_no": ["@"], "grade": [None]}, "1 to 20"),
        ({"customer_no": ["@"], "grade": ["A" * 21]}, "1 to 20"),
    ],
)
def test_wrong_grades_are_refused_and_nothing_is_written(small, frame, words) -> None:
    wang, _ = numbers(small)
    frame = pd.DataFrame(frame).replace("@", wang)
    with pytest.raises(StoreError, match=words):
        set_grades(small, frame, kind="value", at="2024-03-01")
    assert small.read("grades").empty


def test_a_grade_cannot_be_set_before_the_one_it_replaces(small) -> None:
    frame = pd.DataFrame({"customer_no": numbers(small)[:1], "grade": ["A"]})
    set_grades(small, frame, kind="value", at="2024-03-01")
    with pytest.raises(StoreError, match="begins at"):
        set_grades(small, frame.assign(grade="B"), kind="value", at="2024-03-01")


@pytest.mark.parametrize(
    ("kind", "result", "note", "words"),
    [
        ("value", "属实", None, "never set"),
        ("age", "属实", None, "kind is none of"),
        ("new", "好", None, "result is none of"),
        ("new", "属实", "改打 13812345678", "contact data"),
    ],
)
def test_wrong_checks_are_refused(small, kind, result, note, words) -> None:
    frame = check(numbers(small)[0], kind, result).assign(note=note)
    with pytest.raises(StoreError, match=words):
        record_verification(small, frame, at="2024-02-01")
    assert small.read("verifications").empty


def test_a_period_that_is_none_is_named(small) -> None:
    change_settings(small, {"verify_new_days": "soon"}, at="2024-02-10")
    with pytest.raises(StoreError, match="verify_new_days is 'soon'"):
        plan_verification(small, as_of="2024-02-10")


def spent(store) -> pd.DataFrame:
    wang, li = numbers(store)
    return pd.DataFrame({
        "customer_no": [wang, wang, li], "occurred_at": ["2024-02-01", "2024-03-01", "2024-02-01"],
        "form": ["上门拜访", "短信", "短信"], "cost": ["120.00", 0.1, 0.2], "purpose": ["争取", "保持", None],
        "place": ["客户单位", None, None],
    })  # fmt: skip


def test_investments_are_summed_by_purpose_and_recorded_once(store) -> None:
    wang, li = numbers(store)
    frame = spent(store)
    assert record_investments(store, frame, at="2024-03-02").n_new == 3
    again = record_investments(store, frame.iloc[[1, 0]].assign(cost=["0.10", 120]), at="2024-03-03")
    assert again.n_same == 2
    total = summarize_investments(store, as_of="2024-03-02")
    assert total["customer_no"].tolist() == [wang, li]
    assert total[["n_investments", "cost", "cost_win", "cost_keep", "cost_other"]].values.tolist() == [
        [2, 120.1, 120.0, 0.1, 0.0], [1, 0.2, 0.0, 0.0, 0.2],
    ]  # fmt: skip
    early = summarize_investments(store, as_of="2024-02-29")
    assert early["cost"].tolist() == [120.0, 0.2]
    assert store.read("investments")["investment_no"].is_unique


def test_one_faulty_investment_stops_them_all(small) -> None:
    frame = spent(small)
    frame.loc[2, "cost"] = -1
    with pytest.raises(StoreError, match="1 of 3"):
        record_investments(small, frame, at="2024-03-02")
    assert small.read("investments").empty
    assert small.read("uploads").empty


def test_details_grow_and_are_not_doubled(store) -> None:
    wang, li = numbers(store)
    frame = pd.DataFrame({
        "customer_no": [wang, wang, li, wang],
        "topic": "爱好",
        "value": ["钓鱼", "书法", "钓鱼", " 钓鱼"],
    })
    done = record_details(store, frame, at="2024-03-02")
    assert done["verdict"].tolist() == ["新增", "新增", "新增", "已有"]
    assert done["record_no"].nunique() == 3
    again = record_details(store, frame, at="2024-03-03")
    assert again["verdict"].tolist() == ["已有"] * 4
    assert again["record_no"].tolist() == done["record_no"].tolist()
    assert store.read("analysis_records")["surveyed_on"].tolist() == [pd.Timestamp("2024-03-02")] * 3


@pytest.mark.parametrize("value", ["", "电话 13812345678", "=1+1", "长" * 201])
def test_unfit_details_are_refused(small, value) -> None:
    frame = pd.DataFrame({"customer_no": numbers(small), "topic": "爱好", "value": ["钓鱼", value]})
    with pytest.raises(StoreError, match=r"in row: 1 \(2\)"):
        record_details(small, frame, at="2024-03-02")
    assert small.read("analysis_records").empty
