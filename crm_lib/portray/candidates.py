"""Candidate features of customers (寻找关键变量): many to describe them, two to group them by."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns, require_range, require_values
from crm_lib.portray.measures import MEASURES, Known, know_tables
from crm_lib.portray.titles import CATEGORY_PREFIX

if TYPE_CHECKING:
    import pandas as pd

KEY_FEATURES = ("order_rate", "mean_basket_value")
"""How often, and how much each time: the product of both is what a customer spends in a span of time."""

N_CATEGORIES = 5
LEAST_COMPARED = 10
SILENCE_QUANTILE = 0.9
DAYS = 30
EVENING = (18, 22)
OWN_BRANDS = ("private", "自有", "自有品牌", "store brand")
_MEASURES = ("recency_days", "tenure_days", "n_orders", "revenue", "discount_share", "weekend_share",
             "return_share", "n_categories")  # fmt: skip


def build_features(orders: pd.DataFrame, *, as_of: Any, products: pd.DataFrame | None = None) -> pd.DataFrame:
    """Compute the candidate features of every customer, as was known at the end of a day.

    Parameters
    ----------
    orders : DataFrame
        Order lines: ``customer_id``, ``ordered_at``, ``amount``, and what else there
        is (``order_id``, ``sku``, ``discount``, ``category``, ``brand``).
    as_of : date
        Lines later than this day count nowhere.
    products : DataFrame, optional
        One row per ``sku``, with ``category`` and ``brand``.

    Returns
    -------
    DataFrame
        One row per customer, sorted by ``customer_id``, no value missing:
        ``order_rate`` (orders per 30 days), ``mean_basket_value`` (money per order,
        returns not taken off), ``recency_days``, ``tenure_days``, ``n_orders``,
        ``revenue`` (returns taken off), then, where the data have what they need,
        ``n_categories``, ``discount_share``, ``own_brand_share``,
        ``weekend_share``, ``evening_share`` (18–22 h), ``return_share``,
        ``top_category_share`` and ``category_share:<name>`` of the five categories
        with most purchase lines.  ``attrs``: ``as_of``, ``n_later``, ``lacking``
        (features that could not be computed).

    Raises
    ------
    DataError
        All orders lie after `as_of`, or a row has no customer, time or amount.

    Notes
    -----
    ``order_rate = 30 · (n + 1) / (span + min(silence, q90) + 2 · gap)`` in days:
    span from the first to the last order, silence from the last order to `as_of`, q90 the 90 % quantile of all
    gaps between two orders of a customer, gap their mean.  Disputable: the silence
    is capped, because who has left did not buy slowly; without the cap, early
    leavers and slow buyers become one.  One order and two mean gaps are added, so
    that a rate rests on more than a single order: without them all who bought once
    stand on one spot, and one kind of customer looks like two.  Shares of somebody
    without any purchase are 0.
    """
    import pandas as pd

    day = parse_day("build_features", "as_of", as_of)
    tables = {"orders": orders} if products is None else {"orders": orders, "products": products}
    known = know_tables("build_features", tables, day)
    ids = pd.Index(sorted(known.orders["customer_id"].unique()), name="customer_id")
    found, lacking = _measure(known)
    found |= _rate(known, ids, day)
    found |= (
        _share_brands(known, lacking) | _share_evenings(known, lacking) | _share_categories(known, lacking)
    )
    order = [*KEY_FEATURES, *(n for n in found if n not in KEY_FEATURES)]
    out = pd.DataFrame({name: found[name].reindex(ids).astype(float) for name in order}, index=ids)
    # who only returned something has no purchase to count from: the days since that return
    last = _days(known.orders.groupby("customer_id")["day"].max().reindex(ids), day)
    out["recency_days"] = out["recency_days"].fillna(last)
    out["tenure_days"] = out["tenure_days"].fillna(last)
    out = out.fillna(0.0).reset_index()
    whole = [c for c in ("recency_days", "tenure_days", "n_orders", "n_categories") if c in out.columns]
    out = out.astype(dict.fromkeys(whole, "int64"))
    out.attrs.update(as_of=day.isoformat(), n_later=known.n_later["orders"], lacking=sorted(lacking))
    return out


def select_features(features: pd.DataFrame) -> pd.DataFrame:
    """Return the few features a clustering shall use, ready for `sweep_k` and `fit_clusters`.

    Parameters
    ----------
    features : DataFrame
        What `build_features` returned.

    Returns
    -------
    DataFrame
        One row per customer, in the order given: ``customer_id``, ``order_rate`` and
        ``mean_basket_value`` as binary logarithms less their mean; a constant one is
        left out.  ``attrs``: ``dropped``, ``logged``, and ``n_floored`` (customers
        without any purchase amount, set to the lowest value that occurs).

    Notes
    -----
    ``log2(x) − mean(log2(x))``: one unit is a doubling, in either feature.
    Disputable: they are *not* divided by their standard deviations.  A customer who
    buys twice as often and one whose orders are twice as large bring the same money,
    so they lie equally far from the rest; dividing would give a quantity in which
    the customers hardly differ as much weight as one in which they differ a
    hundredfold.  Do not pass the result through `prepare_features`.

    Examples
    --------
    >>> import pandas as pd
    >>> built = pd.DataFrame({"customer_id": ["a", "b"], "order_rate": [1.0, 4.0],
    ...                       "mean_basket_value": [50.0, 50.0]})
    >>> select_features(built)["order_rate"].tolist()
    [-1.0, 1.0]
    """
    import numpy as np
    import pandas as pd

    require_columns("select_features", features.columns, ["customer_id", *KEY_FEATURES])
    out = pd.DataFrame({"customer_id": features["customer_id"].to_numpy()})
    dropped, n_floored = [], 0
    for name in KEY_FEATURES:
        values = features[name].astype(float)
        good = pd.Series(np.isfinite(values.to_numpy()), index=features.index)
        require_values("select_features", features, name, good, "a finite number", "Use build_features.")
        low = values[values > 0].min() if (values > 0).any() else 1.0
        n_floored = max(n_floored, int((values <= 0).sum()))
        logs = np.log2(values.clip(lower=low))
        if logs.nunique() < 2:
            dropped.append(name)
        else:
            out[name] = (logs - logs.mean()).to_numpy()
    out.attrs.update(dropped=dropped, n_floored=n_floored)
    out.attrs["logged"] = [n for n in KEY_FEATURES if n not in dropped]
    return out


def correlate_features(features: pd.DataFrame, *, at_least: float = 0.8) -> pd.DataFrame:
    """Name the pairs of features that say nearly the same, and which of the two to leave out.

    Parameters
    ----------
    features : DataFrame
        One row per customer: ``customer_id`` and numeric features, the more
        important first.
    at_least : float
        Smallest absolute rank correlation of a pair, 0 to 1.

    Returns
    -------
    DataFrame
        One row per pair, the strongest first: ``keep``, ``drop``, ``correlation``
        (Spearman's, −1 to 1).

    Notes
    -----
    Of a pair the one that stands earlier in the table is kept.  A feature that was
    already dropped drops no other one; constant features have no correlation.  Below
    ten customers nothing is named: any two columns of three rows go together.

    Examples
    --------
    >>> import pandas as pd
    >>> x = list(range(10))
    >>> frame = pd.DataFrame({"customer_id": list("abcdefghij"), "x": x, "y": [v * v for v in x]})
    >>> correlate_features(frame).values.tolist()
    [['x', 'y', 1.0]]
    """
    import pandas as pd

    require_columns("correlate_features", features.columns, ["customer_id"])
    require_range("correlate_features", "at_least", at_least, 0, 1)
    numbers = features.drop(columns="customer_id").astype(float)
    # Pearson's of the ranks: pandas itself would ask scipy for Spearman's
    numbers = numbers.loc[:, numbers.nunique() > 1].rank()
    matrix = numbers.corr()
    names, dropped, rows = list(numbers.columns), set(), []
    if len(numbers) < LEAST_COMPARED:
        names = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            value = float(matrix.loc[first, second])
            if first not in dropped and second not in dropped and abs(value) >= at_least - 1e-12:
                rows.append((first, second, round(value, 12)))
                dropped.add(second)
    out = pd.DataFrame(rows, columns=["keep", "drop", "correlation"])
    return out.sort_values("correlation", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def _measure(known: Known) -> tuple[dict[str, pd.Series], list[str]]:
    found, lacking = {}, []
    for name in _MEASURES:
        if known.lacks(MEASURES[name].needs):
            lacking.append(name)
        else:
            found[name] = MEASURES[name].compute(known)
    return found, lacking


def _rate(known: Known, ids: pd.Index, day: dt.date) -> dict[str, pd.Series]:
    """Return how often a customer buys, and how much each time."""
    import numpy as np
    import pandas as pd

    bought = known.orders[known.orders["purchase"]]
    key = ["customer_id", "order_id"] if "order_id" in bought.columns else ["customer_id", "day"]
    orders = bought.groupby(key, sort=False)["ordered_at"].min().reset_index()
    orders = orders.sort_values(["customer_id", "ordered_at"], kind="stable")
    times = orders.groupby("customer_id")["ordered_at"]
    one_day = pd.Timedelta(days=1)
    gaps = (times.diff().dropna() / one_day).astype(float)
    n, first, last = times.size(), times.min(), times.max()
    end = pd.Timestamp(day) + one_day
    cap, gap = (gaps.quantile(SILENCE_QUANTILE), gaps.mean()) if gaps.sum() > 0 else (0.0, float(DAYS))
    exposed = (last - first) / one_day + ((end - last) / one_day).clip(upper=cap) + 2 * gap
    exact = np.floor(bought["amount"].to_numpy(float) * 10_000 + 0.5).astype("int64")
    money = bought.assign(exact=exact).groupby("customer_id")["exact"].sum() / 10_000.0
    return {
        "order_rate": (DAYS * (n + 1) / exposed).reindex(ids),
        "mean_basket_value": (money / n).reindex(ids),
    }


def _share_brands(known: Known, lacking: list[str]) -> dict[str, pd.Series]:
    bought = known.orders[known.orders["purchase"]]
    brand = bought["brand"].astype("string").str.strip().str.lower() if "brand" in bought.columns else None
    own = None if brand is None else brand.isin(OWN_BRANDS)
    if own is None or not own.any():
        lacking.append("own_brand_share")
        return {}
    known_brand = bought.assign(own=own.astype(float))[brand.notna().to_numpy()]
    return {"own_brand_share": known_brand.groupby("customer_id")["own"].mean()}


def _share_evenings(known: Known, lacking: list[str]) -> dict[str, pd.Series]:
    bought = known.orders[known.orders["purchase"]]
    if (bought["ordered_at"] == bought["day"]).all():
        lacking.append("evening_share")  # dates without a time of day
        return {}
    key = ["customer_id", "order_id"] if "order_id" in bought.columns else ["customer_id", "day"]
    orders = bought.drop_duplicates(key)
    hour = orders["ordered_at"].dt.hour
    evening = ((hour >= EVENING[0]) & (hour < EVENING[1])).astype(float)
    return {"evening_share": orders.assign(evening=evening).groupby("customer_id")["evening"].mean()}


def _share_categories(known: Known, lacking: list[str]) -> dict[str, pd.Series]:
    bought = known.orders[known.orders["purchase"]]
    if "category" not in bought.columns or bought["category"].isna().all():
        lacking += ["top_category_share", CATEGORY_PREFIX.rstrip(":")]
        return {}
    counts = bought.groupby(["customer_id", "category"]).size().unstack(fill_value=0)
    total = counts.sum()
    largest = sorted(total.index, key=lambda name: (-total[name], str(name)))[:N_CATEGORIES]
    shares = counts.div(counts.sum(axis=1), axis=0)
    found = {"top_category_share": shares.max(axis=1)}
    return found | {f"{CATEGORY_PREFIX}{name}": shares[name] for name in largest}


def _days(days: pd.Series, as_of: dt.date) -> pd.Series:
    import pandas as pd

    return (pd.Timestamp(as_of) - days).dt.days
