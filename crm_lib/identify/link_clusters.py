"""From pairs to persons: join the most certain pairs first, and refuse a join that makes a chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from crm_lib.identify.link_prepare import Prepared

REASONS = {
    "one_register": "both sides hold a record of a register that has each person once",
    "contradiction": "two records differ in name and in birth",
    "weak_bridge": "a doubtful pair alone holds the two sides together",
    "known_persons": "both sides belong to persons known before",
}
FACTS = (
    *("sound", "letters", "given", "last", "mask0", "mask1", "mask2", "mask3"),
    *("email", "birth", "year", "month", "day"),
)
"""Columns of a record that tell whether it contradicts another; the name in Latin letters follows them."""

_BRIDGE = 0.95
_MEAN_OF_SIDES = 0.5
_MOST_CHECKED = 400
_BIRTH = 9
# letters that typing errors may change in a whole name
_SLIPS = 4


@dataclass
class _Joining:
    """What joining needs to know of the records, and the clusters as they grow."""

    register: list[int]
    exclusive: bool
    facts: list[tuple[Any, ...]]
    known: list[int]
    chance: dict[tuple[int, int], float]
    parent: dict[int, int] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)

    def find(self, row: int) -> int:
        """Return the first record of the cluster of `row`."""
        parent = self.parent
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def of(self, root: int) -> list[int]:
        """Return the records of the cluster with this first record."""
        return self.members.setdefault(root, [root])


def join_pairs(
    n: int,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    prepared: Prepared,
    *,
    exclusive: bool,
    known: np.ndarray | None = None,
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Join records into persons.

    Parameters
    ----------
    n : int
        Number of records.
    pairs : tuple of array
        Left row, right row and probability of the pairs to join.
    prepared : Prepared
        The records: registers, names, births.
    exclusive : bool
        Every register holds a person once.
    known : array of int, optional
        Number of the person known before per record, −1 without; records of one number start joined.

    Returns
    -------
    tuple
        Per record the row of the first record of its person, and the joins refused.

    Notes
    -----
    Pairs are taken from the most probable to the least (ties by row), so the weakest pair of a chain is the
    one refused.  Joining is refused for the four reasons in `REASONS`.
    """
    import numpy as np

    known = np.full(n, -1, dtype="int64") if known is None else known
    left, right, chance = _with_known(pairs, known)
    root = connect_rows(n, left, right)
    sizes = np.bincount(root, minlength=n)
    simple = (sizes[root[left]] == 2) if len(left) else np.zeros(0, dtype=bool)
    hard = np.flatnonzero(~simple)
    out = np.where(sizes[root] == 2, root, np.arange(n))
    if not len(hard):
        return out, []
    joining = _start(prepared, exclusive, known, (left[hard], right[hard], chance[hard]))
    order = np.lexsort((right[hard], left[hard], -chance[hard]))
    refused = _join_hard(joining, left[hard][order], right[hard][order], chance[hard][order])
    for first, rows in joining.members.items():
        if joining.parent[first] == first:
            out[rows] = min(rows)
    return out, refused


def _with_known(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], known: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add sure pairs (probability 2) that hold the records of a known person together."""
    import numpy as np

    rows = np.flatnonzero(known >= 0)
    rows = rows[np.argsort(known[rows], kind="stable")]
    together = known[rows[:-1]] == known[rows[1:]] if len(rows) else np.zeros(0, dtype=bool)
    first, second = rows[:-1][together], rows[1:][together]
    return (
        np.concatenate([pairs[0], np.minimum(first, second)]).astype("int64"),
        np.concatenate([pairs[1], np.maximum(first, second)]).astype("int64"),
        np.concatenate([pairs[2], np.full(len(first), 2.0)]),
    )


def connect_rows(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return per record the smallest row that any chain of pairs leads to."""
    import numpy as np

    root = np.arange(n, dtype="int64")
    while len(left):
        low = np.minimum(root[left], root[right])
        before = root.copy()
        np.minimum.at(root, root[left], low)
        np.minimum.at(root, root[right], low)
        root = root[root]
        if np.array_equal(root, before):
            break
    while not np.array_equal(root, root[root]):
        root = root[root]
    return root


