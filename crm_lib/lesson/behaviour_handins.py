"""The Word and Excel hand-ins of the behaviour lesson."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, list_titles, say, sheet_title
from crm_lib.lesson.behaviour_reports import (
    plain_text,
    write_analysis,
    write_aspects,
    write_channels,
    write_checklist,
    write_clicks,
    write_engines,
    write_plan,
    write_summary,
)
from crm_lib.lesson.behaviour_shop import name_measure
from crm_lib.lesson.behaviour_steps import title_all
from crm_lib.lesson.display import finding
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping

_LINKED = [
    *(
        "lead_id",
        "intent",
        "sales_grade",
        "source_method",
        "carrier",
        "found_on",
        "planned_amount",
        "decision_days",
    ),
    *("due_on", "overdue_days", "purpose", "note"),
]
_IN_WORD = ["sales_grade", "source_method", "carrier", "due_on", "overdue_days", "purpose"]
_TITLES = {
    "note": "跟进记录",
    "carrier": "载体",
    "found_on": "发现日期",
    "planned_amount": "计划采购金额",
    "decision_days": "预计决策天数",
}
_MOST_LINKED = 500
_HANDED_IN = (
    *("mine", "other", "aspects", "plan", "leads"),
    *("schedule", "fields", "improvements", "clicks", "channels"),
)


def export_handins(
    *,
    mine: Shopping,
    other: Shopping,
    aspects: pd.DataFrame,
    plan: pd.DataFrame,
    leads: pd.DataFrame,
    schedule: pd.DataFrame,
    fields: pd.DataFrame,
    improvements: pd.DataFrame,
    clicks: dict[str, Any] | None,
    channels: pd.DataFrame,
    sentences: Mapping[str, str],
) -> list[Path]:
    """Write the hand-ins of the task into ``tables/`` beside the report, and say which.

    Parameters
    ----------
    mine, other
        One's own and the classmate's table.
    aspects
        What `show_aspects` returned.
    plan
        What `plan_collection` returned.
    leads, schedule
        Prospects with class and grade; who is due when.
    fields, improvements
        What `find_redundant` and `list_improvements` returned.
    clicks
        What `report_clicks` returned.
    channels
        What `show_channels` returned.
    sentences
        The computed sentences that go into the reports: methods, intent, grades, schedule, quality,
        management, faults, validity.

    Returns
    -------
    list of Path
        plan.docx, search_engines.xlsx, prospects.xlsx, prospects.docx, seven_aspects.docx,
        behaviour_analysis.xlsx, summary.docx, click_report.docx (with clicks), channels.docx,
        management_checklist.xlsx, my_shopping_template.xlsx.
    """
    from crm_lib.identify import write_shopping_template

    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    written = [write_plan(folder / "plan.docx", plan, mine), write_engines(folder / "search_engines.xlsx")]
    written += write_prospects(folder, leads, schedule, sentences)
    written.append(write_aspects(folder / "seven_aspects.docx", aspects, mine))
    written.append(write_analysis(folder / "behaviour_analysis.xlsx", aspects, mine, fields, improvements))
    written.append(write_summary(folder / "summary.docx", mine, other, improvements, sentences))
    if clicks is not None:
        written.append(write_clicks(folder / "click_report.docx", clicks))
    written.append(write_channels(folder / "channels.docx", channels))
    written.append(write_checklist(folder / "management_checklist.xlsx"))
    written.append(write_shopping_template(folder / "my_shopping_template.xlsx"))
    files = "、".join(p.name for p in written)
    finding(say("behaviour.written", files=files) + say("behaviour.linked"))
    return written


def write_prospects(
    folder: Path, leads: pd.DataFrame, schedule: pd.DataFrame, sentences: Mapping[str, str]
) -> list[Path]:
    """Write the prospects as a workbook and a document that point at each other, row by row.

    Parameters
    ----------
    folder
        Folder of both.
    leads, schedule
        Prospects with class and grade; who is due when, whose order the rows follow.
    sentences
        intent, grades and methods stand before the tables.
    """
    from crm_lib.readwrite.links import LinkedTable, write_linked
    from crm_lib.readwrite.word import HeadingBlock, TextBlock

    due = schedule[["lead_id", "due_on", "overdue_days", "purpose"]]
    rows = due.merge(leads.drop(columns=["purpose"], errors="ignore"), on="lead_id", how="left")
    shown = rows.reindex(columns=_LINKED).head(_MOST_LINKED)
    shown["sales_grade"] = [g or say("behaviour.no_grade") for g in shown["sales_grade"]]
    titles = {**title_all(shown), **_TITLES}
    groups = {name: say("handin.group", name=name) for name in ("意向", "成交", "潜在")}
    table = LinkedTable(shown, "lead_id", sheet_title("prospects"), "intent", _IN_WORD, titles, groups)
    texts = [say("handin.prospects_about"), *(sentences[k] for k in ("methods", "intent", "grades"))]
    texts += [say("handin.prospects_cut", n=_MOST_LINKED, all=len(rows))] if len(rows) > _MOST_LINKED else []
    blocks = [HeadingBlock(say("handin.prospects"), 0), *(TextBlock(plain_text(t)) for t in texts)]
    return list(write_linked(folder / "prospects.xlsx", folder / "prospects.docx", table, blocks=blocks))


def export_lesson(
    kit: Mapping[str, Any], data: Mapping[str, Any], *, day: str, own_checklist: bool
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Write cards and hand-ins, and return what the lesson exports as tables and figures.

    Parameters
    ----------
    kit
        What the steps made: mine, other, aspects, plan, leads, schedule, fields, improvements, clicks, channels,
        findings, scores, ranked, management, methods, waiting, effort, found.
    data
        What `gather_data` returned.
    day
        ISO date of the lesson.
    own_checklist
        The checklist was answered in a file of the user's.

    Returns
    -------
    tuple of dict
        Tables, none of them with names, telephone numbers or addresses, and the figures of the run.
    """
    from crm_lib.lesson.behaviour_cards import make_lesson_cards, write_lesson_cards

    leads, other = kit["leads"], kit["other"]
    finding(write_lesson_cards(make_lesson_cards(data, leads, other, day), other))
    sentences = _say_again(kit, data, day, own_checklist)
    export_handins(**{name: kit[name] for name in _HANDED_IN}, sentences=sentences)
    return _gather_tables(kit), _gather_figures(kit, day)


