"""Moves between classes: hand-worked, and held against statsmodels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import SquareTable, mcnemar

from crm_lib.differentiate import measure_change, measure_migration
from crm_lib.errors import DataError, SchemaError


def period(**classes):
    return pd.DataFrame({"customer_id": list(classes), "abc_class": list(classes.values())})


def of_counts(table):
    """Return two periods whose customers move as `table` says."""
    names = [chr(65 + i) for i in range(len(table))]
    moves = [
        (a, b)
        for a, row in zip(names, table, strict=True)
        for b, n in zip(names, row, strict=True)
        for _ in range(n)
    ]
    ids = [f"c{i}" for i in range(len(moves))]
    before, after = (pd.DataFrame({"customer_id": ids, "abc_class": [m[k] for m in moves]}) for k in (0, 1))
    return measure_migration(before, after, classes=names)


def test_who_is_missing_is_not_in_the_lowest_class():
    moves = measure_migration(
        period(a="A", b="A", c="A", d="C", e="B"), period(a="A", b="B", c="A", f="C", e="B")
    )
    found = moves[moves["n_customers"] > 0].set_index(["from_class", "to_class"])
    assert found["n_customers"].to_dict() == {
        ("A", "A"): 2, ("A", "B"): 1, ("B", "B"): 1, ("C", "lost"): 1, ("new", "C"): 1,
    }  # fmt: skip
    assert found.loc[("A", "A"), "row_share"] == pytest.approx(2 / 3)
    assert len(moves) == 4 * 4 - 1  # nobody is new and lost at once
    assert {k: moves.attrs[k] for k in ("n_both", "n_new", "n_lost")} == {
        "n_both": 4,
        "n_new": 1,
        "n_lost": 1,
    }


def test_a_class_nobody_was_in_has_no_shares():
    moves = measure_migration(period(a="A"), period(a="A"), classes=["A", "B"])
    assert moves.loc[moves["from_class"] == "B", "n_customers"].tolist() == [0, 0, 0]
    assert moves.loc[moves["from_class"] == "B", "row_share"].isna().all()


def test_symmetry_and_margins_by_hand():
    # from A: 20 stay, 10 to B, 5 to C; from B: 3 to A, 30 stay, 15 to C; from C: 5 to A, 5 to B, 7 stay
    change = measure_change(of_counts([[20, 10, 5], [3, 30, 15], [5, 5, 7]])).set_index("test")
    # (10 − 3)² / 13 + (5 − 5)² / 10 + (15 − 5)² / 20 = 49 / 13 + 0 + 5
    assert change.loc["symmetry", "statistic"] == pytest.approx(49 / 13 + 5)
    assert change.loc["symmetry", "free"] == 3
    # d = (35 − 28, 48 − 45) = (7, 3); V = [[35 + 28 − 40, −13], [−13, 48 + 45 − 60]] = [[23, −13], [−13, 33]]
    # d'V⁻¹d = (49·33 + 2·7·3·13 + 9·23) / (23·33 − 169) = 2370 / 590
    assert change.loc["margins", "statistic"] == pytest.approx(2370 / 590)
    assert change.loc["margins", "free"] == 2
    assert change["n_moved"].tolist() == [43, 43]


@given(
    st.integers(2, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(1, 30), min_size=k, max_size=k), min_size=k, max_size=k)
    )
)
def test_statsmodels_says_the_same(table):
    change = measure_change(of_counts(table)).set_index("test")
    peer = SquareTable(np.array(table), shift_zeros=False)
    bowker, margins = peer.symmetry(), peer.homogeneity()
    assert change.loc["symmetry", "statistic"] == pytest.approx(bowker.statistic, abs=1e-9)
    assert change.loc["symmetry", "p_value"] == pytest.approx(bowker.pvalue, abs=1e-9)
    assert change.loc["margins", "statistic"] == pytest.approx(margins.statistic, rel=1e-7, abs=1e-9)
    assert change.loc["margins", "p_value"] == pytest.approx(margins.pvalue, abs=1e-9)


@given(st.integers(0, 40), st.integers(0, 40))
def test_two_classes_are_mcnemar(up, down):
    assume(up + down > 0)
    change = measure_change(of_counts([[3, up], [down, 4]]))
    peer = mcnemar([[3, up], [down, 4]], exact=False, correction=False)
    assert change["statistic"].tolist() == pytest.approx([peer.statistic] * 2, abs=1e-9)


def test_classes_nobody_moved_between_cost_no_degree_of_freedom():
    change = measure_change(of_counts([[5, 4, 0], [1, 5, 0], [0, 0, 9]])).set_index("test")
    assert change["free"].tolist() == [1, 1]
    assert change["statistic"].tolist() == pytest.approx([9 / 5, 9 / 5])


def test_nobody_moved_or_nobody_is_there():
    still = measure_change(of_counts([[5, 0], [0, 5]]))
    assert still["p_value"].tolist() == [1.0, 1.0]
    nobody = period(a="A").iloc[:0]
    empty = measure_migration(nobody, nobody, classes=["A", "B"])
    assert measure_change(empty)["n_customers"].tolist() == [0, 0]


def test_wrong_tables_are_sentences():
    with pytest.raises(DataError, match="must not be empty; 1 of 2"):
        measure_migration(period(a="A", b=None), period(a="A"))
    with pytest.raises(DataError, match=r"must be one of 'A'.*got 'B'"):
        measure_migration(period(a="A"), period(a="B"), classes=["A"])
    with pytest.raises(DataError, match="none may be called 'new' or 'lost'"):
        measure_migration(period(a="new"), period(a="A"))
    with pytest.raises(SchemaError, match="needs column 'segment'"):
        measure_migration(period(a="A"), period(a="A"), column="segment")
    with pytest.raises(DataError, match="every class needs a row"):
        measure_change(of_counts([[1, 2], [3, 4]]).iloc[1:])
