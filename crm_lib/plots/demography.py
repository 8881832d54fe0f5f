"""Figures of demography: population pyramid, representativeness, attributes ranked against chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_VERDICTS = {"over": PALETTE[3], "under": PALETTE[6], "within": MAIN, "absent": PALETTE[6], "unknown": MUTED}
_LEGEND = {"over": "偏多", "under": "偏少", "within": "相符"}
_MARKS = {"over": "D", "under": "s", "within": "o", "absent": "s", "unknown": "o"}


def plot_pyramid(pyramid: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a population pyramid: two sexes left and right, the youngest at the bottom.

    Parameters
    ----------
    pyramid : DataFrame
        What ``build_pyramid`` returned: ``age_band``, ``gender``, ``n``, ``share``, ``population_share``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per band and sex, in parts of all persons counted; the population, where it is known, as an outline.
        With more than two sexes in the data, or nobody, a sentence says why there is no pyramid.
    """
    needed = ["age_band", "gender", "n", "share", "population_share"]
    require_columns("plot_pyramid", pyramid.columns, needed)
    genders = list(dict.fromkeys(pyramid["gender"]))
    n = int(pyramid["n"].sum())
    if not n:
        return write_nothing(ax, "n = 0 人，没有人可以画进金字塔")
    if len(genders) > 2:
        return write_nothing(ax, f"n = {n:,} 人，性别有 {len(genders)} 种写法，画不成左右两边的金字塔")
    bands = list(dict.fromkeys(pyramid["age_band"]))
    ax = open_axes(ax, 1.6 + 0.42 * len(bands))
    widest = 0.0
    for side, gender in zip((-1, 1), genders, strict=False):
        part = pyramid[pyramid["gender"] == gender].set_index("age_band").loc[bands]
        widest = max(widest, _draw_side(ax, part, side, keep_drawable(str(gender))))
    ax.set_yticks(range(len(bands)), [keep_drawable(str(b)) for b in bands])
    ax.set_xlim(-1.12 * widest, 1.12 * widest)
    ax.xaxis.set_major_formatter(lambda value, _: percent(abs(value)))
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_xlabel("占全部人数的比例")
    ax.set_ylabel("年龄段")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=3, frameon=False)
    note(ax, f"n = {n:,} 人")
    ax.title.set_position((0, 1.06))
    return ax


def _draw_side(ax: Axes, part: pd.DataFrame, side: int, label: str) -> float:
    """Draw the bars of one sex, and the population's outline; return how far they reach."""
    places = range(len(part))
    color = PALETTE[0] if side < 0 else PALETTE[1]
    ax.barh(places, side * part["share"], height=0.8, color=color, linewidth=0, label=label)
    reach = float(part["share"].max())
    if part["population_share"].notna().all():
        whole = "总体" if side < 0 else None
        outline = {"height": 0.8, "fill": False, "edgecolor": "#1A1A1A", "linewidth": 1.3}
        ax.barh(places, side * part["population_share"], label=whole, **outline)
        reach = max(reach, float(part["population_share"].max()))
    return reach


def plot_representativeness(
    compared: pd.DataFrame, *, titles: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the share of each category in the sample with its interval, and in the population.

    Parameters
    ----------
    compared : DataFrame
        What ``compare_to_population`` returned.
    titles : mapping, optional
        Column → Chinese title.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One line per category, the columns one below the other: a mark (its shape and colour say the verdict) with its
        interval, a short upright line for the population, a cross for the weighted share where there are weights.
    """
    needed = ["column", "category", "sample_share", "share_low", "share_high", "population_share", "verdict"]
    check_frame("plot_representativeness", compared, [*needed, "weighted_share"], "categories")
    rows = compared.reset_index(drop=True)
    ax = open_axes(ax, 1.7 + 0.3 * len(rows))
    for verdict, part in rows.groupby("verdict", sort=False):
        color, label = _VERDICTS.get(verdict, MUTED), _LEGEND.get(verdict)
        ax.hlines(part.index, part["share_low"], part["share_high"], color=color, linewidth=2.2)
        ax.plot(part["sample_share"], part.index, _MARKS.get(verdict, "o"), color=color, label=label)
    ax.plot(
        rows["population_share"],
        rows.index,
        "|",
        color="#1A1A1A",
        markersize=13,
        markeredgewidth=2.0,
        label="总体",
    )
    if rows["weighted_share"].notna().any():
        ax.plot(rows["weighted_share"], rows.index, "x", color="#1A1A1A", markersize=6, label="加权以后")
    names = titles or {}
    labels = [keep_drawable(f"{names.get(r.column, r.column)}：{r.category}") for r in rows.itertuples()]
    ax.set_yticks(range(len(rows)), labels)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("占样本（或总体）的比例，横线是样本的区间")
    ax.grid(axis="y", visible=False)
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.45, 1 + 0.62 / (0.3 * len(rows) + 0.8)), ncols=5, frameon=False
    )
    return ax


def plot_attribute_ranking(
    ranked: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    most: int = 16,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each attribute tells about a behaviour beside what chance alone gives.

    Parameters
    ----------
    ranked : DataFrame
        What ``rank_attributes`` returned; rows that could not be measured are left out.
    titles : mapping, optional
        Column → Chinese title, of attributes and outcomes.
    most : int
        Rows drawn at most, from the top.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per pair of attribute and outcome (mutual information in bits), and a grey band from 0 to what
        chance reaches in 95 of 100 cases.
    """
    needed = ["attribute", "outcome", "mutual_bits", "chance_bits_95", "verdict", "n_known"]
    check_frame("plot_attribute_ranking", ranked, needed, "attributes")
    rows = ranked[ranked["mutual_bits"].notna()].head(most).reset_index(drop=True)
    if not len(rows):
        return write_nothing(ax, "没有可以比较的属性：人数太少，或者每个人都一样")
    ax = open_axes(ax, 1.5 + 0.34 * len(rows))
    _draw_bits(ax, rows)
    names = titles or {}
    labels = [
        keep_drawable(
            f"{names.get(r.attribute, r.attribute)} → {names.get(r.outcome, r.outcome)}（{r.n_known:,}）"
        )
        for r in rows.itertuples()
    ]
    ax.set_yticks(range(len(rows)), labels)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel("互信息（比特），括号里是知道这一属性的人数")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right", frameon=False)
    return ax


def _draw_bits(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw a bar per pair, and over it the grey band that chance reaches."""
    useful = rows["verdict"].isin(["useful", "weak"])
    for flag, color, label in ((True, PALETTE[2], "超出偶然"), (False, "#B8BEC4", "没有超出偶然")):
        part = rows[useful == flag]
        if len(part):
            ax.barh(part.index, part["mutual_bits"], height=0.5, color=color, linewidth=0, label=label)
    ax.barh(
        rows.index,
        rows["chance_bits_95"],
        height=0.86,
        color=MUTED,
        alpha=0.35,
        linewidth=0,
        label="偶然的范围（95%）",
    )
