"""The rules of data quality: read from TOML, the project's own and the user's, and held to their form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import ParameterError

DIMENSIONS = ("关联性", "完整性", "规范性", "唯一性", "准确性", "一致性")
CAUSES = ("信息", "技术", "流程", "管理")
SEVERITIES = ("严重", "一般", "提示")
EFFORTS = ("自动", "核对", "回访")
FORMS = (
    "text", "id", "phone", "email", "name", "date", "number", "province", "city", "identity_number", "credit_code",
)  # fmt: skip
VALIDS = ("phone", "date", "number", "name", "identity_number", "credit_code")
CROSS = (
    "after", "at_most", "city_in_province", "gender_title", "product", "identity_birth", "identity_gender",
)  # fmt: skip
# kind of check -> its options, the needed ones with an exclamation mark
KINDS: dict[str, tuple[str, ...]] = {
    "required": ("any",),
    "empty": (),
    "format": ("form", "pattern"),
    "valid": ("form!",),
    "unique": ("within", "least"),
    "range": ("min", "max"),
    "reference": ("to!",),
    "in_set": ("values!",),
    "fresh": ("days!",),
    "cross": ("check!", "tolerance"),
}
_KEYS = ("id", "table", "columns", "dimension", "kind", "severity", "cause", "effort", "say", "when")
_BOUND = re.compile(r"as_of(?:-\d+[dy])?\Z|\d{4}-\d\d-\d\d\Z")


@dataclass(frozen=True)
class QualityRule:
    """One rule: what is held against which columns of a table, and what a breach means.

    ``cause`` is the likely one of the four kinds of cause and only a default: a person who
    knows the source may say otherwise.  ``effort`` says who can mend it: 自动 (`repair_values`),
    核对 (someone compares with other records), 回访 (the customer has to be asked).
    """

    id: str
    table: str
    columns: tuple[str, ...]
    dimension: str
    kind: str
    say: str
    severity: str = "一般"
    cause: str = "流程"
    effort: str = "核对"
    when: tuple[str, tuple[str, ...]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@cache
def _load_default() -> tuple[QualityRule, ...]:
    text = (resources.files("crm_lib.identify") / "quality_rules.toml").read_text("utf-8")
    rules, _, faults = _parse(tomllib.loads(text))
    if faults:
        raise AssertionError("; ".join(faults))
    return tuple(rules)


def load_quality_rules(
    rules: str | PathLike | Iterable[QualityRule] | None = None,
) -> tuple[QualityRule, ...]:
    """Return the rules of data quality: the project's own, and those of a file of the user's.

    Parameters
    ----------
    rules : path or iterable of QualityRule, optional
        A TOML file with ``[[rule]]`` tables: id, table, columns, dimension (one of the six), kind,
        say (a Chinese sentence), and optionally severity (严重, 一般, 提示), cause (信息, 技术, 流程,
        管理), effort (自动, 核对, 回访), when (``{column = …, values = […]}``: only such rows) and the
        options of the kind.  A rule with the id of one of the project's replaces it;
        ``off = ["id", …]`` switches rules off; ``replace = true`` starts from none.
        Rules themselves are taken as they are.

    Returns
    -------
    tuple of QualityRule
        In a fixed order: the project's rules, then the user's.

    Raises
    ------
    ParameterError
        The file cannot be read or has faults; all of them are named at once.

    Notes
    -----
    The kinds: required, empty, format (form or pattern), valid (form), unique (within, least),
    range (min, max: numbers, days, ``as_of``, ``as_of-120y``), reference (to), in_set (values),
    fresh (days), cross (check).

    Examples
    --------
    >>> rules = load_quality_rules()
    >>> sorted({r.dimension for r in rules}) == sorted(DIMENSIONS)
    True
    """
    if rules is None:
        return _load_default()
    if not isinstance(rules, (str, PathLike)):
        return tuple(rules)
    body = _read_file(Path(rules))
    own, off, faults = _parse(body)
    known = {r.id for r in _load_default()}
    faults += [
        f"off names the rule {name!r}, which does not exist (closest: {closest_first(name, known)[0]!r})"
        for name in off
        if name not in known
    ]
    if faults:
        raise ParameterError(
            f"quality rules {Path(rules).name}: {len(faults)} faults: {list_words(faults, most=8)}. "
            "Correct the file and call again."
        )
    gone = set(off) | {r.id for r in own}
    start = () if body.get("replace") else _load_default()
    return (*(r for r in start if r.id not in gone), *own)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ParameterError(
            f"quality rules: rules must be a TOML file that can be read; {path.name} cannot be "
            f"({error.strerror}). Check its name and place."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(
            f"quality rules {path.name}: must be a TOML file in UTF-8; {error}. Mend that place of the file."
        ) from None


def _parse(body: Mapping[str, Any]) -> tuple[list[QualityRule], list[str], list[str]]:
    """Return rules, the ids switched off, and every fault found."""
    faults = [f"unknown key {k!r} beside [[rule]]" for k in body if k not in ("rule", "off", "replace")]
    off = body.get("off", [])
    if not isinstance(off, list) or not all(isinstance(n, str) for n in off):
        faults.append("off must be a list of rule ids")
        off = []
    given = body.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(b, dict) for b in given):
        return [], off, [*faults, "rules must be written as [[rule]] tables"]
    rules: list[QualityRule] = []
    seen: set[str] = set()
    for number, raw in enumerate(given, start=1):
        where = f"rule {number} ({raw.get('id', 'without id')!r})"
        found = [f"{where}: {fault}" for fault in _find_faults(raw)]
        if raw.get("id") in seen:
            found.append(f"{where}: this id stands twice")
        faults += found
        seen.add(str(raw.get("id")))
        if not found:
            rules.append(_build(raw))
    return rules, off, faults


def _find_faults(raw: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{k} is missing" for k in ("id", "table", "columns", "dimension", "kind", "say") if k not in raw
    ]
    for key in ("id", "table", "say"):
        if key in raw and not (isinstance(raw[key], str) and raw[key].strip()):
            faults.append(f"{key} must be text")
    if "columns" in raw and not _is_texts(raw["columns"]):
        faults.append("columns must be a list of column names")
    choices = {"dimension": DIMENSIONS, "kind": tuple(KINDS), "severity": SEVERITIES, "cause": CAUSES,
               "effort": EFFORTS}  # fmt: skip
    for key, allowed in choices.items():
        if key in raw and raw[key] not in allowed:
            faults.append(f"{key} must be one of {list_words(allowed)}; got {raw[key]!r}")
    if "when" in raw and not _is_condition(raw["when"]):
        faults.append("when must be { column = …, values = […] }")
    return faults if faults else _find_option_faults(raw)


def _is_condition(when: Any) -> bool:
    fit = isinstance(when, dict) and set(when) == {"column", "values"}
    return fit and isinstance(when["column"], str) and _is_texts(when["values"])


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v for v in value)


def _find_option_faults(raw: Mapping[str, Any]) -> list[str]:
    kind = raw["kind"]
    names = {o.rstrip("!") for o in KINDS[kind]}
    faults = [
        f"unknown key {k!r} (kind {kind!r} knows {list_words(sorted(names)) or 'no options'})"
        for k in raw
        if k not in _KEYS and k not in names
    ]
    faults += [f"kind {kind!r} needs {o[:-1]}" for o in KINDS[kind] if o.endswith("!") and o[:-1] not in raw]
    if not faults:
        faults = [fault for fault in _CHECKS.get(kind, lambda _: [])(raw) if fault]
    return faults


def _check_format(raw: Mapping[str, Any]) -> list[str]:
    if ("form" in raw) == ("pattern" in raw):
        return ["kind 'format' needs either form or pattern"]
    if "form" in raw:
        return _one_of("form", raw["form"], FORMS)
    try:
        re.compile(raw["pattern"])
    except (re.error, TypeError) as error:
        return [f"pattern is no regular expression: {error}"]
    return []


def _check_cross(raw: Mapping[str, Any]) -> list[str]:
    faults = _one_of("check", raw["check"], CROSS)
    least = 3 if raw["check"] == "product" else 2
    return faults or ([f"needs {least} columns"] if len(raw["columns"]) < least else [])


def _check_range(raw: Mapping[str, Any]) -> list[str]:
    bounds = [raw[k] for k in ("min", "max") if k in raw]
    fit = all(_is_number(b) or (isinstance(b, str) and _BOUND.match(b)) for b in bounds)
    return [] if bounds and fit else ["kind 'range' needs min or max: a number, a day, as_of or as_of-120y"]


def _check_reference(raw: Mapping[str, Any]) -> list[str]:
    fit = _is_texts(raw["to"]) and all(t.count(".") == 1 for t in raw["to"])
    return [] if fit else ['to must be a list like ["customers.record_id"]']


def _check_unique(raw: Mapping[str, Any]) -> list[str]:
    fit = ("within" not in raw or _is_texts(raw["within"])) and _is_number(raw.get("least", 1))
    return [] if fit else ["within must be a list of columns, least a number"]


def _one_of(key: str, value: Any, allowed: Sequence[str]) -> list[str]:
    return [] if value in allowed else [f"{key} must be one of {list_words(allowed)}; got {value!r}"]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_CHECKS = {
    "format": _check_format,
    "cross": _check_cross,
    "range": _check_range,
    "reference": _check_reference,
    "unique": _check_unique,
    "valid": lambda raw: _one_of("form", raw["form"], VALIDS),
    "in_set": lambda raw: [] if _is_texts(raw["values"]) else ["values must be a list of texts"],
    "fresh": lambda raw: [] if _is_number(raw["days"]) and raw["days"] > 0 else ["days must be a number > 0"],
}


def _build(raw: Mapping[str, Any]) -> QualityRule:
    plain = {k: raw[k] for k in _KEYS if k in raw and k not in ("columns", "when")}
    when = (raw["when"]["column"], tuple(raw["when"]["values"])) if "when" in raw else None
    options = {k: raw[k] for k in raw if k not in _KEYS}
    return QualityRule(**plain, columns=tuple(raw["columns"]), when=when, options=options)
