"""Figure of the value classes: where their revenue goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, percent, text_on, write_nothing
from crm_lib.plots.style import MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_PARTS = (
    ("cost_of_goods_share", "商品成本", "#C9CDD2"),
    ("cost_to_serve_share", "服务成本", PALETTE[3]),
    ("net_profit_share", "净利", PALETTE[2]),
)
_LEAST_LABEL = 0.05


def plot_class_profit(classes: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw for each value class which part of the revenue goes into goods, into service, and is left.

    Parameters
    ----------
    classes : DataFrame
        One row per class: ``abc_class``, ``n_customers``, ``cost_of_goods_share``,
        ``cost_to_serve_share``, ``net_profit_share`` (parts of the revenue, together 1).
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One stacked bar a class, the first on top; a loss stands left of zero.  A class whose parts are
        not known has no bar and says so; when none is known a sentence stands alone.
    """
    columns = [c for c, _, _ in _PARTS]
    check_frame("plot_class_profit", classes, ["abc_class", "n_customers", *columns], "classes")
    n = int(classes["n_customers"].sum())
    known = classes[columns].notna().all(axis=1).to_numpy()
    if not known.any():
        return write_nothing(ax, f"n = {n:,} 位客户，成本不全或消费金额不是正数，画不出净利的占比")
    ax = open_axes(ax, 1.5 + 0.6 * len(classes))
    for row, (part, fits) in enumerate(zip(classes.to_dict("records"), known, strict=True)):
        if fits:
            _draw_class(ax, row, part)
        else:
            ax.text(0.01, row, "没有可以画的数", va="center", color=MUTED)
    labels = [f"{p['abc_class']} 类（{p['n_customers']:,} 位）" for p in classes.to_dict("records")]
    ax.set_yticks(range(len(classes)), labels)
    ax.set_ylim(len(classes) - 0.5, -0.5)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("占消费金额的比例")
    ax.grid(axis="y", visible=False)
    _explain_parts(ax)
    note(ax, f"n = {n:,} 位客户")
    return ax


def _draw_class(ax: Axes, row: int, part: dict) -> None:
    left = 0.0
    for column, _, color in _PARTS:
        width = float(part[column])
        start = 0.0 if width < 0 else left
        ax.barh(row, width, left=start, height=0.62, color=color, linewidth=0)
        left += max(width, 0.0)
        if abs(width) >= _LEAST_LABEL:
            ax.text(
                start + width / 2,
                row,
                percent(width),
                ha="center",
                va="center",
                color=text_on(color),
                fontsize=9,
            )


def _explain_parts(ax: Axes) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=label, lw=0) for _, label, color in _PARTS]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderpad=0)
