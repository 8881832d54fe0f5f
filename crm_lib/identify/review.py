"""The review list: pairs of records the machine is unsure of, for a person to decide."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns, require_range
from crm_lib.catalogue import column_title, say
from crm_lib.errors import DataError, ReadError, SchemaError
from crm_lib.identify._audit import as_text
from crm_lib.identify.cards_mask import MASKED, mask_value

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = ("same", "different", "unsure")
FIELDS = (
    "name",
    "gender",
    "birth_date",
    "phone",
    "email",
    "province",
    "city",
    "address",
    "channel",
    "registered_on",
)
_IDS = ["record_id_l", "record_id_r"]
_HEAD = ("pair", "decision", "note", "probability", *_IDS)
_MOST = 1_000
_FIXED_DATE = dt.datetime(2000, 1, 1)
_WIDTHS = {"pair": 6, "decision": 10, "note": 18, "probability": 14}


def list_reviews(
    pairs: pd.DataFrame,
    records: pd.DataFrame,
    *,
    low: float = 0.2,
    high: float = 0.98,
    most: int = _MOST,
    show: Sequence[str] = (),
) -> pd.DataFrame:
    """List the pairs a person must decide, the two records side by side.

    Parameters
    ----------
    pairs
        One row per scored pair: ``record_id_l``, ``record_id_r``, ``probability`` (0–1; also
        taken as ``match_probability``).
    records
        One row per record: ``record_id`` and the fields to compare.
    low, high
        Pairs with low <= probability <= high are listed.
    most
        At most so many: those nearest to one half.
    show
        Contact fields to show in full ("phone", "email", "address"); the others are masked.

    Returns
    -------
    DataFrame
        One row per pair, the most doubtful first: ``pair`` (1 …), ``decision`` and ``note``
        (empty), ``probability``, ``record_id_l`` < ``record_id_r``, then ``<field>_l`` and
        ``<field>_r`` as text.  ``attrs``: ``differ`` (field → pairs that differ in it),
        ``n_found`` (pairs between low and high), ``masked``.

    Raises
    ------
    SchemaError, DataError, ParameterError
        A column is missing, a pair names a record that is not there, low is above high.

    Notes
    -----
    Whether two cells differ is told by their full values, so masking hides no difference.
    """
    columns = list(pairs.columns)
    if "probability" not in columns and "match_probability" in columns:
        pairs = pairs.rename(columns={"match_probability": "probability"})
    require_columns("list_reviews", pairs.columns, [*_IDS, "probability"])
    require_columns("list_reviews", records.columns, ["record_id"])
    require_range("list_reviews", "low", low, 0, high)
    require_range("list_reviews", "high", high, low, 1)
    require_range("list_reviews", "most", most, 1)
    found = _order_pairs(pairs[pairs["probability"].between(low, high)])
    out = found.head(most).reset_index(drop=True)
    known = records.set_index(records["record_id"].astype(str))
    _require_known(out, known)
    masked = [f for f in MASKED[:3] if f not in show and f in known.columns]
    return _show_sides(out, known, masked, len(found))


def _order_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    ids = pairs[_IDS].astype(str)
    swap = ids["record_id_l"] > ids["record_id_r"]
    left, right = ids["record_id_l"], ids["record_id_r"]
    out = pairs[["probability"]].assign(
        record_id_l=left.where(~swap, right), record_id_r=right.where(~swap, left)
    )
    out["doubt"] = (out["probability"] - 0.5).abs().round(9)
    return out.sort_values(["doubt", *_IDS], kind="stable").drop_duplicates(_IDS).drop(columns="doubt")


def _require_known(pairs: pd.DataFrame, known: pd.DataFrame) -> None:
    unknown = sorted({i for side in _IDS for i in pairs[side]} - set(known.index))
    if unknown or known.index.has_duplicates:
        raise DataError(
            f"list_reviews: pairs must name records that are there once; {len(unknown):,} are not "
            f"({list_words(unknown, most=3) or 'some stand twice'}). Pass the records the pairs were scored on."
        )


def _show_sides(out: pd.DataFrame, known: pd.DataFrame, masked: list[str], n_found: int) -> pd.DataFrame:
    import pandas as pd

    table = {"pair": range(1, len(out) + 1), "decision": "", "note": "", "probability": out["probability"]}
    table |= {side: out[side] for side in _IDS}
    differ: dict[str, list[int]] = {}
    for field in (f for f in FIELDS if f in known.columns):
        sides = [[as_text(v) for v in known[field].reindex(out[side])] for side in _IDS]
        differ[field] = [
            n for n, (a, b) in enumerate(zip(*sides, strict=True), 1) if a and b and _alike(a) != _alike(b)
        ]
        for side, texts in zip(("l", "r"), sides, strict=True):
            table[f"{field}_{side}"] = [mask_value(field, t) if field in masked else t for t in texts]
    shown = pd.DataFrame(table, index=out.index)
    shown.attrs.update(differ=differ, n_found=n_found, masked=masked)
    return shown


def _alike(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def write_reviews(path: str | Path, reviews: pd.DataFrame) -> Path:
    """Write the review list as a workbook with a drop-down for each decision.

    Parameters
    ----------
    path
        File to write.
    reviews
        What `list_reviews` returned.

    Returns
    -------
    Path
        The file.  The same list gives the same bytes.
    """
    import xlsxwriter

    from crm_lib.readwrite.excel import write_file

    require_columns("write_reviews", reviews.columns, list(_HEAD))
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _FIXED_DATE})
        sheet = book.add_worksheet(say("reviews.sheet"))
        _fill_list(book, sheet, reviews)
        guide = book.add_worksheet(say("reviews.guide"))
        guide.set_column(0, 0, 100)
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for n in range(4):
            guide.write_string(n, 0, say(f"reviews.guide_{n + 1}"), wrap)
    return write_file("write_reviews", path, buffer.getvalue())


def _fill_list(book: Any, sheet: Any, reviews: pd.DataFrame) -> None:
    from crm_lib.readwrite.cells import clean_text, text_width
    from crm_lib.readwrite.excel import fit_to_page

    head = book.add_format({"bold": True, "bg_color": "#DCE6EE", "bottom": 1, "valign": "vcenter"})
    plain, other = book.add_format({}), book.add_format({"bg_color": "#FDF6E6"})
    free = book.add_format({"bg_color": "#FFFFE0", "border": 1, "border_color": "#C8CED3"})
    share = book.add_format({"num_format": "0.0%"})
    differ = {f: set(rows) for f, rows in reviews.attrs.get("differ", {}).items()}
    for c, column in enumerate(reviews.columns):
        title = _title(column)
        texts = [clean_text(as_text(v)) for v in reviews[column]]
        width = max([text_width(title) + 2, *(text_width(t) + 2 for t in texts[:500])])
        sheet.set_column(c, c, _WIDTHS.get(column, min(width, 40)))
        sheet.write_string(0, c, title, head)
        uneven = differ.get(column[:-2], set()) if column not in _HEAD else set()
        for r, (text, value) in enumerate(zip(texts, reviews[column], strict=True), 1):
            if column in {"pair", "probability"}:
                sheet.write_number(r, c, float(value), share if column == "probability" else plain)
            elif column in {"decision", "note"}:
                sheet.write_string(r, c, text, free) if text else sheet.write_blank(r, c, None, free)
            elif text:
                sheet.write_string(r, c, text, other if r in uneven else plain)
    _add_choice(sheet, list(reviews.columns).index("decision"), len(reviews))
    sheet.freeze_panes(1, 2)
    fit_to_page(sheet)


def _add_choice(sheet: Any, column: int, n_rows: int) -> None:
    words = [say(f"reviews.{d}") for d in DECISIONS]
    rule = {"validate": "list", "source": words, "input_message": say("reviews.prompt")}
    sheet.data_validation(1, column, max(n_rows, 1), column, {**rule, "error_message": say("reviews.wrong")})


def _title(column: str) -> str:
    from crm_lib.schema import load_schema

    if column in _HEAD:
        return say(f"reviews.{column}")
    field, side = column[:-2], "left" if column.endswith("_l") else "right"
    known = {c.name: c.title for c in load_schema("customers").columns}
    return say(f"reviews.{side}", title=known.get(field, column_title(field)))


def read_reviews(path: str | Path) -> pd.DataFrame:
    """Read a filled-in review list.

    Parameters
    ----------
    path
        The workbook; its rows may have been sorted, left empty or deleted.

    Returns
    -------
    DataFrame
        One row per pair in file order: ``record_id_l``, ``record_id_r``, ``decision`` ("same",
        "different", "unsure", empty while open), ``note``, ``source_row``.
        ``attrs["n_open"]`` counts the open ones.

    Raises
    ------
    ReadError
        The file is no workbook.
    SchemaError
        It is no review list: a header is missing.
    DataError
        A decision is another word, or a row lacks a record number; all such rows are named.
    """
    import pandas as pd

    rows = _read_sheet(Path(path))
    heads = {say(f"reviews.{name}"): name for name in ("decision", "note", *_IDS)}
    top = next(
        (n for n, row in enumerate(rows) if {say("reviews.decision"), *map(_title, _IDS)} <= set(row)), -1
    )
    if top < 0:
        raise SchemaError(
            f"read_reviews: the first sheet must have the headers {list_words(map(repr, heads))}; "
            f"{Path(path).name} has not. Fill in the file that write_reviews wrote."
        )
    place = {heads[text]: c for c, text in enumerate(rows[top]) if text in heads}
    words = {say(f"reviews.{d}"): d for d in DECISIONS} | {"": ""}
    out, faults = [], []
    for number, row in enumerate(rows[top + 1 :], top + 2):
        cells = {name: row[c] for name, c in place.items()}
        if not any(cells.values()):
            continue
        if not all(cells[i] for i in _IDS) or cells["decision"] not in words:
            faults.append(f"row {number} ({cells['decision'] or 'no record number'})")
        entry = {i: cells[i] for i in _IDS} | {"decision": words.get(cells["decision"], "")}
        out.append(entry | {"note": cells.get("note", ""), "source_row": number})
    _refuse(faults, words)
    found = pd.DataFrame(out, columns=[*_IDS, "decision", "note", "source_row"])
    found.attrs["n_open"] = int((found["decision"] == "").sum())
    return found


def _refuse(faults: list[str], words: Iterable[str]) -> None:
    if faults:
        raise DataError(
            f"read_reviews: each row needs both record numbers and one of {list_words(filter(None, words))} or "
            f"nothing; {len(faults)} do not have that: {list_words(faults, most=5)}. Mend these rows."
        )


def _read_sheet(path: Path) -> list[list[str]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        values = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    except (
        OSError,
        KeyError,
        ValueError,
        IndexError,
        zipfile.BadZipFile,
        openpyxl.utils.exceptions.InvalidFileException,
    ):
        raise ReadError(
            f"read_reviews: the file must be an Excel workbook (.xlsx); {path.name} cannot be read as one. "
            "Save it as .xlsx and close it in other programs."
        ) from None
    return [[as_text(v).strip() for v in row] for row in values]
