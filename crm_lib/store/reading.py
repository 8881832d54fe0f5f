"""Read tables as they are or as they were known at a day; sealed values masked unless revealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.errors import StoreError
from crm_lib.store.columnar import parse_moment, text_dtype
from crm_lib.store.sealing import HIDDEN, open_frame
from crm_lib.store.tables import StoreTable, list_tables, load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

# The column that says since when a row was known.
SINCE = {
    "transactions": "ordered_at",
    "investments": "occurred_at",
    "uploads": "uploaded_at",
    "analysis_records": "surveyed_on",
    "verifications": "verified_at",
    "consents": "given_on",
    "erasures": "erased_on",
    "training": "held_on",
}


def read_rows(
    store: Store,
    table: str,
    *,
    as_of: str | dt.date | None = None,
    reveal: Sequence[str] = (),
    at: str | dt.datetime | None = None,
) -> pd.DataFrame:
    """Read a table: of versioned ones the current version, or the one known at `as_of`.

    Parameters
    ----------
    store : Store
        The open database.
    table : str
        One of `list_tables()`, or ``"roster"``.
    as_of : str or date, optional
        A day (what was known at its end) or a moment.
    reveal : sequence of str
        Sealed columns to open; the others are masked.  Who opens what is written to the log.
    at : str or datetime
        When; needed with `reveal`.

    Returns
    -------
    DataFrame
        One row of the table a row, in the order of its key.
    """
    require_choice("read", "table", table, [*list_tables(), "roster"])
    if table == "roster":
        _refuse_as_of(table, as_of)
        return store.query("SELECT * FROM roster ORDER BY customer_no")
    contract = load_table(table)
    for name in reveal:
        require_choice("read", "reveal", name, [f.name for f in contract.sealed] or ["()"])
    where, parameters = _word_moment(contract, as_of)
    if not reveal:
        return _fetch(store, contract, where, parameters, ())
    if at is None:
        raise StoreError("read: at must say when sealed values are opened, for the log; it is missing.")
    store.require_key(f"read {table!r}")
    with store.transaction("reveal", at=at) as entry:
        frame = _fetch(store, contract, where, parameters, reveal)
        entry.note(table, len(frame), revealed=sorted(reveal))
    return frame


def _refuse_as_of(table: str, as_of: Any) -> None:
    if as_of is not None:
        raise StoreError(
            f"read: table {table!r} has no history, so as_of says nothing; leave it out, or read 'customers'."
        )


def _word_moment(contract: StoreTable, as_of: str | dt.date | None) -> tuple[str, list[Any]]:
    versioned = {"valid_from", "valid_to"} <= set(contract.names)
    if as_of is None:
        return ("WHERE valid_to IS NULL", []) if versioned else ("", [])
    moment = parse_as_of(as_of)
    if versioned:
        return "WHERE valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)", [moment, moment]
    if contract.name not in SINCE:
        _refuse_as_of(contract.name, as_of)
    return f"WHERE {SINCE[contract.name]} <= ?", [moment]


def parse_as_of(as_of: str | dt.date) -> dt.datetime:
    """Return the moment that `as_of` means: a day means its end."""
    moment = parse_moment("read", "as_of", as_of)
    day = not isinstance(as_of, dt.datetime) and len(str(as_of).strip()) <= 10
    return moment.replace(hour=23, minute=59, second=59) if day else moment


def _fetch(
    store: Store, contract: StoreTable, where: str, parameters: Sequence[Any], reveal: Sequence[str]
) -> pd.DataFrame:
    columns = word_columns(contract, reveal)
    order = ", ".join(map(quote, contract.key or contract.names))
    frame = store.query(
        f"SELECT {', '.join(columns)} FROM {quote(contract.name)} {where} ORDER BY {order}", parameters
    )
    if not reveal:
        return frame
    fields = tuple(f for f in contract.fields if not f.sealed or f.name in reveal)
    opened = open_frame(frame, StoreTable(**{**vars(contract), "fields": fields}), store.cipher)
    return frame.assign(**{name: opened[name].astype(text_dtype()) for name in reveal})


def word_columns(contract: StoreTable, reveal: Sequence[str] = ()) -> list[str]:
    """Return the columns of a table as SQL: sealed ones as their masks, unless revealed."""
    return [_word_column(contract, name, reveal) for name in contract.names]


def _word_column(contract: StoreTable, name: str, reveal: Sequence[str]) -> str:
    field = contract.field(name)
    if not field.sealed or name in reveal:
        return quote(name)
    if field.masked:
        return f"{quote(f'{name}_mask')} AS {quote(name)}"
    return f"CASE WHEN {quote(name)} IS NULL THEN NULL ELSE '{HIDDEN}' END AS {quote(name)}"
