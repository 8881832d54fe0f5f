"""Repeat purchases: worked by hand, on every engine, and what cannot be one is refused in words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from crm_lib.differentiate.lifetime import (
    baseline_value,
    calibrate_forecast,
    compare_forecasts,
    compare_intervals,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_shifted_beta,
    lifetime_value,
    summarize_holdout,
    summarize_repeat,
)
from crm_lib.errors import (
    CorrelatedSpendWarning,
    DataError,
    DegenerateFitWarning,
    ParameterError,
    SchemaError,
)

LINES = pd.DataFrame(
    [
        ("B", "2024-03-01 09:00", 10.0),
        ("B", "2024-03-01 18:00", 5.0),  # the same day: one transaction
        ("B", "2024-03-15 10:00", 30.0),
        ("B", "2024-03-15 11:00", 12.5),  # 42.5 on that day
        ("B", "2024-03-22 11:00", -30.0),  # a return is no purchase
        ("B", "2024-03-29 11:00", 0.0),  # a gift is one, worth nothing
        ("A", "2024-03-29 11:00", 7.0),
        ("C", "2024-03-02 11:00", -7.0),  # nothing but a return
        ("B", "2024-04-20 11:00", 99.0),  # after as_of
    ],
    columns=["customer_id", "ordered_at", "amount"],
).assign(ordered_at=lambda f: pd.to_datetime(f["ordered_at"]))


def test_worked_by_hand() -> None:
    got = summarize_repeat(LINES, as_of="2024-04-05")
    assert got["customer_id"].tolist() == ["A", "B"]
    # B: 3 purchase days, the last 28 days after the first, seen for 35; (42.5 + 0) / 2
    assert got.loc[1, ["n_repeat", "t_last", "t_observed", "mean_repeat_value"]].tolist() == [
        2,
        4.0,
        5.0,
        21.25,
    ]
    assert got.loc[0, ["n_repeat", "t_last", "t_observed"]].tolist() == [0, 0.0, 1.0]
    assert np.isnan(got.loc[0, "mean_repeat_value"])
    assert got.attrs["n_later"] == 1
    assert got.attrs["n_without_purchase"] == 1
    days = summarize_repeat(LINES, as_of="2024-04-05", unit="D")
    assert days["t_observed"].tolist() == [7.0, 35.0]


def test_the_holdout_counts_new_days_only() -> None:
    got = summarize_holdout(LINES, split="2024-03-20", as_of="2024-04-30")
    assert got["customer_id"].tolist() == ["B"]
    assert got["n_ahead"].tolist() == [2]  # 29 March and 20 April
    assert got.attrs["n_new"] == 1
    assert got.attrs["ahead"] == pytest.approx(41 / 7)
    with pytest.raises(ParameterError, match="as_of must be after split"):
        summarize_holdout(LINES, split="2024-03-20", as_of="2024-03-20")


def make_repeat(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["n_repeat", "t_last", "t_observed", "mean_repeat_value"])
    return frame.assign(customer_id=[f"C{i}" for i in range(len(frame))])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, 9.0, 8.0, 5.0), "t_last"),
        ((-1, 0.0, 8.0, 5.0), "n_repeat"),
        ((1.5, 2.0, 8.0, 5.0), "n_repeat"),
        ((0, 2.0, 8.0, np.nan), "t_last"),
        ((2, 0.0, 8.0, 5.0), "t_last"),
        ((2, 1.0, np.inf, 5.0), "t_observed"),
    ],
)
def test_what_cannot_be_is_refused_in_words(row: tuple, words: str) -> None:
    with pytest.raises(DataError, match=words):
        fit_bg_nbd(make_repeat([(0, 0.0, 8.0, np.nan)] * 12 + [row]))


def test_hardly_any_customer_is_said() -> None:
    with pytest.raises(DataError, match="at least 10 customers; got 3"):
        fit_bg_nbd(make_repeat([(0, 0.0, 8.0, np.nan)] * 3))
    with pytest.raises(DataError, match="at least 10 customers with repeat purchases"):
        fit_gamma_gamma(make_repeat([(0, 0.0, 8.0, np.nan)] * 30))
    with pytest.raises(DataError, match="somebody must have left"):
        fit_shifted_beta([0, 0], remaining=100)


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0.0, 30.0, np.nan)] * 200,  # nobody has come back
        [(5, 30.0, 30.0, 20.0)] * 200,  # all alike, all still there
        [(k, 30.0, 30.0, 20.0) for k in range(1, 9)] * 25,  # nobody has ever left
    ],
)
def test_data_that_determine_nothing_raise_the_warning(rows: list[tuple]) -> None:
    with pytest.warns(DegenerateFitWarning, match="the data must determine every parameter"):
        model = fit_bg_nbd(make_repeat(rows))
    assert model.fit.degenerate
    assert np.isfinite(model.expected_orders(make_repeat(rows), ahead=10)).all()


def test_spend_that_goes_with_frequency_raises_the_warning() -> None:
    from lifetime_worlds import simulate_spend

    world = simulate_spend((4.0, 4.5, 60.0), n=600, seed=1)
    assert abs(fit_gamma_gamma(world).correlation) < 0.15
    world["mean_repeat_value"] *= 1 + 0.3 * world["n_repeat"]
    with pytest.warns(CorrelatedSpendWarning, match="understated"):
        fit_gamma_gamma(world)


def test_value_is_orders_times_spend_and_the_interval_holds_its_luck() -> None:
    from lifetime_worlds import simulate

    world = simulate("bg", (0.8, 6.0, 1.2, 3.0), n=3_000, seed=0, least=30, most=80)
    random = np.random.default_rng(2)
    own = random.gamma(4.5, 1 / 60, 3_000)
    bought = np.where(world["n_repeat"] > 0, world["n_repeat"], 1)
    mean = random.gamma(4.0 * bought, 1.0) / own / bought
    world["mean_repeat_value"] = np.where(world["n_repeat"] > 0, mean, np.nan)
    counts, spend = fit_bg_nbd(world), fit_gamma_gamma(world)
    plain = lifetime_value(world, counts=counts, spend=spend, ahead=26, margin=0.3)
    product = 0.3 * plain["expected_orders"] * plain["expected_spend"]
    assert plain["value"].to_numpy() == pytest.approx(product.to_numpy())
    later = lifetime_value(world, counts=counts, spend=spend, ahead=26, margin=0.3, discount=0.01, n_draws=0)
    assert (later["value"] <= plain["value"]).all()
    assert (later["value"] >= plain["value"] / 1.01**26).all()
    assert (plain["value_low"] <= plain["value_high"]).all()
    again = lifetime_value(world, counts=counts, spend=spend, ahead=26, margin=0.3)
    pd.testing.assert_frame_equal(plain, again)
    held = world.assign(n_ahead=0)
    held.attrs["ahead"] = 26.0
    table = calibrate_forecast(held, counts)
    assert table["n_customers"].sum() == 3_000
    assert table["expected"].is_monotonic_increasing


def test_the_baseline_worked_by_hand() -> None:
    # 4 repeat purchases of 50 in 8 weeks = 2 per 4-week period; two periods kept by 0.5 and 0.25, half of them margin
    got = baseline_value(make_repeat([(4, 8.0, 8.0, 50.0)]), retention=0.5, ahead=8, period=4, margin=0.5)
    assert got["orders_per_period"].tolist() == [2.0]
    assert got["value"].tolist() == [0.5 * 2 * 50 * (0.5 + 0.25)]


def test_warnings_are_not_given_for_a_sound_fit() -> None:
    from lifetime_worlds import simulate

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_bg_nbd(simulate("bg", (0.8, 6.0, 1.2, 3.0), n=1_000, seed=4, least=30, most=80))


def test_the_plain_formula_and_the_interval_refuse_what_they_cannot_use() -> None:
    rows = make_repeat([(4, 8.0, 8.0, 50.0)])
    given = {"retention": 0.5, "ahead": 8, "period": 4, "margin": 0.5}
    with pytest.raises(SchemaError, match="needs column 'mean_repeat_value'"):
        baseline_value(rows.drop(columns="mean_repeat_value"), **given)
    with pytest.raises(ParameterError, match="discount must be in"):
        baseline_value(rows, **given, discount=-2.0)
    values = pd.DataFrame({"value_low": [0.0, 1.0], "value_high": [0.0, 9.0]})
    with pytest.raises(ParameterError, match="one number per customer; got 1 for 2"):
        compare_intervals(values, [5.0])
    # 3 lies outside the first interval, 5 within the second, which alone does not end at 0
    assert compare_intervals(values, [3.0, 5.0]) == 0.5
    assert compare_intervals(values, [3.0, 5.0], kind="active") == 1.0


class Steps:
    """Forecast as many orders as there were."""

    def expected_orders(self, holdout: pd.DataFrame, *, ahead: float) -> np.ndarray:
        return holdout["n_repeat"].to_numpy(dtype="float64")


def test_customers_of_equal_forecast_stay_in_one_group() -> None:
    held = pd.DataFrame({"n_repeat": [0, 0, 0, 0, 1, 2], "n_ahead": [0, 1, 0, 1, 1, 4]})
    held = held.assign(t_last=1.0, t_observed=9.0)
    held.attrs["ahead"] = 10.0
    found = calibrate_forecast(held, Steps(), n_groups=3)
    assert found["n_customers"].tolist() == [4, 2]  # the cut after two of six would tear the four apart
    assert found["actual"].tolist() == [0.5, 2.5]


def test_as_many_groups_as_customers_hold_one_each() -> None:
    held = pd.DataFrame({"n_repeat": range(100), "n_ahead": 1, "t_last": 1.0, "t_observed": 9.0})
    held.attrs["ahead"] = 10.0
    assert calibrate_forecast(held, Steps(), n_groups=100)["n_customers"].tolist() == [1] * 100


def test_a_frame_that_forgot_its_hold_out_time_is_refused_in_words() -> None:
    held = pd.DataFrame({"n_repeat": [1], "n_ahead": [1], "t_last": 1.0, "t_observed": 9.0})
    for call in (lambda: calibrate_forecast(held, Steps()), lambda: compare_forecasts(held, {"m": Steps()})):
        with pytest.raises(DataError, match="a merge loses what a frame says of itself"):
            call()
    with pytest.raises(SchemaError, match="needs column 'n_ahead'"):
        calibrate_forecast(held.drop(columns="n_ahead"), Steps())
