"""Pseudonyms: stable, parted by purpose, and not to be enumerated as plain hashes are."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pandas as pd
import pytest

from crm_lib.errors import ParameterError, ProtectError
from crm_lib.protect import KeyRing, pseudonymize

RING = KeyRing(bytes(range(32)))


def test_the_same_person_has_one_pseudonym_a_purpose() -> None:
    people = pd.Series(["C1", "C2", None, "C1"], index=[4, 2, 9, 7], name="customer_no")
    survey = pseudonymize(people, ring=RING, purpose="survey")
    assert survey.index.tolist() == [4, 2, 9, 7]
    assert survey.name == "customer_no"
    assert survey.isna().tolist() == [False, False, True, False]
    assert survey.iloc[0] == survey.iloc[3] != survey.iloc[1]
    assert pseudonymize(people[::-1], ring=KeyRing(bytes(range(32))), purpose="survey")[::-1].equals(survey)
    lent = pseudonymize(people, ring=RING, purpose="research")
    assert not set(lent.dropna()) & set(survey.dropna())
    other = pseudonymize(people, ring=KeyRing(bytes(32)), purpose="survey")
    assert not set(other.dropna()) & set(survey.dropna())


def test_it_is_a_keyed_hash_computed_another_way() -> None:
    key = RING.derive("pseudonym:survey")
    expected = base64.b32encode(hmac.new(key, b"C1", hashlib.sha256).digest()).decode().lower()[:16]
    assert pseudonymize(pd.Series(["C1"]), ring=RING, purpose="survey").tolist() == [expected]


def test_whole_numbers_count_as_their_text_and_other_kinds_are_refused() -> None:
    texts = pseudonymize(pd.Series(["7", "8"]), ring=RING, purpose="survey")
    assert pseudonymize(pd.Series([7, 8]), ring=RING, purpose="survey").tolist() == texts.tolist()
    for wrong in ([7.0], [True], [b"7"]):
        with pytest.raises(ProtectError, match="must hold text or whole numbers"):
            pseudonymize(pd.Series(wrong, dtype=object), ring=RING, purpose="survey")


def test_a_plain_hash_is_enumerated_and_a_pseudonym_is_not() -> None:
    """The attack: hash every possible number of a prefix, look which hashes are in the table."""
    candidates = [f"1381234{n:04d}"[:11] for n in range(10_000)]
    candidates += [f"139{n:08d}" for n in range(90_000)]
    people = pd.Series(candidates[::1000])
    assert len(set(candidates)) == 100_000

    def attack(table: set[str], guess) -> int:
        return sum(guess(c) in table for c in candidates)

    plain = {hashlib.sha256(p.encode()).hexdigest() for p in people}
    assert attack(plain, lambda c: hashlib.sha256(c.encode()).hexdigest()) == len(people) == 100

    ours = set(pseudonymize(people, ring=RING, purpose="survey"))

    def encode(digest: bytes) -> str:
        return base64.b32encode(digest).decode().lower()[:16]

    wrong = KeyRing(bytes(32)).derive("pseudonym:survey")
    assert attack(ours, lambda c: encode(hashlib.sha256(c.encode()).digest())) == 0
    assert attack(ours, lambda c: encode(hmac.digest(wrong, c.encode(), "sha256"))) == 0
    # the attack itself works: with the key it finds everybody
    key = RING.derive("pseudonym:survey")
    assert attack(ours, lambda c: encode(hmac.digest(key, c.encode(), "sha256"))) == 100


def test_two_people_on_one_pseudonym_are_refused() -> None:
    people = pd.Series([f"C{n}" for n in range(100)])
    with pytest.raises(ProtectError, match=r"of 100 fall on another's with 1 letters\. Ask for more letters"):
        pseudonymize(people, ring=RING, purpose="survey", n_letters=1)
    assert pseudonymize(people, ring=RING, purpose="survey", n_letters=51).str.len().eq(51).all()
    assert pseudonymize(pd.Series([], dtype=object), ring=RING, purpose="survey").tolist() == []


def test_wrong_calls() -> None:
    with pytest.raises(ProtectError, match="purpose must say"):
        pseudonymize(pd.Series(["C1"]), ring=RING, purpose=" ")
    with pytest.raises(ParameterError, match="n_letters"):
        pseudonymize(pd.Series(["C1"]), ring=RING, purpose="survey", n_letters=52)
