"""Figures of policies: effects with intervals, who is moved, what a budget buys, how alike the arms are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, short_number, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_RULES = (("ranking", "按排名", MAIN), ("random", "随机", MUTED))
_MOST_MEASURES = 20


def plot_effects(
    effects: pd.DataFrame, *, label: str = "measure", unit: str = "", ax: Axes | None = None
) -> Axes:
    """Draw differences between the arms with their intervals.

    Parameters
    ----------
    effects : DataFrame
        One row per difference of one unit: the column `label`, ``n_treated``, ``n_control``,
        ``difference``, ``low``, ``high``; shares are drawn when ``kind`` says so of all.
    label : str
        Column that names each row.
    unit : str
        Unit of the differences, such as 元.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A point and a line a row, the first on top, and the line of no difference; a row without interval
        has its point only.
    """
    check_frame(
        "plot_effects", effects, [label, "n_treated", "n_control", "difference", "low", "high"], "effects"
    )
    known = effects[effects["difference"].notna()]
    if known.empty:
        return write_nothing(ax, "两组的差别算不出来，没有可以画的数")
    ax = open_axes(ax, 1.3 + 0.5 * len(effects))
    ax.axvline(0, color=MUTED, linewidth=1, linestyle="--")
    for row, part in enumerate(effects.to_dict("records")):
        clear = part["low"] > 0 or part["high"] < 0
        ax.plot([part["low"], part["high"]], [row, row], color=MAIN, linewidth=2)
        face = MAIN if clear else "white"
        ax.plot([part["difference"]], [row], marker="o", color=MAIN, markerfacecolor=face, linestyle="none")
    names = [keep_drawable(_name(str(v))) for v in effects[label]]
    ax.set_yticks(range(len(effects)), names)
    ax.set_ylim(len(effects) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    shares = "kind" in effects.columns and (effects["kind"] == "share").all()
    ax.xaxis.set_major_formatter(percent if shares else short_number)
    ax.set_xlabel(f"实施组 − 对照组{'（百分点）' if shares else f'（{unit}）' if unit else ''}，横线是区间")
    note(
        ax,
        f"n = {_span(effects, 'n_treated')} 位实施，{_span(effects, 'n_control')} 位对照；实心点：区间不含 0",
    )
    return ax


def plot_qini(
    curve: pd.DataFrame,
    *,
    others: Mapping[str, pd.DataFrame] | None = None,
    unit: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the Qini curve of a ranking beside the line of a ranking by lot.

    Parameters
    ----------
    curve : DataFrame
        One row per point: ``share`` (0–1), ``qini``, ``random``, as `measure_qini` returns them;
        ``attrs["n_customers"]`` is named in the caption.
    others : mapping of str to DataFrame, optional
        Further curves by name, such as the one of the planted truth.
    unit : str
        Unit of the outcome; without one the gain is shown as a share.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        The curve, the straight line, and the other curves.
    """
    check_frame("plot_qini", curve, ["share", "qini", "random"], "points")
    ax = open_axes(ax, 3.8)
    ax.axhline(0, color="#B8BEC4", linewidth=0.8)
    ax.plot(curve["share"], curve["random"], color=MUTED, linewidth=1.2, linestyle="--", label="随机排名")
    ax.plot(curve["share"], curve["qini"], color=MAIN, linewidth=2, label="本排名")
    for k, (name, other) in enumerate((others or {}).items()):
        check_frame("plot_qini", other, ["share", "qini"], "points")
        color = PALETTE[(k + 1) % len(PALETTE)]
        ax.plot(
            other["share"],
            other["qini"],
            color=color,
            linewidth=1.5,
            linestyle="-.",
            label=keep_drawable(name),
        )
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(percent)
    ax.yaxis.set_major_formatter(short_number if unit else percent)
    ax.set_xlabel("实施政策的客户占比（按预计增量从高到低）")
    ax.set_ylabel(f"每位实施客户的累计增量{f'（{unit}）' if unit else ''}")
    ax.legend(frameon=False)
    n = curve.attrs.get("n_customers")
    note(ax, f"n = {n:,} 位客户" if n is not None else "")
    return ax


def plot_uplift_groups(groups: pd.DataFrame, *, unit: str = "", ax: Axes | None = None) -> Axes:
    """Draw the effect found in each group of the ranking, beside the one expected.

    Parameters
    ----------
    groups : DataFrame
        One row per group: ``group``, ``n_customers``, ``expected``, ``difference``, ``low``, ``high``, as
        `measure_groups` returns them.
    unit : str
        Unit of the outcome; without one the effect is shown as a share.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A bar with its interval and a mark a group; a group with one arm only has its mark alone.
    """
    columns = ["group", "n_customers", "expected", "difference", "low", "high"]
    check_frame("plot_uplift_groups", groups, columns, "groups")
    ax = open_axes(ax, 3.6)
    at = groups["group"].to_numpy()
    ax.bar(at, groups["difference"].fillna(0.0), width=0.7, color=MAIN, linewidth=0, label="实际增量")
    ax.vlines(at, groups["low"], groups["high"], color="#333333", linewidth=1.2)
    ax.plot(at, groups["expected"], color=PALETTE[1], marker="D", linestyle="none", label="预计增量")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.set_xticks(at)
    ax.grid(axis="x", visible=False)
    ax.yaxis.set_major_formatter(short_number if unit else percent)
    ax.set_xlabel("客户组（1 = 预计增量最高），竖线是区间")
    ax.set_ylabel(f"增量{f'（{unit}）' if unit else ''}")
    ax.legend(frameon=False)
    note(ax, f"n = {int(groups['n_customers'].sum()):,} 位客户")
    return ax


