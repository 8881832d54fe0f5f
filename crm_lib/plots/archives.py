"""Figures on customer files: what goes with the keeping score, and what the payback hangs on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_TITLES = {"repeat_percent": "回头客占比（%）", "margin_percent": "利润率（%）"}


def plot_keeping(scores: pd.DataFrame, *, outcome: str = "repeat_percent", ax: Axes | None = None) -> Axes:
    """Plot an outcome of firms against the score of how they keep their customer files.

    Parameters
    ----------
    scores : DataFrame
        What `score_archives` returned.
    outcome : str
        Column of the outcome.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One point per firm whose score and outcome are known, staff as its area; the line is the median score,
        at which the firms are halved.
    """
    import numpy as np

    check_frame("plot_keeping", scores, ["keeping_score", outcome, "n_staff"], "firms")
    known = scores.dropna(subset=["keeping_score", outcome])
    if known.empty:
        return write_nothing(ax, "没有一家企业的得分和结果都知道")
    ax = open_axes(ax, 3.8)
    better = (known["keeping_score"] > known["keeping_score"].median()).to_numpy()
    area = 14 + 5 * np.sqrt(known["n_staff"].fillna(1).to_numpy("float64"))
    for mask, name, marker, color in (
        (better, "得分较高的一半", "o", MAIN),
        (~better, "其余", "s", PALETTE[1]),
    ):
        part = known[mask]
        ax.scatter(part["keeping_score"], part[outcome], s=area[mask], marker=marker, color=color,
                   alpha=0.75, linewidths=0.4, edgecolors="white", label=f"{name}（{len(part)} 家）")  # fmt: skip
    ax.axvline(known["keeping_score"].median(), linewidth=0.8, linestyle="--", color=MUTED)
    ax.set_xlabel("档案管理得分（0 到 100）")
    ax.set_ylabel(_TITLES.get(outcome, outcome))
    note(ax, f"{len(known)} 家企业，点大的人多")
    ax.legend(loc="best", frameon=False)
    return ax


def plot_payback(by_assumption: pd.DataFrame, *, months: int, ax: Axes | None = None) -> Axes:
    """Plot how far each assumption moves the balance at the end of the horizon.

    Parameters
    ----------
    by_assumption : DataFrame
        ``by_assumption`` of what `vary_payback` returned.
    months : int
        The horizon.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per assumption from the balance at its low end to that at its high end, the widest on top.
    """
    columns = ["title", "swing", "balance_low", "balance_high", "month_low", "month_high"]
    check_frame("plot_payback", by_assumption, columns, "assumptions")
    rows = by_assumption[by_assumption["swing"] > 0].reset_index(drop=True)
    ax = open_axes(ax, 1.3 + 0.34 * len(rows))
    low = rows[["balance_low", "balance_high"]].min(axis=1)
    width = rows[["balance_low", "balance_high"]].max(axis=1) - low
    ax.barh(range(len(rows)), width, left=low, height=0.6, color=PALETTE[4])
    for place, row in rows.iterrows():
        for end in ("low", "high"):
            month, at = row[f"month_{end}"], row[f"balance_{end}"]
            right = at >= max(row["balance_low"], row["balance_high"])
            text = "不回本" if math.isinf(month) else f"{month:.0f} 个月"
            ax.annotate(text, (at, place), xytext=(4 if right else -4, 0), textcoords="offset points",
                        va="center", ha="left" if right else "right", fontsize=8)  # fmt: skip
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_yticks(range(len(rows)), rows["title"])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    span = float((low + width).max() - low.min()) if len(rows) else 1.0
    ax.set_xlim(float(low.min()) - 0.16 * span, float((low + width).max()) + 0.16 * span)
    ax.set_xlabel(f"{months} 个月以后的累计结余（元）")
    note(ax, f"{len(rows)} 个假设各自变动，条的两端写着回本的月数")
    return ax
