"""Seal the whole database anew with another key, in one transaction."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError
from crm_lib.store.sealing import open_frame, seal_frame
from crm_lib.store.tables import list_tables, load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.cipher import Cipher
    from crm_lib.store.store import Store


def change_key(store: Store, new: Cipher, *, at: str | dt.datetime) -> pd.DataFrame:
    """Open every sealed cell with the store's key and seal it with another.

    Parameters
    ----------
    store : Store
        The open database with the key it has now; afterwards the store works with the new one.
    new : Cipher
        The cipher of the new key.
    at : str or datetime
        When, local time; also written as the setting ``key_rotated_on``.

    Returns
    -------
    DataFrame
        One table with sealed columns a row: ``table``, ``n_rows``.

    Raises
    ------
    StoreError
        When the database has no key, or the new key is the one it has; nothing is changed then.

    Notes
    -----
    Backups keep the key they were sealed with, and do not know who is erased under the new one: make a new
    backup at once and destroy the old ones when it is proven.  Until the file is compacted its free pages may
    hold cells of the old key, so destroy that key last.
    """
    import pandas as pd

    _require_other_key(store, new)
    done = []
    with store.transaction("change_key", at=at) as entry:
        store.require_key("change_key")
        for name in list_tables():
            if load_table(name).sealed:
                done.append((name, _seal_anew(store, name, new)))
        for setting, value in (("key_id", new.key_id), ("key_rotated_on", entry.at.date().isoformat())):
            store.run("DELETE FROM settings WHERE name = ?", [setting])
            row = {"name": setting, "value": value, "changed_at": entry.at, "changed_by": store.actor}
            store.load("settings", pd.DataFrame([row]))
        entry.note(", ".join(n for n, _ in done), sum(n for _, n in done), key_id=new.key_id)
    store.cipher = new
    return pd.DataFrame(done, columns=["table", "n_rows"])


def _require_other_key(store: Store, new: Cipher) -> None:
    if store.cipher is None:
        raise StoreError(
            f"change_key: {store.where} is open without a key. Open it with the key it was made with; a database "
            "made without one keeps its plain text in free pages, so restore its backup into a new one with a key."
        )
    if store.cipher.key_id == new.key_id:
        raise StoreError(
            f"change_key: key {new.key_id} is the one {store.where} has. Make a new key with make_key."
        )


def _seal_anew(store: Store, name: str, new: Cipher) -> int:
    contract = load_table(name)
    rows = open_frame(store.dump(name), contract, store.cipher)
    if name == "raw_records":
        rows = rows.assign(row_sha256=_hash_rows(rows["content"].tolist(), new))
    store.run(f"DELETE FROM {quote(name)}")
    return store.load(name, seal_frame(rows, contract, new))


def _hash_rows(contents: list[str], new: Cipher) -> list[str]:
    """Return the keyed hashes by which a repeated upload is known, under the new key."""
    from crm_lib.store.upload import hash_contents

    return hash_contents(contents, SimpleNamespace(cipher=new))
