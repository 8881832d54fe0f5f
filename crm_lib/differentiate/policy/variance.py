"""The same trial, narrower: what customers did before explains part of what they do after (CUPED)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words
from crm_lib.differentiate.policy._arms import (
    Summary,
    read_numbers,
    read_treated,
    require_names,
    require_open,
    summarize_arm,
)
from crm_lib.differentiate.policy._inference import compare_summaries
from crm_lib.differentiate.policy.before import LateCovariateWarning, require_before
from crm_lib.differentiate.policy.features import fill_gaps
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

LEAST_P = 1e-4
"""A covariate that differs between the arms with a smaller p value was hardly known before."""


def reduce_variance(
    customers: pd.DataFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare the arms with the part of the outcome taken out that covariates from before explain (CUPED).

    Parameters
    ----------
    customers : DataFrame
        One row per customer, assigned by lot: arm, the outcome, the covariates.
    outcome : str
        Measured after the policy began: a number or flag.
    covariates : sequence of str
        Numbers or flags measured before it began; a missing one (a customer without a past) counts as the
        mean of the others, with a flag of its own.
    started_on : str or date, optional
        First day of the policy; with it, days are checked.
    measured_on : mapping of str to date, optional
        Last day that each covariate knows of; else ``customers.attrs["as_of"]`` counts for all.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    DataFrame
        Two rows, method "plain" and "adjusted": method, measure (the outcome), n_treated, n_control, difference, low,
        high, p_value, standard_error, variance_reduction (1 − variance / plain variance, may be slightly
        negative), sample_factor (so many times as many customers would do the same without the covariates).
        ``attrs["coefficients"]`` holds θ by covariate.

    Raises
    ------
    DataError
        When a covariate is known to be measured after the policy began, or an arm has fewer customers than
        three and the covariates together.

    Warns
    -----
    LateCovariateWarning
        When a covariate differs between the arms more than a lot allows (p < 0.0001).

    Notes
    -----
    Y′ = Y − θ (X − x̄), θ from the regression of Y on X within the arms, x̄ of all customers; then Welch on
    Y′, its variance times (n − 2) / (n − 2 − k) for the k coefficients.  As the lot does not know X, the
    estimate stays unbiased (to 1/n) whatever θ is; the variance falls by about the squared correlation.

    References
    ----------
    Deng, Xu, Kohavi and Walker (2013). Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data. WSDM 2013.

    Examples
    --------
    >>> import pandas as pd
    >>> eight = pd.DataFrame({"arm": ["treated", "control"] * 4, "revenue": [1.0, 1, 2, 2, 3, 3, 4, 4],
    ...                       "spend": [3.1, 1.9, 4.9, 4.1, 7.1, 5.9, 8.9, 8.1]})
    >>> reduce_variance(eight, outcome="spend", covariates=["revenue"])["variance_reduction"].round(2).tolist()
    [0.0, 1.0]
    """
    import pandas as pd

    where = "reduce_variance"
    require_open(where, confidence=confidence)
    names = require_names(where, "covariates", covariates)
    require_before(
        where, customers, names, started_on=started_on, measured_on=measured_on, outcomes=[outcome]
    )
    treated = read_treated(where, customers)
    y = read_numbers(where, customers, outcome)
    x, labels = fill_gaps(where, customers, names)
    _require_size(where, treated, x.shape[1])
    _warn_late(x, labels, treated)
    theta = _regress_within(y, x, treated)
    adjusted = y - (x - x.mean(axis=0)) @ theta
    spare = (len(y) - 2) / (len(y) - 2 - x.shape[1])
    plain = _describe("plain", y, treated, 1.0, confidence)
    better = _describe("adjusted", adjusted, treated, spare, confidence)
    rows = pd.DataFrame([plain, better]).assign(measure=outcome)
    base = rows.loc[0, "standard_error"] ** 2
    rows["variance_reduction"] = 1 - rows["standard_error"] ** 2 / base if base > 0 else float("nan")
    rows["sample_factor"] = 1 / (1 - rows["variance_reduction"])
    rows.attrs["coefficients"] = dict(zip(labels, theta.tolist(), strict=True))
    return rows[["method", "measure", *[c for c in rows.columns if c not in {"method", "measure"}]]]


def _regress_within(y: np.ndarray, x: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Return the coefficients of y on x with a mean of its own for each arm."""
    import numpy as np

    inner_y, inner_x = y.copy(), x.copy()
    for mask in (treated, ~treated):
        inner_y[mask] -= y[mask].mean()
        inner_x[mask] -= x[mask].mean(axis=0)
    scale = inner_x.std(axis=0)
    safe = np.where(scale > 0, scale, 1.0)
    return np.linalg.lstsq(inner_x / safe, inner_y, rcond=1e-10)[0] / safe


def _describe(method: str, y: np.ndarray, treated: np.ndarray, spare: float, confidence: float) -> dict:
    first, second = (summarize_arm(y[m]) for m in (treated, ~treated))
    first, second = (Summary(s.mean, s.variance * spare, s.n) for s in (first, second))
    gap, p_value = compare_summaries(first, second, confidence=confidence)
    return {
        "method": method,
        "n_treated": first.n,
        "n_control": second.n,
        "difference": gap.estimate,
        "low": gap.low,
        "high": gap.high,
        "p_value": p_value,
        "standard_error": math.sqrt(first.variance + second.variance),
    }


def _require_size(where: str, treated: np.ndarray, k: int) -> None:
    least = min(int(treated.sum()), int((~treated).sum()))
    if least < k + 3:
        raise DataError(
            f"{where}: each arm needs at least {k + 3} customers for {k} covariates; the smaller has {least}. "
            "Use fewer covariates."
        )


def _warn_late(x: np.ndarray, labels: list[str], treated: np.ndarray) -> None:
    late = []
    for k, label in enumerate(labels):
        first, second = summarize_arm(x[treated, k]), summarize_arm(x[~treated, k])
        if compare_summaries(first, second, confidence=0.95)[1] < LEAST_P:
            late.append(label)
    if late:
        warnings.warn(
            f"reduce_variance: {list_words(late)} differ between the arms more than a lot allows (p < {LEAST_P}). "
            "Were they measured after the policy began, or was the lot not kept? The adjusted figure may hide "
            "the effect.",
            LateCovariateWarning,
            stacklevel=3,
        )
