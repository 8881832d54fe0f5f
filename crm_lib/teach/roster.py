"""Read the roster of a class: 学号, 姓名, 班级."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import DataError, ReadError
from crm_lib.schema.reader import Column, Table

_ALIASES = {
    "student_id": (
        "学号",
        "学生编号",
        "学籍号",
        "学生号",
        "考号",
        "Student ID",
        "Student No",
        "Student Number",
    ),
    "name": ("姓名", "学生姓名", "名字", "Name", "Student Name", "Full Name"),
    "class_name": ("班级", "行政班", "教学班", "班级名称", "班", "Class", "Class Name", "Section"),
    "handed_in_at": ("提交时间", "上交时间", "交作业时间", "Submitted At", "Submission Time", "Handed In"),
}
_TITLES = {"student_id": "学号", "name": "姓名", "class_name": "班级", "handed_in_at": "提交时间"}
ROSTER = Table(
    "roster",
    "学生名单",
    "student",
    tuple(
        Column(name, "id" if name == "student_id" else "text", title, title, aliases=_ALIASES[name])
        for name, title in _TITLES.items()
    ),
    needs=((("student_id",),),),
)
# What may stand in a folder or file name on every system.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]|^\.+$|[ .]$')


@dataclass(frozen=True)
class Student:
    """One line of the roster; `handed_in_at` is text as it stands there (often empty)."""

    student_id: str
    name: str = ""
    class_name: str = ""
    handed_in_at: str = ""


def read_roster(path: str | PathLike[str]) -> list[Student]:
    """Read a roster (CSV, XLSX, …) with the columns 学号, 姓名, 班级.

    Parameters
    ----------
    path
        One row per student. 学号 is needed; 姓名, 班级 and 提交时间 may be missing.

    Returns
    -------
    list of Student
        In the order of the file. 学号 stays text: leading zeros matter, and ``20240101.0``
        of a spreadsheet is ``20240101``.

    Raises
    ------
    ReadError
        The file cannot be read, or holds no student.
    DataError
        A row without 学号, a 学号 that stands there twice, or one that cannot be a file
        name; every fault with its row.
    """
    from crm_lib.readwrite import read_table

    raw = read_table(Path(path), ROSTER)
    rows = [(int(r["source_row"]), _read_student(r)) for r in raw.to_dict("records")]
    rows = [(n, s) for n, s in rows if s != Student("")]
    if not rows:
        raise ReadError(
            f"{Path(path).name}: holds no student. Write one row per student under 学号, 姓名, 班级."
        )
    faults = _find_faults(rows)
    if faults:
        raise DataError(f"{Path(path).name}: {list_words(faults, most=8)}. Mend these rows of the roster.")
    return [s for _, s in rows]


def _read_student(row: dict[str, Any]) -> Student:
    return Student(*(read_text(row.get(name)) for name in _TITLES))


def read_text(value: Any) -> str:
    """Return a cell as text: nothing for a missing one, ``2024001`` for 2024001.0, wide digits made plain."""
    import pandas as pd

    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return re.sub(r"\s+", " ", text)


def _find_faults(rows: list[tuple[int, Student]]) -> list[str]:
    seen = Counter(s.student_id for _, s in rows)
    faults = []
    for n, student in rows:
        if not student.student_id:
            faults.append(f"row {n} has no 学号")
        elif _UNSAFE.search(student.student_id):
            faults.append(f"row {n}: 学号 {student.student_id!r} cannot be the name of a folder")
        elif seen[student.student_id] > 1:
            faults.append(f"row {n}: 学号 {student.student_id} stands there {seen[student.student_id]} times")
    return faults
