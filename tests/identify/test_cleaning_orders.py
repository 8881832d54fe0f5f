"""Amounts, returns, netting and duplicates of order lines, on tables worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.identify import clean_table, summarize_cleaning


def clean_lines(columns, lines, **options):
    raw = pd.DataFrame(lines, columns=columns.split(), dtype=object)
    if "customer_id" not in raw:
        raw["customer_id"] = "C1"
    if "ordered_at" not in raw:
        raw["ordered_at"] = "2023-01-05"
    return clean_table(raw, "orders", **options)


def reasons(frame):
    return dict(zip(frame["source_row"], frame["reason"], strict=True))


def test_the_amount_wins_and_is_computed_only_where_none_is_written():
    cleaned = clean_lines(
        "quantity unit_price discount amount",
        [("3", "10", "0.1", "5"), ("3", "10", "0.1", ""), ("3", "0.3333", "", ""), ("2", "1", "8折", None)],
    )
    # 3 × 10 × .9 = 27; 3 × .3333 = .9999; 2 × 1 × .8 = 1.6
    assert cleaned.rows["amount"].tolist() == [5, 27, 0.9999, 1.6]
    computed = cleaned.audit[cleaned.audit["rule"].str.startswith("amount_computed")]
    assert computed[["source_row", "before", "after"]].values.tolist() == [
        [2, "", "27"],
        [3, "", "0.9999"],
        [4, "", "1.6"],
    ]


def test_without_an_amount_column_it_is_computed_and_said_once():
    cleaned = clean_lines("quantity unit_price", [("3", "1.00005"), ("2", "5")])
    # 3 × 1.00005 = 3.00015, rounded half up to 3.0002 (floor(30001.5 + .5) = 30002)
    assert cleaned.rows["amount"].tolist() == [3.0002, 10]
    assert list(cleaned.rows.columns[:5]) == ["customer_id", "ordered_at", "quantity", "unit_price", "amount"]
    said = cleaned.audit[cleaned.audit["rule"].str.startswith("amount_computed")]
    assert said[["source_row", "after"]].values.tolist() == [[pd.NA, "2 lines"]]


def test_what_makes_an_amount_impossible_is_named():
    cleaned = clean_lines(
        "quantity unit_price discount amount",
        [
            ("x", "10", "", ""),
            ("2", "x", "", ""),
            ("2", "10", "15", ""),
            ("2", "", "", ""),
            ("2", "10", "", "NaN"),
            ("x", "10", "15", "5"),
            ("2", "10", "", "$5"),
            ("2", "10", "", "¥5"),
            ("2", "10", "", "¥6"),
        ],
    )
    assert reasons(cleaned.quarantine) == {
        1: "bad_quantity",
        2: "bad_amount",
        3: "bad_discount",
        4: "missing_amount",
        5: "bad_amount",
        7: "foreign_currency",
    }
    # an unreadable quantity does no harm where the amount is written
    assert cleaned.rows["quantity"].isna().tolist() == [True, False, False]


def test_discounts_that_look_like_what_is_paid_are_questioned():
    high = clean_lines(
        "quantity unit_price discount", [("1", "10", "0.9"), ("1", "10", "0.95"), ("1", "10", "0.1")]
    )
    assert high.audit["rule"].str.startswith("discount_high").sum() == 1
    low = clean_lines("quantity unit_price discount", [("1", "10", "0.1")])
    assert low.audit["rule"].str.startswith("discount_high").sum() == 0


@pytest.mark.parametrize(
    ("status", "reason"),
    [("交易关闭", "not_paid"), ("已关闭", "not_paid"), ("待付款", "not_paid"), ("等待买家付款", "not_paid")]
    + [
        ("未付款", "not_paid"),
        ("Cancelled", "not_paid"),
        ("Pending payment", "not_paid"),
        ("已取消", "not_paid"),
    ]
    + [
        ("交易成功", ""),
        ("已发货", ""),
        ("Shipped", ""),
        ("Pending", ""),
        ("申请退款", ""),
        ("退款关闭", ""),
        ("", ""),
    ],
)
def test_orders_that_were_never_paid(status, reason):
    cleaned = clean_lines("amount status", [("100", status)])
    assert cleaned.quarantine["reason"].tolist() == [reason][: bool(reason)]
    assert not cleaned.rows["is_return"].any()


@pytest.mark.parametrize("status", ["退款成功", "已退货", "已退款", "Refunded", "returned", "退货完成"])
def test_a_status_of_return_turns_the_line_negative(status):
    cleaned = clean_lines("quantity amount status", [("2", "100", status), ("1", "50", "交易成功")])
    assert cleaned.rows[["quantity", "amount", "is_return"]].values.tolist() == [
        [-2, -100, True],
        [1, 50, False],
    ]
    turned = cleaned.audit[cleaned.audit["rule"].str.startswith("return_sign")]
    assert turned[["source_row", "column", "before", "after"]].values.tolist() == [
        [1, "amount", "100", "-100"],
        [1, "quantity", "2", "-2"],
    ]


def test_what_makes_a_line_a_return():
    cleaned = clean_lines(
        "quantity amount returned",
        [
            ("-1", "-5", "否"),
            ("-1", "5", "否"),
            ("1", "-5", ""),
            ("1", "5", "是"),
            ("1", "5", ""),
            ("1", "0", ""),
        ],
    )
    assert cleaned.rows["is_return"].tolist() == [True, True, True, True, False, False]
    assert cleaned.rows["amount"].tolist() == [-5, -5, -5, -5, 5, 0]
    # a negative amount alone (a rebate) leaves the quantity as it is written
    assert cleaned.rows["quantity"].tolist() == [-1, -1, 1, -1, 1, 1]
    assert cleaned.rows["is_zero_amount"].tolist() == [False] * 5 + [True]


def test_marked_purchases_can_be_folded_away_instead():
    lines = [("100", "是"), ("50", "否"), ("-20", "是")]
    cleaned = clean_lines("amount returned", lines, flagged_returns="offset")
    assert cleaned.rows["amount"].tolist() == [50, -20]
    assert cleaned.merged[["source_row", "reason", "merged_into", "amount"]].values.tolist() == [
        [1, "returned_in_place", 1, 100]
    ]


def test_c_orders_cancel_only_among_orders_of_digits():
    cleaned = clean_lines("order_id amount", [("536379", "10"), ("C536380", "10"), ("536381", "5")])
    assert cleaned.rows["amount"].tolist() == [10, -10, 5]
    named = clean_lines("order_id amount", [("A1", "10"), ("C536380", "10"), ("B7", "5")])
    assert named.rows["amount"].tolist() == [10, 10, 5]
    alone = clean_lines("order_id amount", [("C1", "10"), ("C2", "10")])
    assert alone.rows["amount"].tolist() == [10, 10]


@pytest.mark.parametrize(
    "sku", ["POST", "DOT", "M", "m", "D", "S", "B", "C2", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"]
)
def test_codes_that_are_no_article(sku):
    cleaned = clean_lines("sku amount", [("85123A", "10"), (sku, "18"), ("22423", "5")])
    assert reasons(cleaned.quarantine) == {2: "non_product"}


def test_short_article_codes_are_articles_where_others_are_short():
    sizes = clean_lines("sku amount", [("S", "10"), ("M", "18"), ("L", "5"), ("85123A", "1")])
    assert len(sizes.quarantine) == 0
    cells = clean_lines("sku amount", [("C1", "10"), ("C2", "18"), ("22423", "5")])
    assert len(cells.quarantine) == 0
    letters = clean_lines("sku amount", [("B", "10"), ("D", "18")])
    assert len(letters.quarantine) == 0


@pytest.mark.parametrize(
    ("name", "aside"),
    [("运费", True), ("邮费", True), ("快递费", True), ("补差价", True), ("邮费补差", True), ("手续费", True)]
    + [("服务费", True), ("包装费", True), ("Postage", True), ("免运费毛巾", False), ("运费险", True)]
    + [("包装盒", False), ("postage stamp album", False)],
)
def test_names_that_are_no_article(name, aside):
    cleaned = clean_lines("product_name amount", [(name, "10"), ("毛巾", "5")])
    assert len(cleaned.quarantine) == aside


ONLINE = "order_id sku ordered_at quantity amount"


def test_a_cancellation_and_its_purchase_net_in_full():
    cleaned = clean_lines(
        ONLINE,
        [
            ("1", "A1", "2023-01-05", "3", "30"),
            ("2", "B1", "2023-01-06", "1", "7"),
            ("C3", "A1", "2023-01-07", "-3", "-30"),
        ],
    )
    assert cleaned.rows["source_row"].tolist() == [2]
    assert cleaned.merged[["source_row", "reason", "merged_into", "amount"]].values.tolist() == [
        [1, "netted_full", 3, 30],
        [3, "netted_full", 1, -30],
    ]


def test_a_partial_cancellation_is_taken_off_its_purchase():
    cleaned = clean_lines(
        ONLINE, [("1", "A1", "2023-01-05", "5", "50"), ("C3", "A1", "2023-01-07", "-2", "-20")]
    )
    # 5 − 2 = 3 pieces, 50 − 20 = 30 yuan
    assert cleaned.rows[["quantity", "amount", "is_return"]].values.tolist() == [[3, 30, False]]
    assert cleaned.merged[["source_row", "reason", "merged_into", "amount"]].values.tolist() == [
        [2, "netted_partial", 1, -20]
    ]
    cells = cleaned.audit[cleaned.audit["rule"].str.startswith("netted_partial")]
    assert cells[["source_row", "column", "before", "after"]].values.tolist() == [
        [1, "amount", "50", "30"],
        [1, "quantity", "5", "3"],
    ]


def test_partial_after_partial_ends_in_full():
    cleaned = clean_lines(
        ONLINE,
        [
            ("1", "A1", "2023-01-05", "5", "50"),
            ("C3", "A1", "2023-01-07", "-2", "-20"),
            ("C4", "A1", "2023-01-08", "-3", "-30"),
        ],
    )
    assert len(cleaned.rows) == 0
    assert cleaned.merged[["source_row", "reason", "merged_into", "amount"]].values.tolist() == [
        [1, "netted_full", 3, 30],
        [2, "netted_partial", 1, -20],
        [3, "netted_full", 1, -30],
    ]


def test_the_latest_earlier_purchase_with_enough_pieces_is_taken():
    cleaned = clean_lines(
        ONLINE,
        [
            ("1", "A1", "2023-01-01", "4", "40"),
            ("2", "A1", "2023-01-03", "4", "40"),
            ("3", "A1", "2023-01-04", "1", "10"),
            ("4", "A1", "2023-01-09", "4", "40"),
            ("C5", "A1", "2023-01-05", "-4", "-40"),
        ],
    )
    # line 3 has too few pieces, line 4 is later than the cancellation: line 2
    assert cleaned.rows["source_row"].tolist() == [1, 3, 4]
    assert reasons(cleaned.merged) == {2: "netted_full", 5: "netted_full"}


@pytest.mark.parametrize(
    ("purchase", "cancellation"),
    [
        (("1", "A1", "2023-01-05", "3", "30"), ("C2", "B1", "2023-01-07", "-3", "-30")),
        (("1", "A1", "2023-01-08", "3", "30"), ("C2", "A1", "2023-01-07", "-3", "-30")),
        (("1", "A1", "2023-01-05", "3", "30"), ("C2", "A1", "2023-01-07", "-4", "-40")),
        (("1", "A1", "2023-01-05", "3", "30"), ("C2", "A1", "2023-01-07", "-3", "-27")),
        (("1", "", "2023-01-05", "3", "30"), ("C2", "", "2023-01-07", "-3", "-30")),
    ],
    ids=["other article", "earlier", "more pieces", "other price", "no article"],
)
def test_a_cancellation_without_its_purchase_stays_negative(purchase, cancellation):
    cleaned = clean_lines(ONLINE, [purchase, cancellation])
    assert len(cleaned.merged) == 0
    assert cleaned.rows["is_return"].tolist() == [False, True]
    assert cleaned.rows["amount"].sum() == 30 + float(cancellation[-1])


def test_another_customers_purchase_is_not_touched():
    cleaned = clean_lines(
        "customer_id sku quantity amount", [("C1", "A1", "1", "9"), ("C2", "A1", "-1", "-9")]
    )
    assert len(cleaned.merged) == 0


def test_the_same_instant_and_a_cent_of_rounding_still_net():
    cleaned = clean_lines(
        ONLINE, [("1", "A1", "2023-01-05", "3", "10"), ("C2", "A1", "2023-01-05", "-3", "-9.99")]
    )
    # 10/3 = 3.3333 and 9.99/3 = 3.33 differ by less than .01; the cent stays in the merged pair
    assert len(cleaned.rows) == 0
    assert round(cleaned.merged["amount"].sum(), 4) == 0.01


def test_without_quantities_only_equal_amounts_net():
    cleaned = clean_lines(
        "sku ordered_at amount",
        [("A1", "2023-01-05", "9"), ("A1", "2023-01-06", "-9"), ("A1", "2023-01-07", "-4")],
    )
    assert reasons(cleaned.merged) == {1: "netted_full", 2: "netted_full"}
    assert cleaned.rows["amount"].tolist() == [-4]


def test_without_articles_nothing_is_netted():
    cleaned = clean_lines("order_id quantity amount", [("1", "1", "9"), ("C2", "-1", "-9")])
    assert len(cleaned.merged) == 0
    assert cleaned.rows["amount"].tolist() == [9, -9]


def test_a_line_is_merged_only_when_it_proves_to_be_the_same():
    by_line = clean_lines(
        "order_id line_no amount", [("1", "1", "5"), ("1", "1", "5"), ("1", "2", "5"), ("2", "1", "5")]
    )
    assert by_line.merged[["source_row", "reason", "merged_into"]].values.tolist() == [
        [2, "duplicate_line", 1]
    ]
    by_article = clean_lines(
        "order_id sku amount", [("1", "A", "5"), ("1", "A", "5"), ("1", "A", "6"), ("1", "A", "5")]
    )
    assert by_article.merged[["source_row", "merged_into"]].values.tolist() == [[2, 1], [4, 1]]
    assert by_article.rows["source_row"].tolist() == [1, 3]


def test_lines_that_only_look_the_same_are_kept_and_counted():
    cleaned = clean_lines("amount", [("5",), ("5",), ("6",), ("5",)])
    assert len(cleaned.merged) == 0
    assert cleaned.rows["is_suspected_duplicate"].tolist() == [False, True, False, True]
    unproved = clean_lines("order_id amount", [("1", "5"), ("1", "5")])
    assert unproved.rows["is_suspected_duplicate"].tolist() == [False, True]


def test_a_duplicate_of_a_purchase_is_merged_before_it_is_netted():
    cleaned = clean_lines(
        ONLINE,
        [
            ("1", "A1", "2023-01-05", "1", "9"),
            ("1", "A1", "2023-01-05", "1", "9"),
            ("C2", "A1", "2023-01-06", "-1", "-9"),
        ],
    )
    assert reasons(cleaned.merged) == {1: "netted_full", 2: "duplicate_line", 3: "netted_full"}


def test_orders_minutes_apart_are_near_duplicates():
    cleaned = clean_lines(
        "order_id sku ordered_at amount",
        [
            ("1", "A", "2023-01-05 10:00", "5"),
            ("2", "A", "2023-01-05 10:04", "5"),
            ("3", "A", "2023-01-05 10:10", "5"),
            ("4", "A", "2023-01-05 10:05", "6"),
            ("5", "B", "2023-01-05 10:01", "5"),
            ("2", "A", "2023-01-05 10:05", "5"),
        ],
    )
    # line 2 is 4 minutes after order 1; line 6, of order 2, is 5 minutes after order 1;
    # line 3, of order 3, is 5 minutes after line 6
    assert cleaned.rows["is_near_duplicate"].tolist() == [False, True, True, False, False, True]
    days = clean_lines("order_id sku amount", [("1", "A", "5"), ("2", "A", "5")])
    assert not days.rows["is_near_duplicate"].any()


def test_assumptions_about_whole_columns_are_said():
    cleaned = clean_lines("customer_id order_id amount", [("0", "1", "5"), ("C1", "", "6")])
    said = cleaned.audit[cleaned.audit["source_row"].isna()]
    assert said[["column", "after"]].values.tolist() == [
        ["order_id", "1 lines without an order number"],
        ["customer_id", "1 lines"],
    ]
    assert cleaned.rows["customer_id"].tolist() == ["0", "C1"]


def test_merged_lines_of_several_files_name_the_file():
    raw = pd.DataFrame({
        "order_id": ["1", "1"],
        "line_no": ["1", "1"],
        "customer_id": ["C", "C"],
        "ordered_at": ["2023-01-05"] * 2,
        "amount": ["5", "5"],
        "source_row": [2, 2],
        "source_file": ["a.csv", "b.csv"],
    })
    merged = clean_table(raw, "orders").merged
    assert merged[["source_file", "source_row", "merged_into", "merged_into_file"]].values.tolist() == [
        ["b.csv", 2, 2, "a.csv"]
    ]


def test_the_summary_adds_up_in_lines_and_money():
    cleaned = clean_lines(
        "order_id sku ordered_at quantity amount customer_id",
        [
            ("1", "A1", "2023-01-05", "5", "50", "C1"),
            ("C3", "A1", "2023-01-07", "-2", "-20", "C1"),
            ("1", "A1", "2023-01-05", "5", "50", "C1"),
            ("4", "A1", "2023-01-08", "1", "11", ""),
            ("5", "B1", "2023-01-08", "1", "0", "C2"),
            ("C6", "B1", "2023-01-09", "-1", "-3", "C3"),
        ],
    )
    table = summarize_cleaning(cleaned)
    assert table[["item", "n_lines", "amount"]].values.tolist() == [
        # 30 + 0 − 3 kept, 50 merged as duplicate, 11 set aside: 88 = 50 − 20 + 50 + 11 + 0 − 3
        ["read", 6, 88],
        ["kept", 3, 27],
        ["merged", 2, 50],
        ["duplicate_line", 1, 50],
        ["netted_partial", 1, -20],
        ["quarantined", 1, 11],
        ["missing_customer_id", 1, 11],
        ["returns", 1, -3],
        ["zero_amount", 1, 0],
        ["suspected_duplicate", 0, 0],
        ["near_duplicate", 0, 0],
        ["corrected", 1, 30],
    ]
