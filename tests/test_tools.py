"""The small programs in tools/: adding up test runs, copying notebooks, the Makefile's promises."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import copy_notebooks
import install
import pytest
import sum_tests

SUITE = (
    '<testsuites><testsuite tests="{0}" failures="{1}" errors="{2}" skipped="{3}" time="{4}"/></testsuites>'
)


def write_runs(folder: Path, **runs: tuple[float, ...]) -> Path:
    whole = {"quick": (10, 0, 0, 1, 5.5), "reference": (3, 0, 0, 0, 1), "pandas2": (4, 0, 0, 0, 2), **runs}
    for name, numbers in whole.items():
        (folder / f"{name}.xml").write_text(SUITE.format(*numbers), encoding="utf-8")
    return folder


def test_runs_are_added_up_in_pytests_own_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sum_tests.main(write_runs(tmp_path, slow=(2, 0, 0, 0, 1.5))) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    # 10 + 3 + 4 + 2 tests, one of them skipped; 5.5 + 1 + 2 + 1.5 seconds
    assert last.strip("= ") == "18 passed, 1 skipped in 10.00s"
    assert re.fullmatch(r"=+ .* =+", last)


def test_a_failure_in_one_run_fails_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sum_tests.main(write_runs(tmp_path, slow=(5, 2, 1, 0, 1))) == 1
    # 9 + 3 + 4 passed and 5 - 2 - 1 of the slow ones
    assert (
        capsys.readouterr().out.splitlines()[-1].strip("= ")
        == "2 failed, 18 passed, 1 skipped, 1 error in 9.50s"
    )


def test_a_run_that_left_nothing_fails_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sum_tests.main(write_runs(tmp_path)) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-2] == "      slow: did not finish (FileNotFoundError)"
    assert said[-1].strip("= ") == "16 passed, 1 skipped in 8.50s"


def test_no_test_at_all_fails_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = dict.fromkeys(("quick", "reference", "pandas2", "slow"), (0, 0, 0, 0, 0))
    assert sum_tests.main(write_runs(tmp_path, **nothing)) == 1
    assert "no tests ran" in capsys.readouterr().out.splitlines()[-1]


def test_a_students_work_is_never_overwritten(tmp_path: Path) -> None:
    source, work = tmp_path / "notebooks", tmp_path / "work"
    for name in ("0_start/1_tour.ipynb", "1_x/1_y.ipynb", "src/0_start/1_tour.ipynb"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("built", encoding="utf-8")
    assert copy_notebooks.copy_notebooks(source, work) == (2, [])
    (work / "0_start" / "1_tour.ipynb").write_text("my answer", encoding="utf-8")
    (work / "1_x" / "1_y.ipynb").unlink()
    assert copy_notebooks.copy_notebooks(source, work) == (1, ["0_start/1_tour.ipynb"])
    assert (work / "0_start" / "1_tour.ipynb").read_text(encoding="utf-8") == "my answer"
    assert not (work / "src").exists()


def test_packages_come_from_the_wheelhouse_when_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "WHEELHOUSE", tmp_path)
    command = install.make_command(["tour", "store"])
    assert command[-4:] == ["-c", "constraints.txt", "-e", ".[tour,store]"]
    assert "--no-index" not in command
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"")
    command = install.make_command(["tour"])
    assert command[command.index("--no-index") :][:3] == ["--no-index", "--find-links", str(tmp_path)]


def run_make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


@pytest.fixture
def bare(project_root: Path, tmp_path: Path) -> Path:
    """Return a folder with the Makefile and what its stamps depend on, without an environment."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((project_root / name).read_bytes())
    return tmp_path


def test_make_alone_lists_every_target(bare: Path) -> None:
    text = (bare / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    assert targets is not None
    listed = re.findall(r"^  make ([a-z-]+) ", run_make(bare).stdout, flags=re.MULTILINE)
    assert sorted(listed) == sorted(targets[1].split())


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.10.4\nexit 1\n', "'./fake' is Python 3.10.4"),
        (
            '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n',
            "cannot make environments. Install it with: apt-get install python3-venv",
        ),
    ],
)
def test_make_says_what_python_lacks(bare: Path, python: str, words: str) -> None:
    (bare / "fake").write_text(python, encoding="utf-8")
    (bare / "fake").chmod(0o755)
    asked = run_make(bare, "PYTHON=./fake", "reports")
    assert asked.returncode == 2
    assert words in asked.stderr
    assert not (bare / ".venv").exists()


def test_an_installed_extra_is_not_installed_again(bare: Path) -> None:
    (bare / ".venv" / "bin").mkdir(parents=True)
    fake = bare / ".venv" / "bin" / "python"
    fake.write_text('#!/bin/sh\necho "$@" >> calls\n', encoding="utf-8")
    fake.chmod(0o755)
    assert run_make(bare, ".venv/.stamp-test").returncode == 0
    assert run_make(bare, ".venv/.stamp-test", ".venv/.stamp-tour", ".venv/.stamp-store").returncode == 0
    calls = (bare / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == ["tools/install.py test"]
    assert run_make(bare, ".venv/.stamp-lab").returncode == 0
    assert (bare / "calls").read_text(encoding="utf-8").splitlines() == [*calls, "tools/install.py lab"]
