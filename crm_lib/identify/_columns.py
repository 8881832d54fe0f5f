"""Read every column of a raw table as the type its contract names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from crm_lib.errors import DataError
from crm_lib.identify import _dates, _numbers, _texts
from crm_lib.identify._values import MISSING, Parsed, distinct_cells

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import AuditLog
    from crm_lib.schema import Column, Table

_NUMERIC = ("number", "money", "share", "integer")


@dataclass
class Typed:
    """The typed columns of a table and the state of every cell (see ``_values``)."""

    frame: pd.DataFrame
    states: dict[str, np.ndarray] = field(default_factory=dict)

    def state(self, column: str) -> np.ndarray:
        """Return the state per row; every cell of an absent column is missing."""
        import numpy as np

        if column in self.states:
            return self.states[column]
        return np.full(len(self.frame), MISSING, dtype="uint8")


def type_columns(
    body: pd.DataFrame,
    positions: np.ndarray,
    table: Table,
    source: dict[str, Any],
    log: AuditLog,
    date_order: str,
) -> Typed:
    """Read the contract's columns of `body`; `positions` number its rows in the raw table.

    `source` is what `read_table` says of the file.
    """
    import pandas as pd

    factors = source.get("factors") or {}
    commas = _find_comma_columns(body, table, source.get("separator"))
    out = Typed(pd.DataFrame(index=pd.RangeIndex(len(body))))
    for column in table.columns:
        if column.name not in body.columns:
            continue
        parsed, notes = _parse(body[column.name], column, date_order, column.name in commas)
        for code, before, after, detail in notes:
            log.note(column.name, code, before=before, after=after, detail=detail)
        values = _as_type(parsed.row_values(), column.type)
        _log_cells(log, parsed, values, positions, column.name)
        factor = float(factors.get(column.name, 1) or 1)
        if factor != 1 and column.type in _NUMERIC:
            values = _scale(values, factor)
            log.note(column.name, "factor", before=1, after=factor)
        out.frame[column.name] = values
        out.states[column.name] = parsed.row_state()
    return out


def _find_comma_columns(body: pd.DataFrame, table: Table, separator: str | None) -> set[str]:
    """Return the columns that leave their decimal sign open while the others of the file write a comma.

    A file with semicolons in which nothing decides is refused: 1.250 there is
    as likely one thousand two hundred and fifty.
    """
    names = [c.name for c in table.columns if c.type in ("money", "number") and c.name in body.columns]
    found = {n: _numbers.judge_decimal(distinct_cells(body[n])[1]) for n in names}
    signs = {sign for sign, _ in found.values()}
    open_columns = {n: cell for n, (sign, cell) in found.items() if sign == "open"}
    if "dot" in signs or not open_columns:
        return set()
    if "comma" not in signs and separator == ";":
        name, cell = next(iter(open_columns.items()))
        raise DataError(
            f"clean_table: column {name!r} must tell its decimal sign; {cell!r} could be "
            f"{float(cell):g} or {cell.replace('.', '')}, and no number of the file decides. "
            "Write the numbers with two decimals, or without points between thousands."
        )
    return set(open_columns) if "comma" in signs else set()


def _parse(
    series: pd.Series, column: Column, date_order: str, comma: bool
) -> tuple[Parsed, list[_dates.Note]]:
    """Read one column; a note is (code, before, after, detail)."""
    import pandas as pd

    zone = getattr(series.dtype, "tz", None)
    if zone is not None and isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_localize(None)
    codes, cells = distinct_cells(series)
    notes: list[_dates.Note] = []
    if column.type in ("date", "datetime"):
        days = column.type == "date"
        parsed, notes = _dates.parse_dates(
            codes, cells, column=column.name, date_order=date_order, whole_days=days
        )
        if zone is not None:
            notes.append(("zone_dropped", str(zone), "", ""))
    elif column.type in _NUMERIC:
        parsed, found = _numbers.parse_numbers(codes, cells, column.type, comma=comma)
        notes = [(code, "", what, "") for code, what in found]
    elif column.type == "flag":
        parsed = _texts.parse_flags(codes, cells)
    else:
        parsed = _texts.parse_texts(codes, cells, _reader(column))
    return parsed, notes


def _reader(column: Column) -> Any:
    if column.type == "id":
        return _texts.read_id
    if column.type == "category":
        return partial(_texts.read_category, choices={c.lower(): c for c in column.choices})
    return _texts.read_text


def _as_type(values: Any, kind: str) -> Any:
    """Return whole numbers and flags in the type that can miss a value."""
    import pandas as pd

    return pd.array(values, dtype="Int64") if kind == "integer" else values


def settle_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Return whole numbers as int64 and flags as bool where no cell is missing.

    Decided on the finished table: which rows were set aside on the way must
    not show in the type.
    """
    plain = {"Int64": "int64", "boolean": "bool"}
    kinds = {c: plain.get(str(frame[c].dtype)) for c in frame.columns}
    return frame.astype({c: kind for c, kind in kinds.items() if kind and not frame[c].isna().any()})


def _log_cells(log: AuditLog, parsed: Parsed, values: Any, positions: np.ndarray, name: str) -> None:
    """Record every cell with a rule; its texts are made once per distinct cell."""
    import numpy as np

    from crm_lib.identify._audit import as_text

    rows = parsed.changed_rows()
    if not len(rows):
        return
    cells = parsed.codes[rows]
    used = np.unique(cells)
    spread = np.searchsorted(used, cells)
    first = rows[np.unique(spread, return_index=True)[1]]
    before = np.array([as_text(c) for c in parsed.raw[used].tolist()], dtype=object)
    after = np.array([_shown(values[i]) for i in first], dtype=object)
    kept_as_is = np.array([r == "id_digits_lost" for r in parsed.rule[used]], dtype=bool)
    after[kept_as_is & (after == "")] = before[kept_as_is & (after == "")]
    log.cells(positions[rows], name, before[spread], after[spread], parsed.rule[used][spread])


def _shown(value: Any) -> str:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import as_text

    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value) if not np.isnat(value) else None
    return as_text(value.item() if isinstance(value, np.generic) else value)


def _scale(values: Any, factor: float) -> Any:
    """Multiply by the unit of the header, to 1/10,000 of a yuan."""
    import numpy as np

    if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
        values = np.asarray(values, dtype="float64")
    return np.floor(values * factor * 10_000 + 0.5) / 10_000
