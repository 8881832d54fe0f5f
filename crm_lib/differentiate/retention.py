"""A policy for each state of the most valuable customers, and what they did in a window of time."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice, require_columns, require_range
from crm_lib.differentiate._money import MONEY_UNIT, count_money, sum_money
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.differentiate.segments import name_segments
from crm_lib.differentiate.value import VALUES
from crm_lib.errors import DataError, ReadError

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("policy", "medium", "frequency", "owner")
_BOUNDS = tuple(f"{d}_{end}" for d in ("r", "f", "m", "fm") for end in ("min", "max"))


def load_policies(rules: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Load the rules of the retention policy: the shipped ones, or a table of your own.

    Parameters
    ----------
    rules : path to TOML, DataFrame, optional
        One row per rule: state (the name of the state), the scores that bear it (r_min, r_max, f_min,
        f_max, m_min, m_max, fm_min, fm_max, bounds included, an empty one means any), policy, medium,
        frequency, owner.  By default the rules that travel with the library.

    Returns
    -------
    DataFrame
        The rules in the order of every table.

    Raises
    ------
    ReadError
        When the file cannot be read or is no TOML.
    SchemaError
        When a column is missing.

    Examples
    --------
    >>> load_policies()["state"].tolist()[0]
    '常来的客户'
    """
    import pandas as pd

    if rules is None:
        text = (resources.files("crm_lib.differentiate") / "policies" / "retention.toml").read_text("utf-8")
        table = pd.DataFrame(tomllib.loads(text)["rules"])
    elif isinstance(rules, pd.DataFrame):
        table = rules.reset_index(drop=True)
    else:
        table = pd.DataFrame(_read_rules(Path(rules)))
    require_columns("load_policies", list(table.columns), ("state", *_TEXTS))
    return table


def _read_rules(path: Path) -> list[dict]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))["rules"]
    except OSError as error:
        why = error.strerror
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        why = f"no TOML with [[rules]]: {error}"
    raise ReadError(f"load_policies: the rules {str(path)!r} cannot be read ({why}). Check the file.")


def name_states(
    scores: pd.DataFrame, *, rules: str | Path | pd.DataFrame | None = None, n_bins: int = 5
) -> pd.DataFrame:
    """Name the state of each customer by its scores, as the policy rules say.

    Parameters
    ----------
    scores : DataFrame
        One row per customer: customer_id, score_r, score_f, score_m.
    rules : path to TOML, DataFrame, optional
        See `load_policies`.
    n_bins : int
        Highest possible score.

    Returns
    -------
    DataFrame
        `scores` with state (str), rows in the same order.

    Raises
    ------
    DataError
        When a score is out of range, or the rules leave out or double a combination of scores.

    Notes
    -----
    The rules must give every possible combination of scores exactly one state, also those that no
    customer has today: so nobody falls out of the policy tomorrow.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer_id": ["a"], "score_r": [1], "score_f": [5], "score_m": [5]})
    >>> name_states(one)["state"].tolist()
    ['久未再来']
    """
    table = load_policies(rules)
    bounds = [c for c in _BOUNDS if c in table.columns]
    scheme = table[["state", *bounds]].rename(columns={"state": "segment"})
    plain = scores.copy()
    plain.attrs = {}
    named = name_segments(plain, scheme=scheme, n_bins=n_bins)
    return scores.assign(state=named["segment"].astype("str"))


