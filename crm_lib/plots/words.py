"""The word cloud: labels written as large as they are strong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_columns
from crm_lib.errors import DataError
from crm_lib.plots._canvas import note, open_axes, write_nothing
from crm_lib.plots.style import FONT_FAMILY, PALETTE, font_path, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 840, 420
_WEAKEST = 0.22
_LEGIBLE = 8
_ATTEMPTS, _FEW = 4, 60
MOST_WORDS = 200
_INKS = (PALETTE[0], PALETTE[3], PALETTE[6], "#14803F", "#9C2C86")


@dataclass(frozen=True)
class PlacedWord:
    """One word of a cloud: text, height in pixels, left and top edge."""

    text: str
    size: int
    left: int
    top: int


def plot_wordcloud(labels: pd.DataFrame, *, ax: Axes | None = None, random_state: int = 0) -> Axes:
    """Draw labels as a cloud of words; the larger, the stronger.

    Parameters
    ----------
    labels : DataFrame
        One row per label: ``label`` (text), ``strength`` (> 0; rows with an
        empty label or a strength of 0 are left out).
    ax : Axes, optional
        Where to draw.
    random_state : int
        Seed of the arrangement; the same labels and seed give the same cloud.

    Returns
    -------
    Axes
        One outline a word (a ``PathPatch`` whose gid is the label), no axes.
        Without any label it holds one sentence that says so.

    Raises
    ------
    DataError
        A label occurs twice, a strength is negative or not a number, or the
        labels are too long for the figure.

    Notes
    -----
    Letter height is proportional to strength, and equally strong labels are
    equally high; labels below 22 % of the strongest share the smallest legible
    height.  When the words do not fit, all shrink by the same factor.  Of more
    than 200 labels the strongest 200 are drawn, and the note says so.
    """
    require_columns("plot_wordcloud", labels.columns, ["label", "strength"])
    known = _weigh(labels)
    n_all, weights = len(known), dict(list(known.items())[:MOST_WORDS])
    if not weights:
        return write_nothing(ax, "没有一个标签足够突出")
    ax = open_axes(ax, 3.5)
    ax.set_axis_off()
    ax.set_xlim(0, _WIDTH)
    ax.set_ylim(_HEIGHT, 0)
    ax.set_aspect("equal")
    for i, word in enumerate(place_words(weights, random_state=random_state)):
        ax.add_patch(_outline(word, _INKS[i % len(_INKS)]))
    rest = f"（另有 {n_all - len(weights):,} 个较弱的未画）" if n_all > len(weights) else ""
    note(ax, f"n = {len(weights)} 个标签{rest}；字越大，标签越强")
    return ax


def _weigh(labels: pd.DataFrame) -> dict[str, float]:
    import numpy as np

    strength = labels["strength"].astype(float)
    bad = ~np.isfinite(strength) | (strength < 0)
    if bad.any():
        raise DataError(
            f"plot_wordcloud: column 'strength' must be >= 0; {int(bad.sum())} of {len(labels)} rows are not "
            f"(first: {labels['label'][bad].iloc[0]!r}). Pass what label_clusters or pool_labels returned."
        )
    names = labels["label"].fillna("").astype(str).map(lambda text: " ".join(text.split()))
    used = (names != "") & (strength > 0)
    if names[used].duplicated().any():
        twice = names[used][names[used].duplicated()].iloc[0]
        raise DataError(
            f"plot_wordcloud: needs one row per label; {twice!r} occurs more than once. "
            "Choose one cluster, or pool the clusters with pool_labels."
        )
    pairs = sorted(zip(strength[used], names[used], strict=True), key=lambda p: (-p[0], p[1]))
    return {name: float(value) for value, name in pairs}


def place_words(weights: dict[str, float], *, random_state: int = 0) -> list[PlacedWord]:
    """Arrange words so that none overlaps; heights are proportional to weights.

    Parameters
    ----------
    weights : dict
        Word → weight (> 0).
    random_state : int
        Seed of the arrangement.

    Returns
    -------
    list of PlacedWord
        In the order of `weights`; every word is there.

    Raises
    ------
    DataError
        The words do not fit even when the largest is 8 pixels high.
    """
    if not weights:
        return []
    wordcloud = import_extra("wordcloud", extra="tour", purpose="A word cloud")
    top = max(weights.values())
    shares = {word: max(w / top, _WEAKEST) for word, w in weights.items()}
    size = _largest_size(shares)
    while size >= _LEGIBLE:
        goal = {word: max(1, round(size * share)) for word, share in shares.items()}
        for attempt in range(_ATTEMPTS if len(goal) <= _FEW else 1):
            placed = _try_size(wordcloud, goal, random_state + attempt)
            if placed is not None:
                return placed
        size = int(size * 0.94) if size > 20 else size - 1
    raise DataError(
        f"plot_wordcloud: the labels must fit the figure; {len(weights)} with up to "
        f"{max(map(len, weights))} characters do not. Shorten them or pass the strongest, labels.head(50)."
    )


def _largest_size(shares: dict[str, float]) -> int:
    # letters fill at most this part of the canvas however well they are packed
    ems = {word: sum(1.0 if ord(c) > 0x2E80 else 0.6 for c in word) for word in shares}
    area = sum(ems[word] * share**2 for word, share in shares.items())
    widest = max(ems[word] * share for word, share in shares.items())
    return int(min(150, (0.6 * _WIDTH * _HEIGHT / area) ** 0.5, (_WIDTH - 12) / widest))


def _try_size(wordcloud: Any, goal: dict[str, int], random_state: int) -> list[PlacedWord] | None:
    cloud = wordcloud.WordCloud(
        font_path=str(font_path()),
        width=_WIDTH,
        height=_HEIGHT,
        margin=6,
        prefer_horizontal=1.0,
        relative_scaling=1.0,
        min_font_size=1,
        # a word that does not fit ends the attempt at once instead of shrinking alone
        font_step=10_000,
        max_words=len(goal),
        random_state=random_state,
    )
    cloud.generate_from_frequencies(goal, max_font_size=max(goal.values()))
    got = {entry[0][0]: (entry[1], entry[2]) for entry in cloud.layout_}
    if any(word not in got or got[word][0] != size for word, size in goal.items()):
        return None
    return [PlacedWord(w, size, int(got[w][1][1]), int(got[w][1][0])) for w, size in goal.items()]


def _outline(word: PlacedWord, color: str) -> Any:
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    path = TextPath(
        (0, 0), keep_drawable(word.text), size=word.size, prop=FontProperties(family=list(FONT_FAMILY))
    )
    ink = path.get_extents()
    move = Affine2D().scale(1, -1).translate(word.left - ink.x0, word.top + ink.y1)
    return PathPatch(move.transform_path(path), facecolor=color, linewidth=0, gid=word.text)
