"""Cost to serve by activity: counted and split by hand; nothing of a pool is lost."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.differentiate import allocate_costs, count_activities, summarize_cost_to_serve
from crm_lib.errors import DataError, SchemaError

ORDERS = pd.DataFrame(
    [
        ("a", "1", "2024-01-01", 2, 50.0, 0.1, "web", 90.0, "2024-01-31", "2024-02-10"),
        ("a", "1", "2024-01-01", 1, 30.0, 0.0, "web", 30.0, "2024-01-31", "2024-01-20"),
        ("a", "2", "2024-03-01", -1, 50.0, 0.1, "web", -45.0, "2024-03-31", None),
        ("b", "3", "2024-03-05", 1, 80.0, None, "store", 80.0, "2024-03-10", None),
        ("b", "4", "2025-01-01", 9, 80.0, 0.5, "web", 360.0, "2025-02-01", None),
    ],
    columns=["customer_id", "order_id", "ordered_at", "quantity", "unit_price", "discount", "channel", "amount",
             "due_on", "paid_on"],
)  # fmt: skip
CONTACTS = pd.DataFrame({
    "customer_id": ["b", "b", "c", "c"],
    "occurred_at": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
    "medium": ["电话", "电话", "微信", None],
    "minutes": [5.0, None, 3.0, 2.0],
})


def test_units_by_hand():
    used = count_activities(ORDERS, CONTACTS, as_of="2024-03-31")
    got = {(r.customer_id, r.activity): r.units for r in used.itertuples()}
    assert got == {
        ("a", "order_handling"): 1.0,  # order 2 holds no purchase
        ("a", "delivery"): 1.0,
        ("a", "return_handling"): 1.0,
        ("a", "discount"): 10.0,  # 2 × 50 × 0.1
        ("a", "payment_delay"): 900.0,  # 90 yuan, ten days late; 30 yuan paid early; a return is no debt
        ("b", "order_handling"): 1.0,  # order 4 is later
        ("b", "payment_delay"): 80.0 * 21,  # unpaid from the 10th to the 31st
        ("b", "contact:电话"): 5.0,
        ("c", "contact:微信"): 3.0,
        ("c", "contact:"): 2.0,
    }
    assert used.attrs["not_counted"] == []
    assert used.attrs["n_unknown"]["contact"] == 1


def test_what_the_data_lack_is_named():
    used = count_activities(ORDERS.drop(columns=["channel", "due_on", "discount"]), as_of="2024-12-31")
    assert used.attrs["not_counted"] == ["delivery", "discount", "contact", "payment_delay"]
    assert set(used["activity"]) == {"order_handling", "return_handling"}


def test_costs_by_hand():
    used = pd.DataFrame({
        "customer_id": ["a", "b", "b", "c"],
        "activity": ["delivery", "delivery", "contact:电话", "contact:微信"],
        "units": [1.0, 3.0, 6.0, 4.0],
    })
    found = allocate_costs(
        used, pd.DataFrame({"activity": ["delivery", "contact", "training"], "cost": [10, 20, 7]})
    )
    # delivery 10 ÷ 4 = 2.5 an order; contact 20 ÷ 10 = 2 a minute, whatever the medium
    assert found["rate"].tolist() == [2.5, 2.5, 2.0, 2.0]
    assert found["cost"].tolist() == [2.5, 7.5, 12.0, 8.0]
    assert found.attrs["unallocated"] == {"training": 7.0}
    table = summarize_cost_to_serve(found).set_index("customer_id")
    assert table["cost_to_serve"].to_dict() == {"a": 2.5, "b": 19.5, "c": 8.0}
    assert list(table.columns) == ["contact:电话", "delivery", "contact:微信", "cost_to_serve"]


def test_a_medium_of_its_own_price_goes_before_all_media():
    used = pd.DataFrame({
        "customer_id": ["a", "a"],
        "activity": ["contact:电话", "contact:微信"],
        "units": [1.0, 1.0],
    })
    found = allocate_costs(used, {"contact:电话": 9, "contact": 1})
    assert found["cost"].tolist() == [9.0, 1.0]


def test_an_activity_without_a_cost_is_missing_not_free():
    used = pd.DataFrame({
        "customer_id": ["a", "b"],
        "activity": ["delivery", "discount"],
        "units": [1.0, 1.0],
    })
    found = allocate_costs(used, {"delivery": 4})
    assert found.attrs["without_cost"] == ["discount"]
    table = summarize_cost_to_serve(found).set_index("customer_id")
    assert table.loc["a", "cost_to_serve"] == 4.0
    assert math.isnan(table.loc["b", "cost_to_serve"])


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0.001, 1e6)), min_size=1, max_size=40),
    st.integers(0, 10**13),
    st.randoms(),
)
def test_every_ten_thousandth_of_a_pool_arrives(rows, money, random):
    used = pd.DataFrame(rows, columns=["customer_id", "units"]).assign(activity="delivery")
    used = used.groupby(["customer_id", "activity"], as_index=False)["units"].sum()
    found = allocate_costs(used, {"delivery": money / 10_000})
    parts = (found["cost"] * 10_000).round().astype("int64")
    assert int(parts.sum()) == money
    exact = money * used["units"] / used["units"].sum()
    assert ((parts - exact).abs() <= 1.01 + 1e-12 * money).all()
    order = list(range(len(used)))
    random.shuffle(order)
    again = allocate_costs(used.iloc[order], {"delivery": money / 10_000})
    assert again.sort_values("customer_id")["cost"].tolist() == found["cost"].tolist()


def test_wrong_tables_are_sentences():
    used = pd.DataFrame({"customer_id": ["a"], "activity": ["delivery"], "units": [1.0]})
    with pytest.raises(DataError, match="a cost must be a number of yuan >= 0; got 'delivery': -1"):
        allocate_costs(used, {"delivery": -1})
    with pytest.raises(DataError, match="got 'delivery' twice"):
        allocate_costs(used, pd.DataFrame({"activity": ["delivery"] * 2, "cost": [1, 2]}))
    with pytest.raises(DataError, match="'units' must be > 0; 1 of 1"):
        allocate_costs(used.assign(units=0.0), {"delivery": 1})
    with pytest.raises(DataError, match="every row of orders needs a customer and a date; 1 of 5"):
        count_activities(ORDERS.assign(customer_id=["a", None, "a", "b", "b"]), as_of="2024-01-01")
    with pytest.raises(SchemaError, match="needs column 'minutes'"):
        count_activities(ORDERS, CONTACTS.drop(columns="minutes"), as_of="2024-01-01")


def test_a_line_without_quantity_is_counted_as_unknown():
    used = count_activities(ORDERS.assign(quantity=[2, None, -1, 1, 9]), as_of="2024-03-31")
    assert used.attrs["n_unknown"]["order_handling"] == 1


def test_what_is_used_but_not_priced_is_missing_in_its_column_too():
    used = pd.DataFrame({
        "customer_id": ["a", "b"],
        "activity": ["delivery", "discount"],
        "units": [1.0, 1.0],
    })
    table = summarize_cost_to_serve(allocate_costs(used, {"delivery": 4})).set_index("customer_id")
    assert math.isnan(table.loc["b", "discount"])
    assert table.loc["a", "discount"] == table.loc["b", "delivery"] == 0


def test_a_discount_is_a_share():
    with pytest.raises(DataError, match=r"'discount' of orders must be a share from 0 to 1; 1 of 5"):
        count_activities(ORDERS.assign(discount=[15.0, 0, 0, None, 0]), as_of="2024-01-01")
    with pytest.raises(DataError, match="'discount' must hold numbers"):
        count_activities(ORDERS.assign(discount="九折"), as_of="2024-01-01")


def test_left_over_parts_go_to_the_largest_remainders():
    used = pd.DataFrame({"customer_id": list("abc"), "activity": ["delivery"] * 3, "units": [1.0, 1.0, 1.0]})
    # 100 yuan are 1,000,000 parts: 333,333 each and one left over, for the first of three equal remainders
    assert allocate_costs(used, {"delivery": 100})["cost"].tolist() == [33.3334, 33.3333, 33.3333]
