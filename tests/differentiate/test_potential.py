"""Growth classes, thresholds and tracked shares against tables worked by hand; suggestions against brute force."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import (
    classify_growth,
    find_thresholds,
    list_baskets,
    load_measures,
    measure_headroom,
    pair_shares,
    plan_growth,
    rate_suggestions,
    track_share,
    vary_thresholds,
)
from crm_lib.errors import DataError, ParameterError, ReadError

VALUES = st.lists(
    st.tuples(st.integers(-3, 6), st.one_of(st.integers(0, 6), st.just(math.nan))), min_size=1, max_size=30
)


def people(actual, potential):
    return pd.DataFrame({
        "customer_id": [f"c{i:02d}" for i in range(len(actual))],
        "actual_value": np.array(actual, dtype=float),
        "potential_value": np.array(potential, dtype=float),
    })


SIX = people([90, 50, 49.9, 0, -0.1, 10], [0, 99, 40, 39.9, 99, math.nan])


def test_classes_by_hand_at_the_very_edges():
    found = classify_growth(SIX, mvc_from=50, mgc_from=40)
    # 50 is MVC though its potential is high; 40 is MGC; 0 is not below 0; no potential, no class
    assert found["growth_class"].tolist() == ["MVC", "MVC", "MGC", "rest", "BZ", "unknown"]
    assert found["customer_id"].tolist() == SIX["customer_id"].tolist()
    assert SIX.columns.tolist() == ["customer_id", "actual_value", "potential_value"]


@settings(max_examples=80)
@given(VALUES, st.integers(0, 6), st.integers(0, 6))
def test_equal_customers_share_a_class_in_any_order(values, mvc, mgc):
    frame = people(*zip(*values, strict=True))
    found = classify_growth(frame, mvc_from=mvc, mgc_from=mgc, bz_below=min(0, mvc))
    keys = found.fillna({"potential_value": -1}).groupby(["actual_value", "potential_value"])
    assert (keys["growth_class"].nunique() == 1).all()
    turned = classify_growth(frame.iloc[::-1], mvc_from=mvc, mgc_from=mgc, bz_below=min(0, mvc))
    assert turned["growth_class"].tolist()[::-1] == found["growth_class"].tolist()


def test_nobody_at_all():
    assert classify_growth(SIX.iloc[:0], mvc_from=1, mgc_from=1).empty


@pytest.mark.parametrize("limits", [{"mvc_from": -1, "mgc_from": 1}, {"mvc_from": math.nan, "mgc_from": 1}])
def test_thresholds_that_contradict_each_other_are_refused(limits):
    with pytest.raises(ParameterError, match="bz_below"):
        classify_growth(SIX, **limits)


def test_a_customer_who_stands_twice_is_refused():
    with pytest.raises(DataError, match="customer_id"):
        classify_growth(pd.concat([SIX, SIX]), mvc_from=1, mgc_from=1)


def test_thresholds_by_hand():
    # 6 customers, the first third of them: 90 and 50; of the other 4 the potentials are 40, 39.9, 99 and none,
    # so the first half of the 3 known ones are ⌈1.5⌉ = 2: 99 and 40
    assert find_thresholds(SIX, mvc_share=1 / 3, mgc_share=0.5) == {"mvc_from": 50.0, "mgc_from": 40.0}


def test_nothing_above_0_is_no_threshold():
    limits = find_thresholds(people([0, -1], [0, 0]), mvc_share=0.5, mgc_share=0.5)
    assert limits == {"mvc_from": math.inf, "mgc_from": math.inf}
    assert classify_growth(people([0, -1], [0, 0]), **limits)["growth_class"].tolist() == ["rest", "BZ"]


def test_moved_thresholds_by_hand():
    limits = {"mvc_from": 50.0, "mgc_from": 40.0, "bz_below": 0.0}
    moved = vary_thresholds(SIX, thresholds=limits, moves={"mvc_from": [49.9, 50], "bz_below": [0.1]})
    assert moved["n_changed"].tolist() == [1, 0, 1]  # c02 becomes MVC; nobody; c03 becomes BZ
    assert moved["changed_share"].tolist() == pytest.approx([1 / 6, 0, 1 / 6])
    counts = moved[["n_mvc", "n_mgc", "n_bz", "n_rest", "n_unknown"]].to_numpy()
    assert counts.tolist() == [[3, 0, 1, 1, 1], [2, 1, 1, 1, 1], [2, 1, 2, 0, 1]]


def test_an_unknown_threshold_is_refused():
    with pytest.raises(ParameterError, match="mvc_from"):
        vary_thresholds(SIX, thresholds={"mvc_from": 1, "mgc_from": 1}, moves={"mvcfrom": [1]})


def test_headroom_by_hand():
    spends = pd.DataFrame({
        "customer_id": ["a", "a", "b", "c", "c", "d"],
        "category": ["厨房", "床品", "厨房", "厨房", "床品", "床品"],
        "our_spend": [10.0, 5.0, 30.0, 20.0, 15.0, -2.0],
    })
    found = measure_headroom(spends, quantile=0.5).set_index("customer_id")
    # kitchen: 10, 20, 30, middle 20; bedding: 5 and 15, middle 10 (who only returned goods is no buyer)
    assert found["headroom"].to_dict() == {"a": 15.0, "b": 0.0, "c": 0.0, "d": 0.0}
    assert found["n_categories"].to_dict() == {"a": 2, "b": 1, "c": 2, "d": 0}


def pairs(rows):
    columns = ["spend_before", "ours_before", "spend_after", "ours_after"]
    return pd.DataFrame(rows, columns=columns, dtype=float).assign(
        customer_id=[f"c{i}" for i in range(len(rows))]
    )


def test_the_share_of_the_same_customers_by_hand():
    found = track_share(pairs([[100, 20, 100, 30], [300, 60, 100, 10], [0, 0, 10, 10]]), random_state=1).iloc[
        0
    ]
    assert found["before_share"] == pytest.approx(80 / 400)
    assert found["after_share"] == pytest.approx(50 / 210)
    assert found["share_change"] == pytest.approx(50 / 210 - 0.2)
    assert (found["n_up"], found["n_down"], found["n_same"]) == (1, 1, 0)  # the third spent nothing before


def test_pairing_makes_the_interval_narrow():
    rng = np.random.default_rng(3)
    spend = rng.gamma(2, 100, 200)
    share = rng.uniform(0, 1, 200)
    same = pairs(np.column_stack([spend, spend * share, spend, spend * np.clip(share + 0.02, 0, 1)]))
    found = track_share(same, random_state=1).iloc[0]
    assert 0 < found["low"] < found["share_change"] < found["high"] < 0.03


def test_the_interval_covers_the_truth():
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        spend = rng.gamma(4, 50, (80, 2))
        ours = spend * rng.beta(3, 5, (80, 1)) * np.clip(rng.normal([1.0, 1.1], 0.15, (80, 2)), 0, 1.5)
        frame = pairs(np.column_stack([spend[:, 0], ours[:, 0], spend[:, 1], ours[:, 1]]))
        row = track_share(frame, random_state=seed, n_resamples=300).iloc[0]
        hits += row["low"] <= 3 / 8 * 0.1 <= row["high"]
    assert hits >= 51  # of 60 at 95 %: fewer happens once in thousands


def test_no_pair_gives_missing_figures():
    found = track_share(pairs([]), random_state=0).iloc[0]
    assert found["n_customers"] == 0
    assert math.isnan(found["share_change"])


def test_periods_are_paired_by_customer():
    first = pd.DataFrame({"customer_id": ["b", "a"], "category_spend": [2.0, 1.0], "our_spend": [1.0, 0.0]})
    second = pd.DataFrame({"customer_id": ["b", "c"], "category_spend": [4.0, 1.0], "our_spend": [3.0, 1.0]})
    found = pair_shares(first, second)
    assert found.drop(columns="customer_id").to_numpy().tolist() == [[2, 1, 4, 3]]
    assert found.attrs == {"n_only_before": 1, "n_only_after": 1}
    with pytest.raises(DataError, match="customer_id"):
        pair_shares(pd.concat([first, first]), second)


def test_a_measure_for_each_by_hand():
    table = load_measures()
    frame = pd.DataFrame({
        "customer_id": list("abcd"),
        "potential_value": [100.0, 100.0, 0.0, 10_000.0],
        "reason": ["like", "popular", None, "like"],
    })
    found = plan_growth(frame, measures=table)
    assert found["measure_key"].tolist() == ["widen", "deepen", "deepen", "visit"]
    by = table.set_index("measure_key")
    assert found["margin"].tolist() == [
        100 * by.at["widen", "win"],
        100 * by.at["deepen", "win"],
        0.0,
        2500.0,
    ]
    # a visit costs 80 and is worth .2 · .25 · P = .05 P; widening .08 · .15 · P − 1.5: equal at P = 78.5 / .038
    edge = 78.5 / 0.038
    near = frame.iloc[[0, 0]].assign(customer_id=["x", "y"], potential_value=[edge - 1, edge + 1])
    assert plan_growth(near)["measure_key"].tolist() == ["widen", "visit"]


def test_measures_of_ones_own(tmp_path):
    own = load_measures().assign(cost=[10.0, 1.0, 1.0])
    assert load_measures(own)["cost"].tolist() == [10.0, 1.0, 1.0]
    with pytest.raises(DataError, match="visit, widen and deepen"):
        load_measures(own.iloc[:2])
    with pytest.raises(DataError, match="cost above 0"):
        load_measures(own.assign(cost=0.0))
    broken = tmp_path / "measures.toml"
    broken.write_text("[[measures", encoding="utf-8")
    with pytest.raises(ReadError, match=r"measures\.toml"):
        load_measures(broken)


def test_hits_against_brute_force():
    rng = np.random.default_rng(8)
    lines = pd.DataFrame({
        "customer_id": [f"c{i:02d}" for i in rng.integers(0, 40, 400)],
        "category": rng.choice(list("甲乙丙丁戊己"), 400),
        "late": rng.random(400) < 0.4,
    })
    early, late = lines[~lines["late"]], lines[lines["late"]]
    before, after = list_baskets(early), list_baskets(late)
    found = rate_suggestions(before, after, n_neighbours=5)
    had = early.groupby("customer_id")["category"].agg(set).to_dict()
    now = late.groupby("customer_id")["category"].agg(set).to_dict()
    names = sorted({c for c in now if c in had and len(had[c]) < 6})
    assert found["customer_id"].tolist() == names
    counts = {c: sum(c in s for s in had.values()) for c in "甲乙丙丁戊己"}
    for row in found.to_dict("records"):
        new = now[row["customer_id"]] - had[row["customer_id"]]
        assert row["n_new"] == len(new)
        assert row["hit"] == (row["suggested"] in new)
        lacking = [c for c in counts if c not in had[row["customer_id"]]]
        assert counts[row["popular"]] == max(counts[c] for c in lacking)
        assert row["popular_hit"] == (row["popular"] in new)
        assert row["suggested"] in lacking


def test_nobody_came_back():
    before = pd.DataFrame({"甲": [True, False], "乙": [True, True]}, index=["a", "b"])
    assert rate_suggestions(before, before.iloc[:0]).empty


def test_all_three_thresholds_must_be_said():
    with pytest.raises(ParameterError, match="thresholds must say all three; bz_below is missing"):
        vary_thresholds(SIX, thresholds={"mvc_from": 50, "mgc_from": 40}, moves={"bz_below": [1.0]})


def test_a_row_without_category_is_spent_with_us_all_the_same():
    spends = pd.DataFrame({"customer_id": ["a", "a"], "category": ["厨房", None], "our_spend": [10.0, 5.0]})
    assert measure_headroom(spends)[["n_categories", "our_spend", "headroom"]].values.tolist() == [[1, 15, 0]]


def test_customers_meet_however_their_numbers_are_kept():
    first = pd.DataFrame({"customer_id": [1, 2], "category_spend": [2.0, 1.0], "our_spend": [1.0, 0.0]})
    second = first.astype({"customer_id": "str"})
    assert pair_shares(first, second)["customer_id"].tolist() == ["1", "2"]
    before = pd.DataFrame({"甲": [True, True, False], "乙": [True, False, True]}, index=[1, 2, 3])
    assert rate_suggestions(before, before.loc[[2]])["customer_id"].tolist() == ["2"]


def test_a_missing_reason_of_any_kind_is_no_likeness():
    frame = pd.DataFrame({"customer_id": ["a", "b"], "potential_value": [100.0, 100.0]})
    found = plan_growth(frame.assign(reason=pd.array(["like", pd.NA], dtype="string")))
    assert found["measure_key"].tolist() == ["widen", "deepen"]


def test_what_is_bought_later_enters_no_suggestion():
    had = {"甲": [1, 1, 1, 0], "乙": [0, 1, 0, 0], "丙": [0, 0, 0, 1]}
    before = pd.DataFrame(had, index=list("abcd"), dtype=bool)
    after = pd.DataFrame({"甲": [True, False, False], "丁": [False, True, True]}, index=list("abc"))
    # of the two like a one had 乙; that both would buy 丁 later could not be known
    found = rate_suggestions(before, after, n_neighbours=2).set_index("customer_id")
    assert found.loc["a", ["suggested", "n_new", "hit"]].tolist() == ["乙", 0, False]


def test_the_same_seed_gives_the_same_interval():
    draw = np.random.default_rng(0).gamma(2, 50, (40, 2))
    frame = pairs(
        np.column_stack([draw, draw * [0.2, 0.3]])[:, [0, 2, 1, 3]] + [[0, 0, 0, k % 7] for k in range(40)]
    )
    first, again, other = (track_share(frame, random_state=s, n_resamples=200) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["low"].iloc[0] != other["low"].iloc[0]
