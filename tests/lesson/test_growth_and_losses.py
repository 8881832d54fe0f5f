"""What the lessons on growable and on unprofitable customers compute themselves, on tables small enough for the eye."""

import math

import pandas as pd
import pytest

from crm_lib.errors import DataError
from crm_lib.lesson.below_zero import (
    choose_limit,
    choose_plan,
    cost_customers,
    list_treated,
    make_rules,
    share_by_group,
)
from crm_lib.lesson.below_zero_people import read_people, read_talks
from crm_lib.lesson.below_zero_trade import Trade
from crm_lib.lesson.growth import compare_campaigns, measure_panel, pair_periods, try_suggestions
from crm_lib.lesson.growth_data import GrowthData, _belongs
from crm_lib.lesson.growth_value import _take_value, set_thresholds, take_year

NONE = pd.DataFrame()


def orders(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount", "category"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"], format="ISO8601"))


def growth(rows, **more):
    tables = {"contacts": None, "wallet": NONE, "campaigns": NONE, "members": NONE} | more
    return GrowthData(rows, n_lines=len(rows), n_left=0, lacking=tables.pop("lacking", ()), **tables)


def test_a_year_ends_with_its_day_and_has_365_of_them():
    lines = orders(
        ("a", "2024-01-01 23:59", 1.0, "甲"), ("a", "2024-01-02", 2.0, "甲"), ("a", "2024-12-31 23:59", 4.0, "甲"),
        ("a", "2025-01-01", 8.0, "甲"),
    )  # fmt: skip
    # 365 days back from the end of 31 December 2024, a leap year: from 2 January on
    assert take_year(lines, "2024-12-31")["amount"].tolist() == [2.0, 4.0]
    assert take_year(lines, "2024-12-31", back=1)["amount"].tolist() == [1.0]


def test_suggestions_are_made_from_what_was_known_half_a_year_before():
    early = [("a", "甲"), ("b", "甲"), ("b", "乙"), ("c", "甲"), ("c", "乙"), ("d", "丙")]
    late = [("a", "丙"), ("b", "丙"), ("c", "丙")]
    lines = orders(
        *((c, "2024-01-10", 5.0, k) for c, k in early), *((c, "2024-11-10", 5.0, k) for c, k in late)
    )
    tried = try_suggestions(growth(lines), "2024-12-31").set_index("customer_id")
    assert tried.loc["a", ["suggested", "n_new_categories", "hit"]].tolist() == ["乙", 1, False]


def test_a_campaign_is_judged_by_those_whose_spend_is_known():
    members = pd.DataFrame({
        "campaign_id": ["K"] * 6, "customer_id": list("abcdef"),
        "arm": ["treated"] * 3 + ["control"] * 3, "spend_after": [50.0, 70.0, None, 20.0, 40.0, None],
    })  # fmt: skip
    costs = pd.DataFrame({"campaign_id": ["K"], "name": ["券"], "cost_per_contact": [2.0]})
    found = compare_campaigns(growth(NONE, members=members, campaigns=costs), margin_share=0.5).iloc[0]
    # means 60 and 30 of the two known ones in each arm; half of 30 is margin, 2 the cost of one
    assert found[["n_treated", "n_control", "treated", "control"]].tolist() == [2, 2, 60.0, 30.0]
    assert found["net_gain"] == pytest.approx(0.5 * 30 - 2)
    assert found["verdict"] == "unclear"
    alone = members[members["arm"] == "treated"]
    assert compare_campaigns(growth(NONE, members=alone), margin_share=0.5).empty


def test_one_period_of_the_wallet_is_carried_back_and_never_below_what_we_sold():
    lines = orders(("a", "2023-05-01", 90.0, "甲"), ("a", "2024-05-01", 30.0, "甲"))
    wallet = pd.DataFrame({
        "customer_id": ["a"], "category": ["甲"], "period": ["2024"], "category_spend": [88.0], "our_spend": [30.0],
    })  # fmt: skip
    data = growth(lines, wallet=wallet)
    pairs = pair_periods(data, measure_panel(data), day="2024-12-31", drift=0.1)
    # 88 / 1.1 = 80 the year before, but we alone sold him 90
    columns = ["spend_before", "ours_before", "spend_after", "ours_after"]
    assert pairs[columns].values.tolist() == [[90.0, 90.0, 88.0, 30.0]]
    assert pairs.attrs["kind"] == "assumed"


def test_a_loss_begins_below_zero_whatever_the_other_thresholds_are():
    people = pd.DataFrame({
        "customer_id": list("ab"),
        "actual_value": [5.0, -1.0],
        "potential_value": [1.0, 2.0],
    })
    assert set_thresholds(people, mvc_share=0.5, mgc_share=1.0) == {
        "mvc_from": 5.0,
        "mgc_from": 2.0,
        "bz_below": 0.0,
    }


def trade(rows, every=None, talks=None):
    lines = pd.DataFrame(
        rows, columns=["customer_id", "order_id", "ordered_at", "quantity", "unit_price", "unit_cost"]
    )
    lines = lines.assign(
        ordered_at=pd.to_datetime(lines["ordered_at"]), amount=lines["quantity"] * lines["unit_price"]
    )
    whole = lines if every is None else every(lines)
    return Trade(
        lines, whole, talks, "used" if talks is not None else "none", NONE, "none", None, len(lines), 0, 0.3
    )


