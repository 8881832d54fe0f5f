"""Values of parameters: text of a command line, a file or a sheet, taken for the declared type."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal
from functools import cache
from typing import Any

TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
PASSWORD = re.compile(r"://[^/@:\s]*:(?!\d+/)\S+@|(?i:(^|[?&;\s])(password|passwd|pwd)\s*=\s*\S)")
_WHOLE = re.compile(r"[+-]?\d+(\.\d*)?[eE]\+?\d{1,2}")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_BOOLS = {"是": True, "真": True, "否": False, "假": False}


class NotShown:
    """Stands in a message where a value would give a secret away."""

    def __repr__(self) -> str:
        return "a value that is not shown here"


def hide_secret(value: Any) -> Any:
    """Return `value`, or what is said in its place when it holds a password."""
    return NotShown() if PASSWORD.search(str(value)) else value


def convert_value(type_name: str, value: Any, *, is_date: bool = False) -> tuple[bool, Any]:
    """Return whether `value` can be taken for the type, and the value in that type.

    Notes
    -----
    A value that has its type already needs no model, so a run without given
    parameters never pays for importing pydantic.  True is no number here, and
    a whole number may be written ``1e3``.
    """
    if is_date and isinstance(value, str):
        return True, unicodedata.normalize("NFKC", value).strip()
    if type(value) is TYPES[type_name] and (type_name != "float" or math.isfinite(value)):
        return True, value
    from pydantic import ValidationError

    try:
        return True, _make_model(type_name).model_validate({"value": value}).value
    except ValidationError:
        return False, value


@cache
def _make_model(type_name: str) -> Any:
    """Build the pydantic model of one value; one a type serves every notebook."""
    from typing import Annotated

    from pydantic import BeforeValidator, ConfigDict, create_model

    readers = {"int": _read_int, "float": _read_float, "bool": _read_bool, "str": _read_text}
    kind = Annotated[TYPES[type_name], BeforeValidator(readers[type_name])]
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    return create_model("Value", __config__=config, value=(kind, ...))


def _plain(value: Any) -> Any:
    """Return text as an input method for Chinese may have written it in plain letters and digits."""
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value


def _read_int(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    text = _plain(value)
    if isinstance(text, str) and _WHOLE.fullmatch(text):
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else text
    return text


def _read_float(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    return _plain(value)


def _read_bool(value: Any) -> Any:
    text = _plain(value)
    return _BOOLS.get(text, text) if isinstance(text, str) else text


def _read_text(value: Any) -> Any:
    """Let the dates of YAML, TOML and spreadsheets be text; numbers stay numbers."""
    if isinstance(value, bytes):
        raise ValueError("bytes are no text")
    if isinstance(value, dt.datetime):
        midnight = value.replace(tzinfo=None) == dt.datetime.combine(value.date(), dt.time())
        return value.date().isoformat() if midnight else value.isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value


def read_date(text: str) -> str | None:
    """Return the day that `text` names as YYYY-MM-DD, or None.

    Examples
    --------
    >>> read_date("2024/2/3"), read_date("20240203"), read_date("2024-02-30")
    ('2024-02-03', '2024-02-03', None)
    """
    match = _DAY.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None
