"""Figures of searches and of what information is worth: what is drawn is what was computed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crm_lib.errors import CrmError
from crm_lib.plots import plot_searches, plot_worth

NAN = float("nan")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def make_searches():
    return pd.DataFrame({
        "name": ["只写产品名", "buy"],
        "n_found": [1200, 0],
        "precision_share": [0.2, NAN],
        "recall_share": [0.6, 0.0],
    })


def test_each_search_has_its_two_points():
    ax = plot_searches(make_searches())
    points = {line.get_label(): line for line in ax.lines if line.get_marker() in ("o", "D")}
    assert points["查准率"].get_xdata()[0] == 0.2
    assert pd.isna(points["查准率"].get_xdata()[1])
    assert list(points["查全率"].get_xdata()) == [0.6, 0.0]
    assert list(points["查全率"].get_ydata()) == [0, 1]
    joined = [line.get_xdata() for line in ax.lines if line.get_marker() in ("None", "")]
    assert [list(x) for x in joined] == [[0.2, 0.6]]  # no line where nothing was found
    assert [t.get_text() for t in ax.get_yticklabels()] == ["只写产品名（1,200）", "buy（0）"]
    low, high = ax.get_ylim()
    assert low > high  # the first search on top


def test_each_decision_has_its_bar():
    frame = pd.DataFrame({"item": ["甲", "乙", "丙"], "value_amount": [100.0, -20.0, NAN]})
    ax = plot_worth(frame)
    assert [p.get_width() for p in ax.patches] == [100.0, -20.0]
    assert len({p.get_facecolor() for p in ax.patches}) == 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["甲", "乙"]
    assert "2 项决策" in ax.get_title(loc="left")


def test_nothing_to_draw_is_said():
    ax = plot_worth(pd.DataFrame({"item": ["甲"], "value_amount": [NAN]}))
    assert [t.get_text() for t in ax.texts] == ["没有可以计算的决策"]
    with pytest.raises(CrmError):
        plot_searches(make_searches().head(0))
    with pytest.raises(CrmError, match="recall_share"):
        plot_searches(make_searches().drop(columns="recall_share"))
