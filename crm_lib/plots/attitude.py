"""Figures of attitudes: answers to statements, importance against performance, Kano's plane, recommendation."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from crm_lib.plots._canvas import check_frame, note, open_axes, percent, text_on, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_RAMP = ("#A33A0A", "#EBA375", "#D5D9DD", "#79B7DE", "#005F93")
_LEAST_LABEL = 0.07
_QUADRANTS = (
    (0.01, 0.99, "优先改进", "left", "top"),
    (0.99, 0.99, "继续保持", "right", "top"),
    (0.01, 0.01, "暂缓", "left", "bottom"),
    (0.99, 0.01, "可能过度", "right", "bottom"),
)
_KANO = (
    (0.01, 0.99, "魅力（A）", "left", "top"),
    (0.99, 0.99, "期望（O）", "right", "top"),
    (0.01, 0.01, "无差异（I）", "left", "bottom"),
    (0.99, 0.01, "必备（M）", "right", "bottom"),
)
KANO_COLORS = {
    "M": PALETTE[3],
    "O": PALETTE[0],
    "A": PALETTE[2],
    "I": MUTED,
    "R": PALETTE[6],
    "Q": PALETTE[5],
}


def plot_likert(answers: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each answer was given to each statement, the middle of the scale at zero.

    Parameters
    ----------
    answers : DataFrame
        One row per item and answer, as `count_answers` returns it: item, text, reversed, points, answer,
        share, n_answered.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar an item, the first on top: refusing answers left of zero, agreeing ones right of it, half of
        a middle answer on either side.  Items are drawn as they were answered; a reversed one says so.
        Items nobody answered say that; when none was answered a sentence stands alone.
    """
    check_frame("plot_likert", answers, ["item", "text", "reversed", "points", "answer", "share"], "answers")
    items = list(dict.fromkeys(answers["item"]))
    known = answers.dropna(subset=["share"])
    if not len(known):
        return write_nothing(ax, "没有人回答这些题目，画不出分布")
    ax = open_axes(ax, 1.3 + 0.42 * len(items))
    labels = []
    for row, item in enumerate(items):
        mine = answers[answers["item"] == item]
        labels.append(_name_item(mine.iloc[0]))
        if mine["share"].isna().all():
            ax.text(0.01, row, "没有人回答", va="center", color=MUTED)
        else:
            _draw_item(ax, row, mine["share"].to_list())
    ax.set_yticks(range(len(items)), labels, fontsize=9)
    ax.set_ylim(len(items) - 0.5, -0.5)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_xlim(-1, 1)
    ax.xaxis.set_major_formatter(lambda x, _: percent(abs(x)))
    ax.set_xlabel("占作答者的比例（左：不同意，右：同意）")
    ax.grid(axis="y", visible=False)
    _explain_answers(ax, known)
    counts = answers.groupby("item")["n_answered"].first()
    low, high = int(counts.min()), int(counts.max())
    note(ax, f"每题 n = {low:,}" + (f"–{high:,}" if high > low else "") + " 人")
    return ax


def _name_item(row: Any) -> str:
    text = "\n".join(textwrap.wrap(keep_drawable(str(row["text"])), 18)[:2])
    return text + ("（反向）" if row["reversed"] else "")


def _ramp(n: int) -> list[str]:
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    colors = LinearSegmentedColormap.from_list("likert", list(_RAMP))
    return [to_hex(colors(i / max(n - 1, 1))) for i in range(n)]


