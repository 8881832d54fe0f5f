"""Compare an answer with the expected one, as data: numbers, texts, lists, frames."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from crm_lib.catalogue import say


@dataclass(frozen=True)
class Verdict:
    """Whether two answers agree; else what about the form is wrong, and which share of the points stands."""

    equal: bool
    message: str = ""
    share: float = 0.0


def compare_answers(answer: Any, expected: Any, *, tolerance: float = 1e-6) -> Verdict:
    """Compare `answer` with `expected`.

    Numbers agree within the relative `tolerance`; a flag is no number; frames
    agree up to the order of rows and columns; lists keep their order, sets do
    not.  A wrong type is said in words.
    """
    kind = _kind_of(expected)
    if _kind_of(answer) != kind:
        return Verdict(
            False, say("check.wrong_type", needed=say(f"check.kind_{kind}"), got=_name_type(answer))
        )
    if kind == "number":
        return Verdict(_numbers_agree(answer, expected, tolerance))
    if kind == "table":
        return _compare_tables(_as_frame(answer), _as_frame(expected), tolerance)
    if kind == "list":
        return _compare_lists(answer, expected, tolerance)
    if kind == "text":
        return Verdict(str(answer).strip() == str(expected).strip())
    return Verdict(bool(answer) == bool(expected))


def _kind_of(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    if isinstance(plain, bool):
        return "flag"
    if isinstance(plain, Real):
        return "number"
    if hasattr(plain, "to_frame") or hasattr(plain, "columns"):
        return "table"
    if isinstance(plain, str):
        return "text"
    return (
        "list" if isinstance(plain, list | tuple | set | frozenset) or hasattr(plain, "tolist") else "other"
    )


def _name_type(value: Any) -> str:
    kind = _kind_of(value)
    return getattr(value, "type_name", type(value).__name__) if kind == "other" else say(f"check.kind_{kind}")


def _numbers_agree(a: Any, b: Any, tolerance: float) -> bool:
    a, b = _as_float(a), _as_float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf if value > 0 else -math.inf


def _as_frame(value: Any) -> Any:
    """Return a frame with its row labels as an ordinary column when they carry a name."""
    frame = value.to_frame() if hasattr(value, "to_frame") and not hasattr(value, "columns") else value
    return frame.reset_index() if frame.index.name else frame.reset_index(drop=True)


def _compare_tables(answer: Any, expected: Any, tolerance: float) -> Verdict:
    needed, got = [str(c) for c in expected.columns], [str(c) for c in answer.columns]
    if sorted(needed) != sorted(got):
        return Verdict(False, say("check.wrong_columns", needed="、".join(needed), got="、".join(got)))
    if len(answer) != len(expected):
        return Verdict(False, say("check.wrong_rows", needed=len(expected), got=len(answer)))
    left, right = _sort_rows(answer[expected.columns.tolist()]), _sort_rows(expected)
    for a, b in zip(left, right, strict=True):
        if not all(compare_answers(x, y, tolerance=tolerance).equal for x, y in zip(a, b, strict=True)):
            return Verdict(False)
    return Verdict(True)


def _sort_rows(frame: Any) -> list[tuple]:
    rows = [tuple(_plain(v) for v in row) for row in frame.itertuples(index=False, name=None)]
    return sorted(
        rows, key=lambda row: tuple((str(type(v)), v if isinstance(v, str) else repr(v)) for v in row)
    )


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, Real) and not isinstance(value, bool):
        return _as_float(value)
    return value if isinstance(value, bool) else str(value)


def _compare_lists(answer: Any, expected: Any, tolerance: float) -> Verdict:
    if isinstance(expected, set | frozenset):
        return Verdict({str(_plain(v)) for v in answer} == {str(_plain(v)) for v in expected})
    a, b = list(answer), list(expected)
    if len(a) != len(b):
        return Verdict(False, say("check.wrong_rows", needed=len(b), got=len(a)))
    return Verdict(all(compare_answers(x, y, tolerance=tolerance).equal for x, y in zip(a, b, strict=True)))
