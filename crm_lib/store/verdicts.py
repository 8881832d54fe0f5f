"""The verdict on every row of an upload, and the file that shows it to who sent the rows."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, say
from crm_lib.errors import DataError
from crm_lib.readwrite.cells import clean_text, cut_text, is_risky
from crm_lib.readwrite.excel import MOST_CHARACTERS, write_file
from crm_lib.store.cell_texts import tell_text
from crm_lib.store.upload_check import Checked
from crm_lib.store.upload_match import NEW, REJECTED, SAME, UPDATED, VERDICTS, Judgement
from crm_lib.store.upload_read import Received, read_as_is

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source_row", "verdict", "customer_no", "column", "rule", "message")
_FIXED_DATE = dt.datetime(2000, 1, 1)
_COLOURS = {NEW: "#DDEBDA", UPDATED: "#DCE6EE", SAME: "#EEEEEE", REJECTED: "#F6D9C4"}
_FAULT = "#F2B6A0"


@dataclass(frozen=True)
class Upload:
    """What became of an upload.

    Attributes
    ----------
    verdicts : DataFrame
        One row per row received: source_row (as seen in the file), verdict (新增, 更新, 已有, 退回),
        customer_no (missing where there is none), column (those at fault, joined by commas), rule
        and message (Chinese).
    upload_id : str
        Number of the upload; of the earlier one when the same file came again and brought nothing.
    n_new, n_updated, n_same, n_rejected : int
        Rows by verdict.
    notes : tuple of str
        What was left out before judging, in Chinese.
    received : Received
        The rows as they came.
    """

    verdicts: pd.DataFrame
    upload_id: str
    n_new: int
    n_updated: int
    n_same: int
    n_rejected: int
    notes: tuple[str, ...] = ()
    received: Received | None = field(default=None, repr=False)


def make_verdicts(
    received: Received, checked: Checked, judged: Sequence[Judgement | None], numbers: Sequence[str | None]
) -> pd.DataFrame:
    """Return one verdict per received row; `numbers` are the customers' numbers where known."""
    import pandas as pd

    faults = {p: list(found) for p, found in groupby(checked.faults, key=lambda f: f.position)}
    tidied = _name_tidied(received, checked)
    rows = []
    for i, (judgement, no) in enumerate(zip(judged, numbers, strict=True)):
        if judgement is None:
            rows.append((REJECTED, None, *_join(faults[i])))
            continue
        message = _word(judgement, no, tidied[i])
        rows.append((judgement.verdict, no, judgement.column, judgement.rule, message))
    frame = pd.DataFrame(rows, columns=list(COLUMNS[1:]), dtype=object)
    frame.insert(0, "source_row", received.rows["source_row"].to_numpy())
    return frame.astype(dict.fromkeys(("verdict", "column", "rule", "message"), str))


def _join(faults: Sequence[Any]) -> tuple[str, str, str]:
    columns = ", ".join(dict.fromkeys(f.column for f in faults))
    return columns, ", ".join(f.rule for f in faults), "".join(f.message for f in faults)


def _name_tidied(received: Received, checked: Checked) -> list[str]:
    """Return per row the titles of the columns that were brought into our form."""
    out = [""] * len(received.rows)
    for name, mask in checked.tidied.items():
        title = received.form.field(name).title
        for i in mask.nonzero()[0]:
            out[i] += f"、{title}" if out[i] else title
    return out


def _word(judgement: Judgement, no: str | None, tidied: str) -> str:
    message = judgement.message
    if judgement.verdict == NEW:
        head = say("upload.new", no=no) if judgement.kind == "新客户" else say("upload.new_row")
        message = head + message
    if tidied and judgement.verdict in (NEW, UPDATED):
        message += say("upload.tidied", names=tidied)
    return message


def count_verdicts(verdicts: pd.DataFrame) -> dict[str, int]:
    """Return the number of rows by verdict, as the fields of `Upload` are called."""
    counts = verdicts["verdict"].value_counts()
    names = ("n_new", "n_updated", "n_same", "n_rejected")
    return {name: int(counts.get(v, 0)) for name, v in zip(names, VERDICTS, strict=True)}


