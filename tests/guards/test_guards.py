"""With every guard in place all their tests are green."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import copy_project
from guard_registry import GUARDS
from guard_runs import PARTS, run_tests

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("part", range(PARTS))
def test_with_every_guard_in_place_all_their_tests_are_green(part: int, tmp_path: Path) -> None:
    tests = sorted({test for guard in GUARDS for test in guard.test})[part::PARTS]
    asked = run_tests(copy_project(tmp_path / "project"), *tests)
    assert asked.returncode == 0, asked.stdout[-3000:]


def test_names_are_unique() -> None:
    names = [guard.name for guard in GUARDS]
    assert len(set(names)) == len(names)


def test_every_guard_is_taken_away_in_one_part() -> None:
    files = sorted(Path(__file__).parent.glob("test_guards_[0-9].py"))
    parts = [file.read_text("utf-8").split("GUARDS[")[1].split(":")[0] for file in files]
    assert parts == [str(part) for part in range(PARTS)]