def _draw_item(ax: Axes, row: int, shares: list[float]) -> None:
    n, colors = len(shares), _ramp(len(shares))
    left = -sum(shares[: n // 2]) - (shares[n // 2] / 2 if n % 2 else 0.0)
    for share, color in zip(shares, colors, strict=True):
        ax.barh(row, share, left=left, height=0.7, color=color, linewidth=0)
        if share >= _LEAST_LABEL:
            at = left + share / 2
            ax.text(at, row, percent(share), ha="center", va="center", color=text_on(color), fontsize=8)
        left += share


def _explain_answers(ax: Axes, known: pd.DataFrame) -> None:
    from matplotlib.patches import Patch

    scales = known.groupby("item")["answer"].agg(["min", "max"]).drop_duplicates()
    if len(scales) > 1:
        handles = [
            Patch(color=_RAMP[0], label="最不同意", lw=0),
            Patch(color=_RAMP[-1], label="最同意", lw=0),
        ]
    else:
        answers = range(int(scales["min"].iloc[0]), int(scales["max"].iloc[0]) + 1)
        handles = [
            Patch(color=c, label=str(a) if a < answers[-1] else f"{a} 分", lw=0)
            for a, c in zip(answers, _ramp(len(answers)), strict=True)
        ]
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=min(len(handles), 7),
        frameon=False,
        borderpad=0,
        handlelength=1,
        columnspacing=1,
    )


def plot_importance(found: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw importance against performance, divided into four quadrants.

    Parameters
    ----------
    found : DataFrame
        What `compare_importance` returned, perhaps with a column ``title`` of names to show; its ``attrs``
        say where the plane is cut.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One point an attribute with its two intervals; filled when neither interval holds its cut, hollow
        when the quadrant is not certain.
    """
    columns = ["attribute", "importance", "performance", "importance_low", "performance_low", "firm", "n"]
    check_frame("plot_importance", found, columns, "attributes")
    known = found.dropna(subset=["importance", "performance"])
    if not len(known):
        return write_nothing(ax, "没有人同时评价重要性和表现，画不出四个象限")
    ax = open_axes(ax, 4.6)
    for row in known.to_dict("records"):
        _draw_cross(ax, row, "performance", "importance", MAIN, solid=bool(row["firm"]))
    ax.axvline(found.attrs.get("cut_performance", 3.0), color=MUTED, linewidth=1, linestyle="--")
    ax.axhline(found.attrs.get("cut_importance", 3.0), color=MUTED, linewidth=1, linestyle="--")
    _write_corners(ax, _QUADRANTS)
    ax.margins(0.14)
    names = known["title"] if "title" in known.columns else known["attribute"]
    _write_names(ax, list(zip(known["performance"], known["importance"], names, strict=True)))
    ax.set_xlabel("表现（平均分）")
    ax.set_ylabel("重要性（平均分）")
    low, high = int(known["n"].min()), int(known["n"].max())
    note(ax, f"n = {low:,}" + (f"–{high:,}" if high > low else "") + " 人；空心：区间跨过分界线，象限不确定")
    return ax


def _draw_cross(ax: Axes, row: dict, x: str, y: str, color: str, *, solid: bool) -> None:
    ends = {}
    for axis, name in (("x", x), ("y", y)):
        low, high = row[f"{name}_low"], row.get(f"{name}_high", float("nan"))
        spread = [[row[name] - low], [high - row[name]]]
        ends[f"{axis}err"] = spread if low == low and high == high else None
    ax.errorbar(
        row[x],
        row[y],
        **ends,
        fmt="o",
        color=color,
        markerfacecolor=color if solid else "white",
        markersize=7,
        elinewidth=0.8,
        ecolor="#9AA4AD",
        zorder=3,
    )


def _write_names(ax: Axes, points: list[tuple[float, float, str]]) -> None:
    """Write a name beside each point, where it covers neither a point nor an earlier name."""
    spots = [tuple(ax.transData.transform((x, y))) for x, y, _ in points]
    taken = [(a - 5, b - 5, a + 5, b + 5) for a, b in spots]
    for (x, y, text), (a, b) in zip(points, spots, strict=True):
        width = 14 * len(text) * ax.get_figure(root=True).dpi / 100
        places = [(6, 5, "left"), (6, -14, "left"), (-6, 5, "right"), (-6, -14, "right")]
        boxes = [
            (
                a + (dx if side == "left" else dx - width),
                b + dy,
                a + (dx + width if side == "left" else dx),
                b + dy + 16,
            )
            for dx, dy, side in places
        ]
        hits = [sum(_overlap(box, other) for other in taken) for box in boxes]
        best = hits.index(min(hits))
        taken.append(boxes[best])
        dx, dy, side = places[best]
        ax.annotate(
            keep_drawable(text),
            (x, y),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            fontsize=9.5,
            zorder=4,
        )


def _overlap(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _write_corners(ax: Axes, corners: tuple) -> None:
    for x, y, text, side, height in corners:
        ax.text(x, y, text, ha=side, va=height, transform=ax.transAxes, color=MUTED, fontsize=10)


def plot_kano(found: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw features by how much they please when there and displease when not.

    Parameters
    ----------
    found : DataFrame
        What `classify_kano` returned, perhaps with a column ``title`` of names to show.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One point a feature with the intervals of both coefficients, coloured by its most frequent class and
        named with it; hollow when the class is not clear.
    """
    columns = ["feature", "kano", "clear", "n", "better", "better_low", "worse", "worse_low", "worse_high"]
    check_frame("plot_kano", found, columns, "features")
    known = found.dropna(subset=["better", "worse"])
    if not len(known):
        return write_nothing(ax, "没有可以画的功能：没有成对的回答")
    ax = open_axes(ax, 4.8)
    names = known["title"] if "title" in known.columns else known["feature"]
    for row in known.to_dict("records"):
        row |= {"harm": -row["worse"], "harm_low": -row["worse_high"], "harm_high": -row["worse_low"]}
        color = KANO_COLORS.get(str(row["kano"])[:1], MUTED)
        _draw_cross(ax, row, "harm", "better", color, solid=bool(row["clear"]))
    ax.axvline(0.5, color=MUTED, linewidth=1, linestyle="--")
    ax.axhline(0.5, color=MUTED, linewidth=1, linestyle="--")
    _write_corners(ax, _KANO)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.03)
    texts = [f"{name} {kind}" for name, kind in zip(names, known["kano"], strict=True)]
    _write_names(ax, list(zip(-known["worse"], known["better"], texts, strict=True)))
    ax.xaxis.set_major_formatter(percent)
    ax.yaxis.set_major_formatter(percent)
    ax.set_xlabel("没有时不满意的比例（|worse|）")
    ax.set_ylabel("有时更满意的比例（better）")
    low, high = int(known["n"].min()), int(known["n"].max())
    note(ax, f"n = {low:,}" + (f"–{high:,}" if high > low else "") + " 人；空心：前两类分不出高下")
    return ax


def plot_nps(found: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the net promoter score of everybody and of each group, with its interval.

    Parameters
    ----------
    found : DataFrame
        What `measure_nps` returned: group ("" is everybody), n, nps, low, high, few.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One line a group, the first on top; hollow when fewer than 30 answered, a sentence when nobody did.
    """
    check_frame("plot_nps", found, ["group", "n", "nps", "low", "high", "few"], "groups")
    if found["nps"].isna().all():
        return write_nothing(ax, "没有人回答推荐意愿，画不出净推荐值")
    ax = open_axes(ax, 1.4 + 0.45 * len(found))
    rows = found.to_dict("records")
    for at, row in enumerate(rows):
        if row["nps"] != row["nps"]:
            ax.text(0, at, "没有人回答", va="center", color=MUTED)
            continue
        color = MAIN if row["group"] == "" else PALETTE[3]
        ax.plot([row["low"], row["high"]], [at, at], color=color, linewidth=2.2, solid_capstyle="butt")
        fill = "white" if row["few"] else color
        ax.plot([row["nps"]], [at], marker="o", markersize=8, color=color, markerfacecolor=fill)
        text = f"{round(row['nps']):+d}".replace("-", "−").replace("+0", "0")
        ax.annotate(
            text, (row["nps"], at), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9
        )
    labels = [f"{keep_drawable(r['group']) or '全部'}（{r['n']:,} 人）" for r in rows]
    ax.set_yticks(range(len(rows)), labels)
    ax.set_ylim(len(rows) - 0.5, -0.7)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_xlim(-105, 105)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:.0f}".replace("-", "−"))
    ax.set_xlabel("净推荐值（横线是置信区间）")
    ax.grid(axis="y", visible=False)
    note(ax, f"n = {rows[0]['n']:,} 人" + ("；空心：不到 30 人" if found["few"].any() else ""))
    return ax
