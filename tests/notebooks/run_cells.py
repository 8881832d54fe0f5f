"""Run a notebook's cells in this process: fast, and every variable can be looked at."""

from __future__ import annotations

import html
import re
import warnings
from typing import Any

import nbformat

from crm_lib._places import notebook_file
from crm_lib.errors import CrmWarning
from crm_lib.publish.build import build_notebook, drop_graded


class Shown:
    """What a run displayed: HTML texts in order."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def __call__(self, data: Any, **more: Any) -> None:
        self.pages.append(data["text/html"] if isinstance(data, dict) and "text/html" in data else "")

    @property
    def findings(self) -> list[str]:
        """The computed sentences, as plain text."""
        found = [p for p in self.pages if 'class="crm-finding"' in p]
        return [html.unescape(re.sub(r"<br>", "\n", re.sub(r"</?(div|strong)[^>]*>", "", p))) for p in found]

    @property
    def text(self) -> str:
        """Everything shown, without tags."""
        return html.unescape(
            re.sub(r"<style>.*?</style>|<[^>]+>", " ", " ".join(self.pages), flags=re.DOTALL)
        )


def run_report(notebook_id: str, monkeypatch: Any, folder: Any, **parameters: Any) -> tuple[dict, Shown]:
    """Run the report's cells with `parameters`; return the variables and what was shown."""
    import IPython.display

    shown = Shown()
    monkeypatch.setattr(IPython.display, "display", shown)
    monkeypatch.setenv("CRM_OUTPUT_DIR", str(folder))
    notebook = drop_graded(nbformat.read(notebook_file(notebook_id), as_version=4))
    space: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrmWarning)  # a kernel shows it as a box and goes on
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, notebook_id, "exec"), space)
                if "parameters" in cell.metadata.get("tags", ()):
                    space.update(parameters)
    return space, shown


def solutions(notebook_id: str) -> dict[str, str]:
    """Return the code of each solution by grade_id."""
    cells = build_notebook(notebook_id, edition="teacher").cells
    found = {}
    for cell in cells:
        if "solution" in cell.metadata.get("tags", ()):
            grade_id = cell.metadata["nbgrader"]["grade_id"].removesuffix("-answer")
            found[grade_id] = "\n".join(x for x in cell.source.splitlines() if "### " not in x)
    return found
