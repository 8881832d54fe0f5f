"""Step four of the lesson on customer information: finding prospects with a search engine (实训6)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import DataError, ParameterError
from crm_lib.lesson.information_data import show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.text import SearchIndex

KINDS = ("批发商", "零售商", "最终用户")
_MAIL = "电子邮件法"


def open_pages(
    tables: Mapping[str, pd.DataFrame], product: str, mine: str
) -> tuple[SearchIndex, pd.DataFrame, pd.DataFrame]:
    """Build the index, and return it with the judgement and the searches for a product.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    product
        Product whose customers are looked for.
    mine
        The student's own query; empty for none.

    Returns
    -------
    tuple
        The index; one row per page of this product and prospect it names; one row per search: name, means, query.

    Raises
    ------
    DataError
        The judgement names no prospect for this product.
    ParameterError
        The student's query cannot be read; the sentence is Chinese.
    """
    from crm_lib.text import build_index

    judged = tables["judgements"]
    known = judged["prospect_id"].notna() & (judged["prospect_id"].astype("str") != "")
    same = (judged["product"] == product).fillna(False).astype(bool)
    right = judged[known & same].reset_index(drop=True)
    for flag in ("has_email", "confirmed"):
        right[flag] = right[flag].astype("boolean").fillna(False).astype(bool)
    if right.empty:
        raise DataError(say("information.no_prospects", product=product))
    plan = plan_searches(product, mine)
    return build_index(tables["pages"]), right, plan


def plan_searches(product: str, mine: str) -> pd.DataFrame:
    """Return the searches for a product, the student's among them; a faulty one stops here, in Chinese.

    Parameters
    ----------
    product
        Product.
    mine
        The student's query; empty leaves it out.

    Returns
    -------
    DataFrame
        name, means, query.
    """
    import pandas as pd

    from crm_lib.text import QueryError, read_query

    text = (resources.files("crm_lib.lesson") / "information_queries.toml").read_text("utf-8")
    table = tomllib.loads(text)[product]
    rows = [
        (name, means, query.replace("{broad}", table["broad"]).replace("{mine}", mine.strip()))
        for name, means, query in table["searches"]
        if mine.strip() or "{mine}" not in query
    ]
    try:
        if mine.strip():
            read_query(mine)
    except QueryError as error:
        raise ParameterError(say(f"information.query_{error.fault}", query=mine.strip()[:60])) from None
    return pd.DataFrame(rows, columns=["name", "means", "query"])


def run_searches(
    index: SearchIndex, plan: pd.DataFrame, right: pd.DataFrame, *, first: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the searches, show how good each is, and return what they found.

    Parameters
    ----------
    index, plan, right
        What `open_pages` returned.
    first
        Pages a reader looks at.

    Returns
    -------
    tuple of DataFrame
        One row per search and page found: name, means, rank, page_id; one row per search: name, query, n_found,
        n_right, precision_share, recall_share, f1, first_share.
    """
    import pandas as pd

    from crm_lib.text import measure_searches, search_pages

    parts = []
    for row in plan.itertuples():
        found = search_pages(index, row.query)[["rank", "page_id"]]
        found.insert(0, "name", row.name)
        found.insert(1, "means", row.means)
        parts.append(found.astype({"name": "str", "means": "str"}))
    queries = dict(zip(plan["name"], plan["query"], strict=True))
    searches = measure_searches(index, queries, set(right["page_id"]), first=first)
    shown = searches.drop(columns=["f1"])
    show_step(shown, say("information.cap_searches", n=right["page_id"].nunique(), first=first))
    return pd.concat(parts, ignore_index=True), searches


def show_hits(index: SearchIndex, plan: pd.DataFrame, name: str, *, most: int = 5) -> None:
    """Show the first pages of one search.

    Parameters
    ----------
    index, plan
        What `open_pages` returned.
    name
        Name of the search; one that is not in the plan shows nothing.
    most
        Pages shown.
    """
    from crm_lib.text import search_pages

    for query in plan.loc[plan["name"] == name, "query"]:
        found = search_pages(index, query, most=most)
        caption = say("information.cap_hits", query=query, n=found.attrs["n_found"])
        show_step(found[["rank", "site", "title", "snippet"]], caption)


