"""Figure of anonymity: how many rows hide among how many people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.plots._canvas import check_frame, note, open_axes, short_number, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_EDGES = (1, 2, 3, 5, 10, 20, 50)


def plot_anonymity(
    classes: pd.DataFrame, *, k: int = 5, after: pd.DataFrame | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how many rows stand in classes of which size; with `after`, before and after generalisation.

    Parameters
    ----------
    classes : DataFrame
        One row per class, as ``Anonymity.classes`` holds them: ``n_rows``.
    k : int
        The least size wanted; smaller classes are dark red.
    after : DataFrame, optional
        The classes of the table made coarser.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One bar (with `after` two) a band of sizes, its height the number of rows, and a line at k.
    """
    if not len(classes):
        return write_nothing(ax, say("anonymity.nobody"))
    check_frame("plot_anonymity", classes, ["n_rows"], "classes")
    edges = sorted({e for e in _EDGES if e != k} | {k})
    ax = open_axes(ax, 3.4)
    bars = [_count(classes, edges)] + ([_count(after, edges)] if after is not None else [])
    width = 0.8 / len(bars)
    for turn, heights in enumerate(bars):
        at = [i + (turn - (len(bars) - 1) / 2) * width for i in range(len(edges))]
        colors = [PALETTE[3] if e < k else MAIN for e in edges]
        shade = 0.45 if len(bars) == 2 and turn == 0 else 1.0
        drawn = ax.bar(at, heights, width=width * 0.94, color=colors, alpha=shade)
        ax.bar_label(drawn, [short_number(h) if h else "" for h in heights], padding=2, color="#333333")
    ax.axvline(edges.index(k) - 0.5, color=MUTED, linewidth=1, linestyle="--")
    most = max(max(heights) for heights in bars)
    if edges.index(k):
        ax.text(edges.index(k) - 0.45, most * 1.12, say("anonymity.limit", k=k), va="center", color=MUTED)
    ax.set_ylim(0, most * 1.22)
    ax.set_xticks(range(len(edges)), _name_bands(edges))
    ax.grid(axis="x", visible=False)
    ax.yaxis.set_major_formatter(short_number)
    ax.set_xlabel(say("anonymity.axis"))
    ax.set_ylabel(say("anonymity.rows"))
    _caption(ax, classes, after)
    return ax


def _count(classes: pd.DataFrame, edges: list[int]) -> list[int]:
    """Return the rows in classes of each band of sizes."""
    size = classes["n_rows"]
    ends = [*edges[1:], None]
    return [
        int(size[(size >= low) & (size < high if high else True)].sum())
        for low, high in zip(edges, ends, strict=True)
    ]


def _name_bands(edges: list[int]) -> list[str]:
    names = []
    for low, high in zip(edges, edges[1:], strict=False):
        names.append(
            say("anonymity.from_to", low=low, high=high - 1)
            if high - low > 1
            else f"{low}{say('anonymity.single')[1:]}"
        )
    return [*names, say("anonymity.many", low=edges[-1])]


def _caption(ax: Axes, classes: pd.DataFrame, after: pd.DataFrame | None) -> None:
    n, k = int(classes["n_rows"].sum()), int(classes["n_rows"].min())
    if after is None:
        note(ax, say("anonymity.note", n=f"{n:,}", classes=f"{len(classes):,}", k=k))
        return
    n_after = int(after["n_rows"].sum()) if len(after) else 0
    k_after = int(after["n_rows"].min()) if len(after) else 0
    note(ax, say("anonymity.note_change", n=f"{n:,}", k=k, n_after=f"{n_after:,}", k_after=k_after))
    from matplotlib.patches import Patch

    handles = [
        Patch(color=MAIN, alpha=a, label=say(f"anonymity.{w}")) for a, w in ((0.45, "before"), (1, "after"))
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2, frameon=False)
