"""Write the database anew, so that no freed page keeps what was erased."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError
from crm_lib.store.tables import list_tables, quote

if TYPE_CHECKING:
    from crm_lib.store.open import Store


def compact_store(store: Store) -> tuple[int, int] | None:
    """Write a DuckDB file anew, or the tables of a PostgreSQL database.

    Parameters
    ----------
    store : Store
        The open database, outside a transaction; it stays open.

    Returns
    -------
    tuple of int or None
        Bytes before and after (DuckDB); None on PostgreSQL.

    Raises
    ------
    StoreError
        A transaction is open, or the engine refuses; then the old file is as it was.

    Notes
    -----
    DuckDB marks the pages of deleted rows as free and uses them again later; until then the old
    words stand in the file.  So everything is copied into a file beside it, which takes the name
    by one rename: whoever is interrupted finds the old file or the new one.  On PostgreSQL VACUUM
    FULL writes the tables anew; the server's write-ahead log still holds the old pages until those
    segments are written over, and an archive of it for as long as it is kept.
    """
    if store._entry is not None:
        raise StoreError("compact_store: a transaction is open. Call it after the transaction.")
    if store.read_only:
        raise StoreError("compact_store: needs a database open for writing. Open it without read_only=True.")
    return _compact_file(store) if store.dialect == "duckdb" else _compact_server(store)


def _compact_file(store: Store) -> tuple[int, int]:
    from crm_lib.store.dialects import DuckDriver

    driver = store.driver
    assert isinstance(driver, DuckDriver)
    path = Path(driver._path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.compact")
    # nobody else can be at it: a file has one writer, so what lies there is of a program that was killed
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.compact*"):
        left.unlink()
    driver.execute("CHECKPOINT", ())
    before = path.stat().st_size
    try:
        _copy_beside(store, aside)
        os.chmod(aside, path.stat().st_mode & 0o777)
        with open(aside, "rb+") as file:
            os.fsync(file.fileno())
        driver.close()
        try:
            os.replace(aside, path)
        finally:
            store.driver = DuckDriver(path, read_only=False)
    finally:
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)
    return before, path.stat().st_size


def _copy_beside(store: Store, aside: Path) -> None:
    """Copy the whole database into a file that nobody else may read, and compare the numbers of rows."""
    driver = store.driver
    here = driver.fetch("SELECT current_database() AS name", ()).column(0)[0].as_py()
    mask = os.umask(0o077)
    try:
        driver.execute(f"ATTACH '{str(aside).replace(chr(39), chr(39) * 2)}' AS fresh_copy", ())
    finally:
        os.umask(mask)
    try:
        driver.execute(f"COPY FROM DATABASE {quote(here)} TO fresh_copy", ())
        _require_equal(store, here)
        driver.execute("CHECKPOINT fresh_copy", ())
    finally:
        driver.execute("DETACH fresh_copy", ())


def _require_equal(store: Store, here: str) -> None:
    for table in list_tables():
        sql = "SELECT (SELECT count(*) FROM {0}.main.{2}) - (SELECT count(*) FROM {1}.main.{2}) AS gap"
        gap = store.driver.fetch(sql.format(quote(here), "fresh_copy", quote(table)), ())
        if gap.column(0)[0].as_py() != 0:
            raise StoreError(
                f"compact_store: the copy of {table!r} is not whole. The old file was left as it is."
            )


def _compact_server(store: Store) -> None:
    wire = store.driver._wire
    wire.rollback()
    before, wire.autocommit = wire.autocommit, True
    try:
        for table in list_tables():
            store.driver.execute(f"VACUUM FULL public.{quote(table)}", ())
    finally:
        wire.autocommit = before
