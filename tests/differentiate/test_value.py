"""Value classes and concentration, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import classify_abc, measure_concentration, summarize_abc, summarize_rfm
from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.sample import path


def make_values(values, by: str = "revenue") -> pd.DataFrame:
    ids = [f"C{i:03d}" for i in range(len(values))]
    return pd.DataFrame({"customer_id": ids, by: np.array(values, dtype="float64")})


def classes_of(values, **options) -> dict[float, str]:
    abc = classify_abc(make_values(values), **options)
    return dict(zip(abc["revenue"], abc["abc_class"], strict=True))


def test_a_small_company_by_hand():
    values = pd.DataFrame({
        "customer_id": ["e", "d", "c", "b", "a", "f"],
        "revenue": [-20.0, 50.0, 100.0, 100.0, 700.0, 50.0],
    })
    before = values.copy()
    abc = classify_abc(values)
    # whole = 700 + 100 + 100 + 50 + 50 = 1000; before a 0, before b and c 0.7 < 0.8, before d and f 0.9
    assert abc["customer_id"].tolist() == ["a", "b", "c", "d", "f", "e"]
    assert abc["revenue_share"].tolist() == [0.7, 0.1, 0.1, 0.05, 0.05, 0.0]
    assert abc["cumulative_share"].tolist() == [0.7, 0.8, 0.9, 0.95, 1.0, 1.0]
    assert abc["abc_class"].tolist() == ["A", "A", "A", "B", "B", "C"]
    assert abc.attrs == {"by": "revenue", "cuts": [0.8, 0.95]}
    pd.testing.assert_frame_equal(values, before)
    assert summarize_abc(abc).to_dict("records") == [
        {"abc_class": "A", "n_customers": 3, "customer_share": 3 / 6, "revenue": 900.0,
         "revenue_share": 0.9, "mean_revenue": 300.0},
        {"abc_class": "B", "n_customers": 2, "customer_share": 2 / 6, "revenue": 100.0,
         "revenue_share": 0.1, "mean_revenue": 50.0},
        {"abc_class": "C", "n_customers": 1, "customer_share": 1 / 6, "revenue": -20.0,
         "revenue_share": 0.0, "mean_revenue": -20.0},
    ]  # fmt: skip


def test_a_sum_exactly_on_the_cut_ends_the_class():
    # 0.8 of 10 is 8: who comes after 8 is B; in doubles 0.1 × 8 of 1 would be 0.7999999999999999
    assert classes_of([0.1] * 8 + [0.09, 0.06, 0.05]) == {0.1: "A", 0.09: "B", 0.06: "B", 0.05: "C"}
    assert classes_of([80.0, 15.0, 5.0]) == {80.0: "A", 15.0: "B", 5.0: "C"}
    # a tenth of a fen beyond the cut is enough: 79.9999 < 80 % of 100
    assert classes_of([79.9999, 15.0, 5.0001]) == {79.9999: "A", 15.0: "A", 5.0001: "B"}


def test_cuts_and_the_value_may_be_chosen():
    assert classes_of([50.0, 30.0, 20.0], cuts=(0.5, 1)) == {50.0: "A", 30.0: "B", 20.0: "B"}
    abc = classify_abc(make_values([5.0, -1.0], "net_profit"), by="net_profit")
    assert list(abc.columns) == [
        "customer_id", "net_profit", "net_profit_share", "cumulative_share", "abc_class",
    ]  # fmt: skip
    summary = summarize_abc(abc, by="net_profit")
    assert summary["net_profit"].tolist() == [5.0, 0.0, -1.0]
    assert summary["mean_net_profit"].isna().tolist() == [False, True, False]


def test_one_customer_and_equal_customers_are_all_in_a():
    assert classify_abc(make_values([3.0]))["abc_class"].tolist() == ["A"]
    assert classify_abc(make_values([3.0] * 7))["abc_class"].tolist() == ["A"] * 7


@pytest.mark.parametrize("values", [[0.0] * 3, [-1.0, 0.0, -5.0]])
def test_without_positive_value_there_is_no_share(values):
    abc = classify_abc(make_values(values))
    assert abc["abc_class"].tolist() == ["C"] * 3
    assert abc["revenue_share"].isna().all()
    assert abc["cumulative_share"].isna().all()
    summary = summarize_abc(abc)
    assert summary["n_customers"].tolist() == [0, 0, 3]
    assert summary["revenue_share"].isna().all()
    measured = measure_concentration(make_values(values)).iloc[0]
    assert measured["n_positive"] == 0
    assert measured[["top_share", "gini"]].isna().all()


def test_nobody_at_all():
    abc = classify_abc(make_values([]))
    assert len(abc) == 0
    assert abc["cumulative_share"].dtype == "float64"
    assert summarize_abc(abc)["n_customers"].tolist() == [0, 0, 0]
    assert measure_concentration(make_values([]))["n_customers"].tolist() == [0]


def test_concentration_by_hand():
    # 20 % of 7 customers are 1.4: 40 + 0.4 × 20 = 48 of 100
    # gini: Σ(2i − 8)x over 4, 6, 8, 10, 12, 20, 40 = −24 − 24 − 16 + 0 + 24 + 80 + 240 = 280; 280 / 700
    measured = measure_concentration(make_values([10.0, 40, 6, 4, 12, 20, 8])).iloc[0]
    assert measured["top_share"] == 0.48
    assert measured["gini"] == 0.4
    # all alike: a fifth holds a fifth; one holds all of four: 1 − 1/4, and 0.8 of a customer 0.8 of it
    assert measure_concentration(make_values([9.0] * 3))[["top_share", "gini"]].iloc[0].tolist() == [0.2, 0]
    one = measure_concentration(make_values([0.0, 0, -7, 5])).iloc[0]
    assert (one["n_positive"], one["top_share"], one["gini"]) == (1, 0.8, 0.75)
    assert measure_concentration(make_values([1.0, 2.0]), top=1)["top_share"].tolist() == [1.0]


money = st.integers(-(10**8), 10**9).map(lambda fen: fen / 100)


@given(st.lists(money, max_size=40), st.randoms(use_true_random=False))
def test_sums_ties_and_order_of_rows(values, random):
    frame = make_values(values)
    abc = classify_abc(frame)
    assert sorted(abc["customer_id"]) == sorted(frame["customer_id"])
    assert abc.groupby("revenue")["abc_class"].nunique().le(1).all()
    assert abc["abc_class"].is_monotonic_increasing
    assert abc["revenue"].is_monotonic_decreasing
    fen = np.rint(frame["revenue"] * 100).astype("int64").sum()
    assert np.rint(summarize_abc(abc)["revenue"] * 100).astype("int64").sum() == fen
    shuffled = frame.sample(frac=1, random_state=random.randrange(2**31))
    pd.testing.assert_frame_equal(classify_abc(shuffled), abc, check_exact=True)
    pd.testing.assert_frame_equal(measure_concentration(shuffled), measure_concentration(frame))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=25).filter(any), st.integers(1, 100))
def test_concentration_against_pairs_and_the_curve(values, hundredths):
    measured = measure_concentration(make_values(values), top=hundredths / 100).iloc[0]
    x = np.array(values, dtype="float64")
    pairs = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())  # half the relative mean difference
    assert measured["gini"] == pytest.approx(pairs, abs=1e-12)
    curve = np.concatenate([[0], np.sort(x)[::-1].cumsum()]) / x.sum()
    expected = np.interp(hundredths / 100, np.arange(len(x) + 1) / len(x), curve)
    assert measured["top_share"] == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(-50, 300), min_size=1, max_size=30))
def test_classes_against_the_definition(values):
    whole = sum(v for v in values if v > 0)

    def expect(v: int) -> str:
        richer = sum(w for w in values if w > v)
        return "C" if v <= 0 or 100 * richer >= 95 * whole else "B" if 100 * richer >= 80 * whole else "A"

    assert classes_of(values) == {float(v): expect(v) for v in values}


def test_cdnow_against_plain_pandas():
    rfm = summarize_rfm(path("cdnow"), as_of="1998-06-30")
    cents = np.sort(np.rint(rfm["revenue"].to_numpy() * 100).astype("int64"))[::-1]
    # 20 % of 23,570 customers are 4,714, a whole number: no fraction
    measured = measure_concentration(rfm).iloc[0]
    assert measured["top_share"] == pytest.approx(cents[:4714].sum() / cents.sum(), rel=1e-14)
    summary = summarize_abc(classify_abc(rfm))
    assert summary["n_customers"].sum() == 23_570
    held = summary["revenue_share"].tolist()
    assert held[0] == pytest.approx(0.8, abs=0.001)
    assert sum(held) == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: classify_abc(v, by="profit"), "by must be one of"),
        (lambda v: classify_abc(v, cuts=(0.95, 0.8)), "cuts must rise"),
        (lambda v: classify_abc(v, cuts=(0.8,)), "cuts must be two shares"),
        (lambda v: classify_abc(v, cuts=(80, 95)), "each of cuts must be a share"),
        (lambda v: classify_abc(v, cuts=(0.8, float("nan"))), "each of cuts must be a share"),
        (lambda v: measure_concentration(v, top=0), "top must be a share"),
        (lambda v: measure_concentration(v, top="0.2"), "top must be a share"),
    ],
)
def test_options_are_checked_in_words(call, message):
    with pytest.raises(ParameterError, match=message):
        call(make_values([1.0, 2.0]))


def test_faults_of_the_frame_are_named_together():
    twice = pd.DataFrame({"customer_id": ["a", "a"], "revenue": [1.0, np.nan]})
    with pytest.raises(DataError, match=r"name each customer once.*Also: .*'revenue' must be finite"):
        classify_abc(twice)
    with pytest.raises(DataError, match="another unit"):
        classify_abc(make_values([9e14, 9e14]))
    with pytest.raises(SchemaError, match="net_profit"):
        measure_concentration(make_values([1.0]), by="net_profit")
    with pytest.raises(DataError, match="must hold A, B or C; got 'D'"):
        summarize_abc(make_values([1.0]).assign(abc_class="D"))
