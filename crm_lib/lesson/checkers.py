"""Checkers for answers where equality is not the question: clusters, scores, texts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crm_lib.catalogue import say
from crm_lib.lesson.compare import Verdict, compare_answers

# A group counts as nearly found from here on: chance gives 0, the same grouping 1.
_NEAR = 0.5
_NUMBER = re.compile(r"[-+−]?\d[\d,，]*(?:\.\d+)?\s*%?")


def compare_clusters(answer: Any, expected: Any, *, at_least: float = 1.0) -> Verdict:
    """Compare two clusterings up to the names of the clusters.

    Parameters
    ----------
    answer, expected
        A table with ``customer_id`` and one column of labels (matched by customer), or
        labels in the order of the rows.
    at_least
        Adjusted Rand index from which on they count as the same.

    Returns
    -------
    Verdict
        Equal, or a message that tells near from far.
    """
    wanted, got = _read_labels(expected), _read_labels(answer)
    if wanted is None or got is None:
        return compare_answers(answer, expected)
    if isinstance(wanted, dict) and isinstance(got, dict):
        if set(wanted) != set(got):
            return Verdict(False, say("check.clusters_ids"))
        order = sorted(wanted)
        a, b = [got[k] for k in order], [wanted[k] for k in order]
    else:
        a, b = (list(v.values()) if isinstance(v, dict) else v for v in (got, wanted))
    if len(a) != len(b):
        return Verdict(False, say("check.clusters_rows", needed=len(b), got=len(a)))
    rand = adjusted_rand(a, b)
    if rand >= at_least - 1e-12:
        return Verdict(True)
    return Verdict(False, say("check.clusters_near" if rand >= _NEAR else "check.clusters_far"))


def _read_labels(value: Any) -> dict[str, str] | list[str] | None:
    if hasattr(value, "to_frame") and not hasattr(value, "columns"):
        return [str(v) for v in value.tolist()]
    if hasattr(value, "columns"):
        names = [str(c) for c in value.columns]
        labels = [i for i, c in enumerate(names) if c != "customer_id"]
        if len(labels) != 1:
            return None
        column = [str(v) for v in value.iloc[:, labels[0]].tolist()]
        if "customer_id" not in names:
            return column
        ids = [str(v) for v in value.iloc[:, names.index("customer_id")].tolist()]
        return dict(zip(ids, column, strict=True)) if len(set(ids)) == len(ids) else {}
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [str(v) for v in value] if isinstance(value, list | tuple) else None


def adjusted_rand(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Return the adjusted Rand index of two labelings of the same objects.

    Notes
    -----
    (index − expected) / (max − expected) over pairs (Hubert and Arabie 1985).  Two
    labelings that both put everything into one cluster, or everything apart, agree: 1.

    Examples
    --------
    >>> adjusted_rand([1, 1, 2, 2], ["b", "b", "a", "a"])
    1.0
    """
    pairs = math.comb(len(a), 2)
    both = sum(math.comb(n, 2) for n in Counter(zip(a, b, strict=True)).values())
    one, other = (sum(math.comb(n, 2) for n in Counter(v).values()) for v in (a, b))
    if not pairs or one == other == pairs or one == other == 0:
        return 1.0
    chance = one * other / pairs
    return (both - chance) / ((one + other) / 2 - chance)


def compare_scores(answer: Any, expected: Any) -> Verdict:
    """Compare scores per customer and tell the frequent faults of R.F.M. scoring apart.

    Parameters
    ----------
    answer, expected
        Tables with ``customer_id``, columns ``score_*`` and, in `expected`, perhaps the
        values that were scored.  Further columns of either are not compared.

    Returns
    -------
    Verdict
        The message tells a reversed direction, a shifted scale, ties that were broken
        and values right on a border from other faults.
    """
    if not hasattr(answer, "columns") or "customer_id" not in answer.columns:
        return compare_answers(answer, expected)
    columns = [c for c in expected.columns if str(c).startswith("score_")]
    if any(c not in answer.columns for c in columns):
        needed, got = "、".join(["customer_id", *columns]), "、".join(map(str, answer.columns))
        return Verdict(False, say("check.wrong_columns", needed=needed, got=got))
    ids = [str(v) for v in answer["customer_id"]]
    if sorted(ids) != sorted(str(v) for v in expected["customer_id"]) or len(set(ids)) < len(ids):
        return Verdict(False, say("check.clusters_ids"))
    right = 0
    message = ""
    for column in columns:
        fault = _find_score_fault(answer, expected, column)
        right += not fault
        message = message or fault
    return Verdict(not message, message, 0.0 if not right else 0.5 * right / len(columns) if message else 0.0)


