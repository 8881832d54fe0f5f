"""Raking: hand-worked and published tables, least relative entropy, and everything that cannot be mended."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.stats import RakingWarning, rake_weights


def spread(table, rows="r", columns="c"):
    """One row per person of a two-way table of counts."""
    cells = [(f"r{i}", f"c{j}") for i, line in enumerate(table) for j, n in enumerate(line) for _ in range(n)]
    return pd.DataFrame(cells, columns=[rows, columns])


def margins(rows, columns):
    return {
        "r": {f"r{i}": n for i, n in enumerate(rows)},
        "c": {f"c{j}": n for j, n in enumerate(columns)},
    }


def weigh(sample, raked, total):
    table = sample.assign(w=raked.weights["weight"]).groupby(["r", "c"])["w"].sum().unstack()
    return table.to_numpy() / raked.weights["weight"].sum() * total


def test_one_margin_by_hand():
    # 3 women and 1 man; half and half wanted: 3w = 2 and 1w = 2
    sample = pd.DataFrame({"sex": ["f", "f", "f", "m"]})
    raked = rake_weights(sample, {"sex": {"f": 0.5, "m": 0.5}}, by=["sex"])
    assert raked.weights["weight"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])
    # n* = 4² / (3 · 4/9 + 4) = 16 / (16/3) = 3, design effect 4/3
    assert raked.n_effective == pytest.approx(3.0)
    assert raked.design_effect == pytest.approx(4 / 3)
    assert raked.converged
    assert len(raked.problems) == 0


def test_two_by_two_by_hand_keeps_the_odds_ratio():
    # 10 20 / 30 40 with margins 1/2: the cell x solves x²/(1/2 − x)² = 10·40/(20·30) = 2/3
    sample = spread([[10, 20], [30, 40]])
    raked = rake_weights(sample, margins([1, 1], [1, 1]), by=["r", "c"])
    found = weigh(sample, raked, 1.0)
    root = (2 / 3) ** 0.5
    x = 0.5 * root / (1 + root)
    assert found == pytest.approx(np.array([[x, 0.5 - x], [0.5 - x, x]]))


def test_a_published_table():
    """Table and result as printed in the documentation of ProportionalFitting.jl (README, version 0.3)."""
    sample = spread([[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]])
    raked = rake_weights(sample, margins([150, 300, 400, 150], [200, 300, 400, 100]), by=["r", "c"])
    printed = [
        [64.5585, 46.2325, 35.3843, 3.82473],
        [49.9679, 68.1594, 156.499, 25.3742],
        [56.7219, 144.428, 145.082, 53.7673],
        [28.7516, 41.18, 63.0347, 17.0337],
    ]
    assert weigh(sample, raked, 1000.0) == pytest.approx(np.array(printed), rel=2e-5)


def test_no_other_weights_with_these_margins_are_nearer_in_relative_entropy():
    counts = np.array([[9, 4, 2], [3, 8, 6]])
    sample = spread(counts.tolist())
    goal = margins([0.4, 0.6], [0.2, 0.3, 0.5])
    found = weigh(sample, rake_weights(sample, goal, by=["r", "c"]), 1.0)
    start = counts / counts.sum()
    rules = [
        {"type": "eq", "fun": lambda p, i=i, g=g: p.reshape(2, 3)[i].sum() - g}
        for i, g in enumerate([0.4, 0.6])
    ] + [
        {"type": "eq", "fun": lambda p, j=j, g=g: p.reshape(2, 3)[:, j].sum() - g}
        for j, g in enumerate([0.2, 0.3])
    ]
    best = minimize(
        lambda p: (p * np.log(p / start.ravel())).sum(),
        np.outer([0.4, 0.6], [0.2, 0.3, 0.5]).ravel(),
        bounds=[(1e-9, 1)] * 6,
        constraints=rules,
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert found.ravel() == pytest.approx(best.x, abs=2e-6)


def test_a_joint_population_is_used_by_its_margins():
    sample = spread([[5, 7], [4, 9]])
    joint = pd.DataFrame({
        "r": ["r0", "r0", "r1", "r1"],
        "c": ["c0", "c1", "c0", "c1"],
        "n": [30, 10, 20, 40],
    })
    one = rake_weights(sample, joint, by=["r", "c"]).weights
    other = rake_weights(sample, margins([40, 60], [50, 50]), by=["r", "c"]).weights
    pd.testing.assert_frame_equal(one, other)


def test_a_category_without_respondents_is_said_and_its_share_goes_to_the_others():
    sample = pd.DataFrame({"age": ["young"] * 3 + ["middle"]})
    raked = rake_weights(sample, {"age": {"young": 30, "middle": 30, "old": 40}}, by=["age"])
    assert raked.problems[["category", "problem", "n_sample"]].values.tolist() == [
        ["old", "no_respondents", 0]
    ]
    assert raked.problems["population_share"].tolist() == [0.4]
    assert "no weight can mend" in raked.problems["meaning"].iloc[0]
    assert raked.margins["target_share"].tolist() == [0.5, 0.5, 0.0]
    assert raked.weights["weight"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])


def test_respondents_that_cannot_be_placed_get_no_weight_and_are_counted():
    sample = pd.DataFrame({"sex": ["f", "m", "x", None, "f"]}, index=[7, 7, 8, 9, 10])
    raked = rake_weights(sample, {"sex": {"f": 1, "m": 1}}, by=["sex"])
    assert raked.weights.index.tolist() == [7, 7, 8, 9, 10]
    assert raked.weights["weight"].isna().tolist() == [False, False, True, True, False]
    assert raked.weights["weight"].sum() == pytest.approx(3.0)
    kinds = dict(zip(raked.problems["problem"], raked.problems["n_sample"], strict=True))
    assert kinds == {"missing_value": 1, "not_in_population": 1}
    assert raked.n_used == 3


def test_nobody_in_the_population_means_the_weight_zero():
    sample = pd.DataFrame({"sex": ["f", "m", "m"]})
    raked = rake_weights(sample, {"sex": {"f": 5, "m": 0}}, by=["sex"])
    assert raked.weights["weight"].tolist() == [3.0, 0.0, 0.0]
    assert raked.problems["problem"].tolist() == ["nobody_in_population"]


def test_empty_cells_that_make_it_impossible_are_warned_about():
    # only (r0, c0) and (r1, c1) occur, so the two margins must be the same; they are not
    sample = spread([[5, 0], [0, 5]])
    with pytest.warns(RakingWarning, match="no respondents"):
        raked = rake_weights(sample, margins([1, 3], [1, 1]), by=["r", "c"], max_iterations=40)
    assert not raked.converged
    assert raked.n_iterations == 40
    assert raked.worst_gap == pytest.approx(0.25)


def test_bounds_hold_and_wide_ones_change_nothing():
    sample = spread([[40, 2], [30, 28]])
    goal = margins([1, 1], [1, 1])
    free = rake_weights(sample, goal, by=["r", "c"])
    assert free.weights["weight"].max() > 3
    wide = rake_weights(sample, goal, by=["r", "c"], bounds=(0.0, 50.0))
    assert wide.weights["weight"].tolist() == pytest.approx(free.weights["weight"].tolist())
    with pytest.warns(RakingWarning, match="too narrow"):
        cut = rake_weights(sample, goal, by=["r", "c"], bounds=(0.5, 1.2))
    assert cut.weights["weight"].between(0.5, 1.2).all()
    assert cut.n_bounded > 0
    assert cut.n_effective > free.n_effective
    assert cut.worst_gap > 1e-3


def test_bounds_that_can_be_held_give_the_margins_too():
    # the rare 2 × 2 cell may weigh less when the others take its part
    sample = spread([[40, 10], [10, 40]])
    goal = margins([3, 2], [2, 3])
    free = rake_weights(sample, goal, by=["r", "c"]).weights["weight"]
    bounds = (0.1, float(free.max()) * 0.95)
    raked = rake_weights(sample, goal, by=["r", "c"], bounds=bounds, tolerance=1e-6)
    assert raked.converged
    assert raked.weights["weight"].max() <= bounds[1]


def test_start_weights_are_multiplied():
    sample = pd.DataFrame({"sex": ["f", "f", "m"], "w": [1.0, 3.0, 1.0]})
    raked = rake_weights(sample, {"sex": {"f": 2, "m": 1}}, by=["sex"], start="w")
    assert raked.weights["weight"].tolist() == pytest.approx([0.5, 1.5, 1.0])


@pytest.mark.parametrize(
    ("sample", "population", "options", "kind", "said"),
    [
        ({"sex": ["f"]}, {"sex": {"f": 1}}, {"by": []}, ParameterError, "list of columns"),
        ({"sex": ["f"]}, {"sex": {"f": 1}}, {"by": "sex"}, ParameterError, "list of columns"),
        ({"sex": ["f"]}, {"sex": {"f": 1}}, {"by": ["age"]}, SchemaError, "'age'"),
        ({"sex": ["f"]}, {"age": {"f": 1}}, {"by": ["sex"]}, SchemaError, "'sex'"),
        ({"sex": ["f"]}, {"sex": {"f": -1}}, {"by": ["sex"]}, DataError, "counts of 'sex'"),
        ({"sex": ["f"]}, {"sex": {"f": 0}}, {"by": ["sex"]}, DataError, "counts of 'sex'"),
        ({"sex": ["f"]}, {"sex": {"w": 3}}, {"by": ["sex"]}, DataError, "Write both alike"),
        ({"sex": []}, {"sex": {"w": 3}}, {"by": ["sex"]}, DataError, "Write both alike"),
        ({"sex": ["f"]}, {"sex": {"f": 1}}, {"by": ["sex"], "bounds": (2, 3)}, ParameterError, "mean weight"),
        ({"sex": ["f"], "w": [0.0]}, {"sex": {"f": 1}}, {"by": ["sex"], "start": "w"}, DataError, "> 0"),
        ({"sex": ["f"]}, {"sex": {"f": 0, "m": 1}}, {"by": ["sex"]}, DataError, "counts nobody"),
    ],
)
def test_faults_are_said(sample, population, options, kind, said):
    with pytest.raises(kind, match=said):
        rake_weights(pd.DataFrame(sample), population, **options)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 9), min_size=6, max_size=6),
    rows=st.lists(st.integers(1, 20), min_size=2, max_size=2),
    columns=st.lists(st.integers(1, 20), min_size=3, max_size=3),
)
def test_margins_are_met_whatever_they_are_and_rows_may_be_shuffled(counts, rows, columns):
    sample = spread(np.reshape(counts, (2, 3)).tolist())
    raked = rake_weights(sample, margins(rows, columns), by=["r", "c"])
    gaps = raked.margins["weighted_share"] - raked.margins["population_share"]
    assert gaps.abs().max() < 1e-8
    assert raked.weights["weight"].mean() == pytest.approx(1.0)
    assert 1.0 <= raked.n_effective <= len(sample) + 1e-9
    mixed = sample.sample(frac=1.0, random_state=1)
    again = rake_weights(mixed, margins(rows, columns), by=["r", "c"]).weights["weight"]
    assert again.sort_index().to_numpy() == pytest.approx(raked.weights["weight"].to_numpy())


def test_the_warning_has_its_sentence_for_students():
    from crm_lib.catalogue import say

    assert "总体" in say(f"warning.{RakingWarning.__name__}")
