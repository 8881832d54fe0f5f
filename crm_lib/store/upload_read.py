"""Take in a filled template, or any table with known headers, exactly as it came."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.catalogue import say
from crm_lib.readwrite import read_table
from crm_lib.schema import Table
from crm_lib.store.cell_texts import find_blank, tell_text
from crm_lib.store.fields import EXAMPLE, MARK, Form, FormField, load_form

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Received:
    """A table as it was received, before anything is judged.

    Attributes
    ----------
    form : Form
        The template it is held against.
    rows : DataFrame
        One row per row to be judged: the columns of the template that were found, values as
        read, and ``source_row``, the row number seen in the file.
    raw : DataFrame
        The same rows under their own headers, extra columns included.
    headers : dict
        Column of the template → header of the file.
    extra : tuple of str
        Headers that mean no column of the template; kept in the raw records only.
    factors : dict
        Column → factor of the unit its header names, such as 10000 for 万元.
    file_name, file_sha256 : str
        The file; the hash is of its bytes, of a frame of its values.
    header_row : int
        Row of the header, counted from 1; 0 for a frame, whose first row has number 1.
    sheet : str or None
        The sheet that was read.
    source : Any
        What was read, to show it again.
    notes : tuple of str
        What was left out or done, in Chinese.
    """

    form: Form
    rows: pd.DataFrame
    raw: pd.DataFrame
    headers: dict[str, str]
    extra: tuple[str, ...]
    factors: dict[str, float]
    file_name: str
    file_sha256: str
    header_row: int
    sheet: str | None
    source: Any = field(repr=False)
    notes: tuple[str, ...] = ()


def read_upload(
    source: Any,
    *,
    table: str = "customers",
    columns: Mapping[str, str] | None = None,
    choices: Mapping[str, Any] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Received:
    """Read a filled template, or any table whose headers are known, without judging it.

    Parameters
    ----------
    source : path or DataFrame
        A workbook, text file or other table `read_table` can read (one file), or a frame.
    table : str
        ``"customers"``, ``"transactions"`` or ``"investments"``.
    columns : mapping of str to str, optional
        Column -> header, where the header is not known.
    choices : mapping of str to sequence of str, optional
        As in `write_template`.
    defaults : mapping of str to str, optional
        Column -> value for all rows, where the file has no such column: ``{"channel": "门店"}`` for
        the register of the shops.

    Returns
    -------
    Received
        Every row that holds anything, but for the template's own example row; what was left
        out stands in ``notes``.

    Raises
    ------
    ReadError
        The file cannot be read.
    SchemaError
        A column without which no row can be judged is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> got = read_upload(pd.DataFrame({"姓名": ["王伟"], "联系电话": ["13812345678"], "星座": ["狮子"]}))
    >>> got.headers, got.extra
    ({'name': '姓名', 'phone': '联系电话'}, ('星座',))
    """
    form = load_form(table, choices)
    frame = read_table(source, form.contract, columns=columns, sheet=_find_sheet(source, form))
    facts = frame.attrs["source"]
    mapping = dict(facts["mapping"])
    extra = tuple(c for c in frame.columns if c not in mapping and c not in ("source_row", "source_file"))
    numbers = frame["source_row"]
    raw = frame.drop(columns="source_row").rename(columns=mapping)
    example, notes = _find_example(frame, form)
    blank = find_blank(raw)
    keep = ~(example | blank)
    if blank.any():
        notes.append(say("upload.note_blank", n=int(blank.sum())))
    notes += _note_reading(facts, extra)
    raw = raw.assign(source_row=numbers)[keep].reset_index(drop=True)
    rows = frame[[c for c in (MARK, *form.names) if c in mapping]].assign(source_row=numbers)
    mapping.pop(MARK, None)
    for name, value in (defaults or {}).items():
        require_choice("read_upload", "a column of defaults", name, form.names)
        rows = rows if name in mapping else rows.assign(**{name: value})
    file = facts["files"][0]
    name = Path(str(file["name"])).name if not hasattr(source, "columns") else ""
    return Received(
        form=form, rows=rows[keep].reset_index(drop=True), raw=raw, headers=mapping, extra=extra,
        factors={c: f for c, f in facts["factors"].items() if f != 1}, file_name=name,
        file_sha256=str(file["sha256"]), header_row=int(facts["header_row"] or 0), sheet=facts["sheet"],
        source=source, notes=tuple(notes),
    )  # fmt: skip


def _find_sheet(source: Any, form: Form) -> str | None:
    """Return the template's own sheet when the workbook has it; its instructions look like a table too."""
    if not isinstance(source, str | Path) or "#" in str(source) or not Path(source).is_file():
        return None
    try:
        with zipfile.ZipFile(source) as book:
            text = book.read("xl/workbook.xml").decode("utf-8")
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        return None
    return form.sheet if f'name="{form.sheet}"' in text else None


def _find_example(frame: pd.DataFrame, form: Form) -> tuple[Any, list[str]]:
    """Find the template's example rows: marked as such and still as they were printed.

    A marked row with other values is somebody's customer and goes on to be judged.
    """
    import numpy as np

    found, notes = np.zeros(len(frame), dtype=bool), []
    if MARK not in frame.columns:
        return found, notes
    marks = frame[MARK].to_numpy(dtype=object)
    for position in np.flatnonzero([is_example_mark(m) for m in marks]):
        row = frame.iloc[position]
        if all(_is_printed(f, row[f.name]) for f in form.fields if f.name in frame.columns):
            found[position] = True
            notes.append(say("upload.note_example", row=int(row["source_row"])))
    return found, notes


def is_example_mark(value: Any) -> bool:
    """Return whether a cell of the mark column says that the row is an example."""
    return EXAMPLE in tell_text(value)


def _is_printed(field: FormField, value: Any) -> bool:
    """Return whether a cell holds what the template printed there (a list's example may be the firm's own)."""
    text = tell_text(value).strip()
    if field.form in ("number", "integer", "money"):
        return text == tell_text(float(field.example)) or text == field.example
    return text == field.example or (field.form == "choice" and text in field.choices)


def _note_reading(facts: Mapping[str, Any], extra: tuple[str, ...]) -> list[str]:
    notes = []
    if extra:
        notes.append(say("upload.note_extra", names="、".join(map(str, extra[:12])), n=len(extra)))
    merged = [n for n in facts["notes"] if n["kind"] == "merged_cells"]
    if merged:
        notes.append(say("upload.note_merged", n=sum(int(n["n_filled"]) for n in merged)))
    return notes


def read_as_is(received: Received) -> pd.DataFrame:
    """Return the received rows with their columns in the file's own order; in the contract's where it is gone."""
    own = [c for c in received.raw.columns if c != "source_row"]
    if hasattr(received.source, "columns"):
        order = [str(c) for c in received.source.columns]
    else:
        bare = Table("as_is", "", "", ())
        try:
            again = read_table(received.source, bare, header_row=received.header_row, sheet=received.sheet)
            order = [c for c in again.columns if c != "source_row"]
        except ValueError:
            order = own
    names = [c for c in order if c in own]
    return received.raw[[*names, *(c for c in own if c not in names), "source_row"]]
