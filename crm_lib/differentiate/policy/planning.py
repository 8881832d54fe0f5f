"""How many customers a proof takes: means and ratios (for shares see `plan_sample`)."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.differentiate.policy._arms import read_numbers, require_open
from crm_lib.differentiate.policy.ratios import linearize
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

_MOST = 1_000_000_000


def plan_mean_sample(
    spread: float,
    difference: float,
    *,
    control_share: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
    correlation: float = 0.0,
) -> pd.DataFrame:
    """Plan how many customers it takes to see a mean change by `difference`.

    Parameters
    ----------
    spread : float
        Standard deviation of the outcome between customers, above 0.
    difference : float
        The change one wants to see, in the outcome's unit, not 0.
    control_share : float
        Part of the customers in the control group, above 0 and below 1.
    alpha : float
        Risk of seeing a difference where there is none (two-sided).
    power : float
        Chance of seeing the difference when it is there.
    correlation : float
        Correlation of the outcome with a covariate from before, when `reduce_variance` is going to use it.

    Returns
    -------
    DataFrame
        One row: spread (after the covariate), difference, n_control, n_treated, n_customers (int64).

    Raises
    ------
    ParameterError
        When an option is out of range.

    Notes
    -----
    The smallest n for which Student's two-sided test has the power: P(|t′| > t₁₋α/₂) with n − 2 degrees
    of freedom and non-centrality difference / (spread √(1/n_c + 1/n_t)).  A covariate that explains ρ² of
    the variance leaves spread √(1 − ρ²).  Both arms are taken to spread alike.

    Examples
    --------
    >>> plan_mean_sample(200.0, 20.0).iloc[0][["n_control", "n_treated"]].tolist()
    [1571.0, 1571.0]
    """
    where = "plan_mean_sample"
    require_open(where, control_share=control_share, alpha=alpha, power=power)
    require_range(where, "correlation", correlation, -0.999, 0.999)
    if not spread > 0 or not math.isfinite(spread) or not math.isfinite(difference) or difference == 0:
        raise ParameterError(
            f"{where}: spread must be above 0 and difference not 0, both finite; got {spread!r} and "
            f"{difference!r}. Take the spread from customers of the past."
        )
    left = spread * math.sqrt(1 - correlation**2)
    return _describe(where, left, abs(difference), difference, control_share, alpha, power)


def plan_ratio_sample(
    history: pd.DataFrame,
    difference: float,
    *,
    numerator: str,
    denominator: str,
    control_share: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
) -> pd.DataFrame:
    """Plan how many customers it takes to see a ratio of sums change by `difference`.

    Parameters
    ----------
    history : DataFrame
        One row per customer, of a time as long as the trial will be: the two columns named below.
    difference : float
        The change of the ratio one wants to see, not 0.
    numerator, denominator : str
        Columns whose sums make the ratio, such as revenue and n_orders (value per order).
    control_share, alpha, power : float
        See `plan_mean_sample`.

    Returns
    -------
    DataFrame
        One row: baseline (the ratio now), spread (per customer, linearised), difference, n_control,
        n_treated, n_customers (int64).

    Raises
    ------
    DataError
        When a value is missing, the denominators do not sum to more than 0, or nothing varies.
    ParameterError
        When an option is out of range.

    Notes
    -----
    The unit that is drawn is the customer, not the order, so orders of one customer are not independent
    and the variance of single orders would promise too much.  spread is the standard deviation of
    (numerator − R · denominator) / mean(denominator), R the ratio of the sums.

    Examples
    --------
    >>> import pandas as pd
    >>> past = pd.DataFrame({"revenue": [10.0, 40.0, 30.0, 20.0], "n_orders": [1, 2, 1, 1]})
    >>> found = plan_ratio_sample(past, 2.0, numerator="revenue", denominator="n_orders")
    >>> found[["baseline", "spread"]].round(3).values.tolist()
    [[20.0, 6.532]]
    """
    where = "plan_ratio_sample"
    require_open(where, control_share=control_share, alpha=alpha, power=power)
    top, bottom = read_numbers(where, history, numerator), read_numbers(where, history, denominator)
    ratio, parts = linearize(where, top, bottom)
    spread = float(parts.std(ddof=1)) if len(parts) > 1 else 0.0
    if spread <= 0 or not difference or not math.isfinite(difference):
        raise DataError(
            f"{where}: the ratio must vary between customers and difference must not be 0; got spread {spread:.4g} "
            f"and difference {difference!r}. Give the customers of a longer time."
        )
    found = _describe(where, spread, abs(difference), difference, control_share, alpha, power)
    found.insert(0, "baseline", ratio)
    return found


def find_visible_mean(
    spread: float, *, n_control: int, n_treated: int, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest change of a mean that groups of this size can show.

    Parameters
    ----------
    spread : float
        Standard deviation of the outcome between customers, above 0.
    n_control, n_treated : int
        Customers in the two arms.
    alpha, power : float
        See `plan_mean_sample`.

    Returns
    -------
    float
        In the unit of `spread`, to a millionth of it; missing when an arm is empty or there are fewer
        than three customers.

    Examples
    --------
    >>> round(find_visible_mean(200.0, n_control=1571, n_treated=1571), 2)
    20.0
    """
    require_open("find_visible_mean", alpha=alpha, power=power)
    if n_control < 1 or n_treated < 1 or n_control + n_treated < 3 or not spread > 0:
        return float("nan")
    low, high = 0.0, 1.0
    while _power(high, n_control, n_treated, alpha) < power:
        low, high = high, high * 2
    while high - low > 1e-7 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _power(middle, n_control, n_treated, alpha) < power else (low, middle)
    return high * spread


