"""The figures of a policy show what their tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import SchemaError

EFFECTS = pd.DataFrame({
    "measure": ["revenue", "value / n_orders"], "kind": ["mean", "ratio"], "n_treated": [1200, 1200],
    "n_control": [800, 800], "difference": [5.0, -1.0], "low": [2.0, -3.0], "high": [8.0, 1.0],
})  # fmt: skip
CURVE = pd.DataFrame({"share": [0.0, 0.5, 1.0], "qini": [0.0, 0.04, 0.05], "random": [0.0, 0.025, 0.05]})
GROUPS = pd.DataFrame({
    "group": [1, 2, 3], "n_customers": [10, 10, 1000], "expected": [0.1, 0.05, -0.01],
    "difference": [0.12, np.nan, 0.0], "low": [0.05, np.nan, -0.02], "high": [0.2, np.nan, 0.02],
})  # fmt: skip
BUDGETS = pd.DataFrame({
    "budget": [100.0, 100.0, 200.0, 200.0, np.nan], "rule": ["ranking", "random"] * 2 + ["everybody"],
    "net_gain": [50.0, 20.0, 70.0, 30.0, -40.0], "net_low": [10.0, 0.0, 20.0, 0.0, -90.0],
    "net_high": [90.0, 40.0, 120.0, 60.0, 10.0],
})  # fmt: skip
BALANCE = pd.DataFrame({
    "measure": ["n_orders", "channel = web", "revenue missing"], "std_difference": [0.8, -0.3, np.nan],
    "std_difference_after": [0.05, 0.0, np.nan],
})  # fmt: skip
DRAWN = {
    "effects": lambda: plots.plot_effects(EFFECTS, unit="元"),
    "qini": lambda: plots.plot_qini(CURVE, others={"已知的真实排名": CURVE}),
    "groups": lambda: plots.plot_uplift_groups(GROUPS),
    "budgets": lambda: plots.plot_budgets(BUDGETS),
    "balance": lambda: plots.plot_balance(BALANCE),
}


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def words(ax):
    return {t.get_text() for t in ax.get_figure().findobj(Text)}


def lines(ax):
    return [[list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))] for line in ax.lines]


def test_effects_have_their_intervals_and_only_clear_ones_are_full():
    ax = DRAWN["effects"]()
    assert [[2, 8], [0, 0]] in lines(ax)
    assert [[-1], [1]] in lines(ax)
    faces = {line.get_xdata()[0]: line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"}
    assert faces[-1.0] == "white" != faces[5.0]
    assert {"消费金额", "实施组 − 对照组（元），横线是区间"} <= words(ax)
    assert any("1,200 位实施" in w for w in words(ax))
    nothing = plots.plot_effects(EFFECTS.assign(difference=np.nan))
    assert "算不出来" in nothing.texts[0].get_text()


def test_qini_has_the_line_of_the_lot_and_the_others():
    ax = DRAWN["qini"]()
    assert [[0, 0.5, 1], [0, 0.04, 0.05]] in lines(ax)
    assert [[0, 0.5, 1], [0, 0.025, 0.05]] in lines(ax)
    assert {"随机排名", "本排名", "已知的真实排名"} <= words(ax)


def test_groups_without_an_arm_have_no_bar():
    ax = DRAWN["groups"]()
    assert [p.get_height() for p in ax.patches] == [0.12, 0, 0]
    assert "n = 1,020 位客户" in words(ax)


def test_budgets_have_a_line_a_rule_and_one_for_everybody():
    ax = DRAWN["budgets"]()
    assert [[100, 200], [50, 70]] in lines(ax)
    assert [[0, 1], [-40, -40]] in lines(ax)
    assert {"按排名", "随机", "全部实施", "预算（元）"} <= words(ax)


def test_balance_has_both_points_and_names_in_chinese():
    ax = DRAWN["balance"]()
    assert {"订单数", "消费金额（缺）", "调整前", "调整后"} <= words(ax)
    one = plots.plot_balance(BALANCE.drop(columns="std_difference_after"))
    assert "调整后" not in words(one)


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_missing_or_cut_off(name):
    figure = DRAWN[name]().get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


def test_a_missing_column_is_refused_in_words():
    with pytest.raises(SchemaError, match="qini"):
        plots.plot_qini(CURVE.drop(columns="qini"))
