"""How often a customer usually comes, and whether the present gap is long against that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import parse_day, require_range
from crm_lib.differentiate._money import MONEY_UNIT
from crm_lib.differentiate.checks import find_number_faults, raise_faults, require_frame
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


def measure_gaps(orders: pd.DataFrame, *, as_of: str | dt.date) -> pd.DataFrame:
    """Measure each customer's mean interval between purchases and the present gap against it.

    Parameters
    ----------
    orders : DataFrame
        One row per order line: customer_id, ordered_at (local time), amount (yuan).
    as_of : str or date
        What was known at the end of this day counts; later lines are left out.

    Returns
    -------
    DataFrame
        One row per customer with a purchase, sorted by customer_id: customer_id (str), n_days (int64,
        calendar days with a purchase), mean_gap_days (float64, missing below two such days),
        recency_days (int64), gap_ratio (float64, recency_days / mean_gap_days).

    Raises
    ------
    DataError
        When a line lacks its customer or date, or an amount is not finite.

    Notes
    -----
    A purchase is a line with amount >= 0, as in `summarize_rfm`.  With purchase days d[1] < … < d[n],
    mean_gap_days = (d[n] − d[1]) / (n − 1).  Several orders of one day are one visit: otherwise two
    receipts of the same afternoon would make a habit of zero days.  The present gap is open and counts
    only in recency_days.  For a customer who comes at random at a steady rate the ratio exceeds x with
    probability e^−x: 2 happens to every seventh customer who has not left, 3 to every twentieth.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["a", "a", "a"], "amount": [5.0, 5.0, 5.0],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-31"]),
    ... })
    >>> measure_gaps(orders, as_of="2024-03-01")[["n_days", "mean_gap_days", "recency_days", "gap_ratio"]]
       n_days  mean_gap_days  recency_days  gap_ratio
    0       3           15.0            30        2.0
    """
    import pandas as pd

    end = pd.Timestamp(parse_day("measure_gaps", "as_of", as_of))
    require_frame("measure_gaps", orders, ("customer_id", "ordered_at", "amount"))
    raise_faults("measure_gaps", find_number_faults(orders, "amount"))
    _require_known(orders)
    days = orders["ordered_at"].dt.normalize()
    bought = (orders["amount"] * MONEY_UNIT + 0.5 >= 0) & (days <= end)
    visits = pd.DataFrame({"customer_id": orders["customer_id"].astype("str"), "day": days})[bought]
    spans = visits.drop_duplicates().groupby("customer_id")["day"].agg(["min", "max", "size"])
    n_days, recency = spans["size"].astype("int64"), (end - spans["max"]).dt.days.astype("int64")
    gap = (spans["max"] - spans["min"]).dt.days / (n_days - 1).where(n_days > 1)
    found = pd.DataFrame({
        "n_days": n_days,
        "mean_gap_days": gap.astype("float64"),
        "recency_days": recency,
        "gap_ratio": (recency / gap).astype("float64"),
    })
    found.index = found.index.astype("str")
    return found.rename_axis("customer_id").sort_index().reset_index()


def _require_known(orders: pd.DataFrame) -> None:
    lacking = orders["customer_id"].isna() | orders["ordered_at"].isna()
    if n := int(lacking.sum()):
        raise DataError(
            f"measure_gaps: every line needs customer_id and ordered_at; {n:,} of {len(orders):,} lack one. "
            "Run clean_table first."
        )


def list_overdue(gaps: pd.DataFrame, *, factor: float = 3.0, least_days: int = 3) -> pd.DataFrame:
    """List the customers whose present gap is long against their own habit.

    Parameters
    ----------
    gaps : DataFrame
        One row per customer, as `measure_gaps` returns it.
    factor : float
        How many mean intervals count as long, at least 1.
    least_days : int
        Purchase days a customer must have before there is a habit to compare with, at least 2.

    Returns
    -------
    DataFrame
        The rows of `gaps` with n_days >= `least_days` and gap_ratio > `factor`, the longest gap against
        the own habit first, equal ones by customer_id.

    Raises
    ------
    ParameterError
        When `factor` or `least_days` is out of range.

    Notes
    -----
    Fewer than three purchase days make one interval, and one interval is no habit: such customers are
    not listed, which does not mean that they are safe.

    Examples
    --------
    >>> import pandas as pd
    >>> gaps = pd.DataFrame({"customer_id": ["a", "b"], "n_days": [5, 2], "mean_gap_days": [10.0, 10.0],
    ...                      "recency_days": [40, 90], "gap_ratio": [4.0, 9.0]})
    >>> list_overdue(gaps)["customer_id"].tolist()
    ['a']
    """
    require_frame("list_overdue", gaps, ("customer_id", "n_days", "gap_ratio"))
    require_range("list_overdue", "factor", factor, 1)
    require_range("list_overdue", "least_days", least_days, 2)
    late = gaps[(gaps["n_days"] >= least_days) & (gaps["gap_ratio"] > factor)]
    return late.sort_values(["gap_ratio", "customer_id"], ascending=[False, True]).reset_index(drop=True)
