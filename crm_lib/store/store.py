"""The open customer database: every write is committed together with its log entry, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from crm_lib.errors import StoreError
from crm_lib.store.columnar import name_columns, parse_moment, to_columns, to_frame
from crm_lib.store.sealing import seal_frame
from crm_lib.store.tables import load_table, quote

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from crm_lib.protect.cipher import Cipher
    from crm_lib.store.dialects import Driver

# What may still be written while the database is locked after a loss.
AFTER_A_LOSS = ("declare_loss", "lift_loss", "restore")
UNSEALED = "none"


class Entry:
    """What the log will say of a transaction; never put personal data into `detail`."""

    def __init__(self, action: str, at: dt.datetime) -> None:
        self.action = action
        self.at = at
        self.objects: list[str] = []
        self.n_rows = 0
        self.detail: dict[str, Any] = {}
        self.failed = False

    def note(self, object: str | None = None, n_rows: int = 0, **detail: Any) -> None:
        """Add what was touched, how many rows, and details: numbers, names of columns, never their content."""
        if object is not None and object not in self.objects:
            self.objects.append(object)
        self.n_rows += int(n_rows)
        self.detail.update(detail)

    def word(self, actor: str) -> dict[str, Any]:
        """Return the columns of the log's row that come before the chain."""
        detail = json.dumps(self.detail, ensure_ascii=False, sort_keys=True, default=str)
        return {
            "at": self.at.isoformat(sep=" "),
            "actor": actor,
            "action": self.action,
            "object": ", ".join(self.objects),
            "n_rows": self.n_rows,
            "detail": detail,
        }


