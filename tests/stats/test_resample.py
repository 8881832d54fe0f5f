"""Bootstrap and permutation: the same draws as scipy's, exact tests by hand, the right error rate."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from crm_lib.errors import DataError, ParameterError
from crm_lib.stats import bootstrap_interval, permutation_test


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("statistic", [np.mean, lambda x: float(np.std(x, ddof=1))])
def test_the_interval_is_scipys_when_the_draws_are(method, statistic):
    x = np.random.default_rng(1).gamma(2, size=25)
    rng = np.random.default_rng(3)
    other = scipy_stats.bootstrap(
        (x,), statistic, n_resamples=300, method=method, rng=rng, vectorized=False
    ).confidence_interval
    found = bootstrap_interval(x, statistic, random_state=3, n_resamples=300, method=method)
    assert (found.low, found.high) == pytest.approx((other.low, other.high), rel=1e-9)
    assert found.estimate == statistic(x)


def test_rows_of_a_frame_stay_together():
    # y is 2x in every row, so their ratio is 2 in every sample, whatever is drawn
    frame = pd.DataFrame({"x": [1.0, 5.0, 9.0], "y": [2.0, 10.0, 18.0]})
    found = bootstrap_interval(frame, lambda v: float(v[:, 1].sum() / v[:, 0].sum()), random_state=0)
    assert found == pytest.approx((2, 2, 2))


def test_figures_without_spread_and_figures_that_cannot_be_computed():
    assert bootstrap_interval([4.0, 4.0], np.mean, random_state=0, method="bca") == (4, 4, 4)
    never = bootstrap_interval([1.0, 2.0], lambda x: float("nan"), random_state=0)
    assert math.isnan(never.low)
    assert bootstrap_interval([1.0, 3.0, 8.0], np.mean, random_state=5) == bootstrap_interval(
        [1.0, 3.0, 8.0], np.mean, random_state=5
    )


def test_an_exact_test_by_hand():
    # of C(6, 3) = 20 divisions one has a difference of 4 and one of −4: 1/20 on either side
    found = permutation_test([5, 6, 7], [1, 2, 3], random_state=0)
    assert (found.statistic, found.p_value, found.n_permutations, found.exact) == (4, 0.1, 20, True)
    assert permutation_test([5, 6, 7], [1, 2, 3], random_state=0, alternative="greater").p_value == 0.05
    assert permutation_test([5, 6, 7], [1, 2, 3], random_state=0, alternative="less").p_value == 1
    assert permutation_test([2, 2], [2, 2, 2], random_state=0).p_value == 1


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_an_exact_test_against_scipy(alternative):
    a, b = [3.1, 4.2, 9.9, 1.0], [2.0, 2.5, 0.3, 7.7, 1.1]
    other = scipy_stats.permutation_test(
        (np.array(a), np.array(b)),
        lambda x, y: x.mean() - y.mean(),
        alternative=alternative,
        vectorized=False,
    )
    found = permutation_test(a, b, random_state=0, alternative=alternative)
    assert found.p_value == pytest.approx(other.pvalue)


def test_drawn_divisions_come_near_the_exact_answer_and_never_give_zero():
    a, b = [3.1, 4.2, 9.9, 1.0, 5.5], [2.0, 2.5, 0.3, 7.7, 1.1]
    exact = permutation_test(a, b, random_state=0).p_value
    drawn = permutation_test(a, b, random_state=0, n_permutations=200)
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(exact, abs=0.12)
    far = permutation_test(np.arange(30.0) + 100, np.arange(30.0), random_state=1, n_permutations=99)
    assert far.p_value == pytest.approx(2 / 100)


def test_no_difference_is_called_one_about_as_often_as_promised():
    rng = np.random.default_rng(7)
    hits = sum(
        permutation_test(rng.normal(size=8), rng.normal(size=8), random_state=i, n_permutations=199).p_value
        <= 0.1
        for i in range(200)
    )
    assert 8 <= hits <= 33  # 20 expected, three standard deviations of √(200 · .1 · .9) = 4.2


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: bootstrap_interval([], np.mean, random_state=0), DataError),
        (lambda: bootstrap_interval([1.0], np.mean, random_state=0, method="magic"), ParameterError),
        (lambda: bootstrap_interval([1.0], np.mean, random_state=0, n_resamples=5), ParameterError),
        (lambda: permutation_test([], [1.0], random_state=0), DataError),
        (lambda: permutation_test([1.0], [1.0], random_state=0, alternative="both"), ParameterError),
    ],
)
def test_wrong_calls_fail_in_words(call, kind):
    with pytest.raises(kind):
        call()
