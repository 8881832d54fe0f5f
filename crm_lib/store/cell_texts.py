"""Cells of an upload as tidy text: what Excel, input methods and copying have done to them is undone."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# full-width digits and letters, the wide blank; punctuation of Chinese sentences stays as it is
_WIDE = {0x3000: " ", **{c: chr(c - 0xFEE0) for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}}  # fmt: skip  # noqa: E501
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BLANKS = re.compile(r"\s+")
_QUOTE = json.encoder.encode_basestring
_PLAIN = re.compile(r"[!-~\u4e00-\u9fff]*\Z")
NOTHING = frozenset({
    "-", "--", "—", "——", "/", "\\", ".", "?", "？", "无", "暂无", "没有", "未知", "不详", "未填", "空", "n/a", "na", "null",
    "none", "nan", "#n/a", "#value!", "#ref!", "#name?", "#null!", "#num!", "#div/0!",
})  # fmt: skip


def tell_text(value: Any) -> str:
    """Return a raw cell as text: whole floats without ``.0``, days without a clock time, gaps empty.

    Examples
    --------
    >>> tell_text(13812345678.0), tell_text(None), tell_text(dt.datetime(2024, 5, 1))
    ('13812345678', '', '2024-05-01')
    """
    if isinstance(value, str):
        return value
    if value is None or value != value or str(value) in ("NaT", "<NA>"):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)


def tidy_text(text: str) -> str:
    """Return prose tidied: no unseen characters, single blanks, half-width digits and letters.

    Examples
    --------
    >>> tidy_text("　中山路１０８号　Ａ座 \u200b"), tidy_text("住在河边，三楼")
    ('中山路108号 A座', '住在河边，三楼')
    """
    if _PLAIN.match(text):
        return text
    return _BLANKS.sub(" ", _UNSEEN.sub("", text.translate(_WIDE))).strip()


def tidy_code(text: str) -> str:
    """Return a code, number or date tidied: every character in its half-width form, outer blanks gone.

    Examples
    --------
    >>> tidy_code(" ＋８６ １３８－１２３４ ５６７８ ")
    '+86 138-1234 5678'
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return _BLANKS.sub(" ", _UNSEEN.sub("", unicodedata.normalize("NFKC", text))).strip()


def is_nothing(text: str) -> bool:
    """Return whether a tidy cell says nothing: empty, or a word such as 无 or N/A."""
    return not text or text.lower() in NOTHING


def find_blank(frame: pd.DataFrame) -> Any:
    """Return a mask of the rows in which no cell holds anything."""
    import numpy as np

    blank = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        column = frame[name]
        empty = column.isna().to_numpy(dtype=bool, copy=True)
        if column.dtype == object or str(column.dtype).startswith(("str", "string")):
            rest = blank & ~empty
            empty[rest] = [not str(v).strip() for v in column.to_numpy(dtype=object)[rest]]
        blank &= empty
    return blank


def pack_rows(frame: pd.DataFrame) -> list[str]:
    """Return each row as JSON text: header → value as read, in the order of the columns, gaps left out.

    Examples
    --------
    >>> import pandas as pd
    >>> pack_rows(pd.DataFrame({"姓名": ["王伟", None], "金额": [1.5, 2.0]}))
    ['{"姓名":"王伟","金额":1.5}', '{"金额":2}']
    """
    columns = [_pack_column(str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    out = ["{" + ",".join([c for c in cells if c]) + "}" for cells in zip(*columns, strict=True)]
    # half of a character pair cannot be stored; JSON has an escape for it
    out = [t if t.isascii() else t.encode("utf-8", "backslashreplace").decode("utf-8") for t in out]
    return out or ["{}"] * len(frame)


def _pack_column(name: str, column: pd.Series) -> list[str]:
    """Return each cell as ``"header":value``, a gap as empty text."""
    head = json.dumps(name, ensure_ascii=False) + ":"
    cells = column.astype(object).tolist()
    return [head + _QUOTE(v) if type(v) is str else _pack_cell(head, v) for v in cells]


def _pack_cell(head: str, value: Any) -> str:
    text = tell_text(value)
    if not text:
        return ""
    if isinstance(value, bool):
        return head + ("true" if value else "false")
    number = type(value) is int or (isinstance(value, float) and math.isfinite(value))
    return head + (text if number else _QUOTE(text))
