"""Actual and potential value of each customer in the lesson on the most growable ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.differentiate import ShareModel
    from crm_lib.lesson.growth_data import GrowthData

YEAR_DAYS = 365
FEATURES = ("our_spend", "n_orders", "n_categories", "recency_days")
LEAST_TOLD = 50
FACTORS = (0.8, 0.9, 1.1, 1.2)
BASES = ("asked", "estimated", "benchmark")


def measure_panel(data: GrowthData) -> pd.DataFrame:
    """Return the share of each customer who told, in the last period of the wallet; no row without a wallet.

    Parameters
    ----------
    data
        What `gather_growth` returned.

    Returns
    -------
    DataFrame
        One row per customer: customer_id, category_spend, our_spend, wallet_share; ``attrs["period"]``.
    """
    return panel_of(data.wallet, None)


def panel_of(wallet: pd.DataFrame, period: str | None) -> pd.DataFrame:
    """Return the share per customer in one period of the wallet, the last one by default.

    Parameters
    ----------
    wallet
        Cleaned wallet, may be empty.
    period
        Which period.
    """
    import pandas as pd

    from crm_lib.differentiate import measure_share

    if not len(wallet):
        out = pd.DataFrame({"customer_id": pd.Series(dtype="str")})
        out = out.assign(**{
            c: pd.Series(dtype=float) for c in ("category_spend", "our_spend", "wallet_share")
        })
        out.attrs["period"] = ""
        return out
    last = period or max(wallet["period"].astype(str))
    found = measure_share(wallet[(wallet["period"].astype(str) == last).to_numpy()])
    out = found.rename(columns={"share": "wallet_share"})
    out = out[["customer_id", "category_spend", "our_spend", "wallet_share"]]
    out.attrs = {"period": last, "n_over": int(found["n_over"].sum())}
    return out


def take_year(rows: pd.DataFrame, day: str, *, back: int = 0) -> pd.DataFrame:
    """Return the order lines of the 365 days that end with `day`, or of the year `back` years before.

    Parameters
    ----------
    rows
        Order lines.
    day
        ISO date.
    back
        How many years earlier.
    """
    import pandas as pd

    end = pd.Timestamp(day) + pd.Timedelta(days=1 - YEAR_DAYS * back)
    when = rows["ordered_at"]
    return rows[((when >= end - pd.Timedelta(days=YEAR_DAYS)) & (when < end)).to_numpy()]


def measure_people(data: GrowthData, *, day: str, cost_per_order: float, margin: float) -> pd.DataFrame:
    """Measure what each customer brought in the last year, and what is known of him on `day`.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    day
        ISO date.
    cost_per_order
        Cost of handling an order.
    margin
        Assumed gross margin where the cost of goods is not known.

    Returns
    -------
    DataFrame
        One row per customer with an order by `day` whose value is known, sorted: customer_id, actual_value and the
        features of `FEATURES`.  ``attrs``: by, margin_share, n_unknown, n_old (nothing bought in that year).
    """
    from crm_lib.differentiate import summarize_rfm
    from crm_lib.lesson.value import choose_value, summarize_value

    rfm = summarize_rfm(data.rows, as_of=day).set_index("customer_id")
    year = take_year(data.rows, day)
    value, by, rate = None, "revenue", margin
    if len(year):
        talks = data.contacts if data.contacts is None else take_contacts(data.contacts, day)
        value = summarize_value(year, as_of=day, contacts=talks, cost_per_order=cost_per_order)
        by, rate = choose_value(value), _find_margin(value, margin)
        value = value.set_index("customer_id")
    people = rfm[["recency_days"]].astype(float).copy()
    ours = year.groupby("customer_id")["amount"].sum().round(4)
    people["our_spend"] = ours.reindex(people.index).fillna(0.0)
    people["n_orders"] = (
        value["n_orders"].reindex(people.index).fillna(0).astype(float) if value is not None else 0.0
    )
    kinds = year.groupby("customer_id")["category"].nunique()
    people["n_categories"] = kinds.reindex(people.index).fillna(0).astype(float)
    people["actual_value"] = _take_value(value, people.index, by, rate)
    people = people.sort_index().reset_index()
    known = people.dropna(subset=["actual_value"]).reset_index(drop=True)
    known.attrs = {
        "by": by, "margin_share": rate, "n_unknown": len(people) - len(known),
        "n_old": int((~known["customer_id"].isin(year["customer_id"])).sum()),
    }  # fmt: skip
    return known[["customer_id", "actual_value", *FEATURES]]


def take_contacts(contacts: pd.DataFrame, day: str) -> pd.DataFrame:
    """Return the contacts of the same year.

    Parameters
    ----------
    contacts
        Cleaned contacts.
    day
        ISO date.
    """
    return take_year(contacts.rename(columns={"occurred_at": "ordered_at"}), day).rename(
        columns={"ordered_at": "occurred_at"}
    )


def _find_margin(value: pd.DataFrame, margin: float) -> float:
    known = value.dropna(subset=["gross_profit"])
    revenue = float(known["revenue"].sum())
    found = float(known["gross_profit"].sum()) / revenue if revenue > 0 else 0.0
    return found if 0 < found <= 1 else margin


def _take_value(value: pd.DataFrame | None, index: pd.Index, by: str, rate: float) -> Any:
    """Return the year's value; who bought nothing brought nothing, which is not the same as unknown."""
    if value is None:
        return 0.0
    inside = index.isin(value.index)
    found = value[by].reindex(index)
    found[~inside] = 0.0
    return (found * rate if by == "revenue" else found).round(4)


