"""Keys by reference: where a key lies is written down, the key itself never."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import stat
from pathlib import Path
from typing import NoReturn

from crm_lib.errors import ProtectError

KEY_BYTES = 32
_SALT = b"crm-lib keys, version 1"


class KeyRing:
    """One master key, from which a key of its own is derived for every purpose.

    Parameters
    ----------
    master : bytes
        32 random bytes, as `open_keys` reads them.

    Notes
    -----
    Keys are derived by HKDF-SHA256 (RFC 5869) with the purpose as `info`, so that whoever learns the key of
    one column learns nothing about the others.  `key_id` is derived the same way: it tells two keys apart
    and gives neither away.

    Examples
    --------
    >>> ring = KeyRing(bytes(32))
    >>> ring
    KeyRing(key_id='d15a3ac2')
    >>> ring.derive("column:phone") == ring.derive("column:email")
    False
    """

    __slots__ = ("_derived", "_master", "key_id")

    def __init__(self, master: bytes) -> None:
        if not isinstance(master, bytes) or len(master) != KEY_BYTES:
            got = f"{len(master)} bytes" if isinstance(master, bytes) else type(master).__name__
            raise ProtectError(
                f"KeyRing: a key must be {KEY_BYTES} bytes; got {got}. Make one with make_key(path)."
            )
        self._master = master
        self._derived: dict[str, bytes] = {}
        self.key_id = self.derive("key-id")[:4].hex()

    def derive(self, purpose: str) -> bytes:
        """Return the 32 bytes of this ring's key for one purpose.

        Parameters
        ----------
        purpose : str
            What the key is for, such as ``"column:phone"``.

        Returns
        -------
        bytes
            The same for the same ring and purpose, unrelated for any other.
        """
        if not purpose:
            raise ProtectError("derive: a key needs a purpose; got an empty text. Name what it is for.")
        if purpose not in self._derived:
            self._derived[purpose] = derive_key(self._master, salt=_SALT, info=purpose.encode())
        return self._derived[purpose]

    def __repr__(self) -> str:
        return f"KeyRing(key_id={self.key_id!r})"

    def __reduce__(self) -> NoReturn:
        raise ProtectError(
            f"{self!r}: a key is not copied into files or other processes; got a request to pickle it. "
            "Pass the reference on and call open_keys there."
        )


def derive_key(master: bytes, *, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive a key by HKDF-SHA256.

    Parameters
    ----------
    master, salt, info
        As in RFC 5869: input key material, salt, and what the key is for.
    length
        Bytes wanted.

    Returns
    -------
    bytes
        The derived key.

    Notes
    -----
    Extract and expand are eight lines over the standard library's HMAC, so that masks and pseudonyms need
    no further package; the published vectors and the package ``cryptography`` are held against them in the
    tests.
    """
    pseudo_random = hmac.digest(salt or bytes(hashlib.sha256().digest_size), master, "sha256")
    block, out = b"", b""
    for number in range(1, -(-length // len(pseudo_random)) + 1):
        block = hmac.digest(pseudo_random, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


def open_keys(reference: str) -> KeyRing:
    """Read a master key from where the reference says it lies.

    Parameters
    ----------
    reference : str
        ``"env:NAME"`` (an environment variable) or ``"file:PATH"`` (a file only its owner may read), either
        holding the base64 of 32 bytes.

    Returns
    -------
    KeyRing
        The keys; shown as text it names its `key_id` only.

    Raises
    ------
    ProtectError
        When nothing is there, the file can be read by others, or it holds no key.
    """
    text = read_secret(reference)
    try:
        master = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        master = b""
    if len(master) != KEY_BYTES:
        raise ProtectError(
            f"open_keys: {reference!r} must hold the base64 of {KEY_BYTES} bytes; it does not. "
            "Make a key with make_key(path), and keep the old one for what was sealed with it."
        )
    return KeyRing(master)


def read_secret(reference: str) -> str:
    """Read a secret (a key, a password) from where the reference says it lies.

    Parameters
    ----------
    reference : str
        ``"env:NAME"`` or ``"file:PATH"``; a file must be closed to everybody but its owner.

    Returns
    -------
    str
        The secret without white space around it.

    Raises
    ------
    ProtectError
        When the reference has another form, nothing is there, or others may read the file.
    """
    kind, _, place = str(reference).partition(":")
    if kind == "env" and place:
        if not (text := os.environ.get(place, "").strip()):
            raise ProtectError(
                f"read_secret: environment variable {place!r} must hold the secret; it is empty or not set. "
                "Set it in the shell that starts the program, not in a file of the project."
            )
        return text
    if kind == "file" and place:
        return _read_private(Path(place).expanduser())
    # what was given may be the secret itself, so it is not repeated
    raise ProtectError(
        "read_secret: a secret is given by reference, 'env:NAME' or 'file:PATH'; got another text (not shown). "
        "Write down where it lies, never the secret itself."
    )


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "not plain text"
        raise ProtectError(
            f"read_secret: {str(path)!r} must hold the secret; it cannot be read ({why}). "
            "Check the path, or make a key there with make_key(path)."
        ) from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ProtectError(
            f"read_secret: only its owner may read {str(path)!r} (mode 0600); its mode is "
            f"{stat.S_IMODE(mode):04o}. Run: chmod 600 {path}"
        )
    return text


def make_key(path: str | Path) -> str:
    """Write a new random master key that only its owner can read.

    Parameters
    ----------
    path : str or Path
        A file that does not exist yet.

    Returns
    -------
    str
        The reference ``"file:PATH"`` for `open_keys`.

    Raises
    ------
    ProtectError
        When the file exists: a key that is overwritten takes all it sealed with it.
    """
    path = Path(path).expanduser()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ProtectError(
            f"make_key: {str(path)!r} must not exist yet; it does. What was sealed with the old key would be "
            "lost with it: choose another path."
        ) from None
    except OSError as fault:
        raise ProtectError(
            f"make_key: cannot write {str(path)!r} ({fault.strerror}). Choose a folder you may write to."
        ) from None
    with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii") + "\n")
        file.flush()
        os.fsync(file.fileno())
    return f"file:{path}"
