"""The doctor names what is missing and the line that installs it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from crm_lib import _needs, doctor

PYPROJECT = """
[project]
dependencies = ["pytest>=1"]
[project.optional-dependencies]
tour = ["crm-lib[store]", "surely-no-such-package>=2", "pytest>=999; python_version > '3'"]
all = ["crm-lib[tour]"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("# pins\npytest==0.1\nnever-installed==1\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def find(findings: list[doctor.Finding], name: str) -> doctor.Finding:
    (one,) = [finding for finding in findings if finding.name == name]
    return one


def test_a_whole_machine_passes(project_root: Path) -> None:
    findings = doctor.check_machine(project_root)
    assert [f.name for f in findings if f.required and not f.ok] == []
    assert len({f.name for f in findings}) == len(findings)
    assert all(f.purpose and f.install for f in findings)


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_python_must_be_a_supported_line(version: tuple[int, int], ok: bool) -> None:
    finding = doctor.check_python(version)
    assert (finding.ok, finding.required) == (ok, True)
    assert "Python 3.11 to 3.13" in finding.purpose


def test_packages_are_named_when_missing_or_too_old(project: Path) -> None:
    findings = list(doctor.check_packages(project))
    assert [f.name for f in findings] == ["packages: core", "packages: tour"]
    core, tour = findings
    assert (core.ok, core.found) == (True, "complete")
    assert not tour.ok
    assert tour.found.startswith("surely-no-such-package is missing; pytest ")
    assert tour.found.endswith(" is not >=999")
    assert tour.install == 'pip install -c constraints.txt -e ".[tour]"'


def test_versions_other_than_tested_are_told_but_not_fatal(project: Path) -> None:
    finding = doctor.check_versions(project)
    assert (finding.ok, finding.required) == (False, False)
    assert finding.found.startswith("1 differ: pytest ")
    assert finding.found.endswith(" (tested 0.1)")


def test_without_a_project_the_notebooks_are_missed() -> None:
    finding = doctor.check_root(None)
    assert (finding.ok, finding.found) == (False, "not found")


def test_requirements_outside_a_project_come_from_the_package() -> None:
    extras = doctor.list_requirements(None)
    assert any(line.startswith("pandas") for line in extras["core"])
    assert any(line.startswith("matplotlib") for line in extras["tour"])


def test_a_missing_font_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.check_font().ok
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    finding = doctor.check_font()
    assert (finding.ok, finding.required) == (False, True)
    assert "zhplot" in finding.found


def test_a_font_without_chinese_is_told() -> None:
    import matplotlib

    latin = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    assert doctor._count_missing_glyphs(latin) > 6000


def test_a_report_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert doctor.check_reports(tmp_path).ok
    gone = tmp_path / "gone"
    finding = doctor.check_reports(gone)
    assert not finding.ok
    assert "No such file" in finding.found
    assert "--out DIR" in finding.install


def test_a_closed_report_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:
        raise PermissionError(13, "Permission denied", str(dir))

    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    finding = doctor.check_reports(tmp_path)
    assert not finding.ok
    assert finding.found == f"{tmp_path / 'reports'}: Permission denied"


def test_a_program_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _needs.find_need("bubblewrap") is None
    finding = find(doctor.check_machine(tmp_path), "bubblewrap")
    assert (finding.ok, finding.required) == (False, False)
    (tmp_path / "bwrap").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bwrap").chmod(0o755)
    assert _needs.find_need("bubblewrap") == str(tmp_path / "bwrap")


@pytest.mark.parametrize(
    ("system", "line"),
    [
        ("linux", "apt-get install poppler-utils"),
        ("win32", "install poppler and put it on the PATH"),
        ("darwin", "install poppler and put it on the PATH"),
    ],
)
def test_the_install_line_suits_the_system(monkeypatch: pytest.MonkeyPatch, system: str, line: str) -> None:
    monkeypatch.setattr(_needs.sys, "platform", system)
    assert _needs.NEEDS["poppler"].install == line
