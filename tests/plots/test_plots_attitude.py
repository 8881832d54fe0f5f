"""The figures of attitudes show what their tables say, and nothing is missing or cut off."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import SchemaError

ANSWERS = pd.DataFrame({
    "item": ["q1"] * 5 + ["q2"] * 5,
    "text": ["这家店让我满意"] * 5 + ["我不会再来这家店买东西，也不会向朋友推荐它"] * 5,
    "reversed": [False] * 5 + [True] * 5,
    "points": 5,
    "answer": [1, 2, 3, 4, 5] * 2,
    "n_answered": [10] * 5 + [8] * 5,
    "share": [0.1, 0.2, 0.4, 0.2, 0.1, 0.5, 0.5, 0.0, 0.0, 0.0],
})
IMPORTANCE = pd.DataFrame({
    "attribute": ["price", "web"], "title": ["价格", "网店$"], "n": [9, 12],
    "importance": [4.0, 2.0], "importance_low": [3.5, 1.5], "importance_high": [4.5, 2.5],
    "performance": [2.0, 4.0], "performance_low": [1.5, 3.6], "performance_high": [2.5, 4.4],
    "firm": [True, False],
})  # fmt: skip
IMPORTANCE.attrs |= {"cut_importance": 3.1, "cut_performance": 2.9}
KANO = pd.DataFrame({
    "feature": ["a", "b"], "n": [40, 40], "kano": ["M", "A/I"], "clear": [True, False],
    "better": [0.2, 0.7], "better_low": [0.1, 0.5], "better_high": [0.3, 0.8],
    "worse": [-0.8, -0.1], "worse_low": [-0.9, -0.2], "worse_high": [-0.7, -0.05],
})  # fmt: skip
NPS = pd.DataFrame({
    "group": ["", "门店", "网店"], "n": [50, 40, 10], "nps": [10.0, 20.0, -30.0],
    "low": [-5.0, 1.0, -60.0], "high": [25.0, 38.0, 10.0], "few": [False, False, True],
})  # fmt: skip
CASES = [
    (plots.plot_likert, ANSWERS),
    (plots.plot_importance, IMPORTANCE),
    (plots.plot_kano, KANO),
    (plots.plot_nps, NPS),
]


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def texts_of(ax):
    return {t.get_text() for t in ax.get_figure().findobj(Text)}


def test_likert_bars_meet_at_zero_in_the_middle_answer():
    ax = plots.plot_likert(ANSWERS)
    bars = [(round(p.get_x(), 9), round(p.get_width(), 9)) for p in ax.patches]
    # .1 + .2 + half of .4 lie left of zero; 1.0 when both answers are refusals
    assert bars[:5] == [(-0.5, 0.1), (-0.4, 0.2), (-0.2, 0.4), (0.2, 0.2), (0.4, 0.1)]
    assert bars[5:7] == [(-1.0, 0.5), (-0.5, 0.5)]
    texts = texts_of(ax)
    assert {"每题 n = 8–10 人", "1", "5 分"} <= texts
    assert any("（反向）" in t for t in texts)


def test_likert_without_answers_and_with_unlike_scales():
    assert "没有人回答" in plots.plot_likert(ANSWERS.assign(share=float("nan"))).texts[0].get_text()
    hole = ANSWERS.assign(share=ANSWERS["share"].where(ANSWERS["item"] == "q1"))
    assert "没有人回答" in texts_of(plots.plot_likert(hole))
    even = pd.concat([ANSWERS.head(5), ANSWERS.iloc[5:9].assign(share=0.25, points=4)])
    ax = plots.plot_likert(even)
    assert [round(p.get_x(), 9) for p in ax.patches][5:] == [-0.5, -0.25, 0, 0.25]
    assert "最不同意" in texts_of(ax)


def test_importance_marks_cuts_and_what_is_not_certain():
    ax = plots.plot_importance(IMPORTANCE)
    lines = {tuple(map(float, line.get_xdata())) for line in ax.lines if line.get_linestyle() == "--"}
    assert (2.9, 2.9) in lines
    fills = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert fills == ["#0075AE", "white"]
    assert {"优先改进", "继续保持", "暂缓", "可能过度", "价格", r"网店\$"} <= texts_of(ax)


def test_kano_turns_worse_round_and_colours_by_class():
    ax = plots.plot_kano(KANO)
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [(float(p.get_xdata()[0]), float(p.get_ydata()[0])) for p in points] == [(0.8, 0.2), (0.1, 0.7)]
    assert [p.get_markerfacecolor() for p in points] == [plots.attitude.KANO_COLORS["M"], "white"]
    assert {"a M", "b A/I", "必备（M）"} <= texts_of(ax)
    assert "没有可以画的功能" in plots.plot_kano(KANO.assign(better=float("nan"))).texts[0].get_text()


def test_nps_lines_span_the_interval():
    ax = plots.plot_nps(NPS)
    spans = [tuple(map(float, line.get_xdata())) for line in ax.lines if line.get_linewidth() == 2.2]
    assert spans == [(-5, 25), (1, 38), (-60, 10)]
    assert {"全部（50 人）", "网店（10 人）", "−30", "n = 50 人；空心：不到 30 人"} <= texts_of(ax)
    assert "没有人回答" in plots.plot_nps(NPS.assign(nps=float("nan"))).texts[0].get_text()


@pytest.mark.parametrize(("draw", "frame"), CASES)
def test_nothing_is_missing_or_cut_off(draw, frame):
    figure = draw(frame).get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


@pytest.mark.parametrize(("draw", "frame"), CASES)
def test_a_missing_column_is_refused_in_words(draw, frame):
    with pytest.raises(SchemaError, match=frame.columns[0]):
        draw(frame.drop(columns=frame.columns[0]))
