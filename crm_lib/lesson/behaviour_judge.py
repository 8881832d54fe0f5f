"""The tables of step four of the behaviour lesson: quality of the firm's data, faults of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.behaviour_data import Gathered
from crm_lib.lesson.behaviour_steps import load_table, show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping

STALE_DAYS = 180


def assess_tables(data: Mapping[str, Gathered], *, phone_prefixes: str = "") -> pd.DataFrame:
    """Hold the firm's tables against the quality rules, as of the last day they tell of.

    Parameters
    ----------
    data
        What `gather_data` returned.
    phone_prefixes
        Prefixes of invented telephone numbers, joined by commas.

    Returns
    -------
    DataFrame
        What `assess_quality` returned.
    """
    import pandas as pd

    from crm_lib.identify import assess_quality

    names = {"leads": "leads", "registers": "customers", "clicks": "clicks"}
    tables = {names[k]: d.raw for k, d in data.items() if k in names and d.raw is not None}
    days = []
    for one in data.values():
        frame = one.rows
        times = (
            [] if frame is None else [c for c in frame.columns if str(frame[c].dtype).startswith("datetime")]
        )
        days += [
            frame[c].dropna().quantile(0.995)
            for c in times
            if c not in ("service_expires_on", "birth_date") and frame[c].notna().any()
        ]
    day = max(days).date() + pd.Timedelta(days=1)
    prefixes = tuple(p.strip() for p in phone_prefixes.replace("，", ",").split(",") if p.strip())
    return assess_quality(tables, as_of=day, phone_prefixes=prefixes)


def show_quality(findings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Show the six scores, the causes, and the repairs that help most.

    Parameters
    ----------
    findings
        What `assess_quality` returned.

    Returns
    -------
    tuple
        Scores per dimension, ranked repairs.
    """
    import pandas as pd

    from crm_lib.identify import rank_repairs, score_quality, summarize_scores

    scores = summarize_scores(score_quality(findings))
    shown = scores[["dimension", "n_checked", "n_bad", "score"]].rename(columns={"n_bad": "n_bad_cells"})
    show_step(shown, say("behaviour.cap_quality"))
    causes = findings.groupby(["cause", "dimension"]).size().unstack(fill_value=0)
    causes = causes.reindex(
        index=["信息", "技术", "流程", "管理"], columns=list(scores["dimension"]), fill_value=0
    )
    shown = causes.assign(n_findings=causes.sum(axis=1)).rename_axis(None, axis=1).reset_index()
    show_step(shown, say("behaviour.cap_causes"))
    ranked = rank_repairs(findings) if len(findings) else pd.DataFrame()
    if len(ranked):
        top = ranked.assign(table=[say(f"behaviour.of_{t}") for t in ranked["table"]])
        columns = ["rank", "table", "detail", "dimension", "n_findings", "gain", "effort"]
        show_step(top[columns], say("behaviour.cap_repairs"), most=6)
    return scores, ranked


def show_management(checklist: str) -> pd.DataFrame:
    """Score the checklist of management quality and show scores and gaps.

    Parameters
    ----------
    checklist
        A file with item, answer, evidence, or empty for the invented answers of 旭东.
    """
    from crm_lib.identify import score_management
    from crm_lib.lesson.behaviour_checklist import read_checklist

    scored = score_management(read_checklist(checklist))
    show_step(scored, say("behaviour.cap_management"))
    return scored


def show_faults(shopping: Shopping) -> pd.DataFrame:
    """Show what is wrong in one's own table, one row per fault, and return the list.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.
    """
    faults = shopping.faults
    if len(faults):
        shown = faults[["sheet", "row", "title", "value", "dimension", "cause"]].copy()
        shown["row"] = [str(r) if r else "—" for r in faults["row"]]
        shown["title"] = [t or "—" for t in faults["title"]]
        shown = shown.rename(columns={"title": "field"})
        shown.insert(4, "problem", [say(f"behaviour.fault_{k}") for k in faults["kind"]])
        show_step(shown, say("behaviour.cap_faults"), most=15)
    return faults


def list_improvements(shopping: Shopping) -> pd.DataFrame:
    """List what to do about the faults, by kind, the most frequent first.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.

    Returns
    -------
    DataFrame
        problem, dimension, n, collect (how to collect better), sort (how to sort better), analyse.
    """
    import pandas as pd

    counts = shopping.faults["kind"].value_counts()
    order = sorted(counts.index, key=lambda k: (-counts[k], k))
    dims = dict(zip(shopping.faults["kind"], shopping.faults["dimension"], strict=True))
    rows = [(say(f"behaviour.fault_{k}"), dims[k], int(counts[k]), say(f"behaviour.mend_{k}")) for k in order]
    if len(shopping.uncertain):
        rows.append((
            say("behaviour.fault_uncertain"),
            "准确性",
            len(shopping.uncertain),
            say("behaviour.mend_uncertain"),
        ))
    out = pd.DataFrame(rows, columns=["problem", "dimension", "n", "mend"])
    if len(out):
        show_step(out, say("behaviour.cap_improve"))
    return out


def count_stale(
    leads: pd.DataFrame, findings: pd.DataFrame, day: str, *, days: int = STALE_DAYS
) -> dict[str, int]:
    """Count prospects whose record breaks no rule and is yet too old to act upon.

    Parameters
    ----------
    leads
        Prospects known by `day`.
    findings
        What `assess_quality` returned.
    day
        ISO date.
    days
        From how many days without a contact on.
    """
    import pandas as pd

    wrong = set(findings.loc[findings["table"] == "leads", "row"].astype("int64"))
    clean = leads[~leads["source_row"].astype("int64").isin(wrong)]
    last = clean[["found_on", "first_contact_on", "last_contact_on"]].max(axis=1)
    away = (pd.Timestamp(day) - last).dt.days
    return {"n_clean": len(clean), "n_stale": int((away >= days).sum()), "days": days}


def show_channels() -> pd.DataFrame:
    """Show the channels between a maker of daily goods and its customers, and return them."""
    frame = load_table("channels").sort_values(["kind", "place", "channel"], kind="stable", ignore_index=True)
    show_step(frame, say("behaviour.cap_channels"))
    return frame
