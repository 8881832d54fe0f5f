"""Every removal still finds what it takes away, and its test is still there; whether that goes red, the slow run sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import copy_project
from guard_registry import GUARDS

from crm_lib._places import project_root


def test_every_removal_applies_and_changes_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_project(tmp_path / "project")
    write, before = Path.write_text, {}

    def write_and_remember(path: Path, *given: Any, **more: Any) -> int:
        before.setdefault(path, path.read_bytes())
        return write(path, *given, **more)

    monkeypatch.setattr(Path, "write_text", write_and_remember)
    idle = []
    for guard in GUARDS:
        guard.spoil(root)
        if not any(path.read_bytes() != text for path, text in before.items()):
            idle.append(guard.name)
        for path, text in before.items():
            path.write_bytes(text)
        before.clear()
    assert idle == []


def test_the_test_of_every_guard_is_there() -> None:
    missing = []
    for test in {test for guard in GUARDS for test in guard.test}:
        file, _, name = test.partition("::")
        path = project_root() / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not text or f"def {name.partition('[')[0]}(" not in text and name:
            missing.append(test)
    assert missing == []
