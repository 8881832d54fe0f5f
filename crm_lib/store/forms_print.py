"""Print paper forms: HTML pages of A4, and Word documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm_lib.errors import DataError
from crm_lib.store.forms import Sheet

_ROOM = "crm_lib.store"


def write_forms_html(path: str | Path, sheets: Sequence[Sheet], *, title: str) -> Path:
    """Write forms as one HTML file that prints on A4.

    Parameters
    ----------
    path : path
        File to write.
    sheets : sequence of Sheet
        What ``make_card_sheets``, ``make_register_sheets`` or ``make_bag_sheets`` returned, or several joined.
    title : str
        Title of the file.

    Returns
    -------
    Path
        The file written; it fetches nothing and runs no script.  The same sheets give the same bytes.

    Raises
    ------
    DataError
        There is no sheet.
    """
    from crm_lib.look.page import render_page, write_atomic

    _require_sheets("write_forms_html", sheets)
    page, _ = render_page(_ROOM, "forms.html.j2", styles=("forms.css",), title=title, sheets=list(sheets))
    return write_atomic(Path(path), page)


def write_forms_word(path: str | Path, sheets: Sequence[Sheet], *, title: str) -> Path:
    """Write forms as a Word document: a heading, the facts as a table, the other tables.

    Parameters
    ----------
    path : path
        File to write.
    sheets : sequence of Sheet
        As for `write_forms_html`.
    title : str
        Title of the document.

    Returns
    -------
    Path
        The file written.  The same sheets give the same bytes.

    Raises
    ------
    DataError
        There is no sheet.
    """
    from crm_lib.readwrite.word import HeadingBlock, write_word

    _require_sheets("write_forms_word", sheets)
    blocks: list[Any] = [HeadingBlock(title, 0)]
    for sheet in sheets:
        blocks += _make_blocks(sheet)
    return write_word(path, blocks)


def _make_blocks(sheet: Sheet) -> list[Any]:
    import pandas as pd

    from crm_lib.readwrite.word import HeadingBlock, TableBlock, TextBlock

    blocks: list[Any] = [HeadingBlock(f"{sheet.heading}　{sheet.number}", 1)]
    facts = [(group, title, value) for group, pairs in sheet.groups for title, value in pairs]
    if facts:
        blocks.append(TableBlock(pd.DataFrame(facts, columns=["类别", "项目", "内容"]), sheet.number))
    for caption, rows in sheet.tables:
        blocks.append(TableBlock(pd.DataFrame(list(rows[1:]), columns=list(rows[0])), caption))
    return [*blocks, *(TextBlock(note) for note in sheet.notes)]


def _require_sheets(where: str, sheets: Sequence[Sheet]) -> None:
    if not sheets:
        raise DataError(f"{where}: needs at least one sheet; got none. Is the list of customers empty?")
