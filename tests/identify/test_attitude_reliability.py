"""Cronbach's alpha: a published example, by hand, by covariances and by analysis of variance."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.identify import cronbach_alpha, item_statistics, measure_reliability

# The example of real-statistics.com that pingouin documents its own function with: 10 items (rows here),
# 15 people (columns); alpha 0.592, interval [0.195, 0.840]
RATINGS = """
357261426544564 243452345432553 465363545653655 135354335422245 456242571355323
514245226533321 123242125324213 453663242132442 356675463743463 255352352214554
"""
# Another one, with gaps: R psych::alpha(use="complete.obs") gives 0.8016949152542373
GAPS = """
11111111111 11111111010 -011-111100 11101101100 11111000100 01-01111000
11110010000 11111000000 01011000010 10010100-00 11100000000 10010000000
"""


def test_published_examples():
    x = pd.DataFrame([[int(v) for v in item] for item in RATINGS.split()]).T
    found = cronbach_alpha(x).iloc[0]
    assert x.shape == (15, 10)
    assert round(found["alpha"], 4) == 0.5917
    assert (round(found["low"], 3), round(found["high"], 3)) == (0.195, 0.840)


def test_the_published_example_with_gaps():
    rows = GAPS.split()
    frame = pd.DataFrame([[float("nan") if v == "-" else float(v) for v in row] for row in rows])
    found = cronbach_alpha(frame).iloc[0]
    assert found["alpha"] == pytest.approx(0.8016949152542373, abs=1e-12)
    assert found[["n_items", "n_respondents", "n_incomplete"]].tolist() == [11, 9, 3]


def by_anova(x):
    n, k = x.shape
    between = k * ((x.mean(axis=1) - x.mean()) ** 2).sum() / (n - 1)
    off = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    return 1 - (off**2).sum() / ((n - 1) * (k - 1)) / between


def by_covariance(x):
    c, k = np.cov(x, rowvar=False), x.shape[1]
    return k / (k - 1) * (c.sum() - np.trace(c)) / c.sum()


def test_by_hand():
    # items 1 2 3 and 2 2 5: variances 1 and 3; sums 3 4 8: mean 5, (4 + 1 + 9)/2 = 7; 2 (1 − 4/7) = 6/7
    found = cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [2, 2, 5]})).iloc[0]
    assert found["alpha"] == pytest.approx(6 / 7)
    assert found["mean_r"] == pytest.approx(1.5 / math.sqrt(3))  # covariance 1.5
    # Feldt: 1 − (1/7) F with 2 and 2 degrees of freedom, whose quantile q is q/(1 − q): 39 and 1/39
    assert (found["low"], found["high"]) == pytest.approx((1 - 39 / 7, 1 - 1 / 39 / 7))


@given(
    st.integers(3, 12).flatmap(
        lambda n: st.integers(2, 5).flatmap(
            lambda k: st.lists(st.lists(st.integers(1, 5), min_size=k, max_size=k), min_size=n, max_size=n)
        )
    )
)
def test_three_formulas_agree(rows):
    x = np.array(rows, dtype=float)
    found = cronbach_alpha(pd.DataFrame(x)).iloc[0]
    if x.sum(axis=1).var() < 1e-9:
        assert math.isnan(found["alpha"])
        return
    assert found["alpha"] == pytest.approx(by_covariance(x), abs=1e-9)
    assert found["alpha"] == pytest.approx(by_anova(x), abs=1e-9)
    assert found["low"] <= found["high"] <= 1


def test_recovery_and_both_intervals():
    # four parallel items, true score variance 1 and error variance 1: α = 4/(4 + 1) = 0.8
    hits = boots = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(150, 1)) + rng.normal(size=(150, 4))
        found = cronbach_alpha(pd.DataFrame(x), random_state=seed, n_resamples=200).iloc[0]
        hits += found["low"] <= 0.8 <= found["high"]
        boots += found["boot_low"] <= 0.8 <= found["boot_high"]
    assert hits >= 25
    assert boots >= 24


def test_what_cannot_be_computed_is_missing():
    for frame in ({"a": [1, 2, 3]}, {"a": [1], "b": [2]}, {"a": [2, 2], "b": [3, 3]}, {"a": [], "b": []}):
        assert math.isnan(cronbach_alpha(pd.DataFrame(frame, dtype="float64"))["alpha"][0])


def test_wrong_calls_fail_in_words():
    with pytest.raises(DataError, match="numeric"):
        cronbach_alpha(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}))
    with pytest.raises(ParameterError, match="confidence"):
        cronbach_alpha(pd.DataFrame({"a": [1, 2], "b": [1, 2]}), confidence=95)


ITEMS = pd.DataFrame({
    "item": ["q1", "q2", "q3", "p1"],
    "construct": ["满意", "满意", "满意", "信任"],
    "reversed": [False, True, False, False],
    "points": [5, 5, 5, 5],
})
SURVEY = pd.DataFrame({"q1": [1, 2, 3, 5], "q2": [5, 4, 3, 1], "q3": [2, 2, 5, None], "p1": [1, 1, 1, 1]})


def test_item_statistics_by_hand():
    found = item_statistics(SURVEY, ITEMS).set_index("item")
    # the first three rows are complete: q1 = 1 2 3, 6 − q2 = 1 2 3, q3 = 2 2 5
    # q3 with the sum 2 4 6 of the others: covariance 3, sd √3 · 2: 3/(2√3) = .8660
    assert found.loc["q3", "item_rest_r"] == pytest.approx(3 / (2 * math.sqrt(3)))
    assert found.loc["q3", "alpha_if_deleted"] == pytest.approx(1)  # two equal items are left
    assert found.loc["q1", "alpha_if_deleted"] == pytest.approx(6 / 7)
    assert found.loc["q2", ["n", "mean"]].tolist() == [4, 2.75]  # 1, 2, 3, 5
    assert math.isnan(found.loc["p1", "item_rest_r"])


def test_a_forgotten_reversed_item_shows_itself():
    right, wrong = (
        item_statistics(SURVEY, ITEMS.assign(reversed=[False, r, False, False])) for r in (True, False)
    )
    assert right["item_rest_r"][1] > 0.8
    assert wrong["item_rest_r"][1] < -0.8
    assert measure_reliability(SURVEY, ITEMS)["construct"].tolist() == ["满意", "信任"]
    assert measure_reliability(SURVEY, ITEMS)["alpha"][0] > 0.8
