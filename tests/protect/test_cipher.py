"""Sealed cells: published vectors, a hand-made cell, and every way to spoil or move one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ProtectError
from crm_lib.protect import Cipher, KeyRing, normalize_value, rotate_cells

RING = KeyRing(bytes(range(32)))
PHONES = ["13812345678", None, "13900001111"]
OWNERS = ["WX24-1", "WX24-2", "WX24-3"]


@pytest.fixture
def cipher() -> Cipher:
    return Cipher(RING)


@pytest.mark.parametrize(
    ("key", "nonce", "plain", "more", "expected"),
    [
        ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            "00" * 32,
            "00" * 12,
            "00" * 16,
            "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            "feffe9928665731c6d6a8f9467308308" * 2,
            "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ],
    ids=["GCM case 13", "GCM case 14", "GCM case 16"],
)
def test_the_box_gives_the_published_ciphertexts(
    key: str, nonce: str, plain: str, more: str, expected: str
) -> None:
    box = AESGCM(bytes.fromhex(key))
    assert (
        box.encrypt(bytes.fromhex(nonce), bytes.fromhex(plain), bytes.fromhex(more) or None).hex() == expected
    )


def test_a_cell_is_what_the_notes_say(cipher: Cipher) -> None:
    cell = cipher.seal(["13812345678"], column="phone", owners=["WX24-1"])[0]
    assert cell[:1] == b"\x01"
    assert cell[1:5].hex() == RING.key_id
    assert len(cell) == 1 + 4 + 12 + 11 + 16
    more = cell[:5] + b"\x00\x05phone" + b"WX24-1"
    assert AESGCM(RING.derive("column:phone")).decrypt(cell[5:17], cell[17:], more) == b"13812345678"


def test_what_is_sealed_opens_and_missing_stays_missing(cipher: Cipher) -> None:
    sealed = cipher.seal(PHONES, column="phone", owners=OWNERS)
    assert sealed[1] is None
    assert cipher.open(sealed, column="phone", owners=OWNERS) == PHONES
    as_views = [memoryview(sealed[0]), None, bytearray(sealed[2])]
    assert cipher.open(as_views, column="phone", owners=OWNERS) == PHONES
    gaps = [None, np.nan, pd.NA, pd.NaT]
    assert cipher.seal(gaps, column="phone", owners=["a"] * 4) == [None] * 4
    assert cipher.open(gaps, column="phone", owners=["a"] * 4) == [None] * 4
    assert cipher.open(cipher.seal([""], column="c", owners=["a"]), column="c", owners=["a"]) == [""]


def test_no_two_cells_are_alike_and_no_nonce_comes_twice(cipher: Cipher) -> None:
    sealed = cipher.seal(["13812345678"] * 5000, column="phone", owners=["WX24-1"] * 5000)
    assert len(set(sealed)) == 5000
    assert len({cell[5:17] for cell in sealed}) == 5000
    assert not any(b"13812345678" in cell for cell in sealed)


@given(
    values=st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=6),
    column=st.sampled_from(["phone", "email", "address", "identity_no"]),
)
def test_any_text_comes_back(values: list[str | None], column: str) -> None:
    try:
        [v.encode() for v in values if v]
    except UnicodeEncodeError:
        return
    owners = [f"C{n}" for n in range(len(values))]
    cipher = Cipher(RING)
    assert (
        cipher.open(cipher.seal(values, column=column, owners=owners), column=column, owners=owners) == values
    )


def test_every_single_bit_counts(cipher: Cipher) -> None:
    cell = cipher.seal(["13812345678"], column="phone", owners=["WX24-1"])[0]
    for place in range(len(cell) * 8):
        spoilt = bytearray(cell)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises(ProtectError, match="column 'phone' of customer 'WX24-1'"):
            cipher.open([bytes(spoilt)], column="phone", owners=["WX24-1"])
    for length in range(len(cell)):
        with pytest.raises(ProtectError, match="column 'phone' of customer 'WX24-1'"):
            cipher.open([cell[:length]], column="phone", owners=["WX24-1"])


def test_a_cell_does_not_open_in_another_place(cipher: Cipher) -> None:
    one, two = cipher.seal(["13812345678", "13900001111"], column="phone", owners=["A", "B"])
    with pytest.raises(ProtectError, match=r"column 'phone' of customer 'A' .* put here from another row"):
        cipher.open([two, one], column="phone", owners=["A", "B"])
    with pytest.raises(ProtectError, match="column 'email' of customer 'A'"):
        cipher.open([one], column="email", owners=["A"])
    # even with one key for all columns the name of the place would tell them apart
    shared = cipher.seal(["x"], column="ab", owners=["c"])[0]
    other = Cipher(RING)
    other._boxes["column:a"] = AESGCM(RING.derive("column:ab"))
    with pytest.raises(ProtectError, match="column 'a' of customer 'bc'"):
        other.open([shared], column="a", owners=["bc"])


def test_faults_never_show_the_content(cipher: Cipher) -> None:
    cell = bytearray(cipher.seal(["13812345678"], column="phone", owners=["A"])[0])
    cell[-1] ^= 1
    calls = [
        lambda: cipher.open([bytes(cell)], column="phone", owners=["A"]),
        lambda: cipher.seal(["13812345678", 13812345678], column="phone", owners=["A", "B"]),
        lambda: cipher.seal(["13812345678"], column="phone", owners=["A", "B"]),
        lambda: cipher.open(["13812345678"], column="phone", owners=["A"]),
        lambda: cipher.seal(["13812345678"], column="phone", owners=[None]),
    ]
    for call in calls:
        with pytest.raises(ProtectError) as told:
            call()
        assert "13812345678" not in str(told.value)
        assert told.value.__suppress_context__ or told.value.__context__ is None


def test_another_key_is_told_by_its_id(cipher: Cipher) -> None:
    other = Cipher(KeyRing(bytes(32)))
    sealed = other.seal(PHONES, column="phone", owners=OWNERS)
    with pytest.raises(
        ProtectError, match=f"was sealed with key {other.key_id}; this is key {cipher.key_id}"
    ):
        cipher.open(sealed, column="phone", owners=OWNERS)


def test_cells_change_their_key(cipher: Cipher) -> None:
    new = Cipher(KeyRing(bytes(32)))
    sealed = cipher.seal(PHONES, column="phone", owners=OWNERS)
    turned = rotate_cells(sealed, old=cipher, new=new, column="phone", owners=OWNERS)
    assert new.open(turned, column="phone", owners=OWNERS) == PHONES
    with pytest.raises(ProtectError, match="was sealed with key"):
        cipher.open(turned, column="phone", owners=OWNERS)


def test_fingerprints_find_the_same_number_however_written(cipher: Cipher) -> None:
    same = [
        "13812345678",
        "+86 138-1234-5678",
        "１３８１２３４５６７８",
        "0086 13812345678",
        "(138)1234 5678",
    ]
    found = cipher.fingerprint(same, column="phone")
    assert len(set(found)) == 1
    assert len(found[0]) == 64
    assert cipher.fingerprint(["13812345679"], column="phone")[0] != found[0]
    assert cipher.fingerprint(["13812345678"], column="email")[0] != found[0]
    assert Cipher(KeyRing(bytes(32))).fingerprint(["13812345678"], column="phone")[0] != found[0]
    assert cipher.fingerprint([None, "", "  ", np.nan], column="phone") == [None] * 4
    assert cipher.fingerprint([], column="phone") == []


@pytest.mark.parametrize(
    ("column", "given", "expected"),
    [
        ("phone", "86-13812345678", "13812345678"),
        ("phone", "010-6552 9988", "01065529988"),
        ("phone", "8613", "8613"),
        ("customers.phone", "138 1234 5678", "13812345678"),
        ("email", " WANG＠Example.com", "wang@example.com"),
        ("identity_no", "110105 19491231 002x", "11010519491231002X"),
        ("address", "东湖区 解放路１０９号", "东湖区解放路109号"),
        ("name", "  Anna   SMITH ", "anna smith"),
    ],
)
def test_forms_by_hand(column: str, given: str, expected: str) -> None:
    assert normalize_value(given, column=column) == expected


@given(
    st.text(max_size=30),
    st.sampled_from(["phone", "email", "identity_no", "address", "name", "customers.email"]),
)
def test_a_form_is_its_own_form(text: str, column: str) -> None:
    once = normalize_value(text, column=column)
    assert normalize_value(once, column=column) == once
