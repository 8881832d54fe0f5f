"""Ask a database, in one query of the user's, whether its data changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.errors import CrmError, ReadError

if TYPE_CHECKING:
    from crm_lib.publish.inputs import Input

_MOST_ROWS = 1000
_QUESTION = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def ask_freshness(source: Input, query: str) -> str:
    """Return a fingerprint of the answer of `query`: the same while the answer is the same.

    Parameters
    ----------
    source
        A database file or server, as `find_inputs` describes it.
    query
        SQL that answers in at most 1,000 rows, such as
        ``SELECT max(updated_at) FROM orders``.

    Raises
    ------
    ReadError
        The query is none, cannot be answered, or has too many rows.

    Notes
    -----
    Only a checksum of the answer is kept, with the address without its
    password: an answer may hold data about people.  Files are opened
    read-only; on a server nothing is committed.
    """
    ask: dict[str, Callable[[Input, str], list[tuple]]] = {
        "sqlite": _ask_sqlite,
        "duckdb": _ask_duckdb,
        "server": _ask_server,
    }
    if not _QUESTION.match(query):
        raise ReadError(
            f"the freshness query of {source.label!r} must begin with SELECT or WITH; got {query[:60]!r}."
        )
    try:
        rows = ask[source.database](source, query)
    except CrmError:
        raise
    except Exception as fault:  # each database has errors of its own, which may repeat the address
        raise ReadError(
            f"the freshness query of {source.label!r} must be answered by the database; "
            f"it was not ({type(fault).__name__}). Try the query by hand."
        ) from None
    if len(rows) > _MOST_ROWS:
        raise ReadError(
            f"the freshness query of {source.label!r} must answer in at most {_MOST_ROWS:,} rows; "
            "it has more. Ask for one value, such as SELECT max(updated_at) FROM orders."
        )
    body = json.dumps([_where(source), query, [[str(v) for v in row] for row in rows]], ensure_ascii=False)
    return "answer " + hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def _where(source: Input) -> str:
    from crm_lib.readwrite.parts import hide_password

    return hide_password(source.url) if source.url else source.label


def _ask_sqlite(source: Input, query: str) -> list[tuple]:
    import sqlite3

    address = f"{source.path.resolve().as_uri()}?mode=ro"  # type: ignore[union-attr]
    with closing(sqlite3.connect(address, uri=True)) as db:
        return db.execute(query).fetchmany(_MOST_ROWS + 1)


def _ask_duckdb(source: Input, query: str) -> list[tuple]:
    import duckdb

    # one thread: kernels may be forked from this process, and a fork takes no threads along
    with duckdb.connect(str(source.path), read_only=True, config={"threads": 1}) as db:
        return db.execute(query).fetchmany(_MOST_ROWS + 1)


def _ask_server(source: Input, query: str) -> list[Any]:
    alchemy = import_extra("sqlalchemy", extra="store", purpose=f"asking {source.label}")
    engine = alchemy.create_engine(source.url, poolclass=alchemy.pool.NullPool)
    with engine.connect() as link:
        return [tuple(row) for row in link.execute(alchemy.text(query)).fetchmany(_MOST_ROWS + 1)]
