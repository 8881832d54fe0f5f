"""What holds for every table, however dirty."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError
from crm_lib.identify import REASONS, RULES, clean_table, summarize_cleaning
from crm_lib.identify.reasons import MERGE_REASONS, PRIORITY

ANY_TEXT = st.one_of(st.none(), st.text(max_size=8))
CUSTOMERS = st.sampled_from(["A", "Ａ", "B ", "B", "0", "", None, "匿名", 7, 7.0, "7.0"])
DATES = st.sampled_from(
    [
        "2023-01-05",
        "2023/1/6",
        "2023年1月7日",
        "20230108",
        "9/1/2023",
        "2023-02-30",
        "",
        None,
        "2023-01-05 10:02",
    ]
    + ["2023-01-05 10:04", 44931, "44931.5", pd.Timestamp("2023-01-06")]
)
QUANTITIES = st.sampled_from(["1", "2", "3", "-1", "-2", "－1", "x", None, "0", 2])
PRICES = st.sampled_from(["10", "¥10", "3.3333", None, "(3)"])
AMOUNTS = st.sampled_from([
    "10",
    "20",
    "-10",
    "-20",
    "30",
    "¥1,000",
    "1.2万",
    "inf",
    None,
    "",
    "0",
    "(10)",
    10,
    "$3",
])
LINE = st.fixed_dictionaries({
    "order_id": st.sampled_from(["1", "2", "3", "C4", "", None]),
    "line_no": st.sampled_from(["1", "2", None, "x"]),
    "customer_id": CUSTOMERS,
    "ordered_at": DATES,
    "sku": st.sampled_from(["A1", "10001", "POST", "M", None, "Ａ1"]),
    "quantity": QUANTITIES,
    "unit_price": PRICES,
    "discount": st.sampled_from([None, "10%", "8折", "7"]),
    "amount": AMOUNTS,
    "returned": st.sampled_from([None, "是", "否", "?"]),
    "status": st.sampled_from([None, "交易成功", "退款成功", "待付款"]),
    "note": ANY_TEXT,
})


FEWER = settings(max_examples=40)


def make_frame(lines, columns=None):
    raw = pd.DataFrame(lines, columns=columns or list(LINE.wrapped_strategy.mapping), dtype=object)
    return raw if columns is None else raw[columns]


def clean_lines(raw):
    """Clean; random lines that look like totals of their order are refused in words, and are another test's."""
    try:
        return clean_table(raw, "orders", date_order="dmy")
    except DataError as refused:
        if "total of the order" not in str(refused) and "repeats one number" not in str(refused):
            raise
        reject()


@FEWER
@given(st.lists(LINE, max_size=25))
def test_no_row_is_lost_and_every_reason_is_known(lines):
    raw = make_frame(lines)
    before = raw.copy(deep=True)
    cleaned = clean_lines(raw)
    pd.testing.assert_frame_equal(raw, before)
    parts = [cleaned.rows, cleaned.merged, cleaned.quarantine]
    assert sorted(r for p in parts for r in p["source_row"]) == list(range(1, len(raw) + 1))
    assert set(cleaned.quarantine["reason"]) <= set(PRIORITY) <= set(REASONS)
    assert set(cleaned.merged["reason"]) <= set(MERGE_REASONS)
    assert set(cleaned.audit["rule"].str.split(":").str[0]) <= set(RULES)
    assert not set(cleaned.audit["source_row"].dropna()) & set(cleaned.quarantine["source_row"])
    table = summarize_cleaning(cleaned).set_index("item")
    for column in ("n_lines", "amount"):
        parts = table.loc[["kept", "merged", "quarantined"], column].sum()
        assert round(table.loc["read", column] - parts, 4) == 0


@FEWER
@given(st.lists(LINE, max_size=25))
def test_cleaning_what_is_clean_changes_nothing(lines):
    once = clean_lines(make_frame(lines))
    twice = clean_table(once.rows, "orders")
    pd.testing.assert_frame_equal(twice.rows, once.rows)
    assert len(twice.merged) == len(twice.quarantine) == 0
    assert twice.audit["source_row"].isna().all()


@FEWER
@given(st.lists(LINE, max_size=25))
def test_every_unaudited_kept_cell_reads_as_it_was_written(lines):
    raw = make_frame(lines)
    cleaned = clean_lines(raw)
    touched = set(zip(cleaned.audit["source_row"], cleaned.audit["column"], strict=True))
    for column in ("customer_id", "sku", "order_id"):
        for row, value in zip(cleaned.rows["source_row"], cleaned.rows[column], strict=True):
            written = raw[column].iloc[row - 1]
            if (row, column) not in touched:
                plain = str(int(written)) if isinstance(written, (int, float)) else (written or None)
                assert (None if pd.isna(value) else value) == plain


PIECES = st.integers(-3, 4).filter(bool)
SIMPLE = st.tuples(
    st.sampled_from("AB"),
    st.sampled_from(["x1", "y2", None]),
    st.integers(1, 5),
    PIECES,
    st.sampled_from([10, 3.335]),
)


@FEWER
@given(st.lists(SIMPLE, min_size=1, max_size=30))
def test_money_is_conserved_to_the_last_ten_thousandth(lines):
    raw = pd.DataFrame(lines, columns=["customer_id", "sku", "day", "quantity", "price"])
    raw["ordered_at"] = "2023-01-0" + raw.pop("day").astype(str)
    raw["amount"] = (raw["quantity"] * raw.pop("price")).round(4)
    cleaned = clean_table(raw, "orders")
    inside = cleaned.merged["reason"] == "netted_partial"
    units = [
        (f["amount"].astype(float) * 10_000).round().sum()
        for f in (raw, cleaned.rows, cleaned.merged[~inside])
    ]
    assert units[0] == units[1] + units[2]
    # what is netted in full cancels out, and pieces are conserved like money
    full = cleaned.merged[cleaned.merged["reason"] == "netted_full"]
    assert full["quantity"].sum() == 0
    assert raw["quantity"].sum() == cleaned.rows["quantity"].sum()
    assert (cleaned.rows.loc[~cleaned.rows["is_return"], "amount"] >= 0).all()


@FEWER
@given(st.lists(SIMPLE, min_size=1, max_size=30))
def test_netting_leaves_no_cancellation_that_still_fits(lines):
    """An independent, slow check: no remaining return has a purchase it could be netted with."""
    raw = pd.DataFrame(lines, columns=["customer_id", "sku", "day", "quantity", "price"])
    raw["ordered_at"] = "2023-01-0" + raw.pop("day").astype(str)
    raw["amount"] = (raw["quantity"] * raw.pop("price")).round(4)
    rows = clean_table(raw, "orders").rows.dropna(subset="sku")
    for back in rows[rows["is_return"]].itertuples():
        fits = rows[
            ~rows["is_return"]
            & (rows["customer_id"] == back.customer_id)
            & (rows["sku"] == back.sku)
            & (rows["ordered_at"] <= back.ordered_at)
            & (rows["quantity"] >= -back.quantity)
            & ((rows["amount"] / rows["quantity"] - back.amount / back.quantity).abs() <= 0.01)
        ]
        assert len(fits) == 0


@FEWER
@given(
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(("customer_id", "ordered_at", "amount"), ANY_TEXT)), max_size=12
    )
)
def test_any_text_at_all_is_accounted_for(lines):
    raw = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"], dtype=object)
    assert clean_table(raw, "orders", date_order="dmy").n_in == len(raw)
