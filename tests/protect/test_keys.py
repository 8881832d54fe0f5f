"""Keys: published vectors of the derivation, where keys may lie, and that they never show."""

from __future__ import annotations

import base64
import os
import pickle
import traceback
from pathlib import Path

import pytest

from crm_lib.errors import ProtectError
from crm_lib.protect import KeyRing, make_key, open_keys, read_secret
from crm_lib.protect.keys import derive_key

MASTER = bytes(range(32))


def bytes_from(first: int, last: int) -> bytes:
    return bytes(range(first, last + 1))


@pytest.mark.parametrize(
    ("master", "salt", "info", "expected"),
    [
        (
            b"\x0b" * 22,
            bytes_from(0x00, 0x0C),
            bytes_from(0xF0, 0xF9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes_from(0x00, 0x4F),
            bytes_from(0x60, 0xAF),
            bytes_from(0xB0, 0xFF),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
    ids=["RFC 5869 A.1", "RFC 5869 A.2", "RFC 5869 A.3"],
)
def test_derivation_gives_the_published_keys(master: bytes, salt: bytes, info: bytes, expected: str) -> None:
    assert derive_key(master, salt=salt, info=info, length=len(expected) // 2).hex() == expected


def test_derivation_agrees_with_another_implementation() -> None:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    for length in (1, 31, 32, 33, 64, 100):
        theirs = HKDF(SHA256(), length, b"salt", b"column:phone").derive(MASTER)
        assert derive_key(MASTER, salt=b"salt", info=b"column:phone", length=length) == theirs


def test_every_purpose_has_a_key_of_its_own() -> None:
    ring = KeyRing(MASTER)
    keys = {ring.derive(p) for p in ("column:phone", "column:email", "index:phone", "file", "key-id")}
    assert len(keys) == 5
    assert all(len(k) == 32 for k in keys)
    assert KeyRing(MASTER).derive("file") == ring.derive("file")
    assert KeyRing(bytes(32)).key_id != ring.key_id


def test_a_key_shows_in_no_text() -> None:
    ring = KeyRing(MASTER)
    secrets = [MASTER, ring.derive("column:phone")]
    shown = f"{ring!r} {ring} {[ring]} {ring.key_id}"
    try:
        raise ProtectError(f"something about {ring}")
    except ProtectError:
        shown += traceback.format_exc()
    for secret in secrets:
        for form in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)):
            assert form not in shown
    with pytest.raises(ProtectError, match="not copied into files"):
        pickle.dumps(ring)


def test_a_key_is_made_private_and_found_again(tmp_path: Path) -> None:
    reference = make_key(tmp_path / "customers.key")
    assert reference == f"file:{tmp_path / 'customers.key'}"
    if os.name == "posix":
        assert (tmp_path / "customers.key").stat().st_mode & 0o777 == 0o600
    assert open_keys(reference).key_id == open_keys(reference).key_id
    assert open_keys(make_key(tmp_path / "other.key")).key_id != open_keys(reference).key_id
    with pytest.raises(ProtectError, match="must not exist yet"):
        make_key(tmp_path / "customers.key")
    with pytest.raises(ProtectError, match="cannot write"):
        make_key(tmp_path / "nowhere" / "customers.key")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    reference = make_key(tmp_path / "customers.key")
    (tmp_path / "customers.key").chmod(mode)
    with pytest.raises(ProtectError, match=rf"mode is {mode:04o}\. Run: chmod 600"):
        open_keys(reference)


def test_a_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TEST_KEY", base64.b64encode(MASTER).decode() + "\n")
    assert open_keys("env:CRM_TEST_KEY").key_id == KeyRing(MASTER).key_id
    monkeypatch.setenv("CRM_TEST_KEY", "  ")
    with pytest.raises(ProtectError, match="'CRM_TEST_KEY' must hold the secret; it is empty"):
        open_keys("env:CRM_TEST_KEY")


@pytest.mark.parametrize("text", ["AAAA", "no base64 at all!", base64.b64encode(bytes(33)).decode()])
def test_what_is_no_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CRM_TEST_KEY", text)
    with pytest.raises(ProtectError, match="must hold the base64 of 32 bytes") as told:
        open_keys("env:CRM_TEST_KEY")
    assert text not in str(told.value)


@pytest.mark.parametrize("given", ["s3cr3t-passw0rd", "env:", "file:", "", "http:somewhere"])
def test_a_secret_given_itself_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ProtectError, match="by reference") as told:
        read_secret(given)
    assert "s3cr3t" not in str(told.value)


def test_a_missing_or_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProtectError, match="cannot be read"):
        open_keys(f"file:{tmp_path / 'none.key'}")
    (tmp_path / "binary.key").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "binary.key").chmod(0o600)
    with pytest.raises(ProtectError, match="not plain text"):
        open_keys(f"file:{tmp_path / 'binary.key'}")


def test_a_ring_of_another_length_or_without_purpose_is_refused() -> None:
    for wrong in (b"short", bytes(31), "text"):
        with pytest.raises(ProtectError, match="must be 32 bytes"):
            KeyRing(wrong)  # type: ignore[arg-type]
    with pytest.raises(ProtectError, match="needs a purpose"):
        KeyRing(MASTER).derive("")
