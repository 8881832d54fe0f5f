"""Computed sentences on fairness and on the review of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.below_zero_people import LEAST_OF_GROUP
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.below_zero_review import Past


def describe_groups(groups: pd.DataFrame) -> str:
    """Return sentences on the share treated in each group of people.

    Parameters
    ----------
    groups
        What `share_by_group` returned.
    """
    if len(groups) < 2:
        return say("below_zero.groups_none", least=LEAST_OF_GROUP)
    top, low = (groups.loc[getattr(groups["handled_share"], f)()] for f in ("idxmax", "idxmin"))
    shares = {"top_share": f"{top['handled_share']:.1%}", "low_share": f"{low['handled_share']:.1%}"}
    text = say(
        "below_zero.groups" if top["handled_share"] > low["handled_share"] else "below_zero.groups_same",
        n=len(groups),
        least=LEAST_OF_GROUP,
        top=top["group"],
        low=low["group"],
        **shares,
    )
    apart = [
        str(name)
        for name, part in groups.groupby("attribute", sort=False)
        if part["low_share"].max() > part["high_share"].min()
    ]
    return text + (
        say("below_zero.groups_apart", names="、".join(apart)) if apart else say("below_zero.groups_alike")
    )


def describe_proxies(proxies: pd.DataFrame) -> str:
    """Return sentences on the column of the rules that goes with sex or age most.

    Parameters
    ----------
    proxies
        What `look_for_proxies` returned.
    """
    known = proxies[proxies["strength"].notna()] if len(proxies) else proxies
    if not len(known):
        return say("below_zero.proxies_unknown")
    strong = known[known["proxy"].astype(bool)]
    rows = strong if len(strong) else known.head(1)
    key = "below_zero.proxies" if len(strong) else "below_zero.proxies_none"
    return "".join(
        say(key, used=column_title(r.used), protected=column_title(r.protected), strength=f"{r.strength:.2f}")
        for r in rows.itertuples()
    )


def describe_past(past: Past) -> str:
    """Return sentences on what the rules would have caught, and what came of it by itself.

    Parameters
    ----------
    past
        What `look_back` returned.
    """
    later, day = past.later, past.day
    if not len(later):
        return say("below_zero.past_short", day=day)
    losing = later[later["profit"] < 0]
    if not len(losing):
        return say("below_zero.past_no_loss", day=day)
    handled = losing[losing["treatment"] != "leave_alone"]
    text = say("below_zero.past", day=day, n=f"{len(losing):,}", handled=f"{len(handled):,}") + "\n"
    if not len(handled):
        return text + say("below_zero.past_nobody")
    alone = losing[losing["treatment"] == "leave_alone"]
    text += _say_back(handled, alone)
    removed = handled[handled["treatment"].isin(["transfer", "end"])]
    wrong = int((removed["now"] > 0).sum())
    text += say("below_zero.past_wrong", n=f"{wrong:,}") if wrong else say("below_zero.past_no_wrong")
    mean = (losing["now"] >= 0).any()
    return text + "\n" + say("below_zero.past_mean" if mean else "below_zero.past_no_mean")


def _say_back(handled: pd.DataFrame, alone: pd.DataFrame) -> str:
    back = int((handled["now"] >= 0).sum())
    shown = {
        "back": f"{back:,}",
        "share": f"{back / len(handled):.1%}",
        "gone": f"{handled['now'].isna().sum():,}",
    }
    if not len(alone):
        return say("below_zero.past_back_only", **shown)
    n_back = int((alone["now"] >= 0).sum())
    rest = {
        "alone": f"{len(alone):,}",
        "alone_back": f"{n_back:,}",
        "alone_share": f"{n_back / len(alone):.1%}",
    }
    return say("below_zero.past_back", **shown, **rest)


def describe_limits(tried: pd.DataFrame, plans: pd.DataFrame, *, now: float, new: float, unit: str) -> str:
    """Return sentences on the limit of loss in hindsight, and on what changing it does today.

    Parameters
    ----------
    tried
        What `try_limits` returned.
    plans
        What `compare_plans` returned for the present and the new limit.
    now, new
        The two limits.
    unit
        Unit of money.
    """
    if not len(tried):
        return say("below_zero.limit_short")
    row = tried[tried["loss_limit"] == now].iloc[0]
    text = say(
        "below_zero.limits",
        k=len(tried),
        now=f"{now:g}",
        unit=unit,
        caught=f"{int(row['n_caught']):,}",
        again=f"{int(row['n_again']):,}",
        profit=money(row["later_profit"]),
    )
    if not ((tried["later_profit"] < 0) & (tried["n_caught"] > 0)).any():
        return text + say("below_zero.limit_none")
    if new == now:
        return text + say("below_zero.limit_keep")
    best = tried[tried["loss_limit"] == new].iloc[0]
    text += say("below_zero.limit_new", new=f"{new:g}", profit=money(best["later_profit"]), unit=unit)
    a, b = plans.iloc[0], plans.iloc[1]
    names = (("a", "b", "n_handled"), ("ra", "rb", "n_removed"))
    shown = {k: f"{int(row[c]):,}" for one, two, c in names for k, row in ((one, a), (two, b))}
    gains = {"ga": money(a["gain_amount"]), "gb": money(b["gain_amount"])}
    return text + "\n" + say("below_zero.limit_effect", unit=unit, **shown, **gains)
