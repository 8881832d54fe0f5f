"""Tenths by value and the whale curve, worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import measure_whale, summarize_deciles
from crm_lib.errors import DataError, ParameterError

MONEY = st.lists(st.integers(-5000, 5000).map(lambda cents: cents / 100), min_size=1, max_size=60)


def customers(values, column="revenue"):
    return pd.DataFrame({"customer_id": [f"c{i:03d}" for i in range(len(values))], column: values})


def test_ten_customers_stand_one_in_each_tenth():
    table = summarize_deciles(customers([100, 90, 80, 70, 60, 50, 40, 30, 20, 10]))
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["n_customers"].tolist() == [1] * 10
    # 100 + 90 + … + 10 = 550; the first two hold 190
    assert table["value_share"].tolist()[:2] == pytest.approx([100 / 550, 90 / 550])
    assert table["cumulative_share"].tolist()[1] == pytest.approx(190 / 550)
    assert table["cumulative_share"].tolist()[-1] == 1


def test_equal_customers_share_the_tenth_of_the_first_of_them():
    # places 1 | 2 3 4 5 | 6 … 10: four equal customers after the first stand where the second stands
    table = summarize_deciles(customers([9, 5, 5, 5, 5, 1, 1, 1, 1, 1]))
    assert table["n_customers"].tolist() == [1, 4, 0, 0, 0, 5, 0, 0, 0, 0]
    assert table["revenue"].tolist() == [9, 20, 0, 0, 0, 5, 0, 0, 0, 0]
    assert table.loc[2, ["highest", "lowest"]].isna().all()
    assert table["cumulative_share"].tolist()[2] == pytest.approx(29 / 34)


def test_all_equal_is_one_tenth_and_nobody_is_none():
    assert summarize_deciles(customers([7.0] * 25))["n_customers"].tolist() == [25] + [0] * 9
    empty = summarize_deciles(customers([]).astype({"revenue": "float64"}))
    assert empty["n_customers"].sum() == 0
    assert empty["cumulative_share"].isna().all()


def test_a_sum_that_is_not_positive_has_no_shares():
    table = summarize_deciles(customers([5.0, -5.0], "net_profit"), by="net_profit")
    assert table["value_share"].isna().all()
    assert table["net_profit"].sum() == 0


@given(MONEY, st.integers(2, 12), st.randoms())
def test_groups_keep_everybody_and_do_not_follow_the_rows(values, n_groups, random):
    frame = customers(values)
    table = summarize_deciles(frame, n_groups=n_groups)
    assert table["n_customers"].sum() == len(values)
    assert table["revenue"].sum() == pytest.approx(sum(values), abs=1e-6)
    order = list(range(len(values)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(table, summarize_deciles(frame.iloc[order], n_groups=n_groups))
    ends = table.dropna()[["highest", "lowest"]].to_numpy().ravel()
    assert (np.diff(ends) <= 0).all()  # no value stands in two groups
    assert len(set(ends.tolist())) >= len(table.dropna())


def test_wrong_calls_are_sentences():
    with pytest.raises(ParameterError, match=r"n_groups must be .*; got 1"):
        summarize_deciles(customers([1.0]), n_groups=1)
    with pytest.raises(DataError, match="must be finite"):
        summarize_deciles(customers([1.0, math.inf]))
    with pytest.raises(ParameterError, match="Did you mean 'revenue'"):
        summarize_deciles(customers([1.0]), by="revenu")


def test_the_whale_rises_above_the_total_and_falls_to_it():
    # 70 + 60 = 130 is the peak; −30 takes it to 100; two of four bring the peak, one loses
    curve = measure_whale(customers([60.0, -30.0, 70.0, 0.0], "net_profit"))
    assert curve["customer_id"].tolist() == ["c002", "c000", "c003", "c001"]
    assert curve["cumulative_profit"].tolist() == [70, 130, 130, 100]
    assert curve["cumulative_share"].tolist() == pytest.approx([0.7, 1.3, 1.3, 1.0])
    facts = {
        k: curve.attrs[k]
        for k in ("total", "peak", "peak_customers", "n_losing", "n_even", "lost", "crossing")
    }
    assert facts == {
        "total": 100.0, "peak": 130.0, "peak_customers": 2, "n_losing": 1, "n_even": 1, "lost": 30.0, "crossing": 2,
    }  # fmt: skip


def test_without_a_loss_the_curve_only_ends_at_the_total():
    curve = measure_whale(customers([10.0, 30.0], "net_profit"))
    assert (curve.attrs["crossing"], curve.attrs["lost"], curve.attrs["peak"]) == (2, 0.0, 40.0)


def test_a_company_of_losers_has_no_share():
    curve = measure_whale(customers([-1.0, -2.0], "net_profit"))
    assert curve["cumulative_profit"].tolist() == [-1, -3]
    assert curve["cumulative_share"].isna().all()
    assert (curve.attrs["peak"], curve.attrs["lost"]) == (0.0, 3.0)


def test_an_unknown_profit_is_counted_not_guessed():
    curve = measure_whale(customers([5.0, math.nan, -1.0], "net_profit"))
    assert curve.attrs["n_unknown"] == 1
    assert curve["cumulative_profit"].tolist() == [5, 4]


def test_a_customer_who_stands_once_with_and_once_without_profit_is_refused():
    twice = pd.DataFrame({"customer_id": ["a", "a"], "net_profit": [5.0, math.nan]})
    with pytest.raises(DataError, match="customer_id"):
        measure_whale(twice)


@given(MONEY)
def test_the_whale_ends_at_the_total_and_never_stands_above_its_peak(values):
    curve = measure_whale(customers(values, "net_profit"))
    cents = [round(v * 100) for v in values]
    assert curve["cumulative_profit"].iloc[-1] == sum(cents) / 100
    assert (
        curve.attrs["peak"] == sum(c for c in cents if c > 0) / 100 >= curve["cumulative_profit"].max() - 1e-9
    )
    assert curve.attrs["lost"] == pytest.approx(-sum(c for c in cents if c < 0) / 100)
    steps = np.diff(curve["cumulative_profit"], prepend=0.0)
    assert (np.diff(steps) <= 1e-9).all()  # concave: each customer brings no more than the one before