def write_verdicts(upload: Upload, path: str | Path) -> Path:
    """Write the rows back as they came, with their verdict and what to do about it.

    Parameters
    ----------
    upload : Upload
        As `upload_rows` returned it.
    path : str or Path
        The .xlsx file to write.

    Returns
    -------
    Path
        The file written: the sheet of the sender in its own order and row numbers, two columns
        added at its end (审核结果, 说明), faulty cells coloured, and a sheet with the counts.

    Raises
    ------
    DataError
        The upload was not made in this session, so its rows are not at hand.
    ReadError
        The file cannot be written.

    Notes
    -----
    Every cell is written as text, number or date, never as a formula: what began with ``=`` is
    shown with Excel's own text mark.  The file holds what the sender sent, telephone numbers
    included: give it to nobody else.  When rejected rows are mended there and the file is
    uploaded again, the two added columns count as extra columns.
    """
    if upload.received is None:
        raise DataError(
            "write_verdicts: needs the rows that were uploaded; this upload has none. "
            "Call it with what upload_rows returned."
        )
    import xlsxwriter

    buffer = io.BytesIO()
    big = len(upload.verdicts) > 20_000
    with xlsxwriter.Workbook(buffer, {"constant_memory": big, "in_memory": not big}) as book:
        book.set_properties({"created": _FIXED_DATE})
        sheet = book.add_worksheet(upload.received.form.sheet)
        _fill_rows(sheet, upload, _make_styles(book))
        _fill_summary(book.add_worksheet(say("upload.summary_sheet")), upload)
    return write_file("write_verdicts", path, buffer.getvalue())


def _make_styles(book: Any) -> dict[str, Any]:
    styles = {v: book.add_format({"bg_color": c}) for v, c in _COLOURS.items()}
    styles["head"] = book.add_format({"bold": True, "bottom": 1, "bg_color": "#DCE6EE"})
    for name, body in (("cell", {}), ("fault", {"bg_color": _FAULT})):
        styles[name] = book.add_format(body)
        styles[f"{name}_risky"] = book.add_format({**body, "quote_prefix": True})
        styles[f"{name}_day"] = book.add_format({**body, "num_format": "yyyy-mm-dd"})
        styles[f"{name}_time"] = book.add_format({**body, "num_format": "yyyy-mm-dd hh:mm:ss"})
    return styles


def _fill_rows(sheet: Any, upload: Upload, styles: Mapping[str, Any]) -> None:
    received = upload.received
    frame = read_as_is(received)
    heads = [str(c) for c in frame.columns if c != "source_row"]
    # the rows of a frame are counted from 1 and have no header above them
    first = 1 if received.header_row else 0
    top = max(received.header_row - 1, 0)
    sheet.freeze_panes(top + 1, 0)
    sheet.set_column(0, len(heads) - 1, 14)
    sheet.set_column(len(heads), len(heads), 10)
    sheet.set_column(len(heads) + 1, len(heads) + 1, 60)
    for c, head in enumerate((*heads, say("upload.verdict_title"), say("upload.message_title"))):
        sheet.write_string(top, c, clean_text(head), styles["head"])
    columns = [frame.iloc[:, i].to_numpy(dtype=object) for i in range(len(heads))]
    told = upload.verdicts[["source_row", "verdict", "column", "message"]].to_numpy(dtype=object)
    for cells, (row, verdict, faulty, message) in zip(zip(*columns, strict=True), told, strict=True):
        named = {received.headers.get(n) for n in faulty.split(", ")} if verdict == REJECTED else set()
        at = int(row) - first
        for c, cell in enumerate(cells):
            _write_cell(sheet, at, c, cell, "fault" if heads[c] in named else "cell", styles)
        sheet.write_string(at, len(heads), verdict, styles[verdict])
        sheet.write_string(at, len(heads) + 1, cut_text(clean_text(message), MOST_CHARACTERS))


def _write_cell(sheet: Any, row: int, column: int, value: Any, kind: str, styles: Mapping[str, Any]) -> None:
    text = tell_text(value)
    if not text:
        if kind == "fault":
            sheet.write_blank(row, column, None, styles[kind])
        return
    if isinstance(value, dt.date) and value.year >= 1901 and getattr(value, "tzinfo", None) is None:
        clock = isinstance(value, dt.datetime) and value.time() != dt.time()
        sheet.write_datetime(row, column, value, styles[f"{kind}_{'time' if clock else 'day'}"])
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        sheet.write_number(row, column, value, styles[kind])
    else:
        shown = cut_text(clean_text(text), MOST_CHARACTERS)
        sheet.write_string(row, column, shown, styles[f"{kind}_risky" if is_risky(shown) else kind])


def _fill_summary(sheet: Any, upload: Upload) -> None:
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 60)
    sheet.write_string(0, 0, column_title("upload_id"))
    sheet.write_string(0, 1, upload.upload_id)
    for row, name in enumerate(("n_new", "n_updated", "n_same", "n_rejected"), start=1):
        sheet.write_string(row, 0, say(f"upload.{name}"))
        sheet.write_number(row, 1, getattr(upload, name))
    for row, note in enumerate(upload.notes, start=6):
        sheet.write_string(row, 1, clean_text(note))
