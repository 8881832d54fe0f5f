"""Revising the growth measures: what the campaigns with a control group changed, and in whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.growth_data import GrowthData

FEATURES = ("spend_before", "n_orders", "recency_days")
LEAST_ARM = 50
N_GROUPS = 3


class Uplift(NamedTuple):
    """Who was moved by one campaign: `groups` by predicted uplift, `qini` of the ranking; empty when not known."""

    campaign_id: str
    groups: pd.DataFrame
    qini: pd.DataFrame
    why: str


def compare_campaigns(data: GrowthData, *, margin_share: float) -> pd.DataFrame:
    """Return per campaign what the customers spent more for it, and what is left after its cost.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    margin_share
        Gross margin.

    Returns
    -------
    DataFrame
        One row per campaign with two customers or more in each arm: campaign_id, campaign_name, n_treated, n_control,
        treated, control (mean spend after), difference with low and high, measure_cost (per customer), net_gain with
        net_low and net_high (difference × margin − cost), verdict (keep, stop, unclear).
    """
    import pandas as pd

    from crm_lib.differentiate import compare_outcomes

    rows = []
    usable = "control" not in data.lacking and "members" not in data.lacking
    for name, part in data.members.groupby("campaign_id", sort=True) if usable else ():
        part = part.dropna(subset=["spend_after", "arm"])
        counts = part["arm"].value_counts()
        if len(counts) < 2 or counts.min() < 2:
            continue
        found = compare_outcomes(part, outcomes=["spend_after"]).iloc[0]
        title, cost = _look_up(data.campaigns, str(name))
        net = [float(found[c]) * margin_share - cost for c in ("difference", "low", "high")]
        kept = found[["n_treated", "n_control", "treated", "control", "difference", "low", "high"]].to_dict()
        verdict = "keep" if net[1] > 0 else "stop" if net[2] < 0 else "unclear"
        rows.append({
            "campaign_id": str(name), "campaign_name": title, **kept, "measure_cost": cost,
            **dict(zip(("net_gain", "net_low", "net_high"), net, strict=True)), "verdict": verdict,
        })  # fmt: skip
    columns = ["campaign_id", "campaign_name", "n_treated", "n_control", "treated", "control", "difference"]
    columns += ["low", "high", "measure_cost", "net_gain", "net_low", "net_high", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _look_up(campaigns: pd.DataFrame, name: str) -> tuple[str, float]:
    mine = campaigns[campaigns["campaign_id"].astype(str) == name] if len(campaigns) else campaigns
    if not len(mine):
        return name, 0.0
    row = mine.iloc[0]
    cost = row.get("cost_per_contact", 0.0)
    return str(row.get("name", name)), float(cost) if cost == cost and cost is not None else 0.0


def find_movable(data: GrowthData, *, seed: int) -> Uplift:
    """Rank the customers of the largest campaign by how much it should move each, and hold that against the outcome.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    seed
        Seed of the folds.

    Returns
    -------
    Uplift
        `why` is "" or what stands in the way: none (no campaign with a control group), few (an arm too small), same
        (nobody, or everybody, bought).
    """
    import pandas as pd

    from crm_lib.differentiate import measure_groups, predict_uplift, summarize_qini

    empty = pd.DataFrame()
    if not len(data.members) or "control" in data.lacking or "converted" not in data.members.columns:
        return Uplift("", empty, empty, "none")
    part = data.members.dropna(subset=["converted", "arm"])
    name = str(part["campaign_id"].value_counts().sort_index().idxmax())
    part = part[part["campaign_id"].astype(str) == name].drop_duplicates("customer_id")
    if part["arm"].value_counts().min() < LEAST_ARM or part["arm"].nunique() < 2:
        return Uplift(name, empty, empty, "few")
    if part["converted"].nunique() < 2:
        return Uplift(name, empty, empty, "same")
    people, features = _describe_before(part, data.rows)
    given = {"outcome": "converted", "random_state": seed}
    scored = predict_uplift(people, features=features, **given)
    groups = measure_groups(scored, outcome="converted", n_groups=N_GROUPS)
    return Uplift(name, groups, summarize_qini(scored, **given, n_resamples=300), "")


def _describe_before(part: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the members with what was known the day before the campaign."""
    import pandas as pd

    from crm_lib.differentiate import summarize_rfm

    people = part[[c for c in ("customer_id", "arm", "converted", "spend_before") if c in part.columns]]
    people = people.assign(converted=people["converted"].astype(int))
    start = pd.to_datetime(part["sent_on"]).min() if "sent_on" in part.columns else pd.NaT
    if pd.notna(start) and (rows["ordered_at"] < start).any():
        rfm = summarize_rfm(rows, as_of=(start - pd.Timedelta(days=1)).date().isoformat())
        known = rfm[["customer_id", "n_orders", "recency_days"]].astype({
            "n_orders": float,
            "recency_days": float,
        })
        people = people.merge(known, on="customer_id", how="left")
    return people, [c for c in FEATURES if c in people.columns and people[c].nunique() > 1]
