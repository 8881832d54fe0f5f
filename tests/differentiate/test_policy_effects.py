"""Planning, the lot, differences, ratios, CUPED and returns: by hand, and by statsmodels and scipy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import make_trial
from scipy import stats

from crm_lib.differentiate import policy
from crm_lib.errors import DataError, ParameterError, SchemaError


def arms(first, second, name="spend"):
    return pd.DataFrame({
        "arm": ["treated"] * len(first) + ["control"] * len(second),
        name: [*first, *second],
    })


@pytest.mark.parametrize(
    ("effect", "share", "power"), [(0.1, 0.5, 0.8), (0.3, 0.2, 0.9), (0.9, 0.5, 0.8), (2.5, 0.4, 0.95)]
)
def test_sample_of_a_mean_is_that_of_statsmodels(effect, share, power):
    from statsmodels.stats.power import TTestIndPower

    found = policy.plan_mean_sample(50.0, 50.0 * effect, control_share=share, power=power).iloc[0]
    n = TTestIndPower().solve_power(effect, power=power, alpha=0.05, ratio=(1 - share) / share)
    # the treated arm is rounded up for itself, which can save one customer of the control group
    assert math.ceil(n) - found["n_control"] in {0, 1}
    reached = TTestIndPower().power(
        effect, found["n_control"], 0.05, ratio=found["n_treated"] / found["n_control"]
    )
    assert reached >= power - 1e-6


def test_a_covariate_saves_the_part_of_the_variance_that_it_explains():
    plain = policy.plan_mean_sample(10.0, 1.0)["n_customers"].iloc[0]
    helped = policy.plan_mean_sample(10.0, 1.0, correlation=0.6).iloc[0]
    assert helped["spread"] == pytest.approx(8.0)  # 10 √(1 − 0.36)
    assert helped["n_customers"] / plain == pytest.approx(0.64, abs=0.002)


def test_visible_mean_and_plan_are_each_other_s_inverse():
    found = policy.plan_mean_sample(20.0, 5.0, control_share=0.3).iloc[0]
    sizes = {"n_control": int(found["n_control"]), "n_treated": int(found["n_treated"])}
    assert 4.95 < policy.find_visible_mean(20.0, **sizes) <= 5.0
    assert math.isnan(policy.find_visible_mean(20.0, n_control=0, n_treated=9))


def test_sample_of_a_ratio_takes_the_customer_as_the_case():
    past = make_trial(1, 4000)
    found = policy.plan_ratio_sample(past, 0.5, numerator="value", denominator="n_orders").iloc[0]
    ratio = past["value"].sum() / past["n_orders"].sum()
    parts = (past["value"] - ratio * past["n_orders"]) / past["n_orders"].mean()
    assert found["baseline"] == pytest.approx(ratio)
    assert found["spread"] == pytest.approx(parts.std())
    same = policy.plan_mean_sample(float(parts.std()), 0.5)
    assert found["n_customers"] == same["n_customers"].iloc[0]


def test_plans_refuse_what_they_cannot_plan():
    with pytest.raises(ParameterError, match="spread must be above 0"):
        policy.plan_mean_sample(0.0, 1.0)
    with pytest.raises(ParameterError, match="more than"):
        policy.plan_mean_sample(1e9, 1.0)
    with pytest.raises(DataError, match="must vary"):
        policy.plan_ratio_sample(
            pd.DataFrame({"a": [2.0, 2], "b": [1, 1]}), 1.0, numerator="a", denominator="b"
        )


def test_split_by_hand():
    # 450 of 550 expected treated, 550 of 450 control: 100²/550 + 100²/450 = 18.18 + 22.22
    found = policy.check_split(arms(range(450), range(550)), control_share=0.45).iloc[0]
    assert found["chi_square"] == pytest.approx(100**2 / 550 + 100**2 / 450)
    assert found["p_value"] == pytest.approx(stats.chisquare([450, 550], [550, 450]).pvalue)
    assert bool(found["mismatch"]) is True
    assert not policy.check_split(arms(range(500), range(500)), control_share=0.5)["mismatch"].iloc[0]


def test_joint_balance_of_one_measure_orders_lots_as_the_difference_does():
    trial = make_trial(3, 60)
    found = policy.check_balance(trial, measures=["revenue"], random_state=0, n_permutations=1999)
    x, treated = trial["revenue"].to_numpy(), (trial["arm"] == "treated").to_numpy()
    gap = x[treated].mean() - x[~treated].mean()
    n_t, n_c = treated.sum(), (~treated).sum()
    assert found.statistic == pytest.approx(n_t * n_c / (n_t + n_c) * gap**2 / x.var(ddof=1))
    test = stats.permutation_test((x[treated], x[~treated]), lambda a, b: abs(a.mean() - b.mean()),
                                  n_resamples=1999, alternative="greater", rng=0)  # fmt: skip
    assert found.p_value == pytest.approx(test.pvalue, abs=0.05)


def test_joint_balance_sees_a_lot_that_was_not_kept_and_bears_repeated_measures():
    trial = make_trial(4, 800)
    trial["twice"] = 2 * trial["revenue"]
    trial["constant"] = 1.0
    fair = policy.check_balance(trial, measures=["revenue", "twice", "constant"], random_state=0)
    alone = policy.check_balance(trial, measures=["revenue"], random_state=0)
    assert fair.statistic == pytest.approx(alone.statistic)
    kept = trial[(trial["arm"] == "treated") | (trial["revenue"] < trial["revenue"].quantile(0.8))]
    assert policy.check_balance(kept, measures=["revenue"], random_state=0).p_value == 1 / 1000
    assert fair.p_value > 0.01


def test_balance_within_strata_deals_within_them():
    # the arms differ in channel by design: 80 % of web and 20 % of store are treated, as the strata were dealt
    rng = np.random.default_rng(0)
    web = np.arange(400) < 200
    treated = np.concatenate([rng.permutation(np.arange(200) < 160), rng.permutation(np.arange(200) < 40)])
    frame = pd.DataFrame({"arm": np.where(treated, "treated", "control"), "stratum": np.where(web, "w", "s"),
                          "revenue": 100.0 * web + rng.standard_normal(400)})  # fmt: skip
    blind = policy.check_balance(frame, measures=["revenue"], random_state=0, n_permutations=199)
    knowing = policy.check_balance(
        frame, measures=["revenue"], random_state=0, n_permutations=199, stratum="stratum"
    )
    assert blind.p_value == 1 / 200
    assert knowing.p_value > 0.05


def test_means_and_shares_are_those_of_scipy_and_statsmodels():
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    trial = make_trial(5, 700, effect=1.0, control_share=0.4)
    found = policy.compare_outcomes(trial, outcomes=["spend", "buys"]).set_index("measure")
    first, second = (trial[trial["arm"] == a] for a in ("treated", "control"))
    welch = stats.ttest_ind(first["spend"], second["spend"], equal_var=False)
    ends = welch.confidence_interval(0.95)
    assert found.loc["spend", ["low", "high", "p_value"]].tolist() == pytest.approx([
        ends.low,
        ends.high,
        welch.pvalue,
    ])
    counts, n = [first["buys"].sum(), second["buys"].sum()], [len(first), len(second)]
    low, high = confint_proportions_2indep(counts[0], n[0], counts[1], n[1], method="newcomb")
    assert found.loc["buys", ["low", "high"]].tolist() == pytest.approx([low, high])
    assert found.loc["buys", "p_value"] == pytest.approx(proportions_ztest(counts, n)[1])
    assert found["kind"].tolist() == ["mean", "share"]


def test_lift_by_hand():
    trial = arms([8.0, 12.0], [4.0, 6.0])
    # means 10 and 5, variances of the means 4 and 1, z = 1.96
    z = stats.norm.ppf(0.975)
    delta = policy.compare_outcomes(trial, outcomes=["spend"], lift_method="delta").iloc[0]
    half = z * math.sqrt(4 / 25 + 100 * 1 / 625)
    assert delta[["relative_lift", "lift_low", "lift_high"]].tolist() == pytest.approx([
        1.0,
        1 - half,
        1 + half,
    ])
    fieller = policy.compare_outcomes(trial, outcomes=["spend"]).iloc[0]
    for end in ("lift_low", "lift_high"):  # the ends solve (a − θb)² = z²(va + θ²vb)
        theta = 1 + fieller[end]
        assert (10 - 5 * theta) ** 2 == pytest.approx(z * z * (4 + theta**2))


def test_lift_is_missing_where_the_control_group_cannot_be_told_from_nothing():
    found = policy.compare_outcomes(arms([5.0, 6.0, 7.0], [-4.0, 0.5, 5.0]), outcomes=["spend"]).iloc[0]
    assert found["relative_lift"] == pytest.approx(6 / 0.5 - 1)
    assert math.isnan(found["lift_low"])
    none = policy.compare_outcomes(arms([5.0, 6.0], [0.0, 0.0]), outcomes=["spend"]).iloc[0]
    assert math.isnan(none["relative_lift"])


@settings(max_examples=30)
@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=20),
    st.lists(st.floats(-100, 100), min_size=2, max_size=20),
)
def test_exchanged_arms_give_the_opposite(first, second):
    one = policy.compare_outcomes(arms(first, second), outcomes=["spend"]).iloc[0]
    other = policy.compare_outcomes(arms(second, first), outcomes=["spend"]).iloc[0]
    assert one["difference"] == pytest.approx(-other["difference"], abs=1e-9)
    assert one["low"] == pytest.approx(-other["high"], abs=1e-6)
    assert one["p_value"] == pytest.approx(other["p_value"], abs=1e-9)


def test_ratio_is_that_of_a_jackknife_and_one_order_each_is_a_mean():
    trial = make_trial(6, 600)
    found = policy.compare_ratios(trial, numerator="value", denominator="n_orders").iloc[0]
    variance = 0.0
    for arm in ("treated", "control"):
        own = trial[trial["arm"] == arm]
        left = (own["value"].sum() - own["value"]) / (own["n_orders"].sum() - own["n_orders"])
        variance += (len(own) - 1) * left.var(ddof=0)
    assert (found["high"] - found["low"]) / 2 == pytest.approx(1.96 * math.sqrt(variance), rel=0.02)
    one = trial.assign(n_orders=1)
    mean = policy.compare_outcomes(one, outcomes=["value"]).iloc[0]
    same = policy.compare_ratios(one, numerator="value", denominator="n_orders").iloc[0]
    for column in ("difference", "low", "high", "p_value", "lift_low"):
        assert same[column] == pytest.approx(mean[column])


def test_adjusted_difference_is_that_of_a_regression():
    import statsmodels.api as sm

    trial = make_trial(7, 500, effect=1.0, control_share=0.3)
    found = policy.reduce_variance(trial, outcome="spend", covariates=["revenue", "n_orders"])
    x = sm.add_constant(
        np.column_stack([trial["arm"] == "treated", trial["revenue"], trial["n_orders"]]).astype(float)
    )
    fit = sm.OLS(trial["spend"], x).fit(cov_type="HC1")
    plain, adjusted = found.to_dict("records")
    assert adjusted["difference"] == pytest.approx(fit.params.iloc[1])
    assert adjusted["standard_error"] == pytest.approx(fit.bse.iloc[1], rel=0.02)
    assert list(found.attrs["coefficients"].values()) == pytest.approx(fit.params.iloc[2:].tolist())
    assert plain["variance_reduction"] == 0
    assert adjusted["variance_reduction"] == pytest.approx(
        1 - adjusted["standard_error"] ** 2 / plain["standard_error"] ** 2
    )
    assert adjusted["variance_reduction"] > 0.2


def test_a_customer_without_a_past_counts_as_the_mean():
    trial = make_trial(8, 300)
    trial.loc[trial.index[:60], "revenue"] = float("nan")
    found = policy.reduce_variance(trial, outcome="spend", covariates=["revenue"])
    assert found["n_treated"].iloc[1] + found["n_control"].iloc[1] == 300
    assert list(found.attrs["coefficients"]) == ["revenue", "revenue missing"]


@pytest.mark.parametrize(
    "late", ["spend_after", "post_visits", "converted", "活动后消费", "Revenue After", "spend"]
)
def test_what_was_measured_after_is_no_covariate(late):
    trial = make_trial(9, 50).assign(**{late: 1.0, "spend": 2.0})
    for use in (
        lambda: policy.reduce_variance(trial, outcome="spend", covariates=["revenue", late]),
        lambda: policy.fit_uplift(trial, outcome="spend", features=["revenue", late], random_state=0),
        lambda: policy.estimate_without_lot(trial, outcome="spend", features=["revenue", late]),
    ):
        with pytest.raises(DataError, match="before the policy begins"):
            use()


def test_a_day_gives_a_late_covariate_away():
    trial = make_trial(9, 50)
    trial.attrs["as_of"] = "2025-01-10"
    options = {"outcome": "spend", "covariates": ["revenue"], "started_on": "2025-01-06"}
    with pytest.raises(DataError, match="known up to 2025-01-10"):
        policy.reduce_variance(trial, **options)
    found = policy.reduce_variance(trial, **options, measured_on={"revenue": "2025-01-05"})
    assert len(found) == 2


def test_a_covariate_moved_by_the_policy_raises_the_warning():
    trial = make_trial(10, 400)
    trial["visits"] = 1.0 * (trial["arm"] == "treated") + np.random.default_rng(0).standard_normal(400)
    with pytest.warns(policy.LateCovariateWarning, match="visits"):
        policy.reduce_variance(trial, outcome="spend", covariates=["visits"])


def test_return_by_hand():
    # gain: 0.5 × (30 − 20) = 5 yuan a head, cost 2 + 20 / 4 = 7 a head: net −2 × 4 = −8, roi 5/7 − 1
    trial = arms([20.0, 40, 25, 35], [10.0, 30])
    found = policy.estimate_roi(trial, gain="spend", cost=2.0, margin=0.5, fixed_cost=20.0, random_state=1)
    row = found.set_index("method").loc["delta"]
    assert row[["incremental_gain", "policy_cost", "net_gain"]].tolist() == pytest.approx([20.0, 28.0, -8.0])
    assert row["roi"] == pytest.approx(5 / 7 - 1)
    error = 0.5 * math.sqrt(np.var([20, 40, 25, 35], ddof=1) / 4 + np.var([10, 30], ddof=1) / 2) / 7
    assert row["high"] - row["roi"] == pytest.approx(stats.norm.ppf(0.975) * error)


def test_return_with_costs_of_their_own_per_customer():
    trial = make_trial(11, 3000, effect=1.0)
    found = policy.estimate_roi(trial, gain="spend", cost="sent", random_state=1).set_index("method")
    treated = trial["arm"] == "treated"
    assert found.loc["delta", "policy_cost"] == pytest.approx(trial["sent"].sum())
    assert found.loc["delta", "policy_cost"] < 4.0 * treated.sum()
    widths = found["high"] - found["low"]
    assert widths["bootstrap"] == pytest.approx(widths["delta"], rel=0.1)
    with pytest.raises(DataError, match="cost more"):
        policy.estimate_roi(trial, gain="spend", cost=0.0, random_state=1)


def test_faults_of_the_frame_are_said_in_words():
    trial = make_trial(12, 20)
    with pytest.raises(DataError, match="'treated' or 'control'"):
        policy.compare_outcomes(trial.assign(arm="A"), outcomes=["spend"])
    with pytest.raises(DataError, match="Without a control group"):
        policy.compare_outcomes(trial.assign(arm="treated"), outcomes=["spend"])
    with pytest.raises(SchemaError, match="spent"):
        policy.compare_outcomes(trial, outcomes=["spent"])
    with pytest.raises(DataError, match="finite number"):
        policy.compare_outcomes(trial.assign(spend=trial["spend"].where(trial.index > 3)), outcomes=["spend"])
    with pytest.raises(ParameterError, match="list of different"):
        policy.compare_outcomes(trial, outcomes="spend")


def test_the_same_seed_gives_the_same_return():
    trial = make_trial(13, 60)
    first, again, other = (
        policy.estimate_roi(trial, gain="spend", cost=2.0, random_state=s, n_resamples=200) for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert first["low"].iloc[1] != other["low"].iloc[1]


def test_a_gap_in_a_covariate_is_filled_with_the_mean_of_the_others():
    from crm_lib.differentiate.policy.features import fill_gaps

    filled, names = fill_gaps("f", pd.DataFrame({"revenue": [10.0, None, 30.0]}), ["revenue"])
    assert filled.tolist() == [[10.0, 0.0], [20.0, 1.0], [30.0, 0.0]]
    assert names == ["revenue", "revenue missing"]


def test_every_stratum_keeps_its_number_of_treated_customers():
    from crm_lib.differentiate.policy.randomisation import _deal

    strata = np.array([0] * 6 + [1] * 4)
    treated = np.array([True] * 5 + [False] + [True] + [False] * 3)
    rng = np.random.default_rng(0)
    dealt = np.array([_deal(treated, strata, rng) for _ in range(50)])
    assert set(dealt[:, :6].sum(axis=1)) == {5}
    assert set(dealt[:, 6:].sum(axis=1)) == {1}
    assert dealt.any(axis=0).all()  # and everybody may be drawn