def _gather_tables(kit: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    leads = kit["leads"].drop(columns=["name", "phone"], errors="ignore")
    leads = leads.assign(**{c: [_title_lead_columns(v) for v in leads[c]] for c in ("unmet", "unknown")})
    aspects = kit["aspects"].assign(measure=[name_measure(m) for m in kit["aspects"]["measure"]])
    faults, quality = kit["mine"].faults, kit["findings"].drop(columns=["value"], errors="ignore")
    return {
        "leads": _name_columns(_word(leads, "evidence", "evidence"), note=_TITLES["note"]),
        "schedule": _name_columns(_word(kit["schedule"], "reason", "due")),
        "methods": _name_columns(
            _word(_word(kit["methods"], "family", "family"), "route", "route"), route=say("handin.origin")
        ),
        "effort": _name_columns(kit["effort"]),
        "waiting": _name_columns(_word(kit["waiting"].dropna(how="all"), "experience", "wait")),
        "quality": _name_columns(_word(quality, "table", "of"), record=say("handin.number")),
        "aspects": _name_columns(aspects.astype(dict.fromkeys(aspects.columns[3:], "str"))),
        "faults": _name_columns(_word(faults.drop(columns=["table", "column"]), "kind", "fault")),
        "fields": _name_columns(_word(kit["fields"], "verdict", "field")),
    }


def _title_lead_columns(names: str) -> str:
    """Return the names of columns, joined by 、, by their titles."""
    from crm_lib.schema import load_schema

    titles = {c.name: c.title for c in load_schema("leads").columns}
    return "、".join(titles.get(name, name) for name in names.split("、"))


def _word(frame: pd.DataFrame, column: str, group: str) -> pd.DataFrame:
    """Return `frame` with the codes of a column in words; what has no code stays."""
    values = frame[column].astype(object)
    return frame.assign(**{
        column: [say(f"behaviour.{group}_{v}") if isinstance(v, str) and v else v for v in values]
    })


def _name_columns(frame: pd.DataFrame, **own: str) -> pd.DataFrame:
    """Return `frame` with a Chinese title for each column that has none of its own in the catalogue."""
    titles, known = list_section("behaviour_columns"), list_titles()
    return frame.rename(columns={c: own.get(c, titles.get(c, c)) for c in frame.columns if c not in known})


def _say_again(kit: Mapping[str, Any], data: Mapping[str, Any], day: str, own: bool) -> dict[str, str]:
    from crm_lib.identify import count_new, summarize_intent
    from crm_lib.lesson import behaviour_verdicts as verdicts
    from crm_lib.lesson.behaviour_judge import count_stale
    from crm_lib.lesson.behaviour_words import describe_methods

    leads, findings = kit["leads"], kit["findings"]
    new = count_new(leads, as_of=day)
    return {
        "methods": describe_methods(kit["methods"]),
        "intent": verdicts.describe_intent(summarize_intent(leads), kit["found"], leads),
        "grades": verdicts.describe_grades(leads),
        "schedule": verdicts.describe_schedule(kit["schedule"], kit["effort"], new),
        "quality": verdicts.describe_quality(findings, kit["scores"], kit["ranked"]),
        "management": verdicts.describe_management(kit["management"], own=own),
        "faults": verdicts.describe_faults(kit["mine"], kit["other"]),
        "validity": verdicts.describe_validity(count_stale(leads, findings, day), kit["mine"]),
    }


def _gather_figures(kit: Mapping[str, Any], day: str) -> dict[str, Any]:
    from crm_lib.identify import measure_wallet_share, score_shopping, summarize_intent, summarize_waiting
    from crm_lib.lesson.behaviour_data import keep_wallet

    leads, schedule, clicks = kit["leads"], kit["schedule"], kit["clicks"]
    return {
        "as_of": day,
        "n_leads": len(leads),
        "intent": summarize_intent(leads),
        "grades": {g or "none": int((leads["sales_grade"] == g).sum()) for g in ("A", "B", "C", "")},
        "n_found": len(kit["found"]),
        "n_overdue": int((schedule["overdue_days"].fillna(0) > 0).sum()),
        "monthly_hours": float(kit["effort"]["monthly_hours"].sum()),
        "methods": kit["methods"],
        "waiting": summarize_waiting(kit["waiting"]),
        "wallet": measure_wallet_share(keep_wallet(kit["mine"])),
        "own_scores": score_shopping(kit["mine"]),
        "own_faults": len(kit["mine"].faults),
        "quality": kit["scores"],
        "n_findings": len(kit["findings"]),
        "management": kit["management"],
        "n_sessions": clicks["n_sessions"] if clicks else 0,
    }
