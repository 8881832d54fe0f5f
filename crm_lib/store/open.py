"""Open the customer database on either engine, and make its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError
from crm_lib.store.connect import connect_file, connect_server, is_address, name_server
from crm_lib.store.store import UNSEALED, Entry, Store
from crm_lib.store.tables import schema_version, write_ddl

if TYPE_CHECKING:
    import datetime as dt

    from crm_lib.protect.cipher import Cipher

__all__ = ["Entry", "Store", "create_tables", "open_store"]


def open_store(
    target: str | Path,
    *,
    actor: str,
    cipher: Cipher | None = None,
    create: bool = False,
    read_only: bool = False,
    password: str | None = None,
    tls: str | None = None,
    ca: str | Path | None = None,
    allow_older: bool = False,
) -> Store:
    """Open the customer database in a DuckDB file or on a PostgreSQL server.

    Parameters
    ----------
    target : str or Path
        A file such as ``customers.duckdb``, or ``postgresql://user@host:port/database``.
    actor : str
        Who works with it; stands in every log entry.
    cipher : Cipher, optional
        Seals and opens telephone, e-mail, address and identity number; without it only masks are read.
    create : bool
        Make the file when it is not there; then call `create_tables`.
    read_only : bool
        Refuse every write.
    password : str, optional
        Where the password lies: ``"env:NAME"`` or ``"file:PATH"``; never the password itself.
    tls : {'verify-full', 'require', 'off'}, optional
        Default ``require``; ``off`` when the server is this machine.
    ca : path, optional
        The certificate authority that ``verify-full`` trusts, besides the machine's own.
    allow_older : bool
        Open a database made by an older version of the library, for `upgrade_tables` alone.

    Returns
    -------
    Store
        Use it in a ``with`` statement.

    Raises
    ------
    StoreError
        When the database cannot be opened, is open for writing elsewhere, is damaged, or was made by a newer
        version of the library.
    """
    if not str(actor).strip():
        raise StoreError("open_store: actor must name who works with the database; it is empty.")
    if is_address(target):
        driver = connect_server(str(target), password=password, tls=tls, ca=ca, read_only=read_only)
        where = name_server(str(target))
    else:
        driver = connect_file(Path(target), create=create, read_only=read_only)
        where = Path(target).name
    store = Store(driver, where=where, actor=str(actor), cipher=cipher, read_only=read_only)
    try:
        _require_version(store, create=create, allow_older=allow_older)
    except BaseException:
        store.close()
        raise
    return store


def _require_version(store: Store, *, create: bool, allow_older: bool) -> None:
    if not store.has_table("settings"):
        if create:
            return
        raise StoreError(
            f"open_store: {store.where} holds no customer database. "
            "Open it with create=True and call create_tables(store, at=...)."
        )
    found = store.query("SELECT value FROM settings WHERE name = 'schema_version'")["value"].tolist()
    theirs, mine = int(found[0]) if found else 0, schema_version()
    if theirs > mine:
        raise StoreError(
            f"open_store: the tables of {store.where} are of version {theirs}; this library knows version {mine}. "
            "Install the newer library; writing with this one could lose data."
        )
    if theirs < mine and not allow_older:
        raise StoreError(
            f"open_store: the tables of {store.where} are of version {theirs}; this library needs version {mine}. "
            f"Back up, open it with allow_older=True, and call upgrade_tables(store, at=...), "
            f"which makes the step {theirs} -> {mine}."
        )


def create_tables(store: Store, *, at: str | dt.datetime) -> None:
    """Make all tables, views and indexes of the customer database, and its first log entry.

    Parameters
    ----------
    store : Store
        An empty database, opened with ``create=True``.
    at : str or datetime
        When, local time.

    Raises
    ------
    StoreError
        When the tables are there already.
    """
    import pandas as pd

    if store.has_table("settings"):
        raise StoreError(
            f"create_tables: {store.where} has its tables already; nothing was changed. "
            "Open it without create_tables, or choose another file."
        )
    with store.transaction("create_tables", at=at) as entry:
        for statement in write_ddl(store.dialect):
            store.run(statement)
        key_id = UNSEALED if store.cipher is None else store.cipher.key_id
        values = {"schema_version": str(schema_version()), "key_id": key_id}
        rows = pd.DataFrame({"name": list(values), "value": list(values.values())})
        store.load("settings", rows.assign(changed_at=entry.at, changed_by=store.actor))
        entry.note("all tables", version=schema_version(), key_id=key_id)
