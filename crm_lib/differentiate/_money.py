"""Money as whole numbers of 1/10,000 yuan, so that sums have no rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MONEY_UNIT = 10_000


def count_money(values: pd.Series) -> np.ndarray:
    """Return yuan as int64 of 1/10,000 yuan; there must be no missing value."""
    import numpy as np

    return np.floor(values.to_numpy(dtype="float64") * MONEY_UNIT + 0.5).astype("int64")


def sum_money(values: pd.Series) -> float:
    """Return the sum in yuan; missing when one value is."""
    if values.isna().any():
        return float("nan")
    return int(count_money(values).sum()) / MONEY_UNIT
