"""Turn quantities of customers into features a clustering can weigh alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_columns, require_values
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

RFM_COLUMNS = ("recency_days", "n_orders", "revenue")
SKEW_LIMIT = 1.0


@dataclass(frozen=True)
class FeatureScale:
    """How one quantity becomes a feature: ``(transform(value) - center) / spread``."""

    column: str
    log: bool
    center: float
    spread: float


@dataclass(frozen=True)
class FeatureMap:
    """The learned way from quantities to features; `apply` uses it on any customers.

    ``dropped`` names the columns that had a single value and so tell no
    customer from another.
    """

    scales: tuple[FeatureScale, ...]
    dropped: tuple[str, ...]

    def apply(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Return ``customer_id`` and the features of `customers`.

        Parameters
        ----------
        customers : DataFrame
            One row per customer with the columns this map was learned from.

        Returns
        -------
        DataFrame
            ``customer_id`` and one float column per feature, in the order of
            `customers`; ``attrs["dropped"]`` names the columns left out,
            ``attrs["logged"]`` those on a logarithmic scale.
        """
        import pandas as pd

        _check_customers("FeatureMap.apply", customers, [s.column for s in self.scales])
        out = pd.DataFrame({"customer_id": customers["customer_id"].to_numpy()})
        for s in self.scales:
            out[s.column] = (_transform(customers[s.column], s.log) - s.center) / s.spread
        out.attrs["dropped"] = list(self.dropped)
        out.attrs["logged"] = [s.column for s in self.scales if s.log]
        return out


def fit_features(customers: pd.DataFrame, *, columns: Sequence[str] = RFM_COLUMNS) -> FeatureMap:
    """Learn how quantities of customers become comparable features.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id`` and the numeric `columns`.
    columns : sequence of str
        Quantities to use; recency, orders and revenue by default.

    Returns
    -------
    FeatureMap
        Its ``apply`` makes the features of these or other customers.

    Raises
    ------
    SchemaError
        A column is missing.
    DataError
        A value is missing, infinite or no number, or a customer occurs twice.

    Notes
    -----
    A column whose skewness is above 1 is taken as ``sign(x) · ln(1 + |x|)``:
    the usual ``log1p`` for values from 0 up, and its mirror image for negative
    revenue (more returned than bought), so that no customer is lost and none
    is shifted.  Then the mean is taken off and the result is divided by the
    standard deviation (of the customers given, not of a sample of them).
    The disputable choice is the logarithm: without it k-means would mostly set
    a handful of very large customers apart.
    """
    if not columns or len(set(columns)) != len(columns):
        raise ParameterError(
            f"fit_features: columns must name at least one column, each once; got {list(columns)}. "
            f"Leave it out for {list_words(RFM_COLUMNS)}."
        )
    _check_customers("fit_features", customers, columns)
    scales = [_fit_scale(customers[c], c) for c in columns]
    return FeatureMap(
        scales=tuple(s for s in scales if s.spread > 0),
        dropped=tuple(s.column for s in scales if s.spread == 0),
    )


def prepare_features(customers: pd.DataFrame, *, columns: Sequence[str] = RFM_COLUMNS) -> pd.DataFrame:
    """Return comparable features of customers: `fit_features` and its ``apply`` in one call.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id`` and the numeric `columns`.
    columns : sequence of str
        Quantities to use; recency, orders and revenue by default.

    Returns
    -------
    DataFrame
        ``customer_id`` and one standardised column per quantity that is not
        constant, in the order of `customers`; ``attrs["dropped"]`` names the
        constant ones, ``attrs["logged"]`` those on a logarithmic scale.

    Examples
    --------
    >>> import pandas as pd
    >>> base = pd.DataFrame({"customer_id": ["a", "b"], "recency_days": [0, 10],
    ...                      "n_orders": [1, 1], "revenue": [5.0, 15.0]})
    >>> features = prepare_features(base)
    >>> features["revenue"].tolist(), features.attrs["dropped"]
    ([-1.0, 1.0], ['n_orders'])
    """
    return fit_features(customers, columns=columns).apply(customers)


def describe_features(customers: pd.DataFrame, *, columns: Sequence[str] = RFM_COLUMNS) -> pd.DataFrame:
    """Show what was done to each quantity on its way to a feature, and whether it helped.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id`` and the numeric `columns`.
    columns : sequence of str
        Quantities to use; recency, orders and revenue by default.

    Returns
    -------
    DataFrame
        One row per quantity, in the order given: ``column``, ``transform``
        ("signed log1p", "none", or "dropped" for a single value),
        ``skew_before``, ``skew_after`` (missing below three customers or for a
        single value), ``center``, ``spread`` (in transformed units),
        ``n_distinct``, ``top_share`` (of customers with the commonest value).

    Notes
    -----
    A feature whose skewness stays above 1, or one value of which half the
    customers share, is still used as it is: what k-means makes of it is then
    largely that one end, or that one value.
    """
    import pandas as pd

    learned = {s.column: s for s in fit_features(customers, columns=columns).scales}
    rows = []
    for column in columns:
        values, scale = pd.to_numeric(customers[column]).astype(float), learned.get(column)
        varied = scale is not None and len(values) > 2
        after = pd.Series(_transform(values, scale.log)) if scale else values
        rows.append({
            "column": column,
            "transform": "dropped" if scale is None else "signed log1p" if scale.log else "none",
            "skew_before": float(values.skew()) if varied else float("nan"),
            "skew_after": float(after.skew()) if varied else float("nan"),
            "center": scale.center if scale else float("nan"),
            "spread": scale.spread if scale else 0.0,
            "n_distinct": int(values.nunique()),
            "top_share": float(values.value_counts(normalize=True).max()) if len(values) else float("nan"),
        })
    return pd.DataFrame(rows)


def _check_customers(where: str, customers: pd.DataFrame, columns: Sequence[str]) -> None:
    import numpy as np
    import pandas as pd

    require_columns(where, customers.columns, ["customer_id", *columns])
    if customers["customer_id"].duplicated().any():
        twice = customers["customer_id"][customers["customer_id"].duplicated()]
        raise DataError(
            f"{where}: needs one row per customer; {len(twice):,} rows repeat a customer "
            f"(first: {twice.iloc[0]}). Aggregate the orders with summarize_rfm first."
        )
    for column in columns:
        values = pd.to_numeric(customers[column], errors="coerce").astype(float)
        good = pd.Series(np.isfinite(values.to_numpy()), index=customers.index)
        require_values(where, customers, column, good, "a finite number", "Clean the table with clean_table.")


def _transform(values: pd.Series, log: bool) -> pd.Series:
    import numpy as np
    import pandas as pd

    x = pd.to_numeric(values).to_numpy(float)
    return np.sign(x) * np.log1p(np.abs(x)) if log else x


def _fit_scale(values: pd.Series, column: str) -> FeatureScale:
    import pandas as pd

    numbers = pd.to_numeric(values).astype(float)
    if len(numbers) == 0 or numbers.nunique() == 1:
        return FeatureScale(column, False, 0.0, 0.0)
    log = bool(numbers.skew() > SKEW_LIMIT) if len(numbers) > 2 else False
    x = _transform(numbers, log)
    return FeatureScale(column, log, float(x.mean()), float(x.std()))
