"""What the lesson on the most growable customers reads: orders, categories, contacts, wallet, campaigns."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.lesson.display import show_table
from crm_lib.lesson.exports import remember_source
from crm_lib.lesson.sources import name_departments, read_source

if TYPE_CHECKING:
    import pandas as pd

_SCHEMAS = {
    "orders": "orders", "products": "products", "contacts": "contacts", "wallet": "wallet",
    "campaigns": "campaigns", "members": "campaign_members",
}  # fmt: skip
_FILES = {name: f"{schema}.csv" for name, schema in _SCHEMAS.items()}
_SMALLEST = 500
_CONTACTS = ["customer_id", "occurred_at", "cost"]


@dataclass(frozen=True)
class GrowthData:
    """The cleaned tables: `rows` order lines with category (missing where unknown); empty frames for what is not there.

    `origin` is what must be said of where they come from; `lacking` are the things that cannot be done with these
    data, as keys of the catalogue; `n_lines` and `n_left` count the order lines read and not kept.
    """

    rows: pd.DataFrame
    contacts: pd.DataFrame | None
    wallet: pd.DataFrame
    campaigns: pd.DataFrame
    members: pd.DataFrame
    n_lines: int
    n_left: int
    lacking: tuple[str, ...]
    made: int = 0
    origin: str = ""


def gather_growth(
    *, orders: str, products: str, contacts: str, wallet: str, campaigns: str, members: str,
    columns: str = "", date_order: str = "auto", company: int = 0,
) -> GrowthData:  # fmt: skip
    """Read the tables, or generate another firm, and show where they come from.

    Parameters
    ----------
    orders, products, contacts, wallet, campaigns, members
        Samples or files; only the orders cannot be left out.  What belongs to another sample than the orders is
        not used: one firm's wallet says nothing about another's customers.
    columns, date_order
        As the lessons take them, for the orders.
    company
        0 reads the files; any other number is the seed of another firm, generated into a temporary folder.

    Returns
    -------
    GrowthData
        The tables.

    Raises
    ------
    DataError
        None of the order lines can be used.
    """
    given = {
        "orders": orders, "products": products, "contacts": contacts, "wallet": wallet,
        "campaigns": campaigns, "members": members,
    }  # fmt: skip
    own = {k: v if k == "orders" or _belongs(orders, v) else "" for k, v in given.items()}
    with tempfile.TemporaryDirectory(prefix="crm-growth-") as scratch:
        made = _make_other(Path(scratch) / "made", company) if company else own
        tables, counts = _read_all(made, columns, date_order, bool(company))
    rows = _add_category(tables["orders"], name_departments(tables["products"], made["products"]))
    if not len(rows):
        raise DataError(say("growth.no_orders", n=f"{counts[0]:,}"))
    talks = tables["contacts"]
    talks = talks[_CONTACTS] if len(talks) and {*_CONTACTS} <= {*talks.columns} else None
    wallet_rows = tables["wallet"]
    if len(wallet_rows):
        wallet_rows = wallet_rows[wallet_rows["customer_id"].isin(rows["customer_id"])].reset_index(drop=True)
    members_rows = tables["members"]
    data = {
        "contacts": talks,
        "wallet": wallet_rows,
        "campaigns": tables["campaigns"],
        "members": members_rows,
    }
    about = {"lacking": _find_lacking(rows, data), "made": company, "origin": _tell_origin(orders, company)}
    return GrowthData(rows, n_lines=counts[0], n_left=counts[1], **about, **data)


def _belongs(orders: str, other: str) -> bool:
    from crm_lib import sample
    from crm_lib.sample.files import JOURNEY_NAMES

    samples = {s.name for s in sample.list_samples()} | set(JOURNEY_NAMES)
    return other not in samples or orders in samples and orders.split("_")[0] == other.split("_")[0]


def _tell_origin(orders: str, company: int) -> str:
    """Return what the publisher of the journey wants to be said wherever a result is shown."""
    from crm_lib import sample
    from crm_lib.sample.files import JOURNEY_NAMES

    return sample.JOURNEY_NOTE if orders in JOURNEY_NAMES and not company else ""


def _make_other(folder: Path, seed: int) -> dict[str, str]:
    """Generate the company 旭东 once more from another seed; return where its files are."""
    from crm_lib.sample import make_company

    make_company(_SMALLEST, seed=seed, out=folder, files=True)
    return {name: str(folder / "files" / file) for name, file in _FILES.items()}


def _read_all(
    given: Mapping[str, str], columns: str, date_order: str, made: bool
) -> tuple[dict[str, pd.DataFrame], tuple[int, int]]:
    import pandas as pd

    from crm_lib.identify import clean_table

    out, shown, counts = {}, [], (0, 0)
    for name, source in given.items():
        out[name] = pd.DataFrame()
        if not source.strip():
            continue
        first = name == "orders"
        raw = read_source(source, _SCHEMAS[name], columns=(columns or None) if first else None)
        if name == "members" and "arm" not in raw.columns:  # nobody was left out by lot: nothing to compare
            out[name], left = raw, 0
        else:
            cleaned = clean_table(raw, _SCHEMAS[name], **({"date_order": date_order} if first else {}))
            out[name], left = cleaned.rows, len(cleaned.quarantine) + len(cleaned.merged)
        counts = (len(raw), left) if first else counts
        files = [f["name"] for f in raw.attrs.get("source", {}).get("files", ())]
        prints = [f["sha256"][:12] for f in raw.attrs.get("source", {}).get("files", ()) if f.get("sha256")]
        remember_source({"files": files, "sha256": prints, "n_lines": len(raw)})
        where = say("growth.made") if made else "、".join(files)
        shown.append((say(f"growth.table_{name}"), where, len(raw), len(out[name]), left))
    frame = pd.DataFrame(shown, columns=["table", "file", "n_lines", "kept", "set_aside"])
    titles = {k: say(f"security.title_{k}") for k in ("table", "file", "kept", "set_aside")}
    show_table(frame, say("growth.cap_sources"), titles=titles)
    return out, counts


def _add_category(rows: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Give each order line its category: of the line itself, else of the article."""
    if not len(rows):
        return rows
    if "category" in rows.columns and rows["category"].notna().any():
        return rows
    known: dict[str, Any] = {}
    if {"sku", "category"} <= {*products.columns}:
        articles = products.dropna(subset=["sku", "category"]).drop_duplicates("sku")
        known = dict(zip(articles["sku"].astype(str), articles["category"].astype(str), strict=True))
    keys = rows["sku"].astype(str) if "sku" in rows.columns else rows["customer_id"].map(lambda _: "")
    return rows.assign(category=[known.get(k) for k in keys]).astype({"category": object})


