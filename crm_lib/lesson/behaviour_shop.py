"""The tables of the behaviour lesson that come from a student's own shopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, say
from crm_lib.lesson.behaviour_data import keep_wallet, name_period
from crm_lib.lesson.behaviour_steps import load_table, show_step
from crm_lib.lesson.display import format_value

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping


def climb_ladder(shopping: Shopping) -> pd.DataFrame:
    """Show the same rows as data, as information and as knowledge.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.

    Returns
    -------
    DataFrame
        One row per rung: rung, content, made.  The sentence of knowledge follows from the numbers.
    """
    import pandas as pd

    bought = shopping.tables["purchases"]
    rows = [
        ("data", _list_cells(bought), say("behaviour.made_data", n=f"{len(bought):,}")),
        ("information", _sum_up(bought), say("behaviour.made_information")),
        ("knowledge", _conclude(bought), say("behaviour.made_knowledge")),
    ]
    frame = pd.DataFrame(rows, columns=["rung", "content", "made"])
    frame["rung"] = [say(f"behaviour.rung_{r}") for r in frame["rung"]]
    show_step(frame, say("behaviour.cap_ladder"))
    return frame


def _list_cells(bought: pd.DataFrame) -> str:
    first = bought.head(3)
    cells = [
        "，".join(format_value(v, c) for c, v in zip(("bought_on", "category", "amount"), row, strict=True))
        for row in first[["bought_on", "category", "amount"]].itertuples(index=False)
    ]
    return (
        "；".join(cells) + ("……" if len(bought) > len(first) else "")
        if cells
        else say("behaviour.no_purchases")
    )


def _sum_up(bought: pd.DataFrame) -> str:
    known = bought.dropna(subset=["category", "amount"])
    if known.empty:
        return say("behaviour.no_purchases")
    sums = (
        known.groupby("category")["amount"].agg(["size", "sum"]).sort_values(["sum", "size"], ascending=False)
    )
    return "；".join(
        say("behaviour.sum_category", name=name, n=int(n), amount=f"{total:,.2f}")
        for name, n, total in sums.head(3).itertuples()
    )


def _conclude(bought: pd.DataFrame) -> str:
    """Tell what the numbers mean for the shop; too few purchases mean nothing."""
    flags = bought["discounted"].dropna().astype(bool)
    if len(flags) < 5:
        return say("behaviour.know_few", n=len(flags))
    share = float(flags.mean())
    key = "know_discount" if share >= 2 / 3 else "know_full" if share <= 1 / 3 else "know_mixed"
    return say(f"behaviour.{key}", share=f"{share:.0%}", n=len(flags))


def plan_collection(shopping: Shopping) -> pd.DataFrame:
    """Show the plan for collecting behaviour data, filled in with the student's own shop and period.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.

    Returns
    -------
    DataFrame
        One row per aspect: aspect, source, carrier, route, tool, time, place.
    """
    frame = load_table("plan")
    words = {"shop": shopping.about["shop"] or say("behaviour.some_shop"), "period": name_period(shopping)}
    for name in ("source", "carrier", "route", "tool", "time", "place"):
        frame[name] = [
            text.replace("{shop}", words["shop"]).replace("{period}", words["period"]) for text in frame[name]
        ]
    show_step(frame, say("behaviour.cap_plan"))
    return frame


def show_aspects(shoppers: Mapping[str, Shopping]) -> pd.DataFrame:
    """Show the seven aspects of several people side by side, and return the comparison.

    Parameters
    ----------
    shoppers
        Name to show → what `read_shopping` returned.
    """
    from crm_lib.identify import compare_shoppers

    table = compare_shoppers(shoppers)
    names = list(shoppers)
    shown = table[["aspect", "measure"]].copy()
    shown["measure"] = [name_measure(m) for m in table["measure"]]
    for name in names:
        pairs = zip(table[name], table["measure"], table["unit"], strict=True)
        shown[name] = [show_measure(v, m, u) for v, m, u in pairs]
    show_step(shown, say("behaviour.cap_aspects"), most=40)
    return table


def name_measure(measure: str) -> str:
    """Return the Chinese name of a measure.

    Parameters
    ----------
    measure
        Its key.
    """
    return list_section("behaviour_measures")[measure]


def show_measure(value: Any, measure: str, unit: str) -> str:
    """Return a measured value as people read it, with its unit.

    Parameters
    ----------
    value, measure, unit
        One cell of `compare_shoppers`.
    """
    if isinstance(value, str):
        return value or "—"
    if value is None or value != value:
        return "—"
    text = format_value(
        float(value), measure if measure.endswith("_share") else "revenue" if unit == "元" else ""
    )
    return f"{text} {unit}".rstrip() if unit and text != "—" else text


def show_wallet(shopping: Shopping) -> pd.DataFrame:
    """Show the wallet by category with our share, and return the usable rows.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.
    """
    wallet = keep_wallet(shopping)
    spend = wallet["category_spend"]
    share = (wallet["our_spend"] / spend.where(spend > 0)).astype("float64")
    shown = wallet.assign(wallet_share=share).rename(
        columns={"our_spend": "our_amount", "category_spend": "all_amount"}
    )
    show_step(shown, say("behaviour.cap_wallet"))
    return wallet
