"""Verify the database as a whole: the log's chain, the history, the numbers, the sealed cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crm_lib.errors import ProtectError
from crm_lib.store.numbers import CustomerNumbers
from crm_lib.store.sealing import open_frame, seal_frame
from crm_lib.store.tables import list_tables, load_table

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

CHECKS = ("audit", "history", "numbers", "counters", "sealed")
_VERSIONED = {"customers": "customer_no", "grades": "customer_no, kind"}


def verify_store(
    store: Store, *, head: tuple[int, str] | None = None, numbers: CustomerNumbers | None = None
) -> pd.DataFrame:
    """Find what is not as the database itself would have written it.

    Parameters
    ----------
    store : Store
        The open database.
    head : (n, hash), optional
        The end of the log as it was anchored outside; without it a log cut off at its end looks whole.
    numbers : CustomerNumbers, optional
        The numbering rule; the default rule when not given.

    Returns
    -------
    DataFrame
        One finding a row: ``check`` (audit, history, numbers, counters, sealed), ``object``, ``fault``,
        ``detail``.  No row: nothing was found.

    Notes
    -----
    Sealed cells are opened only when the store has a cipher.
    """
    import pandas as pd

    rule = numbers or CustomerNumbers()
    found = [
        *_check_audit(store, head),
        *(finding for table, key in _VERSIONED.items() for finding in _check_history(store, table, key)),
        *_check_numbers(store, rule),
        *_check_sealed(store),
    ]
    return pd.DataFrame(found, columns=["check", "object", "fault", "detail"]).astype(str)


def _check_audit(store: Store, head: tuple[int, str] | None) -> Iterator[tuple[Any, ...]]:
    from crm_lib.protect.chain import verify_chain

    for finding in verify_chain(store.audit(), head=head).to_dict("records"):
        yield "audit", finding["seq"], finding["fault"], finding["detail"]


def _check_history(store: Store, table: str, key: str) -> Iterator[tuple[Any, ...]]:
    """Versions follow each other without overlap, and exactly one is current."""
    versions = store.query(f"SELECT {key}, valid_from, valid_to FROM {table} ORDER BY {key}, valid_from")
    names = key.split(", ")
    if versions.empty:
        return
    groups = versions.groupby(names, sort=True)
    n_current = groups["valid_to"].apply(lambda ends: int(ends.isna().sum()))
    for who, n in n_current[n_current != 1].items():
        yield "history", f"{table} {_word(who)}", "current", f"{n} current versions instead of one"
    following = groups["valid_from"].shift(-1)
    bad = (versions["valid_to"] <= versions["valid_from"]) | (following < versions["valid_to"])
    bad |= following.notna() & versions["valid_to"].isna()
    for row in versions[bad].to_dict("records"):
        who = _word([row[n] for n in names])
        yield (
            "history",
            f"{table} {who}",
            "overlap",
            f"the version from {row['valid_from']} overlaps the next",
        )


def _word(who: Any) -> str:
    return who if isinstance(who, str) else "/".join(map(str, who))


def _check_numbers(store: Store, rule: CustomerNumbers) -> Iterator[tuple[Any, ...]]:
    issued = store.query("SELECT DISTINCT customer_no FROM customers ORDER BY customer_no")["customer_no"]
    checked = rule.check(issued.tolist())
    for row in checked[~checked["valid"]].to_dict("records"):
        yield "numbers", row["customer_no"], row["fault"], "breaks the numbering rule"
    counters = store.query("SELECT name, value FROM counters")
    last = dict(zip(counters["name"], counters["value"], strict=True))
    n = len(rule.prefix) + 3
    for number in checked.loc[checked["valid"], "customer_no"]:
        if int(number[n:-1]) > last.get(number[:n], 0):
            yield (
                "counters",
                number[:n],
                "behind",
                f"number {number} is given out, the counter stands before it",
            )


def _check_sealed(store: Store) -> Iterator[tuple[Any, ...]]:
    if store.cipher is None:
        return
    for name in list_tables():
        contract = load_table(name)
        if not contract.sealed:
            continue
        stored = store.dump(name)
        try:
            opened = open_frame(stored, contract, store.cipher)
        except ProtectError as fault:
            yield "sealed", name, "closed", str(fault)
            continue
        again = seal_frame(opened, contract, store.cipher)
        for column in [f"{f.name}_{part}" for f in contract.sealed if f.masked for part in ("index", "mask")]:
            n = int((stored[column].astype(object).fillna("") != again[column].fillna("")).sum())
            if n:
                yield (
                    "sealed",
                    f"{name}.{column}",
                    column.rpartition("_")[2],
                    f"{n} do not fit the sealed value",
                )
