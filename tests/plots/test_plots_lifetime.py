"""The figure of a lifetime model shows what its table says."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crm_lib.errors import SchemaError
from crm_lib.plots import plot_calibration

GROUPS = pd.DataFrame({
    "group": [1, 2, 3], "n_customers": [10, 11, 12], "expected": [0.2, 1.0, 4.0], "actual": [0.1, 1.5, 3.0],
    "low": [0.0, 1.1, 2.0], "high": [0.3, 1.9, 4.5],
})  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_bars_are_what_came_and_marks_what_was_expected():
    ax = plot_calibration(GROUPS, weeks=52)
    assert [p.get_height() for p in ax.patches] == [0.1, 1.5, 3.0]
    assert ax.lines[0].get_ydata().tolist() == [0.2, 1.0, 4.0]
    spans = [[tuple(p) for p in s] for s in ax.collections[0].get_segments()]
    assert spans == [[(1, 0.0), (1, 0.3)], [(2, 1.1), (2, 1.9)], [(3, 2.0), (3, 4.5)]]
    assert "n = 33 位客户" in ax.get_title(loc="left")
    assert "52 周" in ax.get_ylabel()


def test_without_a_forecast_there_is_a_sentence():
    ax = plot_calibration(None)
    assert "没有可以检验的预测" in ax.texts[0].get_text()
    assert not ax.patches


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="expected"):
        plot_calibration(GROUPS.drop(columns="expected"))
