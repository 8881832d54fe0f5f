"""Put the parts of a cleaned table together: rows, merged, quarantine."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import DataError, SchemaError
from crm_lib.identify._columns import settle_types
from crm_lib.identify._numbers import CODE_OF
from crm_lib.identify._structure import BOOKKEEPING
from crm_lib.identify.reasons import PRIORITY, STRUCTURAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from crm_lib.schema import Table


def check_table(raw: Any, table: Table) -> None:
    """Refuse what is no frame, has a column twice, or lacks a column the contract needs."""
    import pandas as pd

    if not isinstance(raw, pd.DataFrame):
        raise DataError(
            f"clean_table: raw must be a pandas DataFrame; got {type(raw).__name__}. "
            "Read the file with read_table first."
        )
    twice = raw.columns[raw.columns.duplicated()]
    if len(twice):
        raise SchemaError(
            f"clean_table: a column name may stand once; got {list_words(map(repr, twice))} more than once. "
            "Rename or drop the columns that are not meant."
        )
    needs = [*table.needs, *(((c.name,),) for c in table.columns if c.required)]
    for need in needs:
        if not any(set(option) <= set(raw.columns) for option in need):
            wanted = " or ".join(" and ".join(map(repr, option)) for option in need)
            near = closest_first(need[0][0], map(str, raw.columns))
            raise SchemaError(
                f"clean_table: table {table.name!r} needs column {wanted}; the table has "
                f"{list_words(near) or 'no columns'}. "
                "Read the file with read_table, which maps known headers, or rename the column."
            )


def make_source(raw: pd.DataFrame) -> pd.DataFrame:
    """Return source_row (made from 1 when absent) and source_file per raw row."""
    import numpy as np
    import pandas as pd

    out = pd.DataFrame({"source_row": np.arange(1, len(raw) + 1, dtype="int64")})
    if "source_row" in raw.columns:
        numbers = pd.to_numeric(raw["source_row"], errors="coerce")
        if numbers.isna().any() or (numbers % 1 != 0).any():
            raise DataError(
                "clean_table: column 'source_row' must hold the row numbers of the file; "
                f"got {raw['source_row'][numbers.isna() | (numbers % 1 != 0)].iloc[0]!r}. "
                "Drop the column and the rows are numbered from 1."
            )
        out["source_row"] = numbers.to_numpy("int64")
    if "source_file" in raw.columns:
        out["source_file"] = raw["source_file"].to_numpy()
    return out


def any_fault(faults: dict[str, np.ndarray]) -> np.ndarray:
    """Return True for every raw row with at least one fault."""
    import numpy as np

    return np.logical_or.reduce(list(faults.values()))


def assemble_rows(
    source: pd.DataFrame,
    frame: pd.DataFrame,
    positions: np.ndarray,
    flags: pd.DataFrame | None,
    extra: pd.DataFrame,
    table: Table,
) -> pd.DataFrame:
    """Return contract columns, source columns, flags and the columns no contract knows."""
    import pandas as pd

    names = [n for n in table.names if n in frame.columns]
    parts = [
        settle_types(frame[names]),
        source.iloc[positions],
        *([] if flags is None else [flags]),
        extra.iloc[positions],
    ]
    return pd.concat([p.reset_index(drop=True) for p in parts], axis=1)


def make_merged(
    source: pd.DataFrame,
    folded: Sequence[pd.DataFrame],
    frame: pd.DataFrame,
    extra: pd.DataFrame,
    table: Table,
) -> pd.DataFrame:
    """Return the rows folded into others, in file order, each with its reason and counterpart."""
    import numpy as np
    import pandas as pd

    names = [n for n in table.names if n in frame.columns]
    empty = frame.iloc[:0].assign(
        _position=np.array([], dtype="int64"), _into=np.array([], dtype="int64"), reason=""
    )
    lines = pd.concat(list(folded), ignore_index=True) if folded else empty
    lines = lines.sort_values("_position", kind="stable", ignore_index=True)
    position, into = lines["_position"].to_numpy(), lines["_into"].to_numpy()
    head = source.iloc[position].reset_index(drop=True)
    head["reason"] = lines["reason"].to_numpy(dtype=object)
    head["merged_into"] = source["source_row"].to_numpy()[into]
    if "source_file" in source:
        head["merged_into_file"] = source["source_file"].to_numpy(dtype=object)[into]
    head = head.astype({"reason": str})
    return _beside(
        head, pd.concat([settle_types(lines[names]), extra.iloc[position].reset_index(drop=True)], axis=1)
    )


def make_quarantine(
    raw: pd.DataFrame, source: pd.DataFrame, faults: dict[str, np.ndarray], amount: np.ndarray
) -> pd.DataFrame:
    """Return the rows set aside with their reasons, the amount that could be read, and the raw text."""
    import numpy as np
    import pandas as pd

    rows = np.flatnonzero(any_fault(faults))
    first = np.full(len(rows), "", dtype=object)
    every = np.full(len(rows), "", dtype=object)
    for code in PRIORITY:
        mask = faults[code][rows] if code in faults else np.zeros(len(rows), dtype=bool)
        if code not in STRUCTURAL:
            mask = mask & ~np.isin(first, STRUCTURAL)
        first[mask & (first == "")] = code
        every[mask] = np.where(every[mask] == "", code, every[mask] + ";" + code)
    head = source.iloc[rows].reset_index(drop=True)
    head["reason"], head["reasons"], head["parsed_amount"] = first, every, amount[rows]
    head = head.astype({"reason": str, "reasons": str})
    cells = raw.drop(columns=[c for c in BOOKKEEPING if c in raw.columns]).iloc[rows]
    text = {name: _raw_text(cells[name]) for name in cells.columns}
    return _beside(head, pd.DataFrame(text, index=head.index, dtype=object))


def _raw_text(column: pd.Series) -> np.ndarray:
    import numpy as np

    out = np.empty(len(column), dtype=object)
    missing = column.isna().to_numpy()
    out[~missing] = [str(v) for v in column.to_numpy(dtype=object)[~missing]]
    return out


def _beside(head: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Put `cells` beside `head`; a raw column of the same name gets the suffix ``_raw``."""
    import pandas as pd

    taken = {n: f"{n}_raw" for n in cells.columns if n in head.columns}
    return pd.concat([head, cells.rename(columns=taken)], axis=1)


def spent_attrs(attrs: dict, currency: str) -> dict:
    """Return the attrs of the rows: a factor that was applied must not be applied again.

    ``currency`` is added to the source: the code of a foreign currency, or empty text for the yuan.
    """
    out = copy.deepcopy(attrs)
    source = out.get("source")
    if isinstance(source, dict) and source:
        stated = [(source.get("units") or {}).get(c, "") for c in ("amount", "unit_price")]
        codes = [CODE_OF.get(t.strip().lower(), "CNY") for t in stated]
        source["currency"] = currency or next((c for c in codes if c != "CNY"), "")
    if isinstance(source, dict) and source.get("factors"):
        source["factors_applied"], source["factors"] = source["factors"], {}
    return out
