"""Figures of R.F.M.: distributions, segments, and the grid of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.plots._canvas import (
    check_frame,
    note,
    open_axes,
    open_panels,
    percent,
    plain_log_axis,
    short_number,
    text_on,
    title_of,
)
from crm_lib.plots.style import MAIN, SEGMENT_COLORS, segment_color

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_PANELS = ("recency_days", "n_orders", "revenue")


def plot_rfm_distributions(rfm: pd.DataFrame, *, ax: Axes | None = None, money_unit: str = "元") -> Axes:
    """Draw how recency, orders and revenue are spread over the customers.

    Parameters
    ----------
    rfm : DataFrame
        One row per customer: ``recency_days`` (days), ``n_orders``, ``revenue``.
    ax : Axes, optional
        Where to draw; its area is divided into three panels.
    money_unit : str
        Unit of ``revenue`` as the axis shows it.

    Returns
    -------
    Axes
        The area; the panels are its ``child_axes``.

    Notes
    -----
    A skewed quantity (largest value above ten times the median) gets a
    logarithmic axis; values of 0 or below cannot stand on it, and their number
    is written into the panel.
    """
    check_frame("plot_rfm_distributions", rfm, list(_PANELS), "customers")
    ax = open_axes(ax, 3.0)
    for panel, column in zip(open_panels(ax, 3), _PANELS, strict=True):
        _draw_distribution(panel, rfm[column].astype(float), title_of(column, money_unit))
    ax.child_axes[0].set_ylabel("客户数（位）")
    note(ax, f"n = {len(rfm):,} 位客户")
    return ax


def _draw_distribution(panel: Axes, values: pd.Series, label: str) -> None:
    import numpy as np
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    shown = values[np.isfinite(values)]
    positive = shown[shown > 0]
    skewed = len(positive) > 0 and positive.max() > 10 * positive.median()
    drawn = positive if skewed else shown
    panel.hist(drawn, bins=_edges(drawn.to_numpy(), skewed), color=MAIN, edgecolor="white", linewidth=0.4)
    panel.set_xlabel(label)
    panel.yaxis.set_major_formatter(FuncFormatter(short_number))
    panel.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    panel.grid(axis="x", visible=False)
    if skewed:
        plain_log_axis(panel, "x")
    else:
        panel.xaxis.set_major_formatter(FuncFormatter(short_number))
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    left = len(values) - len(drawn)
    if left:
        panel.text(
            0.97, 0.95, f"另有 {left:,} 位\n≤ 0，未画", transform=panel.transAxes, ha="right", va="top"
        )


def _edges(values: Any, skewed: bool) -> Any:
    import numpy as np

    if len(values) == 0:
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    whole = bool(np.all(values == np.floor(values)))
    if skewed and whole:
        # edges between whole numbers, so that no bin holds more of them than its width on the axis says
        return np.unique(np.floor(np.geomspace(low, high + 1, 16))) - 0.5
    if skewed:
        return np.geomspace(low, high, 31)
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    n_bins = int(min(30, high - low + 1)) if whole else 30
    return np.linspace(low - 0.5 * whole, high + 0.5 * whole, n_bins + 1)


def plot_segments(segments: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each segment's share of the customers and of the revenue as bars.

    Parameters
    ----------
    segments : DataFrame
        One row per segment, in the order to show: ``segment``,
        ``n_customers``, ``customer_share`` and ``revenue_share`` (0–1).
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Two bars a segment, the first segment on top: full colour customers,
        light colour revenue.
    """
    check_frame(
        "plot_segments", segments, ["segment", "n_customers", "customer_share", "revenue_share"], "segments"
    )
    ax = open_axes(ax, 1.3 + 0.46 * len(segments))
    names = segments["segment"].astype(str).tolist()
    colors = [segment_color(n) for n in names]
    rows = range(len(segments))
    for column, offset, alpha in (("customer_share", -0.2, 1.0), ("revenue_share", 0.2, 0.45)):
        at = [r + offset for r in rows]
        bars = ax.barh(at, segments[column], height=0.38, color=colors, alpha=alpha, linewidth=0)
        ax.bar_label(bars, [percent(v) for v in segments[column]], padding=3, fontsize=9)
    ax.set_yticks(list(rows), names)
    ax.set_ylim(len(segments) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("占全部客户、全部消费金额的比例")
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    _explain_bars(ax)
    note(ax, f"n = {int(segments['n_customers'].sum()):,} 位客户，{len(segments)} 个客户类别")
    return ax


def _explain_bars(ax: Axes) -> None:
    from matplotlib.patches import Patch

    gray = "#4A4A4A"
    handles = [
        Patch(color=gray, label="客户占比", lw=0),
        Patch(color=gray, alpha=0.45, label="消费金额占比", lw=0),
    ]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0)


