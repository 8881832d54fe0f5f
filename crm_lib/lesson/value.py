"""What the lesson on the most valuable customers computes beside the library: costs, ranking, baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("net_profit", "gross_profit", "revenue")
LEAST_KNOWN = 0.95
_STATE_COLUMNS = (
    "customer_id",
    "recency_days",
    "n_orders",
    "revenue",
    "score_r",
    "score_f",
    "score_m",
    "segment",
)


def check_cuts(a_cut: float, b_cut: float) -> tuple[float, float]:
    """Return the cuts of the classes, or stop in words when class A would end after class B.

    Parameters
    ----------
    a_cut, b_cut : float
        Shares of the value at which class A and class B end.

    Raises
    ------
    ParameterError
        `a_cut` is not below `b_cut`.
    """
    if not a_cut < b_cut:
        raise ParameterError(say("value.cuts", a=f"{a_cut:g}", b=f"{b_cut:g}"))
    return a_cut, b_cut


def read_contacts(contacts: str, orders: str, rows: pd.DataFrame) -> tuple[pd.DataFrame | None, str]:
    """Read the contacts that belong to the orders, and tell whether their cost can be used.

    Parameters
    ----------
    contacts : str
        A file, the name of a sample, or empty text.
    orders : str
        The same for the orders: contacts of one company say nothing about another's customers.
    rows : DataFrame
        The cleaned order lines.

    Returns
    -------
    tuple of DataFrame or None, and str
        The cleaned contacts (customer_id, occurred_at, cost), None when they are not used; and why:
        ``used``, ``none``, ``other`` (a sample that does not belong to these orders), ``no_cost`` (no cost
        is written down), ``strangers`` (not one of the customers has an order).
    """
    from crm_lib import sample
    from crm_lib.identify import clean_table
    from crm_lib.lesson.run import data_source, show_source
    from crm_lib.readwrite import read_table

    if not contacts:
        return None, "none"
    samples = {s.name for s in sample.list_samples()}
    if contacts in samples and (orders not in samples or orders.split("_")[0] != contacts.split("_")[0]):
        return None, "other"
    raw = read_table(data_source(contacts), "contacts")
    show_source(raw)
    talks = clean_table(raw, "contacts").rows
    if "cost" not in talks.columns or talks["cost"].isna().all():
        return None, "no_cost"
    if not talks["customer_id"].isin(rows["customer_id"]).any():
        return None, "strangers"
    return talks[["customer_id", "occurred_at", "cost"]], "used"


def summarize_value(
    rows: pd.DataFrame, *, as_of: str, contacts: pd.DataFrame | None, cost_per_order: float
) -> pd.DataFrame:
    """Summarize the profit per customer also where the orders state no cost.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines; quantity and unit_cost may be missing.
    as_of : str
        What was known at the end of this day counts.
    contacts : DataFrame, optional
        One row per contact: customer_id, occurred_at, cost.
    cost_per_order : float
        Cost of handling one order.

    Returns
    -------
    DataFrame
        What `summarize_profit` returns; profits that are not known are missing.
    """
    from crm_lib.differentiate import summarize_profit

    missing = {c: float("nan") for c in ("quantity", "unit_cost") if c not in rows.columns}
    full = rows.assign(**missing)
    return summarize_profit(full, as_of=as_of, contacts=contacts, cost_per_order=cost_per_order)


def choose_value(profit: pd.DataFrame) -> str:
    """Return what the customers are ranked by: net profit, else gross profit, else revenue.

    Parameters
    ----------
    profit : DataFrame
        One row per customer, as `summarize_value` returns it.

    Returns
    -------
    str
        The first of net_profit, gross_profit and revenue that is known of customers with at least 95 %
        of the revenue: one line without a cost must not throw away what is known of all others.
    """
    return next(column for column in VALUES if share_known(profit, column) >= LEAST_KNOWN)


def share_known(profit: pd.DataFrame, column: str) -> float:
    """Return the part of the (positive) revenue that belongs to customers whose `column` is known.

    Parameters
    ----------
    profit : DataFrame
        One row per customer.
    column : str
        The measure in question.

    Examples
    --------
    >>> import pandas as pd
    >>> share_known(pd.DataFrame({"revenue": [90.0, 10.0], "net_profit": [5.0, None]}), "net_profit")
    0.9
    """
    known = profit[column].notna()
    held = profit["revenue"].clip(lower=0)
    if not held.sum() > 0:
        return float(known.mean())
    return float(held[known].sum() / held.sum())


def gather_best(segments: pd.DataFrame, abc: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Gather what is known of the customers of class A, the most valuable first.

    Parameters
    ----------
    segments : DataFrame
        One row per customer, as `name_segments` returns it.
    abc : DataFrame
        One row per customer, as `classify_abc` returns it.
    by : str
        What the classes were made by.

    Returns
    -------
    DataFrame
        One row per customer of class A: customer_id, the value and its share, recency_days, n_orders,
        revenue, the three scores, segment, and the state that decides on the policy.
    """
    from crm_lib.differentiate import name_states

    best = abc.loc[(abc["abc_class"] == "A").to_numpy(), [*dict.fromkeys(["customer_id", by, f"{by}_share"])]]
    known = segments[[c for c in _STATE_COLUMNS if c != by]]
    both = best.merge(known, on="customer_id", how="inner", validate="one_to_one")
    return name_states(both, n_bins=segments.attrs.get("n_bins", 5))


