"""Channels customer information comes through (信息渠道): cost and trust, and what a firm's own tables hold of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.errors import DataError
from crm_lib.identify.prospects import load_rules
from crm_lib.identify.prospects_methods import list_source_methods, measure_methods

if TYPE_CHECKING:
    import pandas as pd

_CHANNEL = ["route", "channel", "through", "gives", "cost", "trust", "tables"]
_PURCHASED = "直接购买法"
_KEYS = ("source_row", "source_file")


def list_channels() -> pd.DataFrame:
    """Return the five internal and four external channels.

    Returns
    -------
    DataFrame
        route (内部, 外部), channel, through and gives (what comes through it), cost and trust (1 low … 5 high, a
        judgement of ours), tables (contracts that stand for it in the sample company, joined by 、).

    Examples
    --------
    >>> list_channels()["route"].value_counts().to_dict()
    {'内部': 5, '外部': 4}
    """
    import pandas as pd

    table = pd.DataFrame(load_rules("channels")["channels"], columns=_CHANNEL)
    return table.assign(tables=["、".join(names) for names in table["tables"]])


def measure_channels(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Measure what a firm's tables hold of each channel.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of a contract → rows.  ``leads`` counts twice: those found by 直接购买法 stand for the external
        databases (``purchased``), the others for the business itself.

    Returns
    -------
    DataFrame
        The channels in their order with n_records, n_customers (different customer_id; missing without one),
        filled_share (cells with a value), cost_yuan (sum of a cost column; missing without one),
        record_cost (cost_yuan / n_records); 0 records where no table stands for a channel.

    Notes
    -----
    Cost is what the tables say; wages and systems are in none of them, so a channel without a figure is
    not free.
    """
    import pandas as pd

    known = _split_leads(tables)
    channels = list_channels()
    rows = [
        _measure([known[t] for t in names.split("、") if t in known and len(known[t])])
        for names in channels["tables"]
    ]
    columns = ["n_records", "n_customers", "filled_share", "cost_yuan", "record_cost"]
    out = pd.concat([channels, pd.DataFrame(rows, columns=columns)], axis=1)
    return out.astype({"n_records": "int64"})


