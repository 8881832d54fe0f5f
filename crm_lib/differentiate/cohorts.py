"""Cohorts by the time of the first purchase: how many of them buy again in each later period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_choice

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

UNITS = ("M", "W", "Q")


def measure_cohorts(orders: Any, *, as_of: str | dt.date, unit: str = "M") -> pd.DataFrame:
    """Measure how many customers of each cohort buy in each period after their first purchase.

    Parameters
    ----------
    orders
        One row per order line: customer_id, ordered_at, amount (yuan); any kind of frame or path that
        `summarize_rfm` takes.
    as_of : str or date
        What was known at the end of this day counts.
    unit : {"M", "W", "Q"}
        Length of a period: calendar months, weeks from Monday, quarters.

    Returns
    -------
    DataFrame
        One row per cohort and period up to `as_of`, in time order: cohort (first day of the period of the
        first purchase), period (0 = that period), starts_on (first day of the period), n_customers (of the
        cohort), n_active (who bought in it), complete (whether the period was over at `as_of`),
        retention_share (n_active ÷ n_customers; 1 in period 0).  ``attrs``: as_of, unit, n_later (lines).

    Raises
    ------
    DataError
        When a line lacks its customer, date or amount, or every line is later than `as_of`.
    ParameterError
        When `unit` is none of the above.

    Notes
    -----
    Nobody can know yet how many will have bought in a period that is not over, so retention_share is
    missing there: missing is not 0.  n_active says how many have bought so far.  A period over in which
    nobody bought is a 0.  Returns are no purchase.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["a", "b", "a"], "ordered_at": ["2024-01-05", "2024-01-20", "2024-03-02"],
    ...     "amount": [10.0, 10.0, 10.0],
    ... })
    >>> measure_cohorts(orders, as_of="2024-03-15")[["period", "n_active", "complete", "retention_share"]]
       period  n_active  complete  retention_share
    0       0         2      True              1.0
    1       1         0      True              0.0
    2       2         1     False              NaN
    """
    import numpy as np
    import pandas as pd

    from crm_lib.engine import list_days, total_days

    require_choice("measure_cohorts", "unit", unit, UNITS)
    day = parse_day("measure_cohorts", "as_of", as_of)
    n_later = total_days(orders, as_of=day, where="measure_cohorts").n_later
    days = list_days(orders, as_of=day, where="measure_cohorts").to_pandas()
    last = int(_count_periods(pd.Series([pd.Timestamp(day)]), unit).iloc[0])
    table = _count_active(days["customer_id"], _count_periods(days["day"], unit), last)
    cohort, period = table["cohort"], table["period"]
    over = _start_of(cohort + period + 1, unit) - pd.Timedelta(days=1) <= pd.Timestamp(day)
    share = table["n_active"] / table["n_customers"]
    cohorts = pd.DataFrame({
        "cohort": _start_of(cohort, unit),
        "period": period,
        "starts_on": _start_of(cohort + period, unit),
        "n_customers": table["n_customers"],
        "n_active": table["n_active"],
        "complete": over.to_numpy(dtype=bool),
        "retention_share": np.where(over | (period == 0), share, np.nan),
    })
    cohorts.attrs.update(as_of=day.isoformat(), unit=unit, n_later=n_later)
    return cohorts


def _count_active(ids: pd.Series, bought: pd.Series, last: int) -> pd.DataFrame:
    """Count the customers of each cohort in each period up to `last`; periods are whole numbers since 1970."""
    import pandas as pd

    first = bought.groupby(ids.to_numpy()).transform("min")
    sizes = ids.groupby(first.to_numpy()).nunique()
    seen = pd.DataFrame({"cohort": first.to_numpy(), "period": (bought - first).to_numpy(), "id": ids})
    active = seen.drop_duplicates().groupby(["cohort", "period"]).size()
    grid = [(c, p) for c in sizes.index for p in range(last - c + 1)]
    table = pd.DataFrame(grid, columns=["cohort", "period"]).astype("int64")
    table["n_customers"] = table["cohort"].map(sizes).astype("int64")
    places = pd.MultiIndex.from_frame(table[["cohort", "period"]])
    table["n_active"] = active.reindex(places, fill_value=0).to_numpy(dtype="int64")
    return table


def _count_periods(days: pd.Series, unit: str) -> pd.Series:
    import pandas as pd

    when = pd.to_datetime(days)
    if unit == "W":
        # 1970-01-01 was a Thursday: weeks from Monday begin three days before
        return (when - pd.Timestamp("1969-12-29")).dt.days // 7
    months = (when.dt.year - 1970) * 12 + when.dt.month - 1
    return months.astype("int64") // (3 if unit == "Q" else 1)


def _start_of(periods: pd.Series, unit: str) -> pd.Series:
    import pandas as pd

    if unit == "W":
        return pd.Timestamp("1969-12-29") + pd.to_timedelta(periods * 7, unit="D")
    months = periods * (3 if unit == "Q" else 1)
    return pd.to_datetime({"year": 1970 + months // 12, "month": months % 12 + 1, "day": 1})
