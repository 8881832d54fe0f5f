"""培养客户的措施: which measure for which customer, and whether the next category was guessed right."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.differentiate.growth import suggest_categories
from crm_lib.errors import DataError, ReadError

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("visit", "widen", "deepen")
_TEXTS = ("measure_key", "measure_name", "medium", "owner")
_NUMBERS = ("cost", "response", "win")


def load_measures(measures: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Load the growth measures with their assumptions: the shipped ones, or a table of your own.

    Parameters
    ----------
    measures : path to TOML, DataFrame, optional
        One row per measure: measure_key (visit, widen, deepen), measure_name, medium, owner, cost (yuan per
        customer, above 0), response (0–1, with how many it works), win (0–1, part of the potential then won).

    Returns
    -------
    DataFrame
        The measures in the order of the table.

    Raises
    ------
    ReadError
        When the file is not there or no TOML.
    DataError
        When one of the three measures is missing, or an assumption is out of range.

    Examples
    --------
    >>> load_measures()["measure_key"].tolist()
    ['visit', 'widen', 'deepen']
    """
    import pandas as pd

    if measures is None:
        text = (resources.files("crm_lib.differentiate") / "policies" / "growth.toml").read_text("utf-8")
        table = pd.DataFrame(tomllib.loads(text)["measures"])
    elif isinstance(measures, pd.DataFrame):
        table = measures.reset_index(drop=True)
    else:
        table = pd.DataFrame(_read(Path(measures)))
    require_columns("load_measures", list(table.columns), (*_TEXTS, *_NUMBERS))
    raise_faults("load_measures", [f for c in _NUMBERS for f in find_number_faults(table, c)])
    good = (table["cost"] > 0) & table["response"].between(0, 1) & table["win"].between(0, 1)
    if sorted(table["measure_key"]) != sorted(MEASURES) or not good.all():
        raise DataError(
            "load_measures: each of visit, widen and deepen must stand once, with cost above 0 and response and "
            f"win from 0 to 1; got {sorted(table['measure_key'])}. Mend the table."
        )
    return table


def _read(path: Path) -> list[dict]:
    try:
        return tomllib.loads(path.read_text("utf-8")).get("measures", [])
    except (OSError, ValueError) as error:
        raise ReadError(
            f"load_measures: {path.name!r} cannot be read as TOML ({type(error).__name__}). Check the file."
        ) from error


def plan_growth(customers: pd.DataFrame, *, measures: pd.DataFrame | None = None) -> pd.DataFrame:
    """Plan one growth measure for each customer and what it is expected to bring.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, potential_value (yuan a year), reason (of `suggest_categories`, missing
        or empty where there is none).
    measures : DataFrame, optional
        What `load_measures` returned.

    Returns
    -------
    DataFrame
        One row per customer, in the order given: customer_id, measure_key, probability, margin (yuan that it
        brings where it works: win × potential_value), cost (yuan): what `choose_growth` takes.

    Raises
    ------
    DataError
        When a potential is no number.

    Notes
    -----
    widen where customers like him buy a category he does not (reason "like"), else deepen; visit instead where
    response × win × potential − cost of a visit is higher.  All figures but the potential are assumptions.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "potential_value": [4000.0, 100.0], "reason": ["like", "like"]})
    >>> plan_growth(people)[["measure_key", "margin"]].values.tolist()
    [['visit', 1000.0], ['widen', 15.0]]
    """
    import numpy as np

    where = "plan_growth"
    require_frame(where, customers, ("customer_id", "potential_value", "reason"))
    raise_faults(where, [*find_id_faults(customers), *find_number_faults(customers, "potential_value")])
    rules = load_measures(measures).set_index("measure_key")
    potential = customers["potential_value"].to_numpy(dtype="float64")
    like = customers["reason"].isin(["like"]).to_numpy(dtype=bool)
    gain = {
        k: (rules.at[k, "response"] * rules.at[k, "win"] * potential - rules.at[k, "cost"]) for k in MEASURES
    }
    plain = np.where(like, "widen", "deepen")
    visit = gain["visit"] > np.where(like, gain["widen"], gain["deepen"]) + 1e-9
    keys = np.where(visit, "visit", plain)
    mine = rules.loc[keys]
    out = customers[["customer_id"]].reset_index(drop=True).assign(measure_key=keys)
    return out.assign(
        probability=mine["response"].to_numpy(dtype="float64"),
        margin=(mine["win"].to_numpy(dtype="float64") * potential).round(4),
        cost=mine["cost"].to_numpy(dtype="float64"),
    ).astype({"measure_key": "str"})


def rate_suggestions(before: pd.DataFrame, after: pd.DataFrame, *, n_neighbours: int = 30) -> pd.DataFrame:
    """Hold suggestions made from an earlier period against what was bought later, beside the most bought category.

    Parameters
    ----------
    before, after : DataFrame
        What `list_baskets` returned with one basket per customer, for the lines before and after a day.
    n_neighbours : int
        As `suggest_categories` takes it.

    Returns
    -------
    DataFrame
        One row per customer of both periods who then lacked a category, sorted: customer_id, suggested, popular
        (categories), n_new (categories first bought later), hit, popular_hit (bool).

    Raises
    ------
    DataError
        When fewer than two customers stand in `before`.

    Notes
    -----
    Only what was known before the day enters a suggestion.  Who did not come back is left out: no suggestion
    could be right of him.  popular is the category that most customers have and he lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> early = pd.DataFrame({"床品": [1, 1, 1, 0], "灯具": [1, 1, 0, 0], "男装": [0, 0, 0, 1]}, index=list("abcd")) > 0
    >>> late = pd.DataFrame({"灯具": [True]}, index=["c"])
    >>> rate_suggestions(early, late, n_neighbours=2)[["customer_id", "suggested", "hit"]].values.tolist()
    [['c', '灯具', True]]
    """
    import pandas as pd

    require_range("rate_suggestions", "n_neighbours", n_neighbours, 1, 1000)
    columns = ["customer_id", "suggested", "popular", "n_new", "hit", "popular_hit"]
    before, after = (f.set_axis([str(i) for i in f.index]) for f in (before, after))
    said = suggest_categories(before, n_neighbours=n_neighbours).set_index("customer_id")["category"]
    base = before.mean()
    order = sorted(base.index, key=lambda c: (-base[c], list(base.index).index(c)))
    rows = []
    for name in sorted({str(i) for i in after.index} & set(said.index)):
        had, now = before.loc[name], after.loc[name]
        new = {str(c) for c in after.columns if now[c] and not had.get(c, False)}
        popular = next(str(c) for c in order if not had[c] and base[c] > 0)
        rows.append((name, said[name], popular, len(new), said[name] in new, popular in new))
    out = pd.DataFrame(rows, columns=columns)
    kinds = {"customer_id": "str", "suggested": "str", "popular": "str", "n_new": "int64", "hit": bool}
    return out.astype({**kinds, "popular_hit": bool})
