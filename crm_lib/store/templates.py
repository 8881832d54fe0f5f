"""Write the import templates: workbooks with drop-downs, input rules, an example and instructions."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crm_lib._checks import require_range
from crm_lib.catalogue import say
from crm_lib.readwrite.excel import fit_to_page, write_file
from crm_lib.store.fields import EXAMPLE, MARK_TITLE, Form, FormField, load_form

LISTS_SHEET = "选项"
GUIDE_SHEET = "填写说明"
_FIXED_DATE = dt.datetime(2000, 1, 1)
_FIRST_DAY, _LAST_DAY = dt.date(1900, 3, 1), dt.date(2099, 12, 31)
_AS_TEXT = ("text", "name", "phone", "email", "identity", "customer_no", "id")
_NUMBER_FORMS = {
    "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "number": "General", "integer": "0",
    "money": "0.00", "choice": "@",
}  # fmt: skip
_HEAD = {"bold": True, "bottom": 1, "valign": "vcenter"}
_COLOURS = {"required": "#F6D9C4", "free": "#DCE6EE", "example": "#EEEEEE"}


def write_template(
    table: str,
    path: str | Path,
    *,
    choices: Mapping[str, Sequence[str]] | None = None,
    n_rows: int = 10_000,
) -> Path:
    """Write the import template of a table: a form to fill in with Excel and upload.

    Parameters
    ----------
    table : str
        ``"customers"``, ``"transactions"`` or ``"investments"``.
    path : str or Path
        The .xlsx file to write.
    choices : mapping of str to sequence of str, optional
        Column -> the firm's own words for its drop-down, for example
        ``{"channel": ["门店", "小程序"]}``.  Give the same to `upload_rows`.
    n_rows : int
        Rows below the example that have drop-downs and input rules.

    Returns
    -------
    Path
        The file written: a sheet with instructions, the sheet to fill in (header with
        comments, one example row marked as such) and a hidden sheet with the choices.

    Raises
    ------
    ParameterError
        There is no such template, or `choices` does not fit it.
    ReadError
        The file cannot be written.

    Notes
    -----
    Columns of numbers that are names (phone, identity number, order) are text, because
    Excel would turn them into floats.  The input rules help a person who types; they do not
    protect: pasted cells pass them unseen, so `upload_rows` checks everything again.
    The same arguments give the same bytes.
    """
    require_range("write_template", "n_rows", n_rows, 1, 1_000_000)
    form = load_form(table, choices)
    return write_file("write_template", path, make_book(form, n_rows))


def make_book(form: Form, n_rows: int, rows: Sequence[Mapping[str, str]] = ()) -> bytes:
    """Return the workbook of a template; below the example `rows` with what is to be completed.

    A row maps columns to what stands in them; a column it lacks is one to be filled in, one that
    it holds as empty text is known and greyed.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _FIXED_DATE, "title": say("upload.book", title=form.title)})
        guide = book.add_worksheet(GUIDE_SHEET)
        sheet = book.add_worksheet(form.sheet)
        lists = book.add_worksheet(LISTS_SHEET)
        lists.hide()
        styles = _make_styles(book)
        _fill_guide(guide, form, styles)
        ranges = _fill_lists(lists, form)
        _fill_form(sheet, form, ranges, n_rows, styles)
        _fill_known(sheet, form, rows, styles)
        fit_to_page(sheet)
        sheet.activate()
    return buffer.getvalue()


def _make_styles(book: Any) -> dict[str, Any]:
    styles = {k: book.add_format({**_HEAD, "bg_color": _COLOURS[k]}) for k in ("required", "free")}
    styles["title"] = book.add_format({"bold": True, "font_size": 14})
    styles["wrap"] = book.add_format({"text_wrap": True, "valign": "top"})
    for form in {*_AS_TEXT, *_NUMBER_FORMS}:
        number = "@" if form in _AS_TEXT else _NUMBER_FORMS[form]
        styles[form] = book.add_format({"num_format": number})
        styles[f"example_{form}"] = book.add_format({
            "num_format": number, "italic": True, "font_color": "#7A7A7A", "bg_color": _COLOURS["example"],
        })  # fmt: skip
        styles[f"gap_{form}"] = book.add_format({
            "num_format": number,
            "border": 1,
            "border_color": "#C46A3A",
        })
    return styles


