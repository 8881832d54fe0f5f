"""Figures of data quality: scores per dimension, before and after, and the repairs that gain most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ORDER = ("关联性", "完整性", "规范性", "唯一性", "准确性", "一致性")
_EFFORT_COLORS = {"自动": PALETTE[0], "核对": PALETTE[1], "回访": PALETTE[3]}


def plot_quality(scores: pd.DataFrame, *, after: pd.DataFrame | None = None, ax: Axes | None = None) -> Axes:
    """Draw the score of each dimension; with `after`, as two dots joined by a line.

    Parameters
    ----------
    scores : DataFrame
        One row per table and dimension, as `score_quality` returns it: dimension, n_checked, n_bad.
    after : DataFrame, optional
        The same after a repair, or at a later day.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar a dimension from 0 to 100, all tables together; with `after` an open dot (before) and a
        full one (after).  The score stands beside each.

    Notes
    -----
    Bars and not a radar: the area of a radar depends on the order of its axes.  With two scorings the
    axis begins near the lowest score, as dots need no zero; the note above says so.
    """
    check_frame("plot_quality", scores, ["dimension", "n_checked", "n_bad"], "scores")
    first = _score_dimensions(scores)
    names = [d for d in _ORDER if d in first]
    ax = open_axes(ax, 0.9 + 0.42 * len(names))
    at = list(range(len(names)))[::-1]
    ax.set_yticks(at, names)
    ax.set_xlabel("得分（合格单元格占比 × 100）")
    ax.grid(axis="y", visible=False)
    n = int(scores["n_checked"].sum())
    if after is None:
        values = [first[d] for d in names]
        ax.barh(at, values, color=MAIN, height=0.6)
        for y, value in zip(at, values, strict=True):
            ax.text(value + 1, y, _mark(value), va="center", color=MUTED)
        ax.set_xlim(0, 112)
        ax.set_xticks(range(0, 101, 20))
        note(ax, f"n = {n:,} 次单元格检查")
        return ax
    check_frame("plot_quality", after, ["dimension", "n_checked", "n_bad"], "scores")
    _draw_change(ax, at, [first[d] for d in names], [_score_dimensions(after).get(d) for d in names])
    note(ax, f"前 n = {n:,}，后 n = {int(after['n_checked'].sum()):,} 次单元格检查；横轴不从 0 开始")
    return ax


def _score_dimensions(scores: pd.DataFrame) -> dict[str, float]:
    summed = scores.groupby("dimension")[["n_checked", "n_bad"]].sum()
    return {str(d): 100.0 * (1 - row.n_bad / row.n_checked) for d, row in summed.iterrows() if row.n_checked}


def _draw_change(ax: Axes, at: list[int], before: list[float], after: list[float | None]) -> None:
    pairs = [(y, b, a) for y, b, a in zip(at, before, after, strict=True) if a is not None]
    for y, b, a in pairs:
        ax.plot([b, a], [y, y], color=MUTED, linewidth=2, zorder=1)
    ax.plot(before, at, "o", color=MUTED, markerfacecolor="white", markersize=8, label="前")
    ax.plot([p[2] for p in pairs], [p[0] for p in pairs], "o", color=MAIN, markersize=8, label="后")
    low = min([*before, *(p[2] for p in pairs)])
    room = max(100.0 - low, 1.0)
    ax.set_xlim(low - 0.12 * room, 100 + 0.25 * room)
    ax.set_xticks([tick for tick in ax.get_xticks() if low - 0.12 * room <= tick <= 100])
    for y, _, a in pairs:
        ax.annotate(_mark(a), (a, y), xytext=(9, 0), textcoords="offset points", va="center", color=MAIN)
    ax.set_ylim(-0.6, len(at) - 0.4)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _mark(score: float) -> str:
    """Return a score with one digit; one that is not full never reads 100."""
    import math

    return f"{math.floor(score * 100) / 100:.2f}" if 99.95 <= score < 100 else f"{score:.1f}"


def plot_repairs(ranked: pd.DataFrame, *, most: int = 10, ax: Axes | None = None) -> Axes:
    """Draw the repairs that raise the score most.

    Parameters
    ----------
    ranked : DataFrame
        One row per repair, the best first, as `rank_repairs` returns it: detail, effort, gain, n_findings.
    most : int
        How many to draw.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar a repair, its length the gain in points, its colour and a word in its label the effort;
        a sentence when there is nothing to mend.
    """
    from crm_lib._checks import require_columns, require_range

    require_range("plot_repairs", "most", most, 1)
    require_columns("plot_repairs", ranked.columns, ["detail", "effort", "gain", "n_findings"])
    shown = ranked.head(most)
    if not len(shown):
        return write_nothing(ax, "没有要修复的问题")
    own = ax is None
    ax = open_axes(ax, 0.9 + 0.38 * len(shown))
    if own:  # long labels are a little wider in the file than the layout measures them
        ax.figure.get_layout_engine().set(w_pad=0.2)
    at = list(range(len(shown)))[::-1]
    colors = [_EFFORT_COLORS.get(e, MUTED) for e in shown["effort"]]
    ax.barh(at, shown["gain"].to_numpy(), color=colors, height=0.6)
    rows = zip(shown["detail"], shown["effort"], shown["n_findings"], strict=True)
    labels = [f"{_shorten(str(d))}（{e}，{n:,} 处）" for d, e, n in rows]
    ax.set_yticks(at, [keep_drawable(label) for label in labels])
    ax.set_xlabel("全部修复后总分提高（分）")
    ax.grid(axis="y", visible=False)
    note(ax, f"n = {int(ranked['n_findings'].sum()):,} 处问题，{len(ranked)} 类修复中的前 {len(shown)} 类")
    return ax


def _shorten(text: str, most: int = 17) -> str:
    text = text.rstrip("。").split("（")[0]
    return text if len(text) <= most else text[: most - 1] + "…"
