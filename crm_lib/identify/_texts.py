"""Read cells as id, text, category or flag."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crm_lib.identify._values import (
    BAD,
    MISSING,
    NOBODY,
    NOT_A_VALUE,
    Parsed,
    empty_result,
    half_width,
    number_text,
    text_array,
    tidy_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

_DIGITS = re.compile(r"[0-9]+\Z")
_WRAPPED = re.compile(r"=\"(.*)\"\Z|'(.+)\Z|=([0-9]+)\Z")
_DECIMAL = re.compile(r"([0-9]+)\.0+\Z")
# as a spreadsheet writes it: 6.21E+12; 5E10 may well be an article
_SCIENTIFIC = re.compile(r"([0-9](?:\.[0-9]+)?)[eE]\+([0-9]{2})\Z")
_SAFE_FLOAT = 1e15  # a spreadsheet keeps 15 digits of a number

YES = frozenset(
    ("是", "有", "对", "真", "y", "yes", "true", "t", "1", "on", "√", "✓", "✔", "☑")
    + ("已退", "退货", "已退货", "退款", "已退款", "退货退款", "退款成功", "退货成功", "已取消")
    + ("return", "returned", "refund", "refunded", "cancelled", "canceled")
)
NO = frozenset(
    ("否", "无", "没有", "不", "假", "n", "no", "false", "f", "0", "off", "×", "✗", "✘", "☐")
    + ("未退", "未退货", "未退款", "无退款", "无退货", "没有退款", "没有申请退款", "无退款申请", "无售后")
    + ("正常", "未取消", "normal")
)


def read_id(value: Any) -> tuple[str | None, int, str]:
    """Read one cell as an id: text, state and rule (empty when nothing was changed).

    Examples
    --------
    >>> read_id("００４２"), read_id("13085.0"), read_id("匿名")
    (('0042', 0, 'id_text'), ('13085', 0, 'id_decimal'), (None, 1, 'placeholder'))
    """
    if not isinstance(value, str):
        return _read_number_id(value)
    if _DIGITS.match(value):
        return value, 0, ""
    text = half_width(value)
    wrapped = _WRAPPED.match(text)
    if wrapped:
        text = next(g for g in wrapped.groups() if g is not None).strip()
    if text.lower() in NOBODY:
        return None, MISSING, "placeholder" if text else ""
    if decimal := _DECIMAL.match(text):
        return decimal[1], 0, "id_decimal"
    if scientific := _SCIENTIFIC.match(text):
        mantissa, exponent = scientific[1], int(scientific[2])
        if len(mantissa.replace(".", "")) > exponent:
            return str(int(Decimal(text))), 0, "id_scientific"
        return text, 0, "id_digits_lost"
    return text, 0, "" if text == value else "id_text"


def _read_number_id(value: Any) -> tuple[str | None, int, str]:
    text = number_text(value)
    if text.lower() in NOBODY:
        return None, MISSING, "placeholder"
    lost = isinstance(value, float) and abs(value) >= _SAFE_FLOAT
    return text, 0, "id_digits_lost" if lost else ""


def read_text(value: Any) -> tuple[str | None, int, str]:
    """Read one cell as free text: only blanks and unseen characters go."""
    text = tidy_text(value)
    if not text:
        return None, MISSING, ""
    return text, 0, "text" if isinstance(value, str) and text != value else ""


def read_category(value: Any, choices: dict[str, str]) -> tuple[str | None, int, str]:
    """Read one cell as a category; a known choice gets the contract's spelling."""
    text = half_width(value)
    if text.lower() in NOT_A_VALUE:
        return None, MISSING, "placeholder" if text else ""
    text = choices.get(text.lower(), text)
    return text, 0, "category" if isinstance(value, str) and text != value else ""


def read_flag(value: Any) -> tuple[bool | None, int, str]:
    """Read one cell as yes (True) or no (False)."""
    if isinstance(value, bool):
        return value, 0, ""
    text = half_width(value).lower()
    text = text[:1] if text in ("1.0", "0.0") else text
    if text in YES or text in NO:
        plain = text in ("true", "false", "1", "0")
        return text in YES, 0, "" if plain else "flag"
    if text in NOT_A_VALUE:
        return None, MISSING, "placeholder" if text else ""
    return None, BAD, "unreadable"


def parse_texts(codes: np.ndarray, cells: np.ndarray, read: Callable[[Any], tuple]) -> Parsed:
    """Apply `read` (read_id, read_text, …) to every distinct cell; values are texts."""
    out = empty_result(codes, cells, None)
    values: list[str | None] = []
    for i, cell in enumerate(cells.tolist()):
        value, out.state[i], out.rule[i] = read(cell)
        values.append(value)
    out.values = text_array(values)
    return out


def parse_flags(codes: np.ndarray, cells: np.ndarray) -> Parsed:
    """Read every distinct cell as yes or no (nullable boolean)."""
    import pandas as pd

    out = empty_result(codes, cells, None)
    values: list[bool | None] = []
    for i, cell in enumerate(cells.tolist()):
        value, out.state[i], out.rule[i] = read_flag(cell)
        values.append(value)
    out.values = pd.array(values, dtype="boolean")
    return out
