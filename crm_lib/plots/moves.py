"""Figures of customers over time and in sum: moves between classes, cohorts, the whale curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, short_number, text_on, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

_NEW, _LOST = "new", "lost"
_WORDS = {_NEW: "新来的", _LOST: "没有再来"}
_MOST_PERIODS = 14


def plot_migration(migration: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw who moved from which class to which.

    Parameters
    ----------
    migration : DataFrame
        What `measure_migration` returned: ``from_class``, ``to_class``, ``n_customers``, ``row_share``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A table of fields, the earlier class down, the later across; the colour is the share of the row, the
        text its number of customers and share.  Who is new or lost stands at the edge.
    """
    check_frame("plot_migration", migration, ["from_class", "to_class", "n_customers", "row_share"], "pairs")
    n = int(migration["n_customers"].sum())
    if not n:
        return write_nothing(ax, "两个时期都没有客户，画不出变动")
    rows, columns = (list(dict.fromkeys(migration[c])) for c in ("from_class", "to_class"))
    shares = _pivot(migration, "row_share", rows, columns)
    counts = _pivot(migration, "n_customers", rows, columns)
    ax = open_axes(ax, 1.6 + 0.55 * len(rows))
    texts = [
        [
            f"{int(c):,}\n{percent(s)}" if s == s and c else ("" if c != c else "0")
            for c, s in zip(cs, ss, strict=True)
        ]
        for cs, ss in zip(counts, shares, strict=True)
    ]
    _draw_fields(ax, shares, texts)
    ax.set_xticks(range(len(columns)), [_WORDS.get(c, c) for c in columns])
    ax.set_yticks(range(len(rows)), [_WORDS.get(r, r) for r in rows])
    ax.set_xlabel("后一时期")
    ax.set_ylabel("前一时期")
    note(ax, f"n = {n:,} 位客户；百分数：占这一行的比例")
    return ax


def plot_cohorts(cohorts: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each cohort that bought in each later period.

    Parameters
    ----------
    cohorts : DataFrame
        What `measure_cohorts` returned: ``cohort``, ``period``, ``n_customers``, ``retention_share``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One row per cohort (the latest 14), one field per period after the first (at most 14); a period that
        is not over is blank.  A sentence instead when no cohort has a complete period after its first.
    """
    check_frame("plot_cohorts", cohorts, ["cohort", "period", "n_customers", "retention_share"], "cohorts")
    later = cohorts[(cohorts["period"] > 0) & cohorts["retention_share"].notna()]
    n = int(cohorts.loc[cohorts["period"] == 0, "n_customers"].sum())
    if not len(later):
        return write_nothing(ax, f"n = {n:,} 位客户，首次购买以后还没有一个完整的时期")
    names = sorted(later["cohort"].unique())[-_MOST_PERIODS:]
    periods = [p for p in sorted(later["period"].unique()) if p <= _MOST_PERIODS]
    table = later.pivot(index="cohort", columns="period", values="retention_share").reindex(
        names, columns=periods
    )
    sizes = cohorts[cohorts["period"] == 0].set_index("cohort")["n_customers"]
    ax = open_axes(ax, 1.4 + 0.34 * len(names))
    shares = table.to_numpy(dtype="float64")
    _draw_fields(ax, shares, [["" if s != s else percent(s) for s in row] for row in shares])
    day = "%Y-%m-%d" if cohorts.attrs.get("unit") == "W" else "%Y-%m"
    ax.set_yticks(
        range(len(names)), [f"{table.index[i].strftime(day)}（{sizes[c]:,}）" for i, c in enumerate(names)]
    )
    ax.set_xticks(range(len(periods)), [str(p) for p in periods])
    unit = {"W": "周", "Q": "季度"}.get(cohorts.attrs.get("unit", "M"), "个月")
    ax.set_xlabel(f"首次购买以后第几{unit}")
    ax.set_ylabel("首次购买的时期（人数）")
    note(ax, f"n = {n:,} 位客户；空白：这一时期还没有过完")
    return ax


def plot_whale(whale: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the whale curve: cumulative profit from the most profitable customer to the least.

    Parameters
    ----------
    whale : DataFrame
        What `measure_whale` returned, with its attrs.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        The curve from (0, 0), a line at the total, the peak, and the customers who lose shaded.
    """
    check_frame("plot_whale", whale, ["customer_share", "cumulative_profit"], "customers")
    import numpy as np

    facts = whale.attrs
    at = np.concatenate([[0.0], whale["customer_share"].to_numpy(dtype="float64")])
    height = np.concatenate([[0.0], whale["cumulative_profit"].to_numpy(dtype="float64")])
    ax = open_axes(ax, 3.8)
    ax.plot(at, height, color=MAIN, linewidth=2, label="累计利润")
    ax.axhline(facts["total"], color=MUTED, linewidth=1, linestyle="--", label="全部客户的利润")
    peak = facts["peak_customers"]
    ax.plot([at[peak]], [height[peak]], marker="o", linestyle="none", color=PALETTE[3], label="最高处")
    if facts["n_losing"]:
        ax.axvspan(
            1 - facts["n_losing"] / len(whale), 1, color=PALETTE[3], alpha=0.12, lw=0, label="亏损的客户"
        )
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(percent)
    ax.yaxis.set_major_formatter(short_number)
    ax.set_xlabel("客户占比（按利润从高到低）")
    ax.set_ylabel(f"累计{column_title(facts.get('by', 'net_profit'))}（元）")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 0.02), ncols=2)
    note(ax, f"n = {len(whale):,} 位客户；亏损的 {facts['n_losing']:,} 位")
    return ax


def _pivot(frame: pd.DataFrame, values: str, rows: list[str], columns: list[str]) -> np.ndarray:
    table = frame.pivot(index="from_class", columns="to_class", values=values)
    return table.reindex(index=rows, columns=columns).to_numpy(dtype="float64")


def _draw_fields(ax: Axes, shares: np.ndarray, texts: list[list[str]]) -> None:
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex

    shades = LinearSegmentedColormap.from_list("shades", ["#F4F7F9", MAIN])
    top = float(np.nanmax(shares)) if np.isfinite(shares).any() else 1.0
    norm = Normalize(0, max(top, 1e-9))
    ax.imshow(np.ma.masked_invalid(shares), cmap=shades, norm=norm, aspect="auto")
    for r, row in enumerate(texts):
        for c, text in enumerate(row):
            share = shares[r, c]
            color = text_on(to_hex(shades(norm(share)))) if share == share else MUTED
            ax.text(c, r, text, ha="center", va="center", fontsize=9, color=color)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
