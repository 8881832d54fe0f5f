"""What the page that opens a project shows: its activities and the task sheets (任务单) of its lessons."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SHEETS = "task_sheets.toml"
_TASK = re.compile(r"\*\*做一做 ?(\d+)（([\d.]+) ?分）\*\*\s*(.+)")


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.lesson") / name).read_text("utf-8"))


def list_activities() -> pd.DataFrame:
    """Return the ten activities of customer identification.

    Returns
    -------
    DataFrame
        One row per activity in order: ``number``, ``activity``, ``what``, ``ask``.
    """
    import pandas as pd

    rows = [(n, a["name"], a["what"], a["ask"]) for n, a in enumerate(_read("project.toml")["activity"], 1)]
    return pd.DataFrame(rows, columns=["number", "activity", "what", "ask"])


def read_sheet(path: Path, notebook_id: str) -> dict[str, Any]:
    """Read a lesson's task sheet out of its built notebook.

    Parameters
    ----------
    path
        The built notebook.
    notebook_id
        ``<project>/<n>_<name>``.

    Returns
    -------
    dict
        ``id``, ``title``, ``goal`` (the question the lesson answers), ``minutes``, ``data``, ``products`` (what it
        hands in), ``steps``, ``tasks`` (statement and points each).

    Raises
    ------
    DataError
        The first cell has no table with 输入, 输出 and 用时.
    """
    import json

    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    lines = [line for line in texts[0].splitlines() if line.strip()]
    rows = [[part.strip() for part in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    if len(rows) < 3 or rows[0][1:] != ["输入", "输出", "用时"]:
        raise DataError(
            f"read_sheet: the first cell of {notebook_id} must have the table 输入, 输出, 用时; it has not."
        )
    found = [_TASK.search(text) for text in texts]
    return {
        "id": notebook_id,
        "title": lines[0].lstrip("# "),
        "goal": lines[1],
        "minutes": int(re.findall(r"\d+", rows[2][3])[0]),
        "data": rows[2][1],
        "products": rows[2][2],
        "steps": [m[1].strip() for t in texts for m in re.finditer(r"^## (步骤.+)$", t, re.MULTILINE)],
        "tasks": [{"text": m[3].strip(), "points": float(m[2])} for m in found if m],
    }


def write_sheets(sheets: list[dict[str, Any]]) -> str:
    """Return task sheets as the text of ``task_sheets.toml``.

    Parameters
    ----------
    sheets
        What `read_sheet` returned, one per lesson.
    """
    lines = ["# Made by tools/make_task_sheets.py from the notebooks; do not write here by hand."]
    for sheet in sheets:
        lines += ["", "[[sheet]]", *(f"{k} = {_quote(v)}" for k, v in sheet.items() if k != "tasks")]
        tasks = [f"  {{ text = {_quote(t['text'])}, points = {t['points']} }}," for t in sheet["tasks"]]
        lines += ["tasks = [", *tasks, "]"]
    return "\n".join(lines) + "\n"


def _quote(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def list_sheets(notebook_id: str) -> list[dict[str, Any]]:
    """Return the task sheets of the lessons in the same project as `notebook_id`.

    Parameters
    ----------
    notebook_id
        The project's page.
    """
    project = notebook_id.split("/")[0]
    return [s for s in _read(SHEETS).get("sheet", []) if s["id"].startswith(f"{project}/")]


def summarize_sheets(sheets: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the task sheets as one table.

    Parameters
    ----------
    sheets
        What `list_sheets` returned.

    Returns
    -------
    DataFrame
        One row per lesson: ``number``, ``task``, ``goal``, ``minutes``, ``n_steps``, ``n_tasks``, ``points``.
    """
    import pandas as pd

    rows = [
        (
            *(n, s["title"], s["goal"], s["minutes"]),
            *(len(s["steps"]), len(s["tasks"]), sum(t["points"] for t in s["tasks"])),
        )
        for n, s in enumerate(sheets, 1)
    ]
    return pd.DataFrame(rows, columns=["number", "task", "goal", "minutes", "n_steps", "n_tasks", "points"])


def detail_sheets(sheets: list[dict[str, Any]]) -> pd.DataFrame:
    """Return what each lesson asks, line by line.

    Parameters
    ----------
    sheets
        What `list_sheets` returned.

    Returns
    -------
    DataFrame
        One row per step, graded task and product of each lesson: ``task``, ``kind``, ``what``, ``points`` (missing where
        nothing is graded).
    """
    import pandas as pd

    rows: list[tuple] = []
    for sheet in sheets:
        rows += [(sheet["title"], say("project.step"), step, None) for step in sheet["steps"]]
        rows += [(sheet["title"], say("project.exercise"), t["text"], t["points"]) for t in sheet["tasks"]]
        rows += [(sheet["title"], say("project.product"), sheet["products"], None)]
    out = pd.DataFrame(rows, columns=["task", "kind", "what", "points"])
    return out.astype({"points": "float64"})


def describe_sheets(sheets: list[dict[str, Any]]) -> str:
    """Return sentences on how many tasks there are, how long they take and how many points they give.

    Parameters
    ----------
    sheets
        What `list_sheets` returned.
    """
    if not sheets:
        return say("project.none")
    points = sum(t["points"] for s in sheets for t in s["tasks"])
    longest = max(sheets, key=lambda s: s["minutes"])
    text = say(
        "project.sheets", n=len(sheets), minutes=sum(s["minutes"] for s in sheets),
        k=sum(len(s["tasks"]) for s in sheets), points=f"{points:g}",
    )  # fmt: skip
    alike = len({s["minutes"] for s in sheets}) == 1
    return (
        text if alike else text + say("project.longest", title=longest["title"], minutes=longest["minutes"])
    )


def export_sheets(sheets: list[dict[str, Any]], *, name: str = "task_sheets") -> Path:
    """Write the task sheets as a Word document, one section per lesson, with room for the student's name.

    Parameters
    ----------
    sheets
        What `list_sheets` returned.
    name
        Name of the file.

    Returns
    -------
    Path
        The file written, the same bytes for the same sheets.
    """
    from crm_lib.lesson.display import finding
    from crm_lib.lesson.kernel import notebook_variables, output_folder
    from crm_lib.readwrite.word import HeadingBlock, TableBlock, TextBlock, write_word

    titles = {"kind": say("project.kind"), "what": say("project.what"), "points": say("project.points")}
    blocks: list[Any] = [
        HeadingBlock(say("project.sheets_title"), level=0),
        TextBlock(say("project.name_line")),
    ]
    for sheet in sheets:
        table = detail_sheets([sheet]).drop(columns="task")
        table["points"] = ["" if p != p else f"{p:g}" for p in table["points"]]
        blocks += [HeadingBlock(sheet["title"]), TextBlock(say("project.goal", goal=sheet["goal"]))]
        blocks += [TextBlock(say("project.conditions", data=sheet["data"], minutes=sheet["minutes"]))]
        blocks.append(TableBlock(table, say("project.sheet"), titles))
    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    path = write_word(folder / f"{name}.docx", blocks)
    finding(say("project.exported", file=path.name))
    return path
