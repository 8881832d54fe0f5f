"""Figure of a price audit: who is asked more for the same thing, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, say
from crm_lib.plots._canvas import check_frame, note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_NEEDED = ["comparison", "group", "part", "effect", "low", "high", "n_strata", "verdict"]
_ACCUSED = PALETTE[3]
_PATCH = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def plot_price_audit(
    effects: pd.DataFrame, *, min_effect: float = 0.005, confidence: float = 0.95, ax: Axes | None = None
) -> Axes:
    """Draw what each group is asked more than the others for the same thing at the same time.

    Parameters
    ----------
    effects : DataFrame
        One row per comparison, as ``PriceAudit.effects`` holds them: ``comparison``, ``group``,
        ``part``, ``effect``, ``low``, ``high`` (shares), ``n_strata``, ``verdict``.
    min_effect : float
        What is not material; shaded.
    confidence : float
        Of the intervals, for the caption.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A point and an interval a row, the first on top; full and dark red when accused; words where
        the data are too few.
    """
    if not len(effects):
        return write_nothing(ax, say("price_audit.nobody"))
    check_frame("plot_price_audit", effects, _NEEDED, "comparisons")
    ax = open_axes(ax, 1.3 + 0.42 * len(effects))
    ax.axvspan(-min_effect, min_effect, color="#E3E7EA", linewidth=0, zorder=0)
    ax.axvline(0, color=MUTED, linewidth=1, linestyle="--")
    at = list(range(len(effects)))[::-1]
    for y, row in zip(at, effects.to_dict("records"), strict=True):
        _draw_row(ax, y, row)
    ax.set_yticks(at, [_name(row) for row in effects.to_dict("records")])
    ax.set_ylim(-0.7, len(effects) - 0.3)
    ax.margins(x=0.08)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(percent)
    material = say("price_audit.material", share=percent(min_effect))
    ax.set_xlabel(f"{say('price_audit.axis')}\n{material}")
    n, strata = len(effects), int(effects["n_strata"].max())
    note(ax, say("price_audit.note", n=n, strata=f"{strata:,}", confidence=percent(confidence)))
    return ax


def _draw_row(ax: Axes, y: int, row: dict[str, Any]) -> None:
    effect = row["effect"]
    if effect is None or effect != effect:
        ax.text(0, y, say("price_audit.few"), ha="center", va="center", color=MUTED, bbox=_PATCH)
        return
    accused = row["verdict"] == "accused"
    color = _ACCUSED if accused else MAIN
    ax.plot([row["low"], row["high"]], [y, y], color=color, linewidth=2, solid_capstyle="butt")
    ax.plot(
        [effect], [y], marker="o", markersize=7, color=color, markerfacecolor=color if accused else "white"
    )
    word = f"{percent(effect)}，{say('price_audit.accused')}" if accused else percent(effect)
    ax.annotate(
        word, (effect, y), (0, 8), textcoords="offset points", ha="center", color=color, fontsize=9, bbox=_PATCH
    )  # fmt: skip


def _name(row: dict[str, Any]) -> str:
    words = list_section("price_audit")
    parts = [words.get(str(row[c]), str(row[c])) for c in ("group", "part") if str(row[c])]
    return keep_drawable(" · ".join(parts))
