"""Figures show what their tables say: labels, heights, ticks; no glyph is missing."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from crm_lib import plots
from crm_lib.errors import DataError, SchemaError
from crm_lib.plots.words import place_words


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def make_rfm(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    orders = rng.geometric(0.4, n)
    return pd.DataFrame({
        "customer_id": [f"C{i:04d}" for i in range(n)],
        "recency_days": rng.integers(0, 500, n),
        "n_orders": orders,
        "revenue": np.round(orders * rng.lognormal(3, 1, n), 2),
    })


SEGMENTS = pd.DataFrame({
    "segment": ["冠军客户", "忠诚客户", "流失客户"],
    "n_customers": [10, 30, 60],
    "customer_share": [0.1, 0.3, 0.6],
    "revenue": [700.0, 250.0, 50.0],
    "revenue_share": [0.7, 0.25, 0.05],
})
SCORES = pd.DataFrame({
    "customer_id": list("abcd"),
    "score_r": [5, 5, 1, 1],
    "score_f": [5, 4, 1, 1],
    "score_m": [5, 5, 2, 1],
    "segment": ["冠军客户", "冠军客户", "流失客户", "流失客户"],
})
SWEEP = pd.DataFrame({"k": [2, 3, 4], "inertia": [90.0, 40.0, 30.0], "silhouette": [0.5, 0.6, 0.4]})
SWEEP.attrs.update(recommended_k=3, n_customers=1200)
LABELS = pd.DataFrame({
    "cluster": [1, 1, 2, 2],
    "n_customers": [40, 40, 60, 60],
    "feature": ["recency_days", "revenue", "recency_days", "revenue"],
    "label": ["最近购买", "消费高", "", "消费低"],
    "deviation": [-0.5, 0.8, 0.05, -0.6],
    "strength": [0.5, 0.8, 0.05, 0.6],
})
WORDS = pd.DataFrame({
    "label": ["购买频繁", "消费高", "最近购买", "折扣敏感"],
    "strength": [1.0, 0.5, 0.5, 0.01],
})
MONTHLY = pd.DataFrame({
    "month": pd.period_range("1997-01", periods=18, freq="M"),
    "revenue": np.arange(18) * 1e4,
})


def _clusters(n: int) -> pd.DataFrame:
    rfm = make_rfm(n)
    return rfm.assign(cluster=np.where(rfm["revenue"] > rfm["revenue"].median(), 1, 2))


DRAW = {
    "distributions": lambda ax=None: plots.plot_rfm_distributions(make_rfm(), ax=ax),
    "segments": lambda ax=None: plots.plot_segments(SEGMENTS, ax=ax),
    "grid": lambda ax=None: plots.plot_rfm_grid(SCORES, ax=ax),
    "k_sweep": lambda ax=None: plots.plot_k_sweep(SWEEP, ax=ax),
    "clusters": lambda ax=None: plots.plot_clusters(_clusters(300), ax=ax),
    "profiles": lambda ax=None: plots.plot_cluster_profiles(LABELS, ax=ax),
    "wordcloud": lambda ax=None: plots.plot_wordcloud(WORDS, ax=ax),
    "orders": lambda ax=None: plots.plot_orders_over_time(MONTHLY, ax=ax),
}


@pytest.mark.parametrize("name", sorted(DRAW))
def test_every_glyph_is_in_the_bundled_font(name):
    font = set(TTFont(plots.font_path()).getBestCmap())
    figure = DRAW[name]().get_figure()
    plots.figure_svg(figure)  # matplotlib warns of a missing glyph; warnings are errors
    used = set("".join(t.get_text() for t in figure.findobj(Text))) - {"\n"}
    assert len(used) > 5
    assert {c for c in used if ord(c) not in font} == set()


def test_glyph_test_would_notice_another_font():
    plots.use_style()
    figure, ax = plt.subplots()
    ax.set_title("客户", fontfamily="DejaVu Sans")
    with pytest.warns(UserWarning, match=r"Glyph \d+ .* missing from font"):
        figure.savefig("/dev/null", format="svg")


@pytest.mark.parametrize("name", sorted(DRAW))
def test_nothing_is_cut_off(name):
    figure = DRAW[name]().get_figure()
    plots.figure_svg(figure)
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


@pytest.mark.parametrize("name", sorted(DRAW))
def test_draws_on_the_axes_it_is_given_and_says_n(name):
    figure, ax = plt.subplots()
    assert DRAW[name](ax) is ax
    assert len(plt.get_fignums()) == 1
    assert "n = " in ax.get_title(loc="left")


@pytest.mark.parametrize("name", sorted(DRAW))
def test_same_table_same_bytes(name):
    assert plots.figure_svg(DRAW[name]()) == plots.figure_svg(DRAW[name]())


def test_distributions_count_every_customer():
    rfm = make_rfm()
    rfm.loc[:4, "revenue"] = [0.0, -3.0, 0.0, 0.0, -1.0]
    ax = plots.plot_rfm_distributions(rfm, money_unit="美元")
    days, orders, money = ax.child_axes
    for panel, n in ((days, 400), (orders, 400), (money, 395)):
        assert sum(p.get_height() for p in panel.patches) == n
    assert money.get_xscale() == "log"
    assert "另有 5 位" in money.texts[0].get_text()
    assert money.get_xlabel() == "消费金额（美元）"
    assert ax.get_title(loc="left") == "n = 400 位客户"
    # one order has a bin of its own, from 0.5 to 1.5
    first = orders.patches[0]
    assert (first.get_x(), first.get_width()) == (0.5, 1.0)
    assert first.get_height() == (rfm["n_orders"] == 1).sum()


@pytest.mark.parametrize("value", [0, 1, 7])
def test_distributions_of_one_customer_or_equal_ones(value):
    one = pd.DataFrame({"recency_days": [value], "n_orders": [value], "revenue": [float(value)]})
    ax = plots.plot_rfm_distributions(pd.concat([one] * 3))
    assert [sum(p.get_height() for p in panel.patches) for panel in ax.child_axes] == [3, 3, 3]


def test_segment_bars_are_the_shares_in_the_order_given():
    ax = plots.plot_segments(SEGMENTS)
    customers, revenue = ax.containers[:2]
    assert [b.get_width() for b in customers] == [0.1, 0.3, 0.6]
    assert [b.get_width() for b in revenue] == [0.7, 0.25, 0.05]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["冠军客户", "忠诚客户", "流失客户"]
    assert ax.yaxis_inverted()
    assert [t.get_text() for t in ax.texts] == ["10%", "30%", "60%", "70%", "25%", "5.0%"]
    assert to_hex(customers[0].get_facecolor()).upper() == plots.SEGMENT_COLORS["冠军客户"]
    assert ax.get_title(loc="left") == "n = 100 位客户，3 个客户类别"


def test_grid_counts_customers_and_marks_mixed_cells():
    # FM: (5+5)/2 = 5; (4+5)/2 = 4.5 → 5; (1+2)/2 = 1.5 → 2; (1+1)/2 = 1
    ax = plots.plot_rfm_grid(SCORES)
    texts = {t.get_position(): t.get_text() for t in ax.texts}
    assert texts == {(5, 5): "2\n50%", (1, 2): "1\n25%", (1, 1): "1\n25%"}
    mixed = SCORES.assign(segment=["冠军客户", "忠诚客户", "流失客户", "流失客户"])
    ax = plots.plot_rfm_grid(mixed)
    assert {t.get_position(): t.get_text() for t in ax.texts}[5, 5] == "2*\n50%"
    assert "* 含多个客户类别" in ax.get_title(loc="left")


def test_k_sweep_marks_the_recommended_k():
    ax = plots.plot_k_sweep(SWEEP)
    for panel, column in zip(ax.child_axes, ("inertia", "silhouette"), strict=True):
        curve, mark = panel.lines
        assert list(curve.get_ydata()) == SWEEP[column].tolist()
        assert list(mark.get_xdata()) == [3, 3]
    assert ax.get_title(loc="left") == "n = 1,200 位客户；虚线：推荐 k = 3"


def test_clusters_draw_all_or_say_how_many():
    few, many = _clusters(300), _clusters(5_001)
    ax = plots.plot_clusters(few)
    points = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert [len(p.get_offsets()) for p in points] == [(few["cluster"] == c).sum() for c in (1, 2)]
    assert not any(p.get_rasterized() for p in points)
    ax = plots.plot_clusters(many)
    points = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert sum(len(p.get_offsets()) for p in points) == 5_000
    assert all(p.get_rasterized() for p in points)
    assert ax.get_title(loc="left") == "n = 5,001 位客户，随机画出 5,000 位"
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == [f"第 {c} 群（{(many['cluster'] == c).sum():,} 位）" for c in (1, 2)]


def test_clusters_with_negative_revenue_are_inside_the_axes():
    frame = pd.DataFrame({
        "cluster": [1, 1, 1, 2],
        "n_orders": [1, 2, 3, 200],
        "revenue": [-50.0, 1.0, 2.0, 900.0],
    })
    ax = plots.plot_clusters(frame)
    assert ax.get_yscale() == "symlog"
    low, high = ax.get_ylim()
    assert low < -50
    assert high > 900


def test_profiles_write_label_and_signed_deviation():
    ax = plots.plot_cluster_profiles(LABELS)
    texts = {t.get_position(): t.get_text() for t in ax.texts}
    assert texts == {
        (0, 0): "最近购买\n−0.50",
        (1, 0): "消费高\n+0.80",
        (0, 1): "+0.05",
        (1, 1): "消费低\n−0.60",
    }
    assert [t.get_text() for t in ax.get_yticklabels()] == ["第 1 群", "第 2 群"]
    assert ax.get_title(loc="left").endswith("n = 100 位客户")
    with pytest.raises(DataError, match="one row per cluster and feature"):
        plots.plot_cluster_profiles(pd.concat([LABELS, LABELS]))


def test_orders_over_time_starts_at_zero():
    ax = plots.plot_orders_over_time(MONTHLY)
    assert list(ax.lines[0].get_ydata()) == MONTHLY["revenue"].tolist()
    assert ax.get_ylim()[0] == 0
    assert ax.get_xticklabels()[0].get_text() == "1997-01"


def _em_heights(ax) -> dict[str, float]:
    """Height of the letters of each word in pixels, from its outline."""
    return {p.get_gid(): p.get_path().get_extents().height for p in ax.patches}


def test_words_are_as_large_as_they_are_strong():
    placed = {
        w.text: w.size
        for w in place_words({"购买频繁": 1.0, "消费高": 0.5, "最近购买": 0.5, "折扣敏感": 0.01})
    }
    assert placed["消费高"] == placed["最近购买"]
    assert placed["消费高"] == round(placed["购买频繁"] * 0.5)
    assert placed["折扣敏感"] == round(placed["购买频繁"] * 0.22)  # the legible least
    same = pd.DataFrame({"label": ["客户甲", "客户乙"], "strength": [0.8, 0.4]})
    heights = _em_heights(plots.plot_wordcloud(same))
    assert heights["客户甲"] / heights["客户乙"] == pytest.approx(2, rel=0.08)


def _ink(patch) -> np.ndarray:
    """Pixels of one word on the canvas of the cloud."""
    figure = Figure(figsize=(8.4, 4.2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    area = figure.add_axes((0, 0, 1, 1), xlim=(0, 840), ylim=(420, 0))
    area.set_axis_off()
    area.add_patch(PathPatch(patch.get_path(), facecolor="black", linewidth=0))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 0] < 128


def test_words_do_not_overlap_and_none_is_lost():
    many = pd.DataFrame({"label": [f"标签{i}号" for i in range(40)], "strength": np.linspace(1, 0.1, 40)})
    words = plots.plot_wordcloud(many).patches
    assert {w.get_gid() for w in words} == set(many["label"])
    for word in words:
        box = word.get_path().get_extents()
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= 840
        assert box.y1 <= 420
    inks = [_ink(w) for w in words]
    assert all(ink.any() for ink in inks)
    assert np.sum(inks, axis=0).max() == 1


def test_wordcloud_leaves_out_empty_labels_and_refuses_double_ones():
    ax = plots.plot_wordcloud(pd.DataFrame({"label": ["消费高", "", "新"], "strength": [0.5, 0.3, 0.0]}))
    assert [p.get_gid() for p in ax.patches] == ["消费高"]
    assert ax.get_title(loc="left").startswith("n = 1 个标签")
    with pytest.raises(DataError, match=r"'消费高' occurs more than once.*pool_labels"):
        plots.plot_wordcloud(pd.DataFrame({"label": ["消费高", "消费高"], "strength": [0.5, 0.3]}))
    with pytest.raises(DataError, match=r"'strength' must be >= 0; 1 of 2 rows"):
        plots.plot_wordcloud(pd.DataFrame({"label": ["a", "b"], "strength": [0.5, -0.3]}))


@pytest.mark.parametrize("labels", [WORDS.head(0), pd.DataFrame({"label": [""], "strength": [0.0]})])
def test_wordcloud_without_labels_says_so(labels):
    ax = plots.plot_wordcloud(labels)
    assert list(ax.patches) == []
    assert [t.get_text() for t in ax.texts] == ["没有一个标签足够突出"]


def test_a_sweep_without_any_k_is_said_in_the_figure():
    ax = plots.plot_k_sweep(pd.DataFrame({"k": [], "inertia": [], "silhouette": []}))
    assert [t.get_text() for t in ax.texts] == ["不同的客户太少，没有可以比较的群数"]


def test_wordcloud_of_very_many_or_very_long_labels_ends():
    many = pd.DataFrame({"label": [f"词{i}" for i in range(230)], "strength": np.linspace(1, 0.5, 230)})
    ax = plots.plot_wordcloud(many)
    assert {p.get_gid() for p in ax.patches} == {f"词{i}" for i in range(200)}
    assert "另有 30 个较弱的未画" in ax.get_title(loc="left")
    with pytest.raises(DataError, match="1 with up to 500 characters do not"):
        plots.plot_wordcloud(pd.DataFrame({"label": ["长" * 500], "strength": [1.0]}))
    ax = plots.plot_wordcloud(pd.DataFrame({"label": ["两\n行"], "strength": [1.0]}))
    assert [p.get_gid() for p in ax.patches] == ["两 行"]


def test_missing_column_and_empty_table_are_said():
    with pytest.raises(SchemaError, match="plot_segments: needs column 'revenue_share'"):
        plots.plot_segments(SEGMENTS.drop(columns="revenue_share"))
    with pytest.raises(DataError, match="plot_rfm_grid: needs at least 1 customers; got 0"):
        plots.plot_rfm_grid(SCORES.head(0))


def test_input_is_never_changed():
    for frame, draw in (
        (SEGMENTS, plots.plot_segments),
        (SCORES, plots.plot_rfm_grid),
        (WORDS, plots.plot_wordcloud),
        (LABELS, plots.plot_cluster_profiles),
    ):
        before = frame.copy(deep=True)
        draw(frame)
        pd.testing.assert_frame_equal(frame, before)
