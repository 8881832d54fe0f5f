"""Map the headers of a real file to the columns of a table contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from crm_lib.schema.names import Header, fold_name, name_headers, read_header
from crm_lib.schema.reader import Column, Table, load_schema
from crm_lib.schema.resolve import raise_ambiguous, raise_missing, resolve_chosen

_CANONICAL, _STRONG, _WEAK, _UNSURE = 0.0, 1.0, 2.0, 0.5
_SCALED = ("money", "number", "integer")
_MEASURED = (*_SCALED, "share")


@dataclass(frozen=True)
class HeaderMatch:
    """What :func:`match_headers` found.

    Attributes
    ----------
    mapping : dict
        Column of the contract -> header of the file, in the order of the contract.
    factors : dict
        Column -> factor its values must be multiplied by, for each column whose
        header names a unit (``金额(万元)`` -> 10000, ``金额(元)`` -> 1).
    units : dict
        Column -> the unit as the header states it, foreign currencies included.
    unmatched : tuple of str
        Headers that stand for no column of the contract.
    missing : tuple
        The needs of the contract that no header meets; empty unless ``strict=False``.
    ambiguous : dict
        Column -> the headers that could equally mean it; empty unless ``strict=False``.
    notes : tuple of dict
        What a reader should know: ``kind`` and the columns and headers concerned.
    """

    mapping: dict[str, str]
    factors: dict[str, float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    missing: tuple[tuple[tuple[str, ...], ...], ...] = ()
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class _Candidate:
    level: float
    order: int
    name: str
    exact: bool


def match_headers(
    headers: Iterable[Any],
    schema: str | Table,
    *,
    columns: Mapping[str, str] | None = None,
    strict: bool = True,
    where: str = "match_headers",
) -> HeaderMatch:
    """Find the column of a contract that each header stands for.

    Parameters
    ----------
    headers : iterable
        Headers of the file, from left to right.  A repeated one is called
        ``金额_2``, an empty one by its place, ``column_3``.
    schema : str or Table
        The table contract, for example ``"orders"``.
    columns : mapping, optional
        Column -> header as the user names it; overrides the aliases.  An empty
        header (``{"amount": ""}``) leaves the column out on purpose.
    strict : bool
        Raise on a missing or ambiguous column; otherwise report it in the result.
    where : str
        Start of an error message: the file, or the function called.

    Returns
    -------
    HeaderMatch

    Raises
    ------
    SchemaError
        A need of the contract is not met, two headers could equally mean one
        column, or `columns` names a column or header that does not exist.

    Notes
    -----
    The column's own name goes before its aliases, aliases before weak aliases.
    Of two equally strong headers for a needed column or the key none is
    guessed: an order total taken for a line total is wrong in silence.  Where
    ``quantity`` and ``unit_price`` are certain, doubtful amounts are left aside,
    and a note says so.  Of a date and a time of one stem (``交易日期``,
    ``交易时间``) the date is taken.

    Examples
    --------
    >>> match_headers(["会员卡号", "购买日期", "金额（万元）"], "orders").mapping
    {'customer_id': '会员卡号', 'ordered_at': '购买日期', 'amount': '金额（万元）'}
    """
    table = load_schema(schema)
    texts = [str(h) for h in headers]
    names = name_headers(texts)
    chosen = resolve_chosen(names, table, columns or {}, where)
    known, notes = _know_export(names, table, chosen)
    chosen |= known
    pool = _collect_candidates(names, texts, table, chosen)
    mapping, ambiguous = {c: h for c, h in chosen.items() if h}, {}
    best = {c.name: _strongest(c, pool[c.name]) for c in table.columns if c.name in pool}
    mapping.update({n: b[0].name for n, b in best.items() if len(b) == 1})
    for name in (n for n, b in best.items() if len(b) > 1):
        best[name] = _settle(table, table.column(name), best, mapping, notes)
        if len(best[name]) == 1:
            mapping[name] = best[name][0].name
        elif best[name]:
            ambiguous[name] = tuple(c.name for c in best[name])
    for name in (n for n in best if n in mapping):
        notes += _note_choice(table.column(name), best[name][0], pool[name])
    missing = tuple(n for n in table.needs if not _is_met(n, mapping, ambiguous))
    if strict:
        raise_ambiguous(where, ambiguous)
        raise_missing(where, table, names, missing, mapping)
    mapping = {n: mapping[n] for n in table.names if n in mapping}
    factors, units, unit_notes = _read_units(table, mapping)
    unmatched = tuple(n for n in names if n not in mapping.values())
    return HeaderMatch(mapping, factors, units, unmatched, missing, ambiguous, (*notes, *unit_notes))


def _know_export(
    names: list[str], table: Table, chosen: Mapping[str, str]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return what the headers of a known export mean, but for the columns the user settled."""
    folded = {fold_name(n): n for n in reversed(names)}
    found = {}
    for header, columns in table.exports:
        if fold_name(header) in folded:
            found |= {c: folded[fold_name(h)] for c, h in columns if fold_name(h) in folded}
    found = {c: h for c, h in found.items() if c not in chosen and h not in chosen.values()}
    return found, [{"kind": "known_export", "column": c, "header": h} for c, h in found.items()]