def count_years(rows: pd.DataFrame, as_of: str) -> float:
    """Return the years from the first order line to `as_of`, at least 0.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    as_of : str
        ISO date.
    """
    import pandas as pd

    days = (pd.Timestamp(as_of) - rows["ordered_at"].min().normalize()).days
    return max(days, 0) / 365.25


def measure_baseline(
    rows: pd.DataFrame,
    profit: pd.DataFrame,
    *,
    window_days: int,
    by: str,
    cuts: tuple[float, float],
    contacts: pd.DataFrame | None,
) -> pd.DataFrame:
    """Measure what those who were in class A before the window did in the window.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    profit : DataFrame
        One row per customer for the as-of day, as `summarize_value` returned it.
    window_days : int
        Length of the window that ends with the as-of day.
    by : str
        What the classes are made by, then as now.
    cuts : tuple of float
        Where class A and class B end.
    contacts : DataFrame, optional
        One row per contact.

    Returns
    -------
    DataFrame
        One row per customer of the earlier class A, as `measure_window` returns it; ``attrs["start"]``
        is the day the classes were made for.  Empty when there was no order yet.
    """
    import pandas as pd

    from crm_lib.differentiate import classify_abc, measure_window

    start = pd.Timestamp(profit.attrs["as_of"]) - pd.Timedelta(days=window_days)
    day, before = start.date().isoformat(), profit.iloc[:0]
    if rows["ordered_at"].min() < start + pd.Timedelta(days=1):
        rate = profit.attrs["cost_per_order"]
        before = summarize_value(rows, as_of=day, contacts=contacts, cost_per_order=rate)
    ranked = classify_abc(before.dropna(subset=[by]), by=by, cuts=cuts)
    best = ranked.loc[(ranked["abc_class"] == "A").to_numpy(), "customer_id"]
    window = measure_window(before, profit, customers=best)
    window.attrs["start"] = day
    return window


def summarize_baseline(window: pd.DataFrame) -> pd.DataFrame:
    """Summarize the indicators by which the policy will be judged, as they are without it.

    Parameters
    ----------
    window : DataFrame
        One row per customer of the earlier class A, as `measure_baseline` returns it.

    Returns
    -------
    DataFrame
        One row: n_customers, n_returned (int64), retention_share with its interval (low_share,
        high_share), and per customer mean_n_orders, mean_revenue, mean_net_profit (missing when not known).
    """
    import pandas as pd

    from crm_lib.differentiate import bound_share

    n, back = len(window), int(window["returned"].sum())
    low, high = bound_share(back, n)
    known = window["net_profit"].notna().all()
    return pd.DataFrame({
        "n_customers": [n],
        "n_returned": [back],
        "retention_share": [back / n if n else float("nan")],
        "low_share": [low],
        "high_share": [high],
        "mean_n_orders": [float(window["n_orders"].mean())],
        "mean_revenue": [float(window["revenue"].mean())],
        "mean_net_profit": [float(window["net_profit"].mean()) if known else float("nan")],
    })


def divide_best(mvc: pd.DataFrame, *, control_share: float, random_state: int) -> pd.DataFrame:
    """Divide the customers of class A by lot into those who get the policy and those who do not yet.

    Parameters
    ----------
    mvc : DataFrame
        One row per customer of class A, as `gather_best` returns it.
    control_share : float
        Part that is set aside.
    random_state : int
        Seed of the lot.

    Returns
    -------
    DataFrame
        `mvc` with arm; each state is divided alike.
    """
    from crm_lib.differentiate import assign_arms

    arms = assign_arms(mvc, control_share=control_share, random_state=random_state, stratum="state")
    return mvc.merge(arms[["customer_id", "arm"]], on="customer_id", validate="one_to_one")
