"""Decide what a job has to do now: a pure function of the job, its record and the time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from crm_lib.publish.schedule.file import ScheduledJob
from crm_lib.publish.schedule.state import Attempt, Record, start_record

# A run that never comes to an end (memory, power) is started so often at most.
MOST_LOST = 3
# A clock put back by less waits until the time it has seen comes round again; by more it was wrong before.
_HOLD = dt.timedelta(days=1)
_COUNTED = dt.timedelta(days=62)


@dataclass(frozen=True)
class Decision:
    """What one job has to do: run, wait, miss, give up or rest.

    ``at`` is the due time of what is done, the time a wait ends, or for a rest
    the next due time (None when there is none).
    """

    job: ScheduledJob
    action: str
    why: str
    at: dt.datetime | None = None
    under_way: Attempt | None = None


def decide(job: ScheduledJob, record: Record, now: dt.datetime) -> Decision:
    """Return what `job` has to do at `now`.

    Notes
    -----
    Of several missed runs the latest is made up, once; the earlier ones would
    make the same report from the same data.
    """
    if not job.enabled:
        return Decision(job, "rest", "switched off")
    if record.since > now:
        last = local_time(record.since, job)
        return Decision(job, "rest", f"the clock stands before {last}, up to which all was run", record.since)
    due = job.cron.find_last(record.since, now)
    if due is None or due in record.done:
        return Decision(job, "rest", "not due", job.cron.find_next(now))
    begun = record.under_way if record.under_way and record.under_way.due == due else None
    age = now - ((begun and begun.retry_at) or due)
    if job.max_staleness is not None and age > job.max_staleness:
        spans = f"{format_span(age)} late, more than max_staleness ({format_span(job.max_staleness)})"
        if begun and begun.n_failed:
            return Decision(job, "give up", f"failed, and the next attempt is {spans}", due, begun)
        return Decision(job, "miss", f"the run due {local_time(due, job)} is {spans}", due)
    return _judge_begun(job, begun, due, now) or Decision(
        job, "run", _say_why(job, record, due, now), due, begun
    )


def _judge_begun(
    job: ScheduledJob, begun: Attempt | None, due: dt.datetime, now: dt.datetime
) -> Decision | None:
    if begun is None:
        return None
    if begun.n_lost >= MOST_LOST:
        why = f"was cut off {begun.n_lost} times without an end. Is there memory enough?"
        return Decision(job, "give up", why, due, begun)
    # should the clock have been put back since, there is nothing to wait for
    if begun.retry_at and begun.started <= now < begun.retry_at:
        why = f"failed {begun.n_failed} of {1 + job.retries.count} times; tried again later"
        return Decision(job, "wait", why, begun.retry_at, begun)
    why = "tried again after a failure" if begun.retry_at else "its last start was cut off"
    return Decision(job, "run", why, due, begun)


def settle_clock(record: Record, now: dt.datetime) -> Record:
    """Return the record, started afresh when it lies far ahead: then the clock was wrong when it was written.

    The due times it has seen are remembered, so none of them is run twice.
    """
    if record.since - now <= _HOLD:
        return record
    return replace(record, since=start_record(now).since, under_way=None)


def _say_why(job: ScheduledJob, record: Record, due: dt.datetime, now: dt.datetime) -> str:
    start = max(record.since, due - _COUNTED)
    n_earlier = len(job.cron.list_times(start, due)) - 1
    late = now - due
    text = f"due {local_time(due, job)}"
    if late >= dt.timedelta(hours=1):
        text += f", made up {format_span(late)} late"
    if n_earlier > 0:
        many = "more than " if start > record.since else ""
        text += f" for {many}{n_earlier} earlier run{'s' if n_earlier > 1 else ''} too"
    return text


def local_time(moment: dt.datetime | None, job: ScheduledJob) -> str:
    """Return a time on the clock of the job's zone, with its offset."""
    if moment is None:
        return "never"
    text = moment.astimezone(job.cron.zone).strftime("%Y-%m-%d %H:%M %z")
    return f"{text[:-2]}:{text[-2:]}"


def format_span(span: dt.timedelta) -> str:
    """Return a span in its two largest units.

    Examples
    --------
    >>> format_span(dt.timedelta(hours=37, minutes=5))
    '1d13h'
    """
    rest, parts = round(span.total_seconds()), []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        n, rest = divmod(rest, seconds)
        parts += [f"{n}{unit}"] if n else []
    return "".join(parts[:2]) or "0s"
