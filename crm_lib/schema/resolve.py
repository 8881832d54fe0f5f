"""Follow the mapping a user gives, and word what is missing or ambiguous."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import SchemaError
from crm_lib.schema.names import fold_name
from crm_lib.schema.reader import Column, Table

Needs = tuple[tuple[tuple[str, ...], ...], ...]


def resolve_chosen(
    texts: Sequence[str], table: Table, columns: Mapping[str, str], where: str
) -> dict[str, str]:
    """Return column -> header as the file writes it ("" leaves the column out)."""
    chosen = {}
    for name, header in columns.items():
        if name not in table.names:
            near = closest_first(name, table.names)
            raise SchemaError(
                f"{where}: columns= names {name!r}, which is no column of {table.name!r}. "
                f"Did you mean {near[0]!r}? Columns: {list_words(near, most=40)}."
            )
        chosen[name] = _find_header(str(header), texts, where, name) if str(header).strip() else ""
    twice = [h for h, n in Counter(h for h in chosen.values() if h).items() if n > 1]
    if twice:
        raise SchemaError(f"{where}: columns= gives the header {twice[0]!r} to two columns; name it once.")
    return chosen


def _find_header(wanted: str, texts: Sequence[str], where: str, name: str) -> str:
    for same in (lambda t: t == wanted, lambda t: fold_name(t) == fold_name(wanted)):
        found = [t for t in texts if same(t)]
        if len(set(found)) == 1:
            return found[0]
    near = closest_first(wanted, [t for t in texts if t.strip()])
    hint = f' Did you mean columns="{name}={near[0]}"?' if near else ""
    raise SchemaError(
        f"{where}: {name}={wanted} in columns= names a header the table does not have; it has "
        f"{list_words(map(repr, near)) or 'no headers'}.{hint}"
    )


def raise_ambiguous(where: str, ambiguous: Mapping[str, tuple[str, ...]]) -> None:
    """Raise `SchemaError` when two headers could equally mean one column."""
    if not ambiguous:
        return
    said = "; ".join(
        f"column {name!r} could be {' or '.join(map(repr, headers))}" for name, headers in ambiguous.items()
    )
    hint = ",".join(f"{name}={headers[0]}" for name, headers in ambiguous.items())
    raise SchemaError(f'{where}: {said}. Say which it is, for example columns="{hint}".')


def raise_missing(
    where: str, table: Table, texts: Sequence[str], missing: Needs, mapping: Mapping[str, str]
) -> None:
    """Raise `SchemaError` naming each need no header meets, and the closest headers."""
    if not missing:
        return
    free = [t for t in texts if t not in mapping.values() and t.strip()]
    said = "; nor for ".join(" or ".join(_name_all(alt, table) for alt in need) for need in missing)
    shown: list[str] = []
    hint = []
    for need in missing:
        name = next(c for c in need[0] if c not in mapping)
        near = rank_headers(table.column(name), [t for t in free if t not in shown])[:1] or ["HEADER"]
        hint.append(f"{name}={near[0]}")
        shown += near
    rest = rank_headers(table.column(hint[0].partition("=")[0]), [t for t in free if t not in shown])
    listed = [t for t in [*shown, *rest, *mapping.values()] if t in texts]
    contact = [h for n in missing for c in n[0] if (h := _find_contact(table.column(c), shown))]
    raise SchemaError(
        f"{where}: no header for {said}; the table has {list_words(map(repr, listed)) or 'no headers'}. "
        f'Say which header it is, for example columns="{",".join(hint)}"{_tell_contact(contact)}.'
    )


def _find_contact(column: Column, texts: Sequence[str]) -> str:
    names = {fold_name(n) for n in column.contact_aliases}
    return next((t for t in texts if fold_name(t) in names), "")


def _tell_contact(headers: Sequence[str]) -> str:
    if not headers:
        return ""
    return f"; {headers[0]!r} is contact data, which reports show only when it is named so"


def _name_all(names: Sequence[str], table: Table) -> str:
    return " and ".join(f"{n!r} ({table.column(n).title})" for n in names)


def rank_headers(column: Column, texts: Sequence[str]) -> list[str]:
    """Sort headers by their likeness to any name of `column`, the closest first."""
    known = (column.name, column.title, *column.aliases, *column.weak_aliases, *column.contact_aliases)
    names = [fold_name(n) for n in known]

    def likeness(text: str) -> float:
        key = fold_name(text)
        return max(difflib.SequenceMatcher(None, key, n).ratio() for n in names)

    order = {t: i for i, t in enumerate(texts)}
    return sorted(order, key=lambda t: (-likeness(t), order[t]))
