"""Fill a database from a backup, prove it equal, and leave out who was erased since."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import CrmError, StoreError
from crm_lib.store.backup_checks import find_whole_backup
from crm_lib.store.backup_files import Backup, find_backups, read_backup, unpack_tables, write_note
from crm_lib.store.columnar import parse_moment, to_frame
from crm_lib.store.compaction import compact_store
from crm_lib.store.connect import is_address, name_server
from crm_lib.store.erasing import erase_again
from crm_lib.store.restore_targets import Before, replace_file, replace_server
from crm_lib.store.tables import list_tables, quote, schema_version, write_ddl

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import pyarrow as pa

    from crm_lib.protect import Cipher
    from crm_lib.store.open import Store


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    `checksums` has one row a table: table, n_rows, expected, found, equal.  `n_erased` customers of the
    backup had been erased since and are not there again.  `lost_entries` is how many entries of the log were
    written after the backup; None when the database that was replaced could not be read.
    """

    target: str
    backup: str
    at: str
    checksums: pd.DataFrame
    n_erased: int
    lost_entries: int | None


def restore(
    backup: Backup | str | Path,
    target: str | Path,
    *,
    cipher: Cipher,
    at: str | dt.datetime,
    actor: str = "restore",
    replace_existing: bool = False,
    erasures: pd.DataFrame | None = None,
    password: str | None = None,
    tls: str | None = None,
) -> Restored:
    """Fill a database from a backup: all of it, with equal checksums, or nothing.

    Parameters
    ----------
    backup : Backup or path
        What `back_up` returned, or its file.
    target : str or Path
        A DuckDB file or ``postgresql://user@host:port/database``; the backup may be of the other engine.
    cipher : Cipher
        The key the backup was sealed with.
    at : str or datetime
        When, local time, for the log.
    actor : str
        Who restores.
    replace_existing : bool
        Whether a database that is there may be replaced.
    erasures : DataFrame, optional
        ``customer_fingerprint``, ``erased_on``, ``reason`` of customers erased since, from elsewhere.
    password, tls
        As for `open_store`.

    Returns
    -------
    Restored
        The checksums compared, and what was left out.

    Raises
    ------
    StoreError
        When the backup is damaged (the newest whole one is named), sealed with another key, or its checksums
        do not come out equal; when there is a database and `replace_existing` is False.

    Notes
    -----
    A DuckDB file is filled beside its place and takes its name when all is proven; on PostgreSQL everything
    happens in one transaction, and GRANTs and policies of the tables stay as they are.  Erasures known to the
    backup, to newer backups beside it, to the database that is replaced and to `erasures` are applied before
    anybody can read.  What was written after the backup is not there; the log says so.  Columns that were
    emptied since (the mask of a retention plan) come back full: plan the retention again after a restore.
    """
    moment = parse_moment("restore", "at", at)
    path = backup.path if isinstance(backup, Backup) else Path(backup)
    tables, manifest = _unpack(path, cipher)
    inner = cipher if manifest["store_key_id"] is not None else None
    known = [to_frame(tables["erasures"]), *_read_newer(path, cipher)]
    known += [] if erasures is None else [erasures]
    way = replace_server if is_address(target) else replace_file
    options = {"cipher": inner, "actor": actor, "password": password, "tls": tls}
    with way(target, replace_existing, **options) as (store, before):
        known += [] if before is None else [before.erasures]
        done = _fill(store, tables, manifest, known, moment, path.name, before)
        if done.n_erased:
            # pages that were freed still hold who was erased
            compact_store(store)
        done = replace(done, target=name_server(str(target)) if is_address(target) else Path(target).name)
    _note_restored(path, done)
    return done


def _unpack(path: Path, cipher: Cipher) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    try:
        tables, manifest = unpack_tables(cipher, path)
    except StoreError as fault:
        whole = find_whole_backup(path.parent, cipher=cipher)
        help_ = (
            f"The newest whole backup there is {whole.path.name!r}." if whole else "No whole one is there."
        )
        raise StoreError(f"{fault} {help_}") from None
    theirs = manifest["schema_version"]
    if theirs != schema_version() or set(tables) != set(list_tables()):
        raise StoreError(
            f"restore: {path.name!r} holds tables of version {theirs}; this library makes version "
            f"{schema_version()}. Restore it with the library that made it, then upgrade."
        )
    return tables, manifest


