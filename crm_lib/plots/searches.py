"""Figures of searching and of what information is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, percent, short_number, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_searches(searches: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw precision and recall of each search.

    Parameters
    ----------
    searches : DataFrame
        One row per search, as `measure_searches` returns them: ``name``, ``n_found``, ``precision_share``,
        ``recall_share``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Two points per search joined by a line, the first search on top; a search that found nothing has no
        precision.
    """
    needed = ["name", "n_found", "precision_share", "recall_share"]
    check_frame("plot_searches", searches, needed, "searches")
    ax = open_axes(ax, 1.4 + 0.34 * len(searches))
    precise = searches["precision_share"].to_numpy(dtype=float)
    recalled = searches["recall_share"].to_numpy(dtype=float)
    for row, (a, b) in enumerate(zip(precise, recalled, strict=True)):
        if a == a and b == b:
            ax.plot([a, b], [row, row], color=MUTED, linewidth=1.5, alpha=0.6, zorder=1)
    rows = range(len(searches))
    style = {"linestyle": "none", "clip_on": False, "zorder": 2}
    ax.plot(precise, rows, marker="o", color=MAIN, label="查准率", **style)
    ax.plot(recalled, rows, marker="D", color=PALETTE[1], label="查全率", **style)
    labels = [f"{name}（{n:,}）" for name, n in zip(searches["name"], searches["n_found"], strict=True)]
    ax.set_yticks(list(rows), labels)
    ax.set_ylim(len(searches) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("比例")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    ax.set_title("括号里是找到的网页数", loc="right", color=MUTED, fontsize="small")
    return ax


def plot_worth(worth: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what information is worth in each decision.

    Parameters
    ----------
    worth : DataFrame
        One row per decision: ``item`` (its name to show), ``value_amount`` (yuan; missing ones are left out).
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A bar per decision in the order given, the first on top; what is below zero has another colour.
    """
    check_frame("plot_worth", worth, ["item", "value_amount"], "decisions")
    known = worth.dropna(subset=["value_amount"])
    if known.empty:
        return write_nothing(ax, "没有可以计算的决策")
    ax = open_axes(ax, 1.2 + 0.36 * len(known))
    values = known["value_amount"].to_numpy(dtype=float)
    colors = [MAIN if v >= 0 else PALETTE[1] for v in values]
    ax.barh(range(len(known)), values, color=colors, height=0.62)
    ax.set_yticks(range(len(known)), list(known["item"]))
    ax.set_ylim(len(known) - 0.5, -0.5)
    ax.axvline(0.0, color=MUTED, linewidth=1)
    ax.xaxis.set_major_formatter(short_number)
    ax.set_xlabel("有信息比没有信息多得（元）")
    note(ax, f"{len(known)} 项决策")
    return ax
