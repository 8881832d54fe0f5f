"""Checks as students receive them: fingerprints of answers instead of the answers.

``crm assign`` hands out no checks table, since that would hand out the truth.
It writes a sealed one beside the data: for the parameters and the data of that
release it holds a salted fingerprint of the right answer and of each frequent
mistake; the message of a mistake is locked with the wrong answer that earns it.
So ``check()`` still helps, and whoever opens the file reads neither answers nor
messages.  What can be searched for by calling ``check()`` over and over can be
searched for in the file, too; grading therefore runs on other data.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from crm_lib._places import notebook_file
from crm_lib.catalogue import say
from crm_lib.errors import CrmError
from crm_lib.lesson.checks import CheckResult

ROUNDS = 2_000
"""Rounds of PBKDF2 per fingerprint: about a millisecond."""

_FINENESS = 4  # points of the grid per tolerance: an answer is judged to an eighth of it

FINEST, COARSEST = 7, 4
"""Significant digits to which the numbers of a list or a table may be compared."""


@dataclass(frozen=True)
class Sealed:
    """The sealed checks of one notebook for one set of parameters and data."""

    notebook_id: str
    parameters: str
    given: Mapping[str, Any]
    files: Mapping[str, str]
    checks: Mapping[str, Mapping[str, Any]]

    def judge(self, grade_id: str, answer: Any, variables: Mapping[str, Any]) -> CheckResult:
        """Say whether `answer` is right, as far as this release can tell.

        Raises
        ------
        CrmError
            The exercise is unknown, or a parameter or a data file is no longer what was handed out.
        """
        if grade_id not in self.checks:
            raise CrmError(say("check.unknown", grade_id=grade_id, known="、".join(self.checks) or "—"))
        self._require_unchanged(variables)
        check = self.checks[grade_id]
        total = check["points"]
        if answer is None or answer is Ellipsis:
            return CheckResult(grade_id, 0, total, say("check.blank"), blank=True)
        if "right" not in check:
            return CheckResult(grade_id, 0, total, say("sealed.later"))
        share, message = _open(check, answer)
        if share == 1:
            return CheckResult(grade_id, total, total, say("check.right", points=total, total=total))
        return CheckResult(grade_id, share * total, total, say("check.wrong", hint=message))

    def _require_unchanged(self, variables: Mapping[str, Any]) -> None:
        changed = [n for n, value in self.given.items() if n not in variables or variables[n] != value]
        if changed:
            raise CrmError(say("sealed.parameters", names="、".join(changed)))
        for name, digest in self.files.items():
            path = Path(name)
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                raise CrmError(say("sealed.file", name=name))


def sealed_file(notebook_id: str, *, own: bool = False) -> Path:
    """Return where the sealed checks of `notebook_id` lie; `own` those of a single student."""
    path = notebook_file(notebook_id)
    return path.with_name(f"{path.stem}.sealed{'-own' if own else ''}.json")


def load_sealed(notebook_id: str) -> Sealed | None:
    """Return the sealed checks of a release, a student's own first; None when there are none."""
    for path in (sealed_file(notebook_id, own=True), sealed_file(notebook_id)):
        if notebook_id and path.is_file():
            data = json.loads(path.read_text(encoding="utf-8"))
            return Sealed(**{name: data[name] for name in Sealed.__dataclass_fields__})
    return None


def _open(check: Mapping[str, Any], answer: Any) -> tuple[float, str]:
    """Return the share of the points an answer earns, and what its owner is told."""
    kind = name_kind(answer)
    if kind != check["kind"]:
        got = type(answer).__name__ if kind == "other" else say(f"check.kind_{kind}")
        return 0, say("check.wrong_type", needed=say(f"check.kind_{check['kind']}"), got=got)
    known = {mark: (share, locked) for mark, share, locked in reversed(check["mistakes"])}
    found = (0.0, "")
    for text in write_answers(answer, tolerance=check["tolerance"], digits=check["digits"]):
        key = stretch(text, check["salt"])
        mark = fingerprint(key)
        if mark == check["right"]:
            return 1, ""
        if mark in known and not found[1]:
            found = (known[mark][0], unlock(known[mark][1], key))
    return found[0], found[1] or check["hint"] or say("check.hint_default")


