"""The cloud in the text of a page: the same words as the figure, nothing but outlines."""

from __future__ import annotations

import xml.etree.ElementTree as tree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import ParameterError
from crm_lib.plots import figure_png, plot_portrait
from crm_lib.plots.cloud_svg import draw_cloud_svg
from crm_lib.plots.portraits import SHAPES, arrange_labels, make_shape
from crm_lib.plots.style import keep_drawable

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def make_portrait(*labels: tuple[str, float]) -> pd.DataFrame:
    rows = [("static", "城市", "杭州", np.nan), *(("label", name, "", value) for name, value in labels)]
    return pd.DataFrame(rows, columns=["part", "title", "value", "strength"])


@pytest.mark.parametrize("shape", SHAPES)
def test_words_are_those_of_the_figure(shape):
    portrait = make_portrait(("高消费", 0.9), ("购买频繁", 0.6), ("夜猫子", 0.1))
    root = tree.fromstring(draw_cloud_svg(portrait, shape=shape))
    drawn = [p for p in root.iter(f"{SVG}path") if p.find(f"{SVG}title") is not None]
    words = plot_portrait(portrait, shape=shape).child_axes[1].patches
    assert [p.find(f"{SVG}title").text for p in drawn] == [w.get_gid() for w in words]
    for path, word in zip(drawn, words, strict=True):
        first = word.get_path().vertices[0]
        assert path.get("d").startswith(f"M{first[0]:.1f} {first[1]:.1f}")
    assert {p.tag for p in root.iter()} == {f"{SVG}svg", f"{SVG}path", f"{SVG}title"}


def test_the_ground_has_the_area_of_the_shape():
    root = tree.fromstring(draw_cloud_svg(make_portrait(("甲", 1.0)), shape="circle"))
    (ground,) = [p for p in root if p.find(f"{SVG}title") is None]
    x, y = np.array([pair.split() for pair in ground.get("d")[1:-1].split("L")], float).T
    area = abs(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1))) / 2  # Gauss's formula
    assert area == pytest.approx(make_shape("circle").sum(), rel=0.01)


def test_no_label_no_cloud_and_a_wrong_shape_is_said():
    assert draw_cloud_svg(make_portrait()) == ""
    with pytest.raises(ParameterError, match="shape must be one of"):
        draw_cloud_svg(make_portrait(("甲", 1.0)), shape="star")


def test_what_no_font_has_is_replaced_and_a_dollar_is_no_formula():
    assert keep_drawable("㐂 \U0001f004\n\x00客") == "㐂 〓 〓客"
    figure_png(plot_portrait(make_portrait(("$a_$ \U0001f004", 0.5), ("\U0001f004", 0.4))))


def test_long_labels_are_cut_and_stay_apart():
    placed = arrange_labels({"很长的标签" * 5: 0.9, "很长的标签" * 6: 0.8, "短": 0.7}, "person")
    assert [w.text for w in placed.values()] == ["很长的标签很长的标签很…", "很长的标签很长的标…2", "短"]
    assert arrange_labels({}, "person") == {}


def test_the_weakest_are_left_out_when_not_all_fit():
    labels = {f"标签第{i}号的名字长": 1 - i / 100 for i in range(70)}
    placed = arrange_labels(labels, "person")
    assert 5 < len(placed) < 60
    assert list(placed) == list(labels)[: len(placed)]
    ax = plot_portrait(make_portrait(*labels.items()))
    assert f"（另有 {70 - len(placed)} 个较弱的未画）" in ax.get_title(loc="left")


def test_words_keep_to_the_middle():
    (word,) = arrange_labels({"高消费": 1.0}, "circle").values()
    middle = word.left + 1.5 * word.size, word.top + word.size / 2
    assert np.hypot(middle[0] - 240, middle[1] - 240) < 100  # the circle's radius is 236
