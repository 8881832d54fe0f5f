"""Answers are found whatever a student did to the cells, and nothing but answers is taken over."""

import json

import pytest
from handed_in import TASKS, TOUR, code_cell, find_cell, make_notebook, solve, text_cell

from crm_lib.teach.intake_json import read_notebook
from crm_lib.teach.intake_match import assigns, is_blank, match_answers
from crm_lib.teach.intake_official import load_official


def match(answers=None, change=None):
    notebook = make_notebook(answers, change)
    return match_answers(load_official(TOUR), read_notebook(json.dumps(notebook).encode()))


def right():
    return {task: [code] for task, code in solve().items()}


def index(notebook, grade_id):
    return notebook["cells"].index(find_cell(notebook, grade_id))


def test_answers_of_an_untouched_notebook():
    matched = match()
    assert (matched.answers, matched.extras, matched.notes) == (right(), [], [])


def test_the_blank_edition_has_no_answer():
    assert match({}).answers == {}


def strip_grader(notebook):
    for cell in notebook["cells"]:
        cell["metadata"].pop("nbgrader", None)


def strip_marks(notebook):
    strip_grader(notebook)
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}


def keep_answers_only(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if "solution" in c["metadata"].get("tags", ())]


def turn_round(notebook):
    notebook["cells"].reverse()


def make_old(notebook):
    sheet = []
    for cell in notebook.pop("cells"):
        source = cell["source"]
        kind = cell["cell_type"]
        old = {"cell_type": kind, "metadata": cell["metadata"]}
        sheet.append(
            old | ({"input": source, "language": "python"} if kind == "code" else {"source": source})
        )
    notebook |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": sheet, "metadata": {}}]}


def mix_formats(notebook):
    half = len(notebook["cells"]) // 2
    notebook["worksheets"] = [{"cells": notebook["cells"][half:]}]
    notebook["cells"] = notebook["cells"][:half]


@pytest.mark.parametrize(
    "change",
    [strip_grader, strip_marks, keep_answers_only, turn_round, make_old, mix_formats],
)
def test_answers_survive(change):
    assert match(None, change).answers == right()


def test_a_deleted_answer_cell_is_found_by_its_place():
    def change(notebook):
        n = index(notebook, f"{TASKS[1]}-answer")
        notebook["cells"][n] = code_cell("x = (rfm['recency_days'] <= 90).sum()\nanswer_2 = int(x)")

    matched = match(None, change)
    assert matched.answers[TASKS[1]] == ["x = (rfm['recency_days'] <= 90).sum()\nanswer_2 = int(x)"]
    assert any("按位置找到" in note and "做一做 2" in note for note in matched.notes)


def test_own_cells_go_with_the_task_in_whose_place_they_stand():
    def change(notebook):
        n = index(notebook, f"{TASKS[1]}-answer")
        notebook["cells"].insert(n + 2, code_cell("after_the_check = 1"))  # serves task 3
        notebook["cells"].insert(n + 1, code_cell("answer_2 = answer_2 + 0"))
        notebook["cells"].insert(n, code_cell("limit = 90"))
        notebook["cells"].append(code_cell("farewell = 1"))

    matched = match(None, change)
    assert matched.answers[TASKS[1]] == ["limit = 90", *right()[TASKS[1]], "answer_2 = answer_2 + 0"]
    assert matched.answers[TASKS[2]] == ["after_the_check = 1", *right()[TASKS[2]]]
    assert matched.extras == ["farewell = 1"]


def test_a_copied_answer_cell_carries_a_copied_mark():
    def change(notebook):
        first = find_cell(notebook, f"{TASKS[0]}-answer")
        n = index(notebook, f"{TASKS[1]}-answer")
        notebook["cells"][n] = {**first, "id": "copied", "source": "answer_2 = 5"}

    matched = match(None, change)
    assert matched.answers[TASKS[0]] == right()[TASKS[0]]
    assert matched.answers[TASKS[1]] == ["answer_2 = 5"]


def test_an_answer_in_a_cell_at_the_end_is_found_by_its_variable():
    matched = match({}, lambda nb: nb["cells"].append(code_cell("answer_3 = 0.5")))
    assert matched.answers == {TASKS[2]: ["answer_3 = 0.5"]}
    assert any("answer_3" in note for note in matched.notes)


def test_edited_official_cells_count_as_they_were_handed_out():
    def change(notebook):
        find_cell(notebook, TASKS[0])["source"] = "print('得 5 分')"
        notebook["cells"][2]["source"] += "\nimport os"
        find_cell(notebook, f"{TASKS[0]}-task")["source"] = "（1000 分）"

    matched = match(None, change)
    assert matched.answers == right()
    assert matched.extras == []
    assert any("有 2 个不属于答题的单元改过" in note for note in matched.notes)


def test_an_answer_typed_into_the_check_cell_is_taken():
    def change(notebook):
        find_cell(notebook, TASKS[0])["source"] = "answer_1 = 35.9\ncheck('tour-1-line-amount', answer_1)"

    assert "answer_1 = 35.9" in match({}, change).answers[TASKS[0]][-1]


def test_forged_marks_do_not_move_an_answer():
    def change(notebook):
        a, b = (find_cell(notebook, f"{t}-answer") for t in TASKS[:2])
        a["metadata"], b["metadata"] = b["metadata"], a["metadata"]
        notebook["metadata"]["crm"] = {"id": "5_information/7_customer_portrait"}
        a["metadata"]["nbgrader"]["points"] = 1000

    answers = match(None, change).answers
    assert sorted(s for v in answers.values() for s in v) == sorted(solve().values())


def test_too_much_code_is_not_run():
    matched = match({TASKS[0]: "answer_1 = '" + "x" * 300_000 + "'"})
    assert matched.answers == {}
    assert any("没有运行" in note for note in matched.notes)


def test_own_words_stand_with_the_question_above_them():
    official = load_official(TOUR)
    assert [i.title for i in official.manual] == ["想一想 1", "想一想 2", "想一想 3", "想一想 4", "拓展任务"]

    def change(notebook):
        last = notebook["cells"][official.manual[4].cell]
        last["source"] += "\n我比较了两份数据。"
        notebook["cells"].insert(official.manual[1].cell + 1, text_cell("我看不一样。"))

    matched = match({}, change)
    assert matched.words == {"1_tour-think-2": "我看不一样。", "1_tour-extend-1": "我比较了两份数据。"}


@pytest.mark.parametrize(
    ("source", "blank"),
    [
        ("# 注释\nanswer = None", True),
        ("", True),
        ("answer = ...", True),
        ("pass", True),
        ("answer = None  # ?", True),
        ("answer = 0", False),
        ("answer = None\nx = 1", False),
        ("answer = (", False),
    ],
)
def test_blank_answers(source, blank):
    assert is_blank(source, "answer") is blank


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("answer = 1", True),
        ("answer: float = 1", True),
        ("for answer in range(3): pass", True),
        ("answer == 1", False),
        ("my_answer = 1", False),
        ("answer = (", True),
        ("answer == (", False),
        ("print(answer)", False),
    ],
)
def test_assignments(source, found):
    assert assigns(source, "answer") is found
