"""Read cells as numbers, money or shares, whatever signs and separators they carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crm_lib.identify._values import (
    BAD,
    FOREIGN,
    MISSING,
    NO_NUMBER,
    NOBODY,
    Parsed,
    empty_result,
    half_width,
)

if TYPE_CHECKING:
    import numpy as np

_CURRENCIES = {
    "CNY": ("¥", "rmb", "cny", "cn¥", "人民币", "元", "圆", "块", "块钱"),
    "USD": ("$", "us$", "usd", "美元"),
    "EUR": ("€", "eur", "欧元"),
    "GBP": ("£", "gbp", "英镑"),
    "HKD": ("hk$", "hkd", "港元", "港币"),
    "JPY": ("jp¥", "jpy", "日元"),
    "TWD": ("nt$", "twd", "新台币"),
    "INR": ("₹", "rs", "rs.", "inr"),
    "BRL": ("r$", "brl"),
    "KRW": ("₩", "krw", "韩元"),
    "AUD": ("a$", "au$", "aud", "澳元"),
    "CAD": ("c$", "ca$", "cad", "加元"),
    "SGD": ("s$", "sgd", "新加坡元"),
    "NZD": ("nz$", "nzd"),
    "CHF": ("chf", "瑞士法郎"),
    "PLN": ("zł", "pln"),
    "RUB": ("₽", "rub", "卢布"),
    "THB": ("฿", "thb", "泰铢"),
    "TRY": ("₺", "try"),
    "VND": ("₫", "vnd", "越南盾"),
    "MYR": ("rm", "myr"),
    "MXN": ("mx$", "mxn"),
}
CODE_OF = {sign: code for code, signs in _CURRENCIES.items() for sign in signs}
_SCALES = {
    "百": 100,
    "千": 1_000,
    "k": 1_000,
    "万": 10_000,
    "w": 10_000,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
}
_PIECES = "件个只台套盒瓶双条支张本包箱袋份次天岁"


def _one_of(words: Any) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_SIGN = _one_of(CODE_OF)
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_SHAPE = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[+-])?\s*(?P<front>{_SIGN})?\s*(?P<inner>\()?\s*(?P<minus2>[+-])?\s*"
    rf"(?P<body>\d[\d.,' ]*|\.\d+)\s*(?P<scale>(?!kg)(?:{_one_of(_SCALES)}))?\s*"
    rf"(?P<back>{_SIGN}|%|折|% ?off|[{_PIECES}]|pcs?|ea|units?|cm|kg|g|分钟|min)?"
    r"\s*(?P<close>\))?\s*(?P<trail>-)?\Z"
)
_DOT = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d\d)+,\d{3}|\d+)(?:\.\d*)?\Z|\.\d+\Z")
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?\Z")
_PROVES_COMMA = re.compile(r".*,\d{1,2}\Z|.*\..*,\d+\Z|\d+(?:\.\d{3}){2,}\Z|0,\d+\Z")
_PROVES_POINT = re.compile(r"[+-]?\d*\.(?:\d{1,2}|\d{4,})\Z|[+-]?(?:0|\d{4,})\.\d+\Z")
_OPEN = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}\Z")
# a column of shares has hardly a plain number above 1; more are amounts or percents
_MOST_ABOVE_ONE = 0.05


@dataclass
class _Shape:
    """One written number taken apart: sign, body in both readings, scale and mark."""

    negative: bool
    dot: str | None
    comma: str | None
    proves: str
    scale: int
    mark: str


def read_shape(text: str) -> _Shape | None:
    """Take a written number apart, or return None when it is none."""
    m = _SHAPE.match(text.lower().replace("−", "-").replace("–", "-"))
    if m is None or bool(m["open"] or m["inner"]) != bool(m["close"]) or (m["open"] and m["inner"]):
        return None
    signs = [s for s in (m["minus"], m["minus2"], m["trail"], "-" if m["close"] else None) if s]
    if len(signs) > 1 or (m["front"] and m["back"] and CODE_OF.get(m["back"]) != CODE_OF[m["front"]]):
        return None
    body = re.sub(r"(?<=\d)[ '](?=\d{3}(?!\d))", "", m["body"].strip())
    dot = body.replace(",", "") if _DOT.match(body) else None
    comma = body.replace(".", "").replace(",", ".") if _COMMA.match(body) else None
    proves = ""
    if comma is not None and dot is None:
        proves = "comma" if _PROVES_COMMA.match(body) else "none"
    elif dot is not None and comma is None:
        proves = "dot"
    if dot is None and comma is None:
        return None
    return _Shape(
        signs == ["-"], dot, comma, proves, _SCALES.get(m["scale"], 1), m["front"] or m["back"] or ""
    )


def _value(shape: _Shape, comma_column: bool) -> float | None:
    """Return the number, read with the column's decimal sign where both readings are possible."""
    if shape.dot is not None and shape.comma is not None:
        body = shape.comma if comma_column else shape.dot
    elif shape.proves == "none" and not comma_column:
        return None
    else:
        body = shape.dot if shape.dot is not None else shape.comma
    number = float(Decimal(body) * shape.scale)
    return -number if shape.negative else number


