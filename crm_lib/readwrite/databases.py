"""Read tables of databases: DuckDB and SQLite files, and servers by their address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import Grid
from crm_lib.readwrite.parts import hide_password
from crm_lib.readwrite.typed import choose_name, frame_grid

if TYPE_CHECKING:
    import pandas as pd


def read_duckdb_grids(path: Path, inside: str | None, *, where: str) -> list[Grid]:
    """Return the tables of a DuckDB file, opened read-only."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as db:
            listed = db.execute(
                "SELECT table_schema, table_name, list(column_name ORDER BY ordinal_position)"
                " FROM information_schema.columns GROUP BY ALL ORDER BY 1, 2"
            ).fetchall()
    except duckdb.Error as error:
        raise _tell_failed(where, error) from None
    tables = {t if s == "main" else f"{s}.{t}": (s, t, c) for s, t, c in listed}

    def fetch(schema: str, table: str) -> pd.DataFrame:
        from crm_lib.readwrite.typed import read_frame_grids

        with duckdb.connect(str(path), read_only=True) as db:
            arrow = db.sql(f'SELECT * FROM "{_quote(schema)}"."{_quote(table)}"').to_arrow_table()
        return read_frame_grids(arrow)[0].load(1, arrow.column_names, ()).frame

    chosen = [choose_name(list(tables), inside, where, "table")] if inside else list(tables)
    return [
        frame_grid(tables[n][2], lambda s=tables[n][0], t=tables[n][1]: fetch(s, t), n, database=True)
        for n in chosen
    ]


def read_sqlite_grids(path: Path, inside: str | None, *, where: str) -> list[Grid]:
    """Return the tables and views of an SQLite file, opened read-only."""
    import sqlite3
    from contextlib import closing

    def ask(sql: str) -> tuple[list[str], list[tuple]]:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            cursor = db.execute(sql)
            return [d[0] for d in cursor.description], cursor.fetchall()

    try:
        names = [
            r[0] for r in ask("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1")[1]
        ]
        names = [choose_name(names, inside, where, "table")] if inside else names
        heads = {n: ask(f'SELECT * FROM "{_quote(n)}" LIMIT 0')[0] for n in names}
    except sqlite3.Error as error:
        raise _tell_failed(where, error) from None

    def fetch(name: str) -> pd.DataFrame:
        headers, rows = ask(f'SELECT * FROM "{_quote(name)}"')
        return _make_frame(headers, rows)

    return [frame_grid(heads[n], lambda n=n: fetch(n), n, database=True) for n in names]


def read_url_grids(url: str, inside: str | None) -> list[Grid]:
    """Return the tables and views behind a database address, through SQLAlchemy."""
    where = hide_password(url)
    alchemy = import_extra("sqlalchemy", extra="store", purpose=f"reading {where}")
    try:
        engine = alchemy.create_engine(url, poolclass=alchemy.pool.NullPool)
        tables = _list_tables(alchemy.inspect(engine), inside)
        chosen = [choose_name(list(tables), inside, where, "table")] if inside else list(tables)
        heads = {n: [c["name"] for c in alchemy.inspect(engine).get_columns(*tables[n])] for n in chosen}
    except ReadError:
        raise
    except ImportError as error:
        raise ReadError(
            f"{where}: the database driver is not installed ({error}). Install it with pip."
        ) from None
    except Exception as error:
        raise _tell_failed(where, error, url) from None

    def fetch(name: str) -> pd.DataFrame:
        try:
            return _make_frame(heads[name], _fetch_rows(alchemy, engine, *tables[name]))
        except Exception as error:
            raise _tell_failed(where, error, url) from None

    return [frame_grid(heads[n], lambda n=n: fetch(n), n, database=True) for n in chosen]


def _list_tables(look: Any, inside: str | None) -> dict[str, tuple[str, str | None]]:
    """Return each table's shown name -> (name, schema); ``schema.name`` looks into that schema."""
    names = {n: (n, None) for n in sorted([*look.get_table_names(), *look.get_view_names()])}
    schema, dot, _ = (inside or "").partition(".")
    if dot and inside not in names:
        there = sorted([*look.get_table_names(schema), *look.get_view_names(schema)])
        return {f"{schema}.{n}": (n, schema) for n in there}
    return names


def _fetch_rows(alchemy: Any, engine: Any, name: str, schema: str | None) -> list[tuple]:
    """Return all rows in a defined order: by primary key, else by their values."""
    table = alchemy.Table(name, alchemy.MetaData(), schema=schema, autoload_with=engine)
    order = list(table.primary_key.columns)
    with engine.connect() as link:
        rows = [tuple(r) for r in link.execute(alchemy.select(table).order_by(*order))]
    if not order and engine.dialect.name != "sqlite":  # which keeps the order of entry
        rows.sort(key=lambda r: tuple((v is None, str(v)) for v in r))
    return rows


def _make_frame(headers: Sequence[str], rows: list[tuple]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([[_plain(v) for v in r] for r in rows], columns=list(headers), dtype=object)


def _plain(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    return None if value == "" else value


def _quote(name: str) -> str:
    return name.replace('"', '""')


def _tell_failed(where: str, error: Exception, url: str = "") -> ReadError:
    """Word a database error without the password it may repeat."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    said = lines[0][:200]
    for secret in _secrets(url):
        said = said.replace(secret, "***")
    return ReadError(
        f"{where}: the database cannot be read ({said}). Check the address and that it is running."
    )


def _secrets(url: str) -> list[str]:
    from urllib.parse import parse_qsl, unquote, urlsplit

    if not url:
        return []
    split = urlsplit(url)
    found = [split.password or "", unquote(split.password or ""), *(v for _, v in parse_qsl(split.query))]
    return sorted((f for f in found if f), key=len, reverse=True)
