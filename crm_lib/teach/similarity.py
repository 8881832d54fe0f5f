"""Find pairs of submissions that share more rare code than chance gives; nothing leaves the machine."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from crm_lib.teach.results import GRADED, Graded
from crm_lib.teach.similarity_tokens import Fingerprint, fingerprint_cells, hash_template

# What more than this share of the class has says nothing about two of them.
COMMON_SHARE = 0.5
# Neighbouring fingerprints (some 80 tokens) that count as one coincidence when they are shared.
PASSAGE = 40
# A pair is shown when it reaches both (how they were found: `find_similar`, Notes).
LEAST_RARE = 3.3
LEAST_STRENGTH = 7.5


@dataclass(frozen=True)
class Work:
    """The code of one student in one notebook: titles of the cells and their code, in order."""

    student_id: str
    name: str
    class_name: str
    sha256: str
    titles: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two submissions that are alike.

    Parameters
    ----------
    score
        Shared weight over the weight of the smaller work, from 0 to 1.
    evidence
        Sum over the shared passages of ``log((n + 1) / k)``, in nats, when `k` of
        the `n` students have the rarest fingerprint of the passage.
    strength
        ``evidence * score ** 2``: what is shared counts less the more is not.
    rare
        The strength, counted in passages that nobody else has.
    left_lines, right_lines
        (cell, line) of every line that lies in a shared passage; cells count
        from 0, lines from 1.
    same_file
        The two files are equal to the byte.
    """

    notebook_id: str
    left: Work
    right: Work
    score: float
    evidence: float
    strength: float
    rare: float
    left_lines: frozenset[tuple[int, int]]
    right_lines: frozenset[tuple[int, int]]
    same_file: bool = False


def find_similar(
    graded: Sequence[Graded],
    *,
    templates: Mapping[str, Iterable[str]] | None = None,
    least_rare: float = LEAST_RARE,
) -> list[Pair]:
    """Find pairs of students whose code is alike beyond what the task makes alike.

    Parameters
    ----------
    graded : sequence of Graded
        One entry per student and notebook; the code of their answers and their
        extra cells is compared, per notebook, across all classes.
    templates : mapping of str to iterable of str, optional
        notebook_id → code cells handed out; those of the built notebook by default.
    least_rare : float
        A pair is returned when it reaches this, and a strength of 7.5 nats, which
        matters in classes of fewer than 19 only.

    Returns
    -------
    list of Pair
        By notebook, the strongest first.

    Notes
    -----
    Fingerprints are winnowed runs of six normalised tokens (Schleimer, Wilkerson
    and Aiken 2003).  Dropped are those of the template and those that more than
    half of the class has; the rest weighs the more the fewer students have it: a
    passage two of forty share is no chance, one that fifteen share is an idiom.
    Of forty neighbouring fingerprints the rarest alone counts as evidence, for
    whoever picks an idiom picks all of it.

    The bounds come from simulated classes of students who work alone but draw on
    the same idioms and explore in the same ways (``tests/teach/class_of_students.py``).
    Largest strength of an innocent pair in 200 classes of 4, 200 of 6, 150 of 12, 100
    of 20, 150 of 40 and 12 of 120: 2.0, 3.2, 5.3, 5.6, 8.9 and 8.5; bound: 7.5, 7.5, 7.5,
    7.8, 10.0 and 13.5.  In a class of forty, disguised copies with two explorations of
    their own are found in 94 of 100 cases, with three or more practically always, with
    one in 65, with none in 7: nothing tells a short right answer that was copied from
    one found alone; and small classes hide copies, for they do not show what is rare.
    What more than half of the class copied cannot be seen.  A pair says "look at these
    two", never "these two have cheated".
    """
    by_notebook: dict[str, list[Graded]] = defaultdict(list)
    for entry in graded:
        if entry.status == GRADED:
            by_notebook[entry.notebook_id].append(entry)
    pairs = []
    for notebook_id, entries in sorted(by_notebook.items()):
        code = (templates or {}).get(notebook_id)
        template = hash_template(read_template(notebook_id) if code is None else code)
        works = [read_work(entry) for entry in sorted(entries, key=lambda e: e.student_id)]
        found = [
            pair
            for pair in compare_works(notebook_id, works, template)
            if pair.rare >= least_rare and pair.strength >= LEAST_STRENGTH
        ]
        pairs += sorted(found, key=lambda p: (-p.strength, p.left.student_id, p.right.student_id))
    return pairs


