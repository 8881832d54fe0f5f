"""Candidates for class A and the recount, worked by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import classify_abc, list_candidates, simulate_rise
from crm_lib.errors import DataError, ParameterError

VALUES = pd.DataFrame({"customer_id": list("abcdef"), "net_profit": [50.0, 30.0, 8.0, 5.5, 4.0, 2.5]})
# the whole is 100: a and b cross 80 (before b stand 50), c, d and e cross 95 (before e stand 93.5)
ABC = classify_abc(VALUES, by="net_profit")
ORDERS = pd.DataFrame({"customer_id": list("abcdef"), "n_orders": [5, 3, 4, 0, 2, 1]})


def test_candidates_by_hand():
    found = list_candidates(ABC, ORDERS, by="net_profit")
    assert ABC["abc_class"].tolist() == list("AABBBC")
    expected = pd.DataFrame({
        "customer_id": pd.Series(list("cde"), dtype="str"),
        "net_profit": [8.0, 5.5, 4.0],
        "n_orders": [4, 0, 2],
        "lacking": [22.0, 24.5, 26.0],  # 30 − 8, 30 − 5.5, 30 − 4
        "value_per_order": [2.0, math.nan, 2.0],
        "lacking_orders": [11.0, math.nan, 13.0],
    })
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_needed_orders_are_rounded_up_only_when_something_is_left():
    abc = pd.DataFrame({"customer_id": ["a", "b"], "revenue": [80.1, 20.0], "abc_class": ["A", "B"]})
    orders = pd.DataFrame({"customer_id": ["a", "b"], "n_orders": [1, 1]})
    assert list_candidates(abc, orders)["lacking_orders"].tolist() == [4.0]  # 60.1 / 20
    assert list_candidates(abc.assign(revenue=[80.0, 20.0]), orders)["lacking_orders"].tolist() == [3.0]


def test_the_recount_by_hand():
    rise = simulate_rise(ABC, n=2, by="net_profit")
    assert rise.attrs["n_raised"] == 2
    assert rise["scenario"].tolist() == ["now", "raised"]
    assert rise["n_customers"].tolist() == [2, 4]
    assert rise["customer_share"].tolist() == [2 / 6, 4 / 6]
    assert rise["net_profit"].tolist() == [80.0, 140.0]  # 50 + 30 + 30 + 30
    assert rise["total_net_profit"].tolist() == [100.0, 146.5]  # 140 + 4 + 2.5
    assert rise["net_profit_share"].tolist() == pytest.approx([0.8, 140 / 146.5])


def test_more_than_there_are_raises_all_and_none_changes_nothing():
    assert simulate_rise(ABC, n=99, by="net_profit").attrs["n_raised"] == 3
    rise = simulate_rise(ABC, n=0, by="net_profit")
    assert rise.drop(columns="scenario").iloc[0].equals(rise.drop(columns="scenario").iloc[1])


def test_nobody_in_class_a_gives_no_candidate():
    losses = classify_abc(pd.DataFrame({"customer_id": ["a", "b"], "revenue": [-1.0, 0.0]}))
    orders = pd.DataFrame({"customer_id": ["a", "b"], "n_orders": [1, 1]})
    assert list_candidates(losses, orders).empty
    rise = simulate_rise(losses, n=5)
    assert rise["n_customers"].tolist() == [0, 0]
    assert rise.attrs["n_raised"] == 0


def test_faults_are_said():
    with pytest.raises(ParameterError, match="n must be >= 0"):
        simulate_rise(ABC, n=-1, by="net_profit")
    with pytest.raises(ParameterError, match="by must be one of"):
        list_candidates(ABC, ORDERS, by="profit")
    with pytest.raises(DataError, match="finite"):
        list_candidates(ABC.assign(net_profit=math.inf), ORDERS, by="net_profit")


@settings(max_examples=40)
@given(st.lists(st.integers(-50, 5000), min_size=1, max_size=40), st.integers(0, 10))
def test_who_rises_is_in_class_a_and_nobody_leaves_it(amounts, n):
    """What `list_candidates` promises: the lacking amount is enough, for one and for many at once."""
    values = pd.DataFrame({"customer_id": [f"C{i:02}" for i in range(len(amounts))], "revenue": amounts})
    abc = classify_abc(values.astype({"revenue": "float64"}))
    best = set(abc.loc[abc["abc_class"] == "A", "customer_id"])
    nobody = values[["customer_id"]].assign(n_orders=1)
    rising = list_candidates(abc, nobody).head(n)
    raised = abc[["customer_id", "revenue"]].merge(rising[["customer_id", "lacking"]], how="left")
    raised["revenue"] = raised["revenue"] + raised["lacking"].fillna(0)
    after = classify_abc(raised[["customer_id", "revenue"]])
    now_best = set(after.loc[after["abc_class"] == "A", "customer_id"])
    assert best | set(rising["customer_id"]) <= now_best
    assert simulate_rise(abc, n=n)["n_customers"].tolist() == [len(best), len(now_best)]
