"""One campaign with a control group, read thoroughly: was the lot kept, what changed, was it worth its cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, say
from crm_lib.errors import ParameterError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.differentiate import Balance

BEFORE = ("spend_before", "n_orders", "recency_days")
LEAST_ARM = 5


@dataclass(frozen=True)
class Campaign:
    """One campaign and its customers: arm, abc_class (of before), spend_before, n_orders, recency_days, the outcomes.

    `why` is "" or what stands in the way: none (no list), other (another firm's sample), arm (no column tells who got
    it), control (nobody was left out by lot), outcome (nothing measured after it), few (an arm too small).  `picked`
    says how it was chosen: asked, aim (its name says that it is to keep customers), dearest, only.
    """

    why: str
    campaign_id: str = ""
    name: str = ""
    medium: str = ""
    offer: str = ""
    sent_on: str = ""
    until: str = ""
    cost: float = float("nan")
    picked: str = ""
    people: pd.DataFrame | None = field(default=None, repr=False)


def same_firm(orders: str, other: str) -> bool:
    """Tell whether a sample is of the same firm as the orders; a file is taken to be.

    Parameters
    ----------
    orders, other : str
        Names of samples, or files.

    Examples
    --------
    >>> same_firm("cdnow_sample", "xudong_campaigns"), same_firm("my.csv", "members.csv")
    (False, True)
    """
    from crm_lib import sample
    from crm_lib.sample.files import JOURNEY_NAMES

    samples = {s.name for s in sample.list_samples()} | set(JOURNEY_NAMES)
    return other not in samples or (orders in samples and orders.split("_")[0] == other.split("_")[0])


def read_campaign(
    campaigns: str,
    members: str,
    orders: str,
    *,
    choice: str,
    rows: pd.DataFrame,
    abc: pd.DataFrame,
    as_of: str,
) -> Campaign:
    """Read the campaigns and their members, and take one of them.

    Parameters
    ----------
    campaigns, members, orders : str
        Files, or names of samples; the first two may be empty.
    choice : str
        Number of a campaign; empty: the one whose name says that it is to keep customers, else the dearest.
    rows : DataFrame
        Cleaned order lines.
    abc : DataFrame
        Classes of the as-of day; used only for a campaign that began later.
    as_of : str
        The as-of day.

    Returns
    -------
    Campaign
        The campaign, or what stands in the way.

    Raises
    ------
    ParameterError
        There is no campaign of that number.
    """
    if not members.strip():
        return Campaign("none")
    if not same_firm(orders, members):
        return Campaign("other")
    table = _read(members, "campaign_members")
    if table is None:
        return Campaign("arm")
    if "arm" not in table.columns or table["arm"].nunique() < 2:
        return Campaign("control")
    if "spend_after" not in table.columns:
        return Campaign("outcome")
    table = table.dropna(subset=["arm", "spend_after"])
    if "campaign_id" not in table.columns:
        table = table.assign(campaign_id="")
    table = table.assign(campaign_id=table["campaign_id"].astype(str))
    ids = sorted(table["campaign_id"].unique())
    use = campaigns.strip() and same_firm(orders, campaigns)
    facts = {k: {} for k in ids} | (_list_facts(_read(campaigns, "campaigns")) if use else {})
    name, picked = _pick(choice, ids, facts, table)
    part = table[table["campaign_id"] == name].drop_duplicates("customer_id").reset_index(drop=True)
    about = _tell(name, facts[name], part)
    counts = part["arm"].value_counts()
    if len(counts) < 2 or counts.min() < LEAST_ARM:
        return Campaign("few", picked=picked, **about)
    return Campaign("", picked=picked, people=_describe(part, rows, abc, about["sent_on"], as_of), **about)


def _read(name: str, schema: str) -> pd.DataFrame | None:
    """Return the cleaned rows; None for members whose file has no column that could be the arm."""
    from crm_lib.identify import clean_table
    from crm_lib.lesson.exports import remember_source
    from crm_lib.lesson.sources import read_source

    try:
        raw = read_source(name, schema)
    except SchemaError as error:
        if schema == "campaign_members" and "no header for 'arm'" in str(error):
            return None
        raise
    files = raw.attrs.get("source", {}).get("files", ())
    prints = [f["sha256"][:12] for f in files if f.get("sha256")]
    remember_source({"files": [f["name"] for f in files], "sha256": prints, "n_lines": len(raw)})
    # without an arm there is nothing to compare, and the contract would refuse the rows one by one
    return raw if schema == "campaign_members" and "arm" not in raw.columns else clean_table(raw, schema).rows


def _list_facts(campaigns: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = campaigns.assign(campaign_id=campaigns["campaign_id"].astype(str)).drop_duplicates("campaign_id")
    return {row["campaign_id"]: row for row in found.to_dict("records")}


def _pick(choice: str, ids: list[str], facts: dict[str, Any], table: pd.DataFrame) -> tuple[str, str]:
    if choice.strip():
        if choice.strip() not in ids:
            raise ParameterError(say("value_campaign.unknown", got=choice, known="、".join(ids)))
        return choice.strip(), "asked"
    if len(ids) == 1:
        return ids[0], "only"
    words = list_section("value_campaign")["aims"].split()
    aims = [
        k for k in ids if any(w in f"{facts[k].get('name', '')}{facts[k].get('offer', '')}" for w in words)
    ]
    treated = table[table["arm"] == "treated"]["campaign_id"].value_counts()
    spent = {k: float(treated.get(k, 0)) * _number(facts[k].get("cost_per_contact"), 0.0) for k in ids}
    return max(aims or ids, key=lambda k: (spent[k], treated.get(k, 0), k)), "aim" if aims else "dearest"


def _number(value: Any, other: float) -> float:
    return float(value) if value is not None and value == value else other


def _tell(name: str, facts: dict[str, Any], part: pd.DataFrame) -> dict[str, Any]:
    import pandas as pd

    texts = {k: facts[k] for k in ("name", "medium", "offer") if isinstance(facts.get(k), str)}
    sent = facts.get("sent_on", pd.NaT)
    if pd.isna(sent) and "sent_on" in part.columns:
        sent = pd.to_datetime(part["sent_on"]).min()
    days = {"sent_on": sent, "until": facts.get("measured_until", pd.NaT)}
    told = {k: "" if pd.isna(v) else pd.Timestamp(v).date().isoformat() for k, v in days.items()}
    cost = _number(facts.get("cost_per_contact"), float("nan"))
    return {"campaign_id": name, "name": name, **texts, **told, "cost": cost}


def _describe(
    part: pd.DataFrame, rows: pd.DataFrame, abc: pd.DataFrame, sent_on: str, as_of: str
) -> pd.DataFrame:
    """Return the members with what was known of them before the campaign began, and what they did after."""
    import pandas as pd

    from crm_lib.differentiate import summarize_rfm

    kept = [
        c for c in ("customer_id", "arm", "spend_before", "spend_after", "converted") if c in part.columns
    ]
    people = part[kept].astype({"customer_id": "str"})
    if "converted" in kept:
        people = people.assign(converted=people["converted"].fillna(False).astype(bool).astype("int64"))
    if not sent_on:
        return people.sort_values("customer_id", ignore_index=True)
    last = min(pd.Timestamp(sent_on) - pd.Timedelta(days=1), pd.Timestamp(as_of))
    if rows["ordered_at"].min() < last + pd.Timedelta(days=1):
        rfm = summarize_rfm(rows, as_of=last.date().isoformat())[["customer_id", "n_orders", "recency_days"]]
        numbers = {"customer_id": "str", "n_orders": "float64", "recency_days": "float64"}
        people = people.merge(rfm.astype(numbers), on="customer_id", how="left")
        # who had not bought by then had no order: that is known; how long ago is not
        people = people.assign(n_orders=people["n_orders"].fillna(0.0))
    if pd.Timestamp(as_of) < pd.Timestamp(sent_on):
        classes = abc[["customer_id", "abc_class"]].astype({"customer_id": "str"})
        people = people.merge(classes, on="customer_id", how="left")
    return people.sort_values("customer_id", ignore_index=True)


def check_lot(campaign: Campaign, *, seed: int) -> Balance | None:
    """Test whether the arms were alike before the campaign, over all measures at once.

    Parameters
    ----------
    campaign : Campaign
        What `read_campaign` returned.
    seed : int
        Seed of the lots drawn for comparison.

    Returns
    -------
    Balance or None
        None when there is no campaign to read or nothing is known from before it.
    """
    from crm_lib.differentiate import check_balance

    if campaign.why or campaign.people is None:
        return None
    people = campaign.people
    names = [c for c in BEFORE if c in people.columns and people[c].nunique() > 1]
    return check_balance(people, measures=names, random_state=seed) if names else None


def measure_effects(campaign: Campaign) -> pd.DataFrame:
    """Compare the arms after the campaign: all of them, with what they spent before taken out, and class A alone.

    Parameters
    ----------
    campaign : Campaign
        What `read_campaign` returned.

    Returns
    -------
    DataFrame
        One row per comparison: effect_kind (converted, spend, adjusted, best), n_treated, n_control, treated, control,
        difference, low, high (95 %), p_value; treated and control are missing of the adjusted one.  Empty without a
        campaign.
    """
    import pandas as pd

    from crm_lib.differentiate import compare_outcomes, reduce_variance

    columns = ["n_treated", "n_control", "treated", "control", "difference", "low", "high", "p_value"]
    rows: list[dict[str, Any]] = []
    people = campaign.people if not campaign.why else None
    if people is None:
        return pd.DataFrame(columns=["effect_kind", *columns])
    given = {"converted": "converted", "spend_after": "spend"}
    outcomes = [c for c in given if c in people.columns]
    for row in compare_outcomes(people, outcomes=outcomes).to_dict("records"):
        rows.append({"effect_kind": given[row["measure"]], **{c: row[c] for c in columns}})
    if "spend_before" in people.columns and people["spend_before"].nunique() > 1:
        found = reduce_variance(people, outcome="spend_after", covariates=["spend_before"]).iloc[1]
        rows.append({"effect_kind": "adjusted", **{c: found.get(c, float("nan")) for c in columns}})
    best = people[(people["abc_class"] == "A").to_numpy()] if "abc_class" in people.columns else people[:0]
    counts = best["arm"].value_counts()
    if len(counts) == 2 and counts.min() >= LEAST_ARM:
        row = compare_outcomes(best, outcomes=["spend_after"]).iloc[0]
        rows.append({"effect_kind": "best", **{c: row[c] for c in columns}})
    return pd.DataFrame(rows)[["effect_kind", *columns]]


def measure_return(campaign: Campaign, *, margin: float, seed: int) -> pd.DataFrame:
    """Estimate what came back for each yuan of the campaign.

    Parameters
    ----------
    campaign : Campaign
        What `read_campaign` returned.
    margin : float
        Part of the spend that is profit.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        One row: n_treated, n_control, incremental_gain, policy_cost, net_gain, roi, low, high (95 %, bootstrap).  Empty
        without a campaign, a cost or a margin.
    """
    import pandas as pd

    from crm_lib.differentiate import estimate_roi

    names = ["n_treated", "n_control", "incremental_gain", "policy_cost", "net_gain", "roi", "low", "high"]
    if campaign.why or campaign.people is None or not (campaign.cost > 0 and margin > 0):
        return pd.DataFrame(columns=names)
    found = estimate_roi(
        campaign.people, gain="spend_after", cost=campaign.cost, margin=margin, random_state=seed
    )
    row = found[found["method"] == "bootstrap"]
    return (row if row["low"].notna().all() else found[found["method"] == "delta"])[names].reset_index(
        drop=True
    )
