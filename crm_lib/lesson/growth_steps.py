"""What the lesson on the most growable customers does with its list: next category, measures, budget, two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.growth_value import panel_of, take_year

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.growth_data import GrowthData
    from crm_lib.stats import Interval

TEST_DAYS = 180
LEAST_SUPPORT = 0.05
N_NEIGHBOURS = 30
_SUGGESTED = ("customer_id", "rank", "category", "share", "base_share", "reason")
_TRIED = ("customer_id", "suggested", "popular", "n_new_categories", "hit", "popular_hit")
_RULES = (
    *("if_bought", "then_category", "n_baskets", "n_if", "n_both", "support"),
    *("confidence", "low_share", "high_share", "base_share", "lift"),
)


def gather_baskets(data: GrowthData, day: str) -> pd.DataFrame:
    """Return which categories each customer had bought by `day`; empty without categories.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    day
        ISO date.
    """
    import pandas as pd

    from crm_lib.differentiate import list_baskets

    rows = data.rows[data.rows["ordered_at"] < pd.Timestamp(day) + pd.Timedelta(days=1)]
    return list_baskets(rows[["customer_id", "category", "amount"]])


def find_rules(baskets: pd.DataFrame) -> pd.DataFrame:
    """Return the rules from one category to another, the surest first; empty when there are none.

    Parameters
    ----------
    baskets
        What `gather_baskets` returned.
    """
    import pandas as pd

    from crm_lib.differentiate import mine_rules

    if not len(baskets) or baskets.shape[1] < 2:
        return pd.DataFrame(columns=list(_RULES))
    return mine_rules(baskets, min_support=LEAST_SUPPORT, most_items=2)


def judge_trial(trial: pd.DataFrame, seed: int) -> tuple[Interval, str]:
    """Return by how much suggestions hit more often than the most bought category, and a verdict.

    Parameters
    ----------
    trial
        What `try_suggestions` returned, not empty.
    seed
        Seed of the bootstrap.

    Returns
    -------
    tuple of Interval and str
        The difference of the shares, and better, worse or same (the interval holds 0).
    """
    import numpy as np

    from crm_lib.stats import bootstrap_interval

    hits = trial[["hit", "popular_hit"]].to_numpy(dtype="float64")
    gap = bootstrap_interval(hits[:, 0] - hits[:, 1], np.mean, random_state=seed)
    return gap, "better" if gap.low > 0 else "worse" if gap.high < 0 else "same"


def suggest_next(baskets: pd.DataFrame, trial: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one category for each customer who lacks one; empty with fewer than two customers.

    Parameters
    ----------
    baskets
        What `gather_baskets` returned.
    trial
        What `try_suggestions` returned: where suggestions were worse, the most bought category is taken.
    seed
        Seed of the bootstrap.
    """
    import pandas as pd

    from crm_lib.differentiate import suggest_categories

    if len(baskets) < 2:
        return pd.DataFrame(columns=list(_SUGGESTED)).astype({"customer_id": "str", "reason": "str"})
    if len(trial) and judge_trial(trial, seed)[1] == "worse":
        return _suggest_popular(baskets)
    return suggest_categories(baskets, n_neighbours=N_NEIGHBOURS)


