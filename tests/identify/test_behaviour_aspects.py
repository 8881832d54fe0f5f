"""Behaviour by the seven aspects: of a firm's customers by hand, of one person, and the faults of a table."""

import datetime as dt

import pandas as pd
import pytest

from crm_lib.errors import ReadError, SchemaError
from crm_lib.identify import (
    compare_shoppers,
    list_fault_kinds,
    measure_wallet_share,
    read_my_shopping,
    score_shopping,
    summarize_aspects,
    summarize_my_aspects,
    write_shopping_template,
)
from crm_lib.sample.shopping import KINDS, make_shopping


def test_four_cars_two_of_them_ours():
    cars = pd.DataFrame({"category_spend": [4.0], "our_spend": [2.0]})
    assert measure_wallet_share(cars)["wallet_share"] == 0.5  # 2 / 4


def test_the_wallet_share_weighs_by_spending_and_leaves_out_what_cannot_be():
    wallet = pd.DataFrame({
        "category_spend": [900.0, 100.0, 50.0, None],
        "our_spend": [90.0, 100.0, 60.0, 5.0],
    })
    found = measure_wallet_share(wallet)
    # (90 + 100) / (900 + 100); 60 of 50 and a gap are left out
    assert found["wallet_share"] == pytest.approx(0.19)
    assert (found["n_rows"], found["n_left_out"]) == (2, 2)


def test_a_wallet_without_spending_has_no_share():
    empty = pd.DataFrame({"category_spend": [0.0], "our_spend": [0.0]})
    assert pd.isna(measure_wallet_share(empty)["wallet_share"])
    with pytest.raises(SchemaError, match="our_spend"):
        measure_wallet_share(pd.DataFrame({"category_spend": [1.0]}))


ORDERS = pd.DataFrame({
    "customer_id": ["a", "a", "a", "b"],
    "order_id": ["1", "1", "2", "3"],
    "ordered_at": pd.to_datetime(["2024-01-05", "2024-01-05", "2024-02-01", "2024-03-01"]),
    "amount": [10.10, 20.20, -5.0, 7.0],
    "channel": ["web", "web", "store", "store"],
    "sku": ["x", "y", "x", "x"],
    "quantity": [1, 2, -1, 1],
})


def test_the_aspects_of_customers_by_hand():
    clicks = pd.DataFrame({
        "customer_id": ["a", "a", None],
        "occurred_at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        "session_id": ["s", "s", "t"],
    })
    contacts = pd.DataFrame({
        "customer_id": ["c", "c"],
        "occurred_at": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        "medium": ["phone", "mail"],
        "satisfaction": [4.0, 5.0],
    })
    wallet = pd.DataFrame({"customer_id": ["a"], "category_spend": [100.0], "our_spend": [25.0]})
    found = summarize_aspects(
        orders=ORDERS, clicks=clicks, contacts=contacts, wallet=wallet, as_of="2024-02-29"
    )
    rows = found.set_index("customer_id")
    assert list(rows.index) == ["a", "c"]
    a = rows.loc["a"]
    # the order of -5 is a return: it counts as money, not as an order; 10.10 + 20.20 - 5
    assert (a["n_orders"], a["revenue"], a["usual_channel"], a["n_skus"]) == (1, 25.3, "web", 2)
    assert (a["n_sessions"], a["n_events"], a["wallet_share"]) == (1, 2, 0.25)
    # equally often: the first by name, whatever the order of the rows
    assert (rows.loc["c", "usual_medium"], rows.loc["c", "mean_satisfaction"]) == ("mail", 4.5)
    assert found.attrs["n_later"] == {"orders": 1, "clicks": 0, "contacts": 0}


def test_the_aspects_do_not_depend_on_the_order_of_rows_and_bear_no_table():
    one = summarize_aspects(orders=ORDERS, as_of="2024-12-31")
    assert one.equals(summarize_aspects(orders=ORDERS[::-1], as_of="2024-12-31"))
    assert len(summarize_aspects(as_of="2024-12-31")) == 0


