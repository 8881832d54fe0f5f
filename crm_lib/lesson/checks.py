"""Graded answers: the table beside a notebook's source, and how an answer is judged.

``<n>_<name>.checks.py`` lists one :class:`Check` per ``grade_id``.  The same
table gives ``check()`` its messages, the grader its truth and the kill-rate
test its wrong answers.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from crm_lib._places import checks_file
from crm_lib.catalogue import say
from crm_lib.errors import BuildError, CrmError
from crm_lib.lesson.charts import ChartFacts
from crm_lib.lesson.checkers import TextFacts
from crm_lib.lesson.compare import Verdict, compare_answers

HARD_CODED = "hard_coded"


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer: the code that gives it, and what to tell who gives it."""

    name: str
    code: str
    message: str


@dataclass(frozen=True)
class Check:
    """One graded exercise.

    Parameters
    ----------
    grade_id
        Unique in the suite; the nbgrader id of the check cell.
    answer
        The variable the student fills.
    points
        Full points.
    inputs
        Variables of the notebook the expected answer is computed from.
    expected
        Function of the inputs (a dict) that gives the right answer.
    tolerance
        Largest allowed relative difference of numbers.
    mistakes
        At least four plausible wrong answers with their messages.
    hint
        Shown for a wrong answer that matches no mistake.
    checker
        Compares ``(answer, expected)`` where equality is not the question (see
        `crm_lib.lesson.checkers`); by default answers are compared as data.
    rubric
        Partial credit: name of a mistake → share of the points, below 1.  The name
        ``hard_coded`` stands for an answer that is right on the handed-out data only.

    Raises
    ------
    BuildError
        The rubric names no mistake of the table, or gives full points for one.
    """

    grade_id: str
    answer: str
    points: float
    inputs: tuple[str, ...]
    expected: Callable[[Mapping[str, Any]], Any]
    tolerance: float = 1e-6
    mistakes: tuple[Mistake, ...] = field(default=())
    hint: str = ""
    checker: Callable[[Any, Any], Verdict] | None = None
    rubric: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {m.name for m in self.mistakes} | {HARD_CODED}
        for name, share in self.rubric.items():
            if name not in known or not 0 <= share < 1:
                raise BuildError(
                    f"{self.grade_id}: rubric {name!r}: {share!r} must be a mistake of the table "
                    f"({', '.join(sorted(known))}) with a share in [0, 1)."
                )


@dataclass(frozen=True)
class CheckResult:
    """Points and message of one answer; prints as its points, so that nbgrader reads them."""

    grade_id: str
    points: float
    total: float
    message: str
    blank: bool = False
    mistake: str = ""

    def __repr__(self) -> str:
        """Return the points: nbgrader takes a number shown by a check cell as partial credit."""
        return f"{self.points:g}"

    def _repr_html_(self) -> str:
        import html

        kind = "blank" if self.blank else "right" if self.points == self.total else "wrong"
        return f'<div class="crm-check crm-check-{kind}">{html.escape(self.message)}</div>'


@cache
def _load(path: Path, stamp: int) -> tuple[dict[str, Check], list[dict[str, Any]]]:
    if not path.exists():
        return {}, []
    names = runpy.run_path(str(path))
    table = {c.grade_id: c for c in names["CHECKS"]}
    if len(table) != len(names["CHECKS"]):
        raise BuildError(f"{path.name}: a grade_id stands there twice")
    return table, list(names.get("VARIANTS", ()))


def _load_file(notebook_id: str) -> tuple[dict[str, Check], list[dict[str, Any]]]:
    path = checks_file(notebook_id)
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


def load_checks(notebook_id: str) -> dict[str, Check]:
    """Return the checks table of `notebook_id` by grade_id; empty when it has none."""
    return _load_file(notebook_id)[0]


def load_variants(notebook_id: str) -> list[dict[str, Any]]:
    """Return the parameter sets a submission is graded on: the default first, then ``VARIANTS`` of the table."""
    return [{}, *_load_file(notebook_id)[1]]


