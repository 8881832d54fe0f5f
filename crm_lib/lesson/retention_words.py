"""Computed sentences on keeping class A: policy, candidates, long gaps, baseline and control group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.business import FEW_CUSTOMERS
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

_CLOSE, _FAIR = 0.1, 0.25


def describe_policy(
    policy: pd.DataFrame, mvc: pd.DataFrame, *, by: str, care_share: float, years: float, unit: str
) -> str:
    """Return sentences on whom the policy covers, whom to call first, and what it may cost.

    Parameters
    ----------
    policy : DataFrame
        What `plan_retention` returned.
    mvc : DataFrame
        One row per customer of class A, as `gather_best` returns it.
    by : str
        What the classes were made by.
    care_share, years : float
        What the policy was planned with.
    unit : str
        Unit of money.

    Returns
    -------
    str
        Sentences; without a known profit the missing limit is said.
    """
    if not len(mvc):
        return say("retention.none")
    noun = say(f"value.{by}")
    text = say("retention.states", n=f"{int(policy['n_customers'].sum()):,}", k=len(policy))
    away = (mvc["score_r"] <= 2).to_numpy()
    if away.any():
        share = f"{mvc.loc[away, by].sum() / mvc[by].sum():.1%}"
        text += say("retention.away", n=f"{int(away.sum()):,}", noun=noun, share=share)
    else:
        text += say("retention.no_away")
    if policy["care_limit"].isna().any():
        return text + "\n" + say("retention.no_limit", noun=noun)
    total = money(float((policy["care_limit"] * policy["n_customers"]).sum()))
    kind = "limit" if years > 1 else "limit_short"
    shown = {"noun": noun, "care": f"{care_share:.1%}", "total": total, "unit": unit}
    return text + "\n" + say(f"retention.{kind}", years=f"{years:.1f}", **shown)


def describe_candidates(candidates: pd.DataFrame, rise: pd.DataFrame, *, by: str, unit: str) -> str:
    """Return sentences on who is closest to class A, and on the recount if they rose.

    Parameters
    ----------
    candidates : DataFrame
        What `list_candidates` returned.
    rise : DataFrame
        What `simulate_rise` returned.
    by : str
        What the classes were made by.
    unit : str
        Unit of money.

    Returns
    -------
    str
        The closest customer, how many lack one or two orders, and the what-if.
    """
    now, then = rise.iloc[0], rise.iloc[1]
    if not now["n_customers"]:
        return say("retention.no_goal")
    if not len(candidates):
        return say("retention.no_middle")
    noun, first = say(f"value.{by}"), candidates.iloc[0]
    k = first["lacking_orders"]
    orders = "" if k != k else say("retention.near_orders", noun=noun, k=f"{k:,.0f}")
    shown = {"customer": first["customer_id"], "noun": noun, "lacking": money(first["lacking"]), "unit": unit}
    text = say("retention.near", n=f"{len(candidates):,}", orders=orders, **shown)
    text += say("retention.near_many", noun=noun, m=f"{int((candidates['lacking_orders'] <= 2).sum()):,}")
    n_raised = rise.attrs["n_raised"]
    if not n_raised:
        return text + "\n" + say("retention.not_raised")
    shares = {f"share{i}": f"{row[f'{by}_share']:.1%}" for i, row in enumerate((now, then))}
    shares |= {f"part{i}": f"{row['customer_share']:.1%}" for i, row in enumerate((now, then))}
    counts = {f"n{i}": f"{row['n_customers']:,}" for i, row in enumerate((now, then))}
    return text + "\n" + say("retention.raised", k=n_raised, noun=noun, **counts, **shares)


def describe_overdue(
    overdue: pd.DataFrame, gaps: pd.DataFrame, mvc: pd.DataFrame, *, by: str, factor: float
) -> str:
    """Return sentences on who of class A has not come for long against the own habit.

    Parameters
    ----------
    overdue : DataFrame
        What `list_overdue` returned for class A, the most valuable first.
    gaps : DataFrame
        What `measure_gaps` returned, class A only.
    mvc : DataFrame
        One row per customer of class A, as `gather_best` returns it.
    by : str
        What the classes were made by.
    factor : float
        How many mean intervals count as long.

    Returns
    -------
    str
        How many, what they are worth, how many mere chance would list, and who cannot be judged.
    """
    if not len(mvc):
        return say("value.no_best")
    judged = int(((gaps["n_days"] >= 3) & gaps["gap_ratio"].notna()).sum())
    n_short = len(mvc) - judged
    if not judged:
        return say("retention.no_habit")
    shown = {"k": f"{judged:,}", "factor": f"{factor:g}", "noun": say(f"value.{by}")}
    if len(overdue):
        lost = mvc.loc[mvc["customer_id"].isin(overdue["customer_id"]), by].sum()
        share = f"{lost / mvc[by].sum():.1%}"
        text = say("retention.overdue", m=f"{len(overdue):,}", share=share, **shown)
        row = overdue.iloc[0]
        gap, days = f"{row['mean_gap_days']:.1f}", f"{int(row['recency_days']):,}"
        text += say("retention.longest", customer=row["customer_id"], gap=gap, days=days)
    else:
        text = say("retention.no_overdue", **shown)
    chance = math.exp(-factor)
    text += "\n" + say(
        "retention.chance", share=f"{chance:.1%}", k=f"{judged:,}", expected=f"{chance * judged:,.1f}"
    )
    return text + (say("retention.short", n=f"{n_short:,}") if n_short else "")


def describe_baseline(summary: pd.DataFrame, *, start: str, day: str, days: int, unit: str) -> str:
    """Return sentences on how many of the earlier class A bought again, without any policy.

    Parameters
    ----------
    summary : DataFrame
        What `summarize_baseline` returned.
    start, day : str
        First and last day of the window.
    days : int
        Its length.
    unit : str
        Unit of money.

    Returns
    -------
    str
        The retention with its interval, and that this is no effect.
    """
    row = summary.iloc[0]
    n = int(row["n_customers"])
    if not n:
        return say("retention.no_window", start=start)
    value = row["mean_net_profit"]
    text = say(
        "retention.baseline",
        start=start,
        n=f"{n:,}",
        day=day,
        days=days,
        back=f"{int(row['n_returned']):,}",
        **{name: f"{row[f'{column}_share']:.1%}" for name, column in _SHARES},
        orders=f"{row['mean_n_orders']:.2f}",
        revenue=money(row["mean_revenue"]),
        unit=unit,
        net="" if value != value else say("retention.baseline_net", value=money(value), unit=unit),
    )
    text += say("retention.baseline_few", n=n) if n < FEW_CUSTOMERS else ""
    return text + say("retention.no_effect")


_SHARES = (("share", "retention"), ("low", "low"), ("high", "high"))


def describe_arms(divided: pd.DataFrame, balance: pd.DataFrame) -> str:
    """Return sentences on the two groups and on how alike they are.

    Parameters
    ----------
    divided : DataFrame
        One row per customer of class A with arm, as `divide_best` returns it.
    balance : DataFrame
        What `compare_arms` returned.

    Returns
    -------
    str
        Their sizes and the measure in which they differ most.
    """
    treated, control = (int((divided["arm"] == arm).sum()) for arm in ("treated", "control"))
    if not (treated and control):
        return say("retention.no_arms")
    text = say("retention.arms", treated=f"{treated:,}", control=f"{control:,}")
    gaps = balance["std_difference"].abs()
    if gaps.isna().all():
        return text + say("retention.balance_none")
    gap = float(gaps.max())
    level = int(gap >= _CLOSE) + int(gap >= _FAIR)
    name = column_title(balance.loc[gaps.idxmax(), "measure"])
    verdict = say(f"retention.balance_{level}")
    return text + say("retention.balance", measure=name, gap=f"{gap:.2f}", verdict=verdict)


def describe_power(summary: pd.DataFrame, divided: pd.DataFrame, *, lift: float) -> str:
    """Return sentences on how many customers it takes to see the difference, and whether they are there.

    Parameters
    ----------
    summary : DataFrame
        What `summarize_baseline` returned.
    divided : DataFrame
        One row per customer of class A with arm, as `divide_best` returns it.
    lift : float
        The rise of the retention one wants to see, in shares.

    Returns
    -------
    str
        An honest answer: enough, not enough, or not to be known.
    """
    from crm_lib.differentiate import find_visible_difference, plan_sample

    base = float(summary["retention_share"].iloc[0])
    treated, control = (int((divided["arm"] == arm).sum()) for arm in ("treated", "control"))
    if base != base:
        return say("retention.plan_unknown")
    if base + lift > 1:
        return say("retention.plan_over", base=f"{base:.1%}", lift=f"{100 * lift:g}")
    if not (treated and control):
        return say("retention.no_arms")
    plan = plan_sample(base, lift, control_share=control / (control + treated)).iloc[0]
    needed = {arm: f"{int(plan[f'n_{arm}']):,}" for arm in ("control", "treated")}
    text = say("retention.plan", base=f"{base:.1%}", goal=f"{base + lift:.1%}", **needed)
    if control >= plan["n_control"] and treated >= plan["n_treated"]:
        return text + say("retention.enough")
    seen = find_visible_difference(base, n_control=control, n_treated=treated)
    text += say("retention.short_of", control=f"{control:,}", treated=f"{treated:,}")
    text += (
        say("retention.invisible") if seen != seen else say("retention.visible", points=f"{100 * seen:.1f}")
    )
    return text + "\n" + say("retention.advice")
