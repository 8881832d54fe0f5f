"""Figure of candidate identifiers: coverage, uniqueness and stability side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.plots._canvas import check_frame, note, open_axes, percent
from crm_lib.plots.style import MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_PARTS = (
    ("coverage_share", "覆盖率", "o"),
    ("uniqueness_share", "唯一性", "s"),
    ("stability_share", "稳定性", "D"),
)


def plot_identifiers(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how well customers could be recognised by each identifier.

    Parameters
    ----------
    scores : DataFrame
        One row per candidate, the best first, as `score_identifiers` returns it: ``title``,
        ``coverage_share``, ``uniqueness_share``, ``stability_share``, ``n_records``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One line per candidate with a point for each part; a part that is not known has no point.
    """
    check_frame("plot_identifiers", scores, ["title", "n_records", *(c for c, _, _ in _PARTS)], "candidates")
    ax = open_axes(ax, 1.3 + 0.42 * len(scores))
    places = range(len(scores) - 1, -1, -1)
    for place in places:
        ax.axhline(place, color="#E3E7EA", linewidth=1, zorder=0)
    for k, (column, title, marker) in enumerate(_PARTS):
        shares = scores[column].astype("float64").tolist()
        # side by side: equal shares must not hide one another
        at = [(x, y + 0.22 * (1 - k)) for x, y in zip(shares, places, strict=True) if x == x]
        if at:
            ax.plot(
                *zip(*at, strict=True),
                marker=marker,
                color=PALETTE[k],
                linestyle="none",
                label=title,
                markersize=6,
                markerfacecolor="none",
                markeredgewidth=1.8,
            )
    ax.set_yticks(list(places), [str(t) for t in scores["title"]])
    ax.set_xlim(-0.03, 1.03)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("占比")
    ax.tick_params(axis="y", length=0, colors=MUTED)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, frameon=False)
    note(ax, f"n = {int(scores['n_records'].iloc[0]):,} 条登记记录")
    return ax
