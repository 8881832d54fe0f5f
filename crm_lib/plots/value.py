"""Figure of value classes: the Pareto curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

_TOP = 0.2


def plot_pareto(abc: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw which share of the value the most valuable customers hold.

    Parameters
    ----------
    abc : DataFrame
        One row per customer, the most valuable first: ``cumulative_share`` (0–1), ``abc_class``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        The curve from (0, 0), the line of equal customers, the point at 20 % of the customers and a
        dotted line at the end of each class; when nobody has a positive value a sentence instead.

    Notes
    -----
    The curve is straight between customers, so its point at 20 % is what `measure_concentration`
    calls ``top_share``.
    """
    check_frame("plot_pareto", abc, ["cumulative_share", "abc_class"], "customers")
    import numpy as np

    height = abc["cumulative_share"].to_numpy(dtype="float64")
    if np.isnan(height).any():
        return write_nothing(ax, f"n = {len(abc):,} 位客户，没有大于 0 的金额，无法画累计曲线")
    ax = open_axes(ax, 3.8)
    at = np.arange(len(abc) + 1) / len(abc)
    height = np.concatenate([[0.0], height])
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", label="人人相同")
    ax.plot(at, height, color=MAIN, linewidth=2, label="累计占比")
    _mark_classes(ax, abc["abc_class"].astype(str).to_numpy(), at)
    share = float(np.interp(_TOP, at, height))
    ax.plot([_TOP], [share], marker="o", color=PALETTE[3], linestyle="none", label="前 20% 的客户")
    ax.annotate(percent(share), (_TOP, share), xytext=(7, -12), textcoords="offset points", color=PALETTE[3])
    by = abc.attrs.get("by")
    _label_axes(ax, column_title(by) if by else "价值")
    note(ax, f"n = {len(abc):,} 位客户；前 20% 的客户占 {percent(share)}")
    return ax


def _mark_classes(ax: Axes, classes: np.ndarray, at: np.ndarray) -> None:
    start = 0
    for name in ("A", "B", "C"):
        n = int((classes == name).sum())
        if not n:
            continue
        end = start + n
        if end < len(classes):
            ax.axvline(at[end], color=MUTED, linewidth=1, linestyle=":")
        ax.text((at[start] + at[end]) / 2, 1.03, name, ha="center", va="bottom", color=MUTED)
        start = end


def _label_axes(ax: Axes, value: str) -> None:
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.12)
    ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    ax.xaxis.set_major_formatter(percent)
    ax.yaxis.set_major_formatter(percent)
    ax.set_xlabel(f"客户占比（按{value}从高到低）")
    ax.set_ylabel(f"{value}累计占比")
    ax.legend(loc="lower right", frameon=False)
