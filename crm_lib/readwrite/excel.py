"""Write tables as Excel workbooks and CSV files that open well and do no harm."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import DataError, ParameterError, ReadError
from crm_lib.readwrite.cells import (
    cell_text,
    clean_text,
    cut_text,
    is_missing,
    is_risky,
    settle_column,
    text_width,
)

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_048_575
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
_BIG = 1_000_000
_FORMATS = {
    "share": "0.0%",
    "money": "#,##0.00",
    "integer": "#,##0",
    "number": "#,##0.####",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
}
_HEADER = {"bold": True, "bg_color": "#DCE6EE", "bottom": 1, "valign": "vcenter", "text_wrap": False}
_FIXED_DATE = dt.datetime(2000, 1, 1)
_FIRST_EXCEL_DAY = dt.datetime(1900, 3, 1)


def write_excel(
    path: str | Path, sheets: Mapping[str, pd.DataFrame], *, titles: Mapping[str, str] | None = None
) -> Path:
    r"""Write tables as one workbook, a sheet each.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made when it is missing.
    sheets : mapping of str to DataFrame
        Sheet name → table, in the order of the sheets.  The index is not written.
    titles : mapping of str to str, optional
        Column name → header to show.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ParameterError
        No sheet is given.
    DataError
        A table has more rows or columns than a sheet can hold.
    ReadError
        The file cannot be written, for instance because Excel has it open.

    Notes
    -----
    Text is always written as text: numbers with leading zeros stay whole, and
    text a spreadsheet could take for a formula carries Excel's own text mark
    (the apostrophe that shows only while editing), so its value is unchanged.
    Whole numbers of 16 digits and more and days before March 1900 are written
    as text, because Excel would change them.  Names Excel refuses are mended
    (``[]:*?/\`` become ``_``, at most 31 characters, no two alike).  Dates in
    the file's properties are fixed: the same tables give the same bytes.
    """
    import xlsxwriter

    if not sheets:
        raise ParameterError("write_excel: needs at least one sheet; got none. Pass {'name': table}.")
    for name, frame in sheets.items():
        _check_size(name, frame)
    big = sum(frame.size for frame in sheets.values()) > _BIG
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": big, "in_memory": not big}) as book:
        book.set_properties({"created": _FIXED_DATE})
        styles = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        styles["header"] = book.add_format(_HEADER)
        styles["risky"] = book.add_format({"quote_prefix": True})
        for name, frame in zip(mend_sheet_names(sheets), sheets.values(), strict=True):
            _fill_sheet(book.add_worksheet(name), frame, titles or {}, styles)
    return write_file("write_excel", path, buffer.getvalue())


def write_csv(path: str | Path, frame: pd.DataFrame, *, titles: Mapping[str, str] | None = None) -> Path:
    """Write a table as a CSV file that Excel opens without garbled Chinese.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made when it is missing.
    frame : DataFrame
        The table.  The index is not written.
    titles : mapping of str to str, optional
        Column name → header to write.

    Returns
    -------
    Path
        The file written: UTF-8 with a byte order mark, commas, lines ending in LF.

    Raises
    ------
    ReadError
        The file cannot be written, for instance because Excel has it open.

    Notes
    -----
    A CSV file cannot mark text as text, so text a spreadsheet could take for a
    formula gets an apostrophe in front; plain numbers, negative ones too, do not.
    """
    safe = frame.copy()
    for i in range(frame.shape[1]):
        column, kind = settle_column("", frame.iloc[:, i])
        if kind == "text":
            column = column.astype(object).map(_defuse, na_action="ignore")
        safe.isetitem(i, column)
    safe.columns = [_defuse((titles or {}).get(c, str(c))) for c in frame.columns]
    text = safe.to_csv(index=False, lineterminator="\n")
    return write_file("write_csv", path, text.encode("utf-8-sig", "replace"))


def mend_sheet_names(names: Mapping[str, Any]) -> list[str]:
    """Return names Excel accepts: legal characters, at most 31, no two alike.

    Examples
    --------
    >>> mend_sheet_names({"a/b": 1, "A_B": 2, "": 3})
    ['a_b', 'A_B (2)', 'Sheet']
    """
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", clean_text(name)).strip().strip("'") or "Sheet"
        plain = f"{plain}_" if plain.lower() == "history" else plain
        taken = {f.lower() for f in found}
        mended, n = cut_text(plain, 31).strip("'"), 1
        while mended.lower() in taken:
            n += 1
            tail = f" ({n})"
            mended = cut_text(plain, 31 - len(tail)) + tail
        found.append(mended)
    return found


def write_file(where: str, path: str | Path, content: bytes) -> Path:
    """Write `content` to `path` at one stroke: a reader sees the old file or the new one."""
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True) if draft.parent.is_dir() else None
        raise ReadError(
            f"{where}: the file must be writable; {target}: {error.strerror}. "
            "Close it in other programs or choose another folder."
        ) from None
    return target


def fit_to_page(sheet: Any) -> None:
    """Print a sheet of xlsxwriter on A4 across, all columns on one page, the head on each page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C&P / &N")


