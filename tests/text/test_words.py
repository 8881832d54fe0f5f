"""Words: one writing, kinds, stop words, negation, counts, keywords."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, ReadError
from crm_lib.text import count_words, rank_keywords, segment_words


def cut(text, **options):
    return segment_words(pd.Series([text]), **options).iloc[0]


def test_negation_stays_and_is_joined():
    assert cut("质量不好") == ["质量", "不好"]
    assert cut("我不太满意") == ["不太满意"]
    assert cut("没有发货") == ["没有发货"]
    assert cut("我不太满意", join_negation=False) == ["不", "太", "满意"]
    # a negation at the end of a clause, or before a word without meaning, stands alone
    assert cut("说不，就不") == ["不", "不"]


def test_one_writing_for_width_capitals_and_invisible_characters():
    assert cut("ＡＢＣ１２３　ｉＰｈｏｎｅ") == cut("abc123 iphone") == ["abc123", "iphone"]
    assert cut("质\u200b量") == ["质量"]
    assert cut("好👍🏽") == cut("好👍") == ["好", "👍"]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (("chinese",), ["价格", "很", "好"]),
        (("number",), ["3.5"]),
        (("latin",), ["pro"]),
        (("emoji",), ["👍"]),
        (("mark",), ["!"]),
    ],
)
def test_kinds_are_kept_as_asked(keep, kept):
    assert cut("价格3.5 Pro很好!👍", keep=keep) == kept


def test_stop_words_go_unless_they_are_wanted(tmp_path):
    assert cut("我的床垫") == ["床垫"]
    assert cut("我的床垫", drop_stop_words=False) == ["我", "的", "床垫"]
    own = tmp_path / "stop.toml"
    own.write_text('function = ["床垫"]\nnegation = []\ndegree = []\n', encoding="utf-8")
    assert cut("我的床垫", stop_words=own) == ["我", "的"]


def test_user_words_are_not_cut_and_do_not_linger():
    assert cut("云朵被真香") == ["云朵", "被", "真", "香"] or "云朵被" not in cut("云朵被真香")
    assert cut("云朵被真香", user_words=["云朵被"]) == ["云朵被", "真", "香"]
    assert "云朵被" not in cut("云朵被真香")


def test_missing_and_empty_texts_give_empty_lists_in_place():
    texts = pd.Series(["好", None, "", "   ", "坏"], index=[9, 3, 7, 1, 2], name="text")
    words = segment_words(texts)
    assert words.tolist() == [["好"], [], [], [], ["坏"]]
    assert words.index.tolist() == [9, 3, 7, 1, 2]
    assert segment_words(pd.Series([], dtype=object)).tolist() == []


def test_faults_are_sentences(tmp_path):
    with pytest.raises(DataError, match="1 of 2 rows are not"):
        segment_words(pd.Series(["a", 5], dtype=object))
    with pytest.raises(ParameterError, match="must be a column"):
        segment_words(["a"])
    with pytest.raises(ParameterError, match="keep must be one of"):
        cut("a", keep=["words"])
    with pytest.raises(ParameterError, match="Put it in brackets"):
        cut("a", user_words="词")
    bad = tmp_path / "bad.toml"
    bad.write_text("function = 3", encoding="utf-8")
    with pytest.raises(ParameterError, match="'function' is none"):
        cut("a", stop_words=bad)
    bad.write_text("function = [", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be read"):
        cut("a", stop_words=bad)


def test_words_are_counted_by_text_and_by_occurrence():
    words = pd.Series([["质量", "好", "好"], ["质量"], [], ["慢"]])
    counted = count_words(words)
    assert counted.values.tolist() == [["质量", 2, 2, 0.5], ["好", 1, 2, 0.25], ["慢", 1, 1, 0.25]]
    rare = count_words(words, least=2)
    assert (rare["word"].tolist(), rare.attrs["n_rare"]) == (["质量"], 2)
    assert count_words(pd.Series([], dtype=object)).empty
    with pytest.raises(ParameterError, match="list of words per row"):
        count_words(pd.Series(["质量"]))


def test_keywords_worked_by_hand():
    # 掉色 stands in 8 of 10 texts on 质量 and 1 of 10 on 配送
    words = pd.Series([["掉色"]] * 8 + [["好"]] * 2 + [["掉色"]] + [["好"]] * 9)
    ranked = rank_keywords(words, pd.Series(["质量"] * 10 + ["配送"] * 10))
    row = ranked[ranked["word"] == "掉色"].iloc[0]
    assert (row["group"], row["n_texts"], row["share_in"], row["share_out"]) == ("质量", 8, 0.8, 0.1)
    assert row["log_odds"] == pytest.approx(math.log(8.5 / 2.5) - math.log(1.5 / 9.5))
    # G2 = 2 sum o ln(o/e), expected 4.5 and 5.5
    g2 = 2 * (8 * math.log(8 / 4.5) + 2 * math.log(2 / 5.5) + 1 * math.log(1 / 4.5) + 9 * math.log(9 / 5.5))
    assert row["z"] == pytest.approx(math.sqrt(g2))
    assert row["statement"] == "“质量”一组里，每 100 条有 80.0 条提到“掉色”；其他各组每 100 条有 10.0 条。"


def test_keywords_do_not_hang_on_the_order_of_rows_and_pass_over_what_is_everywhere():
    words = pd.Series([["旭东", "掉色"]] * 6 + [["旭东", "慢"]] * 6)
    groups = pd.Series(["甲"] * 6 + ["乙"] * 6)
    ranked = rank_keywords(words, groups)
    assert ranked[["group", "word"]].values.tolist() == [["乙", "慢"], ["甲", "掉色"]]
    again = rank_keywords(words[::-1].reset_index(drop=True), groups[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(ranked, again)


def test_keywords_need_two_groups_and_one_group_a_text():
    with pytest.raises(DataError, match="2 groups"):
        rank_keywords(pd.Series([["a"]] * 3), pd.Series(["x"] * 3))
    with pytest.raises(DataError, match="one group per text"):
        rank_keywords(pd.Series([["a"]] * 3), pd.Series(["x"] * 2))
    nothing = rank_keywords(pd.Series([[], []], dtype=object), pd.Series(["x", "y"]))
    assert nothing.empty
    assert "statement" in nothing
