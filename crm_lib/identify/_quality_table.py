"""One raw table as the checks of data quality see it: its records, and the distinct cells of each column."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm_lib.identify._cells import Cells
from crm_lib.identify._quality_dates import list_forms, read_days
from crm_lib.identify._structure import find_blank_rows, find_structure

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._values import Parsed
    from crm_lib.schema import Table

_NUMBERS = ("integer", "number", "money", "share")


@dataclass(frozen=True)
class Setting:
    """What every check may need beside its table: the day, invented telephone ranges, the other tables."""

    as_of: dt.date
    phone_prefixes: tuple[str, ...]
    keys: dict[str, set[str]]


class QualityTable:
    """The records of a raw table; rows that are no records (blank, totals, header again) are counted only."""

    def __init__(self, name: str, raw: pd.DataFrame) -> None:
        import numpy as np

        self.name, self.schema = name, load_contract(name)
        faults = find_no_records(raw, self.schema)
        stay = ~np.logical_or.reduce(list(faults.values()))
        self.n_rows, self.n_dropped = len(raw), {code: int(m.sum()) for code, m in faults.items()}
        self.raw = raw if stay.all() else raw[stay]
        self.positions = np.flatnonzero(stay)
        self._cells: dict[str, Cells] = {}
        self._days: dict[str, Parsed] = {}
        self._forms: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.memo: dict[tuple[str, str], dict[str, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.raw)

    def has(self, column: str) -> bool:
        """Say whether the table has this column."""
        return column in self.raw.columns

    def kind_of(self, column: str) -> str:
        """Return the type the contract gives a column, else text."""
        known = self.schema is not None and column in self.schema.names
        return self.schema.column(column).type if known else "text"

    def cells(self, column: str) -> Cells:
        """Return the distinct cells of a column."""
        if column not in self._cells:
            self._cells[column] = Cells(self.raw[column], column, self.kind_of(column))
        return self._cells[column]

    def days(self, column: str) -> Parsed:
        """Return a column read as times, day by day in a column of dates."""
        if column not in self._days:
            whole = self.kind_of(column) != "datetime"
            self._days[column] = read_days(self.cells(column), whole_days=whole)
        return self._days[column]

    def date_forms(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Return how each distinct cell of a column writes its date, and whether that tells the day."""
        if column not in self._forms:
            self._forms[column] = list_forms(self.cells(column))
        return self._forms[column]

    def numbers(self, column: str) -> Parsed:
        """Return a column read as numbers."""
        from crm_lib.identify._numbers import parse_numbers

        kind = self.kind_of(column)
        cells = self.cells(column)
        return parse_numbers(cells.codes, cells.raw, kind if kind in _NUMBERS else "number", comma=False)[0]

    @cached_property
    def groups(self) -> np.ndarray:
        """Return the number of the register each row stands in: its file, else its channel, else one for all."""
        import numpy as np
        import pandas as pd

        for column in ("source_file", "channel"):
            if self.has(column):
                return pd.factorize(self.raw[column], use_na_sentinel=False)[0]
        return np.zeros(len(self), dtype="int64")

    @cached_property
    def source_rows(self) -> np.ndarray:
        """Return the row number a person sees in the file."""
        if self.has("source_row"):
            return self.raw["source_row"].to_numpy("int64")
        return self.positions + 1

    @cached_property
    def source_files(self) -> np.ndarray:
        """Return the file of each row, empty where there is only one."""
        import numpy as np

        if self.has("source_file"):
            return self.raw["source_file"].to_numpy(dtype=object)
        return np.full(len(self), "", dtype=object)

    @cached_property
    def records(self) -> np.ndarray:
        """Return what each record is called by: the first number the contract knows."""
        import numpy as np

        ids = [c.name for c in self.schema.columns if c.type == "id"] if self.schema is not None else []
        out = np.full(len(self), "", dtype=object)
        for column in ids:
            if self.has(column):
                cells = self.cells(column)
                text = np.array([*cells.half, ""], dtype=object)[cells.codes]
                out = np.where(out == "", text, out)
                if column != "record_id" or (out != "").all():
                    break
        return out


def load_contract(name: str) -> Table | None:
    """Return the contract of a table, or None for a table of the user's own."""
    from crm_lib.schema import list_schemas, load_schema

    return load_schema(name) if name in list_schemas() else None


def find_no_records(raw: pd.DataFrame, table: Table | None) -> dict[str, Any]:
    """Return a mask per kind of row that is no record: blank, totals, the header once more."""
    import numpy as np

    from crm_lib.readwrite import find_totals_rows

    if table is not None:
        return find_structure(raw, table)
    plain = raw.drop(columns=[c for c in ("source_row", "source_file") if c in raw.columns])
    blank = find_blank_rows(plain)
    totals = find_totals_rows(raw).to_numpy(dtype=bool) & ~blank
    return {"blank_row": blank, "totals_row": totals, "repeated_header": np.zeros(len(raw), dtype=bool)}
