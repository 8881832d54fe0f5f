"""The task sheets of a project are those of its lessons, as they are built now."""

import json

import make_task_sheets
import pytest

from crm_lib.errors import DataError
from crm_lib.lesson import describe_sheets, detail_sheets, list_activities, list_sheets, summarize_sheets
from crm_lib.lesson.checks import load_checks
from crm_lib.lesson.project import read_sheet, write_sheets

PAGE = "1_identification/0_project"


def test_the_sheets_are_up_to_date():
    text = make_task_sheets.TARGET.read_text(encoding="utf-8")
    assert text == make_task_sheets.make_text(), "run: python tools/make_task_sheets.py"


def test_points_are_those_of_the_checks_tables():
    sheets = list_sheets(PAGE)
    assert len(sheets) >= 1
    for sheet in sheets:
        points = [check.points for check in load_checks(sheet["id"]).values()]
        assert [t["points"] for t in sheet["tasks"]] == points
        assert len(sheet["steps"]) == 4


def make_notebook(folder, texts):
    cells = [{"cell_type": "markdown", "source": text, "metadata": {}} for text in texts]
    path = folder / "1_a.ipynb"
    path.write_text(json.dumps({"cells": cells}, ensure_ascii=False), encoding="utf-8")
    return path


HEAD = '# 课\n\n问什么？\n\n| 教材位置 | 输入 | 输出 | 用时 |\n|---|---|---|---|\n| 位 | 表 | "成果" | 约 40 分钟 |\n'


def test_a_sheet_is_read_and_written_back(tmp_path):
    import tomllib

    path = make_notebook(tmp_path, [HEAD, "## 步骤一　看\n文", "**做一做 1（2.5 分）**　算\\一算？\n\n提示"])
    sheet = read_sheet(path, "1_x/1_a")
    assert sheet == {
        "id": "1_x/1_a", "title": "课", "goal": "问什么？", "minutes": 40, "data": "表", "products": '"成果"',
        "steps": ["步骤一　看"], "tasks": [{"text": "算\\一算？", "points": 2.5}],
    }  # fmt: skip
    assert tomllib.loads(write_sheets([sheet, sheet]))["sheet"] == [sheet, sheet]
    assert summarize_sheets([sheet]).values.tolist() == [[1, "课", "问什么？", 40, 1, 1, 2.5]]
    assert detail_sheets([sheet])["kind"].tolist() == ["步骤", "做一做", "提交的成果"]
    assert "用时最长" not in describe_sheets([sheet])
    assert "2.5" in describe_sheets([sheet])


def test_a_first_cell_without_its_table_is_said(tmp_path):
    with pytest.raises(DataError, match="输入, 输出, 用时"):
        read_sheet(make_notebook(tmp_path, ["# 课\n\n问什么？"]), "1_x/1_a")


def test_no_lesson_is_no_fault():
    assert list_sheets("9_nothing/0_project") == []
    assert describe_sheets([]) == "这个项目还没有可以做的任务。"
    assert len(summarize_sheets([])) == len(detail_sheets([])) == 0


def test_the_ten_activities_stand_in_the_order_of_the_book():
    assert list_activities()["activity"].tolist() == [
        "定义客户标志", "收集", "连接", "整合", "认识", "储存", "更新", "分析", "随时可用", "安全",
    ]  # fmt: skip
