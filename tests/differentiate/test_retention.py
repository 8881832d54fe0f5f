"""The policy table and the window, worked by hand."""

from __future__ import annotations

import itertools
import math

import pandas as pd
import pytest

from crm_lib.differentiate import load_policies, measure_window, name_states, plan_retention
from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError

SCORES = pd.DataFrame(
    [("a", 5, 5, 5), ("b", 4, 4, 1), ("c", 5, 3, 5), ("d", 3, 1, 1), ("e", 2, 5, 5), ("f", 1, 1, 5)],
    columns=["customer_id", "score_r", "score_f", "score_m"],
)
STATES = ["常来的客户", "常来的客户", "近期偶来", "来得居中", "渐行渐远", "久未再来"]


def test_states_by_hand_and_rows_keep_their_order():
    assert name_states(SCORES)["state"].tolist() == STATES
    assert name_states(SCORES.iloc[::-1])["state"].tolist() == STATES[::-1]


def test_every_combination_of_scores_has_one_state():
    rows = [(f"C{i}", *c) for i, c in enumerate(itertools.product(range(1, 6), repeat=3))]
    named = name_states(pd.DataFrame(rows, columns=SCORES.columns))
    assert set(named["state"]) == set(load_policies()["state"])
    assert load_policies()[["policy", "medium", "frequency", "owner"]].map(str.strip).ne("").all(axis=None)


def test_the_policy_table_by_hand():
    customers = name_states(SCORES).assign(
        revenue=[900.0, 300.0, 200.0, 100.0, 80.0, 60.0], net_profit=[500.0, 100.0, 90.0, 40.0, 30.0, 20.03]
    )
    policy = plan_retention(customers, by="net_profit", years=2.0, care_share=0.1)
    assert policy["state"].tolist() == list(dict.fromkeys(STATES))
    assert policy["n_customers"].tolist() == [2, 1, 1, 1, 1]
    assert policy["customer_share"].sum() == pytest.approx(1)
    assert policy["revenue"].tolist() == [1200.0, 200.0, 100.0, 80.0, 60.0]
    assert policy["net_profit"].tolist() == [600.0, 90.0, 40.0, 30.0, 20.03]
    # 600 / 2 customers / 2 years × 0.1; the last: 1.0015 is cut down, never up
    assert policy["care_limit"].tolist() == [15.0, 4.5, 2.0, 1.5, 1.0]
    spent = (policy["care_limit"] * policy["n_customers"]).sum()
    assert spent <= 0.1 * customers["net_profit"].sum() / 2


def test_less_than_a_year_is_not_blown_up_and_revenue_gives_no_limit():
    customers = name_states(SCORES).assign(revenue=100.0, net_profit=40.0)
    short = plan_retention(customers, by="net_profit", years=0.1, care_share=0.5)
    assert short["care_limit"].tolist() == [20.0] * 5
    by_revenue = plan_retention(customers, by="revenue", years=2, care_share=0.5)
    assert by_revenue["care_limit"].isna().all()
    assert by_revenue.columns.tolist().count("revenue") == 1


def test_nobody_gives_an_empty_table():
    nobody = name_states(SCORES.iloc[:0]).assign(revenue=1.0, net_profit=1.0)
    assert len(plan_retention(nobody)) == 0
    assert "care_limit" in plan_retention(nobody).columns


def test_own_rules_from_a_frame_and_a_file(tmp_path):
    own = pd.DataFrame({
        "state": ["near", "far"], "r_min": [3, None], "r_max": [None, 2],
        "policy": "p", "medium": "m", "frequency": "f", "owner": "o",
    })  # fmt: skip
    assert name_states(SCORES, rules=own)["state"].tolist() == ["near"] * 4 + ["far"] * 2
    path = tmp_path / "rules.toml"
    text = "policy='p'\nmedium='m'\nfrequency='f'\nowner='o'\n"
    path.write_text(f"[[rules]]\nstate='all'\n{text}", encoding="utf-8")
    assert set(name_states(SCORES, rules=path)["state"]) == {"all"}


def test_faulty_rules_are_refused(tmp_path):
    hole = load_policies().query("state != '来得居中'")
    with pytest.raises(DataError, match="none for"):
        name_states(SCORES, rules=hole)
    with pytest.raises(SchemaError, match="owner"):
        load_policies(load_policies().drop(columns="owner"))
    with pytest.raises(ReadError, match="cannot be read"):
        load_policies(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("x = [", encoding="utf-8")
    with pytest.raises(ReadError, match="no TOML"):
        load_policies(tmp_path / "bad.toml")
    customers = name_states(SCORES).assign(revenue=1.0, net_profit=1.0)
    with pytest.raises(DataError, match="do not know state '久未再来'"):
        plan_retention(customers, rules=load_policies().query("state != '久未再来'"))
    with pytest.raises(ParameterError, match="care_share"):
        plan_retention(customers, care_share=1.2)


BEFORE = pd.DataFrame({
    "customer_id": ["a", "b", "c"], "n_orders": [2, 1, 4], "revenue": [50.0, 20.0, 0.3],
    "net_profit": [9.0, math.nan, 0.1],
})  # fmt: skip
AFTER = pd.DataFrame({
    "customer_id": ["d", "c", "b", "a"], "n_orders": [1, 4, 2, 5], "revenue": [5.0, 0.1, 30.0, 80.5],
    "net_profit": [1.0, -0.2, 7.0, 12.5],
})  # fmt: skip


def test_the_window_by_hand():
    window = measure_window(BEFORE, AFTER, customers=pd.Series(["c", "a", "b"]))
    expected = pd.DataFrame({
        "customer_id": pd.Series(list("abc"), dtype="str"),
        "n_orders": [3, 1, 0],
        "revenue": [30.5, 10.0, -0.2],  # c sent something back and bought nothing
        "net_profit": [3.5, math.nan, -0.3],
        "returned": [True, True, False],
    })
    pd.testing.assert_frame_equal(window, expected, check_exact=True)


def test_the_window_of_nobody_and_of_a_stranger():
    assert measure_window(BEFORE, AFTER, customers=pd.Series([], dtype="str")).empty
    with pytest.raises(DataError, match=r"1 of 2 are not \(first: d\)"):
        measure_window(BEFORE, AFTER, customers=pd.Series(["a", "d"]))
