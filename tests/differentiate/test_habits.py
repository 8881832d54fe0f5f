"""Mean interval and present gap, worked by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import list_overdue, measure_gaps, summarize_rfm
from crm_lib.errors import DataError, ParameterError, SchemaError


def make_lines(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"], format="ISO8601"))


LINES = make_lines([
    ("b", "2024-01-31 09:00", 10.0),
    ("a", "2024-01-01 23:59", 10.0),
    ("a", "2024-01-11 00:01", 10.0),
    ("a", "2024-01-11 18:00", 10.0),  # the same day: one visit
    ("a", "2024-01-31 12:00", 0.0),  # a gift is a purchase
    ("a", "2024-02-20 12:00", -5.0),  # a return is none
    ("c", "2024-01-05", 10.0),
    ("c", "2024-01-15", 10.0),
    ("c", "2024-03-02", 10.0),  # not known yet
    ("d", "2024-02-01", -1.0),  # never bought
])


def test_intervals_by_hand():
    gaps = measure_gaps(LINES, as_of="2024-03-01")
    expected = pd.DataFrame({
        "customer_id": pd.Series(["a", "b", "c"], dtype="str"),
        "n_days": [3, 1, 2],
        "mean_gap_days": [(10 + 20) / 2, math.nan, 10.0],
        "recency_days": [30, 30, 46],  # 31 January to 1 March 2024: 29 + 1; 15 January: 16 + 29 + 1
        "gap_ratio": [30 / 15, math.nan, 46 / 10],
    })
    pd.testing.assert_frame_equal(gaps, expected, check_exact=True)


def test_overdue_needs_a_habit_and_a_gap_above_the_factor():
    gaps = measure_gaps(LINES, as_of="2024-03-01")
    assert list_overdue(gaps, factor=1.9)["customer_id"].tolist() == ["a"]
    assert list_overdue(gaps, factor=2.0).empty  # 2.0 is not above 2.0
    # with two purchase days enough, c comes first: 4.6 intervals against 2
    assert list_overdue(gaps, factor=1.9, least_days=2)["customer_id"].tolist() == ["c", "a"]


def test_equal_gaps_come_by_customer():
    rows = [(c, d, 1.0) for c in "zxy" for d in ("2024-01-01", "2024-01-02", "2024-01-03")]
    late = list_overdue(measure_gaps(make_lines(rows), as_of="2024-02-01"))
    assert late["customer_id"].tolist() == ["x", "y", "z"]


def test_no_line_gives_no_row_and_the_input_stays():
    before = LINES.copy()
    assert measure_gaps(LINES.iloc[:0], as_of="2024-03-01").empty
    measure_gaps(LINES, as_of="2024-03-01")
    pd.testing.assert_frame_equal(LINES, before)


def test_faults_are_said():
    with pytest.raises(DataError, match="1 of 10 lack one"):
        measure_gaps(LINES.assign(ordered_at=LINES["ordered_at"].where(LINES.index > 0)), as_of="2024-03-01")
    with pytest.raises(SchemaError, match="amount"):
        measure_gaps(LINES.drop(columns="amount"), as_of="2024-03-01")
    with pytest.raises(ParameterError, match="factor"):
        list_overdue(measure_gaps(LINES, as_of="2024-03-01"), factor=0.5)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(-3, 9)), min_size=1))
def test_it_agrees_with_plain_loops_and_with_recency(rows):
    start = pd.Timestamp("2024-01-01")
    lines = make_lines([(c, start + pd.Timedelta(days=d), float(v)) for c, d, v in rows])
    gaps = measure_gaps(lines.sample(frac=1, random_state=1), as_of="2024-03-31").set_index("customer_id")
    rfm = summarize_rfm(lines, as_of="2024-03-31").set_index("customer_id")
    for name in "ab":
        days = sorted({d for c, d, v in rows if c == name and v >= 0})
        assert (name in gaps.index) == bool(days)
        if days:
            assert gaps.loc[name, "recency_days"] == 90 - days[-1] == rfm.loc[name, "recency_days"]
            steps = [b - a for a, b in zip(days[:-1], days[1:], strict=True)]
            mean = gaps.loc[name, "mean_gap_days"]
            assert math.isnan(mean) if not steps else mean == pytest.approx(sum(steps) / len(steps))
