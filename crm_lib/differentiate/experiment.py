"""Prepare the proof that a policy works: a control group by lot, its balance, and its size."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ARMS = ("treated", "control")


def assign_arms(
    customers: pd.DataFrame, *, control_share: float, random_state: int, stratum: str | None = None
) -> pd.DataFrame:
    """Set aside a control group by lot, the same part of every stratum.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id and, when given, the column named by `stratum`.
    control_share : float
        Part of the customers that is left without the policy, 0–1.
    random_state : int
        Seed of the lot.
    stratum : str, optional
        Column whose groups are divided alike.

    Returns
    -------
    DataFrame
        One row per customer, sorted by customer_id: customer_id (str), stratum (str), arm ("treated" or
        "control").

    Raises
    ------
    DataError
        When a customer has no number or stands in two rows.
    ParameterError
        When `control_share` is not within [0, 1].

    Notes
    -----
    Each customer draws the number sha256(random_state : customer_id); in each stratum the lowest numbers
    are the control group.  So the lot depends on who the customers are, never on the order of the rows.
    The whole control group has ⌊control_share × n + ½⌋ customers; strata get the whole part of their
    share first, then the largest remainders one more (equal ones by name), because rounding each small
    stratum for itself can leave no control group at all.

    Examples
    --------
    >>> import pandas as pd
    >>> ten = pd.DataFrame({"customer_id": [f"C{i}" for i in range(10)]})
    >>> assign_arms(ten, control_share=0.2, random_state=1)["arm"].value_counts().to_dict()
    {'treated': 8, 'control': 2}
    """
    import pandas as pd

    require_frame("assign_arms", customers, ("customer_id", *([stratum] if stratum else [])))
    require_range("assign_arms", "control_share", control_share, 0, 1)
    raise_faults("assign_arms", find_id_faults(customers))
    drawn = pd.DataFrame({
        "customer_id": customers["customer_id"].astype("str").to_numpy(),
        "stratum": customers[stratum].astype("str").to_numpy() if stratum else "",
    })
    drawn["lot"] = [_draw(random_state, i) for i in drawn["customer_id"]]
    drawn = drawn.sort_values("lot").reset_index(drop=True)
    place = drawn.groupby("stratum").cumcount()
    limit = drawn["stratum"].map(_share_out(drawn["stratum"], control_share))
    drawn["arm"] = [ARMS[int(p < n)] for p, n in zip(place, limit, strict=True)]
    drawn = drawn.sort_values("customer_id").reset_index(drop=True)
    return drawn[["customer_id", "stratum", "arm"]].astype("str")


def _draw(random_state: int, customer_id: str) -> str:
    return hashlib.sha256(f"{random_state}:{customer_id}".encode()).hexdigest()


def _share_out(strata: pd.Series, share: float) -> dict[str, int]:
    """Divide the control group among the strata by largest remainder."""
    sizes = strata.value_counts().sort_index()
    quotas = {name: share * int(n) for name, n in sizes.items()}
    seats = {name: math.floor(q + 1e-9) for name, q in quotas.items()}
    left = math.floor(share * len(strata) + 0.5 + 1e-9) - sum(seats.values())
    for name in sorted(quotas, key=lambda s: (round(seats[s] - quotas[s], 9), s))[: max(left, 0)]:
        seats[name] += 1
    return seats


def compare_arms(customers: pd.DataFrame, *, measures: Sequence[str]) -> pd.DataFrame:
    """Compare the two arms before anything is done.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: arm ("treated", "control") and the columns in `measures`.
    measures : sequence of str
        Numeric columns known before the policy begins.

    Returns
    -------
    DataFrame
        One row per measure: measure (str), mean_treated, mean_control, std_difference (difference of the
        means, treated − control, in standard deviations; missing when an arm has fewer than two customers
        or the measure does not vary).

    Raises
    ------
    SchemaError
        When a column is missing.

    Notes
    -----
    std_difference = (mean_treated − mean_control) / √((s²_treated + s²_control) / 2), sample variances.
    No test of significance: arms drawn by lot differ by chance only, and the question is by how much.
    Above 0.25 (our convention) the comparison should be adjusted for the measure.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated", "treated", "control", "control"], "revenue": [3.0, 5, 1, 3]})
    >>> compare_arms(four, measures=["revenue"])["std_difference"].round(3).tolist()
    [1.414]
    """
    import pandas as pd

    require_columns("compare_arms", list(customers.columns), ("arm", *measures))
    rows = []
    for measure in measures:
        treated, control = (customers.loc[(customers["arm"] == a).to_numpy(), measure] for a in ARMS)
        spread = math.sqrt((float(treated.var()) + float(control.var())) / 2)
        gap = float(treated.mean()) - float(control.mean())
        rows.append({
            "measure": measure,
            "mean_treated": float(treated.mean()),
            "mean_control": float(control.mean()),
            "std_difference": gap / spread if spread > 0 else float("nan"),
        })
    return pd.DataFrame(rows, columns=["measure", "mean_treated", "mean_control", "std_difference"])


def plan_sample(
    baseline: float, difference: float, *, control_share: float = 0.5, alpha: float = 0.05, power: float = 0.8
) -> pd.DataFrame:
    """Plan how many customers it takes to see a share rise by `difference`.

    Parameters
    ----------
    baseline : float
        The share without the policy, 0–1.
    difference : float
        The rise one wants to see, in shares (0.1 is ten percentage points), above 0.
    control_share : float
        Part of the customers in the control group, above 0 and below 1.
    alpha : float
        Risk of seeing a difference where there is none (two-sided).
    power : float
        Chance of seeing the difference when it is there.

    Returns
    -------
    DataFrame
        One row: baseline, difference, n_control, n_treated, n_customers (int64, both together).

    Raises
    ------
    ParameterError
        When an option is out of range, or baseline + difference exceeds 1.

    Notes
    -----
    With p₁ = baseline, p₂ = baseline + difference, k = n_treated / n_control and
    p̄ = (p₁ + k p₂) / (1 + k), n_control =
    [z₁₋α/₂ √(p̄(1 − p̄)(1 + 1/k)) + z_power √(p₁(1 − p₁) + p₂(1 − p₂)/k)]² / difference²,
    rounded up; without continuity correction.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed., chapter 4.

    Examples
    --------
    >>> plan_sample(0.6, 0.1).iloc[0][["n_control", "n_treated"]].tolist()
    [356.0, 356.0]
    """
    import pandas as pd

    _require_shares("plan_sample", baseline, control_share, alpha, power)
    if not 0 < difference <= 1 - baseline + 1e-12:
        raise ParameterError(
            f"plan_sample: difference must be above 0 and at most 1 − baseline ({1 - baseline:.4g}); got "
            f"{difference!r}. A share cannot exceed 1: choose a smaller difference."
        )
    ratio = (1 - control_share) / control_share
    n = _count_control(baseline, difference, ratio, alpha, power)
    n_control, n_treated = math.ceil(n - 1e-9), math.ceil(n * ratio - 1e-9)
    return pd.DataFrame({
        "baseline": [float(baseline)],
        "difference": [float(difference)],
        "n_control": [n_control],
        "n_treated": [n_treated],
        "n_customers": [n_control + n_treated],
    })


def _count_control(p1: float, difference: float, ratio: float, alpha: float, power: float) -> float:
    p2 = min(p1 + difference, 1.0)
    mean = (p1 + ratio * p2) / (1 + ratio)
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    null = math.sqrt(mean * (1 - mean) * (1 + 1 / ratio))
    real = math.sqrt(p1 * (1 - p1) + p2 * (1 - p2) / ratio)
    return ((z_alpha * null + z_power * real) / difference) ** 2


def find_visible_difference(
    baseline: float, *, n_control: int, n_treated: int, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest rise of a share that groups of this size can show; missing when none can.

    Parameters
    ----------
    baseline : float
        The share without the policy, 0–1.
    n_control, n_treated : int
        Customers in the two arms.
    alpha, power : float
        See `plan_sample`.

    Returns
    -------
    float
        The difference for which `plan_sample` asks for exactly these groups, to 1e-6.

    Examples
    --------
    >>> round(find_visible_difference(0.6, n_control=356, n_treated=356), 3)
    0.1
    """
    if n_control < 1 or n_treated < 1 or not 0 <= baseline < 1:
        return float("nan")
    ratio = n_treated / n_control
    low, high = 1e-6, 1 - baseline
    if _count_control(baseline, high, ratio, alpha, power) > n_control:
        return float("nan")
    while high - low > 1e-7:
        middle = (low + high) / 2
        needs_more = _count_control(baseline, middle, ratio, alpha, power) > n_control
        low, high = (middle, high) if needs_more else (low, middle)
    return high


def bound_share(count: int, n: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the Wilson interval of a share observed in `n` customers.

    Parameters
    ----------
    count : int
        Customers with the property.
    n : int
        Customers observed.
    alpha : float
        One minus the confidence.

    Returns
    -------
    tuple of float
        Lower and upper end (0–1); missing when nobody was observed.

    Examples
    --------
    >>> tuple(round(x, 3) for x in bound_share(8, 10))
    (0.49, 0.943)
    """
    if n <= 0:
        return float("nan"), float("nan")
    z, share = NormalDist().inv_cdf(1 - alpha / 2), count / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _require_shares(where: str, baseline: float, control_share: float, alpha: float, power: float) -> None:
    require_range(where, "baseline", baseline, 0, 1)
    for name, value in (("control_share", control_share), ("alpha", alpha), ("power", power)):
        if not 0 < value < 1:
            raise ParameterError(
                f"{where}: {name} must be above 0 and below 1; got {value!r}. Choose a value between."
            )
