"""Random order lines against exact decimals and plain Python."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import summarize_rfm

DAY = dt.date(2024, 6, 30)
CENTS = st.one_of(
    st.sampled_from([10, 20, 30, -10, 1_15, 100_000_000_000, -100_000_000_000, 0, 1, -1]),
    st.integers(-(10**9), 10**9),
)
LINE = st.tuples(
    st.sampled_from(["1", "10", "9", "a", "B", "é", "王", "\U0001f600"]),
    st.sampled_from([None, "o1", "o2", "o3"]),
    st.datetimes(dt.datetime(2024, 6, 1), dt.datetime(2024, 7, 3)),
    CENTS,
)


def work_out(lines: list[tuple]) -> list[tuple]:
    """Sum exact decimals customer by customer."""
    rows = []
    for customer in sorted({x[0] for x in lines if x[2].date() <= DAY}):
        mine = [x for x in lines if x[0] == customer and x[2].date() <= DAY]
        bought = [x for x in mine if x[3] >= 0]
        last = max(x[2].date() for x in bought or mine)
        n_orders = len({x[1] or x[2].date() for x in bought})
        rows.append((customer, (DAY - last).days, n_orders, float(Decimal(sum(x[3] for x in mine)) / 100)))
    return rows


def to_frame(lines: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "amount"])
    return frame.assign(amount=frame["amount"] / 100)


@settings(max_examples=60)
@given(st.lists(LINE, min_size=1, max_size=60))
@example([
    ("a", "o1", dt.datetime(2024, 6, 30, 23, 59, 59, 999999), 10),
    ("a", "o1", dt.datetime(2024, 7, 1), 20),
])
def test_pandas_and_polars_agree_with_exact_decimals(lines):
    import polars as pl

    rows = work_out(lines)
    if not rows:
        return
    frame = to_frame(lines)
    for source in (frame, pl.from_pandas(frame)):
        got = summarize_rfm(source, as_of=DAY)
        assert [tuple(r) for r in got.itertuples(index=False)] == rows
        assert got.attrs["n_later"] == sum(x[2].date() > DAY for x in lines)


@settings(max_examples=30)
@given(st.lists(LINE, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(lines, random):
    if not work_out(lines):
        return
    shuffled = random.sample(lines, len(lines))
    one, two = (summarize_rfm(to_frame(x), as_of=DAY) for x in (lines, shuffled))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@settings(max_examples=60)
@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=4))
def test_four_decimals_are_kept_and_the_fifth_is_rounded_half_up(a, b):
    frame = pd.DataFrame({"customer_id": "a", "ordered_at": "2024-06-01", "amount": [float(a), float(b)]})
    got = summarize_rfm(frame, as_of=DAY)["revenue"].iloc[0]
    assert Decimal(got).quantize(Decimal("0.0001"), ROUND_HALF_UP) == a + b


def test_a_million_dimes_are_a_hundred_thousand_yuan():
    frame = pd.DataFrame({"customer_id": "a", "ordered_at": "2024-06-01", "amount": [0.1] * 1_000_000})
    assert frame["amount"].sum() != 100_000  # what floats say
    assert summarize_rfm(frame, as_of=DAY)["revenue"].tolist() == [100_000.0]
