"""Write the questionnaire on customer files: one row per firm, with drop-down lists and rules."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_lib.schema import load_schema
from crm_lib.store.survey import load_survey

N_ROWS = 100
_FIXED_DATE = dt.datetime(2000, 1, 1)


def write_archive_questionnaire(path: str | Path) -> Path:
    """Write the questionnaire of 实训7: a sheet that explains, and one to fill in, one firm a row.

    Parameters
    ----------
    path : path
        Workbook to write.

    Returns
    -------
    Path
        The file written, the same bytes every time; `read_table` reads its second sheet by the contract
        ``archives``.

    Raises
    ------
    ReadError
        The file cannot be written.
    """
    import xlsxwriter

    from crm_lib.readwrite.excel import fit_to_page, write_file

    survey, buffer = load_survey(), io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _FIXED_DATE, "title": survey["intro"]["title"]})
        looks = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#DCE6EE"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        guide, sheet = book.add_worksheet("说明"), book.add_worksheet("调查表")
        _fill_guide(guide, survey, looks)
        _fill_sheet(sheet, survey, looks)
        fit_to_page(sheet)
        sheet.activate()
    return write_file("write_archive_questionnaire", path, buffer.getvalue())


def _fill_guide(sheet: Any, survey: Mapping[str, Any], looks: Mapping[str, Any]) -> None:
    titles = {c.name: c.title for c in load_schema("archives").columns}
    sheet.set_column(0, 1, 16)
    sheet.set_column(2, 3, 44)
    sheet.write_string(0, 0, survey["intro"]["title"], looks["title"])
    lines = survey["intro"]["lines"]
    for r, line in enumerate(lines, start=1):
        sheet.write_string(r, 0, line)
    top = len(lines) + 2
    for c, head in enumerate(("部分", "列", "问题", "可以填什么")):
        sheet.write_string(top, c, head, looks["head"])
    for r, q in enumerate(survey["questions"], start=top + 1):
        may = (
            "、".join(q.get("choices", ()))
            or q.get("hint", "")
            or "{} 到 {}".format(*q.get("range", ("", "")))
        )
        cells = (survey["intro"]["parts"][q["part"]], titles[q["column"]], q["ask"], may)
        for c, cell in enumerate(cells):
            sheet.write_string(r, c, cell, looks["wrap"])


def _fill_sheet(sheet: Any, survey: Mapping[str, Any], looks: Mapping[str, Any]) -> None:
    titles = {c.name: c.title for c in load_schema("archives").columns}
    sheet.freeze_panes(1, 1)
    for c, q in enumerate(survey["questions"]):
        sheet.set_column(c, c, 14)
        sheet.write_string(0, c, titles[q["column"]], looks["head"])
        rule: dict[str, Any] | None = None
        if "choices" in q:
            rule = {"validate": "list", "source": q["choices"]}
        elif "range" in q:
            low, high = q["range"]
            rule = {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}
        if rule:
            told = {"input_title": titles[q["column"]], "input_message": q["ask"], "error_title": "请检查"}
            rule |= {
                "error_message": "请从下拉表里选。" if "choices" in q else "请写题目范围里的数。",
                **told,
            }
            sheet.data_validation(1, c, N_ROWS, c, rule)