def plot_budgets(budgets: pd.DataFrame, *, unit: str = "元", ax: Axes | None = None) -> Axes:
    """Draw what is left of each budget's gain after its cost, by ranking and by lot.

    Parameters
    ----------
    budgets : DataFrame
        One row per budget and rule: ``budget``, ``rule``, ``net_gain``, ``net_low``, ``net_high``, as
        `evaluate_budgets` returns them; ``attrs["n_customers"]`` is named in the caption.
    unit : str
        Unit of money.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A line with its interval for either rule, and a dotted line for treating everybody.
    """
    check_frame("plot_budgets", budgets, ["budget", "rule", "net_gain", "net_low", "net_high"], "budgets")
    if budgets.loc[budgets["budget"].notna(), "net_gain"].notna().sum() == 0:
        return write_nothing(ax, "没有一个预算的净增益算得出来")
    ax = open_axes(ax, 3.8)
    for rule, title, color in _RULES:
        own = budgets[(budgets["rule"] == rule) & budgets["budget"].notna()].sort_values("budget")
        ax.plot(own["budget"], own["net_gain"], color=color, marker="o", label=title)
        if rule == "ranking":
            ax.fill_between(
                own["budget"], own["net_low"], own["net_high"], color=color, alpha=0.15, linewidth=0
            )
    for _, all_of_them in budgets[budgets["rule"] == "everybody"].iterrows():
        ax.axhline(all_of_them["net_gain"], color=PALETTE[3], linewidth=1.2, linestyle=":", label="全部实施")
    ax.axhline(0, color="#B8BEC4", linewidth=0.8)
    ax.xaxis.set_major_formatter(short_number)
    ax.yaxis.set_major_formatter(short_number)
    ax.set_xlabel(f"预算（{unit}）")
    ax.set_ylabel(f"增益减去费用（{unit}），浅色是区间")
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderpad=0)
    n = budgets.attrs.get("n_customers")
    note(ax, f"n = {n:,} 位客户" if n is not None else "")
    return ax


def plot_balance(balance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how far the arms differ in each measure, before and, where known, after adjusting.

    Parameters
    ----------
    balance : DataFrame
        One row per measure: ``measure``, ``std_difference`` and, when adjusted,
        ``std_difference_after``; of more than 20 measures the first 20 are drawn.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        An open point before and a full one after, and dotted lines at 0.1.
    """
    check_frame("plot_balance", balance, ["measure", "std_difference"], "measures")
    shown = balance.head(_MOST_MEASURES)
    ax = open_axes(ax, 1.4 + 0.3 * len(shown))
    at = range(len(shown))
    before = {"color": PALETTE[3], "marker": "o", "markerfacecolor": "white", "linestyle": "none"}
    ax.plot(shown["std_difference"], at, label="调整前", **before)
    if "std_difference_after" in shown.columns:
        ax.plot(shown["std_difference_after"], at, color=MAIN, marker="o", linestyle="none", label="调整后")
    for edge in (-0.1, 0.1):
        ax.axvline(edge, color=MUTED, linewidth=1, linestyle=":")
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_yticks(at, [keep_drawable(_name(str(m))) for m in shown["measure"]])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.xaxis.set_major_formatter(short_number)
    ax.set_xlabel("实施组 − 对照组（标准差）；虚线是 ±0.1")
    ax.legend(frameon=False)
    more = len(balance) - len(shown)
    note(ax, f"{len(balance)} 个指标" + (f"，画出相差最大的 {len(shown)} 个" if more else ""))
    return ax


def _name(name: str) -> str:
    """Return the title of a measure; of a flag or a ratio the titles of its parts."""
    if " = " in name:
        column, word = name.split(" = ", 1)
        return f"{column_title(column)} = {word}"
    if " / " in name:
        return " / ".join(column_title(part) for part in name.split(" / ", 1))
    if name.endswith(" missing"):
        return f"{column_title(name.removesuffix(' missing'))}（缺）"
    return {"plain": "未调整", "adjusted": "调整后", "weighting": "加权后", "matching": "配对后"}.get(
        name, column_title(name)
    )


def _span(effects: pd.DataFrame, column: str) -> str:
    low, high = int(effects[column].min()), int(effects[column].max())
    return f"{low:,}" if low == high else f"{low:,}～{high:,}"
