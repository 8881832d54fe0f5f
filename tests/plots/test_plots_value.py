"""The Pareto curve shows what its table says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import DataError, SchemaError

ABC = pd.DataFrame({
    "customer_id": list("abcde"),
    "cumulative_share": [0.6, 0.8, 0.9, 0.97, 1.0],
    "abc_class": ["A", "A", "B", "B", "C"],
})


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def test_curve_point_and_class_bounds():
    figure, ax = plt.subplots()
    assert plots.plot_pareto(ABC, ax=ax) is ax
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["累计占比"].get_xdata().tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert lines["累计占比"].get_ydata().tolist() == [0, 0.6, 0.8, 0.9, 0.97, 1]
    assert lines["前 20% 的客户"].get_xydata().tolist() == [[0.2, 0.6]]
    bounds = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert bounds == [0.4, 0.8]
    assert {t.get_text(): t.get_position()[0] for t in ax.texts if t.get_text() in "ABC"} == pytest.approx({
        "A": 0.2, "B": 0.6, "C": 0.9,
    })  # fmt: skip
    assert "n = 5 位客户；前 20% 的客户占 60%" in {t.get_text() for t in figure.findobj(Text)}


def test_the_point_lies_between_customers_when_a_fifth_is_no_whole_number():
    three = ABC.iloc[[0, 1, 4]]
    line = next(x for x in plots.plot_pareto(three).lines if x.get_label() == "前 20% 的客户")
    assert line.get_ydata()[0] == pytest.approx(0.36)  # 0.6 of the first customer, who holds 0.6


def test_one_customer_is_drawn_without_bounds():
    ax = plots.plot_pareto(ABC.iloc[[4]].assign(abc_class="A"))
    assert [t.get_text() for t in ax.texts if t.get_text() in "ABC"] == ["A"]
    assert not [line for line in ax.lines if line.get_linestyle() == ":"]


def test_no_positive_value_is_said():
    ax = plots.plot_pareto(ABC.assign(cumulative_share=float("nan"), abc_class="C"))
    assert "没有大于 0 的金额" in ax.texts[0].get_text()
    assert not ax.lines


def test_nothing_is_missing_or_cut_off():
    figure = plots.plot_pareto(ABC).get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


def test_wrong_tables_are_refused_in_words():
    with pytest.raises(SchemaError, match="cumulative_share"):
        plots.plot_pareto(ABC.drop(columns="cumulative_share"))
    with pytest.raises(DataError, match="nothing to draw"):
        plots.plot_pareto(ABC.iloc[:0])
