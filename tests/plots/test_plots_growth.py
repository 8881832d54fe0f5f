"""Growth figures: points per class, lines at the thresholds, bars of ours and elsewhere."""

import math

import pandas as pd
import pytest

from crm_lib.errors import CrmError
from crm_lib.plots import figure_svg, plot_category_shares, plot_growth_map

PEOPLE = pd.DataFrame({
    "actual_value": [100.0, 5.0, -3.0, 0.0],
    "potential_value": [10.0, 80.0, 0.0, math.nan],
    "growth_class": ["MVC", "MGC", "BZ", "unknown"],
})
SHARES = pd.DataFrame({
    "category": ["厨房", "床品"],
    "n_customers": [3, 3],
    "category_spend": [10.0, 40.0],
    "our_spend": [5.0, 10.0],
    "share": [0.5, 0.25],
})


def test_the_map_shows_each_class_and_threshold():
    ax = plot_growth_map(PEOPLE, thresholds={"mvc_from": 50.0, "mgc_from": 40.0})
    labels = {t.get_text() for t in ax.get_legend().get_texts()}
    assert labels == {"最有价值（1 位）", "最有增长潜力（1 位）", "不盈利（1 位）"}
    points = {tuple(line.get_xydata()[0]) for line in ax.lines if len(line.get_xydata()) == 1}
    assert points == {(100.0, 10.0), (5.0, 80.0), (-3.0, 0.0)}
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert len(dotted) == 2
    assert ax.get_title(loc="left") == "n = 3 位客户，1 位不知道"
    assert figure_svg(ax.get_figure())


def test_without_losses_there_is_no_empty_half_and_an_infinite_threshold_has_no_line():
    some = PEOPLE.iloc[:2]
    ax = plot_growth_map(some, thresholds={"mvc_from": math.inf, "mgc_from": 40.0})
    assert -5 < ax.get_xlim()[0] < 0
    assert ax.get_xlim()[1] > 100
    assert ax.get_ylim()[1] > 80
    assert len([line for line in ax.lines if line.get_linestyle() == ":"]) == 1


def test_nothing_known_is_said():
    ax = plot_growth_map(PEOPLE.iloc[3:], thresholds={"mvc_from": 1.0, "mgc_from": 1.0})
    assert "不知道" in ax.texts[0].get_text()
    with pytest.raises(CrmError):
        plot_growth_map(PEOPLE.iloc[:0], thresholds={"mvc_from": 1.0, "mgc_from": 1.0})


def test_the_largest_spend_elsewhere_is_on_top_with_our_share():
    ax = plot_category_shares(SHARES)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["床品", "厨房"]
    ours, elsewhere = ([bar.get_width() for bar in part] for part in ax.containers)
    assert (ours, elsewhere) == ([10.0, 5.0], [30.0, 5.0])
    assert [t.get_text() for t in ax.texts] == ["25%", "50%"]
    assert figure_svg(ax.get_figure())
