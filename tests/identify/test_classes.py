"""Classes of prospects: evidence before record, and nobody is put down."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import CrmError, DataError, SchemaError
from crm_lib.identify import classify_intent, find_intent_in_notes, summarize_intent
from crm_lib.identify.classes import read_intents


def make_leads():
    return pd.DataFrame({
        "lead_id": ["L1", "L2", "L3", "L4", "L5", "L6"],
        "intent": ["潜在", "成交", "潜在", "意向", None, "潜在"],
        "signed_amount": [500.0, None, None, None, None, 0.0],
        "note": ["", "", "想买外套，问了价格", "不想买了", None, "暂不需要"],
    })


def test_evidence_by_hand():
    leads = make_leads()
    before = leads.copy(deep=True)
    out = classify_intent(leads)
    # L1 signed 500 > 0; L2 is 成交 on record without an amount; L3's note counts; L5 has nothing; 0 signs nothing
    assert out["evidence"].tolist() == ["signed", "unsigned", "note", "recorded", "none", "recorded"]
    assert out["intent"].tolist() == ["成交", "成交", "意向", "意向", "潜在", "潜在"]
    assert out["recorded"].tolist() == ["潜在", "成交", "潜在", "意向", "", "潜在"]
    assert out.attrs["n_changed"] == 3  # L1, L3, L5
    pd.testing.assert_frame_equal(leads, before)


def test_nobody_is_put_down():
    rank = {"": 0, "潜在": 0, "意向": 1, "成交": 2}
    out = classify_intent(make_leads())
    assert all(rank[now] >= rank[was] for now, was in zip(out["intent"], out["recorded"], strict=True))


def test_counts_add_up():
    out = summarize_intent(classify_intent(make_leads()))
    assert out["intent"].tolist() == ["潜在", "意向", "成交"]
    assert out["n_recorded"].tolist() == [3, 1, 1]  # the sixth names no class
    assert out["n_leads"].tolist() == [2, 2, 2]
    assert out["n_moved"].tolist() == [1, 1, 1]  # L5, L3, L1
    assert out["lead_share"].tolist() == pytest.approx([2 / 6] * 3)


def test_spellings_are_read():
    values = pd.Series([" 意向客户 ", "Won", "线索", "别的", None, float("nan")], index=[5, 4, 3, 2, 1, 0])
    read = read_intents(values)
    assert read.tolist() == ["意向", "成交", "潜在", "", "", ""]
    assert read.index.tolist() == [5, 4, 3, 2, 1, 0]


WORDS = {
    "words": [{"stage": "需要", "words": ["想买"]}, {"stage": "决定", "words": ["定金"]}],
    "not_before": ["不"],
    "not_after": ["再说"],
}


def test_notes_by_hand():
    leads = pd.DataFrame({
        "lead_id": ["L4", "L3", "L2", "L1", "L0"],
        "intent": ["潜在", "潜在", "潜在", "潜在", "意向"],
        "note": ["想买以后再说", "想买，想买", "不太贵，想买，付了定金", "不大想买", "想买"],
    })
    out = find_intent_in_notes(leads, words=WORDS)
    assert out["lead_id"].tolist() == ["L2", "L3"]  # two stages before one; L0 is no 潜在
    assert out["stages"].tolist() == ["需要、决定", "需要"]
    assert out["words"].tolist() == ["想买、定金", "想买"]
    assert out["n_words"].tolist() == [2, 2]
    assert out.attrs == {"n_potential": 4, "n_undone": 2}  # L4 undone from behind, L1 from before


def test_a_negation_reaches_four_characters_and_stays_in_its_clause():
    notes = ["不一二三想买", "不一二三四想买", "不，想买"]
    leads = pd.DataFrame({"lead_id": ["a", "b", "c"], "intent": "潜在", "note": notes})
    assert find_intent_in_notes(leads, words=WORDS)["lead_id"].tolist() == ["b", "c"]


def test_no_prospect_is_an_empty_table():
    empty = make_leads().iloc[:0]
    assert len(find_intent_in_notes(empty)) == 0
    assert classify_intent(empty).attrs["n_changed"] == 0
    assert summarize_intent(classify_intent(empty))["n_leads"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("words", [{}, {"words": 3}, {"words": [3]}, {"words": [{"stage": "需要"}]}])
def test_bad_words_are_one_sentence(words):
    with pytest.raises(DataError, match="words must be a list of"):
        find_intent_in_notes(make_leads(), words=words)


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="note"):
        find_intent_in_notes(make_leads().drop(columns="note"))
    with pytest.raises(CrmError, match="intent"):
        classify_intent(pd.DataFrame({"lead_id": ["L1"]}))
