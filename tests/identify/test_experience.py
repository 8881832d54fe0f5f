"""Waiting, observers' scores and their agreement, worked by hand; the chooser is whole."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import classify_waiting, measure_agreement, score_observations, summarize_waiting
from crm_lib.identify.experience import WAITING
from crm_lib.identify.experience_ways import (
    choose_level,
    list_choices,
    list_levels,
    list_mystery_sheet,
    list_ways,
)


def test_waiting_at_the_borders():
    # T1 / T2 of 2, 1.99, 1.1, 0.9, 0.89, 0.5
    actual, felt = [20, 19.9, 11, 9, 8.9, 5], [10] * 6
    out = classify_waiting(actual, felt)
    assert out["wait_ratio"].tolist() == pytest.approx([2, 1.99, 1.1, 0.9, 0.89, 0.5])
    kinds = ["very_good", "good", "ordinary", "ordinary", "poor", "very_poor"]
    assert out["experience"].tolist() == kinds


def test_no_wait_and_gaps():
    out = classify_waiting([0, 5, 0, None, 3], [0, 0, 5, 4, None])
    assert out["experience"].fillna("").tolist() == ["ordinary", "very_good", "very_poor", "", ""]
    assert out.attrs["n_unknown"] == 2
    table = summarize_waiting(out)
    assert table["experience"].tolist() == list(WAITING)
    assert table["n_pairs"].tolist() == [1, 0, 1, 0, 1]  # the two unknown are in no class
    assert table["pair_share"].tolist() == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3])
    assert table["mean_actual_min"].iloc[0] == 5
    assert table["mean_felt_min"].iloc[4] == 5


def test_longer_felt_never_makes_it_better():
    felt = [x / 4 for x in range(1, 120)]
    kinds = classify_waiting([10] * len(felt), felt)["experience"]
    ranks = [WAITING.index(k) for k in kinds]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3, 4}


def test_nobody_waited():
    table = summarize_waiting(classify_waiting([], []))
    assert table["n_pairs"].tolist() == [0] * 5
    assert table["pair_share"].isna().all()


@pytest.mark.parametrize("ratios", [(2, 1.1, 0.9), (2, 1.1, 1.05, 0.5), (1.1, 2, 0.9, 0.5), (2, 1.1, 0.9, 0)])
def test_bad_borders(ratios):
    with pytest.raises(ParameterError, match="four falling numbers"):
        classify_waiting([1], [1], ratios=ratios)


def test_bad_minutes():
    with pytest.raises(DataError, match="felt must be minutes of 0 or more; 1 of 2"):
        classify_waiting([1, 2], [1, -2])
    with pytest.raises(DataError, match="got 1 and 2 values"):
        classify_waiting([1], [1, 2])


def make_scores():
    rows = [
        *[
            ("a", "门口", "整洁", 8),
            ("a", "试衣", "态度", 6),
            ("a", "收银", "快慢", 5),
            ("a", "收银", "快慢", 7),
        ],
        *[
            ("b", "门口", "整洁", 7),
            ("b", "试衣", "态度", 4),
            ("b", "收银", "快慢", 5),
            ("b", "门口", "灯光", 9),
        ],
        ("c", "门口", "灯光", None),
    ]
    return pd.DataFrame(rows, columns=["observer", "touchpoint", "attribute", "score"])


def test_scores_by_hand():
    out = score_observations(make_scores())
    assert out["touchpoint"].tolist() == ["试衣", "收银", "门口", "门口"]
    # (6+4)/2, (5+7+5)/3, (8+7)/2, 9
    assert out["mean_score"].tolist() == pytest.approx([5, 17 / 3, 7.5, 9])
    assert out["n_scores"].tolist() == [2, 3, 2, 1]
    assert out["n_without_score"].tolist() == [0, 0, 0, 1]
    # Student, 1 degree of freedom: 7.5 ± 12.7062 × 0.7071 / √2
    assert out.loc[2, "high_score"] - 7.5 == pytest.approx(12.7062 * 0.5, abs=1e-3)
    assert pd.isna(out.loc[3, "low_score"])


def test_agreement_by_hand():
    out = measure_agreement(make_scores())
    assert len(out) == 1  # c has no score, so no pair with c
    one = out.iloc[0]
    # common: 门口整洁 8-7 = 1, 试衣态度 6-4 = 2, 收银快慢 (5+7)/2-5 = 1
    assert (one["observer_1"], one["observer_2"], one["n_common"]) == ("a", "b", 3)
    assert one["mean_difference"] == pytest.approx(4 / 3) == one["mean_distance"]
    assert one["near_share"] == pytest.approx(2 / 3)
    # (8, 6, 6) with (7, 4, 5): Sxy = 10/3, Sxx = 8/3, Syy = 14/3
    assert one["correlation"] == pytest.approx((10 / 3) / ((8 / 3) * (14 / 3)) ** 0.5)


def test_swapped_names_swap_the_sign():
    swapped = make_scores().replace({"observer": {"a": "z"}})
    one, two = measure_agreement(make_scores()).iloc[0], measure_agreement(swapped).iloc[0]
    assert two["mean_difference"] == pytest.approx(-one["mean_difference"])
    assert two["correlation"] == pytest.approx(one["correlation"])


def test_no_observation():
    empty = make_scores().iloc[:0]
    assert len(score_observations(empty)) == 0
    assert len(measure_agreement(empty)) == 0


def test_bad_scores():
    with pytest.raises(DataError, match="must lie in 1–10; 1 of 9"):
        score_observations(make_scores().assign(score=[11, *[5] * 8]))
    with pytest.raises(SchemaError, match="observer"):
        measure_agreement(make_scores().drop(columns="observer"))
    for by in ("observer", ()):
        with pytest.raises(ParameterError, match="by must be a list of columns"):
            score_observations(make_scores(), by=by)


def test_the_chooser_answers_every_combination_once():
    table = list_choices()
    values = [table[c].unique() for c in ("about", "use", "storage")]
    asked = set(itertools.product(*values))
    assert len(asked) == len(table) == 12
    given = {choose_level(a, use=u, storage=s) for a, u, s in asked}
    assert given == set(list_levels()["level"])


def test_an_unknown_choice_is_named():
    with pytest.raises(ParameterError, match="about must be one of"):
        choose_level("天气")
    with pytest.raises(ParameterError, match="use must be one of"):
        choose_level(use="别的")


def test_the_lists_have_no_gap_and_fit_together():
    ways = list_ways()
    for table in (ways, list_levels(), list_mystery_sheet()):
        assert len(table)
        assert (table.astype(str) != "").all().all()
    assert set(ways["side"]) == {"doing", "asking"}
    assert {t for tools in list_levels()["tools"] for t in tools.split("、")} <= set(ways["way"])
