"""Figures of prospects and experience: what is drawn is what was computed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from crm_lib.errors import CrmError
from crm_lib.plots.behaviour import plot_effort, plot_methods, plot_waiting


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def make_methods():
    return pd.DataFrame({
        "source_method": ["网络寻找法", "普访寻找法", ""],
        "family": ["electronic", "traditional", "other"],
        "n_leads": [1200, 30, 5],
        "yield_share": [0.5, 0.2, 0.0],
        "low_share": [0.47, 0.1, 0.0],
        "high_share": [0.53, 0.37, 0.43],
    })


def test_each_method_has_its_point_and_interval():
    ax = plot_methods(make_methods())
    points = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
    assert points == [[0.5, 0], [0.2, 1], [0.0, 2]]
    bars = [line.get_xdata().tolist() for line in ax.lines if line.get_marker() != "o"]
    assert bars == [[0.47, 0.53], [0.1, 0.37], [0.0, 0.43]]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "网络寻找法（1,200）",
        "普访寻找法（30）",
        "没有写明（5）",
    ]
    assert ax.yaxis_inverted()  # the first row on top
    assert "n = 1,235" in ax.get_title(loc="left")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["传统方法", "电子方法", "其他"]


def test_an_unknown_family_counts_as_other():
    methods = make_methods().iloc[:1]
    ax = plot_methods(methods.assign(family="new"))
    other = plot_methods(methods.assign(family="other"))
    assert ax.lines[0].get_color() == other.lines[0].get_color()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["其他"]


def make_waiting():
    return pd.DataFrame({
        "actual_wait_min": [10.0, 10.0, 5.0, None],
        "felt_wait_min": [5.0, 20.0, 1.0, 3.0],
        "experience": ["very_good", "very_poor", "very_good", None],
    })


def test_each_pair_has_its_mark():
    ax = plot_waiting(make_waiting())
    marks = [c.get_offsets().tolist() for c in ax.collections]
    assert marks == [[[10, 5], [5, 1]], [[10, 20]]]  # the pair without a class is not drawn
    (line,) = ax.lines
    assert list(line.get_xdata()) == list(line.get_ydata()) == pytest.approx([0, 21.0])  # 20 × 1.05
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["很好", "很差"]
    assert "n = 3 对" in ax.get_title(loc="left")


def test_no_known_pair_is_a_sentence():
    ax = plot_waiting(make_waiting().assign(experience=None))
    assert [t.get_text() for t in ax.texts] == ["没有成对的等候时间，画不出图"]


def make_effort():
    return pd.DataFrame({
        "intent": ["意向", "意向", "成交"],
        "sales_grade": ["A", "", ""],
        "n_leads": [2, 1, 1000],
        "n_overdue": [1, 0, 7],
        "monthly_hours": [4.5, 0.5, 20.0],
    })


def test_each_class_has_its_bar():
    ax = plot_effort(make_effort())
    assert [p.get_width() for p in ax.patches] == [4.5, 0.5, 20.0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["意向 A 级", "意向 未定级", "成交 未定级"]
    assert [t.get_text() for t in ax.texts][::2] == ["2 位，到期未跟进 1 位", "1,000 位，到期未跟进 7 位"]
    assert ax.get_xlim() == (0, 30.0)  # room for the words
    one, two, three = (to_hex(p.get_facecolor()) for p in ax.patches)
    assert one == two != three  # one colour per class
    assert "n = 1,003" in ax.get_title(loc="left")


def test_the_axes_given_are_used():
    _, ax = plt.subplots()
    assert plot_effort(make_effort(), ax=ax) is ax
    _, ax = plt.subplots()
    assert plot_waiting(make_waiting(), ax=ax) is ax


@pytest.mark.parametrize(
    ("plot", "frame"),
    [(plot_methods, make_methods()), (plot_waiting, make_waiting()), (plot_effort, make_effort())],
)
def test_a_missing_column_or_no_row_is_one_sentence(plot, frame):
    with pytest.raises(CrmError, match=frame.columns[-1]):
        plot(frame.iloc[:, :-1])
    with pytest.raises(CrmError, match="nothing to draw"):
        plot(frame.iloc[:0])