def _start(
    prepared: Prepared, exclusive: bool, known: np.ndarray, pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> _Joining:
    import numpy as np

    n = len(prepared)
    nothing = np.full(n, -1, dtype="int64")
    columns = [prepared.columns.get(title, nothing) for title in FACTS]
    columns.append(prepared.columns.get("latin", np.full(n, None, dtype=object)))
    facts = list(zip(*(c.tolist() for c in columns), strict=True))
    chance = dict(zip(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True), pairs[2].tolist(), strict=True))
    return _Joining(prepared.register.tolist(), exclusive, facts, known.tolist(), chance)


def _join_hard(
    joining: _Joining, left: np.ndarray, right: np.ndarray, chance: np.ndarray
) -> list[dict[str, Any]]:
    refused = []
    for a, b, p in zip(left.tolist(), right.tolist(), chance.tolist(), strict=True):
        one, other = joining.find(a), joining.find(b)
        if one == other:
            continue
        mine, theirs = joining.of(one), joining.of(other)
        reason = "" if p > 1 else _find_reason(joining, mine, theirs, p)
        if reason:
            sizes = {"n_left": len(mine), "n_right": len(theirs)}
            refused.append({"left": a, "right": b, "probability": p, "reason": reason, **sizes})
            continue
        if len(mine) < len(theirs):
            one, other, mine, theirs = other, one, theirs, mine
        joining.parent[other] = one
        mine += theirs
        del joining.members[other]
    return refused


def _find_reason(joining: _Joining, mine: list[int], theirs: list[int], p: float) -> str:
    """Return why two clusters must not be joined, or an empty text."""
    persons = {joining.known[r] for r in mine} - {-1}, {joining.known[r] for r in theirs} - {-1}
    if persons[0] and persons[1] and persons[0] != persons[1]:
        return "known_persons"
    if joining.exclusive and {joining.register[r] for r in mine} & {joining.register[r] for r in theirs}:
        return "one_register"
    if len(mine) + len(theirs) == 2:
        return ""
    across = [(a, b) for a in mine[:20] for b in theirs[:20]][:_MOST_CHECKED]
    judged = [(joining.facts[a], joining.facts[b]) for a, b in across if _can_judge(joining, a, b)]
    if sum(contradict(a, b) for a, b in judged) > len(judged) / 2:
        return "contradiction"
    if p < _BRIDGE:
        found = [joining.chance.get((min(c), max(c)), 0.0) for c in across]
        if sum(found) / len(found) < _MEAN_OF_SIDES:
            return "weak_bridge"
    return ""


def _can_judge(joining: _Joining, a: int, b: int) -> bool:
    one, other = joining.facts[a], joining.facts[b]
    return min(one[0], other[0], one[_BIRTH], other[_BIRTH]) >= 0


def contradict(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Return whether two records differ both in name and in birth, so far that no slip explains it.

    A record's facts are sound, letters, given name, last character, four masks, mail, birth, year, month,
    day, and the name in Latin letters or None.
    """
    from rapidfuzz.distance import Levenshtein

    if min(one[0], other[0], one[_BIRTH], other[_BIRTH]) < 0:
        return False
    if any(a == b >= 0 for a, b in zip(one[:_BIRTH], other[:_BIRTH], strict=True)):
        return False
    if one[-1] and other[-1] and Levenshtein.distance(one[-1], other[-1]) <= _SLIPS:
        return False
    apart = abs(one[_BIRTH] - other[_BIRTH])
    equal = sum(a == b for a, b in zip(one[_BIRTH + 1 : -1], other[_BIRTH + 1 : -1], strict=True))
    return equal < 2 and apart > 31 and abs(apart - 365) > 2 and abs(apart - 3652) > 2
