"""From values as people know them to the columns that stand in the database, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError
from crm_lib.store.columnar import name_columns
from crm_lib.store.tables import Field, StoreTable

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.cipher import Cipher

HIDDEN = "***"


def seal_frame(frame: pd.DataFrame, table: StoreTable, cipher: Cipher | None) -> pd.DataFrame:
    """Return `frame` with its sealed columns as they are stored: bytes, fingerprint and mask.

    Notes
    -----
    Without a cipher the bytes are the plain text and the fingerprint has no key: such a database protects
    nothing against whoever holds its file.
    """
    unknown = [c for c in frame.columns if c not in table.names]
    if unknown:
        raise StoreError(
            f"table {table.name!r}: has no column {name_columns(unknown)}; it has {name_columns(table.names)}. "
            "Rename or leave out the others."
        )
    sealed = [f for f in table.sealed if f.name in frame.columns]
    out = frame.drop(columns=[f.name for f in sealed])
    owners = _list_owners(frame, table) if sealed else []
    for field in sealed:
        for name, values in _seal_field(frame[field.name], field, owners, cipher).items():
            out[name] = values
    return out


def _list_owners(frame: pd.DataFrame, table: StoreTable) -> list[str]:
    missing = [c for c in table.owner if c not in frame.columns]
    if missing:
        raise StoreError(
            f"table {table.name!r}: a sealed value belongs to its row, so column {name_columns(missing)} is "
            "needed; it is missing."
        )
    return ["/".join(map(str, parts)) for parts in zip(*(frame[c] for c in table.owner), strict=True)]


def _seal_field(
    values: pd.Series, field: Field, owners: Sequence[str], cipher: Cipher | None
) -> dict[str, pd.Series]:
    import pandas as pd

    texts = [None if v is None or v != v or v is pd.NA or v == "" else str(v) for v in values]
    stored = {
        field.name: [None if t is None else t.encode("utf-8") for t in texts]
        if cipher is None
        else cipher.seal(texts, column=field.name, owners=owners)
    }
    if field.masked:
        stored[f"{field.name}_index"] = fingerprint_values(texts, field.name, cipher)
        stored[f"{field.name}_mask"] = _mask(texts, field.name)
    return {n: pd.Series(v, index=values.index, dtype=object) for n, v in stored.items()}


def _mask(texts: Sequence[str | None], kind: str) -> list[str | None]:
    from crm_lib.protect.masking import mask_text

    known = {t: mask_text(t, kind=kind) for t in dict.fromkeys(texts) if t is not None}
    return [None if t is None else known[t] for t in texts]


def fingerprint_values(values: Sequence[str | None], column: str, cipher: Cipher | None) -> list[str | None]:
    """Return the fingerprints that stand in ``<column>_index``, to look equal values up.

    Parameters
    ----------
    values : sequence of str or None
        Values as people write them; they are brought into one form first.
    column : str
        ``phone``, ``email``, ``address`` or ``identity_no``.
    cipher : Cipher or None
        The database's cipher; without one the fingerprint has no key.

    Returns
    -------
    list of str or None
        64 hex digits each; None for nothing.
    """
    if cipher is not None:
        return cipher.fingerprint(values, column=column)
    from crm_lib.protect.normal import normalize_value

    forms = [None if v is None else normalize_value(v, column=column) or None for v in values]
    return [None if f is None else hashlib.sha256(f"{column}:{f}".encode()).hexdigest() for f in forms]


def open_field(
    cells: Sequence[bytes | None], column: str, owners: Sequence[str], cipher: Cipher | None
) -> list[str | None]:
    """Return the values of stored cells; with no cipher they must be plain."""
    cells = [None if c is None or c != c else bytes(c) for c in cells]
    if cipher is not None:
        return cipher.open(cells, column=column, owners=owners)
    return [None if c is None else c.decode("utf-8") for c in cells]


def open_frame(stored: pd.DataFrame, table: StoreTable, cipher: Cipher | None) -> pd.DataFrame:
    """Return stored rows with their sealed columns opened, without masks and fingerprints."""
    import pandas as pd

    out = stored.copy()
    owners = _list_owners(stored, table) if table.sealed else []
    for field in table.sealed:
        values = open_field(stored[field.name].tolist(), field.name, owners, cipher)
        out[field.name] = pd.Series(values, index=stored.index, dtype=object)
    return out[[n for n in table.names if n in out.columns]]
