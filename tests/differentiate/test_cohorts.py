"""Retention of cohorts, worked by hand; what nobody can know yet is missing, not 0."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import measure_cohorts
from crm_lib.errors import DataError, ParameterError


def lines(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])


ORDERS = lines(
    ("a", "2024-01-05", 10.0), ("a", "2024-01-06", 10.0), ("a", "2024-03-31", 5.0),
    ("b", "2024-01-31", 20.0), ("b", "2024-02-01", 20.0),
    ("c", "2024-02-29", 1.0), ("c", "2024-04-02", -1.0),
    ("d", "2024-05-01", 9.0),
)  # fmt: skip


def test_months_by_hand():
    table = measure_cohorts(ORDERS, as_of="2024-04-15")
    got = {(r.cohort.strftime("%m"), r.period): r for r in table.itertuples()}
    assert sorted(got) == [("01", 0), ("01", 1), ("01", 2), ("01", 3), ("02", 0), ("02", 1), ("02", 2)]
    # January: a and b; in February b, in March a; April is not over
    assert [got["01", k].n_active for k in range(4)] == [2, 1, 1, 0]
    assert [got["01", k].retention_share for k in range(3)] == [1.0, 0.5, 0.5]
    assert np.isnan(got["01", 3].retention_share)
    # February: c alone; nothing in March is a 0, the return in April is no purchase
    assert got["02", 1].retention_share == 0.0
    assert (got["02", 2].n_active, got["02", 2].complete) == (0, False)
    assert table.attrs == {"as_of": "2024-04-15", "unit": "M", "n_later": 1}


def test_a_period_is_complete_at_the_end_of_its_last_day():
    early, late = (
        measure_cohorts(ORDERS, as_of=d).set_index(["cohort", "period"]) for d in ("2024-03-30", "2024-03-31")
    )
    place = (pd.Timestamp("2024-01-01"), 2)
    assert not early.loc[place, "complete"]
    assert late.loc[place, "retention_share"] == 0.5


def test_weeks_begin_on_monday_and_quarters_in_january():
    weeks = measure_cohorts(
        lines(("a", "2024-01-07", 1.0), ("a", "2024-01-08", 1.0)), as_of="2024-01-14", unit="W"
    )
    assert weeks["starts_on"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-08")]
    assert weeks["n_active"].tolist() == [1, 1]
    quarters = measure_cohorts(ORDERS, as_of="2024-06-30", unit="Q")
    assert quarters["cohort"].dt.strftime("%Y-%m").tolist() == ["2024-01", "2024-01", "2024-04"]
    assert quarters["retention_share"].tolist() == [1.0, 0.0, 1.0]


def test_before_1970_periods_count_back():
    old = measure_cohorts(lines(("a", "1969-11-30", 1.0)), as_of="1970-01-31")
    assert old["starts_on"].dt.strftime("%Y-%m-%d").tolist() == ["1969-11-01", "1969-12-01", "1970-01-01"]


@settings(max_examples=12)
@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 400)), min_size=1, max_size=30),
    st.sampled_from("MWQ"),
)
def test_a_plain_count_says_the_same(bought, unit):
    first = pd.Timestamp("2023-01-01")
    orders = lines(*((c, first + pd.Timedelta(days=d), 1.0) for c, d in bought))
    as_of = first + pd.Timedelta(days=420)
    table = measure_cohorts(orders, as_of=as_of.date(), unit=unit)
    freq = {"M": "M", "W": "W-SUN", "Q": "Q"}[unit]
    period = orders["ordered_at"].dt.to_period(freq)
    start = period.groupby(orders["customer_id"]).transform("min")
    for row in table.itertuples():
        cohort = start.dt.start_time == row.cohort
        assert row.n_customers == orders.loc[cohort, "customer_id"].nunique()
        now = cohort & (period.dt.start_time == row.starts_on)
        assert row.n_active == orders.loc[now, "customer_id"].nunique()
        whole = pd.Period(row.starts_on, freq).end_time.normalize() <= as_of
        assert row.complete == whole
        assert np.isnan(row.retention_share) == (not whole and row.period > 0)
    assert (
        table["n_active"].sum()
        == pd.DataFrame({"c": orders["customer_id"], "p": period}).drop_duplicates().shape[0]
    )


def test_wrong_calls_are_sentences():
    with pytest.raises(ParameterError, match="unit must be one of 'M', 'W', 'Q'; got 'D'"):
        measure_cohorts(ORDERS, as_of="2024-04-15", unit="D")
    with pytest.raises(DataError, match="must not be earlier than the first order"):
        measure_cohorts(ORDERS, as_of="2023-04-15")
    with pytest.raises(DataError):
        measure_cohorts(lines(("a", None, 1.0)), as_of="2024-01-01")
