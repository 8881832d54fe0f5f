"""What information is worth: each of the eight decisions by hand on a handful of rows."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm_lib.errors import ParameterError
from crm_lib.identify import load_assumptions, value_information

DAY = "2024-12-31"


def value(tables, item, day=DAY, **own):
    got = value_information(tables, as_of=day, assumptions=load_assumptions(**own))
    return got.set_index("item").loc[item]


def make_orders(*rows):
    """Rows of (customer, day, amount, unit cost, sku): one piece each, an order a row."""
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount", "unit_cost", "sku"])
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    return frame.assign(quantity=1.0, order_id=[f"D{i}" for i in range(len(frame))])


ORDERS = make_orders(
    ("A", "2023-06-01", 100.0, 60.0, "s"),
    ("B", "2023-06-01", 100.0, 90.0, "s"),
    ("A", "2024-06-01", 200.0, 120.0, "s"),
    ("B", "2024-06-01", 100.0, 90.0, "s"),
)
# turnover 500, cost 360: margin .28
MARGIN = 0.28


def test_strategic():
    """We sell most of x (30 of 40: 10 elsewhere); most room is in y (5 of 105: 100 elsewhere)."""
    wallet = pd.DataFrame({"category": ["x", "y"], "category_spend": [40.0, 105.0], "our_spend": [30.0, 5.0]})
    got = value({"wallet": wallet, "orders": ORDERS}, "strategic", attainable=0.5)
    assert got["without_yuan"] == pytest.approx(10 * 0.5 * MARGIN)
    assert got["with_yuan"] == pytest.approx(100 * 0.5 * MARGIN)
    assert (got["n"], got["chosen"]) == (2, "y")


def test_strategic_is_worth_nothing_when_the_choice_stays():
    wallet = pd.DataFrame({"category": ["x", "y"], "category_spend": [90.0, 10.0], "our_spend": [30.0, 5.0]})
    assert value({"wallet": wallet, "orders": ORDERS}, "strategic")["value_yuan"] == 0.0


def test_tactical():
    """Last quarter 75 of x, 25 of y; the year before 80 % x: plan 80/20 misses by 5, an equal plan by 25."""
    orders = make_orders(
        ("A", "2024-12-01", 75.0, 37.5, "x"),
        ("A", "2024-12-01", 25.0, 12.5, "y"),
        ("A", "2024-06-01", 80.0, 40.0, "x"),
        ("A", "2024-06-01", 20.0, 10.0, "y"),
    )
    goods = pd.DataFrame({"sku": ["x", "y"], "category": ["x", "y"]})
    got = value({"orders": orders, "products": goods}, "tactical", holding=0.1)
    assert got["with_yuan"] == pytest.approx(-(5 * 0.1 + 5 * 0.5))  # margin .5
    assert got["without_yuan"] == pytest.approx(-(25 * 0.1 + 25 * 0.5))


def test_operational():
    """4 prospects, 1 deal of 400; 2 of them with need and budget, the deal among them: .25 against .5."""
    leads = pd.DataFrame({
        "found_on": pd.to_datetime(["2024-01-01"] * 4),
        "intent": ["成交", "潜在", "潜在", "意向"],
        "has_need": [True, True, False, True],
        "has_budget": [True, False, False, True],
        "signed_amount": [400.0, None, None, None],
    })
    got = value({"leads": leads, "orders": ORDERS}, "operational", calls=10)
    assert got["without_yuan"] == pytest.approx(10 * 0.25 * 400 * MARGIN)
    assert got["with_yuan"] == pytest.approx(10 * 0.5 * 400 * MARGIN)


def test_grading_uses_last_years_grade_on_this_years_profit():
    """2023: A 40, B 10; so A is the top. 2024: A 80, B 10: 80 against the mean 45."""
    got = value({"orders": ORDERS}, "grading", top_share=0.5, care_effect=0.1)
    assert (got["without_yuan"], got["with_yuan"]) == (pytest.approx(4.5), pytest.approx(8.0))


def test_communication():
    """Telephone 8, chat 2; A has used both, B the telephone: mean of the contacts (8 + 2 + 8) / 3 = 6."""
    contacts = pd.DataFrame({
        "customer_id": ["A", "A", "B"],
        "occurred_at": pd.to_datetime(["2024-01-01"] * 3),
        "medium": ["电话", "微信", "电话"],
        "cost": [8.0, 2.0, 8.0],
        "satisfaction": [2, 5, 4],
    })
    tables = {"contacts": contacts, "orders": ORDERS}
    got = value(tables, "communication", contacts_a_year=1)
    assert (got["without_yuan"], got["with_yuan"]) == (pytest.approx(-12.0), pytest.approx(-10.0))
    # A is dissatisfied, one of two; a year's gross profit is 90 over 2 customers
    got = value(tables, "service", callback_effect=0.2, callback_cost=1.0)
    assert got["without_yuan"] == pytest.approx(1 * 0.5 * 45 * 0.2 - 1)
    assert got["with_yuan"] == pytest.approx(1 * 45 * 0.2 - 1)


def test_care_needs_a_birthday_and_consent():
    people = pd.DataFrame({
        "birth_date": pd.to_datetime(["1990-01-01", "1991-01-01", None, "1992-01-01"]),
        "consent_marketing": pd.array([True, False, True, None], dtype="boolean"),
    })
    got = value({"customers": people, "orders": ORDERS}, "care", birthday_effect=0.1, greeting_cost=0.5)
    # one greeting; gross profit per order 140 / 4
    assert (got["n"], got["without_yuan"]) == (1, 0.0)
    assert got["with_yuan"] == pytest.approx(0.1 * 35 - 0.5)


def test_win_back_writes_only_where_it_pays():
    """Gone are A (60 an order) and B (10): .2 × 60 − 5 = 7 and .2 × 10 − 5 = −3."""
    got = value({"orders": ORDERS}, "win_back", day="2024-12-31", win_back_effect=0.2, win_back_cost=5.0)
    assert (got["without_yuan"], got["with_yuan"]) == (pytest.approx(4.0), pytest.approx(7.0))
    assert (got["n"], got["chosen"]) == (2, "1")


def test_what_was_not_known_yet_changes_nothing():
    later = make_orders(("A", "2025-01-01", 9999.0, 1.0, "s"))
    tables = {"orders": ORDERS}
    more = {"orders": pd.concat([ORDERS, later], ignore_index=True)}
    one, other = (value_information(t, as_of=DAY) for t in (tables, more))
    pd.testing.assert_frame_equal(one, other)


def test_the_order_of_the_rows_does_not_matter():
    turned = {"orders": ORDERS.iloc[::-1].reset_index(drop=True)}
    pd.testing.assert_frame_equal(
        value_information({"orders": ORDERS}, as_of=DAY), value_information(turned, as_of=DAY)
    )


def test_without_tables_nothing_is_computed():
    got = value_information({}, as_of=DAY)
    assert got["n"].tolist() == [0] * 8
    assert got["value_yuan"].isna().all()
    assert got["use"].tolist() == ["decision"] * 3 + ["grading", "communication"] + ["satisfaction"] * 3


def test_assumptions_are_the_users_and_wrong_ones_are_refused():
    assert load_assumptions(calls=7)["calls"] == 7
    assert all(math.isfinite(v) and v > 0 for v in load_assumptions().values())
    with pytest.raises(ParameterError, match="the closest are calls"):
        load_assumptions(call=7)
    with pytest.raises(ParameterError, match="must be a number >= 0"):
        load_assumptions(calls=-1)
    with pytest.raises(ParameterError, match="as_of"):
        value_information({}, as_of="2024-02-30")


def test_what_was_assumed_goes_with_the_result():
    got = value_information({"orders": ORDERS}, as_of=DAY, assumptions={"care_effect": 0.2})
    assert got.attrs["assumptions"] == load_assumptions(care_effect=0.2)
    with pytest.raises(ParameterError, match="closest"):
        value_information({"orders": ORDERS}, as_of=DAY, assumptions={"care": 0.2})