def plan_retention(
    customers: pd.DataFrame,
    *,
    by: str = "net_profit",
    years: float = 1.0,
    care_share: float = 0.05,
    rules: str | Path | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Plan what to do for each state of the most valuable customers, and what it may cost.

    Parameters
    ----------
    customers : DataFrame
        One row per customer to keep: customer_id, state (from `name_states`), revenue and the column
        named by `by` (yuan).
    by : {"revenue", "gross_profit", "net_profit"}
        What a customer is worth.
    years : float
        Length of the period the value was made in; below 1 it counts as 1, so that a few months are
        never blown up to a year.
    care_share : float
        Part of the yearly profit that may be spent on keeping the customer, 0–1: an assumption.
    rules : path to TOML, DataFrame, optional
        See `load_policies`.

    Returns
    -------
    DataFrame
        One row per state that has a customer, in the order of the rules: state, n_customers (int64),
        customer_share (0–1), revenue, the value (yuan), policy, medium, frequency, owner, care_limit
        (yuan a customer and year; missing when `by` is revenue).

    Raises
    ------
    DataError
        When a state is not in the rules, or a customer stands in two rows.
    ParameterError
        When an option is out of range.

    Notes
    -----
    care_limit = care_share × value of the state / n_customers / years, cut down to 1/100 yuan.  With
    care_share < 1 keeping a customer costs less than the customer brought, on the average of the state
    and if the coming years are like the past ones.  Of revenue nothing is known to be left, so no limit
    is given there.

    Examples
    --------
    >>> import pandas as pd
    >>> two = pd.DataFrame({"customer_id": ["a", "b"], "state": ["久未再来"] * 2,
    ...                     "revenue": [900.0, 700.0], "net_profit": [500.0, 300.0]})
    >>> plan_retention(two, years=2, care_share=0.1)["care_limit"].tolist()
    [20.0]
    """
    import pandas as pd

    _require_plan(customers, by, years, care_share)
    table = load_policies(rules).drop_duplicates("state")
    strange = sorted(set(customers["state"].astype(str)) - set(table["state"]))
    if strange:
        raise DataError(
            f"plan_retention: the rules do not know state {', '.join(map(repr, strange[:3]))}. "
            "Name the states with the same rules: name_states(scores, rules=…)."
        )
    rows = []
    for rule in table.to_dict("records"):
        mine = customers[(customers["state"] == rule["state"]).to_numpy()]
        if len(mine):
            worth = sum_money(mine[by])
            limit = care_share * worth / len(mine) / max(years, 1.0) if by != "revenue" else float("nan")
            head = {"state": rule["state"], "n_customers": len(mine)}
            money = {"revenue": sum_money(mine["revenue"]), by: worth}
            cap = {"care_limit": max(int(limit * 100 + 1e-6) / 100, 0.0) if limit == limit else limit}
            share = {"customer_share": len(mine) / len(customers)}
            rows.append({**head, **share, **money, **{c: rule[c] for c in _TEXTS}, **cap})
    columns = ["state", "n_customers", "customer_share", *dict.fromkeys(["revenue", by])]
    return pd.DataFrame(rows, columns=[*columns, *_TEXTS, "care_limit"])


def _require_plan(customers: pd.DataFrame, by: str, years: float, care_share: float) -> None:
    require_choice("plan_retention", "by", by, VALUES)
    require_range("plan_retention", "years", years, 0)
    require_range("plan_retention", "care_share", care_share, 0, 1)
    require_frame("plan_retention", customers, ("customer_id", "state", "revenue", by))
    raise_faults("plan_retention", find_id_faults(customers))


def measure_window(before: pd.DataFrame, after: pd.DataFrame, *, customers: pd.Series) -> pd.DataFrame:
    """Measure what given customers did between two days.

    Parameters
    ----------
    before, after : DataFrame
        One row per customer as `summarize_profit` returns it, for the day on which the window begins and
        for the day on which it ends, made from the same order lines.
    customers : Series
        The customer_id of those who are observed; each must be in both frames.

    Returns
    -------
    DataFrame
        One row per observed customer, sorted by customer_id: customer_id, n_orders (int64), revenue,
        net_profit (yuan, in the window), returned (bool, at least one order in the window).

    Raises
    ------
    DataError
        When an observed customer is missing from a frame.

    Notes
    -----
    The window is open at its first day and closed at its last: what `after` counts and `before` does
    not.  A purchase that was taken back within the cleaned lines has never been one.

    Examples
    --------
    >>> import pandas as pd
    >>> old = pd.DataFrame({"customer_id": ["a"], "n_orders": [2], "revenue": [50.0], "net_profit": [9.0]})
    >>> new = old.assign(n_orders=3, revenue=80.0, net_profit=12.5)
    >>> measure_window(old, new, customers=old["customer_id"])
      customer_id  n_orders  revenue  net_profit  returned
    0           a         1     30.0         3.5      True
    """
    import pandas as pd

    ids = sorted(customers.astype("str"))
    tables = []
    for frame in (before, after):
        require_frame("measure_window", frame, ("customer_id", "n_orders", "revenue", "net_profit"))
        tables.append(frame.set_index(frame["customer_id"].astype("str")))
    missing = [i for i in ids if i not in tables[0].index or i not in tables[1].index]
    if missing:
        raise DataError(
            f"measure_window: every observed customer must be in both tables; {len(missing):,} of {len(ids):,} "
            f"are not (first: {missing[0]}). Make both from the same order lines."
        )
    old, new = (table.loc[ids] for table in tables)
    orders = (new["n_orders"] - old["n_orders"]).to_numpy(dtype="int64")
    return pd.DataFrame({
        "customer_id": pd.Series(ids, dtype="str"),
        "n_orders": orders,
        "revenue": _subtract(new["revenue"], old["revenue"]),
        "net_profit": _subtract(new["net_profit"], old["net_profit"]),
        "returned": orders > 0,
    })


def _subtract(new: pd.Series, old: pd.Series) -> pd.Series:
    import numpy as np

    known = (new.notna() & old.notna()).to_numpy()
    gain = (count_money(new.fillna(0)) - count_money(old.fillna(0))) / MONEY_UNIT
    return np.where(known, gain, np.nan)
