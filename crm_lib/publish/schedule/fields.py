"""Read the single values of a schedule; what does not fit is noted with its line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.publish.schedule.lines import Faults, Value

_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in _UNITS))
_LONGEST_NAME = 80
_LONGEST_SPAN = 10 * 366 * 86400


def read_span_text(text: str) -> dt.timedelta | None:
    """Return the span that `text` says, or None when it says none.

    Examples
    --------
    >>> read_span_text("1d12h")
    datetime.timedelta(days=1, seconds=43200)
    >>> read_span_text("36") is None
    True
    """
    match = _SPAN.fullmatch(text.replace(" ", ""))
    if not match or not any(match.groups()):
        return None
    seconds = sum(int(n or 0) * unit for n, unit in zip(match.groups(), _UNITS.values(), strict=True))
    return dt.timedelta(seconds=seconds) if 0 < seconds <= _LONGEST_SPAN else None


def read_keys(value: Value, where: str, known: Sequence[str], faults: Faults) -> dict[str, Value]:
    """Return the entries of a mapping that are known; the others are faults."""
    if not isinstance(value.data, dict):
        faults.add(value.line, f"{where} must be lines 'key: value'; got {value.kind}.")
        return {}
    found = {}
    for key, one in value.data.items():
        if key in known:
            found[key] = one
            continue
        near = closest_first(key, known)[0]
        faults.add(one.line, f"{where} has no {key!r}. Did you mean {near!r}? It has: {', '.join(known)}.")
    return found


def read_name(value: Value | None, number: int, line: int, faults: Faults) -> str:
    """Return the name of a job, which stands in records, messages and CRM_JOB."""
    name = "" if value is None or value.data is None else str(value.data).strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        rule = f"a name of at most {_LONGEST_NAME} printable characters"
        faults.add(value.line if value else line, f"job {number}: needs {rule}; got {name!r}.")
        return ""
    return name


def read_text(value: Value | None, where: str, key: str, faults: Faults) -> str:
    """Return a text; empty when it is not given."""
    if value is None:
        return ""
    if not isinstance(value.data, str) or not value.data.strip():
        faults.add(value.line, f"{where}: {key} must be text; got {value.kind}.")
        return ""
    return value.data.strip()


def read_words(value: Value | None, where: str, key: str, faults: Faults) -> tuple[str, ...]:
    """Return a list of words (a command with its arguments, or notebooks)."""
    if value is None:
        return ()
    items = value.data if isinstance(value.data, list) else []
    if not items or any(isinstance(i.data, (dict, list, type(None))) for i in items):
        got = f"{value.kind}: {value.plain()!r}"
        faults.add(value.line, f"{where}: {key} must be a list of words, such as [one, two]; got {got}.")
        return ()
    return tuple(str(i.data) for i in items)


def read_span(value: Value | None, where: str, key: str, faults: Faults) -> dt.timedelta | None:
    """Return a span of time such as 36h; None when it is not given."""
    if value is None or value.data is None:
        return None
    span = read_span_text(value.data) if isinstance(value.data, str) else None
    if span is None:
        rule = "must be a span with units, such as 90s, 30m, 36h, 7d or 1d12h"
        faults.add(value.line, f"{where}: {key} {rule}; got {value.plain()!r}.")
    return span


def read_bool(value: Value | None, where: str, key: str, default: bool, faults: Faults) -> bool:
    """Return true or false; `default` when it is not given."""
    if value is None:
        return default
    if not isinstance(value.data, bool):
        faults.add(value.line, f"{where}: {key} must be true or false; got {value.plain()!r}.")
        return default
    return value.data


def read_count(
    value: Value | None, where: str, key: str, faults: Faults, *, least: int, most: int
) -> int | None:
    """Return a whole number; None when it is not given."""
    if value is None or value.data is None:
        return None
    number = value.data
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        faults.add(
            value.line,
            f"{where}: {key} must be a whole number from {least} to {most}; got {value.plain()!r}.",
        )
        return None
    return number


def read_factor(value: Value | None, where: str, key: str, faults: Faults) -> float | None:
    """Return the factor by which waits grow; None when it is not given."""
    if value is None or value.data is None:
        return None
    number = value.data
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not 1 <= number <= 10:
        faults.add(value.line, f"{where}: {key} must be a number from 1 to 10; got {value.plain()!r}.")
        return None
    return float(number)


def read_inputs(value: Value | None, where: str, faults: Faults) -> list[dict[str, str]]:
    """Return the inputs: each a pattern of files, or a database with its query."""
    if value is None:
        return []
    items = value.data if isinstance(value.data, list) else [value]
    return [one for item in items if (one := _read_input(item, where, faults))]


def _read_input(item: Value, where: str, faults: Faults) -> dict[str, str]:
    if isinstance(item.data, str) and item.data.strip():
        return {"pattern": item.data.strip()}
    if not isinstance(item.data, dict):
        rule = "an input is a pattern of files, or database and query"
        faults.add(item.line, f"{where}: {rule}; got {item.kind}.")
        return {}
    given = read_keys(item, f"{where}: an input", ("database", "query"), faults)
    texts = {key: read_text(given.get(key), where, key, faults) for key in ("database", "query")}
    missing = [key for key in texts if key not in given]
    if missing:
        faults.add(item.line, f"{where}: a database input needs {list_words(missing)} too.")
    if _holds_password(texts["database"]):
        way = "Put it into an environment variable and write database: env:NAME."
        faults.add(item.line, f"{where}: the address of the database holds a password. {way}")
    return texts


def _holds_password(address: Any) -> bool:
    return bool(re.search(r"://[^/@:]*:[^/@]+@", str(address)))
