"""Run jobs in worker processes: a crash or a changed folder of one touches no other."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from crm_lib.errors import CrmError
from crm_lib.publish.run import Job, Progress, run_job

_QUEUE: Any = None


def _start(queue: Any) -> None:
    global _QUEUE
    _QUEUE = queue


def _tell(notebook_id: str, done: int, total: int) -> None:
    _QUEUE.put((notebook_id, done, total))


def _work(job: Job) -> dict[str, Any]:
    return run_job(job, on_cell=_tell)


def run_in_workers(
    jobs: Sequence[Job], *, n_jobs: int = 1, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Run `jobs` on `n_jobs` processes; return their entries in the order of `jobs`."""
    context = get_context("spawn")
    queue = context.Queue()
    listener = threading.Thread(target=_listen, args=(queue, progress), daemon=True)
    listener.start()
    entries: dict[int, dict[str, Any]] = {}
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_start, initargs=(queue,)) as pool:
        futures = {pool.submit(_work, job): i for i, job in enumerate(jobs)}
        for future in as_completed(futures):
            i = futures[future]
            try:
                entries[i] = future.result()
            except (BrokenProcessPool, CrmError, OSError) as error:
                entries[i] = _note_crash(jobs[i], error)
    queue.put(None)
    listener.join()
    return [entries[i] for i in range(len(jobs))]


def _listen(queue: Any, progress: Progress | None) -> None:
    while (message := queue.get()) is not None:
        if progress:
            progress(*message)


def _note_crash(job: Job, error: BaseException) -> dict[str, Any]:
    """Return and keep the entry of a job whose worker died, so that the index shows it."""
    sentence = str(error) or "the worker process stopped"
    entry = {
        "notebook_id": job.notebook_id,
        "key": "",
        "title": job.notebook_id,
        "project": job.notebook_id.split("/")[0],
        "question": "",
        "status": "failed",
        "seconds": 0.0,
        "rendered_at": "",
        "parameters": dict(job.parameters),
        "outputs": {},
        "error": {"cell": "", "sentence": sentence},
        "result": {},
    }
    job.entry_file.parent.mkdir(parents=True, exist_ok=True)
    job.entry_file.write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")
    return entry
