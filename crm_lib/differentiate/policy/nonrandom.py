"""An effect without a lot: adjusted for what is known, beside the balance it rests on and what it cannot show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns
from crm_lib.catalogue import column_title, say
from crm_lib.differentiate.policy._arms import (
    read_numbers,
    read_treated,
    require_names,
    require_open,
    summarize_arm,
)
from crm_lib.differentiate.policy._inference import compare_summaries, normal_quantile
from crm_lib.differentiate.policy.features import list_measures
from crm_lib.differentiate.policy.propensity import (
    ESTIMANDS,
    Propensity,
    describe_overlap,
    fit_propensity,
    make_weights,
    match_arms,
    warn_overlap,
)
from crm_lib.errors import DataError
from crm_lib.stats import Interval, interval_of_mean

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

WAYS = ("weighting", "matching")
GOOD_BALANCE = 0.1


@dataclass(frozen=True)
class Adjusted:
    """What can be said of a policy whose customers were not drawn by lot.

    Attributes
    ----------
    effects : DataFrame
        Two rows, method "plain" and "weighting" or "matching": method, n_treated, n_control (customers
        used), difference, low, high.
    balance : DataFrame
        See `compare_balance`.
    worst_balance : float
        Largest absolute difference that is left, in standard deviations.
    overlap : dict
        See `weigh_arms`; for pairs n_pairs and n_unmatched.
    limits : str
        What this comparison cannot show, one Chinese paragraph; belongs beside every figure of it.
    """

    effects: pd.DataFrame
    balance: pd.DataFrame = field(repr=False)
    worst_balance: float
    overlap: dict[str, float]
    limits: str = field(repr=False)


def compare_balance(
    customers: pd.DataFrame, *, features: Sequence[str], weight: str = "weight"
) -> pd.DataFrame:
    """Compare the arms in what is known of them, before and after weighting.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: arm, the features, the weights (0 for a customer left out).
    features : sequence of str
        Numbers, words or flags; each word is a measure.
    weight : str
        Column of weights, >= 0.

    Returns
    -------
    DataFrame
        One row per measure, the worst before first: measure, treated, control (means), std_difference,
        treated_after, control_after, std_difference_after, variance_ratio_after (treated / control).
        Missing where nothing varies.

    Notes
    -----
    std_difference = difference of the means / √((s²_treated + s²_control) / 2), s from before in both
    columns, so that a smaller difference is not an effect of a larger spread.  Below 0.1 is usually called
    good.  Only what is measured is balanced.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated", "treated", "control", "control"], "revenue": [3.0, 5, 1, 5],
    ...                      "weight": [1, 1, 1, 3]})
    >>> found = compare_balance(four, features=["revenue"])
    >>> found[["std_difference", "std_difference_after"]].round(3).values.tolist()
    [[0.447, 0.0]]
    """
    import numpy as np
    import pandas as pd

    where = "compare_balance"
    names = require_names(where, "features", features)
    require_columns(where, list(customers.columns), [weight])
    treated = read_treated(where, customers)
    w = read_numbers(where, customers, weight)
    if w.min() < 0 or min(w[treated].sum(), w[~treated].sum()) <= 0:
        raise DataError(f"{where}: weights must be >= 0 and not all 0 in an arm. Take those of weigh_arms.")
    x, labels = list_measures(where, customers, names)
    rows = []
    for label, values in zip(labels, x.T, strict=True):
        plain = [_moments(values[m], np.ones(int(m.sum()))) for m in (treated, ~treated)]
        after = [_moments(values[m], w[m]) for m in (treated, ~treated)]
        spread = math.sqrt((plain[0][1] + plain[1][1]) / 2)
        scale = 1 / spread if spread > 0 else float("nan")
        rows.append({
            "measure": label,
            "treated": plain[0][0],
            "control": plain[1][0],
            "std_difference": (plain[0][0] - plain[1][0]) * scale,
            "treated_after": after[0][0],
            "control_after": after[1][0],
            "std_difference_after": (after[0][0] - after[1][0]) * scale,
            "variance_ratio_after": after[0][1] / after[1][1] if after[1][1] > 0 else float("nan"),
        })
    found = pd.DataFrame(rows)
    order = np.lexsort((found["measure"], -found["std_difference"].abs().fillna(0.0)))
    return found.iloc[order].reset_index(drop=True)


def estimate_without_lot(
    customers: pd.DataFrame,
    *,
    outcome: str,
    features: Sequence[str],
    way: str = "weighting",
    estimand: str = "treated",
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
) -> Adjusted:
    """Estimate an effect where nobody drew lots, as far as the features known before can stand in for one.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, arm (who was in fact treated), the outcome, the features.
    outcome : str
        A number or flag measured after the policy began.
    features : sequence of str
        All that is known from before and may have to do with who was treated and with the outcome.
    way : {"weighting", "matching"}
        Weights from the propensity, or pairs of customers of like propensity.
    estimand : {"treated", "all"}
        Whose effect; pairs can answer for the treated only.
    started_on, measured_on
        See `reduce_variance`.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    Adjusted
        The plain and the adjusted difference, the balance before and after, and what this cannot show.

    Warns
    -----
    OverlapWarning
        See `weigh_arms` and `match_arms`.

    Notes
    -----
    Weighting: difference of the weighted means; its variance counts that the propensity was estimated
    (stacked estimating equations: each customer's part in the error less what the model's scores explain).
    Matching: Student's interval of the differences within pairs; the treated who find no partner are left
    out.  Both are right only if nothing else than the features has to do with both the treatment and the
    outcome, which no figure of these data can check.

    References
    ----------
    Lunceford and Davidian (2004). Stratification and weighting via the propensity score. Statist. Med. 23.
    Austin (2011). An introduction to propensity score methods. Multivariate Behavioral Research 46.
    """
    where = "estimate_without_lot"
    require_choice(where, "way", way, WAYS)
    require_choice(where, "estimand", estimand, ESTIMANDS if way == "weighting" else ESTIMANDS[:1])
    require_open(where, confidence=confidence)
    names = require_names(where, "features", features)
    days = {"started_on": started_on, "measured_on": measured_on}
    found = fit_propensity(where, customers, names, outcomes=[outcome], **days)
    y = read_numbers(where, customers, outcome)
    if way == "weighting":
        weight = make_weights(found, estimand)
        overlap = describe_overlap(found, weight)
        warn_overlap(where, overlap, found.treated)
        gap = _estimate_weighted(y, found, weight, estimand, confidence)
    else:
        weight, gap, overlap = _estimate_paired(customers, y, names, days, confidence)
    balance = compare_balance(customers.assign(weight=weight), features=names)
    left = float(balance["std_difference_after"].abs().max())
    rows = _list_effects(y, found.treated, way, weight > 0, gap, confidence)
    return Adjusted(rows, balance, left, overlap, _state_limits(names, left))


def _list_effects(
    y: np.ndarray, treated: np.ndarray, way: str, used: np.ndarray, gap: Interval, confidence: float
) -> pd.DataFrame:
    import pandas as pd

    plain, _ = compare_summaries(summarize_arm(y[treated]), summarize_arm(y[~treated]), confidence=confidence)
    n = len(y), int(treated.sum())
    kept = int(used.sum()), int((used & treated).sum())
    return pd.DataFrame({
        "method": ["plain", way],
        "n_treated": [n[1], kept[1]],
        "n_control": [n[0] - n[1], kept[0] - kept[1]],
        "difference": [plain.estimate, gap.estimate],
        "low": [plain.low, gap.low],
        "high": [plain.high, gap.high],
    })


def _estimate_weighted(
    y: np.ndarray, found: Propensity, weight: np.ndarray, estimand: str, confidence: float
) -> Interval:
    import numpy as np

    t, e, x = found.treated, found.chance, found.design
    sums = weight[t].sum(), weight[~t].sum()
    means = weight[t] @ y[t] / sums[0], weight[~t] @ y[~t] / sums[1]
    # each customer's part in either mean; the second is taken off
    part = np.where(t, weight * (y - means[0]) / sums[0], -weight * (y - means[1]) / sums[1])
    # how either mean moves with the coefficients: d(1/e) = −(1−e)/e, d(1/(1−e)) = e/(1−e), d(e/(1−e)) = e/(1−e)
    moves = np.where(t, -(1 - e) if estimand == "all" else 0.0, e if estimand == "all" else 1.0)
    slope = x.T @ (part * moves)
    bend = (x * (e * (1 - e))[:, None]).T @ x
    influence = part + (x * (t - e)[:, None]) @ np.linalg.lstsq(bend, slope, rcond=None)[0]
    half = normal_quantile(confidence) * math.sqrt(float((influence**2).sum()))
    gap = float(means[0] - means[1])
    return Interval(gap, gap - half, gap + half)


def _estimate_paired(
    customers: pd.DataFrame, y: np.ndarray, names: list[str], days: dict[str, Any], confidence: float
) -> tuple[np.ndarray, Interval, dict[str, float]]:
    import numpy as np

    pairs = match_arms(customers, features=names, **days)
    place = {c: i for i, c in enumerate(customers["customer_id"].astype("str"))}
    ours, theirs = ([place[c] for c in pairs[k]] for k in ("treated_id", "control_id"))
    if not ours:
        raise DataError(
            "estimate_without_lot: no treated customer has anybody like him among the others, so nothing can be "
            "compared. Use fewer features, or draw lots next time."
        )
    weight = np.zeros(len(y))
    weight[ours] = weight[theirs] = 1.0
    gap = interval_of_mean(y[ours] - y[theirs], confidence=confidence)
    return weight, gap, {"n_pairs": len(pairs), "n_unmatched": pairs.attrs["n_unmatched"]}


def _moments(values: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Return weighted mean and variance (of n − 1 when the weights are equal)."""
    total = float(w.sum())
    mean = float(w @ values) / total
    free = total - float((w**2).sum()) / total
    return mean, float(w @ (values - mean) ** 2) / free if free > 0 else 0.0


def _state_limits(names: Sequence[str], left: float) -> str:
    words = "、".join(column_title(n) for n in names)
    rest = "policy.limits_balanced" if left < GOOD_BALANCE else "policy.limits_unbalanced"
    return say("policy.limits", features=words) + say(rest, left=f"{left:.2f}")
