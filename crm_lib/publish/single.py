"""Render one notebook and put its report in place."""

from __future__ import annotations

import shutil
import time
from typing import Any

from crm_lib.publish.folders import replace_folder, restore_folder
from crm_lib.publish.plan import Job, Progress
from crm_lib.publish.records import make_entry, write_entry, write_report


def run_job(job: Job, *, on_cell: Progress | None = None) -> dict[str, Any]:
    """Render one notebook and move its report into place.

    Returns
    -------
    dict
        The entry of the index: status ``ok`` or ``failed``, seconds, outputs,
        and for a failure the cell and the sentence.  A failed run leaves an
        earlier good report where it is and keeps the failed notebook beside it.
    """
    import nbformat

    from crm_lib.publish.papermill_run import execute, find_failed_section

    restore_folder(job.stage, job.folder)
    shutil.rmtree(job.stage, ignore_errors=True)
    (job.stage / "tables").mkdir(parents=True)
    started = time.perf_counter()
    error = execute(job, on_cell=on_cell)
    notebook = nbformat.read(job.stage / "report.ipynb", as_version=4)
    if error:
        error["cell"] = find_failed_section(notebook)
    entry = make_entry(job, notebook, error, time.perf_counter() - started)
    write_report(job, notebook, entry)
    if error:
        _add_failure(job)
    else:
        replace_folder(job.stage, job.folder)
    write_entry(job, entry)
    return entry


def _add_failure(job: Job) -> None:
    """Put what a failed run made beside the earlier report, which stays."""
    job.folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("html", "ipynb"):
        (job.stage / f"report.{suffix}").replace(job.folder / f"failed.{suffix}")
    shutil.rmtree(job.stage)
