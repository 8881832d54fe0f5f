"""Figures of record linkage: what a threshold would give, and what each comparison says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import list_section, say
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LINES = (
    ("expected_precision", PALETTE[0], "--"),
    ("expected_recall", PALETTE[3], "--"),
    ("precision", PALETTE[0], "-"),
    ("recall", PALETTE[3], "-"),
)
_LEVEL_HEIGHT = 0.27


def plot_threshold(sweep: pd.DataFrame, *, threshold: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw precision and recall at each threshold.

    Parameters
    ----------
    sweep : DataFrame
        One row per threshold, as `sweep_threshold` returns it: ``threshold``, ``n_pairs``,
        ``expected_precision``, ``expected_recall``, and ``precision``, ``recall`` where measured.
    threshold : float, optional
        The one that was taken; marked by a line.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Dashed lines for what the probabilities promise, full lines for what was measured.

    Notes
    -----
    The axis of shares begins where the lowest line does: the trade-off lies between 0.9 and 1 in most
    registers, and would be invisible from 0.
    """
    check_frame(
        "plot_threshold", sweep, ["threshold", "n_pairs", *[c for c, _, _ in _LINES[:2]]], "thresholds"
    )
    if not int(sweep["n_pairs"].max()):
        return write_nothing(ax, say("linking.no_pairs"))
    ax = open_axes(ax, 3.6)
    at, low = list(range(len(sweep))), 1.0
    for column, color, dash in _LINES:
        if column in sweep:
            values = sweep[column].to_numpy(dtype="float64")
            low = min(low, float(values.min()))
            ax.plot(
                at,
                values,
                color=color,
                linestyle=dash,
                marker="o",
                markersize=3,
                label=say(f"linking.{column}"),
            )
    grid = sweep["threshold"].to_numpy(dtype="float64")
    ax.set_xticks(at, [f"{t:g}" for t in grid], rotation=60)
    if threshold is not None:
        label = say("linking.chosen", value=f"{threshold:g}")
        near = int(abs(grid - threshold).argmin())
        ax.axvline(near, color=MUTED, linewidth=1, linestyle=":", label=label)
    _dress_shares(ax, low)
    note(ax, say("linking.sweep_note", n=f"{int(sweep['n_pairs'].max()):,}"))
    return ax


def _dress_shares(ax: Axes, low: float) -> None:
    edge = 0.06 * (1.001 - low)
    ax.set_ylim(low - edge, 1 + edge)
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:.{2 if low > 0.99 else 1}%}" if low > 0.9 else percent(v))
    ax.set_xlabel(say("linking.threshold_axis"))
    ax.set_ylabel(say("linking.share_axis"))
    ax.legend(loc="lower center")


def plot_link_weights(weights: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how strongly each level of each comparison speaks for or against one person.

    Parameters
    ----------
    weights : DataFrame
        One row per comparison and level, as `LinkModel.weights` or ``links.attrs["weights"]`` holds them:
        ``comparison``, ``level``, ``weight`` (bits).
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar per level, right of zero where it speaks for one person.
    """
    if not len(weights):
        return write_nothing(ax, say("linking.nothing"))
    check_frame("plot_link_weights", weights, ["comparison", "level", "weight"], "levels")
    ax = open_axes(ax, 0.9 + _LEVEL_HEIGHT * len(weights))
    words = list_section("linking")
    at = list(range(len(weights)))[::-1]
    values = weights["weight"].to_numpy(dtype="float64")
    ax.barh(at, values, color=[MAIN if v >= 0 else PALETTE[3] for v in values], height=0.7)
    names = [
        f"{words.get(c, c)}：{words.get(f'level_{level}', words.get(level, level))}"
        for c, level in zip(weights["comparison"], weights["level"], strict=True)
    ]
    ax.set_yticks(at, names)
    ax.axvline(0, color=MUTED, linewidth=1)
    _mark_levels(ax, weights, at)
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(say("linking.weight_axis"))
    n = int(weights["comparison"].nunique())
    note(ax, say("linking.weights_note", n=n, levels=len(weights)))
    return ax


def _mark_levels(ax: Axes, weights: pd.DataFrame, at: list[int]) -> None:
    """Part the comparisons by lines and write each weight beside its bar."""
    starts = weights["comparison"].ne(weights["comparison"].shift())
    for y in [y for y, first in zip(at, starts, strict=True) if first][1:]:
        ax.axhline(y + 0.5, color=MUTED, linewidth=0.5, linestyle=":")
    for y, value in zip(at, weights["weight"].astype("float64"), strict=True):
        side = "left" if value >= 0 else "right"
        ax.text(
            value + (0.3 if value >= 0 else -0.3),
            y,
            f"{round(value, 1) + 0.0:.1f}".replace("-", "−"),
            va="center",
            ha=side,
        )
