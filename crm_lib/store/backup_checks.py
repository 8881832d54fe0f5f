"""What backups there are, whether they would help, and the copy kept in another place."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_range
from crm_lib.errors import StoreError
from crm_lib.protect.files import write_aside
from crm_lib.store.backup_files import (
    Backup,
    find_backups,
    hash_file,
    name_note,
    read_backup,
    unpack_tables,
    write_note,
)
from crm_lib.store.columnar import parse_moment

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect import Cipher

PASSED, FAILED = "合格", "不合格"


def list_backups(folder: str | Path, *, cipher: Cipher | None = None) -> pd.DataFrame:
    """List the backups of a folder, each with whether it is whole.

    Parameters
    ----------
    folder : str or Path
        Where `back_up` put them.
    cipher : Cipher, optional
        With it every backup is opened and read; without it the file's SHA-256 is held against the note
        beside it, which tells damage but no forger.

    Returns
    -------
    DataFrame
        One backup a row, oldest first: ``name``, ``at``, ``key_id``, ``n_bytes``, ``n_off_site``,
        ``n_restored``, ``state`` (whole, damaged, or unknown: no note and no key).
    """
    import pandas as pd

    rows = []
    for path in find_backups(folder):
        backup = read_backup(path)
        counts = {"n_off_site": len(backup.off_site), "n_restored": len(backup.restored)}
        facts = {"name": path.name, "at": backup.at, "key_id": backup.key_id, "n_bytes": backup.n_bytes}
        rows.append({**facts, **counts, "state": judge_backup(backup, cipher=cipher)})
    columns = ["name", "at", "key_id", "n_bytes", "n_off_site", "n_restored", "state"]
    return pd.DataFrame(rows, columns=columns)


def judge_backup(backup: Backup, *, cipher: Cipher | None = None) -> str:
    """Return whether a backup is whole, damaged, or unknown (no note and no key)."""
    if backup.sha256 is not None and hash_file(backup.path) != backup.sha256:
        return "damaged"
    if cipher is None:
        return "unknown" if backup.sha256 is None else "whole"
    try:
        unpack_tables(cipher, backup.path)
    except StoreError:
        return "damaged"
    return "whole"


def find_whole_backup(folder: str | Path, *, cipher: Cipher | None = None) -> Backup | None:
    """Return the newest backup of a folder that is whole.

    Parameters
    ----------
    folder : str or Path
        Where `back_up` put them.
    cipher : Cipher, optional
        As in `list_backups`.

    Returns
    -------
    Backup or None
        None when there is no whole one.
    """
    for path in reversed(find_backups(folder)):
        backup = read_backup(path)
        if judge_backup(backup, cipher=cipher) == "whole":
            return backup
    return None


def copy_off_site(backup: Backup | str | Path, folder: str | Path, *, at: Any = None) -> Backup:
    """Copy a backup to another place, read it back there, and note it.

    Parameters
    ----------
    backup : Backup or path
        The backup.
    folder : str or Path
        A folder on another machine or medium; it is made when it is not there.
    at : str or datetime, optional
        When, for the note.

    Returns
    -------
    Backup
        The same backup with the copy among its `off_site` (folder, at, sha256).

    Raises
    ------
    StoreError
        When the backup is damaged, the folder is the backup's own, or the copy does not read back equal.

    Notes
    -----
    The copy goes beside its place, is read back from there, and takes its name only when its SHA-256 is the
    original's.  Whether the other folder is really elsewhere nobody can tell from here.
    """
    backup = backup if isinstance(backup, Backup) else read_backup(backup)
    folder = Path(folder)
    moment = None if at is None else str(parse_moment("copy_off_site", "at", at))
    if folder.resolve() == backup.path.parent.resolve():
        raise StoreError(
            "copy_off_site: the copy must lie in another place; the folder given is the backup's own. "
            "Choose a folder on another machine or medium."
        )
    if judge_backup(backup) == "damaged":
        raise StoreError(
            f"copy_off_site: {backup.path.name!r} is not the file its note was written of. Copy a whole one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = backup.sha256 or hash_file(backup.path)
    _copy_back(backup.path, folder, sha256)
    # the note may have grown since the caller got his backup
    backup = read_backup(backup.path)
    known = tuple(c for c in backup.off_site if c["folder"] != str(folder))
    noted = replace(backup, off_site=(*known, {"folder": str(folder), "at": moment, "sha256": sha256}))
    if backup.sha256 is not None:
        write_note(noted)
        shutil.copyfile(name_note(backup.path), name_note(folder / backup.path.name))
    return noted


def _copy_back(source: Path, folder: Path, sha256: str) -> None:
    def check(copy: Path) -> None:
        # read back before the name is given, so a spoilt copy never bears it
        if hash_file(copy) != sha256:
            raise StoreError(
                f"copy_off_site: the copy of {source.name!r} does not read back as it was written. "
                "Check the other medium, and copy again."
            )

    with open(source, "rb") as reader, write_aside(folder / source.name, check=check) as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)


def check_backups(
    folder: str | Path, *, as_of: Any, max_age_days: int = 7, max_restore_days: int = 90
) -> pd.DataFrame:
    """Judge the backups of a folder: their age, whether they are whole, elsewhere too, and proven.

    Parameters
    ----------
    folder : str or Path
        Where `back_up` put them.
    as_of : str or date
        The day of the judgement; what was done later does not count.
    max_age_days : int
        How old the newest backup may be.
    max_restore_days : int
        How long ago a backup may last have been restored with equal checksums.

    Returns
    -------
    DataFrame
        One check a row: ``check`` (newest, whole, off_site, restored, private), ``title``, ``required``,
        ``found``, ``verdict`` (合格, 不合格).

    Notes
    -----
    Off-site copies are read where the note says they lie: one that cannot be reached from here counts as
    missing.  No key is needed; `list_backups` with the key looks deeper.
    """
    import pandas as pd

    day = parse_day("check_backups", "as_of", as_of)
    require_range("check_backups", "max_age_days", max_age_days, low=0)
    require_range("check_backups", "max_restore_days", max_restore_days, low=0)
    backups = [b for b in map(read_backup, find_backups(folder)) if _day(b.at) <= day]
    rows = [
        _check_newest(backups, day, max_age_days),
        _check_whole(backups),
        _check_off_site(backups, day),
        _check_restored(backups, day, max_restore_days),
        _check_private(backups),
    ]
    return pd.DataFrame(rows, columns=["check", "title", "required", "found", "verdict"])


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("crm_lib.store") / "backup_checks.toml").read_text("utf-8"))


def _row(check: str, found: str, good: bool, **values: Any) -> dict[str, str]:
    words = _words()[check]
    return {
        "check": check,
        "title": words["title"],
        "required": words["required"].format(**values),
        "found": words[found].format(**values),
        "verdict": PASSED if good else FAILED,
    }


def _day(moment: str) -> dt.date:
    return dt.datetime.fromisoformat(moment).date()


def _check_newest(backups: list[Backup], day: dt.date, days: int) -> dict[str, str]:
    if not backups:
        return _row("newest", "none", False, days=days)
    age = (day - _day(backups[-1].at)).days
    return _row("newest", "found", age <= days, days=days, at=backups[-1].at, age=age)


def _check_whole(backups: list[Backup]) -> dict[str, str]:
    if not backups:
        return _row("whole", "none", False)
    states = [judge_backup(b) for b in backups]
    n_whole = states.count("whole")
    return _row("whole", "found", states[-1] == "whole", n_whole=n_whole, n_bad=len(states) - n_whole)


def _check_off_site(backups: list[Backup], day: dt.date) -> dict[str, str]:
    newest = backups[-1] if backups else None
    copies = newest.off_site if newest else ()
    known = [c for c in copies if c["at"] is None or _day(c["at"]) <= day]
    good = [c for c in known if newest and _is_copy(Path(c["folder"]) / newest.path.name, newest.sha256)]
    return _row("off_site", "found" if good else "none", bool(good), n=len(good))


def _is_copy(path: Path, sha256: str | None) -> bool:
    try:
        return hash_file(path) == sha256
    except OSError:
        return False


def _check_restored(backups: list[Backup], day: dt.date, days: int) -> dict[str, str]:
    moments = [r["at"] for b in backups for r in b.restored if r["equal"] and _day(r["at"]) <= day]
    if not moments:
        return _row("restored", "none", False, days=days)
    age = (day - _day(max(moments))).days
    return _row("restored", "found", age <= days, days=days, at=max(moments), age=age)


def _check_private(backups: list[Backup]) -> dict[str, str]:
    if not backups:
        return _row("private", "none", False)
    open_ones = [b for b in backups if os.name == "posix" and stat.S_IMODE(b.path.stat().st_mode) & 0o077]
    return _row("private", "found", not open_ones, n=len(open_ones))
