"""Execute one notebook with papermill, telling its progress cell by cell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crm_lib._places import notebook_file
from crm_lib.kernels import Limits, make_manager_class
from crm_lib.publish.build import drop_graded

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from crm_lib.publish.plan import Job

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(job: Job, *, on_cell: Callable[[str, int, int], None] | None = None) -> dict[str, str] | None:
    """Run the report edition of a notebook; leave ``report.ipynb`` in the stage.

    Returns
    -------
    dict or None
        For a failure the heading of the section (``cell``) and one sentence.
    """
    import nbformat

    notebook = drop_graded(nbformat.read(notebook_file(job.notebook_id), as_version=4))
    os.environ["CRM_OUTPUT_DIR"] = str(job.stage.resolve())
    os.environ["CRM_NOTEBOOK"] = job.notebook_id
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    if job.debug:
        os.environ["CRM_DEBUG"] = "1"
    error, made = _call_papermill(job, notebook, on_cell)
    _note_times(job, made)
    _tidy(made)
    nbformat.write(made, job.stage / "report.ipynb")
    return error


def _call_papermill(
    job: Job, notebook: NotebookNode, on_cell: Callable[[str, int, int], None] | None
) -> tuple[dict[str, str] | None, NotebookNode]:
    """Return what went wrong, and the notebook as far as it came."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    limits = Limits.from_environment()
    managers = make_manager_class(limits)
    runs = register_engine(job.place, on_cell)
    sentence = ""
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(job.parameters),
            engine_name="crm",
            kernel_name="python3",
            cwd=os.getcwd(),
            progress_bar=False,
            log_output=False,
            execution_timeout=limits.cell_seconds,
            kernel_manager_class=managers,
            extra_arguments=["--log-level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        sentence = _sentence(error, limits)
    except (RuntimeError, TimeoutError) as error:
        sentence = _describe_stop(error, managers.ended, limits)
        _mark_failed(runs[-1], type(error).__name__, sentence)
    return ({"cell": "", "sentence": sentence} if sentence else None), runs[-1].nb


def _describe_stop(error: Exception, ended: int | None, limits: Limits) -> str:
    """Return one sentence for a kernel that stopped, or was stopped, outside Python's own errors."""
    if isinstance(error, TimeoutError):
        return (
            f"a cell may take {limits.cell_seconds} seconds and took longer. "
            "Give it fewer data, or more time: set the environment variable CRM_CELL_SECONDS."
        )
    if ended is not None:
        how = f"was killed (signal {-ended})" if ended < 0 else f"ended (code {ended})"
        return f"the kernel {how}. Is there memory enough? Fewer --jobs need less."
    first = (_ANSI.sub("", str(error)).strip().splitlines() or [type(error).__name__])[0]
    return f"the kernel stopped: {first}"


def _mark_failed(run: Any, name: str, sentence: str) -> None:
    """Write into the cell that was at work why it has no result."""
    from nbformat.v4 import new_output

    cell = getattr(run, "at_work", None)
    if cell is not None and cell.cell_type == "code":
        cell.outputs.append(new_output("error", ename=name, evalue=sentence, traceback=[sentence]))


def _sentence(error: Any, limits: Limits) -> str:
    if error.ename == "MemoryError" and limits.memory_mb:
        return (
            f"the kernel may use {limits.memory_mb} MiB of memory (CRM_MEMORY_MB), and a cell needs more. "
            "Give it fewer data, or more memory."
        )
    text = _ANSI.sub("", str(error.evalue)).strip()
    return text if error.ename.endswith("Error") and _is_ours(error.ename) else f"{error.ename}: {text}"


def _is_ours(name: str) -> bool:
    from crm_lib import errors

    kind = getattr(errors, name, None)
    return isinstance(kind, type) and issubclass(kind, errors.CrmError)


def register_engine(notebook_id: str, on_cell: Callable[[str, int, int], None] | None) -> list[Any]:
    """Register papermill's own engine with a call after each cell, under the name ``crm``.

    Returns
    -------
    list
        Its runs, once it runs: each holds the notebook as far as it came (`nb`)
        and the cell that was last at work (`at_work`).
    """
    from papermill.engines import NBClientEngine, papermill_engines

    runs: list[Any] = []

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            runs.append(nb_man)
            total, begin, told = len(nb_man.nb.cells), nb_man.cell_start, nb_man.cell_complete

            def cell_start(cell: Any, cell_index: int | None = None, **more: Any) -> None:
                nb_man.at_work = cell
                begin(cell, cell_index, **more)

            def cell_complete(cell: Any, cell_index: int | None = None, **more: Any) -> None:
                told(cell, cell_index, **more)
                if on_cell:
                    on_cell(notebook_id, (cell_index or 0) + 1, total)

            nb_man.cell_start, nb_man.cell_complete = cell_start, cell_complete
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("crm", Engine)
    return runs


def _note_times(job: Job, notebook: NotebookNode) -> None:
    """Append the seconds of each cell to the file ``CRM_TIMES``, where the benchmarks look for them."""
    path = os.environ.get("CRM_TIMES")
    if not path:
        return
    import json

    seconds = [c.metadata.get("papermill", {}).get("duration") or 0.0 for c in notebook.cells]
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"notebook": job.place, "seconds": seconds}) + "\n")


def _tidy(notebook: NotebookNode) -> None:
    """Take papermill's paths and its error marks out of the executed notebook."""
    marks = {"papermill-error-cell-tag"}
    notebook.cells = [c for c in notebook.cells if not marks & set(c.metadata.get("tags", ()))]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)


def find_failed_section(notebook: NotebookNode) -> str:
    """Return the heading of the section in which a cell failed."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^#{1,2} (.+)", cell.source, re.MULTILINE)
            heading = found[-1] if found else heading
        elif any(o.output_type == "error" for o in cell.outputs):
            return heading
    return heading
