"""Hand-ins of the lesson on attitudes: the survey template as a workbook, the report as a document."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_titles, say
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TEMPLATE, REPORT = "survey_template.xlsx", "attitude_report.docx"
ROWS = 500
_FIXED_DATE = dt.datetime(2000, 1, 1)
_WHO = ("response_id", "answered_on", "channel", "gender", "age_band", "region")
_CHOICES = {
    "channel": ["门店扫码", "网店弹窗", "电话访问"],
    "gender": ["女", "男"],
    "age_band": ["18-24岁", "25-34岁", "35-44岁", "45-54岁", "55岁及以上"],
}
_HEAD = {"bold": True, "bg_color": "#DCE6EE", "bottom": 1, "valign": "vcenter", "text_wrap": True}


def write_survey_template(questions: pd.DataFrame) -> None:
    """Write the workbook a survey is carried out with, beside the report, and say so.

    Parameters
    ----------
    questions : DataFrame
        What `read_questions` returned: the statements to put.

    Notes
    -----
    ``survey_template.xlsx`` holds a guide, the questionnaire to print, the sheet to enter answers in (500
    rows, every cell with a list or limits of its own), and the list of items.  The last two are what this
    lesson reads.  The same statements give the same bytes.
    """
    import xlsxwriter

    from crm_lib.lesson.display import finding
    from crm_lib.readwrite.excel import write_file

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _FIXED_DATE})
        styles = {
            "head": book.add_format(_HEAD),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        _fill_guide(book.add_worksheet(say("attitude.sheet_guide")), styles)
        _fill_form(book.add_worksheet(say("attitude.sheet_questions")), questions, styles)
        _fill_answers(book.add_worksheet(say("attitude.sheet_answers")), questions, styles)
        _fill_items(book.add_worksheet(say("attitude.sheet_items")), questions, styles)
    path = write_file("write_survey_template", _folder() / TEMPLATE, buffer.getvalue())
    finding(say("attitude.template_done", file=path.name))


def _folder() -> Path:
    folder = output_folder(str(notebook_variables(3).get("NOTEBOOK_ID", "lesson"))) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fill_guide(sheet: Any, styles: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 90)
    for row in range(5):
        sheet.write_string(row, 0, f"{row + 1}. {say(f'attitude.guide_{row + 1}')}", styles["wrap"])


def _fill_form(sheet: Any, questions: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    """Fill the questionnaire itself, one statement a row, to be printed or sent."""
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 1, 70)
    sheet.set_column(2, 2, 12)
    for column, name in enumerate(("number", "text", "answer")):
        sheet.write_string(0, column, say(f"attitude.head_{name}"), styles["head"])
    row = 1
    for points, block in questions.groupby("points", sort=False):
        sheet.write_string(row, 1, say("attitude.head_agree", points=points), styles["head"])
        for item in block.to_dict("records"):
            row += 1
            sheet.write_string(row, 0, str(item["item"]))
            sheet.write_string(row, 1, str(item["text"]), styles["wrap"])
            _limit(sheet, row, 2, row, int(item["lowest"]), int(item["highest"]))
        row += 1
    for name, low, high in (("recommend", 0, 10), ("overall", 1, 10), ("comment", 0, 0)):
        sheet.write_string(row, 1, say(f"attitude.head_{name}"), styles["wrap"])
        if high:
            _limit(sheet, row, 2, row, low, high)
        row += 1
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _fill_answers(sheet: Any, questions: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    """Fill the sheet that answers are entered in: one row a questionnaire."""
    from crm_lib.readwrite.excel import fit_to_page
    from crm_lib.schema import load_schema

    known = {c.name: c.title for c in load_schema("survey").columns}
    pairs = [c for c in known if c.startswith(("importance_", "performance_", "kano_"))]
    limits = {i["item"]: (int(i["lowest"]), int(i["highest"])) for i in questions.to_dict("records")}
    limits |= {"nps": (0, 10), "overall": (1, 10)} | dict.fromkeys(pairs, (1, 5))
    columns = [*_WHO, *questions["item"], "nps", "overall", *pairs, "comment"]
    for at, name in enumerate(columns):
        title = known.get(name, str(name))
        sheet.write_string(0, at, title, styles["head"])
        sheet.set_column(at, at, max(10, 2 * len(title) + 2))
        if name in limits:
            _limit(sheet, 1, at, ROWS, *limits[name])
        elif name in _CHOICES:
            sheet.data_validation(
                1, at, ROWS, at, {"validate": "list", "source": _CHOICES[name], "error_type": "warning"}
            )
    once = {"validate": "custom", "value": "=COUNTIF($A:$A,A2)=1"}
    sheet.data_validation(1, 0, ROWS, 0, once)
    sheet.freeze_panes(1, 1)
    fit_to_page(sheet)


def _limit(sheet: Any, first: int, column: int, last: int, low: int, high: int) -> None:
    """Let cells take whole numbers from `low` to `high` only, from a list where it is short."""
    wrong = say("attitude.wrong_answer", low=low, high=high)
    if high - low <= 10:
        rule = {
            "validate": "list",
            "source": list(range(low, high + 1)),
            "input_message": say("attitude.pick_answer"),
        }
    else:
        rule = {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
    sheet.data_validation(first, column, last, column, rule | {"error_message": wrong})


def _fill_items(sheet: Any, questions: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    from crm_lib.schema import load_schema

    known = {c.name: c.title for c in load_schema("survey_items").columns}
    for at, name in enumerate(("item", "construct", "text", "reversed", "points")):
        sheet.write_string(0, at, known[name], styles["head"])
        sheet.set_column(at, at, 50 if name == "text" else 12)
        for row, value in enumerate(questions[name], 1):
            shown = say("attitude.yes" if value else "attitude.no") if name == "reversed" else value
            sheet.write_number(row, at, int(value)) if name == "points" else sheet.write_string(
                row, at, str(shown)
            )


def _round(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with as many digits as a reader of a report wants; shares keep theirs."""
    numbers = table.select_dtypes("float").columns
    return table.round({c: 4 if str(c).endswith("_share") else 2 for c in numbers})


