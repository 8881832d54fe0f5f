"""Mentions, negation, the experience lexicon, topics named beforehand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ParameterError, ReadError
from crm_lib.text import code_experience, find_mentions, match_topics, read_lexicon, read_topics


def signs(text, words=("满意", "好", "耐心")):
    found = find_mentions(pd.Series([text]), words)
    return [(row.word, row.negated) for row in found.itertuples()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("满意", [("满意", False)]),
        ("不满意", [("满意", True)]),
        ("不太满意", [("满意", True)]),
        ("不是不满意", [("满意", False)]),
        ("没有让我满意", [("满意", True)]),
        ("不快，满意", [("满意", False)]),
        ("不快但满意", [("满意", False)]),
        ("不仅满意", [("满意", False)]),
        ("非常满意", [("满意", False)]),
        ("没想到满意", [("满意", False)]),
        ("不，不，不！好", [("好", False)]),
    ],
)
def test_negation(text, expected):
    assert signs(text) == expected


def test_the_longest_word_wins_and_its_own_negation_is_not_counted():
    found = find_mentions(pd.Series(["不满意"]), ["满意", "不满意"])
    assert found[["word", "negated"]].values.tolist() == [["不满意", False]]
    latin = find_mentions(pd.Series(["application app APP"]), ["app"])
    assert latin["place"].tolist() == [12, 16]


def test_mentions_keep_the_row_and_the_place():
    found = find_mentions(pd.Series(["好", None, "很好。好"], index=["a", "b", "c"]), ["好"])
    assert found[["row", "place"]].values.tolist() == [["a", 0], ["c", 1], ["c", 3]]
    assert find_mentions(pd.Series(["好"]), []).empty
    with pytest.raises(ParameterError, match="list of words"):
        find_mentions(pd.Series(["好"]), "好")


@given(st.lists(st.text(alphabet="不好，满意没太 a", max_size=12), max_size=6))
def test_each_mention_stands_where_it_says(texts):
    series = pd.Series(texts, dtype=object)
    found = find_mentions(series, ["好", "满意"])
    for row in found.itertuples():
        plain = " ".join(texts[row.row].split())
        assert plain.replace("，", ",")[row.place : row.place + len(row.word)] == row.word
    assert len(found) == sum(t.count("好") + t.count("满意") for t in texts)


def test_a_story_is_coded():
    coded = code_experience(pd.Series(["导购很耐心，不过等了很久", "后来心里不太高兴", "嗯"]))
    assert coded[["row", "word", "code", "level", "polarity"]].values.tolist() == [
        [0, "耐心", "态度", "体验属性", 1],
        [0, "等了很久", "流程", "体验属性", -1],
        [1, "高兴", "高兴", "体验效果", -1],
    ]
    assert coded.attrs["n_uncoded"] == 1
    empty = code_experience(pd.Series([], dtype=object))
    assert (len(empty), empty["polarity"].dtype) == (0, "int64")


def test_the_own_lexicon_is_whole():
    entries = read_lexicon().entries
    assert len({e.word for e in entries}) == len(entries) > 300
    assert {e.level for e in entries} == {"体验属性", "体验主题", "体验效果"}
    assert {"语气", "态度", "行为", "环境", "人员", "流程"} <= {e.code for e in entries}


def test_a_lexicon_of_ones_own(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("word,code,level,polarity\n香,气味,体验属性,好\n", encoding="utf-8-sig")
    lexicon = read_lexicon(table)
    assert (lexicon.version, lexicon.entries[0].polarity) == ("mine", 1)
    assert code_experience(pd.Series(["不香"]), lexicon)["polarity"].tolist() == [-1]
    neutral = tmp_path / "mine.toml"
    neutral.write_text('[[codes]]\ncode = "评价"\nlevel = "体验效果"\n"中" = ["一般"]\n', encoding="utf-8")
    assert code_experience(pd.Series(["不一般"]), read_lexicon(neutral))["polarity"].tolist() == [0]


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("word,code\n香,气味\n", ReadError, "lacks 'level'"),
        ("word,code,level,polarity\n香,气味,体验,好\n", ParameterError, "level of '香' is '体验'"),
        ("word,code,level,polarity\n香,气味,体验属性,+\n", ParameterError, "polarity of '香' is '\\+'"),
        ("word,code,level,polarity\n香,,体验属性,好\n", ParameterError, "lacks its word or code"),
        (
            "word,code,level,polarity\n香,a,体验属性,好\n香,b,体验属性,好\n",
            ParameterError,
            "'香' stands twice",
        ),
        ("word,code,level,polarity\n", ParameterError, "it holds no word"),
    ],
)
def test_faults_of_a_lexicon_are_named(tmp_path, body, kind, says):
    file = tmp_path / "mine.csv"
    file.write_text(body, encoding="utf-8")
    with pytest.raises(kind, match=says):
        read_lexicon(file)


def test_topics_by_words():
    found = match_topics(
        pd.Series(["发货慢，包装破了，客服不错", "质量不好", "嗯", None], index=[4, 3, 2, 1])
    )
    assert found.index.tolist() == [4, 3, 2, 1]
    assert found["topic"].tolist()[:2] == ["配送", "质量"]
    assert found["topic"].isna().tolist() == [False, False, True, True]
    assert found.loc[4, ["n_words", "words", "other_topics"]].tolist() == [2, "发货、包装", "服务"]
    # one each: the first word decides
    assert match_topics(pd.Series(["客服说发货了"]))["topic"].tolist() == ["服务"]


def test_faults_of_topics_are_named(tmp_path):
    assert "价格" in read_topics()
    file = tmp_path / "topics.toml"
    file.write_text('[topics]\n"甲" = ["慢"]\n"乙" = ["慢"]\n"丙" = []\n', encoding="utf-8")
    with pytest.raises(ParameterError, match="慢 stands under 甲 and 乙, 丙 has no list"):
        read_topics(file)
    file.write_text("topics = 1\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"table \[topics\]"):
        read_topics(file)