def plot_rfm_grid(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the customers in the grid of recency score × frequency-and-money score.

    Parameters
    ----------
    scores : DataFrame
        One row per customer: ``score_r``, ``score_f``, ``score_m``, ``segment``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One tile a cell, coloured by segment, with the number and share of the
        customers; an empty cell stays white.

    Notes
    -----
    The frequency-and-money score is (F + M) / 2 rounded half up.  In a scheme
    that also looks at F or M alone a cell can hold several segments: it takes
    the colour of the largest (ties: the first by name) and a ``*``.
    """
    check_frame("plot_rfm_grid", scores, ["score_r", "score_f", "score_m", "segment"], "customers")
    ax = open_axes(ax, 4.6)
    cells = _count_cells(scores)
    size = int(max(scores[["score_r", "score_f", "score_m"]].max()))
    for cell in cells.itertuples(index=False):
        _draw_tile(ax, cell, len(scores))
    ax.set_xlim(0.5, size + 0.5)
    ax.set_ylim(0.5, size + 0.5)
    ax.set_xticks(range(1, size + 1))
    ax.set_yticks(range(1, size + 1))
    ax.set_xlabel("R：最近购买得分（越高越近）")
    ax.set_ylabel("FM：购买次数与金额得分（越高越多）")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    _explain_tiles(ax, cells)
    note(
        ax,
        f"n = {len(scores):,} 位客户；格内为客户数及占比"
        + ("；* 含多个客户类别" if cells["mixed"].any() else ""),
    )
    return ax


def _count_cells(scores: pd.DataFrame) -> pd.DataFrame:
    keyed = scores.assign(fm=(scores["score_f"] + scores["score_m"] + 1) // 2)
    counts = keyed.groupby(["score_r", "fm", "segment"], observed=True).size().rename("n").reset_index()
    counts = counts.sort_values(["score_r", "fm", "n", "segment"], ascending=[True, True, False, True])
    cells = counts.groupby(["score_r", "fm"], as_index=False).agg(
        segment=("segment", "first"), n=("n", "sum"), mixed=("segment", "size")
    )
    return cells.assign(mixed=cells["mixed"] > 1)


def _draw_tile(ax: Axes, cell: Any, n: int) -> None:
    from matplotlib.patches import Rectangle

    color = segment_color(cell.segment)
    corner = (cell.score_r - 0.5, cell.fm - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, facecolor=color, edgecolor="white", linewidth=1.5))
    text = f"{cell.n:,}" + ("*" if cell.mixed else "") + f"\n{percent(cell.n / n)}"
    ax.text(cell.score_r, cell.fm, text, ha="center", va="center", color=text_on(color), linespacing=1.35)


def _explain_tiles(ax: Axes, cells: pd.DataFrame) -> None:
    from matplotlib.patches import Patch

    known = list(SEGMENT_COLORS)
    found = cells.sort_values(["score_r", "fm"], ascending=False)["segment"].drop_duplicates().tolist()
    order = sorted(found, key=lambda s: known.index(s) if s in known else len(known))
    handles = [Patch(color=segment_color(s), label=s, lw=0) for s in order]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderpad=0)
