"""Computed sentences of the behaviour lesson: steps three and four."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping


def describe_grades(graded: pd.DataFrame) -> str:
    """Say how many prospects each grade has, and what keeps the others out.

    Parameters
    ----------
    graded
        What `grade_prospects` returned.
    """
    from crm_lib.catalogue import column_title
    from crm_lib.schema import load_schema

    n = len(graded)
    counts = graded["sales_grade"].value_counts()
    parts = [say("behaviour.grade_n", grade=g, n=int(counts.get(g, 0))) for g in ("A", "B", "C")]
    without = int(counts.get("", 0))
    text = say("behaviour.grades", n=f"{n:,}", parts="，".join(parts))
    text += (
        say("behaviour.grades_none", n=without, share=f"{without / n:.1%}")
        if without
        else say("behaviour.grades_all")
    )
    unknown = int((graded["unknown"] != "").sum())
    text += say("behaviour.grades_unknown", n=unknown) if unknown else ""
    lacking = (
        graded
        .loc[(graded["sales_grade"] == "B") & (graded["unmet"] != ""), "unmet"]
        .str.split("、")
        .explode()
    )
    if len(lacking):
        names = load_schema("leads")
        counts = lacking.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        top, times = counts.index[0], int(counts.iloc[0])
        title = names.column(top).title if top in names.names else column_title(top)
        text += say("behaviour.grades_next", title=title, n=times)
    return text


def describe_intent(summary: pd.DataFrame, found: pd.DataFrame, leads: pd.DataFrame) -> str:
    """Say how many prospects are in each class, and whom the notes lift from 潜在 to 意向.

    Parameters
    ----------
    summary
        What `summarize_intent` returned.
    found
        What `find_intent_in_notes` returned.
    leads
        What `classify_intent` returned.
    """
    by = summary.set_index("intent")["n_leads"]
    text = say("behaviour.intent", **{"p": int(by["潜在"]), "q": int(by["意向"]), "d": int(by["成交"])})
    n = found.attrs.get("n_potential", 0)
    key = "intent_found" if len(found) else "intent_nothing"
    text += say(f"behaviour.{key}", n=len(found), all=n)
    undone = found.attrs.get("n_undone", 0)
    text += say("behaviour.intent_undone", n=undone) if undone else ""
    unsigned = int((leads["evidence"] == "unsigned").sum())
    moved = int(((leads["evidence"] == "signed") & (leads["recorded"] != "成交")).sum())
    text += say("behaviour.intent_unsigned", n=unsigned) if unsigned else ""
    return text + (say("behaviour.intent_signed", n=moved) if moved else "")


def describe_schedule(schedule: pd.DataFrame, effort: pd.DataFrame, new: dict[str, float]) -> str:
    """Say who is neglected, whether there is time enough, and whether new prospects come in.

    Parameters
    ----------
    schedule
        What `schedule_follow_ups` returned.
    effort
        What `measure_effort` returned.
    new
        What `count_new` returned.
    """
    n, late = len(schedule), int((schedule["overdue_days"].fillna(0) > 0).sum())
    text = say("behaviour.due", day=schedule.attrs["as_of"], n=f"{n:,}", late=f"{late:,}")
    mine = schedule[(schedule["intent"] == "意向") & (schedule["overdue_days"].fillna(0) > 0)]
    if len(mine):
        middle = float(mine["overdue_days"].astype("float64").median())
        text += say("behaviour.due_intent", n=len(mine), days=f"{middle:,.0f}")
    hours = float(effort["monthly_hours"].sum())
    people = schedule.loc[schedule["salesperson"] != "", "salesperson"].nunique()
    text += say("behaviour.effort", hours=f"{hours:.1f}")
    text += say("behaviour.effort_each", n=people, hours=f"{hours / people:.1f}") if people else ""
    most = effort.sort_values(["monthly_hours", "intent", "sales_grade"], ascending=[False, True, True]).iloc[
        0
    ]
    grade = (
        say("behaviour.grade_words", grade=most["sales_grade"])
        if most["sales_grade"]
        else say("behaviour.no_grade")
    )
    text += say("behaviour.effort_most", name=most["intent"] + grade, share=f"{most['hours_share']:.0%}")
    wanted = schedule.attrs["limits"]["new_per_day"]
    key = "new_enough" if new["per_day"] >= wanted else "new_few"
    return text + say(
        f"behaviour.{key}", n=int(new["n_new"]), per=f"{new['per_day']:.2f}", wanted=f"{wanted:g}"
    )


def describe_deals(deals: pd.DataFrame, schedule: pd.DataFrame) -> str:
    """Say what the deals are worth, whose service runs out, and who has a need noted.

    Parameters
    ----------
    deals
        What `list_deals` returned.
    schedule
        What `schedule_follow_ups` returned.
    """
    n = len(deals)
    if not n:
        return say("behaviour.deals_none")
    known = deals["signed_amount"].dropna()
    text = say("behaviour.deals", n=n, known=len(known), amount=f"{known.sum():,.2f}")
    left = deals["days_to_expiry"].dropna().astype("int64")
    notice = int(schedule.attrs["limits"]["expiry_notice_days"])
    over, soon = int((left < 0).sum()), int(((left >= 0) & (left <= notice)).sum())
    text += say("behaviour.deals_over", n=over) if over else ""
    text += say("behaviour.deals_soon", n=soon, days=notice) if soon else ""
    need, named = (
        int(deals["latent_need"].notna().sum()),
        deals["referrals"].fillna(0).astype("float64").sum(),
    )
    return (
        text
        + say("behaviour.deals_need", n=need)
        + (say("behaviour.deals_named", n=int(named)) if named else "")
    )


def describe_fields(fields: pd.DataFrame) -> str:
    """Say which columns are redundant.

    Parameters
    ----------
    fields
        What `find_redundant` returned.
    """
    n = fields["verdict"].value_counts()
    drop = int(n.get("empty", 0) + n.get("constant", 0) + n.get("twin", 0))
    names = "、".join(fields.loc[fields["verdict"].isin(["empty", "constant", "twin"]), "field"])
    key = "fields_drop" if drop else "fields_keep"
    text = say(f"behaviour.{key}", n=len(fields), drop=drop, names=names)
    private = "、".join(fields.loc[fields["verdict"] == "private", "field"])
    return text + (say("behaviour.fields_private", names=private) if private else "")


def describe_quality(findings: pd.DataFrame, scores: pd.DataFrame, ranked: pd.DataFrame) -> str:
    """Say how good the data are, in which dimension least, and what to mend first.

    Parameters
    ----------
    findings
        What `assess_quality` returned.
    scores, ranked
        What `show_quality` returned.
    """
    low = scores.sort_values(["score", "dimension"]).iloc[0]
    text = say(
        "behaviour.quality_all",
        n=f"{len(findings):,}",
        dims=len(scores),
        mean=f"{scores['score'].mean():.2f}",
    )
    if findings.empty:
        return text + say("behaviour.quality_clean")
    text += say(
        "behaviour.quality_low",
        name=low["dimension"],
        score=f"{low['score']:.2f}",
        n=f"{int(low['n_bad']):,}",
    )
    cause = findings["cause"].value_counts()
    top = cause.sort_index().sort_values(ascending=False, kind="stable")
    text += say("behaviour.quality_cause", name=top.index[0], share=f"{top.iloc[0] / len(findings):.0%}")
    first = ranked.iloc[0]
    values = {
        "detail": str(first["detail"]).rstrip("。"),
        "gain": f"{first['gain']:.2f}",
        "effort": first["effort"],
    }
    return text + say("behaviour.quality_first", n=f"{int(first['n_findings']):,}", **values)


def describe_management(scored: pd.DataFrame, *, own: bool) -> str:
    """Say how the four dimensions of management quality score, and where the worst gap is.

    Parameters
    ----------
    scored
        What `score_management` returned.
    own
        The answers come from a file of the user's.
    """
    known = scored.dropna(subset=["score"])
    text = say("behaviour.manage_own" if own else "behaviour.manage_invented")
    if known.empty:
        return text + say("behaviour.manage_none")
    low = known.sort_values(["score", "dimension"]).iloc[0]
    overall = scored.attrs["overall"]
    text += say(
        "behaviour.manage", overall=f"{overall:.1f}", name=low["dimension"], score=f"{low['score']:.1f}"
    )
    gaps = scored.attrs["gaps"]
    text += (
        say("behaviour.manage_gap", n=len(gaps), text=gaps[0]["text"].rstrip("。"))
        if gaps
        else say("behaviour.manage_ok")
    )
    unproven = int(scored["n_unproven"].sum())
    return text + (say("behaviour.manage_unproven", n=unproven) if unproven else "")


def describe_faults(mine: Shopping, other: Shopping) -> str:
    """Say what is wrong, uncertain and lacking in one's own table, beside the classmate's.

    Parameters
    ----------
    mine, other
        What `read_shopping` returned.
    """
    from crm_lib.identify import score_shopping

    faults, gaps = _count_faults(mine)
    text = say("behaviour.faults", n=mine.n_rows, faults=faults, unsure=len(mine.uncertain), gaps=gaps)
    his_faults, his_gaps = _count_faults(other)
    text += say(
        "behaviour.faults_other",
        n=other.n_rows,
        faults=his_faults,
        unsure=len(other.uncertain),
        gaps=his_gaps,
    )
    scores, his = score_shopping(mine), score_shopping(other)
    both = list(zip(scores["dimension"], scores["score"], his["score"], strict=True))
    better = [d for d, a, b in both if a > b + 1e-9]
    worse = [d for d, a, b in both if a < b - 1e-9]
    text += say("behaviour.faults_better", names="、".join(better)) if better else ""
    text += say("behaviour.faults_worse", names="、".join(worse)) if worse else ""
    return text + (say("behaviour.faults_even") if not better and not worse else "")


def _count_faults(shopping: Shopping) -> tuple[int, int]:
    gaps = shopping.faults["kind"].isin(["missing", "no_sheet", "no_column"])
    return int((~gaps).sum()), int(gaps.sum())


def describe_validity(stale: dict[str, int], mine: Shopping) -> str:
    """Answer with numbers whether accurate data are always valid.

    Parameters
    ----------
    stale
        What `count_stale` returned.
    mine
        What `read_shopping` returned.
    """
    text = say("behaviour.valid", n=stale["n_clean"], stale=stale["n_stale"], days=stale["days"])
    outside = int((mine.faults["kind"] == "outside_period").sum())
    text += say("behaviour.valid_own", n=outside) if outside else ""
    return text + say("behaviour.valid_yes" if stale["n_stale"] or outside else "behaviour.valid_no")


def describe_channels(channels: Any) -> str:
    """Say how many of the channels are direct, and how many bring an answer back.

    Parameters
    ----------
    channels
        What `show_channels` returned.
    """
    direct = int((channels["kind"] == "直接").sum())
    both = int((channels["flow"] == "双向").sum())
    return say("behaviour.channels", n=len(channels), direct=direct, both=both)
