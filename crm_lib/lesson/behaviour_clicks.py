"""The click report (拓展) of the behaviour lesson: visits, funnel, paths, dwell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, say
from crm_lib.lesson.behaviour_data import Gathered
from crm_lib.lesson.behaviour_steps import show_step
from crm_lib.lesson.display import show_figure

if TYPE_CHECKING:
    import pandas as pd

FUNNEL = ("home", "list", "product", "cart", "pay")
_FEW = 20


def report_clicks(clicks: Gathered) -> dict[str, Any] | None:
    """Show visits, funnel, paths and dwell of the web shop.

    Parameters
    ----------
    clicks
        The click stream as `gather_data` returned it.

    Returns
    -------
    dict or None
        funnel, paths, dwell (frames), n_sessions, n_known, n_visitors, n_events; None without clicks, or
        when no event of the funnel occurs.
    """
    from crm_lib.identify import (
        build_sessions,
        count_paths,
        measure_dwell,
        measure_funnel,
        summarize_sessions,
    )

    rows = clicks.rows
    if rows is None or not len(rows) or "event" not in rows.columns:
        return None
    steps = [e for e in FUNNEL if (rows["event"] == e).any()]
    if len(steps) < 2:
        return None
    sessions = build_sessions(rows)
    summary = summarize_sessions(sessions)
    funnel = measure_funnel(sessions, steps)
    paths, dwell = count_paths(sessions, most=6), measure_dwell(sessions)
    _show_clicks(funnel, paths, dwell)
    return {
        "funnel": funnel,
        "paths": paths,
        "dwell": dwell,
        "n_sessions": len(summary),
        "n_known": int(summary["is_known"].sum()),
        "n_visitors": int(summary["visitor_id"].nunique()) if "visitor_id" in summary else 0,
        "n_events": len(rows),
    }


_FUNNEL_COLUMNS = [
    "step",
    "n_reached",
    "n_lost",
    "share_of_first",
    "share_of_previous",
    "low_share",
    "high_share",
]


def _show_clicks(funnel: pd.DataFrame, paths: pd.DataFrame, dwell: pd.DataFrame) -> None:
    named = funnel.assign(step=[name_event(e) for e in funnel["step"]])
    show_step(_as_shares(named[_FUNNEL_COLUMNS]), say("behaviour.cap_funnel"))
    shown = paths.assign(path=[" → ".join(map(name_event, p.split(" → "))) for p in paths["path"]])
    show_step(shown[["path", "n_sessions", "session_share"]], say("behaviour.cap_paths"))
    pages = dwell.assign(page=[name_event(p) for p in dwell["page"]])
    show_step(pages[["page", "n_views", "n_timed", "n_last", "median_seconds"]], say("behaviour.cap_dwell"))
    _draw(funnel)


def _as_shares(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"share_of_first": "first_share", "share_of_previous": "previous_share"})


def _draw(funnel: pd.DataFrame) -> None:
    from crm_lib import plots

    draw = getattr(plots, "plot_funnel", None)
    if draw is not None:
        show_figure(
            draw(funnel.assign(step=[name_event(e) for e in funnel["step"]])), say("behaviour.fig_funnel")
        )


def name_event(event: str) -> str:
    """Return the Chinese name of an event of the web shop, or the event itself.

    Parameters
    ----------
    event
        Its code.
    """
    return list_section("behaviour_events").get(str(event), str(event))


def describe_clicks(report: dict[str, Any] | None) -> str:
    """Say how many visits there were, where most are lost, and what the dwell does not tell.

    Parameters
    ----------
    report
        What `report_clicks` returned.
    """
    if report is None:
        return say("behaviour.clicks_none")
    funnel = report["funnel"]
    text = say(
        "behaviour.clicks_all",
        n=f"{report['n_sessions']:,}",
        events=f"{report['n_events']:,}",
        known=f"{report['n_known']:,}",
    )
    reached = int(funnel["n_reached"].iloc[0])
    last = funnel.iloc[-1]
    if reached:
        text += say(
            "behaviour.clicks_end", step=name_event(last["step"]), share=f"{last['n_reached'] / reached:.1%}"
        )
    steps = funnel.iloc[1:]
    big = steps[steps["n_reached"] + steps["n_lost"] >= _FEW]
    if len(big):
        worst = big.sort_values(["share_of_previous", "step_no"]).iloc[0]
        before = funnel.loc[funnel["step_no"] == worst["step_no"] - 1, "step"].iloc[0]
        values = {"low": f"{worst['low_share']:.1%}", "high": f"{worst['high_share']:.1%}"}
        share = f"{worst['share_of_previous']:.1%}"
        text += say(
            "behaviour.clicks_worst",
            before=name_event(before),
            step=name_event(worst["step"]),
            share=share,
            **values,
        )
    return text + say("behaviour.clicks_last")
