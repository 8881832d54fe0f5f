"""The firm of the lesson on maintenance and security: a database, a key and backups in a temporary folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.security_data import FIELDS, FirmData
from crm_lib.lesson.security_tables import name_table, show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.cipher import Cipher
    from crm_lib.store import Store

# Days before the last day, and the time, at which the lesson's story does what it does.
BEGIN, CHANGED, MOMENT, FIRST_NEW, FILLED, OLDER, LAST_NEW, NEWEST = 60, 40, 30, 20, 15, 10, 4, 3
ADMIN = "admin"
_BUSINESS = (
    *("customers", "transactions", "raw_records", "grades", "verifications", "consents"),
    *("staff", "training", "settings"),
)


@dataclass
class Firm:
    """A database made for one run.

    Attributes
    ----------
    folder
        Temporary; gone when the run ends.
    day
        Last day of the story.
    data
        What the firm knows.
    numbers
        Person → customer number.
    taken
        Places of the order lines that are in the database already.
    backups
        Backups made on the way.
    changed
        Customers whose volatile data were changed.
    n_uploads
        Portions of registrations taken in.
    """

    folder: Path
    day: pd.Timestamp
    data: FirmData
    numbers: dict[str, str] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set, repr=False)
    backups: list[Any] = field(default_factory=list, repr=False)
    changed: set[str] = field(default_factory=set, repr=False)
    n_uploads: int = 0

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / "customers.duckdb"

    def cipher(self) -> Cipher:
        """Return what seals and opens; the key lies in the temporary folder and is never shown."""
        from crm_lib.protect import Cipher, open_keys

        return Cipher(open_keys(f"file:{self.folder / 'key'}"))

    @contextmanager
    def open(self, actor: str = ADMIN, *, database: Path | None = None) -> Iterator[Store]:
        """Open the database for one piece of work; nothing stays open between the notebook's cells."""
        from crm_lib.store import open_store

        path = database or self.database
        with open_store(path, actor=actor, cipher=self.cipher(), create=not path.exists()) as store:
            yield store

    def at(self, days: int, clock: str) -> str:
        """Return the moment `days` before the last day, local time.

        Parameters
        ----------
        days
            How many days earlier.
        clock
            Time of day, HH:MM.
        """
        import pandas as pd

        return f"{(self.day - pd.Timedelta(days=days)).date().isoformat()} {clock}:00"

    def find_numbers(self, records: Any) -> list[str | None]:
        """Return the customer numbers behind record numbers; None where nobody in the database has it."""
        return [self.numbers.get(self.data.numbers.get(str(r), "")) for r in records]


def build_firm(data: FirmData, day: str) -> Firm:
    """Make the database of the firm as it was sixty days ago, and show its tables.

    Parameters
    ----------
    data
        What `gather_firm` returned.
    day
        ISO date, the last day of the story.

    Returns
    -------
    Firm
        With customers, their orders, the registrations as received, staff and settings.
    """
    import pandas as pd

    from crm_lib.lesson.security_rules import write_staff
    from crm_lib.lesson.security_verify import set_first_grades
    from crm_lib.protect import make_key
    from crm_lib.store import create_tables

    firm = Firm(Path(tempfile.mkdtemp(prefix="crm-security-")), pd.Timestamp(day), data)
    weakref.finalize(firm, _remove, firm.folder, os.getpid())
    make_key(firm.folder / "key")
    registered = data.people["registered_on"]
    base = data.people[registered.isna() | (registered <= firm.day - pd.Timedelta(days=BEGIN))]
    if base.empty:  # a firm younger than the story begins with whom it has
        base = data.people[registered.isna() | (registered <= firm.day)].head(1)
    with firm.open() as store:
        create_tables(store, at=firm.at(BEGIN, "08:00"))
        add_people(firm, store, base, at=firm.at(BEGIN, "08:30"))
        add_lines(firm, store, at=firm.at(BEGIN, "09:00"))
        write_staff(firm, store)
        set_first_grades(firm, store)
        _show_rows(firm, store)
    return firm


def _remove(folder: Path, process: int) -> None:
    # a forked child (a student's answer is judged in one) must not take the folder from its parent
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def add_people(firm: Firm, store: Store, people: pd.DataFrame, *, at: str) -> int:
    """Insert persons as new customers, with their registration as it was received.

    Parameters
    ----------
    firm, store
        The firm and its open database.
    people
        Rows of `FirmData.people`.
    at
        When.

    Returns
    -------
    int
        How many.
    """
    import pandas as pd

    from crm_lib.protect import normalize_value
    from crm_lib.store import insert_customers

    if not len(people):
        return 0
    frame = people[list(FIELDS)].reset_index(drop=True)
    for column in ("phone", "email"):
        plain = [v if pd.isna(v) else normalize_value(v, column=column) for v in frame[column]]
        frame[column] = pd.Series(plain, index=frame.index, dtype=object)
    firm.n_uploads += 1
    upload = f"U{firm.n_uploads:06d}"
    with store.transaction("import", at=at) as entry:
        done = insert_customers(store, frame, at=at, upload_id=upload)
        firm.numbers |= dict(zip(people["person"], done["customer_no"], strict=True))
        for table, rows in _list_received(firm, people, upload, at).items():
            store.insert(table, rows)
        entry.note("raw_records", len(people))
    return len(people)


