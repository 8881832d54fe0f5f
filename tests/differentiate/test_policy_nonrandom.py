"""Without a lot: weights, pairs, balance, overlap and what is said beside them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from policy_worlds import make_chosen, name_ids

from crm_lib.differentiate import policy
from crm_lib.errors import DataError, ParameterError

FEATURES = ["n_orders", "channel"]


def make_cells(counts: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Return customers by (channel, arm) → how many."""
    rows = [(channel, arm) for (channel, arm), n in counts.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["channel", "arm"])
    return frame.assign(customer_id=name_ids(len(frame)))


CELLS = {("web", "treated"): 60, ("web", "control"): 20, ("store", "treated"): 40, ("store", "control"): 160}


def test_weights_by_hand():
    # of 80 web customers 60 are treated, of 200 store customers 40: e = ¾ and ⅕
    found = policy.weigh_arms(make_cells(CELLS), features=["channel"])
    cell = found.groupby(["channel", "arm"])[["propensity", "weight"]].mean()
    assert cell.loc[("web", "control")].tolist() == pytest.approx([0.75, 3.0], rel=1e-3)
    assert cell.loc[("store", "control")].tolist() == pytest.approx([0.2, 0.25], rel=1e-3)
    assert cell.loc[("web", "treated"), "weight"] == 1
    everybody = policy.weigh_arms(make_cells(CELLS), features=["channel"], estimand="all")
    assert everybody.groupby("arm")["weight"].sum().tolist() == pytest.approx([280, 280], rel=1e-3)
    # 20 with 3 and 160 with ¼: (60 + 40)² / (20·9 + 160/16)
    assert found.attrs["overlap"]["effective_control"] == pytest.approx(100**2 / 190, rel=2e-3)


def test_weighted_difference_by_hand_and_its_error_is_that_of_poststratification():
    world = make_cells(CELLS)
    rng = np.random.default_rng(0)
    world["spend"] = (
        50.0 * (world["channel"] == "web") + 10.0 * (world["arm"] == "treated") + rng.standard_normal(280)
    )
    found = policy.estimate_without_lot(world, outcome="spend", features=["channel"])
    mean = world.groupby(["channel", "arm"])["spend"].mean()
    gaps = {c: mean[c, "treated"] - mean[c, "control"] for c in ("web", "store")}
    plain, adjusted = found.effects.to_dict("records")
    assert adjusted["difference"] == pytest.approx(0.6 * gaps["web"] + 0.4 * gaps["store"], rel=1e-4)
    assert plain["difference"] > 25
    # with one saturated feature the estimate is stratified: variance Σ share² (s²_t/n_t + s²_c/n_c) + that of the shares
    var = world.groupby(["channel", "arm"])["spend"].var(ddof=0)
    exact = sum(p**2 * (var[c, "treated"] / CELLS[c, "treated"] + var[c, "control"] / CELLS[c, "control"])
                for c, p in (("web", 0.6), ("store", 0.4)))  # fmt: skip
    exact += 0.6 * 0.4 / 100 * (gaps["web"] - gaps["store"]) ** 2
    assert adjusted["high"] - adjusted["difference"] == pytest.approx(1.96 * math.sqrt(exact), rel=0.01)


def test_balance_by_hand_and_after_weighting():
    world = policy.weigh_arms(make_cells(CELLS), features=["channel"])
    found = policy.compare_balance(world, features=["channel"]).set_index("measure")
    web = found.loc["channel = web"]
    assert web[["treated", "control"]].tolist() == pytest.approx([0.6, 20 / 180])
    spread = math.sqrt((0.24 * 100 / 99 + (1 / 9) * (8 / 9) * 180 / 179) / 2)
    assert web["std_difference"] == pytest.approx((0.6 - 1 / 9) / spread)
    assert abs(web["std_difference_after"]) < 0.01


@pytest.mark.filterwarnings("ignore::crm_lib.differentiate.policy.OverlapWarning")
def test_pairs_are_the_nearest_and_each_control_customer_is_used_once():
    world = make_chosen(1, 400)
    pairs = policy.match_arms(world, features=FEATURES, caliper=0.05)
    arm = world.set_index("customer_id")["arm"]
    assert (arm[pairs["treated_id"]] == "treated").all()
    assert (arm[pairs["control_id"]] == "control").all()
    assert pairs["control_id"].is_unique
    assert len(pairs) + pairs.attrs["n_unmatched"] == (arm == "treated").sum()
    logit = [np.log(p / (1 - p)) for p in (pairs["propensity_treated"], pairs["propensity_control"])]
    whole = policy.weigh_arms(world, features=FEATURES)["propensity"]
    assert (logit[0] - logit[1]).abs().max() <= 0.05 * np.log(whole / (1 - whole)).std() + 1e-6


