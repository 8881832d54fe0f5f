"""Effect sizes, rules and portrait cards by hand; cards keep private what nobody asked for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.portray import (
    compare_clusters,
    describe_clusters,
    describe_features,
    explain_clusters,
    label_clusters,
    label_customers,
    portrait_cluster,
    portrait_customer,
    word_rule,
)

BASE = pd.DataFrame({
    "customer_id": list("abcdef"),
    "recency_days": [1, 2, 30, 300, 310, 320],
    "n_orders": [9, 8, 7, 2, 1, 1],
    "revenue": [90.0, 80.0, 70.5, 10.0, 20.0, 30.0],
})
CLUSTERS = pd.DataFrame({"customer_id": list("abcdef"), "cluster": [1, 1, 1, 2, 2, 2]})


def test_what_was_done_to_each_column_is_shown():
    frame = BASE.assign(one=1, huge=[0, 0, 0, 1, 2, 1e6])
    got = describe_features(frame, columns=["recency_days", "one", "huge"]).set_index("column")
    assert got["transform"].tolist() == ["none", "dropped", "signed log1p"]
    assert got.loc["huge", "skew_before"] > got.loc["huge", "skew_after"]
    assert got.loc["huge", "skew_before"] == pytest.approx(frame["huge"].skew())
    assert got.loc["huge", "top_share"] == 0.5
    assert math.isnan(got.loc["one", "skew_after"])


def test_effect_sizes_by_hand():
    got = compare_clusters(BASE, CLUSTERS).set_index(["cluster", "column"])
    # revenue: medians 80 and 20; the others 10, 20, 30 lie 10, 0, 10 from 20: MAD 10; 60/14.826
    row = got.loc[1, "revenue"]
    assert row[["median_inside", "median_outside", "cliffs_delta"]].tolist() == [80, 20, 1]
    assert row["robust_difference"] == pytest.approx(60 / 14.826)
    assert got.loc[2, "recency_days"]["cliffs_delta"] == 1
    # the others of cluster 2 in orders are 9, 8, 7: MAD 1; (1 - 8)/1.4826
    assert got.loc[2, "n_orders"]["robust_difference"] == pytest.approx(-7 / 1.4826)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=25))
def test_cliffs_delta_is_what_pairs_say(rows):
    values, inside = (np.array(c) for c in zip(*rows, strict=True))
    ids = [f"C{i}" for i in range(len(rows))]
    got = compare_clusters(
        pd.DataFrame({"customer_id": ids, "x": values}),
        pd.DataFrame({"customer_id": ids, "cluster": np.where(inside, 1, 2)}),
        columns=["x"],
    )
    if inside.all() or not inside.any():
        assert got["cliffs_delta"].isna().all()
    else:
        pairs = np.sign(values[inside][:, None] - values[~inside][None]).mean()
        assert got.loc[got["cluster"] == 1, "cliffs_delta"].item() == pytest.approx(pairs)


def test_rule_of_a_clean_cluster_by_hand():
    got = explain_clusters(BASE, CLUSTERS, columns=["revenue"])
    assert got["rule"].tolist() == ["消费金额不少于 70.50 元", "消费金额不超过 30 元"]
    assert (
        got[["n_customers", "n_covered", "precision", "coverage"]].to_numpy().tolist() == [[3, 3, 1, 1]] * 2
    )
    assert explain_clusters(BASE, CLUSTERS.assign(cluster=1))["rule"].tolist() == ["全部客户"]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(-9, 9), st.integers(1, 3)), min_size=1, max_size=40),
    st.integers(1, 3),
)
def test_precision_and_coverage_hold_for_the_printed_limits(rows, n):
    x, y, clusters = zip(*rows, strict=True)
    frame = pd.DataFrame({"customer_id": range(len(rows)), "x": x, "y": y})
    labels = pd.DataFrame({"customer_id": range(len(rows)), "cluster": clusters})
    got = explain_clusters(frame, labels, columns=["x", "y"], max_rules=n)
    assert set(got["cluster"]) == set(clusters)
    for row in got.itertuples():
        fits = pd.Series(True, index=frame.index)
        for column, (low, high) in row.bounds.items():
            values = frame[column].round(2)
            fits &= (low is None) | (values >= (low if low is not None else 0))
            fits &= (high is None) | (values <= (high if high is not None else 0))
        both = (fits & (labels["cluster"] == row.cluster)).sum()
        assert (row.n_covered, row.precision) == (fits.sum(), pytest.approx(both / fits.sum()))
        assert row.coverage == pytest.approx(both / row.n_customers)


def test_rules_are_worded():
    assert word_rule({}) == "全部客户"
    assert word_rule({"n_orders": (1.0, 1.0)}) == "订单数为 1 单"
    assert word_rule({"y": (None, -2.5)}) == "y 不超过 −2.50"
    with pytest.raises(ParameterError, match="max_rules must be >= 1"):
        explain_clusters(BASE, CLUSTERS, max_rules=0)
    with pytest.raises(DataError, match="'revenue' must be a finite number"):
        compare_clusters(BASE.assign(revenue=[1, 2, 3, 4, 5, None]), CLUSTERS)


# cards

ORDERS = pd.DataFrame({
    "customer_id": ["a", "a", "b"],
    "ordered_at": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-02-01"]),
    "amount": [10.0, 20.5, 5.0],
})
REGISTER = pd.DataFrame({
    "customer_id": ["a", "b"],
    "name": ["张三", "李四"],
    "phone": ["13800000001", "13800000002"],
    "email": ["z@example.com", None],
    "address": ["某路 1 号", "某路 2 号"],
    "birth_date": ["1990-01-02", "1991-03-04"],
    "city": ["杭州", "宁波"],
    "微信号": ["zhangsan_wx", "lisi_wx"],
})
AS_OF = "2024-03-31"
SECRETS = ("张三", "13800000001", "z@example.com", "某路", "1990", "zhangsan_wx")


def make_card(**more) -> pd.DataFrame:
    labels = label_customers(ORDERS, as_of=AS_OF)
    return portrait_customer(
        "a", tables={"orders": ORDERS, "customers": REGISTER}, labels=labels, as_of=AS_OF, **more
    )


def test_card_says_the_computed_facts_and_no_secret():
    got = make_card(money_unit="美元")
    facts = got.set_index("title")["value"].to_dict()
    assert facts["城市"] == "杭州"
    assert (facts["订单数"], facts["净消费金额"], facts["距最近一次购买的天数"]) == (
        "2 单",
        "30.50 美元",
        "30 天",
    )
    assert not [s for s in SECRETS if s in got.to_string() + str(got.attrs)]
    assert got.attrs["hidden"] == ["name", "phone", "email", "address", "birth_date", "微信号"]
    labels = got[got["part"] == "label"]
    assert "近期活跃" in labels["title"].tolist()
    assert labels["strength"].is_monotonic_decreasing


def test_only_what_is_asked_for_is_shown():
    got = make_card(show=["name"])
    assert got.set_index("field").loc["name", ["title", "value"]].tolist() == ["姓名", "张三"]
    assert not [s for s in SECRETS[1:] if s in got.to_string()]
    with pytest.raises(SchemaError, match="needs column 'nickname'"):
        make_card(show=["nickname"])


def test_card_of_one_customer_tells_nothing_of_another():
    other = REGISTER[REGISTER["customer_id"] == "a"]
    labels = label_customers(ORDERS, as_of=AS_OF)
    alone = portrait_customer("a", tables={"orders": ORDERS, "customers": other}, labels=labels, as_of=AS_OF)
    pd.testing.assert_frame_equal(alone, make_card())


def test_wrong_cards_are_said():
    labels = label_customers(ORDERS, as_of=AS_OF)
    with pytest.raises(DataError, match="must have an order line by 2024-03-31; zz has none"):
        portrait_customer("zz", tables=ORDERS, labels=labels, as_of=AS_OF)
    with pytest.raises(
        DataError, match="labels must be of the same day; as_of is 2024-04-01, they are of 2024-03"
    ):
        portrait_customer("a", tables=ORDERS, labels=labels, as_of="2024-04-01")
    twice = pd.concat([REGISTER, REGISTER])
    with pytest.raises(DataError, match="one row per customer; a has 2"):
        portrait_customer("a", tables={"orders": ORDERS, "customers": twice}, labels=labels, as_of=AS_OF)


def test_card_of_a_cluster():
    description, labels = describe_clusters(BASE, CLUSTERS), label_clusters(BASE, CLUSTERS)
    got = portrait_cluster(1, description=description, labels=labels)
    facts = got.set_index("title")["value"].to_dict()
    assert (facts["客户数"], facts["占全部客户"], facts["消费金额（中位数）"]) == (
        "3 位",
        "50.0%",
        "80.00 元",
    )
    assert got.loc[got["part"] == "label", "title"].tolist() == ["最近购买", "消费高", "购买频繁"]
    with pytest.raises(DataError, match="cluster must be one of 1、2; got 9"):
        portrait_cluster(9, description=description, labels=labels)
