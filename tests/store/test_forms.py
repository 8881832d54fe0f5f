"""Paper forms: totals by hand, pages, contents of a bag, masks, escaping, the same bytes, A4."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.store import (
    make_bag_sheets,
    make_card_sheets,
    make_register_sheets,
    mask_private,
    write_forms_html,
    write_forms_word,
)
from crm_lib.store.forms_data import sum_transactions

PHONE, MAIL, STREET = "15412345678", "xiaoming@example.com", "东湖区解放路109号1504室"
CUSTOMERS = pd.DataFrame({
    "customer_no": ["KH2", "KH1"],
    "name": ["李<b>芳</b>", "王小明"],
    "phone": ["154****0000", PHONE],  # the first is masked already
    "email": [None, MAIL],
    "address": [None, STREET],
    "city": ["武汉市", "杭州市"],
    "channel": ["store", "web"],
    "registered_on": pd.to_datetime(["2024-05-01", "2023-02-03"]),
})
LINES = pd.DataFrame({
    "customer_no": ["KH1", "KH1", "KH1", "KH2"],
    "order_id": ["D1", "D1", "D2", "D3"],
    "ordered_at": pd.to_datetime(["2024-01-05", "2024-01-05", "2024-03-01", "2024-02-01"]),
    "amount": [10.10, 20.20, -10.10, -5.0],
})


def roster(n):
    return pd.DataFrame({
        "customer_no": [f"KH{i:04d}" for i in range(n)],
        "name": ["王小明"] * n,
        "n_orders": range(n),
        "revenue": [0.1 * i for i in range(n)],
    }).astype({"revenue": "float64"})


def test_the_sums_of_a_customer_by_hand():
    sums = sum_transactions(LINES)
    # D2 holds a return only, so it is no order; 10.10 + 20.20 − 10.10
    assert sums.loc["KH1", ["n_orders", "revenue"]].tolist() == [1, 20.2]
    assert sums.loc["KH2", ["n_orders", "revenue"]].tolist() == [0, -5.0]
    assert f"{sums.loc['KH1', 'last_on']:%Y-%m-%d}" == "2024-03-01"
    assert sum_transactions(None).empty


def test_a_card_holds_what_is_known_and_nothing_in_full():
    cards = make_card_sheets(CUSTOMERS, transactions=LINES, grades=pd.DataFrame(
        {"customer_no": ["KH1"], "kind": ["value"], "grade": ["A"]}
    ))  # fmt: skip
    assert [c.number for c in cards] == ["KH1", "KH2"]
    facts = dict(pair for _, pairs in cards[0].groups for pair in pairs)
    assert facts["手机号"] == "154****5678"
    assert facts["姓名"] == "王**"
    assert facts["消费金额（元）"] == "20.20"
    assert (facts["价值等级"], facts["信用等级"]) == ("A", "—")
    assert facts["登记渠道"] == "网店"
    second = dict(pair for _, pairs in cards[1].groups for pair in pairs)
    assert second["手机号"] == "154****0000"
    assert second["电子邮箱"] == "—"
    assert not {PHONE, MAIL, STREET, "王小明"} & set(str(cards).split("'"))


def test_what_is_asked_for_by_name_is_shown_and_nothing_else():
    shown = mask_private(CUSTOMERS, reveal=["phone"])
    assert shown["phone"].tolist() == ["154****0000", PHONE]
    assert STREET not in shown["address"].tolist()
    with pytest.raises(ParameterError, match="reveal must be one of"):
        mask_private(CUSTOMERS, reveal=["city"])
    assert CUSTOMERS["name"].tolist() == ["李<b>芳</b>", "王小明"]


def test_page_totals_by_hand():
    pages = make_register_sheets(roster(5), rows_per_page=2)
    assert [p.number for p in pages] == ["第 1 页，共 3 页", "第 2 页，共 3 页", "第 3 页，共 3 页"]
    ends = [p.tables[0][1][-2:] for p in pages]
    # pages hold 0+1, 2+3, 4 orders; 0.0+0.1, 0.2+0.3, 0.4 yuan
    assert [(e[0][0], e[0][-2], e[0][-1]) for e in ends] == [
        ("本页小计", "1", "0.10"), ("本页小计", "5", "0.50"), ("本页小计", "4", "0.40"),
    ]  # fmt: skip
    assert [(e[1][0], e[1][1], e[1][-2], e[1][-1]) for e in ends] == [
        ("累计", "2 位", "1", "0.10"), ("累计", "4 位", "6", "0.60"), ("合计", "5 位", "10", "1.00"),
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(n=st.integers(0, 70), per_page=st.integers(1, 60))
def test_every_customer_stands_on_one_page_and_the_pages_add_up(n, per_page):
    frame = roster(n)
    pages = make_register_sheets(frame.iloc[::-1], rows_per_page=per_page)
    rows = [row for p in pages for row in p.tables[0][1][1:-2]]
    assert [r[1] for r in rows] == frame["customer_no"].tolist()
    assert len(pages) == max(1, -(-n // per_page))
    small = sum(int(p.tables[0][1][-2][-2].replace(",", "")) for p in pages)
    assert small == int(pages[-1].tables[0][1][-1][-2].replace(",", "")) == sum(range(n))


def test_a_bag_lists_what_is_in_it():
    bag = make_bag_sheets(CUSTOMERS.head(1), {"transactions": LINES, "grades": LINES.head(0)})[0]
    rows = dict(bag.tables)["袋内资料目录"]
    assert rows[1][1:3] == ("客户资料卡", "1")
    assert rows[2][1:] == ("交易记录", "1", "2024-02-01", "2024-02-01", "数据库")
    assert rows[3][1:] == ("企业自设等级", "0", "", "", "无")
    assert dict(bag.tables)["借阅登记"][0] == ("借出日期", "借阅人", "用途", "归还日期")
    with pytest.raises(ParameterError, match="files must be one of"):
        make_bag_sheets(CUSTOMERS, {"orders": LINES})


def test_faults_are_said():
    with pytest.raises(DataError, match="1 stand again"):
        make_card_sheets(pd.concat([CUSTOMERS, CUSTOMERS.head(1)]))
    with pytest.raises(ParameterError, match=r"rows_per_page must be in \[1, 60\]"):
        make_register_sheets(roster(3), rows_per_page=0)
    with pytest.raises(DataError, match="needs at least one sheet"):
        write_forms_html("x.html", [], title="表单")


def all_sheets():
    return [
        *make_card_sheets(CUSTOMERS, transactions=LINES),
        *make_register_sheets(roster(30), rows_per_page=20),
        *make_bag_sheets(CUSTOMERS, {"transactions": LINES}),
    ]


def test_the_page_is_escaped_fetches_nothing_and_is_the_same_every_time(tmp_path):
    shown = make_card_sheets(CUSTOMERS, reveal=["name"])
    page = write_forms_html(tmp_path / "a.html", shown, title="表单").read_text("utf-8")
    assert "<b>芳" not in page
    assert "李&lt;b&gt;芳" in page
    assert "http" not in page.split("</style>")[1]
    assert "@page" in page
    first = write_forms_html(tmp_path / "b.html", all_sheets(), title="表单").read_bytes()
    assert write_forms_html(tmp_path / "c.html", all_sheets(), title="表单").read_bytes() == first
    for private in (PHONE, MAIL, STREET):
        assert private not in first.decode("utf-8")


def test_the_word_document_holds_the_same_and_is_the_same_every_time(tmp_path):
    import docx

    path = write_forms_word(tmp_path / "a.docx", all_sheets(), title="表单")
    assert write_forms_word(tmp_path / "b.docx", all_sheets(), title="表单").read_bytes() == path.read_bytes()
    document = docx.Document(str(path))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    assert {"154****5678", "合计", "30 位", "袋内", "借阅人"} <= set(cells)
    assert PHONE not in "".join(cells)


@pytest.mark.needs("chromium")
@pytest.mark.slow
def test_printed_on_a4_two_cards_a_page_and_a_page_each_for_the_others(tmp_path):
    from crm_lib.publish.pdf import write_pdf

    page = write_forms_html(tmp_path / "forms.html", all_sheets(), title="表单")
    printed = write_pdf(page, tmp_path / "forms.pdf").read_bytes()
    # one sheet for two cards, two pages of the register, two bags
    assert printed.count(b"/Type /Page\n") == 5
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed or b"/MediaBox [0 0 595" in printed
