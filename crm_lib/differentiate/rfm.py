"""Recency, frequency and money: from order lines to scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_range, require_rows
from crm_lib.differentiate.checks import MEASURES, SCORES, require_rfm
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd


def summarize_rfm(orders: Any, *, as_of: str | dt.date, time_zone: str | None = None) -> pd.DataFrame:
    """Summarize order lines to recency, frequency and money per customer.

    Parameters
    ----------
    orders
        One row per order line, with customer_id, ordered_at, amount (yuan; or quantity × unit_price ×
        (1 − discount)) and, when there is one, order_id.  A pandas frame, a path to Parquet or CSV (a
        glob is allowed), an Arrow table, a Polars frame, a DuckDB relation or a Spark frame.
    as_of : str or date
        What was known at the end of this day counts; later lines are in no total.
    time_zone : str, optional
        Zone in which calendar days are counted, for times that carry a zone (a Spark timestamp is
        counted in its session's zone by default); times without zone are local and stay as they are.

    Returns
    -------
    DataFrame
        One row per customer, sorted by customer_id as text: customer_id (str), recency_days (int64,
        calendar days from the last purchase to `as_of`), n_orders (int64), revenue (float64, yuan).
        ``attrs["n_later"]`` is the number of lines after `as_of`, ``attrs["as_of"]`` the day itself.

    Raises
    ------
    DataError
        When a line lacks its customer, date or amount, or every line is later than `as_of`.
    SchemaError
        When a needed column is missing.
    ReadError
        When a path cannot be read.

    Notes
    -----
    A line is a purchase when its amount, rounded to 1/10,000 yuan, is >= 0, so gifts count and returns
    do not: recency_days and n_orders look at purchases, revenue is the net sum of all lines.  A
    customer without any purchase (only returns) is kept: n_orders is 0 and recency_days counts from
    the last line.  Lines without order_id make one order per customer and calendar day.

    Recency counts calendar days: a purchase at 23:59:59 is one day old a second later.  Money is
    summed as whole 1/10,000 yuan, floor(amount × 10,000 + 0.5), so that every engine and every order
    of the lines gives the same digits.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["C1", "C1", "C2"],
    ...     "ordered_at": pd.to_datetime(["2024-12-01", "2024-12-30", "2024-12-31"]),
    ...     "amount": [100.0, 50.5, 20.0],
    ... })
    >>> summarize_rfm(orders, as_of="2024-12-31")
      customer_id  recency_days  n_orders  revenue
    0          C1             1         2    150.5
    1          C2             0         1     20.0
    """
    import pandas as pd

    from crm_lib.engine import total_customers
    from crm_lib.engine.rules import MONEY_UNIT

    day = parse_day("summarize_rfm", "as_of", str(as_of) if as_of != as_of else as_of)  # NaT is a datetime
    totals = total_customers(orders, as_of=day, where="summarize_rfm", time_zone=time_zone)
    table = totals.table
    days = table["last_day"].cast("int32").to_numpy().astype("int64")
    epoch = 719_163  # date(1970, 1, 1).toordinal()
    rfm = pd.DataFrame({
        "customer_id": table["customer_id"].to_pandas(),
        "recency_days": day.toordinal() - epoch - days,
        "n_orders": table["n_orders"].to_numpy(),
        "revenue": table["money"].to_numpy() / float(MONEY_UNIT),
    })
    rfm.attrs.update(n_later=totals.n_later, as_of=day.isoformat())
    return rfm


@dataclass(frozen=True)
class RfmBins:
    """Where one score ends and the next begins, as learned from one set of customers.

    Attributes
    ----------
    n_bins : int
        Number of scores.
    edges : dict of str to tuple of float
        For recency_days (days), n_orders and revenue (yuan): the n_bins − 1 inner quantiles.
    n_customers : int
        How many customers they were learned from.
    constant : tuple of str
        Measures that had one single value: they cannot separate, everybody gets the middle score.
    """

    n_bins: int
    edges: dict[str, tuple[float, ...]]
    n_customers: int
    constant: tuple[str, ...] = ()

    def apply(self, rfm: pd.DataFrame) -> pd.DataFrame:
        """Add score_r, score_f and score_m (int64, 1 = worst) to a copy of `rfm`.

        Parameters
        ----------
        rfm : DataFrame
            One row per customer: customer_id, recency_days, n_orders, revenue.

        Returns
        -------
        DataFrame
            `rfm` with the three scores, rows in the same order.
        """
        return score_rfm(rfm, bins=self)

    def list_ranges(self) -> pd.DataFrame:
        """List which values get which score.

        Returns
        -------
        DataFrame
            One row per measure and score, scores ascending: measure, score, low, high.  A value gets
            the score when low < value <= high (recency_days: low <= value < high); infinite ends are
            open.  A score between two equal edges is given to nobody and left out.
        """
        import pandas as pd

        rows = [row for measure in MEASURES for row in self._ranges(measure)]
        return pd.DataFrame(rows, columns=["measure", "score", "low", "high"])

    def _ranges(self, measure: str) -> list[tuple[str, int, float, float]]:
        if measure in self.constant:
            return [(measure, (self.n_bins + 1) // 2, float("-inf"), float("inf"))]
        ends = [float("-inf"), *self.edges[measure], float("inf")]
        pairs = list(zip(ends[:-1], ends[1:], strict=True))
        if measure == "recency_days":
            pairs.reverse()
        return [(measure, i + 1, low, high) for i, (low, high) in enumerate(pairs) if low < high]


def fit_rfm_bins(rfm: pd.DataFrame, *, n_bins: int = 5) -> RfmBins:
    """Learn the quantiles that separate the scores.

    Parameters
    ----------
    rfm : DataFrame
        One row per customer: customer_id, recency_days (days), n_orders, revenue (yuan).
    n_bins : int
        Number of scores, 2 to 10.

    Returns
    -------
    RfmBins
        The inner edges of each measure; ``.apply(frame)`` scores these or other customers.

    Raises
    ------
    DataError
        When there is no customer, or a measure is not finite or has an impossible sign.
    ParameterError
        When `n_bins` is not a whole number from 2 to 10.

    Notes
    -----
    The i-th edge is the linear quantile i / n_bins, Excel's PERCENTILE.INC: with the values sorted
    from v[0], h = (n − 1) · i / n_bins, edge = v[⌊h⌋] + (h − ⌊h⌋)(v[⌊h⌋ + 1] − v[⌊h⌋]).  h is split in
    whole numbers, so an edge that falls on a customer is that customer's value to the last digit.
    Quantiles of values, not of ranks: equal customers stay together, so groups differ in size.

    Examples
    --------
    >>> import pandas as pd
    >>> rfm = pd.DataFrame({
    ...     "customer_id": list("abcde"), "recency_days": [1, 2, 3, 4, 5],
    ...     "n_orders": [1, 1, 1, 2, 7], "revenue": [10.0, 20, 30, 40, 50],
    ... })
    >>> fit_rfm_bins(rfm, n_bins=2).edges
    {'recency_days': (3.0,), 'n_orders': (1.0,), 'revenue': (30.0,)}
    """
    if isinstance(n_bins, bool) or not hasattr(n_bins, "__index__"):
        raise ParameterError(
            f"fit_rfm_bins: n_bins must be a whole number; got {n_bins!r}. Choose 2 to 10, usually 5."
        )
    require_range("fit_rfm_bins", "n_bins", n_bins, 2, 10)
    require_rfm("fit_rfm_bins", rfm)
    hint = "Are there orders on or before as_of?"
    require_rows("fit_rfm_bins", len(rfm), 1, "customer", hint)
    values = {m: rfm[m].to_numpy(dtype="float64") for m in MEASURES}
    edges = {m: _inner_quantiles(v, int(n_bins)) for m, v in values.items()}
    constant = tuple(m for m, v in values.items() if v.min() == v.max())
    return RfmBins(int(n_bins), edges, len(rfm), constant)


def _inner_quantiles(values: np.ndarray, n_bins: int) -> tuple[float, ...]:
    import numpy as np

    ordered = np.sort(values)
    places = [divmod((len(ordered) - 1) * i, n_bins) for i in range(1, n_bins)]
    return tuple(
        float(ordered[k] + rest / n_bins * (ordered[k + 1] - ordered[k])) if rest else float(ordered[k])
        for k, rest in places
    )


def score_rfm(rfm: pd.DataFrame, *, bins: RfmBins) -> pd.DataFrame:
    """Score recency, frequency and money from 1 (worst) to n_bins (best).

    Parameters
    ----------
    rfm : DataFrame
        One row per customer: customer_id, recency_days (days), n_orders, revenue (yuan).
    bins : RfmBins
        From `fit_rfm_bins`, of these or of other customers.

    Returns
    -------
    DataFrame
        `rfm` with score_r, score_f and score_m (int64), rows in the same order;
        ``attrs["n_bins"]`` and ``attrs["constant"]`` repeat what `bins` says.

    Raises
    ------
    DataError
        When a measure is not finite or has an impossible sign, or a customer stands in two rows.

    Notes
    -----
    score = 1 + number of inner edges strictly below the value; for recency_days, where less is better,
    1 + number of edges strictly above it.  So equal values always get equal scores, at the price of
    groups of unequal size: where most customers bought once, most have score_f 1.  A measure that was
    constant when the bins were learned gives everybody the middle score (n_bins + 1) // 2.

    Examples
    --------
    >>> import pandas as pd
    >>> rfm = pd.DataFrame({
    ...     "customer_id": list("abcde"), "recency_days": [1, 2, 3, 4, 5],
    ...     "n_orders": [1, 1, 1, 2, 7], "revenue": [10.0, 20, 30, 40, 50],
    ... })
    >>> scores = score_rfm(rfm, bins=fit_rfm_bins(rfm, n_bins=5))
    >>> scores[["score_r", "score_f", "score_m"]].to_numpy().tolist()
    [[5, 1, 1], [4, 1, 2], [3, 1, 3], [2, 4, 4], [1, 5, 5]]
    """
    if not isinstance(bins, RfmBins):
        raise ParameterError(
            f"score_rfm: bins must come from fit_rfm_bins; got {type(bins).__name__}. "
            "Write score_rfm(rfm, bins=fit_rfm_bins(rfm))."
        )
    require_rfm("score_rfm", rfm)
    scores = rfm.copy()
    for measure, score in zip(MEASURES, SCORES, strict=True):
        scores[score] = _score(rfm[measure].to_numpy(dtype="float64"), measure, bins)
    scores.attrs.update(n_bins=bins.n_bins, constant=list(bins.constant))
    return scores


def _score(values: np.ndarray, measure: str, bins: RfmBins) -> np.ndarray:
    import numpy as np

    if measure in bins.constant:
        return np.full(len(values), (bins.n_bins + 1) // 2, dtype="int64")
    edges = np.asarray(bins.edges[measure])
    if measure == "recency_days":
        return (1 + len(edges) - np.searchsorted(edges, values, side="right")).astype("int64")
    return (1 + np.searchsorted(edges, values, side="left")).astype("int64")
