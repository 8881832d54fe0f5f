"""Run jobs in worker processes: what kills one of them touches no other.

A worker runs one job after another, so that the heavy imports are paid once.
Nothing a worker starts outlives it: it stops its kernel when it is told to
end, and when the command itself is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from crm_lib.errors import CrmError
from crm_lib.kernels import (
    PARENT_ENV,
    Limits,
    Warm,
    fork_available,
    kill_all,
    make_folder,
    take_refusals,
    use_folder,
    warm_up,
)
from crm_lib.publish.plan import Job, Progress
from crm_lib.publish.records import note_failure
from crm_lib.publish.single import run_job

# Seconds until a worker that was told to end is ended the hard way.
_GRACE = 1.0
_LEAN = "crm_lib.publish.lean"


@dataclass
class _Worker:
    """A worker process and our end of the line to it."""

    process: Any
    line: Connection

    @classmethod
    def start(cls, folder: str, *, alone: bool) -> _Worker:
        context = _make_context(alone=alone)
        ours, theirs = context.Pipe()
        # a forked worker would have the environment of the time when the first one was started
        given = (theirs, folder, dict(os.environ))
        process = context.Process(target=_serve, args=given, daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def describe_end(self) -> str:
        self.process.join()
        code = self.process.exitcode
        how = f"was killed (signal {-code})" if code < 0 else f"ended (code {code})"
        return f"the worker process {how}. Is there memory enough? Fewer --jobs need less."


def _make_context(*, alone: bool) -> Any:
    """Return how processes are made: several are forked from one with all imports done, where that can be."""
    if alone or not fork_available():
        return get_context("spawn")
    from multiprocessing import forkserver

    context = get_context("forkserver")
    context.set_forkserver_preload([_LEAN])
    before = dict(os.environ)
    os.environ.update(Limits().dress(os.environ) | PARENT_ENV | {"CRM_WORKER_TEMPLATE": "1"})
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return context


@dataclass
class _Crew:
    """The workers of a run and what they have done."""

    folder: str
    n_jobs: int
    warm: Warm
    progress: Progress | None
    workers: list[_Worker] = field(default_factory=list)
    idle: list[_Worker] = field(default_factory=list)
    busy: dict[Any, tuple[int, Job, _Worker]] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def give(self, i: int, job: Job) -> None:
        if not self.idle:
            self.workers.append(_Worker.start(self.folder, alone=self.n_jobs == 1))
            self.idle.append(self.workers[-1])
        worker = self.idle.pop()
        self.busy[worker.line] = (i, job, worker)
        with contextlib.suppress(OSError):  # a worker that is gone is seen when it is heard
            worker.line.send((job, self.warm.revive()))

    def hear(self, line: Any) -> dict[str, Any] | None:
        """Return the entry of the job that the worker has done, or None while it works."""
        _, job, worker = self.busy[line]
        message = _receive(line)
        if message and message[0] == "cell":
            if self.progress:
                self.progress(*message[1:])
            return None
        if message and message[0] == "note":
            self.say(message[1])
            return None
        del self.busy[line]
        self.idle += [worker] if message else []
        return message[1] if message else note_failure(job, worker.describe_end())

    def say(self, sentence: str) -> None:
        """Say it on the terminal, once a run."""
        if sentence not in self.said:
            self.said.add(sentence)
            print(f"crm: {sentence}", file=sys.stderr, flush=True)


def run_in_workers(
    jobs: Sequence[Job], *, n_jobs: int = 1, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Run `jobs` on at most `n_jobs` processes; return their entries in the order of `jobs`."""
    entries = {i: note_failure(job, job.fault) for i, job in enumerate(jobs) if job.fault}
    waiting = deque((i, job) for i, job in enumerate(jobs) if not job.fault)
    folder = make_folder()
    try:
        with _keep_warm(len(waiting), folder) as warm:
            crew = _Crew(str(folder), min(n_jobs, len(waiting)), warm, progress)
            if len(waiting) > 1 and not warm.address:
                crew.say("kernels are not forked here, so each report takes some seconds longer.")
            try:
                entries |= _share_out(waiting, crew)
            finally:
                _stop(crew.workers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for job in jobs:
            shutil.rmtree(job.stage, ignore_errors=True)
    return [entries[i] for i in range(len(jobs))]


def _keep_warm(n_waiting: int, folder: Path) -> contextlib.AbstractContextManager[Warm]:
    """Keep a warm parent where it pays: a single kernel is as soon started the ordinary way."""
    limits = Limits.from_environment()
    return warm_up(folder, limits=limits) if n_waiting > 1 else contextlib.nullcontext(Warm(folder, limits))


def _share_out(waiting: deque[tuple[int, Job]], crew: _Crew) -> dict[int, dict[str, Any]]:
    entries: dict[int, dict[str, Any]] = {}
    while waiting or crew.busy:
        while waiting and len(crew.busy) < crew.n_jobs:
            crew.give(*waiting.popleft())
        for line in wait(list(crew.busy)):
            i = crew.busy[line][0]
            entry = crew.hear(line)
            if entry is not None:
                entries[i] = entry
    return entries


def _receive(line: Any) -> Any:
    """Return what the other side says, or None when it is gone."""
    try:
        return line.recv()
    except (EOFError, OSError):
        return None


def _stop(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_GRACE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.line.close()


def _serve(line: Connection, folder: str, env: Mapping[str, str]) -> None:
    """Run the jobs that come over `line` (in the worker)."""
    import crm_lib.publish.lean

    del crm_lib
    os.environ.clear()
    os.environ.update(env)
    # Ctrl-C reaches every process of the terminal; the command decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_leave_with_parent, args=(folder,), daemon=True).start()
    while (given := _receive(line)) is not None:
        job, address = given
        use_folder(Path(folder), address=address)
        entry = _work(job, line)
        for why in take_refusals():
            line.send(("note", f"a kernel was started the slow way: {why}."))
        line.send(("done", entry))


def _leave() -> None:
    """End this worker at once, and its kernel with it."""
    kill_all()
    os._exit(1)


def _leave_with_parent(folder: str) -> None:
    """Leave no kernel and no folder behind when the command was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        kill_all()
        shutil.rmtree(folder, ignore_errors=True)
        _leave()


def _work(job: Job, line: Connection) -> dict[str, Any]:
    """Run one job; whatever goes wrong is its own failure and nobody else's."""
    warming = threading.Thread(target=_import_ahead, daemon=True)

    def tell(*told: Any) -> None:
        line.send(("cell", *told))
        # not before: two threads importing at once may meet in a half-made module
        if not warming.ident:
            warming.start()

    try:
        return run_job(job, on_cell=tell)
    except Exception as fault:
        if job.debug:
            sys.excepthook(type(fault), fault, fault.__traceback__)
        return note_failure(job, describe_fault(fault))


def _import_ahead() -> None:
    """Import what the report needs while the kernel computes."""
    from crm_lib.publish.lean import import_ahead

    import_ahead()


def describe_fault(fault: BaseException) -> str:
    """Return one sentence for what stopped a job outside its cells."""
    if isinstance(fault, CrmError):
        return str(fault)
    if isinstance(fault, OSError):
        where = f" ({fault.filename})" if fault.filename else ""
        return f"the report could not be written or read: {fault.strerror or fault}{where}."
    first = (str(fault).strip().splitlines() or [""])[0]
    return f"rendering stopped: {type(fault).__name__}: {first[:300]}. Run with --debug to see where."
