"""Blocking: which pairs are looked at, chosen by counting them under a budget.

A rule is a key made of columns; records with equal keys are paired.  Keys are
whole numbers made here, so that the database joins numbers, and a key that no
other record has, or far too many have, is blanked beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify.link_prepare import Prepared

# from the most telling to the least; a rule further down is taken while the budget lasts
RULES = (
    ("email",),
    ("phone",),
    ("birth", "whole"),
    ("birth", "sound"),
    ("birth", "addr"),
    ("sound", "addr"),
    ("surname_sound", "addr"),
    ("phone_end",),
    ("birth", "given"),
    ("birth", "last"),
    ("birth", "surname_sound"),
    ("birth", "initial"),
    ("birth", "pet"),
    ("birth", "gender", "place"),
    ("birth", "post"),
    ("whole", "addr"),
    ("sound", "year"),
    ("sound", "month", "day"),
    ("letters", "year"),
    ("given", "month", "day", "year"),
    ("surname_sound", "month", "day", "place"),
    ("last", "addr"),
    ("given", "addr"),
    ("mail_name",),
    ("given", "post"),
    ("surname", "post"),
    ("sound", "place"),
    ("sound",),
    ("addr",),
    ("birth",),
    ("surname", "year", "place"),
    ("given", "year", "place"),
    ("given", "year", "month"),
    ("given", "year", "day"),
    ("surname", "year", "month"),
    ("surname", "year", "day"),
    ("numbers", "year"),
    ("whole",),
    ("given",),
    ("surname",),
)
_PAIRS_PER_RECORD = 8.0
_PAIRS_ANYWAY = 60_000
# one rule may take this part of the budget, so that a broad one does not push out the next
_PART_OF_RULE = 0.35
_SPENT = 0.97
_LARGEST_GROUP = 200


@dataclass(frozen=True)
class Pairing:
    """Which records are paired.

    ``keys`` holds per rule a number per record (−1 pairs with nobody), ``twins`` pairs of equal records,
    ``across`` says that a pair stands in two registers, ``new`` marks records of which a pair needs one.
    """

    keys: dict[str, np.ndarray]
    twins: np.ndarray
    across: bool
    new: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Pairing:
        """Return the pairing of some of the records, without their twins."""
        import numpy as np

        keys = {title: key[rows] for title, key in self.keys.items()}
        return Pairing(keys, np.zeros((0, 2), dtype="int64"), self.across)


def choose_blocking(
    prepared: Prepared, *, across: bool, new: np.ndarray | None = None, budget: float | None = None
) -> tuple[Pairing, pd.DataFrame]:
    """Choose blocking rules by counting the pairs each one makes.

    Parameters
    ----------
    prepared : Prepared
        The records.
    across : bool
        Pair records of different registers only.
    new : array of bool, optional
        Records of which at least one must be in a pair.
    budget : float, optional
        Most pairs in all; by default eight per record and 60,000.

    Returns
    -------
    tuple
        The pairing, and a report on all rules: rule, n_pairs, n_large_keys, used, reason.
    """
    import pandas as pd

    n = len(prepared)
    budget = _PAIRS_PER_RECORD * n + _PAIRS_ANYWAY if budget is None else float(budget)
    keys: dict[str, np.ndarray] = {}
    lines: list[tuple[str, int, int, bool, str]] = []
    spent = 0.0
    for rule in RULES:
        if not all(c in prepared.columns for c in rule):
            continue
        name = " + ".join(rule)
        if spent > _SPENT * budget:
            lines.append((name, 0, 0, False, "not counted: the budget is spent"))
            continue
        key, n_pairs, n_large = _make_key(prepared, rule, across)
        used = 0 < n_pairs <= budget * _PART_OF_RULE and spent + n_pairs <= budget
        reason = "" if used else "pairs nobody" if n_pairs == 0 else "too many pairs for the budget"
        if used:
            keys[name] = key if new is None else _keep_with_new(key, new)
            spent += n_pairs
        lines.append((name, n_pairs, n_large, used, reason))
    columns = ["rule", "n_pairs", "n_large_keys", "used", "reason"]
    report = pd.DataFrame(lines, columns=columns).astype({"n_pairs": "int64", "n_large_keys": "int64"})
    return Pairing(keys, chain_twins(prepared, across), across, new), report


def all_alike(prepared: Prepared) -> bool:
    """Return whether several records hold the very same values."""
    import numpy as np

    key = _profile(prepared)
    return len(key) > 1 and len(np.unique(key)) == 1 and int(key[0]) >= 0


def chain_twins(prepared: Prepared, across: bool) -> np.ndarray:
    """Return pairs of neighbours among records that agree in everything, however many there are."""
    import numpy as np

    key = _profile(prepared)
    order = np.argsort(key, kind="stable")
    left, right = order[:-1], order[1:]
    twins = (key[left] == key[right]) & (key[left] >= 0)
    if across:
        twins &= prepared.register[left] != prepared.register[right]
    return np.column_stack([left[twins], right[twins]])


def _profile(prepared: Prepared) -> np.ndarray:
    """Return a number for all that a record holds; −1 where it holds less than two values."""
    import numpy as np

    key = np.zeros(len(prepared), dtype="int64")
    n_known = np.zeros(len(prepared), dtype="int64")
    for title in ("name", "birth", "phone", "email", "addr"):
        if title in prepared.columns:
            values = prepared.columns[title] + 1
            n_known += values > 0
            key = _combine([key, values])
    return np.where(n_known >= 2, key, -1)


def allow_within(prepared: Prepared) -> bool:
    """Return whether registers seem to hold one person more than once.

    Pairs with equal name and birth (or mail, or telephone) are counted within and across registers; a
    register is taken to hold each person once when such pairs are five times rarer within than across.
    """
    import numpy as np

    if len(np.unique(prepared.register)) < 2:
        return True
    within = across = 0
    for rule in (("whole", "birth"), ("whole", "email"), ("whole", "phone")):
        if all(c in prepared.columns for c in rule):
            key = _combine([prepared.columns[c] for c in rule])
            counts = np.bincount(key[key >= 0]) if (key >= 0).any() else np.zeros(0, dtype="int64")
            inside = _pairs_within(key, prepared.register, len(counts)).sum() if len(counts) else 0
            within += int(inside)
            across += int((counts * (counts - 1) // 2).sum() - inside)
    sizes = np.bincount(prepared.register).astype("float64")
    could_within = float((sizes * (sizes - 1) / 2).sum())
    could_across = len(prepared) * (len(prepared) - 1) / 2 - could_within
    return across < 5 or within / max(could_within, 1.0) > 0.2 * across / max(could_across, 1.0)


def _make_key(prepared: Prepared, rule: tuple[str, ...], across: bool) -> tuple[np.ndarray, int, int]:
    """Return the key of a rule, the pairs it makes and how many keys were too large to use."""
    import numpy as np

    key = _combine([prepared.columns[c] for c in rule])
    counts = np.bincount(key[key >= 0]) if (key >= 0).any() else np.zeros(0, dtype="int64")
    pairs = counts * (counts - 1) // 2
    if across and len(counts):
        pairs = pairs - _pairs_within(key, prepared.register, len(counts))
    large = counts > _LARGEST_GROUP
    keep = (pairs > 0) & ~large
    key = np.where(np.append(keep, False)[key], key, -1)
    return key, int(pairs[keep].sum()), int(large.sum())


def _pairs_within(key: np.ndarray, register: np.ndarray, n_keys: int) -> np.ndarray:
    """Return how many pairs of one key stand in one register."""
    import numpy as np

    out = np.zeros(n_keys, dtype="int64")
    for number in np.unique(register):
        mine = np.bincount(key[(register == number) & (key >= 0)], minlength=n_keys)
        out += mine * (mine - 1) // 2
    return out


def _combine(columns: list[np.ndarray]) -> np.ndarray:
    """Return one number per row for the columns together; −1 where one is missing."""
    import numpy as np
    import pandas as pd

    out = columns[0].astype("int64")
    for more in columns[1:]:
        known = (out >= 0) & (more >= 0)
        both = np.where(known, out * (int(more.max(initial=0)) + 1) + more, -1)
        out = np.where(known, pd.factorize(both)[0], -1)
    return out


def _keep_with_new(key: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Blank keys that no new record has."""
    import numpy as np

    hit = np.zeros(int(key.max(initial=0)) + 2, dtype=bool)
    hit[key[new & (key >= 0)]] = True
    return np.where(hit[key] & (key >= 0), key, -1)
