"""Decisions of a person: joined, parted, contradictions told, numbers kept."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.identify import apply_reviews


def link(**persons: str) -> pd.DataFrame:
    rows = [(record, person) for person, records in persons.items() for record in records]
    return pd.DataFrame(rows, columns=["record_id", "person_id"]).assign(probability=0.9)


def decide(*decisions: str) -> pd.DataFrame:
    """Read ``ab=``: the same; ``ab/``: different; ``ab?``: unsure."""
    words = {"=": "same", "/": "different", "?": "unsure"}
    rows = [(d[0], d[1], words[d[2]]) for d in decisions]
    return pd.DataFrame(rows, columns=["record_id_l", "record_id_r", "decision"])


def groups(links: pd.DataFrame) -> dict[str, str]:
    return {p: "".join(sorted(g)) for p, g in links.groupby("person_id")["record_id"]}


@pytest.mark.parametrize(
    ("links", "decisions", "after"),
    [
        (link(P="a", Q="b"), ["ab="], {"P": "ab"}),
        (link(P="ab"), ["ab/"], {"P": "a", "P-2": "b"}),
        (link(P="ab"), ["ba/", "ab?"], {"P": "a", "P-2": "b"}),
        (link(P="abc"), ["ab/"], {"P": "ac", "P-2": "b"}),
        # c was told to be b's
        (link(P="abc"), ["ab/", "bc="], {"P": "bc", "P-2": "a"}),
        # most of the joined records were Q's
        (link(P="a", Q="bc"), ["ab="], {"Q": "abc"}),
        (link(P="abcd"), ["ab/", "bc/", "ac/"], {"P": "ad", "P-2": "b", "P-3": "c"}),
        (link(P="ab", Q="cd"), ["bc=", "ab/"], {"P": "a", "Q": "bcd"}),
        (link(P="ab"), ["ab?"], {"P": "ab"}),
    ],
)
def test_persons_after_a_review(links: pd.DataFrame, decisions: list[str], after: dict) -> None:
    reviewed = apply_reviews(links, decide(*decisions))
    assert groups(reviewed.links) == after
    assert len(reviewed.contradictions) == 0
    again = apply_reviews(reviewed.links, decide(*decisions))
    pd.testing.assert_frame_equal(again.links, reviewed.links)
    assert len(again.moves) == 0


def test_scores_tell_where_the_others_go() -> None:
    pairs = pd.DataFrame({"record_id_l": ["c", "a"], "record_id_r": ["b", "c"], "probability": [0.9, 0.6]})
    reviewed = apply_reviews(link(P="abc"), decide("ab/"), pairs=pairs)
    assert groups(reviewed.links) == {"P": "bc", "P-2": "a"}


def test_moves_are_listed_and_decided_records_are_certain() -> None:
    reviewed = apply_reviews(link(P="a", Q="bc"), decide("ab="))
    assert reviewed.moves.values.tolist() == [["a", "P", "Q"]]
    assert reviewed.links["probability"].tolist() == [1.0, 0.9, 0.9]


def test_contradictions_are_told_and_not_followed() -> None:
    links = link(P="a", Q="b", R="c", S="de")
    reviewed = apply_reviews(links, decide("ab=", "bc=", "ac/", "de=", "ed/", "xa="))
    assert groups(reviewed.links) == {"P": "abc", "S": "de"}
    assert reviewed.contradictions.values.tolist() == [
        ["a", "c", "different", "joined_by_others"],
        ["a", "x", "same", "unknown_record"],
        ["d", "e", "different", "both_ways"],
        ["d", "e", "same", "both_ways"],
    ]


def test_nothing_decided_changes_nothing() -> None:
    links = link(P="ab", Q="c")
    reviewed = apply_reviews(links, decide())
    pd.testing.assert_frame_equal(reviewed.links, links)
    assert list(reviewed.contradictions.columns) == ["record_id_l", "record_id_r", "decision", "reason"]


def test_wrong_decisions_and_links_are_refused() -> None:
    with pytest.raises(ParameterError, match="decision must be one of"):
        apply_reviews(link(P="ab"), decide("ab=").assign(decision="maybe"))
    with pytest.raises(DataError, match="1 rows do not"):
        apply_reviews(pd.concat([link(P="ab"), link(Q="a")]), decide())


RECORD = "abcdefg"
DECISIONS = st.lists(
    st.tuples(st.sampled_from(list(combinations(RECORD, 2))), st.sampled_from("=/?")), max_size=7
)


@settings(max_examples=60)
@given(owners=st.lists(st.sampled_from("PQR"), min_size=7, max_size=7), given_=DECISIONS, random=st.randoms())
def test_what_was_decided_holds(owners: list[str], given_: list, random: Any) -> None:
    links = pd.DataFrame({"record_id": list(RECORD), "person_id": owners})
    decisions = decide(*(f"{a}{b}{word}" for (a, b), word in given_))
    reviewed = apply_reviews(links, decisions)
    person = reviewed.links.set_index("record_id")["person_id"]
    refused = set(
        reviewed.contradictions[["record_id_l", "record_id_r", "decision"]].itertuples(index=False, name=None)
    )
    for a, b, word in decisions.itertuples(index=False):
        if word != "unsure" and (a, b, word) not in refused:
            assert (person[a] == person[b]) == (word == "same")
    # nobody who was not named, nor lived with somebody named, is moved
    named = {i for (a, b), word in given_ if word != "?" for i in (a, b)}
    touched = {owner for record, owner in zip(RECORD, owners, strict=True) if record in named}
    assert {links.set_index("record_id")["person_id"][r] for r in reviewed.moves["record_id"]} <= touched
    shuffled = decisions.sample(frac=1, random_state=random.randrange(1000))
    pd.testing.assert_frame_equal(apply_reviews(links[::-1], shuffled).links, reviewed.links)
    pd.testing.assert_frame_equal(apply_reviews(reviewed.links, decisions).links, reviewed.links)
