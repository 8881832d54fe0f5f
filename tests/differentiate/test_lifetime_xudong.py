"""Lifetime models on 旭东, whose next 52 weeks are known: the total within five in a hundred."""

import pandas as pd
import pytest

from crm_lib.differentiate.lifetime import (
    calibrate_forecast,
    compare_forecasts,
    fit_bg_nbd,
    fit_pareto_nbd,
    summarize_holdout,
    summarize_repeat,
)
from crm_lib.sample import make_company

pytestmark = pytest.mark.slow
AHEAD = 52.0


@pytest.fixture(scope="module", params=[0, 1, 2])
def company(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifetimes") / "company"
    make_company(8000, seed=request.param, out=folder, files=False)
    orders = pd.read_parquet(folder / "data" / "orders.parquet")
    return orders, pd.read_parquet(folder / "truth" / "persons.parquet").set_index("customer_id")


def test_the_next_year_is_forecast_within_five_in_a_hundred(company, record_property, capsys):
    orders, truth = company
    seen = summarize_repeat(orders, as_of="2024-12-31")
    ahead = truth["n_orders_next_52_weeks"].reindex(seen["customer_id"]).fillna(0)
    held = seen.assign(n_ahead=ahead.to_numpy(dtype="int64"))
    held.attrs.update(seen.attrs, ahead=AHEAD)
    models = {"BG/NBD": fit_bg_nbd(seen), "Pareto/NBD": fit_pareto_nbd(seen)}
    table = compare_forecasts(held, models).set_index("forecast")
    deciles = calibrate_forecast(held, models["Pareto/NBD"])
    record_property("errors", table["error"].round(4).to_dict())
    with capsys.disabled():
        print("\n", table[["total", "actual", "error", "mean_absolute_error"]].round(3).to_string())
        print(deciles.round(2).to_string(index=False))
    assert abs(table.loc["Pareto/NBD", "error"]) <= 0.05
    # the plain rule, everybody goes on as before, is far off: customers drop out
    assert table.loc["rate", "error"] > 0.2
    assert table.loc["Pareto/NBD", "mean_absolute_error"] < 0.85 * table.loc["rate", "mean_absolute_error"]
    assert deciles["actual"].iloc[-1] > 10 * max(deciles["actual"].iloc[0], 0.1)
    assert deciles["expected"].is_monotonic_increasing


def test_a_hold_out_inside_the_data_is_met_too(company, record_property):
    orders, _ = company
    held = summarize_holdout(orders, split="2024-01-02", as_of="2024-12-31")
    error = compare_forecasts(held, {"Pareto/NBD": fit_pareto_nbd(held)})["error"].iloc[0]
    record_property("error", error)
    assert abs(error) <= 0.05
