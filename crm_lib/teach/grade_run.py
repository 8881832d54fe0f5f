"""Run the answers of a class on every variant of a notebook, and judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from crm_lib.lesson.checks import load_variants
from crm_lib.teach.grade_cache import Memory
from crm_lib.teach.intake_official import Official
from crm_lib.teach.judge import Taken, judge_task
from crm_lib.teach.results import TaskResult
from crm_lib.teach.truth import TaskTruth, read_truth

Answers = Mapping[str, Sequence[str]]
Tell = Callable[[str, int, int], None]
Runs = dict[tuple[int, str], Taken]


@dataclass(frozen=True)
class Rules:
    """How answers are run: processes at a time, limits, and whether the sandbox may be missing."""

    jobs: int = 2
    limits: Any = None
    unsafe: bool = False


@dataclass
class _Round:
    """One notebook's grading: what is to be run, and what has been told about it."""

    official: Official
    works: Mapping[int, Answers]
    rules: Rules
    tell: Tell | None = None
    done: int = 0
    runs: list[Runs] = field(default_factory=list)

    def count(self) -> None:
        """Tell that one more answer has come back; an answer counts once, on the handed-out data."""
        self.done += 1
        if self.tell:
            self.tell(self.official.notebook_id, self.done, sum(map(len, self.works.values())))


def grade_works(
    official: Official, works: Mapping[int, Answers], memory: Memory, rules: Rules, tell: Tell | None = None
) -> dict[int, tuple[TaskResult, ...]]:
    """Run and judge the answers of several students.

    Parameters
    ----------
    official
        The notebook.
    works
        Student's number → grade_id → code cells to run in order.
    memory
        Truths of earlier runs.
    rules
        Limits and number of processes.
    tell
        Told ``(notebook_id, answers done, answers)``.

    Returns
    -------
    dict
        Student's number → results in the order of the notebook.

    Notes
    -----
    All answers run on the handed-out data; only those that earn points there run on the
    other variants too, because points can only be lost by them.
    """
    round_ = _Round(official, works, rules, tell)
    variants = load_variants(official.notebook_id)
    some = {n: answers for n, answers in works.items() if answers}
    if not some:
        return {n: _judge(round_, n, []) for n in works}
    with ThreadPoolExecutor(max(1, rules.jobs)) as pool:
        waiting = [pool.submit(memory.truth, official.notebook_id, v) for v in variants]
        round_.runs.append(_run(round_, variants[0], some, rules.jobs, round_.count))
        truths = [read_truth(w.result()) for w in waiting]
        more = {n: kept for n, answers in some.items() if (kept := _keep(round_, n, answers, truths[0]))}
        n_others = len(variants) - 1
        if more:
            share = max(1, rules.jobs // max(1, min(n_others, rules.jobs)))
            waits = [pool.submit(_run, round_, v, more, share) for v in variants[1:]]
            round_.runs += [w.result() for w in waits]
    return {n: _judge(round_, n, truths) for n in works}


def _keep(
    round_: _Round, number: int, answers: Answers, truth: Mapping[str, TaskTruth]
) -> dict[str, Sequence[str]]:
    """Return the answers to run on other data: up to the last that earns points, less those that gave nothing."""
    earned = [t.grade_id for t in _judge(round_, number, [truth]) if t.points > 0]
    if not earned:
        return {}
    last = round_.official.tasks.index(earned[-1])
    # an answer that was killed left nothing for later ones to build on, and would cost its time limit again
    killed = {i for i in answers if round_.runs[0][number, i].form is None and i not in earned}
    return {i: answers[i] for i in round_.official.tasks[: last + 1] if i in answers and i not in killed}


def _judge(round_: _Round, number: int, truths: Sequence[Mapping[str, TaskTruth]]) -> tuple[TaskResult, ...]:
    official = round_.official
    results = []
    for task in official.tasks:
        runs = [r[number, task] for r in round_.runs if (number, task) in r]
        known = [t[task] for t in truths]
        code = round_.works[number].get(task, ())
        results.append(judge_task(official.checks[task], official.titles[task], code, runs, known))
    return tuple(results)


def _run(
    round_: _Round,
    parameters: Mapping[str, Any],
    works: Mapping[int, Answers],
    jobs: int,
    count: Callable[[], None] | None = None,
) -> Runs:
    """Return (number, grade_id) → what came out, for every answer of `works`; nothing is left out."""
    runs: Runs = {}
    for answer in _ask_station(round_, parameters, works, jobs):
        runs[answer.number, answer.grade_id] = Taken(answer.form, answer.output, answer.error)
        if count and answer.grade_id in works[answer.number]:
            count()
    lost = Taken(error="no answer came out of the sandbox")
    return {(n, i): runs.get((n, i), lost) for n, answers in works.items() for i in answers}


def _ask_station(
    round_: _Round, parameters: Mapping[str, Any], works: Mapping[int, Answers], jobs: int
) -> Iterator[Any]:
    from crm_lib.kernels.limits_station import StationLimits
    from crm_lib.kernels.station import Variant, Work, run_station

    return run_station(
        round_.official.notebook_id,
        variant=Variant(" ".join(f"{k}={v}" for k, v in parameters.items()) or "default", dict(parameters)),
        submissions=[Work(n, answers) for n, answers in works.items()],
        limits=round_.rules.limits or StationLimits(),
        jobs=jobs,
        unsafe=round_.rules.unsafe,
    )
