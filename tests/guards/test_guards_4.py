"""Take every guard away, one at a time, in a copy of the project: its test must go red (part 4)."""

from __future__ import annotations

import pytest
from guard_kinds import Guard
from guard_registry import GUARDS
from guard_runs import PARTS, ProjectCopy, name_guard, see_red

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("guard", GUARDS[3::PARTS], ids=name_guard)
def test_without_a_guard_its_test_goes_red(
    guard: Guard, guarded_copy: ProjectCopy, record_property: pytest.FixtureRequest
) -> None:
    see_red(guard, guarded_copy, record_property)
