"""The data of the portrait lesson: static and dynamic tables, made ready, with an account of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first
from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.lesson.sources import name_departments, read_source

if TYPE_CHECKING:
    import pandas as pd

_KEPT = (
    "customer_id", "order_id", "ordered_at", "amount", "sku", "quantity", "discount", "channel", "store_id",
    "returned", "category", "subcategory", "brand", "product_name",
)  # fmt: skip
_OF_CLICKS = ["customer_id", "occurred_at"]
_OF_PRODUCTS = ("sku", "category", "subcategory", "brand", "product_name")


def gather_tables(
    rows: pd.DataFrame, *, as_of: str, customers: str = "", products: str = "", clicks: str = ""
) -> dict[str, pd.DataFrame]:
    """Read the tables beside the orders and clean them; what is not given is not there.

    Parameters
    ----------
    rows
        Cleaned order lines.
    as_of
        The day of the portrait.
    customers, products, clicks
        Samples or files; empty text for none.

    Returns
    -------
    dict of DataFrame
        ``orders`` (with ``discount`` as a share where the source has amounts of
        discount), and ``products``, ``clicks``, ``customers`` (one row per matched
        customer, see `match_register`) where they were given.  The ``attrs`` of
        ``customers`` and ``clicks`` count what was read and left out, ``n_aside`` of
        ``orders`` the rows set aside when these tables were cleaned.
    """
    from crm_lib.portray import match_register

    discounted = _share_discounts(rows)
    n_aside = 0
    tables = {"orders": discounted[[c for c in _KEPT if c in discounted.columns]]}
    if products:
        articles, n_aside = _read(products, "products", n_aside)
        articles = articles.drop_duplicates("sku")
        tables["products"] = name_departments(
            articles[[c for c in _OF_PRODUCTS if c in articles.columns]], products
        )
    known = set(rows.loc[rows["ordered_at"] < _end_of(as_of), "customer_id"])
    if clicks:
        events, n_aside = _read(clicks, "clicks", n_aside)
        mine = events["customer_id"].isin(known) if "customer_id" in events.columns else [False] * len(events)
        tables["clicks"] = events[mine].reindex(columns=_OF_CLICKS).reset_index(drop=True)
        tables["clicks"].attrs = {"n_read": len(events)}
    if customers:
        records, n_aside = _read(customers, "customers", n_aside)
        tables["customers"] = match_register(records, known, as_of=as_of)
    tables["orders"].attrs["n_aside"] = n_aside
    return tables


def tell_origin(source: str) -> str:
    """Return what must be said of where the data come from; nothing of a user's own file.

    Parameters
    ----------
    source
        Name of a sample, or a file.
    """
    from crm_lib import sample

    if source in sample.files.JOURNEY_NAMES:
        return sample.JOURNEY_NOTE
    return say("portrait.invented") if source.startswith("xudong_") else ""


def without_register(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the dynamic tables alone: what labels are made of.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    """
    return {name: table for name, table in tables.items() if name != "customers" and len(table)}


def list_contacts(tables: dict[str, pd.DataFrame], show_contact: bool) -> list[str]:
    """Return the private fields of the register that a portrait shall show: none unless asked for.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    show_contact
        The switch of the lesson.
    """
    from crm_lib.portray.cards import PRIVATE_FIELDS

    register = tables.get("customers")
    if register is None or not show_contact:
        return []
    return [name for name in PRIVATE_FIELDS if name in register.columns]


def choose_k(sweep: pd.DataFrame, k: int, points: pd.DataFrame) -> int:
    """Return the number of clusters to use: the given one, else the recommended, else 1.

    There are never more clusters than customers who differ.

    Parameters
    ----------
    sweep
        What ``sweep_k`` returned.
    k
        The parameter of the lesson; 0 leaves it to the recommendation.
    points
        What the clusters are made from.
    """
    most = max(1, len(points.drop(columns="customer_id").drop_duplicates())) if points.shape[1] > 1 else 1
    return min(k or sweep.attrs.get("recommended_k") or 1, most)


def choose_customer(customer: str, points: pd.DataFrame, clusters: pd.DataFrame) -> str:
    """Return whose portrait to show: the given customer, else the most typical of the largest cluster.

    Parameters
    ----------
    customer
        A customer's number, or empty text.
    points
        One row per customer, what the clusters were made from.
    clusters
        One row per customer: ``customer_id``, ``cluster``.

    Raises
    ------
    DataError
        Nobody in the orders has this number; the closest ones are named.
    """
    from crm_lib.portray import find_typical

    if not customer:
        return find_typical(points, clusters)
    known = clusters["customer_id"].astype(str)
    if customer in set(known):
        return customer
    near = "、".join(closest_first(customer, known)[:3])
    raise DataError(say("portrait.no_customer", customer=customer, near=near))


def choose_rules(rules: str) -> Any:
    """Return the file of the label rules, or None for those of the library.

    Parameters
    ----------
    rules
        A path, or empty text.

    Raises
    ------
    ReadError
        There is no such file.
    """
    from crm_lib.lesson.run import data_source

    return data_source(rules) if rules else None


def _read(name: str, schema: str, n_aside: int) -> tuple[pd.DataFrame, int]:
    """Return the cleaned rows, and how many rows were set aside so far."""
    from crm_lib.identify import clean_table

    cleaned = clean_table(read_source(name, schema), schema)
    return cleaned.rows, n_aside + len(cleaned.quarantine)


def _end_of(as_of: str) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(as_of) + pd.Timedelta(days=1)


def _share_discounts(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn amounts of discount into the share off the price on the shelf, which is what labels know."""
    if "discount" in rows.columns or "retail_discount" not in rows.columns:
        return rows
    shelf = rows["amount"] + rows["retail_discount"]
    return rows.assign(discount=(rows["retail_discount"] / shelf.where(shelf > 0)).fillna(0.0))
