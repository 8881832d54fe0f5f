"""Points a person gives, for 想一想 and 拓展任务: a sheet is written, filled in, and merged at the next run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import DataError, ReadError
from crm_lib.schema.reader import Column, Table
from crm_lib.teach.intake_official import ManualItem, load_official
from crm_lib.teach.results import GRADED, Graded, TaskResult
from crm_lib.teach.roster import read_text

THINK_POINTS, EXTEND_POINTS = 2.0, 5.0
_TITLES = {
    "student_id": "学号",
    "name": "姓名",
    "class_name": "班级",
    "notebook_id": "笔记本",
    "item": "编号",
    "title": "题目",
    "words": "学生写的",
    "total": "满分",
    "points": "得分",
    "comment": "评语",
}
_IDS = ("student_id", "notebook_id", "item")
SHEET = Table(
    "manual_points",
    "人工评分表",
    "student and item",
    tuple(Column(n, "id" if n in _IDS else "text", t, t, aliases=(t,)) for n, t in _TITLES.items()),
    needs=tuple(((name,),) for name in (*_IDS, "total", "points")),
)


@dataclass(frozen=True)
class ManualPoints:
    """What the sheet says about one item of one student; points of None are not given yet."""

    total: float
    points: float | None = None
    comment: str = ""


Sheet = Mapping[tuple[str, str, str], ManualPoints]


def write_manual_sheet(
    path: str | PathLike[str],
    graded: Sequence[Graded],
    *,
    words: Mapping[tuple[str, str], Mapping[str, str]],
    entered: Sheet | None = None,
) -> Path:
    """Write the sheet for manual points: one row per student who handed in and item.

    Parameters
    ----------
    path
        ``.xlsx`` or ``.csv``.
    graded
        The class.
    words
        (student_id, notebook_id) → the student's own text by item.
    entered
        Points already given; they are kept.

    Returns
    -------
    Path
        The file. Full points of an item may be changed in it, for all students alike.
    """
    import pandas as pd

    from crm_lib.readwrite.excel import write_csv, write_excel

    entered = entered or {}
    rows = [
        _make_row(g, item, words.get((g.student_id, g.notebook_id), {}), entered)
        for g in graded
        if g.status == GRADED
        for item in load_official(g.notebook_id).manual
    ]
    frame = pd.DataFrame(rows, columns=list(_TITLES))
    if Path(path).suffix.lower() == ".csv":
        return write_csv(path, frame, titles=_TITLES)
    return write_excel(path, {"人工评分": frame}, titles=_TITLES)


def _make_row(g: Graded, item: ManualItem, words: Mapping[str, str], entered: Sheet) -> tuple[Any, ...]:
    given = entered.get((g.student_id, g.notebook_id, item.grade_id)) or ManualPoints(default_points(item))
    about = (g.student_id, g.name, g.class_name, g.notebook_id, item.grade_id, item.title)
    return (*about, words.get(item.grade_id, ""), given.total, given.points, given.comment)


def default_points(item: ManualItem) -> float:
    """Return the full points of an item before anybody changed them in the sheet."""
    return EXTEND_POINTS if "-extend-" in item.grade_id else THINK_POINTS


def read_manual_sheet(path: str | PathLike[str]) -> dict[tuple[str, str, str], ManualPoints]:
    """Read a filled-in sheet.

    Returns
    -------
    dict
        (student_id, notebook_id, item) → what was entered.

    Raises
    ------
    ReadError
        The file cannot be read.
    DataError
        Points that are no number or out of range, an unknown item, an item twice, or full
        points that differ between students; every fault with its row.
    """
    from crm_lib.readwrite import read_table

    found: dict[tuple[str, str, str], ManualPoints] = {}
    totals: dict[tuple[str, str], tuple[float, int]] = {}
    faults: list[str] = []
    for row in read_table(Path(path), SHEET).to_dict("records"):
        key = tuple(read_text(row.get(name)) for name in _IDS)
        if not any(key):
            continue
        n = int(row["source_row"])
        try:
            given = _read_row(row, key)  # type: ignore[arg-type]
            total, first = totals.setdefault(key[1:], (given.total, n))  # type: ignore[arg-type]
            if given.total != total:
                raise DataError(f"满分 of {key[2]} is {given.total:g} here and {total:g} in row {first}")
            if key in found:
                raise DataError(f"{key[2]} of {key[0]} stands there twice")
        except DataError as fault:
            faults.append(f"row {n}: {fault}")
            continue
        found[key] = given  # type: ignore[index]
    if faults:
        raise DataError(f"{Path(path).name}: {list_words(faults, most=8)}. Mend these rows of the sheet.")
    return found


def _read_row(row: Mapping[str, Any], key: tuple[str, str, str]) -> ManualPoints:
    try:
        items = {i.grade_id for i in load_official(key[1]).manual}
    except (ValueError, ReadError):
        raise DataError(f"笔记本 {key[1]!r} is none of the suite's") from None
    if key[2] not in items:
        raise DataError(f"编号 {key[2]!r} is no item of {key[1]}")
    total = _number(row.get("total"), "满分")
    points = _number(row.get("points"), "得分")
    if total is None or not 0 <= total <= 1000:
        raise DataError(f"满分 must lie in 0 to 1000; got {read_text(row.get('total'))!r}")
    if points is not None and not 0 <= points <= total:
        raise DataError(f"得分 must lie in 0 to {total:g}; got {points:g}")
    return ManualPoints(total, points, read_text(row.get("comment")))


def _number(value: Any, title: str) -> float | None:
    text = read_text(value)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{title} must be a number; got {text!r}")
    return number


def merge_manual(graded: Sequence[Graded], sheet: Sheet) -> list[Graded]:
    """Add the manual tasks to the results; an item without points yet is pending and counts 0.

    Raises
    ------
    DataError
        The sheet names students who handed in nothing that could be graded.
    """
    known = {(g.student_id, g.notebook_id) for g in graded if g.status == GRADED}
    strangers = sorted({key[0] for key, given in sheet.items() if key[:2] not in known and given.points})
    if strangers:
        raise DataError(
            f"manual points: 学号 {list_words(strangers)} handed in nothing that was graded. "
            "Take these rows out of the sheet, or check the 学号."
        )
    totals = {key[1:]: given.total for key, given in sheet.items()}
    return [_merge_one(g, sheet, totals) if g.status == GRADED else g for g in graded]


def _merge_one(g: Graded, sheet: Sheet, totals: Mapping[tuple[str, str], float]) -> Graded:
    tasks = []
    for item in load_official(g.notebook_id).manual:
        total = totals.get((g.notebook_id, item.grade_id))
        if not total:  # not in the sheet, or worth nothing: not asked
            continue
        given = sheet.get((g.student_id, g.notebook_id, item.grade_id)) or ManualPoints(total)
        task = TaskResult(item.grade_id, item.title, given.points or 0.0, total, given.comment, manual=True)
        tasks.append(replace(task, pending=given.points is None))
    return g.replace(tasks=(*g.tasks, *tasks))
