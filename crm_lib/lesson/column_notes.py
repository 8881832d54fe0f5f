"""The sheet 说明 of a workbook: what each column of each sheet means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, list_section, say, sheet_title

if TYPE_CHECKING:
    import pandas as pd


def explain_columns(
    tables: Mapping[str, pd.DataFrame], *, meanings: str, sheets: str, other: str = ""
) -> pd.DataFrame:
    """Return one row per sheet and column with what it means.

    Parameters
    ----------
    tables
        Sheet → table.
    meanings
        Section of the catalogue: column → meaning, or ``<sheet>_<column>`` → meaning where one sheet uses a column in
        its own sense.
    sheets
        Section and beginning of the titles of the sheets, such as ``growth.sheet_``.
    other
        What is said of a column without a meaning, for sheets that hold lines of the source as they stand; without it
        such a column is a mistake.

    Returns
    -------
    DataFrame
        sheet_name, sheet_title, column_title, meaning.

    Raises
    ------
    KeyError
        A column has no meaning, and `other` is empty.
    """
    import pandas as pd

    known = list_section(meanings)
    rows = []
    for name, frame in tables.items():
        for column in map(str, frame.columns):
            told = known.get(f"{name}_{column}") or known.get(column) or other
            if not told:
                raise KeyError(f"{meanings}.{column}")
            rows.append((sheet_title(name), say(f"{sheets}{name}"), column_title(column), told))
    return pd.DataFrame(rows, columns=["sheet_name", "sheet_title", "column_title", "meaning"])
