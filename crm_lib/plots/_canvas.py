"""What all plot functions share: an Axes to draw on, the note with n, readable numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_rows
from crm_lib.plots.style import MUTED, WIDTH, ensure_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TITLES = {
    "recency_days": "距最近一次购买的天数",
    "n_orders": "订单数（单）",
    "revenue": "消费金额（{unit}）",
    "mean_order_value": "平均每单金额（{unit}）",
}


def open_axes(ax: Axes | None, height: float = 4.0) -> Axes:
    """Return `ax`, or the Axes of a new figure of the column's width."""
    ensure_style()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]


def open_panels(ax: Axes, n: int, *, gap: float = 0.09) -> list[Axes]:
    """Return `n` panels side by side within `ax`, which itself becomes invisible."""
    ax.set_axis_off()
    width = (1 - gap * (n - 1)) / n
    return [ax.inset_axes((i * (width + gap), 0, width, 1)) for i in range(n)]


def check_frame(where: str, frame: pd.DataFrame, columns: list[str], what: str) -> None:
    """Raise when `frame` lacks a column or has no row to draw."""
    require_columns(where, frame.columns, columns)
    require_rows(where, len(frame), 1, what, "Check the step that made the table: it left nothing to draw.")


def note(ax: Axes, text: str) -> None:
    """Write the number of cases above `ax`, left."""
    ax.set_title(text, loc="left")


def write_nothing(ax: Axes | None, text: str) -> Axes:
    """Return an Axes that says why there is nothing to draw: a report on hardly any data stays whole."""
    ax = open_axes(ax, 1.2)
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, color=MUTED)
    return ax


def title_of(column: str, unit: str = "元") -> str:
    """Return the Chinese axis label of a column, with its unit."""
    return TITLES.get(column, str(column)).format(unit=unit)


def short_number(value: float, _position: int | None = None) -> str:
    """Return a number as an axis shows it: 1,200, 3.5万, 2亿.

    Examples
    --------
    >>> short_number(0), short_number(1200), short_number(35000), short_number(2e8), short_number(-0.25)
    ('0', '1,200', '3.5万', '2亿', '−0.25')
    """
    size = abs(value)
    unit, name = (1e8, "亿") if size >= 1e8 else (1e4, "万") if size >= 1e4 else (1, "")
    return f"{value / unit:,.10g}{name}".replace("-", "−")


def percent(value: float, _position: int | None = None) -> str:
    """Return a share as a percentage; small ones keep a digit.

    Examples
    --------
    >>> percent(0.5), percent(0.034), percent(0.0), percent(0.0004)
    ('50%', '3.4%', '0%', '<0.1%')
    """
    if value == 0:
        return "0%"
    if 0 < abs(value) < 0.0005:
        return "<0.1%" if value > 0 else ">−0.1%"
    text = f"{value:.0%}" if abs(value) >= 0.0995 else f"{value:.1%}"
    return text.replace("-", "−")


def plain_log_axis(ax: Axes, axis: str) -> None:
    """Make `axis` ("x" or "y") logarithmic with plain numbers as labels."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(ax, f"set_{axis}scale")("log")
    which = getattr(ax, f"{axis}axis")
    low, high = sorted(getattr(ax, f"get_{axis}lim")())
    wide = high / max(low, 1e-300) > 50
    which.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=12))
    which.set_major_formatter(FuncFormatter(short_number))
    which.set_minor_formatter(NullFormatter())


def text_on(color: str) -> str:
    """Return black or white, whichever reads better on `color`."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#1A1A1A" if luminance > 0.179 else "#FFFFFF"
