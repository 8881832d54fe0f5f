"""Judge a chart by its artists: the words on it and the numbers drawn, never its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from crm_lib.catalogue import say
from crm_lib.lesson.compare import Verdict

_KINDS = {"bar": "bar", "line": "line", "points": "scatter"}
_NUMBERS = {"bar": "height", "line": "y", "points": "y"}


@dataclass(frozen=True)
class ChartFacts:
    """What a chart must show; `expected` of a `Check` returns it, computed from the data.

    Parameters
    ----------
    kind
        ``bar``, ``line`` or ``points``.
    values
        Numbers one series must draw (bar heights, or y), in order; for lying bars
        their lengths count.
    title, xlabel, ylabel
        Words each of which must stand there; a word may offer choices: ``金额|消费``.
    any_order
        The numbers may stand in any order.
    tolerance
        Largest allowed relative difference of a number.
    """

    kind: str
    values: tuple[float, ...]
    title: tuple[str, ...] = ()
    xlabel: tuple[str, ...] = ()
    ylabel: tuple[str, ...] = ()
    any_order: bool = False
    tolerance: float = 1e-6


def compare_chart(answer: Any, expected: Any) -> Verdict:
    """Compare a chart, as data, with what it must show.

    Parameters
    ----------
    answer
        The form of kind ``chart`` that `crm_lib.kernels.answers_out` makes of axes.
    expected
        `ChartFacts`; or the form of another chart, which must agree in all it shows.

    Returns
    -------
    Verdict
        The numbers are worth half, kind of chart and words the other half in equal
        parts; the message names the first thing that is missing.
    """
    if not isinstance(answer, dict) or answer.get("kind") != "chart":
        got = "null" if answer is None else getattr(answer, "type_name", type(answer).__name__)
        return Verdict(False, say("check.wrong_type", needed=say("check.kind_chart"), got=got))
    if isinstance(expected, dict):
        return Verdict({**answer, "others": ()} == {**expected, "others": ()})
    if not isinstance(expected, ChartFacts):
        return Verdict(False)
    series = [s for s in answer["series"] if s["type"] == expected.kind]
    drawn = any(_same_numbers(numbers, expected) for s in series for numbers in _list_numbers(s))
    faults = [] if series else [say("check.chart_kind", needed=say(f"check.chart_{_KINDS[expected.kind]}"))]
    for place in ("title", "xlabel", "ylabel"):
        lacking = [w for w in getattr(expected, place) if not _says(answer[place], w)]
        if lacking:
            faults.append(say(f"check.chart_{place}", words="、".join(w.split("|")[0] for w in lacking)))
    asked = 1 + sum(bool(getattr(expected, place)) for place in ("title", "xlabel", "ylabel"))
    share = 0.5 * drawn + 0.5 * (asked - len(faults)) / asked if series else 0.0
    if not drawn and series:
        faults.insert(0, say("check.chart_data"))
    return Verdict(True) if not faults else Verdict(False, "".join(faults), share if drawn else share / 2)


def _says(text: str, words: str) -> bool:
    return any(word.strip().lower() in text.lower() for word in words.split("|"))


def _list_numbers(series: dict[str, Any]) -> list[list[float]]:
    names = [_NUMBERS[series["type"]]] + (["width"] if series["type"] == "bar" else [])
    return [[float(n) for n in series.get(name, ())] for name in names]


def _same_numbers(drawn: list[float], expected: ChartFacts) -> bool:
    wanted = [float(v) for v in expected.values]
    if len(drawn) != len(wanted):
        return False
    if expected.any_order:
        drawn, wanted = sorted(drawn), sorted(wanted)
    near = {"rel_tol": expected.tolerance, "abs_tol": expected.tolerance}
    return all(math.isclose(a, b, **near) for a, b in zip(drawn, wanted, strict=True))
