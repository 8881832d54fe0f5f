"""Ways of finding customers (寻找客户的方法): the textbook's 17, and what each of those used yields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

_UNIT = 10_000


def list_source_methods() -> pd.DataFrame:
    """Return the ways of finding customers: 13 traditional and 4 electronic ones.

    Returns
    -------
    DataFrame
        method (the textbook's name), family ("traditional", "electronic"), route ("own" operations or
        "third" parties), how and carrier (in our words).

    Examples
    --------
    >>> list_source_methods()["family"].value_counts().to_dict()
    {'traditional': 13, 'electronic': 4}
    """
    import pandas as pd

    return pd.DataFrame(load_rules("source_methods")["methods"])[
        ["method", "family", "route", "how", "carrier"]
    ]


def measure_methods(leads: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Measure what each way of finding customers costs and yields.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id, source_method, intent (潜在, 意向, 成交); cost and signed_amount
        (yuan) where they are known.
    confidence : float
        Of the interval of the yield, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per method that was used, the highest yield first, then by name: source_method, family
        ("traditional", "electronic", or "other" for a name that is none of the 17), route, n_leads, n_intent
        (意向), n_deals (成交), yield_share (deals per prospect) with low_share and high_share (Wilson),
        cost, lead_cost (per prospect), deal_cost (per deal; missing without a deal), signed_amount,
        n_without_cost.  ``attrs["n_unnamed"]`` counts prospects without a method: they stand under "".

    Raises
    ------
    SchemaError
        When lead_id, source_method or intent is missing.

    Notes
    -----
    The yield counts deals to date: prospects found lately have had less time, so a young method looks
    worse than it is.  A method's cost is the sum of what finding its prospects cost, deal or no deal;
    costs that are not known are counted, not guessed, and then the costs per prospect and deal are missing.
    """
    import pandas as pd

    require_columns("measure_methods", list(leads.columns), ("lead_id", "source_method", "intent"))
    frame = pd.DataFrame({
        "source_method": leads["source_method"].astype(object).where(leads["source_method"].notna(), ""),
        "intent": leads["intent"].astype(object),
        "cost": _money(leads, "cost"),
        "signed_amount": _money(leads, "signed_amount"),
    })
    rows = [
        _measure_one(str(name), part, confidence) for name, part in frame.groupby("source_method", sort=True)
    ]
    out = pd.DataFrame(rows, columns=_METHOD_COLUMNS)
    known = list_source_methods().set_index("method")
    out.insert(1, "family", out["source_method"].map(known["family"]).fillna("other").astype("str"))
    out.insert(2, "route", out["source_method"].map(known["route"]).fillna("").astype("str"))
    out = out.sort_values(["yield_share", "source_method"], ascending=[False, True]).reset_index(drop=True)
    out.attrs["confidence"] = confidence
    out.attrs["n_unnamed"] = int((frame["source_method"] == "").sum())
    return out


_METHOD_COLUMNS = [
    *("source_method", "n_leads", "n_intent", "n_deals", "yield_share", "low_share", "high_share"),
    *("cost", "lead_cost", "deal_cost", "signed_amount", "n_without_cost"),
]


def _measure_one(name: str, part: pd.DataFrame, confidence: float) -> tuple:
    from crm_lib.stats import interval_of_share

    n, deals = len(part), int((part["intent"] == "成交").sum())
    share = interval_of_share(deals, n, confidence=confidence)
    unknown = int(part["cost"].isna().sum())
    cost = float(part["cost"].sum()) / _UNIT
    nan = float("nan")
    per_lead, per_deal = (nan, nan) if unknown else (cost / n, cost / deals if deals else nan)
    signed = float(part["signed_amount"].sum()) / _UNIT
    n_intent = int((part["intent"] == "意向").sum())
    return (name, n, n_intent, deals, *share, cost, per_lead, per_deal, signed, unknown)


def _money(frame: pd.DataFrame, column: str) -> Any:
    """Return a column of yuan as whole 1/10,000 yuan, so that sums are exact; absent or missing stays missing."""
    import numpy as np
    import pandas as pd

    if column not in frame.columns:
        return pd.Series(np.nan, index=frame.index)
    return np.floor(pd.to_numeric(frame[column], errors="coerce") * _UNIT + 0.5)
