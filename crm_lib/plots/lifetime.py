"""Figures of lifetime models: what they forecast, held against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, short_number, write_nothing
from crm_lib.plots.style import MAIN, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_calibration(calibration: pd.DataFrame | None, *, weeks: float = 0, ax: Axes | None = None) -> Axes:
    """Draw forecast and outcome group by group, from the least to the most promising customers.

    Parameters
    ----------
    calibration : DataFrame or None
        What `calibrate_forecast` returned: ``group``, ``n_customers``, ``expected``, ``actual``, ``low``,
        ``high``; None when nothing was forecast.
    weeks : float
        Length of the time held back, named on the axis; 0 leaves it out.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A bar with its interval for what came and a mark for the forecast, a group each.  A sentence instead
        when nothing was forecast.
    """
    if calibration is None:
        return write_nothing(ax, "没有可以检验的预测，画不出来")
    check_frame("plot_calibration", calibration, ["group", "expected", "actual", "low", "high"], "groups")
    ax = open_axes(ax, 3.6)
    at = calibration["group"].to_numpy()
    ax.bar(at, calibration["actual"], width=0.7, color=MAIN, linewidth=0, label="实际")
    ax.vlines(at, calibration["low"], calibration["high"], color="#333333", linewidth=1.2)
    ax.plot(at, calibration["expected"], color=PALETTE[1], marker="D", linestyle="none", label="预计")
    ax.set_xticks(at)
    ax.grid(axis="x", visible=False)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(short_number)
    ax.set_xlabel(f"客户组（{int(at.max())} = 预计买得最多），竖线是 95% 区间")
    ax.set_ylabel(f"平均每位的购买次数{f'（{weeks:g} 周）' if weeks else ''}")
    ax.legend(frameon=False, loc="upper left")
    note(ax, f"n = {int(calibration['n_customers'].sum()):,} 位客户")
    return ax
