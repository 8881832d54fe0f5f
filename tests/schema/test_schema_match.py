"""Headers of real exports, and the rules by which one is preferred to another."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from crm_lib.errors import SchemaError
from crm_lib.schema import match_headers
from crm_lib.schema.names import find_unit_note, fold_name, name_headers, read_unit

CORE = ("order_id", "customer_id", "ordered_at", "sku", "quantity", "unit_price", "amount")

EXPORTS = tomllib.loads((Path(__file__).parent / "real_exports.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("system", EXPORTS)
def test_exports_of_real_systems(system):
    export = EXPORTS[system]
    # an export whose customers are known by their contact data only asks which column is meant
    found = match_headers(export["headers"], "orders", strict=bool(export["wanted"][1])).mapping
    wanted = {c: h for c, h in zip(CORE, export["wanted"], strict=True) if h}
    assert {c: found[c] for c in CORE if c in found} == wanted


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("金额(元)", 1), ("金额（万元）", 1e4), ("销售额/千元", 1e3), ("金额[亿元]", 1e8),
        ("金额 万元", 1e4), ("金额万元", 1e4),
        ("金额（单位：万元）", 1e4), ("金额（人民币元）", 1), ("金额(RMB)", 1), ("amount_cny", 1),
        ("金额(分)", 0.01),
        ("金额（百万元）", 1e6), ("Amount (k CNY)", 1e3), ("Amount ('000)", 1e3),
        ("金额\n(万元)", 1e4), ("金额：元", 1),
        ("金额（万）", 1e4), ("金额(￥)", 1), ("金额(元/件)", 1),
    ],
)  # fmt: skip
def test_unit_in_a_header(header, factor):
    found = match_headers(["客户编号", "下单日期", header], "orders")
    assert found.mapping["amount"] == header
    assert found.factors == {"amount": factor}


@pytest.mark.parametrize(
    ("header", "factor"), [("金额(美元)", 1), ("Amount (USD)", 1), ("金额（万美元）", 1e4), ("amount_eur", 1)]
)
def test_foreign_currency_is_noted_never_converted(header, factor):
    found = match_headers(["客户编号", "下单日期", header], "orders")
    assert found.factors == {"amount": factor}
    assert [n["kind"] for n in found.notes if n["kind"] == "foreign_currency"] == ["foreign_currency"]


@pytest.mark.parametrize("header", ["金额(含税)", "金额（实收）备注x"])
def test_qualifier_that_is_no_unit_gives_no_factor(header):
    found = match_headers(["客户编号", "下单日期", header], "orders", strict=False)
    assert found.factors == {}


def test_percent_is_a_unit_without_factor():
    found = match_headers(["客户编号", "下单日期", "实付金额", "折扣(%)"], "orders")
    assert found.mapping["discount"] == "折扣(%)"
    assert (found.units, found.factors) == ({"discount": "%"}, {})


# --- which header is taken ---


def test_own_name_before_alias_before_weak_alias():
    headers = ["customer_id", "会员号", "客户", "下单日期", "日期", "实付金额", "金额"]
    found = match_headers(headers, "orders")
    assert list(found.mapping.values()) == ["customer_id", "下单日期", "实付金额"]
    assert found.unmatched == ("会员号", "客户", "日期", "金额")
    aside = {n["column"]: n["aside"] for n in found.notes if n["kind"] == "header_left_aside"}
    assert aside == {"customer_id": ["会员号", "客户"], "ordered_at": ["日期"], "amount": ["金额"]}


@pytest.mark.parametrize(
    "pair", [("订单金额", "应付金额"), ("金额", "总金额"), ("实付金额", "成交金额"), ("Total", "Subtotal")]
)
def test_two_equal_amounts_are_not_guessed(pair):
    with pytest.raises(SchemaError, match=f"'{pair[0]}' or '{pair[1]}'") as caught:
        match_headers(["客户编号", "下单日期", *pair], "orders")
    assert f'columns="amount={pair[0]}"' in str(caught.value)
    found = match_headers(["客户编号", "下单日期", *pair], "orders", strict=False)
    assert found.ambiguous == {"amount": pair}


def test_own_name_settles_what_would_be_ambiguous():
    found = match_headers(["客户编号", "下单日期", "订单金额", "应付金额", "amount"], "orders")
    assert found.mapping["amount"] == "amount"


@pytest.mark.parametrize("pair", [("会员号", "客户编号"), ("客户", "会员")])
def test_two_equal_customers_are_not_guessed(pair):
    with pytest.raises(SchemaError, match="'customer_id' could be"):
        match_headers([*pair, "下单日期", "实付金额"], "orders")


def test_quantity_and_price_leave_doubtful_totals_aside():
    found = match_headers(["客户编号", "下单日期", "数量", "单价", "订单金额", "应付金额"], "orders")
    assert "amount" not in found.mapping
    note = next(n for n in found.notes if n["kind"] == "ambiguous_left_aside")
    assert (note["aside"], note["used"]) == (["订单金额", "应付金额"], ["quantity", "unit_price"])


def test_amount_wins_over_quantity_and_price_and_settles_them():
    found = match_headers(["客户编号", "下单日期", "数量", "销售数量", "单价", "实付金额"], "orders")
    assert found.mapping["amount"] == "实付金额"
    assert found.mapping["quantity"] == "数量"


@pytest.mark.parametrize(
    "pair",
    [("交易时间", "交易日期"), ("日期", "时间"), ("Order Time", "Order Date"), ("下单日期", "下单时间")],
)
def test_of_day_and_clock_time_the_day_is_taken(pair):
    found = match_headers(["客户编号", *pair, "实付金额"], "orders")
    assert found.mapping["ordered_at"] in ("交易日期", "日期", "Order Date", "下单日期")


def test_two_different_dates_are_not_guessed():
    with pytest.raises(SchemaError, match="'ordered_at' could be '下单时间' or '销售日期'"):
        match_headers(["客户编号", "下单时间", "销售日期", "实付金额"], "orders")


def test_descriptions_twice_do_not_stop_a_file():
    found = match_headers(["客户编号", "下单日期", "实付金额", "品名", "商品名称", "条码", "货号"], "orders")
    assert (found.mapping["product_name"], found.mapping["sku"]) == ("商品名称", "货号")


# --- what the user says ---


def test_mapping_given_overrides():
    headers = ["客户编号", "卡", "下单日期", "实付金额"]
    found = match_headers(headers, "orders", columns={"customer_id": "卡", "amount": "实付金额"})
    assert found.mapping == {"customer_id": "卡", "ordered_at": "下单日期", "amount": "实付金额"}
    assert found.unmatched == ("客户编号",)


def test_empty_header_leaves_a_column_out():
    headers = ["客户编号", "下单日期", "数量", "单价", "金额"]
    assert "amount" not in match_headers(headers, "orders", columns={"amount": ""}).mapping


def test_header_given_loosely_is_found():
    assert match_headers(
        ["CUST REF", "date", "amount"], "orders", columns={"customer_id": "cust_ref"}
    ).mapping["customer_id"] == ("CUST REF")


def test_missing_is_reported_without_strict():
    found = match_headers(["客户编号", "备注"], "orders", strict=False)
    assert found.missing == ((("ordered_at",),), (("amount",), ("quantity", "unit_price")))


def test_other_tables():
    customers = match_headers(
        ["会员卡号", "姓名", "性别", "出生年月日", "联系电话", "E-mail", "省/自治区"], "customers"
    )
    assert list(customers.mapping) == [
        "customer_id",
        "name",
        "gender",
        "birth_date",
        "phone",
        "email",
        "province",
    ]
    products = match_headers(["货号", "品名", "大类", "小类", "品牌", "零售价(元)", "进价"], "products")
    assert list(products.mapping) == [
        "sku",
        "product_name",
        "category",
        "subcategory",
        "brand",
        "unit_price",
        "unit_cost",
    ]
    with pytest.raises(SchemaError, match="'customer_id'.* or 'record_id'.* or 'name'.* and 'phone'"):
        match_headers(["姓名", "地址"], "customers")


# --- small parts ---


def test_fold_name_ignores_width_case_marks_and_script():
    assert {
        fold_name(t) for t in ("Customer ID", "customer_id", "ＣＵＳＴＯＭＥＲ－ＩＤ", "Customer.Id：")
    } == {"customerid"}


def test_names_of_repeated_headers_never_clash():
    assert name_headers(["a", "a_2", "a", "", "a"]) == ["a", "a_2", "a_3", "column_4", "a_4"]


@pytest.mark.parametrize(
    ("line", "factor"),
    [
        (["单位：万元"], 1e4),
        (["2024年", None, "金额单位:千元"], 1e3),
        (["（单位：元）"], 1),
        (["Unit: CNY"], 1),
    ],
)
def test_unit_notes(line, factor):
    assert find_unit_note(line).factor == factor


@pytest.mark.parametrize("text", ["含税", "件", "单元", "千克", "百分", "", "元旦"])
def test_words_that_are_no_money_unit(text):
    assert read_unit(text) is None
