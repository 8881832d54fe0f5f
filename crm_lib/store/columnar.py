"""Frames to typed columns and back: what is written and read is the same on both engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words
from crm_lib.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

UNITS = 10_000
_RULES = {
    "text": "text",
    "time": "a moment like 2024-12-31 08:30:00",
    "day": "a date like 2024-12-31",
    "int": "whole numbers",
    "number": "numbers",
    "money": "amounts of at most 14 digits before the point",
    "flag": "true or false",
    "bytes": "bytes",
}


def parse_moment(where: str, name: str, value: Any) -> dt.datetime:
    """Return `value` (ISO text, date, datetime or Timestamp) as a local time of whole seconds."""
    try:
        if isinstance(value, dt.datetime) and value == value:  # NaT is a datetime that equals nothing
            moment = dt.datetime(*value.timetuple()[:6], tzinfo=value.tzinfo)
        elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            moment = dt.datetime(value.year, value.month, value.day)
        else:
            moment = dt.datetime.fromisoformat(str(value).strip()).replace(microsecond=0)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise StoreError(
            f"{where}: {name} must be a local time like 2024-12-31 08:30:00; got {value!r}. "
            "Write date and time, without a time zone."
        )
    return moment


def to_columns(
    frame: pd.DataFrame, columns: Sequence[tuple[str, str, bool]], *, where: str
) -> tuple[pa.Table, dict[str, str]]:
    """Return `frame` as an Arrow table with exactly `columns` (name, type, nullable), and their types.

    Columns that the frame lacks are left out when they may be empty.  All faults are named at once.
    """
    import pyarrow as pa

    faults, arrays = [], {}
    for name, kind, nullable in columns:
        if name not in frame.columns:
            faults += [] if nullable else [f"column {name!r} is missing"]
            continue
        try:
            arrays[name] = _array(frame[name], kind)
        except (ValueError, TypeError, OverflowError, pa.ArrowException):
            faults.append(f"column {name!r} must hold {_RULES[kind]}")
            continue
        n_null = arrays[name].null_count
        if n_null and not nullable:
            faults.append(f"column {name!r} may not be empty ({n_null:,} of {len(frame):,} rows are)")
    if faults:
        raise StoreError(f"{where}: {'; '.join(faults)}. Mend the rows and write them again.")
    return pa.table(arrays), {n: k for n, k, _ in columns if n in arrays}


def _array(values: pd.Series, kind: str) -> pa.Array:
    import pandas as pd
    import pyarrow as pa

    if kind == "text":
        return _texts(values)
    if kind in {"time", "day"}:
        times = pd.to_datetime(values, errors="raise", format=None if _is_time(values) else "ISO8601")
        if getattr(times.dt, "tz", None) is not None:
            raise ValueError("time zone")
        # a day keeps no hours: a date with a time of day would be cut in silence
        if kind == "day" and bool((times.dropna() != times.dropna().dt.normalize()).any()):
            raise ValueError("time of day")
        flat = times.dt.floor("s").astype("datetime64[us]")
        return pa.Array.from_pandas(flat, type=pa.timestamp("us")).cast(
            pa.timestamp("us") if kind == "time" else pa.date32()
        )
    if kind == "money":
        return _money(values)
    if kind == "bytes":
        return pa.array([None if _is_null(v) else bytes(v) for v in values], pa.binary())
    if kind == "flag":
        return pa.array([None if _is_null(v) else _flag(v) for v in values], pa.bool_())
    numbers = pd.to_numeric(values, errors="raise")
    if kind == "int":
        return pa.Array.from_pandas(numbers.astype("Int64"), type=pa.int64())
    return pa.array([None if v != v else v for v in numbers.astype("float64").tolist()], pa.float64())


def _is_time(values: pd.Series) -> bool:
    return values.dtype.kind == "M"


def _texts(values: pd.Series) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if values.dtype == object or str(values.dtype) not in {"str", "string"}:
        texts = pa.array([None if _is_null(v) else _text(v) for v in values], pa.string())
    else:
        texts = pa.array(values.to_numpy(object), pa.string(), from_pandas=True)
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise ValueError("NUL")
    return texts


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | float | bool):
        raise TypeError("not text")
    return str(value)


def _flag(value: Any) -> bool:
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, bool) and value not in {0, 1}:
        raise TypeError("not a flag")
    return bool(value)


def _is_null(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ in {"NAType", "NaTType"}


def _money(values: pd.Series) -> pa.Array:
    """Return amounts as decimals of 1/10,000: rounded once, here, so that both engines hold the same."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    floats = pd.to_numeric(values, errors="raise").astype("float64").to_numpy()
    missing = np.isnan(floats)
    if bool((np.abs(floats[~missing]) >= 1e14).any()):
        raise OverflowError("too large")
    units = np.floor(np.where(missing, 0, floats) * UNITS + 0.5).astype(np.int64)
    pairs = np.stack([units, units >> 63], axis=1)
    valid = pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(
        pa.decimal128(18, 4), len(floats), [valid, pa.py_buffer(pairs.tobytes())], int(missing.sum())
    )


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a frame with the same dtypes whatever the engine.

    Whole numbers become int64 (Int64 when some are missing), decimals float64, days and times
    datetime64[us], text the text dtype of the running pandas.
    """
    import pandas as pd

    columns = [_series(column) for column in table.columns]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    frame.columns = table.column_names
    return frame


def _series(column: pa.ChunkedArray) -> pd.Series:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_decimal(kind):
        # one by one: Arrow's own cast misses the nearest float by a digit
        return pd.Series(
            [float("nan") if v is None else float(v) for v in column.to_pylist()], dtype="float64"
        )
    if pa.types.is_integer(kind):
        dtype = "Int64" if column.null_count else "int64"
        return pd.Series(pc.cast(column, pa.int64()).to_pylist(), dtype=dtype)
    if pa.types.is_floating(kind):
        return pd.Series(column.to_numpy(), dtype="float64")
    if pa.types.is_boolean(kind):
        return pd.Series(column.to_pylist(), dtype="boolean" if column.null_count else "bool")
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pd.Series(pc.cast(column, pa.timestamp("us")).to_numpy()).astype("datetime64[us]")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pd.Series(column.to_pylist(), dtype=text_dtype())
    return pd.Series(column.to_pylist(), dtype=object)


def text_dtype() -> Any:
    """Return the dtype that this pandas gives text."""
    import pandas as pd

    return pd.Series(["a"]).dtype


def name_columns(names: Sequence[str]) -> str:
    """Word column names for a message."""
    return list_words(map(repr, names))
