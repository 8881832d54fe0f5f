"""Read sources that know their columns: Parquet, Feather, JSON, frames, database files and addresses."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words
from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import Body, Grid

if TYPE_CHECKING:
    import pandas as pd


def frame_grid(
    headers: Sequence[Any], fetch: Callable[[], pd.DataFrame], name: str | None = None, **info: Any
) -> Grid:
    """Return the grid of a table with certain headers; `fetch` brings its rows when it is chosen."""

    def load(first: int, names: Sequence[str], columns: Sequence[str | None]) -> Body:
        import numpy as np

        frame = fetch()
        frame = frame.set_axis(list(names), axis=1)
        if "source_row" in names and str(frame["source_row"].dtype) == "int64":
            return Body(frame, frame["source_row"].to_numpy(), own=("source_row", "source_file"))
        return Body(frame, np.arange(1, len(frame) + 1, dtype="int64"))

    return Grid([[str(h) for h in headers]], load, name=name, typed=True, info=info)


def read_arrow_grids(data: bytes, kind: str, *, where: str) -> list[Grid]:
    """Return the table of a Parquet or Feather file."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    try:
        read = parquet.read_table if kind == "parquet" else feather.read_table
        table = read(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise ReadError(f"{where}: is a damaged {kind} file ({_one_line(error)}). Export it again.") from None
    return [arrow_grid(table)]


def arrow_grid(table: Any, name: str | None = None) -> Grid:
    """Return the grid of an Arrow table; whole numbers with gaps stay whole."""
    return frame_grid(table.column_names, lambda: _plain_frame(table), name)


def _plain_frame(table: Any) -> pd.DataFrame:
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(field.type.value_type))
    return table.to_pandas(ignore_metadata=True, integer_object_nulls=True)


def read_json_grids(text: str, *, where: str) -> list[Grid]:
    """Return the table of a JSON array of records, or of one record a line."""
    import pandas as pd

    try:
        records = _parse_records(text)
    except ValueError as error:
        raise ReadError(
            f"{where}: is not valid JSON ({error}). Write one record a line, or one array."
        ) from None
    if not all(isinstance(r, dict) for r in records):
        raise ReadError(f'{where}: JSON must hold records such as {{"customer_id": …}}, one per row.')
    records = [_flatten(r) for r in records]
    headers = list(dict.fromkeys(k for r in records for k in r))
    rows = [[r.get(h) for h in headers] for r in records]
    return [frame_grid(headers, lambda: pd.DataFrame(rows, columns=headers, dtype=object))] if headers else []


def _parse_records(text: str) -> list[Any]:
    """Parse one array, one object that holds the array, or one record a line."""
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict):
        arrays = [v for v in whole.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        return arrays[0] if len(arrays) == 1 else [whole]
    return whole


def _flatten(record: dict[str, Any], front: str = "") -> dict[str, Any]:
    """Return a record without records inside: ``{"customer": {"id": 7}}`` has the field ``customer.id``."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            flat |= _flatten(value, f"{front}{key}.")
        elif isinstance(value, (list, dict)):
            flat[front + key] = json.dumps(value, ensure_ascii=False, sort_keys=True)
        else:
            flat[front + key] = None if value == "" else value
    return flat


def read_frame_grids(frame: Any) -> list[Grid]:
    """Return the grid of a pandas, Arrow, Polars or DuckDB table."""
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        kept = frame.copy() if _has_plain_index(frame) else frame.reset_index()
        return [frame_grid(kept.columns, lambda: kept, **{"attrs": frame.attrs.get("source", {})})]
    if hasattr(frame, "collect") and hasattr(frame, "lazy"):
        frame = frame.collect()
    for method in ("to_arrow_table", "to_arrow", "fetch_arrow_table"):
        if hasattr(frame, method):
            frame = getattr(frame, method)()
            break
    if hasattr(frame, "read_all"):
        frame = frame.read_all()
    if not hasattr(frame, "column_names"):
        raise ReadError(
            f"read_table: cannot read an object of type {type(frame).__name__!r}; "
            "it takes a path, a list of paths, a database address, or a pandas, Arrow or Polars table. "
            "Convert it to a pandas DataFrame first."
        )
    return [arrow_grid(frame)]


def _has_plain_index(frame: pd.DataFrame) -> bool:
    return frame.index.nlevels == 1 and frame.index.name is None


def hash_rows(frame: pd.DataFrame) -> tuple[str, int]:
    """Return sha256 and length of the rows written as CSV."""
    text = io.StringIO(newline="")
    frame.to_csv(text, index=False, lineterminator="\n")
    data = text.getvalue().encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest(), len(data)


def choose_name(names: Sequence[str], wanted: str, where: str, what: str) -> str:
    """Return the one of `names` that is `wanted`, or name the closest."""
    from crm_lib._checks import closest_first

    for same in (str, str.strip, lambda n: n.strip().casefold()):
        found = [n for n in names if same(n) == same(wanted)]
        if len(found) == 1:
            return found[0]
    near = closest_first(wanted, names)
    raise ReadError(
        f"{where}: has no {what} {wanted!r}; it has {list_words(map(repr, near)) or 'none'}."
        + (f" Did you mean {where}#{near[0]}?" if near else "")
    )


def _one_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
