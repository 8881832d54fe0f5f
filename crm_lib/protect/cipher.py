"""Sealed cells and files: AES-256-GCM, bound to the place they belong to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from crm_lib._checks import import_extra
from crm_lib.errors import ProtectError
from crm_lib.protect import cipher_files
from crm_lib.protect.files import write_aside
from crm_lib.protect.normal import is_missing, normalize_value

if TYPE_CHECKING:
    from crm_lib.protect.keys import KeyRing

VERSION = b"\x01"
_NONCE, _TAG = 12, 16
_HEAD = len(VERSION) + 4


class Cipher:
    """Seal and open single values and whole files with the keys of one ring.

    Parameters
    ----------
    ring : KeyRing
        As `open_keys` returns it.

    Notes
    -----
    A sealed cell is ``version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)``; column and owner
    are authenticated with it, so a cell that is moved to another customer or column does not open.  The
    nonce is random: with one key per column, 2**32 cells a column may be sealed before the key should be
    changed (NIST SP 800-38D).  The length of a value can be told from its sealed form.

    Examples
    --------
    >>> from crm_lib.protect import KeyRing
    >>> cipher = Cipher(KeyRing(bytes(32)))
    >>> sealed = cipher.seal(["13812345678", None], column="phone", owners=["C1", "C2"])
    >>> cipher.open(sealed, column="phone", owners=["C1", "C2"])
    ['13812345678', None]
    """

    __slots__ = ("_boxes", "ring")

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._boxes: dict[str, Any] = {}

    @property
    def key_id(self) -> str:
        """Return the eight hex digits that tell this cipher's keys from others."""
        return self.ring.key_id

    def __repr__(self) -> str:
        return f"Cipher(key_id={self.key_id!r})"

    def _box(self, purpose: str) -> Any:
        if purpose not in self._boxes:
            aead = import_extra(
                "cryptography.hazmat.primitives.ciphers.aead", extra="store", purpose="Sealing values"
            )
            self._boxes[purpose] = aead.AESGCM(self.ring.derive(purpose))
        return self._boxes[purpose]

    def seal(self, values: Sequence[str | None], *, column: str, owners: Sequence[str]) -> list[bytes | None]:
        """Seal the values of one column.

        Parameters
        ----------
        values : sequence of str or None
            One per customer; a missing value stays missing.
        column : str
            The column they belong to.
        owners : sequence of str
            The ``customer_no`` of each.

        Returns
        -------
        list of bytes or None
            The sealed cells in the same order; sealing the same value again gives other bytes.
        """
        pairs = _pair("seal", values, column, owners)
        box, head = self._box(f"column:{column}"), VERSION + bytes.fromhex(self.key_id)
        start = head + _tell_place(column)
        nonces = os.urandom(_NONCE * len(pairs))
        out: list[bytes | None] = []
        for number, (value, owner) in enumerate(pairs):
            if is_missing(value):
                out.append(None)
                continue
            if not isinstance(value, str):
                raise ProtectError(
                    f"seal: column {column!r} must hold text; {_name(column, owner)} holds "
                    f"{type(value).__name__}. Turn the column into text first."
                )
            nonce = nonces[_NONCE * number : _NONCE * (number + 1)]
            out.append(head + nonce + box.encrypt(nonce, value.encode(), start + owner.encode()))
        return out

    def open(self, sealed: Sequence[bytes | None], *, column: str, owners: Sequence[str]) -> list[str | None]:
        """Open the sealed cells of one column.

        Parameters
        ----------
        sealed : sequence of bytes or None
            As `seal` returned them.
        column, owners
            The same as when they were sealed.

        Returns
        -------
        list of str or None
            The values.

        Raises
        ------
        ProtectError
            Naming column and owner, never the content, when a cell was changed, cut short, put in the place
            of another, or sealed with another key.
        """
        from cryptography.exceptions import InvalidTag

        pairs = _pair("open", sealed, column, owners)
        box, head = self._box(f"column:{column}"), VERSION + bytes.fromhex(self.key_id)
        start = head + _tell_place(column)
        out: list[str | None] = []
        for cell, owner in pairs:
            if is_missing(cell):
                out.append(None)
                continue
            whole = bytes(cell) if isinstance(cell, bytes | bytearray | memoryview) else b""
            self._check_head(whole, head, column, owner)
            nonce, text = whole[_HEAD : _HEAD + _NONCE], whole[_HEAD + _NONCE :]
            try:
                out.append(box.decrypt(nonce, text, start + owner.encode()).decode())
            except InvalidTag:
                raise ProtectError(
                    f"open: {_name(column, owner)} must be as it was sealed; it was changed, cut short or put "
                    "here from another row or column. Restore it from a backup, and look into the audit."
                ) from None
        return out

    def _check_head(self, cell: bytes, head: bytes, column: str, owner: str) -> None:
        where = _name(column, owner)
        if len(cell) < _HEAD + _NONCE + _TAG or cell[:1] != VERSION:
            raise ProtectError(
                f"open: {where} must be a sealed cell of version {VERSION[0]}; it is cut short or something "
                "else. Restore it from a backup, or open it with the version of the library that sealed it."
            )
        if cell[:_HEAD] != head:
            raise ProtectError(
                f"open: {where} was sealed with key {cell[1:_HEAD].hex()}; this is key {self.key_id}. "
                "Open the keys it was sealed with."
            )

    def fingerprint(self, values: Sequence[str | None], *, column: str) -> list[str | None]:
        """Return keyed fingerprints by which equal values are found without opening them.

        Parameters
        ----------
        values : sequence of str or None
            Values as they came; they are brought into one form first (`normalize_value`).
        column : str
            The column they belong to; the same text in another column has another fingerprint.

        Returns
        -------
        list of str or None
            HMAC-SHA256 as 64 hex digits; None for a missing or blank value.

        Notes
        -----
        Who holds the key can find every telephone number by trying them all; who holds only the database
        sees which cells are equal, and nothing else.
        """
        import hmac

        key, known = self.ring.derive(f"index:{column}"), {}
        for value in values:
            if not is_missing(value) and value not in known:
                text = normalize_value(value, column=column)
                known[value] = hmac.digest(key, text.encode(), "sha256").hex() if text else None
        return [None if is_missing(v) else known[v] for v in values]

    def seal_file(self, source: str | Path, target: str | Path) -> Path:
        """Seal a whole file; `target` appears only when it is complete.

        Parameters
        ----------
        source, target : str or Path
            The file to seal, and where the sealed one goes (replaced when it exists).

        Returns
        -------
        Path
            The sealed file.

        Notes
        -----
        Chunks of 1 MiB, each authenticated with its number, whether it is the last, and the file's head
        with a key of its own: chunks cannot be changed, left out, exchanged or added.
        """
        with _open_source(source, target) as reader, write_aside(target) as writer:
            self.seal_stream(reader, writer)
        return Path(target)

    def open_file(self, source: str | Path, target: str | Path) -> Path:
        """Open a sealed file; `target` appears only when every byte has been found genuine.

        Parameters
        ----------
        source, target : str or Path
            The sealed file, and where its content goes (replaced when it exists).

        Returns
        -------
        Path
            The opened file.

        Raises
        ------
        ProtectError
            When the file was changed, cut short, lengthened, its chunks exchanged, or another key sealed it.
        """
        with _open_source(source, target) as reader, write_aside(target) as writer:
            for chunk in self.open_stream(reader):
                writer.write(chunk)
        return Path(target)

    def seal_stream(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Seal what `reader` (seekable) holds from its place on into `writer`; see `seal_file`."""
        cipher_files.seal_stream(self.ring, reader, writer)

    def open_stream(self, reader: BinaryIO) -> Iterator[bytes]:
        """Yield the genuine chunks of a sealed file in order; a fault may come after some were yielded."""
        return cipher_files.open_stream(self.ring, reader)


def rotate_cells(
    sealed: Sequence[bytes | None], *, old: Cipher, new: Cipher, column: str, owners: Sequence[str]
) -> list[bytes | None]:
    """Seal cells again with another key.

    Parameters
    ----------
    sealed : sequence of bytes or None
        Cells sealed by `old`.
    old, new : Cipher
        The keys to open with, and those to seal with.
    column, owners
        As in `Cipher.seal`.

    Returns
    -------
    list of bytes or None
        The cells, to be opened with `new`.
    """
    return new.seal(old.open(sealed, column=column, owners=owners), column=column, owners=owners)


def _open_source(source: str | Path, target: str | Path) -> BinaryIO:
    if Path(source).resolve() == Path(target).resolve():
        raise ProtectError(
            f"seal_file: source and target must be two files; got {str(source)!r} twice. Choose another target."
        )
    try:
        return open(source, "rb")
    except OSError as fault:
        raise ProtectError(
            f"seal_file: {str(source)!r} cannot be read ({fault.strerror}). Check the path."
        ) from None


def _pair(where: str, values: Sequence[Any], column: str, owners: Sequence[str]) -> list[tuple[Any, str]]:
    if len(values) != len(owners):
        raise ProtectError(
            f"{where}: column {column!r} needs one owner per value; got {len(values):,} values and "
            f"{len(owners):,} owners. Pass the customer_no of every row."
        )
    pairs = list(zip(values, owners, strict=True))
    if any(not isinstance(owner, str) or not owner for _, owner in pairs):
        raise ProtectError(
            f"{where}: column {column!r} needs the customer_no of every row as text; at least one is missing. "
            "Give every customer a number first."
        )
    return pairs


def _tell_place(column: str) -> bytes:
    # the length in front keeps ("ab", "c") and ("a", "bc") apart
    name = column.encode()
    return len(name).to_bytes(2, "big") + name


def _name(column: str, owner: str) -> str:
    return f"column {column!r} of customer {owner!r}"
