"""Computed sentences of the behaviour lesson: concepts, steps one and two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.behaviour_data import Gathered, keep_wallet

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping

_FEW = 5
_EQUAL = 0.05


def describe_share(shopping: Shopping, other: Shopping) -> str:
    """Say what share of the wallet the chosen shop has, and how the classmate's stands to it.

    Parameters
    ----------
    shopping, other
        What `read_shopping` returned.
    """
    from crm_lib.identify import measure_wallet_share

    mine, left = keep_wallet(shopping), len(shopping.tables["wallet"]) - len(keep_wallet(shopping))
    whole = measure_wallet_share(mine)
    shop = shopping.about["shop"] or say("behaviour.some_shop")
    if not whole["category_spend"] > 0:
        return say("behaviour.share_none", shop=shop)
    values = {"all": f"{whole['category_spend']:,.2f}", "our": f"{whole['our_spend']:,.2f}"}
    text = say("behaviour.share", shop=shop, share=f"{whole['wallet_share']:.1%}", n=len(mine), **values)
    text += say("behaviour.share_left", n=left) if left else ""
    his = measure_wallet_share(keep_wallet(other))
    if his["category_spend"] > 0:
        gap = whole["wallet_share"] - his["wallet_share"]
        key = "equal" if abs(gap) < _EQUAL / 10 else "more" if gap > 0 else "less"
        text += say(f"behaviour.share_{key}", share=f"{his['wallet_share']:.1%}", gap=f"{abs(gap) * 100:.1f}")
    return text


def describe_identifiers(scores: pd.DataFrame | None) -> str:
    """Say which identifier serves best across registers, and what is not known about it.

    Parameters
    ----------
    scores
        What `score_identifiers` returned, or None.
    """
    if scores is None:
        return say("behaviour.id_missing")
    weights = scores.attrs.get("weights", {})
    own = scores[scores["identifier"] == "record_id"]
    rest = scores[scores["identifier"] != "record_id"]
    text = say("behaviour.id_own") if len(own) else ""
    if rest.empty:
        return text + say("behaviour.id_none")
    best = rest.iloc[0]
    values = {"coverage": f"{best['coverage_share']:.1%}", "unique": f"{best['uniqueness_share']:.1%}"}
    text += say("behaviour.id_best", title=best["title"], score=f"{best['score']:.2f}", **values)
    thin = rest.sort_values(["coverage_share", "identifier"]).iloc[0]
    if thin["identifier"] != best["identifier"]:
        text += say("behaviour.id_thin", title=thin["title"], share=f"{thin['coverage_share']:.1%}")
    named = "、".join(f"{say(f'behaviour.weight_{k}')} {v:g}" for k, v in weights.items())
    unknown = scores["stability_share"].isna().all()
    return (
        text + say("behaviour.id_weights", weights=named) + (say("behaviour.id_unstable") if unknown else "")
    )


def describe_gathered(data: Mapping[str, Gathered], leads: pd.DataFrame, day: str) -> str:
    """Say how many prospects are known by the day of the lesson, and what the file lacks.

    Parameters
    ----------
    data
        What `gather_data` returned.
    leads
        What `know_leads` returned.
    day
        ISO date.
    """
    text = say("behaviour.day", day=day, n=f"{len(leads):,}")
    facts = leads.attrs
    text += say("behaviour.later", n=f"{facts['n_later']:,}") if facts.get("n_later") else ""
    if facts.get("lacking"):
        from crm_lib.schema import load_schema

        titles = "、".join(load_schema("leads").column(c).title for c in facts["lacking"])
        text += say("behaviour.lacking", titles=titles)
    text += say("behaviour.numbered", n=facts["n_numbered"]) if facts.get("n_numbered") else ""
    gone = [say(f"behaviour.table_{k}") for k, d in data.items() if d.rows is None]
    return text + (say("behaviour.left_out", tables="、".join(gone)) if gone else "")


def describe_methods(methods: pd.DataFrame) -> str:
    """Say which method yields most, whether that can be told from chance, and what a deal costs.

    Parameters
    ----------
    methods
        What `measure_methods` returned.
    """
    n, deals = int(methods["n_leads"].sum()), int(methods["n_deals"].sum())
    text = say("behaviour.methods_all", n=f"{n:,}", methods=len(methods), deals=f"{deals:,}")
    unknown = int((methods["family"] == "other").sum())
    text += say("behaviour.methods_other", n=unknown) if unknown else ""
    if not deals:
        return text + say("behaviour.methods_none")
    best = methods.iloc[0]
    values = {
        "share": f"{best['yield_share']:.1%}",
        "low": f"{best['low_share']:.1%}",
        "high": f"{best['high_share']:.1%}",
    }
    text += say(
        "behaviour.methods_best",
        name=best["source_method"] or say("behaviour.unnamed"),
        n=best["n_leads"],
        **values,
    )
    rest = methods.iloc[1:]
    if len(rest):
        near = int((rest["high_share"] >= best["low_share"]).sum())
        key = "apart" if not near else "open"
        text += say(f"behaviour.methods_{key}", n=near, all=len(rest))
    return text + _compare_families(methods) + _tell_cost(methods, deals)


def _compare_families(methods: pd.DataFrame) -> str:
    from crm_lib.stats import interval_of_share

    sums = methods.groupby("family")[["n_leads", "n_deals"]].sum()
    if not {"traditional", "electronic"} <= set(sums.index):
        return ""
    rows = {
        f: interval_of_share(int(sums.loc[f, "n_deals"]), int(sums.loc[f, "n_leads"])) for f in sums.index
    }
    old, new = rows["traditional"], rows["electronic"]
    apart = old.low > new.high or new.low > old.high
    return say(
        "behaviour.families_apart" if apart else "behaviour.families_open",
        old=f"{old.estimate:.1%}",
        new=f"{new.estimate:.1%}",
    )


def _tell_cost(methods: pd.DataFrame, deals: int) -> str:
    if methods["n_without_cost"].sum():
        return say("behaviour.cost_gaps", n=int(methods["n_without_cost"].sum()))
    text = say(
        "behaviour.cost", cost=f"{methods['cost'].sum():,.2f}", deal=f"{methods['cost'].sum() / deals:,.2f}"
    )
    idle = methods[methods["n_deals"] == 0]
    return text + (
        say("behaviour.cost_idle", n=len(idle), cost=f"{idle['cost'].sum():,.2f}") if len(idle) else ""
    )


def describe_scores(scores: pd.DataFrame | None, agree: pd.DataFrame | None) -> str:
    """Say which touchpoint is scored lowest, whether that is certain, and how two kinds of observers differ.

    Parameters
    ----------
    scores, agree
        What `show_scores` returned.
    """
    if scores is None or scores.empty:
        return say("behaviour.scores_none")
    low, rest = scores.iloc[0], scores.iloc[1:]
    text = say(
        "behaviour.scores_low",
        name=low["touchpoint"],
        mean=f"{low['mean_score']:.2f}",
        n=int(low["n_scores"]),
    )
    if len(rest):
        top = rest.iloc[-1]
        apart = low["high_score"] < top["low_score"]
        text += say("behaviour.scores_apart" if apart else "behaviour.scores_open", name=top["touchpoint"])
    if agree is None or agree.empty:
        return text
    pair = agree.iloc[0]
    values = {"first": pair["observer_1"], "second": pair["observer_2"], "n": int(pair["n_common"])}
    gap = pair["mean_difference"]
    key = "agree_same" if abs(gap) < 0.25 else "agree_higher" if gap > 0 else "agree_lower"
    return text + say(f"behaviour.{key}", gap=f"{abs(gap):.2f}", near=f"{pair['near_share']:.0%}", **values)


def describe_waiting(counts: pd.DataFrame, waiting: pd.DataFrame) -> str:
    """Say how the wait is felt, and how many times are not known.

    Parameters
    ----------
    counts
        What `show_waiting` returned.
    waiting
        What `classify_waiting` returned.
    """
    n = int(counts["n_pairs"].sum())
    if not n:
        return say("behaviour.wait_none")
    by = counts.set_index("experience")["n_pairs"]
    good, bad = int(by["very_good"] + by["good"]), int(by["poor"] + by["very_poor"])
    text = say("behaviour.wait_all", n=n, good=f"{good / n:.1%}", bad=f"{bad / n:.1%}")
    key = "wait_more_good" if good > bad else "wait_more_bad" if bad > good else "wait_even"
    text += say(f"behaviour.{key}")
    unknown = int(waiting.attrs.get("n_unknown", 0))
    return text + (say("behaviour.wait_unknown", n=unknown) if unknown else "")


def describe_stories(coded: pd.DataFrame | None) -> str:
    """Say what the stories tell most, and what of it is told badly.

    Parameters
    ----------
    coded
        What `code_stories` returned.
    """
    if coded is None:
        return say("behaviour.stories_none")
    facts = coded.attrs
    top = coded.iloc[0]
    text = say(
        "behaviour.stories_all",
        n=facts["n_texts"],
        found=int(coded["n_mentions"].sum()),
        left=facts["n_uncoded"],
    )
    text += say("behaviour.stories_top", code=top["code"], n=int(top["n_mentions"]))
    known = coded[coded["n_good"] + coded["n_bad"] >= _FEW]
    if known.empty:
        return text + say("behaviour.stories_few", least=_FEW)
    share = (known["n_bad"] / (known["n_good"] + known["n_bad"])).round(9)
    worst = known.assign(_s=share).sort_values(["_s", "code"], ascending=[False, True]).iloc[0]
    return text + say(
        "behaviour.stories_bad", code=worst["code"], share=f"{worst['_s']:.0%}", n=int(worst["n_bad"])
    )


def describe_aspects(table: pd.DataFrame, shopping: Shopping) -> str:
    """Say what stands out in one's own behaviour, and where the two differ most.

    Parameters
    ----------
    table
        What `show_aspects` returned: two people.
    shopping
        One's own, what `read_shopping` returned.
    """
    mine = table.columns[3]
    own = dict(zip(table["measure"], table[mine], strict=True))
    text = say("behaviour.aspects_n", n=shopping.n_rows)
    if own["n_purchases"]:
        values = {
            "n": int(own["n_purchases"]),
            "spent": f"{own['spent']:,.2f}",
            "category": own["usual_category"] or "—",
        }
        text += say(
            "behaviour.aspects_buy", **values, way=own["usual_way"] or "—", reason=own["usual_reason"] or "—"
        )
    empty = [s for s in table["aspect"].unique() if _is_blank(table[table["aspect"] == s], mine)]
    text += say("behaviour.aspects_empty", aspects="、".join(empty)) if empty else ""
    return text + _find_widest(table)


def _is_blank(part: pd.DataFrame, name: str) -> bool:
    return all(v is None or v == "" or v != v or v == 0 for v in part[name])


def _find_widest(table: pd.DataFrame) -> str:
    """Name the share in which two people differ most."""
    from crm_lib.lesson.behaviour_shop import name_measure

    if table.shape[1] < 5:
        return ""
    first, second = table.columns[3:5]
    shares = table[table["measure"].str.endswith("_share")]
    gaps = (shares[first].astype("float64") - shares[second].astype("float64")).abs()
    if gaps.notna().sum() == 0 or gaps.max() < _EQUAL:
        return say("behaviour.aspects_alike", gap=f"{_EQUAL * 100:.0f}")
    row = shares.loc[gaps.idxmax()]
    values = {first: f"{float(row[first]):.0%}", second: f"{float(row[second]):.0%}"}
    return say(
        "behaviour.aspects_gap",
        measure=name_measure(row["measure"]),
        one=values[first],
        other=values[second],
        name=second,
    )
