"""Candidate features, register, attributes and lifts on tables worked by hand."""

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, SchemaError
from crm_lib.portray import (
    build_features,
    compare_attributes,
    correlate_features,
    describe_register,
    find_typical,
    lift_labels,
    match_register,
    select_features,
    title_feature,
    word_value,
)

ORDERS = pd.DataFrame({
    "customer_id": ["a", "a", "a", "b", "b", "c"],
    "order_id": ["1", "1", "2", "3", "3", "4"],
    # 6 January 2024 is a Saturday
    "ordered_at": pd.to_datetime([
        "2024-01-06 19:00",
        "2024-01-06 19:00",
        "2024-01-16 19:00",
        "2024-01-10 10:00",
        "2024-01-12 10:00",
        "2024-01-13 10:00",
    ]),
    "amount": [10.0, 20.0, 30.0, 8.0, -3.0, -5.0],
    "sku": ["x", "y", "x", "x", "x", "y"],
    "discount": [0.1, 0.0, 0.0, 0.2, 0.0, 0.0],
})
PRODUCTS = pd.DataFrame({"sku": ["x", "y"], "category": ["茶", "布"], "brand": ["Private", "National"]})


@pytest.fixture
def features():
    return build_features(ORDERS, as_of="2024-01-20", products=PRODUCTS).set_index("customer_id")


def test_rates_and_baskets_by_their_formula(features):
    # one gap of 10 days, so q90 = gap = 10; the day ends at midnight after the 20th
    silence_a, silence_b = 4 + 5 / 24, 10.0  # b: 10 days and 14 hours, capped at 10
    rate_a = 30 * (2 + 1) / (10 + silence_a + 20)
    rate_b = 30 * (1 + 1) / (0 + silence_b + 20)
    assert features.loc[["a", "b", "c"], "order_rate"].tolist() == pytest.approx([rate_a, rate_b, 0.0])
    # a: (10 + 20 + 30) / 2; b: 8 / 1, the return is not taken off; c only returned
    assert features["mean_basket_value"].tolist() == [30.0, 8.0, 0.0]
    assert features["revenue"].tolist() == [60.0, 5.0, -5.0]


def test_shares_and_days_by_hand(features):
    assert features["n_orders"].tolist() == [2, 1, 0]
    assert features["recency_days"].tolist() == [4, 10, 7]  # c: since the return
    assert features["tenure_days"].tolist() == [14, 10, 7]
    assert features["weekend_share"].tolist() == [0.5, 0.0, 0.0]
    assert features["evening_share"].tolist() == [1.0, 0.0, 0.0]
    assert features["discount_share"].tolist() == pytest.approx([1 / 3, 1.0, 0.0])
    assert features["own_brand_share"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])
    assert features["category_share:茶"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])
    assert features["top_category_share"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])


def test_later_lines_and_missing_columns_are_told():
    early = build_features(ORDERS.drop(columns=["discount", "sku"]), as_of="2024-01-10")
    assert early["customer_id"].tolist() == ["a", "b"]
    assert early.attrs["n_later"] == 3
    assert {"discount_share", "own_brand_share", "n_categories", "category_share"} <= set(
        early.attrs["lacking"]
    )
    with pytest.raises(DataError, match="before all orders"):
        build_features(ORDERS, as_of="2023-01-01")


def test_order_of_rows_does_not_matter(features):
    mixed = build_features(ORDERS.sample(frac=1, random_state=3), as_of="2024-01-20", products=PRODUCTS)
    pd.testing.assert_frame_equal(mixed.set_index("customer_id"), features)


def test_key_features_are_doublings_about_their_mean():
    built = pd.DataFrame({
        "customer_id": ["a", "b", "c"],
        "order_rate": [1.0, 2.0, 4.0],
        "mean_basket_value": [0.0, 8.0, 8.0],
    })
    points = select_features(built)
    assert points["order_rate"].tolist() == [-1.0, 0.0, 1.0]
    # nothing is set to the lowest value that occurs, which makes all the same
    assert "mean_basket_value" not in points.columns
    assert points.attrs == {"dropped": ["mean_basket_value"], "n_floored": 1, "logged": ["order_rate"]}


def test_a_pair_keeps_the_earlier_and_a_dropped_one_drops_nobody():
    rng = np.random.default_rng(0)
    x = np.arange(40.0)
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in x], "x": x, "cube": x**3, "minus": -x})
    frame["noise"], frame["same"] = rng.normal(size=40), 1.0
    assert correlate_features(frame).values.tolist() == [["x", "cube", 1.0], ["x", "minus", -1.0]]
    assert correlate_features(frame.head(9)).empty


def test_titles_carry_units():
    assert title_feature("mean_basket_value") == "平均每单金额"
    assert word_value("mean_basket_value", 12.5, money_unit="美元") == "12.50 美元"
    assert word_value("category_share:茶", 0.256) == "26%"
    assert word_value("order_rate", float("nan")) == "—"


# register

