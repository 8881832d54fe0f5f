"""How the values of a column look in a workbook, a document or a CSV file."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MONEY = (
    *("revenue", "amount", "price", "cost", "cost_to_serve", "profit", "spend"),
    *("expected_gain", "net_gain", "order_value", "actual_value", "potential_value", "lifetime_value"),
)
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EXACT = 10**15


def settle_column(name: str, values: pd.Series) -> tuple[pd.Series, str]:
    """Return a column in its own type, and how it is shown.

    Categories and columns of mixed storage get the type all their values share;
    times lose their zone and keep their wall clock.  The second value is one of
    flag, date, datetime, share, money, integer, number, text.
    """
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if values.dtype == object:
        inferred = pd.api.types.infer_dtype(values, skipna=True)
        if inferred in {"integer", "floating", "mixed-integer-float", "decimal"}:
            values = pd.to_numeric(values.astype(object).where(values.notna(), None), errors="coerce")
        elif inferred in {"date", "datetime", "datetime64"}:
            values = _as_times(values)
    if getattr(values.dtype, "tz", None) is not None:
        values = values.dt.tz_localize(None)
    return values, find_kind(name, values)


def _as_times(values: pd.Series) -> pd.Series:
    import pandas as pd

    try:
        return pd.to_datetime(values)
    except (ValueError, TypeError):
        # mixed zones or years pandas cannot hold: they stay as they are and are shown as text
        return values


def find_kind(name: str, values: pd.Series) -> str:
    """Return how a column is shown: flag, date, datetime, share, money, integer, number or text.

    The type decides; between numbers the end of the column's name does:
    ``share`` and ``…_share`` are shares, ``revenue``, ``amount``, ``…_price`` and the like are
    money.  Whole numbers of 16 digits and more are text, because a spreadsheet
    would change their last digits.
    """
    import pandas as pd

    types = pd.api.types
    if types.is_bool_dtype(values):
        return "flag"
    if types.is_datetime64_any_dtype(values):
        known = values.dropna()
        return "date" if (known == known.dt.normalize()).all() else "datetime"
    if not types.is_numeric_dtype(values) or types.is_complex_dtype(values):
        return "text"
    if str(name) == "share" or str(name).endswith("_share"):
        return "share"
    if str(name).endswith(MONEY):
        return "money"
    if not types.is_integer_dtype(values):
        return "number"
    known = values.dropna()
    return "text" if ((known >= _EXACT) | (known <= -_EXACT)).any() else "integer"


def is_missing(value: Any) -> bool:
    """Return whether `value` is a gap: None, NaN, NaT or NA."""
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def cell_text(value: Any, kind: str) -> str:
    """Return `value` as text for people.

    Examples
    --------
    >>> cell_text(0.1234, "share"), cell_text(-1234.5, "money"), cell_text(12000, "integer")
    ('12.3%', '-1,234.50', '12,000')
    >>> cell_text(None, "text"), cell_text(float("inf"), "number"), cell_text(True, "flag")
    ('', '∞', '是')
    """
    if is_missing(value):
        return ""
    if kind == "flag":
        return "是" if value else "否"
    if kind in {"date", "datetime"}:
        return value.strftime("%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S")
    if kind == "text":
        return clean_text(value)
    if value in {float("inf"), float("-inf")}:
        return "∞" if value > 0 else "-∞"
    form = {"share": ".1%", "money": ",.2f", "integer": ",.0f"}.get(kind, ",.6g")
    return format(value, form) if kind != "number" or abs(value) < 1e6 else f"{value:,.2f}"


def clean_text(value: Any) -> str:
    """Return `value` as text that XML can hold.

    Line ends become LF, as XML reads them anyway; characters XML cannot hold
    become U+FFFD.
    """
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return _BROKEN.sub("\ufffd", text)


def is_risky(text: str) -> bool:
    """Return whether a spreadsheet could take `text` for a formula.

    Examples
    --------
    >>> is_risky("=1+1"), is_risky("@A1"), is_risky("-12.5"), is_risky("甲=乙")
    (True, True, False, False)
    """
    return text[:1] in tuple("=+-@\t\r\n＝＋－＠") and text[:1] != "" and not _PLAIN_NUMBER.fullmatch(text)


def cut_text(text: str, most: int) -> str:
    """Return the beginning of `text` that fits into `most` UTF-16 units, as Excel counts.

    Examples
    --------
    >>> cut_text("客户😀甲", 3), cut_text("客户😀甲", 4)
    ('客户', '客户😀')
    """
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def text_width(text: str) -> int:
    """Return the width of the longest line of `text`; a Chinese character counts two.

    Examples
    --------
    >>> text_width("客户ID")
    6
    """
    wide = ("W", "F", "A")
    lines = str(text).split("\n")
    return max(sum(2 if unicodedata.east_asian_width(c) in wide else 1 for c in line) for line in lines)
