"""What each person has bought, and the attributes it is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FINER = {"age": "age_band", "province": "region"}


def gather_behaviour(lines: pd.DataFrame | None, members: pd.DataFrame, *, as_of: Any) -> pd.DataFrame:
    """Return what each person has bought up to a day: spend, orders, favourite category and channel.

    Parameters
    ----------
    lines : DataFrame or None
        Cleaned order lines.
    members : DataFrame
        One row per record: ``record_id``, ``person_id``; orders call a customer by the record's number.
    as_of : date
        Last day that counts.

    Returns
    -------
    DataFrame
        One row per person with an order: ``customer_id`` (the person), ``revenue``, ``n_orders``,
        ``top_category`` (most money), ``top_channel`` (most orders).  ``attrs["n_unknown"]``: customers of
        the orders whom no register knows.
    """
    import pandas as pd

    from crm_lib.differentiate import summarize_rfm

    if lines is None:
        return pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    known = lines[lines["ordered_at"] < end]
    person = known["customer_id"].map(dict(zip(members["record_id"], members["person_id"], strict=True)))
    n_unknown = int(known.loc[person.isna(), "customer_id"].nunique())
    mine = known[person.notna()].assign(customer_id=person[person.notna()])
    if not len(mine):
        return pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    out = summarize_rfm(mine, as_of=as_of)[["customer_id", "revenue", "n_orders"]]
    if "category" in mine.columns:
        out["top_category"] = out["customer_id"].map(_find_top(mine, "category", mine["amount"]))
    if "channel" in mine.columns:
        order = mine["order_id"] if "order_id" in mine.columns else mine["ordered_at"].dt.normalize()
        visits = mine.assign(order=order).drop_duplicates(["customer_id", "channel", "order"])
        out["top_channel"] = out["customer_id"].map(_find_top(visits, "channel", visits["amount"] * 0 + 1))
    out.attrs["n_unknown"] = n_unknown
    return out


def _find_top(lines: pd.DataFrame, column: str, mass: pd.Series) -> pd.Series:
    """Return per person the value with the greatest sum; of equal ones the first in the alphabet."""
    sums = mass.groupby([lines["customer_id"], lines[column]]).sum().rename("mass").reset_index()
    ordered = sums.sort_values(["mass", column], ascending=[False, True], kind="stable")
    return ordered.drop_duplicates("customer_id").set_index("customer_id")[column]


def list_attributes(people: pd.DataFrame) -> list[str]:
    """Return the attributes to rank: of two forms of one field only the coarser (age band, region).

    Parameters
    ----------
    people : DataFrame
        One row per person.
    """
    from crm_lib.identify import choose_attributes

    names = [n for n in choose_attributes(people) if n != "register"]
    return [n for n in names if _FINER.get(n) not in names]
