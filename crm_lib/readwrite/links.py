"""A workbook and a document that point at each other, row by row (Word ⇄ Excel)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crm_lib._checks import require_columns
from crm_lib.errors import DataError, ParameterError
from crm_lib.readwrite.cells import cell_text, clean_text, is_missing
from crm_lib.readwrite.excel import write_file
from crm_lib.readwrite.word import Block, HeadingBlock

if TYPE_CHECKING:
    import pandas as pd

_HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
_LINK_COLOR = "0563C1"
MOST_ROWS = 2_000


@dataclass(frozen=True)
class LinkedTable:
    """Rows that stand in both files.

    ``frame`` has one row per key; ``sheet`` is its sheet in the workbook, ``group`` the column whose values
    make the sections of the document (none: one table), ``columns`` what the document shows of each row.
    """

    frame: pd.DataFrame
    key: str
    sheet: str
    group: str = ""
    columns: Sequence[str] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    group_titles: Mapping[str, str] = field(default_factory=dict)


def write_linked(
    workbook: str | Path, document: str | Path, table: LinkedTable, *, blocks: Iterable[Block] = ()
) -> tuple[Path, Path]:
    """Write a workbook and a document in one folder, each row linked both ways.

    Parameters
    ----------
    workbook, document : path
        Files to write, in the same folder, so that the links stay whole when the folder moves.
    table : LinkedTable
        The rows.
    blocks : iterable of Block
        What the document holds before the rows.

    Returns
    -------
    tuple of Path
        Workbook and document.

    Raises
    ------
    ParameterError
        The two files are not in one folder.
    SchemaError
        A column of the table is missing.
    DataError
        A key is missing or stands twice, or there are more than 2,000 rows.
    ReadError
        A file cannot be written.

    Notes
    -----
    In the workbook the key of each row opens the document at the bookmark of that row; in the document it
    opens the workbook at the cell.  Links are relative (the file name alone).  Bookmarks are ``row_1`` … in
    the order of the frame: names of customers never become names of places.  The same rows give the same bytes.
    """
    workbook, document = Path(workbook), Path(document)
    if workbook.parent != document.parent:
        raise ParameterError(
            f"write_linked: both files must be in one folder; got {workbook.parent} and {document.parent}. "
            "Links between folders break when one is moved."
        )
    _check_table(table)
    marks = [f"row_{i + 1}" for i in range(len(table.frame))]
    book = _make_workbook(table, document.name, marks)
    doc = _make_document(table, workbook.name, marks, list(blocks))
    return write_file("write_linked", workbook, book), write_file("write_linked", document, doc)


def _check_table(table: LinkedTable) -> None:
    frame = table.frame
    require_columns(
        "write_linked", list(frame.columns), [table.key, *filter(None, [table.group]), *table.columns]
    )
    keys = frame[table.key]
    twice = keys[keys.duplicated() & keys.notna()]
    if keys.isna().any() or len(twice):
        shown = (
            f"{int(keys.isna().sum())} are missing"
            if keys.isna().any()
            else f"{twice.iloc[0]!r} stands twice"
        )
        raise DataError(
            f"write_linked: column {table.key!r} must name each row once; {shown}. Number the rows first."
        )
    if len(frame) > MOST_ROWS:
        raise DataError(
            f"write_linked: a linked table has at most {MOST_ROWS:,} rows; got {len(frame):,}. "
            "Link the rows that matter, and write all of them with write_excel."
        )


def _make_workbook(table: LinkedTable, document: str, marks: list[str]) -> bytes:
    import xlsxwriter

    from crm_lib.readwrite import excel

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": excel._FIXED_DATE})
        styles = {kind: book.add_format({"num_format": form}) for kind, form in excel._FORMATS.items()}
        styles |= {"header": book.add_format(excel._HEADER), "risky": book.add_format({"quote_prefix": True})}
        sheet = book.add_worksheet(_sheet_name(table))
        excel._fill_sheet(sheet, table.frame, table.titles, styles)
        look = book.get_default_url_format()
        column = list(table.frame.columns).index(table.key)
        for i, (mark, value) in enumerate(zip(marks, table.frame[table.key], strict=True), start=1):
            place = f"external:{quote(document)}#{mark}"
            sheet.write_url(i, column, place, look, cell_text(value, "text"), document)
    return buffer.getvalue()


def _sheet_name(table: LinkedTable) -> str:
    from crm_lib.readwrite.excel import mend_sheet_names

    return mend_sheet_names({table.sheet: None})[0]


def _make_document(table: LinkedTable, workbook: str, marks: list[str], blocks: list[Block]) -> bytes:
    import docx

    from crm_lib.readwrite import word

    document = docx.Document()
    word._set_page(document)
    numbers = {"表": 0, "图": 0}
    for block in blocks:
        word._add_block(document, block, numbers)
    for value, rows in _split_rows(table):
        if table.group:
            title = table.group_titles.get(value, value)
            word._add_block(document, HeadingBlock(f"{title}（{len(rows)}）", 2), numbers)
        if rows:
            _add_linked_table(document, table, workbook, marks, rows)
    word._fix_properties(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return word._fix_dates(buffer.getvalue())


def _split_rows(table: LinkedTable) -> list[tuple[str, list[int]]]:
    """Return group → positions of its rows; groups in the order of their titles, then as they come."""
    every = list(range(len(table.frame)))
    if not table.group:
        return [("", every)]
    values = ["" if is_missing(v) else str(v) for v in table.frame[table.group]]
    order = [*table.group_titles, *dict.fromkeys(v for v in values if v not in table.group_titles)]
    return [(name, [i for i in every if values[i] == name]) for name in order]


def _add_linked_table(
    document: Any, table: LinkedTable, workbook: str, marks: list[str], rows: list[int]
) -> None:
    from crm_lib.readwrite import word
    from crm_lib.readwrite.cells import settle_column
    from crm_lib.readwrite.word_tables import fit_widths, set_widths, shown_text

    columns = [table.key, *(c for c in table.columns if c != table.key)]
    settled = {c: settle_column(c, table.frame[c]) for c in columns}
    grid = document.add_table(rows=1 + len(rows), cols=len(columns), style="Table Grid")
    every = list(grid.rows)
    heads = [clean_text(table.titles.get(c, c)) for c in columns]
    word._fill_row(every[0], heads, ["text"] * len(columns), head=True)
    kinds = [settled[c][1] for c in columns]
    at = list(table.frame.columns).index(table.key)
    sheet = _sheet_name(table)
    shown = [
        [shown_text(c, settled[c][0].iloc[i], k) for c, k in zip(columns, kinds, strict=True)] for i in rows
    ]
    for row, i, texts in zip(every[1:], rows, shown, strict=True):
        word._fill_row(row, ["", *texts[1:]], kinds)
        place = name_cell(sheet, f"{_column_letters(at)}{i + 2}")
        _add_link(document, row.cells[0].paragraphs[0], texts[0], workbook, place, marks[i], i + 1)
    set_widths(grid, fit_widths([heads, *shown]))
    document.add_paragraph().paragraph_format.space_after = 0


def name_cell(sheet: str, cell: str) -> str:
    """Return the address of a cell; a plain sheet name stands without quotes, as every program reads it."""
    plain = sheet.isascii() and sheet.isidentifier() and not sheet[-1].isdigit()
    return f"{sheet}!{cell}" if plain else f"'{sheet}'!{cell}"


def _column_letters(position: int) -> str:
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _add_link(
    document: Any, paragraph: Any, text: str, file: str, place: str, mark: str, number: int
) -> None:
    """Write `text` as a link to a cell of `file`, inside a bookmark of its own."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    target = f"{quote(file)}#{quote(place, safe=chr(39) + '!$')}"
    number_of = document.part.relate_to(target, _HYPERLINK, is_external=True)
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    start.set(qn("w:id"), str(number))
    start.set(qn("w:name"), mark)
    end.set(qn("w:id"), str(number))
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), number_of)
    link.set(qn("w:history"), "1")
    run, look = OxmlElement("w:r"), OxmlElement("w:rPr")
    for name, value in (("w:color", _LINK_COLOR), ("w:sz", "19"), ("w:u", "single")):
        part = OxmlElement(name)
        part.set(qn("w:val"), value)
        look.append(part)
    words = OxmlElement("w:t")
    words.text = clean_text(text)
    run.append(look)
    run.append(words)
    link.append(run)
    for element in (start, link, end):
        paragraph._p.append(element)
