"""Say what this machine has and lacks, and the line that installs each missing thing.

`crm doctor` prints what `check_machine` returns.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from crm_lib._needs import NEEDS, Need
from crm_lib._places import project_root
from crm_lib.errors import ReadError

SUPPORTED_PYTHON = ((3, 11), (3, 13))
PIP_LINE = {"core": "pip install -c constraints.txt -e ."}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's list."""

    name: str
    ok: bool
    found: str
    purpose: str
    install: str
    required: bool = False


def check_machine(root: Path | None = None) -> list[Finding]:
    """Check Python, the packages, the outside programs, the font and the report folder.

    Parameters
    ----------
    root : Path, optional
        The project's folder; found from the package when not given.

    Returns
    -------
    list of Finding
        In a fixed order: Python, project, packages by extra, tested versions,
        font, report folder, outside programs. A finding with ``required`` and
        not ``ok`` means that `crm render` cannot work.
    """
    root = find_root() if root is None else Path(root)
    return [
        check_python(sys.version_info[:2]),
        check_root(root),
        *check_packages(root),
        check_versions(root),
        check_font(),
        check_reports(root),
        *(_check_need(need) for need in NEEDS.values()),
    ]


def find_root() -> Path | None:
    """Return the project's folder (that holds notebooks/ and data/), or None."""
    try:
        return project_root()
    except ReadError:
        return None


def check_python(version: tuple[int, int]) -> Finding:
    """Check that Python is one of the supported lines.

    Parameters
    ----------
    version : tuple of int
        Major and minor version, e.g. ``sys.version_info[:2]``.

    Returns
    -------
    Finding
        Required.
    """
    low, high = SUPPORTED_PYTHON
    span = f"Python {low[0]}.{low[1]} to {high[0]}.{high[1]}"
    line = "apt-get install python3 python3-venv, then: make PYTHON=python3 reports"
    got = ".".join(map(str, version))
    return Finding("python", low <= version <= high, got, f"{span} runs the library", line, True)


def check_root(root: Path | None) -> Finding:
    """Check that the command stands in a copy of the project.

    Parameters
    ----------
    root : Path or None
        What `find_root` returned.

    Returns
    -------
    Finding
        Required: the notebooks live in the project's folder.
    """
    line = "change into the project's folder, or install it there with: pip install -e ."
    ok = root is not None and (root / "notebooks").is_dir()
    return Finding("project folder", ok, str(root or "not found"), "notebooks, data and reports", line, True)


def list_requirements(root: Path | None) -> dict[str, list[str]]:
    """Return the requirement lines of each extra, the core under ``"core"``.

    Parameters
    ----------
    root : Path or None
        The project's folder; without one the installed package is asked.

    Returns
    -------
    dict
        Extra → requirement lines without environment markers.
    """
    if root is not None and (root / "pyproject.toml").is_file():
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return {"core": project["dependencies"], **project["optional-dependencies"]}
    extras: dict[str, list[str]] = {"core": []}
    for line in metadata.requires("crm-lib") or []:
        requirement, _, marker = line.partition(";")
        found = re.search(r"extra\s*==\s*['\"](\w+)['\"]", marker)
        extras.setdefault(found[1] if found else "core", []).append(requirement.strip())
    return extras


def check_packages(root: Path | None) -> Iterator[Finding]:
    """Check extra by extra that the packages are there, in a version that is allowed.

    Parameters
    ----------
    root : Path or None
        The project's folder.

    Yields
    ------
    Finding
        One per extra; the core and ``tour`` (what a report needs) are required.
    """
    purposes = {
        "core": "read, clean, aggregate, write",
        "tour": "figures, models, reports",
        "lab": "JupyterLab",
        "link": "one person in several registers",
        "teach": "assignments and grading",
        "store": "SQL databases, encryption",
        "spark": "Spark and Polars",
        "journey": "The Complete Journey, a sample with demographics",
        "test": "the tests and checks",
    }
    for extra, lines in list_requirements(root).items():
        if extra == "all":
            continue
        faults = [fault for line in lines if (fault := _check_requirement(line))]
        pip_line = PIP_LINE.get(extra, f'pip install -c constraints.txt -e ".[{extra}]"')
        found = "; ".join(faults) or "complete"
        purpose = purposes.get(extra, extra)
        yield Finding(f"packages: {extra}", not faults, found, purpose, pip_line, extra in {"core", "tour"})


