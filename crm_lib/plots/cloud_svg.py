"""The word cloud of a portrait as a small SVG that stands in the text of a page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns
from crm_lib.plots.portraits import _INKS, _SIDE, SHAPES, arrange_labels, make_shape, weigh_labels
from crm_lib.plots.style import ensure_style
from crm_lib.plots.words import _outline

if TYPE_CHECKING:
    import pandas as pd

_GROUND = "#EEF3F6"
_LETTERS = {1: "M", 2: "L", 3: "Q", 4: "C"}
_POINTS = {1: 1, 2: 1, 3: 2, 4: 3, 79: 1}


def draw_cloud_svg(portrait: pd.DataFrame, *, shape: str = "person", random_state: int = 0) -> str:
    """Draw the labels of a portrait as SVG text for a page: outlines only, so that no font is needed.

    Parameters
    ----------
    portrait : DataFrame
        What ``portrait_customer`` or ``portrait_cluster`` returned.
    shape : {"person", "heart", "circle"}
        Outline that holds the words.
    random_state : int
        Seed of the arrangement.

    Returns
    -------
    str
        One ``<svg>`` with an alternative text and a title per word; empty when
        there is no label.  The same portrait gives the same text.

    Notes
    -----
    Sizes, colours and places are those of ``plot_portrait``.
    """
    require_columns("draw_cloud_svg", portrait.columns, ["part", "title", "value", "strength"])
    require_choice("draw_cloud_svg", "shape", shape, SHAPES)
    weights = weigh_labels(portrait)
    if not weights:
        return ""
    ensure_style()
    placed = arrange_labels(weights, shape, random_state=random_state)
    words = [
        f'<path fill="{_INKS[i % len(_INKS)]}" d="{_write_path(_outline(word, "none").get_path())}">'
        f"<title>{html.escape(label)}</title></path>"
        for i, (label, word) in enumerate(placed.items())
    ]
    ground = "".join(f'<path fill="{_GROUND}" d="{d}"/>' for d in _trace_shape(shape))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" role="img" '
        f'aria-label="{html.escape(_tell(list(weights)))}">{ground}{"".join(words)}</svg>'
    )


def _tell(labels: list[str]) -> str:
    said = "、".join(labels[:10])
    return f"标签云，由强到弱：{said}{f'，等 {len(labels)} 个' if len(labels) > 10 else ''}"


def _trace_shape(shape: str) -> list[str]:
    import numpy as np
    from contourpy import contour_generator

    inside = np.pad(make_shape(shape).astype(float), 1)  # a shape that touches the edge is closed too
    rings = contour_generator(z=inside, corner_mask=False).lines(0.5)
    return ["M" + "L".join(f"{x - 1:.1f} {y - 1:.1f}" for x, y in ring[::2]) + "Z" for ring in rings]


def _write_path(path: Any) -> str:
    """Return a path of matplotlib in the letters of SVG."""
    parts, at = [], 0
    while at < len(path.codes):
        code = int(path.codes[at])
        points = path.vertices[at : at + _POINTS[code]]
        at += _POINTS[code]
        numbers = " ".join(f"{value:.1f}" for value in points.ravel())
        parts.append("Z" if code == 79 else f"{_LETTERS[code]}{numbers}")
    return "".join(parts)