@cache
def index_names(table: Table) -> dict[str, tuple[str, float, int]]:
    """Return folded name -> (column, strength, place in its list) for a contract."""
    index: dict[str, tuple[str, float, int]] = {}
    for level in (_CANONICAL, _STRONG, _WEAK):
        for column in table.columns:
            for order, name in enumerate(_names_at(column, level)):
                index.setdefault(fold_name(name), (column.name, level, order))
    return index


def _names_at(column: Column, level: float) -> tuple[str, ...]:
    if level == _CANONICAL:
        return (column.name,)
    if level == _WEAK:
        return column.weak_aliases
    weak = {fold_name(w) for w in column.weak_aliases}
    return column.aliases if fold_name(column.title) in weak else (*column.aliases, column.title)


def _collect_candidates(
    names: list[str], texts: list[str], table: Table, chosen: Mapping[str, str]
) -> dict[str, list[_Candidate]]:
    pool: dict[str, list[_Candidate]] = {}
    for name, text in zip(names, texts, strict=True):
        found = None if name in chosen.values() else _match_one(name, read_header(text), table)
        if found and found[0] not in chosen:
            pool.setdefault(found[0], []).append(found[1])
    return pool


def _match_one(shown: str, header: Header, table: Table) -> tuple[str, _Candidate] | None:
    index = index_names(table)
    for keys, sure in header.forms:
        hits = [index[k] for k in keys if k in index]
        if not hits or len({h[0] for h in hits}) > 1 or (sure and len(hits) < len(keys)):
            continue
        name, level, order = min(hits, key=lambda h: h[1:])
        certain = sure or len(hits) == len(keys)
        return name, _Candidate(level + (0 if certain else _UNSURE), order, shown, header.text == name)
    return None


def _strongest(column: Column, candidates: list[_Candidate]) -> list[_Candidate]:
    """Return the strongest candidates: one, or several that could equally be meant."""
    level = min(c.level for c in candidates)
    best = [c for c in candidates if c.level == level]
    exact = [c for c in best if c.exact]
    if len(best) > 1 and len(exact) == 1:
        return exact
    if len(best) > 1 and column.type in ("date", "datetime"):
        best = _prefer_day(best)
        return [min(best, key=lambda c: c.order)] if level >= _WEAK else best
    return best


def _settle(
    table: Table, column: Column, best: dict[str, list[_Candidate]], mapping: Mapping[str, str], notes: list
) -> list[_Candidate]:
    """Choose where the result cannot depend on it: one candidate, none, or all when it does.

    A column that meets no need, and is not the key, takes the name that stands
    first in the contract; so does one whose need another column meets already.
    """
    rivals = best[column.name]
    need = next((n for n in table.needs if any(column.name in alt for alt in n)), None)
    first = [min(rivals, key=lambda c: c.order)]
    if need is None:
        return rivals if column is table.columns[0] else first
    others = [alt for alt in need if column.name not in alt and all(c in mapping for c in alt)]
    if not others:
        return rivals
    if need.index(others[0]) < next(i for i, alt in enumerate(need) if column.name in alt):
        return first
    if min(c.level for c in rivals) < _WEAK:
        return rivals
    aside = [c.name for c in rivals]
    notes.append({
        "kind": "ambiguous_left_aside",
        "column": column.name,
        "aside": aside,
        "used": list(others[0]),
    })
    return []


def _prefer_day(candidates: list[_Candidate]) -> list[_Candidate]:
    """Of ``交易日期`` and ``交易时间`` take the day: the other is its clock time or the same day again."""

    def stem(c: _Candidate) -> str:
        key = fold_name(c.name)
        for word in ("日期", "时间", "date", "time"):
            key = key.removesuffix(word)
        return key

    if len({stem(c) for c in candidates}) > 1:
        return candidates
    days = [c for c in candidates if fold_name(c.name).endswith(("日期", "date"))]
    return days if len(days) == 1 else candidates


def _note_choice(column: Column, best: _Candidate, candidates: list[_Candidate]) -> list[dict[str, Any]]:
    aside = [c.name for c in candidates if c is not best]
    notes: list[dict[str, Any]] = []
    if aside:
        notes.append({
            "kind": "header_left_aside",
            "column": column.name,
            "header": best.name,
            "aside": aside,
        })
    if column.type in ("money", "id") and (best.level >= _WEAK or best.level % 1):
        notes.append({"kind": "weak_header", "column": column.name, "header": best.name})
    return notes


def _is_met(need: tuple[tuple[str, ...], ...], mapping: Mapping, ambiguous: Mapping) -> bool:
    return any(all(c in mapping or c in ambiguous for c in alt) for alt in need)


def _read_units(table: Table, mapping: Mapping[str, str]) -> tuple[dict, dict, list[dict[str, Any]]]:
    factors, units, notes = {}, {}, []
    for name, header in mapping.items():
        unit = read_header(header).unit
        if unit is None or table.column(name).type not in _MEASURED:
            continue
        units[name] = unit.text
        if table.column(name).type in _SCALED:
            factors[name] = unit.factor
        if unit.foreign:
            notes.append({"kind": "foreign_currency", "column": name, "header": header, "unit": unit.text})
    return factors, units, notes
