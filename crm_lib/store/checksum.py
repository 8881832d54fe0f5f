"""Checksums of the content of tables: the same on both engines, whatever the order of rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from crm_lib.store.columnar import UNITS
from crm_lib.store.sealing import open_frame
from crm_lib.store.tables import StoreTable, list_tables, load_table

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store


def checksum_tables(store: Store) -> pd.DataFrame:
    """Compute the checksum of every table.

    Parameters
    ----------
    store : Store
        The open database.

    Returns
    -------
    DataFrame
        One table a row, in the order of `list_tables`: ``table``, ``n_rows``, ``sha256``.

    Notes
    -----
    SHA-256 over the sorted SHA-256 of the rows.  Sealed cells count by their opened content when the store
    has a cipher (then the same content sealed anew has the same sum), else by their bytes; fingerprints and
    masks follow from the content and are left out.  Compare sums only when both were made with a cipher, or
    both without.
    """
    import pandas as pd

    rows = [(name, *checksum_frame(_open(store, name), load_table(name))) for name in list_tables()]
    return pd.DataFrame(rows, columns=["table", "n_rows", "sha256"]).astype({"n_rows": "int64"})


def _open(store: Store, name: str) -> pd.DataFrame:
    contract, stored = load_table(name), store.dump(name)
    if store.cipher is None:
        return stored[list(contract.names)]
    return open_frame(stored, contract, store.cipher)


def checksum_frame(frame: pd.DataFrame, contract: StoreTable) -> tuple[int, str]:
    """Return number of rows and checksum of rows with the columns of `contract`."""
    columns = [_texts(frame[f.name], f.type) for f in contract.fields]
    hashes = sorted(
        hashlib.sha256("\x1f".join(row).encode("utf-8")).digest() for row in zip(*columns, strict=True)
    )
    total = hashlib.sha256("\x1f".join(contract.names).encode())
    for row in hashes:
        total.update(row)
    return len(frame), total.hexdigest()


def _texts(values: pd.Series, kind: str) -> list[str]:
    """Return cells in one form; a missing one can be no value's form, for it alone is a lone control sign."""
    missing = values.isna().tolist()
    if kind in {"time", "day"}:
        shown = values.dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
    elif kind == "money":
        shown = [
            0 if gone else int(v * UNITS + (0.5 if v >= 0 else -0.5))
            for v, gone in zip(values, missing, strict=True)
        ]
    elif kind == "number":
        shown = [repr(float(v)) for v in values.astype("float64")]
    else:
        shown = [v.hex() if isinstance(v, bytes) else v for v in values.tolist()]
    return ["\x00" if gone else str(v) for v, gone in zip(shown, missing, strict=True)]
