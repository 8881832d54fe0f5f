"""The account of the cleaning as it leaves a lesson: Chinese words, nothing the contract does not know."""

import pandas as pd

from crm_lib.identify import RULES, clean_table
from crm_lib.lesson import account_tables
from crm_lib.readwrite import read_table

LINES = """order_id,line_no,customer_id,ordered_at,quantity,unit_price,amount,returned,phone
A1,1,C1,2024-01-02,1,10,10,否,13800000000
A2,1,,2024-01-03,1,10,10,否,
A3,1,C2,2024-01-04,1,20,20,否,
A3,1,C2,2024-01-04,1,20,20,否,
"""


def test_reasons_rules_and_columns_are_chinese(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(LINES, encoding="utf-8")
    tables = account_tables(clean_table(read_table(path, "orders"), "orders"))
    assert tables["quarantine"]["reason"].tolist() == ["缺少客户编号"]
    assert tables["merged"]["reason"].tolist() == ["重复的订单行"]
    audit = tables["audit"]
    assert set(audit["rule"]) <= {title for _, title in RULES.values()}
    assert "是否退货" in set(audit["column"])
    for frame in (tables["quarantine"], tables["merged"]):
        assert "phone" not in frame.columns
        assert "is_return" in frame.columns


def test_a_clean_file_has_empty_tables(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,customer_id,ordered_at,amount\nA1,C1,2024-01-02,10\n", encoding="utf-8")
    tables = account_tables(clean_table(read_table(path, "orders"), "orders"))
    assert [len(frame) for frame in tables.values()] == [0, 0, 0]
    assert all(isinstance(frame, pd.DataFrame) for frame in tables.values())
