"""The sentences on keeping class A, worked by hand; each stays true where there is nobody."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm_lib.differentiate import (
    classify_abc,
    compare_arms,
    list_candidates,
    list_overdue,
    plan_retention,
    simulate_rise,
)
from crm_lib.lesson import (
    count_years,
    describe_arms,
    describe_baseline,
    describe_candidates,
    describe_overdue,
    describe_policy,
    describe_power,
    divide_best,
    measure_baseline,
    summarize_baseline,
    summarize_value,
)

MVC = pd.DataFrame({
    "customer_id": ["a", "b", "c", "d"],
    "net_profit": [400.0, 300.0, 200.0, 100.0],
    "revenue": [900.0, 700.0, 500.0, 300.0],
    "score_r": [5, 3, 2, 1],
    "state": ["常来的客户", "来得居中", "渐行渐远", "久未再来"],
    "n_orders": [4, 3, 2, 1],
    "recency_days": [1, 20, 60, 200],
})


def say_policy(mvc, **options):
    by = options.pop("by", "net_profit")
    years = options.pop("years", 2.0)
    policy = plan_retention(mvc, by=by, years=years, care_share=0.1)
    return describe_policy(policy, mvc, by=by, care_share=0.1, years=years, unit="元")


def test_policy_by_hand():
    text = say_policy(MVC)
    assert "**4** 位 A 类客户归入 4 种状态" in text
    assert "其中 **2** 位属于渐行渐远或久未再来，他们的净利占 A 类的 30.0%" in text  # 300 of 1,000
    # 1,000 × .1 / 2 years
    assert "一年合计 50.00 元" in text
    assert "没有一位属于" in say_policy(MVC.iloc[:2])
    assert "没有把几个月放大成一年" in say_policy(MVC, years=0.4)
    assert "费用上限空着" in say_policy(MVC, by="revenue")
    assert "保有政策表是空的" in say_policy(MVC.iloc[:0])


VALUES = pd.DataFrame({"customer_id": list("abcdef"), "net_profit": [50.0, 30.0, 8.0, 5.5, 4.0, 2.5]})
COUNTS = pd.DataFrame({"customer_id": list("abcdef"), "n_orders": [5, 3, 1, 0, 2, 1]})


def say_candidates(values, n):
    abc = classify_abc(values, by="net_profit")
    found = list_candidates(abc, COUNTS, by="net_profit")
    return describe_candidates(found, simulate_rise(abc, n=n, by="net_profit"), by="net_profit", unit="元")


def test_candidates_by_hand():
    text = say_candidates(VALUES, 2)
    assert "B 类有 **3** 位客户，离 A 类最近的是客户 c，还差净利 22.00 元" in text
    assert "大约 3 笔订单" in text  # 22 / 8
    assert "一两笔订单就能达到的有 **0** 位" in text
    assert "由 2 位（占客户的 33.3%）变成 4 位（66.7%）" in text
    assert "由 80.0% 变成 **95.6%**" in text  # 140 of 146.5
    assert "不是预测" in text
    assert "没有假设谁升上来" in say_candidates(VALUES, 0)
    assert "没有 B 类客户" in say_candidates(VALUES.iloc[:1], 2)
    assert "谈不上谁离 A 类最近" in say_candidates(VALUES.assign(net_profit=-1.0), 2)


GAPS = pd.DataFrame({
    "customer_id": ["a", "b", "c", "d"],
    "n_days": [9, 5, 4, 1],
    "mean_gap_days": [2.0, 10.0, 12.0, math.nan],
    "recency_days": [1, 20, 60, 200],
    "gap_ratio": [0.5, 2.0, 5.0, math.nan],
})


def say_overdue(mvc, gaps, factor=3.0):
    late = mvc[["customer_id", "net_profit"]].merge(list_overdue(gaps, factor=factor), on="customer_id")
    return describe_overdue(late, gaps, mvc, by="net_profit", factor=factor)


def test_overdue_by_hand():
    text = say_overdue(MVC, GAPS)
    assert "A 类里有 3 位客户至少有三个购买日" in text
    assert "其中 **1** 位" in text
    assert "净利占 A 类的 **20.0%**" in text
    assert "客户 c：平均隔 12.0 天来一次，这次已经 60 天没来" in text
    # e^−3 = .0498, of three customers .15
    assert "约 5.0% 的可能" in text
    assert "约有 0.1 位" in text
    assert "另有 1 位购买日不到三个" in text
    assert "没有一位超过自己平均间隔的 6 倍" in say_overdue(MVC, GAPS, 6.0)
    assert "没有一位客户有三个以上的购买日" in say_overdue(MVC, GAPS.iloc[3:])
    assert "A 类没有客户" in say_overdue(MVC.iloc[:0], GAPS.iloc[:0])


def make_rows(lines):
    frame = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]))


ROWS = make_rows([
    ("a", "2024-01-01", 80.0),
    ("b", "2024-01-02", 70.0),
    ("c", "2024-01-03", 5.0),  # in class C at the start
    ("a", "2024-06-01", 10.0),  # on the first day: belongs to the past
    ("a", "2024-06-02", 20.0),
    ("a", "2024-06-20", 30.0),
    ("c", "2024-06-21", 900.0),
])


def measure(rows, days, as_of="2024-07-01"):
    profit = summarize_value(rows, as_of=as_of, contacts=None, cost_per_order=8.0)
    return measure_baseline(rows, profit, window_days=days, by="revenue", cuts=(0.8, 0.95), contacts=None)


def test_the_baseline_by_hand():
    window = measure(ROWS, 30)
    assert window.attrs["start"] == "2024-06-01"
    assert window[["customer_id", "n_orders", "revenue", "returned"]].to_numpy().tolist() == [
        ["a", 2, 50.0, True],
        ["b", 0, 0.0, False],
    ]
    summary = summarize_baseline(window)
    row = summary.iloc[0]
    assert (row["n_customers"], row["n_returned"], row["retention_share"]) == (2, 1, 0.5)
    assert (row["mean_n_orders"], row["mean_revenue"]) == (1.0, 25.0)
    assert math.isnan(row["mean_net_profit"])
    text = describe_baseline(summary, start="2024-06-01", day="2024-07-01", days=30, unit="元")
    assert "A 类有 **2** 位客户" in text
    assert "**1** 位又下过订单，保有率 **50.0%**" in text
    assert "净利" not in text
    assert "只供参考" in text


def test_before_the_first_order_there_is_no_baseline():
    window = measure(ROWS, 3000)
    summary = summarize_baseline(window)
    assert window.empty
    text = describe_baseline(summary, start=window.attrs["start"], day="2024-07-01", days=3000, unit="元")
    assert "算不出基期的保有率" in text
    assert "基期的保有率不知道" in describe_power(summary, MVC.assign(arm="treated"), lift=0.1)


def test_later_lines_do_not_change_the_baseline():
    later = pd.concat([ROWS, make_rows([("b", "2024-09-01", 5000.0)])], ignore_index=True)
    pd.testing.assert_frame_equal(measure(later, 30), measure(ROWS, 30))


def test_the_years_of_the_data():
    assert count_years(ROWS, "2025-01-01") == pytest.approx(366 / 365.25)
    assert count_years(ROWS, "2023-01-01") == 0


def test_arms_by_hand():
    divided = MVC.assign(arm=["treated", "control", "treated", "control"])
    text = describe_arms(divided, compare_arms(divided, measures=["revenue", "recency_days"]))
    # recency 1, 60 against 20, 200: (30.5 − 110) / √((1740.5 + 16200) / 2) = −.84; revenue .71
    assert "实施组 **2** 位，对照组 **2** 位" in text
    assert "相差最大的是最近一次购买距今（天），相差 0.84 个标准差：差得较多" in text
    one = MVC.assign(arm="treated")
    assert "分不出两个组" in describe_arms(one, compare_arms(one, measures=["revenue"]))
    alike = divided.assign(revenue=1.0)
    assert "算不出相差" in describe_arms(alike, compare_arms(alike, measures=["revenue"]))


@pytest.mark.parametrize(("gap", "said"), [(0.05, "很接近"), (-0.2, "大致接近"), (0.3, "差得较多")])
def test_the_verdict_follows_the_gap(gap, said):
    balance = pd.DataFrame({"measure": ["revenue"], "std_difference": [gap]})
    assert said in describe_arms(MVC.assign(arm=["treated"] * 3 + ["control"]), balance)


def test_the_control_group_is_drawn_within_each_state():
    many = pd.concat(
        [MVC.assign(customer_id=MVC["customer_id"] + str(i)) for i in range(10)], ignore_index=True
    )
    divided = divide_best(many, control_share=0.2, random_state=3)
    assert divided["customer_id"].tolist() == many["customer_id"].tolist()
    assert divided[divided["arm"] == "control"].groupby("state").size().tolist() == [2, 2, 2, 2]


def make_arms(n_control, n_treated):
    return pd.DataFrame({"arm": ["control"] * n_control + ["treated"] * n_treated})


def make_summary(share):
    return pd.DataFrame({"retention_share": [share]})


def test_whether_the_groups_are_large_enough():
    enough = describe_power(make_summary(0.6), make_arms(356, 356), lift=0.1)
    assert "由 60.0% 提高到 70.0%" in enough
    assert "对照组 **356** 位、实施组 **356** 位" in enough
    assert "够用" in enough
    short = describe_power(make_summary(0.6), make_arms(355, 355), lift=0.1)
    assert "**不够**" in short
    assert "至少要相差 10.0 个百分点" in short
    assert "升到 100% 也看不出来" in describe_power(make_summary(0.9), make_arms(3, 3), lift=0.05)
    assert "超过 100%" in describe_power(make_summary(0.95), make_arms(50, 50), lift=0.1)
    assert "分不出两个组" in describe_power(make_summary(0.6), make_arms(0, 3), lift=0.1)
