"""Rank demographic attributes by what they tell about behaviour (评价实效)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.stats.association import MOST_VALUES, N_PERMUTATIONS, is_number, measure_association

if TYPE_CHECKING:
    import pandas as pd

LEAST_KNOWN = 30
MOST_CATEGORIES = 30
LEAST_EFFECT = 0.10
PRIVATE = ("name", "phone", "email", "address", "birth_date", "household_id")
_NOT_ATTRIBUTES = (
    *("customer_id", "person_id", "record_id", "n_records", "source_row", "source_file", "channel"),
    *("registered_on", "consent_marketing", "consent_on", "city"),
)


def rank_attributes(
    customers: pd.DataFrame,
    behaviour: pd.DataFrame,
    *,
    random_state: int,
    attributes: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    within: str | None = None,
    level: float = 0.05,
    least_effect: float = LEAST_EFFECT,
    n_permutations: int | None = None,
) -> pd.DataFrame:
    """Rank attributes of customers by what they tell about each kind of behaviour, against chance.

    Parameters
    ----------
    customers : DataFrame
        One row per person: ``customer_id`` and attributes.
    behaviour : DataFrame
        One row per person: ``customer_id`` and outcomes, numbers or categories (spend, orders,
        favourite category, channel).
    random_state : int
        Seed of the permutations.
    attributes, outcomes : sequence of str, optional
        By default every column but numbers to call a person by, contact data and days; of words only those with 2 to
        30 different values.
    within : str, optional
        An attribute already collected: chance then keeps what goes with it, so that only what the others
        add to it counts.
    level : float
        Greatest adjusted p-value that counts as beyond chance.
    least_effect : float
        Least effect that counts as useful.
    n_permutations : int, optional
        Number of permutations; by default so many that the least p-value they can give, times the number of
        rows, is just below `level`, and at least 999.

    Returns
    -------
    DataFrame
        One row per attribute and outcome, the most telling first: the columns of
        `measure_association`, ``p_adjusted`` (Benjamini and Hochberg over all rows measured) and ``verdict``: "useful" (beyond
        chance, and an effect of at least `least_effect`), "weak" (beyond chance, but small),
        "not_beyond_chance", "too_few" (fewer than 30 known cases, or nothing to compare).

    Raises
    ------
    SchemaError
        A column is missing.

    Notes
    -----
    Rows are ordered by verdict, then by ``extra_bits``.  The correction holds the expected share of rows that are
    called beyond chance wrongly to `level`: many pairs are looked at, and a false one among twenty costs less
    here than a true one missed.  Disputable: "not beyond chance" is no proof that an attribute
    tells nothing: with more customers it might.  An attribute that separates behaviour does not cause it.
    Customers whose attribute is not known are left out; they may be of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"customer_id": range(80), "sex": ["f", "m"] * 40, "pet": ["y", "y", "n", "n"] * 20})
    >>> spend = pd.DataFrame({"customer_id": range(80), "spend": [float(i % 2 * 100 + i) for i in range(80)]})
    >>> ranked = rank_attributes(people, spend, random_state=1, n_permutations=199)
    >>> ranked[["attribute", "verdict"]].values.tolist()
    [['sex', 'useful'], ['pet', 'not_beyond_chance']]
    """
    where = "rank_attributes"
    require_columns(where, customers.columns, ["customer_id", *(attributes or ())])
    require_columns(where, behaviour.columns, ["customer_id", *(outcomes or ())])
    require_range(where, "level", level, 0.0, 0.5)
    chosen = list(outcomes) if outcomes is not None else [c for c in behaviour.columns if c != "customer_id"]
    names = list(attributes) if attributes is not None else choose_attributes(customers)
    names = [n for n in names if n != within]
    some = customers[["customer_id", *names, *([within] if within else [])]]
    joined = some.merge(
        behaviour[["customer_id", *chosen]], on="customer_id", how="inner", suffixes=("", "_y")
    )
    least = math.ceil(1.1 * len(names) * len(chosen) / max(level, 0.001))
    times = n_permutations if n_permutations is not None else max(N_PERMUTATIONS, least)
    found = measure_association(
        joined, attributes=names, outcomes=chosen, random_state=random_state, within=within,
        n_permutations=times,
    )  # fmt: skip
    return _judge(found, level, least_effect)


def choose_attributes(customers: pd.DataFrame) -> list[str]:
    """Return the columns that are attributes: numbers, and words with 2 to 30 different values.

    Parameters
    ----------
    customers : DataFrame
        One row per person.

    Examples
    --------
    >>> import pandas as pd
    >>> choose_attributes(pd.DataFrame({"customer_id": ["a", "b"], "gender": ["f", "m"], "name": ["x", "y"]}))
    ['gender']
    """
    own = [c for c in customers.columns if c not in (*_NOT_ATTRIBUTES, *PRIVATE)]
    counts = {c: customers[c].nunique() for c in own if customers[c].dtype.kind != "M"}
    return [
        c
        for c, n in counts.items()
        if 2 <= n <= MOST_CATEGORIES or (n > MOST_VALUES and is_number(customers[c]))
    ]


def _judge(found: pd.DataFrame, level: float, least_effect: float) -> pd.DataFrame:
    import numpy as np

    few = (found["n_known"] < LEAST_KNOWN) | found["p_value"].isna()
    tested = found.loc[~few].sort_values("p_value", kind="stable")
    steps = tested["p_value"].to_numpy(float) * len(tested) / np.arange(1, len(tested) + 1)
    adjusted = np.minimum(np.minimum.accumulate(steps[::-1])[::-1] if len(steps) else steps, 1.0)
    out = found.assign(p_adjusted=np.nan)
    out.loc[tested.index, "p_adjusted"] = adjusted
    beyond = out["p_adjusted"] <= level
    large = out["effect"] >= least_effect
    verdict = np.select([few, beyond & large, beyond], ["too_few", "useful", "weak"], "not_beyond_chance")
    out["verdict"] = verdict
    place = out["verdict"].map({"useful": 0, "weak": 1, "not_beyond_chance": 2, "too_few": 3})
    order = out.assign(place=place).sort_values(
        ["place", "extra_bits"], ascending=[True, False], kind="stable"
    )
    return order.drop(columns="place").reset_index(drop=True)


def summarize_ranking(ranked: pd.DataFrame) -> pd.DataFrame:
    """Sum up a ranking: one row per attribute, with the behaviour it tells most about.

    Parameters
    ----------
    ranked : DataFrame
        What `rank_attributes` returned.

    Returns
    -------
    DataFrame
        One row per attribute, the best first: ``attribute``, ``verdict`` (the best of its rows), ``best_outcome``,
        ``effect``, ``extra_bits``, ``p_adjusted``, ``n_known`` (all of that row), ``n_useful`` (outcomes it is useful
        for).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"attribute": ["a", "a"], "outcome": ["x", "y"], "verdict": ["useful", "weak"], "effect": [0.4, 0.1]}
    >>> ranked = pd.DataFrame(rows | {"extra_bits": [0.2, 0.0], "p_adjusted": [0.01, 0.04], "n_known": [90, 90]})
    >>> summarize_ranking(ranked)[["attribute", "best_outcome", "n_useful"]].values.tolist()
    [['a', 'x', 1]]
    """
    first = ranked.drop_duplicates("attribute").rename(columns={"outcome": "best_outcome"})
    useful = ranked[ranked["verdict"] == "useful"].groupby("attribute").size()
    out = first.assign(n_useful=first["attribute"].map(useful).fillna(0).astype("int64"))
    columns = [
        "attribute",
        "verdict",
        "best_outcome",
        "effect",
        "extra_bits",
        "p_adjusted",
        "n_known",
        "n_useful",
    ]
    return out[columns].reset_index(drop=True)
