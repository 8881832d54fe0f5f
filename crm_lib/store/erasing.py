"""Take out of a restored database who was erased after its backup was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib.store.retention import erase_customers
from crm_lib.store.sealing import fingerprint_values
from crm_lib.store.tables import list_tables, load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store


def list_customer_tables() -> tuple[str, ...]:
    """Return the tables whose rows belong to a customer."""
    return tuple(n for n in list_tables() if "customer_no" in load_table(n).names)


def find_erased(store: Store, fingerprints: Sequence[str]) -> list[str]:
    """Return the customers of a database whose fingerprint is on a list.

    Parameters
    ----------
    store : Store
        The open database, with the key the fingerprints were made with.
    fingerprints : sequence of str
        As they stand in ``erasures``.

    Returns
    -------
    list of str
        ``customer_no``, sorted; those that only a history, an upload or a log of dealings still names too.
    """
    wanted, found = set(fingerprints), set()
    if not wanted:
        return []
    for table in list_customer_tables():
        rows = store.query(f"SELECT DISTINCT customer_no FROM {quote(table)} WHERE customer_no IS NOT NULL")
        numbers = [n for n in rows["customer_no"].tolist() if n not in found]
        marks = fingerprint_values(numbers, "customer_no", store.cipher)
        found |= {n for n, mark in zip(numbers, marks, strict=True) if mark in wanted}
    return sorted(found)


def erase_again(store: Store, erasures: Sequence[pd.DataFrame]) -> int:
    """Erase again who was erased after a backup, and put the list of erasures back; in a transaction.

    Parameters
    ----------
    store : Store
        The database filled from a backup, inside a transaction.
    erasures : sequence of DataFrame
        ``customer_fingerprint``, ``erased_on``, ``reason`` as they are known from several places.

    Returns
    -------
    int
        Customers erased again.
    """
    import pandas as pd

    columns = list(load_table("erasures").names)
    given = [e[columns] for e in erasures if len(e)]
    if not given:
        return 0
    every = pd.concat(given, ignore_index=True).drop_duplicates("customer_fingerprint", keep="first")
    n_erased = 0
    # by day, because the years of bookkeeping are counted back from it
    for day, part in every.groupby(pd.to_datetime(every["erased_on"]), sort=True):
        numbers = find_erased(store, part["customer_fingerprint"].tolist())
        erase_customers(store, numbers, day=day.date())
        n_erased += len(numbers)
    here = set(store.dump("erasures")["customer_fingerprint"])
    fresh = every[~every["customer_fingerprint"].isin(here)]
    if len(fresh):
        store.load("erasures", fresh)
    return n_erased
