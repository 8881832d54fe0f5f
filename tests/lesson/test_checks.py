"""Judging an answer: points, and a message that names the mistake but not the answer."""

from dataclasses import replace

import numpy as np
import pytest

from crm_lib.lesson.checkers import compare_clusters
from crm_lib.lesson.checks import Check, Mistake, grade_answer, load_variants

CHECK = Check(
    grade_id="t-1",
    answer="answer",
    points=5,
    inputs=("numbers",),
    expected=lambda data: sum(data["numbers"]) / len(data["numbers"]),
    hint="看清分母。",
    mistakes=(
        Mistake("sum", "answer = sum(numbers)", "还要除以个数。"),
        Mistake("impossible", "answer = numbers['x']", "不会出现。"),
    ),
)
DATA = {"numbers": [2, 4, 9]}  # mean 5, sum 15


def test_right_answer_gets_full_points_and_prints_as_its_points():
    result = grade_answer(CHECK, 5.0, DATA)
    assert (result.points, result.total, repr(result)) == (5, 5, "5")
    assert "5 分" in result._repr_html_()


@pytest.mark.parametrize(
    ("answer", "said"),
    [(None, "还没有作答"), (..., "还没有作答"), (15, "还要除以个数"), (7, "看清分母"), ("5", "一个数")],
)
def test_other_answers_get_nothing_and_a_kind_message(answer, said):
    result = grade_answer(CHECK, answer, DATA)
    assert (result.points, repr(result)) == (0, "0")
    assert said in result.message
    assert "5.0" not in result.message


def test_the_rubric_gives_a_share_for_a_mistake():
    check = replace(CHECK, rubric={"sum": 0.5})
    result = grade_answer(check, 15, DATA)
    assert (result.points, repr(result), result.mistake) == (2.5, "2.5", "sum")
    assert "得 2.5 分（满分 5 分）" in result.message
    assert grade_answer(check, 16, DATA).points == 0


def test_a_checker_takes_the_place_of_equality():
    check = Check("t-4", "labels", 4, (), lambda d: [1, 1, 2], checker=compare_clusters)
    assert grade_answer(check, np.array(["b", "b", "a"]), {}).points == 4
    assert grade_answer(check, [1, 2, 2], {}).points == 0


def test_variants_begin_with_the_data_of_the_notebook():
    variants = load_variants("0_start/1_tour")
    assert variants[0] == {}
    assert len(variants) >= 3
    assert load_variants("0_start/9_none") == [{}]


def test_messages_are_escaped():
    check = Check("t-2", "answer", 1, (), lambda data: 1, hint="<script>alert(1)</script>")
    assert "<script>" not in grade_answer(check, 2, {})._repr_html_()


def test_mistakes_run_on_copies():
    grade_answer(
        Check(
            "t-3",
            "answer",
            1,
            ("numbers",),
            lambda d: 0,
            mistakes=(Mistake("m", "numbers.clear()\nanswer=1", "m"),),
        ),
        1,
        DATA,
    )
    assert DATA["numbers"] == [2, 4, 9]
