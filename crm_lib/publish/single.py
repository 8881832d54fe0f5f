"""Render one notebook and put its report in place."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.errors import CrmError, RenderError
from crm_lib.publish import ground
from crm_lib.publish.commit import add_failure, put_in_place
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.manifest import describe_state, list_outputs, make_manifest
from crm_lib.publish.plan import Job, Progress
from crm_lib.publish.records import make_entry, write_report

if TYPE_CHECKING:
    from nbformat import NotebookNode


def run_job(job: Job, *, on_cell: Progress | None = None) -> dict[str, Any]:
    """Render one notebook and move its report into place.

    Returns
    -------
    dict
        The entry of the index: status ``ok`` or ``failed``, seconds, outputs,
        and for a failure the cell and the sentence.  A failed run leaves an
        earlier good report where it is and keeps the failed notebook beside it.

    Raises
    ------
    RenderError
        When a secret stands in what the run made: none of that is kept.
    OSError
        When files cannot be read or written; the stage is cleared away first,
        so that on a full disk there is room for the sentence.
    """
    shutil.rmtree(job.stage, ignore_errors=True)
    try:
        (job.stage / "tables").mkdir(parents=True)
        return _render(job, on_cell)
    except BaseException:
        shutil.rmtree(job.stage, ignore_errors=True)
        raise


def _render(job: Job, on_cell: Progress | None) -> dict[str, Any]:
    import nbformat

    from crm_lib.publish.papermill_run import execute, find_failed_section

    # before the cells run: what changes while they do is found changed next time
    state, mark = _look(job)
    started = time.perf_counter()
    error = execute(job, on_cell=on_cell)
    notebook = nbformat.read(job.stage / "report.ipynb", as_version=4)
    if error:
        error["cell"] = find_failed_section(notebook)
    entry = _write_pages(job, notebook, error, started, state["inputs"])
    _refuse_leaks(job)
    if entry["error"]:
        add_failure(job, entry)
    else:
        put_in_place(job, entry, make_manifest(state, mark, list_outputs(job.stage)))
    return entry


def _look(job: Job) -> tuple[dict[str, Any], str]:
    """Return the state of `job`, and the mark of the ground this run stands on."""
    hashes = Hashes.of(job.out)
    mark = ground.passed_on(job.out)
    shared = ground.load_ground(job.out, mark) if mark else ground.describe_ground(hashes)
    return describe_state(job, hashes=hashes, shared=shared), mark or ground.store_ground(job.out, shared)


def _write_pages(
    job: Job,
    notebook: NotebookNode,
    error: Mapping[str, str] | None,
    started: float,
    inputs: Mapping[str, str],
) -> dict[str, Any]:
    """Write the HTML, and the PDF when it was asked for, into the stage; return the entry."""
    entry = make_entry(job, notebook, error, time.perf_counter() - started, inputs=inputs)
    write_report(job, notebook, entry)
    if not job.pdf or error:
        return entry
    from crm_lib.publish.pdf import write_pdf

    try:
        write_pdf(job.stage / "report.html", job.stage / "report.pdf")
    except CrmError as fault:
        # asked for and not made: a failure, shown in the report itself
        return _write_pages(job, notebook, {"cell": "", "sentence": str(fault)}, started, inputs)
    return entry


def _refuse_leaks(job: Job) -> None:
    """Stop when a secret of the run stands in any file it made."""
    from crm_lib.publish.leaks import find_leaks, list_secrets

    leaks = find_leaks(job.stage, list_secrets(job))
    if leaks:
        raise RenderError(" ".join(leaks))
