"""CDNOW against the published figures (Fader and Hardie; Batislam et al.), and the retention of a cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_lib import clean_table, read_table
from crm_lib.differentiate.lifetime import (
    compare_forecasts,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_mbg_nbd,
    fit_pareto_nbd,
    fit_shifted_beta,
    summarize_holdout,
    track_totals,
)
from crm_lib.sample import path

ONE = pd.DataFrame({
    "customer_id": ["A"],
    "n_repeat": [2],
    "t_last": [30.43],
    "t_observed": [38.86],
    "mean_repeat_value": [22.35],
})


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return clean_table(read_table(path("cdnow_sample"), "orders"), "orders").rows


@pytest.fixture(scope="module")
def seen(lines: pd.DataFrame) -> pd.DataFrame:
    return summarize_holdout(lines, split="1997-09-30", as_of="1998-06-30")


def test_the_sample_is_the_published_one(seen: pd.DataFrame) -> None:
    assert (len(seen), seen["n_repeat"].sum(), seen["n_ahead"].sum()) == (2357, 2457, 1882)
    assert seen["mean_repeat_value"].notna().sum() == 946
    assert seen.attrs["ahead"] == 39.0


def test_bg_nbd(seen: pd.DataFrame) -> None:
    model = fit_bg_nbd(seen)
    assert model.fit.values == pytest.approx((0.2426, 4.4136, 0.7929, 2.4259), rel=5e-4)
    assert model.fit.log_likelihood == pytest.approx(-9582.43, abs=0.01)
    assert (model.r, model.alpha, model.a, model.b) == model.fit.values
    assert model.expected_orders(seen, ahead=39).sum() == pytest.approx(1653.4, abs=0.1)
    assert model.expected_orders(ONE, ahead=39)[0] == pytest.approx(1.226, abs=5e-4)
    assert model.alive_probability(ONE)[0] == pytest.approx(0.7266, abs=5e-5)


def test_mbg_nbd(seen: pd.DataFrame) -> None:
    model = fit_mbg_nbd(seen)
    assert model.fit.values == pytest.approx((0.5248, 6.1831, 0.8914, 1.6140), rel=5e-4)
    assert model.fit.log_likelihood == pytest.approx(-9582.14, abs=0.01)


def test_pareto_nbd_with_its_standard_errors(seen: pd.DataFrame) -> None:
    model = fit_pareto_nbd(seen)
    assert model.fit.values == pytest.approx((0.5533, 10.578, 0.6062, 11.669), abs=1e-3)
    assert model.fit.log_likelihood == pytest.approx(-9594.976, abs=0.01)
    errors = model.fit.list_parameters()["standard_error"]
    assert errors.tolist() == pytest.approx([0.0476, 0.8427, 0.1873, 6.2105], rel=1e-3)
    assert (model.r, model.alpha, model.s, model.beta) == model.fit.values


def test_gamma_gamma(seen: pd.DataFrame) -> None:
    model = fit_gamma_gamma(seen)
    assert (model.p, model.q, model.gamma) == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)
    assert model.expected_spend(ONE)[0] == pytest.approx(24.65, abs=0.01)
    # the correlation that Fader, Hardie and Lee report and accept
    assert model.correlation == pytest.approx(0.11, abs=0.01)


def test_the_unit_changes_rates_and_nothing_else(lines: pd.DataFrame, seen: pd.DataFrame) -> None:
    days = summarize_holdout(lines, split="1997-09-30", as_of="1998-06-30", unit="D")
    weekly, daily = fit_bg_nbd(seen), fit_bg_nbd(days)
    assert daily.alpha == pytest.approx(7 * weekly.alpha, rel=1e-5)
    assert (daily.r, daily.a, daily.b) == pytest.approx((weekly.r, weekly.a, weekly.b), rel=1e-5)
    assert daily.expected_orders(days, ahead=273) == pytest.approx(
        weekly.expected_orders(seen, ahead=39), rel=1e-5
    )


def test_the_models_beat_the_plain_rules(seen: pd.DataFrame) -> None:
    table = compare_forecasts(seen, {"bg": fit_bg_nbd(seen), "pareto": fit_pareto_nbd(seen)})
    table = table.set_index("forecast")
    assert table.loc["bg", "error"] == pytest.approx(1653.4 / 1882 - 1, abs=1e-4)
    # everybody goes on as before: half as much again as what came
    assert table.loc["rate", "error"] > 0.5
    assert table.loc[["bg", "pareto"], "mean_absolute_error"].max() < table.loc["rate", "mean_absolute_error"]


def test_tracking_ends_at_what_was_counted(lines: pd.DataFrame, seen: pd.DataFrame) -> None:
    tracked = track_totals(lines, fit_pareto_nbd(seen), split="1997-09-30", as_of="1998-06-30")
    assert tracked["actual"].iloc[-1] == 2457 + 1882
    assert tracked["actual"].is_monotonic_increasing
    assert tracked["expected"].is_monotonic_increasing
    assert tracked["ends_on"].iloc[-1] == pd.Timestamp("1998-06-30")
    late = tracked[tracked["is_holdout"]]
    assert np.abs(late["expected"] / late["actual"] - 1).max() < 0.05


def test_shifted_beta_geometric_of_both_published_segments() -> None:
    # survivors of 1,000 after each year, Fader and Hardie (2007), table 1
    regular = np.array([1000, 631, 468, 382, 326, 289, 262, 241])
    high_end = np.array([1000, 869, 743, 653, 593, 551, 517, 491])
    for cohort, a, b in ((regular, 0.704, 1.182), (high_end, 0.668, 3.806)):
        model = fit_shifted_beta(-np.diff(cohort), remaining=cohort[-1])
        assert (model.a, model.b) == pytest.approx((a, b), abs=5e-4)
        survival = model.survival(np.arange(3))
        assert survival == pytest.approx([1, b / (a + b), b * (b + 1) / ((a + b) * (a + b + 1))], rel=1e-3)
        assert model.retention([1, 2]) == pytest.approx(survival[1:] / survival[:-1])