def _check_size(name: str, frame: pd.DataFrame) -> None:
    if len(frame) > MOST_ROWS or frame.shape[1] > MOST_COLUMNS:
        raise DataError(
            f"write_excel: a sheet holds at most {MOST_ROWS:,} rows under its header and {MOST_COLUMNS:,} "
            f"columns; table {name!r} has {len(frame):,} and {frame.shape[1]:,}. Write it with write_csv."
        )


def _fill_sheet(
    sheet: Any, frame: pd.DataFrame, titles: Mapping[str, str], styles: Mapping[str, Any]
) -> None:
    settled = [settle_column(name, frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    columns, kinds = [values for values, _ in settled], [kind for _, kind in settled]
    heads = [clean_text(titles.get(name, name)) for name in frame.columns]
    for i, (head, values, kind) in enumerate(zip(heads, columns, kinds, strict=True)):
        shown = [text_width(cell_text(v, kind)) for v in values.head(500)]
        sheet.set_column(i, i, min(max([text_width(head) + 3, 8, *(w + 2 for w in shown)]), 60))
    sheet.freeze_panes(1, 0)
    fit_to_page(sheet)
    if columns:
        sheet.autofilter(0, 0, len(frame), len(columns) - 1)
    for i, head in enumerate(heads):
        sheet.write_string(0, i, head, styles["header"])
    # row by row: a large workbook is streamed and cannot go back
    for r, row in enumerate(zip(*columns, strict=True), start=1):
        for c, value in enumerate(row):
            _write_cell(sheet, r, c, value, kinds[c], styles)


def _write_cell(sheet: Any, row: int, column: int, value: Any, kind: str, styles: Mapping[str, Any]) -> None:
    if is_missing(value):
        return
    if kind == "flag":
        sheet.write_boolean(row, column, bool(value))
    elif kind in {"date", "datetime"} and value >= _FIRST_EXCEL_DAY:
        sheet.write_datetime(row, column, value.to_pydatetime(warn=False), styles[kind])
    elif kind in _FORMATS and kind not in {"date", "datetime"} and abs(value) != float("inf"):
        sheet.write_number(row, column, float(value), styles[kind])
    else:
        text = _shorten(cell_text(value, kind))
        sheet.write_string(row, column, text, styles["risky"] if is_risky(text) else None)


def _shorten(text: str) -> str:
    if cut_text(text, MOST_CHARACTERS) == text:
        return text
    tail = f"……（全文 {len(text):,} 字）"
    return cut_text(text, MOST_CHARACTERS - len(tail)) + tail


def _defuse(value: Any) -> Any:
    text = str(value)
    return f"'{text}" if is_risky(text) else value
