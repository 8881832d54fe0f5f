"""Run what is due: each due time once, the latest missed one too, failures again after a wait."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from crm_lib.errors import CrmError
from crm_lib.publish.schedule.attempt import (
    Render,
    Result,
    attempt_job,
    find_done,
    keep_reports,
    render_reports,
)
from crm_lib.publish.schedule.decide import Decision, decide, format_span, local_time, settle_clock
from crm_lib.publish.schedule.file import Schedule, ScheduledJob
from crm_lib.publish.schedule.notice import call_command
from crm_lib.publish.schedule.state import (
    Attempt,
    Outcome,
    Record,
    State,
    check_owner,
    hold_folders,
    read_state,
    rebuild_record,
    set_aside,
    start_record,
)

Clock = Callable[[], dt.datetime]
Say = Callable[[str], None]


def read_clock() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


def run_schedule(
    schedule: Schedule,
    *,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
    render: Render | None = None,
    say: Say = print,
) -> list[tuple[str, Outcome]]:
    """Run what is due, and what was missed, of all jobs that are switched on.

    Parameters
    ----------
    schedule
        What `read_schedule` returned.
    clock
        Gives the time, with its zone; `read_clock` by default.
    sleep
        Waits so many seconds for the next attempt of a failed job.
    render
        Renders reports and returns their entries; `run_jobs` by default.
    say
        Is told, in sentences, what a person should know: missed runs, waits,
        records that were lost, a folder where another scheduler is at work.

    Returns
    -------
    list of (str, Outcome)
        Job name and how its due run ended, in the order in which they ended.

    Notes
    -----
    A due time is settled once its run has ended, well or badly; calling again
    does nothing until the next one.  A run that was cut off (power, kill -9)
    is not settled: the next call starts it again, unless all its reports had
    been made.
    """
    jobs = [job for job in schedule.jobs if job.enabled]
    with hold_folders(list({job.out for job in jobs})) as held, chdir(schedule.folder):
        for out in sorted({job.out for job in jobs} - held):
            say(f"another crm schedule is at work in {out}; its jobs are left to that one.")
        mine = [job for job in jobs if job.out in held]
        runner = _Runner(schedule.file, mine, clock or read_clock, render or render_reports(), say)
        runner.run(sleep)
        return runner.ended


def look_ahead(schedule: Schedule, *, clock: Clock | None = None) -> list[tuple[Decision, Record]]:
    """Return what each job would do now and what is known of it; nothing is written or run."""
    now = (clock or read_clock)()
    found = []
    with chdir(schedule.folder):
        states = {out: read_state(out) for out in {job.out for job in schedule.jobs}}
        for job in schedule.jobs:
            record = _find_record(job, states[job.out], now)
            check_owner(job, record, schedule.file)
            found.append((decide(job, settle_clock(record, now), now), record))
    return found


def _find_record(job: ScheduledJob, state: State, now: dt.datetime) -> Record:
    if job.name in state.records:
        return state.records[job.name]
    try:
        return rebuild_record(job, now=now) if state.damaged else start_record(now)
    except CrmError:  # it cannot be planned; its run will tell why
        return start_record(now)


class _Runner:
    """The jobs of one call, their records, and what has ended so far."""

    def __init__(
        self, file: Path, jobs: Sequence[ScheduledJob], clock: Clock, render: Render, say: Say
    ) -> None:
        self.jobs, self.clock, self.render, self.say = jobs, clock, render, say
        self.folder = file.parent
        self.ended: list[tuple[str, Outcome]] = []
        self.states = {out: read_state(out) for out in dict.fromkeys(job.out for job in jobs)}
        now = clock()
        found = {job.name: _find_record(job, self.states[job.out], now) for job in jobs}
        for job in jobs:
            check_owner(job, found[job.name], file)
        self._tell_damage()
        for job in jobs:
            record = settle_clock(found[job.name], now)
            if record.since != found[job.name].since:
                last = local_time(found[job.name].since, job)
                say(f"job {job.name!r}: was last run {last}, which is days ahead; it goes on from now.")
            if self.states[job.out].records.get(job.name) != record or record.file != str(file):
                self._put(job, replace(record, file=str(file)))

    def _tell_damage(self) -> None:
        for state in self.states.values():
            if state.damaged:
                copy = set_aside(state)
                self.say(
                    f"{state.file} was damaged (kept as {copy.name}); what was run is now read from the "
                    "reports themselves. A job whose reports were never all made counts as new."
                )

    def _record(self, job: ScheduledJob) -> Record:
        return self.states[job.out].records[job.name]

    def _put(self, job: ScheduledJob, record: Record) -> None:
        self.states[job.out].put(job.name, record)

    def run(self, sleep: Callable[[float], None]) -> None:
        """Work until nothing is due and no failure waits for another attempt."""
        while True:
            now = self.clock()
            decisions = [decide(job, self._record(job), now) for job in self.jobs]
            ready = [d for d in decisions if d.action not in {"rest", "wait"}]
            if ready:
                # the longest due first, so that a job of every minute keeps no other from its turn
                self._act(min(ready, key=lambda d: d.at))
                continue
            waits = [d.at for d in decisions if d.action == "wait"]
            if not waits:
                return
            nexts = [d.at for d in decisions if d.action == "rest" and d.at and d.at > now]
            sleep(max(0.0, (min([*waits, *nexts]) - now).total_seconds()))

    def _act(self, decision: Decision) -> None:
        job, begun = decision.job, decision.under_way
        if decision.action == "miss":
            self._settle(decision, Result("missed", (decision.why,)), self.clock())
            self.say(f"job {job.name!r}: {decision.why}: it is not made up.")
        elif decision.action == "give up":
            self._fail(decision, Result("failed", (decision.why,)), self.clock())
        elif begun and not begun.retry_at and (done := find_done(job, begun)):
            self._finish(decision, done, begun.started, begun.n_failed + 1)
        else:
            self._attempt(decision)

    def _attempt(self, decision: Decision) -> None:
        job, begun, before = decision.job, decision.under_way, self._record(decision.job)
        started = self.clock()
        attempt = replace(
            begun or Attempt(decision.at, started),
            started=started,
            n_lost=(begun.n_lost if begun else 0) + 1,
            retry_at=None,
        )
        self._put(job, replace(before, under_way=attempt))
        try:
            result = attempt_job(job, before, begun, self.render)
        except KeyboardInterrupt:
            self._put(job, before)  # a stop that was asked for is no failure
            raise
        if result.status == "failed":
            self._try_again(decision, attempt, result)
            return
        self._finish(decision, result, started, attempt.n_failed + 1)

    def _finish(self, decision: Decision, result: Result, started: dt.datetime, n_attempts: int) -> None:
        faults = keep_reports(decision.job, result, self.clock())
        self._settle(decision, replace(result, sentences=tuple(faults)), started, n_attempts)

    def _try_again(self, decision: Decision, attempt: Attempt, result: Result) -> None:
        job, n_failed = decision.job, attempt.n_failed + 1
        for fault in keep_reports(job, result, self.clock()):
            self.say(f"job {job.name!r}: {fault}")
        attempt = replace(
            attempt,
            n_failed=n_failed,
            n_lost=attempt.n_lost - 1,
            places=result.places,
            fingerprint=result.fingerprint,
        )
        if n_failed > job.retries.count:
            self._fail(decision, result, attempt.started, n_failed)
            return
        wait = job.retries.find_wait(n_failed)
        self._put(job, replace(self._record(job), under_way=replace(attempt, retry_at=self.clock() + wait)))
        again = f"attempt {n_failed + 1} of {1 + job.retries.count} in {format_span(wait)}"
        self.say(f"job {job.name!r}: {'; '.join(result.sentences)}; {again}.")

    def _fail(
        self, decision: Decision, result: Result, started: dt.datetime, n_attempts: int | None = None
    ) -> None:
        """Settle a failure, then tell whom the job wants told; what goes wrong there is told too."""
        job, begun = decision.job, decision.under_way
        n_attempts = n_attempts or ((begun.n_failed + begun.n_lost) if begun else 0)
        self._settle(decision, result, started, n_attempts)
        if not job.on_failure:
            return
        text = "\n".join(result.sentences)
        problem = call_command(
            job.on_failure, job=job.name, error=text, report=result.report, folder=self.folder
        )
        if problem:
            self._settle(
                decision,
                replace(result, sentences=(*result.sentences, problem)),
                started,
                n_attempts,
                again=True,
            )

    def _settle(
        self,
        decision: Decision,
        result: Result,
        started: dt.datetime,
        n_attempts: int = 0,
        *,
        again: bool = False,
    ) -> None:
        job, record = decision.job, self._record(decision.job)
        outcome = Outcome(decision.at, started, self.clock(), result.status, n_attempts, result.sentences)
        good = result.status in {"ok", "unchanged"} and result.fingerprint
        fingerprint = result.fingerprint if good else record.fingerprint
        self._put(job, replace(record.settle(outcome), fingerprint=fingerprint))
        self.ended[len(self.ended) - again :] = [(job.name, outcome)]