def _suggest_popular(baskets: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    base = baskets.mean().sort_values(ascending=False, kind="stable")
    order = [c for c in base.index if base[c] > 0]
    lacking = [next((c for c in order if not row[c]), None) for _, row in baskets.iterrows()]
    out = pd.DataFrame({"customer_id": baskets.index.astype("str"), "category": lacking})
    out = out.dropna(subset=["category"]).reset_index(drop=True)
    return out.assign(rank=1, share=float("nan"), base_share=out["category"].map(base), reason="popular")


def try_suggestions(data: GrowthData, day: str) -> pd.DataFrame:
    """Return whether suggestions made half a year before `day` came true.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    day
        ISO date.

    Returns
    -------
    DataFrame
        As `rate_suggestions` returns it, with n_new_categories; ``attrs["start"]`` is the day of the suggestions.
    """
    import pandas as pd

    from crm_lib.differentiate import list_baskets, rate_suggestions

    start = pd.Timestamp(day) - pd.Timedelta(days=TEST_DAYS)
    when, rows = data.rows["ordered_at"], data.rows[["customer_id", "category", "amount"]]
    cut, end = start + pd.Timedelta(days=1), pd.Timestamp(day) + pd.Timedelta(days=1)
    before, after = list_baskets(rows[when < cut]), list_baskets(rows[(when >= cut) & (when < end)])
    out = pd.DataFrame({c: pd.Series(dtype=bool if "hit" in c else object) for c in _TRIED})
    if len(before) >= 2:
        out = rate_suggestions(before, after, n_neighbours=N_NEIGHBOURS).rename(
            columns={"n_new": "n_new_categories"}
        )
    out.attrs["start"] = start.date().isoformat()
    return out


def plan_measures(
    graded: pd.DataFrame, suggested: pd.DataFrame, *, measures: str, budget: float
) -> pd.DataFrame:
    """Return the growth list: each growable customer with his measure, its gain, and whether the budget reaches him.

    Parameters
    ----------
    graded
        One row per customer: customer_id, potential_value, growth_class and more.
    suggested
        What `suggest_next` returned.
    measures
        A file of measures, or empty text for the shipped ones.
    budget
        Yuan.

    Returns
    -------
    DataFrame
        One row per growable customer, the highest gain per yuan first: customer_id, actual_value, potential_value,
        wallet_share, basis, category (suggested), reason, measure_name, medium, owner, worked_share, won_profit,
        measure_cost, expected_gain, gain_per_yuan, running_cost, chosen; ``attrs`` of `choose_growth`.
    """
    from crm_lib.differentiate import choose_growth, load_measures, plan_growth
    from crm_lib.lesson.run import data_source

    table = load_measures(data_source(measures) if measures else None)
    mine = graded[(graded["growth_class"] == "MGC").to_numpy()]
    mine = mine.merge(suggested[["customer_id", "category", "reason"]], on="customer_id", how="left")
    plan = plan_growth(mine, measures=table)
    ranked = choose_growth(plan, budget=budget)
    kept = ["customer_id", "actual_value", "potential_value", "wallet_share", "basis", "category", "reason"]
    out = ranked.merge(plan, on="customer_id").merge(mine[kept], on="customer_id")
    out = out.merge(table[["measure_key", "measure_name", "medium", "owner"]], on="measure_key")
    names = {"margin": "won_profit", "cost": "measure_cost", "total_cost": "running_cost"}
    out = out.rename(columns={**names, "probability": "worked_share"})
    order = [
        *kept[:6],
        "reason",
        "measure_name",
        "medium",
        "owner",
        "worked_share",
        "won_profit",
        "measure_cost",
    ]
    out = out[[*order, "expected_gain", "gain_per_yuan", "running_cost", "chosen"]]
    # merges keep the order of the left side, but say so: the list is worked from the top
    out = out.sort_values(["gain_per_yuan", "customer_id"], ascending=[False, True], ignore_index=True)
    out.attrs = dict(ranked.attrs)
    return out


def pair_periods(data: GrowthData, panel: pd.DataFrame, *, day: str, drift: float) -> pd.DataFrame:
    """Return the same customers in two periods: as they told, else with what they bought and an assumption.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    panel
        What `measure_panel` returned.
    day
        ISO date.
    drift
        Assumed growth of what they spend in all from the year before to the last.

    Returns
    -------
    DataFrame
        What `pair_shares` returns; ``attrs``: kind ("asked": two periods of the wallet, "assumed": one, "none"),
        before, after (names of the periods).
    """
    from crm_lib.differentiate import pair_shares

    periods = sorted(data.wallet["period"].astype(str).unique()) if len(data.wallet) else []
    if len(periods) >= 2:
        first, second = periods[-2:]
        out = pair_shares(panel_of(data.wallet, first), panel_of(data.wallet, second))
        out.attrs.update(kind="asked", before=first, after=second)
        return out
    now, then = (_sum_year(data.rows, panel, day, back) for back in (0, 1))
    told = panel["category_spend"].to_numpy(dtype="float64")
    second = panel[["customer_id"]].assign(category_spend=_at_least(told, now), our_spend=now)
    first = second.assign(category_spend=_at_least(told / (1 + drift), then), our_spend=then)
    out = pair_shares(first, second)
    names = {"before": say("growth.year_before"), "after": say("growth.year_last")}
    out.attrs.update(kind="assumed" if len(panel) else "none", **names)
    return out


def _sum_year(rows: pd.DataFrame, panel: pd.DataFrame, day: str, back: int) -> pd.Series:
    sums = take_year(rows, day, back=back).groupby("customer_id")["amount"].sum()
    found = panel["customer_id"].map(sums.to_dict()).astype(float).fillna(0.0)
    return found.clip(lower=0).round(4).to_numpy()


def _at_least(whole: object, part: object) -> object:
    import numpy as np

    return np.maximum(np.round(whole, 4), part)
