"""Bring the tables of an older version up to this library's."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError
from crm_lib.store.tables import (
    ROSTER,
    TYPES,
    StoreTable,
    list_tables,
    load_table,
    quote,
    schema_version,
    write_table_ddl,
)

if TYPE_CHECKING:
    from crm_lib.store.open import Store


def upgrade_tables(store: Store, *, at: str | dt.datetime) -> list[str]:
    """Add the tables and columns that the version of the library needs and the database lacks.

    Parameters
    ----------
    store : Store
        The database, opened with ``allow_older=True``.
    at : str or datetime
        When, local time.

    Returns
    -------
    list of str
        What was added: ``table`` or ``table.column``; empty when nothing was missing.

    Raises
    ------
    StoreError
        When a column that may not be empty would have to be added to a table that has rows; nothing is
        changed then.

    Notes
    -----
    Only adds: no step removes or rewrites what is there, so an upgrade that is killed leaves the old tables.
    """
    added: list[str] = []
    with store.transaction("upgrade_tables", at=at) as entry:
        for name in list_tables():
            contract = load_table(name)
            if not store.has_table(name):
                store.run(write_table_ddl(contract, store.dialect))
                added.append(name)
            else:
                added += _add_columns(store, contract)
        # replaced, not made anew: whoever may read it still may
        store.run(ROSTER.strip().replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
        store.run("UPDATE settings SET value = ? WHERE name = 'schema_version'", [str(schema_version())])
        entry.note("all tables", version=schema_version(), added=added)
    return added


def _add_columns(store: Store, contract: StoreTable) -> list[str]:
    # masked views of the same name stand in other schemas
    schema = "main" if store.dialect == "duckdb" else "public"
    sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?"
    there = set(store.query(sql, [schema, contract.name])["column_name"])
    lacking = [column for column in contract.stored if column[0] not in there]
    for name, kind, nullable in lacking:
        if not nullable:
            raise StoreError(
                f"upgrade_tables: column {contract.name}.{name} may not be empty, so it cannot be added to rows "
                "that are there. Back up, make a new database with this library and restore into it."
            )
        store.run(f"ALTER TABLE {quote(contract.name)} ADD COLUMN {quote(name)} {TYPES[store.dialect][kind]}")
    return [f"{contract.name}.{name}" for name, _, _ in lacking]
