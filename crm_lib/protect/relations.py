"""What stands in a database: tables and views with their columns, and how a role sees one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from crm_lib.protect.roles import RIGHTS, Role, find_mask, list_columns, list_sealed, quote_name

PARTS = ("index", "mask")
_POSTGRESQL = """
SELECT c.relname AS table_name, a.attname AS column_name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type,
       c.relkind = 'v' AS is_view
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_DUCKDB = """
SELECT c.table_name, c.column_name, c.data_type, t.table_type = 'VIEW' AS is_view
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_catalog, table_schema, table_name)
WHERE c.table_schema = 'main' AND c.table_catalog = current_database()
ORDER BY c.table_name, c.ordinal_position
"""


@dataclass(frozen=True)
class Relation:
    """One table or view as it stands in the database: column → type, beside a sealed one its parts."""

    name: str
    columns: Mapping[str, str]
    is_view: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """The columns as a user knows them, without the parts that stand beside a sealed one."""
        beside = {f"{c}_{part}" for c in list_sealed(self.name) for part in PARTS}
        return tuple(c for c in self.columns if c not in beside)

    def stored(self, column: str, acts: Iterable[str]) -> tuple[str, ...]:
        """Return what stands in the table for `column`, as far as a right that allows `acts` needs it."""
        if column not in list_sealed(self.name):
            return (column,)
        acts = set(acts)
        names = [column] if acts & {"read", "insert", "update"} else []
        names += [f"{column}_index"] if acts & {"insert", "update"} else []
        names += [f"{column}_mask"] if acts else []
        return tuple(n for n in names if n in self.columns)


def list_relations(store: Any) -> dict[str, Relation]:
    """Return the tables and views of a database, by name.

    Parameters
    ----------
    store
        An open store: only `.dialect` and `.query` are used.

    Returns
    -------
    dict of str to Relation
        In the order of their names.
    """
    frame = store.query(_POSTGRESQL if store.dialect == "postgresql" else _DUCKDB)
    found: dict[str, Relation] = {}
    for name, part in frame.groupby("table_name", sort=True):
        columns = dict(zip(part["column_name"], part["data_type"], strict=True))
        found[str(name)] = Relation(str(name), MappingProxyType(columns), bool(part["is_view"].iloc[0]))
    return found


def expect_relations() -> dict[str, Relation]:
    """Return the tables as the rules expect them, for a look at the commands without a database."""
    found = {}
    for table, names in list_columns().items():
        stored = [(c, "bytea" if c in list_sealed(table) else "text") for c in names]
        beside = [(f"{c}_{p}", "text") for c in list_sealed(table) if table == "customers" for p in PARTS]
        found[table] = Relation(table, MappingProxyType(dict(stored + beside)), table == "roster")
    return found


def pick_columns(role: Role, relation: Relation, act: str) -> tuple[str, ...]:
    """Return the stored columns of a table that a role may `read`, `insert` or `update`."""
    found: list[str] = []
    for column in relation.known:
        acts = RIGHTS[role.right(relation.name, column)]
        if act in acts or act == "read" and "mask" in acts and column in list_sealed(relation.name):
            found += relation.stored(column, acts)
    return tuple(found)


def show_columns(role: Role, relation: Relation) -> dict[str, str]:
    """Return what a role sees of a table: name → SQL expression, a mask in the place of a masked column."""
    found: dict[str, str] = {}
    for column in relation.known:
        acts = RIGHTS[role.right(relation.name, column)]
        mask = find_mask(relation.name, column)
        if "mask" in acts and column not in list_sealed(relation.name):
            found[column] = mask or "NULL"
        elif acts & {"read", "mask"}:
            found |= {name: quote_name(name) for name in relation.stored(column, acts)}
    return found


def write_select(role: Role, relation: Relation, *, source: str, condition: str = "") -> str:
    """Return the query that gives a role what it sees of a table."""
    shown = ", ".join(
        expression if expression == quote_name(name) else f"{expression} AS {quote_name(name)}"
        for name, expression in show_columns(role, relation).items()
    )
    current = relation.name in role.current_only and "valid_to" in relation.columns
    conditions = [c for c in ('"valid_to" IS NULL' if current else "", condition) if c]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {shown} FROM {source}{where}"
