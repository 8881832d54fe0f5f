"""What is left in each class, and two rankings side by side, worked by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm_lib.differentiate import compare_classes, summarize_class_profit
from crm_lib.errors import DataError, SchemaError

PROFIT = pd.DataFrame({
    "customer_id": ["a", "b", "c", "d", "e"],
    "revenue": [100.0, 60.0, 40.0, 10.0, -5.0],
    "cost_of_goods": [60.0, 30.0, 25.0, 12.0, 0.0],
    "gross_profit": [40.0, 30.0, 15.0, -2.0, -5.0],
    "cost_to_serve": [10.0, 2.0, 5.0, 3.0, 0.0],
    "net_profit": [30.0, 28.0, 10.0, -5.0, -5.0],
})
ABC = pd.DataFrame({"customer_id": list("edcba"), "abc_class": ["C", "C", "B", "A", "A"]})


def test_classes_by_hand():
    table = summarize_class_profit(PROFIT, ABC)
    assert table["abc_class"].tolist() == ["A", "B", "C"]
    assert table["n_customers"].tolist() == [2, 1, 2]
    assert table["revenue"].tolist() == [160.0, 40.0, 5.0]
    assert table["net_profit"].tolist() == [58.0, 10.0, -10.0]
    assert table["cost_to_serve_share"].tolist() == [12 / 160, 5 / 40, 3 / 5]
    assert table["net_profit_share"].tolist() == [58 / 160, 0.25, -2.0]
    parts = table[["cost_of_goods_share", "cost_to_serve_share", "net_profit_share"]].sum(axis=1)
    assert parts.tolist() == pytest.approx([1, 1, 1])


def test_what_is_not_known_is_not_summed_in_part():
    holes = PROFIT.copy()
    holes.loc[0, ["gross_profit", "net_profit"]] = math.nan  # cost_of_goods then holds only what is known
    table = summarize_class_profit(holes, ABC)
    assert table.loc[0, ["cost_of_goods", "gross_profit", "net_profit", "net_profit_share"]].isna().all()
    assert table.loc[0, ["revenue", "cost_to_serve"]].tolist() == [160.0, 12.0]
    assert table.loc[1:, "net_profit"].notna().all()


def test_an_empty_class_and_a_customer_without_class():
    table = summarize_class_profit(PROFIT, ABC[ABC["abc_class"] == "A"])
    assert table["n_customers"].tolist() == [2, 0, 0]
    assert table["net_profit_share"].isna().tolist() == [False, True, True]


def test_two_rankings_by_hand():
    other = ABC.assign(abc_class=["A", "C", "C", "A", "B"])
    pairs = compare_classes(ABC, other.iloc[1:])
    assert pairs.to_numpy().tolist() == [["a", "A", "B"], ["b", "A", "A"], ["c", "B", "C"], ["d", "C", "C"]]


def test_faults_are_said():
    with pytest.raises(SchemaError, match="net_profit"):
        summarize_class_profit(PROFIT.drop(columns="net_profit"), ABC)
    with pytest.raises(DataError, match="repeat"):
        compare_classes(ABC, pd.concat([ABC, ABC]))