def estimate_potential(
    people: pd.DataFrame, panel: pd.DataFrame, data: GrowthData, *, day: str, confidence: float, seed: int
) -> tuple[pd.DataFrame, ShareModel | None]:
    """Estimate what each customer could bring beside what he brings.

    Parameters
    ----------
    people
        What `measure_people` returned.
    panel
        What `measure_panel` returned.
    data, day
        As before.
    confidence
        Of the intervals.
    seed
        Seed of the parts.

    Returns
    -------
    tuple of DataFrame and ShareModel or None
        `people` with category_spend, wallet_share (both missing without a wallet), headroom (yuan that he spends
        elsewhere: as told; else at the low end of the estimate; else the distance to the better buyers), basis
        (asked, estimated, benchmark) and potential_value (headroom × margin); the model where there is one.

    Notes
    -----
    The low end, because an estimate that is too high sends a salesperson to somebody who has nothing to give.
    """
    import pandas as pd

    model = _fit(people, panel, confidence, seed)
    told = panel.set_index("customer_id")
    out = people.set_index("customer_id")
    benchmark = _measure_benchmark(data, day).reindex(out.index).fillna(0.0)
    out = out.assign(
        category_spend=float("nan"), wallet_share=float("nan"), headroom=benchmark, basis="benchmark"
    )
    if model is not None:
        said = model.apply(out.reset_index()).set_index("customer_id")
        low = (1 + said["category_spend"]) * math.exp(-model.half_width) - 1
        out = out.assign(
            category_spend=said["category_spend"], wallet_share=said["share"], basis="estimated",
            headroom=(low - out["our_spend"]).clip(lower=0),
        )  # fmt: skip
    asked = out.index.intersection(told.index)
    out.loc[asked, ["category_spend", "wallet_share"]] = told.loc[asked, ["category_spend", "wallet_share"]]
    out.loc[asked, "headroom"] = (told["category_spend"] - told["our_spend"]).clip(lower=0)[asked]
    out.loc[asked, "basis"] = "asked"
    rate = people.attrs["margin_share"]
    out = out.assign(headroom=out["headroom"].round(2), potential_value=(out["headroom"] * rate).round(2))
    out = pd.DataFrame(out.reset_index())
    out.attrs = dict(people.attrs)
    return out, model


def _fit(people: pd.DataFrame, panel: pd.DataFrame, confidence: float, seed: int) -> ShareModel | None:
    from crm_lib.differentiate import fit_share

    features = [c for c in FEATURES if c != "our_spend"]
    known = panel[["customer_id", "category_spend", "our_spend"]].merge(
        people[["customer_id", *features]], on="customer_id", how="inner"
    )
    if len(known) < LEAST_TOLD:
        return None
    return fit_share(known, features=list(FEATURES), random_state=seed, confidence=confidence)


def _measure_benchmark(data: GrowthData, day: str) -> pd.Series:
    from crm_lib.differentiate import measure_headroom

    year = take_year(data.rows, day)
    year = year.assign(
        category=year["category"].astype(object).where(year["category"].notna(), say("growth.any"))
    )
    spends = year[["customer_id", "category", "amount"]].rename(columns={"amount": "our_spend"})
    return measure_headroom(spends).set_index("customer_id")["headroom"]


def set_thresholds(people: pd.DataFrame, *, mvc_share: float, mgc_share: float) -> dict[str, float]:
    """Return the three thresholds in yuan.

    Parameters
    ----------
    people
        What `estimate_potential` returned.
    mvc_share, mgc_share
        The parameters of the lesson.
    """
    from crm_lib.differentiate import find_thresholds

    return {**find_thresholds(people, mvc_share=mvc_share, mgc_share=mgc_share), "bz_below": 0.0}


def try_thresholds(people: pd.DataFrame, thresholds: dict[str, float]) -> pd.DataFrame:
    """Return what moving each threshold by a tenth and a fifth changes; that of a loss by parts of the first.

    Parameters
    ----------
    people
        What `estimate_potential` returned.
    thresholds
        What `set_thresholds` returned.
    """
    from crm_lib.differentiate import vary_thresholds

    moves = {
        n: [round(v * f, 2) for f in FACTORS]
        for n, v in thresholds.items()
        if n != "bz_below" and v < math.inf
    }
    first = thresholds["mvc_from"]
    step = round(0.01 * first, 2) if first < math.inf else 10.0
    moves["bz_below"] = [-step, step]
    return vary_thresholds(people, thresholds=thresholds, moves=moves)