class Store:
    """An open customer database; make one with `open_store`.

    Attributes
    ----------
    dialect : str
        ``"duckdb"`` or ``"postgresql"``.
    actor : str
        Who works with it, as the log names them.
    cipher : Cipher or None
        What seals and opens telephone, e-mail, address and identity number.
    where : str
        The file or server, as it may be shown.
    """

    def __init__(
        self, driver: Driver, *, where: str, actor: str, cipher: Cipher | None, read_only: bool
    ) -> None:
        self.driver = driver
        self.where = where
        self.actor = actor
        self.cipher = cipher
        self.read_only = read_only
        self._entry: Entry | None = None
        self._closed = False

    @property
    def dialect(self) -> str:
        """The engine: ``"duckdb"`` or ``"postgresql"``."""
        return self.driver.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.where!r}, dialect={self.dialect!r}, actor={self.actor!r})"

    def close(self) -> None:
        """Let go of the database; a transaction that is still open is undone."""
        if self._closed:
            return
        self._closed = True
        if self._entry is not None:
            self._entry = None
            self.driver.rollback()
        self.driver.close()

    def _require_open(self, verb: str) -> None:
        if self._closed:
            raise StoreError(f"{verb}: {self.where} has been closed. Open it again with open_store.")

    @contextmanager
    def transaction(self, action: str, *, at: str | dt.datetime) -> Iterator[Entry]:
        """Do everything inside, and one log entry, in one commit; or nothing at all.

        Parameters
        ----------
        action : str
            What the log calls it, such as ``"import"``.
        at : str or datetime
            When, local time; the database never looks at the clock.

        Yields
        ------
        Entry
            Call ``.note(object, n_rows, **detail)`` for what the log shall say besides.

        Notes
        -----
        A transaction inside a transaction joins it: there is one commit and one entry, the outer one.  One
        writer at a time, on PostgreSQL too (advisory lock): numbers, history and the chain then need no
        further locks, and readers never wait.
        """
        if self._entry is not None:
            try:
                yield self._entry
            except BaseException:
                self._entry.failed = True
                raise
            return
        self._require_open(f"transaction {action!r}")
        entry = Entry(action, parse_moment(f"transaction {action!r}", "at", at))
        self._require_writable(action)
        self.driver.begin(write=True)
        self._entry = entry
        try:
            self._require_unlocked(action)
            yield entry
            self._require_whole(entry)
            self._append_audit(entry)
            self.driver.commit()
        except BaseException:
            self.driver.rollback()
            raise
        finally:
            self._entry = None

    def _require_writable(self, action: str) -> None:
        if self.read_only:
            raise StoreError(
                f"transaction {action!r}: needs a database open for writing; {self.where} is open for reading only. "
                "Open it without read_only=True."
            )

    def _require_unlocked(self, action: str) -> None:
        if action in AFTER_A_LOSS or not self.driver.has_table("settings"):
            return
        locked = self.driver.fetch("SELECT value FROM settings WHERE name = 'read_only'", ()).column(0)
        reason = locked[0].as_py() if len(locked) else None
        if reason:
            raise StoreError(
                f"transaction {action!r}: {self.where} may only be read since a loss was declared ({reason}). "
                "Restore the last whole backup first."
            )

    def _require_whole(self, entry: Entry) -> None:
        if entry.failed:
            raise StoreError(
                f"transaction {entry.action!r}: a part of it failed, so nothing was written. "
                "Let the error of the part come through instead of catching it inside."
            )

    def _append_audit(self, entry: Entry) -> None:
        from crm_lib.protect.chain import CHAIN_START, chain_hash

        last = self.driver.fetch("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", ()).to_pylist()
        seq, previous = (last[0]["seq"] + 1, last[0]["hash"]) if last else (1, CHAIN_START)
        row = {"seq": seq, **entry.word(self.actor)}
        self._append("audit", {**row, "previous_hash": previous, "hash": chain_hash(previous, row)})

    def _append(self, table: str, row: dict[str, Any]) -> None:
        import pandas as pd

        frame = pd.DataFrame({k: [v] for k, v in row.items()})
        self.driver.append(table, to_columns(frame, load_table(table).stored, where=f"table {table!r}")[0])

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement that writes; only inside a `transaction`.

        Parameters
        ----------
        sql : str
            One statement, with ``?`` where a parameter goes.
        parameters : sequence
            The values; never paste them into the text.

        Returns
        -------
        int
            Rows touched by INSERT, UPDATE or DELETE.
        """
        self._require_transaction("run")
        return self.driver.execute(sql, parameters)

    def _require_transaction(self, verb: str) -> None:
        if self._entry is None:
            raise StoreError(
                f"{verb}: writes belong into a transaction, so that the log knows them; there is none. "
                "Write: with store.transaction('what it is', at=...): ..."
            )

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Run one query and return its rows, with the same dtypes on both engines.

        Parameters
        ----------
        sql : str
            One query, with ``?`` where a parameter goes; outside a transaction it may only read.
        parameters : sequence
            The values.

        Returns
        -------
        DataFrame
            Whole numbers as int64, decimals as float64, times as datetime64[us], sealed cells as bytes.
        """
        if self._entry is not None:
            return to_frame(self.driver.fetch(sql, parameters))
        self._require_open("query")
        if not self.driver.reads_only(sql):
            self._require_transaction("query")
        self.driver.begin(write=False)
        try:
            return to_frame(self.driver.fetch(sql, parameters))
        finally:
            self.driver.rollback()

    def has_table(self, name: str) -> bool:
        """Tell whether a table of that name is there."""
        if self._entry is not None:
            return self.driver.has_table(name)
        self.driver.begin(write=False)
        try:
            return self.driver.has_table(name)
        finally:
            self.driver.rollback()

    def insert(self, table: str, frame: pd.DataFrame) -> int:
        """Add rows to a table, sealing what is to be sealed; only inside a `transaction`.

        Parameters
        ----------
        table : str
            One of `list_tables()`.
        frame : DataFrame
            Columns as `describe_tables` names them; those that may be empty can be left out.

        Returns
        -------
        int
            The number of rows.
        """
        self.require_key(f"insert into {table!r}")
        return self.load(table, seal_frame(frame, load_table(table), self.cipher))

    def load(self, table: str, stored: pd.DataFrame) -> int:
        """Add rows that are already as they are stored: sealed cells as bytes (a backup, a copied version)."""
        self._require_transaction("insert")
        contract = load_table(table)
        columns = contract.stored
        unknown = [c for c in stored.columns if c not in {n for n, _, _ in columns}]
        if unknown:
            raise StoreError(f"table {table!r}: has no stored column {name_columns(unknown)}.")
        self.driver.append(table, to_columns(stored, columns, where=f"table {table!r}")[0])
        return len(stored)

    def dump(self, table: str) -> pd.DataFrame:
        """Return all rows of a table as they are stored, in the order of its key."""
        contract = load_table(table)
        order = contract.key or contract.names
        names = ", ".join(quote(n) for n, _, _ in contract.stored)
        return self.query(f"SELECT {names} FROM {quote(table)} ORDER BY {', '.join(map(quote, order))}")

    def require_key(self, where: str) -> None:
        """Refuse to write values of the kind the database does not hold: sealed and plain are never mixed."""
        found = self.query("SELECT value FROM settings WHERE name = 'key_id'")["value"].tolist()
        made_with = found[0] if found else UNSEALED
        mine = UNSEALED if self.cipher is None else self.cipher.key_id
        if made_with == mine:
            return
        needed = "without a key" if made_with == UNSEALED else f"with key {made_with}"
        given = "none is given" if mine == UNSEALED else f"key {mine} is given"
        raise StoreError(
            f"{where}: {self.where} was made {needed}; {given}. "
            "Open the store with cipher=Cipher(open_keys(...)) of the key it was made with."
        )

    def read(
        self,
        table: str,
        *,
        as_of: str | dt.date | None = None,
        reveal: Sequence[str] = (),
        at: str | dt.datetime | None = None,
    ) -> pd.DataFrame:
        """Read a table as it is, or as it was known at `as_of`; see `crm_lib.store.reading.read_rows`."""
        from crm_lib.store.reading import read_rows

        return read_rows(self, table, as_of=as_of, reveal=reveal, at=at)

    def checksums(self) -> pd.DataFrame:
        """Return table, n_rows, sha256 of every table; see `checksum_tables`."""
        from crm_lib.store.checksum import checksum_tables

        return checksum_tables(self)

    def audit(self) -> pd.DataFrame:
        """Return the log in its order: seq, at, actor, action, object, n_rows, detail, previous_hash, hash."""
        return self.dump("audit")
