"""A test whose outside program is missing is skipped and named, or fails where nothing may be skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.needs("bubblewrap")
def test_locked_away():
    pass

@pytest.mark.needs("bubblewrap")
@pytest.mark.needs("java", "chromium")
def test_everything():
    pass

def test_nothing_needed():
    pass
"""


@pytest.fixture
def suite(project_root: Path, tmp_path: Path) -> Path:
    """Return a folder with the project's own conftest and three tests."""
    (tmp_path / "tests").mkdir()
    shutil.copyfile(project_root / "tests" / "conftest.py", tmp_path / "tests" / "conftest.py")
    (tmp_path / "tests" / "test_few.py").write_text(TESTS, encoding="utf-8")
    shutil.copyfile(project_root / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def run_suite(folder: Path, *options: str, path: str = "", **variables: str) -> subprocess.CompletedProcess:
    """Run the suite in `folder` on a machine whose programs are those of `path` only."""
    mine = {"CRM_REQUIRE_ALL", "PYTEST_ADDOPTS"}
    kept = {key: value for key, value in os.environ.items() if key not in mine}
    library = str(Path(__file__).resolve().parent.parent)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests", *options]
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PATH": path, "PYTHONPATH": library, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_a_missing_program_skips_and_is_named_at_the_end(suite: Path) -> None:
    asked = run_suite(suite)
    assert asked.returncode == 0, asked.stdout
    assert "1 passed, 2 skipped" in asked.stdout
    end = asked.stdout.split(" not run here ")[1]
    assert "2 tests not run: bubblewrap is missing. Install it with: apt-get install bubblewrap" in end
    assert "1 test not run: java is missing. Install it with: apt-get install default-jre-headless" in end
    assert "1 test not run: chromium is missing. Install it with: apt-get install chromium" in end


def test_where_nothing_may_be_skipped_a_missing_program_fails(suite: Path) -> None:
    asked = run_suite(suite, CRM_REQUIRE_ALL="1")
    assert asked.returncode == 1
    assert "1 passed" in asked.stdout
    assert "CRM_REQUIRE_ALL=1, so this may not be skipped: needs bubblewrap" in asked.stdout
    assert "bubblewrap is missing. Install it with: apt-get install bubblewrap" in asked.stdout


def test_a_program_that_is_there_runs_its_tests(suite: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bwrap", "java", "chromium"):
        (programs / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    asked = run_suite(suite, path=str(programs), CRM_REQUIRE_ALL="1")
    assert asked.returncode == 0, asked.stdout
    assert "3 passed" in asked.stdout
    assert "not run here" not in asked.stdout


def test_two_workers_name_the_missing_program_too(suite: Path) -> None:
    asked = run_suite(suite, "-n", "2")
    assert asked.returncode == 0, asked.stdout
    assert "2 tests not run: bubblewrap is missing." in asked.stdout


def test_a_misspelt_need_is_refused(suite: Path) -> None:
    text = TESTS.replace('"java"', '"jawa"')
    (suite / "tests" / "test_few.py").write_text(text, encoding="utf-8")
    asked = run_suite(suite)
    assert asked.returncode == 4
    assert "known are ['bubblewrap', 'chromium', 'java', 'poppler', 'postgresql', 'pyspark']" in asked.stderr


def test_the_table_of_guards_is_printed(suite: Path) -> None:
    text = """
    def test_guard(record_property):
        record_property("guard", ("a fence", "taken down", "test_fence"))
    """
    (suite / "tests" / "test_few.py").write_text(text.replace("\n    ", "\n"), encoding="utf-8")
    asked = run_suite(suite, "-n", "1")
    assert "a fence -> taken down -> test_fence: red, as it must be" in asked.stdout


def test_a_recorded_figure_of_numpy_does_not_end_a_run_of_workers(suite: Path) -> None:
    text = """
    import numpy as np

    def test_figure(record_property):
        record_property("share", {"found": np.float64(0.5), "rows": [np.int64(3), (1, np.float32(2))]})
    """
    (suite / "tests" / "test_few.py").write_text(text.replace("\n    ", "\n"), encoding="utf-8")
    asked = run_suite(suite, "-n", "1")
    assert asked.returncode == 0, asked.stdout
    assert "1 passed" in asked.stdout
