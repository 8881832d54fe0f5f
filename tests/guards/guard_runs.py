"""Take one guard away in a copy of the project and run its test there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import copy_project
from guard_kinds import Guard

# each part is a file of its own, so that the workers share the guards
PARTS = 4


def name_guard(guard: Guard) -> str:
    """Return the guard's name as the id of a test."""
    return guard.name.replace(" ", "_")


def run_tests(root: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run `tests` on the library as it stands in `root`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        command,
        cwd=root,
        env={**kept, "PYTHONPATH": str(root), "CRM_HOME": str(root)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1500,
    )


def see_red(guard: Guard, folder: Path, record_property: Any) -> None:
    """Fail unless the guard's test goes red without the guard."""
    record_property("guard", (guard.name, guard.removal, " ".join(guard.test)))
    root = copy_project(folder / "project")
    guard.spoil(root)
    asked = run_tests(root, *guard.test)
    # 1 = a test failed; anything else would be red for a reason that has nothing to do with the guard.
    assert asked.returncode == 1, asked.stdout[-3000:] + asked.stderr[-1000:]
