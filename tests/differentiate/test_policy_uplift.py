"""Uplift, Qini and budgets: by hand, by a slow count, and against a truth that was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import describe_past, make_trial, make_uplift_world

from crm_lib.differentiate import policy
from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.sample import make_company

FEATURES = ["discount_share", "age", "n_orders", "channel"]
HAND = pd.DataFrame({
    "customer_id": list("abcdefgh"),
    "arm": ["treated", "control"] * 4,
    "buys": [1, 0, 1, 1, 0, 0, 0, 1],
    "uplift": [4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0],
})


def count_qini(frame: pd.DataFrame, outcome: str) -> list[tuple[float, float, float]]:
    """Count the curves the slow way, one group of equal scores after the other."""
    points, n_t_all, n = [], (frame["arm"] == "treated").sum(), len(frame)
    for score in sorted(frame["uplift"].unique(), reverse=True):
        first = frame[frame["uplift"] >= score]
        t, c = (first.loc[first["arm"] == a, outcome] for a in ("treated", "control"))
        if len(t) and len(c):
            qini = (t.sum() - c.sum() * len(t) / len(c)) / n_t_all
            points.append((len(first) / n, qini, (t.mean() - c.mean()) * len(first) / n))
    return points


def test_curve_by_hand():
    # after 2, 4, 6, 8 customers: (1−0)/4, (2−1)/4, (2−1)/4, (2−2)/4
    found = policy.measure_qini(HAND, outcome="buys", n_points=5)
    assert found["qini"].tolist() == pytest.approx([0, 0.25, 0.25, 0.25, 0])
    # (1−0)·¼, (1−½)·½, (⅔−⅓)·¾, (½−½)·1
    assert found["uplift_gain"].tolist() == pytest.approx([0, 0.25, 0.25, 0.25, 0])
    assert found["random"].tolist() == [0, 0, 0, 0, 0]
    areas = policy.summarize_qini(HAND, outcome="buys", random_state=0, n_resamples=100)
    # trapezoids of width ¼: ⅛·¼ + ¼·¼ + ¼·¼ + ⅛·¼
    assert areas["estimate"].tolist() == pytest.approx([0.1875, 0.1875])
    assert areas["random"].tolist() == [0, 0]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 4)), min_size=4, max_size=40))
def test_curve_is_that_of_the_slow_count(cases):
    frame = pd.DataFrame(cases, columns=["t", "buys", "uplift"])
    frame["arm"] = np.where(frame["t"], "treated", "control")
    if frame["t"].sum() < 2 or (~frame["t"]).sum() < 2:
        return
    share, qini, gain = zip((0, 0, 0), *count_qini(frame, "buys"), strict=True)
    found = policy.measure_qini(frame, outcome="buys", n_points=50)
    assert found["qini"].to_numpy() == pytest.approx(np.interp(found["share"], share, qini))
    assert found["uplift_gain"].to_numpy() == pytest.approx(np.interp(found["share"], share, gain))
    mixed = policy.measure_qini(frame.sample(frac=1, random_state=1), outcome="buys", n_points=50)
    assert mixed.to_numpy() == pytest.approx(found.to_numpy())


def test_equal_scores_are_a_ranking_by_lot():
    frame = make_trial(1, 400, effect=1.0).assign(uplift=1.0)
    found = policy.summarize_qini(frame, outcome="buys", random_state=0, n_resamples=100)
    assert found["extra"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert found["p_value"].tolist() == [1.0, 1.0]
    assert len(policy.measure_groups(frame, outcome="buys")) == 1


def test_bootstrap_resamples_within_the_arms_and_holds_the_estimate():
    frame, _ = make_uplift_world(1, 3000)
    found = policy.summarize_qini(
        frame, outcome="buys", score="discount_share", random_state=0, n_resamples=200
    )
    assert (found["low"] < found["estimate"]).all()
    assert (found["estimate"] < found["high"]).all()
    assert found["random"].iloc[1] == pytest.approx(
        policy.compare_outcomes(frame, outcomes=["buys"])["difference"][0] / 2
    )
    assert found["p_value"].iloc[0] < 0.05
    again = policy.summarize_qini(
        frame, outcome="buys", score="discount_share", random_state=0, n_resamples=200
    )
    pd.testing.assert_frame_equal(found, again)


def test_groups_by_hand_keep_equal_scores_together():
    found = policy.measure_groups(HAND.assign(uplift=[4, 4, 4, 4, 1, 1, 1, 1.0]), outcome="buys", n_groups=3)
    assert found["n_customers"].tolist() == [4, 4]
    assert found["difference"].tolist() == [0.5, -0.5]  # 2/2 − 1/2, 0/2 − 1/2
    assert found["expected"].tolist() == [4, 1]
    lone = policy.measure_groups(HAND.assign(uplift=[9, 8, 9, 8, 9, 8, 9, 8.0]), outcome="buys", n_groups=2)
    assert lone["difference"].isna().all()


@pytest.mark.parametrize("learner", ["two_models", "class_transformation"])
@pytest.mark.parametrize("model", ["linear", "boosting"])
def test_a_planted_effect_is_ranked(learner, model):
    world, _ = make_uplift_world(2, 6000)
    fresh, effect = make_uplift_world(3, 6000, start=10_000)
    options = {"outcome": "buys", "features": FEATURES, "random_state": 0, "learner": learner, "model": model}
    found = policy.fit_uplift(world, **options).apply(fresh)
    assert found["customer_id"].tolist() == fresh["customer_id"].tolist()
    assert found["uplift"].mean() == pytest.approx(effect.mean(), abs=0.025)
    best, got = policy.rate_ranking(effect, effect), policy.rate_ranking(found["uplift"].to_numpy(), effect)
    assert got > (0.85 if model == "linear" else 0.6) * best


def test_an_unequal_lot_does_not_shift_the_class_transformation():
    rng = np.random.default_rng(0)
    world, effect = make_uplift_world(4, 12_000)
    kept = world[(world["arm"] == "treated") | (rng.random(len(world)) < 0.3)]
    options = {"outcome": "buys", "features": FEATURES, "random_state": 0, "learner": "class_transformation"}
    assert policy.fit_uplift(kept, **options).apply(world)["uplift"].mean() == pytest.approx(
        effect.mean(), abs=0.03
    )


def test_an_amount_is_predicted_by_two_models_only():
    world = make_trial(5, 2000, effect=1.0)
    options = {"outcome": "spend", "features": ["revenue", "n_orders"], "random_state": 0}
    for model in ("linear", "boosting"):
        found = policy.fit_uplift(world, **options, model=model).apply(world)
        assert found["uplift"].mean() == pytest.approx(12.0, abs=6.0)
    with pytest.raises(DataError, match="two_models"):
        policy.fit_uplift(world, **options, learner="class_transformation")


def test_nobody_is_predicted_by_a_model_that_saw_him():
    world, _ = make_uplift_world(6, 1000)
    options = {"outcome": "buys", "features": FEATURES, "random_state": 3, "n_folds": 4}
    found = policy.predict_uplift(world, **options)
    assert found["fold"].value_counts().tolist() == [250] * 4
    own = found["fold"] == 2
    ordered = world.sort_values("customer_id").reset_index(drop=True)
    about = {k: options[k] for k in ("outcome", "features", "random_state")}
    model = policy.fit_uplift(ordered[~own.to_numpy()], **about)
    again = model.apply(ordered[own.to_numpy()])["uplift"]
    assert found.loc[own, "uplift"].tolist() == pytest.approx(again.tolist())
    mixed = policy.predict_uplift(world.sample(frac=1, random_state=0), **options)
    assert mixed["fold"].tolist() == found["fold"].tolist()
    assert mixed["uplift"].tolist() == pytest.approx(found["uplift"].tolist(), abs=1e-6)


def test_gaps_rare_words_and_an_arm_without_buyers_are_borne():
    world, _ = make_uplift_world(7, 600)
    world["age"] = world["age"].where(world.index % 5 > 0)
    world.loc[world.index[:3], "channel"] = "letter"
    world["buys"] = world["buys"] & (world["arm"] == "treated")
    for model in ("linear", "boosting"):
        found = policy.predict_uplift(world, outcome="buys", features=FEATURES, random_state=0, model=model)
        assert np.isfinite(found["uplift"]).all()
        assert (found["expected_control"] == 0).all()


def test_uplift_faults_are_said_in_words():
    world, _ = make_uplift_world(8, 300)
    options = {"outcome": "buys", "features": FEATURES, "random_state": 0}
    with pytest.raises(DataError, match="at least 50"):
        policy.fit_uplift(world.head(60), **options)
    with pytest.raises(ParameterError, match="boosting"):
        policy.fit_uplift(world, **options, model="forest")
    with pytest.raises(DataError, match="must name each customer once"):
        policy.predict_uplift(pd.concat([world, world]), **options)
    with pytest.raises(DataError, match="at least one feature must differ"):
        policy.fit_uplift(world.assign(age=1.0), **(options | {"features": ["age"]}))
    with pytest.raises(SchemaError, match="channel"):
        policy.fit_uplift(world, **options).apply(world.drop(columns="channel"))


def test_budgets_by_hand():
    # 4 yuan pay for the four with the highest scores: treated 2/2, control 1/2 → 4 × 10 × ½ = 20
    options = {"outcome": "buys", "value": 10.0, "cost": 1.0, "random_state": 0, "n_resamples": 100}
    found = policy.evaluate_budgets(HAND, budgets=[4.0, 0.0], **options)
    assert found["rule"].tolist() == ["ranking", "random", "ranking", "random", "everybody"]
    assert found["incremental_gain"].tolist() == pytest.approx([20, 0, 0, 0, 0])
    assert found["net_gain"].tolist() == pytest.approx([16, -4, 0, 0, -8])
    assert found["gain_over_random"].iloc[0] == pytest.approx(20)
    # 3 yuan: a and b surely, c and d by a coin: treated (1 + ½)/1.5, control ½/1.5 → 3 × 10 × ⅔
    odd = policy.evaluate_budgets(HAND, budgets=[3.0], **options).iloc[0]
    assert odd["n_chosen"] == 3
    assert odd["incremental_gain"] == pytest.approx(20)


def test_who_does_not_pay_is_not_treated_even_with_money_left():
    options = {
        "outcome": "buys",
        "value": 1.0,
        "cost": 2.5,
        "random_state": 0,
        "n_resamples": 100,
        "budgets": [99.0],
    }
    assert policy.evaluate_budgets(HAND, **options)["n_chosen"].iloc[0] == 4  # scores 4 and 3 are above 2.5
    assert policy.evaluate_budgets(HAND, **options, only_paying=False)["n_chosen"].iloc[0] == 8
    with pytest.raises(ParameterError, match="above 0"):
        policy.evaluate_budgets(HAND, **(options | {"cost": 0.0}))


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """Return the members of the coupon campaign with their past, and the true effect on each."""
    folder = tmp_path_factory.mktemp("company")
    make_company(12_000, seed=11, out=folder, files=False)
    read = {
        name: pd.read_parquet(folder / "data" / f"{name}.parquet")
        for name in ("orders", "products", "campaign_members")
    }
    members = read["campaign_members"]
    members = members[members["campaign_id"] == "C01"].reset_index(drop=True)
    truth = pd.read_parquet(folder / "truth" / "campaign_members.parquet")
    truth = truth[truth["campaign_id"] == "C01"].set_index("customer_id")
    return describe_past(read["orders"], read["products"], members), truth.reindex(members["customer_id"])


def test_the_planted_effect_of_the_company_lies_within_the_interval(company):
    members, truth = company
    row = policy.compare_outcomes(members, outcomes=["converted"]).iloc[0]
    assert row["low"] <= truth["effect"].mean() <= row["high"]
    both = truth["converts_if_treated"].astype(int) - truth["converts_if_control"].astype(int)
    assert row["low"] <= both.mean() <= row["high"]
    assert not policy.check_split(members, control_share=0.5)["mismatch"].iloc[0]
    joint = policy.check_balance(
        members, measures=["spend_before", "n_orders", "recency_days"], random_state=0
    )
    assert joint.p_value > 0.01


def test_the_ranking_of_the_company_beats_a_lot_and_is_shown_beside_the_true_one(company):
    members, truth = company
    features = [c for c in members.columns if c.startswith("part_") or c in {
        "n_orders", "revenue", "recency_days", "mean_line", "mean_discount", "web_share", "spend_before"}]  # fmt: skip
    scored = policy.predict_uplift(members, outcome="converted", features=features, random_state=0,
                                   started_on="2025-01-06")  # fmt: skip
    effect = truth["effect"].reindex(scored["customer_id"]).to_numpy()
    ours, best = (
        policy.summarize_qini(frame, outcome="converted", random_state=0, n_resamples=100).iloc[0]
        for frame in (scored, scored.assign(uplift=effect))
    )
    kept = policy.rate_ranking(scored["uplift"].to_numpy(), effect) / policy.rate_ranking(effect, effect)
    print(f"Qini {ours['estimate']:.4f} ({ours['low']:.4f}–{ours['high']:.4f}), of the truth {best['estimate']:.4f}; "
          f"true gain kept {kept:.2f}")  # fmt: skip
    assert ours["low"] > 0
    assert ours["p_value"] < 0.02
    assert kept > 0.5
    assert best["estimate"] > 0


def test_a_budget_pays_for_whole_customers_only():
    options = {"outcome": "buys", "value": 10.0, "cost": 1.0, "random_state": 0, "n_resamples": 100}
    found = policy.evaluate_budgets(HAND, budgets=[3.99], **options).iloc[0]
    assert (found["n_chosen"], found["policy_cost"]) == (3, 3.0)


def test_a_customer_number_is_no_feature():
    world, _ = make_uplift_world(8, 300)
    with pytest.raises(ParameterError, match="customer_id is no feature"):
        policy.fit_uplift(world, outcome="buys", features=["age", "customer_id"], random_state=0)
