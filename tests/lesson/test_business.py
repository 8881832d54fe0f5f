"""The one-page summary: every customer in one row, every sentence true, on any data."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.catalogue import say
from crm_lib.differentiate import fit_rfm_bins, score_rfm
from crm_lib.errors import ConstantScoreWarning, ParameterError
from crm_lib.lesson.business import count_half, describe_business, describe_concentration, plan_actions


def make_scores(rows):
    """Return scored customers from (recency_days, n_orders, revenue, score_r, score_m)."""
    names = ["recency_days", "n_orders", "revenue", "score_r", "score_m"]
    frame = pd.DataFrame(rows, columns=names)
    frame.insert(0, "customer_id", [f"C{i}" for i in range(len(frame))])
    frame.attrs.update(n_bins=5, as_of="2024-12-31")
    return frame


FIVE = make_scores([
    (2, 4, 500.0, 5, 5),  # keep
    (90, 3, 300.0, 1, 4),  # win back
    (70, 3, 100.0, 2, 4),  # win back
    (1, 1, 60.0, 5, 1),  # grow
    (30, 1, 30.0, 3, 2),  # watch
    (80, 1, 10.0, 1, 1),  # save
])


def test_each_customer_stands_in_one_row_with_its_money():
    plan = plan_actions(FIVE)
    assert plan.attrs["keys"] == ["keep", "win_back", "grow", "watch", "save"]
    assert plan["n_customers"].tolist() == [1, 2, 1, 1, 1]
    assert plan["revenue"].tolist() == [500.0, 300.0 + 100.0, 60.0, 30.0, 10.0]
    assert plan["revenue_share"].tolist() == [0.5, 0.4, 0.06, 0.03, 0.01]  # of 1,000
    assert plan["approach"].tolist() == ["保持", "挽回", "培养", "观察", "节省"]


def test_money_counts_as_high_only_when_positive():
    plan = plan_actions(make_scores([(5, 0, -1.0, 5, 5), (90, 0, -9.0, 1, 4)]))
    assert plan.attrs["keys"] == ["grow", "save"]
    assert plan["revenue_share"].isna().all()


def test_without_the_number_of_scores_it_asks():
    lost = FIVE.copy()
    lost.attrs.clear()
    with pytest.raises(ParameterError, match="n_bins=5"):
        plan_actions(lost)
    assert plan_actions(lost, n_bins=5).equals(plan_actions(FIVE))


@pytest.mark.parametrize(
    ("revenue", "n"),
    [
        ([60, 20, 20], 1),
        ([30, 30, 30, 30], 2),
        ([50, 30, 20], 1),  # exactly half is half
        ([49.9999, 30, 20.0001], 2),
        ([100, -60], 1),
        ([10, -10], 0),
        ([-5, -1], 0),
        ([], 0),
    ],
)
def test_how_many_customers_bring_half(revenue, n):
    assert count_half(pd.Series(revenue, dtype=float)) == n


def test_sentences_hold_the_worked_numbers():
    size, half, risk, first = describe_business(FIVE, unit="元").split("\n")
    assert "2024-12-31" in size
    assert "**6** 位" in size
    assert "**13** 笔" in size
    assert "**1,000.00** 元" in size
    assert "**1** 位客户（占 16.7%）" in half  # 500 of 1,000
    assert "只有 6 位" in half
    assert "**2** 位" in risk
    assert "至少 70 天" in risk
    assert "400.00 元，占全部的 40.0%" in risk
    assert "2 位客户" in first
    assert say("plan.win_back_step") in first


@pytest.mark.parametrize(
    ("revenue", "said"),
    [
        ([50.0], "business.alone"),
        ([1.0] * 9 + [1000.0], "business.spread_fair"),  # 1 of 10 is not below 10 %
        ([1.0] * 19 + [1000.0], "business.spread_high"),
        ([2.0] * 7 + [10.0] * 3, "business.spread_some"),  # 22 of 44: 3 of 10
        ([10.0] * 9 + [11.0], "business.spread_even"),
    ],
)
def test_the_verdict_on_concentration_follows_the_share(revenue, said):
    assert describe_concentration(pd.Series(revenue), unit="元").endswith(say(said))


def test_equal_customers_are_not_concentrated():
    assert "都是 7.00 元" in describe_concentration(pd.Series([7.0] * 30), unit="元")


def test_no_share_and_no_ranking_where_returns_eat_the_purchases():
    text = describe_business(make_scores([(1, 1, 10.0, 5, 5), (9, 0, -10.0, 1, 1)]), unit="元")
    assert "%" not in text
    assert text.endswith(say("business.first_returns"))


def test_customers_of_one_day_are_not_called_at_risk():
    text = describe_business(make_scores([(3, 1, 10.0, 3, 1), (3, 1, 30.0, 3, 5)]), unit="元")
    assert say("business.same_day") in text


amounts = st.integers(-50_000, 50_000).map(lambda n: n / 100)
customers = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 9), amounts), min_size=1, max_size=40)


@given(customers)
@pytest.mark.filterwarnings(f"ignore::{ConstantScoreWarning.__module__}.{ConstantScoreWarning.__name__}")
def test_any_customers_add_up_and_read_without_gaps(rows):
    rfm = pd.DataFrame(rows, columns=["recency_days", "n_orders", "revenue"])
    rfm.insert(0, "customer_id", [f"C{i:02}" for i in range(len(rfm))])
    rfm.attrs.update(as_of="2024-12-31", n_later=0)
    scores = score_rfm(rfm, bins=fit_rfm_bins(rfm))
    plan = plan_actions(scores)
    assert plan["n_customers"].sum() == len(rfm)
    assert plan["customer_share"].sum() == pytest.approx(1)
    total = sum(round(x * 100) for x in rfm["revenue"])
    assert round(plan["revenue"].sum() * 100) == total
    assert plan["revenue_share"].sum() == pytest.approx(1 if total > 0 else 0)
    text = describe_business(scores, unit="元")
    assert "nan" not in text
    assert ("%" in text) <= (total > 0)
    half = count_half(rfm["revenue"])
    ordered = sorted((round(x * 100) for x in rfm["revenue"]), reverse=True)
    if total > 0:
        assert 2 * sum(ordered[:half]) >= total > 2 * sum(ordered[: half - 1])
