"""客户增长: what a customer may buy next, what it would bring, and whom to turn to first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range, require_rows
from crm_lib.differentiate._money import MONEY_UNIT, count_money
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def suggest_categories(
    baskets: pd.DataFrame, *, n_neighbours: int = 30, n_suggested: int = 1
) -> pd.DataFrame:
    """Suggest for each customer the categories that customers like him buy and he does not.

    Parameters
    ----------
    baskets : DataFrame
        What `list_baskets` returned with one basket per customer.
    n_neighbours : int
        How many customers count as like him, 1 to 1,000; equal ones at the edge all count.
    n_suggested : int
        Most suggestions a customer.

    Returns
    -------
    DataFrame
        One row per customer and suggestion, by customer and rank: customer_id, rank (1 …), category, share (of
        the customers like him who buy it), base_share (of all), reason ("like": bought by more of those like him
        than of all; "popular": no such category, the most bought one he lacks).  A customer who has every
        category has no row.

    Raises
    ------
    DataError
        When there are fewer than two customers.

    Notes
    -----
    Likeness is Jaccard's: common categories ÷ categories of either.  Candidates are ranked by share ÷ base_share
    smoothed by one neighbour, share·(k / (k + 1)) + base_share / (k + 1), less base_share: what the likeness
    adds.  Customers with the same categories are compared once, so a million customers cost as much as their
    different baskets.

    Examples
    --------
    >>> import pandas as pd
    >>> baskets = pd.DataFrame({"床品": [1, 1, 1, 0], "灯具": [1, 1, 0, 0], "男装": [0, 0, 0, 1]}, index=list("abcd")) > 0
    >>> suggest_categories(baskets, n_neighbours=2).query("customer_id == 'c'")[["category", "share"]].values.tolist()
    [['灯具', 1.0]]
    """
    import numpy as np
    import pandas as pd

    require_range("suggest_categories", "n_neighbours", n_neighbours, 1, 1000)
    require_range("suggest_categories", "n_suggested", n_suggested, 1, 100)
    require_rows("suggest_categories", len(baskets), 2, "customers", "One customer is like nobody.")
    have = baskets.to_numpy(dtype=bool)
    kinds, kind_of, size = np.unique(have, axis=0, return_inverse=True, return_counts=True)
    kind_of = kind_of.ravel()
    base = have.mean(axis=0)
    names = [str(c) for c in baskets.columns]
    by_kind = [
        _suggest(kinds, size, row, base, n_neighbours, n_suggested, names) for row in range(len(kinds))
    ]
    ids = [str(i) for i in baskets.index]
    rows = [(i, *one) for i, kind in zip(ids, kind_of, strict=True) for one in by_kind[kind]]
    out = pd.DataFrame(rows, columns=["customer_id", "rank", "category", "share", "base_share", "reason"])
    return out.astype({"customer_id": "str", "rank": "int64", "category": "str", "reason": "str"})


def _suggest(
    kinds: np.ndarray,
    size: np.ndarray,
    row: int,
    base: np.ndarray,
    n_neighbours: int,
    most: int,
    names: list[str],
) -> list[tuple]:
    """Return the suggestions for customers who have exactly the categories of `kinds[row]`."""
    import numpy as np

    mine, weight = kinds[row], size.copy()
    weight[row] -= 1  # nobody is his own neighbour
    either = (kinds | mine).sum(axis=1)
    like = np.divide((kinds & mine).sum(axis=1), either, out=np.zeros(len(kinds)), where=either > 0)
    order = np.argsort(-like, kind="stable")
    order = order[weight[order] > 0]
    reach = np.searchsorted(np.cumsum(weight[order]), n_neighbours)
    edge = like[order[min(reach, len(order) - 1)]]
    near = (like >= edge) & (weight > 0)
    k = int(weight[near].sum())
    share = (kinds[near] * weight[near, None]).sum(axis=0) / k
    adds = (share * k + base) / (k + 1) - base
    lacks = np.flatnonzero(~mine & (base > 0))
    good = [c for c in lacks[np.lexsort((lacks, -adds[lacks]))] if adds[c] > 0]
    popular = [c for c in lacks[np.lexsort((lacks, -base[lacks]))] if c not in good]
    chosen = [(c, "like") for c in good] + [(c, "popular") for c in popular]
    return [
        (r, names[c], float(share[c]), float(base[c]), why) for r, (c, why) in enumerate(chosen[:most], 1)
    ]


def choose_growth(customers: pd.DataFrame, *, budget: float) -> pd.DataFrame:
    """Choose whom to turn to first with a given budget.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, probability (0–1, that the measure works), margin (yuan it then brings),
        cost (yuan of the measure, above 0).
    budget : float
        Yuan.

    Returns
    -------
    DataFrame
        One row per customer, the highest return first, equal ones by customer_id: customer_id, expected_gain
        (yuan, probability × margin − cost), gain_per_yuan (÷ cost), total_cost (yuan, running), chosen (bool).
        ``attrs``: spent, gain (yuan of the chosen), n_chosen, n_left_out (worth it, but the budget is used up).

    Raises
    ------
    DataError
        When a customer has no number or stands twice, a value is no number, or a cost is not above 0.
    ParameterError
        When `budget` is negative.

    Notes
    -----
    Taking the highest gain per yuan first is the best use of a budget when each cost is small against it.  Equal
    customers are chosen together or not at all: if the budget ends within them, all are left out, and what
    remains goes to nobody further down.  Who would lose money is never chosen.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"customer_id": list("abc"), "probability": [0.5, 0.1, 0.4],
    ...                        "margin": [100.0, 20.0, 100.0], "cost": [10.0, 10.0, 10.0]})
    >>> choose_growth(people, budget=15)[["customer_id", "expected_gain", "chosen"]].values.tolist()
    [['a', 40.0, True], ['c', 30.0, False], ['b', -8.0, False]]
    """
    import numpy as np
    import pandas as pd

    require_range("choose_growth", "budget", budget, 0)
    _require_people(customers)
    gain = customers["probability"] * customers["margin"] - customers["cost"]
    frame = pd.DataFrame({
        "customer_id": customers["customer_id"].astype("str").to_numpy(),
        "expected_gain": gain.round(4).to_numpy(),
        "gain_per_yuan": (gain / customers["cost"]).round(9).to_numpy(),
        "cost": count_money(customers["cost"]),
    }).sort_values(["gain_per_yuan", "customer_id"], ascending=[False, True])
    frame = frame.reset_index(drop=True)
    running = frame["cost"].cumsum()
    ends = running.groupby(frame["gain_per_yuan"]).transform("max")
    limit = np.floor(budget * MONEY_UNIT + 0.5)  # may be infinite
    worth = frame["expected_gain"] > 0
    chosen = worth & (ends <= limit)
    out = frame.drop(columns="cost").assign(
        total_cost=running / MONEY_UNIT, chosen=chosen.to_numpy(dtype=bool)
    )
    out.attrs.update(
        spent=float(frame.loc[chosen, "cost"].sum()) / MONEY_UNIT, gain=round(float(out.loc[chosen, "expected_gain"].sum()), 4),
        n_chosen=int(chosen.sum()), n_left_out=int((worth & ~chosen).sum()),
    )  # fmt: skip
    return out


def _require_people(customers: pd.DataFrame) -> None:
    """Refuse a table without its columns, numbers or customers of one row each."""
    columns = ("probability", "margin", "cost")
    require_frame("choose_growth", customers, ("customer_id", *columns))
    faults = find_id_faults(customers) + [f for c in columns for f in find_number_faults(customers, c)]
    if not faults and (n := int(((customers["cost"] <= 0) | ~customers["probability"].between(0, 1)).sum())):
        faults = [
            f"cost must be above 0 and probability from 0 to 1; {n:,} of {len(customers):,} rows are not."
        ]
    raise_faults("choose_growth", faults)
