"""Figures of a clustering: how many clusters, where they lie, what they are like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError
from crm_lib.plots._canvas import (
    check_frame,
    note,
    open_axes,
    open_panels,
    plain_log_axis,
    short_number,
    text_on,
    title_of,
    write_nothing,
)
from crm_lib.plots.style import MAIN, cluster_color

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_POINTS = 5_000
_MARKERS = "os^DvPXp"
_INDICES = (
    ("inertia", "簇内离差平方和（越小越紧）"),
    ("silhouette", "轮廓系数（越大越分明）"),
)


def plot_k_sweep(sweep: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw tightness and separation against the number of clusters.

    Parameters
    ----------
    sweep : DataFrame
        What ``sweep_k`` returned: ``k``, ``inertia``, ``silhouette``; its
        attribute ``recommended_k`` is marked when it is there.
    ax : Axes, optional
        Where to draw; its area is divided into two panels.

    Returns
    -------
    Axes
        The area; the panels are its ``child_axes``.  Without any k to compare
        it holds one sentence that says so.
    """
    require_columns("plot_k_sweep", sweep.columns, ["k", "inertia", "silhouette"])
    if sweep.empty:
        return write_nothing(ax, "不同的客户太少，没有可以比较的群数")
    from matplotlib.ticker import FuncFormatter

    ax = open_axes(ax, 3.0)
    best = sweep.attrs.get("recommended_k")
    for panel, (column, label) in zip(open_panels(ax, 2, gap=0.16), _INDICES, strict=True):
        panel.plot(sweep["k"], sweep[column], color=MAIN, marker="o", markersize=4.5, linewidth=1.8)
        panel.set_xticks(sweep["k"].tolist())
        panel.set_xlabel("聚类数 k")
        panel.set_ylabel(label)
        panel.yaxis.set_major_formatter(FuncFormatter(short_number))
        panel.grid(axis="x", visible=False)
        if best is not None:
            panel.axvline(best, color="#B7420C", linestyle="--", linewidth=1.2, zorder=0)
    n = sweep.attrs.get("n_customers")
    parts = [f"n = {n:,} 位客户" if n else "", f"虚线：推荐 k = {best}" if best is not None else ""]
    note(ax, "；".join(p for p in parts if p))
    return ax


def plot_clusters(
    customers: pd.DataFrame,
    *,
    x: str = "n_orders",
    y: str = "revenue",
    ax: Axes | None = None,
    random_state: int = 0,
    money_unit: str = "元",
) -> Axes:
    """Draw the customers by two quantities, coloured by cluster.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``cluster`` (1, 2, …) and the columns `x` and `y`.
    x, y : str
        Columns of the two axes.
    ax : Axes, optional
        Where to draw.
    random_state : int
        Seed of the sample that is drawn when there are more than 5,000 customers.
    money_unit : str
        Unit of money columns.

    Returns
    -------
    Axes
        One group of points a cluster; the note says how many are drawn.

    Notes
    -----
    An axis is logarithmic when all its values are positive and the largest is
    above ten times the median, otherwise linear or, with values of 0 or below
    and the same skew, symmetric-logarithmic.
    """
    check_frame("plot_clusters", customers, ["cluster", x, y], "customers")
    ax = open_axes(ax, 4.4)
    drawn = customers
    if len(customers) > MOST_POINTS:
        drawn = customers.sample(MOST_POINTS, random_state=random_state)
    sizes = customers["cluster"].value_counts()
    for cluster in sorted(sizes.index):
        points = drawn[drawn["cluster"] == cluster]
        ax.scatter(
            points[x],
            points[y],
            s=14,
            alpha=0.55,
            linewidths=0,
            color=cluster_color(cluster),
            marker=_MARKERS[(int(cluster) - 1) % len(_MARKERS)],
            label=f"第 {cluster} 群（{sizes[cluster]:,} 位）",
            rasterized=len(drawn) >= MOST_POINTS,
        )
    for axis, column in (("x", x), ("y", y)):
        _scale_axis(ax, axis, customers[column].astype(float))
        getattr(ax, f"set_{axis}label")(title_of(column, money_unit))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderpad=0, markerscale=1.6)
    shown = f"，随机画出 {len(drawn):,} 位" if len(drawn) < len(customers) else ""
    note(ax, f"n = {len(customers):,} 位客户{shown}")
    return ax


def _scale_axis(ax: Axes, axis: str, values: pd.Series) -> None:
    from matplotlib.ticker import FuncFormatter

    low, high, middle = float(values.min()), float(values.max()), float(values.abs().median())
    limits = getattr(ax, f"set_{axis}lim")
    getattr(ax, f"{axis}axis").set_major_formatter(FuncFormatter(short_number))
    if not (values.abs().max() > 10 * middle > 0):
        return
    if low > 0:
        limits(low / 1.3, high * 1.3)
        plain_log_axis(ax, axis)
        return
    getattr(ax, f"set_{axis}scale")("symlog", linthresh=middle)
    limits(low * 1.5 if low < 0 else -0.12 * middle, high * 1.5 if high > 0 else 0.12 * middle)
    getattr(ax, f"{axis}axis").set_major_formatter(FuncFormatter(short_number))


def plot_cluster_profiles(labels: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how far each cluster lies from all customers, quantity by quantity.

    Parameters
    ----------
    labels : DataFrame
        One row per cluster and quantity, what ``label_clusters`` returned:
        ``cluster``, ``feature``, ``deviation`` (−1…1), ``label``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A table of tiles: orange above, purple below all customers; the label in
        the tile.
    """
    check_frame("plot_cluster_profiles", labels, ["cluster", "feature", "deviation", "label"], "labels")
    if labels.duplicated(["cluster", "feature"]).any():
        raise DataError(
            "plot_cluster_profiles: needs one row per cluster and feature; some occur twice. "
            "Pass what label_clusters returned."
        )
    clusters = sorted(labels["cluster"].unique())
    features = list(dict.fromkeys(labels["feature"]))
    ax = open_axes(ax, 1.5 + 0.55 * len(clusters))
    for row in labels.itertuples(index=False):
        _draw_deviation(ax, features.index(row.feature), clusters.index(row.cluster), row)
    ax.set_xlim(-0.5, len(features) - 0.5)
    ax.set_ylim(len(clusters) - 0.5, -0.5)
    ax.set_xticks(range(len(features)), [title_of(f).split("（")[0] for f in features])
    ax.set_yticks(range(len(clusters)), [f"第 {c} 群" for c in clusters])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    note(ax, "与全部客户相比的偏离（−1 到 1，橙高紫低）" + _sizes(labels))
    return ax


def _sizes(labels: pd.DataFrame) -> str:
    if "n_customers" not in labels.columns:
        return ""
    n = labels.drop_duplicates("cluster")["n_customers"].sum()
    return f"；n = {int(n):,} 位客户"


def _draw_deviation(ax: Axes, column: int, row: int, cell: object) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    value = float(cell.deviation)
    color = to_hex(colormaps["PuOr_r"](0.5 + 0.42 * value))
    ax.add_patch(
        Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="white", linewidth=1.5)
    )
    sign = f"{value:+.2f}".replace("-", "−")
    text = f"{cell.label}\n{sign}" if cell.label else sign
    ax.text(column, row, text, ha="center", va="center", color=text_on(color), fontsize=9.5, linespacing=1.35)
