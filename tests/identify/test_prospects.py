"""Grades by explicit criteria and the yield of each method, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import DataError, ReadError, SchemaError
from crm_lib.identify import grade_prospects, list_source_methods, load_criteria, measure_methods

CRITERIA = pd.DataFrame({
    "grade": ["B", "A", "A", "A"],
    "column": ["decision_days", "decision_days", "planned_amount", "has_need"],
    "least": [None, None, 1000, None],
    "most": [90, 30, None, None],
    "equals": [None, None, None, True],
})


def make_leads(need):
    return pd.DataFrame({
        "lead_id": ["L1", "L2", "L3", "L4"],
        "decision_days": [30, 30, 91, 90],
        "planned_amount": [1000.0, 999.99, 5000.0, None],
        "has_need": need,
    })


@pytest.mark.parametrize(
    "need",
    [
        [True, True, True, False],
        ["是", "TRUE", "1", "否"],
        [1, 1, 1, 0],
        pd.array([True, True, True, False], dtype="boolean"),
    ],
)
def test_grades_by_hand(need):
    out = grade_prospects(make_leads(need), CRITERIA)
    # bounds are included: 30 and 1000 make A, 999.99 only B, 91 days neither, 90 days B
    assert out["sales_grade"].tolist() == ["A", "B", "", "B"]
    assert out["unmet"].tolist() == [
        "",
        "planned_amount",
        "decision_days",
        "decision_days、planned_amount、has_need",
    ]
    assert out["unknown"].tolist() == ["", "", "", "planned_amount"]
    assert out.attrs["n_ungraded"] == 1


@pytest.mark.parametrize("dtype", ["boolean", object])
def test_a_gap_meets_no_criterion(dtype):
    leads = make_leads(pd.array([True, None, True, None], dtype="boolean")).astype({"has_need": dtype})
    rules = pd.DataFrame({"grade": ["A"], "column": ["has_need"], "equals": [True]})
    out = grade_prospects(leads, rules)
    assert out["sales_grade"].tolist() == ["A", "", "A", ""]
    assert out["unknown"].tolist() == ["", "has_need", "", "has_need"]


def test_order_does_not_matter_and_input_stays():
    leads = make_leads([True] * 4)
    before = leads.copy(deep=True)
    one = grade_prospects(leads, CRITERIA)["sales_grade"]
    two = grade_prospects(leads.iloc[::-1], CRITERIA)["sales_grade"]
    assert one.to_dict() == two.to_dict()
    pd.testing.assert_frame_equal(leads, before)
    assert len(grade_prospects(leads.iloc[:0], CRITERIA)) == 0


def test_csv_and_frame_agree(tmp_path):
    path = tmp_path / "own.csv"
    CRITERIA.to_csv(path, index=False, encoding="utf-8-sig")
    leads = make_leads([True] * 4)
    by_file, by_frame = grade_prospects(leads, path), grade_prospects(leads, CRITERIA)
    assert by_file["sales_grade"].tolist() == by_frame["sales_grade"].tolist()
    assert load_criteria(path)["grade"].tolist() == ["A", "A", "A", "B"]


def test_all_faults_of_the_criteria_at_once():
    bad = pd.DataFrame({
        "grade": ["D", "A", "B", "C", "A"],
        "column": ["x"] * 5,
        "least": [1, None, "9", "many", None],
        "most": [None, None, "3", None, None],
        "equals": [None, None, None, None, "maybe"],
    })
    with pytest.raises(DataError) as caught:
        load_criteria(bad)
    for words in (
        "got 'D'",
        "row 2: needs least",
        "row 3: least 9 is above most 3",
        "got 'many'",
        "got 'maybe'",
    ):
        assert words in str(caught.value)


def test_bad_input_is_one_sentence(tmp_path):
    leads = make_leads([True] * 4)
    with pytest.raises(SchemaError, match="planned_amount"):
        grade_prospects(leads.drop(columns="planned_amount"), CRITERIA)
    with pytest.raises(DataError, match="'decision_days' must hold numbers; 1 of 4"):
        grade_prospects(leads.assign(decision_days=[30, "soon", 3, 4]), CRITERIA)
    with pytest.raises(DataError, match="there is no criterion"):
        load_criteria(CRITERIA.iloc[:0])
    broken = tmp_path / "broken.toml"
    broken.write_text("grade = [", encoding="utf-8")
    for source in (broken, tmp_path / "none.toml", tmp_path / "none.csv"):
        with pytest.raises(ReadError, match="cannot be read"):
            load_criteria(source)


def test_methods_by_hand():
    known = list_source_methods()["method"].tolist()
    first, second = known[0], known[-1]
    leads = pd.DataFrame({
        "lead_id": list("abcdefg"),
        "source_method": [first, first, first, first, second, second, None],
        "intent": ["成交", "意向", "潜在", "潜在", "成交", "成交", "潜在"],
        "cost": [10.1, 10.1, 10.1, 9.7, 5.0, None, 1.0],
        "signed_amount": [0.1, None, None, None, 0.2, 0.1, None],
    })
    out = measure_methods(leads)
    assert out["source_method"].tolist() == [second, first, ""]  # 2/2, 1/4, 0/1
    assert out["yield_share"].tolist() == pytest.approx([1, 0.25, 0])
    assert out["n_leads"].tolist() == [2, 4, 1]
    assert out["n_intent"].tolist() == [0, 1, 0]
    assert out["cost"].tolist() == [5.0, 40.0, 1.0]
    assert out["signed_amount"].tolist() == [0.3, 0.1, 0.0]  # exact: 0.2 + 0.1 in whole 1/10,000
    assert out.loc[1, ["lead_cost", "deal_cost"]].tolist() == [40 / 4, 40 / 1]
    assert pd.isna(out.loc[0, "lead_cost"])
    assert out.loc[0, "n_without_cost"] == 1
    assert pd.isna(out.loc[2, "deal_cost"])  # no deal
    assert out["family"].tolist() == ["electronic", "traditional", "other"]
    assert out.attrs["n_unnamed"] == 1
    # Wilson for 1 of 4, z = 1.96: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    z, n, p = 1.959964, 4, 0.25
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    low, high = ((middle + s * half) / (1 + z * z / n) for s in (-1, 1))
    assert out.loc[1, ["low_share", "high_share"]].tolist() == pytest.approx([low, high], abs=1e-5)


def test_methods_of_nobody():
    empty = pd.DataFrame({"lead_id": [], "source_method": [], "intent": []})
    assert len(measure_methods(empty)) == 0
    with pytest.raises(SchemaError, match="source_method"):
        measure_methods(empty.drop(columns="source_method"))
