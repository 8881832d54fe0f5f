"""Survivorship rules: which of a person's differing values goes into the golden record."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from crm_lib._checks import parse_day, require_choice
from crm_lib.errors import ParameterError, ReadError

CRITERIA = ("valid", "full", "votes", "vouched", "recent", "earliest", "source", "cautious")
FORMS = ("text", "name", "phone", "email", "date", "place", "address")
SPELLINGS = ("common", "longest")
_HEAD = ("version", "sources", "not_merged", "placeholder_phones", "earliest_birth", "default", "columns")


@dataclass(frozen=True)
class ColumnRule:
    """How one column survives; see ``survivorship.toml`` for the words."""

    form: str = "text"
    order: tuple[str, ...] = ("votes", "recent", "source")
    spelling: str = "common"
    vouched_by: str = ""
    dated_by: str = ""
    within: str = ""
    follows: str = ""
    keep_all: bool = False


@dataclass(frozen=True)
class Rules:
    """All rules of a merge; ``columns`` holds those that differ from ``default``."""

    sources: tuple[str, ...]
    not_merged: tuple[str, ...]
    placeholder_phones: tuple[str, ...]
    earliest_birth: dt.date
    default: ColumnRule
    columns: tuple[tuple[str, ColumnRule], ...]

    def of(self, column: str) -> ColumnRule:
        """Return the rule of a column."""
        return dict(self.columns).get(column, self.default)


def load_survivorship(rules: str | Path | Mapping[str, Any] | Rules | None = None) -> Rules:
    """Read survivorship rules; what they do not say stays as in the default.

    Parameters
    ----------
    rules : path, mapping or Rules, optional
        A TOML file, or its content, of the form of ``survivorship.toml``.  Without it, the default.

    Returns
    -------
    Rules
        The rules, checked.

    Raises
    ------
    ReadError
        The file cannot be read, or is no TOML.
    ParameterError
        It uses a word that is not known.

    Examples
    --------
    >>> load_survivorship({"columns": {"phone": {"order": ["recent"]}}}).of("phone").order
    ('recent',)
    >>> load_survivorship().of("city").within
    'address'
    """
    if isinstance(rules, Rules):
        return rules
    base = _default()
    if rules is None:
        return base
    raw = dict(rules) if isinstance(rules, Mapping) else _read_toml(Path(rules))
    for word in raw:
        require_choice("load_survivorship", "key", word, _HEAD)
    default = _make_rule(base.default, raw.get("default", {}), "default")
    columns = dict(base.columns)
    for name, body in raw.get("columns", {}).items():
        columns[name] = _make_rule(columns.get(name, default), body, name)
    known = {k: tuple(map(str, raw[k])) for k in ("sources", "not_merged", "placeholder_phones") if k in raw}
    if "earliest_birth" in raw:
        known["earliest_birth"] = parse_day("load_survivorship", "earliest_birth", raw["earliest_birth"])
    return replace(base, default=default, columns=tuple(sorted(columns.items())), **known)


@cache
def _default() -> Rules:
    text = (resources.files("crm_lib.identify") / "survivorship.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    default = _make_rule(ColumnRule(), raw["default"], "default")
    columns = tuple(sorted((c, _make_rule(default, body, c)) for c, body in raw["columns"].items()))
    lists = {k: tuple(raw[k]) for k in ("sources", "not_merged", "placeholder_phones")}
    return Rules(**lists, earliest_birth=raw["earliest_birth"], default=default, columns=columns)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ReadError(
            f"load_survivorship: rules must be a TOML file in UTF-8; {path.name}: {fault}. "
            "Copy crm_lib/identify/survivorship.toml and change what differs."
        ) from None


def _make_rule(base: ColumnRule, body: Mapping[str, Any], column: str) -> ColumnRule:
    where = f"load_survivorship: column {column!r}"
    for word in body:
        require_choice(where, "key", word, [f.name for f in fields(ColumnRule)])
    given = dict(body)
    if "order" in given:
        given["order"] = tuple(given["order"])
        for word in given["order"]:
            require_choice(where, "order", word, CRITERIA)
    require_choice(where, "form", given.get("form", base.form), FORMS)
    require_choice(where, "spelling", given.get("spelling", base.spelling), SPELLINGS)
    rule = replace(base, **given)
    if "vouched" in rule.order and not rule.vouched_by:
        raise ParameterError(
            f"{where}: 'vouched' in order needs vouched_by; got none. Name the column that bears the value out."
        )
    return rule
