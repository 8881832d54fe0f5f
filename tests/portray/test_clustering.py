"""k-means by hand, against planted groups, and where there is nothing to group."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from crm_lib import sample
from crm_lib.errors import DataError, NoStructureWarning, ParameterError, SchemaError
from crm_lib.portray import (
    describe_clusters,
    fit_clusters,
    fit_features,
    prepare_features,
    sweep_k,
)


def make_customers(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"customer_id": [f"C{i:04d}" for i in range(n)], **columns})


def make_rfm(n: int, value: float = 10.0) -> pd.DataFrame:
    return make_customers(recency_days=[5] * n, n_orders=[1] * n, revenue=[value] * n)


def make_planted(seed: int, n: int = 150) -> tuple[pd.DataFrame, np.ndarray]:
    """Three types of customers, a good four standard deviations apart on the log scale."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, n)
    frame = make_customers(
        recency_days=np.array([20, 200, 400])[kinds] + rng.integers(-15, 16, n),
        n_orders=np.array([30, 8, 1])[kinds] + rng.integers(0, 2, n),
        revenue=np.round(np.array([3000.0, 600.0, 40.0])[kinds] * rng.lognormal(0, 0.25, n), 2),
    )
    return frame, kinds


# features


def test_features_by_hand():
    # revenue 0, 6, 3: mean 3, spread sqrt((9 + 9 + 0) / 3) = sqrt(6)
    frame = make_customers(recency_days=[1, 1, 1], n_orders=[1, 2, 3], revenue=[0.0, 6.0, 3.0])
    got = prepare_features(frame)
    assert list(got.columns) == ["customer_id", "n_orders", "revenue"]
    np.testing.assert_allclose(got["revenue"], [-3 / math.sqrt(6), 3 / math.sqrt(6), 0])
    assert got.attrs == {"dropped": ["recency_days"], "logged": []}


def test_skewed_column_is_taken_as_signed_logarithm():
    frame = make_customers(revenue=[-1.0, 0.0, 1.0, 2.0, 3.0, 10_000.0])
    scale = fit_features(frame, columns=["revenue"]).scales[0]
    logs = np.array([-math.log(2), 0, math.log(2), math.log(3), math.log(4), math.log(10_001)])
    assert scale.log
    assert scale.center == pytest.approx(logs.mean())
    got = prepare_features(frame, columns=["revenue"])
    np.testing.assert_allclose(got["revenue"], (logs - logs.mean()) / logs.std())


def test_map_is_applied_to_other_customers_with_what_it_learned():
    known = make_customers(revenue=[0.0, 10.0])
    got = fit_features(known, columns=["revenue"]).apply(make_customers(revenue=[20.0]))
    assert got["revenue"].tolist() == [3.0]  # (20 - 5) / 5


@pytest.mark.parametrize("bad", [np.nan, np.inf, "x", None])
def test_gap_in_a_feature_is_said(bad):
    frame = make_customers(revenue=pd.Series([1.0, 2.0, bad], dtype=object))
    with pytest.raises(DataError, match=r"'revenue' must be a finite number; 1 of 3 rows .*customer C0002"):
        prepare_features(frame, columns=["revenue"])


def test_customer_twice_and_missing_column_are_said():
    twice = pd.concat([make_rfm(2), make_rfm(1)])
    with pytest.raises(DataError, match="1 rows repeat a customer \\(first: C0000\\)"):
        prepare_features(twice)
    with pytest.raises(SchemaError, match="needs column 'n_orders'"):
        prepare_features(make_rfm(2).drop(columns="n_orders"))
    with pytest.raises(ParameterError, match="columns must name at least one column"):
        prepare_features(make_rfm(2), columns=[])


# fit, apply


def test_two_groups_by_hand():
    # values 0, 2 | 10, 12: centres 1 and 11, inertia 4 · 1² = 4
    features = make_customers(x=[0.0, 2.0, 10.0, 12.0])
    model = fit_clusters(features, k=2, random_state=0)
    assert sorted(model.centers[:, 0]) == [1.0, 11.0]
    assert model.inertia == pytest.approx(4)
    assert model.apply(features)["cluster"].tolist() == [2, 2, 1, 1]  # 1 is the higher
    assert model.apply(make_customers(x=[5.9, 6.1]))["cluster"].tolist() == [2, 1]


def test_clusters_are_numbered_by_revenue_whatever_the_seed():
    frame, _ = make_planted(0)
    features = prepare_features(frame)
    labels = [fit_clusters(features, k=3, random_state=s).apply(features)["cluster"] for s in range(4)]
    for other in labels[1:]:
        pd.testing.assert_series_equal(labels[0], other)
    means = frame.groupby(labels[0])["revenue"].mean()
    assert means.is_monotonic_decreasing


@pytest.mark.parametrize("seed", range(5))
def test_planted_groups_are_recovered(seed):
    frame, kinds = make_planted(seed)
    features = prepare_features(frame)
    got = fit_clusters(features, k=3, random_state=0).apply(features)["cluster"]
    shuffled = np.random.default_rng(seed).permutation(got)
    assert adjusted_rand_score(kinds, shuffled) < 0.1 < 0.95 < adjusted_rand_score(kinds, got)


@pytest.mark.parametrize("seed", range(5))
def test_planted_number_of_groups_is_recommended(seed):
    sweep = sweep_k(prepare_features(make_planted(seed)[0]), k=range(2, 7), random_state=0)
    assert sweep.attrs["recommended_k"] == 3


