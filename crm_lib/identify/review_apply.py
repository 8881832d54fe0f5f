"""Feed the decisions of a review list back: what must be together, what must stay apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice, require_columns
from crm_lib.errors import DataError
from crm_lib.identify.review import DECISIONS

if TYPE_CHECKING:
    import pandas as pd

_IDS = ["record_id_l", "record_id_r"]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Reviewed:
    """Links after a review.

    Attributes
    ----------
    links
        One row per record, sorted by record_id, with the columns of the links given.
    moves
        One row per record whose person changed: ``record_id``, ``before``, ``after``.
    contradictions
        One row per decision that was not followed: ``record_id_l``, ``record_id_r``,
        ``decision``, ``reason`` ("both_ways": decided both ways; "joined_by_others": told
        apart, but joined through other pairs; "unknown_record").
    """

    links: pd.DataFrame
    moves: pd.DataFrame
    contradictions: pd.DataFrame


def apply_reviews(
    links: pd.DataFrame, decisions: pd.DataFrame, *, pairs: pd.DataFrame | None = None
) -> Reviewed:
    """Join what was decided to be one person, part what was decided to be two.

    Parameters
    ----------
    links
        One row per record: ``record_id``, ``person_id`` and, if known, ``probability``.
    decisions
        One row per pair: ``record_id_l``, ``record_id_r``, ``decision`` ("same",
        "different"; "unsure" and empty change nothing), as `read_reviews` returns them.
    pairs
        Scored pairs (``record_id_l``, ``record_id_r``, ``probability``): when a person is
        parted, the remaining records go where their probability is highest.

    Returns
    -------
    Reviewed
        links, moves and contradictions.

    Raises
    ------
    SchemaError, DataError
        A column is missing, a record is linked twice, or a decision is another word.

    Notes
    -----
    The records of the persons concerned are joined anew: first the pairs decided to be the
    same, then the old persons' pairs from the likeliest down, never across a pair told apart.
    A contradictory decision is reported and not followed; of a ring of three where a–b and b–c
    are the same and a–c is not, it is a–c.  A person keeps the number most of its records had;
    the part that splits off gets the old number with ``-2``, ``-3`` …  Applied twice, the same
    decisions change nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> links = pd.DataFrame({"record_id": ["a", "b", "c"], "person_id": ["P1", "P1", "P2"]})
    >>> decided = pd.DataFrame(
    ...     {"record_id_l": ["a", "b"], "record_id_r": ["b", "c"], "decision": ["different", "same"]}
    ... )
    >>> apply_reviews(links, decided).links["person_id"].tolist()
    ['P1', 'P2', 'P2']
    """
    import pandas as pd

    person = _check(links, decisions)
    asked = _Asked(decisions, person)
    touched = {person[i] for pair in (*asked.must, *asked.cannot) for i in pair}
    members: dict[str, list[str]] = {}
    for record in sorted(person):
        if person[record] in touched:
            members.setdefault(person[record], []).append(record)
    groups = _join_anew(members, asked, _weigh_pairs(pairs, person, touched))
    after = {**person, **_name_groups(groups, person, set(person.values()))}
    moved = sorted(i for i in person if after[i] != person[i])
    moves = {"record_id": moved, "before": [person[i] for i in moved], "after": [after[i] for i in moved]}
    contradictions = pd.DataFrame(sorted(asked.refused), columns=[*_IDS, "decision", "reason"])
    return Reviewed(_rewrite(links, after, set(moved)), pd.DataFrame(moves), contradictions)


def _check(links: pd.DataFrame, decisions: pd.DataFrame) -> dict[str, str]:
    require_columns("apply_reviews", links.columns, ["record_id", "person_id"])
    require_columns("apply_reviews", decisions.columns, [*_IDS, "decision"])
    for word in sorted(set(decisions["decision"].fillna("").astype(str))):
        require_choice("apply_reviews", "decision", word, [*DECISIONS, ""])
    ids = links["record_id"].astype(str)
    n_bad = int(ids.duplicated().sum() + links["person_id"].isna().sum())
    if n_bad:
        raise DataError(
            f"apply_reviews: links must name each record once, with its person; {n_bad:,} rows do not. "
            "Pass what link_records returned."
        )
    return dict(zip(ids, links["person_id"].astype(str), strict=True))


class _Groups:
    """Records in groups that grow; the smallest record stands for its group."""

    def __init__(self, cannot: Iterable[Pair] = ()) -> None:
        self.first: dict[str, str] = {}
        self.apart: dict[str, set[str]] = {}
        for a, b in cannot:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)

    def find(self, record: str) -> str:
        while (first := self.first.get(record, record)) != record:
            record = first
        return record

    def join(self, a: str, b: str) -> bool:
        """Join two groups unless a pair across them was told apart."""
        low, high = sorted((self.find(a), self.find(b)))
        if low == high:
            return True
        if any(self.find(other) == low for other in self.apart.get(high, ())):
            return False
        self.first[high] = low
        self.apart.setdefault(low, set()).update(self.apart.get(high, ()))
        return True


class _Asked:
    """The decisions, each pair once, and those that cannot be followed."""

    def __init__(self, decisions: pd.DataFrame, person: dict[str, str]) -> None:
        said: dict[str, set[Pair]] = {"same": set(), "different": set()}
        self.refused: list[tuple[str, str, str, str]] = []
        for row in decisions[decisions["decision"].isin(said)].itertuples(index=False):
            pair = tuple(sorted((str(row.record_id_l), str(row.record_id_r))))
            if not set(pair) <= set(person):
                self.refused.append((*pair, row.decision, "unknown_record"))
            else:
                said[row.decision].add(pair)
        both = said["same"] & said["different"]
        self.refused += [(*pair, word, "both_ways") for pair in both for word in said]
        self.must = sorted(said["same"] - both)
        together = _Groups()
        for a, b in self.must:
            together.join(a, b)
        self.cannot = []
        for a, b in sorted(said["different"] - both):
            if together.find(a) == together.find(b):
                self.refused.append((a, b, "different", "joined_by_others"))
            else:
                self.cannot.append((a, b))


def _weigh_pairs(
    pairs: pd.DataFrame | None, person: dict[str, str], touched: set[str]
) -> list[tuple[float, Pair]]:
    if pairs is None:
        return []
    require_columns("apply_reviews", pairs.columns, [*_IDS, "probability"])
    rows = zip(
        pairs["record_id_l"].astype(str), pairs["record_id_r"].astype(str), pairs["probability"], strict=True
    )
    return [
        (float(p), (min(a, b), max(a, b)))
        for a, b, p in rows
        if a in person and person[a] in touched and person[a] == person.get(b)
    ]


def _join_anew(
    members: dict[str, list[str]], asked: _Asked, weights: list[tuple[float, Pair]]
) -> list[list[str]]:
    groups = _Groups(asked.cannot)
    for a, b in asked.must:
        groups.join(a, b)
    for _, (a, b) in sorted(weights, key=lambda w: (-w[0], w[1])):
        groups.join(a, b)
    for records in members.values():
        # without a score: each record joins the first that it may join
        for n, record in enumerate(records):
            for other in records[:n]:
                if groups.join(other, record):
                    break
    found: dict[str, list[str]] = {}
    for records in members.values():
        for record in records:
            found.setdefault(groups.find(record), []).append(record)
    return [sorted(found[first]) for first in sorted(found)]


def _name_groups(groups: list[list[str]], person: dict[str, str], taken: set[str]) -> dict[str, str]:
    """Give each old number to the group with most of its records, and a number of its own to what splits off."""
    claims = sorted(
        (-count, group[0], old, n)
        for n, group in enumerate(groups)
        for old, count in Counter(person[i] for i in group).items()
    )
    name: dict[int, str] = {}
    given: set[str] = set()
    for _, _, old, n in claims:
        if n not in name and old not in given:
            name[n] = old
            given.add(old)
    for n, group in enumerate(groups):
        if n not in name:
            old, k = person[group[0]], 2
            while f"{old}-{k}" in taken:
                k += 1
            name[n] = f"{old}-{k}"
            taken.add(name[n])
    return {record: name[n] for n, group in enumerate(groups) for record in group}


def _rewrite(links: pd.DataFrame, after: dict[str, str], moved: set[str]) -> pd.DataFrame:
    ids = links["record_id"].astype(str)
    out = links.assign(person_id=[after[i] for i in ids])
    if "probability" in out.columns:
        # decided by a person
        out["probability"] = out["probability"].astype("float64").mask(ids.isin(moved), 1.0)
    return out.iloc[ids.argsort(kind="stable")].reset_index(drop=True)
