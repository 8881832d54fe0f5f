"""Judge answers that came out of the sandbox as data, on every variant, in the trusted process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_lib.catalogue import say
from crm_lib.lesson.checks import HARD_CODED, Check, CheckResult, give_share, judge_value
from crm_lib.teach.results import TaskResult
from crm_lib.teach.truth import TaskTruth


@dataclass(frozen=True)
class Taken:
    """What one run of one answer gave: its form (None when nothing came out), text shown, error."""

    form: Mapping[str, Any] | None = None
    output: str = ""
    error: str = ""


def judge_answer(check: Check, form: Mapping[str, Any] | None, truth: TaskTruth) -> CheckResult:
    """Judge one answer on one variant.

    Parameters
    ----------
    check
        The exercise.
    form
        The answer as data, from `crm_lib.kernels.answers_out`; it may be forged.
    truth
        What is right on this variant, and what the frequent mistakes give.

    Returns
    -------
    CheckResult
        Points and message; a form that is none gets nothing.
    """
    from crm_lib.kernels.answers_in import is_form, restore_answer

    if form is None or form.get("kind") == "null":
        return judge_value(check, None, None, ())
    wrongs = ((m, lambda m=m: truth.wrongs[m.name]) for m in check.mistakes)
    try:
        if is_form(form):
            return judge_value(check, restore_answer(dict(form)), truth.expected, wrongs)
    except Exception:  # data no comparison expects must not stop the class
        pass
    return give_share(check, 0, check.hint or say("check.hint_default"))


def judge_task(
    check: Check, title: str, code: Sequence[str], runs: Sequence[Taken], truths: Sequence[TaskTruth]
) -> TaskResult:
    """Judge one answer over all variants it ran on.

    Parameters
    ----------
    code
        The student's cells; none means not answered.
    runs
        One per variant, the handed-out data first; later ones are needed only when the
        first earns points.
    truths
        One per variant; a missing run gives nothing.

    Returns
    -------
    TaskResult
        Full points only for an answer that is right on every variant.
    """
    if not code or not runs:
        return _result(check, title, judge_value(check, None, None, ()), code, Taken())
    runs = [*runs, *[Taken()] * (len(truths) - len(runs))]
    results = [judge_answer(check, run.form, truth) for run, truth in zip(runs, truths, strict=True)]
    first = results[0]
    if first.blank:
        return _result(check, title, _tell_nothing(check, runs[0]), code, runs[0])
    failed = next((n for n, r in enumerate(results) if r.points < first.points), 0)
    if not failed:
        return _result(check, title, first, code, runs[0])
    if first.points < check.points:
        return _result(check, title, results[failed], code, runs[0])
    return _judge_other_data(check, title, results[failed], code, runs, failed)


def _tell_nothing(check: Check, run: Taken) -> CheckResult:
    """Return the result of code that left no answer behind."""
    if run.error:
        return give_share(check, 0, say("grade.failed", error=run.error))
    return give_share(check, 0, say("grade.nothing", answer=check.answer))


def _judge_other_data(
    check: Check, title: str, other: CheckResult, code: Sequence[str], runs: Sequence[Taken], failed: int
) -> TaskResult:
    """Return the result of an answer that is right on the handed-out data only."""
    first, run = runs[0], runs[failed]
    if other.mistake:  # on the handed-out data this mistake happens to give the right answer
        share = check.rubric.get(other.mistake, 0.0)
        message = next(m.message for m in check.mistakes if m.name == other.mistake)
        told = give_share(check, share, say("grade.other_mistake", hint=message), mistake=other.mistake)
        return _result(check, title, told, code, first)
    if run.form == first.form:
        hint = say("grade.hard_coded")
    elif run.error:
        hint = say("grade.other_error", error=run.error)
    else:
        hint = say("grade.other_data")
    told = give_share(check, check.rubric.get(HARD_CODED, 0.0), hint, mistake=HARD_CODED)
    return _result(check, title, told, code, first, hard_coded=True)


def _result(
    check: Check, title: str, told: CheckResult, code: Sequence[str], run: Taken, *, hard_coded: bool = False
) -> TaskResult:
    return TaskResult(
        check.grade_id,
        title,
        float(told.points),
        float(check.points),
        told.message,
        mistake=told.mistake,
        blank=told.blank,
        hard_coded=hard_coded,
        output=run.output,
        error=run.error,
        code=tuple(code),
    )
