"""Figures of clicks and texts show what their tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import DataError, SchemaError

NAN = float("nan")
FUNNEL = pd.DataFrame({
    "group": ["全部"] * 3,
    "step_no": [1, 2, 3],
    "step": ["home", "list", "pay"],
    "n_reached": [1000, 500, 100],
    "share_of_first": [1.0, 0.5, 0.1],
    "share_of_previous": [1.0, 0.5, 0.2],
    "low_share": [NAN, 0.47, 0.17],
    "high_share": [NAN, 0.53, 0.24],
})
STEPS = pd.DataFrame({
    "page_from": ["进入", "home", "home", "list"],
    "page_to": ["home", "list", "离开", "离开"],
    "n_times": [10, 6, 4, 6],
    "share": [1.0, 0.6, 0.4, 1.0],
})
DWELL = pd.DataFrame({
    "page": ["home", "list", "pay"],
    "n_timed": [6, 2, 0],
    "n_last": [4, 4, 2],
    "median_seconds": [30.0, 12.0, NAN],
    "p90_seconds": [80.0, 20.0, NAN],
})
TOPICS = pd.DataFrame({
    "topic": [1, 1, 2, 2],
    "rank": [1, 2, 1, 2],
    "word": ["价格", "划算", "客服", "态度"],
    "weight": [0.3, 0.2, 0.4, 0.1],
})
KEYWORDS = pd.DataFrame({
    "group": ["质量", "质量", "配送"],
    "rank": [1, 2, 1],
    "word": ["掉色", "线头", "包装"],
    "share_in": [0.4, 0.2, 0.3],
    "share_out": [0.01, 0.0, 0.05],
})
TITLES = {"home": "首页", "list": "列表页", "pay": "付款"}


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def texts_of(ax):
    return [t.get_text() for t in ax.get_figure().findobj(Text) if t.get_text()]


def test_one_bar_a_step():
    ax = plots.plot_funnel(FUNNEL, titles=TITLES)
    assert [p.get_width() for p in ax.patches] == [1.0, 0.5, 0.1]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["首页", "列表页", "付款"]
    assert [t.get_text() for t in ax.texts] == ["1,000", "500，上一步的 50%", "100，上一步的 20%"]
    assert "n = 1,000 次访问走到第一步" in texts_of(ax)


def test_groups_are_marks_with_intervals():
    both = pd.concat([
        FUNNEL.assign(group="手机"),
        FUNNEL.assign(group="电脑", share_of_previous=[1, 0.6, 0.3]),
    ])
    both.attrs["unit"] = "visitor"
    ax = plots.plot_funnel(both)
    marks = {line.get_label(): line.get_xdata().tolist() for line in ax.lines}
    assert marks == {"手机（1,000）": [0.5, 0.2], "电脑（1,000）": [0.6, 0.3]}
    spans = [segment[:, 0].tolist() for lines in ax.collections for segment in lines.get_segments()]
    assert [0.47, 0.53] in spans
    assert "n = 2,000 位访客走到第一步；横线：95% 置信区间" in texts_of(ax)


def test_a_funnel_nobody_entered_is_said():
    ax = plots.plot_funnel(FUNNEL.assign(n_reached=0))
    assert "没有访问走到第一步" in ax.texts[0].get_text()
    half = FUNNEL.assign(n_reached=[5, 0, 0], share_of_first=[1, 0, 0], share_of_previous=[1, 0, NAN])
    assert [t.get_text() for t in plots.plot_funnel(half).texts] == ["5", "0，上一步的 0%", "0"]


def test_a_tile_for_each_pair_of_pages():
    ax = plots.plot_paths(STEPS, titles=TITLES)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["进入", "首页", "列表页"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["首页", "列表页", "离开"]
    tiles = {(int(t.get_position()[0]), int(t.get_position()[1])): t.get_text() for t in ax.texts}
    assert tiles == {(0, 0): "100%", (1, 1): "60%", (2, 1): "40%", (2, 2): "100%"}
    assert "n = 26 步；每行合计 100%" in texts_of(ax)
    with pytest.raises(DataError, match="some occur twice"):
        plots.plot_paths(pd.concat([STEPS, STEPS]))
    assert "没有点击记录" in plots.plot_paths(STEPS.iloc[:0]).texts[0].get_text()


def test_the_median_is_the_bar_and_the_untimed_are_named():
    ax = plots.plot_dwell(DWELL, titles=TITLES)
    assert [p.get_width() for p in ax.patches] == [30, 12]
    spans = [segment[:, 0].tolist() for lines in ax.collections for segment in lines.get_segments()]
    assert spans == [[30, 80], [12, 20]]
    assert "另有 10 次是访问的最后一页，不知道停留多久；付款没有可计时的" in texts_of(ax)
    assert "算不出停留时间" in plots.plot_dwell(DWELL.iloc[2:]).texts[0].get_text()


def test_a_panel_for_each_topic():
    ax = plots.plot_topics(TOPICS)
    panels = ax.child_axes
    assert [[t.get_text() for t in p.get_yticklabels()] for p in panels] == [
        ["价格", "划算"],
        ["客服", "态度"],
    ]
    assert [[b.get_width() for b in p.patches] for p in panels] == [[0.3, 0.2], [0.4, 0.1]]
    many = pd.concat([TOPICS[TOPICS["topic"] == 1].assign(topic=i) for i in range(1, 12)])
    assert len(plots.plot_topics(many).child_axes) == 9
    assert any("共 11 个主题" in t for t in texts_of(plots.plot_topics(many)))
    assert "没有找出主题" in plots.plot_topics(TOPICS.iloc[:0]).texts[0].get_text()


def test_keywords_inside_and_outside():
    ax = plots.plot_keywords(KEYWORDS)
    points = [line.get_xdata()[0] for line in ax.lines]
    assert points == [0.01, 0.4, 0.0, 0.2, 0.05, 0.3]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["质量：掉色", "线头", "配送：包装"]
    assert "没有明显差别" in plots.plot_keywords(KEYWORDS.iloc[:0]).texts[0].get_text()


@pytest.mark.parametrize(
    ("draw", "table"),
    [
        (plots.plot_funnel, FUNNEL),
        (plots.plot_paths, STEPS),
        (plots.plot_dwell, DWELL),
        (plots.plot_topics, TOPICS),
        (plots.plot_keywords, KEYWORDS),
    ],
)
def test_nothing_is_missing_cut_off_or_changed(draw, table):
    before = table.copy()
    figure = draw(table).get_figure()
    assert plots.figure_svg(figure) == plots.figure_svg(figure)  # a missing glyph warns; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert min(box.x0, box.y0) >= -0.03
    assert np.all([box.x1, box.y1] <= figure.get_size_inches() + 0.03)
    pd.testing.assert_frame_equal(table, before)
    with pytest.raises(SchemaError):
        draw(table.iloc[:, 1:])
