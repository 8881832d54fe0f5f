"""Who stands just below class A, and what class A would hold if some of them rose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_choice, require_range
from crm_lib.differentiate._money import MONEY_UNIT, count_money
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.differentiate.value import VALUES, classify_abc, summarize_abc

if TYPE_CHECKING:
    import pandas as pd


def list_candidates(abc: pd.DataFrame, orders: pd.DataFrame, *, by: str = "revenue") -> pd.DataFrame:
    """List the customers of class B by what they lack to reach class A.

    Parameters
    ----------
    abc : DataFrame
        One row per customer: customer_id, the column named by `by` (yuan), abc_class, as `classify_abc`
        returns them.
    orders : DataFrame
        One row per customer: customer_id, n_orders.
    by : {"revenue", "gross_profit", "net_profit"}
        What the classes were made by.

    Returns
    -------
    DataFrame
        One row per customer of class B, the closest first, equal ones by customer_id: customer_id, the
        value (yuan), n_orders (int64), lacking (yuan), value_per_order (yuan, mean value of the orders so
        far), lacking_orders (float64, whole number).  Empty when nobody is in class A.

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or a value is not finite.
    ParameterError
        When `by` is none of the above.

    Notes
    -----
    lacking = the lowest value in class A − the customer's value.  A customer who gains that much is in
    class A: the customers worth strictly more are the same as before, and the whole has grown.  Less may
    do, because the first place in class B can lie just behind the cut.  lacking_orders =
    ⌈lacking / value_per_order⌉ assumes further orders like the mean of the past ones; it is missing
    without an order.

    Examples
    --------
    >>> import pandas as pd
    >>> abc = pd.DataFrame({"customer_id": ["a", "b"], "revenue": [80.0, 20.0], "abc_class": ["A", "B"]})
    >>> orders = pd.DataFrame({"customer_id": ["a", "b"], "n_orders": [4, 2]})
    >>> list_candidates(abc, orders)[["lacking", "value_per_order", "lacking_orders"]].iloc[0].tolist()
    [60.0, 10.0, 6.0]
    """
    import numpy as np

    _require_classes("list_candidates", abc, by)
    require_frame("list_candidates", orders, ("customer_id", "n_orders"))
    counts = orders.set_index(orders["customer_id"].astype("str"))["n_orders"]
    best = abc.loc[(abc["abc_class"] == "A").to_numpy(), by]
    near = abc.loc[(abc["abc_class"] == "B").to_numpy() & (len(best) > 0), ["customer_id", by]]
    money = count_money(near[by])
    goal = int(count_money(best).min()) if len(best) else 0
    lacking = goal - money
    n = near["customer_id"].astype("str").map(counts).fillna(0).to_numpy(dtype="int64")
    needed = [-(-int(gap) * int(k) // int(m)) if k > 0 and m > 0 else np.nan
              for gap, k, m in zip(lacking, n, money, strict=True)]  # fmt: skip
    found = near.assign(
        n_orders=n,
        lacking=lacking / MONEY_UNIT,
        value_per_order=np.where(n > 0, money / np.maximum(n, 1), np.nan) / MONEY_UNIT,
        lacking_orders=np.array(needed, dtype="float64"),
    )
    return found.sort_values(["lacking", "customer_id"]).reset_index(drop=True)


def simulate_rise(
    abc: pd.DataFrame, *, n: int, by: str = "revenue", cuts: tuple[float, float] = (0.8, 0.95)
) -> pd.DataFrame:
    """Recount the classes as if the `n` closest customers of class B had risen to class A.

    Parameters
    ----------
    abc : DataFrame
        One row per customer: customer_id, the column named by `by` (yuan), abc_class, as `classify_abc`
        returns them.
    n : int
        How many rise; all of class B when it has fewer.
    by : {"revenue", "gross_profit", "net_profit"}
        What the classes were made by.
    cuts : tuple of float
        The cuts the classes were made with.

    Returns
    -------
    DataFrame
        Two rows, scenario "now" and "raised": scenario (str), n_customers (int64, in class A),
        customer_share (0–1), the value of class A (yuan), its share of the positive values (0–1), the
        value of all customers (``total_…``, yuan).  ``attrs["n_raised"]`` says how many rose.

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or a value is not finite.
    ParameterError
        When `n` is negative, or `by` or `cuts` is none of the above.

    Notes
    -----
    A what-if, not a forecast: each of the `n` customers gets exactly the lowest value in class A, nobody
    else changes, and the classes are made anew.  Whether anybody rises is another question.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"customer_id": list("abc"), "revenue": [80.0, 15.0, 5.0]})
    >>> simulate_rise(classify_abc(values), n=1)[["scenario", "n_customers", "revenue"]].values.tolist()
    [['now', 1, 80.0], ['raised', 2, 160.0]]
    """
    import pandas as pd

    require_range("simulate_rise", "n", n, 0)
    _require_classes("simulate_rise", abc, by)
    nobody = abc[["customer_id"]].assign(n_orders=0)
    rising = list_candidates(abc, nobody, by=by).head(n)["customer_id"]
    best = abc.loc[(abc["abc_class"] == "A").to_numpy(), by]
    raised = abc[["customer_id", by]].copy()
    raised.loc[raised["customer_id"].isin(rising), by] = best.min() if len(best) else 0.0
    after = classify_abc(raised, by=by, cuts=cuts)
    found = pd.DataFrame([_describe_best("now", abc, by), _describe_best("raised", after, by)])
    found.attrs["n_raised"] = len(rising)
    return found.astype({"scenario": "str", "n_customers": "int64"})


def _describe_best(scenario: str, abc: pd.DataFrame, by: str) -> dict:
    best = summarize_abc(abc, by=by).iloc[0]
    whole = int(count_money(abc[by]).sum()) / MONEY_UNIT
    kept = ("n_customers", "customer_share", by, f"{by}_share")
    return {"scenario": scenario, **{c: best[c] for c in kept}, f"total_{by}": whole}


def _require_classes(where: str, abc: pd.DataFrame, by: str) -> None:
    require_choice(where, "by", by, VALUES)
    require_frame(where, abc, ("customer_id", by, "abc_class"))
    raise_faults(where, find_id_faults(abc) + find_number_faults(abc, by))