def _list_received(firm: Firm, people: pd.DataFrame, upload: str, at: str) -> dict[str, pd.DataFrame]:
    """Return the rows as they were received, what was decided of each, and the upload."""
    import pandas as pd

    texts = [
        json.dumps({k: None if pd.isna(v) else str(v) for k, v in row.items()}, ensure_ascii=False)
        for row in people[list(FIELDS)].to_dict("records")
    ]
    # a plain hash of so few possible telephone numbers could be tried out: hence the keyed one
    prints = firm.cipher().fingerprint(texts, column="row")
    whole = hashlib.sha256("\n".join(map(str, prints)).encode()).hexdigest()
    key = pd.DataFrame({"upload_id": upload, "source_row": range(2, 2 + len(people))})
    numbers = [firm.numbers[p] for p in people["person"]]
    n = len(people)
    return {
        "raw_records": key.assign(table_name="customers", content=texts, row_sha256=prints, source="own"),
        "verdicts": key.assign(verdict="新增", customer_no=numbers),
        "uploads": pd.DataFrame([{
            "upload_id": upload, "table_name": "customers", "file_sha256": whole, "uploaded_at": at,
            "uploaded_by": ADMIN, "source": "own", "n_rows": n, "n_new": n, "n_updated": 0,
            "n_same": 0, "n_rejected": 0,
        }]),
    }  # fmt: skip


def add_lines(firm: Firm, store: Store, *, at: str) -> int:
    """Insert the order lines up to a moment that are not in the database yet and whose customers are.

    Parameters
    ----------
    firm, store
        The firm and its open database.
    at
        The moment.

    Returns
    -------
    int
        How many lines.
    """
    import pandas as pd

    lines = firm.data.lines
    if not len(lines) or not {"customer_id", "ordered_at", "amount"} <= set(lines.columns):
        return 0
    lines = lines.reset_index(drop=True)
    here = (lines["ordered_at"] <= pd.Timestamp(at)) & lines["amount"].notna()
    here &= ~lines.index.isin(firm.taken)
    rows = lines[here].assign(customer_no=firm.find_numbers(lines.loc[here, "customer_id"]))
    rows = rows[rows["customer_no"].notna()]
    if not len(rows):
        return 0
    wanted = ["customer_no", "order_id", "line_no", "ordered_at", "sku", "quantity", "amount", "channel"]
    firm.taken |= set(rows.index)
    order = rows["order_id"] if "order_id" in rows.columns else rows["ordered_at"].astype(str)
    rows = rows.assign(order_id=order.fillna("?")).reindex(columns=wanted)
    rows["line_no"] = rows.groupby(["customer_no", "order_id"]).cumcount() + 1
    with store.transaction("import", at=at) as entry:
        store.insert("transactions", rows.reset_index(drop=True))
        entry.note("transactions", len(rows))
    return len(rows)


def count_rows(store: Store, tables: tuple[str, ...] = _BUSINESS) -> dict[str, int]:
    """Return the number of rows of the business tables.

    Parameters
    ----------
    store
        The open database.
    tables
        Names of tables.
    """
    return {t: int(store.query(f"SELECT count(*) AS n FROM {t}")["n"].iloc[0]) for t in tables}


def _show_rows(firm: Firm, store: Store) -> None:
    import pandas as pd

    rows = [(name_table(t), n) for t, n in count_rows(store).items() if n]
    show_step(
        pd.DataFrame(rows, columns=["table", "n_rows"]),
        say("security.cap_tables", day=firm.at(BEGIN, "11:00")),
    )


def describe_firm(firm: Firm, data: FirmData) -> str:
    """Say what the firm knows and what went into its database.

    Parameters
    ----------
    firm, data
        What `build_firm` and `gather_firm` returned.
    """
    left = say("security.firm_left", n=f"{data.n_left:,}") if data.n_left else ""
    n = len(data.people)
    day = firm.day.date().isoformat()
    text = say("security.firm", day=day, records=f"{data.n_records:,}", n=f"{n + data.n_left:,}", left=left)
    if data.made:
        text += say("security.firm_made", seed=data.made, prices=say(f"security.firm_{data.prices}"))
    begin, inside = firm.at(BEGIN, "08:00")[:10], len(firm.numbers)
    text += say("security.firm_tables", begin=begin, inside=f"{inside:,}", lines=f"{len(firm.taken):,}")
    text += say("security.firm_rest", n=n - inside) if n > inside else ""
    if data.biometric:
        return text + say("security.firm_biometric", names="、".join(data.biometric))
    return text + say("security.firm_plain", n=data.n_columns)
