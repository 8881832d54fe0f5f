"""What was run for which due time, kept in ``OUT/.crm/schedule.json``, and the lock of the schedulers.

The file is replaced in one step before and after each attempt, so that a run
that is cut off at any moment is known to have been under way.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from crm_lib.errors import ParameterError, RenderError
from crm_lib.publish.page import write_atomic
from crm_lib.publish.schedule.file import ScheduledJob

VERSION = 1
# The due times remembered as run: should the clock be put back, they are not run again.
_REMEMBERED = 400


@dataclass(frozen=True)
class Attempt:
    """A due run that is not over: under way, cut off, or waiting to be tried again."""

    due: dt.datetime
    started: dt.datetime
    n_failed: int = 0
    n_lost: int = 0  # starts that never came to an end
    retry_at: dt.datetime | None = None
    places: tuple[str, ...] = ()  # the reports still to be made; none: all
    fingerprint: str = ""  # of the inputs, when the reports that are made were made


@dataclass(frozen=True)
class Outcome:
    """How the last due run ended: ok, unchanged, failed or missed."""

    due: dt.datetime
    started: dt.datetime
    finished: dt.datetime
    status: str
    n_attempts: int = 1
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """What is known of one job: due times up to `since` are settled."""

    since: dt.datetime
    file: str = ""
    done: tuple[dt.datetime, ...] = ()
    under_way: Attempt | None = None
    last: Outcome | None = None
    fingerprint: str = ""

    def settle(self, outcome: Outcome) -> Record:
        """Return the record after a due run has ended, however it ended."""
        done = tuple(sorted({*self.done, outcome.due}))[-_REMEMBERED:]
        return replace(self, since=outcome.due, done=done, under_way=None, last=outcome)


@dataclass
class State:
    """The records of all jobs that write to one folder."""

    out: Path
    records: dict[str, Record] = field(default_factory=dict)
    damaged: bool = False

    @property
    def file(self) -> Path:
        """Where the records are kept."""
        return self.out / ".crm" / "schedule.json"

    def put(self, name: str, record: Record) -> None:
        """Keep a record, at once and in one step."""
        self.records[name] = record
        jobs = {name: _pack(record) for name, record in sorted(self.records.items())}
        text = json.dumps({"version": VERSION, "jobs": jobs}, ensure_ascii=False, indent=1)
        write_atomic(self.file, text + "\n")


def read_state(out: Path) -> State:
    """Return the records of a folder; what is damaged is left out and told by `damaged`."""
    state = State(out)
    try:
        body = json.loads(state.file.read_text(encoding="utf-8"))
        entries = dict(body["jobs"]) if body["version"] == VERSION else None
    except FileNotFoundError:
        return state
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        raise RenderError(
            f"crm schedule: what was run stands in {str(state.file)!r}, which cannot be read: {why}. "
            "Give this user the right to read it."
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        entries = None
    state.damaged = entries is None
    for name, entry in (entries or {}).items():
        try:
            state.records[name] = _unpack(entry)
        except (ValueError, TypeError, KeyError, AttributeError):
            state.damaged = True
    return state


def set_aside(state: State) -> Path:
    """Keep a copy of the damaged file for whoever wants to look at it."""
    copy = state.file.with_name("schedule.damaged.json")
    with suppress(OSError):
        copy.write_bytes(state.file.read_bytes())
    return copy


def rebuild_record(job: ScheduledJob, *, now: dt.datetime) -> Record:
    """Return the record of a job from the reports themselves, where the state file no longer tells.

    Notes
    -----
    A due time is settled when every report of the job was made after it, by
    whatever command: running it again would make the same reports twice.
    Where a report was never made, the job counts as new.
    """
    times = [find_last_run(report.entry_file) for report in job.plan()]
    known = [t for t in times if t is not None and t <= now]
    if len(known) < len(times) or not known:
        return start_record(now)
    return Record(since=min(known))


def start_record(now: dt.datetime) -> Record:
    """Return the record of a job seen for the first time: what is due from this minute on counts."""
    return Record(since=now.replace(second=0, microsecond=0) - dt.timedelta(microseconds=1))


def find_last_run(entry_file: Path) -> dt.datetime | None:
    """Return when a report was last rendered, or None where that is not known."""
    try:
        stamp = dt.datetime.fromisoformat(json.loads(entry_file.read_text(encoding="utf-8"))["rendered_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stamp.astimezone(dt.UTC)


def check_owner(job: ScheduledJob, record: Record, file: Path) -> None:
    """Refuse a job whose name another schedule uses for the same folder."""
    if record.file and record.file != str(file) and Path(record.file).is_file():
        raise ParameterError(
            f"crm schedule: job {job.name!r} of the folder {str(job.out)!r} belongs to the schedule "
            f"{record.file!r}. Give it another name or another out folder, or remove that file."
        )


@contextmanager
def hold_folders(outs: list[Path]) -> Iterator[set[Path]]:
    """Hold the schedulers' lock of each folder; give those that no other scheduler holds.

    The system gives a lock back when the process ends, however it ends.
    """
    files: dict[Path, IO[str]] = {}
    try:
        for out in sorted(outs):
            files[out] = _open_lock(out)
        yield {out for out, file in files.items() if _take(file)}
    finally:
        for file in files.values():
            file.close()


def _open_lock(out: Path) -> IO[str]:
    try:
        (out / ".crm").mkdir(parents=True, exist_ok=True)
        return (out / ".crm" / "schedule.lock").open("a+", encoding="utf-8")
    except OSError as fault:
        raise RenderError(
            f"crm schedule: the reports must be written to {str(out)!r}; {fault.strerror or fault}. "
            "Make room and rights for this folder, or name another with out."
        ) from None


def _take(file: IO[str]) -> bool:
    """Try to lock `file`; a file system that knows no locks is taken as it is."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _pack(record: Record) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(record), default=dt.datetime.isoformat))


def _unpack(entry: Mapping[str, Any]) -> Record:
    under_way, last = entry["under_way"], entry["last"]
    return Record(
        since=_time(entry["since"]),
        file=str(entry["file"]),
        done=tuple(_time(t) for t in entry["done"]),
        under_way=under_way and Attempt(**{**_unpack_times(under_way), "places": tuple(under_way["places"])}),
        last=last and Outcome(**{**_unpack_times(last), "sentences": tuple(map(str, last["sentences"]))}),
        fingerprint=str(entry["fingerprint"]),
    )


def _unpack_times(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = {"due", "started", "finished", "retry_at"}
    return {key: _time(value) if key in names and value else value for key, value in entry.items()}


def _time(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(dt.UTC)