def _find_lacking(rows: pd.DataFrame, data: Mapping[str, Any]) -> tuple[str, ...]:
    lacking = []
    if rows["category"].isna().all():
        lacking.append("category")
    if "unit_cost" not in rows.columns or rows["unit_cost"].isna().all():
        lacking.append("unit_cost")
    if not len(data["wallet"]):
        lacking.append("wallet")
    elif data["wallet"]["period"].nunique() < 2:
        lacking.append("second_period")
    members = data["members"]
    if not len(members):
        lacking.append("members")
    elif not {"arm", "spend_after"} <= {*members.columns} or members["arm"].nunique() < 2:
        lacking.append("control")
    return tuple(lacking)


def describe_data(data: GrowthData, day: str) -> str:
    """Return sentences on what was read, until when it counts, and what cannot be done for want of data.

    Parameters
    ----------
    data
        What `gather_growth` returned.
    day
        The as-of day.
    """
    rows = data.rows
    text = say(
        "growth.data", day=day, n=f"{rows['customer_id'].nunique():,}", lines=f"{len(rows):,}",
        read=f"{data.n_lines:,}", left=f"{data.n_left:,}",
    )  # fmt: skip
    text += "\n" + data.origin if data.origin else ""
    if not data.lacking:
        return text
    return text + "\n" + say("growth.lacking") + "".join(say(f"growth.lacking_{k}") for k in data.lacking)
