"""Try what every role may do: log in, attempt it, and compare what happened with the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.protect.relations import Relation, list_relations
from crm_lib.protect.role_commands import role_name
from crm_lib.protect.roles import (
    DELETE,
    RIGHTS,
    ROLES,
    WHOLE_ROW,
    find_mask,
    list_rights,
    list_sealed,
    quote_name,
)

if TYPE_CHECKING:
    import pandas as pd

_DENIED = "42501"
_NOT_THERE = {"42P01", "42703", "3F000"}
_MOST = 1_000


def try_rights(store: Any, open_as: Mapping[str, Callable[[], Any]]) -> pd.DataFrame:
    """Try every role × table × column: read, add, change, delete, by every way that leads to it.

    Parameters
    ----------
    store
        A store opened by the owner of its tables, to know what the unmasked values are.
    open_as : mapping of str to callable
        Role → a function that opens a DB-API connection with a login of that role, for instance
        ``lambda: pg8000.dbapi.connect("wang_xm", password=…)``.

    Returns
    -------
    DataFrame
        One role × table × column a row, in the order of `list_rights`: ``role``, ``table``, ``column``,
        ``right`` (as the rules have it), ``found`` (as it came out), ``same``.

    Notes
    -----
    Ways of reading: the name as the role finds it, the table itself, and the views of every other role.  A
    column that can be read counts as masked when none of its values is a value of the table; where the table
    has no value to compare with, a column with a mask comes out as ``unknown``.  Writing is tried on no row,
    since the server checks the right before it looks for rows, and every attempt is rolled back.
    """
    relations = list_relations(store)
    known = {name: relation.known for name, relation in relations.items()}
    expected = list_rights(list(open_as), columns=known)
    found: dict[tuple[str, str, str], str] = {}
    plain = {name: _read_plain(store, relation) for name, relation in relations.items()}
    for role, connect in open_as.items():
        link = connect()
        try:
            for name, relation in relations.items():
                for column, right in _try_table(link, relation, plain[name]):
                    found[role, name, column] = right
        finally:
            link.close()
    keys = zip(expected["role"], expected["table"], expected["column"], strict=True)
    expected["found"] = [found[key] for key in keys]
    return expected.assign(same=expected["right"] == expected["found"])


def _read_plain(store: Any, relation: Relation) -> dict[str, set[str]]:
    masked = [c for c in relation.known if find_mask(relation.name, c)]
    found = {}
    for column in masked:
        name = quote_name(column)
        frame = store.query(
            f"SELECT DISTINCT CAST({name} AS text) AS v FROM public.{quote_name(relation.name)}"
        )
        found[column] = set(map(str, frame["v"].dropna()))
    return found


def _try_table(link: Any, relation: Relation, plain: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    for column in relation.known:
        yield column, _name_right(_try_column(link, relation, column, plain.get(column)))
    name = f"public.{quote_name(relation.name)}"
    gone = [_attempt(link, sql) for sql in (f"DELETE FROM {name} WHERE false", f"TRUNCATE {name}")]
    yield WHOLE_ROW, _name_delete(*(rows is not None for rows in gone))


def _name_delete(delete: bool, truncate: bool) -> str:
    return "truncate" if truncate else DELETE if delete else "none"


def _try_column(link: Any, relation: Relation, column: str, plain: set[str] | None) -> set[str]:
    sealed = column in list_sealed(relation.name)
    acts = {_judge(rows, plain) for rows in _read_all_ways(link, relation, column)}
    beside = [p for p in ("index", "mask") if sealed and f"{column}_{p}" in relation.columns]
    seen = {p for p in beside if any(True for _ in _read_all_ways(link, relation, f"{column}_{p}"))}
    if "mask" in seen and "read" not in acts:
        acts.add("mask")
    writing = _try_writing(link, relation, column)
    for part in beside:
        unlike = _try_writing(link, relation, f"{column}_{part}") ^ writing
        acts |= {f"{act}_{part}" for act in unlike}
    # a fingerprint belongs to those who write it: with the key it tells whose number it is
    if ("index" in seen) != (bool(acts) and "insert" in writing) and "index" in beside:
        acts.add("index")
    return acts | writing


def _judge(rows: list[Any], plain: set[str] | None) -> str:
    if plain is None:
        return "read"
    values = {str(v) for (v,) in rows if v is not None}
    if not values:
        return "unknown"
    return "read" if values & plain else "mask"


def _read_all_ways(link: Any, relation: Relation, column: str) -> Iterator[list[Any]]:
    name, table = quote_name(column), quote_name(relation.name)
    ways = [table, f"public.{table}", *(f"{quote_name(role_name(r))}.{table}" for r in ROLES)]
    for way in ways:
        rows = _attempt(link, f"SELECT CAST({name} AS text) FROM {way} LIMIT {_MOST}")
        if rows is not None:
            yield rows


def _try_writing(link: Any, relation: Relation, column: str) -> set[str]:
    name, kind = quote_name(column), relation.columns[column]
    acts = set()
    for way in (quote_name(relation.name), f"public.{quote_name(relation.name)}"):
        if _attempt(link, f"INSERT INTO {way} ({name}) SELECT CAST(NULL AS {kind}) WHERE false") is not None:
            acts.add("insert")
        if _attempt(link, f"UPDATE {way} SET {name} = NULL WHERE false") is not None:
            acts.add("update")
    return acts


def _attempt(link: Any, sql: str) -> list[Any] | None:
    """Return the rows of a statement that was let through, None for one that was refused."""
    cursor = link.cursor()
    try:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
    except Exception as fault:
        if _find_state(fault) in {_DENIED, *_NOT_THERE}:
            return None
        # let through by the rules of rights, stopped by something else (a view that takes no rows)
        if _find_state(fault) in {"55000", "0A000", "428C9", "42809"}:
            return None
        raise
    finally:
        link.rollback()


def _find_state(fault: Exception) -> str:
    said = fault.args[0] if fault.args else {}
    return str(said.get("C", "")) if isinstance(said, Mapping) else str(getattr(fault, "sqlstate", ""))


def _name_right(acts: set[str]) -> str:
    for word, allowed in RIGHTS.items():
        if acts == allowed:
            return word
    return "+".join(sorted(acts))
