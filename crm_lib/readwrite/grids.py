"""What the readers of all formats hand on: a table whose header is not yet known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HEAD_ROWS = 60


@dataclass
class Body:
    """The rows below the header: values as read, and the row number of each in the file.

    ``own`` names the columns that an earlier reading added (``source_row``, ``source_file``).
    """

    frame: pd.DataFrame
    source_row: np.ndarray
    notes: list[dict[str, Any]] = field(default_factory=list)
    own: tuple[str, ...] = ()


@dataclass
class Grid:
    """One table of a file (the text, a sheet, a database table) before its header is known.

    ``head`` holds the first rows; ``load(first, names, columns)`` reads the rows
    from number `first` on (0-based) under `names`, where `columns` says which
    column of the contract each name stands for (None for none).  In a ``typed``
    grid the only row of the head is the header, and it is certain.
    """

    head: list[list[Any]]
    load: Callable[[int, Sequence[str], Sequence[str | None]], Body]
    name: str | None = None
    hidden: bool = False
    typed: bool = False
    info: dict[str, Any] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)


def is_blank(cell: Any) -> bool:
    """Say whether a cell of a head row holds nothing to see."""
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell


def cell_text(cell: Any) -> str:
    """Return the text of a header cell as a person sees it."""
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip().strip("\ufeff")