def grade_answer(check: Check, answer: Any, inputs: Mapping[str, Any]) -> CheckResult:
    """Judge `answer`; `inputs` are the variables the check names.

    Returns
    -------
    CheckResult
        Full points when it equals the expected answer, none otherwise, with a
        message that names the frequent mistake behind a wrong one but never
        the answer.

    Raises
    ------
    CrmError
        The variables the answer is computed from are no longer what the
        notebook made them.
    """
    if answer is None or answer is Ellipsis:
        return judge_value(check, None, None, ())
    wrongs = ((m, lambda m=m: as_data(run_answer(m.code, check.answer, inputs))) for m in check.mistakes)
    return judge_value(check, as_data(answer), as_data(_expect(check, inputs)), wrongs)


def as_data(value: Any) -> Any:
    """Return `value` as plain data, the way the grader sees an answer; facts and frames beyond bounds as they are."""
    from crm_lib.kernels.answers_in import OtherValue, restore_answer
    from crm_lib.kernels.answers_out import take_out

    if isinstance(value, ChartFacts | TextFacts):
        return value
    data = restore_answer(take_out(value))
    return value if isinstance(data, OtherValue) else data


def judge_value(
    check: Check, answer: Any, expected: Any, wrongs: Iterable[tuple[Mistake, Callable[[], Any]]]
) -> CheckResult:
    """Judge `answer` against the expected answer and those of the frequent mistakes.

    Parameters
    ----------
    check
        The exercise.
    answer, expected
        Plain data; an answer of None is blank.
    wrongs
        Each mistake with a function that gives its answer; asked only when needed.

    Returns
    -------
    CheckResult
        Full points, the share of the rubric or checker, or none.
    """
    if answer is None:
        return CheckResult(check.grade_id, 0, check.points, say("check.blank"), blank=True)
    verdict = _compare(check, answer, expected)
    if verdict.equal:
        message = say("check.right", points=check.points, total=check.points)
        return CheckResult(check.grade_id, check.points, check.points, message)
    mistake = _find_mistake(check, answer, wrongs)
    hint = (mistake.message if mistake else "") or verdict.message or check.hint or say("check.hint_default")
    name = mistake.name if mistake else ""
    return give_share(check, max(check.rubric.get(name, 0.0), verdict.share), hint, mistake=name)


def give_share(check: Check, share: float, hint: str, *, mistake: str = "") -> CheckResult:
    """Return the result of an answer that is not right: `share` of the points, and what to look at."""
    points = round(check.points * share, 2)
    message = say("check.wrong", hint=hint)
    if points > 0:
        message = say("check.partly", points=points, total=check.points, hint=hint)
    return CheckResult(check.grade_id, points, check.points, message, mistake=mistake)


def _compare(check: Check, answer: Any, expected: Any) -> Verdict:
    if check.checker:
        return check.checker(answer, expected)
    return compare_answers(answer, expected, tolerance=check.tolerance)


def _expect(check: Check, inputs: Mapping[str, Any]) -> Any:
    try:
        return check.expected(inputs)
    except Exception as error:
        raise CrmError(say("check.spoilt", names="、".join(check.inputs))) from error


def _find_mistake(
    check: Check, answer: Any, wrongs: Iterable[tuple[Mistake, Callable[[], Any]]]
) -> Mistake | None:
    """Return the mistake whose code gives `answer`, or nothing."""
    for mistake, give in wrongs:
        try:
            wrong = give()
        except Exception:
            continue
        if wrong is not None and _compare(check, answer, wrong).equal:
            return mistake
    return None


def run_answer(code: str, name: str, inputs: Mapping[str, Any]) -> Any:
    """Run `code` on a copy of `inputs` and return what it leaves in the variable `name`.

    Only for code of the checks tables themselves, never for students' code.
    """
    import copy

    space = {key: copy.copy(value) for key, value in inputs.items()}
    exec(compile(code, f"<{name}>", "exec"), space)
    return space.get(name)


__all__ = [
    "HARD_CODED",
    "Check",
    "CheckResult",
    "Mistake",
    "Verdict",
    "as_data",
    "give_share",
    "grade_answer",
    "judge_value",
    "load_checks",
    "load_variants",
    "run_answer",
]