def list_customers(runs: pd.DataFrame, right: pd.DataFrame, *, first: int) -> pd.DataFrame:
    """List the customers on the pages that are read: one row per means and prospect, however many pages name him.

    Parameters
    ----------
    runs
        What `run_searches` returned.
    right
        What `open_pages` returned.
    first
        Pages a reader looks at in each search; whoever stands further down is not found.

    Returns
    -------
    DataFrame
        means, prospect_id, prospect_name, customer_kind, has_email, confirmed, n_pages; in the order of the means
        and of first finding.
    """
    pages = runs.loc[runs["rank"] <= first, ["means", "page_id"]].drop_duplicates()
    found = pages.merge(right, on="page_id", how="inner")
    keys = ["means", "prospect_id"]
    counts = found.groupby(keys, sort=False)["page_id"].nunique().rename("n_pages").reset_index()
    # a copied post may lack the address that the first one gave
    mail = found.groupby("prospect_id")["has_email"].any()
    first = found.drop_duplicates(keys).drop(columns=["page_id", "has_email"])
    out = first.merge(counts, on=keys)
    out["has_email"] = out["prospect_id"].map(mail).astype(bool)
    columns = [*keys, "prospect_name", "customer_kind", "has_email", "confirmed", "n_pages"]
    return out[columns].reset_index(drop=True)


def tabulate_means(
    plan: pd.DataFrame, runs: pd.DataFrame, customers: pd.DataFrame, *, first: int
) -> pd.DataFrame:
    """Show the means and the customers found by each, and return the table (the hand-in of 实训6).

    Parameters
    ----------
    plan
        What `open_pages` returned.
    runs
        What `run_searches` returned.
    customers
        What `list_customers` returned.
    first
        Pages a reader looks at in each search.

    Returns
    -------
    DataFrame
        One row per means: means, n_searches, n_pages (different ones that are read), n_customers, n_new (not
        found by a means above), wholesalers, retailers, users.  电子邮件法 finds nobody new: it counts who of
        all can be written to.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    before: set[str] = set()
    read = runs[runs["rank"] <= first]
    for means, part in plan.groupby("means", sort=False):
        mine = customers[customers["means"] == means]
        ids = set(mine["prospect_id"])
        n_pages = read.loc[read["means"] == means, "page_id"].nunique()
        rows.append((means, len(part), n_pages, len(ids), len(ids - before), *_count_kinds(mine)))
        before |= ids
    reached = customers[customers["has_email"]].drop_duplicates("prospect_id")
    rows.append((_MAIL, 0, 0, len(reached), 0, *_count_kinds(reached)))
    columns = ["means", "n_searches", "n_pages", "n_customers", "n_new", "wholesalers", "retailers", "users"]
    out = pd.DataFrame(rows, columns=columns)
    show_step(out, say("information.cap_means"))
    return out


def _count_kinds(customers: pd.DataFrame) -> list[int]:
    return [int((customers["customer_kind"] == kind).sum()) for kind in KINDS]


def check_customers(
    customers: pd.DataFrame, *, size: int, least: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw customers found, see how many were confirmed, and give the verdict.

    Parameters
    ----------
    customers
        What `list_customers` returned.
    size
        Customers to check; all when there are no more.
    least
        Share that must be confirmed.
    seed
        Of the draw.

    Returns
    -------
    tuple of DataFrame
        What `check_source` returned; the customers checked.

    Raises
    ------
    DataError
        No customer was found.
    """
    from crm_lib.identify import check_source, draw_check

    once = customers.drop_duplicates("prospect_id")
    if once.empty:
        raise DataError(say("information.nobody_found"))
    drawn = draw_check(once, size, random_state=seed)
    verdict = check_source(int(drawn["confirmed"].sum()), len(drawn), least=least)
    shown = verdict.assign(verdict=[say(f"information.source_{v}") for v in verdict["verdict"]])
    show_step(shown, say("information.cap_check"))
    return verdict, drawn.reset_index(drop=True)
