"""Customers with their history: every change closes a version and opens the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_choice, require_columns
from crm_lib.errors import StoreError
from crm_lib.store.columnar import name_columns, parse_moment
from crm_lib.store.numbers import CustomerNumbers
from crm_lib.store.sealing import open_frame, seal_frame
from crm_lib.store.tables import load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

UPDATE_KINDS = ("新客户", "易变动", "易新增", "缺失数据", "更正")
NEW = UPDATE_KINDS[0]
SOURCES = ("own", "other")
# What the database itself writes into a version.
KEPT = ("customer_no", "valid_from", "valid_to", "update_kind", "changed_by", "upload_id")
_CHUNK = 5000


def insert_customers(
    store: Store,
    frame: pd.DataFrame,
    *,
    at: str | dt.datetime,
    upload_id: str | None = None,
    numbers: CustomerNumbers | None = None,
) -> pd.DataFrame:
    """Add new customers, each with a number and a first version.

    Parameters
    ----------
    store : Store
        The open database.
    frame : DataFrame
        One customer a row; any columns of table ``customers`` that a source knows (not the number, which is
        given here).  ``registered_on`` is the day of `at` when missing, ``source`` is ``own``.
    at : str or datetime
        From when the version holds, local time.
    upload_id : str, optional
        The upload they came with.
    numbers : CustomerNumbers, optional
        The numbering rule; the default rule when not given.

    Returns
    -------
    DataFrame
        `frame` with ``customer_no`` as its first column, in the same order.
    """
    moment = parse_moment("insert_customers", "at", at)
    _refuse_kept("insert_customers", frame)
    with store.transaction("insert_customers", at=moment) as entry:
        channels = frame["channel"].tolist() if "channel" in frame.columns else [None] * len(frame)
        issued = (numbers or CustomerNumbers()).issue(store, channels, at=moment)
        rows = _complete(frame, moment).assign(
            customer_no=issued,
            valid_from=moment,
            update_kind=NEW,
            changed_by=store.actor,
            upload_id=upload_id,
        )
        store.insert("customers", rows)
        entry.note("customers", len(rows))
    out = frame.copy()
    out.insert(0, "customer_no", issued)
    return out


def _refuse_kept(where: str, frame: pd.DataFrame, allowed: Sequence[str] = ()) -> None:
    kept = [c for c in KEPT if c in frame.columns and c not in allowed]
    if kept:
        raise StoreError(
            f"{where}: column {name_columns(kept)} is written by the database itself; leave it out. "
            "Customers who have a number are changed with update_customers."
        )


def _complete(frame: pd.DataFrame, moment: dt.datetime) -> pd.DataFrame:
    rows = frame.reset_index(drop=True).copy()
    day = dt.datetime(moment.year, moment.month, moment.day)
    for name, default in (("registered_on", day), ("source", SOURCES[0])):
        rows[name] = rows[name].where(rows[name].notna(), default) if name in rows.columns else default
    _require_source("insert_customers", rows)
    return rows


def _require_source(where: str, frame: pd.DataFrame) -> None:
    given = frame["source"].dropna() if "source" in frame.columns else ()
    bad = sorted({str(s) for s in given if s not in SOURCES})
    if bad:
        raise StoreError(
            f"{where}: column 'source' must be one of 'own', 'other'; got {list_words(map(repr, bad))}. "
            "Own data and other people's are kept apart."
        )


def update_customers(
    store: Store,
    changes: pd.DataFrame,
    *,
    kind: str,
    at: str | dt.datetime,
    upload_id: str | None = None,
    clear: Sequence[str] = (),
) -> pd.DataFrame:
    """Change customers: close the version that holds and open a new one.

    Parameters
    ----------
    store : Store
        The open database.
    changes : DataFrame
        One customer a row: ``customer_no`` and the columns to change; an empty cell leaves the value as it is.
    kind : {'新客户', '易变动', '易新增', '缺失数据', '更正'}
        Why.
    at : str or datetime
        From when; later than the version it replaces.
    upload_id : str, optional
        The upload it came with.
    clear : sequence of str
        Columns to empty for these customers.

    Returns
    -------
    DataFrame
        One row per row of `changes`, in its order: ``customer_no``, ``changed`` (false when every value was so
        already: then no version is made), ``columns`` (the changed ones, joined by commas).

    Raises
    ------
    StoreError
        When a customer is unknown, stands twice in `changes`, or has a version that begins at `at` or later;
        nothing is changed then.
    """
    moment = parse_moment("update_customers", "at", at)
    require_choice("update_customers", "kind", kind, UPDATE_KINDS)
    require_columns("update_customers", changes.columns, ["customer_no"])
    _refuse_kept("update_customers", changes, ["customer_no"])
    _require_source("update_customers", changes)
    with store.transaction("update_customers", at=moment) as entry:
        store.require_key("update_customers")
        stored = fetch_current(store, changes["customer_no"].tolist())
        _require_known(changes["customer_no"].tolist(), stored, moment)
        new, changed = _apply(store, stored, changes.reset_index(drop=True), clear)
        rows = new.iloc[[i for i, names in enumerate(changed) if names]]
        stamps = {
            "valid_from": moment,
            "update_kind": kind,
            "changed_by": store.actor,
            "upload_id": upload_id,
        }
        _close(store, rows["customer_no"].tolist(), moment)
        store.load("customers", rows.assign(valid_to=None, **stamps))
        entry.note("customers", len(rows), kind=kind)
    import pandas as pd

    return pd.DataFrame({
        "customer_no": changes["customer_no"].tolist(),
        "changed": [bool(c) for c in changed],
        "columns": [",".join(c) for c in changed],
    })


def fetch_current(store: Store, numbers: Sequence[str]) -> pd.DataFrame:
    """Return the current versions of customers as they are stored, in the order of `numbers`; unknown ones lack."""
    import pandas as pd

    names = [n for n, _, _ in load_table("customers").stored]
    chosen = f"SELECT {', '.join(map(quote, names))} FROM customers WHERE valid_to IS NULL"
    if len(numbers) > 2 * _CHUNK:
        found = store.query(chosen)
    else:
        parts = [
            store.query(f"{chosen} AND customer_no IN ({', '.join(['?'] * len(part))})", part)
            for part in _chunk(numbers)
        ] or [store.query(f"{chosen} AND 1 = 0")]
        found = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    here = found.set_index("customer_no", drop=False)
    known = [n for n in dict.fromkeys(numbers) if n in here.index]
    return here.loc[known].reset_index(drop=True)


def _chunk(values: Sequence[Any]) -> list[list[Any]]:
    return [list(values[i : i + _CHUNK]) for i in range(0, len(values), _CHUNK)]


def _require_known(numbers: Sequence[str], stored: pd.DataFrame, moment: dt.datetime) -> None:
    known = set(stored["customer_no"])
    unknown = [n for n in numbers if n not in known]
    twice = (
        sorted({n for n in numbers if n in known and numbers.count(n) > 1})
        if len(known) < len(numbers)
        else []
    )
    late = stored.loc[stored["valid_from"] >= moment, "customer_no"].tolist()
    faults = [
        f"{len(found):,} {what} ({list_words(found, most=3)})"
        for found, what in (
            (unknown, "not in the database"),
            (twice, "more than once in the table"),
            (late, f"changed at {moment} or later already"),
        )
        if found
    ]
    if faults:
        raise StoreError(
            f"update_customers: every customer must be known, stand once, and change later than before; "
            f"{'; '.join(faults)}. Nothing was changed."
        )


def _apply(
    store: Store, stored: pd.DataFrame, changes: pd.DataFrame, clear: Sequence[str]
) -> tuple[pd.DataFrame, list[list[str]]]:
    """Return the new versions as they are stored, and per row the columns that changed."""
    contract = load_table("customers")
    for name in [*changes.columns, *clear]:
        require_choice("update_customers", "column", name, contract.names)
    columns = [c for c in changes.columns if c != "customer_no"]
    wanted = {c: changes[c] for c in columns} | {c: changes["customer_no"].map(lambda _: None) for c in clear}
    touched = tuple(f for f in contract.fields if f.name in wanted or f.name == "customer_no")
    old = open_frame(stored, type(contract)(**{**vars(contract), "fields": touched}), store.cipher)
    new, changed = stored.copy(), [[] for _ in range(len(stored))]
    for name, values in wanted.items():
        differs = _differs(old[name], values, contract.field(name).type, empties=name in clear)
        for row in differs:
            changed[row].append(name)
        if differs:
            piece = changes.iloc[differs][["customer_no"]].assign(**{
                name: values.iloc[differs].astype(object)
            })
            _put(new, seal_frame(piece, contract, store.cipher), differs)
    place = {name: i for i, name in enumerate(contract.names)}
    return new, [sorted(c, key=place.__getitem__) for c in changed]


def _put(new: pd.DataFrame, cells: pd.DataFrame, rows: Sequence[int]) -> None:
    for name in cells.columns.drop("customer_no"):
        column = new[name].astype(object)
        column.iloc[list(rows)] = cells[name].astype(object).tolist()
        new[name] = column


def _differs(old: pd.Series, wanted: pd.Series, kind: str, *, empties: bool) -> list[int]:
    """Return the rows whose value really changes; an empty cell says nothing unless the column is cleared."""
    import pandas as pd

    if empties:
        return [i for i, gone in enumerate(old.isna()) if not gone]
    there = wanted.notna() & (wanted.astype(str) != "")
    if kind in {"day", "time"}:
        try:
            now = pd.to_datetime(wanted.where(there), format=None if wanted.dtype.kind == "M" else "ISO8601")
        except ValueError:
            raise StoreError(
                f"update_customers: column {wanted.name!r} must hold a date like 2024-12-31; at least one cell does not."
            ) from None
        same = now.astype("datetime64[us]").reset_index(drop=True) == old
    else:
        same = wanted.astype(str).reset_index(drop=True) == old.astype(object).where(old.notna(), "").astype(
            str
        )
    return [
        i for i, (is_there, is_same) in enumerate(zip(there, same, strict=True)) if is_there and not is_same
    ]


def _close(store: Store, numbers: Sequence[str], moment: dt.datetime) -> None:
    n_closed = 0
    for part in _chunk(numbers):
        places = ", ".join(["?"] * len(part))
        n_closed += store.run(
            f"UPDATE customers SET valid_to = ? WHERE valid_to IS NULL AND customer_no IN ({places})",
            [moment, *part],
        )
    if n_closed != len(numbers):
        raise StoreError(
            f"update_customers: each customer must have one current version; {len(numbers):,} customers have "
            f"{n_closed:,}. Run verify_store and restore the last whole backup."
        )


def read_history(store: Store, customer_no: str | None = None) -> pd.DataFrame:
    """Read all versions of one customer, or of all, oldest first; sealed values masked.

    Parameters
    ----------
    store : Store
        The open database.
    customer_no : str, optional
        The customer; all when not given.

    Returns
    -------
    DataFrame
        One version a row, with ``valid_from`` and ``valid_to`` (missing: it holds now).
    """
    from crm_lib.store.reading import word_columns

    where, parameters = ("WHERE customer_no = ?", [customer_no]) if customer_no is not None else ("", [])
    columns = ", ".join(word_columns(load_table("customers")))
    return store.query(
        f"SELECT {columns} FROM customers {where} ORDER BY customer_no, valid_from", parameters
    )