def _check_requirement(line: str) -> str | None:
    """Return what is wrong with one requirement, or None; our own extras are checked by themselves."""
    from packaging.requirements import Requirement

    requirement = Requirement(line)
    if requirement.name == "crm-lib":
        return None
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} {version} is not {requirement.specifier}"


def check_versions(root: Path | None) -> Finding:
    """Compare the installed versions with the tested ones of constraints.txt.

    Parameters
    ----------
    root : Path or None
        The project's folder.

    Returns
    -------
    Finding
        Not required: other versions may work, but nobody has tried them here.
    """
    path = root / "constraints.txt" if root else None
    line = 'pip install -c constraints.txt -e ".[tour]"'
    purpose = "the versions the tests ran with"
    if path is None or not path.is_file():
        return Finding("tested versions", False, "constraints.txt not found", purpose, line)
    pins = re.findall(r"^([\w.-]+)==(\S+)", path.read_text(encoding="utf-8"), flags=re.M)
    installed = {_normalise(d.name): d.version for d in metadata.distributions() if d.name}
    other = [
        f"{name} {installed[_normalise(name)]} (tested {pin})"
        for name, pin in pins
        if installed.get(_normalise(name), pin) != pin
    ]
    found = "as tested" if not other else f"{len(other)} differ: {', '.join(other[:3])}"
    return Finding("tested versions", not other, found, purpose, line)


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_font() -> Finding:
    """Check that the Chinese font is there and has every character of GB 2312.

    Returns
    -------
    Finding
        Required: without it figures and reports show empty boxes.
    """
    line, purpose = PIP_LINE["core"].replace("-e .", '-e ".[tour]"'), "Chinese letters in figures and reports"
    spec = importlib.util.find_spec("zhplot")
    folder = Path(spec.origin).parent / "fonts" if spec and spec.origin else None
    path = folder / "NotoSansSC-Regular.ttf" if folder else None
    if path is None or not path.is_file():
        return Finding("font", False, "Noto Sans SC not found (package zhplot)", purpose, line, True)
    try:
        missing = _count_missing_glyphs(path)
    except ImportError:
        return Finding("font", False, "cannot be read without fonttools", purpose, line, True)
    found = "Noto Sans SC" if not missing else f"Noto Sans SC lacks {missing} characters"
    return Finding("font", not missing, found, purpose, line, True)


def _count_missing_glyphs(path: Path) -> int:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        glyphs = set(font.getBestCmap())
    rows = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    hanzi = "".join(pair.decode("gb2312", errors="ignore") for pair in rows)
    return sum(ord(letter) not in glyphs for letter in hanzi + "¥€−，。、：；（）《》“”")


def check_reports(root: Path | None) -> Finding:
    """Check that the folder of the reports can be written.

    Parameters
    ----------
    root : Path or None
        The project's folder; without one the current folder.

    Returns
    -------
    Finding
        Required.
    """
    folder = (root or Path.cwd()) / "reports"
    line = (
        f"give yourself the right to write there, or name another folder: crm render --out DIR (not {folder})"
    )
    place = folder if folder.is_dir() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as fault:
        return Finding(
            "reports", False, f"{place}: {fault.strerror}", "where reports are written", line, True
        )
    return Finding("reports", True, str(folder), "where reports are written", line, True)


def _check_need(need: Need) -> Finding:
    path = need.find()
    return Finding(need.name, path is not None, path or "not found", need.purpose, need.install)
