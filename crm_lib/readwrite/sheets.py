"""Read the sheets of a workbook (xlsx, xlsm, xlsb, xls, ods) and of pages saved as one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import HEAD_ROWS, Body, Grid, is_blank

Range = tuple[tuple[int, int], tuple[int, int]]


def read_workbook_grids(data: bytes, *, where: str) -> list[Grid]:
    """Return the sheets that hold something, hidden ones too, in the order of the workbook."""
    from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    if "EncryptedPackage".encode("utf-16-le") in data:
        raise ReadError(f"{where}: the workbook is protected with a password. Save it without one.")
    try:
        book = load_workbook(io.BytesIO(data))
        grids = []
        for sheet in book.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                hidden = sheet.visible != SheetVisibleEnum.Visible
                page = book.get_sheet_by_name(sheet.name)
                rows = page.to_python(skip_empty_area=False)
                grids.append(make_grid(sheet.name, rows, page.merged_cell_ranges or [], hidden=hidden))
    except (CalamineError, OSError, ValueError) as error:
        if "password" in str(error).lower():
            raise ReadError(
                f"{where}: the workbook is protected with a password. Save it without one."
            ) from None
        raise ReadError(
            f"{where}: the workbook cannot be read ({error}). Open it in Excel and save it again."
        ) from None
    return [g for g in grids if g.head]


def make_grid(name: str, rows: list[list[Any]], merged: Sequence[Range], *, hidden: bool = False) -> Grid:
    """Return the grid of a sheet given cell by cell; trailing blank rows are no rows."""
    while rows and all(map(is_blank, rows[-1])):
        rows.pop()
    spans = [r for r in merged if r[1][0] > r[0][0]]
    head = [list(row) for row in rows[:HEAD_ROWS]]
    for (top, left), (bottom, _) in spans:
        for i in range(top + 1, min(bottom + 1, len(head))):
            if left < len(head[i]) and left < len(head[top]):
                head[i][left] = head[top][left]

    def load(first: int, names: Sequence[str], columns: Sequence[str | None]) -> Body:
        return _load_rows(rows, spans, first, names, columns)

    return Grid(head, load, name=name, hidden=hidden)


def _load_rows(
    rows: list[list[Any]],
    spans: Sequence[Range],
    first: int,
    names: Sequence[str],
    columns: Sequence[str | None],
) -> Body:
    import numpy as np
    import pandas as pd

    width = max([len(names), *(len(r) for r in rows[first:])])
    body = [[None if is_blank(c) else c for c in r] + [None] * (width - len(r)) for r in rows[first:]]
    notes = _fill_merged(body, spans, first, columns)
    every = [*names, *(f"column_{i + 1}" for i in range(len(names), width))]
    frame = pd.DataFrame(body, columns=every, dtype=object)
    return Body(frame, np.arange(first + 1, first + 1 + len(body), dtype="int64"), notes)


def _fill_merged(
    body: list[list[Any]], spans: Sequence[Range], first: int, columns: Sequence[str | None]
) -> list[dict[str, Any]]:
    """Give every row of a merged cell the value of its first row.

    Not so an amount: one amount over three lines is their sum, and filling it
    down would count it three times.
    """
    filled, kept = 0, []
    for (top, left), (bottom, _) in spans:
        start, end = max(top + 1, first) - first, min(bottom + 1 - first, len(body))
        if top < first or start >= end or left >= len(body[0]) or body[top - first][left] is None:
            continue
        if left < len(columns) and columns[left] == "amount":
            kept.append(top + 1)
            continue
        for row in body[start:end]:
            row[left] = body[top - first][left]
        filled += end - start
    notes: list[dict[str, Any]] = [{"kind": "merged_cells", "n_filled": filled}] if filled else []
    if kept:
        notes.append({"kind": "merged_amounts", "n": len(kept), "rows": kept[:10]})
    return notes
