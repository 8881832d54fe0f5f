"""Write the template for one's own shopping: seven sheets with drop-downs, rules, hints and an example row."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.identify.behaviour_file import ABOUT, GUIDE, NUMBER, SURE, Sheet, list_sheets
from crm_lib.identify.prospects import load_rules
from crm_lib.readwrite.cells import is_missing

if TYPE_CHECKING:
    import pandas as pd

N_ROWS = 200
_FIXED_DATE = dt.datetime(2000, 1, 1)
_FIRST, _LAST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
_GUIDE = (
    "这份表用来记下你自己买衣服的行为，一共七个方面，一个方面一张工作表。",
    "先在“基本信息”里写下你选的服装店和统计的起止日期。店名可以用化名，不要写真名、电话和住址。",
    "每张表从“例”那一行的下面开始填，一件事一行。“例”那一行会自动略过，不用删。",
    "浅黄色的列一定要填。有下拉箭头的格子请从下拉表里选，金额和数量只写数字，日期写成 2024-03-05。",
    "最后一列“把握”：记得清楚选“确定”，大概记得选“大概”，记不得选“不记得”。不知道的格子留空，不要编。",
    "填好以后另存一份，在本页的参数 mine 里写上文件名，从头运行，就会算出你自己的结果，并逐条列出填错、没填和不一致的地方。",
)


def write_shopping_template(
    path: str | Path,
    *,
    about: Mapping[str, Any] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Path:
    """Write the template of one's own shopping, empty or filled in.

    Parameters
    ----------
    path : path
        Workbook to write; its folder is made when it is missing.
    about : mapping, optional
        Answers for the first sheet: shop, shop_kind, writer, start_on, end_on.
    tables : mapping of str to DataFrame, optional
        Rows to fill in per table (purchases, clicks, contacts, channels, languages, usage, wallet), cells as a
        student would write them.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ParameterError
        An answer, table or column is none of the template's.
    ReadError
        The file cannot be written.

    Notes
    -----
    The drop-downs and rules stop a wrong value at the keyboard; what is pasted in goes around them, so
    `read_my_shopping` checks everything again.  The same arguments give the same bytes.
    """
    import xlsxwriter

    from crm_lib.readwrite.excel import write_file

    _check_names(about or {}, tables or {})
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _FIXED_DATE, "title": "我的服装购买行为"})
        looks = _make_looks(book)
        _write_guide(book.add_worksheet(GUIDE), looks)
        _write_about(book.add_worksheet(ABOUT), looks, about or {})
        for sheet in list_sheets():
            rows = None if tables is None else tables.get(sheet.table.name)
            _write_sheet(book.add_worksheet(sheet.table.title), sheet, rows, looks)
    return write_file("write_shopping_template", path, buffer.getvalue())


def _check_names(about: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    sheets = {sheet.table.name: sheet.table.names for sheet in list_sheets()}
    for name in about:
        require_choice("write_shopping_template", "about", name, list(load_rules("shopping")["about"]))
    for name, rows in tables.items():
        require_choice("write_shopping_template", "tables", name, list(sheets))
        for column in rows.columns:
            require_choice("write_shopping_template", f"a column of {name}", column, list(sheets[name]))


def _make_looks(book: Any) -> dict[str, Any]:
    head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "head": book.add_format({**head, "bg_color": "#DCE6EE"}),
        "needed": book.add_format({**head, "bg_color": "#FFF2CC"}),
        "example": book.add_format({"italic": True, "font_color": "#7F7F7F", "bg_color": "#F5F5F5"}),
        "cell": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "0.##"}),
    }


def _write_guide(sheet: Any, looks: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 76)
    sheet.write_string(0, 0, "我的服装购买行为", looks["title"])
    for i, line in enumerate(_GUIDE, start=1):
        sheet.write_string(i, 0, f"第 {i} 条")
        sheet.write_string(i, 1, line, looks["text"])
    at = len(_GUIDE) + 2
    for c, head in enumerate(("工作表", "写什么")):
        sheet.write_string(at, c, head, looks["head"])
    for i, one in enumerate(list_sheets(), start=at + 1):
        sheet.write_url(i, 0, f"internal:'{one.table.title}'!A1", string=one.table.title)
        sheet.write_string(i, 1, f"{one.aspect}：{one.hint}", looks["text"])


def _write_about(sheet: Any, looks: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 2, 48)
    for c, head in enumerate(("项目", "填写", "说明")):
        sheet.write_string(0, c, head, looks["head"])
    for r, (name, facts) in enumerate(load_rules("shopping")["about"].items(), start=1):
        sheet.write_string(r, 0, facts["title"], looks["needed"])
        sheet.write_string(r, 2, facts["meaning"], looks["text"])
        is_date = facts.get("type") == "date"
        sheet.write_blank(r, 1, None, looks["date" if is_date else "cell"])
        if about.get(name):
            _write_value(sheet, r, 1, about[name], "date" if is_date else "text", looks)
        if facts.get("choices"):
            sheet.data_validation(r, 1, r, 1, _list_rule(facts["title"], facts["meaning"], facts["choices"]))
        elif is_date:
            sheet.data_validation(r, 1, r, 1, _date_rule(facts["title"], facts["meaning"]))


def _write_sheet(sheet: Any, one: Sheet, rows: pd.DataFrame | None, looks: Mapping[str, Any]) -> None:
    from crm_lib.readwrite.excel import fit_to_page

    columns = one.table.columns
    fit_to_page(sheet)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 32)
    for c, column in enumerate(columns):
        kind = _kind_of(column.type)
        sheet.set_column(c, c, 16 if column.type == "text" and c else 13 if c else 6, looks[kind])
        sheet.write_string(0, c, column.title, looks["needed" if column.name in one.needed else "head"])
        rule = _make_rule(column)
        if rule:
            sheet.data_validation(1, c, N_ROWS, c, rule)
    example = ("例", *one.example, "确定")
    for c, text in enumerate(example):
        sheet.write_string(1, c, text, looks["example"])
    if rows is None:
        return
    for r, row in enumerate(rows.itertuples(index=False), start=2):
        sheet.write_number(r, 0, r - 1)
        for name, value in zip(rows.columns, row, strict=True):
            c = one.table.names.index(name)
            _write_value(sheet, r, c, value, columns[c].type, looks)


def _write_value(sheet: Any, r: int, c: int, value: Any, kind: str, looks: Mapping[str, Any]) -> None:
    if is_missing(value) or value == "":
        return
    if isinstance(value, dt.date):
        sheet.write_datetime(r, c, dt.datetime(value.year, value.month, value.day), looks["date"])
    elif isinstance(value, bool):
        sheet.write_string(r, c, "是" if value else "否")
    elif isinstance(value, int | float):
        sheet.write_number(r, c, value, looks["number"])
    else:
        sheet.write_string(r, c, str(value), looks[_kind_of(kind)])


def _kind_of(column_type: str) -> str:
    kinds = {"date": "date", "money": "number", "number": "number", "integer": "number"}
    return kinds.get(column_type, "cell")


def _make_rule(column: Any) -> dict[str, Any]:
    from crm_lib.identify._behaviour_faults import RANGES

    title, meaning = column.title, column.meaning
    if column.title == NUMBER:
        return {}
    if column.choices:
        return _list_rule(title, meaning, column.choices)
    if column.type == "date":
        return _date_rule(title, meaning)
    if column.type in ("integer", "number", "money"):
        low, high = next((v for (_, name), v in RANGES.items() if name == column.name), (0, 1e7))
        kind = "integer" if column.type == "integer" else "decimal"
        ends = {"minimum": int(low), "maximum": int(high)}
        return _hints(title, meaning) | {"validate": kind, "criteria": "between", **ends}
    return {"validate": "any", "input_title": title[:32], "input_message": meaning[:255]}


def _hints(title: str, meaning: str) -> dict[str, Any]:
    return {
        "input_title": title[:32],
        "input_message": meaning[:255],
        "error_title": "这一格填得不对",
        "error_message": f"{title}：{meaning}"[:255],
    }


def _list_rule(title: str, meaning: str, choices: Any) -> dict[str, Any]:
    said = "记得多牢：确定、大概、不记得" if title == SURE else meaning
    return _hints(title, said) | {"validate": "list", "source": list(choices)}


def _date_rule(title: str, meaning: str) -> dict[str, Any]:
    ends = {"minimum": _FIRST, "maximum": _LAST}
    return _hints(title, meaning) | {"validate": "date", "criteria": "between", **ends}
