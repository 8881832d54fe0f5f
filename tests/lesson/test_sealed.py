"""Sealed checks: they know the right answer and the mistakes, and show neither."""

import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import CrmError
from crm_lib.lesson.checks import Check, Mistake, Verdict, grade_answer
from crm_lib.lesson.sealed import Sealed, lock, name_kind, stretch, unlock, write_answers
from crm_lib.teach.assign_seal import _seal, choose_digits


def seal(expected, *, mistakes=(), tolerance=1e-6, hint="", rubric=None, checker=None, **space):
    """Seal one check whose right answer is `expected`; return it ready to judge."""
    table = tuple(Mistake(f"m{i}", f"answer = {code}", message) for i, (code, message) in enumerate(mistakes))
    given = (tuple(space), lambda data: expected, tolerance, table, hint, checker, rubric or {})
    check = Check("t-1", "answer", 5, *given)
    sealed = json.loads(json.dumps(_seal(check, space, "salt t-1")))
    return check, Sealed("0_start/1_tour", "", {}, {}, {"t-1": sealed})


def points(sealed, answer):
    return sealed.judge("t-1", answer, {}).points


def nearest(value, tolerance):
    return next(iter(write_answers(value, tolerance=tolerance, digits=7)))


def test_a_number_is_right_within_its_tolerance_only():
    # 36.65 · (1 ± 1e-6) = 36.65 ± 0.00003665
    _, sealed = seal(36.65)
    assert [points(sealed, x) for x in (36.65, 36.65003, 36.64997)] == [5, 5, 5]
    assert [points(sealed, x) for x in (36.6501, 36.6499, 36.7, 37, -36.65, 3.665, 366.5)] == [0] * 7


def test_a_share_is_judged_by_the_absolute_tolerance_like_the_table():
    _, sealed = seal(0.05)
    assert [points(sealed, x) for x in (0.05, 0.0500009, 0.0499991)] == [5, 5, 5]
    assert [points(sealed, x) for x in (0.050002, 0.049998, 5.0)] == [0, 0, 0]


def test_a_count_without_tolerance_is_exact():
    _, sealed = seal(1204, tolerance=0)
    assert [points(sealed, x) for x in (1204, 1204.0, 1205, 1203.9999999)] == [5, 5, 0, 0]


numbers = st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False)


@given(numbers, st.floats(-1, 1), st.sampled_from([1e-9, 1e-6, 0.01, 0.05, 3e-4]))
def test_every_answer_within_the_tolerance_meets_the_sealed_one(truth, share, tolerance):
    answer = truth + 0.999 * share * tolerance * max(abs(truth), 1.0)
    assert math.isclose(answer, truth, rel_tol=tolerance, abs_tol=tolerance)
    assert nearest(truth, tolerance) in list(write_answers(answer, tolerance=tolerance, digits=7))


@given(numbers, st.floats(1.7, 100), st.sampled_from([-1, 1]), st.sampled_from([1e-9, 1e-6, 0.01, 3e-4]))
def test_no_answer_clearly_outside_the_tolerance_meets_it(truth, times, sign, tolerance):
    answer = truth + sign * times * tolerance * max(abs(truth), 1.0) * (1 + tolerance * times)
    assert nearest(truth, tolerance) not in list(write_answers(answer, tolerance=tolerance, digits=7))


@given(numbers, st.sampled_from([1e-6, 0.01, 3e-4]))
def test_an_answer_is_tried_in_at_most_a_hundred_ways(value, tolerance):
    assert 1 <= len(list(write_answers(value, tolerance=tolerance, digits=7))) <= 170


def test_the_mistake_behind_a_wrong_answer_is_named_and_no_other():
    mistakes = [("10 / 4", "分母错了"), ("sum(x)", "这是合计")]
    _, sealed = seal(2.0, mistakes=mistakes, hint="再想一想", x=[1, 2, 3])
    assert "分母错了" in sealed.judge("t-1", 2.5, {}).message
    assert "这是合计" in sealed.judge("t-1", 6, {}).message
    assert "再想一想" in sealed.judge("t-1", 77, {}).message


def test_a_mistake_with_a_share_in_the_rubric_earns_it():
    _, sealed = seal(2.0, mistakes=[("10 / 4", "分母错了")], rubric={"m0": 0.4})
    result = sealed.judge("t-1", 2.5, {})
    assert (result.points, result.total) == (2, 5)  # 0.4 · 5
    assert "分母错了" in result.message


