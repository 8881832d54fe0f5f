"""Find the rows of a file that are no records: blank, totals, the header once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.schema import Table

_INVISIBLE = " \t\r\n\f\v\xa0\u3000\u200b\u200c\u200d\u2060\ufeff"
BOOKKEEPING = ("source_row", "source_file")


def find_structure(raw: pd.DataFrame, table: Table) -> dict[str, np.ndarray]:
    """Return a mask per reason; a row has at most one of them."""
    cells = raw.drop(columns=[c for c in BOOKKEEPING if c in raw.columns])
    blank = find_blank_rows(cells)
    header = ~blank & find_repeated_headers(raw, cells, table)
    totals = ~blank & ~header & _find_totals(raw)
    return {"blank_row": blank, "totals_row": totals, "repeated_header": header}


def find_blank_rows(cells: pd.DataFrame) -> np.ndarray:
    """Return True for rows without any value; blanks are no value."""
    import numpy as np

    blank = np.ones(len(cells), dtype=bool)
    for name in cells.columns:
        left = np.flatnonzero(blank)
        if not len(left):
            break
        column = cells[name].iloc[left]
        empty = column.isna().to_numpy(dtype=bool, copy=True)
        if _may_hold_text(column) and not empty.all():
            values = column.to_numpy(dtype=object)[~empty].tolist()
            empty[~empty] = [isinstance(v, str) and not v.strip(_INVISIBLE) for v in values]
        blank[left] = empty
    return blank


def find_repeated_headers(raw: pd.DataFrame, cells: pd.DataFrame, table: Table) -> np.ndarray:
    """Return True for rows in which at least two cells, and half of those filled, are their header."""
    import numpy as np

    mapping = (raw.attrs.get("source") or {}).get("mapping") or {}
    names = [n for n in cells.columns if isinstance(n, str)]
    hits = np.zeros(len(cells), dtype="int64")
    for name in names:
        if not _may_hold_text(cells[name]):
            continue
        words = {name, str(mapping.get(name, name))}
        if name in table.names:
            words.add(table.column(name).title)
        hits += cells[name].isin(words).to_numpy()
    out = np.zeros(len(cells), dtype=bool)
    suspects = np.flatnonzero(hits >= min(2, len(names)))
    if len(suspects):
        filled = cells.iloc[suspects].notna().sum(axis=1).to_numpy()
        out[suspects] = 2 * hits[suspects] >= filled
    return out


def _may_hold_text(column: pd.Series) -> bool:
    import pandas as pd

    return not (
        pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
    )


def _find_totals(raw: pd.DataFrame) -> np.ndarray:
    from crm_lib.readwrite import find_totals_rows

    return find_totals_rows(raw).to_numpy(dtype=bool)
