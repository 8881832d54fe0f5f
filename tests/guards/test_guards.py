"""Take every guard away, one at a time, in a copy of the project: its test must go red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import copy_project
from guard_kinds import Guard
from guard_registry import GUARDS

pytestmark = pytest.mark.slow


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


def test_with_every_guard_in_place_all_their_tests_are_green(tmp_path: Path) -> None:
    tests = sorted({test for guard in GUARDS for test in guard.test})
    asked = run_tests(copy_project(tmp_path / "project"), *tests)
    assert asked.returncode == 0, asked.stdout[-3000:]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "_"))
def test_without_a_guard_its_test_goes_red(
    guard: Guard, tmp_path: Path, record_property: pytest.FixtureRequest
) -> None:
    record_property("guard", (guard.name, guard.removal, " ".join(guard.test)))
    root = copy_project(tmp_path / "project")
    guard.spoil(root)
    asked = run_tests(root, *guard.test)
    # 1 = a test failed; anything else would be red for a reason that has nothing to do with the guard.
    assert asked.returncode == 1, asked.stdout[-3000:] + asked.stderr[-1000:]


def test_names_are_unique() -> None:
    names = [guard.name for guard in GUARDS]
    assert len(set(names)) == len(names)
