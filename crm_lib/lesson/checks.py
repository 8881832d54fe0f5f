"""Graded answers: the table beside a notebook's source, and how an answer is judged.

``<n>_<name>.checks.py`` lists one :class:`Check` per ``grade_id``.  The same
table gives ``check()`` its messages, the grader its truth and the kill-rate
test its wrong answers.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from crm_lib._places import checks_file
from crm_lib.catalogue import say
from crm_lib.errors import BuildError, CrmError
from crm_lib.lesson.compare import Verdict, compare_answers


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
    """

    grade_id: str
    answer: str
    points: float
    inputs: tuple[str, ...]
    expected: Callable[[Mapping[str, Any]], Any]
    tolerance: float = 1e-6
    mistakes: tuple[Mistake, ...] = field(default=())
    hint: str = ""


@dataclass(frozen=True)
class CheckResult:
    """Points and message of one answer; prints as its points, so that nbgrader reads them."""

    grade_id: str
    points: float
    total: float
    message: str
    blank: bool = False

    def __repr__(self) -> str:
        """Return the points: nbgrader takes a number shown by a check cell as partial credit."""
        return f"{self.points:g}"

    def _repr_html_(self) -> str:
        import html

        kind = "blank" if self.blank else "right" if self.points == self.total else "wrong"
        return f'<div class="crm-check crm-check-{kind}">{html.escape(self.message)}</div>'


@cache
def _load(path: Path, stamp: int) -> dict[str, Check]:
    if not path.exists():
        return {}
    checks = runpy.run_path(str(path))["CHECKS"]
    table = {c.grade_id: c for c in checks}
    if len(table) != len(checks):
        raise BuildError(f"{path.name}: a grade_id stands there twice")
    return table


def load_checks(notebook_id: str) -> dict[str, Check]:
    """Return the checks table of `notebook_id` by grade_id; empty when it has none."""
    path = checks_file(notebook_id)
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


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
        return CheckResult(check.grade_id, 0, check.points, say("check.blank"), blank=True)
    verdict = compare_answers(answer, _expect(check, inputs), tolerance=check.tolerance)
    if verdict.equal:
        message = say("check.right", points=check.points, total=check.points)
        return CheckResult(check.grade_id, check.points, check.points, message)
    hint = _find_mistake(check, answer, inputs) or verdict.message or check.hint or say("check.hint_default")
    return CheckResult(check.grade_id, 0, check.points, say("check.wrong", hint=hint))


def _expect(check: Check, inputs: Mapping[str, Any]) -> Any:
    try:
        return check.expected(inputs)
    except Exception as error:
        raise CrmError(say("check.spoilt", names="、".join(check.inputs))) from error


def _find_mistake(check: Check, answer: Any, inputs: Mapping[str, Any]) -> str:
    """Return the message of the mistake whose code gives `answer`, or nothing."""
    for mistake in check.mistakes:
        try:
            wrong = run_answer(mistake.code, check.answer, inputs)
        except Exception:
            continue
        if wrong is not None and _agrees(answer, wrong, check.tolerance):
            return mistake.message
    return ""


def _agrees(answer: Any, wrong: Any, tolerance: float) -> bool:
    return compare_answers(answer, wrong, tolerance=tolerance).equal


def run_answer(code: str, name: str, inputs: Mapping[str, Any]) -> Any:
    """Run `code` on a copy of `inputs` and return what it leaves in the variable `name`.

    Only for code of the checks tables themselves, never for students' code.
    """
    import copy

    space = {key: copy.copy(value) for key, value in inputs.items()}
    exec(compile(code, f"<{name}>", "exec"), space)
    return space.get(name)


__all__ = ["Check", "CheckResult", "Mistake", "Verdict", "grade_answer", "load_checks", "run_answer"]
