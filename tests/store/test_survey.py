"""The survey on customer files: the score by hand, the effect by another way, planted truth, the cash flow by hand."""

from __future__ import annotations

import math

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.sample._archives import EFFECT, HABITS, draw_archive_answers
from crm_lib.store.survey import (
    compare_archive_halves,
    list_habits,
    measure_keeping_effect,
    score_archives,
)
from crm_lib.store.survey_file import write_archive_questionnaire
from crm_lib.store.survey_return import find_payback, list_assumptions, project_cash, vary_payback

ANSWERS = pd.DataFrame({
    "firm_id": ["Q1", "Q2", "Q3"],
    "form": ["电子表格", "没有", None],  # 2/3, 0
    "numbered": ["是", "否", None],  # 1, 0
    "updated": ["每月", "从不", None],  # 2/3, 0
    "keeper": [True, False, None],  # 1, 0
    "raw_kept": ["否", "否", "是"],
    "split_kept": [None, "否", "是"],
    "backed_up": ["是", "否", "是"],
    "used": ["偶尔", "不用", "经常"],  # 1/2, 0, 1
    "repeat_percent": [40.0, 20.0, 30.0],
})


def test_the_score_by_hand():
    scores = score_archives(ANSWERS).set_index("firm_id")
    # Q1: (2/3 + 1 + 2/3 + 1 + 0 + 1 + 1/2) / 7 answered
    assert scores.loc["Q1", "keeping_score"] == pytest.approx(100 * (4 / 3 + 3.5) / 7)
    assert scores.loc["Q1", "n_answered"] == 7
    assert scores.loc["Q2", "keeping_score"] == 0
    # Q3 answered four of eight: too few for a score
    assert scores.loc["Q3", "n_answered"] == 4
    assert math.isnan(scores.loc["Q3", "keeping_score"])


def test_the_generator_and_the_questionnaire_know_the_same_habits():
    assert tuple(list_habits()) == HABITS
    answers = draw_archive_answers(40, seed=11)
    for habit, points in list_habits().items():
        assert set(answers[habit].dropna()) <= set(points)


def test_a_word_that_is_none_is_refused_and_counted():
    bad = ANSWERS.assign(form=["云端", "没有", "云端"])
    with pytest.raises(DataError, match="2 of 3 answers do not .first: '云端'"):
        score_archives(bad)
    with pytest.raises(SchemaError, match="form"):
        score_archives(ANSWERS.drop(columns="form"))


def test_halves_by_hand_and_ties_stay_together():
    scores = score_archives(draw_archive_answers(30, seed=5))
    scores["keeping_score"] = [10.0] * 10 + [20.0] * 12 + [30.0] * 8
    scores["repeat_percent"] = [1.0] * 22 + [5.0] * 8
    halves = compare_archive_halves(scores).set_index("half")
    assert halves["n_firms"].to_dict() == {"better": 8, "worse": 22}
    assert halves.loc["better", "mean_outcome"] == 5
    assert halves.loc["worse", "mean_outcome"] == 1


def test_the_slope_is_that_of_a_regression_with_all_held_equal():
    import statsmodels.api as sm

    scores = score_archives(draw_archive_answers(60, seed=4))
    found = measure_keeping_effect(scores, random_state=0, n_permutations=199)
    known = scores.dropna(subset=["keeping_score", "repeat_percent"])
    trades = pd.get_dummies(known["trade"], drop_first=True).astype(float)
    x = np.column_stack([known["keeping_score"] / 10, np.log(known["n_staff"]), known["years"], trades])
    model = sm.OLS(known["repeat_percent"].to_numpy(), sm.add_constant(x)).fit()
    assert found.n == len(known)
    assert found.slope == pytest.approx(model.params[1], rel=1e-9)
    assert found.low < found.slope < found.high
    crude = np.polyfit(known["keeping_score"] / 10, known["repeat_percent"], 1)[0]
    assert found.crude == pytest.approx(crude, rel=1e-9)


def test_too_few_firms_and_equal_scores_give_no_verdict():
    few = score_archives(draw_archive_answers(12, seed=1))
    assert measure_keeping_effect(few, random_state=0).verdict == "too_few"
    same = score_archives(draw_archive_answers(60, seed=1)).assign(keeping_score=50.0)
    assert measure_keeping_effect(same, random_state=0).verdict == "too_few"


