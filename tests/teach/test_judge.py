"""Judging data that came out of the sandbox: every variant counts, whatever the data look like."""

import pytest

from crm_lib.errors import BuildError
from crm_lib.kernels.answers_out import take_out
from crm_lib.lesson.checks import Check, Mistake
from crm_lib.teach.judge import Taken, judge_answer, judge_task
from crm_lib.teach.truth import TaskTruth, read_truth

CHECK = Check(
    grade_id="t-1",
    answer="answer",
    points=10,
    inputs=("numbers",),
    expected=lambda data: None,
    hint="看清分母。",
    mistakes=(
        Mistake("sum", "", "还要除以个数。"),
        Mistake("median", "", "你算的是中位数。"),
    ),
    rubric={"sum": 0.5},
)
# three data sets: mean 5, 3, 8; the median of the first happens to be its mean
TRUTHS = [
    TaskTruth(5.0, {"sum": 15.0, "median": 5.0}),
    TaskTruth(3.0, {"sum": 9.0, "median": 2.0}),
    TaskTruth(8.0, {"sum": 16.0, "median": 7.0}),
]


def judge(*answers, errors=("", "", "")):
    runs = [Taken(a if isinstance(a, dict) or a is None else take_out(a), "", e)
            for a, e in zip(answers, errors, strict=False)]  # fmt: skip
    return judge_task(CHECK, "做一做 1", ["code"], runs, TRUTHS)


def test_right_on_every_variant_is_full():
    told = judge(5.0, 3.0, 8.0)
    assert (told.points, told.total, told.hard_coded, told.blank) == (10, 10, False, False)


def test_a_constant_is_hard_coded():
    told = judge(5.0, 5.0, 5.0)
    assert (told.points, told.hard_coded, told.mistake) == (0, True, "hard_coded")
    assert "没有变" in told.message
    assert "5" not in told.message.replace("5 分", "")


def test_right_on_the_first_data_only():
    told = judge(5.0, 3.0, 9.0)
    assert (told.points, told.hard_coded) == (0, True)
    assert "写死" in told.message


def test_a_failure_on_other_data_is_told():
    told = judge(5.0, 3.0, None, errors=("", "", "KeyError: 17"))
    assert (told.points, told.hard_coded) == (0, True)
    assert "KeyError: 17" in told.message


def test_a_run_that_is_missing_counts_as_wrong():
    assert judge(5.0).points == 0
    assert judge(5.0, 3.0).points == 0


def test_a_mistake_that_is_right_by_chance_is_told_as_that_mistake():
    told = judge(5.0, 2.0, 7.0)
    assert (told.points, told.hard_coded, told.mistake) == (0, False, "median")
    assert "你算的是中位数。" in told.message


def test_the_rubric_gives_part_of_the_points_when_the_mistake_is_made_throughout():
    assert (judge(15.0, 9.0, 16.0).points, judge(15.0, 9.0, 16.0).mistake) == (5, "sum")
    assert judge(15.0, 15.0, 15.0).points == 0
    assert "得 5 分（满分 10 分）" in judge(15.0, 9.0, 16.0).message


def test_no_code_is_blank_and_code_without_result_is_not():
    blank = judge_task(CHECK, "t", [], [], TRUTHS)
    assert (blank.points, blank.blank) == (0, True)
    nothing = judge(None, errors=("",))
    assert (nothing.points, nothing.blank, "没有结果" in nothing.message) == (0, False, True)
    failed = judge(None, errors=("NameError: x",))
    assert (failed.points, failed.blank, "NameError: x" in failed.message) == (0, False, True)


HOSTILE = [
    {"kind": "number", "value": "9" * 5000},
    {"kind": "number", "value": "5.0", "points": 10},
    {"kind": "number", "value": 5.0},
    {"kind": "number", "value": "0x5"},
    {"kind": "number", "value": "1e999"},
    {"kind": "number", "value": "9" * 3900},
    {"kind": "number", "value": "nan"},
    {"kind": "text", "value": "5.0", "type": "str"},
    {"kind": "flag", "value": True},
    {"kind": "list", "items": [{"kind": "number", "value": "5.0"}]},
    {"kind": "other", "type": "Liar", "why": ""},
    {"kind": "other", "type": "<script>", "why": ""},
    {"kind": "table", "columns": ["a"], "dtypes": ["x"], "rows": [[5.0]]},
    {"kind": "table", "columns": ["a", "a"], "dtypes": ["x", "x"], "rows": [[5.0, 1]]},
    {"kind": "code", "value": "import os"},
    {"points": 10},
    {},
]


@pytest.mark.parametrize("form", HOSTILE)
def test_forged_forms_earn_nothing_and_stop_nothing(form):
    told = judge_answer(CHECK, form, TRUTHS[0])
    assert (told.points, told.blank) == (0, False)
    assert told.message


def test_rubrics_name_mistakes_and_never_give_full_points():
    for rubric in ({"unknown": 0.5}, {"sum": 1.0}, {"sum": -0.1}):
        with pytest.raises(BuildError, match="rubric"):
            Check("t", "a", 1, (), lambda d: 0, mistakes=CHECK.mistakes, rubric=rubric)


def test_hard_coded_answers_may_keep_a_share():
    check = Check("t", "answer", 10, (), lambda d: 0, rubric={"hard_coded": 0.2})
    runs = [Taken(take_out(5.0))] * 3
    assert judge_task(check, "t", ["c"], runs, TRUTHS).points == 2


def test_truth_of_facts_survives_the_way_through_json():
    data = {"x": {"expected": {"facts": "text", "words": [["a", ["b", "c"]]], "numbers": [["n", 2.0]],
                               "never": [], "least": 3, "tolerance": 0.1}, "wrongs": {}}}  # fmt: skip
    assert read_truth(data)["x"].expected.words == (("a", ("b", "c")),)
