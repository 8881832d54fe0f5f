"""Figures of linking: the lines of a sweep and the bars of weights are the numbers given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crm_lib.errors import SchemaError
from crm_lib.plots import plot_link_weights, plot_threshold


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


SWEEP = pd.DataFrame({
    "threshold": [0.5, 0.9, 0.99],
    "n_pairs": [30, 25, 20],
    "expected_precision": [0.97, 0.99, 1.0],
    "expected_recall": [0.99, 0.96, 0.93],
})


def test_a_sweep_is_drawn_as_given_and_the_threshold_marked():
    ax = plot_threshold(SWEEP, threshold=0.9)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines["准确率（按概率预计）"].get_ydata()) == [0.97, 0.99, 1.0]
    assert list(lines["采用的门槛 0.9"].get_xdata()) == [1, 1]
    assert len(lines) == 3
    assert "30" in ax.get_title(loc="left")
    low, high = ax.get_ylim()
    assert low < 0.93
    assert high > 1


def test_measured_lines_are_full_and_expected_ones_dashed():
    ax = plot_threshold(SWEEP.assign(precision=[0.9, 0.95, 1], recall=[1, 0.9, 0.8]))
    style = {line.get_label(): line.get_linestyle() for line in ax.get_lines()}
    assert style["准确率（按概率预计）"] == "--"
    assert style["准确率（对照真实情况）"] == "-"
    assert ax.get_ylim()[0] < 0.8


def test_without_pairs_a_sentence_stands_there():
    assert "没有一对记录" in plot_threshold(SWEEP.assign(n_pairs=0)).texts[0].get_text()
    assert "没有可比较的字段" in plot_link_weights(pd.DataFrame()).texts[0].get_text()


def test_weights_are_bars_in_their_order_with_their_sign():
    weights = pd.DataFrame(
        {
            "comparison": ["name", "name", "address"], "level": ["exact", "different", "town"],
            "weight": [9.5, -6.25, 1.0],
        }
    )  # fmt: skip
    ax = plot_link_weights(weights)
    assert [bar.get_width() for bar in ax.patches] == [9.5, -6.25, 1.0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["姓名：相同", "姓名：不同", "地址：同一城市"]
    assert [t.get_text() for t in ax.texts] == ["9.5", "−6.2", "1.0"]
    assert "2 个字段，3 个相似层次" in ax.get_title(loc="left")


def test_a_table_without_the_needed_columns_is_refused():
    with pytest.raises(SchemaError, match="expected_recall"):
        plot_threshold(SWEEP.drop(columns="expected_recall"))
