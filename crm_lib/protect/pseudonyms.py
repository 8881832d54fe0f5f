"""Keyed pseudonyms: tables can be joined by them, and nobody is found without the key."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.errors import ProtectError
from crm_lib.protect.normal import is_missing

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.keys import KeyRing


def pseudonymize(values: pd.Series, *, ring: KeyRing, purpose: str, n_letters: int = 16) -> pd.Series:
    """Replace identifiers by pseudonyms that only the holder of the key can repeat.

    Parameters
    ----------
    values : Series
        Identifiers as text or whole numbers, one a row.
    ring : KeyRing
        The keys.
    purpose : str
        What the table is for: the same customer has another pseudonym under another purpose, so two tables
        given out for two purposes cannot be joined.
    n_letters : int
        Letters and digits of a pseudonym, 5 bits each [1, 51].

    Returns
    -------
    Series
        Pseudonyms with the same index and name; equal values have equal ones, missing stays missing.

    Raises
    ------
    ProtectError
        When two different values fall on one pseudonym, or a value is neither text nor a whole number.

    Notes
    -----
    HMAC-SHA256 with a key of the purpose.  A plain hash would not do: the few billion possible telephone
    numbers are hashed in minutes.  Pseudonyms are still personal data: who holds the key can repeat them,
    and other columns of the row may tell who it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from crm_lib.protect import KeyRing
    >>> ids = pd.Series(["C1", "C2", "C1"])
    >>> a = pseudonymize(ids, ring=KeyRing(bytes(32)), purpose="survey 2024")
    >>> a[0] == a[2], a[0] == a[1], len(a[0])
    (True, False, 16)
    """
    import pandas as pd

    require_range("pseudonymize", "n_letters", n_letters, 1, 51)
    if not purpose.strip():
        raise ProtectError(
            "pseudonymize: purpose must say what the table is for; got an empty text. Name the purpose."
        )
    key = ring.derive(f"pseudonym:{purpose}")
    known: dict[str, str] = {}
    texts = [None if is_missing(v) else _tell(v, values.name) for v in values]
    for text in texts:
        if text is not None and text not in known:
            known[text] = _encode(hmac.digest(key, text.encode(), "sha256"), n_letters)
    _check_apart(known, n_letters)
    found = [None if t is None else known[t] for t in texts]
    return pd.Series(found, index=values.index, name=values.name, dtype="str")


def _tell(value: object, name: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if hasattr(value, "__index__") and not isinstance(value, bool):
        return str(value.__index__())
    raise ProtectError(
        f"pseudonymize: column {name!r} must hold text or whole numbers; got {type(value).__name__}. "
        "Turn it into text first: 7 and 7.0 would be two people."
    )


def _encode(digest: bytes, n_letters: int) -> str:
    return base64.b32encode(digest).decode("ascii").lower()[:n_letters]


def _check_apart(known: dict[str, str], n_letters: int) -> None:
    n_lost = len(known) - len(set(known.values()))
    if n_lost:
        raise ProtectError(
            f"pseudonymize: different values must have different pseudonyms; {n_lost:,} of {len(known):,} "
            f"fall on another's with {n_letters} letters. Ask for more letters."
        )