def read_template(notebook_id: str) -> list[str]:
    """Return the code cells and the code inside the texts of the notebook handed out."""
    import re

    from crm_lib._places import notebook_file

    path = notebook_file(notebook_id)
    if not path.exists():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for cell in cells:
        text = "".join(cell["source"])
        found += [text] if cell["cell_type"] == "code" else re.findall(r"`([^`\n]+)`", text)
    return found


def read_work(entry: Graded) -> Work:
    """Return the code of a submission: its answers in order, then its own further cells."""
    cells = [(task.title, code) for task in entry.tasks for code in task.code]
    cells += [("", code) for code in entry.extras]
    return Work(
        entry.student_id,
        entry.name,
        entry.class_name,
        entry.sha256,
        tuple(title for title, _ in cells),
        tuple(code for _, code in cells),
    )


def compare_works(notebook_id: str, works: Sequence[Work], template: frozenset[str]) -> list[Pair]:
    """Return every pair of works that share a rare fingerprint, whatever its score."""
    prints = [_index(fingerprint_cells(work.cells), template) for work in works]
    owners = Counter(value for one in prints for value in one)
    n = sum(1 for one in prints if one)
    # In a class of two or three "more than half" would be the pair itself.
    most = max(COMMON_SHARE * n, 2)
    weights = {value: math.log((n + 1) / k) for value, k in owners.items() if k <= most}
    own = [sum(weights.get(value, 0.0) for value in sorted(one)) for one in prints]
    pairs = []
    for i, j in combinations(range(len(works)), 2):
        shared = sorted(value for value in prints[i].keys() & prints[j].keys() if value in weights)
        if not shared:
            continue
        evidence = min(_weigh_passages(prints[k], set(shared), weights) for k in (i, j))
        lines = [frozenset(_lines_of(prints[k], shared)) for k in (i, j)]
        same = bool(works[i].sha256) and works[i].sha256 == works[j].sha256
        score = sum(weights[value] for value in shared) / min(own[i], own[j])
        strength = evidence * score**2
        rare = strength / math.log((n + 1) / 2)
        pairs.append(Pair(notebook_id, works[i], works[j], score, evidence, strength, rare, *lines, same))
    return pairs


def _weigh_passages(
    index: Mapping[str, list[Fingerprint]], shared: set[str], weights: Mapping[str, float]
) -> float:
    """Add up the rarest fingerprint of every shared passage: what follows from it is no news."""
    places = {(one.cell, one.place): one.value for many in index.values() for one in many}
    total, best, end = 0.0, 0.0, (-1, -1)
    seen: set[str] = set()
    for cell, place in sorted(places):
        value = places[cell, place]
        if value not in shared or value in seen:
            continue
        seen.add(value)
        if (cell, place) >= end or cell != end[0]:
            total, best, end = total + best, 0.0, (cell, place + PASSAGE)
        best = max(best, weights[value])
    return total + best


def _index(found: Iterable[Fingerprint], template: frozenset[str]) -> dict[str, list[Fingerprint]]:
    index: dict[str, list[Fingerprint]] = defaultdict(list)
    for one in found:
        if one.value not in template:
            index[one.value].append(one)
    return dict(index)


def _lines_of(index: Mapping[str, list[Fingerprint]], shared: Iterable[str]) -> Iterable[tuple[int, int]]:
    for value in shared:
        for one in index[value]:
            yield from ((one.cell, line) for line in range(one.first, one.last + 1))
