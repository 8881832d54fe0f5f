"""Scores, comparison and ranking worked by hand; the checklist of management."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.identify import (
    DIMENSIONS,
    QualityRule,
    assess_quality,
    compare_quality,
    load_checklist,
    rank_repairs,
    repair_values,
    score_management,
    score_quality,
    summarize_scores,
)


def rule(number, columns, dimension, kind, **options):
    return QualityRule(f"r{number}", "t", tuple(columns), dimension, kind, f"规则{number}。", options=options)


RULES = [
    rule(1, ["a"], "完整性", "required"),
    rule(2, ["b"], "完整性", "required"),
    rule(3, ["a"], "准确性", "range", min=0, max=10),
    rule(4, ["a"], "准确性", "range", min=5),
]
RAW = pd.DataFrame({"a": ["1", "20", None, "7", "-3"], "b": ["x", None, "y", "z", ""]})
# 完整性: 10 cells asked for, three empty (a3, b2, b5): 70.  准确性: four filled cells of a;
# r3 bars 20 and -3, r4 bars 1 and -3: three different bad cells of four: 25.


def assess(raw=RAW, rules=RULES):
    return assess_quality({"t": raw}, as_of="2025-01-01", rules=rules)


def test_scores_by_hand():
    scores = score_quality(assess())
    assert scores[["table", "dimension", "n_checked", "n_bad", "score", "weight"]].values.tolist() == [
        ["t", "完整性", 10, 3, 70.0, 0.5],
        ["t", "准确性", 4, 3, 25.0, 0.5],
    ]
    assert scores.attrs == {"as_of": "2025-01-01", "overall": (70 + 25) / 2}


def test_weights_are_parameters():
    weighed = score_quality(assess(), weights={"完整性": 3, "准确性": 1})
    assert weighed["weight"].tolist() == [0.75, 0.25]
    assert weighed.attrs["overall"] == 0.75 * 70 + 0.25 * 25
    assert score_quality(assess(), weights={"准确性": 2.0}).attrs["overall"] == 25.0
    for wrong in ({"完整性": -1}, {"好": 1}, {"一致性": 1}, {}, {"完整性": float("nan")}):
        with pytest.raises(ParameterError, match="weights must be"):
            score_quality(assess(), weights=wrong)


def test_two_tables_are_pooled_cell_by_cell():
    rules = [*RULES, QualityRule("u1", "u", ("c",), "完整性", "required", "空。")]
    found = assess_quality({"t": RAW, "u": pd.DataFrame({"c": ["1"] * 30})}, as_of="2025-01-01", rules=rules)
    scores = score_quality(found)
    by_dimension = summarize_scores(scores)
    assert by_dimension[["dimension", "n_checked", "n_bad"]].values.tolist() == [
        ["完整性", 40, 3],
        ["准确性", 4, 3],
    ]
    assert by_dimension["score"].tolist() == pytest.approx([92.5, 25.0])
    assert scores.attrs["overall"] == pytest.approx((92.5 + 25.0) / 2)
    by_table = summarize_scores(scores, by="table")
    assert by_table[["table", "score"]].values.tolist() == [["t", 47.5], ["u", 100.0]]


def test_a_finding_struck_out_no_longer_counts():
    found = assess()
    kept = found[found["rule"] != "r2"]
    assert score_quality(kept)["n_bad"].tolist() == [1, 3]
    assert score_quality(found.iloc[:0])["score"].tolist() == [100.0, 100.0]
    with pytest.raises(DataError, match="how many cells were checked"):
        score_quality(pd.DataFrame(found.to_dict("list")))


def test_repairs_are_ranked_by_what_they_gain():
    ranked = rank_repairs(assess())
    # r4 alone mends cell a1 (a5 stays bad by r3): 1 of 4 cells of 准确性, half the weight: 12.5; r3 the same
    # by cell a2; r2 two cells of 10: 10; r1 one cell: 5
    assert ranked[["rule", "gain", "n_findings"]].values.tolist() == [
        ["r3", 12.5, 2], ["r4", 12.5, 2], ["r2", 10.0, 2], ["r1", 5.0, 1],
    ]  # fmt: skip
    assert ranked["rank"].tolist() == [1, 2, 3, 4]
    assert ranked["detail"].tolist()[0] == "规则3。"


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["1", "20", "7", "-3", "x", "", None]), st.sampled_from(["y", "", None])),
                min_size=1, max_size=12))  # fmt: skip
def test_the_gain_is_what_mending_really_brings(rows):
    found = assess(pd.DataFrame(rows, columns=["a", "b"], dtype=object))
    overall = score_quality(found).attrs["overall"]
    for row in rank_repairs(found).itertuples():
        after = score_quality(found[found["rule"] != row.rule]).attrs["overall"]
        assert after - overall == pytest.approx(row.gain)


def test_comparison_of_two_days():
    better = RAW.assign(b=["x", "w", "y", "z", "v"], a=["6", "9", None, "7", "-3"])
    change = compare_quality(score_quality(assess()), score_quality(assess(better)))
    assert change[["dimension", "score_before", "score_after", "change"]].values.tolist() == [
        ["完整性", 70.0, 90.0, 20.0],
        ["准确性", 25.0, 75.0, 50.0],
    ]
    assert change[["n_bad_before", "n_bad_after"]].values.tolist() == [[3, 1], [3, 1]]
    assert (change.attrs["overall_before"], change.attrs["overall_after"]) == (47.5, 82.5)


def test_comparison_keeps_what_only_one_side_has():
    before, after = score_quality(assess()), score_quality(assess(rules=RULES[:2]))
    change = compare_quality(before, after)
    assert change["dimension"].tolist() == ["完整性", "准确性"]
    assert pd.isna(change["score_after"][1])
    assert compare_quality(after, before)["n_checked_before"].tolist() == [10, 0]


def test_certain_repairs_never_lower_the_score_of_form():
    raw = pd.DataFrame({
        "record_id": ["K1", "K2"],
        "name": ["王芳 ", "李明"],
        "phone": ["138 1234 5678", "１３９12345678"],
    })
    before = score_quality(assess_quality({"customers": raw}, as_of="2025-01-01"))
    done = repair_values(raw, "customers")
    after = score_quality(assess_quality({"customers": done.rows}, as_of="2025-01-01"))
    change = compare_quality(before, after).set_index("dimension")
    # form: two ids, two names, two numbers; three of the six were untidy
    assert change.loc["规范性", ["score_before", "score_after"]].tolist() == [50.0, 100.0]


# --- management -------------------------------------------------------------------


def test_the_checklist_is_complete():
    items = load_checklist()
    assert items["item"].is_unique
    assert items["dimension"].unique().tolist() == ["配置管理", "培训", "验证和确认", "监督和监控"]
    assert items["answer"].isna().all()
    scored = score_management(items)
    assert scored["score"].isna().all()
    assert scored.attrs["gaps"] == []


def test_the_checklist_is_scored_by_hand():
    items = load_checklist()
    answers = [3, 2, 1, 0, None] + ["是", "否", "是"] + [2, 2, 2] + [3.0, "3", "1", True]
    filled = items.assign(
        answer=pd.Series(answers, dtype=object), evidence=["文件"] * 8 + [None, " ", "抽查表"] + [""] * 4
    )
    scored = score_management(filled)
    # 6 of 12; 6 of 9; 6 of 9; 10 of 12
    assert scored["score"].tolist() == pytest.approx([50.0, 200 / 3, 200 / 3, 1000 / 12])
    assert scored["n_answered"].tolist() == [4, 3, 3, 4]
    assert scored["n_gaps"].tolist() == [2, 1, 0, 1]
    assert scored["n_unproven"].tolist() == [0, 0, 2, 3]
    assert scored.attrs["overall"] == pytest.approx((50 + 400 / 3 + 1000 / 12) / 4)
    gaps = [(g["item"], g["answer"]) for g in scored.attrs["gaps"]]
    assert gaps == [
        ("configuration.baseline", 0), ("training.repeat", 0),
        ("configuration.granularity", 1), ("monitoring.process", 1),
    ]  # fmt: skip


def test_wrong_answers_are_named_at_once():
    filled = load_checklist().astype({"answer": object})
    filled.loc[0, "answer"], filled.loc[1, "answer"], filled.loc[2, "dimension"] = 4, "也许", "其他"
    with pytest.raises(DataError, match="3 are not"):
        score_management(filled)


def test_the_dimensions_are_six():
    assert len(DIMENSIONS) == 6