def test_pairs_are_those_of_a_slow_search():
    from crm_lib.differentiate.policy.propensity import _pair

    rng = np.random.default_rng(2)
    for most in (0.05, 0.3, 9.0):
        wanted, offered = rng.integers(-80, 120, 60) / 64, np.sort(rng.integers(-120, 100, 90) / 64)
        free, slow = dict(enumerate(offered)), []
        for want in wanted:
            best = min(free, key=lambda k: (abs(free[k] - want), free[k]), default=-1)
            near = best >= 0 and abs(free[best] - want) <= most + 1e-12
            slow.append(free.pop(best) if near else None)
        fast = [offered[k] if k >= 0 else None for k in _pair(wanted, offered, most)]
        assert fast == slow


@pytest.mark.parametrize("way", ["weighting", "matching"])
@pytest.mark.filterwarnings("ignore::crm_lib.differentiate.policy.OverlapWarning")
def test_what_the_plain_difference_gets_wrong_is_mended_and_the_limits_are_said(way):
    world = make_chosen(3, 3000)
    found = policy.estimate_without_lot(world, outcome="spend", features=FEATURES, way=way)
    plain, adjusted = found.effects.to_dict("records")
    assert plain["low"] > 15
    assert adjusted["low"] < 10 < adjusted["high"]
    assert found.worst_balance < 0.1 < found.balance["std_difference"].abs().max()
    assert "订单数" in found.limits
    assert "不能证明" in found.limits
    assert "已经很接近" in found.limits
    mixed = world.sample(frac=1, random_state=0)
    again = policy.estimate_without_lot(mixed, outcome="spend", features=FEATURES, way=way)
    assert again.effects["difference"].tolist() == pytest.approx(
        found.effects["difference"].tolist(), abs=1e-6
    )


def test_what_is_not_measured_is_not_mended():
    world = make_chosen(4, 3000)
    found = policy.estimate_without_lot(world, outcome="spend", features=["channel"])
    assert (
        found.effects["low"].iloc[1] > 12
    )  # the truth is 10: n_orders is missing, and no figure here shows it
    assert found.worst_balance < 0.1


def test_arms_that_hardly_overlap_raise_the_warning_and_the_sentence_changes():
    rng = np.random.default_rng(5)
    orders = rng.poisson(4.0, 600)
    arm = np.where(orders + rng.normal(0, 0.4, 600) > 4.5, "treated", "control")
    world = pd.DataFrame({
        "customer_id": name_ids(600),
        "arm": arm,
        "n_orders": orders,
        "spend": rng.random(600),
    })
    with pytest.warns(policy.OverlapWarning, match="hardly overlap"):
        found = policy.estimate_without_lot(world, outcome="spend", features=["n_orders"])
    assert "仍然偏大" in found.limits


def test_treated_customers_without_a_partner_raise_the_warning():
    world = make_chosen(1, 400)
    few = world[(world["arm"] == "treated") | (world.index % 4 == 0)]
    with pytest.warns(policy.OverlapWarning, match="nobody like them"):
        pairs = policy.match_arms(few, features=FEATURES)
    assert pairs.attrs["n_unmatched"] > 0.1 * (few["arm"] == "treated").sum()


def test_faults_are_said_in_words():
    world = make_chosen(6, 200)
    with pytest.raises(ParameterError, match="estimand"):
        policy.estimate_without_lot(world, outcome="spend", features=FEATURES, way="matching", estimand="all")
    with pytest.raises(DataError, match="at least 20"):
        policy.weigh_arms(world.head(30), features=FEATURES)
    with pytest.raises(DataError, match="weights must be"):
        policy.compare_balance(world.assign(weight=-1.0), features=FEATURES)
    with pytest.raises(DataError, match="it is the outcome"):
        policy.estimate_without_lot(world, outcome="spend", features=["spend"])
