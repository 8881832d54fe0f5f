"""A page that opens a project (0_…) has rules of its own; with no tasks it is listed, rendered and not assigned."""

import re

import pytest
from crm_command import start_crm
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from crm_lib.errors import ParameterError
from crm_lib.publish.anatomy import find_faults, is_page

PAGE, LESSON = "1_x/0_project", "1_x/1_lesson"


def code(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def make_page(notebook_id=PAGE):
    return new_notebook(
        cells=[
            new_markdown_cell("# 项目\n\n问什么？\n\n约 15 分钟"),
            new_markdown_cell("## 你将学会\n\n- **说出**什么"),
            code("from crm_lib.lesson import export, finding, parameters", "hide-input"),
            code(f'parameters("{notebook_id}")', "hide-input"),
            new_markdown_cell("## 一节"),
            code("finding('x')", "finding", "nbval-check-output"),
            code("export({}, {})", "export"),
        ]
    )


def test_a_short_page_without_tasks_and_parameters_breaks_no_rule():
    assert is_page(PAGE)
    assert not is_page(LESSON)
    assert not is_page("0_start/1_tour")
    assert find_faults(make_page(), PAGE) == []


def test_the_same_cells_are_no_lesson():
    faults = "; ".join(find_faults(make_page(LESSON), LESSON))
    for said in ("exactly one cell tagged parameters", "12 to 25", "小结", "at least 3 cells"):
        assert said in faults


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda n: n.cells.pop(5), "no cell is tagged finding"),
        (lambda n: n.cells.pop(6), "export is missing"),
        (lambda n: n.cells.pop(3), "still calls parameters"),
        (lambda n: n.cells.extend(code("1") for _ in range(7)), "11 code cells; there must be 3 to 10"),
        (lambda n: n.cells[5].metadata.tags.remove("nbval-check-output"), "at least 1 cells"),
        (lambda n: n.cells[0].update(source="# 项目"), "minutes"),
        (lambda n: n.cells[1].update(source="## 目标"), "你将学会"),
        (lambda n: n.cells.insert(3, code("n: int | None = 3", "parameters")), "parameter line"),
        (lambda n: n.cells.insert(5, code("import pandas as pd; pd.read_csv('x')")), "through crm_lib only"),
    ],
)
def test_each_rule_of_a_page_is_held(spoil, said):
    page = make_page()
    spoil(page)
    assert said in "; ".join(find_faults(page, PAGE))


def test_a_page_may_have_parameters():
    page = make_page()
    page.cells.insert(3, code("n: int = 3  # 个数 [1, 9]", "parameters"))
    assert find_faults(page, PAGE) == []


def test_the_page_is_rendered_and_stands_before_its_lessons(tmp_path):
    page = "1_identification/0_project"
    rendering = start_crm("render", page, "--out", tmp_path)
    said = rendering.communicate()
    assert rendering.returncode == 0, said
    html = (tmp_path / page / "report.html").read_text(encoding="utf-8")
    assert "沃尔森法则" in html
    assert (tmp_path / page / "tables" / "task_sheets.docx").is_file()
    listed = start_crm("list").communicate()[0]
    places = [listed.index(f"1_identification/{name}") for name in ("0_project", "3_demographic_data")]
    assert places == sorted(places)


def test_a_page_without_tasks_is_not_assigned_but_said_to_be_for_reading(tmp_path):
    from crm_lib.teach.assign import assign_notebooks

    with pytest.raises(ParameterError, match=re.escape("notebooks/1_identification/0_project.ipynb")):
        assign_notebooks(["1_identification/0_project"], out=tmp_path / "course")
    assert not (tmp_path / "course").exists()
