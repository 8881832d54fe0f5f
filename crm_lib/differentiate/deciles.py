"""Customers in tenths by value, and the whale curve of cumulative profit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_choice, require_range
from crm_lib.differentiate._money import MONEY_UNIT, count_money
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.differentiate.value import VALUES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def summarize_deciles(values: pd.DataFrame, *, by: str = "revenue", n_groups: int = 10) -> pd.DataFrame:
    """Summarize customers in tenths by value, equal customers in one tenth.

    Parameters
    ----------
    values : DataFrame
        One row per customer: customer_id and the column named by `by` (yuan).
    by : {"revenue", "gross_profit", "net_profit"}
        What a customer is worth.
    n_groups : int
        Number of groups, 2 to 100.

    Returns
    -------
    DataFrame
        One row per tenth, the most valuable first: decile (1 … n_groups), n_customers (int64), highest,
        lowest (yuan, missing in an empty tenth), the sum named by `by` (yuan), value_share and
        cumulative_share (of the whole sum; missing when it is not positive).

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or a value is not finite.
    ParameterError
        When `by` or `n_groups` is out of its range.

    Notes
    -----
    With b customers worth strictly more, of n, a customer is in tenth ⌊10·b / n⌋ + 1.  So equal customers
    share the tenth of the first of them, and a tenth that many ties run over is empty: it stays in the table
    with 0.  The usual cut into equal numbers would tear equal customers apart by their row.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"customer_id": list("abcd"), "revenue": [50.0, 20.0, 20.0, 10.0]})
    >>> summarize_deciles(values, n_groups=4)[["decile", "n_customers", "revenue", "cumulative_share"]]
       decile  n_customers  revenue  cumulative_share
    0       1            1     50.0               0.5
    1       2            2     40.0               0.9
    2       3            0      0.0               0.9
    3       4            1     10.0               1.0
    """
    import numpy as np
    import pandas as pd

    require_range("summarize_deciles", "n_groups", n_groups, 2, 100)
    money = np.sort(_read_money("summarize_deciles", values, by))[::-1]
    group = assign_groups(money, n_groups)
    sums = np.zeros(n_groups, dtype="int64")
    np.add.at(sums, group, money)
    counts = np.bincount(group, minlength=n_groups)
    ends = [money[group == g] for g in range(n_groups)]
    whole = int(money.sum())
    total = float(whole) if whole > 0 else np.nan
    return pd.DataFrame({
        "decile": np.arange(1, n_groups + 1),
        "n_customers": counts.astype("int64"),
        "highest": [e[0] / MONEY_UNIT if len(e) else np.nan for e in ends],
        "lowest": [e[-1] / MONEY_UNIT if len(e) else np.nan for e in ends],
        by: sums / MONEY_UNIT,
        "value_share": sums / total,
        "cumulative_share": np.cumsum(sums) / total,
    })


def assign_groups(money: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the group (0-based) of each value of `money`, which is sorted from the largest."""
    import numpy as np

    before = np.searchsorted(-money, -money, side="left")
    return before * n_groups // max(len(money), 1)


def measure_whale(profit: pd.DataFrame, *, by: str = "net_profit") -> pd.DataFrame:
    """Measure the whale curve: cumulative profit from the most profitable customer to the least.

    Parameters
    ----------
    profit : DataFrame
        One row per customer: customer_id and the column named by `by` (yuan), as `summarize_profit`
        returns them.  A customer whose profit is missing is left out and counted.
    by : {"net_profit", "gross_profit", "revenue"}
        Which profit.

    Returns
    -------
    DataFrame
        One row per customer, the most profitable first, equal ones by customer_id: customer_id, the profit,
        customer_share (place ÷ n, 0–1), cumulative_profit (yuan), cumulative_share (of the total profit;
        missing when the total is not positive).  ``attrs``: by, n_unknown, total (yuan), peak (yuan, the
        highest cumulative profit), peak_customers (how many customers bring it), n_losing (profit below 0),
        n_even (exactly 0), lost (yuan, peak − total: what the losing customers take away), crossing
        (customers after whom the curve first stands at the total: from there on the rest only give back what
        they take; n when nobody loses).

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or a profit is infinite.
    ParameterError
        When `by` is none of the above.

    Notes
    -----
    Kaplan and Narayanan (2001) call the curve a whale: it rises above the total while customers are
    profitable and falls to it over those who are not.  Sums are whole numbers of 1/10,000 yuan, so the
    curve ends exactly at the total.

    References
    ----------
    R. Kaplan, V. Narayanan (2001), Measuring and Managing Customer Profitability, Journal of Cost Management.

    Examples
    --------
    >>> import pandas as pd
    >>> profit = pd.DataFrame({"customer_id": list("abcd"), "net_profit": [60.0, -30.0, 70.0, 0.0]})
    >>> curve = measure_whale(profit)
    >>> curve["cumulative_profit"].tolist(), curve.attrs["peak"], curve.attrs["lost"], curve.attrs["crossing"]
    ([70.0, 130.0, 130.0, 100.0], 130.0, 30.0, 2)
    """
    import numpy as np
    import pandas as pd

    require_frame("measure_whale", profit, ("customer_id", by))
    # of all rows: a customer may stand once with his profit and once without
    raise_faults("measure_whale", find_id_faults(profit))
    known = profit[profit[by].notna()]
    money = _read_money("measure_whale", known, by)
    ids = known["customer_id"].astype("str").to_numpy()
    order = pd.DataFrame({"money": -money, "id": ids}).sort_values(["money", "id"]).index.to_numpy()
    money = money[order]
    running = np.cumsum(money)
    total = int(running[-1]) if len(running) else 0
    curve = pd.DataFrame({
        "customer_id": ids[order],
        by: money / MONEY_UNIT,
        "customer_share": np.arange(1, len(money) + 1) / max(len(money), 1),
        "cumulative_profit": running / MONEY_UNIT,
        "cumulative_share": running / (float(total) if total > 0 else np.nan),
    }).astype({"customer_id": "str"})
    curve.attrs.update(_describe_whale(money, running, total), by=by, n_unknown=len(profit) - len(known))
    return curve


def _describe_whale(money: np.ndarray, running: np.ndarray, total: int) -> dict[str, float | int]:
    import numpy as np

    n_gaining = int((money > 0).sum())
    peak = int(running[n_gaining - 1]) if n_gaining else 0
    at_total = np.flatnonzero(running >= total)
    return {
        "total": total / MONEY_UNIT,
        "peak": peak / MONEY_UNIT,
        "peak_customers": n_gaining,
        "n_losing": int((money < 0).sum()),
        "n_even": int((money == 0).sum()),
        "lost": (peak - total) / MONEY_UNIT,
        # with no loss the curve meets the total only when the last who gains has come
        "crossing": int(at_total[0]) + 1 if len(at_total) and (money < 0).any() else len(money),
    }


def _read_money(where: str, values: pd.DataFrame, by: str) -> np.ndarray:
    require_choice(where, "by", by, VALUES)
    require_frame(where, values, ("customer_id", by))
    raise_faults(where, [*find_id_faults(values), *find_number_faults(values, by)])
    return count_money(values[by])
