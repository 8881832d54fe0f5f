"""What is left of the revenue in each value class, and where two rankings disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.differentiate._money import sum_money
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.differentiate.value import CLASSES

if TYPE_CHECKING:
    import pandas as pd

_MONEY = ("revenue", "cost_of_goods", "gross_profit", "cost_to_serve", "net_profit")
_PARTS = ("cost_of_goods", "cost_to_serve", "net_profit")


def summarize_class_profit(profit: pd.DataFrame, abc: pd.DataFrame) -> pd.DataFrame:
    """Summarize revenue, costs and profit per value class.

    Parameters
    ----------
    profit : DataFrame
        One row per customer, as `summarize_profit` returns it (yuan).
    abc : DataFrame
        One row per customer: customer_id, abc_class, as `classify_abc` returns it.

    Returns
    -------
    DataFrame
        One row per class, always A, B, C: abc_class, n_customers (int64), revenue, cost_of_goods,
        gross_profit, cost_to_serve, net_profit (yuan), and of cost_of_goods, cost_to_serve and net_profit
        the part of the revenue (``cost_of_goods_share`` …).

    Raises
    ------
    DataError
        When a customer has no number or stands in two rows.

    Notes
    -----
    The three parts add up to 1 when all is known; net_profit_share is negative at a loss.  A sum over
    customers of whom one is not known is missing, not partial, and a part of a revenue that is not
    positive is missing too.  cost_of_goods is taken as known only where gross_profit is.

    Examples
    --------
    >>> import pandas as pd
    >>> profit = pd.DataFrame({"customer_id": ["a"], "revenue": [100.0], "cost_of_goods": [60.0],
    ...                        "gross_profit": [40.0], "cost_to_serve": [10.0], "net_profit": [30.0]})
    >>> abc = pd.DataFrame({"customer_id": ["a"], "abc_class": ["A"]})
    >>> summarize_class_profit(profit, abc)[["net_profit", "net_profit_share"]].iloc[0].tolist()
    [30.0, 0.3]
    """
    import pandas as pd

    where = "summarize_class_profit"
    require_frame(where, profit, ("customer_id", *_MONEY))
    require_frame(where, abc, ("customer_id", "abc_class"))
    raise_faults(where, find_id_faults(profit) + find_id_faults(abc))
    of = abc.set_index(abc["customer_id"].astype("str"))["abc_class"]
    place = profit["customer_id"].astype("str").map(of.astype(object))
    known = profit.assign(cost_of_goods=profit["cost_of_goods"].where(profit["gross_profit"].notna()))
    rows = []
    for name in CLASSES:
        mine = known[(place == name).to_numpy()]
        sums = {column: sum_money(mine[column]) for column in _MONEY}
        whole = sums["revenue"] if sums["revenue"] > 0 else float("nan")
        parts = {f"{column}_share": sums[column] / whole for column in _PARTS}
        rows.append({"abc_class": name, "n_customers": len(mine), **sums, **parts})
    return pd.DataFrame(rows).astype({"abc_class": "str", "n_customers": "int64"})


def compare_classes(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Compare how two rankings place the same customers.

    Parameters
    ----------
    first, second : DataFrame
        One row per customer: customer_id, abc_class, as `classify_abc` returns them.

    Returns
    -------
    DataFrame
        One row per customer that both have, sorted by customer_id: customer_id, class_first,
        class_second (str).

    Raises
    ------
    DataError
        When a customer has no number or stands in two rows.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer_id": ["b", "a"], "abc_class": ["A", "B"]})
    >>> two = pd.DataFrame({"customer_id": ["a", "b"], "abc_class": ["A", "A"]})
    >>> compare_classes(one, two).to_numpy().tolist()
    [['a', 'B', 'A'], ['b', 'A', 'A']]
    """
    where = "compare_classes"
    for frame in (first, second):
        require_frame(where, frame, ("customer_id", "abc_class"))
        raise_faults(where, find_id_faults(frame))
    pairs = [
        frame.assign(customer_id=frame["customer_id"].astype("str"))[["customer_id", "abc_class"]].rename(
            columns={"abc_class": name}
        )
        for frame, name in ((first, "class_first"), (second, "class_second"))
    ]
    both = pairs[0].merge(pairs[1], on="customer_id", validate="one_to_one")
    return both.sort_values("customer_id").reset_index(drop=True)
