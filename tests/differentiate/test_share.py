"""客户份额: measured by hand, estimated with an interval that is held against customers who taught nothing."""

import numpy as np
import pandas as pd
import pytest

from crm_lib.differentiate import fit_share, measure_share
from crm_lib.errors import DataError, ParameterError

WALLET = pd.DataFrame(
    [("a", "女装", "2023", 100.0, 25.0), ("a", "女装", "2024", 100.0, 75.0), ("a", "床品", "2024", 0.0, 0.0),
     ("b", "女装", "2024", 300.0, 0.0), ("c", "床品", "2024", 10.0, 12.0)],
    columns=["customer_id", "category", "period", "category_spend", "our_spend"],
)  # fmt: skip


def people(n, seed):
    """Draw customers whose whole spend is 200 · e^(0.8 z) a number of the year's orders, with noise."""
    draw = np.random.default_rng(seed)
    level, kind = draw.normal(size=n), draw.choice(["甲", "乙"], n)
    spend = 200 * np.exp(0.8 * level + 0.5 * (kind == "甲") + 0.15 * draw.normal(size=n))
    ours = spend * draw.beta(2, 3, n) * (draw.random(n) < 0.9)
    return pd.DataFrame({
        "customer_id": [f"c{i}" for i in range(n)], "category_spend": spend, "our_spend": ours,
        "income": level + 0.1 * draw.normal(size=n), "kind": kind,
    })  # fmt: skip


def test_shares_by_hand():
    alone = measure_share(WALLET).set_index("customer_id")
    assert alone["share"].to_dict() == {"a": 0.5, "b": 0.0, "c": 1.2}  # (25 + 75) ÷ 200
    assert alone["n_over"].to_dict() == {"a": 0, "b": 0, "c": 1}
    kinds = measure_share(WALLET, by=("category",)).set_index("category")
    assert kinds.loc["女装", ["n_customers", "category_spend", "our_spend", "share"]].tolist() == [
        2,
        500,
        100,
        0.2,
    ]
    years = measure_share(WALLET, by=("customer_id", "period"))
    assert years.loc[years["customer_id"] == "a", "share"].tolist() == [0.25, 0.75]
    whole = measure_share(WALLET, by=())
    assert whole[["n_customers", "share"]].values.tolist() == [[3, 112 / 510]]
    nothing = measure_share(WALLET.iloc[[2]])
    assert nothing["share"].isna().all()
    assert len(measure_share(WALLET.iloc[:0])) == 0


def test_the_textbooks_cars():
    cars = WALLET.iloc[[0]].assign(category_spend=4.0, our_spend=2.0)
    assert measure_share(cars)["share"].tolist() == [0.5]


def test_the_estimate_is_near_and_its_interval_covers_others():
    model = fit_share(people(600, 0), features=["income", "kind", "our_spend"], random_state=0)
    other = people(800, 1)
    found = model.apply(other)
    true = (other["our_spend"] / other["category_spend"]).to_numpy()
    buys = (other["our_spend"] > 0).to_numpy()
    covered = ((found["low_share"] <= true + 1e-12) & (true <= found["high_share"] + 1e-12)).to_numpy()
    # 0.9 ± four standard errors of the 720 customers and of the 540 that set the width
    assert covered[buys].mean() == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 720 + 0.09 / 540))
    plain = np.abs(true[buys].mean() - true[buys]).mean()
    assert np.abs(found["share"] - true)[buys].mean() < 0.6 * plain
    assert found.loc[~buys, ["share", "low_share", "high_share"]].eq(0).all(axis=None)
    one = model.check.iloc[0]
    assert one["mae"] < 0.7 * one["mae_of_mean"]
    assert one["coverage"] == pytest.approx(0.9, abs=0.12)


def test_customers_alike_without_a_word_of_theirs_get_the_same_and_order_is_kept():
    model = fit_share(people(120, 2), features=["income", "kind"], random_state=0)
    asked = pd.DataFrame({
        "customer_id": ["z", "y", "x"], "our_spend": [50.0, 50.0, 1e9], "income": [0.1, 0.1, 0.1],
        "kind": ["丙", None, "甲"],
    })  # fmt: skip
    found = model.apply(asked)
    assert found["customer_id"].tolist() == ["z", "y", "x"]
    assert found["share"][0] == found["share"][1]
    assert found[["share", "high_share"]].iloc[2].tolist() == [1.0, 1.0]  # never more than the whole
    assert (found["low_share"] <= found["share"]).all()
    pd.testing.assert_frame_equal(
        found, fit_share(people(120, 2), features=["income", "kind"], random_state=0).apply(asked)
    )


def test_wrong_calls_are_sentences():
    with pytest.raises(ParameterError, match="The whole spend is what is looked for"):
        fit_share(people(60, 0), features=["category_spend"], random_state=0)
    with pytest.raises(DataError, match="50"):
        fit_share(people(49, 0), features=["income"], random_state=0)
    with pytest.raises(DataError, match="'our_spend' must be >= 0; 1 of 5"):
        measure_share(WALLET.assign(our_spend=[1.0, -1.0, 0.0, 0.0, 0.0]))
    with pytest.raises(ParameterError, match="Did you mean 'category'"):
        measure_share(WALLET, by=("categry",))


def test_rows_without_a_category_are_a_group_of_their_own():
    found = measure_share(WALLET.assign(category=["女装", None, "床品", "女装", None]), by=("category",))
    assert found["category_spend"].sum() == 510
    assert found["n_customers"].tolist() == [2, 1, 2]  # 女装: a and b; 床品: a; none: a and c
    assert found["category"].isna().tolist() == [False, False, True]


def test_who_returned_more_than_he_bought_has_share_0():
    model = fit_share(people(60, 3), features=["income"], random_state=0)
    asked = pd.DataFrame({"customer_id": ["a"], "our_spend": [-5.0], "income": [0.0]})
    found = model.apply(asked)
    assert found[["our_spend", "share", "low_share", "high_share"]].values.tolist() == [[-5, 0, 0, 0]]
