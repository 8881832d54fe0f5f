"""The portrait card: facts beside a word cloud in the shape of a person, a heart or a circle."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_choice, require_columns, require_rows
from crm_lib.errors import DataError
from crm_lib.plots._canvas import note, open_axes
from crm_lib.plots.style import MAIN, MUTED, PALETTE, font_path, keep_drawable
from crm_lib.plots.words import PlacedWord, _outline

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

SHAPES = ("person", "heart", "circle")
_SIDE = 480
_LABELS_MOST, _LABEL_WIDTH, _SUBJECT_WIDTH = 60, 12, 24
_FEW_WORDS, _ARRANGEMENTS = 20, 6
_WEAKEST, _LEGIBLE, _LARGEST = 0.28, 9, 64
_FACTS, _FACTS_WIDTH, _FACTS_MOST = 0.47, 22, 16
_INKS = (PALETTE[0], PALETTE[3], PALETTE[6], "#14803F", "#9C2C86")
_HEADS = {"static": "静态信息", "dynamic": "动态信息"}


def plot_portrait(
    portrait: pd.DataFrame, *, shape: str = "person", ax: Axes | None = None, random_state: int = 0
) -> Axes:
    """Draw a portrait: static and dynamic facts, and the labels as a cloud in a shape.

    Parameters
    ----------
    portrait : DataFrame
        What ``portrait_customer`` or ``portrait_cluster`` returned: ``part``,
        ``title``, ``value``, ``strength``; its attributes ``subject`` and
        ``as_of`` go into the note.
    shape : {"person", "heart", "circle"}
        Outline that holds the words.
    ax : Axes, optional
        Where to draw; its area is divided into two panels.
    random_state : int
        Seed of the arrangement.

    Returns
    -------
    Axes
        The area; its ``child_axes`` are the facts (one text a line) and the
        cloud (one outline a word, its gid the label).

    Raises
    ------
    DataError
        There is nothing to draw, or a label occurs twice.

    Notes
    -----
    Letter height is proportional to strength; labels below 28 % of the
    strongest share the smallest height.  Labels of more than 12 characters are
    cut short; beyond 16 facts, and beyond the 60 labels or fewer that the shape
    holds, the rest is counted, not drawn.
    """
    require_columns("plot_portrait", portrait.columns, ["part", "title", "value", "strength"])
    require_rows("plot_portrait", len(portrait), 1, "fact or label", "Check the step that made the portrait.")
    require_choice("plot_portrait", "shape", shape, SHAPES)
    weights = _weigh(portrait[portrait["part"] == "label"])
    placed = arrange_labels(weights, shape, random_state=random_state)
    ax = open_axes(ax, 4.6)
    ax.set_axis_off()
    _write_facts(ax.inset_axes((0, 0, _FACTS, 1)), portrait[portrait["part"] != "label"])
    _draw_cloud(ax.inset_axes((_FACTS + 0.02, 0, 1 - _FACTS - 0.02, 1)), placed, shape)
    rest = f"（另有 {len(weights) - len(placed)} 个较弱的未画）" if len(placed) < len(weights) else ""
    subject = _shorten(str(portrait.attrs.get("subject", "")), _SUBJECT_WIDTH)
    day = portrait.attrs.get("as_of")
    told = [subject, f"n = {len(weights)} 个标签{rest}；字越大，标签越强", f"截至 {day}" if day else ""]
    note(ax, "；".join(t for t in told if t))
    return ax


def weigh_labels(portrait: pd.DataFrame) -> dict[str, float]:
    """Return label → strength of a portrait, the strongest first; labels without strength are left out."""
    return _weigh(portrait[portrait["part"] == "label"])


def _weigh(labels: pd.DataFrame) -> dict[str, float]:
    import numpy as np

    strength = labels["strength"].astype(float)
    if not (np.isfinite(strength) & (strength >= 0)).all():
        raise DataError(
            "plot_portrait: labels must have a strength >= 0; some have none. "
            "Pass what portrait_customer returned."
        )
    if labels["title"].duplicated().any():
        twice = labels["title"][labels["title"].duplicated()].iloc[0]
        raise DataError(f"plot_portrait: needs one row per label; {twice!r} occurs twice. Remove one.")
    pairs = sorted(zip(strength, labels["title"].astype(str), strict=True), key=lambda p: (-p[0], p[1]))
    return {name: value for value, name in pairs if value > 0 and name.strip()}


@cache
def make_shape(shape: str) -> np.ndarray:
    """Return which pixels of a square lie inside a shape (True inside); not to be written to."""
    inside = _draw_shape(shape)
    inside.flags.writeable = False
    return inside


def _draw_shape(shape: str) -> np.ndarray:
    import numpy as np

    y, x = np.mgrid[0:_SIDE, 0:_SIDE] / (_SIDE - 1)
    x, y = 2 * x - 1, 1 - 2 * y
    if shape == "circle":
        return x**2 + y**2 <= 0.97
    if shape == "heart":
        u, v = 1.22 * x, 1.2 * y + 0.12
        return (u**2 + v**2 - 1) ** 3 - u**2 * v**3 <= 0
    head = x**2 + (y - 0.62) ** 2 <= 0.34**2
    # shoulders: the upper half of a wide flat ellipse on a body with straight sides
    shoulders = (x / 0.92) ** 2 + ((y + 0.38) / 0.58) ** 2 <= 1
    body = (np.abs(x) <= 0.92) & (y <= -0.38)
    return (head | (shoulders & (y >= -0.38)) | body) & (y >= -0.98)


def arrange_labels(weights: dict[str, float], shape: str, *, random_state: int = 0) -> dict[str, PlacedWord]:
    """Arrange the labels a shape can hold: long ones cut short, the strongest when not all fit.

    Parameters
    ----------
    weights : dict
        Label → strength (> 0), the strongest first.
    shape : {"person", "heart", "circle"}
        Outline that holds the words.
    random_state : int
        Seed of the arrangement.

    Returns
    -------
    dict
        Label → its place; the text of the place is what is to be written.
    """
    return dict(_arrange(tuple(weights.items()), shape, random_state))


@lru_cache(maxsize=128)
def _arrange(weights: tuple[tuple[str, float], ...], shape: str, seed: int) -> tuple[Any, ...]:
    strength, shown = dict(weights), _abbreviate([label for label, _ in weights[:_LABELS_MOST]])
    n = len(shown)
    while n:
        tried = dict(list(shown.items())[:n])
        goal = {text: strength[label] for label, text in tried.items()}
        try:
            found = {word.text: word for word in place_in_shape(goal, shape, random_state=seed)}
        except DataError:
            n = n * 2 // 3
        else:
            return tuple((label, found[text]) for label, text in tried.items())
    return ()


def _abbreviate(labels: list[str]) -> dict[str, str]:
    """Return label → text of at most 12 characters; two labels never share one."""
    shown: dict[str, str] = {}
    for label in labels:
        flat = " ".join(label.split())
        text = flat if len(flat) <= _LABEL_WIDTH else flat[: _LABEL_WIDTH - 1] + "…"
        taken, number = set(shown.values()), 2
        while text in taken:
            text, number = f"{flat[: _LABEL_WIDTH - 3]}…{number}", number + 1
        shown[label] = text
    return shown


def place_in_shape(weights: dict[str, float], shape: str, *, random_state: int = 0) -> list[PlacedWord]:
    """Arrange words inside a shape so that none overlaps and every one is there."""
    if not weights:
        return []
    wordcloud = import_extra("wordcloud", extra="tour", purpose="A word cloud")
    top = max(weights.values())
    shares = {word: max(w / top, _WEAKEST) for word, w in weights.items()}
    size = _LARGEST
    while size * _WEAKEST >= _LEGIBLE * 0.5:
        goal = {word: max(1, round(size * share)) for word, share in shares.items()}
        placed = _try_size(wordcloud, goal, shape, random_state)
        if placed is not None:
            return _choose_middle(wordcloud, placed, shape, random_state)
        size = int(size * 0.92)
    raise DataError(
        f"plot_portrait: the labels must fit the shape; {len(weights)} with up to "
        f"{max(map(len, weights))} characters do not. Shorten them or pass fewer."
    )


def _choose_middle(wordcloud: Any, placed: list[PlacedWord], shape: str, seed: int) -> list[PlacedWord]:
    """Return that of a few arrangements whose words keep most to the middle of the shape."""
    import numpy as np

    if len(placed) > _FEW_WORDS:
        return placed
    goal = {word.text: word.size for word in placed}
    others = [_try_size(wordcloud, goal, shape, seed + i) for i in range(1, _ARRANGEMENTS)]
    middle = np.argwhere(make_shape(shape)).mean(axis=0)

    def stray(words: list[PlacedWord]) -> float:
        # a letter is about as wide as high; the middle of the first one and of the last one
        ends = [(w, w.left + w.size * at) for w in words for at in (0.5, len(w.text) - 0.5)]
        return sum(
            w.size**2 * ((w.top + w.size / 2 - middle[0]) ** 2 + (x - middle[1]) ** 2) for w, x in ends
        )

    return min([placed, *(o for o in others if o is not None)], key=stray)


def _try_size(wordcloud: Any, goal: dict[str, int], shape: str, seed: int) -> list[PlacedWord] | None:
    import numpy as np

    cloud = wordcloud.WordCloud(
        font_path=str(font_path()),
        mask=np.where(make_shape(shape), 0, 255).astype("uint8"),
        margin=4,
        prefer_horizontal=1.0,
        relative_scaling=1.0,
        min_font_size=1,
        # a word that does not fit ends the attempt at once instead of shrinking alone
        font_step=10_000,
        max_words=len(goal),
        random_state=seed,
    )
    try:
        cloud.generate_from_frequencies(goal, max_font_size=max(goal.values()))
    except ValueError:
        return None  # not even the first word fits
    got = {entry[0][0]: (entry[1], entry[2]) for entry in cloud.layout_}
    if any(word not in got or got[word][0] != size for word, size in goal.items()):
        return None
    return [PlacedWord(w, size, int(got[w][1][1]), int(got[w][1][0])) for w, size in goal.items()]


@cache
def _outline_shape(shape: str) -> np.ndarray:
    import numpy as np

    return np.where(make_shape(shape), 1.0, np.nan)


def _draw_cloud(ax: Axes, placed: dict[str, PlacedWord], shape: str) -> None:
    from matplotlib.colors import ListedColormap

    ax.set_axis_off()
    ax.imshow(_outline_shape(shape), cmap=ListedColormap(["#EEF3F6"]), extent=(0, _SIDE, _SIDE, 0))
    ax.set_xlim(0, _SIDE)
    ax.set_ylim(_SIDE, 0)
    ax.set_aspect("equal")
    for i, (label, word) in enumerate(placed.items()):
        ax.add_patch(_outline(word, _INKS[i % len(_INKS)])).set_gid(label)
    if not placed:
        ax.text(_SIDE / 2, _SIDE * 0.75, "没有突出的标签", ha="center", va="center", color=MUTED)


def _write_facts(ax: Axes, facts: pd.DataFrame) -> None:
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    lines: list[tuple[str, str, str]] = []
    for part, head in _HEADS.items():
        own = facts[facts["part"] == part]
        if len(own):
            lines.append(("head", head, ""))
        lines += [("fact", str(r.title), str(r.value)) for r in own.itertuples(index=False)]
    rest = sum(kind == "fact" for kind, _, _ in lines[_FACTS_MOST:])
    shown = [*lines[:_FACTS_MOST], ("head", f"另有 {rest} 项未列出", "")] if rest else lines
    ax.set_ylim(max(len(shown), 13) + 0.5, -0.5)
    for i, (kind, title, value) in enumerate(shown):
        color = MAIN if kind == "head" else MUTED
        ax.text(0, i + 0.5, _shorten(title), ha="left", va="center", fontsize=9.5, color=color)
        ax.text(1, i + 0.5, _shorten(value), ha="right", va="center", fontsize=9.5, color="#1A1A1A")


def _shorten(text: str, most: int = _FACTS_WIDTH) -> str:
    flat = " ".join(text.split())
    return keep_drawable(flat if len(flat) <= most else flat[: most - 1] + "…")
