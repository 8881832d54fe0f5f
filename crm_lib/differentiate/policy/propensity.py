"""Customers who were not assigned by lot: how likely each was to be treated, and weights or pairs from that."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.differentiate.policy._arms import read_treated, require_names
from crm_lib.differentiate.policy.before import require_before
from crm_lib.differentiate.policy.features import fit_encoder
from crm_lib.errors import CrmWarning

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

ESTIMANDS = ("treated", "all")
EXTREME = 0.02
"""A chance to be treated below this, or above 1 − this, leaves hardly anybody to compare with."""
MOST_EXTREME = 0.05
MOST_UNMATCHED = 0.1
LEAST_EFFECTIVE = 0.1
LEAST_SIDE = 20
_RIDGE = 1e-3


class OverlapWarning(CrmWarning):
    """Some customers of one arm have nobody like them in the other: for them the data say nothing."""


@dataclass(frozen=True)
class Propensity:
    """How likely each customer was to be treated, as learned from the customers themselves.

    Attributes
    ----------
    chance : ndarray
        One number per row, above 0 and below 1.
    design : ndarray
        The numbers the model read, with a column of ones.
    treated : ndarray of bool
        Who was.
    """

    chance: np.ndarray = field(repr=False)
    design: np.ndarray = field(repr=False)
    treated: np.ndarray = field(repr=False)


def fit_propensity(
    where: str,
    customers: pd.DataFrame,
    features: Sequence[str],
    *,
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
    outcomes: Sequence[str] = (),
) -> Propensity:
    """Fit a logistic regression of the arm on the features (numbers, their ranks and squares), hardly shrunk."""
    import numpy as np

    names = require_names(where, "features", features)
    require_before(where, customers, names, started_on=started_on, measured_on=measured_on, outcomes=outcomes)
    require_frame(where, customers, ("customer_id", "arm"))
    raise_faults(where, find_id_faults(customers))
    treated = read_treated(where, customers, least=LEAST_SIDE)
    x = fit_encoder(where, customers, names).encode(where, customers, ranks=True, sizes=True)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    design = np.column_stack([np.ones(len(x)), x])
    return Propensity(_fit_logistic(design, treated), design, treated)


def weigh_arms(
    customers: pd.DataFrame,
    *,
    features: Sequence[str],
    estimand: str = "treated",
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Weight customers who were not assigned by lot so that the arms agree in what is known of them.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, arm, the features.
    features : sequence of str
        Numbers, words or flags known before.
    estimand : {"treated", "all"}
        Whose effect is asked for: of those who were treated, or of all.
    started_on, measured_on
        See `reduce_variance`.

    Returns
    -------
    DataFrame
        `customers` with propensity (0–1) and weight, rows in the same order.  ``attrs["overlap"]`` holds
        effective_treated and effective_control (so many equally weighted customers say as much) and
        extreme_share (part of the customers with a propensity below 0.02 or above 0.98).

    Raises
    ------
    DataError
        When a feature is known to be later than the beginning, or an arm has fewer than 20 customers.

    Warns
    -----
    OverlapWarning
        When more than 5 % of the customers have an extreme propensity, or the weights leave less than a
        tenth of an arm.

    Notes
    -----
    propensity e = P(treated | features) by logistic regression on numbers (without the outermost half per
    cent), their ranks and squared ranks, and words.  Weights of
    "all": 1 / e for the treated and 1 / (1 − e) for the others; of "treated": 1 and e / (1 − e).
    """
    where = "weigh_arms"
    require_choice(where, "estimand", estimand, ESTIMANDS)
    found = fit_propensity(where, customers, features, started_on=started_on, measured_on=measured_on)
    weight = make_weights(found, estimand)
    overlap = describe_overlap(found, weight)
    warn_overlap(where, overlap, found.treated)
    weighed = customers.assign(propensity=found.chance, weight=weight)
    weighed.attrs["overlap"] = overlap
    return weighed


