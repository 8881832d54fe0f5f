"""Figures of the click stream: the funnel, steps from page to page, time on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError
from crm_lib.plots._canvas import note, open_axes, percent, text_on, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

_UNITS = {"session": "次访问", "visitor": "位访客", "customer": "位客户", "person": "位客户"}
_MARKS = "os^Dv"
ENTRY = "进入"


def plot_funnel(
    funnel: pd.DataFrame, *, titles: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw which part goes on from step to step.

    Parameters
    ----------
    funnel : DataFrame
        What ``measure_funnel`` returned: ``group``, ``step_no``, ``step``, ``n_reached``,
        ``share_of_first``, ``share_of_previous``, ``low_share``, ``high_share``.
    titles : mapping, optional
        Event → name on the axis.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One group: a bar a step, as long as its part of the first step.  Several:
        for each step the part of the step before that goes on, with its interval,
        one mark a group.
    """
    columns = ["group", "step_no", "step", "n_reached", "share_of_first", "share_of_previous"]
    require_columns("plot_funnel", funnel.columns, [*columns, "low_share", "high_share"])
    first = funnel[funnel["step_no"] == 1]
    n = int(first["n_reached"].sum())
    if not n:
        return write_nothing(ax, "没有访问走到第一步，画不出漏斗")
    steps = funnel.drop_duplicates("step_no").sort_values("step_no")["step"].tolist()
    names = [str((titles or {}).get(s, s)) for s in steps]
    ax = open_axes(ax, 1.3 + 0.55 * len(steps))
    groups = list(dict.fromkeys(funnel["group"]))
    if len(groups) == 1:
        _draw_steps(ax, funnel.sort_values("step_no"))
        shown = names
    else:
        _draw_groups(ax, funnel, groups)
        shown = names[1:]
    ax.set_yticks(range(len(shown)), shown)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(percent)
    ax.grid(axis="y", visible=False)
    unit = _UNITS.get(str(funnel.attrs.get("unit", "session")), "次访问")
    note(ax, f"n = {n:,} {unit}走到第一步" + ("；横线：95% 置信区间" if len(groups) > 1 else ""))
    return ax


def _draw_steps(ax: Axes, funnel: pd.DataFrame) -> None:
    for row, step in enumerate(funnel.itertuples(index=False)):
        ax.barh(row, step.share_of_first, height=0.62, color=MAIN, linewidth=0)
        more = (
            ""
            if row == 0
            else f"，上一步的 {percent(step.share_of_previous)}"
            * (step.share_of_previous == step.share_of_previous)
        )
        ax.text(step.share_of_first + 0.01, row, f"{step.n_reached:,}{more}", va="center", fontsize=9.5)
    ax.set_xlim(0, 1.32)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    ax.set_xlabel("占第一步的比例")


def _draw_groups(ax: Axes, funnel: pd.DataFrame, groups: list[str]) -> None:
    width = 0.7 / len(groups)
    for g, name in enumerate(groups):
        mine = funnel[(funnel["group"] == name) & (funnel["step_no"] > 1)]
        mine = mine[mine["share_of_previous"].notna()]
        n = int(funnel.loc[(funnel["group"] == name) & (funnel["step_no"] == 1), "n_reached"].sum())
        at = mine["step_no"] - 2 + (g - (len(groups) - 1) / 2) * width
        color = PALETTE[g % len(PALETTE)]
        ax.hlines(at, mine["low_share"], mine["high_share"], color=color, linewidth=1.6)
        ax.plot(
            mine["share_of_previous"],
            at,
            _MARKS[g % len(_MARKS)],
            color=color,
            markersize=6,
            label=f"{name}（{n:,}）",
        )
    ax.set_xlim(0, 1)
    ax.set_xlabel("从上一步走到这一步的比例")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderpad=0)


