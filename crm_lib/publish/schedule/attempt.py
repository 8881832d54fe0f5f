"""One attempt at a scheduled job: what is to be rendered, how it went, what is kept of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crm_lib.errors import CrmError, RenderError
from crm_lib.publish.plan import Job
from crm_lib.publish.schedule.decide import format_span
from crm_lib.publish.schedule.file import ScheduledJob
from crm_lib.publish.schedule.inputs import are_in_place, fingerprint_answers, fingerprint_reports
from crm_lib.publish.schedule.notice import TimeUp, limit_time
from crm_lib.publish.schedule.state import Attempt, Record

Render = Callable[[Sequence[Job]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Result:
    """How an attempt went: ok, unchanged or failed, and why."""

    status: str
    sentences: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # the reports that failed, when only some did
    fingerprint: str = ""
    report: str = ""  # the page to look at
    entries: tuple[Mapping[str, Any], ...] = ()


def attempt_job(job: ScheduledJob, record: Record, begun: Attempt | None, render: Render) -> Result:
    """Make the reports of a job that its last attempt did not make; never raises for a failure.

    Parameters
    ----------
    job
        The job; the current folder is that of its schedule.
    record
        What is known of it: the fingerprint of its last good run.
    begun
        An attempt of this due run that failed or was cut off.
    render
        Renders reports and returns their entries, as `run_jobs` does.
    """
    fingerprint = ""
    reports: list[Job] = []
    try:
        with limit_time(job.timeout):
            reports = job.plan()
            fingerprint = _fingerprint(job, reports)
            if fingerprint and fingerprint == record.fingerprint and are_in_place(reports):
                return Result("unchanged", fingerprint=fingerprint)
            chosen = _choose(reports, begun, fingerprint)
            # a file that only `inputs` names is unknown to the report's own record
            forced = bool(fingerprint) and fingerprint.split()[:1] != record.fingerprint.split()[:1]
            entries = render([replace(r, force=True) for r in chosen] if forced else chosen)
    except TimeUp:
        sentence = f"was stopped: it took longer than its timeout of {format_span(job.timeout)}."
        _note_stopped(reports, sentence)
        return Result("failed", (sentence,), report=_find_index(job))
    except CrmError as fault:
        return Result("failed", tuple(str(fault).splitlines()), report=_find_index(job))
    except Exception as fault:  # whatever it is, the other jobs go on
        sentence = f"stopped: {type(fault).__name__}: {str(fault)[:300]}"
        return Result("failed", (sentence,), report=_find_index(job))
    return _judge(job, chosen, entries, fingerprint)


def _fingerprint(job: ScheduledJob, reports: Sequence[Job]) -> str:
    """Return two checksums, of the inputs and of the rest; nothing for a job that declares no inputs."""
    answers = fingerprint_answers(job.inputs, job.out)
    return f"{answers} {fingerprint_reports(reports)}" if answers and reports else ""


def _choose(reports: list[Job], begun: Attempt | None, fingerprint: str) -> list[Job]:
    """Return the reports still to be made; all of them when the inputs have changed meanwhile."""
    if begun is None or begun.fingerprint != fingerprint:
        return reports
    return [r for r in reports if r.place in begun.places] or reports


def _judge(
    job: ScheduledJob, reports: Sequence[Job], entries: Sequence[Mapping[str, Any]], fingerprint: str
) -> Result:
    from crm_lib.publish.run import describe_failure

    failed = [(r, e) for r, e in zip(reports, entries, strict=True) if e["status"] != "ok"]
    if not failed:
        status = "unchanged" if entries and all(e.get("unchanged") for e in entries) else "ok"
        return Result(status, fingerprint=fingerprint, entries=tuple(entries))
    page = failed[0][0].folder / "failed.html"
    return Result(
        "failed",
        tuple(describe_failure(e) for _, e in failed),
        places=tuple(r.place for r, _ in failed),
        fingerprint=fingerprint,
        report=str(page) if page.is_file() else _find_index(job),
        entries=tuple(entries),
    )


def _find_index(job: ScheduledJob) -> str:
    index = job.out / "index.html"
    return str(index) if index.is_file() else ""


def _note_stopped(reports: Sequence[Job], sentence: str) -> None:
    """Let the index show the reports that a stopped attempt did not make."""
    from crm_lib.publish.folders import lock_folder
    from crm_lib.publish.manifest import is_fresh
    from crm_lib.publish.records import note_failure
    from crm_lib.publish.site import write_index

    with suppress(CrmError, OSError):  # the sentence reaches the terminal all the same
        unfinished = [r for r in reports if not is_fresh(r)]
        if unfinished:
            with lock_folder(reports[0].out):
                for report in unfinished:
                    note_failure(report, sentence)
                write_index(reports[0].out)


def find_done(job: ScheduledJob, begun: Attempt) -> Result | None:
    """Return the result of a cut-off attempt that had made all its reports: it is not run again."""
    from crm_lib.publish.manifest import read_entry

    started = begun.started.replace(microsecond=0)
    try:
        entries = [read_entry(r) for r in job.plan()]
        times = [dt.datetime.fromisoformat(e["rendered_at"]) for e in entries if e["status"] == "ok"]
    except (CrmError, ValueError, KeyError, TypeError):
        return None
    done = bool(entries) and len(times) == len(entries) and all(t >= started for t in times)
    return Result("ok", entries=tuple(entries)) if done else None


def keep_reports(job: ScheduledJob, result: Result, now: dt.datetime) -> list[str]:
    """Archive the new reports of a job that keeps some and delete what it no longer keeps.

    Returns
    -------
    list of str
        What went wrong.
    """
    if job.keep is None and job.keep_days is None:
        return []
    from crm_lib.publish import history

    faults = []
    for entry in (e for e in result.entries if e["status"] == "ok"):
        name = history.name_entry(entry)
        place = "/".join(part for part in (entry["notebook_id"], entry.get("key")) if part)
        try:
            if not entry.get("unchanged"):
                history.archive(Path(job.out / place), job.out, name, str(entry["rendered_at"]))
            history.prune(job.out, name, keep=job.keep, keep_days=job.keep_days, now=now)
        except (CrmError, OSError) as fault:
            faults.append(f"its earlier reports could not be kept or deleted: {fault}")
    return faults


def render_reports(**options: Any) -> Render:
    """Return the `render` of real life: `run_jobs` with these options."""

    def render(reports: Sequence[Job]) -> list[dict[str, Any]]:
        from crm_lib.publish.run import run_jobs

        if not reports:
            raise RenderError("there is nothing to render; the file of each has no rows.")
        return run_jobs(reports, **options)

    return render
