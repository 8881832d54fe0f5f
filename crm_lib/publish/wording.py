"""Put a change of a result into the words and figures of the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_lib.catalogue import column_title, list_results, say
from crm_lib.publish.changes import Change, is_number

_GROUPED_FROM = 10_000  # below, a whole number may be a year


@dataclass(frozen=True)
class Words:
    """A change in words: where, what stood there, what stands there, and the difference."""

    title: str
    before: str
    after: str
    difference: str = ""
    kind: str = "changed"

    @property
    def line(self) -> str:
        """The change as one line of plain text."""
        if self.kind != "changed":
            value = self.after if self.kind == "added" else self.before
            return say(f"index.{self.kind}{'_value' if value else ''}", title=self.title, value=value)
        tail = f" {self.difference}" if self.difference else ""
        return f"{self.title} {self.before} → {self.after}{tail}"


def word_change(change: Change | Mapping[str, Any]) -> Words:
    """Return a change as words.

    Examples
    --------
    >>> word_change(Change(("result", "revenue"), 2000.0, 2100.5, 100.5)).line
    '消费金额 2,000 → 2,100.5 +100.5（+5.0%）'
    >>> word_change(Change(("result", "customer_share"), 0.25, 0.3, 0.05)).line
    '客户占比 25.0% → 30.0% +5.0 个百分点'
    """
    if isinstance(change, Mapping):
        change = Change(**{**change, "path": tuple(change["path"])})
    if change.kind != "changed":
        plain = [_word_plain(value) for value in (change.before, change.after)]
        return Words(_word_path(change.path), *plain, kind=change.kind)
    if is_number(change.difference):
        before, after, difference = _word_numbers(change)
    else:
        before, after, difference = _word_value(change.before), _word_value(change.after), ""
    return Words(_word_path(change.path), before, after, difference, change.kind)


def _word_path(path: tuple[str, ...]) -> str:
    """Return where a change is; of the result itself the first word goes without saying."""
    room, *rest = path or ("",)
    titles = list_results()
    words = [titles.get(word, column_title(str(word))) for word in rest]
    first = {"parameters": say("index.parameters"), "sources": say("index.data")}.get(room)
    if first is None:
        words = words if room == "result" else [column_title(room), *words]
    else:
        words = [first, *words]
    return " › ".join(words) or say("index.whole")


def _word_numbers(change: Change) -> tuple[str, str, str]:
    before, after, difference = change.before, change.after, change.difference
    if change.path[-1:] and change.path[-1].endswith("share"):
        points = say("index.points", value=f"{_sign(difference)}{abs(difference) * 100:.1f}")
        return f"{before:.1%}", f"{after:.1%}", points
    relative = change.relative
    share = "" if relative is None else f"（{_sign(relative)}{abs(relative):.1%}）"
    words = format_number(before), format_number(after)
    if words[0] == words[1]:  # rounding would hide it
        words = repr(before), repr(after)
    return *words, f"{_sign(difference)}{format_number(abs(difference))}{share}"


def _sign(value: float) -> str:
    return "+" if value >= 0 else "−"


def format_number(value: float) -> str:
    """Return a number as a reader wants it: four digits at least, cents from one thousand on.

    Examples
    --------
    >>> [format_number(v) for v in (2024, 69659, 149.24, 0.34883326, 1989291.534, 4.0)]
    ['2024', '69,659', '149.24', '0.3488', '1,989,291.53', '4']
    """
    if float(value).is_integer() and abs(value) < 1e15:
        whole = int(value)
        return f"{whole:,}" if abs(whole) >= _GROUPED_FROM or isinstance(value, float) else str(whole)
    if abs(value) >= 1e15 or abs(value) < 1e-4:
        return f"{value:.4g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.4g}"


def _word_plain(value: Any) -> str:
    """Return a value that came or went; of a whole record its name says enough."""
    return "" if value is None or isinstance(value, list | Mapping) else _word_value(value)


def _word_value(value: Any) -> str:
    if value is None:
        return say("index.nothing")
    if isinstance(value, list | Mapping):
        pairs = value.items() if isinstance(value, Mapping) else [(None, item) for item in value]
        return "、".join(str(v) if k is None else f"{k}={v}" for k, v in pairs) or say("index.blank")
    if isinstance(value, bool):
        return say("index.yes" if value else "index.no")
    if is_number(value):
        return format_number(value)
    return str(value) or say("index.blank")
