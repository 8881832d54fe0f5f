"""What is left of each customer's revenue after goods and service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.differentiate.checks import raise_faults, require_frame
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

_WHERE = "summarize_profit"
_LINE = ("order_id", "amount", "quantity", "unit_price", "discount")


def summarize_profit(
    orders: pd.DataFrame,
    *,
    as_of: str | dt.date,
    contacts: pd.DataFrame | None = None,
    cost_per_order: float = 0.0,
) -> pd.DataFrame:
    """Summarize revenue, gross profit, cost to serve and net profit per customer.

    Parameters
    ----------
    orders : DataFrame
        One row per order line: customer_id, ordered_at, quantity (pieces, negative when returned),
        unit_cost (yuan a piece, may be missing), amount (yuan; or unit_price and discount) and, when
        there is one, order_id.
    as_of : str or date
        What was known at the end of this day counts; later lines and contacts are in no total.
    contacts : DataFrame, optional
        One row per contact: customer_id, occurred_at, cost (yuan, may be missing).
    cost_per_order : float
        What handling one order costs (yuan), a rate you state; it is multiplied by n_orders.

    Returns
    -------
    DataFrame
        One row per customer with a line or a contact, sorted by customer_id as text: customer_id,
        n_orders, revenue, cost_of_goods, gross_profit, cost_to_serve, net_profit (float64, yuan),
        n_lines_without_cost, n_contacts_without_cost (int64).  ``attrs``: as_of, n_later (lines),
        n_later_contacts, cost_per_order.

    Raises
    ------
    DataError
        When a line lacks its customer, date or amount, a contact its customer or date, a cost is
        negative, or every line is later than `as_of`.
    ParameterError
        When `cost_per_order` is not a number of at least 0.

    Notes
    -----
    gross_profit = revenue − cost_of_goods, cost_of_goods = Σ quantity × unit_cost;
    cost_to_serve = Σ cost of contacts + cost_per_order × n_orders; net_profit = gross_profit −
    cost_to_serve.  Revenue and n_orders are those of `summarize_rfm`.

    A cost that is not known is never guessed.  cost_of_goods holds what is known; when a line of the
    customer has no unit_cost (or no quantity) gross_profit and net_profit are missing, because counting
    such a line at cost 0 makes the customer look better than it is and leaving it out makes it look
    worse.  In the same way a contact without cost makes cost_to_serve and net_profit missing.  A
    customer with contacts but no order line is kept: revenue 0, and a net loss.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["a", "b"], "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-02"]),
    ...     "quantity": [2, 1], "unit_cost": [30.0, 40.0], "amount": [100.0, 50.0],
    ... })
    >>> profit = summarize_profit(orders, as_of="2024-12-31", cost_per_order=12)
    >>> profit[["customer_id", "gross_profit", "cost_to_serve", "net_profit"]]
      customer_id  gross_profit  cost_to_serve  net_profit
    0           a          40.0           12.0        28.0
    1           b          10.0           12.0        -2.0
    """
    day = parse_day(_WHERE, "as_of", str(as_of) if as_of != as_of else as_of)  # NaT is a datetime
    rate = _require_rate(cost_per_order)
    lines, goods = _read_lines(orders)
    talks, cost = _read_contacts(contacts)
    bought = _total(lines, day)
    table = _spread(lines, goods, talks, cost, day)
    profit = _balance(table, bought.table.to_pandas().set_index("customer_id"), rate)
    n_later = bought.n_later
    profit.attrs.update(
        as_of=day.isoformat(),
        n_later=n_later,
        n_later_contacts=table.attrs["n_later"] - n_later,
        cost_per_order=float(cost_per_order),
    )
    return profit


def _total(lines: pd.DataFrame, day: dt.date) -> Any:
    from crm_lib.engine import total_customers

    return total_customers(lines, as_of=day, where=_WHERE)


def _spread(
    lines: pd.DataFrame, goods: np.ndarray, talks: pd.DataFrame, cost: np.ndarray, day: dt.date
) -> pd.DataFrame:
    """Sum the costs per customer; lines and contacts in one table, so that nobody is left out."""
    import numpy as np
    import pandas as pd

    keys = ["customer_id", "ordered_at"]
    both = pd.concat([lines[keys], talks[keys]], ignore_index=True) if len(talks) else lines[keys]
    of_line = np.arange(len(both)) < len(lines)
    costs = np.concatenate([goods, cost])
    known = np.nan_to_num(costs)
    sums, n_later = {}, 0
    for name, amount in {
        "goods": np.where(of_line, known, 0.0),
        "service": np.where(of_line, 0.0, known),
        "n_lines": np.isnan(costs) & of_line,
        "n_contacts": np.isnan(costs) & ~of_line,
    }.items():
        totals = _total(both.assign(amount=amount.astype("float64")), day)
        table, n_later = totals.table.to_pandas().set_index("customer_id"), totals.n_later
        sums[name] = table["money"]
    frame = pd.DataFrame(sums)
    frame.attrs["n_later"] = n_later
    return frame


def _balance(costs: pd.DataFrame, bought: pd.DataFrame, rate: int) -> pd.DataFrame:
    import pandas as pd

    from crm_lib.engine.rules import MONEY_UNIT

    bought = bought.reindex(costs.index)
    revenue, n_orders = (bought[c].fillna(0).astype("int64") for c in ("money", "n_orders"))
    n_lines, n_contacts = costs["n_lines"] // MONEY_UNIT, costs["n_contacts"] // MONEY_UNIT
    gross, service = revenue - costs["goods"], costs["service"] + rate * n_orders
    frame = pd.DataFrame({
        "n_orders": n_orders,
        "revenue": revenue / MONEY_UNIT,
        "cost_of_goods": costs["goods"] / MONEY_UNIT,
        "gross_profit": (gross / MONEY_UNIT).where(n_lines == 0),
        "cost_to_serve": (service / MONEY_UNIT).where(n_contacts == 0),
        "net_profit": ((gross - service) / MONEY_UNIT).where((n_lines == 0) & (n_contacts == 0)),
        "n_lines_without_cost": n_lines,
        "n_contacts_without_cost": n_contacts,
    })
    frame.index = frame.index.astype("str")
    return frame.rename_axis("customer_id").reset_index()


def _read_lines(orders: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what the revenue is summed from, and the cost of goods of each line."""
    require_frame(_WHERE, orders, ("customer_id", "ordered_at", "quantity", "unit_cost"))
    quantity, unit_cost = (_read_numbers(orders, c) for c in ("quantity", "unit_cost"))
    _require_costs(orders, "unit_cost", unit_cost)
    wanted = [c for c in _LINE if c in orders.columns]
    keys = {"customer_id": _text_ids(orders), "ordered_at": _read_times(orders, "ordered_at")}
    return orders[wanted].reset_index(drop=True).assign(**keys), quantity * unit_cost


