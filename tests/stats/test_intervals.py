"""Intervals of shares and means against worked examples, scipy and statsmodels."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from crm_lib.errors import DataError, ParameterError
from crm_lib.stats import (
    interval_of_difference,
    interval_of_mean,
    interval_of_share,
    interval_of_share_difference,
)


def test_wilson_is_the_solution_of_its_equation():
    # (p̂ − p)² = z² p(1 − p)/n at both ends, with p̂ = .8, n = 10, z = 1.959964
    found = interval_of_share(8, 10)
    for p in (found.low, found.high):
        assert (0.8 - p) ** 2 == pytest.approx(1.959963985**2 * p * (1 - p) / 10, abs=1e-9)
    assert found.low < 0.8 < found.high


@pytest.mark.parametrize(("count", "n"), [(0, 5), (5, 5), (1, 3), (81, 263), (15, 148)])
def test_wilson_against_statsmodels_and_newcombes_table(count, n):
    low, high = proportion_confint(count, n, method="wilson")
    found = interval_of_share(count, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    if (count, n) == (81, 263):  # Newcombe (1998), Statistics in Medicine 17, 857–872, table I
        assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    if (count, n) == (15, 148):
        assert (round(found.low, 4), round(found.high, 4)) == (0.0624, 0.1605)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_stays_within_bounds_holds_its_share_and_mirrors(pair, confidence):
    count, n = pair
    found = interval_of_share(count, n, confidence=confidence)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.high > found.low
    mirror = interval_of_share(n - count, n, confidence=confidence)
    assert (1 - mirror.high, 1 - mirror.low) == pytest.approx((found.low, found.high), abs=1e-9)
    wider = interval_of_share(count, n, confidence=(1 + confidence) / 2)
    assert wider.low <= found.low
    assert wider.high >= found.high


def test_difference_of_shares_as_newcombe_published_it():
    # Newcombe (1998), Statistics in Medicine 17, 873–890, table II: 56/70 − 48/80, method 10
    found = interval_of_share_difference(56, 70, 48, 80)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    other = confint_proportions_2indep(9, 10, 3, 10, method="newcomb", compare="diff")
    found = interval_of_share_difference(9, 10, 3, 10)
    assert (found.low, found.high) == pytest.approx(other, abs=1e-9)


def test_mean_by_hand_and_by_statsmodels():
    # 2, 4, 6: mean 4, s = 2, t(.975; 2) = 4.30265, half = 4.30265 · 2/√3 = 4.96828
    found = interval_of_mean([2, 4, 6, None])
    assert found == pytest.approx((4, 4 - 4.968276, 4 + 4.968276), abs=1e-5)
    x = np.random.default_rng(0).normal(3, 2, 40)
    assert interval_of_mean(x, confidence=0.9)[1:] == pytest.approx(DescrStatsW(x).tconfint_mean(0.1))
    # all 3 of 3 were asked: nothing is left to chance; of 5, √((5 − 3)/(5 − 1)) of the half
    assert interval_of_mean([2, 4, 6], population=3)[1:] == (4, 4)
    assert interval_of_mean([2, 4, 6], population=5).high == pytest.approx(
        4 + 4.968276 * math.sqrt(0.5), abs=1e-5
    )


def test_difference_of_means_is_welchs_and_pairs_are_students():
    rng = np.random.default_rng(1)
    a, b = rng.normal(5, 1, 12), rng.normal(4, 3, 30)
    other = CompareMeans(DescrStatsW(a), DescrStatsW(b)).tconfint_diff(usevar="unequal")
    assert interval_of_difference(a, b)[1:] == pytest.approx(other)
    pairs = scipy_stats.ttest_rel(a, b[:12]).confidence_interval(0.95)
    assert interval_of_difference(a, b[:12], paired=True)[1:] == pytest.approx(tuple(pairs))
    gapped = interval_of_difference([1.0, None, 3.0], [0.0, 9.0, 1.0], paired=True)
    assert gapped.estimate == 1.5  # (1 − 0 and 3 − 1); the pair with a gap is out


def test_what_cannot_be_said_is_missing():
    assert all(math.isnan(x) for x in interval_of_share(0, 0))
    one = interval_of_mean([7.0])
    assert one.estimate == 7
    assert math.isnan(one.low)
    assert all(math.isnan(x) for x in interval_of_mean([]))
    assert all(math.isnan(x) for x in interval_of_difference([], [1.0, 2.0]))
    assert interval_of_difference([2.0, 2.0], [1.0, 1.0]) == (1, 1, 1)
    assert interval_of_mean(pd.Series([1, None, 3], dtype="Int64")).estimate == 2


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: interval_of_share(3, 2), DataError, "from 0 to n"),
        (lambda: interval_of_share(0.5, 2), DataError, "whole number"),
        (lambda: interval_of_share(1, 2, confidence=95), ParameterError, "below 1"),
        (lambda: interval_of_mean([1.0, float("inf")]), DataError, "finite"),
        (lambda: interval_of_mean([1.0, 2.0], population=1), DataError, "population"),
        (lambda: interval_of_difference([1.0], [1.0, 2.0], paired=True), DataError, "one length"),
    ],
)
def test_wrong_calls_fail_in_words(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_tiny_spreads_give_the_same_interval_as_large_ones():
    first, second = [1.0, 2.0, 4.0], [0.5, 0.75, 2.0, 3.0]
    large = interval_of_difference(first, second)
    tiny = interval_of_difference([x * 1e-100 for x in first], [x * 1e-100 for x in second])
    assert [x * 1e100 for x in tiny] == pytest.approx(list(large), rel=1e-12)
