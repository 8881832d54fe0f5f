"""Backups in the lesson: two of them, one copy elsewhere, the database destroyed and restored, a damaged one refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import ADMIN, NEWEST, Firm, count_rows
from crm_lib.lesson.security_tables import name_table, show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.backup_files import Backup
    from crm_lib.store.restore import Restored

# tables that tell of the firm, not of the database itself
BUSINESS = (
    "customers",
    "transactions",
    "raw_records",
    "grades",
    "verifications",
    "consents",
    "staff",
    "training",
)
_MAX_AGE, _MAX_RESTORE = 7, 90


@dataclass(frozen=True)
class Recovery:
    """What was destroyed and restored: the tables compared, what a damaged backup was answered, the checks.

    `tables` has one row per table: ``table``, ``n_rows``, ``equal``; `gone` tells that the file was really
    away, `refused` that the backup with one changed byte was not taken; `checks` is what `check_backups`
    returned; `steps` the procedure after a loss.
    """

    tables: pd.DataFrame
    gone: bool
    refused: bool
    lost_entries: int | None
    checks: pd.DataFrame
    steps: pd.DataFrame


def make_backup(firm: Firm, days: int, *, clock: str = "20:00") -> Backup:
    """Back the database up `days` before the last day, and copy the file to another folder.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    days
        How many days earlier.
    clock
        Time of day.
    """
    from crm_lib.store.backup import back_up
    from crm_lib.store.backup_checks import copy_off_site

    at = firm.at(days, clock)
    with firm.open() as store:
        made = back_up(store, firm.folder / "backups", at=at)
    return copy_off_site(made, firm.folder / "off_site", at=at)


def keep_backups(firm: Firm) -> dict[str, Backup]:
    """Make the backup of the last day, and show it beside that of the week before.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    dict
        ``older`` and ``newest``.
    """
    import pandas as pd

    kept = {"older": firm.backups[0], "newest": make_backup(firm, NEWEST)}
    rows = [
        (say(f"security.backup_{name}"), b.at, int(b.checksums["n_rows"].sum()), len(b.off_site))
        for name, b in kept.items()
    ]
    columns = ["backup", "made_at", "n_rows", "n_copies"]
    show_step(pd.DataFrame(rows, columns=columns), say("security.cap_backups"))
    return kept


def lose_and_restore(firm: Firm, kept: Mapping[str, Backup]) -> Recovery:
    """Delete the database, restore it from the newest backup, and hold every table against it.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    kept
        What `keep_backups` returned.

    Returns
    -------
    Recovery
        What came out.
    """
    from crm_lib.store.backup_checks import check_backups
    from crm_lib.store.loss import declare_loss
    from crm_lib.store.restore import restore

    with firm.open() as store:
        reason, folder = say("security.loss_reason"), firm.folder / "backups"
        steps = declare_loss(store, at=firm.at(NEWEST, "20:45"), reason=reason, folder=folder)
    for path in firm.folder.glob("customers.duckdb*"):
        path.unlink()
    gone = not firm.database.exists()
    refused = _try_damaged(firm, kept["newest"])
    done = restore(
        kept["newest"], firm.database, cipher=firm.cipher(), at=firm.at(NEWEST, "21:30"), actor=ADMIN
    )
    # the entry of the backup that was restored is not in it: the log learns of the next one
    make_backup(firm, NEWEST, clock="22:00")
    tables = _compare(done)
    show_step(tables.assign(equal=[_word_equal(e) for e in tables["equal"]]), say("security.cap_restored"))
    checks = check_backups(
        firm.folder / "backups", as_of=firm.day.date(), max_age_days=_MAX_AGE, max_restore_days=_MAX_RESTORE
    )
    show_step(checks[["title", "required", "found", "verdict"]], say("security.cap_backup_checks"))
    shown = steps.assign(what=[_hide_name(w, kept) for w in steps["what"]])
    show_step(
        shown[["step", "title", "what", "who"]].rename(columns={"title": "step_title"}),
        say("security.cap_loss"),
    )
    return Recovery(tables, gone, refused, done.lost_entries, checks, steps)


def _try_damaged(firm: Firm, newest: Backup) -> bool:
    """Tell whether a copy of the backup with one byte changed is refused."""
    from crm_lib.errors import CrmError
    from crm_lib.store.restore import restore

    content = bytearray(newest.path.read_bytes())
    content[len(content) // 2] ^= 1
    bad = firm.folder / "damaged" / newest.path.name
    bad.parent.mkdir(exist_ok=True)
    bad.write_bytes(content)
    try:
        restore(
            bad, firm.folder / "other.duckdb", cipher=firm.cipher(), at=firm.at(NEWEST, "21:00"), actor=ADMIN
        )
    except CrmError:
        return True
    return False


def _hide_name(text: str, kept: Mapping[str, Backup]) -> str:
    # the file's name bears the number of the key, which is another at each run
    for backup in kept.values():
        text = text.replace(backup.path.name, say("security.backup_newest"))
    return text


def _compare(done: Restored) -> pd.DataFrame:
    rows = done.checksums
    return rows.assign(table=[name_table(t) for t in rows["table"]])[["table", "n_rows", "equal"]]


def _word_equal(equal: Any) -> str:
    return say("security.equal" if equal else "security.unequal")


def count_backups(firm: Firm, kept: Mapping[str, Backup]) -> pd.DataFrame:
    """Show how many rows of each business table the two backups and the restored database have.

    Parameters
    ----------
    firm, kept
        What `build_firm` and `keep_backups` returned.

    Returns
    -------
    DataFrame
        One row per table: ``table`` (its name in the database), ``title``, ``older``, ``newest``, ``now``.
    """
    import pandas as pd

    sums = {k: dict(zip(b.checksums["table"], b.checksums["n_rows"], strict=True)) for k, b in kept.items()}
    with firm.open() as store:
        now = count_rows(store, BUSINESS)
    rows = [(t, name_table(t), int(sums["older"][t]), int(sums["newest"][t]), now[t]) for t in BUSINESS]
    counts = pd.DataFrame(rows, columns=["table", "title", "older", "newest", "now"])
    show_step(counts.drop(columns="table").rename(columns={"title": "table"}), say("security.cap_counts"))
    return counts


def describe_backups(firm: Firm, kept: Mapping[str, Backup], restored: Recovery) -> str:
    """Say whether the restored database is the one that was lost, and what the checks of the backups say.

    Parameters
    ----------
    firm, kept, restored
        What `build_firm`, `keep_backups` and `lose_and_restore` returned.
    """
    tables, bad = restored.tables, restored.tables[~restored.tables["equal"].astype(bool)]
    text = say("security.lost") if restored.gone else ""
    values = {"n": len(tables), "rows": f"{int(tables['n_rows'].sum()):,}", "at": kept["newest"].at}
    if bad.empty:
        text += say("security.restored", **values)
    else:
        text += say("security.restored_not", names="、".join(bad["table"]), **values)
    text += say("security.damaged_refused" if restored.refused else "security.damaged_taken")
    failed = restored.checks[restored.checks["verdict"] != "合格"]
    if failed.empty:
        return text + say("security.backups_good", n=len(restored.checks))
    return text + say("security.backups_bad", names="、".join(failed["title"]))
