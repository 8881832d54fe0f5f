"""Who a visitor is: visitor numbers joined with the customers that log in on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError
from crm_lib.identify.clicks import read_ids

if TYPE_CHECKING:
    import pandas as pd

STATES = ("已识别", "多人共用", "未识别")


def stitch_visitors(clicks: pd.DataFrame, links: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find out which person each visitor number belongs to.

    Parameters
    ----------
    clicks : DataFrame
        One row per event: ``visitor_id``, ``customer_id`` (missing when nobody was
        logged in), ``occurred_at`` if present.
    links : DataFrame, optional
        ``record_id`` and ``person_id``, as `link_records` returns: customer numbers of
        one person count as one.  Customers that are not in it stand for themselves.

    Returns
    -------
    DataFrame
        One row per ``visitor_id``, by number: ``state`` (已识别: one person logs in;
        多人共用: several, a shared device; 未识别: nobody), ``person_id`` (missing unless
        已识别), ``n_persons``, ``customer_ids`` (joined by 、), ``n_events``, ``n_known_events`` (events with a
        customer), ``first_known_at`` (first event with a customer).

    Notes
    -----
    A visitor who logs in later was the same person before: all events of an
    已识别 visitor are hers.  On a shared device only events with a customer can be told;
    nothing is guessed for the others.  A person may have many visitor numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> clicks = pd.DataFrame({"visitor_id": ["V1", "V1", "V2"], "customer_id": [None, "C1", None]})
    >>> stitch_visitors(clicks)[["visitor_id", "state", "person_id"]].values.tolist()[0]
    ['V1', '已识别', 'C1']
    """
    require_columns("stitch_visitors", clicks.columns, ["visitor_id"])
    events = _pick(clicks)
    known = events[events["customer_id"].notna()]
    out = _count_persons(events, known, links)
    n = out["n_persons"]
    out["state"] = n.clip(upper=2).map({1: STATES[0], 2: STATES[1], 0: STATES[2]}).astype(object)
    out["person_id"] = out["person_id"].astype(object).where(n == 1, None)
    out["customer_ids"] = out["customer_ids"].astype(object).where(n > 0, "")
    out["n_known_events"] = (
        known.groupby("visitor_id").size().reindex(out.index, fill_value=0).astype("int64")
    )
    if "occurred_at" in events:
        out["first_known_at"] = known.groupby("visitor_id")["occurred_at"].min().reindex(out.index)
    order = [
        "visitor_id",
        "state",
        "person_id",
        "n_persons",
        "customer_ids",
        "n_events",
        "n_known_events",
        "first_known_at",
    ]
    out = out.rename_axis("visitor_id").reset_index()
    return out[[c for c in order if c in out.columns]]


def _pick(clicks: pd.DataFrame) -> pd.DataFrame:
    """Return the events that have a visitor: whose they are, and when."""
    import pandas as pd

    events = pd.DataFrame({
        "visitor_id": _to_text(read_ids(clicks, "visitor_id")),
        "customer_id": _to_text(read_ids(clicks, "customer_id")),
    })
    if "occurred_at" in clicks.columns:
        events["occurred_at"] = clicks["occurred_at"].reset_index(drop=True)
    return events[events["visitor_id"].notna()]


def _count_persons(events: pd.DataFrame, known: pd.DataFrame, links: pd.DataFrame | None) -> pd.DataFrame:
    """Return per visitor its events, how many persons log in on it, the first of them, all customers."""
    import pandas as pd

    pairs = known[["visitor_id", "customer_id"]].drop_duplicates().sort_values(["visitor_id", "customer_id"])
    pairs["person_id"] = _name_persons(pairs["customer_id"], links)
    per = pairs.groupby("visitor_id").agg(
        n_persons=("person_id", "nunique"),
        person_id=("person_id", "first"),
        customer_ids=("customer_id", "、".join),
    )
    out = pd.DataFrame({"n_events": events.groupby("visitor_id", sort=True).size().astype("int64")}).join(per)
    out["n_persons"] = out["n_persons"].fillna(0).astype("int64")
    return out


def _to_text(texts: object) -> pd.Series:
    import pandas as pd

    return pd.Series(texts.to_pandas(), dtype=object)


def _name_persons(customers: pd.Series, links: pd.DataFrame | None) -> pd.Series:
    if links is None:
        return customers
    require_columns("stitch_visitors", links.columns, ["record_id", "person_id"])
    person = links.drop_duplicates(["record_id", "person_id"]).set_index("record_id")["person_id"]
    if person.index.has_duplicates:
        twice = person.index[person.index.duplicated()][0]
        raise DataError(
            f"stitch_visitors: links must give each record one person; {twice!r} has several. "
            "Pass what link_records returned."
        )
    found = customers.map(person)
    return found.where(found.notna(), customers)


def attach_persons(
    sessions: pd.DataFrame, visitors: pd.DataFrame, links: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Say of every event whose it is, and how we know.

    Parameters
    ----------
    sessions : DataFrame
        One row per event with ``visitor_id`` and ``customer_id``, such as `build_sessions` returned.
    visitors : DataFrame
        What `stitch_visitors` returned for the same clicks.
    links : DataFrame, optional
        The same ``record_id`` → ``person_id`` as there.

    Returns
    -------
    DataFrame
        `sessions` with ``person_id`` (missing where nobody knows) and ``known_by``: 登录 (this
        event has a customer), 会话 (another event of the session has), 设备 (the visitor
        number is one person's), 未知.

    Notes
    -----
    会话 is used only when all customers of the session are one person.
    """
    import numpy as np
    import pandas as pd

    require_columns("attach_persons", sessions.columns, ["visitor_id"])
    require_columns("attach_persons", visitors.columns, ["visitor_id", "person_id"])
    customer = _to_text(read_ids(sessions, "customer_id"))
    login = _name_persons(customer.dropna(), links).reindex(customer.index).astype(object)
    session = pd.Series([None] * len(sessions), dtype=object)
    if "session_no" in sessions.columns:
        by_session = login.groupby(sessions["session_no"].to_numpy())
        alone = by_session.transform("nunique").to_numpy() == 1
        session = by_session.transform("first").astype(object).where(alone, None)
    names = _to_text(read_ids(sessions, "visitor_id"))
    device = names.map(visitors.set_index("visitor_id")["person_id"]).astype(object)
    person, how = login.where(login.notna(), None), np.where(login.notna(), "登录", "未知").astype(object)
    for found, word in ((session, "会话"), (device, "设备")):
        new = (person.isna() & found.notna()).to_numpy()
        person = person.where(~new, found)
        how[new] = word
    out = sessions.copy()
    out["person_id"] = person.where(person.notna(), None).to_numpy()
    out["known_by"] = how
    return out
