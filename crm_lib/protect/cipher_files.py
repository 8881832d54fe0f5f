"""A whole file sealed in chunks whose order and end are authenticated."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from crm_lib._checks import import_extra
from crm_lib.errors import ProtectError
from crm_lib.protect.keys import derive_key

if TYPE_CHECKING:
    from crm_lib.protect.keys import KeyRing

MAGIC = b"CRMSEAL1"
CHUNK = 1 << 20
_TAG = 16
# magic, key id, salt of the file's own key, bytes a chunk, bytes in all
_HEAD = struct.Struct(">8s4s16sIQ")


def seal_stream(ring: KeyRing, reader: BinaryIO, writer: BinaryIO) -> None:
    """Seal what a seekable `reader` holds from its place on into `writer`.

    Parameters
    ----------
    ring : KeyRing
        The keys.
    reader, writer : binary files
        Source and target.

    Raises
    ------
    ProtectError
        When the source changes its length while it is read.
    """
    here = reader.tell()
    size = reader.seek(0, os.SEEK_END) - here
    reader.seek(here)
    head = _HEAD.pack(MAGIC, bytes.fromhex(ring.key_id), os.urandom(16), CHUNK, size)
    box, n_chunks = _make_box(ring, head), _count_chunks(size, CHUNK)
    writer.write(head)
    n_read = 0
    for number in range(n_chunks):
        plain = reader.read(CHUNK)
        n_read += len(plain)
        writer.write(box.encrypt(_nonce(number, number == n_chunks - 1), plain, head))
    if n_read != size or reader.read(1):
        raise ProtectError(
            f"seal_file: the source must not change while it is sealed; it had {size:,} bytes at first and "
            "has another number now. Try again when nobody writes to it."
        )


def open_stream(ring: KeyRing, reader: BinaryIO) -> Iterator[bytes]:
    """Yield the chunks of a sealed file in order, each only when it is genuine.

    Parameters
    ----------
    ring : KeyRing
        The keys it was sealed with.
    reader : binary file
        The sealed file.

    Yields
    ------
    bytes
        The content; the caller must not use it before the last chunk has come.

    Raises
    ------
    ProtectError
        When the file was changed, cut short, lengthened, its chunks exchanged, or another key sealed it.
    """
    from cryptography.exceptions import InvalidTag

    head, chunk, size = _read_head(ring, reader)
    box, n_chunks = _make_box(ring, head), _count_chunks(size, chunk)
    _check_length(reader, size + n_chunks * _TAG)
    for number in range(n_chunks):
        sealed = reader.read(chunk + _TAG)
        try:
            plain = box.decrypt(_nonce(number, number == n_chunks - 1), sealed, head)
        except InvalidTag:
            raise ProtectError(_explain(box, sealed, head, number, n_chunks)) from None
        yield plain


def _read_head(ring: KeyRing, reader: BinaryIO) -> tuple[bytes, int, int]:
    head = reader.read(_HEAD.size)
    if len(head) < _HEAD.size or head[: len(MAGIC)] != MAGIC:
        raise ProtectError(
            "open_file: must be a file sealed by seal_file; its begin says it is not, or it is cut short. "
            "Choose the sealed file, or another copy."
        )
    _, key_id, _, chunk, size = _HEAD.unpack(head)
    if key_id.hex() != ring.key_id:
        raise ProtectError(
            f"open_file: the file was sealed with key {key_id.hex()}; this is key {ring.key_id}. "
            "Open the keys it was sealed with."
        )
    if not 0 < chunk <= 1 << 26:
        raise ProtectError(
            "open_file: the file must be as it was sealed; its head was changed. Take another copy."
        )
    return head, chunk, size


def _check_length(reader: BinaryIO, expected: int) -> None:
    here = reader.tell()
    found = reader.seek(0, os.SEEK_END) - here
    reader.seek(here)
    if found != expected:
        fault = "cut short" if found < expected else "lengthened"
        raise ProtectError(
            f"open_file: the file must be as it was sealed; it was {fault} ({found:,} bytes after its head "
            f"instead of {expected:,}). Take another copy."
        )


def _make_box(ring: KeyRing, head: bytes) -> Any:
    aead = import_extra("cryptography.hazmat.primitives.ciphers.aead", extra="store", purpose="Sealing files")
    salt = _HEAD.unpack(head)[2]
    return aead.AESGCM(derive_key(ring.derive("file"), salt=salt, info=b"chunks"))


def _count_chunks(size: int, chunk: int) -> int:
    return max(1, -(-size // chunk))


def _nonce(number: int, last: bool) -> bytes:
    # the file's own key makes a counter safe as nonce; the last chunk is marked in it
    return number.to_bytes(11, "big") + bytes([last])


def _explain(box: Any, sealed: bytes, head: bytes, number: int, n_chunks: int) -> str:
    """Say what is wrong with a chunk: it belongs elsewhere in the file, or it was changed."""
    from cryptography.exceptions import InvalidTag

    for other in range(n_chunks):
        try:
            box.decrypt(_nonce(other, other == n_chunks - 1), sealed, head)
        except InvalidTag:
            continue
        return (
            f"open_file: the chunks must stand in the order they were sealed in; in place {number + 1} of "
            f"{n_chunks} stands chunk {other + 1}. Take another copy."
        )
    return (
        f"open_file: the file must be as it was sealed; chunk {number + 1} of {n_chunks} or the file's head "
        "was changed. Take another copy."
    )
