"""Recency, frequency and money, worked by hand."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crm_lib
from crm_lib.differentiate import RfmBins, fit_rfm_bins, score_rfm, summarize_rfm
from crm_lib.errors import DataError, ParameterError, SchemaError

COLUMNS = ["customer_id", "recency_days", "n_orders", "revenue"]


def make_rfm(recency, orders=None, revenue=None) -> pd.DataFrame:
    n = len(recency)
    ids = [f"C{i:04d}" for i in range(1, n + 1)]
    values = [ids, recency, orders or [1] * n, revenue or [1.0] * n]
    frame = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    return frame.astype({"recency_days": "int64", "n_orders": "int64", "revenue": "float64"})


def make_lines(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_at", "amount"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"], format="ISO8601"))


def test_a_small_company_by_hand():
    lines = make_lines([
        ("张", "o1", "2024-12-01 10:00", 100.0),
        ("张", "o1", "2024-12-01 10:00", 20.5),  # a second line of the same order
        ("张", "o2", "2024-12-20 09:00", -20.5),  # a return: money yes, order no, recency no
        ("李", "o3", "2024-12-31 23:59:59", 0.0),  # a gift is a purchase
        ("王", "o4", "2024-11-30", -5.0),  # nothing but a return: kept
        ("王", "o5", "2025-01-01 00:00:00", 50.0),  # not known yet
        ("赵", "o6", "2025-01-02", 9.0),  # not a customer yet
    ])
    before = lines.copy()
    rfm = summarize_rfm(lines, as_of="2024-12-31")
    assert list(rfm.columns) == COLUMNS
    assert rfm.to_dict("records") == [
        # 31 - 1 = 30 days; 1 order; 100 + 20.5 - 20.5
        {"customer_id": "张", "recency_days": 30, "n_orders": 1, "revenue": 100.0},
        {"customer_id": "李", "recency_days": 0, "n_orders": 1, "revenue": 0.0},
        # the last line stands in for the last purchase: 31 days
        {"customer_id": "王", "recency_days": 31, "n_orders": 0, "revenue": -5.0},
    ]
    assert rfm.attrs == {"n_later": 2, "as_of": "2024-12-31"}
    pd.testing.assert_frame_equal(lines, before)


def test_recency_counts_calendar_days_not_hours():
    lines = make_lines([("a", "1", "2024-02-28 23:59:59", 1.0), ("b", "2", "2024-02-29 00:00:00", 1.0)])
    assert summarize_rfm(lines, as_of="2024-02-29")["recency_days"].tolist() == [1, 0]
    assert summarize_rfm(lines, as_of="2024-02-28")["customer_id"].tolist() == ["a"]


@pytest.mark.parametrize(
    "as_of",
    [
        "2024-12-31",
        "2024-12-31 08:00",
        dt.date(2024, 12, 31),
        dt.datetime(2024, 12, 31, 8),
        pd.Timestamp("2024-12-31"),
    ],
)
def test_as_of_may_be_written_in_many_ways(as_of):
    lines = make_lines([("a", "1", "2024-12-31 23:00", 1.0)])
    assert summarize_rfm(lines, as_of=as_of)["recency_days"].tolist() == [0]


@pytest.mark.parametrize("as_of", ["yesterday", "", None, pd.NaT])
def test_as_of_must_be_a_date(as_of):
    with pytest.raises(ParameterError, match="as_of must be a date like 2024-12-31"):
        summarize_rfm(make_lines([("a", "1", "2024-12-31", 1.0)]), as_of=as_of)


def test_one_order_number_of_two_customers_is_two_orders_and_numbers_missing_are_days():
    lines = make_lines([
        ("a", "1", "2024-01-01", 1.0),
        ("b", "1", "2024-01-01", 1.0),
        ("b", None, "2024-01-02 08:00", 1.0),
        ("b", "", "2024-01-02 20:00", 1.0),
        ("b", None, "2024-01-03", 1.0),
    ])
    assert summarize_rfm(lines, as_of="2024-01-03")["n_orders"].tolist() == [1, 3]


def test_edges_are_excels_percentile_inc():
    # Excel: PERCENTILE.INC({1,2,3,4,10}, 0.25) = 2, 0.5 → 3, 0.75 → 4; of {1,2,3,10}: 1.75, 2.5, 4.75
    five = fit_rfm_bins(make_rfm([1, 2, 3, 4, 10]), n_bins=4)
    assert five.edges["recency_days"] == (2.0, 3.0, 4.0)
    four = fit_rfm_bins(make_rfm([10, 1, 3, 2]), n_bins=4)
    assert four.edges["recency_days"] == (1.75, 2.5, 4.75)
    assert five.n_customers == 5


def test_scores_count_the_edges_below_and_recency_the_edges_above():
    rfm = make_rfm([1, 2, 3, 4, 5, 6], [1, 1, 1, 2, 3, 9], [-5.0, 0, 10, 10, 20, 30])
    bins = fit_rfm_bins(rfm, n_bins=3)
    # places 5/3 and 10/3: recency 2.667, 4.333; orders 1, 2.333; revenue 6.667, 13.333
    assert bins.edges["n_orders"] == pytest.approx((1.0, 7 / 3))
    assert bins.edges["revenue"] == pytest.approx((20 / 3, 40 / 3))
    scores = score_rfm(rfm, bins=bins)
    assert scores["score_r"].tolist() == [3, 3, 2, 2, 1, 1]
    assert scores["score_f"].tolist() == [1, 1, 1, 2, 3, 3]
    assert scores["score_m"].tolist() == [1, 1, 2, 2, 3, 3]
    assert scores.attrs["n_bins"] == 3
    assert {str(scores[c].dtype) for c in ("score_r", "score_f", "score_m")} == {"int64"}
    assert list(rfm.columns) == COLUMNS


def test_a_value_on_an_edge_stays_below_it():
    bins = fit_rfm_bins(make_rfm([10, 20, 30], [1, 2, 3], [1.0, 2, 3]), n_bins=2)
    scores = score_rfm(make_rfm([19, 20, 21], [2, 3, 2], [2.0, 2.5, 2]), bins=bins)
    assert scores["score_f"].tolist() == [1, 2, 1]
    assert scores["score_m"].tolist() == [1, 2, 1]
    assert scores["score_r"].tolist() == [2, 1, 1]


def test_bins_of_other_customers_apply_and_go_beyond_their_ends():
    bins = fit_rfm_bins(make_rfm([10, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5, 6], [1.0, 2, 3, 4, 5, 6]))
    assert bins.apply(make_rfm([0, 999], [99, 0], [1e9, -1e9]))[
        ["score_r", "score_f", "score_m"]
    ].to_numpy().tolist() == [
        [5, 5, 5],
        [1, 1, 1],
    ]


@pytest.mark.parametrize(("n_bins", "middle"), [(2, 1), (3, 2), (4, 2), (5, 3), (10, 5)])
def test_a_constant_measure_gives_the_middle_score_and_is_named(n_bins, middle):
    rfm = make_rfm([3, 4, 5], [1, 1, 1], [7.0, 7, 7])
    bins = fit_rfm_bins(rfm, n_bins=n_bins)
    assert bins.constant == ("n_orders", "revenue")
    scores = score_rfm(make_rfm([3, 9], [1, 50], [7.0, -1]), bins=bins)
    assert scores["score_f"].tolist() == scores["score_m"].tolist() == [middle, middle]
    assert scores.attrs["constant"] == ["n_orders", "revenue"]


def test_one_customer_and_no_customer():
    one = make_rfm([3])
    bins = fit_rfm_bins(one)
    assert bins.constant == ("recency_days", "n_orders", "revenue")
    assert score_rfm(one, bins=bins)[["score_r", "score_f", "score_m"]].to_numpy().tolist() == [[3, 3, 3]]
    none = score_rfm(one.iloc[:0], bins=bins)
    assert len(none) == 0
    assert str(none["score_m"].dtype) == "int64"
    assert len(score_rfm(pd.DataFrame(columns=COLUMNS), bins=bins)) == 0
    with pytest.raises(DataError, match=r"fit_rfm_bins: needs at least 1 customer; got 0\. Are there orders"):
        fit_rfm_bins(one.iloc[:0])


def test_ranges_say_what_the_scores_do():
    rfm = make_rfm([1, 2, 3, 4, 5, 6], [1, 1, 1, 2, 3, 9], [5.0] * 6)
    bins = fit_rfm_bins(rfm)
    scores, ranges = score_rfm(rfm, bins=bins), bins.list_ranges()
    for measure, score in (("recency_days", "score_r"), ("n_orders", "score_f"), ("revenue", "score_m")):
        rows = ranges[ranges["measure"] == measure]
        for value, got in zip(rfm[measure], scores[score], strict=True):
            below = (rows["low"] <= value) & (value < rows["high"])
            above = (rows["low"] < value) & (value <= rows["high"])
            assert rows.loc[below if score == "score_r" else above, "score"].tolist() == [got]
    assert ranges[ranges["measure"] == "revenue"]["score"].tolist() == [3]


def test_negative_recency_is_refused_in_one_sentence():
    rfm = make_rfm([5] * 1200)
    bins = fit_rfm_bins(rfm)
    rfm.loc[[41, 50, 60], "recency_days"] = [-5, -1, -2]
    with pytest.raises(DataError) as caught:
        score_rfm(rfm, bins=bins)
    assert str(caught.value) == (
        "score_rfm: column 'recency_days' must be >= 0; 3 of 1,200 rows are negative "
        "(first: customer C0042, -5). Is as_of earlier than the last order?"
    )


def test_all_faults_come_in_one_error():
    rfm = make_rfm([1, -2, 3], [1, -1, 2], [1.0, np.nan, np.inf])
    rfm["customer_id"] = ["a", "a", None]
    with pytest.raises(DataError) as caught:
        fit_rfm_bins(rfm)
    for part in (
        "column 'customer_id' must not be empty; 1 of 3 rows is.",
        "must name each customer once; 1 of 3 rows repeats one (first: customer a)",
        "'recency_days' must be >= 0; 1 of 3 rows is negative (first: customer a, -2)",
        "'n_orders' must be >= 0; 1 of 3 rows is negative (first: customer a, -1)",
        "'revenue' must be finite; 2 of 3 rows are not (first: customer a, nan)",
    ):
        assert part in str(caught.value)
    with pytest.raises(DataError, match=r"'revenue' must hold numbers; got type"):
        fit_rfm_bins(make_rfm([1, 2]).assign(revenue=["1", "2"]))
    with pytest.raises(SchemaError, match="needs column 'n_orders'"):
        fit_rfm_bins(make_rfm([1, 2]).drop(columns="n_orders"))
    with pytest.raises(DataError, match="needs a pandas DataFrame; got dict"):
        fit_rfm_bins({})


@pytest.mark.parametrize("n_bins", [0, 1, 11, 2.5, True, "5", None])
def test_n_bins_is_a_whole_number_from_2_to_10(n_bins):
    with pytest.raises(ParameterError, match="n_bins must be"):
        fit_rfm_bins(make_rfm([1, 2]), n_bins=n_bins)


def test_bins_must_be_bins():
    with pytest.raises(ParameterError, match=r"bins must come from fit_rfm_bins; got int"):
        score_rfm(make_rfm([1, 2]), bins=5)


def test_the_six_names_come_straight_from_the_library():
    assert crm_lib.summarize_rfm is summarize_rfm
    assert isinstance(crm_lib.fit_rfm_bins(make_rfm([1])), RfmBins)


MONEY = st.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
CUSTOMERS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), MONEY), min_size=1, max_size=80)


@settings(max_examples=80)
@given(CUSTOMERS, st.integers(2, 10))
def test_edges_agree_with_exact_fractions_and_scores_with_counting(rows, n_bins):
    rfm = make_rfm(*(list(c) for c in zip(*rows, strict=True)))
    bins = fit_rfm_bins(rfm, n_bins=n_bins)
    scores = score_rfm(rfm, bins=bins)
    for measure, score in (("recency_days", "score_r"), ("n_orders", "score_f"), ("revenue", "score_m")):
        exact = sorted(Fraction(float(v)) for v in rfm[measure])
        edges = []
        for i in range(1, n_bins):
            h = Fraction((len(exact) - 1) * i, n_bins)
            low = int(h)
            edges.append(exact[low] + (h - low) * (exact[min(low + 1, len(exact) - 1)] - exact[low]))
        assert bins.edges[measure] == pytest.approx([float(e) for e in edges], rel=1e-12, abs=1e-9)
        assert bins.edges[measure] == pytest.approx(
            np.quantile(rfm[measure], np.arange(1, n_bins) / n_bins), rel=1e-9, abs=1e-9
        )
        if measure in bins.constant:
            continue
        less = measure == "recency_days"
        counted = [
            1 + sum(e > v if less else e < v for e in edges)
            for v in map(Fraction, rfm[measure].astype(float))
        ]
        assert scores[score].tolist() == counted


@settings(max_examples=60)
@given(CUSTOMERS, st.integers(2, 10))
def test_equal_values_equal_scores_and_better_values_no_lower_scores(rows, n_bins):
    rfm = make_rfm(*(list(c) for c in zip(*rows, strict=True)))
    scores = score_rfm(rfm, bins=fit_rfm_bins(rfm, n_bins=n_bins))
    for measure, score, sign in (
        ("recency_days", "score_r", -1), ("n_orders", "score_f", 1), ("revenue", "score_m", 1),
    ):  # fmt: skip
        assert (scores.groupby(measure)[score].nunique() == 1).all()
        ordered = scores.assign(key=sign * scores[measure]).sort_values("key")[score]
        assert ordered.is_monotonic_increasing
        assert scores[score].between(1, n_bins).all()
