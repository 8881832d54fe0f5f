"""The customer database on PostgreSQL, through SQLAlchemy and pg8000."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from crm_lib.errors import StoreError
from crm_lib.store.dialects import first_line, plain_parameters, tell_failed
from crm_lib.store.tables import quote

if TYPE_CHECKING:
    import pyarrow as pa

# What stands between quotes or behind -- is no place for a parameter.
_PIECES = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\$\$.*?\$\$)|([?%])", re.DOTALL)
# One writer at a time on the server too: the number is "crm" in ASCII.
WRITER_LOCK = 0x63726D
_FEW_ROWS = 100
# the protocol counts parameters in 16 bits
_MOST_PARAMETERS = 20_000


class PostgresDriver:
    """A PostgreSQL server, through SQLAlchemy and pg8000."""

    name = "postgresql"

    def __init__(self, engine: Any, *, read_only: bool, where: str) -> None:
        import pg8000.exceptions
        import sqlalchemy

        self._errors = (pg8000.exceptions.Error, sqlalchemy.exc.SQLAlchemyError, OSError)
        # pg8000 trips over a password that is asked for and not there
        no_password = (AttributeError,) if engine.url.password is None else ()
        self._read_only = read_only
        self._where = where
        try:
            self._link = engine.connect()
        except (*self._errors, *no_password) as error:
            said = "it asks for a password" if isinstance(error, AttributeError) else first_line(_say(error))
            raise StoreError(
                f"open_store: {where} cannot be reached ({said}). "
                "Check the address, the password's reference, TLS, and that the server is running."
            ) from None
        self._engine = engine
        self._wire = self._link.connection.dbapi_connection
        self._cursor = self._wire.cursor()
        self.execute("SET TIME ZONE 'UTC'", ())
        self._wire.commit()

    def begin(self, *, write: bool) -> None:
        """Begin; pg8000 does so with the first statement, which here takes the writers' lock."""
        if write:
            self.execute("SELECT pg_advisory_xact_lock(?)", [WRITER_LOCK])
        else:
            self.execute("SET TRANSACTION READ ONLY", ())

    def commit(self) -> None:
        """Commit; the server answers when the rows are on its disk."""
        try:
            self._wire.commit()
        except self._errors as error:
            raise StoreError(
                f"customer database: the connection was lost while committing ({first_line(_say(error))}), so it is not "
                "known whether the transaction was written. Open the store again and look for it in the log (audit)."
            ) from None

    def rollback(self) -> None:
        """Roll back; a lost connection has rolled back by itself."""
        try:
            self._wire.rollback()
        except self._errors:
            return

    def execute(self, sql: str, parameters: Sequence[Any], stream: BytesIO | None = None) -> int:
        """Run one statement; for INSERT, UPDATE and DELETE return the rows touched."""
        try:
            given = plain_parameters(parameters)
            self._cursor.execute(to_format(sql) if given or stream else sql, given, stream=stream)
        except self._errors as error:
            raise tell_failed("postgresql", _say(error)) from None
        return max(self._cursor.rowcount, 0)

    def fetch(self, sql: str, parameters: Sequence[Any]) -> pa.Table:
        """Run one query."""
        import pyarrow as pa

        self.execute(sql, parameters)
        if self._cursor.description is None:
            return pa.table({})
        heads = [(d[0], _PG_KINDS.get(d[1], "text")) for d in self._cursor.description]
        rows = self._cursor.fetchall()
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(heads)
        arrays = [_from_server(values, kind) for (_, kind), values in zip(heads, columns, strict=True)]
        return pa.Table.from_arrays(arrays, names=[n for n, _ in heads])

    def reads_only(self, sql: str) -> bool:
        """Say yes: the server itself holds the transaction to reading."""
        return True

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows by COPY; few, or under row-level security, which refuses COPY, by INSERT."""
        names = ", ".join(map(quote, rows.column_names))
        into = f"public.{quote(table)} ({names})"
        if rows.num_rows > _FEW_ROWS and not self._is_row_secured(table):
            self.execute(f"COPY {into} FROM STDIN", (), stream=BytesIO(_copy_text(rows)))
            return
        n = _MOST_PARAMETERS // max(rows.num_columns, 1)
        for part in (rows.slice(first, n) for first in range(0, rows.num_rows, n)):
            line = f"({', '.join(['?'] * part.num_columns)})"
            values = [v for row in zip(*(c.to_pylist() for c in part.columns), strict=True) for v in row]
            self.execute(f"INSERT INTO {into} VALUES {', '.join([line] * part.num_rows)}", values)

    def _is_row_secured(self, table: str) -> bool:
        found = self.fetch(
            "SELECT row_security_active(CAST(? AS text)) AS active", [f"public.{quote(table)}"]
        )
        return bool(found.column(0)[0].as_py())

    def has_table(self, table: str) -> bool:
        """Look the table up in schema public, whatever the login may do with it."""
        sql = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = ?"
        return bool(self.fetch(sql, [table]).column(0)[0].as_py())

    def close(self) -> None:
        """End the connection."""
        self.rollback()
        self._link.close()
        self._engine.dispose()


_PG_KINDS = {
    16: "flag", 17: "bytes", 20: "int", 21: "int", 23: "int", 26: "int", 700: "number", 701: "number",
    1700: "number", 1082: "day", 1114: "time", 1184: "time",
}  # fmt: skip


def _from_server(values: Sequence[Any], kind: str) -> pa.Array:
    import pyarrow as pa

    if kind == "number":
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kind == "time":
        return pa.array([None if v is None else v.replace(tzinfo=None) for v in values], pa.timestamp("us"))
    if kind == "text":
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    types = {"flag": pa.bool_(), "bytes": pa.binary(), "int": pa.int64(), "day": pa.date32()}
    return pa.array(values, types[kind])


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _copy_text(rows: pa.Table) -> bytes:
    """Return rows in PostgreSQL's text format: tabs between, backslash N for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for column in rows.columns:
        if pa.types.is_binary(column.type):
            columns.append([r"\N" if v is None else rf"\\x{v.hex()}" for v in column.to_pylist()])
            continue
        texts = pc.cast(column, pa.string()).to_pylist()
        columns.append([r"\N" if t is None else t.translate(_ESCAPES) for t in texts])
    return "".join("\t".join(line) + "\n" for line in zip(*columns, strict=True)).encode("utf-8")


def to_format(sql: str) -> str:
    """Turn `?` outside quotes and comments into pg8000's placeholder, and save its percent signs."""
    return _PIECES.sub(lambda hit: hit[1] or {"?": "%s", "%": "%%"}[hit[2]], sql)


def _say(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    first = origin.args[0] if origin.args else origin
    return str(first.get("M", first)) if isinstance(first, dict) else str(first)
