"""Take the answer out of a student's variables as data: JSON of a closed set of forms, bounded in size.

Forms, each a dict with ``kind``:

======== =====================================================================
kind     further keys
======== =====================================================================
null
flag     ``value`` (bool)
number   ``value`` (text: ``repr`` of the int or float, ``nan``, ``inf``)
text     ``value``, ``type`` (``str``, or of what it is the text: ``Timestamp``)
list     ``items`` (forms)
set      ``items`` (forms, in a fixed order)
table    ``columns`` (texts), ``dtypes`` (texts), ``rows`` (lists of cells)
chart    ``title``, ``xlabel``, ``ylabel``, ``xticks``, ``yticks``, ``legend``
         (texts), ``series``, ``others`` (further axes of the figure)
other    ``type`` (name of the type), ``why`` it is none of the above
======== =====================================================================

A cell of a table is None, a flag, a whole or finite number, a text, or
``{"number": "nan" | "inf" | "-inf"}``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

MOST_ITEMS = 400_000
MOST_TEXT = 20_000
MOST_DEPTH = 4


class TooBig(Exception):
    """The value has more parts than an answer may have."""


class Count:
    """Counts what is taken out, and stops at the bound."""

    def __init__(self, most: int = MOST_ITEMS) -> None:
        self.left = most

    def take(self, n: int) -> None:
        """Count `n` more parts."""
        self.left -= n
        if self.left < 0:
            raise TooBig(f"more than {MOST_ITEMS:,} values")


def take_out(value: Any) -> dict[str, Any]:
    """Return `value` as a form.

    Parameters
    ----------
    value
        What the student's variable holds: anything at all.

    Returns
    -------
    dict
        One of the forms above; whatever fails on the way becomes ``other``.

    Notes
    -----
    It runs in the student's process, where everything may be forged; nothing
    is gained by it, since what comes out is data and is held against a truth
    that is not in that process.  A frame's row labels become ordinary columns
    when they carry a name, and are left out when not.

    Examples
    --------
    >>> take_out(0.1)
    {'kind': 'number', 'value': '0.1'}
    """
    try:
        return _take(value, Count(), 0)
    except TooBig as fault:
        return _other(value, str(fault))
    except BaseException as fault:  # whatever a forged object throws
        return _other(value, f"cannot be taken out ({type(fault).__name__})")


def _other(value: Any, why: str = "") -> dict[str, Any]:
    return {"kind": "other", "type": str(type(value).__name__)[:200], "why": why[:200]}


def _take(value: Any, count: Count, depth: int) -> dict[str, Any]:
    count.take(1)
    if depth > MOST_DEPTH:
        return _other(value, "nested too deeply")
    simple = _take_simple(value)
    if simple is not None:
        return simple
    if hasattr(value, "columns") or hasattr(value, "to_frame"):
        return _take_table(value, count)
    if _is_chart(value):
        from crm_lib.kernels.answers_out_charts import take_chart

        return take_chart(value, count)
    if isinstance(value, set | frozenset):
        items = [_take(v, count, depth + 1) for v in value]
        return {"kind": "set", "items": sorted(items, key=lambda f: json.dumps(f, sort_keys=True))}
    if isinstance(value, Mapping):
        return _other(value)
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        count.take(value.size)
        value = value.tolist()
    if isinstance(value, list | tuple | range) or type(value).__name__ in {"dict_keys", "dict_values"}:
        return {"kind": "list", "items": [_take(v, count, depth + 1) for v in value]}
    return _other(value)


def _take_simple(value: Any) -> dict[str, Any] | None:
    value = _plain(value)
    if value is None:
        return {"kind": "null"}
    if isinstance(value, bool):
        return {"kind": "flag", "value": bool(value)}
    if isinstance(value, Integral):
        return {"kind": "number", "value": int.__repr__(int(value))}
    if isinstance(value, Real) or type(value).__name__ == "Decimal":
        return {"kind": "number", "value": float.__repr__(float(value))}
    if isinstance(value, str):
        return {"kind": "text", "value": _cut(value), "type": "str"}
    if _is_moment(value):
        return {"kind": "text", "value": _cut(str(value)), "type": type(value).__name__}
    return None


def _plain(value: Any) -> Any:
    """Return Python's own value for a scalar of numpy, and None for what pandas calls missing."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    return None if type(value).__name__ in {"NAType", "NaTType"} else value


def _is_moment(value: Any) -> bool:
    import datetime as dt

    times = (dt.date, dt.time, dt.timedelta)
    return isinstance(value, times) or type(value).__name__ in {"Period", "Interval"}


def _cut(text: str) -> str:
    text = str.__str__(text)
    if len(text) > MOST_TEXT:
        raise TooBig(f"a text of more than {MOST_TEXT:,} characters")
    return text.encode("utf-8", "replace").decode("utf-8")


def _is_chart(value: Any) -> bool:
    if "matplotlib" not in sys.modules:
        return False
    from matplotlib.artist import Artist

    if isinstance(value, Artist) or isinstance(getattr(value, "figure", None), Artist):
        return True
    parts = value if isinstance(value, tuple | list) else getattr(value, "flat", ())
    return any(isinstance(v, Artist) for v, _ in zip(parts, range(100), strict=False))


def _take_table(value: Any, count: Count) -> dict[str, Any]:
    if hasattr(value, "to_pandas"):
        value = value.to_pandas()
    if hasattr(value, "to_frame") and not hasattr(value, "columns"):
        value = value.to_frame()
    named = any(name is not None for name in value.index.names)
    frame = value.reset_index() if named else value.reset_index(drop=True)
    count.take(frame.shape[0] * max(frame.shape[1], 1))
    return {
        "kind": "table",
        "columns": [_cut(str(c)) for c in frame.columns],
        "dtypes": [_cut(str(t)) for t in frame.dtypes],
        "rows": [[_take_cell(v) for v in row] for row in frame.itertuples(index=False, name=None)],
    }


def _take_cell(value: Any) -> Any:
    value = _plain(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if number - number == 0 else {"number": float.__repr__(number)}
    return _cut(str(value))
