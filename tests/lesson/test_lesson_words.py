"""Computed sentences on tables without customers' differences, money or structure; the look; wrong file names."""

from dataclasses import dataclass, field

import pandas as pd
import pytest

from crm_lib import errors
from crm_lib.catalogue import say
from crm_lib.errors import CrmError, ReadError
from crm_lib.lesson import (
    data_source,
    describe_cleaning,
    describe_customers,
    describe_segments,
    describe_sweep,
)
from crm_lib.lesson.checks import Check, grade_answer
from crm_lib.lesson.display import show_figure
from crm_lib.lesson.kernel import show_look
from crm_lib.publish.outputs import Numbering, render_outputs


def summary(*rows):
    """Return a summary of segments from (name, n, revenue)."""
    frame = pd.DataFrame(rows, columns=["segment", "n_customers", "revenue"])
    total = frame["revenue"].sum()
    frame["customer_share"] = frame["n_customers"] / frame["n_customers"].sum()
    frame["revenue_share"] = frame["revenue"] / total if total > 0 else float("nan")
    return frame


def test_segments_name_the_richest_and_the_largest():
    text = describe_segments(summary(("冠军客户", 1, 75.0), ("流失客户", 3, 25.0)), scheme="classic")
    assert "**冠军客户**：1 人，占客户的 25.0%，占消费金额的 75.0%。" in text
    assert "**流失客户**：3 人，占客户的 75.0%。" in text


def test_one_segment_gives_no_order_and_no_measure():
    text = describe_segments(summary(("需要关注客户", 20, 1000.0)), scheme="classic")
    assert text == say("segments.one", n="20", name="需要关注客户")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("冠军客户", 1, 50.0), ("流失客户", 1, -50.0)], "segments.no_share"),
        ([("冠军客户", 1, -1.0), ("流失客户", 1, -50.0)], "segments.no_money"),
        ([("冠军客户", 1, 0.0), ("流失客户", 1, 0.0)], "segments.no_money"),
    ],
)
def test_no_share_of_nothing(rows, said):
    text = describe_segments(summary(*rows), scheme="classic")
    assert say(said) in text
    assert "nan" not in text


def test_few_customers_are_never_called_well_separated():
    sweep = pd.DataFrame({"k": [2, 3], "silhouette": [0.9, 0.8]})
    sweep.attrs = {"recommended_k": 2, "n_customers": 19}
    assert describe_sweep(sweep).endswith(say("sweep.few", n="19", least=10))
    sweep.attrs["n_customers"] = 20
    assert describe_sweep(sweep).endswith(say("sweep.good"))


def test_customers_with_returns_only_are_counted():
    rfm = pd.DataFrame({"n_orders": [0, 1], "revenue": [-5.0, 5.0]})
    rfm.attrs = {"as_of": "2024-01-01", "n_later": 0}
    assert "有 1 位客户只有退货" in describe_customers(rfm, unit="元")


@dataclass
class Account:
    rows: pd.DataFrame
    merged: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"reason": []}))
    quarantine: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"reason": []}))


def test_the_account_is_checked_against_the_file(monkeypatch):
    from crm_lib.lesson import words

    monkeypatch.setattr(words, "count_items", lambda cleaned: {})
    cleaned = Account(pd.DataFrame({"order_id": ["1", "2"], "amount": [1.0, 2.0]}))
    assert "账目相符" in describe_cleaning(cleaned, n_read=2)
    assert "账目不符" in describe_cleaning(cleaned, n_read=3)
    assert "账目" not in describe_cleaning(cleaned)


def test_a_wrong_file_name_is_a_chinese_sentence_with_the_nearest_files(tmp_path, monkeypatch):
    (tmp_path / "我的订单.xlsx").write_bytes(b"x")
    (tmp_path / "1_tour.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReadError, match="没有找到文件“我的订单.csv”.*我的订单.xlsx") as refused:
        data_source("我的订单.csv")
    assert "ipynb" not in str(refused.value)
    with pytest.raises(ReadError, match="没有名为“nowhere”的文件夹"):
        data_source("nowhere/orders.csv")
    assert data_source("我的订单.xlsx") == "我的订单.xlsx"
    for left_to_the_reader in ("*.csv", "sqlite:///a.db#orders", "env:ORDERS", "book.xlsx#Sheet1"):
        assert data_source(left_to_the_reader) == left_to_the_reader


def test_every_kind_of_error_and_warning_has_a_chinese_name():
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)]
    for kind in kinds:
        section = "warning" if issubclass(kind, Warning) else "error"
        assert say(f"{section}.{kind.__name__}")


def test_variables_spoilt_by_the_student_are_said_not_traced():
    check = Check("t", "answer", 1, ("rows",), lambda data: data["rows"]["amount"].sum())
    with pytest.raises(CrmError, match="rows"):
        grade_answer(check, 3, {"rows": 5})


def test_blank_right_and_wrong_look_different():
    check = Check("t", "answer", 1, (), lambda data: 1)
    kinds = {a: grade_answer(check, a, {})._repr_html_().split('"')[1].split()[-1] for a in (None, 1, 2)}
    assert kinds == {None: "crm-check-blank", 1: "crm-check-right", 2: "crm-check-wrong"}


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    seen = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **more: seen.append(data))
    return seen


def test_the_look_of_jupyterlab_leaves_no_trace_in_a_report(shown):
    show_look()
    (data,) = shown
    for name in (
        "crm-finding",
        "crm-check-wrong",
        "crm-check-right",
        "crm-warning",
        "crm-table",
        "crm-caption",
    ):
        assert f".{name}" in data["text/html"]
    assert render_outputs([{"output_type": "display_data", "data": data, "metadata": {}}], Numbering()) == ""


def test_a_figure_has_its_caption_in_jupyterlab_and_one_only_in_a_report(shown, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.delenv("CRM_OUTPUT_DIR", raising=False)
    show_figure(plt.subplots()[1], "图注 <b>")
    assert [set(data) for data in shown] == [{"image/svg+xml", "text/plain"}, {"text/html", "text/plain"}]
    assert "图注 &lt;b&gt;" in shown[1]["text/html"]
    shown.clear()
    monkeypatch.setenv("CRM_OUTPUT_DIR", "somewhere")
    show_figure(plt.subplots()[1], "图注")
    assert [set(data) for data in shown] == [{"image/svg+xml", "text/plain"}]


@pytest.mark.parametrize(
    ("structure", "rule", "said", "unsaid"),
    [
        (True, "valleys", "都有客户稀少的低谷", "改用三个指数"),
        (True, "ranks", "改用三个指数的名次", "所以它们是分开的"),
        (True, "agreement", "三个指数都推荐这个群数", "分得很开"),
        (True, "ranks", "边界上的客户不必较真", "分得很开"),
        (False, "ranks", "检验没有发现分开的群", "分得很开"),
        (None, "ranks", "分得很开", "低谷"),
    ],
)
def test_the_sentence_on_clusters_follows_the_test_for_structure(structure, rule, said, unsaid):
    sweep = pd.DataFrame({"k": [2, 3], "silhouette": [0.2, 0.7]})
    sweep.attrs = {"recommended_k": 3, "n_customers": 500, "structure": structure, "rule": rule}
    text = describe_sweep(sweep)
    assert said in text
    assert unsaid not in text