def _read_newer(path: Path, cipher: Cipher) -> list[pd.DataFrame]:
    """Return the erasures of the newest whole backup that lies beside `path` and is newer."""
    beside = find_backups(path.parent)
    newer = beside[beside.index(path) + 1 :] if path in beside else []
    for other in reversed(newer):
        try:
            return [to_frame(unpack_tables(cipher, other)[0]["erasures"])]
        except StoreError:
            continue
    return []


def _fill(
    store: Store,
    tables: dict[str, pa.Table],
    manifest: dict[str, Any],
    erasures: list[pd.DataFrame],
    moment: dt.datetime,
    name: str,
    before: Before | None,
) -> Restored:
    n_entries = tables["audit"].num_rows
    lost = None if before is None else max(before.n_entries - n_entries, 0)
    empty = not store.driver.has_table("settings")
    with store.transaction("restore", at=moment) as entry:
        for statement in write_ddl(store.dialect) if empty else ():
            store.run(statement)
        if store.dialect == "postgresql":
            # the log of a database with roles lets itself be replaced by a restore only
            store.run("SET LOCAL crm.restoring = 'yes'")
        for table in () if empty else list_tables():
            store.run(f"DELETE FROM {quote(table)}")
        for table, rows in tables.items():
            store.driver.append(table, rows)
        sums = _compare(store, manifest)
        n_erased = erase_again(store, erasures)
        entry.note("all tables", int(sums["n_rows"].sum()), backup=name, n_erased=n_erased, lost_entries=lost)
    return Restored(store.where, name, str(moment), sums, n_erased, lost)


def _compare(store: Store, manifest: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    expected = pd.DataFrame(manifest["checksums"]).rename(columns={"sha256": "expected"})
    found = store.checksums().rename(columns={"sha256": "found"})
    both = found.merge(expected[["table", "expected"]], on="table", how="left")
    both["equal"] = both["expected"] == both["found"]
    unequal = both.loc[~both["equal"], "table"].tolist()
    if unequal:
        raise StoreError(
            f"restore: every table must come back with the checksum it was saved with; {unequal[0]!r} does not "
            f"({len(unequal)} of {len(both)} tables). Nothing was replaced; take another backup."
        )
    return both[["table", "n_rows", "expected", "found", "equal"]]


def _note_restored(path: Path, done: Restored) -> None:
    try:
        noted = read_backup(path)
    except StoreError:
        # a file that was given another name has no note to write in
        return
    if noted.sha256 is None:
        return
    row = {"at": done.at, "target": done.target, "equal": True, "n_erased": done.n_erased}
    write_note(replace(noted, restored=(*noted.restored, row)))


def prove_restore(store: Store, backup: Backup | str | Path, *, at: str | dt.datetime) -> Restored:
    """Restore a backup into a file of its own, compare, throw the file away, and log it.

    Parameters
    ----------
    store : Store
        The database the backup is of; its log gets the entry.
    backup : Backup or path
        The backup.
    at : str or datetime
        When, local time.

    Returns
    -------
    Restored
        The checksums compared.

    Raises
    ------
    StoreError
        As `restore`; a rehearsal that fails is logged too.
    """
    path = backup.path if isinstance(backup, Backup) else Path(backup)
    if store.cipher is None:
        raise StoreError("prove_restore: needs the key of the backup; this store was opened without one.")
    fault: CrmError | None = None
    with tempfile.TemporaryDirectory(prefix="crm-rehearsal-") as folder:
        try:
            done = restore(
                path, Path(folder) / "rehearsal.duckdb", cipher=store.cipher, at=at, actor=store.actor
            )
        except CrmError as error:
            fault = error
    with store.transaction("prove_restore", at=at) as entry:
        entry.note("backup", file=path.name, equal=fault is None)
    if fault is not None:
        raise fault
    return done
