"""What the database knows already, in the form an upload is compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm_lib.store.fields import Form
from crm_lib.store.sealing import fingerprint_values
from crm_lib.store.tables import quote
from crm_lib.store.upload_check import Checked
from crm_lib.store.upload_match import NEW, SAME, SEALED, UPDATED, People, Rows
from crm_lib.store.upload_read import Received

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

_CHUNK = 2000
# an order of one line needs no line number
_SINGLE_LINE = 1


class Marks(Sequence):
    """The fingerprints of a sealed column, made when the first of them is asked for."""

    def __init__(self, values: list[Any], name: str, store: Store) -> None:
        self._values, self._name, self._store = values, name, store

    @cached_property
    def _marks(self) -> list[str | None]:
        return fingerprint_values(self._values, self._name, self._store.cipher)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, i: Any) -> Any:
        return self._marks[i]


def mark_rows(store: Store, received: Received, checked: Checked, hashes: list[str]) -> Rows:
    """Return the readable rows; sealed columns as the fingerprints that stand in the database."""
    columns: dict[str, Any] = {name: checked.values[name].tolist() for name in received.form.names}
    for name in SEALED:
        if name in columns:
            columns[name] = Marks(columns[name], name, store)
    if received.form.table == "transactions":
        checked.values["line_no"] = [_SINGLE_LINE if v is None else v for v in columns["line_no"]]
        columns["line_no"] = checked.values["line_no"].tolist()
    return Rows(received.form, columns, hashes, received.rows["source_row"].tolist())


def fetch_seen(store: Store, table: str) -> dict[str, tuple[str, int, str]]:
    """Return the hash of every row accepted so far, new or known → first upload, row in its file, customer."""
    found = store.query(
        "SELECT r.row_sha256, v.upload_id, v.source_row, v.customer_no FROM raw_records r"
        " JOIN verdicts v ON v.upload_id = r.upload_id AND v.source_row = r.source_row"
        " WHERE r.table_name = ? AND v.verdict IN (?, ?, ?) AND v.customer_no IS NOT NULL"
        " ORDER BY v.upload_id DESC, v.source_row DESC",
        [table, NEW, UPDATED, SAME],
    )
    return dict(zip(found["row_sha256"], found.iloc[:, 1:].itertuples(index=False, name=None), strict=True))


def fetch_people(store: Store, form: Form) -> People:
    """Return the current customers, sealed columns as their fingerprints."""
    names = [f"{quote(f'{n}_index')} AS {quote(n)}" if n in SEALED else quote(n) for n in form.names]
    found = store.query(
        f"SELECT {', '.join(names)} FROM customers WHERE valid_to IS NULL ORDER BY customer_no"
    )
    return People({name: plain_list(found[name]) for name in form.names})


def list_customers(store: Store) -> set[str]:
    """Return the numbers of the current customers."""
    return set(store.query("SELECT customer_no FROM customers WHERE valid_to IS NULL")["customer_no"])


def fetch_lines(store: Store, rows: Rows) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the lines the database holds of the orders in an upload, by their key."""
    orders = sorted({v for v in rows.columns["order_id"] if v is not None})
    frame = _fetch(store, "transactions", rows.form, "order_id", orders)
    lines = [dict(zip(frame, line, strict=True)) for line in zip(*frame.values(), strict=True)]
    return {(x["customer_no"], x["order_id"], x["line_no"]): x for x in lines}


def fetch_investments(store: Store, rows: Rows) -> set[tuple[Any, ...]]:
    """Return what the database holds of the investments in the customers of an upload."""
    customers = sorted({v for v in rows.columns["customer_no"] if v is not None})
    frame = _fetch(store, "investments", rows.form, "customer_no", customers)
    return set(zip(*frame.values(), strict=True))


def _fetch(store: Store, table: str, form: Form, by: str, values: Sequence[str]) -> dict[str, list[Any]]:
    """Return the rows of `table` whose `by` is among `values`, as the template's columns."""
    names = ", ".join(map(quote, form.names))
    out: dict[str, list[Any]] = {name: [] for name in form.names}
    for start in range(0, len(values), _CHUNK):
        part = list(values[start : start + _CHUNK])
        places = ", ".join(["?"] * len(part))
        found = store.query(f"SELECT {names} FROM {quote(table)} WHERE {quote(by)} IN ({places})", part)
        for name in form.names:
            out[name] += plain_list(found[name], day=form.field(name).form != "datetime")
    return out


def plain_list(values: pd.Series, *, day: bool = True) -> list[Any]:
    """Return a column as Python values: times as days unless told otherwise, gaps as None."""
    gaps = values.isna().to_numpy()
    if values.dtype.kind == "M":
        times = [None if gap else value.to_pydatetime() for value, gap in zip(values, gaps, strict=True)]
        return [t.date() if day and isinstance(t, dt.datetime) else t for t in times]
    return [None if gap else value for value, gap in zip(values.astype(object).tolist(), gaps, strict=True)]


def next_serial(store: Store, name: str, n: int = 1) -> int:
    """Move the counter `name` on by `n` and return the first number of these."""
    last = store.query(
        "INSERT INTO counters (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value",
        [name, n],
    )["value"][0]
    return int(last) - n + 1
