"""The sheet for 想一想 and 拓展任务: written, filled in, merged, and held to its range."""

import openpyxl
import pandas as pd
import pytest
from handed_in import TOUR

from crm_lib.errors import DataError
from crm_lib.teach.manual import merge_manual, read_manual_sheet, write_manual_sheet
from crm_lib.teach.results import MISSING, Graded, TaskResult

TASK = TaskResult("tour-1-line-amount", "做一做 1", 5, 5)
CLASS = [
    Graded("0012", "张三", "一班", TOUR, tasks=(TASK,)),
    Graded("2", "=1+1", "一班", TOUR, tasks=(TASK,)),
    Graded("3", "王五", "一班", TOUR, status=MISSING, tasks=(TASK,)),
]
WORDS = {("2", TOUR): {"1_tour-think-1": "=cmd|' /C calc'!A0"}}


def write(path, change=None):
    write_manual_sheet(path, CLASS, words=WORDS)
    if path.suffix == ".csv":
        frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    else:
        frame = pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl")
    if change:
        change(frame)
        if path.suffix == ".csv":
            frame.to_csv(path, index=False, encoding="utf-8-sig")
        else:
            frame.to_excel(path, index=False)
    return frame


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_one_row_per_student_who_handed_in_and_item(tmp_path, suffix):
    frame = write(tmp_path / f"m{suffix}")
    assert len(frame) == 2 * 5
    assert set(frame["学号"]) == {"0012", "2"}
    assert frame["编号"].tolist()[:5] == [*(f"1_tour-think-{n}" for n in (1, 2, 3, 4)), "1_tour-extend-1"]
    assert set(frame["得分"]) == {""}


def test_students_words_are_no_formulas(tmp_path):
    write(tmp_path / "m.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "m.xlsx").active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_points_are_merged_and_open_ones_pend(tmp_path, suffix):
    def change(frame):
        frame.loc[0, ["得分", "评语"]] = ["1.5", "写得好"]

    write(tmp_path / f"m{suffix}", change)
    sheet = read_manual_sheet(tmp_path / f"m{suffix}")
    first, second, third = merge_manual(CLASS, sheet)
    assert (first.points, first.total, first.pending) == (6.5, 5 + 4 * 2 + 5, 4)
    assert first.tasks[1].message == "写得好"
    assert (second.points, second.pending, second.name) == (5, 5, "=1+1")
    assert third == CLASS[2]


def test_entered_points_survive_the_next_sheet(tmp_path):
    def change(frame):
        frame["满分"] = frame["满分"].where(frame["编号"] != "1_tour-think-2", "0")
        frame.loc[0, "得分"] = "0"

    write(tmp_path / "m.xlsx", change)
    sheet = read_manual_sheet(tmp_path / "m.xlsx")
    write_manual_sheet(tmp_path / "again.xlsx", CLASS, words={}, entered=sheet)
    assert read_manual_sheet(tmp_path / "again.xlsx") == sheet
    first = merge_manual(CLASS, sheet)[0]
    assert (first.total, first.pending) == (5 + 3 * 2 + 5, 3)


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (2, "得分", "2.5", "row 4: 得分 must lie in 0 to 2; got 2.5"),
        (2, "得分", "-1", "row 4: 得分 must lie in 0 to 2"),
        (2, "得分", "二", "row 4: 得分 must be a number; got '二'"),
        (2, "得分", "nan", "row 4: 得分 must be a number"),
        (2, "满分", "", "row 4: 满分 must lie"),
        (7, "满分", "9", "row 9: 满分 of 1_tour-think-3 is 9 here and 2 in row 4"),
        (2, "编号", "1_tour-think-9", "row 4: 编号 '1_tour-think-9' is no item"),
        (2, "编号", "1_tour-think-1", "row 4: 1_tour-think-1 of 0012 stands there twice"),
        (2, "笔记本", "9_x/1_y", "row 4: 笔记本 '9_x/1_y' is none"),
    ],
)
def test_faults_name_their_row(tmp_path, row, column, value, said):
    def change(frame):
        frame.loc[row, column] = value

    write(tmp_path / "m.xlsx", change)
    with pytest.raises(DataError) as refused:
        read_manual_sheet(tmp_path / "m.xlsx")
    assert said in str(refused.value)


def test_points_of_somebody_who_handed_in_nothing(tmp_path):
    def change(frame):
        frame.loc[0, ["学号", "得分"]] = ["3", "1"]

    write(tmp_path / "m.xlsx", change)
    with pytest.raises(DataError, match="学号 3 handed in nothing"):
        merge_manual(CLASS, read_manual_sheet(tmp_path / "m.xlsx"))