def write_attitude_report(
    parts: Mapping[str, str],
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    figures: Mapping[str, Axes] | None = None,
    titles: Mapping[str, str] | None = None,
) -> None:
    """Write the report of the lesson as a Word document beside the page, and say so.

    Parameters
    ----------
    parts : mapping of str to str
        Heading → the computed sentences of the section, in order.
    tables, figures : mapping, optional
        Heading → table or figure of that section; empty tables are left out.
    titles : mapping of str to str, optional
        Column → title, before those of the catalogue.

    Notes
    -----
    The file is called ``attitude_report.docx``; the same parts give the same bytes.
    """
    import matplotlib.pyplot as plt

    from crm_lib.lesson.display import finding
    from crm_lib.plots import figure_png
    from crm_lib.readwrite.word import FigureBlock, HeadingBlock, TableBlock, TextBlock, write_word

    blocks: list[Any] = [
        HeadingBlock(say("attitude.report_title"), 0),
        TextBlock(say("attitude.report_intro")),
    ]
    for heading, text in parts.items():
        blocks.append(HeadingBlock(heading, 1))
        blocks += [TextBlock(line.replace("**", "")) for line in text.split("\n") if line.strip()]
        table, figure = (tables or {}).get(heading), (figures or {}).get(heading)
        if table is not None and len(table):
            blocks.append(TableBlock(_round(table), heading, {**list_titles(), **(titles or {})}))
        if figure is not None:
            blocks.append(FigureBlock(figure_png(figure), heading))
            plt.close(figure.get_figure())
    path = write_word(_folder() / REPORT, blocks)
    finding(say("attitude.report_done", file=path.name))