def test_a_mistake_that_gives_the_right_answer_on_these_data_is_none():
    _, sealed = seal(6, mistakes=[("sum(x)", "这是合计")], x=[1, 2, 3])
    assert points(sealed, 6) == 5


def test_neither_the_answer_nor_a_message_can_be_read():
    _, sealed = seal(36.65, mistakes=[("12.5", "分母错了")])
    text = json.dumps(dict(sealed.checks), ensure_ascii=False)
    assert all(secret not in text for secret in ("36.65", "3665", "12.5", "分母"))


@given(st.text())
def test_a_message_opens_with_the_key_of_its_answer_only(message):
    right, wrong = stretch("number 1", "salt"), stretch("number 2", "salt")
    assert unlock(lock(message, right), right) == message
    if len(message.encode()) >= 16:  # a short one could come out by chance
        assert lock(message, right) != lock(message, wrong)


FRAME = pd.DataFrame({"segment": ["a", "b", "c"], "revenue": [10.5, 1 / 3, 7.0], "n": [1, 2, 3]})


def test_a_table_is_right_in_any_order_of_rows_and_columns():
    _, sealed = seal(FRAME)
    assert points(sealed, FRAME.iloc[::-1][["n", "segment", "revenue"]]) == 5
    assert points(sealed, FRAME.set_index("segment")) == 5
    assert points(sealed, FRAME.assign(n=[1, 2, 4])) == 0
    assert points(sealed, FRAME.assign(revenue=FRAME["revenue"] * (1 + 1e-12))) == 5
    assert points(sealed, FRAME.assign(revenue=FRAME["revenue"] * 1.001)) == 0


def test_a_list_keeps_its_order_and_a_set_has_none():
    assert points(seal([1, 2.5])[1], [2.5, 1]) == 0
    assert points(seal([1, 2.5])[1], (1.0, 2.5)) == 5
    assert points(seal({"a", "b"})[1], {"b", "a"}) == 5


def test_digits_are_chosen_so_that_noise_cannot_turn_a_rounding():
    assert choose_digits([0.1234567]) == 7
    # the 8th digit is a 5: 7 digits would round up or down with the noise, 6 do not
    assert choose_digits([0.12345675]) == 6
    assert choose_digits([12345678.0, 3.0]) == 7  # whole numbers are written whole
    # a border at 7, 6, 5 and 4 digits at once
    assert choose_digits([0.12345675, 0.1234565, 0.123455, 0.12345]) == 0


def test_what_only_the_grader_can_judge_is_said_to_be_kept():
    _, loose = seal([1.5, 2.5], tolerance=0.05)
    _, other = seal(object())
    _, own = seal(2.5, checker=lambda answer, expected: Verdict(True))
    for sealed in (loose, other, own):
        result = sealed.judge("t-1", [1.5, 2.5], {})
        assert (result.points, result.blank) == (0, False)
        assert "批改时" in result.message


@pytest.mark.parametrize("expected", [2.5, True, "高价值", [1, 2], FRAME])
@pytest.mark.parametrize(
    "answer", [None, ..., 2.5, 2.6, True, False, "高价值", " 高价值 ", "低", [1, 2], [2, 1], FRAME]
)
def test_a_sealed_check_gives_the_points_of_the_table(expected, answer):
    check, sealed = seal(expected)
    table = grade_answer(check, answer, {})
    result = sealed.judge("t-1", answer, {})
    assert (result.points, result.total, result.blank) == (table.points, table.total, table.blank)


def test_a_wrong_kind_of_answer_is_said_in_words():
    _, sealed = seal(2.5)
    assert "一段文字" in sealed.judge("t-1", "2.5", {}).message
    assert "dict" in sealed.judge("t-1", {}, {}).message
    assert name_kind({}) == "other"


def test_another_parameter_or_file_is_told_instead_of_a_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.csv").write_text("a\n", encoding="utf-8", newline="\n")
    sha = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
    _, one = seal(2.5)
    sealed = Sealed("x", "", {"k": 3, "orders": "my.csv"}, {"my.csv": sha}, one.checks)
    fine = {"k": 3, "orders": "my.csv"}
    assert sealed.judge("t-1", 2.5, fine).points == 5
    with pytest.raises(CrmError, match="参数改过了（k）"):
        sealed.judge("t-1", 2.5, {**fine, "k": 4})
    (tmp_path / "my.csv").write_text("b\n", encoding="utf-8")
    with pytest.raises(CrmError, match="my.csv"):
        sealed.judge("t-1", 2.5, fine)
    with pytest.raises(CrmError, match="t-9"):
        sealed.judge("t-9", 2.5, fine)
