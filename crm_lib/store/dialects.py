"""What the layer asks of an engine, and DuckDB's answer; PostgreSQL's is in :mod:`crm_lib.store.postgres`."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crm_lib.errors import StoreError
from crm_lib.store.tables import quote

if TYPE_CHECKING:
    import pyarrow as pa

_LOCKS: dict[str, threading.RLock] = {}


class Driver(Protocol):
    """What both engines can do."""

    name: str

    def begin(self, *, write: bool) -> None:
        """Begin a transaction; one that writes waits until it is the only writer."""

    def commit(self) -> None:
        """Make what was done since `begin` last."""

    def rollback(self) -> None:
        """Undo what was done since `begin`."""

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run one statement and return the number of rows it touched."""

    def fetch(self, sql: str, parameters: Sequence[Any]) -> pa.Table:
        """Run one query and return its rows."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table."""

    def has_table(self, table: str) -> bool:
        """Tell whether the table is there."""

    def close(self) -> None:
        """Let go of the database."""


def plain_parameters(parameters: Sequence[Any]) -> list[Any]:
    """Return parameters as the drivers take them: no numpy scalars, one kind of missing."""
    out = []
    for value in parameters:
        if value is None or value != value or type(value).__name__ in {"NAType", "NaTType"}:
            out.append(None)
        elif hasattr(value, "to_pydatetime"):
            out.append(value.to_pydatetime())
        else:
            out.append(value.item() if hasattr(value, "item") else value)
    return out


class DuckDriver:
    """A DuckDB file; other programs are kept out while it is open for writing."""

    name = "duckdb"

    def __init__(self, path: Path, *, read_only: bool) -> None:
        import duckdb

        self._duckdb = duckdb
        self._path = path
        try:
            self._link = duckdb.connect(str(path), read_only=read_only)
            # else a misspelt table name could be answered by a variable of the caller's
            self._link.execute("SET python_enable_replacements = false")
        except duckdb.Error as error:
            raise _tell_refused(path, str(error)) from None
        self._lock = _LOCKS.setdefault(str(path.resolve()), threading.RLock())
        self._held = False

    def begin(self, *, write: bool) -> None:
        """Begin a transaction; two connections of one process write one after the other."""
        if write:
            self._lock.acquire()
            self._held = True
        try:
            self.execute("BEGIN TRANSACTION", ())
        except StoreError:
            self._release()
            raise

    def commit(self) -> None:
        """Commit; the rows are on disk, in the write-ahead log, when this returns."""
        try:
            self.execute("COMMIT", ())
            self._guard_log()
        finally:
            self._release()

    def _guard_log(self) -> None:
        """Give the write-ahead log the rights of the file: the engine makes it anew with the usual ones."""
        log = self._path.with_name(f"{self._path.name}.wal")
        if os.name == "posix" and log.exists():
            # a file of somebody else keeps the rights he gave it
            with suppress(OSError):
                log.chmod(self._path.stat().st_mode & 0o777)

    def rollback(self) -> None:
        """Roll back; a transaction the engine has given up already counts as undone."""
        try:
            self._link.execute("ROLLBACK")
        except self._duckdb.Error:
            pass
        finally:
            self._release()

    def _release(self) -> None:
        if self._held:
            self._held = False
            self._lock.release()

    def _run(self, sql: str, parameters: Sequence[Any]) -> Any:
        try:
            return self._link.execute(sql, plain_parameters(parameters))
        except self._duckdb.Error as error:
            raise tell_failed("duckdb", str(error)) from None

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run one statement; for INSERT, UPDATE and DELETE return the rows touched."""
        done = self._run(sql, parameters)
        counted = done.description and done.description[0][0] == "Count"
        # to the end: an unfinished result blocks the connection
        rows = done.fetchall() if done.description else []
        return int(rows[0][0]) if counted and rows else 0

    def fetch(self, sql: str, parameters: Sequence[Any]) -> pa.Table:
        """Run one query; INSERT … RETURNING too."""
        if not self.reads_only(sql):
            return self._fetch_returned(sql, parameters)
        try:
            return self._link.sql(sql, params=plain_parameters(parameters)).to_arrow_table()
        except self._duckdb.Error as error:
            raise tell_failed("duckdb", str(error)) from None

    def _fetch_returned(self, sql: str, parameters: Sequence[Any]) -> pa.Table:
        import pyarrow as pa

        done = self._run(sql, parameters)
        names, rows = [d[0] for d in done.description], done.fetchall()
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return pa.Table.from_arrays([pa.array(c) for c in columns], names=names)

    def reads_only(self, sql: str) -> bool:
        """Tell whether `sql` only reads."""
        try:
            kinds = [s.type for s in self._duckdb.extract_statements(sql)]
        except self._duckdb.Error as error:
            raise tell_failed("duckdb", str(error)) from None
        kind = self._duckdb.StatementType
        return all(k in {kind.SELECT, kind.EXPLAIN} for k in kinds)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows by one INSERT … SELECT from the Arrow table."""
        names = ", ".join(map(quote, rows.column_names))
        self._link.register("rows_to_add", rows)
        try:
            self.execute(f"INSERT INTO {quote(table)} ({names}) SELECT {names} FROM rows_to_add", ())
        finally:
            # after a refused row the engine wants a rollback first; the next registration takes the name over
            with suppress(self._duckdb.Error):
                self._link.unregister("rows_to_add")

    def has_table(self, table: str) -> bool:
        """Look the table up in the catalogue."""
        sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main' AND table_name = ?"
        return bool(self._run(sql, [table]).fetchall()[0][0])

    def close(self) -> None:
        """Close the file; what is in the write-ahead log goes into it."""
        self._release()
        self._link.close()


def _tell_refused(path: Path, said: str) -> StoreError:
    held = re.search(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)(?: by user (?P<user>\S+?)[.\s])?", said)
    if held or "being used by another process" in said or "set lock" in said:
        program = f"{Path(held['program']).name} (process {held['pid']})" if held else "another program"
        return StoreError(
            f"open_store: only one program may have {path.name!r} open for writing; {program} has it. "
            "Close it there, or use PostgreSQL when several people write at the same time."
        )
    if "different configuration" in said:
        return StoreError(
            f"open_store: {path.name!r} is open in this program already, once for reading only and once for "
            "writing. Close the other store first."
        )
    if "not a valid DuckDB" in said:
        return StoreError(
            f"open_store: {path.name!r} must be a DuckDB file; it is none, or it is damaged. "
            "Check the path, or restore the last whole backup."
        )
    return StoreError(
        f"open_store: {path.name!r} cannot be opened ({first_line(said)}). Check path and rights."
    )


def tell_failed(engine: str, said: str) -> StoreError:
    """Word an engine's refusal in one sentence."""
    return StoreError(
        f"customer database: {engine} refused the statement ({first_line(said)}). Nothing was changed."
    )


def first_line(said: str) -> str:
    """Return what an engine said, cut to one line."""
    lines = said.strip().splitlines() or ["no reason given"]
    return lines[0][:200].rstrip(".")