def _allowed(mark: str, kind: str) -> bool:
    if mark in CODE_OF:
        return kind == "money"
    if mark in ("%", "折", "%off", "% off"):
        return kind == "share"
    return mark == "" or kind in ("number", "integer")


def _as_share(value: float, mark: str) -> float | None:
    """Return the share taken off: 15% is .15, 8折 and 80折 are .2; None outside 0–1."""
    if mark.startswith("%"):
        value = float(Decimal(repr(value)) / 100)
    elif mark == "折":
        tenth = Decimal(repr(value)) / (10 if value <= 10 else 100)
        value = float(1 - tenth)
    return value if 0 <= value <= 1 else None


def judge_decimal(cells: np.ndarray) -> tuple[str, str]:
    """Say which decimal sign the cells prove: "dot", "comma", "open" (1.250 may be either), or "".

    The second word is the first cell that leaves it open.
    """
    found = "", ""
    for cell in cells if cells.dtype == object else ():
        if not isinstance(cell, str) or ("." not in cell and "," not in cell):
            continue
        text = half_width(cell)
        shape = read_shape(text)
        if _PROVES_POINT.match(text) or (shape is not None and shape.proves == "dot"):
            return "dot", ""
        if shape is not None and shape.proves == "comma":
            found = "comma", ""
        elif not found[0] and _OPEN.match(text):
            found = "open", text
    return found


def parse_numbers(
    codes: np.ndarray, cells: np.ndarray, kind: str, *, comma: bool = False
) -> tuple[Parsed, list[tuple[str, str]]]:
    """Read every distinct cell as `kind` (number, integer, money, share); also return column notes.

    The decimal sign is decided for the column: it is the comma when some cell
    proves it (``12,50``, ``1.234,50``) and none proves the point; `comma` says
    that the rest of the file has proved it.
    """
    import numpy as np

    if cells.dtype != object:
        out = empty_result(codes, cells, cells.astype("float64"))
        _check_kind(out, kind)
        return out, []
    out = empty_result(codes, cells, np.full(len(cells), np.nan))
    shapes: dict[int, _Shape] = {}
    for i, cell in enumerate(cells):
        shape = _read_cell(out, i, cell)
        if shape is not None:
            shapes[i] = shape
    comma_column = comma or _is_comma_column(cells, shapes)
    if comma_column:
        _reread_points(out, cells, shapes)
    marks = _settle(out, shapes, kind, comma_column)
    notes = [("decimal_comma", "")] if comma_column else []
    notes += _settle_currency(out, marks)
    _check_kind(out, kind)
    return out, notes


def _read_cell(out: Parsed, i: int, cell: Any) -> _Shape | None:
    """Settle a plain number, a missing or a hopeless cell; return the shape of any other."""
    if not isinstance(cell, str):
        return _read_native(out, i, cell)
    if _PLAIN.match(cell):
        out.values[i] = float(cell)
        return None
    text = half_width(cell)
    low = text.lower()
    if low in NOBODY and low not in NO_NUMBER:
        out.state[i], out.rule[i] = MISSING, "placeholder" if text else ""
        return None
    shape = read_shape(text)
    if shape is None:
        out.state[i], out.rule[i] = BAD, "unreadable"
    return shape


