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
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from crm_lib.errors import CrmError
from crm_lib.publish.plan import Job, Progress
from crm_lib.publish.records import note_failure
from crm_lib.publish.single import run_job

# Seconds until a worker that was told to end is ended the hard way.
_GRACE = 1.0
# A socket's address may have about 100 characters; a long TMPDIR leaves no room for it.
_LONGEST_FOLDER = 60


@dataclass
class _Worker:
    """A worker process and our end of the line to it."""

    process: Any
    line: Connection

    @classmethod
    def start(cls, folder: str) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def describe_end(self) -> str:
        self.process.join()
        code = self.process.exitcode
        how = f"was killed (signal {-code})" if code < 0 else f"ended (code {code})"
        return f"the worker process {how}. Is there memory enough? Fewer --jobs need less."


def run_in_workers(
    jobs: Sequence[Job], *, n_jobs: int = 1, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Run `jobs` on at most `n_jobs` processes; return their entries in the order of `jobs`."""
    entries = {i: note_failure(job, job.fault) for i, job in enumerate(jobs) if job.fault}
    waiting = deque((i, job) for i, job in enumerate(jobs) if not job.fault)
    folder = _make_socket_folder()
    workers: list[_Worker] = []
    try:
        entries |= _share_out(waiting, workers, folder, n_jobs=n_jobs, progress=progress)
    finally:
        _stop(workers)
        shutil.rmtree(folder, ignore_errors=True)
        for job in jobs:
            shutil.rmtree(job.stage, ignore_errors=True)
    return [entries[i] for i in range(len(jobs))]


def _make_socket_folder() -> str:
    here = tempfile.gettempdir()
    return tempfile.mkdtemp(
        prefix="crm-", dir="/tmp" if len(here) > _LONGEST_FOLDER and os.name != "nt" else here
    )


def _share_out(
    waiting: deque[tuple[int, Job]],
    workers: list[_Worker],
    folder: str,
    *,
    n_jobs: int,
    progress: Progress | None,
) -> dict[int, dict[str, Any]]:
    busy: dict[Any, tuple[int, Job, _Worker]] = {}
    idle: list[_Worker] = []
    entries: dict[int, dict[str, Any]] = {}
    while waiting or busy:
        while waiting and len(busy) < n_jobs:
            if not idle:
                workers.append(_Worker.start(folder))
                idle.append(workers[-1])
            worker, (i, job) = idle.pop(), waiting.popleft()
            busy[worker.line] = (i, job, worker)
            with contextlib.suppress(OSError):  # a worker that is gone is seen below
                worker.line.send(job)
        for line in wait(list(busy)):
            i, job, worker = busy[line]
            message = _receive(line)
            if message and message[0] == "cell":
                if progress:
                    progress(*message[1:])
                continue
            del busy[line]
            entries[i] = message[1] if message else note_failure(job, worker.describe_end())
            idle += [worker] if message else []
    return entries


def _receive(line: Any) -> Any:
    """Return what the worker says, or None when it is gone."""
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


def _serve(line: Connection, folder: str) -> None:
    """Run the jobs that come over `line` (in the worker)."""
    from crm_lib.publish import kernels

    # jsonschema (which nbformat imports) would build grammars for a second, of which we use none.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    kernels.use_folder(Path(folder))
    # Ctrl-C reaches every process of the terminal; the command decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_leave_with_parent, args=(folder,), daemon=True).start()
    while (job := _receive(line)) is not None:
        line.send(("done", _work(job, line)))


def _leave() -> None:
    """End this worker at once, and its kernel with it."""
    from crm_lib.publish import kernels

    kernels.kill_all()
    os._exit(1)


def _leave_with_parent(folder: str) -> None:
    """Leave no kernel and no folder behind when the command was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        _leave()


def _work(job: Job, line: Connection) -> dict[str, Any]:
    """Run one job; whatever goes wrong is its own failure and nobody else's."""
    warming = threading.Thread(target=_import_ahead, daemon=True)

    def tell(*told: Any) -> None:
        line.send(("cell", *told))
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
    import bleach
    import bs4
    import fontTools.subset
    import jinja2

    import crm_lib.publish.html

    del bleach, bs4, fontTools, jinja2, crm_lib


def describe_fault(fault: BaseException) -> str:
    """Return one sentence for what stopped a job outside its cells."""
    if isinstance(fault, CrmError):
        return str(fault)
    if isinstance(fault, OSError):
        where = f" ({fault.filename})" if fault.filename else ""
        return f"the report could not be written or read: {fault.strerror or fault}{where}."
    first = (str(fault).strip().splitlines() or [""])[0]
    return f"rendering stopped: {type(fault).__name__}: {first[:300]}. Run with --debug to see where."
