"""Find order lines that stand in the table more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NEAR_MINUTES = 5


def find_repeats(frame: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask of lines equal to an earlier one in `columns`, and the first line of each."""
    import numpy as np

    first = np.arange(len(frame))
    beyond = frame.duplicated(columns, keep="first").to_numpy() if len(frame) else np.zeros(0, dtype=bool)
    if beyond.any():
        rows = np.flatnonzero(frame.duplicated(columns, keep=False).to_numpy())
        groups = frame.iloc[rows].groupby(columns, dropna=False, sort=False).ngroup().to_numpy()
        start = np.full(groups.max() + 1, len(frame))
        np.minimum.at(start, groups, rows)
        first[rows] = start[groups]
    return beyond, first


def find_proved_repeats(frame: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return repeats that name the same line: order and line number, or order, article and time."""
    import numpy as np

    beyond, first = find_repeats(frame, columns)
    if "order_id" not in frame.columns:
        return np.zeros(len(frame), dtype=bool), first
    by_line = _present(frame, "line_no")
    by_article = _present(frame, "sku") & _present(frame, "ordered_at")
    return beyond & _present(frame, "order_id") & (by_line | by_article), first


def _present(frame: pd.DataFrame, column: str) -> np.ndarray:
    import numpy as np

    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].notna().to_numpy()


def find_near_repeats(frame: pd.DataFrame, *, minutes: int = NEAR_MINUTES) -> np.ndarray:
    """Return purchases like one of another order of the same customer at most `minutes` before.

    Notes
    -----
    A column of days without clock times says nothing about minutes, so a
    time of midnight is never near anything.
    """
    import numpy as np
    import pandas as pd

    out = np.zeros(len(frame), dtype=bool)
    if "order_id" not in frame.columns:
        return out
    keys = [c for c in ("customer_id", "sku", "amount") if c in frame.columns]
    times = frame["ordered_at"]
    rows = np.flatnonzero((frame["amount"] > 0) & frame["order_id"].notna() & (times != times.dt.normalize()))
    part = frame.iloc[rows]
    # a missing article is a value of its own here
    group = part.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    order = pd.factorize(part["order_id"])[0]
    time = part["ordered_at"].to_numpy("datetime64[us]").astype("int64")
    by = np.lexsort((rows, order, time, group))
    group, order, time = group[by], order[by], time[by]
    # the last line of another order before each run of lines of one order
    starts = (
        np.r_[True, (group[1:] != group[:-1]) | (order[1:] != order[:-1])] if len(by) else by.astype(bool)
    )
    run = np.cumsum(starts) - 1
    begin = np.flatnonzero(starts)
    before = np.r_[-1, begin[1:] - 1] if len(begin) else begin
    earlier = before[run] if len(by) else before
    near = (earlier >= 0) & (group == group[earlier]) & (time - time[earlier] <= minutes * 60_000_000)
    out[rows[by[near]]] = True
    return out