def _read_contacts(contacts: pd.DataFrame | None) -> tuple[pd.DataFrame, np.ndarray]:
    import pandas as pd

    if contacts is None:
        contacts = pd.DataFrame({"customer_id": [], "occurred_at": [], "cost": []}, dtype="float64")
    require_frame(_WHERE, contacts, ("customer_id", "occurred_at", "cost"))
    cost = _read_numbers(contacts, "cost")
    _require_costs(contacts, "cost", cost)
    talks = pd.DataFrame({
        "customer_id": _text_ids(contacts),
        "ordered_at": _read_times(contacts, "occurred_at"),
    })
    lacking = (
        talks["ordered_at"].isna() | talks["customer_id"].isna() | (talks["customer_id"].str.strip() == "")
    )
    if n := int(lacking.sum()):
        raise DataError(
            f"{_WHERE}: every contact needs customer_id and occurred_at; {n:,} of {len(talks):,} lack one. "
            "Set such contacts aside before, and say what they cost."
        )
    return talks, cost


def _text_ids(frame: pd.DataFrame) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    from crm_lib.engine.customers import text_of_ids

    ids = frame["customer_id"]
    if not len(ids) or ids.isna().all():
        return pd.Series([None] * len(ids), dtype=object)
    return text_of_ids(pa.chunked_array([pa.Array.from_pandas(ids)])).to_pandas().astype(object)


def _read_times(frame: pd.DataFrame, column: str) -> pd.Series:
    import pandas as pd

    times = frame[column].reset_index(drop=True)
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"{_WHERE}: column {column!r} must hold local times; got times with a zone. "
            "Write them as local ones, for instance with .dt.tz_convert('Asia/Shanghai').dt.tz_localize(None)."
        )
    if pd.api.types.is_numeric_dtype(times) and len(times):
        raise DataError(f"{_WHERE}: column {column!r} must hold times; got numbers. Run clean_table first.")
    return pd.to_datetime(times, format="ISO8601", errors="coerce").astype("datetime64[us]")


def _read_numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    import numpy as np
    import pandas as pd

    values = frame[column]
    sound = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if not sound and not values.isna().all():
        raise DataError(
            f"{_WHERE}: column {column!r} must hold numbers; got type {values.dtype}. Run clean_table first."
        )
    return values.astype("float64").to_numpy(dtype="float64", na_value=np.nan)


def _require_costs(frame: pd.DataFrame, column: str, values: np.ndarray) -> None:
    import numpy as np

    bad = (values < 0) | np.isinf(values)
    if n := int(bad.sum()):
        first = frame.loc[bad].iloc[0]
        raise_faults(
            _WHERE,
            [
                f"column {column!r} must be a number >= 0 or empty; {n:,} of {len(frame):,} rows are not (first: "
                f"customer {first['customer_id']}, {first[column]}). A return has a negative quantity, not cost."
            ],
        )


def _require_rate(rate: float) -> int:
    from crm_lib.engine.rules import LARGEST_AMOUNT, MONEY_UNIT

    number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    if not number or not 0 <= rate < LARGEST_AMOUNT:
        raise ParameterError(
            f"{_WHERE}: cost_per_order must be a number of yuan >= 0; got {rate!r}. Use 0 to leave it out."
        )
    return int(rate * MONEY_UNIT + 0.5)
