"""The lesson's own database: a file in a folder of the run, its key beside it, its clock set by the lesson."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.database_data import ARCHIVE

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

FIRST_ROW = 3
_OPENING = "09:00:00"


@dataclass
class Database:
    """A customer database that lives as long as the notebook runs.

    Attributes
    ----------
    store
        The open database.
    folder
        Where the file, its key and the filled templates lie; gone when the notebook ends.
    day
        ISO date of all that is written.
    """

    store: Store
    folder: Path
    day: str
    _minutes: int = field(default=0)

    def tick(self) -> str:
        """Return the next moment of the lesson's day: nothing reads the clock."""
        self._minutes += 1
        start = dt.datetime.fromisoformat(f"{self.day} {_OPENING}")
        return (start + dt.timedelta(minutes=self._minutes)).isoformat(sep=" ")


def open_database(day: str, *, keeper: str = "") -> Database:
    """Make an empty customer database in a folder of this run, with a key of its own.

    Parameters
    ----------
    day
        ISO date of all that is written.
    keeper
        Who keeps the archive; empty: nobody is named.

    Returns
    -------
    Database
        Empty but for its settings.  The key is never shown and goes with the folder.
    """
    from crm_lib.protect.cipher import Cipher
    from crm_lib.protect.keys import make_key, open_keys
    from crm_lib.store import change_settings, create_tables, open_store

    folder = Path(tempfile.mkdtemp(prefix="crm-archive-"))
    make_key(folder / "archive.key")
    cipher = Cipher(open_keys(f"file:{folder / 'archive.key'}"))
    actor = keeper or say("database.clerk")
    store = open_store(folder / "archive.duckdb", cipher=cipher, actor=actor, create=True)
    database = Database(store, folder, day)
    weakref.finalize(database, _throw_away, store, folder)
    create_tables(store, at=database.tick())
    if keeper:
        change_settings(store, {"data_keeper": keeper}, at=database.tick())
    return database


def _throw_away(store: Store, folder: Path) -> None:
    """Close the database and take its folder away, key included."""
    store.close()
    shutil.rmtree(folder, ignore_errors=True)


def fill_template(template: Path, rows: pd.DataFrame, path: Path) -> Path:
    """Fill an import template as a clerk would: one customer a row, below the example.

    Parameters
    ----------
    template
        What `write_template` wrote for customers.
    rows
        What `make_archive` returned; columns by the names of the template.
    path
        Workbook to write.

    Returns
    -------
    Path
        The filled workbook.
    """
    import openpyxl

    from crm_lib.store.fields import load_form

    book = openpyxl.load_workbook(template)
    form = load_form("customers")
    sheet = book[form.sheet]
    places = {f.name: c for c, f in enumerate(form.fields, start=2)}
    names = [c for c in ARCHIVE if c in rows and c in places]
    for r, row in enumerate(rows[names].itertuples(index=False), start=FIRST_ROW):
        for name, value in zip(names, row, strict=True):
            cell = _plain(value)
            if cell is not None:
                sheet.cell(r, places[name]).value = cell
    book.save(path)
    return path


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp | dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return str(value)


def clear_rejected(archive: pd.DataFrame, verdicts: pd.DataFrame, typed: pd.DataFrame) -> pd.DataFrame:
    """Mend what was sent back: slips of the clerk are put right, what the source itself had wrong is left empty.

    Parameters
    ----------
    archive
        What `make_archive` returned.
    verdicts
        The verdicts of the upload.
    typed
        What was filled into the template, row by row as the archive.

    Returns
    -------
    DataFrame
        The rows to upload again.  A required cell that the source has wrong stays, as it has to be asked for.
    """
    out = archive.astype(object).copy()
    for verdict in verdicts[verdicts["verdict"] == "退回"].to_dict("records"):
        place = int(verdict["source_row"]) - FIRST_ROW
        for name in str(verdict["column"] or "").replace("、", ",").split(","):
            name = name.strip()
            if name not in out.columns or name == "name":
                continue
            mine, written = archive.iloc[place][name], typed.iloc[place][name]
            if mine == written or mine is written:
                out.iat[place, out.columns.get_loc(name)] = None
    return out


def number_people(
    rows: pd.DataFrame, uploads: Sequence[Any], links: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Return which number each person and each record got.

    Parameters
    ----------
    rows
        What was filled in, in the order of the uploads' rows.
    uploads
        What `upload_rows` returned for these rows, any number of times.
    links
        ``record_id`` and ``person_id``.

    Returns
    -------
    tuple of Series
        person_id → customer_no, and record_id → customer_no; people without number are left out.
    """
    import pandas as pd

    people: dict[str, str] = {}
    ids = rows["person_id"].tolist()
    for upload in uploads:
        known = upload.verdicts.dropna(subset=["customer_no"])
        for row, number in zip(known["source_row"], known["customer_no"], strict=True):
            if str(number):
                people[ids[int(row) - FIRST_ROW]] = str(number)
    person = pd.Series(people, dtype=object).rename_axis("person_id")
    record = links.set_index("record_id")["person_id"].map(person).dropna()
    return person, record


def store_findings(database: Database, findings: pd.DataFrame) -> int:
    """Write findings into 统计分析资料, own and others' marked; return how many.

    Parameters
    ----------
    database
        What `open_database` returned.
    findings
        What `take_findings` returned.
    """
    if findings.empty:
        return 0
    rows = findings.assign(record_no=[f"F{k:06d}" for k in range(1, len(findings) + 1)], verified_on=None)
    rows["own"] = rows["own"].astype(bool)
    with database.store.transaction("import_findings", at=database.tick()) as entry:
        database.store.insert("analysis_records", rows)
        entry.note("analysis_records", len(rows))
    return len(rows)


def store_grades(database: Database, graded: pd.DataFrame) -> None:
    """Set the value grades of the firm itself.

    Parameters
    ----------
    database
        What `open_database` returned.
    graded
        ``customer_no``, ``grade``.
    """
    from crm_lib.store.grades import set_grades

    set_grades(database.store, graded, kind="value", at=database.tick())


def name_security(database: Database, keeper: str) -> None:
    """Write into the settings who answers for security.

    Parameters
    ----------
    database
        What `open_database` returned.
    keeper
        Who it is.
    """
    from crm_lib.store import change_settings

    change_settings(database.store, {"security_keeper": keeper}, at=database.tick())


def leave_alone(day: str, *, days: int) -> str:
    """Return the ISO date `days` days after `day`: how the database is judged when nobody cares for it.

    Parameters
    ----------
    day
        ISO date.
    days
        Days that pass.
    """
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()


def make_records(done: Any) -> pd.DataFrame:
    """Return which records are one customer: one row per record, ``record_id`` and ``person_id``.

    Parameters
    ----------
    done
        What `process_registers` returned.
    """
    return done.links[["record_id", "person_id"]].reset_index(drop=True)
