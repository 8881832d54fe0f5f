"""Computed sentences of the lesson on customer information."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

_THIN = 0.5
MINE = "我的查询"


def _join(names: Collection[str], *, most: int = 6) -> str:
    """Join names with 、; what is left out is counted."""
    shown = "、".join(list(names)[:most])
    return shown + (say("information.and_more", n=len(names)) if len(names) > most else "")


def describe_gathered(tables: Mapping[str, pd.DataFrame], day: str, product: str) -> str:
    """Say what is known by the day of the lesson, and how many pages there are.

    Parameters
    ----------
    tables
        What `keep_known` returned.
    day
        ISO date.
    product
        Product whose customers are looked for.
    """
    values = {"orders": f"{len(tables['orders']):,}", "leads": f"{len(tables['leads']):,}"}
    sites = tables["pages"]["site"].nunique()
    return say(
        "information.day", day=day, pages=f"{len(tables['pages']):,}", sites=sites, product=product, **values
    )


def describe_fields(fields: pd.DataFrame, needs: Collection[str], stage: str) -> str:
    """Say how many fields are collected now, which never, and where the tables and the dictionary differ.

    Parameters
    ----------
    fields
        What `decide_fields` returned.
    needs
        The firm's own needs.
    stage
        Stage of the customer.
    """
    counts = fields["verdict"].value_counts()
    values = {v: int(counts.get(v, 0)) for v in ("collect", "later", "no_need", "never")}
    named = "、".join(needs) or say("information.no_needs")
    text = say("information.fields", n=len(fields), stage=stage, needs=named, **values)
    never = fields.loc[fields["verdict"] == "never", "field"]
    text += say("information.fields_never", names=_join(never)) if len(never) else ""
    filled = fields["held"] & (fields["n_filled"] > 0)
    surplus = fields.loc[filled & fields["verdict"].isin(["never", "no_need"]), "field"]
    text += say("information.fields_surplus", n=len(surplus), names=_join(surplus)) if len(surplus) else ""
    thin = fields[(fields["verdict"] == "collect") & fields["held"] & (fields["filled_share"] < _THIN)]
    return text + (say("information.fields_thin", names=_join(thin["field"])) if len(thin) else "")


def describe_testing(testing: pd.DataFrame, *, fee: float, asked: bool) -> str:
    """Say what knowing who wants testing saves, and whether this firm asks.

    Parameters
    ----------
    testing
        What `show_testing` returned.
    fee
        Fee of a test, yuan.
    asked
        The firm offers testing, so it asks.
    """
    wrong = testing.set_index("way")["wrong"]
    saved = float(wrong[["nobody", "everybody"]].min() - wrong["asked"])
    text = say(
        "information.testing",
        fee=f"{fee:,.2f}",
        unpaid=f"{wrong['nobody']:,.2f}",
        over=f"{wrong['everybody']:,.2f}",
        saved=f"{saved:,.2f}",
    )
    return text + say("information.testing_asked" if asked else "information.testing_not_asked")


def describe_worth(worth: pd.DataFrame) -> str:
    """Say in which decision information is worth most, where it is worth nothing, and what could not be computed.

    Parameters
    ----------
    worth
        What `value_information` returned.
    """
    known = worth.dropna(subset=["value_yuan"])
    lacking = [say(f"information.item_{i}") for i in worth.loc[worth["value_yuan"].isna(), "item"]]
    left = say("information.worth_lacking", names="、".join(lacking)) if lacking else ""
    if known.empty:
        return left
    best = known.sort_values(["value_yuan", "item"], ascending=[False, True]).iloc[0]
    text = say(
        "information.worth",
        n=len(known),
        best=say(f"information.item_{best['item']}"),
        value=f"{best['value_yuan']:,.2f}",
    )
    nothing = [say(f"information.item_{i}") for i in known.loc[known["value_yuan"] <= 0.005, "item"]]
    text += say("information.worth_nothing", names="、".join(nothing)) if nothing else ""
    first = worth.set_index("item").loc["strategic"]
    if first["n"] and first["chosen"]:
        key = "worth_same" if abs(first["value_yuan"]) < 0.005 else "worth_other"
        text += say(f"information.{key}", name=first["chosen"])
    return text + left


def describe_channels(channels: pd.DataFrame) -> str:
    """Say where most records come from, what is known of cost, and which channels no table stands for.

    Parameters
    ----------
    channels
        What `show_channels` returned.
    """
    used = channels[channels["n_records"] > 0]
    if used.empty:
        return say("information.channels_none")
    top = used.sort_values(["n_records", "channel"], ascending=[False, True]).iloc[0]
    inside = int(used.loc[used["route"] == "内部", "n_records"].sum())
    share = inside / int(used["n_records"].sum())
    text = say("information.channels", name=top["channel"], n=f"{top['n_records']:,}", share=f"{share:.1%}")
    priced = used.dropna(subset=["record_cost"]).sort_values(
        ["record_cost", "channel"], ascending=[False, True]
    )
    if len(priced) > 1:
        dear, cheap = priced.iloc[0], priced.iloc[-1]
        text += say(
            "information.channels_cost",
            dear=dear["channel"],
            high=f"{dear['record_cost']:,.2f}",
            cheap=cheap["channel"],
            low=f"{cheap['record_cost']:,.2f}",
        )
    empty = channels.loc[channels["n_records"] == 0, "channel"]
    return text + (say("information.channels_empty", names="、".join(empty)) if len(empty) else "")


def describe_ways(ways: pd.DataFrame) -> str:
    """Say how own and third-party methods compare, and whether the difference could be chance.

    Parameters
    ----------
    ways
        What `show_ways` returned.
    """
    from crm_lib.stats import interval_of_share

    sums = ways.groupby("route")[["n_leads", "n_deals"]].sum()
    idle = ways.loc[ways["n_leads"] == 0, "source_method"]
    parts = {
        r: interval_of_share(int(sums.loc[r, "n_deals"]), int(sums.loc[r, "n_leads"])) for r in sums.index
    }
    own, third = parts["own"], parts["third"]
    if not sums["n_leads"].all():
        return say("information.ways_one_sided")
    values = {"own": f"{own.estimate:.1%}", "third": f"{third.estimate:.1%}"}
    apart = own.low > third.high or third.low > own.high
    counts = {"n_own": int(sums.loc["own", "n_leads"]), "n_third": int(sums.loc["third", "n_leads"])}
    text = say("information.ways", **values, **counts)
    text += say("information.ways_apart" if apart else "information.ways_open")
    return text + (say("information.ways_idle", names=_join(idle)) if len(idle) else "")


def describe_rivals(judged: pd.DataFrame | None) -> str:
    """Say how many rivals are dangerous, what is at stake, and what the records lack.

    Parameters
    ----------
    judged
        What `show_rivals` returned.
    """
    if judged is None:
        return say("information.rivals_none")
    counts = judged["verdict"].value_counts()
    danger = judged[judged["verdict"] == "danger"]
    stake = float(danger.drop_duplicates("customer_id")["revenue"].sum())
    text = say(
        "information.rivals",
        n=len(judged),
        customers=judged["customer_id"].nunique(),
        danger=len(danger),
        stake=f"{stake:,.2f}",
    )
    unknown = int(counts.get("unknown", 0))
    return text + (say("information.rivals_unknown", n=unknown) if unknown else "")


def describe_searches(searches: pd.DataFrame, product: str) -> str:
    """Say what the plain name finds, which search is best by F1, and which found nothing.

    Parameters
    ----------
    searches
        What `run_searches` returned.
    product
        Product.
    """
    table = searches.set_index("name")
    plain = table.iloc[0]
    text = ""
    if plain["n_found"]:
        text = say(
            "information.plain",
            product=product,
            n=int(plain["n_found"]),
            right=int(plain["n_right"]),
            share=f"{plain['precision_share']:.1%}",
            recall=f"{plain['recall_share']:.1%}",
        )
    useful = table[table["n_right"] > 0]
    if useful.empty:
        return text + say("information.searches_none")
    best = useful.sort_values("f1", ascending=False, kind="stable").iloc[0]
    text += say(
        "information.searches_best",
        name=best.name,
        precision=f"{best['precision_share']:.1%}",
        recall=f"{best['recall_share']:.1%}",
    )
    empty = table.index[table["n_found"] == 0]
    return text + (say("information.searches_empty", names="、".join(empty)) if len(empty) else "")


def describe_mine(searches: pd.DataFrame) -> str:
    """Say how the student's own query did, against the plain name.

    Parameters
    ----------
    searches
        What `run_searches` returned.
    """
    table = searches.set_index("name")
    if MINE not in table.index:
        return say("information.mine_none")
    mine, plain = table.loc[MINE], table.iloc[0]
    if not mine["n_found"]:
        return say("information.mine_empty", query=mine["query"])
    text = say(
        "information.mine",
        query=mine["query"],
        n=int(mine["n_found"]),
        right=int(mine["n_right"]),
        precision=f"{mine['precision_share']:.1%}",
        recall=f"{mine['recall_share']:.1%}",
    )
    if not plain["n_found"]:
        return text
    precise = mine["precision_share"] > plain["precision_share"]
    broad = mine["recall_share"] > plain["recall_share"]
    key = "both" if precise and broad else "precise" if precise else "broad" if broad else "neither"
    return text + say(f"information.mine_{key}")


def describe_means(means: pd.DataFrame, customers: pd.DataFrame, right: pd.DataFrame, *, first: int) -> str:
    """Say how many different customers were found of all there are, which means adds most, and who has a mailbox.

    Parameters
    ----------
    means
        What `tabulate_means` returned.
    customers
        What `list_customers` returned.
    right
        What `open_pages` returned.
    first
        Pages a reader looks at.
    """
    n, whole = customers["prospect_id"].nunique(), right["prospect_id"].nunique()
    text = say("information.means", n=n, first=first, all=whole, share=f"{n / whole:.1%}")
    searched = means[means["n_searches"] > 0]
    if n:
        top = searched.sort_values("n_new", ascending=False, kind="stable").iloc[0]
        text += say("information.means_top", name=top["means"], n=int(top["n_new"]))
    twice = int((customers.groupby("prospect_id")["means"].nunique() > 1).sum())
    text += say("information.means_twice", n=twice) if twice else ""
    copies = int((customers["n_pages"] > 1).sum())
    text += say("information.means_copies", n=copies) if copies else ""
    return text + say("information.means_mail", n=int(means.iloc[-1]["n_customers"]))


def describe_check(verdict: pd.DataFrame, customers: pd.DataFrame) -> str:
    """Say what the sample of checked customers tells.

    Parameters
    ----------
    verdict
        What `check_customers` returned.
    customers
        What `list_customers` returned.
    """
    one = verdict.iloc[0]
    values = {
        "share": f"{one['confirmed_share']:.1%}",
        "low": f"{one['low_share']:.1%}",
        "high": f"{one['high_share']:.1%}",
        "least": f"{one['least_share']:.0%}",
    }
    text = say("information.check", n=int(one["n_checked"]), k=int(one["n_confirmed"]), **values)
    text += say(f"information.check_{one['verdict']}", least=values["least"])
    more = verdict["n_needed"].dropna()
    if more.empty:
        return text
    whole = customers["prospect_id"].nunique()
    key = "check_more" if int(more.iloc[0]) < whole else "check_all"
    return text + say(f"information.{key}", n=int(more.iloc[0]), all=whole)
