"""From order lines to what the lifetime models read: repeat purchases, the last one, the time observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_choice, require_columns, require_values
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

UNIT_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12.0}
COLUMNS = ["customer_id", "n_repeat", "t_last", "t_observed"]


def summarize_repeat(
    orders: Any, *, as_of: str | dt.date, unit: str = "W", time_zone: str | None = None
) -> pd.DataFrame:
    """Summarize order lines to repeat purchases per customer.

    Parameters
    ----------
    orders
        One row per order line, with customer_id, ordered_at and amount (or quantity × unit_price ×
        (1 − discount)).  Anything `summarize_rfm` takes.
    as_of : str or date
        What was known at the end of this day counts; later lines are not counted.
    unit : {"W", "D", "M"}
        Unit of the two times: weeks, days, or months of 365.25 / 12 days.
    time_zone : str, optional
        Zone in which calendar days are counted, for times that carry a zone.

    Returns
    -------
    DataFrame
        One row per customer with a purchase, sorted by customer_id as text: customer_id (str),
        n_repeat (int64, days with a purchase after the first), t_last (float64, from the first
        purchase day to the last), t_observed (float64, from the first purchase day to `as_of`),
        mean_repeat_value (float64, yuan: mean of the repeat days; missing where there is none).
        ``attrs``: as_of, unit, n_later, n_without_purchase.

    Raises
    ------
    DataError
        When a line lacks its customer, date or amount, or every line is later than `as_of`.
    SchemaError
        When a needed column is missing.

    Notes
    -----
    All purchases of a customer on one calendar day are one transaction, as in the published analyses
    of CDNOW: two orders within an hour are no evidence of a rate.  Lines with a negative amount are
    no purchase and have no part in the value, because gamma-gamma knows positive values only; orders
    that were cancelled should have been netted by `clean_table`.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["C1", "C1", "C2"],
    ...     "ordered_at": pd.to_datetime(["2024-12-03", "2024-12-17", "2024-12-24"]),
    ...     "amount": [100.0, 50.5, 20.0],
    ... })
    >>> summarize_repeat(orders, as_of="2024-12-31")
      customer_id  n_repeat  t_last  t_observed  mean_repeat_value
    0          C1         1     2.0         4.0               50.5
    1          C2         0     0.0         1.0                NaN
    """
    import numpy as np
    import pandas as pd

    from crm_lib.engine import total_days
    from crm_lib.engine.rules import MONEY_UNIT

    where = "summarize_repeat"
    require_choice(where, "unit", unit, tuple(UNIT_DAYS))
    day = parse_day(where, "as_of", str(as_of) if as_of != as_of else as_of)
    found = total_days(orders, as_of=day, where=where, time_zone=time_zone)
    first, last = (found.table[c].cast("int32").to_numpy().astype("int64") for c in ("first_day", "last_day"))
    n_repeat = found.table["n_days"].to_numpy() - 1
    money = found.table["money_after"].to_numpy() / float(MONEY_UNIT)
    epoch = 719_163  # date(1970, 1, 1).toordinal()
    repeat = pd.DataFrame({
        "customer_id": found.table["customer_id"].to_pandas(),
        "n_repeat": n_repeat,
        "t_last": (last - first) / UNIT_DAYS[unit],
        "t_observed": (day.toordinal() - epoch - first) / UNIT_DAYS[unit],
        "mean_repeat_value": np.where(n_repeat > 0, money / np.maximum(n_repeat, 1), np.nan),
    })
    repeat.attrs.update(
        as_of=day.isoformat(),
        unit=unit,
        n_later=found.n_later,
        n_without_purchase=found.n_without_purchase,
    )
    return repeat


def require_repeat(where: str, repeat: pd.DataFrame, *, n_least: int = 1) -> None:
    """Refuse what cannot come from `summarize_repeat`, in one sentence."""
    import numpy as np

    require_columns(where, repeat.columns, COLUMNS)
    if len(repeat) < n_least:
        raise DataError(
            f"{where}: there must be at least {n_least} customers; got {len(repeat)}. "
            "Are there purchases on or before as_of?"
        )
    times = {c: repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_last", "t_observed")}
    hint = "Make the table with summarize_repeat."
    for column, values in times.items():
        good = np.isfinite(values) & (values >= 0)
        if column == "n_repeat":
            good &= values == np.floor(values)
        require_values(where, repeat, column, good, "a finite number >= 0", hint)
    order = times["t_last"] <= times["t_observed"] * (1 + 1e-12)
    require_values(where, repeat, "t_last", order, "<= t_observed", hint)
    agree = (times["n_repeat"] > 0) == (times["t_last"] > 0)
    require_values(where, repeat, "t_last", agree, "> 0 exactly where n_repeat is > 0", hint)
