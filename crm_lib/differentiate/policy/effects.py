"""What the policy changed: differences between the arms with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.differentiate.policy._arms import (
    Summary,
    is_share,
    read_numbers,
    read_treated,
    require_names,
    require_open,
    summarize_arm,
)
from crm_lib.differentiate.policy._inference import LIFTS, compare_lift, compare_summaries
from crm_lib.stats import Interval, interval_of_share_difference

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def compare_outcomes(
    customers: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    confidence: float = 0.95,
    lift_method: str = "fieller",
) -> pd.DataFrame:
    """Compare what the two arms did after the policy began.

    Parameters
    ----------
    customers : DataFrame
        One row per customer who was assigned to an arm, reached or not: arm ("treated", "control") and the
        columns in `outcomes`: numbers, or flags (0 and 1).
    outcomes : sequence of str
        Columns measured after the policy began.
    confidence : float
        Above 0 and below 1.
    lift_method : {"fieller", "delta"}
        How the interval of the relative lift is found.

    Returns
    -------
    DataFrame
        One row per outcome, in the order given: measure (str), kind ("mean" or "share"), n_treated,
        n_control (int64), treated, control (mean or share), difference (treated − control), low, high,
        p_value, relative_lift (treated / control − 1), lift_low, lift_high; the lift is missing when the control
        group's figure is not above 0, its ends also where that figure cannot be told from 0.

    Raises
    ------
    DataError
        When a value is missing, an arm is unknown or has fewer than two customers.

    Notes
    -----
    Everybody counts in the arm he was drawn for, also who was not reached: dropping them would compare
    customers who are reached with customers who may not be.  Means: Welch's interval and test.  Shares
    (an outcome of nothing but 0 and 1): Newcombe's interval, and the test of two shares with the variance
    of the pooled share; at the very edge the two may disagree, the interval is what to report.  Lift:
    Fieller's interval solves (a − θb)² = z² (var a + θ² var b) for θ; the delta method's is
    θ ± z √(var a / b² + a² var b / b⁴), too hopeful where b is uncertain.  One outcome is the question;
    the more outcomes are looked at, the more of them differ by chance.

    Examples
    --------
    >>> import pandas as pd
    >>> five = pd.DataFrame({"arm": ["treated"] * 3 + ["control"] * 2, "spend_after": [8.0, 10, 12, 4, 6]})
    >>> compare_outcomes(five, outcomes=["spend_after"])[["difference", "relative_lift"]].values.tolist()
    [[5.0, 1.0]]
    """
    import pandas as pd

    where = "compare_outcomes"
    require_open(where, confidence=confidence)
    require_choice(where, "lift_method", lift_method, LIFTS)
    names = require_names(where, "outcomes", outcomes)
    treated = read_treated(where, customers)
    rows = []
    for name in names:
        values = read_numbers(where, customers, name)
        rows.append({"measure": name, **_compare(values, treated, confidence, lift_method)})
    return pd.DataFrame(rows)


def _compare(values: np.ndarray, treated: np.ndarray, confidence: float, lift_method: str) -> dict:
    share = is_share(values)
    first, second = (_summarize(values[m], share) for m in (treated, ~treated))
    if share:
        gap, p_value = _compare_shares(first, second, confidence)
    else:
        gap, p_value = compare_summaries(first, second, confidence=confidence)
    lift = compare_lift(first, second, confidence=confidence, method=lift_method)
    return {
        "kind": "share" if share else "mean",
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


def _summarize(values: np.ndarray, share: bool) -> Summary:
    if not share:
        return summarize_arm(values)
    mean, n = float(values.mean()), len(values)
    return Summary(mean, mean * (1 - mean) / n, n)


def _compare_shares(first: Summary, second: Summary, confidence: float) -> tuple[Interval, float]:
    import math

    from scipy.stats import norm

    counts = [round(s.mean * s.n) for s in (first, second)]
    gap = interval_of_share_difference(counts[0], first.n, counts[1], second.n, confidence=confidence)
    pooled = sum(counts) / (first.n + second.n)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.n + 1 / second.n))
    return gap, float(2 * norm.sf(abs(gap.estimate) / error)) if error > 0 else 1.0