@pytest.mark.slow
def test_the_planted_effect_is_found_and_none_is_made_up(capsys):
    covered = shown = false = crude = 0
    for seed in range(100):
        planted = measure_keeping_effect(
            score_archives(draw_archive_answers(60, seed=seed)), random_state=1, n_permutations=499
        )
        covered += planted.low <= EFFECT <= planted.high
        shown += planted.verdict == "shown"
        crude += planted.crude > EFFECT
        none = draw_archive_answers(60, seed=seed, effect=0.0)
        false += (
            measure_keeping_effect(score_archives(none), random_state=1, n_permutations=499).verdict
            == "shown"
        )
    with capsys.disabled():
        print(
            f"\nkeeping effect: covered {covered}, shown {shown}, made up {false}, crude above {crude} of 100"
        )
    assert covered >= 88
    assert shown >= 95
    assert false <= 10
    # without holding the size equal, nearly everybody would find too much
    assert crude >= 80


# The questionnaire


def test_the_questionnaire_has_drop_downs_and_can_be_read_back(tmp_path):
    from crm_lib import clean_table
    from crm_lib.readwrite import read_table

    path = write_archive_questionnaire(tmp_path / "q.xlsx")
    assert write_archive_questionnaire(tmp_path / "r.xlsx").read_bytes() == path.read_bytes()
    book = openpyxl.load_workbook(path)
    sheet = book["调查表"]
    lists = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert len(lists) == 9  # trade, form, six yes or no … each with a list
    heads = [c.value for c in sheet[1]]
    sheet.append([
        {"企业代号": "Q001", "档案形式": "电子表格", "按规则编号": "是", "员工人数": 5}.get(h) for h in heads
    ])
    book.save(path)
    rows = clean_table(read_table(f"{path}#调查表", "archives"), "archives").rows
    assert rows["firm_id"].tolist() == ["Q001"]
    assert score_archives(rows)["form"].tolist() == [pytest.approx(2 / 3)]


# The small firm


def test_the_cash_flow_by_hand():
    given = dict(zip(*list_assumptions()[["assumption", "value"]].to_numpy().T, strict=True))
    flow = project_cash({**given, "ramp_months": 2.0}, months=3)
    # 400 × 600 / 12 × 0.08 × 0.35 = 560 a month at full effect; 120 + 6 × 25 = 270 a month spent
    assert flow["gain"].tolist() == [0.0, 280.0, 560.0, 560.0]
    assert flow["outlay"].tolist() == [3000.0, 270.0, 270.0, 270.0]
    assert flow["balance"].tolist() == [-3000.0, -2990.0, -2700.0, -2410.0]
    assert flow["present_balance"].iloc[-1] == pytest.approx(
        -3000 + 10 / 1.05 ** (1 / 12) + 290 / 1.05 ** (2 / 12) + 290 / 1.05 ** (3 / 12)
    )
    assert find_payback(flow) == math.inf
    # (3000 − 10) / 290 = 10.3 months after the first
    assert find_payback(project_cash({**given, "ramp_months": 2.0}, months=36)) == 12


def test_payback_needs_a_balance_that_stays():
    flow = pd.DataFrame({"month": [0, 1, 2, 3], "balance": [-5.0, 1.0, -1.0, 2.0]})
    assert find_payback(flow) == 3
    assert find_payback(flow.assign(balance=[0.0, 1, 2, 3])) == 0


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1.0, 3.0))
def test_more_gain_never_pays_back_later(factor):
    rows = list_assumptions()
    more = rows.assign(value=rows["value"].where(rows["assumption"] != "customers", rows["value"] * factor))
    assert find_payback(project_cash(more, months=60)) <= find_payback(project_cash(rows, months=60))


def test_the_range_holds_the_stated_month_and_names_the_widest_first():
    found = vary_payback(list_assumptions(), random_state=3, n_draws=300)
    assert found.low <= found.month <= found.high
    assert 0 < found.never_share < 1
    swings = found.by_assumption["swing"].tolist()
    assert swings == sorted(swings, reverse=True)
    again = vary_payback(list_assumptions(), random_state=3, n_draws=300)
    assert (again.low, again.high, again.never_share) == (found.low, found.high, found.never_share)
    hopeless = vary_payback(list_assumptions(extra_share=0.0), random_state=0, n_draws=100)
    assert hopeless.never_share == 1
    assert math.isinf(hopeless.month)


def test_wrong_assumptions_fail_in_words():
    with pytest.raises(ParameterError, match="Did you mean 'customers'"):
        list_assumptions(customer=5)
    with pytest.raises(ParameterError, match="margin_share must be in"):
        list_assumptions(margin_share=35)
    with pytest.raises(ParameterError, match="setup_cost"):
        project_cash({"customers": 5.0})
