"""Hold the models against a time they have not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns, require_range
from crm_lib.differentiate.lifetime.repeat import UNIT_DAYS, summarize_repeat
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

    from crm_lib.differentiate.lifetime.models import CountModel


def summarize_holdout(
    orders: Any, *, split: str | dt.date, as_of: str | dt.date, unit: str = "W", time_zone: str | None = None
) -> pd.DataFrame:
    """Summarize each customer up to `split`, and what he did from then to `as_of`.

    Parameters
    ----------
    orders
        One row per order line; anything `summarize_repeat` takes.
    split : str or date
        Last day the models may see.
    as_of : str or date
        Last day of the hold-out time, later than `split`.
    unit : {"W", "D", "M"}
        Unit of the times.
    time_zone : str, optional
        Zone in which calendar days are counted.

    Returns
    -------
    DataFrame
        The columns of `summarize_repeat` at `split`, and n_ahead (int64: days with a purchase after
        `split`, until `as_of`).  Customers whose first purchase is later are not in it;
        ``attrs["n_new"]`` counts them, ``attrs["ahead"]`` is the length of the hold-out time.

    Raises
    ------
    ParameterError
        When `as_of` is not after `split`.
    """
    start, end = (parse_day("summarize_holdout", n, d) for n, d in (("split", split), ("as_of", as_of)))
    if end <= start:
        raise ParameterError(
            f"summarize_holdout: as_of must be after split; got {end} and {start}. Choose an earlier split."
        )
    before = summarize_repeat(orders, as_of=start, unit=unit, time_zone=time_zone)
    after = summarize_repeat(orders, as_of=end, unit=unit, time_zone=time_zone)
    whole = after.set_index("customer_id")["n_repeat"].reindex(before["customer_id"])
    found = before.assign(n_ahead=whole.to_numpy(dtype="int64") - before["n_repeat"].to_numpy())
    found.attrs.update(
        before.attrs, ahead=(end - start).days / UNIT_DAYS[unit], n_new=len(after) - len(before)
    )
    return found


def compare_forecasts(holdout: pd.DataFrame, models: Mapping[str, CountModel]) -> pd.DataFrame:
    """Compare what models and two plain rules forecast with what came.

    Parameters
    ----------
    holdout : DataFrame
        One row per customer, from `summarize_holdout`.
    models : mapping of str to model
        Names and fitted models.

    Returns
    -------
    DataFrame
        One row per forecast: forecast, total (purchases), actual, error (total / actual − 1),
        mean_absolute_error and correlation (per customer).  The plain rules come last: "rate"
        (everybody goes on as before) and "mean" (everybody like the mean rate).
    """
    import numpy as np
    import pandas as pd

    ahead = _read_ahead("compare_forecasts", holdout)
    actual = holdout["n_ahead"].to_numpy(dtype="float64")
    x, T = (holdout[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_observed"))
    forecasts = {name: model.expected_orders(holdout, ahead=ahead) for name, model in models.items()}
    forecasts["rate"] = ahead * x / np.maximum(T, 1e-9) * (T > 0)
    forecasts["mean"] = np.full(len(x), ahead * x.sum() / max(T.sum(), 1e-9))
    rows = []
    for name, expected in forecasts.items():
        total = float(expected.sum())
        rows.append({
            "forecast": name,
            "total": total,
            "actual": float(actual.sum()),
            "error": total / actual.sum() - 1.0 if actual.sum() else np.nan,
            "mean_absolute_error": float(np.abs(expected - actual).mean()),
            "correlation": _correlate(expected, actual),
        })
    return pd.DataFrame(rows)


def _read_ahead(where: str, holdout: pd.DataFrame) -> float:
    """Return the length of the hold-out time, which a frame may have lost on its way."""
    require_columns(where, holdout.columns, ["n_repeat", "t_last", "t_observed", "n_ahead"])
    if "ahead" not in holdout.attrs:
        raise DataError(
            f"{where}: the frame must say in attrs['ahead'] how long the hold-out time is; it does not. "
            "Take it as summarize_holdout returned it: a merge loses what a frame says of itself."
        )
    return float(holdout.attrs["ahead"])


def _correlate(expected: np.ndarray, actual: np.ndarray) -> float:
    import numpy as np

    if np.ptp(expected) == 0 or np.ptp(actual) == 0:
        return float("nan")
    return float(np.corrcoef(expected, actual)[0, 1])


def calibrate_forecast(holdout: pd.DataFrame, model: CountModel, *, n_groups: int = 10) -> pd.DataFrame:
    """Compare forecast and outcome group by group, from the least to the most promising customers.

    Parameters
    ----------
    holdout : DataFrame
        One row per customer, from `summarize_holdout`.
    model : CountModel
        The fitted model.
    n_groups : int
        Number of groups of about equal size, 2 to 100; customers with equal forecasts stay together,
        so that there may be fewer.

    Returns
    -------
    DataFrame
        One row per group: group (1 = least promising), n_customers, expected and actual (purchases
        per customer), low and high (95 % interval of the actual mean).
    """
    import numpy as np
    import pandas as pd

    require_range("calibrate_forecast", "n_groups", n_groups, 2, 100)
    expected = model.expected_orders(holdout, ahead=_read_ahead("calibrate_forecast", holdout))
    actual = holdout["n_ahead"].to_numpy(dtype="float64")
    before = np.searchsorted(np.sort(expected), expected, side="left")
    group = before * n_groups // max(len(expected), 1)
    frame = pd.DataFrame({"group": group, "expected": expected, "actual": actual})
    grouped = frame.groupby("group", sort=True)
    found = grouped.agg(
        n_customers=("actual", "size"),
        expected=("expected", "mean"),
        actual=("actual", "mean"),
        spread=("actual", "std"),
    ).reset_index(drop=True)
    reach = 1.96 * found.pop("spread").fillna(0.0) / np.sqrt(found["n_customers"])
    found.insert(0, "group", np.arange(1, len(found) + 1))
    return found.assign(low=(found["actual"] - reach).clip(lower=0.0), high=found["actual"] + reach)


def track_totals(
    orders: Any,
    model: CountModel,
    *,
    split: str | dt.date,
    as_of: str | dt.date,
    time_zone: str | None = None,
) -> pd.DataFrame:
    """Track expected and actual repeat purchases, period by period, through both times.

    Parameters
    ----------
    orders
        One row per order line; anything `summarize_repeat` takes, a frame in memory by preference.
    model : CountModel
        Fitted up to `split`.
    split, as_of : str or date
        End of the time the model has seen, and of the hold-out time.
    time_zone : str, optional
        Zone in which calendar days are counted.

    Returns
    -------
    DataFrame
        One row per period of the model's unit: period (1 …), ends_on (date), expected and actual
        (cumulative repeat purchases of the customers known at `split`), is_holdout.

    Notes
    -----
    expected is Σ over customers of E[X(time since the first purchase)], without looking at what each
    one did: a model that fits tracks the curve through both times.
    """
    import numpy as np
    import pandas as pd

    start, end = (parse_day("track_totals", n, d) for n, d in (("split", split), ("as_of", as_of)))
    unit_days = UNIT_DAYS[model.unit]
    known = summarize_repeat(orders, as_of=start, unit=model.unit, time_zone=time_zone)
    age = np.round(known["t_observed"].to_numpy() * unit_days)
    ends = _list_ends(float(age.max()), (end - start).days, unit_days)
    ages, counted = np.unique(age, return_counts=True)
    expected = [
        float(counted @ model.expected_since_first(np.clip(ages + day, 0.0, None) / unit_days))
        for day in ends
    ]
    repeats = _list_repeats(orders, known["customer_id"], start, end, time_zone)
    return pd.DataFrame({
        "period": np.arange(1, len(ends) + 1),
        "ends_on": pd.Timestamp(start) + pd.to_timedelta(ends, unit="D"),
        "expected": expected,
        "actual": np.searchsorted(repeats, ends, side="right"),
        "is_holdout": ends > 0,
    })


def _list_ends(oldest: float, ahead: int, unit_days: float) -> np.ndarray:
    """Return the last day of each period, counted from the split; the last one ends with the hold-out time."""
    import numpy as np

    n = int(np.ceil((oldest + ahead) / unit_days))
    ends = np.round(np.arange(1, n + 1) * unit_days - oldest)
    return np.minimum(ends, ahead).astype("int64")


def _list_repeats(
    orders: Any, known: pd.Series, start: dt.date, end: dt.date, time_zone: str | None
) -> np.ndarray:
    """Return the sorted days, counted from the split, of the repeat purchases of the customers known then."""
    import pandas as pd

    from crm_lib.engine import list_days

    table = list_days(orders, as_of=end, where="track_totals", time_zone=time_zone)
    days = pd.DataFrame({
        "customer_id": table["customer_id"].to_pandas(),
        "day": table["day"].cast("int32").to_numpy() - (start.toordinal() - 719_163),
    })
    days = days[days["customer_id"].isin(known)]
    first = days.groupby("customer_id")["day"].transform("min")
    return days.loc[days["day"] > first, "day"].sort_values().to_numpy()