def _describe(
    where: str,
    spread: float,
    size: float,
    difference: float,
    control_share: float,
    alpha: float,
    power: float,
) -> pd.DataFrame:
    import pandas as pd

    n_control, n_treated = _count(where, size / spread, control_share, alpha, power)
    return pd.DataFrame({
        "spread": [float(spread)],
        "difference": [float(difference)],
        "n_control": [n_control],
        "n_treated": [n_treated],
        "n_customers": [n_control + n_treated],
    })


def _count(where: str, effect: float, control_share: float, alpha: float, power: float) -> tuple[int, int]:
    """Return the smallest arms, the control group counted up one by one, that reach the power."""
    ratio = (1 - control_share) / control_share
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    near = max((z / effect) ** 2 * (1 + 1 / ratio), 2.0)
    if near * (1 + ratio) > _MOST:
        raise ParameterError(
            f"{where}: the difference is so small beside the spread that it would take more than {_MOST:,} "
            f"customers; it is {effect:.2g} standard deviations. Choose a larger difference."
        )

    def reaches(n: int) -> bool:
        return _power(effect, n, max(math.ceil(n * ratio - 1e-9), 1), alpha) >= power

    low, high = 1, math.ceil(near) + 1
    while not reaches(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    best = low if reaches(low) else high
    return best, max(math.ceil(best * ratio - 1e-9), 1)


def _power(effect: float, n_control: int, n_treated: int, alpha: float) -> float:
    """Return the power of Student's two-sided test; missing tails of the far side count as 0."""
    from scipy import stats

    free = n_control + n_treated - 2
    if free < 1:
        return 0.0
    shift = effect / math.sqrt(1 / n_control + 1 / n_treated)
    if free > 10_000:
        z = NormalDist().inv_cdf(1 - alpha / 2)
        return NormalDist().cdf(shift - z) + NormalDist().cdf(-shift - z)
    cut = float(stats.t.ppf(1 - alpha / 2, free))
    above, below = float(stats.nct.sf(cut, free, shift)), float(stats.nct.cdf(-cut, free, shift))
    return above + (below if math.isfinite(below) else 0.0)
