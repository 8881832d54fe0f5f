"""Who is due when, worked by hand; the rules are held to their form."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import DataError, ReadError, SchemaError
from crm_lib.identify import count_new, load_follow_up, measure_effort, schedule_follow_ups

RULES = pd.DataFrame({
    "intent": ["意向", "意向", "潜在", "成交"],
    "sales_grade": ["A", None, None, None],
    "every_days": [3, 10, 30, 60],
    "minutes": [20, 12, 6, 8],
})


def make_leads():
    return pd.DataFrame({
        "lead_id": ["L1", "L2", "L3", "L4", "L5", "L6", "L7"],
        "intent": ["意向", "意向", "潜在", "成交", "成交", None, "潜在"],
        "sales_grade": ["A", "B", None, None, None, None, "A"],
        "found_on": [*["2024-05-01"] * 2, "2024-06-06", *["2024-01-01"] * 2, None, "2024-06-11"],
        "first_contact_on": ["2024-05-02", "2024-06-05", None, "2024-01-02", "2024-01-02", None, None],
        "last_contact_on": ["2024-06-01", "2024-06-12", None, "2024-06-01", "2024-05-20", None, None],
        "service_expires_on": [None, None, None, "2024-07-05", "2024-06-15", None, None],
    })


def test_due_days_by_hand():
    out = schedule_follow_ups(make_leads(), RULES, as_of="2024-06-10").set_index("lead_id")
    day = pd.Timestamp
    # L1 1 June + 3; L2's contact of 12 June is not known yet: 5 June + 10; L3 6 June + 2
    # L4 notice 5 July - 30 = 5 June, after the last contact, before 31 July
    # L5 called on 20 May, notice was 16 May: regular, 20 May + 60 = 19 July
    assert out["due_on"].drop("L6").to_dict() == {
        "L1": day("2024-06-04"),
        "L4": day("2024-06-05"),
        "L3": day("2024-06-08"),
        "L2": day("2024-06-15"),
        "L5": day("2024-07-19"),
    }
    assert out["overdue_days"].drop("L6").to_dict() == {"L1": 6, "L4": 5, "L3": 2, "L2": 0, "L5": 0}
    assert out["days_left"].drop("L6").to_dict() == {"L1": 0, "L4": 0, "L3": 0, "L2": 5, "L5": 39}
    assert out["reason"].to_dict() == {
        **{"L1": "regular", "L2": "regular", "L3": "first_contact"},
        **{"L4": "expiry", "L5": "regular", "L6": "unknown"},
    }
    assert out.index.tolist() == ["L1", "L4", "L3", "L2", "L5", "L6"]  # the longest overdue first
    assert out.attrs["n_later"] == 1
    assert out.attrs["n_without_class"] == 1
    assert out.loc["L6", "intent"] == "潜在"
    assert pd.isna(out.loc["L6", "overdue_days"])


def test_effort_by_hand():
    schedule = schedule_follow_ups(make_leads(), RULES, as_of="2024-06-10")
    out = measure_effort(schedule)
    names = list(zip(out["intent"], out["sales_grade"], strict=True))
    assert names == [("意向", "A"), ("意向", "B"), ("潜在", ""), ("成交", "")]
    # 30 / 3 × 20 / 60; 30 / 10 × 12 / 60; 2 × 30 / 30 × 6 / 60; 2 × 30 / 60 × 8 / 60
    hours = [200 / 60, 36 / 60, 12 / 60, 8 / 60]
    assert out["monthly_hours"].tolist() == pytest.approx(hours, abs=1e-5)
    assert out["hours_share"].tolist() == pytest.approx([h / sum(hours) for h in hours], abs=1e-5)
    assert out["n_overdue"].tolist() == [1, 0, 1, 1]
    assert int(out["n_leads"].sum()) == len(schedule)


def test_the_order_of_the_rows_does_not_matter():
    leads = make_leads()
    before = leads.copy(deep=True)
    one = schedule_follow_ups(leads, RULES, as_of="2024-06-10")
    two = schedule_follow_ups(leads.iloc[::-1], RULES, as_of="2024-06-10")
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(leads, before)


def test_equal_days_put_a_before_b():
    leads = pd.DataFrame({"lead_id": ["L1", "L2", "L3"], "intent": "潜在", "found_on": "2024-06-01"})
    leads["sales_grade"] = ["", "B", "A"]
    out = schedule_follow_ups(leads, as_of="2024-06-10")
    assert out["sales_grade"].tolist() == ["A", "B", ""]
    assert out["overdue_days"].tolist() == [7, 7, 7]  # 10 - (1 + 2)


def test_no_prospect_is_an_empty_list():
    out = schedule_follow_ups(make_leads().iloc[:0], RULES, as_of="2024-06-10")
    assert len(out) == 0
    assert len(measure_effort(out)) == 0


def test_a_day_before_all_is_refused():
    with pytest.raises(DataError, match="Choose 2024-01-01 or later"):
        schedule_follow_ups(make_leads().dropna(subset="found_on"), RULES, as_of="2023-12-31")
    with pytest.raises(SchemaError, match="found_on"):
        schedule_follow_ups(make_leads().drop(columns="found_on"), RULES, as_of="2024-06-10")


def test_all_faults_of_the_rules_at_once():
    bad = RULES.astype(object).copy()
    bad.loc[0, "intent"], bad.loc[1, "sales_grade"] = "别的", "D"
    bad.loc[2, "every_days"], bad.loc[3, "minutes"] = 0.5, "ten"
    with pytest.raises(DataError) as caught:
        load_follow_up(bad)
    for words in ("'别的'", "'D'", "rule 3: every_days must be a whole number", "rule 4: minutes"):
        assert words in str(caught.value)


@pytest.mark.parametrize("days", [0, -1, float("inf"), True, None, "soon"])
def test_days_must_be_whole_and_above_nothing(days):
    bad = RULES.astype(object).copy()
    bad.at[0, "every_days"] = days
    with pytest.raises(DataError, match="rule 1: every_days"):
        load_follow_up(bad)


def test_an_own_file_with_its_limits(tmp_path):
    rule = '[[rules]]\nintent = "{}"\nevery_days = 9\nminutes = 5\n'
    text = "[limits]\nfirst_contact_days = 4\n" + "".join(rule.format(i) for i in ("潜在", "意向", "成交"))
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    _, limits = load_follow_up(path)
    assert limits == {"new_per_day": 3.0, "first_contact_days": 4.0, "expiry_notice_days": 30.0}
    leads = pd.DataFrame({"lead_id": ["L1"], "intent": ["潜在"], "found_on": ["2024-06-01"]})
    out = schedule_follow_ups(leads, path, as_of="2024-06-01")
    assert out["due_on"].tolist() == [pd.Timestamp("2024-06-05")]
    path.write_text("[limits]\ncalls = 4\n" + text[text.index("[[") :], encoding="utf-8")
    with pytest.raises(DataError, match="limit 'calls' is not known"):
        load_follow_up(path)
    with pytest.raises(ReadError, match="cannot be read"):
        load_follow_up(tmp_path / "none.toml")


def test_new_prospects_by_hand():
    found = ["2024-06-01", "2024-06-09", "2024-06-10", "2024-06-10 23:00", "2024-06-11", None]
    out = count_new(
        pd.DataFrame({"found_on": pd.to_datetime(found, format="mixed")}), as_of="2024-06-10", days=9
    )
    # from 2 June to 10 June: 9, 10 and 10 June
    assert out == {"n_new": 3, "n_days": 2, "per_day": 3 / 9, "most_a_day": 2}
    with pytest.raises(DataError, match="days must be at least 1"):
        count_new(pd.DataFrame({"found_on": []}), as_of="2024-06-10", days=0)
