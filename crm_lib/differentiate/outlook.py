"""What an unprofitable customer promises, and where the limit of loss should stand in hindsight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = ("n_orders", "cost_to_serve", "net_profit", "gross_per_order", "expected_orders")


def estimate_outlook(customers: pd.DataFrame) -> pd.DataFrame:
    """Estimate the net profit of the next period from the orders expected in it.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, n_orders, cost_to_serve, net_profit (of the last period, yuan),
        gross_per_order (yuan, of all his orders so far), expected_orders (of the next period); the last two are
        missing for a customer who has never bought.

    Returns
    -------
    DataFrame
        The customers in their order, with outlook_profit (yuan).

    Raises
    ------
    DataError
        When a customer has no number, stands twice, or the profit or cost is no number.

    Notes
    -----
    outlook = expected_orders × (gross_per_order − cost_to_serve ÷ n_orders), with 1 for n_orders = 0.  Serving
    is taken to cost per order what it cost in the last period; costs that come without an order are thereby
    spread over the orders, which a reviewer may dispute.  Who has never bought is taken to go on as he is.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer_id": ["a"], "n_orders": [2], "cost_to_serve": [60.0], "net_profit": [-20.0],
    ...                     "gross_per_order": [45.0], "expected_orders": [3.0]})
    >>> estimate_outlook(one)["outlook_profit"].tolist()
    [45.0]
    """
    require_frame("estimate_outlook", customers, ("customer_id", *_NEEDED))
    faults = find_id_faults(customers)
    faults += [f for c in _NEEDED[:3] for f in find_number_faults(customers, c)]
    raise_faults("estimate_outlook", faults)
    per_order = customers["cost_to_serve"] / customers["n_orders"].clip(lower=1)
    outlook = customers["expected_orders"] * (customers["gross_per_order"] - per_order)
    outlook = outlook.astype("float64").fillna(customers["net_profit"]).round(4)
    return customers.assign(outlook_profit=outlook)


def compare_limits(before: pd.DataFrame, after: pd.DataFrame, *, limits: Sequence[float]) -> pd.DataFrame:
    """Compare limits of loss by what the customers they catch did in the period after.

    Parameters
    ----------
    before : DataFrame
        One row per customer who may be treated: customer_id, net_profit (yuan of the period before).
    after : DataFrame
        One row per customer seen in the period after: customer_id, net_profit (yuan).
    limits : sequence of float
        Losses (yuan, ≥ 0) from which a customer is caught.

    Returns
    -------
    DataFrame
        One row per limit, rising: loss_limit, n_caught (net_profit < 0 and ≤ −limit), n_again (of those, a loss
        after, too), n_back (profit ≥ 0 after), n_gone (not seen after), again_share (n_again ÷ n_caught),
        n_missed (losing before and after, but not caught), later_profit (yuan those caught brought after: above 0,
        removing them all would have cost money).  The three counts add up to n_caught.

    Raises
    ------
    DataError
        When a customer has no number, stands twice, or a profit is no number.
    ParameterError
        When a limit is below 0 or none is given.

    Notes
    -----
    later_profit is hindsight on one period: a limit chosen by it fits that period best, and the next one less.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"customer_id": list("abc"), "net_profit": [-5.0, -40.0, -60.0]})
    >>> after = pd.DataFrame({"customer_id": ["a", "b"], "net_profit": [30.0, -10.0]})
    >>> compare_limits(before, after, limits=[0, 20])[["n_caught", "n_again", "later_profit"]].values.tolist()
    [[3.0, 1.0, 20.0], [2.0, 1.0, -10.0]]
    """
    import pandas as pd

    for frame in (before, after):
        require_frame("compare_limits", frame, ("customer_id", "net_profit"))
        raise_faults("compare_limits", [*find_id_faults(frame), *find_number_faults(frame, "net_profit")])
    if not len(limits) or any(not limit >= 0 for limit in limits):
        raise ParameterError(
            f"compare_limits: limits must be one or more losses of yuan >= 0; got {list(limits)}. "
            "Write 50 for a loss of 50 yuan."
        )
    later = after.set_index(after["customer_id"].astype("str"))["net_profit"].astype("float64")
    then = before["net_profit"].astype("float64").reset_index(drop=True)
    now = before["customer_id"].astype("str").map(later).astype("float64").reset_index(drop=True)
    rows = [_measure_limit(then, now, float(limit)) for limit in sorted(set(limits))]
    return pd.DataFrame(rows, columns=_LIMIT_COLUMNS)


_LIMIT_COLUMNS = [
    *("loss_limit", "n_caught", "n_again", "n_back", "n_gone"),
    *("again_share", "n_missed", "later_profit"),
]


def _measure_limit(then: pd.Series, now: pd.Series, limit: float) -> tuple:
    losing = then < 0
    caught = losing & (then <= -limit)
    n, again = int(caught.sum()), int((now[caught] < 0).sum())
    back, gone = int((now[caught] >= 0).sum()), int(now[caught].isna().sum())
    missed = int((now[losing & ~caught] < 0).sum())
    share = again / n if n else float("nan")
    return limit, n, again, back, gone, share, missed, round(float(now[caught].sum()), 4)
