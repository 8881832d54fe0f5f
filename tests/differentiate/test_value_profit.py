"""Profit per customer, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib import clean_table, read_table
from crm_lib.differentiate import classify_abc, summarize_profit, summarize_rfm
from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.sample import path

LINE = ["customer_id", "order_id", "ordered_at", "quantity", "unit_cost", "amount"]


def make_orders(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=LINE).astype({"quantity": "float64", "unit_cost": "float64"})
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"], format="ISO8601"))


def make_contacts(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "occurred_at", "cost"]).astype({"cost": "float64"})
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], format="ISO8601"))


ORDERS = make_orders([
    ("a", "1", "2024-01-05", 2, 30.0, 100.0),
    ("a", "1", "2024-01-05", 1, 10.5, 20.5),
    ("a", "2", "2024-02-01", -1, 30.0, -50.0),  # one of the two comes back
    ("b", "3", "2024-03-01", 1, 40.0, 45.0),
    ("b", "4", "2024-12-31 23:59", 1, 40.0, 45.0),
    ("b", "5", "2025-01-01", 1, 40.0, 45.0),  # not known yet
    ("c", "6", "2024-04-01", 3, None, 90.0),  # what it cost is not known
    ("c", "7", "2024-04-02", 1, 5.0, 10.0),
])
CONTACTS = make_contacts([
    ("b", "2024-03-02", 6.25),
    ("b", "2024-03-03", 5.0),
    ("b", "2025-01-01", 99.0),  # not known yet
    ("d", "2024-05-01", 8.0),  # nothing bought
])


def test_a_small_company_by_hand():
    profit = summarize_profit(ORDERS, as_of="2024-12-31", contacts=CONTACTS, cost_per_order=1.5)
    expected = pd.DataFrame({
        "customer_id": pd.Series(list("abcd"), dtype="str"),
        "n_orders": [1, 2, 2, 0],
        "revenue": [70.5, 90.0, 100.0, 0.0],  # a: 100 + 20.5 − 50
        "cost_of_goods": [40.5, 80.0, 5.0, 0.0],  # a: 2 × 30 + 10.5 − 30; c: what is known
        "gross_profit": [30.0, 10.0, np.nan, 0.0],
        "cost_to_serve": [1.5, 14.25, 3.0, 8.0],  # b: 6.25 + 5 + 2 × 1.5
        "net_profit": [28.5, -4.25, np.nan, -8.0],
        "n_lines_without_cost": [0, 0, 1, 0],
        "n_contacts_without_cost": [0, 0, 0, 0],
    })
    pd.testing.assert_frame_equal(profit, expected, check_exact=True)
    assert profit.attrs == {
        "as_of": "2024-12-31", "n_later": 1, "n_later_contacts": 1, "cost_per_order": 1.5,
    }  # fmt: skip


def test_a_contact_without_cost_leaves_the_net_profit_open_but_not_the_gross():
    contacts = make_contacts([("a", "2024-01-06", None), ("a", "2024-01-07", 2.0)])
    row = summarize_profit(ORDERS, as_of="2024-12-31", contacts=contacts).iloc[0]
    assert row["n_contacts_without_cost"] == 1
    assert row["gross_profit"] == 30.0
    assert math.isnan(row["cost_to_serve"])
    assert math.isnan(row["net_profit"])


def test_input_stays_and_no_contacts_is_no_cost():
    before, talks = ORDERS.copy(), CONTACTS.copy()
    summarize_profit(ORDERS, as_of="2024-12-31", contacts=CONTACTS)
    pd.testing.assert_frame_equal(ORDERS, before)
    pd.testing.assert_frame_equal(CONTACTS, talks)
    without = summarize_profit(ORDERS, as_of="2024-12-31")
    assert without["customer_id"].tolist() == ["a", "b", "c"]
    assert without["cost_to_serve"].tolist() == [0, 0, 0]
    empty = summarize_profit(ORDERS, as_of="2024-12-31", contacts=CONTACTS.iloc[:0])
    pd.testing.assert_frame_equal(empty, without)


def test_contacts_that_are_all_later_are_counted():
    profit = summarize_profit(ORDERS, as_of="2024-12-31", contacts=make_contacts([("a", "2025-02-01", 3.0)]))
    assert profit.attrs["n_later_contacts"] == 1
    assert profit["cost_to_serve"].tolist() == [0, 0, 0]


def test_numbers_as_ids_meet_however_they_are_kept():
    orders = ORDERS[ORDERS["customer_id"] != "c"].assign(customer_id=[7, 7, 7, 8, 8, 8])
    contacts = make_contacts([("8", "2024-03-02", 1.0)])
    for ids in (np.array(["8"], dtype=object), np.array([8]), np.array([8.0])):
        got = summarize_profit(orders, as_of="2024-12-31", contacts=contacts.assign(customer_id=ids))
        assert got[["customer_id", "cost_to_serve"]].to_numpy().tolist() == [["7", 0.0], ["8", 1.0]]


def test_amount_may_be_price_and_discount_and_dates_text():
    orders = pd.DataFrame({
        "customer_id": ["a"], "ordered_at": ["2024-01-01"], "quantity": [3], "unit_price": [10.0],
        "discount": [0.1], "unit_cost": [4.0],
    })  # fmt: skip
    row = summarize_profit(orders, as_of="2024-01-01").iloc[0]
    assert (row["revenue"], row["gross_profit"]) == (27.0, 15.0)  # 3 × 10 × 0.9 − 3 × 4


def test_no_order_at_all():
    profit = summarize_profit(ORDERS.iloc[:0], as_of="2024-12-31")
    assert len(profit) == 0
    assert profit["net_profit"].dtype == "float64"
    only = summarize_profit(ORDERS.iloc[:0], as_of="2024-12-31", contacts=CONTACTS)
    assert only[["customer_id", "net_profit"]].to_numpy().tolist() == [["b", -11.25], ["d", -8.0]]


line = st.tuples(
    st.sampled_from("abcd"), st.integers(1, 5), st.integers(1, 28), st.integers(-3, 9),
    st.one_of(st.none(), st.integers(0, 9999)), st.integers(-5000, 20000),
)  # fmt: skip
talk = st.tuples(st.sampled_from("abcde"), st.integers(1, 28), st.one_of(st.none(), st.integers(0, 5000)))


@settings(max_examples=12)
@given(st.lists(line, min_size=1, max_size=15), st.lists(talk, max_size=8), st.integers(0, 300))
def test_against_a_plain_loop_in_fen(lines, talks, rate):
    orders = make_orders([
        (c, o, f"2024-01-{d:02d}", q, None if u is None else u / 100, a / 100) for c, o, d, q, u, a in lines
    ])
    contacts = make_contacts([(c, f"2024-01-{d:02d}", None if k is None else k / 100) for c, d, k in talks])
    options = {"as_of": "2024-01-31", "cost_per_order": rate / 100}
    profit = summarize_profit(orders, contacts=contacts, **options)
    assert set(profit["customer_id"]) == {x[0] for x in lines} | {x[0] for x in talks}
    for row in profit.itertuples():
        mine = [x for x in lines if x[0] == row.customer_id]
        costs = [k for c, _, k in talks if c == row.customer_id]
        n_orders = len({x[1] for x in mine if x[5] >= 0})
        revenue = sum(x[5] for x in mine)
        assert (row.n_orders, round(row.revenue * 100)) == (n_orders, revenue)
        assert row.n_lines_without_cost == sum(x[4] is None for x in mine)
        assert row.n_contacts_without_cost == costs.count(None)
        if row.n_lines_without_cost or None in costs:
            assert math.isnan(row.net_profit)
            continue
        goods = sum(x[3] * x[4] for x in mine)
        assert row.net_profit == (revenue - goods - sum(costs) - n_orders * rate) / 100
    again = summarize_profit(orders.iloc[::-1], contacts=contacts.iloc[::-1], **options)
    pd.testing.assert_frame_equal(again, profit, check_exact=True)


def test_xudong_agrees_with_rfm_and_with_plain_sums():
    orders = clean_table(read_table(path("xudong_orders"), "orders"), "orders").rows
    contacts = clean_table(read_table(path("xudong_contacts"), "contacts"), "contacts").rows
    as_of = orders["ordered_at"].max().date()
    profit = summarize_profit(orders, as_of=as_of, contacts=contacts).set_index("customer_id")
    rfm = summarize_rfm(orders, as_of=as_of).set_index("customer_id")
    bought = profit.loc[rfm.index]
    pd.testing.assert_frame_equal(bought[["n_orders", "revenue"]], rfm[["n_orders", "revenue"]])
    goods = (orders["quantity"] * orders["unit_cost"]).astype("float64").sum()
    assert profit["cost_of_goods"].sum() == pytest.approx(goods, abs=0.01)
    assert profit["n_lines_without_cost"].sum() == orders["unit_cost"].isna().sum()
    known = contacts[contacts["occurred_at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    assert profit["cost_to_serve"].sum() == pytest.approx(known["cost"].sum(), abs=0.01)
    complete = profit.dropna().reset_index()
    assert len(classify_abc(complete, by="net_profit")) == len(complete)


@pytest.mark.parametrize(
    ("orders", "contacts", "message"),
    [
        (ORDERS.assign(unit_cost=-1.0), None, r"'unit_cost' must be a number >= 0 or empty; 8 of 8"),
        (ORDERS.assign(unit_cost="4元"), None, "'unit_cost' must hold numbers"),
        (ORDERS.assign(customer_id=None), None, "every order line needs customer_id"),
        (ORDERS.assign(amount=np.nan), None, "8 without an amount"),
        (ORDERS.assign(ordered_at=1), None, "must hold times; got numbers"),
        (ORDERS.assign(ordered_at=ORDERS["ordered_at"].dt.tz_localize("UTC")), None, "times with a zone"),
        (ORDERS, CONTACTS.assign(customer_id=["b", None, " ", "d"]), "every contact needs.*2 of 4"),
        (ORDERS, CONTACTS.assign(occurred_at="gestern"), "every contact needs.*4 of 4"),
        (ORDERS, CONTACTS.assign(cost=-2.0), r"'cost' must be a number >= 0 or empty; 4 of 4"),
    ],
)
def test_faults_are_said_in_words(orders, contacts, message):
    with pytest.raises(DataError, match=message):
        summarize_profit(orders, as_of="2024-12-31", contacts=contacts)


def test_missing_columns_wrong_days_and_wrong_rates():
    with pytest.raises(SchemaError, match="unit_cost"):
        summarize_profit(ORDERS.drop(columns="unit_cost"), as_of="2024-12-31")
    with pytest.raises(DataError, match="as_of must not be earlier"):
        summarize_profit(ORDERS, as_of="2023-12-31")
    with pytest.raises(ParameterError, match="as_of must be a date"):
        summarize_profit(ORDERS, as_of="soon")
    for rate in (-1, float("nan"), float("inf"), "2", True):
        with pytest.raises(ParameterError, match="cost_per_order must be a number"):
            summarize_profit(ORDERS, as_of="2024-12-31", cost_per_order=rate)
