"""What came back for each yuan spent on the policy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.differentiate.policy._arms import read_numbers, read_treated, require_open
from crm_lib.differentiate.policy._inference import normal_quantile
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_CHUNK = 4_000_000


def estimate_roi(
    customers: pd.DataFrame,
    *,
    gain: str,
    cost: float | str,
    random_state: int,
    margin: float = 1.0,
    fixed_cost: float = 0.0,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Estimate the return on what the policy cost, with its interval.

    Parameters
    ----------
    customers : DataFrame
        One row per customer who was assigned: arm, the column `gain`, and `cost` when it is a column.
    gain : str
        What each customer brought after the policy began, yuan: revenue (with `margin`) or gross profit.
    cost : float or str
        Cost of contacting one treated customer, yuan; or a column with what was spent on each customer,
        of either arm: contacts made, discounts given.
    random_state : int
        Seed of the bootstrap.
    margin : float
        Part of `gain` that is profit, 0–1.
    fixed_cost : float
        Cost of the policy as a whole, yuan.
    confidence : float
        Above 0 and below 1.
    n_resamples : int
        Bootstrap samples, at least 100.

    Returns
    -------
    DataFrame
        Two rows, method "delta" and "bootstrap": method, n_treated, n_control, incremental_gain, policy_cost, net_gain (yuan, of
        all treated customers together, against what they would have done anyway), roi (net_gain / policy_cost: 0.5 is
        half a yuan of profit for each yuan spent), low, high.

    Raises
    ------
    DataError
        When a value is missing or the treated cost no more than the control group.
    ParameterError
        When an option is out of range.

    Notes
    -----
    With u = margin × gain: gain = n_t (ū_t − ū_c), cost = n_t (c̄_t − c̄_c) + fixed_cost,
    roi = gain / cost − 1.  Delta: var roi = Σ over arms of var(u − (roi + 1) c) / n, divided by (cost / n_t)².
    Bootstrap: customers drawn anew within each arm, percentiles.  Only the difference to the control group
    counts as gain: what treated customers bought anyway is no return.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated"] * 2 + ["control"] * 2, "profit": [8.0, 12.0, 3.0, 5.0]})
    >>> estimate_roi(four, gain="profit", cost=2.0, random_state=0)[["net_gain", "roi"]].iloc[0].tolist()
    [8.0, 2.0]
    """
    import pandas as pd

    where = "estimate_roi"
    _check_options(where, margin, fixed_cost, confidence, n_resamples)
    treated = read_treated(where, customers)
    u = margin * read_numbers(where, customers, gain)
    c = _read_costs(where, customers, cost, treated)
    each = fixed_cost / int(treated.sum())
    worth = float(u[treated].mean() - u[~treated].mean())
    spent = float(c[treated].mean() - c[~treated].mean()) + each
    _require_cost(where, spent)
    roi = worth / spent - 1
    half = normal_quantile(confidence) * _spread(u - (roi + 1) * c, treated) / spent
    low, high = _resample(u, c, treated, each, confidence, n_resamples, random_state)
    n_treated = int(treated.sum())
    common = {
        "n_treated": n_treated,
        "n_control": len(treated) - n_treated,
        "incremental_gain": n_treated * worth,
        "policy_cost": n_treated * spent,
        "net_gain": n_treated * (worth - spent),
        "roi": roi,
    }
    return pd.DataFrame([
        {"method": "delta", **common, "low": roi - half, "high": roi + half},
        {"method": "bootstrap", **common, "low": low, "high": high},
    ])


def _read_costs(where: str, customers: pd.DataFrame, cost: float | str, treated: np.ndarray) -> np.ndarray:
    if isinstance(cost, str):
        return read_numbers(where, customers, cost)
    require_range(where, "cost", cost, 0)
    return cost * treated.astype("float64")


def _require_cost(where: str, spent: float) -> None:
    if spent <= 0:
        raise DataError(
            f"{where}: a treated customer must cost more than one of the control group; got {spent:.4g} yuan. "
            "Give the cost per contact, or another column."
        )


def _check_options(where: str, margin: float, fixed_cost: float, confidence: float, n: int) -> None:
    require_range(where, "margin", margin, 0, 1)
    require_range(where, "fixed_cost", fixed_cost, 0)
    require_range(where, "n_resamples", n, 100)
    require_open(where, confidence=confidence)


def _spread(values: np.ndarray, treated: np.ndarray) -> float:
    return math.sqrt(sum(float(values[m].var(ddof=1)) / int(m.sum()) for m in (treated, ~treated)))


def _resample(
    u: np.ndarray,
    c: np.ndarray,
    treated: np.ndarray,
    each: float,
    confidence: float,
    n_resamples: int,
    random_state: int,
) -> tuple[float, float]:
    """Return the ends of the percentile interval; missing when the cost vanishes in a tenth of the samples."""
    import numpy as np

    rng = np.random.default_rng(random_state)
    means = []
    for mask in (treated, ~treated):
        pair = np.column_stack([u[mask], c[mask]])
        step = max(1, _CHUNK // len(pair))
        drawn = [
            pair[rng.integers(0, len(pair), (min(step, n_resamples - k), len(pair)))].mean(axis=1)
            for k in range(0, n_resamples, step)
        ]
        means.append(np.concatenate(drawn))
    worth, spent = (means[0] - means[1]).T
    spent = spent + each
    good = spent > 0
    if good.mean() < 0.9:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(worth[good] / spent[good] - 1, (tail, 1 - tail))
    return float(low), float(high)
