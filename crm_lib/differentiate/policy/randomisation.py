"""Was the lot kept? The split as planned, and the covariates alike, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_range
from crm_lib.differentiate.experiment import compare_arms
from crm_lib.differentiate.policy._arms import read_treated, require_names, require_open
from crm_lib.differentiate.policy.before import require_before
from crm_lib.differentiate.policy.features import list_measures

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

MISMATCH = 0.001
"""p value below which a split is called off: mishaps give far smaller ones, and one in a thousand trials is enough."""


@dataclass(frozen=True)
class Balance:
    """How alike the arms were before anything was done.

    Attributes
    ----------
    measures : DataFrame
        One row per measure: measure, mean_treated, mean_control, std_difference (see `compare_arms`).
    statistic : float
        Distance of the arms over all measures at once.
    p_value : float
        Part of the lots, as fair as this one should have been, that part the arms at least as far.
    n_permutations : int
        Lots drawn.
    n_customers : int
        Customers in both arms.
    """

    measures: pd.DataFrame
    statistic: float
    p_value: float
    n_permutations: int
    n_customers: int


def check_split(customers: pd.DataFrame, *, control_share: float) -> pd.DataFrame:
    """Hold the sizes of the arms against the share that was planned (sample-ratio mismatch).

    Parameters
    ----------
    customers : DataFrame
        One row per customer whose outcome is compared: arm.
    control_share : float
        Part of the customers that was to be left without the policy, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row: n_treated, n_control, expected_treated, expected_control, control_share (found),
        chi_square, p_value, mismatch (bool: p_value < 0.001).

    Notes
    -----
    χ² = Σ (found − expected)² / expected with one degree of freedom.  `assign_arms` fixes the numbers, so
    with the whole list χ² is about 0; the check is for what is left at the end: customers lost from one arm
    more than from the other are lost for a reason, and the comparison is off whatever its p value says.

    Examples
    --------
    >>> import pandas as pd
    >>> lost = pd.DataFrame({"arm": ["treated"] * 450 + ["control"] * 550})
    >>> check_split(lost, control_share=0.5)[["chi_square", "mismatch"]].values.tolist()
    [[10.0, False]]
    """
    import pandas as pd
    from scipy import stats

    require_open("check_split", control_share=control_share)
    treated = read_treated("check_split", customers, least=0)
    n_treated, n_control = int(treated.sum()), int((~treated).sum())
    n = n_treated + n_control
    planned = n * (1 - control_share), n * control_share
    found = zip((n_treated, n_control), planned, strict=True)
    chi = sum((a - b) ** 2 / b for a, b in found) if n else float("nan")
    p_value = float(stats.chi2.sf(chi, 1)) if n else float("nan")
    return pd.DataFrame({
        "n_treated": [n_treated],
        "n_control": [n_control],
        "expected_treated": [planned[0]],
        "expected_control": [planned[1]],
        "control_share": [n_control / n if n else float("nan")],
        "chi_square": [chi],
        "p_value": [p_value],
        "mismatch": [bool(p_value < MISMATCH)],
    })


def check_balance(
    customers: pd.DataFrame,
    *,
    measures: Sequence[str],
    random_state: int,
    stratum: str | None = None,
    n_permutations: int = 999,
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
) -> Balance:
    """Test whether the arms differ, over all measures from before at once, more than a lot makes them.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: arm and the columns in `measures`, numbers or words.
    measures : sequence of str
        Columns known before the policy began.  A missing number counts as the mean of the others, with a
        measure of its own; each word is a measure.
    random_state : int
        Seed of the lots.
    stratum : str, optional
        Column within whose groups the lot was drawn.
    n_permutations : int
        Lots drawn, at least 99.
    started_on, measured_on
        See `reduce_variance`.

    Returns
    -------
    Balance
        The measures one by one, and the joint test.

    Raises
    ------
    DataError
        When a measure is known to be later than the beginning, or an arm has fewer than two customers.

    Notes
    -----
    statistic = (n_t n_c / n) dᵀ S⁻¹ d, d the differences of the means and S the covariance over all
    customers (generalised inverse, so measures that repeat each other do no harm); with `stratum`, both
    after the mean of the stratum is taken off.  p = (1 + lots at least as far) / (1 + lots).  One joint
    test: of twenty measures looked at singly, one "differs" by chance.

    References
    ----------
    Hansen and Bowers (2008). Covariate balance in simple, stratified and clustered comparative studies.
    Statistical Science 23, 219–236.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated", "control"] * 50, "revenue": [1.0, 1.0, 2.0, 2.0] * 25})
    >>> check_balance(four, measures=["revenue"], random_state=0).p_value
    1.0
    """
    import numpy as np
    import pandas as pd

    where = "check_balance"
    names = require_names(where, "measures", measures)
    require_before(where, customers, names, started_on=started_on, measured_on=measured_on)
    require_range(where, "n_permutations", n_permutations, 99)
    treated = read_treated(where, customers)
    x, labels = list_measures(where, customers, names)
    strata = _code(customers, stratum)
    white = _whiten(x, strata)
    n = len(treated)
    factor = n / (int(treated.sum()) * int((~treated).sum()))
    rng = np.random.default_rng(random_state)
    drawn = np.array([_distance(white, _deal(treated, strata, rng), factor) for _ in range(n_permutations)])
    found = _distance(white, treated, factor)
    hits = int((drawn >= found - 1e-9 * max(1.0, found)).sum())
    table = pd.DataFrame(x, columns=labels).assign(arm=customers["arm"].astype("object").to_numpy())
    one_by_one = compare_arms(table, measures=labels)
    return Balance(one_by_one, found, (1 + hits) / (1 + n_permutations), n_permutations, n)


def _code(customers: pd.DataFrame, stratum: str | None) -> np.ndarray:
    import numpy as np
    import pandas as pd

    from crm_lib._checks import require_columns

    if stratum is None:
        return np.zeros(len(customers), dtype="int64")
    require_columns("check_balance", list(customers.columns), [stratum])
    return pd.factorize(customers[stratum].astype("object"), use_na_sentinel=False)[0]


def _whiten(x: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Return measures without their stratum's mean, turned and scaled so that they are uncorrelated."""
    import numpy as np

    counts = np.bincount(strata).astype("float64")
    means = np.column_stack([np.bincount(strata, weights=c) / counts for c in x.T])
    inner = x - means[strata]
    scale = inner.std(axis=0)
    inner = inner / np.where(scale > 1e-12 * np.abs(x).max(axis=0, initial=1e-300), scale, np.inf)
    u, size, _ = np.linalg.svd(inner, full_matrices=False)
    kept = size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)
    return u[:, kept] * np.sqrt(len(x) - 1)


def _distance(white: np.ndarray, treated: np.ndarray, factor: float) -> float:
    # the sum over both arms is 0, so the gap of the means is the treated sum × n / (n_t n_c)
    total = white[treated].sum(axis=0)
    return float(factor * (total @ total))


def _deal(treated: np.ndarray, strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the arms dealt anew within each stratum."""
    import numpy as np

    order = np.lexsort((rng.random(len(treated)), strata))
    dealt = np.empty_like(treated)
    dealt[order] = treated[np.argsort(strata, kind="stable")]
    return dealt
