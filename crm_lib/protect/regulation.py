"""数据库管理制度: clauses that stand on settings and measurements of the database, each with a verdict."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.protect.regulation_measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

MET, BROKEN = "符合", "不符合"
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Clause:
    """One clause: its part and number, its words, what it looks at, and the rule it is held against."""

    number: str
    part: str
    title: str
    text: str
    name: str
    measured: bool
    rule: str
    limit: Any
    limit_from: str
    good: Any
    record: bool
    said: Any


@cache
def _load() -> tuple[dict[str, str], tuple[Clause, ...]]:
    raw = tomllib.loads((resources.files("crm_lib.protect") / "regulation.toml").read_text("utf-8"))
    parts: dict[str, str] = raw["parts"]
    ordered = sorted(raw["clause"], key=lambda c: list(parts).index(c["part"]))
    clauses = tuple(
        Clause(
            f"第{_word_number(n)}条",
            parts[c["part"]],
            c["title"],
            c["text"],
            c.get("setting") or c["measure"],
            "measure" in c,
            c["rule"],
            c.get("limit"),
            c.get("limit_from", ""),
            c.get("good"),
            c.get("record", False),
            c.get("said", ""),
        )
        for n, c in enumerate(ordered, start=1)
    )
    return parts, clauses


def _word_number(n: int) -> str:
    tens, ones = divmod(n, 10)
    head = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def list_clauses() -> tuple[Clause, ...]:
    """Return the clauses in their order."""
    return _load()[1]


def list_parts() -> tuple[str, ...]:
    """Return the titles of the four parts in their order."""
    return tuple(_load()[0].values())


def default_settings(
    *, as_of: str | dt.date, dialect: str = "duckdb", with_records: bool = False
) -> dict[str, str]:
    """Return a firm's decisions as the regulation has them, for a start.

    Parameters
    ----------
    as_of : str or date
        The day; dates lie so many days before it.
    dialect : str
        ``duckdb`` or ``postgresql``.
    with_records : bool
        Add the settings that say that something was done (approved, scanned, copied …), as they would stand
        if it had been: for trying the rules, never for a database in use.

    Returns
    -------
    dict of str to str
        Name → value, for `change_settings` of the store: a firm's starting point, ours and not the law's.

    Examples
    --------
    >>> default_settings(as_of="2026-03-01")["backup_every_days"]
    '7'
    """
    day = parse_day("default_settings", "as_of", as_of)
    found = {}
    for clause in list_clauses():
        if clause.measured or (clause.record and not with_records):
            continue
        good = _pick(clause.good, dialect)
        if clause.rule == "within_days":
            good = (day - dt.timedelta(days=good)).isoformat()
        found[clause.name] = str(good)
    return found


def check_regulation(store: Any, *, as_of: str | dt.date) -> pd.DataFrame:
    """Hold the database against every clause of the regulation.

    Parameters
    ----------
    store
        An open store; `.dialect`, `.query` and `.audit` are used.
    as_of : str or date
        The day of the check.

    Returns
    -------
    DataFrame
        One clause a row, in their order: ``clause`` (第几条), ``part`` (总则, 使用, 修改与维护, 安全管理),
        ``title``, ``setting`` (the name of the setting, or of the measurement), ``kind`` (设置 or 实测),
        ``required``, ``found``, ``verdict`` (符合, 不符合).

    Notes
    -----
    A setting that is not made, or cannot be read as what it should be, breaks its clause: nothing is met by
    silence.  A setting says what was decided, a measurement what is so; where only people can say whether
    something was done (a contract signed, a door locked), no clause pretends to have seen it.
    """
    import pandas as pd

    day = parse_day("check_regulation", "as_of", as_of)
    known = _read_settings(store)
    rows = []
    for clause in list_clauses():
        found = MEASURES[clause.name](store, day) if clause.measured else known.get(clause.name)
        limit = known.get(clause.limit_from) if clause.limit_from else clause.limit
        limit, said = (_pick(x, store.dialect) for x in (limit, clause.said))
        required, shown, met = _judge(clause, found, limit, day)
        required += f"（{said}）" if said else ""
        kind = say("protect_regulation.measured" if clause.measured else "protect_regulation.set")
        verdict = MET if met else BROKEN
        rows.append((clause.number, clause.part, clause.title, clause.name, kind, required, shown, verdict))
    columns = ["clause", "part", "title", "setting", "kind", "required", "found", "verdict"]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _pick(value: Any, dialect: str) -> Any:
    return value[dialect] if isinstance(value, dict) else value


def _read_settings(store: Any) -> dict[str, str]:
    frame = store.query("SELECT name, value FROM settings")
    return {
        n: v for n, v in zip(frame["name"], frame["value"], strict=True) if isinstance(v, str) and v.strip()
    }


def _judge(clause: Clause, found: Any, limit: Any, day: dt.date) -> tuple[str, str, bool]:
    """Return what is required, what was found, and whether that is met."""
    empty = say("protect_regulation.never" if clause.measured else "protect_regulation.unset")
    required = _word_required(clause, limit)
    if found is None:
        return required, empty, False
    return required, str(found), _RULES[clause.rule](str(found), limit, day)


def _word_required(clause: Clause, limit: Any) -> str:
    if limit is None and clause.limit_from:
        return say("protect_regulation.limit_unset", name=clause.limit_from)
    if clause.rule == "at_most" and limit == 0:
        return say("protect_regulation.exactly", low=0)
    if clause.rule == "between":
        low, high = _read_bounds(limit) or ("?", "?")
        key = "exactly" if low == high else "between"
        return say(f"protect_regulation.{key}", low=_plain(low), high=_plain(high))
    return say(f"protect_regulation.{clause.rule}", limit=limit)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < float("inf") else None


def _read_bounds(limit: Any) -> tuple[float, float] | None:
    if isinstance(limit, list | tuple):
        return float(limit[0]), float(limit[1])
    high = _number(limit)
    return None if high is None else (0.0, high)


def _is_between(found: str, limit: Any, day: dt.date) -> bool:
    value, bounds = _number(found), _read_bounds(limit)
    return value is not None and bounds is not None and bounds[0] <= value <= bounds[1]


def _is_within_days(found: str, limit: Any, day: dt.date) -> bool:
    try:
        when = dt.date.fromisoformat(found.strip()[:10])
    except ValueError:
        return False
    return 0 <= (day - when).days <= limit


def _is_reference(found: str, limit: Any, day: dt.date) -> bool:
    kind, mark, place = found.strip().partition(":")
    return kind in {"env", "file"} and bool(mark and place.strip())


_RULES: Mapping[str, Callable[[str, Any, dt.date], bool]] = {
    "filled": lambda found, limit, day: bool(found.strip()),
    "other_than": lambda found, limit, day: limit is not None and found.strip() != str(limit).strip(),
    "equals": lambda found, limit, day: found.strip() == str(limit),
    "at_most": lambda found, limit, day: _is_between(found, (float("-inf"), limit), day),
    "at_least": lambda found, limit, day: _is_between(found, (limit, float("inf")), day),
    "between": _is_between,
    "within_days": _is_within_days,
    "reference": _is_reference,
}
