"""Control group, balance and sample size; statsmodels computes them again."""

from __future__ import annotations

import hashlib
import importlib
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import assign_arms, bound_share, compare_arms, find_visible_difference, plan_sample
from crm_lib.errors import DataError, ParameterError, SchemaError


def make_customers(sizes):
    names = [(f"{state}{i:03}", state) for state, n in sizes.items() for i in range(n)]
    return pd.DataFrame(names, columns=["customer_id", "state"])


def count_control(arms):
    return arms[arms["arm"] == "control"].groupby("stratum").size().to_dict()


def test_each_stratum_gives_its_share():
    arms = assign_arms(
        make_customers({"x": 50, "y": 30, "z": 20}), control_share=0.2, random_state=1, stratum="state"
    )
    assert count_control(arms) == {"x": 10, "y": 6, "z": 4}


def test_small_strata_share_what_rounding_leaves():
    # quotas 1.4, 0.6, 0.6, 0.4: whole parts 1; the control group has ⌊3.0 + ½⌋ = 3, so y and z get one more
    arms = assign_arms(
        make_customers({"w": 2, "x": 7, "y": 3, "z": 3}), control_share=0.2, random_state=1, stratum="state"
    )
    assert count_control(arms) == {"x": 1, "y": 1, "z": 1}


def test_the_lot_is_the_lowest_hash():
    four = pd.DataFrame({"customer_id": ["a", "b", "c", "d"]})
    arms = assign_arms(four, control_share=0.25, random_state=7)
    lowest = min("abcd", key=lambda c: hashlib.sha256(f"7:{c}".encode()).hexdigest())
    assert arms.loc[arms["arm"] == "control", "customer_id"].tolist() == [lowest]


@given(st.randoms(use_true_random=False), st.integers(0, 99))
def test_the_same_customer_has_the_same_arm_in_any_order(random, seed):
    customers = make_customers({"x": 9, "y": 6})
    shuffled = customers.sample(frac=1, random_state=random.randrange(1000))
    options = {"control_share": 0.3, "random_state": seed, "stratum": "state"}
    pd.testing.assert_frame_equal(assign_arms(customers, **options), assign_arms(shuffled, **options))


def test_another_seed_draws_other_customers():
    customers = make_customers({"x": 40})
    drawn = [assign_arms(customers, control_share=0.5, random_state=s)["arm"].tolist() for s in (1, 2)]
    assert drawn[0] != drawn[1]


def test_over_many_seeds_everybody_is_drawn_about_as_often():
    customers = make_customers({"x": 10})
    counts = pd.Series(0, index=customers["customer_id"])
    for seed in range(200):
        arms = assign_arms(customers, control_share=0.3, random_state=seed)
        counts[arms.loc[arms["arm"] == "control", "customer_id"]] += 1
    # binomial(200, 0.3): mean 60, standard deviation 6.5
    assert counts.between(60 - 26, 60 + 26).all()


def test_nobody_and_faults():
    assert assign_arms(make_customers({}), control_share=0.2, random_state=1, stratum="state").empty
    with pytest.raises(DataError, match="repeat"):
        assign_arms(pd.DataFrame({"customer_id": ["a", "a"]}), control_share=0.2, random_state=1)
    with pytest.raises(ParameterError, match="control_share"):
        assign_arms(make_customers({"x": 2}), control_share=1.5, random_state=1)


def test_balance_by_hand():
    frame = pd.DataFrame({
        "arm": ["treated"] * 3 + ["control"] * 2,
        "revenue": [1.0, 2.0, 3.0, 5.0, 7.0],
        "n_orders": [4, 4, 4, 4, 4],
    })
    balance = compare_arms(frame, measures=["revenue", "n_orders"])
    assert balance["mean_treated"].tolist() == [2.0, 4.0]
    assert balance["mean_control"].tolist() == [6.0, 4.0]
    # variances 1 and 2: (2 − 6) / √1.5
    assert balance["std_difference"].iloc[0] == pytest.approx(-4 / math.sqrt(1.5))
    assert math.isnan(balance["std_difference"].iloc[1])
    assert compare_arms(frame.iloc[:3], measures=["revenue"])["mean_control"].isna().all()
    with pytest.raises(SchemaError, match="recency_days"):
        compare_arms(frame, measures=["recency_days"])


def test_the_textbook_example_of_fleiss():
    """Fleiss, Levin and Paik (2003), table A.4 without continuity correction: .6 against .7, 80 %, 5 %."""
    plan = plan_sample(0.6, 0.1).iloc[0]
    # z = 1.959964 and 0.841621; p̄ = .65: (1.959964 √.455 + 0.841621 √.45)² / .01 = 355.9
    assert (plan["n_control"], plan["n_treated"], plan["n_customers"]) == (356, 356, 712)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.8])
@pytest.mark.parametrize(("base", "gain"), [(0.72, 0.1), (0.4, 0.05), (0.05, 0.5), (0.9, 0.1), (0.0, 0.2)])
def test_sample_size_agrees_with_statsmodels(share, base, gain):
    proportion = importlib.import_module("statsmodels.stats.proportion")
    ratio = share / (1 - share)
    treated = proportion.samplesize_proportions_2indep_onetail(
        -gain, base + gain, 0.8, ratio=1 / ratio, alpha=0.05, alternative="two-sided"
    )
    plan = plan_sample(base, gain, control_share=share).iloc[0]
    assert plan["n_control"] == math.ceil(treated - 1e-9)


def test_the_interval_agrees_with_statsmodels():
    proportion = importlib.import_module("statsmodels.stats.proportion")
    for count, n in ((0, 5), (48, 67), (5, 5), (1, 1000)):
        assert bound_share(count, n) == pytest.approx(
            proportion.proportion_confint(count, n, method="wilson")
        )
    assert all(map(math.isnan, bound_share(0, 0)))


@given(st.floats(0.01, 0.9), st.integers(5, 5000), st.integers(5, 5000))
def test_the_visible_difference_is_the_one_these_groups_suffice_for(base, n_control, n_treated):
    gap = find_visible_difference(base, n_control=n_control, n_treated=n_treated)
    share = n_control / (n_control + n_treated)
    if math.isnan(gap):
        assert plan_sample(base, 1 - base, control_share=share)["n_control"].iloc[0] > n_control
    else:
        assert plan_sample(base, gap, control_share=share)["n_control"].iloc[0] == pytest.approx(
            n_control, abs=1
        )


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(ParameterError, match="cannot exceed 1"):
        plan_sample(0.95, 0.1)
    with pytest.raises(ParameterError, match="difference"):
        plan_sample(0.5, 0.0)
    with pytest.raises(ParameterError, match="control_share"):
        plan_sample(0.5, 0.1, control_share=0)
    assert math.isnan(find_visible_difference(1.0, n_control=50, n_treated=50))
    assert math.isnan(find_visible_difference(0.5, n_control=0, n_treated=50))
    assert math.isnan(find_visible_difference(0.9, n_control=3, n_treated=3))
