"""Take one guard away in a copy of the project and run its test there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import ROOT, copy_project
from guard_kinds import Guard

# each part is a file of its own, so that the workers share the guards
PARTS = 4


def name_guard(guard: Guard) -> str:
    """Return the guard's name as the id of a test."""
    return guard.name.replace(" ", "_")


def run_tests(root: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run `tests` on the library as it stands in `root`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    # nbval alone takes a second to load, and no guard's test is a notebook's
    left_out = ["-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:anyio"]
    command = [sys.executable, "-m", "pytest", "-q", *left_out, *tests]
    return subprocess.run(
        command,
        cwd=root,
        env={**kept, "PYTHONPATH": str(root), "CRM_HOME": str(root)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1500,
    )


class ProjectCopy:
    """A copy of the project that many guards are taken away from, one after the other.

    What Python compiles for one guard serves the next; all else is as in a fresh copy again after `mend`.
    """

    def __init__(self, root: Path) -> None:
        self.root = copy_project(root)
        self._fresh = self._look()

    def _look(self) -> dict[Path, tuple[int, ...]]:
        found = {}
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in [*folders, *files]:
                path = Path(folder, name)
                state = path.lstat()
                inside = () if path.is_dir() else (state.st_mtime_ns, state.st_size)
                found[path] = (state.st_mode, *inside)
        return found

    def mend(self) -> None:
        """Take away what is new, bring back what is gone or changed."""
        now = self._look()
        for path in sorted(set(now) - set(self._fresh), reverse=True):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for path in sorted(p for p, state in self._fresh.items() if now.get(p) != state):
            origin = ROOT / path.relative_to(self.root)
            if origin.is_dir():
                path.mkdir(exist_ok=True)
            else:
                path.unlink(missing_ok=True)
            (shutil.copystat if origin.is_dir() else shutil.copy2)(origin, path, follow_symlinks=False)
        assert self._look() == self._fresh


def see_red(guard: Guard, copy: ProjectCopy, record_property: Any) -> None:
    """Fail unless the guard's test goes red without the guard."""
    record_property("guard", (guard.name, guard.removal, " ".join(guard.test)))
    try:
        guard.spoil(copy.root)
        asked = run_tests(copy.root, *guard.test)
    finally:
        copy.mend()
    # 1 = a test failed; anything else would be red for a reason that has nothing to do with the guard.
    assert asked.returncode == 1, asked.stdout[-3000:] + asked.stderr[-1000:]
