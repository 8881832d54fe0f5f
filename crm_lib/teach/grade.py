"""Grade a class: take in, run in the sandbox, judge, apply the late rule, list who handed in nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words, require_range
from crm_lib._places import list_notebooks
from crm_lib.catalogue import say
from crm_lib.errors import ParameterError, ReadError
from crm_lib.publish.page import write_atomic
from crm_lib.teach.grade_cache import Memory
from crm_lib.teach.grade_run import Rules, Tell, grade_works
from crm_lib.teach.intake import Submission, read_submissions
from crm_lib.teach.intake_official import load_official
from crm_lib.teach.late import (
    LateRule,
    count_late_days,
    local_zone,
    parse_deadline,
    parse_late_rule,
    read_moment,
)
from crm_lib.teach.manual import Sheet, merge_manual, read_manual_sheet, write_manual_sheet
from crm_lib.teach.results import GRADED, MISSING, UNREADABLE, Graded, TaskResult
from crm_lib.teach.roster import Student, read_roster

MANUAL_SHEET = "manual_points.xlsx"


@dataclass(frozen=True)
class _Timing:
    """Deadline and late rule; times without a zone are of the deadline's zone."""

    deadline: datetime | None
    rule: LateRule | None
    zone: tzinfo


def grade_class(
    submissions_folder: str | PathLike[str],
    *,
    out: str | PathLike[str],
    roster: str | PathLike[str] | None = None,
    notebooks: Sequence[str] | None = None,
    jobs: int = 2,
    deadline: str | None = None,
    late_rule: str | None = None,
    manual: str | PathLike[str] | None = None,
    limits: Any = None,
    unsafe: bool = False,
    progress: Tell | None = None,
) -> list[Graded]:
    """Grade the submissions of a class.

    Parameters
    ----------
    submissions_folder
        Folder (or zip) with what was handed in, in any layout.
    out
        Folder for results; ``out/.crm`` remembers them, so that only changed submissions,
        checks or library code are graded again.
    roster
        File with 学号, 姓名, 班级 and perhaps 提交时间; without it nobody can be missing.
    notebooks
        Ids of the assigned notebooks; those found among the submissions by default.
    jobs
        Answers computed at a time.
    deadline
        With its zone, such as ``2026-11-20 23:59 +08:00``.
    late_rule
        Such as ``-10% per day, at most 50%``; needs a deadline.
    manual
        The filled-in sheet of manual points.  The sheet in ``out``, written at every run,
        counts too once points stand in it; before that they are no part of the result.
    limits
        `crm_lib.kernels.limits_station.StationLimits` of one answer.
    unsafe
        Run students' code without a sandbox; never as root.
    progress
        Told ``(notebook_id, answers done, answers)``.

    Returns
    -------
    list of Graded
        One per student and notebook, by notebook, then in the order of the roster (those
        who are not in it after it, by student_id).

    Raises
    ------
    ReadError, DataError, ParameterError
        Roster, sheet, deadline or late rule cannot be used; nothing has been run then.
    RenderError
        There is no sandbox. BuildError: an official notebook fails.

    Notes
    -----
    The time of a submission is the roster's 提交时间 where it is given, else that of the
    file (for a zip, the one stored in it); each result says which. Days count as begun.
    A submission that cannot be read is a result with its reason; none stops the class.
    """
    require_range("crm grade", "jobs", jobs, 1)
    timing = _read_timing(deadline, late_rule)
    students = read_roster(roster) if roster else []
    sheet = _read_sheets(Path(out) / MANUAL_SHEET, manual)
    found = read_submissions(Path(submissions_folder), students=students, notebooks=notebooks)
    ids = _list_ids(notebooks, found)
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    memory = Memory(target)
    rules = Rules(jobs, limits, unsafe)
    graded = [g for i in ids for g in _grade_notebook(i, found, students, memory, rules, progress)]
    graded = [
        _apply_late(g, found_at, timing) for g, found_at in _with_times(graded, found, students, timing)
    ]
    words = {(s.student.student_id, s.notebook_id): s.words for s in found if not s.reason}
    return _finish(graded, words, sheet, target)


def _read_timing(deadline: str | None, late_rule: str | None) -> _Timing:
    due, rule = parse_deadline(deadline), parse_late_rule(late_rule)
    if rule and due is None:
        raise ParameterError(
            "crm grade: a late rule needs a deadline. Add --deadline '2026-11-20 23:59 +08:00'."
        )
    return _Timing(due, rule, (due and due.tzinfo) or local_zone())


def _read_sheets(own: Path, manual: str | PathLike[str] | None) -> Sheet:
    """Return the points of both sheets; the one that was named wins, none that were entered are lost."""
    sheet = read_manual_sheet(own) if own.is_file() else {}
    if manual:
        named = read_manual_sheet(manual)
        sheet |= {key: given for key, given in named.items() if given.points is not None or key not in sheet}
    return sheet


def _list_ids(notebooks: Sequence[str] | None, found: Sequence[Submission]) -> list[str]:
    ids = set(notebooks or ()) | {s.notebook_id for s in found if not notebooks and s.notebook_id}
    if not ids:
        why = f" ({found[0].file}: {found[0].reason})" if found else ""
        raise ReadError(
            f"crm grade: no notebook of the suite among {len(found)} submissions{why}. "
            f"Check the folder, or name the notebook: {list_words(list_notebooks())}."
        )
    return [i for i in list_notebooks() if i in ids]


