"""Named segments from scores, and what each segment is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.differentiate.checks import (
    MEASURES,
    SCORES,
    find_id_faults,
    find_number_faults,
    find_score_faults,
    raise_faults,
    require_frame,
)
from crm_lib.differentiate.scheme import SHIPPED, Scheme, load_scheme
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MONEY_UNIT = 10_000


def name_segments(
    scores: pd.DataFrame,
    *,
    scheme: str | Path | pd.DataFrame | Scheme = "classic",
    n_bins: int | None = None,
) -> pd.DataFrame:
    """Name the segment of each customer.

    Parameters
    ----------
    scores : DataFrame
        One row per customer: customer_id, score_r, score_f, score_m (whole numbers, 1 = worst).
    scheme : str, Path, DataFrame or Scheme
        ``"classic"``, ``"eight"``, or a table of your own; see `load_scheme`.
    n_bins : int, optional
        Highest possible score.  By default what `score_rfm` noted in ``scores.attrs``; it is never
        guessed from the highest score that occurs.

    Returns
    -------
    DataFrame
        `scores` with segment (str, Chinese), rows in the same order; ``attrs["segments"]`` lists all
        segment names in the order of the scheme.

    Raises
    ------
    ParameterError
        When the number of scores is not known or is not the one the scheme is made for.
    DataError
        When a score is out of range, or a scheme of your own leaves out or doubles a combination.

    Notes
    -----
    ``classic`` needs five scores and looks at score_r and fm = (score_f + score_m) / 2 rounded half
    up.  ``eight`` calls a score high when it lies above the middle of the scale,
    2 × score > n_bins + 1.  Textbooks often take "above the mean of all customers" instead: then a
    customer's class changes when other customers do, and one big buyer moves the mean; the middle of
    a quantile scale does not have this fault.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "score_r": [5, 1],
    ...                        "score_f": [5, 1], "score_m": [4, 2]})
    >>> name_segments(scores, n_bins=5)["segment"].tolist()
    ['冠军客户', '流失客户']
    """
    import pandas as pd

    require_frame("name_segments", scores, ("customer_id", *SCORES))
    loaded = load_scheme(scheme)
    size = _require_n_bins(scores, loaded, n_bins)
    faults = find_id_faults(scores)
    for column in SCORES:
        faults += find_score_faults(scores, column, size)
    raise_faults("name_segments", faults)
    names = loaded.table(size)
    combinations = zip(*(scores[c].astype("int64") for c in SCORES), strict=True)
    named = scores.copy()
    named["segment"] = pd.Series([names[c] for c in combinations], index=scores.index, dtype="str")
    named.attrs.update(segments=list(loaded.names), n_bins=size)
    return named


def _require_n_bins(scores: pd.DataFrame, scheme: Scheme, n_bins: int | None) -> int:
    noted = scores.attrs.get("n_bins")
    if n_bins is None and noted is None:
        raise ParameterError(
            "name_segments: the number of scores is not known, because the frame has lost its attrs "
            "(merge and files do that). Say it: name_segments(scores, n_bins=5)."
        )
    if n_bins is not None and noted is not None and n_bins != noted:
        raise ParameterError(
            f"name_segments: n_bins must be the number the scores were made with, {noted}; got {n_bins}. "
            "Leave n_bins out."
        )
    size = noted if n_bins is None else n_bins
    require_range("name_segments", "n_bins", size, 2, 10)
    if scheme.n_bins not in {None, size}:
        raise ParameterError(
            f"name_segments: scheme {scheme.name!r} needs scores from 1 to {scheme.n_bins}; these go to "
            f"{size}. Use fit_rfm_bins(rfm, n_bins={scheme.n_bins}) or scheme='eight'."
        )
    return size


def summarize_segments(
    segments: pd.DataFrame,
    *,
    scheme: str | Path | pd.DataFrame | Scheme | None = None,
    include_empty: bool = False,
) -> pd.DataFrame:
    """Summarize how many customers each segment has and what they are worth.

    Parameters
    ----------
    segments : DataFrame
        One row per customer: customer_id, recency_days, n_orders, revenue (yuan), segment.
    scheme : str, Path, DataFrame or Scheme, optional
        Gives the order of the rows.  By default what `name_segments` noted in ``segments.attrs``, or
        else the shipped scheme that knows all these names.
    include_empty : bool
        Also list the segments of the scheme that have no customer.

    Returns
    -------
    DataFrame
        One row per segment in the order of the scheme: segment (str), n_customers (int64),
        customer_share (0–1), revenue (yuan), revenue_share, mean_recency_days, mean_n_orders,
        mean_revenue (float64).

    Raises
    ------
    DataError
        When a customer has no segment, or one that the scheme does not know.

    Notes
    -----
    revenue_share is the segment's part of the net revenue of all; it is missing when that is not
    positive, and can lie outside 0–1 where a segment returned more than it bought.
    """
    require_frame("summarize_segments", segments, ("customer_id", *MEASURES, "segment"))
    faults = find_id_faults(segments)
    for column in MEASURES:
        faults += find_number_faults(segments, column)
    raise_faults("summarize_segments", faults)
    order = _order_of(segments, scheme)
    summary = _summarize(segments, order)
    return summary if include_empty else summary[summary["n_customers"] > 0].reset_index(drop=True)


def _order_of(segments: pd.DataFrame, scheme: str | Path | pd.DataFrame | Scheme | None) -> list[str]:
    present = list(dict.fromkeys(segments["segment"]))
    if n := int(segments["segment"].isna().sum()):
        raise DataError(
            f"summarize_segments: column 'segment' must not be empty; {n:,} of {len(segments):,} rows are. "
            "Name them with name_segments."
        )
    known = [list(load_scheme(scheme).names)] if scheme is not None else []
    if not known:
        noted = segments.attrs.get("segments")
        known = ([list(noted)] if noted else []) + [list(load_scheme(s).names) for s in SHIPPED]
    for names in known:
        if set(present) <= set(names):
            return names
    strange = sorted(str(s) for s in present if s not in known[0])
    raise DataError(
        f"summarize_segments: the scheme does not know segment {', '.join(map(repr, strange[:3]))}. "
        "Pass the scheme the segments were named with: summarize_segments(frame, scheme=…)."
    )


def _summarize(segments: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    money = np.floor(segments["revenue"].astype("float64") * _MONEY_UNIT + 0.5).astype("int64")
    frame = segments.assign(money=money)
    groups = frame.groupby(frame["segment"].astype(object), sort=False)
    n = groups.size().reindex(order, fill_value=0).to_numpy(dtype="int64")
    sums = groups[["recency_days", "n_orders", "money"]].sum().reindex(order, fill_value=0)
    total, worth = len(frame), int(money.sum())
    mean = {c: _divide(sums[c].to_numpy(dtype="float64"), n) for c in sums.columns}
    revenue = sums["money"].to_numpy(dtype="float64")
    return pd.DataFrame({
        "segment": pd.Series(order, dtype="str"),
        "n_customers": n,
        "customer_share": _divide(n, total),
        "revenue": revenue / _MONEY_UNIT,
        "revenue_share": _divide(revenue, worth if worth > 0 else 0),
        "mean_recency_days": mean["recency_days"],
        "mean_n_orders": mean["n_orders"],
        "mean_revenue": mean["money"] / _MONEY_UNIT,
    })


def _divide(part: np.ndarray, whole: np.ndarray | int) -> np.ndarray:
    """Divide; a share of nothing is missing, not an error."""
    import numpy as np

    part = np.asarray(part, dtype="float64")
    whole = np.broadcast_to(np.asarray(whole, dtype="float64"), part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
