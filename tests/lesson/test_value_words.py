"""The sentences on value, worked by hand; each stays true where there is little or nothing to say."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm_lib.differentiate import classify_abc, compare_classes, measure_concentration, summarize_abc
from crm_lib.errors import ParameterError
from crm_lib.lesson import (
    check_cuts,
    choose_value,
    describe_best,
    describe_class_profit,
    describe_classes,
    describe_disagreement,
    describe_value,
    read_contacts,
)
from crm_lib.lesson.value import share_known

NAN = math.nan


def make_profit(rows):
    names = [
        "customer_id",
        "n_orders",
        "revenue",
        "cost_of_goods",
        "gross_profit",
        "cost_to_serve",
        "net_profit",
    ]
    frame = pd.DataFrame(rows, columns=names)
    frame.attrs.update(as_of="2024-12-31", cost_per_order=8.0)
    return frame


FULL = make_profit([
    ("a", 4, 1000.0, 600.0, 400.0, 40.0, 360.0),
    ("b", 20, 900.0, 600.0, 300.0, 200.0, 100.0),
    ("c", 2, 300.0, 100.0, 200.0, 16.0, 184.0),
    ("d", 1, 10.0, 8.0, 2.0, 8.0, -6.0),
])


def describe(frame, by="net_profit", cuts=(0.8, 0.95)):
    abc = classify_abc(frame, by=by, cuts=cuts)
    return describe_classes(summarize_abc(abc, by=by), measure_concentration(frame, by=by), by=by, unit="元")


def test_cuts_in_the_wrong_order_are_refused_in_chinese():
    assert check_cuts(0.8, 0.95) == (0.8, 0.95)
    for a, b in ((0.95, 0.8), (0.8, 0.8)):
        with pytest.raises(ParameterError, match="应小于"):
            check_cuts(a, b)


def test_the_ranking_takes_the_furthest_step_that_is_known():
    assert choose_value(FULL) == "net_profit"
    no_service = FULL.assign(net_profit=NAN)
    assert choose_value(no_service) == "gross_profit"
    assert choose_value(no_service.assign(gross_profit=NAN)) == "revenue"


def test_a_small_hole_is_no_reason_to_give_the_profit_up():
    # d holds 10 of 2,210 yuan, a holds 1,000
    small, large = FULL.copy(), FULL.copy()
    small.loc[3, "net_profit"] = NAN
    large.loc[0, "net_profit"] = NAN
    assert share_known(small, "net_profit") == pytest.approx(2200 / 2210)
    assert choose_value(small) == "net_profit"
    assert choose_value(large) == "gross_profit"
    text = describe_value(small, by="net_profit", contacts="used", unit="元")
    assert "知道净利的客户占消费金额的 99.5%" in text
    assert "另有 1 位客户的成本不全，算不出净利，不参加排序，他们的消费金额是 10.00 元" in text


def test_without_positive_revenue_heads_are_counted():
    returns = FULL.assign(revenue=-1.0)
    assert share_known(returns.assign(net_profit=[1.0, NAN, 1.0, 1.0]), "net_profit") == 0.75


def test_the_account_adds_up_in_words():
    text = describe_value(FULL, by="net_profit", contacts="used", unit="元")
    assert (
        "消费金额 2,210.00，减去商品成本 1,308.00，毛利 902.00；再减去服务成本 264.00，净利 **638.00** 元"
        in text
    )
    assert "每笔订单 8 元的处理费" in text
    assert text.startswith("截止日期是 **2024-12-31**。商品成本和服务成本都知道")
    late = FULL.copy()
    late.attrs.update(FULL.attrs, n_later=7)
    assert "另有 7 行订单晚于截止日期" in describe_value(late, by="net_profit", contacts="used", unit="元")
    assert "有 **1** 位客户的净利是负数，一共 −6.00 元" in text


@pytest.mark.parametrize(
    ("contacts", "said"),
    [
        ("none", "没有可用的接触记录"),
        ("other", "另一家公司"),
        ("no_cost", "没有写成本"),
        ("strangers", "没有一位出现在订单里"),
    ],
)
def test_contacts_that_are_not_used_are_named(contacts, said):
    text = describe_value(FULL, by="net_profit", contacts=contacts, unit="元")
    assert said in text
    assert "服务成本只有每笔订单" in text
    assert "服务成本都知道" not in text


def test_without_cost_nothing_is_said_of_profit():
    bare = FULL.assign(gross_profit=NAN, net_profit=NAN)
    text = describe_value(bare, by="revenue", contacts="none", unit="元")
    assert "没有可以用的单位成本" in text
    assert "消费金额 **2,210.00** 元" in text
    assert "净利 **" not in text
    some = bare.assign(gross_profit=[NAN, NAN, 200.0, 2.0])
    assert "知道毛利的客户只占消费金额的 14.0%" in describe_value(
        some, by="revenue", contacts="none", unit="元"
    )


def test_classes_by_hand():
    # the positive values are 360, 184, 100 = 644; a and c hold less than .8 × 644 before them, b stands at 544 = .845
    text = describe(FULL)
    assert "A 类有 **2** 位客户，占客户的 50.0%，带来净利的 **84.5%**" in text
    assert "客户只有 4 位" in text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([5.0], "只有一位客户"),
        ([5.0] * 12, "每位客户的净利都是 5.00 元"),
        ([-5.0] * 12, "没有一位客户的净利大于 0"),
        ([0.0], "没有一位客户的净利大于 0"),
        ([1000.0, *[0.1] * 11], "没有 B 类客户"),
    ],
)
def test_degenerate_classes(values, said):
    frame = pd.DataFrame({"customer_id": [f"C{i:02}" for i in range(len(values))], "net_profit": values})
    text = describe(frame)
    assert said in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([1.0] * 9 + [2.0], "比较分散"),
        ([1.0] * 8 + [8.0, 9.0], "有些集中"),
        ([1.0] * 9 + [20.0], "比较集中"),
        ([0.1] * 9 + [20.0], "高度集中"),
    ],
)
def test_the_verdict_follows_the_gini(values, verdict):
    """Gini by hand for nine of x and one of y: .9 (y − x) / (9x + y)."""
    frame = pd.DataFrame({"customer_id": [f"C{i}" for i in range(10)], "net_profit": values})
    assert verdict in describe(frame)


def test_who_moves_and_why_by_hand():
    cuts = (0.8, 0.95)
    pairs = compare_classes(classify_abc(FULL, cuts=cuts), classify_abc(FULL, by="net_profit", cuts=cuts))
    text = describe_disagreement(pairs, FULL, by="net_profit", unit="元")
    # by revenue a and b (before b stand 1,000 < 1,768); by profit a and c
    assert "按消费金额排在 A 类的有 2 位，其中 **1** 位按净利排不在 A 类；反过来，有 1 位" in text
    assert "留下毛利 33.33，两种排法都在 A 类的客户留下 40.00；服务成本分别是 22.22 和 4.00" in text
    assert "因为利润率较低，服务也较费钱" in text
    assert "客户 b：20 笔订单，服务成本 200.00 元，占毛利的 66.7%" in text


@pytest.mark.parametrize(
    ("gross", "service", "why"),
    [
        (300.0, 36.0, "因为利润率较低："),
        (400.0, 200.0, "因为服务较费钱"),
        (400.0, 36.0, "恰好排在界限附近"),
    ],
)
def test_the_reason_is_the_one_the_figures_show(gross, service, why):
    frame = FULL.copy()
    frame.loc[1, ["gross_profit", "cost_to_serve"]] = [gross, service]
    pairs = pd.DataFrame({
        "customer_id": list("abcd"),
        "class_first": list("AABC"),
        "class_second": list("ABAC"),
    })
    assert why in describe_disagreement(pairs, frame, by="net_profit", unit="元")


def test_agreement_gain_only_nobody_and_one_order():
    def say(first, second, by="net_profit"):
        pairs = pd.DataFrame({
            "customer_id": list("abcd"),
            "class_first": list(first),
            "class_second": list(second),
        })
        return describe_disagreement(pairs, FULL, by=by, unit="元")

    assert "同一批客户" in say("AABC", "AABC")
    assert "另有 1 位按净利排才进入" in say("AABC", "AAAC")
    assert "都没有 A 类客户" in say("CCCC", "CCCC")
    assert "没有客户按净利排才进入 A 类" in say("AABC", "ABBC")
    assert "没有另一种排法" in say("AABC", "AABC", by="revenue")


def test_what_is_left_by_hand():
    classes = pd.DataFrame({
        "abc_class": list("ABC"),
        "n_customers": [2, 1, 1],
        "cost_to_serve_share": [0.01, 0.05, 0.2],
        "net_profit_share": [0.3, 0.4, -0.6],
    })
    text = describe_class_profit(classes, unit="元")
    assert "A 类 30.00 元，B 类 40.00 元，C 类 −60.00 元" in text
    assert "剩得最多的是 **B** 类" in text
    assert "A 类是 1.0%，C 类是 20.0%" in text
    assert "剩得最多的是 A 类。" in describe_class_profit(classes.iloc[[0, 2]], unit="元")
    assert "最多" not in describe_class_profit(classes.iloc[[2]], unit="元")
    assert "看不出" in describe_class_profit(classes.assign(net_profit_share=NAN), unit="元")


def test_the_first_customer_and_ties():
    mvc = pd.DataFrame({
        "customer_id": ["a", "b", "c"], "net_profit": [9.0, 6.0, 5.0],
        "net_profit_share": [0.45, 0.3, 0.25], "segment": ["x", "y", "y"],
    })  # fmt: skip
    text = describe_best(mvc, by="net_profit", unit="元")
    assert "客户 **a**，净利 9.00 元，一个人就占全部的 45.0%" in text
    assert "人数最多的是 **y**（2 人）" in text
    assert "**x、y**（各 1 人）" in describe_best(mvc.iloc[:2], by="net_profit", unit="元")
    tied = describe_best(mvc.assign(net_profit=5.0, segment="y"), by="net_profit", unit="元")
    assert "有 3 位，净利都是 5.00 元" in tied
    assert "同属一个客户类别：**y**" in tied
    assert "没有客户" in describe_best(mvc.iloc[:0], by="net_profit", unit="元")


ROWS = pd.DataFrame({"customer_id": ["A", "B"]})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("customer_id,occurred_at,cost\nA,2024-01-01,3.5\nZ,2024-01-02,2\n", "used"),
        ("customer_id,occurred_at,medium\nA,2024-01-01,phone\n", "no_cost"),
        ("customer_id,occurred_at,cost\nA,2024-01-01,\n", "no_cost"),
        ("customer_id,occurred_at,cost\nY,2024-01-01,3.5\n", "strangers"),
    ],
)
def test_contacts_of_ones_own_are_judged_by_what_they_hold(text, kind, tmp_path, monkeypatch):
    import IPython.display

    monkeypatch.setattr(IPython.display, "display", lambda *a, **k: None)
    path = tmp_path / "contacts.csv"
    path.write_text(text, encoding="utf-8")
    talks, found = read_contacts(str(path), "my_orders.csv", ROWS)
    assert found == kind
    assert (talks is None) == (kind != "used")


def test_contacts_of_another_company_are_not_opened():
    assert read_contacts("xudong_contacts", "cdnow", ROWS) == (None, "other")
    assert read_contacts("xudong_contacts", "my_orders.csv", ROWS) == (None, "other")
    assert read_contacts("", "xudong_orders", ROWS) == (None, "none")
