"""The evidence behind a number of clusters: gap with its error, stability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.plots._canvas import note, open_axes, open_panels, write_nothing
from crm_lib.plots.style import MAIN

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_k_evidence(sweep: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the gap to data without clusters, and the stability, against the number of clusters.

    Parameters
    ----------
    sweep : DataFrame
        What ``sweep_k`` returned: ``k``, ``gap``, ``gap_se``, ``stability``; its
        attributes ``recommended_k`` and ``heap_p_value`` are told when they are there.
    ax : Axes, optional
        Where to draw; its area is divided into two panels.

    Returns
    -------
    Axes
        The area; the panels are its ``child_axes``: the gap with one standard
        error, the stability from 0 to 1.  Without any k it holds one sentence.
    """
    require_columns("plot_k_evidence", sweep.columns, ["k", "gap", "gap_se", "stability"])
    if sweep.empty:
        return write_nothing(ax, "不同的客户太少，没有可以比较的群数")
    ax = open_axes(ax, 3.0)
    left, right = open_panels(ax, 2, gap=0.16)
    left.errorbar(
        sweep["k"], sweep["gap"], yerr=sweep["gap_se"], color=MAIN, marker="o", markersize=4.5, capsize=3
    )
    left.set_ylabel("间隔统计量（越大越分明）")
    right.plot(sweep["k"], sweep["stability"], color=MAIN, marker="o", markersize=4.5, linewidth=1.8)
    right.set_ylabel("重抽样后的一致程度（0 到 1）")
    right.set_ylim(min(0, float(sweep["stability"].min())), 1.03)
    best = sweep.attrs.get("recommended_k")
    for panel in (left, right):
        panel.set_xticks(sweep["k"].tolist())
        panel.set_xlabel("聚类数 k")
        panel.grid(axis="x", visible=False)
        if best is not None:
            panel.axvline(best, color="#B7420C", linestyle="--", linewidth=1.2, zorder=0)
    note(ax, _tell(sweep, best))
    return ax


def _tell(sweep: pd.DataFrame, best: int | None) -> str:
    n, p = sweep.attrs.get("n_customers"), sweep.attrs.get("heap_p_value")
    parts = [f"n = {n:,} 位客户" if n else "", f"虚线：推荐 k = {best}" if best is not None else ""]
    if p is not None:
        shown = "< 0.001" if p < 0.001 else f"= {p:.3f}"
        parts.append(f"只有一堆的检验：p {shown}")
    return "；".join(part for part in parts if part)
