"""Run the teacher edition of every notebook and rewrite tests/reference.

A reference notebook keeps only the outputs of cells tagged
`nbval-check-output`: those are what `pytest --nbval-lax tests/reference`
compares; every other cell must merely run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "reference"
CHECKED = "nbval-check-output"
COMPARED = ("text/plain", "text/html", "text/markdown")
CELL_SECONDS = 300
FEWEST = 3


def run_notebook(notebook: NotebookNode, folder: Path) -> None:
    """Execute `notebook` in place, from the project's folder, its exports going to `folder`."""
    from nbclient import NotebookClient

    os.environ["CRM_OUTPUT_DIR"] = str(folder)
    where = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=where).execute()


def keep_checked(notebook: NotebookNode) -> int:
    """Drop what may differ from run to run; return how many cells keep an output."""
    n_checked = 0
    notebook.metadata.pop("language_info", None)
    for number, cell in enumerate(notebook.cells, 1):
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        tagged = CHECKED in cell.metadata.get("tags", ())
        cell.outputs = [kept for output in cell.outputs if tagged and (kept := _keep_text(output))]
        # nbval takes a stored output without a count for one of a cell that never ran.
        cell.execution_count = number if cell.outputs else None
        n_checked += bool(cell.outputs)
    return n_checked


def find_drawn(notebook: NotebookNode) -> list[int]:
    """Return the numbers of the checked cells that draw: a picture is never the same on two machines."""
    return [
        number
        for number, cell in enumerate(notebook.cells, 1)
        if CHECKED in cell.metadata.get("tags", ())
        and any(
            kind.startswith("image/") for output in cell.get("outputs", ()) for kind in output.get("data", ())
        )
    ]


def _keep_text(output: NotebookNode) -> NotebookNode | None:
    """Return an output without its pictures, or None when only pictures were in it."""
    if "data" not in output:
        return output
    output.data = {kind: text for kind, text in output.data.items() if kind in COMPARED}
    if "execution_count" in output:
        output.execution_count = None
    return output if output.data else None


def main() -> int:
    """Rewrite tests/reference as a whole."""
    import nbformat

    from crm_lib.publish.build import write_notebooks

    teacher = ROOT / "build" / "teacher"
    shutil.rmtree(teacher, ignore_errors=True)
    paths = write_notebooks(edition="teacher", out=teacher)
    shutil.rmtree(REFERENCE, ignore_errors=True)
    poor, drawn = [], []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            run_notebook(notebook, Path(folder))
        drawn += [f"{path.stem} cell {number}" for number in find_drawn(notebook)]
        n_checked = keep_checked(notebook)
        target = REFERENCE / path.relative_to(teacher)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
        print(f"{target.relative_to(ROOT)}: {n_checked} outputs stored", flush=True)
        if n_checked < FEWEST:
            poor.append(target.stem)
    if poor:
        print(f"fewer than {FEWEST} checked outputs: {', '.join(poor)}; tag more cells", file=sys.stderr)
    if drawn:
        print(f"checked cells that draw: {', '.join(drawn)}; take their tag away", file=sys.stderr)
    return 1 if poor or drawn else 0


if __name__ == "__main__":
    sys.exit(main())
