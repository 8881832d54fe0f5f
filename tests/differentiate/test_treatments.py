"""Treatments of unprofitable customers: arithmetic by hand, sensitivity, rules with reasons, review."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import (
    Assumptions,
    choose_treatments,
    measure_tornado,
    review_treatments,
    simulate_treatments,
    sum_plan,
)
from crm_lib.errors import DataError, ParameterError, SchemaError

PEOPLE = pd.DataFrame({
    "customer_id": ["a", "b", "c"],
    "revenue": [100.0, 40.0, -10.0],
    "gross_profit": [20.0, 15.0, -10.0],
    "cost_to_serve": [50.0, 5.0, 20.0],
    "net_profit": [-30.0, 10.0, -30.0],
    "n_returns": [0, 1, 9],
})


def rules(*rows):
    return pd.DataFrame(rows, columns=["rule", "column", "least", "most", "treatment", "reason"])


def profits(assumptions=None):
    table = simulate_treatments(PEOPLE, assumptions=assumptions)
    return {(r.customer_id, r.treatment): r.profit for r in table.itertuples()}


def test_each_treatment_by_hand():
    got = profits()
    # gone: a loses 20 % of 50 that cannot be saved = −10; c −4
    assert got["a", "leave_alone"] == -30
    assert got["a", "reprice"] == pytest.approx(0.9 * (20 + 5 - 50) + 0.1 * -10)
    assert got["a", "cheaper_channel"] == pytest.approx(0.95 * (20 - 30) + 0.05 * -10)
    assert got["a", "transfer"] == pytest.approx(-10 + 5 - 2)
    assert got["a", "end"] == pytest.approx(-10 - 1)
    # negative revenue cannot be priced up: 0.9 · (−10 − 20) + 0.1 · −4
    assert got["c", "reprice"] == pytest.approx(-27.4)
    table = simulate_treatments(PEOPLE)
    assert table.loc[table["treatment"] == "leave_alone", "gain"].tolist() == [0, 0, 0]
    assert table["customer_id"].tolist() == ["a"] * 5 + ["b"] * 5 + ["c"] * 5


@given(st.floats(0, 1), st.floats(0, 1))
def test_if_everybody_leaves_repricing_is_losing_them(rise, saved):
    got = profits(Assumptions(price_rise=rise, leave_at_rise=1.0, saved_at_end=saved, end_cost=0.0))
    assert got["a", "reprice"] == got["a", "end"]


@given(st.floats(0, 1))
def test_without_a_cut_and_without_leavers_a_channel_changes_nothing(saved):
    got = profits(Assumptions(cost_cut=0.0, leave_at_channel=0.0, saved_at_end=saved))
    assert got["b", "cheaper_channel"] == got["b", "leave_alone"]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [("price_rise", 5, "a share from 0 to 1"), ("end_cost", -1.0, "yuan >= 0"), ("cost_cut", math.nan, "a share"),
     ("leave_at_rise", True, "a share"), ("transfer_fee", "5", "yuan")],
)  # fmt: skip
def test_an_assumption_that_cannot_be_is_refused(name, value, rule):
    with pytest.raises(ParameterError, match=f"{name} must be {rule}"):
        Assumptions(**{name: value})


def test_the_tornado_by_hand():
    plan = pd.DataFrame({"customer_id": ["a", "c"], "treatment": ["end", "reprice"]})
    ranges = {"saved_at_end": (0.0, 1.0), "price_rise": (0.0, 0.5), "transfer_fee": (0.0, 9.0)}
    table = measure_tornado(PEOPLE, plan, ranges=ranges).set_index("assumption")
    # a: end = −(1 − s)·50 − 1 against −30; c: 0.9·(−30) + 0.1·(−(1 − s)·20) against −30
    assert table.loc["saved_at_end", "gain_at_low"] == pytest.approx((-51 + 30) + (-27 - 2 + 30))
    assert table.loc["saved_at_end", "gain_at_high"] == pytest.approx((-1 + 30) + (-27 + 30))
    assert table.loc["saved_at_end", "turns"]
    # c has no revenue to price up, and nobody is transferred
    assert table.loc[["price_rise", "transfer_fee"], "width"].tolist() == [0, 0]
    assert table.index[0] == "saved_at_end"
    assert set(table["gain"]) == {sum_plan(PEOPLE, plan)}


def test_a_range_must_hold_what_is_assumed_and_a_plan_its_customers():
    plan = pd.DataFrame({"customer_id": ["a"], "treatment": ["end"]})
    with pytest.raises(ParameterError, match=r"must hold the value assumed, 0\.05; got 0\.1 to 0\.2"):
        measure_tornado(PEOPLE, plan, ranges={"price_rise": (0.1, 0.2)})
    with pytest.raises(ParameterError, match="Did you mean 'price_rise'"):
        measure_tornado(PEOPLE, plan, ranges={"price_ris": (0, 1)})
    with pytest.raises(DataError, match=r"1 of 1 do not \(first: z, end\)"):
        sum_plan(PEOPLE, plan.assign(customer_id="z"))


def test_the_first_rule_that_fits_decides_and_says_why():
    table = rules(
        ("returns", "n_returns", 5, None, "end", "退货 5 件以上"),
        ("returns", "net_profit", None, -0.01, "end", "退货 5 件以上"),
        ("loss", "net_profit", None, -0.01, "cheaper_channel", "亏损"),
    )
    plan = choose_treatments(PEOPLE, table).set_index("customer_id")
    assert plan["treatment"].to_dict() == {"a": "cheaper_channel", "b": "leave_alone", "c": "end"}
    assert plan["reason"].to_dict() == {"a": "亏损", "b": "", "c": "退货 5 件以上"}
    assert plan.loc["c", "facts"] == "n_returns = 9；net_profit = -30"
    assert plan.loc["b", "gain"] == 0
    assert plan.loc["c", "gain"] == pytest.approx(profits()["c", "end"] + 30)


def test_both_ends_belong_to_the_range_and_the_unknown_fits_nothing():
    people = PEOPLE.assign(n_returns=[5.0, math.nan, 6.0])
    plan = choose_treatments(people, rules(("r", "n_returns", 5, 5, "end", "x")))
    assert plan["treatment"].tolist() == ["end", "leave_alone", "leave_alone"]
    assert plan.attrs["n_unknown"] == 1
    low = choose_treatments(people, rules(("r", "n_returns", None, 5, "end", "x")))
    assert low["treatment"].tolist() == ["end", "leave_alone", "leave_alone"]  # not known is not few


def test_rules_that_break_the_rules():
    with pytest.raises(
        ParameterError, match=r"no rule may use a protected attribute; got 'birth_date' \(age\)"
    ):
        choose_treatments(PEOPLE.assign(birth_date=1), rules(("r", "birth_date", 1, None, "end", "x")))
    with pytest.raises(ParameterError, match="needs least or most"):
        choose_treatments(PEOPLE, rules(("r", "revenue", None, None, "end", "x")))
    with pytest.raises(ParameterError, match="a rule one treatment; rule 'r'"):
        choose_treatments(
            PEOPLE, rules(("r", "revenue", 1, None, "end", "x"), ("r", "n_returns", 1, None, "reprice", "x"))
        )
    with pytest.raises(ParameterError, match="Did you mean 'end'"):
        choose_treatments(PEOPLE, rules(("r", "revenue", 1, None, "endd", "x")))
    with pytest.raises(SchemaError, match="needs column 'minutes'"):
        choose_treatments(PEOPLE, rules(("r", "minutes", 1, None, "end", "x")))


def test_the_review_by_hand():
    plan = pd.DataFrame({
        "customer_id": list("abcdef"),
        "treatment": ["reprice"] * 3 + ["leave_alone"] + ["end"] * 2,
        "rule": ["x"] * 3 + [""] + ["y"] * 2,
        "profit": [-10.0, -20.0, 5.0, -8.0, -4.0, -6.0],
    })
    after = pd.DataFrame({"customer_id": list("abde"), "net_profit": [0.0, -10.0, -2.0, 3.0]})
    table = review_treatments(plan, after).set_index("rule")
    # x: a and b lost; a came back with 0, b still loses; changes 10 and 10
    assert table.loc["x", ["n_customers", "n_losing", "n_seen", "n_back"]].tolist() == [3, 2, 2, 1]
    assert table.loc["x", "mean_change"] == 10
    assert table.loc["x", "low_share"] < 0.5 < table.loc["x", "high_share"]
    assert table.loc["", ["n_losing", "n_back"]].tolist() == [1, 0]
    # y: e was removed and would have brought 3; f was not seen again
    assert table.loc["y", ["n_losing", "n_seen", "n_back", "n_wrong"]].tolist() == [2, 1, 1, 1]
    assert table.loc["y", "back_share"] == 0.5  # of both: who is gone has not come back


def test_a_rule_that_caught_no_loser_has_no_share():
    plan = pd.DataFrame({"customer_id": ["a"], "treatment": ["reprice"], "rule": ["x"], "profit": [1.0]})
    table = review_treatments(plan, pd.DataFrame({"customer_id": ["b"], "net_profit": [1.0]}))
    assert table[["back_share", "mean_change"]].isna().all(axis=None)


def test_a_customer_counts_once_in_a_plan():
    plan = pd.DataFrame({"customer_id": ["a", "a"], "treatment": ["end", "reprice"]})
    with pytest.raises(
        DataError, match=r"sum_plan: column 'customer_id' must name each customer once; 1 of 2"
    ):
        sum_plan(PEOPLE, plan)


def test_rules_without_a_name_or_a_number_are_refused_in_words():
    for name in (None, "", " "):
        with pytest.raises(ParameterError, match="every rule needs a name; 1 of 1 conditions have none"):
            choose_treatments(PEOPLE, rules((name, "revenue", 1, None, "end", "x")))
    with pytest.raises(DataError, match="column 'city' must hold numbers"):
        choose_treatments(PEOPLE.assign(city="上海"), rules(("r", "city", 1, None, "end", "x")))
    with pytest.raises(SchemaError, match="needs column 'column'"):
        choose_treatments(PEOPLE, pd.DataFrame({"rule": ["r"]}))
