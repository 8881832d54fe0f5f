"""How a table stands in a Word document: widths by content, numbers as people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crm_lib.readwrite.cells import cell_text, is_missing, text_width

# A4 less its margins; what a cell keeps free on both sides; half a Chinese character of 9.5 points; a digit of
# the widest typeface that stands in where Times New Roman is missing
TEXT_CM, _SIDES_CM, _HALF_CM, _DIGIT_CM = 15.4, 0.45, 0.18, 0.215
_MOST_WIDE = 44
# Word breaks between Chinese characters and at blanks, and LibreOffice at hyphens too
_UNBROKEN = re.compile(r"[!-~À-ɏ]+")
_P_VALUES = ("p_value", "p_adjusted")


def shown_text(name: str, value: Any, kind: str) -> str:
    """Return a cell as a reader wants it: four digits of a number, three places of a p-value.

    Examples
    --------
    >>> shown_text("chi2", 14.328831, "number"), shown_text("p_value", 0.00009, "number")
    ('14.33', '<0.001')
    >>> shown_text("ratio", 12345.678, "number"), shown_text("p_value", 0.98621, "number")
    ('12,345.7', '0.986')
    """
    if kind != "number" or is_missing(value) or abs(value) == float("inf"):
        return cell_text(value, kind)
    if str(name) in _P_VALUES:
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    return f"{value:,.4g}" if 1e-4 <= abs(value) < 1000 or value == 0 else cell_text(round(value, 1), kind)


def fit_widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Return the width of each column in cm, by what its cells hold.

    Parameters
    ----------
    rows : sequence of sequences of str
        The cells row by row, the head among them.

    Returns
    -------
    list of float
        Widths that add up to the text width of the page.  Each column first gets what its longest word or
        number needs (a date or a customer number never breaks), as far as the page allows; the rest goes to
        the columns whose longest line wants more.

    Examples
    --------
    >>> [round(w, 1) for w in fit_widths([["日期", "说明"], ["2024-01-31", "客户" * 30]])]
    [3.6, 11.8]
    """
    columns = list(zip(*rows, strict=True))
    least = [max(map(_widest_word, column)) + _SIDES_CM for column in columns]
    wished = [
        max(n, min(_MOST_WIDE, max(map(text_width, column))) * _HALF_CM + _SIDES_CM)
        for n, column in zip(least, columns, strict=True)
    ]
    spare = TEXT_CM - sum(least)
    if spare <= 0:
        return [width * TEXT_CM / sum(least) for width in least]
    wants = [w - n for w, n in zip(wished, least, strict=True)]
    if sum(wants) > spare:
        return [n + spare * w / sum(wants) for n, w in zip(least, wants, strict=True)]
    filled = [n + w for n, w in zip(least, wants, strict=True)]
    left = TEXT_CM - sum(filled)
    return [f + left * w / sum(wished) for f, w in zip(filled, wished, strict=True)]


def _widest_word(text: str) -> float:
    # a heading or a word of two Chinese characters should not be torn into two lines
    words = [len(word) * _DIGIT_CM for word in _UNBROKEN.findall(text)]
    return max([*words, min(4, text_width(text) if text else 0) * _HALF_CM])


def set_widths(table: Any, widths: Sequence[float]) -> None:
    """Fix the columns of a table at `widths` (cm), in the grid and in each cell, as every program reads it."""
    from docx.shared import Cm

    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)