def plot_paths(
    transitions: pd.DataFrame, *, titles: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw from which page visitors go to which, as a heat map.

    Parameters
    ----------
    transitions : DataFrame
        What ``count_transitions`` returned: ``page_from``, ``page_to``, ``n_times``, ``share``.
    titles : mapping, optional
        Page → name on the axes.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A row a page left, a column a page entered; each tile holds the share of
        the steps from its page.  A row adds up to 100 %.
    """
    require_columns("plot_paths", transitions.columns, ["page_from", "page_to", "n_times", "share"])
    if transitions.empty:
        return write_nothing(ax, "没有点击记录，画不出页面之间的走向")
    if transitions.duplicated(["page_from", "page_to"]).any():
        raise DataError(
            "plot_paths: needs one row per pair of pages; some occur twice. Pass what count_transitions returned."
        )
    rows = list(dict.fromkeys(transitions["page_from"]))
    columns = _order_columns(rows, list(dict.fromkeys(transitions["page_to"])))
    ax = open_axes(ax, 1.4 + 0.5 * len(rows))
    for step in transitions.itertuples(index=False):
        _draw_tile(ax, columns.index(step.page_to), rows.index(step.page_from), float(step.share))
    name = {**{p: str(p) for p in [*rows, *columns]}, **(titles or {})}
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks(range(len(columns)), [name[c] for c in columns])
    ax.set_yticks(range(len(rows)), [name[r] for r in rows])
    ax.set_xlabel("走到")
    ax.set_ylabel("从", rotation=0, labelpad=10)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    note(ax, f"n = {int(transitions['n_times'].sum()):,} 步；每行合计 100%")
    return ax


def _order_columns(rows: list[str], columns: list[str]) -> list[str]:
    """Return the pages entered in the order of the pages left, then the others."""
    return [r for r in rows if r in columns] + [c for c in columns if c not in rows]


def _draw_tile(ax: Axes, column: int, row: int, share: float) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    color = to_hex(colormaps["Blues"](0.08 + 0.8 * share))
    ax.add_patch(
        Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="white", linewidth=1.5)
    )
    ax.text(column, row, percent(share), ha="center", va="center", color=text_on(color), fontsize=9.5)


def plot_dwell(
    dwell: pd.DataFrame, *, titles: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how long pages are looked at: the median, and up to the 90th percentile.

    Parameters
    ----------
    dwell : DataFrame
        What ``measure_dwell`` returned: ``page``, ``n_timed``, ``n_last``, ``median_seconds``, ``p90_seconds``.
    titles : mapping, optional
        Page → name on the axis.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar a page with its median and a line to the 90th percentile; pages that
        were never timed are named in the note.
    """
    columns = ["page", "n_timed", "n_last", "median_seconds", "p90_seconds"]
    require_columns("plot_dwell", dwell.columns, columns)
    timed = dwell[dwell["median_seconds"].notna()]
    if timed.empty:
        return write_nothing(ax, "每次访问只有一个页面，算不出停留时间")
    name = {**{p: str(p) for p in dwell["page"]}, **(titles or {})}
    ax = open_axes(ax, 1.2 + 0.5 * len(timed))
    for row, page in enumerate(timed.itertuples(index=False)):
        ax.barh(row, page.median_seconds, height=0.6, color=MAIN, linewidth=0)
        ax.hlines(row, page.median_seconds, page.p90_seconds, color=MUTED, linewidth=1.6)
        ax.text(page.p90_seconds, row, f"  n = {page.n_timed:,}", va="center", fontsize=9.5, color=MUTED)
    ax.set_yticks(range(len(timed)), [name[p] for p in timed["page"]])
    ax.set_ylim(len(timed) - 0.5, -0.5)
    ax.set_xlim(0, float(timed["p90_seconds"].max()) * 1.18 or 1.0)
    ax.set_xlabel("停留时间（秒）：条为中位数，线到第 90 百分位")
    ax.grid(axis="y", visible=False)
    never = [name[p] for p in dwell.loc[dwell["median_seconds"].isna(), "page"]]
    last = f"另有 {int(dwell['n_last'].sum()):,} 次是访问的最后一页，不知道停留多久"
    note(ax, last + (f"；{'、'.join(never)}没有可计时的" if never else ""))
    return ax
