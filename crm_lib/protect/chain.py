"""A log whose rows hold each other: each carries the hash of the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from crm_lib._checks import require_columns
from crm_lib.errors import ProtectError
from crm_lib.protect.files import write_aside
from crm_lib.protect.normal import is_missing

if TYPE_CHECKING:
    import pandas as pd

CHAIN_START = "0" * 64
FAULTS = ("changed", "missing", "reordered", "truncated")
_LINKS = ("previous_hash", "hash")


class Head(NamedTuple):
    """The end of a chain: how many rows it has, and the hash of the last."""

    n: int
    hash: str


def chain_hash(previous: str, entry: Mapping[str, Any]) -> str:
    """Return the hash that holds an entry to the one before it.

    Parameters
    ----------
    previous : str
        The hash of the entry before; `CHAIN_START` for the first.
    entry : mapping
        Column → value; ``previous_hash`` and ``hash`` are left out if they are there.

    Returns
    -------
    str
        64 hex digits.

    Notes
    -----
    SHA-256 of canonical JSON: keys sorted, times to the second, whole floats as integers (a column of counts
    comes back from a database as floats when one is missing), missing values as null.

    Examples
    --------
    >>> first = chain_hash(CHAIN_START, {"seq": 1, "action": "create"})
    >>> first == chain_hash(CHAIN_START, {"action": "create", "seq": 1.0, "hash": "x"})
    True
    """
    content = {str(k): _plain(v) for k, v in entry.items() if k not in _LINKS}
    text = json.dumps(
        {"previous": previous, "entry": content},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_missing(value):
        return None
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
        return _plain(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def verify_chain(entries: pd.DataFrame, *, head: Head | tuple[int, str] | None = None) -> pd.DataFrame:
    """Find what was changed, taken out, moved or cut off in a chained log.

    Parameters
    ----------
    entries : DataFrame
        The log in its order, one entry a row, with ``seq`` (1, 2, 3 …), ``previous_hash`` and ``hash``; all
        other columns are what was hashed.
    head : (n, hash), optional
        The end of the chain as it was anchored outside (`anchor`); rows may have been added since.

    Returns
    -------
    DataFrame
        One finding a row: ``seq``, ``fault`` (changed, missing, reordered, truncated), ``detail``.  No row:
        the chain is whole.

    Notes
    -----
    The hash has no key, so whoever may write to the whole log can compute it anew, and what is cut off at
    the end leaves no gap: only an anchor kept out of his reach shows that.
    """
    import pandas as pd

    require_columns("verify_chain", entries.columns, ["seq", *_LINKS])
    rows = entries.to_dict("records")
    found = [*_walk(rows), *(_check_head(rows, Head(int(head[0]), str(head[1]))) if head is not None else ())]
    out = pd.DataFrame(found, columns=["seq", "fault", "detail"])
    return out.astype({"seq": "int64", "fault": str, "detail": str})


def _walk(rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    numbers = [_number(row) for row in rows]
    known, places, found = sorted(set(numbers)), _trace(rows), []
    before, last, doubted = CHAIN_START, 0, False
    for row, seq in zip(rows, numbers, strict=True):
        here: tuple[int, str, str] | None = None
        n_gone = seq - 1 - last - (bisect_left(known, seq) - bisect_right(known, last))
        if chain_hash(row["previous_hash"], row) != row["hash"]:
            moved = {**row, "seq": places.get(row["hash"])}
            if chain_hash(row["previous_hash"], moved) == row["hash"]:
                here = (seq, "reordered", f"entry {seq} was written as entry {moved['seq']}")
            else:
                here = (seq, "changed", f"entry {seq} is not what was written")
        elif n_gone > 0:
            here = (seq, "missing", f"{n_gone} before entry {seq} taken out, behind entry {last}")
        elif seq != last + 1:
            here = (seq, "reordered", f"entry {seq} does not stand where it was written")
        elif row["previous_hash"] != before and not doubted:
            here = (last, "changed", f"entry {last} was replaced: entry {seq} was written behind another")
        found += [here] if here else []
        before, last, doubted = row["hash"], max(seq, last), here is not None
    return found


def _number(row: Mapping[str, Any]) -> int:
    try:
        return int(row["seq"])
    except (TypeError, ValueError):
        return 0


def _trace(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return the place of every entry when one follows the hashes from the start; a broken line ends it."""
    following = {row["previous_hash"]: row["hash"] for row in rows}
    places: dict[str, int] = {}
    at, number = following.get(CHAIN_START), 1
    while at is not None and at not in places:
        places[at] = number
        at, number = following.get(at), number + 1
    return places


def _check_head(rows: list[dict[str, Any]], head: Head) -> list[tuple[int, str, str]]:
    at = {_number(row): row["hash"] for row in rows}
    last = max(at, default=0)
    if last < head.n:
        gone = f"the log ends at entry {last}; entry {head.n} had been written when it was anchored"
        return [(last, "truncated", gone)]
    if head.n and at.get(head.n) != head.hash:
        return [(head.n, "changed", f"entry {head.n} is not the one that was anchored")]
    return []


def anchor(entries: pd.DataFrame, path: str | Path | None = None) -> Head:
    """Return the end of a chain, and write it down where the log's keeper cannot reach it.

    Parameters
    ----------
    entries : DataFrame
        The log as for `verify_chain`.
    path : str or Path, optional
        A file to write it to, such as one on the auditor's machine.

    Returns
    -------
    Head
        ``(n, hash)``, for `verify_chain`.
    """
    require_columns("anchor", entries.columns, ["seq", "hash"])
    last = entries.loc[entries["seq"].idxmax()] if len(entries) else {"seq": 0, "hash": CHAIN_START}
    head = Head(int(last["seq"]), str(last["hash"]))
    if path is not None:
        with write_aside(path) as file:
            file.write((json.dumps(head._asdict()) + "\n").encode())
    return head


def read_anchor(path: str | Path) -> Head:
    """Read an anchor that `anchor` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Head
        ``(n, hash)``.

    Raises
    ------
    ProtectError
        When the file holds no anchor.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return Head(int(content["n"]), str(content["hash"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ProtectError(
            f"read_anchor: {str(path)!r} must hold an anchor written by anchor(); it does not. "
            "Look for it where the auditor keeps it."
        ) from None