def _find_score_fault(answer: Any, expected: Any, column: str) -> str:
    got = _by_customer(answer, column)
    wanted = _by_customer(expected, column)
    steps = {k: got[k] - wanted[k] for k in wanted}
    wrong = [k for k, step in steps.items() if step != 0]
    if not wrong:
        return ""
    if any(math.isnan(score) for score in got.values()):
        return say("check.scores_wrong", n=len(wrong), column=column)
    low, high = min(wanted.values()), max(wanted.values())
    if high > low and all(got[k] == low + high - wanted[k] for k in wanted):
        return say("check.scores_reversed")
    if len(set(steps.values())) == 1:
        return say("check.scores_shifted", by=steps[wrong[0]])
    values = _values_of(expected, column)
    seen: dict[Any, float] = {}
    if values and any(seen.setdefault(values[k], got[k]) != got[k] for k in wanted):
        return say("check.scores_ties")
    if len(wrong) <= len(wanted) / 4 and all(abs(steps[k]) == 1 for k in wrong):
        return say("check.scores_edge")
    return say("check.scores_wrong", n=len(wrong), column=column)


def _by_customer(table: Any, column: str) -> dict[str, float]:
    values = (
        v if isinstance(v, int | float) and not isinstance(v, bool) else math.nan
        for v in table[column].tolist()
    )
    return dict(zip(map(str, table["customer_id"]), values, strict=True))


def _values_of(expected: Any, column: str) -> dict[str, Any]:
    name = {"score_r": "recency_days", "score_f": "n_orders", "score_m": "revenue"}.get(column, "")
    if name not in expected.columns:
        return {}
    return dict(zip(map(str, expected["customer_id"]), expected[name].tolist(), strict=True))


@dataclass(frozen=True)
class TextFacts:
    """What a text must say; `expected` of a `Check` returns it, computed from the data.

    Parameters
    ----------
    words
        Fact → wordings, one of which must stand there.
    numbers
        Fact → number that must stand there (``12.3%`` counts as 0.123 and as 12.3).
    never
        Fault → wordings none of which may stand there.
    least
        Fewest characters, blanks not counted.
    tolerance
        Largest allowed relative difference of a number.
    """

    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    never: tuple[tuple[str, tuple[str, ...]], ...] = ()
    least: int = 0
    tolerance: float = 0.005


def compare_text(answer: Any, expected: Any) -> Verdict:
    """Compare a text with the facts it must state; the share is that of the facts stated.

    A text that states a fault, or is too short, is worth nothing: listing every
    wording would else earn the points.
    """
    if not isinstance(answer, str) or not isinstance(expected, TextFacts):
        return compare_answers(answer, expected if not isinstance(expected, TextFacts) else "")
    text = re.sub(r"\s+", "", answer).lower()
    if len(text) < expected.least:
        return Verdict(False, say("check.text_short", least=expected.least))
    wrong = [name for name, wordings in expected.never if _says(text, wordings)]
    if wrong:
        return Verdict(False, say("check.text_wrong", facts="、".join(wrong)))
    stated = list(_read_numbers(answer))
    near: Callable[[float, float], bool] = lambda a, b: math.isclose(a, b, rel_tol=expected.tolerance)  # noqa: E731
    lacking = [name for name, wordings in expected.words if not _says(text, wordings)]
    lacking += [name for name, number in expected.numbers if not any(near(s, number) for s in stated)]
    if not lacking:
        return Verdict(True)
    asked = len(expected.words) + len(expected.numbers)
    return Verdict(False, say("check.text_lacks", facts="、".join(lacking)), (asked - len(lacking)) / asked)


def _says(text: str, wordings: Sequence[str]) -> bool:
    return any(re.sub(r"\s+", "", w).lower() in text for w in wordings)


def _read_numbers(text: str) -> list[float]:
    found = []
    for hit in _NUMBER.findall(text):
        plain = re.sub(r"[,，\s%]", "", hit).replace("−", "-")
        found += [float(plain)] + ([float(plain) / 100] if hit.endswith("%") else [])
    return found
