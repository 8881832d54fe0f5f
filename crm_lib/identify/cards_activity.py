"""What a card says of a customer's dealings with the firm."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_UNIT = 10_000


def sum_activity(
    orders: pd.DataFrame | None,
    contacts: pd.DataFrame | None,
    links: pd.DataFrame | None,
    *,
    as_of: Any,
    persons: Collection[str],
) -> dict[str, dict[str, Any]]:
    """Sum up orders and contacts per person.

    Parameters
    ----------
    orders
        Order lines: ``customer_id``, ``ordered_at``, ``amount``, best with ``order_id``.
    contacts
        One row per contact: ``customer_id``, ``occurred_at``, ``medium`` if it is known.
    links
        ``record_id`` → ``person_id``; without it customer_id is the person.
    as_of
        Later rows count nowhere.
    persons
        Whose rows are summed up.

    Returns
    -------
    dict
        Person → ``n_orders``, ``revenue`` (yuan), ``first_order``, ``last_order``,
        ``n_contacts``, ``last_contact``, ``last_medium``, ``last_touch`` (days as text), as
        far as they are known.

    Notes
    -----
    Orders and revenue as everywhere: orders that hold a purchase, and the net sum.
    """
    day = parse_day("make_cards", "as_of", as_of)
    found: dict[str, dict[str, Any]] = {}
    for rows, add in ((orders, _add_orders), (contacts, _add_contacts)):
        if rows is not None and len(rows):
            own = _own_rows(rows, links)
            add(own[own["customer_id"].isin(persons)], day, found)
    for known in found.values():
        known["last_touch"] = max(known.get(name, "") for name in ("last_order", "last_contact"))
    return found


def _own_rows(rows: pd.DataFrame, links: pd.DataFrame | None) -> pd.DataFrame:
    """Put the person in the place of the customer number; rows of nobody we know are left out."""
    require_columns("make_cards", rows.columns, ["customer_id"])
    ids = rows["customer_id"].astype(str)
    if links is None:
        return rows.assign(customer_id=ids)
    require_columns("make_cards", links.columns, ["record_id", "person_id"])
    if links["record_id"].duplicated().any():
        raise DataError("make_cards: links must name each record once; some stand twice. Pass clean links.")
    person = dict(zip(links["record_id"].astype(str), links["person_id"].astype(str), strict=True))
    owner = ids.map(person)
    return rows.assign(customer_id=owner)[owner.notna().to_numpy()]


def _add_orders(rows: pd.DataFrame, day: Any, found: dict[str, dict[str, Any]]) -> None:
    import pandas as pd

    from crm_lib.engine import total_customers

    require_columns("make_cards", rows.columns, ["ordered_at", "amount"])
    days = pd.to_datetime(rows["ordered_at"]).dt.date
    rows = rows[(days <= day).to_numpy()]
    if rows.empty:
        return
    table = total_customers(rows, as_of=day, where="make_cards").table.to_pylist()
    bought = rows[(rows["amount"] >= 0).to_numpy()]
    first = pd.to_datetime(bought["ordered_at"]).dt.date.groupby(bought["customer_id"]).min().to_dict()
    for row in table:
        known = found.setdefault(row["customer_id"], {})
        known |= {"n_orders": int(row["n_orders"]), "revenue": row["money"] / _UNIT}
        if row["customer_id"] in first:
            known |= {
                "first_order": first[row["customer_id"]].isoformat(),
                "last_order": row["last_day"].isoformat(),
            }


def _add_contacts(rows: pd.DataFrame, day: Any, found: dict[str, dict[str, Any]]) -> None:
    import pandas as pd

    require_columns("make_cards", rows.columns, ["occurred_at"])
    at = pd.to_datetime(rows["occurred_at"])
    medium = rows["medium"] if "medium" in rows.columns else pd.Series("", index=rows.index)
    seen = pd.DataFrame({"who": rows["customer_id"], "at": at, "medium": medium.fillna("").astype(str)})
    seen = seen[(at.dt.date <= day).to_numpy()].sort_values(["who", "at", "medium"], kind="stable")
    counts = seen.groupby("who").size()
    for row in seen.drop_duplicates("who", keep="last").itertuples(index=False):
        known = found.setdefault(row.who, {})
        known |= {"n_contacts": int(counts[row.who]), "last_contact": row.at.date().isoformat()}
        known |= {"last_medium": row.medium} if row.medium else {}
