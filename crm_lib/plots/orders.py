"""Figures of the orders themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, short_number, title_of
from crm_lib.plots.style import MAIN

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_orders_over_time(monthly: pd.DataFrame, *, ax: Axes | None = None, money_unit: str = "元") -> Axes:
    """Draw the revenue of each month as a line.

    Parameters
    ----------
    monthly : DataFrame
        One row per month in order of time: ``month`` (date, period or text like
        ``1997-01``), ``revenue``; ``n_orders`` when known is counted in the note.
    ax : Axes, optional
        Where to draw.
    money_unit : str
        Unit of ``revenue``.

    Returns
    -------
    Axes
        One line with a point a month; the money axis starts at 0.
    """
    check_frame("plot_orders_over_time", monthly, ["month", "revenue"], "months")
    from matplotlib.ticker import FuncFormatter

    ax = open_axes(ax, 3.2)
    labels = [str(m)[:7] for m in monthly["month"]]
    at = list(range(len(labels)))
    ax.plot(at, monthly["revenue"].to_numpy(float), color=MAIN, marker="o", markersize=4, linewidth=1.8)
    every = -(-len(labels) // 10)
    ax.set_xticks(at[::every], labels[::every])
    ax.set_ylim(bottom=min(0.0, float(monthly["revenue"].min()) * 1.05))
    ax.yaxis.set_major_formatter(FuncFormatter(short_number))
    ax.set_xlabel("月份")
    ax.set_ylabel(title_of("revenue", money_unit))
    ax.grid(axis="x", visible=False)
    orders = f"，{int(monthly['n_orders'].sum()):,} 张订单" if "n_orders" in monthly.columns else ""
    note(ax, f"n = {len(labels)} 个月{orders}")
    return ax