def match_arms(
    customers: pd.DataFrame,
    *,
    features: Sequence[str],
    caliper: float = 0.2,
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Pair each treated customer with the untreated one most like him.

    Parameters
    ----------
    customers, features, started_on, measured_on
        See `weigh_arms`.
    caliper : float
        Farthest that the two may be apart, in standard deviations of the logit of the propensity.

    Returns
    -------
    DataFrame
        One row per pair: pair (1 …), treated_id, control_id, propensity_treated, propensity_control.
        ``attrs["n_unmatched"]`` counts the treated customers without a partner.

    Warns
    -----
    OverlapWarning
        When more than a tenth of the treated customers find no partner: the answer is then about the others.

    Notes
    -----
    Greedy, each control customer once: the treated with the highest propensity, for whom partners are
    rarest, choose first; equal ones by customer_id; of two partners equally near the one with the lower
    propensity.
    """
    import numpy as np
    import pandas as pd

    where = "match_arms"
    require_range(where, "caliper", caliper, 0)
    found = fit_propensity(where, customers, features, started_on=started_on, measured_on=measured_on)
    ids = customers["customer_id"].astype("str").to_numpy(dtype="object")
    logit = np.round(np.log(found.chance / (1 - found.chance)), 9)
    order = np.lexsort((ids, logit))
    treated = order[found.treated[order]]
    control = order[~found.treated[order]]
    first = np.array(sorted(treated, key=lambda i: (-logit[i], ids[i])), dtype="int64")
    partner = _pair(logit[first], logit[control], caliper * float(logit.std()))
    has = partner >= 0
    ours, theirs = first[has], control[partner[has]]
    pairs = pd.DataFrame({
        "pair": np.arange(1, len(ours) + 1),
        "treated_id": ids[ours].astype("str"),
        "control_id": ids[theirs].astype("str"),
        "propensity_treated": found.chance[ours],
        "propensity_control": found.chance[theirs],
    }).astype({"treated_id": "str", "control_id": "str"})
    pairs.attrs["n_unmatched"] = int((~has).sum())
    _warn_unmatched(where, int((~has).sum()), len(first))
    return pairs


def _warn_unmatched(where: str, n_unmatched: int, n: int) -> None:
    if n_unmatched > MOST_UNMATCHED * n:
        warnings.warn(
            f"{where}: {n_unmatched:,} of {n:,} treated customers have nobody like them among the others and are "
            "left out; the answer is about the rest only.",
            OverlapWarning,
            stacklevel=3,
        )


def make_weights(found: Propensity, estimand: str) -> np.ndarray:
    """Return the weights of `weigh_arms`."""
    import numpy as np

    e = found.chance
    if estimand == "all":
        return np.where(found.treated, 1 / e, 1 / (1 - e))
    return np.where(found.treated, 1.0, e / (1 - e))


def describe_overlap(found: Propensity, weight: np.ndarray) -> dict[str, float]:
    """Return how many customers are left in effect, and how many have an extreme propensity."""
    sizes = [float(w.sum() ** 2 / (w**2).sum()) for w in (weight[found.treated], weight[~found.treated])]
    extreme = (found.chance < EXTREME) | (found.chance > 1 - EXTREME)
    return {
        "effective_treated": sizes[0],
        "effective_control": sizes[1],
        "extreme_share": float(extreme.mean()),
    }


def warn_overlap(where: str, overlap: Mapping[str, float], treated: np.ndarray) -> None:
    """Warn when the arms hardly share customers who could have been in either."""
    n_treated, n_control = int(treated.sum()), int((~treated).sum())
    thin = (
        overlap["effective_treated"] < LEAST_EFFECTIVE * n_treated
        or overlap["effective_control"] < LEAST_EFFECTIVE * n_control
    )
    if thin or overlap["extreme_share"] > MOST_EXTREME:
        warnings.warn(
            f"{where}: the arms hardly overlap: {overlap['extreme_share']:.0%} of the customers were almost sure "
            f"to be treated or not, and the weights leave {overlap['effective_treated']:,.0f} of {n_treated:,} "
            f"treated and {overlap['effective_control']:,.0f} of {n_control:,} control customers. What is found "
            "rests on a few of them: compare only customers who could have been in either arm.",
            OverlapWarning,
            stacklevel=3,
        )


def _fit_logistic(design: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Return the fitted chances; Newton's steps, a whiff of ridge keeps a perfect split finite."""
    import numpy as np
    from scipy.special import expit

    beta, ridge = np.zeros(design.shape[1]), np.full(design.shape[1], _RIDGE)
    ridge[0] = 0.0
    beta[0] = np.log(treated.mean() / (1 - treated.mean()))
    for _ in range(100):
        chance = expit(design @ beta)
        slope = design.T @ (treated - chance) - ridge * beta
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return np.clip(expit(design @ beta), 1e-6, 1 - 1e-6)


def _pair(wanted: np.ndarray, offered: np.ndarray, most: float) -> np.ndarray:
    """Return for each wanted number the place of the nearest one offered (sorted) and still free, or −1."""
    import bisect

    import numpy as np

    n = len(offered)
    after, before = (
        list(range(n + 1)),
        list(range(n + 1)),
    )  # next free place to the right; to the left, from 1

    def find(links: list[int], k: int) -> int:
        while links[k] != k:
            links[k] = links[links[k]]
            k = links[k]
        return k

    values = offered.tolist()
    found = np.full(len(wanted), -1, dtype="int64")
    for i, want in enumerate(wanted.tolist()):
        k = bisect.bisect_left(values, want)
        right, left = find(after, k), find(before, k) - 1
        far_right = values[right] - want if right < n else float("inf")
        far_left = want - values[left] if left >= 0 else float("inf")
        if min(far_right, far_left) > most + 1e-12:
            continue
        best = left if far_left <= far_right else right
        found[i] = best
        after[best], before[best + 1] = best + 1, best
    return found
