"""The rules tried on an earlier day: what those they would have caught did afterwards without any treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.lesson.below_zero_profit import COSTS, cost_customers, foresee
from crm_lib.lesson.below_zero_rules import choose_plan, make_rules

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.below_zero_trade import Trade

_WEEKS_BEFORE = 4


@dataclass(frozen=True)
class Past:
    """What the rules would have said on `day`, and what came after.

    `later` has one row per customer of that day: customer_id, treatment, rule, profit (then), now (net profit of the
    period after, missing when he was not seen again); empty when the data do not reach back far enough.
    """

    day: str
    people: pd.DataFrame
    later: pd.DataFrame
    reviewed: pd.DataFrame
    after: pd.DataFrame


def look_back(
    trade: Trade,
    people: pd.DataFrame,
    *,
    weeks: int,
    loss_limit: float,
    new_days: int,
    assumptions: Any = None,
) -> Past:
    """Apply the rules of today as of a period ago, at today's rates, and look at the period after.

    Parameters
    ----------
    trade
        What `gather_trade` returned.
    people
        What `foresee` returned for the present period.
    weeks, loss_limit, new_days, assumptions
        As for today's plan.
    """
    import pandas as pd

    from crm_lib.differentiate import review_treatments

    day = pd.Timestamp(people.attrs["day"]) - pd.Timedelta(days=7 * weeks)
    text, after = day.date().isoformat(), people[["customer_id", "net_profit"]]
    none = people.iloc[:0]
    lines = trade.every["ordered_at"]
    inside = (lines < day + pd.Timedelta(days=1)) & (lines >= day - pd.Timedelta(days=7 * weeks - 1))
    if lines.min() > day - pd.Timedelta(days=7 * _WEEKS_BEFORE) or not inside.any():
        blank = pd.DataFrame(columns=["customer_id", "treatment", "rule", "profit", "now"])
        blank = blank.astype({"profit": "float64", "now": "float64"})
        return Past(text, none, blank, blank.iloc[:0], after)
    then = foresee(cost_customers(trade, text, weeks=weeks, rates=_rates(people)), trade, weeks=weeks)
    plan = choose_plan(then, make_rules(loss_limit=loss_limit, new_days=new_days), assumptions)
    now = dict(zip(after["customer_id"], after["net_profit"], strict=True))
    later = plan[["customer_id", "treatment", "rule", "profit"]].copy()
    later["now"] = later["customer_id"].map(now).astype("float64")
    reviewed = review_treatments(plan, after)
    reviewed = reviewed[reviewed["n_losing"] > 0].reset_index(drop=True)
    return Past(text, then, later, reviewed, after)


def _rates(people: pd.DataFrame) -> dict[str, float]:
    """Return yuan a unit of each activity in the present period."""
    found = people.attrs["activities"]
    group = found["activity"].str.partition(":")[0]
    sums = found.groupby(group)[["cost", "units"]].sum()
    return {n: float(sums.loc[n, "cost"] / sums.loc[n, "units"]) if n in sums.index else 0.0 for n in COSTS}


def try_limits(past: Past, *, limits: Sequence[float], new_days: int) -> pd.DataFrame:
    """Hold several limits of loss against the period after; only those no other rule spares can be caught.

    Parameters
    ----------
    past
        What `look_back` returned.
    limits
        Losses to try.
    new_days
        Who was too new then.

    Returns
    -------
    DataFrame
        What `compare_limits` returns; empty without an earlier period.
    """
    from crm_lib.differentiate import compare_limits

    if not len(past.later):
        return compare_limits(past.after.iloc[:0], past.after, limits=limits).iloc[:0]
    may = past.people[(past.people["known_days"] > new_days) & (past.people["outlook_profit"] < 0)]
    return compare_limits(may[["customer_id", "net_profit"]], past.after, limits=limits)


def choose_limit(tried: pd.DataFrame, *, now: float) -> float:
    """Return the limit whose catch lost most in the period after, the higher of equal ones; else the present one.

    Parameters
    ----------
    tried
        What `try_limits` returned.
    now
        The limit in force.

    Examples
    --------
    >>> import pandas as pd
    >>> tried = pd.DataFrame({"loss_limit": [0.0, 50.0], "n_caught": [9, 4], "later_profit": [12.0, -30.0]})
    >>> choose_limit(tried, now=0.0)
    50.0
    """
    good = tried[(tried["n_caught"] > 0) & (tried["later_profit"] < 0)]
    if not len(good):
        return float(now)
    best = good[good["later_profit"] == good["later_profit"].min()]
    return float(best["loss_limit"].max())


def compare_plans(
    people: pd.DataFrame, *, limits: Sequence[float], new_days: int, assumptions: Any = None
) -> pd.DataFrame:
    """Compare today's plan under several limits of loss.

    Parameters
    ----------
    people
        What `foresee` returned.
    limits
        The limits, the present one first.
    new_days, assumptions
        As for the plan.

    Returns
    -------
    DataFrame
        One row per limit, in the order given: loss_limit, n_handled, n_removed (transferred or ended), gain_amount
        (yuan expected of the plan).
    """
    import pandas as pd

    rows = []
    for limit in dict.fromkeys(limits):
        plan = choose_plan(people, make_rules(loss_limit=limit, new_days=new_days), assumptions)
        treated = plan[plan["treatment"] != "leave_alone"]
        removed = treated["treatment"].isin(["transfer", "end"])
        rows.append((limit, len(treated), int(removed.sum()), round(float(treated["gain_amount"].sum()), 4)))
    return pd.DataFrame(rows, columns=["loss_limit", "n_handled", "n_removed", "gain_amount"])