REGISTER = pd.DataFrame({
    "record_id": ["r1", "r2", "r2", "r9"],
    "name": ["张三", None, "李四", "王五"],
    "city": ["广州", None, "杭州", "北京"],
    "birth_date": pd.to_datetime(["1980-05-01", "1990-01-01", "2025-01-01", None]),
    "source_row": [2, 3, 4, 5],
})


def test_the_fullest_record_of_a_matched_customer_is_taken():
    found = match_register(REGISTER, {"r1", "r2", "r3"}, as_of="2024-12-31")
    assert found["customer_id"].tolist() == ["r1", "r2"]
    assert found["name"].tolist() == ["张三", "李四"]
    # 2024 − 1980 = 44; the fuller record of r2 has a birthday after the day
    assert found["age_band"].fillna("?").tolist() == ["35–44 岁", "?"]
    assert found.attrs == {"n_records": 4, "n_unmatched": 1, "n_merged": 1}
    assert "source_row" not in found.columns
    with pytest.raises(SchemaError, match="customer_id or record_id"):
        match_register(REGISTER[["name"]], {"r1"}, as_of="2024-12-31")


def test_each_field_has_one_use():
    fields = describe_register(match_register(REGISTER, {"r1", "r2"}, as_of="2024-12-31"), show=["name"])
    assert dict(zip(fields["field"], fields["use"], strict=True)) == {
        "name": "asked",
        "city": "open",
        "birth_date": "private",
        "age_band": "open",
    }
    assert fields.set_index("field").loc["age_band", "filled_share"] == 0.5


# attributes


def make_attributes(n=400, seed=0):
    rng = np.random.default_rng(seed)
    clusters = pd.DataFrame({"customer_id": [f"c{i:03}" for i in range(n)], "cluster": rng.integers(1, 4, n)})
    register = clusters[["customer_id"]].assign(
        band=np.where(rng.random(n) < 0.6, clusters["cluster"].astype(str), "9"),
        city=rng.choice(["A", "B", "C"], n),
        name=[f"n{i}" for i in range(n)],
    )
    return register, clusters


def test_cramers_v_and_its_chance_another_way():
    from scipy.stats.contingency import association, crosstab

    register, clusters = make_attributes()
    found = compare_attributes(register, clusters, random_state=1).set_index("attribute")
    assert set(found.index) == {"band", "city"}  # a private field is never compared
    for name in found.index:
        table = crosstab(register[name], clusters["cluster"]).count
        n, (r, c) = table.sum(), table.shape
        plain = association(table, method="cramer", correction=False)
        phi = max(0, plain**2 * (min(r, c) - 1) - (r - 1) * (c - 1) / (n - 1))
        least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
        assert found.loc[name, "cramers_v"] == pytest.approx((phi / least) ** 0.5)
    assert found.loc["band", "p_value"] == 0.001
    assert found.loc["band", "p_adjusted"] == 0.002
    assert found.loc["city", "p_value"] > 0.05
    assert found.loc["band", "over"][1] == str(found.loc["band", "over"][0])


def test_chance_alone_is_rarely_taken_for_a_difference():
    hits = 0
    for seed in range(60):
        register, clusters = make_attributes(120, seed)
        hits += (
            compare_attributes(register[["customer_id", "city"]], clusters, random_state=seed)[
                "p_value"
            ].iloc[0]
            < 0.05
        )
    # binomial with 60 trials at 0.05: more than 8 in less than one of 100
    assert hits <= 8


def test_one_odd_customer_is_no_difference():
    register, clusters = make_attributes()
    register["language"] = ["英语"] + ["汉语"] * 399
    assert "language" not in set(compare_attributes(register, clusters, random_state=0)["attribute"])


def test_nothing_known_gives_an_empty_table():
    clusters = pd.DataFrame({"customer_id": ["a"], "cluster": [1]})
    found = compare_attributes(clusters[["customer_id"]], clusters, random_state=0)
    assert found.empty
    assert "p_adjusted" in found.columns


# lifts


def test_lift_is_the_share_inside_over_the_share_of_all():
    labels = pd.DataFrame({"customer_id": ["a", "b", "e", "z", "a"], "label": ["x", "x", "x", "x", "y"]})
    clusters = pd.DataFrame({"customer_id": list("abcdef"), "cluster": [1, 1, 1, 2, 2, 2]})
    found = lift_labels(labels, clusters)
    # x: 2 of 3 and 1 of 3 against 3 of 6 (z is in no cluster); y: 1 of 3 against 1 of 6
    assert found[["cluster", "label", "n_customers"]].values.tolist() == [
        [1, "x", 2],
        [1, "y", 1],
        [2, "x", 1],
    ]
    assert found["lift"].tolist() == pytest.approx([4 / 3, 2.0, 2 / 3])


def test_the_typical_customer_of_the_largest_cluster():
    points = pd.DataFrame({"customer_id": list("abcd"), "x": [0.0, 4.0, 2.0, 50.0]})
    clusters = pd.DataFrame({"customer_id": list("abcd"), "cluster": [2, 2, 2, 1]})
    assert find_typical(points, clusters) == "c"
    assert find_typical(points, clusters, cluster=1) == "d"
    with pytest.raises(DataError, match="one of 1、2; got 7"):
        find_typical(points, clusters, cluster=7)
