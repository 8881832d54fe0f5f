"""One form of a private value, so that the same number written two ways is found as one."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_NOT_DIGIT = re.compile(r"[^0-9]")
_GAPS = re.compile(r"[\s\-‐‑‒–—]+")


def is_missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return value != value
    return type(value).__name__ in {"NAType", "NaTType"}


def normalize_value(value: Any, *, column: str) -> str:
    """Bring a private value into the one form its fingerprint is taken of.

    Parameters
    ----------
    value : str
        The value as it came.
    column : str
        ``phone`` (digits without the country code 86), ``email`` (small letters), ``identity_no`` (capitals,
        no gaps), ``address`` (no gaps); any other column: no gaps around, small letters.

    Returns
    -------
    str
        The form; empty when nothing is left.

    Notes
    -----
    Full-width digits and letters count as plain ones (Unicode NFKC).  An e-mail's part before the @ is taken
    as blind to case too: the standard allows otherwise, no provider of note does it.

    Examples
    --------
    >>> normalize_value("+86 138-1234 5678", column="phone"), normalize_value("１３８12345678", column="phone")
    ('13812345678', '13812345678')
    >>> normalize_value(" Wang@Example.COM ", column="email")
    'wang@example.com'
    >>> normalize_value("11010519491231002x", column="identity_no")
    '11010519491231002X'
    """
    text = unicodedata.normalize("NFKC", str(value)).strip()
    kind = column.rpartition(".")[2]
    if kind == "phone":
        digits = _NOT_DIGIT.sub("", text)
        return re.sub(r"^(?:00)?86(?=1[0-9]{10}$)", "", digits)
    if kind == "identity_no":
        return _GAPS.sub("", text).upper()
    if kind == "address":
        return re.sub(r"\s+", "", text).casefold()
    return re.sub(r"\s+", " ", text).casefold()
