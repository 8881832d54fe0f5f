"""The tables of steps one to three of the lesson on customer information."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.information_data import show_step

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = ("collect", "later", "no_need", "never")
_FIELDS = ["category", "field", "kind", "purpose", "source", "basis", "sensitivity", "verdict"]


def show_types() -> None:
    """Show the three kinds of information and the three structures."""
    from crm_lib.identify import list_kinds

    show_step(list_kinds(), say("information.cap_kinds"))
    show_step(list_kinds("structures"), say("information.cap_structures"))


def decide_fields(tables: Mapping[str, pd.DataFrame], *, needs: Collection[str], stage: str) -> pd.DataFrame:
    """Decide per field of the dictionary, and show it per subject.

    Parameters
    ----------
    tables
        What is known, by contract.
    needs
        The firm's own needs.
    stage
        Stage of the customer.

    Returns
    -------
    DataFrame
        One row per field: the dictionary, what the tables hold of it, verdict.
    """
    from crm_lib.identify import cover_information, decide_information, load_information

    held = cover_information(load_information(), tables)
    out = decide_information(held, needs=needs, stage=stage)
    for subject in ("个人", "企业"):
        shown = word_verdicts(out[out["subject"] == subject][_FIELDS])
        show_step(shown, say("information.cap_fields", subject=subject, stage=stage), most=40)
    return out


def word_verdicts(fields: pd.DataFrame) -> pd.DataFrame:
    """Return the fields with the verdicts in words.

    Parameters
    ----------
    fields
        What `decide_fields` returned.
    """
    return fields.assign(verdict=[say(f"information.verdict_{v}") for v in fields["verdict"]])


def count_fields(fields: pd.DataFrame) -> pd.DataFrame:
    """Show per subject and category how many fields there are and what becomes of them, and return it.

    Parameters
    ----------
    fields
        What `decide_fields` returned.

    Returns
    -------
    DataFrame
        subject, category, n_fields, then n_collect, n_later, n_no_need, n_never.
    """
    import pandas as pd

    rows = [
        (subject, category, len(part), *(int((part["verdict"] == v).sum()) for v in VERDICTS))
        for (subject, category), part in fields.groupby(["subject", "category"], sort=False)
    ]
    columns = ["subject", "category", "n_fields", *(f"n_{v}" for v in VERDICTS)]
    out = pd.DataFrame(rows, columns=columns)
    show_step(out, say("information.cap_counts"))
    return out


def show_testing(n_customers: int, *, want_share: float, fee: float) -> pd.DataFrame:
    """Show what it costs not to know who wants product testing, and return it.

    Parameters
    ----------
    n_customers, want_share, fee
        See `weigh_testing`.
    """
    from crm_lib.identify import weigh_testing

    out = weigh_testing(n_customers, want_share=want_share, fee=fee)
    shown = out.assign(way=[say(f"information.way_{w}") for w in out["way"]])
    show_step(shown, say("information.cap_testing", n=f"{n_customers:,}"))
    return out


def show_worth(tables: Mapping[str, pd.DataFrame], day: str, **assumptions: float) -> pd.DataFrame:
    """Show what information is worth in eight decisions, and return it.

    Parameters
    ----------
    tables
        What is known, by contract.
    day
        ISO date.
    **assumptions
        Your own in place of ours, as `load_assumptions` names them.

    Returns
    -------
    DataFrame
        What `value_information` returned.
    """
    from crm_lib.identify import value_information

    out = value_information(tables, as_of=day, assumptions=assumptions)
    show_step(word_worth(out).drop(columns="use"), say("information.cap_worth"))
    return out


def word_worth(worth: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions in words: what is done without, what with, the difference, what is assumed.

    Parameters
    ----------
    worth
        What `value_information` returned.
    """
    import pandas as pd

    given = worth.attrs["assumptions"]
    values = {k: f"{v:.0%}" for k, v in given.items()} | {f"{k}_yuan": f"{v:g}" for k, v in given.items()}
    out = pd.DataFrame({"use": [say(f"information.use_{u}") for u in worth["use"]]})
    for column in ("item", "without", "with"):
        out[column] = [say(f"information.{column}_{i}") for i in worth["item"]]
    for column in ("without", "with", "value"):
        out[f"{column}_amount"] = worth[f"{column}_yuan"].to_numpy()
    return out.assign(assumption=[say(f"information.assume_{i}", **values) for i in worth["item"]])


def show_channels(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Show the nine channels with what the firm's tables hold of them, and return it.

    Parameters
    ----------
    tables
        What is known, by contract.
    """
    from crm_lib.identify import measure_channels

    out = measure_channels(tables)
    first = ["route", "channel", "through", "gives", "cost", "trust"]
    show_step(
        out[first].rename(columns={"cost": "cost_rank", "trust": "trust_rank"}),
        say("information.cap_channels"),
    )
    last = ["channel", "n_records", "n_customers", "filled_share", "record_cost"]
    shown = out[last].rename(columns={"record_cost": "record_amount"})
    show_step(shown[shown["n_records"] > 0], say("information.cap_measured"))
    return out


def show_ways(leads: pd.DataFrame) -> pd.DataFrame:
    """Show the 17 methods side by side with what each yielded, and return them.

    Parameters
    ----------
    leads
        Prospects known by the day.
    """
    from crm_lib.identify import compare_methods

    out = compare_methods(leads)
    show_step(word_ways(out), say("information.cap_ways"))
    return out


def word_ways(ways: pd.DataFrame) -> pd.DataFrame:
    """Return the methods with their codes in words.

    Parameters
    ----------
    ways
        What `show_ways` returned.
    """
    shown = ways.assign(
        family=[say(f"information.family_{f}") for f in ways["family"]],
        route=[say(f"information.route_{r}") for r in ways["route"]],
        lead_amount=ways["lead_cost"],
    )
    columns = ["source_method", "family", "route", "group", "cost_rank", "trust_rank", "customers"]
    return shown[[*columns, "n_leads", "n_deals", "yield_share", "lead_amount"]]


def show_rivals(tables: Mapping[str, pd.DataFrame], *, danger: float) -> pd.DataFrame | None:
    """Judge the rivals at our customers, show them, and return the judgement; None without records.

    Parameters
    ----------
    tables
        What is known, by contract.
    danger
        From which threat on a rival is dangerous.
    """
    from crm_lib.identify import judge_rivals, summarize_rivals

    records = tables.get("competitors")
    if records is None or records.empty:
        return None
    revenue = tables["orders"].groupby("customer_id")["amount"].sum()
    judged = judge_rivals(records, revenue, danger=danger, calm=min(0.3, danger))
    summary = summarize_rivals(judged).rename(columns={"revenue_at_risk": "risk_amount"})
    show_step(summary, say("information.cap_rivals"))
    show_step(word_rivals(judged), say("information.cap_rival_records"), most=8)
    return judged


def word_rivals(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the records of rivals in words.

    Parameters
    ----------
    judged
        What `show_rivals` returned.
    """
    from crm_lib.schema import load_schema

    titles = {c.name: c.title for c in load_schema("competitors").columns}
    names = ["；".join(titles.get(g, g) for g in gaps.split("、")) if gaps else "" for gaps in judged["gaps"]]
    verdicts = [say(f"information.rival_{v}") for v in judged["verdict"]]
    columns = ["customer_id", "rival", "product_used", "satisfaction", "rep", "selling_style", "relation"]
    columns += ["threat_score", "verdict", "revenue_at_risk", "gaps"]
    return judged.assign(verdict=verdicts, gaps=names)[columns].rename(
        columns={"verdict": "danger", "revenue_at_risk": "risk_amount"}
    )
