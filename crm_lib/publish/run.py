"""Render many notebooks into one folder, and write its index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_lib.errors import RenderError
from crm_lib.publish.folders import lock_folder, prepare_folder
from crm_lib.publish.plan import Job, Progress


def run_jobs(
    jobs: Sequence[Job],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
    say_wait: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Render `jobs` in worker processes and write the index; one that fails stops no other.

    Parameters
    ----------
    jobs
        What `plan_jobs` returned; all of one folder.
    n_jobs
        Worker processes at most.
    progress
        Called after each cell with the notebook, the cells done and their number.
    say_wait
        Called with a sentence when another run holds the folder.

    Returns
    -------
    list of dict
        The entries, in the order of `jobs`.

    Raises
    ------
    ParameterError, RenderError
        When the folder is a file or cannot be written, or the index cannot be.
    """
    from crm_lib.publish.site import write_index
    from crm_lib.publish.workers import run_in_workers

    if not jobs:
        return []
    out = jobs[0].out
    prepare_folder(out)
    with lock_folder(out, say_wait=say_wait):
        entries = run_in_workers(jobs, n_jobs=n_jobs, progress=progress)
        try:
            write_index(out)
        except RenderError as fault:
            failures = [describe_failure(e) for e in entries if e["error"]]
            raise RenderError("\n".join([*failures, str(fault)])) from None
    return entries


def describe_failure(entry: Mapping[str, Any]) -> str:
    """Return one line that names the notebook, the section and the sentence of a failure."""
    error = entry["error"] or {}
    if not error:
        raise RenderError("describe_failure: the run did not fail")
    where = f" (in: {error['cell']})" if error["cell"] else ""
    return f"{entry['notebook_id']}: {error['sentence']}{where}"