def _read_native(out: Parsed, i: int, cell: Any) -> None:
    try:
        if isinstance(cell, bool) or hasattr(cell, "isoformat"):
            raise TypeError
        out.values[i] = float(cell)
    except (TypeError, ValueError):
        out.state[i], out.rule[i] = BAD, "unreadable"


def _is_comma_column(cells: np.ndarray, shapes: dict[int, _Shape]) -> bool:
    if not any(s.proves == "comma" for s in shapes.values()):
        return False
    proofs = any(s.proves == "dot" for s in shapes.values())
    return not proofs and not any(isinstance(c, str) and _PROVES_POINT.match(c.strip()) for c in cells)


def _reread_points(out: Parsed, cells: np.ndarray, shapes: dict[int, _Shape]) -> None:
    """In a comma column a plain ``1.234`` is one thousand two hundred and thirty-four."""
    for i, cell in enumerate(cells):
        if isinstance(cell, str) and i not in shapes and "." in cell:
            shape = read_shape(cell)
            if shape is not None:
                shapes[i] = shape


def _settle(out: Parsed, shapes: dict[int, _Shape], kind: str, comma_column: bool) -> dict[int, str]:
    """Write the values of `shapes` into `out`; return the currency of each marked cell."""
    marks: dict[int, str] = {}
    for i, shape in shapes.items():
        value = _value(shape, comma_column) if _allowed(shape.mark, kind) else None
        if value is not None and kind == "share":
            value = _as_share(value, shape.mark)
        if value is None:
            out.state[i], out.rule[i] = BAD, "unreadable"
            continue
        out.values[i] = value
        out.rule[i] = "share" if kind == "share" and shape.mark else "number"
        if shape.mark in CODE_OF:
            marks[i] = CODE_OF[shape.mark]
    return marks


def _settle_currency(out: Parsed, marks: dict[int, str]) -> list[tuple[str, str]]:
    """Keep the column's leading currency; cells in another one cannot be added to it."""
    import numpy as np

    if not set(marks.values()) - {"CNY"}:
        return []
    per_cell = np.bincount(out.codes[out.codes >= 0], minlength=len(out.raw))
    count: dict[str, int] = {}
    for i, code in marks.items():
        count[code] = count.get(code, 0) + int(per_cell[i])
    leading = min(count, key=lambda c: (-count[c], c != "CNY", c))
    for i, code in marks.items():
        if code != leading:
            out.state[i], out.rule[i], out.values[i] = FOREIGN, "unreadable", np.nan
    return [("currency", leading)] if leading != "CNY" else []


def _check_kind(out: Parsed, kind: str) -> None:
    """Refuse what no cell of this kind can be: infinite, broken integers, shares outside 0–1."""
    import numpy as np

    v = out.values
    bad = (out.state == 0) & ~np.isfinite(v)
    with np.errstate(invalid="ignore"):
        if kind == "integer":
            bad |= (out.state == 0) & ((np.abs(v) > 2**53) | (v != np.floor(v)))
        if kind == "share":
            bad |= _find_no_shares(out)
    out.state[bad], out.rule[bad], out.values[bad] = BAD, "unreadable", np.nan


def _find_no_shares(out: Parsed) -> np.ndarray:
    """Return the cells outside 0–1; where many plain ones are, no plain number of the column is a share."""
    import numpy as np

    bad = (out.state == 0) & ((out.values < 0) | (out.values > 1))
    plain = (out.state == 0) & (out.values != 0) & (out.rule != "share")
    rows = np.bincount(out.codes[out.codes >= 0], minlength=len(out.raw))
    above = rows[plain & (out.values > 1)].sum()
    return bad | plain if above > _MOST_ABOVE_ONE * rows[plain].sum() else bad
