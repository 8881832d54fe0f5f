"""What customers will bring from here on: models tried on a time they have not seen, then used, or not used."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib.errors import CrmWarning

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MODELS = ("bg_nbd", "pareto_nbd")
LEAST_REPEAT = 30
"""Customers who came back that a model needs at least: with fewer its parameters are luck."""

LEAST_WEEKS = 4
LEVEL = 0.8
_DRAWS = 500
_KNOWN = (
    "alive_probability",
    "expected_orders",
    "expected_spend",
    "lifetime_value",
    "value_low",
    "value_high",
)


@dataclass(frozen=True)
class LifetimeTrial:
    """How the models did on the last weeks, which they had not seen.

    `why` is "" or what stands in the way: short (too few weeks to hold any back), few (too few customers who came
    back), degenerate (no model could be determined); `chosen` is the model with the smaller error per customer;
    `dropped` are those whose parameters the data do not determine.
    """

    as_of: str
    ahead: int
    weeks: int
    split: str
    n_customers: int
    n_repeat: int
    why: str
    chosen: str = ""
    dropped: tuple[str, ...] = ()
    forecasts: pd.DataFrame | None = field(default=None, repr=False)
    calibration: pd.DataFrame | None = field(default=None, repr=False)


def try_lifetime(rows: pd.DataFrame, *, as_of: str, ahead: int = 52) -> LifetimeTrial:
    """Fit the models on the first part of the time and hold them against the last.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    as_of : str
        What was known at the end of this day counts.
    ahead : int
        Weeks that are to be forecast later; as many are held back, but at most a third of the time there is.

    Returns
    -------
    LifetimeTrial
        The forecasts, and the calibration of the better model.

    Warns
    -----
    DegenerateFitWarning
        When the data do not determine a model; it is then not used.
    """
    import pandas as pd

    from crm_lib.differentiate.lifetime import calibrate_forecast, compare_forecasts, summarize_holdout

    day = pd.Timestamp(as_of)
    span = max((day - rows["ordered_at"].min().normalize()).days // 7, 0)
    weeks = min(int(ahead), span // 3)
    about: dict[str, Any] = {"as_of": as_of, "ahead": int(ahead), "weeks": weeks}
    if weeks < LEAST_WEEKS:
        return LifetimeTrial(**about, split="", n_customers=0, n_repeat=0, why="short")
    split = (day - pd.Timedelta(weeks=weeks)).date().isoformat()
    held = summarize_holdout(rows, split=split, as_of=as_of)
    n_repeat = int((held["n_repeat"] > 0).sum())
    about |= {"split": split, "n_customers": len(held), "n_repeat": n_repeat}
    if n_repeat < LEAST_REPEAT:
        return LifetimeTrial(**about, why="few")
    models = {name: fit_counts(name, held) for name in MODELS}
    sound = {name: m for name, m in models.items() if not m.fit.degenerate}
    dropped = tuple(name for name in MODELS if name not in sound)
    forecasts = compare_forecasts(held, sound)
    if not sound:
        return LifetimeTrial(**about, why="degenerate", dropped=dropped, forecasts=forecasts)
    errors = forecasts.set_index("forecast")["mean_absolute_error"]
    chosen = min(sound, key=lambda name: (round(float(errors[name]), 9), MODELS.index(name)))
    calibration = calibrate_forecast(held, sound[chosen])
    return LifetimeTrial(
        **about, why="", chosen=chosen, dropped=dropped, forecasts=forecasts, calibration=calibration
    )


def fit_counts(name: str, repeat: pd.DataFrame) -> Any:
    """Fit the model of purchases called `name`.

    Parameters
    ----------
    name : {"bg_nbd", "pareto_nbd"}
        Which model.
    repeat : DataFrame
        One row per customer, from `summarize_repeat`.
    """
    from crm_lib.differentiate.lifetime import fit_bg_nbd, fit_pareto_nbd

    return {"bg_nbd": fit_bg_nbd, "pareto_nbd": fit_pareto_nbd}[name](repeat)


def value_lifetime(
    rows: pd.DataFrame,
    profit: pd.DataFrame,
    abc: pd.DataFrame,
    trial: LifetimeTrial,
    *,
    by: str,
    margin: float,
    discount: float,
    seed: int,
) -> pd.DataFrame:
    """Value each customer over the time to come, where the data allow it, beside a plain formula.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    profit : DataFrame
        One row per customer, as `summarize_value` returns it.
    abc : DataFrame
        One row per ranked customer: customer_id, abc_class.
    trial : LifetimeTrial
        What `try_lifetime` returned: the day, the horizon, and which model to take first.
    by : {"net_profit", "gross_profit", "revenue"}
        What the customers are ranked by; its part of the revenue is the margin, `margin` stands in for revenue.
    margin, discount : float
        Margin where no cost is known; discount a year.
    seed : int
        Seed of the simulated futures.

    Returns
    -------
    DataFrame
        One row per customer with a purchase, the highest value first: customer_id, abc_class, n_repeat,
        alive_probability, expected_orders, expected_spend, lifetime_value, value_low, value_high (money), baseline_value
        (missing when nobody's retention is known).  ``attrs``: why ("" or few, degenerate, no_margin: the model's columns
        are then missing), model, spend ("" or few, degenerate, no_mean, correlated: the customer's own mean is used),
        margin, retention, weeks, ahead, discount, n_repeat.
    """
    from crm_lib.differentiate.lifetime import summarize_repeat

    repeat = summarize_repeat(rows, as_of=trial.as_of)
    rate = _find_margin(profit, by, margin)
    weekly = (1 + discount) ** (7 / 365.25) - 1
    weeks = max(trial.weeks, 1)
    retention = measure_retention(rows, as_of=trial.as_of, weeks=weeks)
    found = repeat[["customer_id", "n_repeat"]].assign(baseline_value=float("nan"))
    if retention == retention and rate > 0:
        found["baseline_value"] = _value_plainly(repeat, trial, rate, weekly, retention)
    why, name, model = _choose_counts(repeat, trial, rate)
    spend, reason, mean = _choose_spend(repeat, profit)
    options = {"ahead": float(trial.ahead), "margin": rate, "discount": weekly, "random_state": seed}
    known = _value_by_model(repeat, model, spend, mean, options) if model is not None else None
    for column in _KNOWN:
        found[column] = float("nan") if known is None else known[column]
    classes = abc[["customer_id", "abc_class"]]
    found = found.merge(classes, on="customer_id", how="left")
    found = found[["customer_id", "abc_class", "n_repeat", *_KNOWN, "baseline_value"]]
    order = "lifetime_value" if known is not None else "baseline_value"
    found = found.sort_values([order, "customer_id"], ascending=[False, True], ignore_index=True)
    found.attrs = {"why": why, "model": name, "spend": reason, "margin": rate, "retention": retention}
    found.attrs |= {"weeks": weeks, "ahead": trial.ahead, "discount": discount, "by": by}
    found.attrs["n_repeat"] = int((repeat["n_repeat"] > 0).sum())
    return found


def measure_retention(rows: pd.DataFrame, *, as_of: str, weeks: int) -> float:
    """Return which part of those who bought in the period before the last bought in the last one too.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    as_of : str
        Last day of the last period.
    weeks : int
        Length of a period.

    Returns
    -------
    float
        A share; missing when nobody bought in the period before.
    """
    import pandas as pd

    from crm_lib.engine import list_days

    days = list_days(rows, as_of=pd.Timestamp(as_of).date(), where="measure_retention").to_pandas()
    when = pd.to_datetime(days["day"])
    middle = pd.Timestamp(as_of) - pd.Timedelta(weeks=weeks)
    start = middle - pd.Timedelta(weeks=weeks)
    before = set(days.loc[(when > start) & (when <= middle), "customer_id"])
    after = set(days.loc[when > middle, "customer_id"])
    return len(before & after) / len(before) if before else float("nan")


def _find_margin(profit: pd.DataFrame, by: str, margin: float) -> float:
    """Return which part of the revenue is what the customers are ranked by."""
    if by == "revenue":
        return float(margin)
    known = profit.dropna(subset=[by])
    whole = float(known["revenue"].sum())
    return min(max(float(known[by].sum()) / whole, 0.0), 1.0) if whole > 0 else 0.0


def _value_plainly(
    repeat: pd.DataFrame, trial: LifetimeTrial, rate: float, weekly: float, retention: float
) -> np.ndarray:
    from crm_lib.differentiate.lifetime import baseline_value

    found = baseline_value(
        repeat, retention=retention, ahead=float(trial.ahead), period=float(max(trial.weeks, 1)),
        margin=rate, discount=weekly,
    )  # fmt: skip
    return found["value"].to_numpy()


def _choose_counts(repeat: pd.DataFrame, trial: LifetimeTrial, rate: float) -> tuple[str, str, Any]:
    """Return why there is no model, or its name and the model: the one that did best, else the other."""
    if (repeat["n_repeat"] > 0).sum() < LEAST_REPEAT:
        return "few", "", None
    if rate <= 0:
        return "no_margin", "", None
    for name in sorted(MODELS, key=lambda n: n != trial.chosen):
        model = fit_counts(name, repeat)
        if not model.fit.degenerate:
            return "", name, model
    return "degenerate", "", None


def _choose_spend(repeat: pd.DataFrame, profit: pd.DataFrame) -> tuple[Any, str, np.ndarray]:
    """Return the model of spend where its assumptions hold, else the reason; and each customer's own mean."""
    import numpy as np

    from crm_lib.differentiate.lifetime import fit_gamma_gamma
    from crm_lib.errors import DataError

    revenue = profit.set_index("customer_id")["revenue"].reindex(repeat["customer_id"]).fillna(0.0)
    mean = np.maximum(revenue.to_numpy(), 0.0) / (repeat["n_repeat"].to_numpy() + 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(
            "always", CrmWarning
        )  # the lesson's sentence says it, and the model is not used
        try:
            model = fit_gamma_gamma(repeat)
        except DataError:
            return None, "few", mean
    if model.fit.degenerate:
        return None, "degenerate", mean
    if model.q <= 1:
        return None, "no_mean", mean
    if any(w.category.__name__ == "CorrelatedSpendWarning" for w in caught):
        return None, "correlated", mean
    return model, "", mean


def _value_by_model(
    repeat: pd.DataFrame, model: Any, spend: Any, mean: np.ndarray, options: dict[str, Any]
) -> pd.DataFrame:
    """Return the values by gamma-gamma, or by each customer's own mean when that is not to be used."""
    from crm_lib.differentiate.lifetime import lifetime_value

    given = {"counts": model, "level": LEVEL, **options}
    if spend is not None:
        found = lifetime_value(repeat, spend=spend, n_draws=_DRAWS, **given)
    else:
        found = lifetime_value(repeat, spend=_OwnMean(mean), n_draws=0, **given)
        low, high = _draw_counts(repeat, model, found["alive_probability"].to_numpy(), options)
        orders = found["expected_orders"].to_numpy()
        # a purchase is worth as much as in the expected value: margin, own mean, discount
        each = found["value"].to_numpy() / orders.clip(min=1e-12) * (orders > 0)
        found = found.assign(value_low=low * each, value_high=high * each)
    return found.rename(columns={"value": "lifetime_value"}).round({
        "lifetime_value": 4,
        "value_low": 4,
        "value_high": 4,
    })


@dataclass(frozen=True)
class _OwnMean:
    """Stand in for the model of spend: everybody goes on spending what he has spent per purchase."""

    mean: np.ndarray

    def expected_spend(self, repeat: pd.DataFrame) -> np.ndarray:
        """Return each customer's own mean, in the order of `repeat`."""
        return self.mean


def _draw_counts(
    repeat: pd.DataFrame, model: Any, alive: np.ndarray, options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return two quantiles of how often each customer comes within the horizon."""
    import numpy as np

    from crm_lib.differentiate.lifetime.value import draw_orders

    random = np.random.default_rng(options["random_state"])
    x, T = (repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_observed"))
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    parts = []
    for start in range(0, len(x), 4000):
        some = slice(start, start + 4000)
        shape = (len(x[some]), _DRAWS)
        n = draw_orders(model, x[some, None], T[some, None], options["ahead"], random, shape)
        n = np.where(random.random(shape) < alive[some, None], n, 0)
        parts.append(np.quantile(n, tails, axis=1))
    low, high = np.concatenate(parts, axis=1)
    return low, high
