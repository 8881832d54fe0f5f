"""Net promoter score, sample sizes, weights, importance–performance and Kano, by hand and as published."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import (
    bound_nps,
    classify_kano,
    classify_pairs,
    compare_importance,
    measure_nps,
    sample_size,
    weigh_mean,
    weight_classes,
)
from crm_lib.stats import SmallSampleWarning, interval_of_share


def test_nps_by_hand():
    # 50 of 9–10, 30 of 7–8, 20 of 0–6: 50 − 20 = 30; V = .7 − .09 = .61; 1.959964 √(.61/100) = .15308
    scores = [10] * 20 + [9] * 30 + [8] * 10 + [7] * 20 + [6] * 5 + [0] * 15
    row = measure_nps(pd.DataFrame({"nps": [*scores, None]})).iloc[0]
    assert row[["n", "n_promoters", "n_passives", "n_detractors", "n_missing"]].tolist() == [
        100,
        50,
        30,
        20,
        1,
    ]
    assert row["nps"] == pytest.approx(30)
    assert (row["wald_low"], row["wald_high"]) == pytest.approx((30 - 15.308, 30 + 15.308), abs=1e-3)
    # the ends solve (.3 − d)² = z² (.7 − d²)/100
    for d in (row["low"] / 100, row["high"] / 100):
        assert (0.3 - d) ** 2 == pytest.approx(1.959964**2 * (0.7 - d * d) / 100, abs=1e-7)
    assert row["promoter_share"] + row["passive_share"] + row["detractor_share"] == pytest.approx(1)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_nps_interval_holds_the_score_and_is_wilsons_without_passives(plus, middle, minus):
    n = plus + middle + minus
    if not n:
        assert math.isnan(bound_nps(0, 0, 0)[0])
        return
    low, high = bound_nps(plus, minus, n)
    score = 100 * (plus - minus) / n
    assert -100 <= low <= score + 1e-9
    assert score - 1e-9 <= high <= 100
    assert high > low
    mirror = bound_nps(minus, plus, n)
    assert mirror == pytest.approx((-high, -low), abs=1e-9)
    if not middle:
        share = interval_of_share(plus, n)
        assert (low, high) == pytest.approx((200 * share.low - 100, 200 * share.high - 100), abs=1e-6)


def test_nps_interval_covers_the_truth_where_the_plain_one_does_not():
    # 12 answers, p = .9/.05/.05: true score 85
    rng, hits, plain = np.random.default_rng(0), 0, 0
    for _ in range(1000):
        plus, _, minus = rng.multinomial(12, [0.9, 0.05, 0.05])
        low, high = bound_nps(plus, minus, 12)
        half = 196 * math.sqrt(((plus + minus) / 12 - ((plus - minus) / 12) ** 2) / 12)
        hits += low <= 85 <= high
        plain += abs(100 * (plus - minus) / 12 - 85) <= half
    assert plain < 750
    assert hits >= 900


def test_nps_by_group_bootstrap_and_few():
    survey = pd.DataFrame({"nps": [10, 9, 3, 7] * 10, "channel": (["store"] * 4 + ["web"] * 4) * 5})
    survey.loc[0, "channel"] = None
    found = measure_nps(survey, by="channel", random_state=1, n_resamples=300)
    assert found["group"].tolist() == ["", "store", "web"]
    assert found["n"].tolist() == [40, 19, 20]
    first = found.iloc[0]
    assert first["boot_low"] < first["nps"] < first["boot_high"]
    assert (first["boot_low"], first["boot_high"]) == pytest.approx(
        (first["wald_low"], first["wald_high"]), abs=6
    )
    assert found["few"].tolist() == [False, True, True]
    with pytest.warns(SmallSampleWarning, match="3 people"):
        assert measure_nps(pd.DataFrame({"nps": [10, 10, 9]}))["nps"][0] == 100
    with pytest.warns(SmallSampleWarning):
        assert math.isnan(measure_nps(pd.DataFrame({"nps": [None, None]}))["nps"][0])
    with pytest.raises(DataError, match="11"):
        measure_nps(pd.DataFrame({"nps": [10, 11]}))
    with pytest.raises(SchemaError, match="nps"):
        measure_nps(pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize(
    ("population", "needed"),
    [(100, 80), (200, 132), (300, 169), (1000, 278), (5000, 357), (10_000, 370)],
)
def test_sample_sizes_as_krejcie_and_morgan_published_them(population, needed):
    assert sample_size(0.05, population=population)["n_needed"][0] == needed


def test_sample_sizes_by_hand():
    # z² .25/.05² = 384.15 → 385; a mean with sd 10 to ±2: (1.959964 · 10/2)² = 96.04 → 97
    assert sample_size(0.05)["n_needed"][0] == 385
    plan = sample_size(2, sd=10, response_share=0.25).iloc[0]
    assert (plan["n_needed"], plan["n_to_send"]) == (97, 388)
    small = sample_size(0.05, population=50, response_share=0.3).iloc[0]
    # 384.15/(1 + 383.15/50) = 44.34 → 45; 45/.3 = 150 letters to 50 customers
    assert small[["n_needed", "n_to_send", "n_lacking"]].tolist() == [45, 150, 100]
    for wrong in ({"margin": 0}, {"margin": 0.05, "share": 1}, {"margin": 0.05, "response_share": 0}):
        with pytest.raises(ParameterError, match="sample_size"):
            sample_size(**wrong)


def test_weights_by_hand():
    survey = pd.DataFrame({
        "age_band": ["a"] * 6 + ["b"] * 2 + [None, "z"],
        "overall": [1] * 6 + [5, 5, 9, 9],
    })
    people = pd.DataFrame({"age_band": ["a", "b", "b", "c"], "region": list("xxyx"), "n": [40, 30, 10, 20]})
    found = weight_classes(survey, people, by="age_band").set_index("age_band")
    # of the 80 persons in classes with respondents half are a and half b; of 8 known respondents 6/8 and 2/8
    assert found["weight"].tolist()[:2] == pytest.approx([0.5 / 0.75, 0.5 / 0.25])
    assert math.isnan(found["weight"]["c"])
    assert found.attrs["n_unknown"] == 2
    assert found.attrs["uncovered_share"] == pytest.approx(0.2)
    assert found.attrs["n_effective"] == pytest.approx(8**2 / (6 * (2 / 3) ** 2 + 2 * 4))
    assert found["response_share"].tolist() == pytest.approx([0.15, 0.05, 0])
    assert found["few"].tolist() == [False, True, True]
    weights = survey["age_band"].map(found["weight"])
    assert weigh_mean(survey["overall"], weights) == pytest.approx(3)  # half 1, half 5
    assert math.isnan(weigh_mean(survey["overall"], weights * float("nan")))
    with pytest.raises(DataError, match="somebody"):
        weight_classes(survey, people.assign(n=0), by="age_band")


SHOP = pd.DataFrame({
    "importance_price": [5, 4, 5, 4], "performance_price": [2, 3, 2, 1],
    "importance_store": [2, 3, 2, None], "performance_store": [4, 5, 4, 4],
    "importance_web": [5, 5, 4, 4], "performance_web": [5, 4, 4, 5],
    "importance_gift": [1, 2, 1, 2], "performance_gift": [1, 2, 1, 2],
})  # fmt: skip


def test_importance_by_hand():
    found = compare_importance(SHOP).set_index("attribute")
    # means: price 4.5/2, store 7/3 of three/13/3, web 4.5/4.5, gift 1.5/1.5; gaps 2.5, −2, 0, 0
    assert found.index.tolist() == ["price", "gift", "web", "store"]
    assert found["gap"].tolist() == pytest.approx([2.5, 0, 0, -2])
    assert found["n"].tolist() == [4, 4, 4, 3]
    assert found.attrs["cut_importance"] == pytest.approx((4.5 + 7 / 3 + 4.5 + 1.5) / 4)
    assert found["quadrant"].tolist() == ["concentrate", "low_priority", "keep_up", "overkill"]
    # price: mean 4.5, s = 1/√3, t(.975; 3) = 3.18245: 4.5 ± 3.18245 · .57735/2 = 4.5 ± .9187
    assert found.loc["price", "importance_low"] == pytest.approx(4.5 - 0.91870, abs=1e-4)
    # performance 2 ± 3.18245 · .8165/2 = 2 ± 1.30 holds its cut 3.08; gift, 1.5 ± .92, and web, 4.5 ± .92, clear both
    assert found["firm"].to_dict() == {"price": False, "gift": True, "web": True, "store": False}


def test_the_cut_is_stated_and_moves_the_quadrants():
    assert compare_importance(SHOP, cut="middle").attrs["cut_performance"] == 3
    moved = compare_importance(SHOP, cut=(4.6, 1.0)).set_index("attribute")
    assert set(moved["quadrant"]) == {"overkill"}
    on_line = compare_importance(SHOP, cut=(4.5, 4.5), attributes=["web"])
    assert on_line["quadrant"].tolist() == ["keep_up"]
    assert not on_line["firm"][0]
    with pytest.raises(ParameterError, match="cut"):
        compare_importance(SHOP, cut="median")
    with pytest.raises(SchemaError, match="importance_"):
        compare_importance(pd.DataFrame({"importance_a": [1]}))
    with pytest.raises(DataError, match="numeric"):
        compare_importance(SHOP.assign(importance_web=["高"] * 4))


# Kano's table as Berger et al. (1993) print it: rows functional, columns dysfunctional answer
EVALUATION = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]


def test_all_25_pairs_of_kanos_table():
    pairs = [(f, d) for f in range(1, 6) for d in range(1, 6)]
    found = classify_pairs(pd.Series([f for f, _ in pairs]), pd.Series([d for _, d in pairs]))
    assert "".join(found) == "".join(EVALUATION)
    assert classify_pairs(pd.Series([1, None]), pd.Series([None, 2])).tolist() == [None, None]


def make_kano(counts):
    answers = {"M": (3, 5), "O": (1, 5), "A": (1, 3), "I": (3, 3), "R": (3, 1), "Q": (1, 1)}
    rows = [answers[k] for k, n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["kano_x_f", "kano_x_d"])


def test_kano_by_hand():
    row = classify_kano(make_kano({"M": 10, "O": 20, "A": 50, "I": 15, "R": 4, "Q": 1})).iloc[0]
    assert row[["n", "n_m", "n_o", "n_a", "n_i", "n_r", "n_q"]].tolist() == [100, 10, 20, 50, 15, 4, 1]
    assert row["kano"] == "A"
    assert row["better"] == pytest.approx(70 / 95)
    assert row["worse"] == pytest.approx(-30 / 95)
    assert row["total_strength"] == pytest.approx(0.8)
    assert row["category_strength"] == pytest.approx(0.3)
    # Fong: 1.65 √(70 · (200 − 70)/200) = 1.65 √45.5 = 11.13 ≤ 50 − 20
    assert row["fong_needed"] == pytest.approx(1.65 * math.sqrt(45.5))
    assert row["clear"]
    low, high = interval_of_share(30, 95)[1:]
    assert (row["worse_low"], row["worse_high"]) == pytest.approx((-high, -low))


def test_kano_ties_and_close_calls_are_said():
    tied = classify_kano(make_kano({"M": 5, "A": 5, "I": 1})).iloc[0]
    assert (tied["kano"], tied["tied"], tied["clear"]) == ("M/A", True, False)
    close = classify_kano(make_kano({"O": 12, "A": 10})).iloc[0]  # 2 < 1.65 √(22 · 22/44) = 5.47
    assert (close["kano"], close["tied"], close["clear"]) == ("O", False, False)
    nobody = classify_kano(make_kano({"O": 1}) * float("nan")).iloc[0]
    assert (nobody["n"], nobody["kano"], nobody["clear"]) == (0, "", False)
    assert math.isnan(nobody["better"])
    only = classify_kano(make_kano({"R": 3})).iloc[0]
    assert (only["kano"], math.isnan(only["better"])) == ("R", True)


def test_kano_refuses_other_answers():
    with pytest.raises(DataError, match="1 to 5"):
        classify_pairs(pd.Series(["很喜欢"]), pd.Series([1]))
    with pytest.raises(SchemaError, match="pairs of columns"):
        classify_kano(pd.DataFrame({"kano_x_f": [1]}))
    with pytest.raises(SchemaError, match="kano_y_d"):
        classify_kano(make_kano({"O": 1}), features=["y"])
