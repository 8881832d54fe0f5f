"""The small search engine: by hand, against a search that looks through every page, and its refusals."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.sample import make_pages
from crm_lib.text import (
    QueryError,
    build_index,
    make_snippet,
    mark_snippet,
    measure_search,
    measure_searches,
    read_query,
    search_pages,
)
from crm_lib.text._words import normalize
from crm_lib.text.search_query import Branch, Leaf
from crm_lib.text.search_terms import holds_phrase, list_words


def make_small(*rows, **more):
    """Return pages from (id, title, text)."""
    frame = pd.DataFrame(rows, columns=["page_id", "title", "text"])
    return frame.assign(**{"site": "a.example.com", **more})


SMALL = make_small(
    ("p1", "", "求购玩具"),
    ("p2", "", "玩具玩具招聘"),
    ("p3", "玩具", "天气晴"),
    ("p4", "", "天气"),
)


def test_the_score_by_hand():
    """Terms are pairs of neighbouring characters; a term of the title counts three times.

    p1 求购 购玩 玩具: 3; p2 玩具 具玩 玩具 具招 招聘: 5; p3 3×玩具 + 天气 气晴: 5; p4 天气: 1.
    """
    index = build_index(SMALL)
    assert index.lengths == [3, 5, 5, 1]
    found = search_pages(index, "玩具")
    idf = math.log(1 + (4 - 3 + 0.5) / (3 + 0.5))  # in 3 of 4 pages
    mean = (3 + 5 + 5 + 1) / 4
    want = {
        page: idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean))
        for page, tf, length in (("p1", 1, 3), ("p2", 2, 5), ("p3", 3, 5))
    }
    got = dict(zip(found["page_id"], found["score"], strict=True))
    assert got == pytest.approx(want)
    assert found["page_id"].tolist() == ["p3", "p2", "p1"]
    assert found["rank"].tolist() == [1, 2, 3]


def test_a_whole_word_of_the_dictionary_counts_besides_its_pairs():
    """毛绒玩具 has the pairs 毛绒, 绒玩, 玩具 and is a word of four characters."""
    index = build_index(make_small(("a", "", "毛绒玩具")))
    assert index.lengths == [4]
    assert sorted(t for t, pages in index.postings.items() if pages[0] > 0) == sorted([
        "毛绒",
        "绒玩",
        "玩具",
        "毛绒玩具",
    ])


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("玩具", ["p1", "p2", "p3"]),
        ("求购 玩具", ["p1"]),
        ("求购玩具", ["p1"]),  # cut by the dictionary: both words
        ("玩具 求购", ["p1"]),
        ('"玩具求购"', []),  # the phrase does not stand there
        ('"求购玩具"', ["p1"]),
        ("玩具 -招聘", ["p1", "p3"]),
        ("玩具 非 招聘", ["p1", "p3"]),
        ("玩具 NOT 招聘", ["p1", "p3"]),
        ("玩具 －招聘", ["p1", "p3"]),
        ("求购 OR 天气", ["p1", "p3", "p4"]),
        ("求购 或 天气 -晴", ["p1", "p4"]),  # AND binds before OR: 求购 或 (天气 -晴)
        ("（求购 或 天气） -晴", ["p1", "p4"]),
        ("(求购 | 招聘) 与 玩具", ["p1", "p2"]),
        ("intitle:玩具", ["p3"]),
        ("标题：玩具", ["p3"]),
        ("site:example.com 天气", ["p3", "p4"]),
        ("site:other.test 天气", []),
        ("天", ["p3", "p4"]),  # a single character
        ("购玩", ["p1"]),  # no word of the dictionary: cut into its characters
        ('"招玩"', []),
        ("filetype:html 求购", ["p1"]),
        ("filetype:pdf 求购", []),
        ("没有的词", []),
    ],
)
def test_what_is_found(query, pages):
    assert sorted(search_pages(build_index(SMALL), query)["page_id"]) == pages


def test_a_site_is_its_own_and_those_below_it():
    pages = make_small(("a", "", "玩具"), ("b", "", "玩具"), ("c", "", "玩具"))
    pages["site"] = ["example.com", "shop.example.com", "notexample.com"]
    index = build_index(pages)
    assert search_pages(index, "玩具 site:example.com")["page_id"].tolist() == ["a", "b"]
    assert search_pages(index, "玩具 -site:shop.example.com")["page_id"].tolist() == ["a", "c"]
    assert search_pages(index, "site:https://SHOP.example.com/")["page_id"].tolist() == ["b"]


def test_letters_and_digits_are_not_cut_in_two():
    index = build_index(make_small(("a", "", "Canon EOS 90D 相机"), ("b", "", "can 90 相机")))
    assert search_pages(index, "canon")["page_id"].tolist() == ["a"]
    assert search_pages(index, "can")["page_id"].tolist() == ["b"]
    assert search_pages(index, "９０")["page_id"].tolist() == ["b"]
    assert search_pages(index, '"eos 90d"')["page_id"].tolist() == ["a"]


FAULTS = {
    "": "empty",
    "   ": "empty",
    "-招聘": "negative",
    "玩具 OR -招聘": "negative",
    '"玩具': "quotes",
    "(玩具": "brackets",
    "玩具)": "brackets",
    "玩具 OR": "operand",
    "AND 玩具": "operand",
    "玩具 -": "operand",
    "玩具 AND OR 求购": "operand",
    "()": "operand",
    "inurl:玩具": "field",
    "！！": "word",
    "site:": "word",
    "NOT NOT 玩具": "double",
    "玩" * 201: "long",
    "(" * 25 + "玩具" + ")" * 25: "deep",
}


@pytest.mark.parametrize("query", list(FAULTS))
def test_a_bad_query_is_refused_in_words(query):
    with pytest.raises(QueryError, match=r"^search_pages: the query .+\. [A-Z].+\.$") as caught:
        search_pages(build_index(SMALL), query)
    assert caught.value.fault == FAULTS[query]


def test_no_text_is_no_query():
    with pytest.raises(QueryError):
        read_query(None)


def test_how_a_query_was_understood_is_shown():
    found = search_pages(build_index(SMALL), "求购 玩具 或 天气 -晴", most=1)
    assert found.attrs["understood"] == "((求购 AND 玩具) OR (天气 AND NOT 晴))"
    assert (found.attrs["n_found"], len(found)) == (2, 1)


# An oracle: every page is read from end to end, no index


def fits(tree, text):
    if isinstance(tree, Branch):
        parts = [fits(p, text) for p in tree.parts]
        return not parts[0] if tree.kind == "not" else (all if tree.kind == "and" else any)(parts)
    words = [tree.text] if tree.kind == "phrase" else list_words(tree.text)
    return all(any(holds_phrase(t, w) for t in text) for w in words)


WORDS = ["玩具", "求购", "采购", "毛绒玩具", "招聘", "公仔", "供应商", "相机", "买", '"求购玩具"', "pdf"]
tree = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} 或 {p[1]})"),
        st.tuples(inner, st.sampled_from(WORDS)).map(lambda p: f"({p[0]} -{p[1]})"),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def corpus():
    pages = make_pages(seed=3, products=["玩具"])[0]
    return pages, build_index(pages)


@settings(max_examples=60, deadline=None)
@given(tree)
def test_the_index_finds_what_reading_every_page_finds(corpus, query):
    pages, index = corpus
    understood = read_query(query)
    texts = zip(pages["title"].map(normalize), pages["text"].map(normalize), strict=True)
    want = {i for i, pair in zip(pages["page_id"], texts, strict=True) if fits(understood, pair)}
    found = search_pages(index, query)
    assert set(found["page_id"]) == want
    assert found["score"].round(9).is_monotonic_decreasing


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_and_narrows_or_widens_and_not_takes_away(corpus, one, other):
    _, index = corpus
    first, second = (set(search_pages(index, q)["page_id"]) for q in (one, other))
    assert set(search_pages(index, f"{one} {other}")["page_id"]) == first & second
    assert set(search_pages(index, f"{one} 或 {other}")["page_id"]) == first | second
    assert set(search_pages(index, f"{one} -{other}")["page_id"]) == first - second


def test_the_order_of_the_pages_does_not_matter(corpus):
    pages, index = corpus
    turned = build_index(pages.iloc[::-1])
    for query in ("求购 玩具", "采购 毛绒玩具 -招聘"):
        a, b = search_pages(index, query), search_pages(turned, query)
        assert a["page_id"].tolist() == b["page_id"].tolist()
        assert a["score"].to_numpy() == pytest.approx(b["score"].to_numpy())


def test_equal_scores_stand_by_page_number():
    index = build_index(make_small(("b", "", "玩具"), ("a", "", "玩具")))
    assert search_pages(index, "玩具")["page_id"].tolist() == ["a", "b"]


def test_the_pages_stay_as_they_were_and_no_page_is_no_fault():
    before = SMALL.copy()
    search_pages(build_index(SMALL), "玩具")
    pd.testing.assert_frame_equal(SMALL, before)
    assert search_pages(build_index(SMALL.head(0)), "玩具").empty
    blank = build_index(make_small(("a", None, "玩具"), ("b", "", None)))
    assert search_pages(blank, "玩具")["page_id"].tolist() == ["a"]


def test_faulty_pages_and_options_are_refused():
    with pytest.raises(SchemaError, match="site"):
        build_index(SMALL.drop(columns="site"))
    with pytest.raises(DataError, match="unique; 1 of 5"):
        build_index(pd.concat([SMALL, SMALL.head(1)]))
    with pytest.raises(ParameterError, match="b must be"):
        build_index(SMALL, b=2)
    with pytest.raises(ParameterError, match="title and text"):
        build_index(SMALL, boosts={"link": 2})
    with pytest.raises(ParameterError, match="most must be"):
        search_pages(build_index(SMALL), "玩具", most=0)


def test_a_snippet_shows_the_place_and_is_escaped():
    text = "前面的话" * 10 + "<script>求购</script>" + "后面的话" * 20
    piece = make_snippet(text, ["求购"])
    assert "求购" in piece
    assert piece.startswith("……")
    assert piece.endswith("……")
    assert len(piece) <= 64
    shown = mark_snippet(piece, ["求购"])
    assert "<mark>求购</mark>" in shown
    assert "<script>" not in shown
    assert shown.count("<mark>") == shown.count("</mark>") == 1
    assert make_snippet("短文", ["没有"]) == "短文"


# Precision and recall


def test_precision_and_recall_by_hand():
    """Found a b c d, right b d e: 2 of 4 and 2 of 3; F1 = 2·2/(4 + 3); of the first two, one is right."""
    got = measure_search(list("abcd"), list("bde"), first=2)
    assert got == pytest.approx({
        "n_found": 4,
        "n_right": 2,
        "precision_share": 0.5,
        "recall_share": 2 / 3,
        "f1": 4 / 7,
        "first_share": 0.5,
    })


def test_a_share_of_nothing_is_missing():
    none = measure_search([], ["a"])
    assert math.isnan(none["precision_share"])
    assert none["recall_share"] == 0.0
    assert math.isnan(measure_search(["a"], [])["recall_share"])
    with pytest.raises(ParameterError, match="one twice"):
        measure_search(["a", "a"], ["a"])


def test_several_queries_in_the_order_given(corpus):
    table = measure_searches(corpus[1], {"一": "玩具", "二": "求购 玩具"}, ["W0001"])
    assert table["name"].tolist() == ["一", "二"]
    assert table["n_found"].iloc[0] > table["n_found"].iloc[1] > 0


def test_leaves_know_their_kind():
    kinds = {leaf.kind for leaf in read_query('玩具 "求购" site:a.test intitle:天').parts}
    assert kinds == {"word", "phrase", "site", "intitle"}
    assert all(isinstance(leaf, Leaf) for leaf in read_query("a b").parts)
