"""Figures of prospects and experience: yield of the methods, waiting, time that following up costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FAMILIES = {
    "traditional": ("传统方法", MAIN),
    "electronic": ("电子方法", PALETTE[1]),
    "other": ("其他", MUTED),
}
_WAITING = {
    "very_good": ("很好", "#1B7837"),
    "good": ("好", "#7FBF7B"),
    "ordinary": ("一般", "#B8BEC4"),
    "poor": ("差", "#F1A340"),
    "very_poor": ("很差", "#B35806"),
}
_INTENTS = {"意向": PALETTE[1], "潜在": PALETTE[4], "成交": PALETTE[2]}


def plot_methods(methods: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the yield of each way of finding customers with its interval.

    Parameters
    ----------
    methods : DataFrame
        One row per method, as `measure_methods` returns them: ``source_method``, ``family``, ``n_leads``,
        ``yield_share``, ``low_share``, ``high_share``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A point and a line from low to high per method, the highest yield on top; the number of prospects
        stands in the label.
    """
    needed = ["source_method", "family", "n_leads", "yield_share", "low_share", "high_share"]
    check_frame("plot_methods", methods, needed, "methods")
    ax = open_axes(ax, 1.3 + 0.3 * len(methods))
    for row, one in enumerate(methods.to_dict("records")):
        color = _FAMILIES.get(one["family"], _FAMILIES["other"])[1]
        ax.plot([one["low_share"], one["high_share"]], [row, row], color=color, linewidth=2, alpha=0.5)
        ax.plot([one["yield_share"]], [row], marker="o", color=color, clip_on=False)
    labels = [
        f"{m or '没有写明'}（{n:,}）"
        for m, n in zip(methods["source_method"], methods["n_leads"], strict=True)
    ]
    ax.set_yticks(range(len(methods)), labels)
    ax.set_ylim(len(methods) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(percent)
    shown = {f if f in _FAMILIES else "other" for f in methods["family"]}
    ax.set_xlabel(f"成交率（成交客户数 ÷ 客户数），横线是 {methods.attrs.get('confidence', 0.95):.0%} 区间")
    ax.grid(axis="y", visible=False)
    _name_colors(ax, [_FAMILIES[f] for f in _FAMILIES if f in shown], "lower right")
    note(ax, f"n = {int(methods['n_leads'].sum()):,} 位客户；括号里是人数")
    return ax


def plot_waiting(waiting: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw felt against actual waiting, coloured by the class of the experience.

    Parameters
    ----------
    waiting : DataFrame
        One row per pair, as `classify_waiting` returns them: ``actual_wait_min``, ``felt_wait_min``,
        ``experience``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One mark per pair and the line T1 = T2; a sentence when no pair is known.
    """
    check_frame("plot_waiting", waiting, ["actual_wait_min", "felt_wait_min", "experience"], "pairs")
    known = waiting[waiting["experience"].notna()]
    if known.empty:
        return write_nothing(ax, "没有成对的等候时间，画不出图")
    ax = open_axes(ax, 4.2)
    most = float(max(known["actual_wait_min"].max(), known["felt_wait_min"].max(), 1)) * 1.05
    ax.plot([0, most], [0, most], color=MUTED, linewidth=1, linestyle="--")
    shown = [k for k in _WAITING if (known["experience"] == k).any()]
    for kind in shown:
        part = known[known["experience"] == kind]
        color = _WAITING[kind][1]
        ax.scatter(part["actual_wait_min"], part["felt_wait_min"], s=26, color=color, alpha=0.8, linewidth=0)
    ax.set_xlim(0, most)
    ax.set_ylim(0, most)
    ax.set_xlabel("实际等候 T1（分钟）")
    ax.set_ylabel("感觉等候 T2（分钟）")
    _name_colors(ax, [_WAITING[k] for k in shown], "upper left")
    note(ax, f"n = {len(known):,} 对；虚线是 T1 = T2，越往右下体验越好")
    return ax


def plot_effort(effort: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many hours a month following up each class costs.

    Parameters
    ----------
    effort : DataFrame
        One row per intent and grade, as `measure_effort` returns them: ``intent``, ``sales_grade``,
        ``n_leads``, ``n_overdue``, ``monthly_hours``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per class with the number of prospects and of those overdue behind it.
    """
    check_frame(
        "plot_effort", effort, ["intent", "sales_grade", "n_leads", "n_overdue", "monthly_hours"], "classes"
    )
    ax = open_axes(ax, 1.3 + 0.42 * len(effort))
    for row, one in enumerate(effort.to_dict("records")):
        ax.barh(row, one["monthly_hours"], height=0.62, color=_INTENTS.get(one["intent"], MUTED), linewidth=0)
        words = f"{one['n_leads']:,} 位，到期未跟进 {one['n_overdue']:,} 位"
        ax.annotate(
            words, (one["monthly_hours"], row), xytext=(4, 0), textcoords="offset points", va="center"
        )
    grades = [
        f"{i} {g} 级" if g else f"{i} 未定级"
        for i, g in zip(effort["intent"], effort["sales_grade"], strict=True)
    ]
    ax.set_yticks(range(len(effort)), grades)
    ax.set_ylim(len(effort) - 0.5, -0.5)
    ax.set_xlim(0, max(float(effort["monthly_hours"].max()), 0.1) * 1.5)
    ax.set_xlabel("每月要用的时间（小时）")
    ax.grid(axis="y", visible=False)
    note(ax, f"n = {int(effort['n_leads'].sum()):,} 位客户")
    return ax


def _name_colors(ax: Axes, pairs: list[tuple[str, str]], place: str) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="none", color=color, label=label) for label, color in pairs
    ]
    ax.legend(handles=handles, loc=place, frameon=False)
