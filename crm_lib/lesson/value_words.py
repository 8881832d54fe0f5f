"""Computed sentences on what customers are worth: how it is known, who is in class A, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.business import FEW_CUSTOMERS
from crm_lib.lesson.value import LEAST_KNOWN, share_known

if TYPE_CHECKING:
    import pandas as pd

_SPREAD = (0.7, 0.5, 0.3)
_SUMS = ("revenue", "cost_of_goods", "gross_profit", "cost_to_serve", "net_profit")


def money(value: float) -> str:
    """Return an amount as sentences show it, a loss with a true minus sign."""
    return f"{value:,.2f}".replace("-", "−")


def describe_value(profit: pd.DataFrame, *, by: str, contacts: str, unit: str) -> str:
    """Return sentences on what the customers are ranked by, and why.

    Parameters
    ----------
    profit : DataFrame
        One row per customer, as `summarize_value` returns it.
    by : str
        What they are ranked by.
    contacts : str
        Whether contacts are used, as `read_contacts` says.
    unit : str
        Unit of money.

    Returns
    -------
    str
        The sums, what is not known, and who makes a loss.
    """
    known = profit.dropna(subset=[by])
    names = ("revenue", "goods", "gross", "service", "net")
    sums = {name: money(float(known[c].sum())) for name, c in zip(names, _SUMS, strict=True)}
    n_later = profit.attrs.get("n_later", 0)
    text = say("value.account_day", day=profit.attrs["as_of"])
    text += say("customers.later", n=f"{n_later:,}") if n_later else ""
    text += _say_basis(profit, by, contacts) + say(
        f"value.account_{by}", n=f"{len(known):,}", unit=unit, **sums
    )
    text += "\n" + _say_contacts(profit, by, contacts, unit)
    if len(known) < len(profit):
        rest = money(float(profit.loc[profit[by].isna(), "revenue"].sum()))
        noun = say(f"value.{by}")
        text += say("value.unknown", n=f"{len(profit) - len(known):,}", noun=noun, revenue=rest, unit=unit)
    return text + _say_losses(known, by, unit)


def _say_basis(profit: pd.DataFrame, by: str, contacts: str) -> str:
    if by == "gross_profit":
        return say("value.by_gross_profit", known=f"{share_known(profit, 'net_profit'):.1%}")
    if by == "revenue":
        known = share_known(profit, "gross_profit")
        why = say("value.little_cost", known=f"{known:.1%}") if known > 0 else say("value.no_cost")
        return say("value.by_revenue", why=why)
    known = share_known(profit, "net_profit")
    if profit["net_profit"].notna().all():
        return say("value.by_net_profit" if contacts == "used" else "value.by_net_profit_goods")
    return say("value.by_net_profit_most", known=f"{known:.1%}", least=f"{LEAST_KNOWN:.0%}")


def _say_contacts(profit: pd.DataFrame, by: str, contacts: str, unit: str) -> str:
    rate = f"{profit.attrs['cost_per_order']:g}"
    text = say(f"value.contacts_{contacts}", rate=rate, unit=unit) if contacts not in ("used", "none") else ""
    if by != "net_profit":
        return text
    kind = "used" if contacts == "used" else "none"
    return text + say(f"value.contacts_{kind}", rate=rate, unit=unit)


def _say_losses(known: pd.DataFrame, by: str, unit: str) -> str:
    noun, lost = say(f"value.{by}"), known.loc[known[by] < 0, by]
    if not len(lost):
        return say("value.no_loss", noun=noun)
    return say("value.loss", n=f"{len(lost):,}", noun=noun, money=money(float(lost.sum())), unit=unit)


def describe_classes(classes: pd.DataFrame, concentration: pd.DataFrame, *, by: str, unit: str) -> str:
    """Return sentences on class A and on how far the value is held by a few.

    Parameters
    ----------
    classes : DataFrame
        What `summarize_abc` returned.
    concentration : DataFrame
        What `measure_concentration` returned for the same customers.
    by : str
        What the classes were made by.
    unit : str
        Unit of money.

    Returns
    -------
    str
        Sentences that hold for one customer, for equal customers and without any value, too.
    """
    noun, n = say(f"value.{by}"), int(classes["n_customers"].sum())
    best, held = classes.iloc[0], concentration.iloc[0]
    if not best["n_customers"]:
        return say("value.nobody", noun=noun)
    if n == 1:
        return say("value.alone")
    if best["n_customers"] == n and held["gini"] < 1e-12:
        return say("value.alike", noun=noun, value=money(best[f"mean_{by}"]), unit=unit)
    share, part = f"{best['customer_share']:.1%}", f"{best[f'{by}_share']:.1%}"
    text = say("value.best", n=f"{best['n_customers']:,}", share=share, part=part, noun=noun)
    if not classes.iloc[1]["n_customers"]:
        text += say("value.no_middle")
    level = sum(held["gini"] >= limit for limit in _SPREAD)
    verdict = say(f"value.spread_{level}", noun=noun)
    top = f"{held['top_share']:.1%}"
    text += say("value.top", noun=noun, share=top, gini=f"{held['gini']:.2f}", verdict=verdict)
    return text + (say("value.few", n=n) if n < FEW_CUSTOMERS else "")


def describe_class_profit(classes: pd.DataFrame, *, unit: str) -> str:
    """Return sentences on what is left of 100 yuan of revenue in each class.

    Parameters
    ----------
    classes : DataFrame
        What `summarize_class_profit` returned.
    unit : str
        Unit of money.

    Returns
    -------
    str
        The net profit per class, the class with the highest part, and the cost to serve.
    """
    known = classes.dropna(subset=["net_profit_share"])
    if not len(known):
        return say("value.left_unknown")
    left = [
        say("value.left_part", name=name, value=money(100 * share), unit=unit)
        for name, share in zip(known["abc_class"], known["net_profit_share"], strict=True)
    ]
    text = say("value.left", unit=unit, parts="，".join(left))
    if len(known) > 1 and known["abc_class"].iloc[0] == "A":
        most = known.loc[known["net_profit_share"].idxmax(), "abc_class"]
        text += say("value.most_a") if most == "A" else say("value.most_other", name=most)
        first, last = known.iloc[0], known.iloc[-1]
        parts = (f"{row['cost_to_serve_share']:.1%}" for row in (first, last))
        text += say("value.service", first=next(parts), name=last["abc_class"], last=next(parts))
    return text


def describe_disagreement(pairs: pd.DataFrame, profit: pd.DataFrame, *, by: str, unit: str) -> str:
    """Return sentences on who is in class A by revenue but not by profit, and why.

    Parameters
    ----------
    pairs : DataFrame
        What `compare_classes` returned: first by revenue, second by `by`.
    profit : DataFrame
        One row per customer, as `summarize_value` returns it.
    by : str
        What the classes were made by.
    unit : str
        Unit of money.

    Returns
    -------
    str
        How many moved and which of margin and cost to serve explains it.
    """
    if by == "revenue":
        return say("value.one_order")
    noun = say(f"value.{by}")
    first, second = (pairs["class_first"] == "A").to_numpy(), (pairs["class_second"] == "A").to_numpy()
    lost, gained = int((first & ~second).sum()), int((second & ~first).sum())
    if not (first.any() or second.any()):
        return say("value.neither", noun=noun)
    if not lost:
        return say("value.gained_only", noun=noun, gained=gained) if gained else say("value.same", noun=noun)
    kind = "moved" if gained else "moved_none"
    text = say(f"value.{kind}", n=f"{int(first.sum()):,}", noun=noun, lost=lost, gained=gained)
    rows = profit.set_index("customer_id")
    mine = rows.loc[pairs.loc[first & ~second, "customer_id"]]
    others = rows.loc[pairs.loc[first & second, "customer_id"]]
    return text + _say_reason(mine, others, by, unit) + _say_dearest(mine, by, unit)


def _say_reason(mine: pd.DataFrame, others: pd.DataFrame, by: str, unit: str) -> str:
    if not (mine["revenue"].sum() > 0 and others["revenue"].sum() > 0):
        return ""
    margin, cost = (
        [100 * float(group[column].sum() / group["revenue"].sum()) for group in (mine, others)]
        for column in ("gross_profit", "cost_to_serve")
    )
    shown = {"theirs": money(margin[0]), "others": money(margin[1])}
    poorer = round(margin[0], 2) < round(margin[1], 2)
    if by == "gross_profit":
        text, dearer = say("value.margin_gross", unit=unit, lost=len(mine), **shown), False
    else:
        costs = {"cost_theirs": money(cost[0]), "cost_others": money(cost[1])}
        text = say("value.margin", unit=unit, lost=len(mine), **shown, **costs)
        dearer = round(cost[0], 2) > round(cost[1], 2)
    why = "both" if poorer and dearer else "margin" if poorer else "service" if dearer else "border"
    return text + say(f"value.why_{why}")


def _say_dearest(mine: pd.DataFrame, by: str, unit: str) -> str:
    """Name the one whose service takes the largest part of the gross profit, when it is a large part."""
    if by != "net_profit" or not (mine["gross_profit"] > 0).any():
        return ""
    part = (mine["cost_to_serve"] / mine["gross_profit"]).where(mine["gross_profit"] > 0)
    if not part.max() >= 0.1:
        return ""
    row = mine.loc[part.idxmax()]
    return say(
        "value.dearest",
        customer=part.idxmax(),
        n=f"{int(row['n_orders']):,}",
        cost=money(row["cost_to_serve"]),
        unit=unit,
        share=f"{part.max():.1%}",
    )


def describe_best(mvc: pd.DataFrame, *, by: str, unit: str) -> str:
    """Return sentences on the most valuable customer and the segments of class A.

    Parameters
    ----------
    mvc : DataFrame
        One row per customer of class A, as `gather_best` returns it.
    by : str
        What the classes were made by.
    unit : str
        Unit of money.

    Returns
    -------
    str
        Two sentences; ties are named as ties.
    """
    if not len(mvc):
        return say("value.no_best")
    noun, first = say(f"value.{by}"), mvc.iloc[0]
    n_first = int((mvc[by] == first[by]).sum())
    if n_first > 1:
        text = say("value.first_tied", n=n_first, noun=noun, value=money(first[by]), unit=unit)
    else:
        share = f"{first[f'{by}_share']:.1%}"
        who = str(first["customer_id"])
        text = say("value.first", customer=who, noun=noun, value=money(first[by]), unit=unit, share=share)
    sizes = mvc["segment"].value_counts()
    names = sorted(str(name) for name in sizes.index[sizes == sizes.max()])
    if len(sizes) == 1:
        return text + say("value.segment_all", n=f"{len(mvc):,}", name=names[0])
    kind = "segment_one" if len(names) == 1 else "segment"
    return text + say(f"value.{kind}", k=len(sizes), name="、".join(names), n=f"{sizes.max():,}")
