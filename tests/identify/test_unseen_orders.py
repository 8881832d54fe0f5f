"""Traps of files nobody has seen before: money, dates and customers right to the cent, or refused in words."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from crm_lib import clean_table, read_table
from crm_lib.errors import DataError, SchemaError

PLAIN = "客户编号,下单日期,实付金额\n"


@pytest.fixture
def clean(tmp_path):
    def read(text, name="a.csv", **options):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return clean_table(read_table(path, "orders", **options), "orders")

    return read


def reasons(cleaned):
    return cleaned.quarantine["reason"].value_counts().to_dict()


def rules(cleaned):
    return {r.partition(":")[0] for r in cleaned.audit["rule"]}


# --- the total of the order on its lines ------------------------------------------

HEAD = "订单号,客户编号,下单时间,商品编号,数量,单价,订单金额\n"
# 2 × 5 + 1 × 20 = 30
EVERY = "1,A,2024-01-02,S1,2,5,30\n1,A,2024-01-02,S2,1,20,30\n2,B,2024-01-03,S1,1,5,5\n"
FIRST = "1,A,2024-01-02,S1,2,5,30\n1,A,2024-01-02,S2,1,20,\n2,B,2024-01-03,S1,1,5,5\n"
# 10 % off the order: 27 is no sum, but it does not change where the lines do
OFF = "".join(f"{i},A,2024-01-02,S1,2,5,27\n{i},A,2024-01-02,S2,1,20,27\n" for i in range(3))


@pytest.mark.parametrize(
    ("lines", "said", "total"),
    [(EVERY, "on every line", 35), (FIRST, "on one of its lines", 35), (OFF, "", 90)],
)
def test_an_order_total_on_its_lines_is_not_counted_twice(clean, lines, said, total):
    with pytest.raises(DataError, match="must hold the amount of each line") as caught:
        clean(HEAD + lines)
    assert said in str(caught.value)
    assert 'columns="amount="' in str(caught.value)
    assert clean(HEAD + lines, columns="amount=").rows["amount"].sum() == total


@pytest.mark.parametrize(
    "lines",
    [
        "1,A,2024-01-02,S1,2,5,10\n1,A,2024-01-02,S2,1,20,20\n",  # amounts of lines
        "1,A,2024-01-02,S1,2,5,10\n1,A,2024-01-02,S2,1,20,\n",  # one is missing, the other its own
        "1,A,2024-01-02,S1,2,5,10\n1,A,2024-01-02,S2,1,10,10\n",  # alike by chance
        "1,A,2024-01-02,S1,2,5,9\n1,A,2024-01-02,S2,1,20,18\n",  # less a discount
        "1,A,2024-01-02,S1,2,5,10\n1,A,2024-01-02,S2,1,0,0\n",  # a gift
    ],
)
def test_amounts_of_lines_stand(clean, lines):
    assert len(clean(HEAD + lines).rows) == 2


def test_totals_without_prices_are_questioned_and_the_user_is_believed(clean):
    head = "order_id,customer_id,order_date,sku,payment_value\n"
    lines = "".join(f"{i},C{i},2024-01-0{i},S{j},{i * 10}\n" for i in range(1, 7) for j in (1, 2))
    with pytest.raises(DataError, match="in 6 of 6 orders with several lines it repeats one number"):
        clean(head + lines)
    assert clean(head + lines, columns="amount=payment_value").rows["amount"].sum() == 2 * (
        10 + 20 + 30 + 40 + 50 + 60
    )
    # two like seats on one booking are no totals: nothing tells the lines apart
    seats = "".join(f"{i},C{i},2024-01-0{i},S1,{i * 10}\n" * 2 for i in range(1, 7))
    assert len(clean(head + seats).rows) + len(clean(head + seats).merged) == 12


# --- currencies, decimal signs, discounts -----------------------------------------


def test_a_column_of_currencies_keeps_them_apart(clean):
    text = "customer_id,order_id,date,amount,Currency\n" + "".join(
        f"C{i},{i},2024-01-02,{a},{c}\n"
        for i, (a, c) in enumerate([(5, "usd"), (7, "USD"), (9, "EUR"), (1, "")])
    )
    cleaned = clean(text)
    assert cleaned.rows["amount"].sum() == 5 + 7 + 1
    assert reasons(cleaned) == {"foreign_currency": 1}
    assert "USD" in cleaned.audit.loc[cleaned.audit["rule"].str.startswith("currency"), "after"].tolist()
    # the signs of one currency are one currency
    assert not reasons(clean(text.replace("usd", "人民币").replace("USD", "¥").replace("EUR", "RMB")))


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["₹1,20,000.50", "Rs. 300"], 120_300.5),
        (["R$ 1.200,50", "R$ 300,00"], 1500.5),
        (["CHF 1'200.50"], 1200.5),
    ],
)
def test_more_currencies(clean, cells, total):
    cleaned = clean("客户编号\t下单日期\t实付金额\n" + "".join(f"A\t2024-01-02\t{c}\n" for c in cells))
    assert (cleaned.rows["amount"].sum(), reasons(cleaned)) == (total, {})


def test_the_decimal_comma_of_one_column_is_that_of_the_file(clean):
    text = "Kundennummer;Bestelldatum;Menge;Betrag\nK1;2024-01-02;1,5;1.250\nK2;2024-01-03;2,0;12.500\n"
    assert clean(text).rows["amount"].tolist() == [1250, 12_500]


def test_a_point_that_may_be_either_is_refused_where_semicolons_part_the_cells(clean):
    text = "Kundennummer;Bestelldatum;Betrag\nK1;2024-01-02;1.250\nK2;2024-01-03;12.500\n"
    with pytest.raises(DataError, match=r"'1.250' could be 1.25 or 1250"):
        clean(text)
    assert clean(text.replace(";", ",")).rows["amount"].tolist() == [1.25, 12.5]
    assert clean(text + "K3;2024-01-04;0.5\n").rows["amount"].tolist() == [1.25, 12.5, 0.5]


def test_discounts_in_money_are_no_shares(clean):
    head = "customer_id,date,quantity,unit_price,discount\n"
    cleaned = clean(head + "A,2024-01-02,1,100,0\nB,2024-01-02,1,100,0.5\nC,2024-01-02,1,100,5\n")
    # half a yuan is not half the price
    assert (cleaned.rows["amount"].tolist(), reasons(cleaned)) == ([100], {"bad_discount": 2})
    assert clean(head + "A,2024-01-02,1,100,0.5\nB,2024-01-02,1,100,20%\n").rows["amount"].tolist() == [
        50,
        80,
    ]


# --- dates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("1672876800", "2023-01-05 00:00:00"),
        ("1672914645123", "2023-01-05 10:30:45.123000"),
        ("Jan-05-23", "2023-01-05 00:00:00"),
        ("2023010510", None),
    ],
)
def test_clocks_of_web_shops(clean, cell, moment):
    cleaned = clean(PLAIN + f"A,{cell},5\n")
    assert [str(t) for t in cleaned.rows["ordered_at"]] == ([moment] if moment else [])


def swapped(order):
    """Return the days of March as a spreadsheet of the other country has read them."""
    cells = []
    for day in range(1, 29):
        written = f"{day:02d}/03/2024" if order == "dmy" else f"03/{day:02d}/2024"
        cells.append(dt.datetime(2024, day, 3) if day <= 12 else written)
    return pd.DataFrame({"customer_id": "A", "ordered_at": pd.Series(cells, dtype=object), "amount": 1})


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_dates_swapped_by_a_spreadsheet_are_refused(order):
    raw = swapped(order)
    with pytest.raises(
        DataError, match="16 are text such as .* and 12 are dates whose day is never above 12"
    ):
        clean_table(raw, "orders")
    assert len(clean_table(raw, "orders", date_order=order).rows) == 28


@pytest.mark.parametrize("day", [1, 20])
def test_dates_and_texts_side_by_side_are_fine_when_nothing_points_to_a_swap(day):
    raw = swapped("dmy")
    text = f"{day:02d}/04/2024" if day <= 12 else dt.datetime(2024, 3, day)
    raw.loc[28] = ["A", text, 1]
    assert len(clean_table(raw, "orders").rows) == 29


# --- customers and states ---------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["散客", "现金客户", "零售客户", "无会员", "Walk-in Customer", "CASH", "(not set)", "未登记"]
)
def test_nobody_in_the_words_of_tills(clean, word):
    assert reasons(clean(PLAIN + f"{word},2024-01-02,5\nA,2024-01-02,5\n")) == {"missing_customer_id": 1}


def test_ids_worth_a_look_are_kept_and_said(clean):
    cleaned = clean(
        PLAIN + "".join(f"{c},2024-01-02,5\n" for c in ("0000", "99999999", "a1", "A1", "007", "7"))
    )
    assert cleaned.rows["customer_id"].tolist() == ["0000", "99999999", "a1", "A1", "007", "7"]
    said = cleaned.audit.loc[cleaned.audit["column"] == "customer_id", ["before", "rule"]]
    assert [(b, r.partition(":")[0]) for b, r in said.to_numpy()] == [
        ("0000", "zero_id"), ("99999999", "zero_id"), ("", "id_case"),
    ]  # fmt: skip


def test_returns_told_by_the_kind_of_the_document(clean):
    head = "流水号,日期,单据类型,会员号,商品条码,实收金额\n"
    cleaned = clean(
        head + "1,2024-01-02,销售,A,S1,30\n2,2024-01-03,销售退货单,A,S2,10\n3,2024-01-03,退货,B,S3,5\n"
    )
    assert cleaned.rows["amount"].tolist() == [30, -10, -5]


def test_the_state_on_the_first_line_is_that_of_the_order(clean):
    head = "Name,Customer ID,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
    lines = "#1,A,refunded,2024-01-02,1,x,10\n#1,A,,2024-01-02,1,y,5\n#2,B,paid,2024-01-02,1,x,10\n#2,B,,2024-01-02,1,y,7\n"
    cleaned = clean(head + lines)
    assert cleaned.rows["amount"].tolist() == [-10, -5, 10, 7]
    assert cleaned.rows["order_id"].tolist() == ["#1", "#1", "#2", "#2"]
    assert "order_status" in rules(cleaned)


# --- exports that mean something of their own by a common header --------------------


def test_amazon_writes_the_price_of_the_whole_line(clean):
    head = "amazon-order-id\tpurchase-date\tsku\tquantity\titem-price\tbuyer-email\n"
    text = head + "1\t2024-01-02T10:00:00+00:00\tS1\t3\t30.00\ta@x.com\n"
    with pytest.raises(SchemaError, match="contact data"):
        clean(text, "a.txt")
    assert clean(text, "a.txt", columns="customer_id=buyer-email").rows["amount"].tolist() == [30]


def test_olist_makes_customer_id_anew_for_every_order(clean):
    head = "order_id,customer_id,customer_unique_id,order_purchase_timestamp,price,quantity\n"
    cleaned = clean(head + "1,x,A,2024-01-02 10:00:00,5,1\n2,y,A,2024-01-03 10:00:00,5,1\n")
    assert cleaned.rows["customer_id"].tolist() == ["A", "A"]
    assert cleaned.rows["customer_id_2"].tolist() == ["x", "y"]


# --- contact data -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Email", ["a@x.com", "b@y.cn"]),
        ("手机号", ["13812345678", "13912345678"]),
        ("会员号", ["13812345678", "+86 139-1234-5678"]),
        ("user_id", ["a@x.com", "b@y.cn"]),
    ],
)
def test_contact_data_become_customer_numbers_only_when_named(clean, header, cells):
    text = f"{header},消费日期,消费金额\n" + "".join(f"{c},2024-01-02,5\n" for c in cells)
    with pytest.raises(SchemaError) as caught:
        clean(text)
    assert f'columns="customer_id={header}"' in str(caught.value)
    assert not any(c in str(caught.value) for c in cells)
    assert clean(text, columns=f"customer_id={header}").rows["customer_id"].nunique() == 2


def test_a_few_phone_like_numbers_are_no_contact_data(clean):
    assert len(clean(PLAIN + "13812345678,2024-01-02,5\n24812345678,2024-01-02,5\n").rows) == 2


def test_order_totals_at_random_agree_with_a_count_by_hand():
    """Line amounts with any discount pass; the same orders with their totals on each line never do."""
    rng = np.random.default_rng(0)
    n = 200
    raw = pd.DataFrame({
        "order_id": np.sort(rng.integers(0, 60, n)).astype(str),
        "customer_id": "A",
        "ordered_at": "2024-01-02",
        "sku": [f"S{i}" for i in range(n)],
        "quantity": rng.integers(1, 5, n),
        "unit_price": rng.integers(100, 9000, n) / 100,
    })
    raw["amount"] = (raw["quantity"] * raw["unit_price"] * rng.uniform(0.7, 1, n)).round(2)
    assert clean_table(raw, "orders").rows["amount"].sum() == pytest.approx(raw["amount"].sum(), abs=1e-6)
    totals = raw.assign(amount=raw.groupby("order_id")["amount"].transform("sum").round(2))
    with pytest.raises(DataError, match="total of the order"):
        clean_table(totals, "orders")


def test_a_cancelled_order_whose_sum_is_zero_is_no_evidence_for_a_total():
    """1 × 10 with an unreadable amount and −1 × 10 with amount 0: the 0 says nothing of the order."""
    raw = pd.DataFrame({
        "order_id": ["1", "1"],
        "customer_id": "A",
        "ordered_at": "2023-01-05",
        "quantity": ["1", "-1"],
        "unit_price": ["10", "10"],
        "amount": ["inf", "0"],
    })
    once = clean_table(raw, "orders")
    assert (once.rows["amount"].tolist(), once.quarantine["reason"].tolist()) == ([0.0], ["bad_amount"])
    pd.testing.assert_frame_equal(clean_table(once.rows, "orders").rows, once.rows)