@pytest.mark.parametrize("n", [1, 2, 20])
def test_equal_customers_do_not_fail(n):
    features = prepare_features(make_rfm(n))
    assert features.attrs["dropped"] == ["recency_days", "n_orders", "revenue"]
    sweep = sweep_k(features, random_state=0)
    assert sweep.empty
    assert list(sweep.columns)[:5] == ["k", "inertia", "silhouette", "calinski_harabasz", "davies_bouldin"]
    assert sweep.attrs["recommended_k"] is None
    model = fit_clusters(features, k=1, random_state=0)
    assert model.apply(features)["cluster"].tolist() == [1] * n
    with pytest.warns(NoStructureWarning, match="got 4 for 1. The model has 1 clusters"):
        assert fit_clusters(features, k=4, random_state=0).k == 1


def test_k_is_held_below_the_number_of_distinct_customers():
    sweep = sweep_k(make_customers(x=[0.0, 0.0, 5.0, 5.0, 9.0]), random_state=0)
    assert sweep["k"].tolist() == [2]  # 3 distinct customers: 3 clusters would be the customers
    assert sweep.attrs["recommended_k"] == 2


def test_indices_by_hand():
    # 0, 2 | 10, 12. silhouette: a = 2; b = (10 + 12)/2 = 11 and (8 + 10)/2 = 9 → (9/11 + 7/9)/2
    # CH = (between 4·25)/(within 4)·(4 - 2)/(2 - 1) = 50; DB = (1 + 1)/10 = 0.2
    row = sweep_k(make_customers(x=[0.0, 2.0, 10.0, 12.0]), k=[2], random_state=0).iloc[0]
    assert row["silhouette"] == pytest.approx((9 / 11 + 7 / 9) / 2)
    assert row["calinski_harabasz"] == pytest.approx(50)
    assert row["davies_bouldin"] == pytest.approx(0.2)


def test_one_cloud_is_called_one_cloud():
    rng = np.random.default_rng(0)
    cloud = make_customers(**{f"x{i}": rng.normal(size=400) for i in range(6)})
    with pytest.warns(NoStructureWarning, match="form one cloud"):
        sweep_k(cloud, k=[2, 3, 4], random_state=0)


def test_wrong_k_is_said():
    features = make_customers(x=[0.0, 1.0, 2.0])
    with pytest.raises(ParameterError, match=r"k must hold whole numbers >= 2; got \[1, 2\]"):
        sweep_k(features, k=[1, 2], random_state=0)
    with pytest.raises(ParameterError, match="fit_clusters: k must be >= 1; got 0"):
        fit_clusters(features, k=0, random_state=0)
    with pytest.raises(DataError, match="needs at least 1 customer; got 0"):
        fit_clusters(features.head(0), k=2, random_state=0)
    with pytest.raises(DataError, match="features must be finite numbers"):
        fit_clusters(make_customers(x=[0.0, np.nan]), k=1, random_state=0)


@settings(max_examples=30)
@given(
    values=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from([-5.0, 0.0, 1.0, 900.0])),
        min_size=1,
        max_size=25,
    ),
    k=st.integers(1, 3),
)
def test_equal_customers_share_a_cluster_and_nobody_is_lost(values, k):
    days, orders, money = zip(*values, strict=True)
    features = prepare_features(make_customers(recency_days=days, n_orders=orders, revenue=money))
    n_distinct = len(features.drop(columns="customer_id").drop_duplicates()) if features.shape[1] > 1 else 1
    labels = fit_clusters(features, k=min(k, n_distinct), random_state=0).apply(features)
    assert labels["customer_id"].tolist() == features["customer_id"].tolist()
    assert labels["cluster"].between(1, k).all()
    assert labels.assign(key=values).groupby("key")["cluster"].nunique().max() == 1


# describe


def test_description_by_hand():
    frame = make_customers(recency_days=[10, 20, 30], n_orders=[4, 2, 1], revenue=[70.1, 20.2, 9.7])
    labels = frame[["customer_id"]].assign(cluster=[1, 1, 2]).iloc[::-1]  # order does not matter
    got = describe_clusters(frame, labels)
    want = pd.DataFrame({
        "cluster": [1, 2],
        "n_customers": [2, 1],
        "customer_share": [2 / 3, 1 / 3],
        "revenue": [90.3, 9.7],
        "revenue_share": [0.903, 0.097],
        "median_recency_days": [15.0, 30.0],
        "median_n_orders": [3.0, 1.0],
        "median_revenue": [45.15, 9.7],
    })
    pd.testing.assert_frame_equal(got, want)


def test_description_without_revenue_has_no_revenue_share():
    frame = make_rfm(2, value=0.0)
    got = describe_clusters(frame, frame[["customer_id"]].assign(cluster=1))
    assert got["revenue_share"].isna().all()


def test_customer_without_cluster_is_said():
    frame = make_rfm(3)
    with pytest.raises(DataError, match=r"every customer needs a cluster; 1 of 3 have none \(first: C0002\)"):
        describe_clusters(frame, frame[["customer_id"]].head(2).assign(cluster=1))


def test_cdnow_clusters_stand_for_value():
    orders = pd.read_csv(sample.path("cdnow_sample"), dtype={"customer_id": str}, parse_dates=["date"])
    by = orders.groupby("customer_id")
    rfm = pd.DataFrame({
        "recency_days": (pd.Timestamp("1998-06-30") - by["date"].max()).dt.days,
        "n_orders": by["date"].nunique(),
        "revenue": by["amount"].sum(),
    }).reset_index()
    features = prepare_features(rfm)
    assert features.attrs["logged"] == ["n_orders", "revenue"]
    got = describe_clusters(rfm, fit_clusters(features, k=4, random_state=0).apply(features))
    assert got["n_customers"].sum() == 2_357
    assert got["revenue"].sum() == pytest.approx(244_091.94)
    assert got["median_revenue"].is_monotonic_decreasing
    # the best customers: many times their share of the heads
    assert got.loc[0, "revenue_share"] > 3 * got.loc[0, "customer_share"]
