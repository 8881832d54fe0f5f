"""Where a restore puts the database: a fresh file that takes the old one's name, or a server's transaction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import StoreError
from crm_lib.protect.files import settle_folder
from crm_lib.store.connect import name_server
from crm_lib.store.open import Store, open_store

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect import Cipher


@dataclass(frozen=True)
class Before:
    """What the database that is replaced knew: its erasures, and how many log entries it had."""

    erasures: pd.DataFrame
    n_entries: int


@contextmanager
def replace_file(
    target: str | Path, replace_existing: bool, *, cipher: Cipher | None, actor: str, **_: Any
) -> Iterator[tuple[Store, Before | None]]:
    """Give a fresh file beside `target`; it takes the name when the caller is done with it."""
    target = Path(target)
    _require_free(target.name, target.exists(), replace_existing)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    before = _look_at(target, cipher, actor) if target.exists() else None
    _require_closed(target)
    try:
        with open_store(aside, actor=actor, cipher=cipher, create=True) as store:
            yield store, before
        # closing has put the write-ahead log into the file
        _settle_file(aside)
        _put_log_away(target)
        os.replace(aside, target)
        settle_folder(target.parent)
    finally:
        for left in (aside, _name_log(aside)):
            left.unlink(missing_ok=True)


def _require_free(name: str, taken: bool, replace_existing: bool) -> None:
    if taken and not replace_existing:
        raise StoreError(
            f"restore: {name!r} must not hold a database yet; it does. Restore beside it and compare, or pass "
            "replace_existing=True."
        )


def _look_at(target: Path, cipher: Cipher | None, actor: str) -> Before | None:
    """Read what must outlive the old file; opening and closing it also folds its write-ahead log in."""
    try:
        with open_store(target, actor=actor, cipher=cipher) as old:
            return Before(old.dump("erasures"), len(old.dump("audit")))
    except StoreError as fault:
        if "only one program may have" in str(fault) or "is open in this program" in str(fault):
            raise
        return None


def _require_closed(target: Path) -> None:
    """Refuse to replace a file under a store of this very program, whose writes would then be lost."""
    handles = Path("/proc/self/fd")
    if not handles.is_dir() or not target.exists():
        return
    for handle in handles.iterdir():
        try:
            same = os.path.samefile(handle, target)
        except OSError:
            continue
        if same:
            raise StoreError(
                f"restore: {target.name!r} is open in this program; what it writes would be lost. "
                "Close the store first."
            )


def _name_log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _put_log_away(target: Path) -> None:
    # a damaged file's log would be played into the new one
    log = _name_log(target)
    if log.exists():
        os.replace(log, log.with_name(f"{log.name}.damaged"))


def _settle_file(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def replace_server(
    target: str | Path, replace_existing: bool, **options: Any
) -> Iterator[tuple[Store, Before | None]]:
    """Give the server's database; the caller fills it in one transaction."""
    with closing(open_store(target, create=True, **options)) as store:
        there = store.driver.has_table("settings")
        _require_free(name_server(str(target)), there, replace_existing)
        before = Before(store.dump("erasures"), len(store.dump("audit"))) if there else None
        yield store, before
