"""What a customer is worth from here on: expected purchases × expected spend × margin, discounted, with interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns, require_range
from crm_lib.differentiate.lifetime.models import BgNbd, CountModel, ParetoNbd
from crm_lib.differentiate.lifetime.repeat import require_repeat
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.differentiate.lifetime.spend import GammaGamma

N_STEPS = 26
"""Steps of the discounting; within a step purchases are taken for evenly spread."""

CHUNK = 4_000_000
"""Draws held at once, so that a million customers do not need a terabyte."""


def lifetime_value(
    repeat: pd.DataFrame,
    *,
    counts: CountModel,
    spend: GammaGamma,
    ahead: float,
    margin: float,
    discount: float = 0.0,
    level: float = 0.8,
    n_draws: int = 500,
    random_state: int = 0,
) -> pd.DataFrame:
    """Value each customer over the time to come.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`.
    counts : BgNbd, MbgNbd or ParetoNbd
        Model of the purchases.
    spend : GammaGamma
        Model of what a purchase is worth.
    ahead : float
        Horizon, in the unit of `counts`, > 0.
    margin : float
        Share of a purchase that is margin, 0 to 1.
    discount : float
        Discount per unit of time (0.002 a week is about 11 % a year), >= 0.
    level : float
        Coverage of the interval, 0.5 to 0.99.
    n_draws : int
        Simulated futures per customer; 0: no interval.
    random_state : int
        Seed of the simulation.

    Returns
    -------
    DataFrame
        One row per customer in the order of `repeat`: customer_id, alive_probability,
        expected_orders, expected_spend (yuan per purchase), value (yuan, discounted), value_low and
        value_high (of the customer's own future, at `level`).

    Raises
    ------
    ParameterError
        When a number is out of range or the spend model has no mean (q <= 1).

    Notes
    -----
    value = margin · expected_spend · Σ e^(−δ t) ΔE[orders], δ = ln(1 + discount), in 26 steps.  The
    interval is of what this customer will bring, not of the mean of customers like him: it holds the
    chance to have left already, his unknown rate and spend, and the luck of the draw; a customer may
    well have the interval 0 to much.  The parameters are taken as known, whose error is small beside
    that (`Fit.list_parameters` shows it).

    References
    ----------
    Fader, Hardie and Lee (2005), RFM and CLV, Journal of Marketing Research 42(4).
    """
    import numpy as np
    import pandas as pd

    where = "lifetime_value"
    require_repeat(where, repeat)
    require_columns(where, repeat.columns, ["mean_repeat_value"])
    for name, number, low, high in (
        ("ahead", ahead, 1e-9, 1e6),
        ("margin", margin, 0.0, 1.0),
        ("discount", discount, 0.0, 1.0),
        ("level", level, 0.5, 0.99),
        ("n_draws", n_draws, 0, 100_000),
    ):
        require_range(where, name, number, low, high)
    alive, mean = counts.alive_probability(repeat), spend.expected_spend(repeat)
    orders, discounted = _discount_orders(repeat, counts, ahead, discount)
    value = margin * mean * discounted
    found = pd.DataFrame({
        "customer_id": repeat["customer_id"].to_numpy(),
        "alive_probability": alive,
        "expected_orders": orders,
        "expected_spend": mean,
        "value": value,
    })
    if n_draws:
        factor = np.where(orders > 0, discounted / np.where(orders > 0, orders, 1.0), 1.0)
        low, high = _simulate(repeat, counts, spend, (ahead, level, n_draws, random_state), alive)
        found["value_low"], found["value_high"] = margin * factor * low, margin * factor * high
    return found


def _discount_orders(
    repeat: pd.DataFrame, counts: CountModel, ahead: float, discount: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the purchases expected within `ahead`, plain and discounted."""
    import numpy as np

    times = np.linspace(0.0, ahead, N_STEPS + 1)[1:]
    totals = np.stack([counts.expected_orders(repeat, ahead=float(t)) for t in times])
    factors = np.exp(-np.log1p(discount) * (times - ahead / N_STEPS / 2.0))
    return totals[-1], factors @ np.diff(totals, axis=0, prepend=0.0)


def _simulate(
    repeat: pd.DataFrame, counts: CountModel, spend: GammaGamma, options: tuple, alive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return two quantiles of what each customer spends, from `n_draws` futures each."""
    import numpy as np

    ahead, level, n_draws, random_state = options
    random = np.random.default_rng(random_state)
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    x, T = (repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_observed"))
    z = np.where(x > 0, repeat["mean_repeat_value"].to_numpy(dtype="float64"), 0.0)
    size = max(1, CHUNK // n_draws)
    parts = []
    for start in range(0, len(x), size):
        some = slice(start, start + size)
        shape = (len(x[some]), n_draws)
        n = draw_orders(counts, x[some, None], T[some, None], ahead, random, shape)
        n = np.where(random.random(shape) < alive[some, None], n, 0)
        p, q, gamma = spend.fit.values
        rate = random.gamma(p * x[some, None] + q, 1.0, shape) / (gamma + (x * z)[some, None])
        total = np.where(n > 0, random.gamma(np.where(n > 0, p * n, 1.0)), 0.0) / rate
        parts.append(np.quantile(total, tails, axis=1))
    low, high = np.concatenate(parts, axis=1)
    return low, high


def draw_orders(
    counts: CountModel, x: np.ndarray, T: np.ndarray, ahead: float, random: np.random.Generator, shape: Any
) -> np.ndarray:
    """Draw the purchases within `ahead` of customers who are alive at T."""
    import numpy as np

    r, alpha, third, fourth = counts.fit.values
    rate = random.gamma(r + x, 1.0, shape) / (alpha + T)
    if isinstance(counts, ParetoNbd):
        leaving = random.gamma(third, 1.0, shape) / (fourth + T)
        stay = np.minimum(random.exponential(1.0, shape) / np.maximum(leaving, 1e-300), ahead)
        return random.poisson(np.minimum(rate * stay, 1e6))
    if not isinstance(counts, BgNbd):
        raise ParameterError(
            f"lifetime_value: counts must come from fit_bg_nbd, fit_mbg_nbd or fit_pareto_nbd; got {type(counts).__name__}."
        )
    chance = random.beta(third, fourth + counts.count_occasions(x), shape)
    until = random.geometric(np.clip(chance, 1e-12, 1.0))
    return np.minimum(random.poisson(np.minimum(rate * ahead, 1e6)), until)


def baseline_value(
    repeat: pd.DataFrame,
    *,
    retention: float,
    ahead: float,
    period: float,
    margin: float,
    discount: float = 0.0,
) -> pd.DataFrame:
    """Value each customer by the plain formula that the models must beat: margin per period × retention.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`.
    retention : float
        Share of customers who stay from one period to the next, 0 to 1, the same for all.
    ahead : float
        Horizon, in the unit of the times.
    period : float
        Length of a period, in the same unit.
    margin : float
        Share of a purchase that is margin, 0 to 1.
    discount : float
        Discount per unit of time, >= 0.

    Returns
    -------
    DataFrame
        One row per customer: customer_id, orders_per_period (repeat purchases so far / periods
        observed), value (yuan).

    Notes
    -----
    Σ over the periods: margin · orders per period · mean repeat value · retention^k / (1 + discount)^(period · k),
    the last period by its share.  Who has no repeat purchase is worth nothing here, which is the
    formula's known weakness.
    """
    import numpy as np
    import pandas as pd

    where = "baseline_value"
    require_repeat(where, repeat)
    require_columns(where, repeat.columns, ["mean_repeat_value"])
    for name, number, low, high in (
        ("retention", retention, 0.0, 1.0),
        ("ahead", ahead, 1e-9, 1e6),
        ("period", period, 1e-9, 1e6),
        ("margin", margin, 0.0, 1.0),
        ("discount", discount, 0.0, 1.0),
    ):
        require_range(where, name, number, low, high)
    n_periods = ahead / period
    ends = np.arange(1, int(np.ceil(n_periods - 1e-9)) + 1)
    shares = np.minimum(1.0, n_periods - (ends - 1))
    factor = float((shares * retention**ends / (1.0 + discount) ** (period * ends)).sum())
    x, T = (repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_observed"))
    orders = np.where(T > 0, x * period / np.where(T > 0, T, 1.0), 0.0)
    z = np.where(x > 0, repeat["mean_repeat_value"].to_numpy(dtype="float64"), 0.0)
    return pd.DataFrame({
        "customer_id": repeat["customer_id"].to_numpy(),
        "orders_per_period": orders,
        "value": margin * orders * z * factor,
    })


def compare_intervals(values: pd.DataFrame, spent: Any, *, kind: str = "all") -> float:
    """Return the share of customers whose later margin lies within their interval.

    Parameters
    ----------
    values : DataFrame
        From `lifetime_value`, with value_low and value_high.
    spent : array of float
        Margin that each customer really brought within the horizon, in the same order.
    kind : {"all", "active"}
        All customers, or only those whose interval does not end at 0.

    Returns
    -------
    float
        A share to hold against the interval's level.
    """
    import numpy as np

    require_choice("compare_intervals", "kind", kind, ("all", "active"))
    require_columns("compare_intervals", values.columns, ["value_low", "value_high"])
    low, high = values["value_low"].to_numpy(), values["value_high"].to_numpy()
    spent = np.asarray(spent, dtype="float64")
    if len(spent) != len(low):
        raise ParameterError(
            f"compare_intervals: spent must have one number per customer; got {len(spent):,} for {len(low):,}. "
            "Put it in the order of the values."
        )
    inside = (spent >= low - 1e-9) & (spent <= high + 1e-9)
    return float(inside.mean() if kind == "all" else inside[high > 0].mean())
