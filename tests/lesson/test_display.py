"""What a lesson shows: readable, escaped."""

import json

import pandas as pd
import pytest

from crm_lib.lesson import display, exports
from crm_lib.lesson.words import choose_as_of, choose_currency, describe_sweep

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    seen = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **more: seen.append((data, more)))
    return seen


def test_finding_escapes_everything_but_bold(shown):
    display.finding(f"**{HOSTILE}** 占 5%")
    page = shown[0][0]["text/html"]
    assert "<strong>&lt;script&gt;" in page
    assert "<script>" not in page


def test_table_has_chinese_titles_caption_and_escaped_cells(shown):
    frame = pd.DataFrame({"customer_id": [HOSTILE], "revenue": [1234.5], "customer_share": [0.1234]})
    display.show_table(frame, f"标题{HOSTILE}")
    page = shown[0][0]["text/html"]
    assert "<script>" not in page
    for text in ("客户编号", "消费金额", "1,234.50", "12.3%", 'scope="col"', "<caption>标题&lt;script"):
        assert text in page


def test_a_table_without_rows_says_so(shown):
    display.show_table(pd.DataFrame({"customer_id": [], "revenue": []}), "谁也没有")
    assert '<td colspan="2">没有这样的行。</td>' in shown[0][0]["text/html"]
    assert "没有这样的行。" in shown[0][0]["text/plain"]


def test_table_says_how_many_rows_it_leaves_out(shown):
    display.show_table(pd.DataFrame({"k": range(30)}), "很长的表", most=5)
    assert "共 30 行，显示前 5 行" in shown[0][0]["text/html"]
    assert shown[0][0]["text/html"].count("<tr>") == 6


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (None, "revenue", "—"),
        (float("nan"), "revenue", "—"),
        (pd.NaT, "ordered_at", "—"),
        (pd.Timestamp("2024-01-05"), "ordered_at", "2024-01-05"),
        (pd.Timestamp("2024-01-05 08:30"), "ordered_at", "2024-01-05 08:30"),
        (1234567, "n_orders", "1,234,567"),
        (0.5, "silhouette", "0.5"),
        (True, "is_return", "True"),
        ("007", "customer_id", "007"),
    ],
)
def test_values_read_well(value, column, text):
    assert display.format_value(value, column) == text


def test_result_json_is_sorted_plain_and_repeatable(tmp_path):
    result = {"b": float("nan"), "a": pd.Series([1, 2]).sum(), "t": pd.DataFrame({"x": [1.5], "s": ["客户"]})}
    exports.write_result(tmp_path / "one.json", result)
    exports.write_result(tmp_path / "two.json", dict(reversed(result.items())))
    text = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.json").read_text(encoding="utf-8")
    assert json.loads(text)["result"] == {"a": 3, "b": None, "t": [{"x": 1.5, "s": "客户"}]}


def test_as_of_is_the_day_after_the_last_order_never_today():
    rows = pd.DataFrame({"ordered_at": pd.to_datetime(["1997-12-30 00:00", "1997-12-31 23:59"])})
    assert choose_as_of("", rows) == "1998-01-01"
    assert choose_as_of("1997-06-30", rows) == "1997-06-30"


def test_currency_follows_the_source():
    assert [
        choose_currency("", "cdnow"),
        choose_currency("", "my.csv"),
        choose_currency("欧元", "cdnow"),
    ] == [
        "美元",
        "元",
        "欧元",
    ]


@pytest.mark.parametrize(("value", "said"), [(0.7, "分得很开"), (0.4, "有重叠"), (0.1, "连成一片")])
def test_the_sentence_on_clusters_follows_the_silhouette(value, said):
    sweep = pd.DataFrame({"k": [2, 3], "silhouette": [0.0, value]})
    sweep.attrs = {"recommended_k": 3, "n_customers": 50}
    assert said in describe_sweep(sweep)
    assert f"{value:.2f}" in describe_sweep(sweep)


def test_the_sentence_without_clusters():
    sweep = pd.DataFrame({"k": [], "silhouette": []})
    sweep.attrs = {"recommended_k": None, "n_customers": 1}
    assert "一共 1 位客户" in describe_sweep(sweep)