@pytest.fixture
def write(tmp_path):
    def fill(seed, faults=()):
        about, tables, planted = make_shopping(seed, faults=faults)
        return write_shopping_template(tmp_path / f"{seed}.xlsx", about=about, tables=tables), tables, planted

    return fill


@pytest.mark.parametrize("seed", range(4))
def test_planted_faults_are_found_and_nothing_else(write, seed):
    path, _, planted = write(seed, KINDS)
    faults = read_my_shopping(path).faults
    found = set(zip(faults["table"], faults["row"], faults["kind"], strict=True))
    assert found == set(planted)
    assert len(read_my_shopping(write(seed)[0]).faults) == 0


def test_faults_bear_the_dimension_and_cause_of_the_table(write):
    faults = read_my_shopping(write(2, KINDS)[0]).faults
    kinds = list_fault_kinds().set_index("kind")
    assert (faults["dimension"].to_numpy() == kinds.loc[faults["kind"], "dimension"].to_numpy()).all()
    assert (faults["cause"].to_numpy() == kinds.loc[faults["kind"], "cause"].to_numpy()).all()


def test_scores_count_bad_rows_once(write):
    shopping = read_my_shopping(write(0, ("unreadable", "not_listed"))[0])
    scores = score_shopping(shopping).set_index("dimension")
    n = shopping.n_rows
    assert scores.loc["规范性", ["n_rows", "n_bad"]].tolist() == [n, 2]
    assert scores.loc["规范性", "score"] == pytest.approx(100 * (1 - 2 / n))
    assert (scores.drop("规范性")["score"] == 100).all()


def test_one_persons_measures_another_way(write):
    path, tables, _ = write(5)
    rows = summarize_my_aspects(read_my_shopping(path)).set_index("measure")["value"]
    bought = tables["purchases"]
    assert rows["n_purchases"] == len(bought)
    assert rows["spent"] == sum(
        a for a, back in zip(bought["amount"], bought["returned"], strict=True) if not back
    )
    wallet = tables["wallet"]
    assert rows["wallet_share"] == pytest.approx(wallet["our_spend"].sum() / wallet["category_spend"].sum())
    used = tables["usage"][tables["usage"]["in_use"]]
    assert rows["cost_per_wear"] == pytest.approx(used["amount"].sum() / used["monthly_wears"].sum())


def test_people_stand_side_by_side(write):
    one, other = (read_my_shopping(write(seed)[0]) for seed in (1, 2))
    table = compare_shoppers({"one": one, "other": other})
    assert list(table.columns) == ["aspect", "measure", "unit", "one", "other"]
    assert table["aspect"].nunique() == 7


def test_days_out_of_the_period_are_told_apart(tmp_path):
    about = {"start_on": dt.date(2024, 1, 1), "end_on": dt.date(2024, 6, 30)}
    days = [dt.date(2023, 12, 31), dt.date(2024, 6, 30), dt.date(2024, 7, 1)]
    rows = pd.DataFrame({
        "bought_on": days,
        "place": "本店",
        "category": "鞋",
        "quantity": 1,
        "amount": [1.0, 2.0, 3.0],
    })
    path = write_shopping_template(tmp_path / "a.xlsx", about=about, tables={"purchases": rows})
    faults = read_my_shopping(path).faults
    mine = faults[faults["table"] == "purchases"]
    assert list(zip(mine["row"], mine["kind"], strict=True)) == [(3, "outside_period"), (5, "future")]


def test_a_workbook_without_the_sheets_is_refused(tmp_path):
    path = tmp_path / "other.xlsx"
    pd.DataFrame({"a": [1]}).to_excel(path, index=False)
    with pytest.raises(ReadError, match="none of the sheets"):
        read_my_shopping(path)
