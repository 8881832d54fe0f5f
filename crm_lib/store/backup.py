"""Back up the whole customer database into one sealed file that any engine can be filled from."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_range
from crm_lib.errors import StoreError
from crm_lib.protect.files import PART
from crm_lib.store.backup_checks import judge_backup
from crm_lib.store.backup_files import (
    Backup,
    find_backups,
    name_backup,
    name_note,
    pack_tables,
    read_backup,
    write_note,
)
from crm_lib.store.columnar import parse_moment, to_columns
from crm_lib.store.tables import list_tables, load_table, schema_version

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

    from crm_lib.protect import Cipher
    from crm_lib.store.open import Store

_LEFT_OVER = re.compile(r"^\.crm-.*\.(\d+)" + re.escape(PART) + "$")


def back_up(
    store: Store,
    folder: str | Path,
    *,
    at: str | dt.datetime,
    keep: int | None = None,
    cipher: Cipher | None = None,
) -> Backup:
    """Write the content of every table into one sealed file.

    Parameters
    ----------
    store : Store
        The open database, on either engine.
    folder : str or Path
        Where backups lie; it is made, closed to others, when it is not there.
    at : str or datetime
        When, local time; it is in the name of the file.
    keep : int, optional
        How many whole backups stay; older ones, and damaged ones older than those, are taken away.
    cipher : Cipher, optional
        What seals the file; needed when the store itself has none.

    Returns
    -------
    Backup
        Where it lies, its SHA-256, and the checksum of every table.

    Raises
    ------
    StoreError
        When there is no key, or the folder cannot be written to.

    Notes
    -----
    The file is a zip of one Parquet file a table and a manifest of checksums, sealed as a whole.  It is
    written beside its place and gets its name when it is whole and on the disk, then its note, then the log
    entry is committed: a kill leaves a whole backup or none, at worst one the log does not know.  Writers
    wait meanwhile, so all tables are of one moment.  The log of this very backup is not inside it.

    The content has to fit into memory about three times.
    """
    seal_with = _choose_cipher(store, cipher)
    moment = parse_moment("back_up", "at", at)
    if keep is not None:
        require_range("back_up", "keep", keep, low=1)
    folder = _make_folder(Path(folder))
    with store.transaction("back_up", at=moment) as entry:
        _sweep(folder)
        tables = read_tables(store)
        sums = store.checksums()
        path = name_backup(folder, moment, seal_with.key_id)
        manifest = _describe(store, sums, str(moment))
        sha256, n_bytes = pack_tables(seal_with, path, tables, manifest)
        backup = Backup(path, str(moment), sha256, n_bytes, seal_with.key_id, sums)
        write_note(backup)
        entry.note("backup", int(sums["n_rows"].sum()), file=path.name, sha256=sha256)
    if keep is not None:
        thin_backups(folder, keep=keep)
    return backup


def _choose_cipher(store: Store, cipher: Cipher | None) -> Cipher:
    if store.cipher is None and cipher is None:
        raise StoreError(
            "back_up: a backup leaves the house, so it is sealed as a whole; this store has no key. "
            "Pass cipher=Cipher(open_keys(...))."
        )
    if store.cipher is not None and cipher is not None and cipher.key_id != store.cipher.key_id:
        raise StoreError(
            f"back_up: the file must be sealed with the store's key {store.cipher.key_id}; got key "
            f"{cipher.key_id}. Leave out cipher."
        )
    return store.cipher or cipher  # type: ignore[return-value]


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StoreError(
            f"back_up: {folder.name!r} must be a folder to write to; it is not ({fault.strerror}). "
            "Choose another."
        ) from None
    return folder


def read_tables(store: Store) -> dict[str, pa.Table]:
    """Return every table as it is stored, typed alike on both engines, in the order of its key."""
    return {
        name: to_columns(store.dump(name), load_table(name).stored, where=f"back_up, table {name!r}")[0]
        for name in list_tables()
    }


def _describe(store: Store, sums: Any, at: str) -> dict[str, Any]:
    log = store.dump("audit")
    head = {"n": int(log["seq"].iloc[-1]), "hash": str(log["hash"].iloc[-1])} if len(log) else None
    return {
        "at": at,
        "actor": store.actor,
        "dialect": store.dialect,
        "schema_version": schema_version(),
        "store_key_id": None if store.cipher is None else store.cipher.key_id,
        "checksums": sums.to_dict("records"),
        "audit_head": head,
    }


def thin_backups(
    folder: str | Path,
    *,
    keep: int | None = None,
    keep_days: int | None = None,
    as_of: str | dt.date | None = None,
) -> list[str]:
    """Take away old backups, with their notes; the newest whole one always stays.

    Parameters
    ----------
    folder : str or Path
        Where `back_up` put them, or where copies of them lie.
    keep : int, optional
        Take away those older than the newest `keep` whole ones.
    keep_days : int, optional
        Take away those made more than so many days before `as_of`, so that nobody who was erased stays in
        a backup for longer.
    as_of : str or date
        The day counted from; needed with `keep_days`.

    Returns
    -------
    list of str
        The names of the files taken away, oldest first.

    Notes
    -----
    Damaged ones do not count as kept.  Copies in other places are not touched: call it for their folder too.
    """
    first = _find_first_day(keep_days, as_of)
    if keep is not None:
        require_range("thin_backups", "keep", keep, low=1)
    n_whole, gone = 0, []
    for path in reversed(find_backups(folder)):
        backup = read_backup(path)
        crowded = keep is not None and n_whole >= keep
        old = first is not None and n_whole > 0 and parse_day("thin_backups", "at", backup.at) < first
        if crowded or old:
            name_note(path).unlink(missing_ok=True)
            path.unlink()
            gone.append(path.name)
        # one without a note was finished all the same: it has its name
        elif judge_backup(backup) != "damaged":
            n_whole += 1
    return gone[::-1]


def _find_first_day(keep_days: int | None, as_of: str | dt.date | None) -> dt.date | None:
    import datetime as dt

    if keep_days is None:
        return None
    require_range("thin_backups", "keep_days", keep_days, low=0)
    return parse_day("thin_backups", "as_of", as_of) - dt.timedelta(days=keep_days)


def _sweep(folder: Path) -> None:
    """Take away what a killed backup left; of one that still runs nothing is touched."""
    for path in folder.iterdir():
        hit = _LEFT_OVER.match(path.name)
        if hit and not _runs(int(hit[1])):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        # asking by signal would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
