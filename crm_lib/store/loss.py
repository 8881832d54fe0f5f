"""After a loss: stop writing at once, and go step by step."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import StoreError
from crm_lib.store.backup_checks import find_whole_backup
from crm_lib.store.columnar import parse_moment

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from crm_lib.store.backup_files import Backup
    from crm_lib.store.open import Store

LOCK = "read_only"


def declare_loss(
    store: Store, *, at: str | dt.datetime, reason: str = "loss of data", folder: str | Path | None = None
) -> pd.DataFrame:
    """Lock the database against every write and return what is to be done.

    Parameters
    ----------
    store : Store
        The open database.
    at : str or datetime
        When, local time.
    reason : str
        What was seen, in a few words without personal data; whoever tries to write is told.
    folder : str or Path, optional
        Where the backups lie, to name the newest whole one.

    Returns
    -------
    DataFrame
        As `list_loss_steps`.

    Notes
    -----
    The lock is a setting that every transaction of this library looks at; it does not bind somebody who
    writes past it.  A restore takes it off, `lift_loss` too.  When the database does not even open, call
    `list_loss_steps`.
    """
    if not reason.strip():
        raise StoreError("declare_loss: reason must say what was seen; it is empty.")
    steps = list_loss_steps(folder, store=store)
    with store.transaction("declare_loss", at=at) as entry:
        store.run("DELETE FROM settings WHERE name = ?", [LOCK])
        store.run(
            "INSERT INTO settings (name, value, changed_at, changed_by) VALUES (?, ?, ?, ?)",
            [LOCK, reason.strip(), entry.at, store.actor],
        )
        entry.note("settings", 1, reason=reason.strip())
    return steps


def lift_loss(store: Store, *, at: str | dt.datetime, reason: str) -> None:
    """Take the lock of `declare_loss` off, when nothing was lost after all.

    Parameters
    ----------
    store : Store
        The open database.
    at : str or datetime
        When, local time.
    reason : str
        Why writing is safe again; stands in the log.
    """
    if not reason.strip():
        raise StoreError("lift_loss: reason must say why writing is safe again; it is empty.")
    parse_moment("lift_loss", "at", at)
    with store.transaction("lift_loss", at=at) as entry:
        n_locks = store.run("DELETE FROM settings WHERE name = ?", [LOCK])
        if not n_locks:
            raise StoreError(f"lift_loss: no loss is declared of {store.where}. Nothing was changed.")
        entry.note("settings", n_locks, reason=reason.strip())


def list_loss_steps(folder: str | Path | None = None, *, store: Store | None = None) -> pd.DataFrame:
    """Return the procedure after a loss, with the newest whole backup named.

    Parameters
    ----------
    folder : str or Path, optional
        Where the backups lie.
    store : Store, optional
        The database, if it still opens: its uploads since the backup are counted, its key opens backups.

    Returns
    -------
    DataFrame
        One step a row, in order: ``step`` (1, 2, …), ``name``, ``title``, ``what``, ``why``, ``who``,
        ``textbook`` (whether the textbook says it).
    """
    import pandas as pd

    content, cipher = _read_steps(), None if store is None else store.cipher
    whole = None if folder is None else find_whole_backup(folder, cipher=cipher)
    said = {
        "newest": _tell_newest(content["words"], folder, whole),
        "since": _tell_since(content["words"], store, whole),
    }
    rows = [
        {
            "step": number,
            **{k: s[k] for k in ("name", "title")},
            "what": s["what"].format(**said),
            **{k: s[k] for k in ("why", "who")},
            "textbook": s["book"],
        }
        for number, s in enumerate(content["step"], 1)
    ]
    return pd.DataFrame(rows)


@cache
def _read_steps() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.store") / "loss.toml").read_text("utf-8"))


def _tell_newest(words: dict[str, str], folder: str | Path | None, whole: Backup | None) -> str:
    if folder is None:
        return words["no_folder"]
    return words["no_newest"] if whole is None else words["newest"].format(name=whole.path.name, at=whole.at)


def _tell_since(words: dict[str, str], store: Store | None, whole: Backup | None) -> str:
    if store is None or whole is None:
        return words["no_since"]
    moment = parse_moment("list_loss_steps", "at", whole.at)
    n = store.query("SELECT count(*) AS n FROM uploads WHERE uploaded_at > ?", [moment])["n"].iloc[0]
    return words["since"].format(at=whole.at, n=int(n))
