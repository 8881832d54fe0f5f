"""Portrait cards and the evidence for a number of clusters, by their artists."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.plots import figure_png, plot_k_evidence, plot_portrait
from crm_lib.plots.portraits import SHAPES, make_shape, place_in_shape

FACTS = [("static", "城市", "杭州", np.nan), ("dynamic", "订单数", "8 单", np.nan)]
LABELS = [("label", f"标签{i}", "", s) for i, s in enumerate([0.9, 0.9, 0.45, 0.01])]


def make_portrait(rows=(*FACTS, *LABELS)) -> pd.DataFrame:
    out = pd.DataFrame(list(rows), columns=["part", "title", "value", "strength"])
    out.attrs.update(subject="客户 C1", as_of="2024-03-31")
    return out


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("shape", SHAPES)
def test_words_lie_within_the_shape_and_do_not_meet(shape):
    inside, taken = make_shape(shape), np.zeros_like(make_shape(shape), dtype=int)
    ax = plot_portrait(make_portrait(), shape=shape)
    words = ax.child_axes[1].patches
    assert sorted(w.get_gid() for w in words) == ["标签0", "标签1", "标签2", "标签3"]
    for word in words:
        box = word.get_path().get_extents()
        rows, columns = slice(int(box.y0) + 1, int(box.y1)), slice(int(box.x0) + 1, int(box.x1))
        assert inside[rows, columns].mean() > 0.97
        taken[rows, columns] += 1
    assert taken.max() == 1


def test_letters_are_as_high_as_labels_are_strong():
    sizes = {w.text: w.size for w in place_in_shape({"甲": 1.0, "乙": 1.0, "丙": 0.5, "丁": 0.01}, "circle")}
    assert sizes["甲"] == sizes["乙"] == pytest.approx(2 * sizes["丙"], abs=1)
    assert sizes["丁"] == pytest.approx(0.28 * sizes["甲"], abs=1)


def test_facts_and_note_are_written():
    ax = plot_portrait(make_portrait())
    said = [t.get_text() for t in ax.child_axes[0].texts]
    assert [t for t in said if t] == ["静态信息", "城市", "杭州", "动态信息", "订单数", "8 单"]
    assert ax.get_title(loc="left") == "客户 C1；n = 4 个标签；字越大，标签越强；截至 2024-03-31"


def test_many_facts_are_counted_and_long_ones_cut():
    facts = [("static", f"项{i}", "长" * 60, np.nan) for i in range(30)]
    said = [t.get_text() for t in plot_portrait(make_portrait(facts)).child_axes[0].texts]
    assert "另有 15 项未列出" in said  # 15 facts and one heading are drawn
    assert max(map(len, said)) == 22


def test_dollar_signs_are_no_formula_and_no_labels_are_said():
    ax = plot_portrait(make_portrait([("static", "备注", "$a$ <b>", np.nan)]))
    assert r"\$a\$ <b>" in [t.get_text() for t in ax.child_axes[0].texts]
    assert [t.get_text() for t in ax.child_axes[1].texts] == ["没有突出的标签"]
    figure_png(ax.figure)


def test_same_portrait_same_bytes():
    assert figure_png(plot_portrait(make_portrait()).figure) == figure_png(
        plot_portrait(make_portrait()).figure
    )


def test_wrong_portraits_are_said():
    with pytest.raises(ParameterError, match="shape must be one of 'person', 'heart', 'circle'; got 'star'"):
        plot_portrait(make_portrait(), shape="star")
    with pytest.raises(DataError, match="'标签0' occurs twice"):
        plot_portrait(make_portrait([*LABELS, *LABELS]))
    with pytest.raises(DataError, match="must have a strength"):
        plot_portrait(make_portrait([("label", "x", "", np.nan)]))
    with pytest.raises(DataError, match="do not. Shorten them"):
        place_in_shape({"长" * 200: 1.0}, "person")
    with pytest.raises(DataError, match="needs at least 1 fact or label"):
        plot_portrait(make_portrait([]))


def test_evidence_shows_gap_with_error_and_stability():
    sweep = pd.DataFrame({"k": [2, 3], "gap": [0.5, 0.9], "gap_se": [0.1, 0.2], "stability": [0.9, -0.02]})
    sweep.attrs.update(recommended_k=3, heap_p_value=1e-9, n_customers=1200)
    ax = plot_k_evidence(sweep)
    left, right = ax.child_axes
    assert left.lines[0].get_ydata().tolist() == [0.5, 0.9]
    ends = [segment[:, 1].tolist() for segment in left.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.4, 0.6], [0.7, 1.1]])
    assert right.get_ylim()[0] == -0.02
    assert ax.get_title(loc="left") == "n = 1,200 位客户；虚线：推荐 k = 3；只有一堆的检验：p < 0.001"
    assert "太少" in plot_k_evidence(sweep.head(0)).texts[0].get_text()
    with pytest.raises(SchemaError, match="needs column 'gap'"):
        plot_k_evidence(sweep.drop(columns="gap"))
