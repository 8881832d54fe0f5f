"""Take a chart out as data: the words on it and the numbers drawn, not its pixels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_lib.kernels.answers_out import Count

_MOST_POINTS = 20_000


def take_chart(value: Any, count: Count) -> dict[str, Any]:
    """Return the axes that `value` is, holds, or lies on, as a form of kind ``chart``.

    Parameters
    ----------
    value
        Axes, a figure, a grid of seaborn, an artist, or several of them.
    count
        Bounds how much is taken.
    """
    axes = _find_axes(value)
    if not axes:
        return {"kind": "other", "type": type(value).__name__, "why": "a figure without axes"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph the font lacks is nobody's loss here
        axes[0].figure.canvas.draw()  # tick texts exist only on a drawn chart
    first, *more = [_take_axes(ax, count) for ax in axes[:16]]
    return {"kind": "chart", **first, "others": more}


def _find_axes(value: Any) -> list[Any]:
    from matplotlib.axes import Axes

    if isinstance(value, Axes):
        return [value]
    for part in value if isinstance(value, tuple | list) else getattr(value, "flat", ()):
        if found := _find_axes(part):
            return found
    if isinstance(getattr(value, "axes", None), Axes):
        return [value.axes]
    figure = getattr(value, "figure", None) or value
    return list(getattr(figure, "axes", ()))


def _take_axes(ax: Any, count: Count) -> dict[str, Any]:
    legend = ax.get_legend()
    return {
        "title": _text(ax.get_title() or ax.get_title("left") or ax.get_title("right")),
        "xlabel": _text(ax.get_xlabel()),
        "ylabel": _text(ax.get_ylabel()),
        "xticks": [_text(t.get_text()) for t in ax.get_xticklabels()[:500]],
        "yticks": [_text(t.get_text()) for t in ax.get_yticklabels()[:500]],
        "legend": [_text(t.get_text()) for t in legend.get_texts()[:100]] if legend else [],
        "series": _take_series(ax, count),
    }


def _take_series(ax: Any, count: Count) -> list[dict[str, Any]]:
    series = [_line(line) for line in ax.lines]
    in_bars = {id(bar) for bars in ax.containers for bar in bars}
    bars = [_bars(c.get_label(), list(c)) for c in ax.containers if all(hasattr(b, "get_height") for b in c)]
    loose = [p for p in ax.patches if id(p) not in in_bars and hasattr(p, "get_height")]
    series += bars + ([_bars("", loose)] if loose else [])
    series += [_points(c) for c in ax.collections if len(c.get_offsets())]
    for one in series:
        count.take(sum(len(v) for v in one.values() if isinstance(v, list)))
    return series


def _line(line: Any) -> dict[str, Any]:
    return {
        "type": "line",
        "label": _text(line.get_label()),
        "x": _numbers(line.get_xdata(orig=False)),
        "y": _numbers(line.get_ydata(orig=False)),
    }


def _bars(label: Any, bars: list[Any]) -> dict[str, Any]:
    return {
        "type": "bar",
        "label": _text(label),
        "x": _numbers(b.get_x() for b in bars),
        "y": _numbers(b.get_y() for b in bars),
        "width": _numbers(b.get_width() for b in bars),
        "height": _numbers(b.get_height() for b in bars),
    }


def _points(points: Any) -> dict[str, Any]:
    places = points.get_offsets()
    return {
        "type": "points",
        "label": _text(points.get_label()),
        "x": _numbers(p[0] for p in places),
        "y": _numbers(p[1] for p in places),
    }


def _numbers(values: Any) -> list[str]:
    return [repr(float(v)) for v, _ in zip(values, range(_MOST_POINTS), strict=False)]


def _text(value: Any) -> str:
    return str(value)[:500].encode("utf-8", "replace").decode("utf-8")
