"""Read the data that a student's process wrote: believe nothing of it, and make values of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_TEXTS = ("xticks", "yticks", "legend")
_MOST_DEPTH = 8


def read_payload(data: bytes) -> dict[str, Any] | None:
    """Return ``form``, ``output`` and ``error`` of a student's process, or None when they are not what they should be.

    Parameters
    ----------
    data
        The bytes of its pipe, which the code of the student may have written too.
    """
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_refuse)
        return found if _is_payload(found) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _is_payload(found: Any) -> bool:
    if not isinstance(found, dict) or set(found) != {"form", "output", "error"}:
        return False
    texts = isinstance(found["output"], str) and isinstance(found["error"], str)
    return texts and (found["form"] is None or is_form(found["form"]))


def _refuse(name: str) -> Any:
    raise ValueError(name)


def is_form(form: Any, depth: int = 0) -> bool:
    """Tell whether `form` is one of the closed set of forms of :mod:`crm_lib.kernels.answers_out`."""
    if not isinstance(form, dict) or not isinstance(form.get("kind"), str) or depth > _MOST_DEPTH:
        return False
    rule = _RULES.get(form["kind"])
    return rule is not None and rule(form, depth)


def _only(form: dict, *names: str) -> bool:
    return set(form) == {"kind", *names}


def _is_number(form: dict, depth: int) -> bool:
    if not _only(form, "value") or not isinstance(form["value"], str):
        return False
    try:
        _number(form["value"])
    except ValueError:
        return False
    return True


def _is_items(form: dict, depth: int) -> bool:
    return (
        _only(form, "items")
        and isinstance(form["items"], list)
        and all(is_form(f, depth + 1) for f in form["items"])
    )


def _is_table(form: dict, depth: int) -> bool:
    if not _only(form, "columns", "dtypes", "rows") or not isinstance(form["rows"], list):
        return False
    width = len(form["columns"]) if _are_texts(form["columns"]) and _are_texts(form["dtypes"]) else -1
    rows = form["rows"]
    return width == len(form["dtypes"]) and all(
        isinstance(row, list) and len(row) == width and all(map(_is_cell, row)) for row in rows
    )


def _is_cell(cell: Any) -> bool:
    if isinstance(cell, dict):
        return set(cell) == {"number"} and cell["number"] in {"nan", "inf", "-inf"}
    return cell is None or isinstance(cell, bool | int | float | str)


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(v, str) for v in values)


def _is_axes(form: Any) -> bool:
    names = {"title", "xlabel", "ylabel", *_TEXTS, "series"}
    return (
        isinstance(form, dict)
        and set(form) == names
        and all(isinstance(form[n], str) for n in ("title", "xlabel", "ylabel"))
        and all(_are_texts(form[n]) for n in _TEXTS)
        and isinstance(form["series"], list)
        and all(_is_series(s) for s in form["series"])
    )


def _is_series(series: Any) -> bool:
    if not isinstance(series, dict) or not {"type", "label", "x", "y"} <= set(series):
        return False
    if set(series) - {"type", "label", "x", "y", "width", "height"}:
        return False
    texts = isinstance(series["type"], str) and isinstance(series["label"], str)
    numbers = [v for k, v in series.items() if k not in {"type", "label"}]
    return texts and all(
        isinstance(v, list) and all(_is_number({"kind": "", "value": n}, 0) for n in v) for v in numbers
    )


def _is_chart(form: dict, depth: int) -> bool:
    first = {k: v for k, v in form.items() if k not in {"kind", "others"}}
    others = form.get("others")
    return _is_axes(first) and isinstance(others, list) and all(map(_is_axes, others))


def _has_texts(*names: str) -> Callable[[dict, int], bool]:
    return lambda form, depth: _only(form, *names) and all(isinstance(form[n], str) for n in names)


_RULES: dict[str, Callable[[dict, int], bool]] = {
    "null": lambda form, depth: _only(form),
    "flag": lambda form, depth: _only(form, "value") and isinstance(form["value"], bool),
    "number": _is_number,
    "text": _has_texts("value", "type"),
    "list": _is_items,
    "set": _is_items,
    "table": _is_table,
    "chart": _is_chart,
    "other": _has_texts("type", "why"),
}


def _number(text: str) -> int | float:
    if len(text) > 4000:
        raise ValueError("too many digits")
    return int(text) if text.removeprefix("-").isdecimal() else float(text)


def restore_answer(form: dict[str, Any]) -> Any:
    """Return the value that `form` stands for, built here of plain types only.

    Parameters
    ----------
    form
        A form that `is_form` accepts.

    Returns
    -------
    object
        None, a flag, a number, a text, a list, a frozenset of texts' and numbers' own values, or a
        frame; a chart stays the dict it is, and what is none of these becomes ``OtherValue``.

    Examples
    --------
    >>> restore_answer({"kind": "list", "items": [{"kind": "number", "value": "2"}]})
    [2]
    """
    kind = form["kind"]
    if kind == "null":
        return None
    if kind == "number":
        return _number(form["value"])
    if kind in {"flag", "text"}:
        return form["value"]
    if kind == "list":
        return [restore_answer(f) for f in form["items"]]
    if kind == "set":
        return frozenset(_freeze(restore_answer(f)) for f in form["items"])
    if kind == "table":
        return _restore_table(form)
    return form if kind == "chart" else OtherValue(form["type"])


class OtherValue:
    """Stands for a value of a type that no answer has."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name


def _freeze(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_freeze(v) for v in value)
    return value if isinstance(value, str | int | float | frozenset | tuple) or value is None else repr(value)


def _restore_table(form: dict[str, Any]) -> Any:
    import pandas as pd

    cells = [[_restore_cell(c) for c in row] for row in form["rows"]]
    frame = pd.DataFrame(cells, dtype=object)
    if not cells:
        frame = pd.DataFrame(index=range(0), columns=range(len(form["columns"])), dtype=object)
    frame.columns = pd.Index(form["columns"], dtype=object)
    return frame


def _restore_cell(cell: Any) -> Any:
    return float(cell["number"]) if isinstance(cell, dict) else cell
