"""Which categories are bought together: baskets and rules between categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range, require_rows
from crm_lib.differentiate.checks import require_frame
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_RULE_COLUMNS = [
    *("if_bought", "then_category", "n_baskets", "n_if", "n_both", "support"),
    *("confidence", "low_share", "high_share", "base_share", "lift"),
]


def list_baskets(orders: pd.DataFrame, *, by: str = "customer_id") -> pd.DataFrame:
    """List which categories stand in each basket.

    Parameters
    ----------
    orders : DataFrame
        One row per order line: the column named by `by`, category, and amount (yuan) where it is known.
    by : str
        What a basket is: ``customer_id`` (all a customer has bought) or ``order_id``.

    Returns
    -------
    DataFrame
        One row per basket, sorted; one column of True and False per category, sorted.  Lines with a negative
        amount (returns) and without category count for nothing; one of unknown amount was bought.  A basket with
        nothing left is not listed.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"customer_id": ["b", "a", "a"], "category": ["床品", "厨房", "床品"]})
    >>> list_baskets(lines).astype(int).to_dict("index")
    {'a': {'厨房': 1, '床品': 1}, 'b': {'厨房': 0, '床品': 1}}
    """
    import pandas as pd

    require_frame("list_baskets", orders, (by, "category"))
    bought = orders[orders["category"].notna() & orders[by].notna()]
    if "amount" in bought:
        bought = bought[~(bought["amount"].to_numpy(dtype="float64", na_value=float("nan")) < 0)]
    keys, names = bought[by].astype("str"), bought["category"].astype("str")
    table = pd.crosstab(keys.to_numpy(), names.to_numpy()) > 0
    return table.sort_index().sort_index(axis=1).rename_axis(index=by, columns=None)


def mine_rules(
    baskets: pd.DataFrame, *, min_support: float = 0.02, most_items: int = 3, confidence: float = 0.95
) -> pd.DataFrame:
    """Find which categories are bought together more often than by chance.

    Parameters
    ----------
    baskets : DataFrame
        What `list_baskets` returned: one row per basket, one column of True and False per category.
    min_support : float
        Least share of baskets that hold all of a rule, above 0 and at most 1.
    most_items : int
        Most categories of a rule, its result counted, 2 to 5.
    confidence : float
        Of the intervals, 0.5 to 0.999.

    Returns
    -------
    DataFrame
        One row per rule, the highest lower bound of confidence over base first: if_bought (categories joined by
        "＋"), then_category, n_baskets, n_if, n_both, support (n_both ÷ n_baskets), confidence (n_both ÷ n_if)
        with low_share and high_share (Wilson), base_share (share of baskets with then_category), lift
        (confidence ÷ base_share).  Kept are rules whose low_share is above base_share, less those that a shorter
        rule with the same result and at least the same confidence makes redundant.

    Raises
    ------
    DataError
        When there is no basket, or a value is neither True nor False.
    ParameterError
        When an option is out of range.

    Notes
    -----
    FP-growth (mlxtend) finds the sets, the figures are counted here.  A rule tells who buys together, not that one
    purchase leads to the other.  Many rules are looked at, so some of those kept are chance; hold the best
    against a later period before money is spent on them.

    References
    ----------
    R. Agrawal, T. Imieliński, A. Swami (1993), Mining association rules; J. Han, J. Pei, Y. Yin (2000).

    Examples
    --------
    >>> import pandas as pd
    >>> baskets = pd.DataFrame({"床品": [True] * 40 + [False] * 60, "灯具": [True] * 36 + [False] * 64})
    >>> mine_rules(baskets)[["if_bought", "then_category", "confidence", "lift"]].round(2).values.tolist()
    [['灯具', '床品', 1.0, 2.5], ['床品', '灯具', 0.9, 2.5]]
    """
    require_range("mine_rules", "min_support", min_support, 1e-6, 1.0)
    require_range("mine_rules", "most_items", most_items, 2, 5)
    require_range("mine_rules", "confidence", confidence, 0.5, 0.999)
    require_rows("mine_rules", len(baskets), 1, "baskets", "Check the filter before.")
    counts = _count_sets(baskets, min_support, most_items)
    kept = _drop_redundant(_list_rules(counts, len(baskets), confidence))
    kept["if_bought"] = ["＋".join(sorted(items)) for items in kept["if_bought"]]
    kept = kept.assign(order=kept["low_share"] / kept["base_share"])
    kept = kept.sort_values(
        ["order", "n_both", "if_bought", "then_category"], ascending=[False, False, True, True]
    )
    return (
        kept.drop(columns="order").reset_index(drop=True).astype({"if_bought": "str", "then_category": "str"})
    )


def _list_rules(counts: dict[frozenset[str], int], n: int, confidence: float) -> pd.DataFrame:
    """Return the rules whose result is surely more frequent than among all `n` baskets, conditions as sets."""
    import pandas as pd

    from crm_lib.stats import interval_of_share

    rows = []
    for items, n_both in counts.items():
        for then in items if len(items) > 1 else ():
            n_if, base = counts[items - {then}], counts[frozenset({then})] / n
            share = interval_of_share(n_both, n_if, confidence=confidence)
            if share.low > base:
                lift = n_both / n_if / base
                rows.append((items - {then}, then, n, n_if, n_both, n_both / n, *share, base, lift))
    return pd.DataFrame(rows, columns=_RULE_COLUMNS)


def _count_sets(baskets: pd.DataFrame, min_support: float, most_items: int) -> dict[frozenset[str], int]:
    """Return how many baskets hold each frequent set of categories."""
    import numpy as np
    from mlxtend.frequent_patterns import fpgrowth

    values = baskets.to_numpy()
    if values.dtype != bool:
        raise DataError(
            f"mine_rules: baskets must hold True and False; got type {values.dtype}. Take them from list_baskets."
        )
    table = baskets.set_axis([str(c) for c in baskets.columns], axis=1)
    found = fpgrowth(table, min_support=min_support, use_colnames=True, max_len=most_items)
    n = np.rint(found["support"].to_numpy() * len(baskets)).astype("int64")
    return dict(zip((frozenset(s) for s in found["itemsets"]), n.tolist(), strict=True))


def _drop_redundant(rules: pd.DataFrame) -> pd.DataFrame:
    """Leave out a rule when a part of its condition alone is followed at least as often."""
    kept = []
    for _, part in rules.groupby("then_category", sort=True):
        known = list(zip(part["if_bought"], part["confidence"], strict=True))
        for row in part.index:
            mine, share = rules.at[row, "if_bought"], rules.at[row, "confidence"]
            if not any(items < mine and other >= share for items, other in known):
                kept.append(row)
    return rules.loc[kept]
