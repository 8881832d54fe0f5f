"""Figures of data quality: what is drawn is what was computed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crm_lib.errors import CrmError
from crm_lib.plots import plot_quality, plot_repairs


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def make_scores(bad):
    return pd.DataFrame({
        "table": ["a", "b", "a"],
        "dimension": ["完整性", "完整性", "一致性"],
        "n_checked": [60, 40, 50],
        "n_bad": bad,
    })


def test_one_bar_a_dimension_over_all_tables():
    ax = plot_quality(make_scores([10, 10, 5]))
    names = [t.get_text() for t in ax.get_yticklabels()]
    widths = [p.get_width() for p in ax.patches]
    assert dict(zip(names, widths, strict=True)) == pytest.approx({"完整性": 80.0, "一致性": 90.0})
    assert [t.get_text() for t in ax.texts] == ["80.0", "90.0"]
    assert "n = 150" in ax.get_title(loc="left")


def test_before_and_after_are_two_dots():
    ax = plot_quality(make_scores([10, 10, 5]), after=make_scores([0, 5, 5]))
    before, after = (line for line in ax.lines if line.get_marker() == "o")
    assert list(before.get_xdata()) == pytest.approx([80, 90])
    assert list(after.get_xdata()) == pytest.approx([95, 90])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["前", "后"]
    assert "不从 0 开始" in ax.get_title(loc="left")


def test_repairs_are_drawn_the_best_first():
    ranked = pd.DataFrame({
        "detail": ["手机号没有填写。", "x" * 60],
        "effort": ["回访", "自动"],
        "gain": [3.0, 1.0],
        "n_findings": [1200, 7],
    })
    ax = plot_repairs(ranked)
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels[0] == "手机号没有填写（回访，1,200 处）"
    assert len(labels[1]) < 40
    assert [p.get_width() for p in ax.patches] == [3.0, 1.0]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert len(plot_repairs(ranked, most=1).patches) == 1


def test_nothing_to_mend_is_said():
    empty = pd.DataFrame({"detail": [], "effort": [], "gain": [], "n_findings": []})
    assert plot_repairs(empty).texts[0].get_text() == "没有要修复的问题"
    with pytest.raises(CrmError):
        plot_quality(make_scores([0, 0, 0]).head(0))
