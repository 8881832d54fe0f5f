"""Run a few lines in kernels of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crm_lib.kernels import Limits, kill_all, make_manager_class, take_refusals, use_folder


class Kernel:
    """A kernel that stays open for the time of a `with`."""

    def __init__(self, folder: Path, address: str = "", limits: Limits | None = None) -> None:
        from nbclient import NotebookClient
        from nbformat.v4 import new_notebook

        take_refusals()
        use_folder(folder, address=address)
        self.manager_class: Any = make_manager_class(limits or Limits())
        words = ["--log-level=CRITICAL"]
        self.client: Any = NotebookClient(
            new_notebook(), kernel_manager_class=self.manager_class, extra_arguments=words, timeout=60
        )

    def __enter__(self) -> Kernel:
        self._open = self.client.setup_kernel()
        self._open.__enter__()
        return self

    def __exit__(self, *what: Any) -> None:
        self._open.__exit__(*what)
        kill_all()
        use_folder(None)  # the next test's kernels live in a folder of their own

    def run(self, source: str) -> str:
        """Run `source`; return what it printed."""
        from nbformat.v4 import new_code_cell

        cell = new_code_cell(source)
        self.client.nb.cells.append(cell)
        self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        return "".join(o.text for o in cell.outputs if o.get("name") == "stdout").strip()

    @property
    def process(self) -> Any:
        """The process as the provisioner sees it."""
        return self.client.km.provisioner.process


def run_cell(folder: Path, source: str, address: str = "", limits: Limits | None = None) -> str:
    """Run `source` in a kernel of its own; return what it printed."""
    with Kernel(folder, address, limits) as kernel:
        return kernel.run(source)
