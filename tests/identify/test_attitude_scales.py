"""Answers read, reversed, scored and flagged, by hand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import code_items, code_scales, count_answers, find_careless, read_items, screen_answers

ITEMS = pd.DataFrame({
    "item": ["q01", "q02", "q03", "q04"],
    "construct": ["满意", "满意", "满意", "信任"],
    "reversed": ["否", "是", "否", "否"],
    "points": [5, 5, 5, 5],
})
SURVEY = pd.DataFrame({
    "response_id": ["A", "B", "C", "D"],
    "q01": [5, 3, None, 9],
    "q02": [1, 3, None, 2],
    "q03": [4, 3, 2, 4],
    "q04": [2, None, 5, 1],
    "seconds": [40, 3, 60, 50],
})


def test_scores_by_hand():
    found = code_scales(SURVEY, ITEMS)
    # A: 5, 6 − 1 = 5, 4 → 100, 100, 75 → 91.67; B: all 3 → 50; C: one of three answered, 1 < 1.5 → none;
    # D: 9 is no answer of 1–5; 6 − 2 = 4 and 4 → 75 and 75
    assert found["score_满意"].round(4).tolist()[:2] == [91.6667, 50]
    assert pd.isna(found["score_满意"][2])
    assert found["score_满意"][3] == 75
    assert found["mean_满意"][0] == pytest.approx(14 / 3)
    assert found["sum_满意"][3] == pytest.approx(12)  # mean 4 times three items, one of them a gap
    assert found["n_answered_满意"].tolist() == [3, 3, 1, 2]
    assert found["score_信任"].tolist()[0] == 25
    assert code_scales(SURVEY, ITEMS, least_share=1 / 3)["score_满意"][2] == 25  # 2 → (2 − 1)/4


def test_scales_of_5_7_10_11_and_100_points_stand_side_by_side():
    survey = pd.DataFrame({"a": [4], "b": [4], "c": [10], "d": [0], "e": [50], "f": [2]})
    items = pd.DataFrame({
        "item": list("abcdef"),
        "construct": list("abcdef"),
        "points": [5, 7, 10, 11, 100, 5],
    })
    items["lowest"] = [None, None, None, None, None, 0]
    found = code_scales(survey, items)
    # (4 − 1)/4, (4 − 1)/6, (10 − 1)/9, 0/10, 50/100, and 2 of 0–4
    assert [found[f"score_{c}"][0] for c in "abcdef"] == [75, 50, 100, 0, 50, 50]
    mixed = code_scales(survey, items.assign(construct="x", reversed=[0, 1, 0, 1, 0, 0]))
    assert mixed["score_x"][0] == pytest.approx((75 + 50 + 100 + 100 + 50 + 50) / 6)
    assert pd.isna(mixed["mean_x"][0])  # points of unlike scales have no mean


def test_words_and_odd_writing_are_read_and_the_rest_is_listed():
    survey = pd.DataFrame({
        "response_id": list("ABCDEFG"),
        "q01": ["非常同意", "５", "4分", "3-一般", "也许", "6", ""],
        "kano_gift_f": ["很喜欢", "理应如此", 3, "5", None, 0, 2.5],
        "nps": [0, 10, 11, -1, "10", 3.5, None],
        "seconds": [30, -5, 1.5, None, 9, 9, 9],
        "comment": list("abcdefg"),
    })
    found = screen_answers(survey, ITEMS.head(1))
    assert found.answers["q01"].tolist()[:4] == [5, 5, 4, 3]
    assert found.answers["q01"].isna().sum() == 3
    assert found.answers["kano_gift_f"].tolist()[:4] == [1, 2, 3, 5]
    assert found.answers["comment"].tolist() == list("abcdefg")
    refused = found.refused.groupby("column")["reason"].agg(list).to_dict()
    assert refused == {
        "q01": ["unreadable", "out of range"],
        "kano_gift_f": ["out of range", "not whole"],
        "nps": ["out of range", "out of range", "not whole"],
        "seconds": ["out of range"],
    }
    assert found.refused.query("column == 'q01'")["value"].tolist() == ["也许", "6"]
    again = screen_answers(found.answers, ITEMS.head(1))
    assert len(again.refused) == 0
    pd.testing.assert_frame_equal(again.answers, found.answers)


def test_nothing_is_changed_and_every_answer_is_kept_or_listed():
    before = SURVEY.copy()
    found = screen_answers(SURVEY, ITEMS)
    pd.testing.assert_frame_equal(SURVEY, before)
    given = SURVEY[["q01", "q02", "q03", "q04"]].notna().sum().sum()
    kept = found.answers[["q01", "q02", "q03", "q04"]].notna().sum().sum()
    assert given == kept + len(found.refused) == 12 + 1


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=1, max_size=20))
def test_turning_all_items_round_turns_the_score_round(rows):
    survey = pd.DataFrame(rows, columns=["q01", "q02", "q03", "q04"])
    turned = ITEMS.assign(reversed=["是", "否", "是", "是"])
    one, other = code_scales(survey, ITEMS), code_scales(survey, turned)
    assert (one["score_满意"] + other["score_满意"]).round(9).eq(100).all()
    assert one["score_满意"].between(0, 100).all()
    assert code_items(survey, ITEMS)["q02"].eq(6 - survey["q02"]).all()


def test_answers_are_counted_as_they_were_ticked():
    found = count_answers(SURVEY, ITEMS)
    assert len(found) == 4 * 5
    second = found[found["item"] == "q02"].set_index("answer")
    assert second["n"].tolist() == [1, 1, 1, 0, 0]
    assert second["share"].tolist()[:3] == pytest.approx([1 / 3] * 3)
    wide = count_answers(
        pd.DataFrame({"q": [50]}), pd.DataFrame({"item": ["q"], "construct": ["x"], "points": [100]})
    )
    assert len(wide) == 0
    assert wide.attrs["left_out"] == ["q"]


def test_careless_by_hand():
    survey = pd.DataFrame({
        "response_id": ["line", "fast", "gaps", "good", "twice", "twice", "middle", "short"],
        "q01": [5, 4, None, 5, 4, 4, 3, 2],
        "q02": [5, 2, None, 1, 2, 2, 3, 2],
        "q03": [5, 4, None, 4, 5, 4, 3, None],
        "q04": [5, 5, 3, 4, 4, 5, 3, None],
        "seconds": [60, 7, 60, 60, 60, 60, 60, None],
    })
    found = find_careless(survey, ITEMS).set_index("response_id")
    assert found.loc["line", ["straight_line", "speeder", "n_flags"]].tolist() == [True, False, 1]
    # median 60: 7 < 30, and 7 < 4 · 2
    assert found.loc["fast", "speeder"]
    assert found.loc["gaps", ["mostly_missing", "missing_share"]].tolist() == [True, 0.75]
    assert not found.loc["good", "careless"]
    assert found.loc["twice", "repeated"].all()
    assert found.loc["middle", "straight_line"]
    assert not found.loc["short", "straight_line"]  # two answers are no line
    assert not found.loc["short", "mostly_missing"]  # half is not more than half
    assert found.attrs["n_without_seconds"] == 1
    slow = find_careless(survey, ITEMS, fast_share=0, seconds_per_item=1.7)
    assert not slow.loc[slow["response_id"] == "fast", "speeder"].iloc[0]  # 7 ≥ 4 · 1.7


def test_without_reversed_items_nobody_is_called_a_straight_liner():
    plain = ITEMS.assign(reversed="否")
    survey = pd.DataFrame({"q01": [5], "q02": [5], "q03": [5], "q04": [5]})
    found = find_careless(survey, plain)
    assert not found["careless"].any()
    assert not found.attrs["can_tell_straight"]
    assert find_careless(survey, ITEMS).attrs["can_tell_straight"]


def test_an_empty_survey_and_unnamed_rows():
    empty = SURVEY.head(0)
    assert len(code_scales(empty, ITEMS)) == len(find_careless(empty, ITEMS)) == 0
    assert code_scales(SURVEY.drop(columns="response_id"), ITEMS)["response_id"].tolist() == [
        "1",
        "2",
        "3",
        "4",
    ]


@pytest.mark.parametrize(
    ("items", "kind", "said"),
    [
        (ITEMS.assign(item="q01"), DataError, "stands once"),
        (ITEMS.assign(reversed="也许"), DataError, "是 or 否"),
        (ITEMS.assign(points=1), DataError, "2 to 100"),
        (ITEMS.assign(construct=["", "a", "b", "c"]), DataError, "needs a construct"),
        (ITEMS.head(0), DataError, "there must be an item"),
        (ITEMS.assign(item=["q01", "q02", "q03", "q4"]), SchemaError, "'q4' is none.*q04"),
        (ITEMS.drop(columns="construct"), SchemaError, "construct"),
    ],
)
def test_a_wrong_list_of_items_is_refused_in_words(items, kind, said):
    with pytest.raises(kind, match=said):
        code_scales(SURVEY, items)
    assert read_items(ITEMS)["reversed"].tolist() == [False, True, False, False]


def test_thresholds_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="least_share"):
        code_scales(SURVEY, ITEMS, least_share=0)
    with pytest.raises(ParameterError, match="fast_share"):
        find_careless(SURVEY, ITEMS, fast_share=2)
