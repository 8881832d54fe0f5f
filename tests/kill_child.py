"""One operation on a customer database in a process that will be killed; it tells each step it takes.

``python kill_child.py '<json>'`` with operation, engine, folder, target, password; every step goes to
standard output as ``number name``, before it is taken.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backup_world import make_cipher, make_people

from crm_lib.protect import cipher_files, files
from crm_lib.store import back_up, checksum, dialects, open_store, postgres, store, update_customers
from crm_lib.store.upload import upload_rows

N_UPDATED = 120
_counted = 0


def tell(name: str) -> None:
    global _counted
    _counted += 1
    os.write(1, f"{_counted} {name}\n".encode())


def mark(owner: Any, name: str) -> None:
    """Let a function tell itself before it runs."""
    whole: Callable[..., Any] = getattr(owner, name)

    def told(*given: Any, **named: Any) -> Any:
        tell(f"{getattr(owner, '__name__', owner)}.{name}")
        return whole(*given, **named)

    setattr(owner, name, told)


def watch() -> None:
    for driver in (dialects.DuckDriver, postgres.PostgresDriver):
        for name in ("begin", "execute", "fetch", "append", "commit", "close"):
            mark(driver, name)
    mark(store.Store, "transaction")
    mark(cipher_files, "seal_stream")
    mark(files, "settle_folder")
    mark(checksum, "checksum_tables")
    for name in ("replace", "fsync"):
        mark(os, name)


def run_import(store: Any, folder: Path) -> None:
    upload_rows(store, folder / "incoming.csv", at="2024-03-01 08:00:00")


def run_update(store: Any, folder: Path) -> None:
    known = store.read("customers")["customer_no"].tolist()[:N_UPDATED]
    changes = make_people(len(known), start=5000)[["phone", "address"]].assign(customer_no=known)
    update_customers(store, changes, kind="易变动", at="2024-03-01 08:00:00")


def run_backup(store: Any, folder: Path) -> None:
    back_up(store, folder / "backups", at="2024-03-01 08:00:00", keep=2)


def run(operation: str, target: str, folder: Path, options: dict[str, Any]) -> None:
    """Do the operation from opening to closing."""
    if operation == "restore":
        from crm_lib.store.restore import restore

        first = sorted((folder / "backups").glob("*.crmbackup"))[0]
        given = {"cipher": make_cipher(), "at": "2024-03-01 08:00:00", "replace_existing": True}
        restore(first, target, **given, **options)
        return
    deeds = {"import": run_import, "update": run_update, "backup": run_backup}
    with open_store(target, actor="ann", cipher=make_cipher(), **options) as store:
        deeds[operation](store, folder)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    watch()
    tell("begin")
    run(asked["operation"], asked["target"], Path(asked["folder"]), asked["options"])
    tell("end")
