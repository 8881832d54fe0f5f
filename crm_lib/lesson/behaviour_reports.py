"""The single documents and workbooks of the behaviour lesson."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.behaviour_clicks import describe_clicks, name_event
from crm_lib.lesson.behaviour_data import keep_wallet, name_period
from crm_lib.lesson.behaviour_shop import name_measure, show_measure
from crm_lib.lesson.behaviour_steps import title_all

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Shopping
    from crm_lib.readwrite.word import Block


def plain_text(text: str) -> str:
    """Return `text` without its marks for bold."""
    return text.replace("**", "")


def _table(frame: pd.DataFrame, caption: str) -> Block:
    from crm_lib.readwrite.word import TableBlock

    return TableBlock(frame, caption, title_all(frame))


def _write(path: Path, title: str, parts: list[Any]) -> Path:
    """Write a document: texts become paragraphs, (heading, …) tuples their sections, blocks stay."""
    from crm_lib.readwrite.word import HeadingBlock, TextBlock, write_word

    blocks: list[Any] = [HeadingBlock(title, 0)]
    for part in parts:
        if isinstance(part, tuple):
            blocks += [
                HeadingBlock(part[0], 1),
                *(TextBlock(plain_text(p)) if isinstance(p, str) else p for p in part[1:]),
            ]
        else:
            blocks.append(TextBlock(plain_text(part)) if isinstance(part, str) else part)
    return write_word(path, blocks)


def write_plan(path: Path, plan: pd.DataFrame, mine: Shopping) -> Path:
    """Write the plan for collecting behaviour data.

    Parameters
    ----------
    path
        File to write.
    plan
        What `plan_collection` returned.
    mine
        One's own table.
    """
    shop = mine.about["shop"] or say("behaviour.some_shop")
    about = say("handin.plan_about", shop=shop, period=name_period(mine))
    return _write(
        path, say("handin.plan"), [about, _table(plan, say("behaviour.cap_plan")), say("handin.plan_rules")]
    )


def write_engines(path: Path) -> Path:
    """Write the table of search engines, a sheet per class and one for all.

    Parameters
    ----------
    path
        File to write.
    """
    from crm_lib.lesson.behaviour_steps import load_table
    from crm_lib.readwrite.excel import write_excel

    engines = load_table("engines")
    one = engines.assign(name=engines["name"].str.split("、")).explode("name", ignore_index=True)
    return write_excel(
        path, {say("handin.engines"): engines, say("handin.one_each"): one}, titles=title_all(engines)
    )


def write_aspects(path: Path, aspects: pd.DataFrame, mine: Shopping) -> Path:
    """Write one's own clothes buying by the seven aspects: what was measured, and the rows behind it.

    Parameters
    ----------
    path
        File to write.
    aspects
        What `show_aspects` returned.
    mine
        One's own table.
    """
    from crm_lib.identify import list_sheets

    name = aspects.columns[3]
    parts: list[Any] = [say("handin.aspects_about", shop=mine.about["shop"] or "—", period=name_period(mine))]
    for sheet in list_sheets():
        own = aspects[aspects["aspect"] == sheet.aspect]
        triples = zip(own["measure"], own[name], own["unit"], strict=True)
        lines = "；".join(f"{name_measure(m)}：{show_measure(v, m, u)}" for m, v, u in triples)
        rows = mine.tables[sheet.table.name][[c.name for c in sheet.asked]].head(30)
        body = [_sheet_table(rows, sheet)] if len(rows) else [say("handin.aspect_empty")]
        parts.append((sheet.aspect, lines + "。", *body))
    return _write(path, say("handin.aspects"), parts)


def _sheet_table(rows: pd.DataFrame, sheet: Any) -> Block:
    from crm_lib.readwrite.word import TableBlock

    return TableBlock(rows, sheet.table.title, {c.name: c.title for c in sheet.asked})


def write_analysis(
    path: Path, aspects: pd.DataFrame, mine: Shopping, fields: pd.DataFrame, improvements: pd.DataFrame
) -> Path:
    """Write all of step three into one workbook.

    Parameters
    ----------
    path
        File to write.
    aspects, fields, improvements
        The tables of the lesson.
    mine
        One's own table: a sheet per aspect.
    """
    from crm_lib.identify import list_sheets
    from crm_lib.readwrite.excel import write_excel

    names = list(aspects.columns[3:])
    shown = aspects[["aspect", "measure", *names]].copy()
    shown["measure"] = [name_measure(m) for m in aspects["measure"]]
    for name in names:
        cells = zip(aspects[name], aspects["measure"], aspects["unit"], strict=True)
        shown[name] = [show_measure(*cell) for cell in cells]
    sheets = {
        say("handin.sheet_aspects"): _retitle(shown),
        say("handin.sheet_wallet"): _retitle(keep_wallet(mine)),
    }
    for sheet in list_sheets():
        own = {c.name: c.title for c in sheet.table.columns}
        sheets[sheet.table.title] = mine.tables[sheet.table.name].rename(columns=own)[list(own.values())[1:]]
    kept = fields.assign(verdict=[say(f"behaviour.field_{v}") for v in fields["verdict"]])
    sheets[say("handin.sheet_fields")] = _retitle(kept)
    if len(improvements):
        sheets[say("handin.sheet_improve")] = _retitle(improvements)
    return write_excel(path, sheets)


def _retitle(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=title_all(frame))


def write_summary(
    path: Path, mine: Shopping, other: Shopping, improvements: pd.DataFrame, sentences: Mapping[str, str]
) -> Path:
    """Write the brief report of step four.

    Parameters
    ----------
    path
        File to write.
    mine, other
        One's own and the classmate's table.
    improvements
        What `list_improvements` returned.
    sentences
        faults, validity, quality, management, schedule.
    """
    import pandas as pd

    from crm_lib.identify import score_shopping

    pair = pd.DataFrame({
        "dimension": score_shopping(mine)["dimension"],
        say("handin.me"): score_shopping(mine)["score"].round(1),
        say("handin.classmate"): score_shopping(other)["score"].round(1),
    })
    better = (
        [_table(improvements, say("behaviour.cap_improve"))]
        if len(improvements)
        else [say("handin.no_fault")]
    )
    parts = [
        say("handin.summary_about"),
        (
            say("handin.own"),
            sentences["faults"],
            _table(pair, say("behaviour.cap_score_pair")),
            sentences["validity"],
        ),
        (say("handin.better"), *better),
        (say("handin.firm"), sentences["quality"], sentences["management"], sentences["schedule"]),
    ]
    return _write(path, say("handin.summary"), parts)


def write_clicks(path: Path, clicks: Mapping[str, Any]) -> Path:
    """Write the click report.

    Parameters
    ----------
    path
        File to write.
    clicks
        What `report_clicks` returned.
    """
    funnel, paths, dwell = (clicks[k] for k in ("funnel", "paths", "dwell"))
    first = funnel.assign(step=[name_event(e) for e in funnel["step"]])
    first = first[["step", "n_reached", "n_lost", "share_of_previous"]].rename(
        columns={"share_of_previous": "previous_share"}
    )
    second = paths.assign(path=[" → ".join(map(name_event, p.split(" → "))) for p in paths["path"]])
    third = dwell.assign(page=[name_event(p) for p in dwell["page"]])[
        ["page", "n_views", "n_last", "median_seconds"]
    ]
    tables = [
        _table(first, say("behaviour.cap_funnel")),
        _table(second[["path", "n_sessions", "session_share"]], say("behaviour.cap_paths")),
        _table(third, say("behaviour.cap_dwell")),
    ]
    parts = [describe_clicks(dict(clicks)), *tables, say("handin.clicks_group")]
    return _write(path, say("handin.clicks"), parts)


def write_channels(path: Path, channels: pd.DataFrame) -> Path:
    """Write the channels between a maker of daily goods and its customers, by class.

    Parameters
    ----------
    path
        File to write.
    channels
        What `show_channels` returned.
    """
    from crm_lib.lesson.behaviour_verdicts import describe_channels

    parts: list[Any] = [describe_channels(channels)]
    for kind in ("直接", "间接"):
        part = channels[channels["kind"] == kind].drop(columns="kind").reset_index(drop=True)
        parts.append((
            say("handin.channel_kind", kind=kind),
            _table(part, say("handin.channel_kind", kind=kind)),
        ))
    return _write(path, say("handin.channels"), parts)


def write_checklist(path: Path) -> Path:
    """Write the checklist of management quality, to be answered.

    Parameters
    ----------
    path
        File to write.
    """
    from crm_lib.identify import load_checklist
    from crm_lib.readwrite.excel import write_excel

    titles = {"item": "项目", "dimension": "方面", "text": "内容", "answer": "回答", "evidence": "依据"}
    return write_excel(path, {say("handin.checklist"): load_checklist().rename(columns=titles)})