def _split_leads(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    known = dict(tables)
    leads = known.get("leads")
    if leads is not None and "source_method" in leads.columns:
        bought = (leads["source_method"] == _PURCHASED).fillna(False).astype(bool)
        known |= {"leads": leads[~bought], "purchased": leads[bought]}
    return known


def _measure(frames: list[pd.DataFrame]) -> tuple[int, float, float, float, float]:
    nan = float("nan")
    if not frames:
        return 0, nan, nan, nan, nan
    plain = [f.drop(columns=[c for c in _KEYS if c in f.columns]) for f in frames]
    n, cells = sum(map(len, plain)), sum(f.size for f in plain)
    filled = sum(int(f.notna().sum().sum()) for f in plain)
    named = [set(f["customer_id"].dropna()) for f in plain if "customer_id" in f.columns]
    costs = [f["cost"].dropna().sum() for f in plain if "cost" in f.columns]
    cost = float(sum(costs)) if costs else nan
    priced = sum(len(f) for f in plain if "cost" in f.columns)
    people = float(len(set().union(*named))) if named else nan
    return n, people, filled / cells if cells else nan, cost, cost / priced if priced else nan


def compare_methods(leads: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Put the 17 ways of finding customers side by side: groups, ratings, and what each yielded.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id, source_method, intent; cost and signed_amount where they are known.
    confidence : float
        Of the interval of the yield, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per method in the textbook's order: source_method, family, route, group (资料统计法, 询问法,
        直接购买法), cost_rank and trust_rank (1 low … 5 high), customers (whom it suits), n_leads, n_deals,
        yield_share, low_share, high_share, lead_cost; 0 prospects and missing shares for a method not used.

    Raises
    ------
    SchemaError
        A column is missing.

    Notes
    -----
    The names of methods and groups are the textbook's and the lesson plan's; which method belongs to which
    group, and the ranks, are ours.  The yields come from `measure_methods`.
    """
    import pandas as pd

    columns = ["source_method", "group", "cost_rank", "trust_rank", "customers"]
    ratings = pd.DataFrame(load_rules("method_ratings")["methods"], columns=columns)
    names = list_source_methods().rename(columns={"method": "source_method"})
    table = names[["source_method", "family", "route"]].merge(ratings, on="source_method", how="left")
    measured = measure_methods(leads, confidence=confidence)
    found = ["source_method", "n_leads", "n_deals", "yield_share", "low_share", "high_share", "lead_cost"]
    out = table.merge(measured[found], on="source_method", how="left")
    out[["n_leads", "n_deals"]] = out[["n_leads", "n_deals"]].fillna(0).astype("int64")
    out.attrs["n_other"] = int((~measured["source_method"].isin(out["source_method"])).sum())
    return out


def check_source(n_confirmed: int, n_checked: int, *, least: float, confidence: float = 0.95) -> pd.DataFrame:
    """Judge third-party data by a checked sample.

    Parameters
    ----------
    n_confirmed, n_checked : int
        Entries found right, of those checked.
    least : float
        Share that must be right for the data to be used, above 0 and below 1.
    confidence : float
        Of the interval, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row: n_checked, n_confirmed, confirmed_share, low_share, high_share (Wilson), least_share, verdict
        (``usable``: the whole interval is at or above the least; ``unusable``: it is below; ``undecided``),
        n_needed (how many to check in all for a verdict if the share stays; missing when decided, or when
        none would do).

    Raises
    ------
    DataError
        More are confirmed than were checked.
    ParameterError
        An option is out of range.

    Notes
    -----
    The share found in the sample is no verdict: 8 of 10 may be chance.  The size is a plan only: the next
    entries may turn out otherwise, and looking after each new entry until it fits would cheat.

    Examples
    --------
    >>> check_source(8, 10, least=0.7)["verdict"].item(), check_source(80, 100, least=0.7)["verdict"].item()
    ('undecided', 'usable')
    """
    import pandas as pd

    from crm_lib.stats import interval_of_share

    require_range("check_source", "least", least, 1e-9, 1 - 1e-9)
    if not 0 <= n_confirmed <= n_checked:
        raise DataError(
            f"check_source: n_confirmed must be from 0 to n_checked; got {n_confirmed} of {n_checked}. "
            "Count the checked entries again."
        )
    share = interval_of_share(n_confirmed, n_checked, confidence=confidence)
    verdict = "usable" if share.low >= least else "unusable" if share.high < least else "undecided"
    more = _plan_size(share.estimate, least, confidence) if verdict == "undecided" and n_checked else None
    row = (n_checked, n_confirmed, *share, least, verdict, more)
    columns = ["n_checked", "n_confirmed", "confirmed_share", "low_share", "high_share", "least_share"]
    out = pd.DataFrame([row], columns=[*columns, "verdict", "n_needed"])
    return out.astype({"n_needed": "Int64"})


def _plan_size(share: float, least: float, confidence: float) -> int | None:
    """Return the smallest sample of this share whose Wilson interval keeps clear of the least."""
    from statistics import NormalDist

    if abs(share - least) < 0.01:
        return None
    # the end of the interval meets the least where (share − least)² = z² least (1 − least) / n
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    size = z * z * least * (1 - least) / (share - least) ** 2
    return int(size) + 1


def draw_check(entries: pd.DataFrame, n: int, *, random_state: int) -> pd.DataFrame:
    """Draw entries of a list to be checked.

    Parameters
    ----------
    entries : DataFrame
        One row per entry.
    n : int
        Entries to draw, at least 1; all when there are no more.
    random_state : int
        At least 0.

    Returns
    -------
    DataFrame
        n different rows in the order of the list.
    """
    import numpy as np

    require_range("draw_check", "n", n, 1)
    require_range("draw_check", "random_state", random_state, 0)
    places = np.random.default_rng(random_state).permutation(len(entries))[:n]
    return entries.iloc[np.sort(places)]
