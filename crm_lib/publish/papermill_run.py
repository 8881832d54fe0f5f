"""Execute one notebook with papermill, telling its progress cell by cell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crm_lib._places import notebook_file
from crm_lib.publish.build import drop_graded
from crm_lib.publish.kernels import make_manager_class

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from crm_lib.publish.plan import Job

CELL_SECONDS = 600
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(job: Job, *, on_cell: Callable[[str, int, int], None] | None = None) -> dict[str, str] | None:
    """Run the report edition of a notebook; leave ``report.ipynb`` in the stage.

    Returns
    -------
    dict or None
        For a failure the heading of the section (``cell``) and one sentence.
    """
    import nbformat

    source = job.stage / "source.ipynb"
    notebook = drop_graded(nbformat.read(notebook_file(job.notebook_id), as_version=4))
    nbformat.write(notebook, source)
    os.environ["CRM_OUTPUT_DIR"] = str(job.stage.resolve())
    os.environ["CRM_NOTEBOOK"] = job.notebook_id
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    if job.debug:
        os.environ["CRM_DEBUG"] = "1"
    error = _call_papermill(job, on_cell)
    source.unlink()
    _tidy(job)
    return error


def _call_papermill(job: Job, on_cell: Callable[[str, int, int], None] | None) -> dict[str, str] | None:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    register_engine(job.notebook_id, on_cell)
    try:
        papermill.execute_notebook(
            job.stage / "source.ipynb",
            job.stage / "report.ipynb",
            parameters=dict(job.parameters),
            engine_name="crm",
            kernel_name="python3",
            cwd=os.getcwd(),
            progress_bar=False,
            log_output=False,
            execution_timeout=CELL_SECONDS,
            kernel_manager_class=make_manager_class(),
            extra_arguments=["--log-level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        return {"cell": "", "sentence": _sentence(error)}
    except (RuntimeError, TimeoutError) as error:
        return {"cell": "", "sentence": f"the kernel stopped: {_ANSI.sub('', str(error)).strip()}"}
    return None


def _sentence(error: Any) -> str:
    text = _ANSI.sub("", str(error.evalue)).strip()
    return text if error.ename.endswith("Error") and _is_ours(error.ename) else f"{error.ename}: {text}"


def _is_ours(name: str) -> bool:
    from crm_lib import errors

    kind = getattr(errors, name, None)
    return isinstance(kind, type) and issubclass(kind, errors.CrmError)


def register_engine(notebook_id: str, on_cell: Callable[[str, int, int], None] | None) -> None:
    """Register papermill's own engine with a call after each cell, under the name ``crm``."""
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            total, told = len(nb_man.nb.cells), nb_man.cell_complete

            def cell_complete(cell: Any, cell_index: int | None = None, **more: Any) -> None:
                told(cell, cell_index, **more)
                if on_cell:
                    on_cell(notebook_id, (cell_index or 0) + 1, total)

            nb_man.cell_complete = cell_complete
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("crm", Engine)


def _tidy(job: Job) -> None:
    """Take papermill's paths and its error marks out of the executed notebook."""
    import nbformat

    path = job.stage / "report.ipynb"
    notebook = nbformat.read(path, as_version=4)
    marks = {"papermill-error-cell-tag"}
    notebook.cells = [c for c in notebook.cells if not marks & set(c.metadata.get("tags", ()))]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
    nbformat.write(notebook, path)


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
