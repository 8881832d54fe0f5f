"""Ratios of sums (value per order, pieces per order) compared between arms by the delta method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.differentiate.policy._arms import Summary, read_numbers, read_treated, require_open
from crm_lib.differentiate.policy._inference import LIFTS, compare_lift, compare_summaries
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def linearize(where: str, top: np.ndarray, bottom: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the ratio of the sums and each customer's part in its error."""
    total = float(bottom.sum())
    if total <= 0:
        raise DataError(
            f"{where}: the denominators must sum to more than 0; got {total:.4g}. "
            "Give the customers who bought, or another ratio."
        )
    ratio = float(top.sum()) / total
    return ratio, (top - ratio * bottom) / (total / len(bottom))


def compare_ratios(
    customers: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    confidence: float = 0.95,
    lift_method: str = "fieller",
) -> pd.DataFrame:
    """Compare a ratio of sums between the arms.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: arm and the two columns named below, 0 for a customer who did nothing.
    numerator, denominator : str
        Columns whose sums make the ratio, such as revenue and n_orders (value per order).
    confidence : float
        Above 0 and below 1.
    lift_method : {"fieller", "delta"}
        See `compare_outcomes`.

    Returns
    -------
    DataFrame
        One row: measure ("numerator / denominator"), kind "ratio", n_treated, n_control, treated, control
        (ratios), difference, low, high, p_value, relative_lift, lift_low, lift_high.

    Raises
    ------
    DataError
        When a value is missing, an arm has fewer than two customers or no denominator.

    Notes
    -----
    Of an arm with n customers, R = Σ numerator / Σ denominator and, by the delta method,
    var R = s²(dᵢ) / n with dᵢ = (numeratorᵢ − R denominatorᵢ) / mean(denominator).  The customer was drawn,
    so the customer is the case: a test that takes each order as a case finds differences that are not
    there.  A caution about what it means: a policy may change the denominator as well, and then value per
    order can fall while both sums rise; look at the sums too.

    References
    ----------
    Deng, Knoblich and Lu (2018). Applying the delta method in metric analytics. KDD 2018.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated"] * 2 + ["control"] * 2,
    ...                      "revenue": [30.0, 30.0, 10.0, 30.0], "n_orders": [1, 2, 1, 1]})
    >>> compare_ratios(four, numerator="revenue", denominator="n_orders")[["treated", "control"]].values.tolist()
    [[20.0, 20.0]]
    """
    import pandas as pd

    where = "compare_ratios"
    require_open(where, confidence=confidence)
    require_choice(where, "lift_method", lift_method, LIFTS)
    treated = read_treated(where, customers)
    top, bottom = read_numbers(where, customers, numerator), read_numbers(where, customers, denominator)
    first, second = (_summarize(where, top[m], bottom[m]) for m in (treated, ~treated))
    gap, p_value = compare_summaries(first, second, confidence=confidence)
    lift = compare_lift(first, second, confidence=confidence, method=lift_method)
    return pd.DataFrame([
        {
            "measure": f"{numerator} / {denominator}",
            "kind": "ratio",
            "n_treated": first.n,
            "n_control": second.n,
            "treated": first.mean,
            "control": second.mean,
            "difference": gap.estimate,
            "low": gap.low,
            "high": gap.high,
            "p_value": p_value,
            "relative_lift": lift.estimate,
            "lift_low": lift.low,
            "lift_high": lift.high,
        }
    ])


def _summarize(where: str, top: np.ndarray, bottom: np.ndarray) -> Summary:
    ratio, parts = linearize(where, top, bottom)
    return Summary(ratio, float(parts.var(ddof=1)) / len(parts), len(parts))
