"""The bars of the value classes show what their table says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import SchemaError

CLASSES = pd.DataFrame({
    "abc_class": ["A", "B", "C"],
    "n_customers": [2, 1, 1200],
    "cost_of_goods_share": [0.6, 0.5, 0.9],
    "cost_to_serve_share": [0.01, 0.1, 0.4],
    "net_profit_share": [0.39, 0.4, -0.3],
})


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def list_bars(ax):
    return [(round(p.get_x(), 9), round(p.get_width(), 9)) for p in ax.patches]


def test_the_parts_stand_end_to_end_and_a_loss_left_of_zero():
    figure, ax = plt.subplots()
    assert plots.plot_class_profit(CLASSES, ax=ax) is ax
    assert list_bars(ax) == [
        (0, 0.6), (0.6, 0.01), (0.61, 0.39),
        (0, 0.5), (0.5, 0.1), (0.6, 0.4),
        (0, 0.9), (0.9, 0.4), (0, -0.3),
    ]  # fmt: skip
    texts = {t.get_text() for t in figure.findobj(Text)}
    assert {
        "A 类（2 位）",
        "C 类（1,200 位）",
        "n = 1,203 位客户",
        "39%",
        "−30%",
        "占消费金额的比例",
    } <= texts
    assert "1.0%" not in texts  # too narrow to be labelled


def test_a_class_without_parts_says_so_and_nothing_at_all_is_one_sentence():
    hole = CLASSES.copy()
    hole.loc[1, "net_profit_share"] = float("nan")
    ax = plots.plot_class_profit(hole)
    assert len(ax.patches) == 6
    assert "没有可以画的数" in [t.get_text() for t in ax.texts]
    empty = plots.plot_class_profit(CLASSES.assign(cost_of_goods_share=float("nan")))
    assert "成本不全" in empty.texts[0].get_text()
    assert not empty.patches


def test_nothing_is_missing_or_cut_off():
    figure = plots.plot_class_profit(CLASSES).get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


def test_a_missing_column_is_refused_in_words():
    with pytest.raises(SchemaError, match="net_profit_share"):
        plots.plot_class_profit(CLASSES.drop(columns="net_profit_share"))
