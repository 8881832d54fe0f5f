"""The figures of demography show what their tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import DataError, SchemaError

PYRAMID = pd.DataFrame({
    "age_band": ["18-24岁", "18-24岁", "25岁以上", "25岁以上"],
    "gender": ["女", "男", "女", "男"],
    "n": [2, 1, 4, 3],
    "share": [0.2, 0.1, 0.4, 0.3],
    "population_share": [0.1, 0.2, 0.3, 0.4],
})
COMPARED = pd.DataFrame({
    "column": ["gender", "gender", "region"],
    "category": ["女", "男", "华东$"],
    "sample_share": [0.7, 0.3, 0.5],
    "share_low": [0.6, 0.2, 0.4],
    "share_high": [0.8, 0.4, 0.6],
    "population_share": [0.5, 0.5, 0.45],
    "verdict": ["over", "under", "within"],
    "weighted_share": [0.5, 0.5, 0.46],
})
RANKED = pd.DataFrame({
    "attribute": ["income", "pet", "tiny"],
    "outcome": ["spend", "spend", "spend"],
    "mutual_bits": [0.3, 0.02, float("nan")],
    "chance_bits_95": [0.1, 0.05, float("nan")],
    "verdict": ["useful", "not_beyond_chance", "too_few"],
    "n_known": [1200, 80, 3],
})


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def words(ax):
    return {t.get_text() for t in ax.get_figure().findobj(Text)}


def list_bars(ax):
    return [(round(p.get_y() + p.get_height() / 2, 9), round(p.get_width(), 9)) for p in ax.patches]


def test_a_pyramid_has_its_sexes_on_two_sides_and_the_youngest_below():
    plots.use_style()
    figure, ax = plt.subplots()
    assert plots.plot_pyramid(PYRAMID, ax=ax) is ax
    assert list_bars(ax) == [
        (0, -0.2), (1, -0.4), (0, -0.1), (1, -0.3),
        (0, 0.1), (1, 0.3), (0, 0.2), (1, 0.4),
    ]  # fmt: skip
    assert [p.get_fill() for p in ax.patches] == [True, True, False, False] * 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["18-24岁", "25岁以上"]
    assert {"n = 10 人", "女", "男", "总体"} <= words(ax)
    figure.canvas.draw()
    assert not any(t.startswith("−") for t in (label.get_text() for label in ax.get_xticklabels()))


def test_a_pyramid_without_population_has_no_outline_and_three_sexes_are_said():
    alone = plots.plot_pyramid(PYRAMID.assign(population_share=float("nan")))
    assert len(alone.patches) == 4
    assert "总体" not in words(alone)
    many = plots.plot_pyramid(PYRAMID.assign(gender=["女", "男", "F", "M"]))
    assert any("4 种写法" in w for w in words(many))
    none = plots.plot_pyramid(PYRAMID.assign(n=0, share=0.0))
    assert any("n = 0" in w for w in words(none))


def test_representativeness_shows_interval_population_and_weights():
    ax = plots.plot_representativeness(COMPARED, titles={"gender": "性别"})
    marks = {line.get_label(): line for line in ax.get_lines()}
    assert {"偏多", "偏少", "相符", "总体", "加权以后"} <= set(marks)
    assert (marks["偏多"].get_xdata()[0], marks["偏少"].get_xdata()[0]) == (0.7, 0.3)
    assert list(marks["总体"].get_xdata()) == [0.5, 0.5, 0.45]
    assert list(marks["加权以后"].get_xdata()) == [0.5, 0.5, 0.46]
    shapes = {marks[k].get_marker() for k in ("偏多", "偏少", "相符")}
    assert len(shapes) == 3  # never by colour alone
    assert [t.get_text() for t in ax.get_yticklabels()] == ["性别：女", "性别：男", r"region：华东\$"]


def test_ranking_draws_the_band_of_chance_and_leaves_out_what_was_not_measured():
    ax = plots.plot_attribute_ranking(RANKED, titles={"income": "月收入", "spend": "消费金额"})
    assert list_bars(ax) == [(0, 0.3), (1, 0.02), (0, 0.1), (1, 0.05)]
    assert {"月收入 → 消费金额（1,200）", "pet → 消费金额（80）", "超出偶然", "没有超出偶然"} <= words(ax)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the best on top
    assert len(plots.plot_attribute_ranking(RANKED, most=1).patches) == 2
    nothing = plots.plot_attribute_ranking(RANKED[2:])
    assert any("没有可以比较的属性" in w for w in words(nothing))


@pytest.mark.parametrize(
    ("draw", "frame"),
    [
        (plots.plot_pyramid, PYRAMID),
        (plots.plot_representativeness, COMPARED),
        (plots.plot_attribute_ranking, RANKED),
    ],
)
def test_wrong_frames_are_refused_and_bytes_are_repeated(draw, frame):
    with pytest.raises(SchemaError):
        draw(frame.drop(columns=frame.columns[-1]))
    if draw is plots.plot_pyramid:  # a lesson may have nobody whose age is known, and its page stays whole
        assert any("没有人可以画进金字塔" in w for w in words(draw(frame[:0])))
    else:
        with pytest.raises(DataError):
            draw(frame[:0])
    first, second = (plots.figure_svg(draw(frame)) for _ in range(2))
    assert first == second