def _grade_notebook(
    notebook_id: str,
    found: Sequence[Submission],
    students: Sequence[Student],
    memory: Memory,
    rules: Rules,
    tell: Tell | None,
) -> list[Graded]:
    official = load_official(notebook_id)
    own = {s.student.student_id: s for s in found if s.notebook_id == notebook_id}
    lost = {s.student.student_id: s for s in found if s.reason and not s.notebook_id}
    strangers = sorted(i for i in {**lost, **own} if i not in {s.student_id for s in students})
    order = [*students, *((own.get(i) or lost[i]).student for i in strangers)]
    readable = [s for s in own.values() if not s.reason]
    tasks = _grade_tasks(readable, notebook_id, memory, rules, tell)
    graded = []
    for student in order:
        submission = own.get(student.student_id) or lost.get(student.student_id)
        done = tasks.get(student.student_id, _no_points(official))
        graded.append(_describe(student, notebook_id, submission, done))
    return graded


def _grade_tasks(
    readable: Sequence[Submission], notebook_id: str, memory: Memory, rules: Rules, tell: Tell | None
) -> dict[str, tuple[TaskResult, ...]]:
    """Return student_id → task results; equal code is graded once, what is remembered not at all."""
    official = load_official(notebook_id)
    keys = {
        s.student.student_id: memory.key_of(notebook_id, [s.answers, repr(rules.limits)]) for s in readable
    }
    known = {key: tasks for key in keys.values() if (tasks := memory.load_tasks(key)) is not None}
    works: dict[int, Mapping[str, Sequence[str]]] = {}
    numbers: dict[str, int] = {}
    for submission in readable:
        key = keys[submission.student.student_id]
        if key not in known and key not in numbers:
            numbers[key] = len(numbers)
            works[numbers[key]] = submission.answers
    results = grade_works(official, works, memory, rules, tell) if works else {}
    for key, number in numbers.items():
        known[key] = results[number]
        memory.save_tasks(key, results[number])
    return {student_id: known[key] for student_id, key in keys.items()}


def _no_points(official: Any) -> tuple[TaskResult, ...]:
    return tuple(
        TaskResult(i, official.titles[i], 0.0, float(official.checks[i].points), blank=True)
        for i in official.tasks
    )


def _describe(
    student: Student, notebook_id: str, submission: Submission | None, tasks: tuple[TaskResult, ...]
) -> Graded:
    about = (student.student_id, student.name, student.class_name, notebook_id)
    if submission is None:
        return Graded(*about, status=MISSING, reason=say("grade.not_handed_in"), tasks=tasks)
    return Graded(
        *about,
        status=UNREADABLE if submission.reason else GRADED,
        reason=submission.reason,
        tasks=tasks,
        extras=submission.extras,
        notes=submission.notes,
        file=submission.file,
        sha256=submission.sha256,
        time_from=submission.time_from,
    )


def _with_times(
    graded: Sequence[Graded], found: Sequence[Submission], students: Sequence[Student], timing: _Timing
) -> list[tuple[Graded, datetime | None]]:
    """Return each result with the moment it was handed in; a time without a zone gets that of the deadline."""
    times = {(s.student.student_id, s.file): s.handed_in_at for s in found}
    stated = {s.student_id: s.handed_in_at for s in students if s.handed_in_at}
    pairs = []
    for g in graded:
        moment = times.get((g.student_id, g.file)) if g.file else None
        text = stated.get(g.student_id, "")
        if g.file and text:
            try:
                moment = read_moment(text, timing.zone)
                g = replace(g, time_from="roster")
            except ParameterError:
                g = replace(g, notes=(*g.notes, say("grade.bad_time", text=text[:40])))
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=timing.zone)
        pairs.append((g, moment))
    return pairs


def _apply_late(g: Graded, moment: datetime | None, timing: _Timing) -> Graded:
    if moment is None:
        return g
    days = count_late_days(moment, timing.deadline)
    share = timing.rule.share(days) if timing.rule else 0.0
    shown = moment.astimezone(timing.zone).isoformat(timespec="seconds")
    return replace(g, handed_in_at=shown, late_days=days, late_share=share)


def _finish(
    graded: list[Graded],
    words: Mapping[tuple[str, str], Mapping[str, str]],
    sheet: Sheet,
    out: Path,
) -> list[Graded]:
    """Merge manual points, write the sheet to fill in and the results as data."""
    if any(given.points is not None for given in sheet.values()):
        graded = merge_manual(graded, sheet)
    write_manual_sheet(out / MANUAL_SHEET, graded, words=words, entered=sheet)
    text = json.dumps([g.to_dict() for g in graded], ensure_ascii=False, indent=1)
    write_atomic(out / ".crm" / "graded.json", text + "\n")
    return graded


def load_graded(out: str | PathLike[str]) -> list[Graded]:
    """Return the results of the last run into `out`."""
    path = Path(out) / ".crm" / "graded.json"
    try:
        return [Graded.from_dict(g) for g in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError):
        raise ReadError(
            f"crm grade: {path.name} in {Path(out).name}/.crm cannot be read. Grade again."
        ) from None
