"""Figures on customer files: one point per firm, one bar per assumption, what stands at its ends."""

from __future__ import annotations

import math

import pytest

from crm_lib.errors import DataError, SchemaError
from crm_lib.plots import plot_keeping, plot_payback
from crm_lib.sample._archives import draw_archive_answers
from crm_lib.store import list_assumptions, score_archives, vary_payback


@pytest.fixture(autouse=True)
def _close():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_every_firm_with_both_values_is_one_point_and_the_line_is_the_median():
    scores = score_archives(draw_archive_answers(50, seed=3))
    known = scores.dropna(subset=["keeping_score", "repeat_percent"])
    ax = plot_keeping(scores)
    points = [tuple(p) for c in ax.collections for p in c.get_offsets().tolist()]
    assert sorted(points) == sorted(zip(known["keeping_score"], known["repeat_percent"], strict=True))
    assert ax.lines[0].get_xdata()[0] == known["keeping_score"].median()
    assert f"{len(known)} 家企业" in ax.get_title(loc="left")
    sizes = [len(c.get_offsets()) for c in ax.collections]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        f"得分较高的一半（{sizes[0]} 家）", f"其余（{sizes[1]} 家）",
    ]  # fmt: skip


def test_nothing_to_draw_is_said():
    scores = score_archives(draw_archive_answers(5, seed=3)).assign(repeat_percent=math.nan)
    assert "没有一家企业" in plot_keeping(scores).texts[0].get_text()
    with pytest.raises(SchemaError, match="keeping_score"):
        plot_keeping(scores.drop(columns="keeping_score"))
    with pytest.raises(DataError):
        plot_payback(
            vary_payback(list_assumptions(), random_state=0, n_draws=100).by_assumption.head(0), months=36
        )


def test_a_bar_goes_from_the_low_to_the_high_end_and_names_the_months():
    table = vary_payback(list_assumptions(), random_state=0, n_draws=100).by_assumption
    ax = plot_payback(table, months=36)
    shown = table[table["swing"] > 0]
    bars = [(b.get_x(), b.get_x() + b.get_width()) for b in ax.patches]
    want = [tuple(sorted(p)) for p in zip(shown["balance_low"], shown["balance_high"], strict=True)]
    assert bars == [pytest.approx(w) for w in want]
    assert [t.get_text() for t in ax.get_yticklabels()] == shown["title"].tolist()
    months = [t.get_text() for t in ax.texts]
    first = shown.iloc[0]
    ends = ["不回本" if math.isinf(m) else f"{m:.0f} 个月" for m in (first["month_low"], first["month_high"])]
    assert months[:2] == ends
    low, high = ax.get_xlim()
    assert low < min(b[0] for b in bars) < max(b[1] for b in bars) < high
