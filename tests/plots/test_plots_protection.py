"""The figures of the price audit and of anonymity show what their tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import SchemaError

EFFECTS = pd.DataFrame({
    "comparison": ["known", "known", "device"], "group": ["known", "known", "智能手表"], "part": ["web", "store", "web"],
    "effect": [0.06, -0.02, float("nan")], "low": [0.05, -0.03, float("nan")], "high": [0.07, -0.01, float("nan")],
    "n_strata": [150, 40, 2], "verdict": ["accused", "not shown", "too few"],
})  # fmt: skip
BEFORE = pd.DataFrame({"n_rows": [1, 1, 2, 4, 7, 12]})
AFTER = pd.DataFrame({"n_rows": [6, 21]})
DRAWN = {
    "prices": lambda: plots.plot_price_audit(EFFECTS),
    "classes": lambda: plots.plot_anonymity(BEFORE, k=5),
    "change": lambda: plots.plot_anonymity(BEFORE, k=5, after=AFTER),
}


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def words(ax):
    return {t.get_text() for t in ax.get_figure().findobj(Text)}


def test_each_comparison_has_its_interval_and_only_the_accused_is_full():
    ax = DRAWN["prices"]()
    lines = [[list(map(float, v)) for v in (line.get_xdata(), line.get_ydata())] for line in ax.lines]
    assert [[0.05, 0.07], [2, 2]] in lines
    assert [[-0.03, -0.01], [1, 1]] in lines
    points = {line.get_xdata()[0]: line for line in ax.lines if line.get_marker() == "o"}
    assert set(points) == {0.06, -0.02}
    assert (
        to_hex(points[-0.02].get_markerfacecolor()) == "#ffffff" != to_hex(points[0.06].get_markerfacecolor())
    )
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "老客户 · 网店",
        "老客户 · 门店",
        "智能手表 · 网店",
    ]
    assert {"6.0%，要价更高", "−2.0%", "数据太少，不下结论"} <= words(ax)
    assert "灰色：相差不超过 0.5%，不算要紧" in ax.get_xlabel()
    assert not any("要价更高" in w for w in words(plots.plot_price_audit(EFFECTS.iloc[1:])))


def test_nothing_to_compare_is_said():
    assert "没有可以比较的报价" in words(plots.plot_price_audit(EFFECTS.head(0)))
    assert "没有可以计算的行" in words(plots.plot_anonymity(BEFORE.head(0)))
    with pytest.raises(SchemaError, match="verdict"):
        plots.plot_price_audit(EFFECTS.drop(columns="verdict"))


def test_bars_count_rows_not_classes_and_small_classes_are_red():
    ax = DRAWN["classes"]()
    # 1: two rows; 2: two; 3–4: four; 5–9: seven; 10–19: twelve
    assert [p.get_height() for p in ax.patches] == [2, 2, 4, 7, 12, 0, 0]
    colors = [to_hex(p.get_facecolor()) for p in ax.patches]
    assert len(set(colors[:3])) == 1 != len(set(colors[:4]))
    assert {"1 人", "3～4 人", "50 人以上", "每组至少 5 人", "n = 27 行，6 组，k = 1"} <= words(ax)
    assert [t.get_text() for t in plots.plot_anonymity(BEFORE, k=4).get_xticklabels()][2:5] == [
        "3 人",
        "4 人",
        "5～9 人",
    ]


def test_before_and_after_stand_side_by_side():
    ax = DRAWN["change"]()
    assert [p.get_height() for p in ax.patches][7:] == [0, 0, 0, 6, 0, 21, 0]
    assert {"原来", "变粗以后", "原来 n = 27 行，k = 1；变粗以后 n = 27 行，k = 6"} <= words(ax)


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_missing_or_cut_off(name):
    figure = DRAWN[name]().get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02
