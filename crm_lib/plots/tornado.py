"""Figure of a plan's sensitivity: one bar per assumption, the widest on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, short_number, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_tornado(
    tornado: pd.DataFrame, *, words: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how far the gain of a plan moves with each assumption.

    Parameters
    ----------
    tornado : DataFrame
        What `measure_tornado` returned: ``assumption``, ``low``, ``high``, ``gain``, ``gain_at_low``,
        ``gain_at_high`` (yuan).
    words : mapping of str to str, optional
        Assumption → what to call it.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per assumption from the plan's gain to the gain at its low and at its high value, the widest on
        top; a line at the gain as assumed and one at 0.  A plan that moves nothing is a sentence.
    """
    needed = ["assumption", "low", "high", "gain", "gain_at_low", "gain_at_high"]
    check_frame("plot_tornado", tornado, needed, "assumptions")
    if not tornado[["gain", "gain_at_low", "gain_at_high"]].to_numpy().any():
        return write_nothing(ax, "方案里没有要处理的客户，没有可以画的数")
    ax = open_axes(ax, 1.6 + 0.42 * len(tornado))
    base = float(tornado["gain"].iloc[0])
    for row, one in enumerate(tornado.to_dict("records")):
        for end, color in (("low", PALETTE[1]), ("high", MAIN)):
            ax.barh(row, one[f"gain_at_{end}"] - base, left=base, height=0.6, color=color, lw=0)
    names = [(words or {}).get(a, a) for a in tornado["assumption"]]
    labels = [
        f"{n}（{lo:g}–{hi:g}）" for n, lo, hi in zip(names, tornado["low"], tornado["high"], strict=True)
    ]
    ax.set_yticks(range(len(tornado)), labels)
    ax.set_ylim(len(tornado) - 0.5, -0.5)
    ax.axvline(base, color=MUTED, linewidth=1.2)
    ax.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
    ax.xaxis.set_major_formatter(short_number)
    ax.set_xlabel("方案的增益（元），实线：按现在的假设，虚线：不赚不亏")
    ax.grid(axis="y", visible=False)
    _explain(ax)
    note(ax, f"n = {len(tornado)} 个假设，每次只变一个")
    return ax


def _explain(ax: Axes) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=PALETTE[1], label="取低值", lw=0), Patch(color=MAIN, label="取高值", lw=0)]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0)