def stretch(text: str, salt: str) -> bytes:
    """Return the key that belongs to an answer written as `text`."""
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), ROUNDS)


def fingerprint(key: bytes) -> str:
    """Return what is stored of an answer's key."""
    return hmac.new(key, b"fingerprint", "sha256").hexdigest()


def lock(message: str, key: bytes) -> str:
    """Return `message` such that only the key of its answer opens it."""
    return _mask(message.encode(), key).hex()


def unlock(locked: str, key: bytes) -> str:
    """Return the message that `lock` locked with the same key."""
    return _mask(bytes.fromhex(locked), key).decode()


def _mask(data: bytes, key: bytes) -> bytes:
    stream = hashlib.shake_256(b"message" + key).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def name_kind(value: Any) -> str:
    """Return ``flag``, ``number``, ``text``, ``table``, ``list`` or ``other``."""
    plain = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    for kind, types in (("flag", bool), ("number", int | float), ("text", str)):
        if isinstance(plain, types):
            return kind
    if hasattr(plain, "to_frame") or hasattr(plain, "columns"):
        return "table"
    return (
        "list" if isinstance(plain, list | tuple | set | frozenset) or hasattr(plain, "tolist") else "other"
    )


def write_answers(answer: Any, *, tolerance: float, digits: int) -> Iterator[str]:
    """Write an answer as text, in every way that is within the tolerance of it; the nearest first.

    Numbers are laid on a grid finer than the tolerance: the sealed answer is
    written as its nearest point, and an answer is right when that point lies
    within its own tolerance.  The numbers of lists and tables are compared to
    `digits` significant digits.
    """
    kind = name_kind(answer)
    if kind == "number":
        yield from (f"number {text}" for text in _list_points(float(answer), tolerance))
    elif kind == "table":
        yield f"table {_write_table(answer, digits)}"
    elif kind == "list":
        cells = [_write_cell(v, digits) for v in answer]
        yield f"list {json.dumps(sorted(cells) if isinstance(answer, set | frozenset) else cells)}"
    else:
        yield f"{kind} {str(answer).strip()}"


def _list_points(value: float, tolerance: float) -> list[str]:
    if not math.isfinite(value) or not tolerance:
        return [repr(value + 0.0)]
    # relative to the larger of the two, which may be the answer that is sealed
    width = tolerance * max(abs(value) / (1 - min(tolerance, 0.5)), 1.0)
    own = _find_size(value)
    points: dict[str, tuple[bool, float]] = {}
    for size in {_find_size(abs(value) + shift) for shift in (-width, 0.0, width)}:
        step = tolerance * 10.0**size / _FINENESS
        for k in range(round((value - width) / step), round((value + width) / step) + 1):
            points[f"{k}e{size}"] = (size != own, abs(k * step - value))
    return sorted(points, key=lambda text: (points[text], text))


def _find_size(value: float) -> int:
    """Return the power of ten `value` reaches, at least 0: below 1 the tolerance is absolute."""
    return max(Decimal(repr(abs(value))).adjusted(), 0) if value else 0


def _write_table(value: Any, digits: int) -> str:
    frame = value.to_frame() if not hasattr(value, "columns") else value
    frame = frame.reset_index() if frame.index.name else frame
    names = sorted(str(c) for c in frame.columns)
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1)[names]
    rows = [[_write_cell(v, digits) for v in row] for row in frame.itertuples(index=False, name=None)]
    return json.dumps([names, sorted(rows)])


def _write_cell(value: Any, digits: int) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        return str(plain)
    return str(round(plain)) if is_whole(plain) else f"{plain:.{digits}g}"


def is_whole(number: float) -> bool:
    """Tell whether `number` is an integer but for the noise of computing it."""
    return math.isfinite(number) and math.isclose(number, round(number), rel_tol=1e-9, abs_tol=1e-9)
