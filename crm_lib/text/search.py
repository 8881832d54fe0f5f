"""A small search engine over pages: an inverted index, Boolean queries, BM25 over weighted fields."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError, ParameterError
from crm_lib.text._words import list_texts
from crm_lib.text.search_query import Leaf, Node, list_leaves, read_query
from crm_lib.text.search_snippets import make_snippet
from crm_lib.text.search_terms import (
    count_terms,
    holds_phrase,
    list_characters,
    list_words,
    needed_terms,
    scored_terms,
)

if TYPE_CHECKING:
    import pandas as pd

BOOSTS = {"title": 3.0, "text": 1.0}


@dataclass(frozen=True)
class SearchIndex:
    """What is known of a set of pages; made by `build_index`, asked by `search_pages`."""

    pages: pd.DataFrame
    texts: Mapping[str, list[str]] = field(repr=False)
    postings: Mapping[str, Mapping[int, float]] = field(repr=False)
    lengths: list[float] = field(repr=False)
    k1: float = 1.2
    b: float = 0.75

    @property
    def n_pages(self) -> int:
        """Number of pages."""
        return len(self.lengths)

    @property
    def mean_length(self) -> float:
        """Mean weighted number of terms of a page."""
        return sum(self.lengths) / len(self.lengths) if self.lengths else 0.0


def build_index(
    pages: pd.DataFrame, *, boosts: Mapping[str, float] | None = None, k1: float = 1.2, b: float = 0.75
) -> SearchIndex:
    """Build the index of a set of pages.

    Parameters
    ----------
    pages : DataFrame
        One row per page: page_id (unique), site, title, text; filetype where it is known.
    boosts : mapping of str to float, optional
        Weight of the fields ``title`` and ``text``, at least 0; by default a term of the title counts three times.
    k1 : float
        How slowly a repeated term stops adding, at least 0.
    b : float
        How much a long page is held back, 0–1.

    Returns
    -------
    SearchIndex
        For `search_pages`.

    Raises
    ------
    SchemaError
        A column is missing.
    DataError
        A page_id is missing or stands there twice.
    ParameterError
        A weight, k1 or b is out of range.

    Notes
    -----
    Terms are described at `count_terms`.  The weights, k1 and b are the usual ones, not fitted to any pages.
    """
    weights = {**BOOSTS, **(boosts or {})}
    if set(weights) != set(BOOSTS):
        raise ParameterError(
            f"build_index: boosts must name title and text; got {sorted(weights)}. Rename it."
        )
    for name, weight in weights.items():
        require_range("build_index", f"boost of {name}", weight, 0.0)
    require_range("build_index", "k1", k1, 0.0)
    require_range("build_index", "b", b, 0.0, 1.0)
    require_columns("build_index", list(pages.columns), ("page_id", "site", "title", "text"))
    bad = pages["page_id"].isna() | pages["page_id"].duplicated()
    if bad.any():
        raise DataError(
            f"build_index: page_id must be there and unique; {int(bad.sum())} of {len(pages)} rows are not "
            f"(first: {pages.loc[bad, 'page_id'].iloc[0]!r}). Number the pages."
        )
    kept = pages.reset_index(drop=True)
    texts = {name: list_texts("build_index", kept[name]) for name in weights}
    postings: dict[str, dict[int, float]] = defaultdict(dict)
    lengths = [0.0] * len(kept)
    for name, weight in weights.items():
        for at, terms in enumerate(count_terms(texts[name])):
            _enter(postings, at, terms, weight)
            lengths[at] += weight * terms.total()
            for one in list_characters(texts[name][at]):
                postings[one][at] = 0.0
    return SearchIndex(kept, texts, dict(postings), lengths, k1, b)


def _enter(postings: dict[str, dict[int, float]], at: int, terms: Counter[str], weight: float) -> None:
    for term, times in terms.items():
        postings[term][at] = postings[term].get(at, 0.0) + weight * times


def search_pages(index: SearchIndex, query: str, *, most: int | None = None) -> pd.DataFrame:
    """Find the pages that fit a query, the best first.

    Parameters
    ----------
    index : SearchIndex
        Made by `build_index`.
    query : str
        See `read_query`.
    most : int, optional
        Pages to return at most; all by default.

    Returns
    -------
    DataFrame
        One row per page: rank (from 1), page_id, score, site, title, snippet (plain text around the first
        hits), then page_id; ``attrs["n_found"]`` counts all that fit, ``attrs["understood"]`` is the query
        with all brackets.

    Raises
    ------
    QueryError
        The query cannot be read; the sentence says why.

    Notes
    -----
    Which pages are found is decided by the Boolean query alone; their order by BM25,
    score = Σ idf · tf (k1 + 1) / (tf + k1 (1 − b + b · length / mean length)) over the terms that shall occur,
    idf = ln(1 + (N − n + ½) / (n + ½)), where tf and length are weighted sums over title and text before the
    formula bends them, so that a term in two fields does not count as two terms.  Equal scores are ordered
    by page_id.  A word without quotation marks is cut by the dictionary, and all its pieces must occur.
    A word of one Chinese character finds but does not score, unless it stands alone in the page.

    References
    ----------
    Robertson, S. and Zaragoza, H. (2009). The Probabilistic Relevance Framework: BM25 and Beyond. Foundations
    and Trends in Information Retrieval 3, 333–389.

    Examples
    --------
    >>> import pandas as pd
    >>> pages = pd.DataFrame({"page_id": ["a", "b"], "site": "x.test", "title": "", "text": ["求购玩具", "玩具城招聘"]})
    >>> search_pages(build_index(pages), "玩具 -招聘")["page_id"].tolist()
    ['a']
    """
    import pandas as pd

    if most is not None:
        require_range("search_pages", "most", most, 1)
    tree = read_query(query)
    found = _find(index, tree)
    scores = score_pages(index, tree)
    ids = [str(v) for v in index.pages["page_id"]]
    ranked = sorted(found, key=lambda at: (-round(scores.get(at, 0.0), 9), ids[at]))
    shown = ranked if most is None else ranked[:most]
    words = [leaf.text for leaf in list_leaves(tree) if leaf.kind in ("word", "phrase", "intitle")]
    rows = index.pages.iloc[shown]
    out = pd.DataFrame({
        "rank": range(1, len(shown) + 1),
        "page_id": rows["page_id"].to_list(),
        "score": pd.Series([scores.get(at, 0.0) for at in shown], dtype="float64"),
        "site": rows["site"].to_list(),
        "title": rows["title"].to_list(),
        "snippet": pd.Series([make_snippet(str(t), words) for t in rows["text"]], dtype="str"),
    })
    out.attrs = {"n_found": len(ranked), "understood": str(tree), "query": query}
    return out


def _find(index: SearchIndex, tree: Node) -> set[int]:
    if isinstance(tree, Leaf):
        return _look_up(index, tree)
    if tree.kind == "not":
        return set(range(index.n_pages)) - _find(index, tree.parts[0])
    sets = [_find(index, part) for part in tree.parts]
    return set.intersection(*sets) if tree.kind == "and" else set.union(*sets)


def _look_up(index: SearchIndex, leaf: Leaf) -> set[int]:
    if leaf.kind == "site":
        sites = [str(s).lower() for s in index.pages["site"]]
        return {i for i, s in enumerate(sites) if s == leaf.text or s.endswith(f".{leaf.text}")}
    if leaf.kind == "filetype":
        kinds = index.pages["filetype"] if "filetype" in index.pages.columns else ["html"] * index.n_pages
        return {i for i, k in enumerate(kinds) if str(k).lower() == leaf.text}
    if leaf.kind == "intitle":
        return {i for i in _hold(index, leaf.text) if holds_phrase(index.texts["title"][i], leaf.text)}
    words = [leaf.text] if leaf.kind == "phrase" else list_words(leaf.text)
    return set.intersection(*(_hold(index, word) for word in words))


def _hold(index: SearchIndex, word: str) -> set[int]:
    """Return the pages with a whole word in title or text: its pairs of characters alone may stand apart."""
    near = set.intersection(*(set(index.postings.get(term, ())) for term in needed_terms(word)))
    return {i for i in near if any(holds_phrase(texts[i], word) for texts in index.texts.values())}


def score_pages(index: SearchIndex, tree: Node) -> dict[int, float]:
    """Return the BM25 score of every page that holds a term of the query: place of the page → score."""
    leaves = [leaf for leaf in list_leaves(tree) if leaf.kind in ("word", "phrase", "intitle")]
    terms = sorted({t for leaf in leaves for t in scored_terms(leaf.text)})
    scores: dict[int, float] = defaultdict(float)
    n, mean = index.n_pages, index.mean_length or 1.0
    for term in terms:
        pages = {at: tf for at, tf in index.postings.get(term, {}).items() if tf > 0}
        idf = math.log(1.0 + (n - len(pages) + 0.5) / (len(pages) + 0.5))
        for at, tf in pages.items():
            bend = index.k1 * (1.0 - index.b + index.b * index.lengths[at] / mean)
            scores[at] += idf * tf * (index.k1 + 1.0) / (tf + bend)
    return dict(scores)
