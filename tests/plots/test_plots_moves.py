"""Figures of moves, cohorts and the whale: read by their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crm_lib.differentiate import measure_cohorts, measure_migration, measure_tornado, measure_whale
from crm_lib.errors import DataError
from crm_lib.plots import plot_cohorts, plot_migration, plot_tornado, plot_whale


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def period(text):
    return pd.DataFrame({"customer_id": [c for c, _ in text], "abc_class": [k for _, k in text]})


def test_each_pair_of_classes_has_its_field():
    moves = measure_migration(
        period([("a", "A"), ("b", "A"), ("c", "B")]), period([("a", "A"), ("b", "B"), ("d", "B")])
    )
    ax = plot_migration(moves)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["A", "B", "没有再来"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["A", "B", "新来的"]
    texts = [t.get_text() for t in ax.texts]
    assert texts[:3] == ["1\n50%", "1\n50%", "0"]
    assert texts[-1] == ""  # nobody is new and lost at once
    assert "n = 4 位客户" in ax.get_title(loc="left")
    assert np.ma.getmaskarray(ax.images[0].get_array()).sum() == 1


def test_a_period_that_is_not_over_stays_blank():
    orders = pd.DataFrame({
        "customer_id": ["a", "a", "b", "b"],
        "ordered_at": ["2024-01-05", "2024-02-05", "2024-02-10", "2024-04-01"],
        "amount": 1.0,
    })
    ax = plot_cohorts(measure_cohorts(orders, as_of="2024-04-15"))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2024-01（1）", "2024-02（1）"]
    assert [t.get_text() for t in ax.texts] == ["100%", "0%", "0%", ""]
    assert ax.get_xlabel() == "首次购买以后第几个月"


def test_hardly_any_data_is_a_sentence():
    orders = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2024-04-05"], "amount": [1.0]})
    assert (
        "还没有一个完整的时期"
        in plot_cohorts(measure_cohorts(orders, as_of="2024-04-15")).texts[0].get_text()
    )
    nobody = period([])
    empty = measure_migration(nobody, nobody, classes=["A"])
    assert "画不出变动" in plot_migration(empty).texts[0].get_text()
    with pytest.raises(DataError, match="left nothing to draw"):
        plot_whale(
            measure_whale(
                pd.DataFrame({"customer_id": [], "net_profit": []}).astype({"net_profit": "float64"})
            )
        )


def test_the_whale_shows_peak_total_and_losers():
    whale = measure_whale(
        pd.DataFrame({"customer_id": list("abcd"), "net_profit": [60.0, -30.0, 70.0, 10.0]})
    )
    ax = plot_whale(whale)
    assert ax.lines[0].get_ydata().tolist() == [0, 70, 130, 140, 110]
    assert set(ax.lines[1].get_ydata()) == {110.0}
    assert ax.lines[2].get_xydata().tolist() == [[0.75, 140.0]]
    assert [p.get_label() for p in ax.patches] == ["亏损的客户"]
    assert ax.get_title(loc="left") == "n = 4 位客户；亏损的 1 位"
    alone = plot_whale(measure_whale(pd.DataFrame({"customer_id": ["a"], "net_profit": [5.0]})))
    assert not alone.patches


def test_the_tornado_shows_each_assumption_from_low_to_high():
    people = pd.DataFrame({
        "customer_id": ["a"],
        "revenue": [100.0],
        "gross_profit": [20.0],
        "cost_to_serve": [50.0],
    })
    plan = pd.DataFrame({"customer_id": ["a"], "treatment": ["end"]})
    ranges = {"end_cost": (0.0, 3.0), "saved_at_end": (0.2, 1.0)}
    ax = plot_tornado(measure_tornado(people, plan, ranges=ranges), words={"end_cost": "结束一位客户的费用"})
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "saved_at_end（0.2–1）",
        "结束一位客户的费用（0–3）",
    ]
    # saved 0.2: −40 − 1 + 30 = −11; saved 1: −1 + 30 = 29; as assumed −10 − 1 + 30 = 19
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches[:2]]
    assert ends == [(19, -11), (19, 29)]
    assert [line.get_xdata()[0] for line in ax.lines] == [19, 0]


def test_a_plan_that_moves_nothing_is_a_sentence():
    people = pd.DataFrame({
        "customer_id": ["a"],
        "revenue": [100.0],
        "gross_profit": [60.0],
        "cost_to_serve": [50.0],
    })
    plan = pd.DataFrame({"customer_id": ["a"], "treatment": ["leave_alone"]})
    ax = plot_tornado(measure_tornado(people, plan, ranges={"end_cost": (0.0, 3.0)}))
    assert not ax.patches
    assert "没有可以画的数" in ax.texts[0].get_text()