LINES = [
    ("a", "1", "2024-03-01", 1.0, 100.0, 60.0),
    ("a", "2", "2024-03-05", 1.0, 50.0, 30.0),
    ("b", "3", "2024-03-31", 2.0, 10.0, 6.0),
    ("c", "4", "2023-03-01", 1.0, 10.0, 6.0),
]
COSTS = {"order_handling": 30.0, "delivery": 0.0, "return_handling": 0.0, "contact": 12.0}


def test_what_serving_costs_is_spread_over_those_who_were_served():
    talks = pd.DataFrame({
        "customer_id": ["b", "c"], "occurred_at": pd.to_datetime(["2024-03-02 10:00", "2024-03-31 23:00"]),
        "minutes": [1.0, 2.0],
    })  # fmt: skip
    people = cost_customers(trade(LINES, talks=talks), "2024-03-31", weeks=8, costs=COSTS).set_index(
        "customer_id"
    )
    # three orders share 30; 12 for three minutes; c bought in another period, but he called
    assert people["cost_to_serve"].to_dict() == {"a": 20.0, "b": 10.0 + 4.0, "c": 8.0}
    assert people["net_profit"].to_dict() == {"a": 60.0 - 20, "b": 8.0 - 14, "c": -8.0}
    assert people["cost_to_serve"].sum() == 42
    assert people.loc["c", "known_days"] == 396
    assert people.loc["c", "gross_per_order"] == 4.0


def test_a_period_without_a_line_is_refused():
    with pytest.raises(DataError, match="没有一笔订单"):
        cost_customers(trade(LINES), "2025-12-31", weeks=4, costs=COSTS)


PEOPLE = pd.DataFrame({
    "customer_id": list("abcd"), "n_orders": [1, 1, 2, 1], "revenue": [10.0] * 4, "gross_profit": [5.0] * 4,
    "cost_to_serve": [105.0, 105.0, 105.0, 5.0], "net_profit": [-100.0, -100.0, -100.0, 0.0],
    "known_days": [400, 30, 400, 400], "outlook_profit": [-9.0, -9.0, 1.0, -1.0], "contact_share": [0.5] * 4,
    "given_share": [math.nan] * 4, "expected_orders": [1.0] * 4,
})  # fmt: skip


def test_who_gains_is_new_or_has_hope_is_left_alone():
    plan = choose_plan(PEOPLE, make_rules(loss_limit=50, new_days=90)).set_index("customer_id")
    assert plan["rule"].to_dict() == {"a": "contact", "b": "new", "c": "hope", "d": "gain"}
    assert plan["treatment"].to_dict() == {
        "a": "cheaper_channel", "b": "leave_alone", "c": "leave_alone", "d": "leave_alone",
    }  # fmt: skip


def test_the_list_holds_every_loser_also_those_who_are_left_alone():
    plan = choose_plan(PEOPLE, make_rules(loss_limit=50, new_days=90))
    assert list_treated(plan, PEOPLE)["customer_id"].tolist() == ["a", "b", "c"]


def test_a_group_of_fewer_than_ten_is_not_shown():
    chosen = pd.DataFrame({"customer_id": [f"c{i}" for i in range(19)], "treatment": ["end"] * 19})
    known = chosen[["customer_id"]].assign(gender=["女"] * 10 + ["男"] * 9, age_band=None)
    found = share_by_group(chosen, known)
    assert found[["group", "n_customers", "handled_share"]].values.tolist() == [["女", 10, 1.0]]


def test_the_limit_in_force_stays_where_no_other_caught_a_loss():
    tried = pd.DataFrame({
        "loss_limit": [0.0, 50.0, 80.0],
        "n_caught": [9, 4, 0],
        "later_profit": [12.0, 3.0, 0.0],
    })
    assert choose_limit(tried, now=80.0) == 80.0
    equal = tried.assign(later_profit=[-3.0, -3.0, 0.0])
    assert choose_limit(equal, now=0.0) == 50.0  # of equal ones the higher, which catches fewer


def test_who_bought_nothing_brought_nothing_and_an_unknown_value_stays_unknown():
    value = pd.DataFrame({"gross_profit": [math.nan, 7.0]}, index=["a", "b"])
    found = _take_value(value, pd.Index(["a", "b", "c"]), "gross_profit", 0.3)
    assert found.isna().tolist() == [True, False, False]
    assert found[["b", "c"]].tolist() == [7.0, 0.0]


def test_people_and_contacts_of_another_company_are_not_used():
    rows = pd.DataFrame({"customer_id": ["1"]})
    assert read_talks("xudong_contacts", "cdnow_sample", rows) == (None, "other")
    assert not _belongs("cdnow_sample", "xudong_wallet")
    assert _belongs("xudong_orders", "xudong_wallet")
    assert _belongs("cdnow_sample", "钱包.csv")  # a file is taken to be of the same company
    people, kind = read_people("xudong_customers", "cdnow_sample", rows)
    assert (len(people), kind) == (0, "other")
