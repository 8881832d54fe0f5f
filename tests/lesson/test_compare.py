"""Answers compared as data."""

import numpy as np
import pandas as pd
import pytest

from crm_lib.lesson.compare import compare_answers

TABLE = pd.DataFrame({"segment": ["a", "b", "c"], "n_customers": [1, 2, 3]})


@pytest.mark.parametrize(
    ("answer", "expected", "tolerance"),
    [
        (0.5, 0.5, 0),
        (1, 1.0, 0),
        (np.float64(2.5), 2.5, 0),
        (np.int64(3), 3, 0),
        (100.00001, 100.0, 1e-6),
        ("忠诚客户 ", "忠诚客户", 0),
        ([1, 2, 3], (1, 2, 3), 0),
        (np.array([1.0, 2.0]), [1, 2], 0),
        ({"b", "a"}, {"a", "b"}, 0),
        (True, True, 0),
        (TABLE.iloc[::-1], TABLE, 0),
        (TABLE[["n_customers", "segment"]], TABLE, 0),
        (TABLE.set_index("segment"), TABLE, 0),
        (TABLE.set_index("segment")["n_customers"], TABLE, 0),
        (float("nan"), float("nan"), 0),
    ],
)
def test_equal_answers(answer, expected, tolerance):
    assert compare_answers(answer, expected, tolerance=tolerance).equal


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (0.5, 50),
        (100.001, 100.0),
        ("0.5", 0.5),
        (True, 1),
        (1, True),
        ([1, 3, 2], [1, 2, 3]),
        ([1, 2], [1, 2, 3]),
        (TABLE.head(2), TABLE),
        (TABLE.rename(columns={"segment": "s"}), TABLE),
        (TABLE.assign(n_customers=[1, 2, 4]), TABLE),
        (TABLE.assign(segment=["a", "b", "b"]), TABLE),
        (float("nan"), 1.0),
        (float("inf"), 1.0),
        (10**400, 1.0),
        (-(10**400), float("inf")),
        (TABLE.assign(n_customers=pd.Series([1, 2, 10**400], dtype=object)), TABLE),
        (object(), 1.0),
    ],
)
def test_different_answers(answer, expected):
    assert not compare_answers(answer, expected).equal


def test_an_object_that_claims_to_equal_everything_is_not_believed():
    class Liar(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert not compare_answers(Liar(1.0), 2.0).equal


def test_a_wrong_form_is_said_in_words():
    assert "一张表" in compare_answers(3, TABLE).message
    assert "segment" in compare_answers(TABLE.drop(columns="segment"), TABLE).message
    assert "3 行" in compare_answers(TABLE.head(2), TABLE).message
