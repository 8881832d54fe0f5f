"""Labels and their strength by hand; portraits say only what was computed."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.portray import describe_clusters, label_clusters, pool_labels, portray_clusters

BASE = pd.DataFrame({
    "customer_id": ["a", "b", "c", "d"],
    "recency_days": [1, 2, 300, 300],
    "n_orders": [9, 4, 1, 1],
    "revenue": [90.0, 40.0, 10.0, 10.0],
    "segment": ["冠军客户", "忠诚客户", "流失客户", "流失客户"],
})
CLUSTERS = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "cluster": [1, 1, 2, 2]})


def test_deviation_and_strength_by_hand():
    got = label_clusters(BASE, CLUSTERS)
    # recency midranks (rank - ½)/4: 1/8, 3/8, 6/8, 6/8 (ranks 1, 2, 3.5, 3.5)
    # cluster 1: 2 · (1/8 + 3/8)/2 - 1 = -½; cluster 2: 2 · 6/8 - 1 = ½; revenue and orders mirrored
    assert got["cluster"].tolist() == [1, 1, 1, 2, 2, 2]
    assert got["feature"].tolist() == ["recency_days", "n_orders", "revenue"] * 2
    assert got["deviation"].tolist() == pytest.approx([-0.5, 0.5, 0.5, 0.5, -0.5, -0.5])
    assert got["strength"].tolist() == pytest.approx([0.5] * 6)
    assert got["label"].tolist() == ["最近购买", "购买频繁", "消费高", "久未购买", "只买一次", "消费低"]
    assert got["n_customers"].tolist() == [2] * 6


def test_only_once_is_said_only_when_all_bought_once():
    more = BASE.assign(n_orders=[9, 4, 1, 2])
    assert "购买较少" in label_clusters(more, CLUSTERS)["label"].tolist()
    assert "只买一次" not in label_clusters(more, CLUSTERS)["label"].tolist()


def test_category_strength_is_share_in_cluster_less_share_in_all():
    got = label_clusters(BASE, CLUSTERS, columns=[], categories=["segment"])
    rows = list(got[["cluster", "label", "strength"]].itertuples(index=False, name=None))
    # cluster 1: 1/2 - 1/4 each (by name); cluster 2: 2/2 - 2/4
    assert rows == [(1, "冠军客户", 0.25), (1, "忠诚客户", 0.25), (2, "流失客户", 0.5)]


def test_weak_deviation_keeps_its_row_but_has_no_label():
    got = label_clusters(BASE, CLUSTERS, min_strength=0.6)
    assert len(got) == 6
    assert set(got["label"]) == {""}
    assert (got["strength"] > 0).all()


def test_everybody_in_one_cluster_has_no_label():
    got = label_clusters(BASE, CLUSTERS.assign(cluster=1), min_strength=0.0)
    assert got["deviation"].tolist() == pytest.approx([0, 0, 0])
    assert set(got["label"]) == {""}


def test_unknown_quantity_is_labelled_by_its_name():
    frame = BASE.assign(n_visits=[5, 4, 1, 0])
    got = label_clusters(frame, CLUSTERS, columns=["n_visits"])
    assert got["label"].tolist() == ["n_visits 高", "n_visits 低"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 3)), min_size=1, max_size=30))
def test_deviations_balance_and_ignore_the_unit(rows):
    values, clusters = zip(*rows, strict=True)
    ids = [f"C{i}" for i in range(len(rows))]
    frame = pd.DataFrame({"customer_id": ids, "x": values})
    labels = pd.DataFrame({"customer_id": ids, "cluster": clusters})
    got = label_clusters(frame, labels, columns=["x"])
    # weighted by size the deviations add up to 0: above for some is below for others
    assert (got["deviation"] * got["n_customers"]).sum() == pytest.approx(0, abs=1e-9)
    assert got["strength"].between(0, 1).all()
    cubed = label_clusters(frame.assign(x=frame["x"] ** 3 * 100), labels, columns=["x"])
    pd.testing.assert_frame_equal(got, cubed)


def test_pooled_strength_is_the_mean_over_customers():
    labels = pd.DataFrame({
        "cluster": [1, 1, 2],
        "n_customers": [30, 30, 10],
        "feature": ["revenue", "n_orders", "revenue"],
        "label": ["消费高", "购买频繁", "消费高"],
        "deviation": [0.4, 0.2, 0.8],
        "strength": [0.4, 0.2, 0.8],
    })
    got = pool_labels(labels)
    # 消费高 (0.4 · 30 + 0.8 · 10) / 40 = 0.5; 购买频繁 0.2 · 30 / 40 = 0.15
    assert got["label"].tolist() == ["消费高", "购买频繁"]
    assert got["strength"].tolist() == pytest.approx([0.5, 0.15])
    assert got["n_customers"].tolist() == [40, 30]


def test_portrait_says_the_computed_numbers():
    description = describe_clusters(BASE, CLUSTERS)
    got = portray_clusters(description, label_clusters(BASE, CLUSTERS), money_unit="美元")
    assert got["cluster"].tolist() == [1, 2]
    assert got.loc[0, "portrait"] == (
        "第 1 群共 2 位客户，占 50.0%，带来 86.7% 的消费金额。"
        "居中的一位距最近一次购买 1.5 天，购买 6.5 次，消费 65.00 美元。"
        "与全部客户相比的特点：最近购买、消费高、购买频繁。"
    )
    assert got.loc[1, "labels"] == "久未购买、只买一次、消费低"


def test_portrait_of_a_cluster_like_everybody():
    one = CLUSTERS.assign(cluster=1)
    got = portray_clusters(describe_clusters(BASE, one), label_clusters(BASE, one))
    assert got.loc[0, "name"] == "与总体相近"
    assert got.loc[0, "portrait"].endswith("与全部客户相比没有明显特点。")


def test_one_customer_is_portrayed_without_labels():
    one, cluster = BASE.head(1), CLUSTERS.head(1)
    labels = label_clusters(one, cluster)
    assert pool_labels(labels).empty
    got = portray_clusters(describe_clusters(one, cluster), labels)
    assert got["name"].tolist() == ["与总体相近"]


def test_wrong_things_are_said():
    with pytest.raises(ParameterError, match=r"min_strength must be in \[0, 1\]; got 2"):
        label_clusters(BASE, CLUSTERS, min_strength=2)
    with pytest.raises(DataError, match="'segment' must hold numbers without gaps"):
        label_clusters(BASE, CLUSTERS, columns=["segment"])
    with pytest.raises(DataError, match="every labelled cluster must be described; 2 is not"):
        portray_clusters(describe_clusters(BASE, CLUSTERS).head(1), label_clusters(BASE, CLUSTERS))
