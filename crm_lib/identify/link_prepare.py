"""From records to what is compared: ids, registers, columns, values that stand for nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_lib.errors import DataError
from crm_lib.identify.link_fields import (
    gather_columns,
    number_texts,
    read_addresses,
    read_births,
    read_cells,
    read_contacts,
    read_genders,
    read_names,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

# a number that so many differently named people give is nobody's (000000, the shop's own number)
_MOST_NAMES = 12
# a birthday that so many times the usual number of people have was typed in for want of one (1900-01-01)
_BIRTH_TIMES = 12
_BIRTH_LEAST = 25


@dataclass(frozen=True)
class Prepared:
    """Records ready to compare: ``ids`` as text, ``register`` a number per record, ``columns`` of one length."""

    ids: np.ndarray
    register: np.ndarray
    columns: dict[str, np.ndarray]
    warnings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: np.ndarray) -> Prepared:
        """Return some of the records."""
        return Prepared(
            self.ids[rows], self.register[rows], {k: v[rows] for k, v in self.columns.items()}, self.warnings
        )

    def table(self) -> pa.Table:
        """Return the columns as a table for the database: missing is null, ``unique_id`` the row number."""
        import numpy as np
        import pyarrow as pa

        out = {
            "unique_id": pa.array(np.arange(len(self), dtype="int64")),
            "register": pa.array(self.register),
        }
        for title, values in self.columns.items():
            if values.dtype.kind == "O":
                out[title] = pa.array(values, type=pa.string())
            else:
                out[title] = pa.array(values.astype("int64"), mask=values < 0)
        return pa.table(out)


def prepare_records(records: pd.DataFrame) -> Prepared:
    """Take records apart for linking; the input stays as it is.

    Raises
    ------
    SchemaError
        No column tells persons apart.
    DataError
        Two records of one register have the same number.
    """
    found = gather_columns(records)
    warnings: list[str] = []
    register = _number_registers(records)
    ids = _name_ids(records, register, warnings)
    columns: dict[str, np.ndarray] = {}
    if "name" in found:
        columns |= read_names(found["name"])
    woman = columns.pop("woman", None)
    gender = read_genders(found.get("gender"), woman)
    if gender is not None:
        columns["gender"] = gender.astype("int64")
    if "birth_date" in found:
        births, notes = read_births(found["birth_date"])
        columns |= births
        warnings += notes
    columns |= read_contacts(found) | read_addresses(found)
    _blank_defaults(columns, warnings)
    return Prepared(ids, register, columns, warnings)


def _number_registers(records: pd.DataFrame) -> np.ndarray:
    """Return a number for the register of each record: its channel, else the file it was read from."""
    import numpy as np

    for column in ("channel", "source_file"):
        if column in records and records[column].notna().any():
            codes, names = read_cells(records[column], str.lower)
            return number_texts(names, codes) + 1
    return np.zeros(len(records), dtype="int64")


def _name_ids(records: pd.DataFrame, register: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Return the number of each record as text; across registers equal numbers get the register's name."""
    import numpy as np
    import pandas as pd

    if "record_id" not in records:
        warnings.append("No column record_id: records are called R and their place in the table.")
        width = len(str(len(records)))
        return np.array([f"R{k + 1:0{width}d}" for k in range(len(records))], dtype=object)
    codes, names = read_cells(records["record_id"], str)
    ids = np.array(names, dtype=object)[codes]
    blank = pd.isna(ids)
    if blank.any():
        raise DataError(
            f"link_records: record_id is missing in {int(blank.sum()):,} of {len(ids):,} records. "
            "Clean the table first (clean_table puts such rows into quarantine), or fill the numbers in."
        )
    return ids if not pd.Series(ids).duplicated().any() else _part_ids(records, ids, register, warnings)


def _part_ids(
    records: pd.DataFrame, ids: np.ndarray, register: np.ndarray, warnings: list[str]
) -> np.ndarray:
    """Put the register before numbers that another register has too; within one they must be unique."""
    import pandas as pd

    twice = pd.DataFrame({"id": ids, "register": register}).duplicated().to_numpy()
    if twice.any():
        raise DataError(
            f"link_records: record_id must be unique within a register; {int(twice.sum()):,} of {len(ids):,} "
            f"records repeat one (first: {ids[twice][0]}). Clean the table first (clean_table), "
            "or number the records anew."
        )
    again = pd.Series(ids).duplicated(keep=False).to_numpy()
    warnings.append(
        f"record_id: {int(again.sum()):,} records repeat a number of another register; they are called "
        "<register>:<record_id>."
    )
    names = records["channel" if "channel" in records else "source_file"].to_numpy()
    out = ids.copy()
    out[again] = [f"{c}:{i}" for c, i in zip(names[again], ids[again], strict=True)]
    return out


def _blank_defaults(columns: dict[str, np.ndarray], warnings: list[str]) -> None:
    """Blank telephone numbers, mails and birthdays that were typed in for want of one."""
    import numpy as np

    who = columns.get("sound", columns.get("name"))
    for title, more in (
        ("phone", ("digits", "shuffled", "phone_end")),
        ("email", ("mail_name", "mail_text")),
    ):
        if title in columns and who is not None:
            bad = _find_crowded(columns[title], who)
            _blank(columns, title, more, bad, warnings, "given by many differently named people")
    if "birth" in columns and len(columns["birth"]):
        counts = (
            np.bincount(columns["birth"][columns["birth"] >= 0]) if (columns["birth"] >= 0).any() else None
        )
        if counts is not None:
            usual = counts[counts > 0].mean()
            many = np.flatnonzero(counts > max(_BIRTH_LEAST, _BIRTH_TIMES * usual))
            bad = np.isin(columns["birth"], many)
            _blank(
                columns,
                "birth",
                ("year", "month", "day"),
                bad,
                warnings,
                "far more frequent than any other day",
            )


def _find_crowded(values: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Return the rows whose value more than `_MOST_NAMES` differently named people give."""
    import numpy as np
    import pandas as pd

    known = (values >= 0) & (who >= 0)
    if not known.any():
        return np.zeros(len(values), dtype=bool)
    often = np.bincount(values[values >= 0]) > _MOST_NAMES
    rows = np.flatnonzero(known & np.append(often, False)[values])
    pairs = pd.DataFrame({"value": values[rows], "who": who[rows]}).drop_duplicates()
    n_names = pairs["value"].value_counts()
    return np.isin(values, n_names.index[n_names > _MOST_NAMES].to_numpy(dtype="int64"))


def _blank(
    columns: dict[str, np.ndarray],
    title: str,
    more: tuple[str, ...],
    bad: np.ndarray,
    warnings: list[str],
    why: str,
) -> None:
    import numpy as np

    if not bad.any():
        return
    n = len(np.unique(columns[title][bad]))
    warnings.append(f"{title}: {n:,} value(s) in {int(bad.sum()):,} records do not count: {why}.")
    for name in (title, *more):
        nothing = None if columns[name].dtype.kind == "O" else -1
        columns[name] = np.where(bad, nothing, columns[name])
