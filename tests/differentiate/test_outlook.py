"""What an unprofitable customer promises, and limits of loss in hindsight: tables worked by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import compare_limits, estimate_outlook
from crm_lib.errors import DataError, ParameterError, SchemaError


def people(**columns):
    base = {
        "customer_id": ["a", "b", "c"],
        "n_orders": [2, 0, 4],
        "cost_to_serve": [60.0, 30.0, 100.0],
        "net_profit": [-20.0, -30.0, 12.5],
        "gross_per_order": [45.0, 20.0, None],
        "expected_orders": [3.0, 2.0, 0.0],
    }
    return pd.DataFrame(base | columns)


def test_the_outlook_of_three_customers():
    found = estimate_outlook(people())
    # a: 3 x (45 - 60 / 2); b never ordered in the period: 2 x (20 - 30 / 1); c has no order to go by: as he is
    assert found["outlook_profit"].tolist() == [3 * (45 - 30.0), 2 * (20 - 30.0), 12.5]
    assert found["customer_id"].tolist() == ["a", "b", "c"]


def test_the_input_is_not_changed_and_no_row_is_no_fault():
    frame = people()
    before = frame.copy()
    estimate_outlook(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert len(estimate_outlook(frame.iloc[:0])) == 0


def test_faults_are_named():
    with pytest.raises(DataError, match="net_profit"):
        estimate_outlook(people(net_profit=[1.0, float("inf"), 2.0]))
    with pytest.raises(DataError, match="customer"):
        estimate_outlook(people(customer_id=["a", "a", "c"]))
    with pytest.raises(SchemaError, match="expected_orders"):
        estimate_outlook(people().drop(columns="expected_orders"))


BEFORE = pd.DataFrame({"customer_id": list("abcdef"), "net_profit": [-10.0, -10.0, -50.0, -90.0, 0.0, 40.0]})
AFTER = pd.DataFrame({"customer_id": list("abcf"), "net_profit": [5.0, -7.0, -30.0, -99.0]})


def test_limits_by_hand():
    found = compare_limits(BEFORE, AFTER, limits=[50, 0, 10, 200])
    assert found["loss_limit"].tolist() == [0, 10, 50, 200]
    # losing: a b c d; d is not seen again; e is even and f gains, so no limit catches them
    assert found["n_caught"].tolist() == [4, 4, 2, 0]
    assert found["n_again"].tolist() == [2, 2, 1, 0]
    assert found["n_back"].tolist() == [1, 1, 0, 0]
    assert found["n_gone"].tolist() == [1, 1, 1, 0]
    assert found["again_share"].tolist()[:3] == [2 / 4, 2 / 4, 1 / 2]
    assert pd.isna(found["again_share"].iloc[3])
    assert found["n_missed"].tolist() == [0, 0, 1, 2]
    assert found["later_profit"].tolist() == [5.0 - 7 - 30, 5.0 - 7 - 30, -30.0, 0.0]


def test_equal_losses_are_caught_together_at_the_limit():
    found = compare_limits(BEFORE, AFTER, limits=[10, 10.01])
    assert found["n_caught"].tolist() == [4, 2]


def test_a_wrong_limit_and_nobody():
    with pytest.raises(ParameterError, match="limits"):
        compare_limits(BEFORE, AFTER, limits=[-1])
    with pytest.raises(ParameterError, match="limits"):
        compare_limits(BEFORE, AFTER, limits=[])
    assert compare_limits(BEFORE.iloc[:0], AFTER, limits=[0])["n_caught"].tolist() == [0]


@given(st.lists(st.tuples(st.integers(-200, 200), st.integers(-200, 200), st.booleans()), max_size=30))
def test_counts_add_up_and_fall_with_the_limit(rows):
    before = pd.DataFrame({
        "customer_id": [str(i) for i in range(len(rows))],
        "net_profit": [float(r[0]) for r in rows],
    })
    after = pd.DataFrame({
        "customer_id": [str(i) for i, r in enumerate(rows) if r[2]],
        "net_profit": [float(r[1]) for r in rows if r[2]],
    })
    found = compare_limits(
        before.astype({"customer_id": "str"}), after.astype({"customer_id": "str"}), limits=[0, 20, 90]
    )
    assert (found["n_again"] + found["n_back"] + found["n_gone"] == found["n_caught"]).all()
    assert found["n_caught"].is_monotonic_decreasing
    assert (found["n_again"] + found["n_missed"]).nunique() == 1
    again = compare_limits(before.iloc[::-1], after, limits=[0, 20, 90])
    pd.testing.assert_frame_equal(found, again)
