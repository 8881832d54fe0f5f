"""Real data: the published counts of CDNOW, and a file read and cleaned in one go."""

from __future__ import annotations

import pandas as pd

from crm_lib import sample
from crm_lib.identify import clean_table, summarize_cleaning
from crm_lib.readwrite import read_table


def test_cdnow_is_kept_whole_and_its_oddities_counted():
    raw = pd.read_csv(sample.path("cdnow"), dtype=str).rename(columns={"date": "ordered_at"})
    cleaned = clean_table(raw, "orders")
    counts = summarize_cleaning(cleaned).set_index("item")["n_lines"]
    assert counts.to_dict() == {
        "read": 69_659,
        "kept": 69_659,
        "merged": 0,
        "quarantined": 0,
        "returns": 0,
        "zero_amount": 80,
        "suspected_duplicate": 255,
        "near_duplicate": 0,
        "corrected": 0,
    }
    rows = cleaned.rows
    assert rows["customer_id"].nunique() == 23_570
    assert rows["ordered_at"].agg(["min", "max"]).astype(str).tolist() == ["1997-01-01", "1998-06-30"]
    # an independent count of the identical lines
    assert raw.duplicated().sum() == rows["is_suspected_duplicate"].sum() == 255


def test_a_file_is_read_and_cleaned(tmp_path):
    text = (
        '单位：万元,,,\r\n订单号,客户编号,下单时间,金额\r\n\'000123,００7,2023年1月5日,"1.25"\r\n'
        "000124,匿名,2023-01-06,1\r\n合计,,,2.25\r\n"
    )
    file = tmp_path / "订单.csv"
    file.write_bytes(text.encode("gb18030"))
    cleaned = clean_table(read_table(file, "orders"), "orders")
    assert cleaned.rows[["order_id", "customer_id", "amount"]].values.tolist() == [["000123", "007", 12_500]]
    assert cleaned.quarantine[["source_row", "reason"]].values.tolist() == [
        [4, "missing_customer_id"],
        [5, "totals_row"],
    ]
    assert cleaned.rows["source_row"].tolist() == [3]
