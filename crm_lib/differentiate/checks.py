"""Checks of customer frames: every fault is collected before one error is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("recency_days", "n_orders", "revenue")
SCORES = ("score_r", "score_f", "score_m")

_TYPE_HINT = "Take the frame as summarize_rfm returned it."
_DUPLICATE_HINT = "Give one row per customer, as summarize_rfm returns them."
_MISSING_HINT = "Remove such rows or mend the orders they came from."
_SIGN_HINTS = {
    "recency_days": "Is as_of earlier than the last order?",
    "n_orders": "Is it a count of orders?",
}


def require_rfm(where: str, rfm: pd.DataFrame) -> None:
    """Raise when `rfm` is not one row per customer with finite measures of the right sign."""
    require_frame(where, rfm, ("customer_id", *MEASURES))
    faults = find_id_faults(rfm)
    for column in MEASURES:
        faults += find_number_faults(rfm, column) or find_sign_faults(rfm, column)
    raise_faults(where, faults)


def require_frame(where: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Raise when `frame` is no pandas frame or lacks one of `columns`."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{where}: needs a pandas DataFrame; got {type(frame).__name__}. {_TYPE_HINT}")
    require_columns(where, list(frame.columns), columns)


def raise_faults(where: str, faults: list[str]) -> None:
    """Raise one `DataError` that names every fault."""
    if faults:
        raise DataError(f"{where}: " + " Also: ".join(faults))


def find_id_faults(frame: pd.DataFrame) -> list[str]:
    """Find customers without number and customers that stand in more than one row."""
    ids = frame["customer_id"]
    faults = []
    if n := int(ids.isna().sum()):
        faults.append(
            f"column 'customer_id' must not be empty; {n:,} of {len(frame):,} rows "
            f"{'are' if n > 1 else 'is'}. {_MISSING_HINT}"
        )
    twice = ids[ids.notna() & ids.duplicated()]
    if len(twice):
        faults.append(
            f"column 'customer_id' must name each customer once; {len(twice):,} of {len(frame):,} rows "
            f"{'repeat' if len(twice) > 1 else 'repeats'} one (first: customer {twice.iloc[0]}). {_DUPLICATE_HINT}"
        )
    return faults


def find_number_faults(frame: pd.DataFrame, column: str) -> list[str]:
    """Find values that are no finite number."""
    import numpy as np
    import pandas as pd

    values = frame[column]
    if not len(values):
        return []
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return [f"column {column!r} must hold numbers; got type {values.dtype}. {_TYPE_HINT}"]
    bad = ~np.isfinite(values.to_numpy(dtype="float64", na_value=np.nan))
    return _describe(frame, column, bad, "finite", "are not", _MISSING_HINT)


def find_sign_faults(frame: pd.DataFrame, column: str) -> list[str]:
    """Find negative values where there can be none; revenue may be negative after returns."""
    if column not in _SIGN_HINTS or not len(frame):
        return []
    bad = (frame[column] < 0).to_numpy(dtype=bool)
    return _describe(frame, column, bad, ">= 0", "are negative", _SIGN_HINTS[column])


def _describe(frame: pd.DataFrame, column: str, bad, rule: str, verb: str, hint: str) -> list[str]:
    n = int(bad.sum())
    if not n:
        return []
    first = frame.loc[bad].iloc[0]
    verb = verb if n > 1 else verb.replace("are", "is")
    return [
        f"column {column!r} must be {rule}; {n:,} of {len(frame):,} rows {verb} "
        f"(first: customer {first['customer_id']}, {first[column]}). {hint}"
    ]


def find_score_faults(frame: pd.DataFrame, column: str, n_bins: int) -> list[str]:
    """Find scores that are no whole number from 1 to `n_bins`."""
    faults = find_number_faults(frame, column)
    if faults or not len(frame):
        return faults
    values = frame[column].to_numpy(dtype="float64")
    bad = (values < 1) | (values > n_bins) | (values % 1 != 0)
    rule = f"a whole number from 1 to {n_bins}"
    return _describe(frame, column, bad, rule, "are not", "Score with bins of the same n_bins.")
