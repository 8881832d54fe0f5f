"""How good a search is: precision and recall against what is judged to be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.errors import ParameterError
from crm_lib.text.search import SearchIndex, search_pages

if TYPE_CHECKING:
    import pandas as pd


def measure_search(found: Collection[str], right: Collection[str], *, first: int = 10) -> dict[str, float]:
    """Measure one search.

    Parameters
    ----------
    found : collection of str
        Pages found, the best first, none twice.
    right : collection of str
        Pages that should be found.
    first : int
        How many pages a reader looks at, at least 1.

    Returns
    -------
    dict
        n_found, n_right (of those found), precision_share (right ones among those found), recall_share (of
        the right ones, those found), f1 (their harmonic mean), first_share (right ones among the first few
        pages); a share of nothing is missing (NaN).

    Raises
    ------
    ParameterError
        A page stands twice among those found.

    Examples
    --------
    >>> measure_search(["a", "b"], ["b", "c", "d", "e"])["recall_share"]
    0.25
    """
    require_range("measure_search", "first", first, 1)
    pages = list(found)
    if len(set(pages)) < len(pages):
        raise ParameterError("measure_search: a page must stand once; got one twice. Drop the duplicates.")
    wanted = set(right)
    hits = [p in wanted for p in pages]
    n, nan = sum(hits), float("nan")
    top = hits[:first]
    return {
        "n_found": len(pages),
        "n_right": n,
        "precision_share": n / len(pages) if pages else nan,
        "recall_share": n / len(wanted) if wanted else nan,
        "f1": 2.0 * n / (len(pages) + len(wanted)) if pages or wanted else nan,
        "first_share": sum(top) / len(top) if top else nan,
    }


def measure_searches(
    index: SearchIndex, queries: Mapping[str, str], right: Collection[str], *, first: int = 10
) -> pd.DataFrame:
    """Run several queries and measure each.

    Parameters
    ----------
    index : SearchIndex
        Made by `build_index`.
    queries : mapping of str to str
        Name → query.
    right : collection of str
        Pages that should be found.
    first : int
        How many pages a reader looks at.

    Returns
    -------
    DataFrame
        One row per query in the order given: name, query, then the measures of `measure_search`.

    Raises
    ------
    ParameterError
        A query cannot be read.
    """
    import pandas as pd

    rows = []
    for name, query in queries.items():
        found = search_pages(index, query)["page_id"].tolist()
        rows.append({"name": name, "query": query, **measure_search(found, right, first=first)})
    columns = ["name", "query", "n_found", "n_right", "precision_share", "recall_share", "f1", "first_share"]
    return pd.DataFrame(rows, columns=columns)
