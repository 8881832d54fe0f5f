"""Sealed files: order, end and every chunk are held, and a target is whole or not there."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from crm_lib.errors import ProtectError
from crm_lib.protect import Cipher, KeyRing, cipher_files
from crm_lib.protect.files import write_aside

HEAD = 40
TAG = 16


@pytest.fixture
def cipher(monkeypatch: pytest.MonkeyPatch) -> Cipher:
    monkeypatch.setattr(cipher_files, "CHUNK", 100)
    return Cipher(KeyRing(bytes(range(32))))


def seal(cipher: Cipher, folder: Path, content: bytes) -> Path:
    (folder / "plain").write_bytes(content)
    return cipher.seal_file(folder / "plain", folder / "sealed")


def split(sealed: Path, n: int) -> tuple[bytes, list[bytes]]:
    whole = sealed.read_bytes()
    return whole[:HEAD], [whole[HEAD + k * (100 + TAG) :][: 100 + TAG] for k in range(n)]


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 999])
def test_any_length_comes_back(cipher: Cipher, tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)
    sealed = seal(cipher, tmp_path, content)
    assert sealed.stat().st_size == HEAD + size + max(1, -(-size // 100)) * TAG
    assert cipher.open_file(sealed, tmp_path / "opened").read_bytes() == content
    if os.name == "posix":
        assert sealed.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "opened").stat().st_mode & 0o777 == 0o600


def test_the_real_chunk_size_and_no_plain_text_inside(tmp_path: Path) -> None:
    cipher = Cipher(KeyRing(bytes(range(32))))
    content = b"13812345678 " * 200_000
    sealed = seal(cipher, tmp_path, content)
    assert len(content) > 2 * cipher_files.CHUNK
    assert b"138123" not in sealed.read_bytes()
    assert cipher.open_file(sealed, tmp_path / "opened").read_bytes() == content
    again = cipher.seal_file(tmp_path / "plain", tmp_path / "again")
    assert again.read_bytes()[HEAD : HEAD + 64] != sealed.read_bytes()[HEAD : HEAD + 64]


def refuse(cipher: Cipher, folder: Path, spoilt: bytes, match: str) -> None:
    (folder / "spoilt").write_bytes(spoilt)
    (folder / "target").write_bytes(b"old")
    with pytest.raises(ProtectError, match=match):
        cipher.open_file(folder / "spoilt", folder / "target")
    assert (folder / "target").read_bytes() == b"old"
    assert not list(folder.glob(".*"))


def test_chunks_exchanged_doubled_left_out_or_cut_off(cipher: Cipher, tmp_path: Path) -> None:
    head, (a, b, c, d) = split(seal(cipher, tmp_path, random.Random(1).randbytes(350)), 4)
    refuse(cipher, tmp_path, head + b + a + c + d, "in place 1 of 4 stands chunk 2")
    refuse(cipher, tmp_path, head + a + a + c + d, "in place 2 of 4 stands chunk 1")
    refuse(cipher, tmp_path, head + a + b + d, "was cut short")
    refuse(cipher, tmp_path, head + a + b + c, "was cut short")
    refuse(cipher, tmp_path, head + a + b + c + d[:-1], "was cut short")
    refuse(cipher, tmp_path, head + a + b + c + d + b"x", "was lengthened")
    refuse(cipher, tmp_path, head[:20], "its begin says it is not, or it is cut short")
    refuse(cipher, tmp_path, b"", "its begin says it is not, or it is cut short")
    # a head that claims fewer bytes does not make the shorter file whole
    shorter = head[:-8] + (300).to_bytes(8, "big")
    refuse(cipher, tmp_path, shorter + a + b + c, "chunk 1 of 3 or the file's head was changed")


def test_every_byte_counts(cipher: Cipher, tmp_path: Path) -> None:
    whole = seal(cipher, tmp_path, random.Random(2).randbytes(150)).read_bytes()
    for place in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x10
        (tmp_path / "spoilt").write_bytes(spoilt)
        with pytest.raises(ProtectError, match="open_file"):
            cipher.open_file(tmp_path / "spoilt", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_chunks_of_another_file_do_not_fit(cipher: Cipher, tmp_path: Path) -> None:
    content = random.Random(3).randbytes(250)
    head, (a, _, c) = split(seal(cipher, tmp_path, content), 3)
    _, (_, b2, _) = split(seal(cipher, tmp_path, content), 3)
    refuse(cipher, tmp_path, head + a + b2 + c, "chunk 2 of 3 or the file's head was changed")


def test_another_key_and_the_same_file_twice(cipher: Cipher, tmp_path: Path) -> None:
    sealed = seal(cipher, tmp_path, b"x" * 250)
    other = Cipher(KeyRing(bytes(32)))
    with pytest.raises(
        ProtectError, match=f"was sealed with key {cipher.key_id}; this is key {other.key_id}"
    ):
        other.open_file(sealed, tmp_path / "target")
    with pytest.raises(ProtectError, match="must be two files"):
        cipher.seal_file(sealed, sealed)
    with pytest.raises(ProtectError, match="cannot be read"):
        cipher.seal_file(tmp_path / "none", sealed)


def test_a_source_that_grows_is_refused(cipher: Cipher, tmp_path: Path) -> None:
    source = tmp_path / "plain"
    source.write_bytes(b"x" * 250)

    class Growing:
        def __init__(self, file):
            self.file, self.n = file, 0

        def __getattr__(self, name):
            return getattr(self.file, name)

        def read(self, size):
            self.n += 1
            if self.n == 2:
                with open(source, "ab") as more:
                    more.write(b"y" * 300)
            return self.file.read(size)

    with (
        open(source, "rb", buffering=0) as file,
        open(tmp_path / "sealed", "wb") as out,
        pytest.raises(ProtectError, match="must not change while it is sealed"),
    ):
        cipher.seal_stream(Growing(file), out)


def test_a_fault_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")

    def write_half() -> None:
        with write_aside(tmp_path / "target") as file:
            file.write(b"half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_half()
    assert [p.name for p in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target").read_bytes() == b"old"
