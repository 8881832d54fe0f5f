"""Figures of growth: actual against potential value, the share per category."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, percent, short_number, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

_CLASSES = (
    ("MVC", "最有价值", MAIN, "o"),
    ("MGC", "最有增长潜力", PALETTE[1], "D"),
    ("BZ", "不盈利", PALETTE[3], "X"),
    ("rest", "其余", "#B8BEC4", "."),
)


def plot_growth_map(
    customers: pd.DataFrame, *, thresholds: Mapping[str, float], unit: str = "元", ax: Axes | None = None
) -> Axes:
    """Draw each customer by what he brings and what he could bring, with the thresholds.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``actual_value``, ``potential_value``, ``growth_class``, as `classify_growth` returns
        them.
    thresholds : mapping of str to float
        ``mvc_from``, ``mgc_from``; an infinite one has no line.
    unit : str
        Unit of money.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Points of one colour and shape a class on axes that are logarithmic away from 0, and a dotted line per
        threshold; who has no known potential is counted in the caption only.
    """
    check_frame(
        "plot_growth_map", customers, ["actual_value", "potential_value", "growth_class"], "customers"
    )
    known = customers[customers["potential_value"].notna()]
    if known.empty:
        return write_nothing(ax, f"n = {len(customers):,} 位客户，潜在价值都不知道，没有可以画的点")
    ax = open_axes(ax, 4.4)
    _draw_classes(ax, known)
    for name, draw in (("mvc_from", ax.axvline), ("mgc_from", ax.axhline)):
        if math.isfinite(thresholds[name]):
            draw(thresholds[name], color=MUTED, linewidth=1, linestyle=":")
    _scale_axes(ax, known)
    ax.set_xlabel(f"实际价值（{unit}，最近一年），对数刻度")
    ax.set_ylabel(f"潜在价值（{unit}，一年），对数刻度")
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0)
    rest = len(customers) - len(known)
    note(ax, f"n = {len(known):,} 位客户" + (f"，{rest:,} 位不知道" if rest else ""))
    return ax


def _draw_classes(ax: Axes, known: pd.DataFrame) -> None:
    for key, title, color, marker in reversed(_CLASSES):
        part = known[(known["growth_class"] == key).to_numpy()]
        if len(part):
            label = f"{title}（{len(part):,} 位）"
            ax.plot(
                part["actual_value"],
                part["potential_value"],
                marker,
                color=color,
                ls="none",
                ms=5,
                label=label,
            )


def _scale_axes(ax: Axes, known: pd.DataFrame) -> None:
    for axis, column in (("x", "actual_value"), ("y", "potential_value")):
        straight = _find_linear(known[column])
        getattr(ax, f"set_{axis}scale")("symlog", linthresh=straight)
        low, high = float(known[column].min()), float(known[column].max())
        # nobody below 0: no empty half; the ends leave room for the marks
        ends = 1.8 * low if low < 0 else -0.3 * straight, max(1.8 * high, straight)
        getattr(ax, f"set_{axis}lim")(*ends)
        getattr(ax, f"{axis}axis").set_major_formatter(short_number)
        getattr(ax, f"{axis}axis").set_minor_locator(_no_ticks())


def _find_linear(values: pd.Series) -> float:
    """Return up to where the axis is straight: the power of ten below the middle of the sizes."""
    sizes = values[values != 0].abs()
    return 10.0 ** math.floor(math.log10(float(sizes.median()))) if len(sizes) else 1.0


def _no_ticks() -> object:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def plot_category_shares(shares: pd.DataFrame, *, unit: str = "元", ax: Axes | None = None) -> Axes:
    """Draw per category what customers spend with us and elsewhere.

    Parameters
    ----------
    shares : DataFrame
        One row per category: ``category``, ``category_spend``, ``our_spend``, ``share``, ``n_customers``, as
        `measure_share` returns them by category.
    unit : str
        Unit of money.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A bar a category, ours first, with our share beside it; the largest spend elsewhere on top.
    """
    needed = ["category", "category_spend", "our_spend", "share", "n_customers"]
    check_frame("plot_category_shares", shares, needed, "categories")
    rest = (shares["category_spend"] - shares["our_spend"]).clip(lower=0)
    order = rest.sort_values(ascending=False, kind="stable").index
    ax = open_axes(ax, 1.6 + 0.36 * len(shares))
    names = [keep_drawable(str(c)) for c in shares.loc[order, "category"]]
    ours, elsewhere = shares.loc[order, "our_spend"], rest[order]
    ax.barh(range(len(order)), ours, color=MAIN, height=0.62, linewidth=0, label="在我们这里")
    ax.barh(
        range(len(order)), elsewhere, left=ours, color="#C9D3DB", height=0.62, linewidth=0, label="在别处"
    )
    for row, (value, share) in enumerate(zip(ours + elsewhere, shares.loc[order, "share"], strict=True)):
        if share == share:
            ax.annotate(
                percent(share), (value, row), (4, 0), textcoords="offset points", va="center", fontsize=9
            )
    ax.set_yticks(range(len(order)), names)
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.margins(x=0.1)
    ax.xaxis.set_major_formatter(short_number)
    ax.set_xlabel(f"支出（{unit}），右端是我们的客户份额")
    ax.grid(axis="y", visible=False)
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0)
    note(ax, f"n = {int(shares['n_customers'].max()):,} 位回答的客户")
    return ax