def _fill_guide(sheet: Any, form: Form, styles: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 3, 10)
    sheet.set_column(4, 4, 70)
    sheet.write_string(0, 0, say("upload.guide_title", title=form.title), styles["title"])
    steps = say("upload.guide_steps", sheet=form.sheet, example=EXAMPLE, mark=MARK_TITLE).split("\n")
    for row, step in enumerate(steps, start=1):
        sheet.write_string(row, 0, step)
    top = len(steps) + 2
    for column, head in enumerate(say("upload.guide_heads").split("|")):
        sheet.write_string(top, column, head, styles["free"])
    for row, field in enumerate(form.fields, start=top + 1):
        must = say("upload.must" if field.required else "upload.may")
        way = say(f"upload.kind_{field.kind}")
        cells = (field.title, must, way, say(f"upload.form_{field.form}"), field.note)
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, styles["wrap"])


def _fill_lists(sheet: Any, form: Form) -> dict[str, str]:
    """Write each list of choices as a column; return the range of each."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    ranges = {}
    for column, field in enumerate(f for f in form.fields if f.choices):
        sheet.write_string(0, column, field.title)
        for row, word in enumerate(field.choices, start=1):
            sheet.write_string(row, column, word)
        first = xl_rowcol_to_cell(1, column, row_abs=True, col_abs=True)
        last = xl_rowcol_to_cell(len(field.choices), column, row_abs=True, col_abs=True)
        ranges[field.name] = f"={LISTS_SHEET}!{first}:{last}"
    return ranges


def _fill_form(
    sheet: Any, form: Form, ranges: Mapping[str, str], n_rows: int, styles: Mapping[str, Any]
) -> None:
    sheet.freeze_panes(1, 2)
    sheet.set_comments_author("")
    sheet.set_column(0, 0, 10)
    sheet.write_string(0, 0, MARK_TITLE, styles["free"])
    sheet.write_comment(0, 0, say("upload.mark_note", example=EXAMPLE), {"x_scale": 1.6})
    sheet.write_string(1, 0, EXAMPLE, styles["example_text"])
    for column, field in enumerate(form.fields, start=1):
        sheet.set_column(column, column, field.width, styles[field.form])
        sheet.write_string(0, column, field.title, styles["required" if field.required else "free"])
        sheet.write_comment(0, column, field.note, {"x_scale": 1.6})
        _write_example(sheet, column, field, styles[f"example_{field.form}"])
        rule = _make_rule(field, ranges)
        if rule:
            sheet.data_validation(1, column, n_rows + 1, column, _say_rule(rule, field))


def _fill_known(sheet: Any, form: Form, rows: Sequence[Mapping[str, str]], styles: Mapping[str, Any]) -> None:
    for row, known in enumerate(rows, start=2):
        for column, field in enumerate(form.fields, start=1):
            if field.name not in known:
                sheet.write_blank(row, column, None, styles[f"gap_{field.form}"])
            elif known[field.name]:
                sheet.write_string(row, column, known[field.name], styles[f"example_{field.form}"])
            else:
                sheet.write_blank(row, column, None, styles[f"example_{field.form}"])


def _write_example(sheet: Any, column: int, field: FormField, style: Any) -> None:
    if field.form in ("date", "datetime") and field.example:
        sheet.write_datetime(1, column, dt.datetime.fromisoformat(field.example), style)
    elif field.form in ("number", "integer", "money") and field.example:
        sheet.write_number(1, column, float(field.example), style)
    else:
        sheet.write_string(1, column, field.example, style)


def _make_rule(field: FormField, ranges: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the input rule of a column; an empty cell always passes."""
    if field.form == "choice":
        return {"validate": "list", "source": ranges[field.name]}
    if field.form in ("date", "datetime"):
        return {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
    if field.form in ("number", "integer", "money"):
        kind = "integer" if field.form == "integer" else "decimal"
        low, high = field.least or 0, field.largest or 0
        return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
    least = {"phone": 7, "email": 6, "identity": 18, "customer_no": 6}.get(field.form, 1)
    return {"validate": "length", "criteria": "between", "minimum": least, "maximum": field.most}


def _say_rule(rule: dict[str, Any], field: FormField) -> dict[str, Any]:
    low, high = rule.get("minimum"), rule.get("maximum")
    values = {"title": field.title, "low": low, "high": high, "note": field.note}
    message = say(f"upload.input_{rule['validate']}", **values)
    return {
        **rule,
        "ignore_blank": True,
        "input_title": field.title,
        "input_message": field.note[:255],
        "error_title": say("upload.input_title"),
        "error_message": message[:255],
    }
