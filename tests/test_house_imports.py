"""Imports run one way, and importing any module of the library stays cheap."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import house_rules as house
import pytest

HEAVY = (
    "pandas", "numpy", "pyarrow", "scipy", "sklearn", "matplotlib", "seaborn", "polars", "duckdb", "pyspark",
    "sqlalchemy", "nbformat", "nbconvert", "nbclient", "papermill", "jupytext", "IPython", "wordcloud",
    "docx", "openpyxl", "xlsxwriter", "python_calamine", "statsmodels", "splink",
)  # fmt: skip

PROBE = """
import importlib, json, sys
heavy, found = set(json.loads(sys.argv[1])), []
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
    loaded = sorted(heavy & set(sys.modules))
    found += [f"{name} imports {', '.join(loaded)}"] if loaded else []
    heavy -= set(loaded)
print(json.dumps(found))
"""


def find_heavy_imports(root: Path, modules: list[str]) -> list[str]:
    """Import `modules` one after the other in a fresh interpreter; return which loaded something heavy."""
    command = [sys.executable, "-c", PROBE, json.dumps(HEAVY), json.dumps(modules)]
    asked = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert asked.returncode == 0, asked.stderr
    return json.loads(asked.stdout)


def name_modules(root: Path) -> list[str]:
    names = (".".join(p.relative_to(root).with_suffix("").parts) for p in house.list_modules(root))
    return sorted(name.removesuffix(".__init__") for name in names if not name.endswith("__main__"))


def test_importing_the_library_loads_nothing_heavy(project_root: Path) -> None:
    assert find_heavy_imports(project_root, ["crm_lib"]) == []


def test_importing_any_module_loads_nothing_heavy(project_root: Path) -> None:
    modules = name_modules(project_root)
    assert len(modules) > 20
    assert find_heavy_imports(project_root, modules) == []


def test_a_heavy_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "spoilt.py").write_text("import numpy\n", encoding="utf-8")
    assert find_heavy_imports(tmp_path, ["json", "spoilt"]) == ["spoilt imports numpy"]


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which(
        "lint-imports"
    )
    if program is None:
        pytest.fail("lint-imports is not installed; pip install -e '.[test]'")
    command = [program, "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=120)


def test_imports_run_one_way(project_root: Path) -> None:
    asked = lint_imports(project_root)
    assert asked.returncode == 0, asked.stdout


@pytest.fixture
def library_copy(project_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(
        project_root / "crm_lib", tmp_path / "crm_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copyfile(project_root / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("errors", "import crm_lib._checks"),
        ("schema/reader", "import crm_lib.readwrite"),
        ("identify/__init__", "import crm_lib.differentiate"),
        ("portray/__init__", "import crm_lib.plots"),
        ("plots/__init__", "import crm_lib.identify"),
        ("lesson/__init__", "import crm_lib.publish"),
        ("publish/__init__", "import crm_lib.differentiate"),
        ("publish/__init__", "def f():\n    import crm_lib.cli"),
    ],
)
def test_an_import_against_the_grain_is_seen(library_copy: Path, module: str, line: str) -> None:
    path = library_copy / "crm_lib" / f"{module}.py"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    asked = lint_imports(library_copy)
    assert asked.returncode == 1
    assert "BROKEN" in asked.stdout


def test_a_room_without_a_place_is_seen(library_copy: Path) -> None:
    (library_copy / "crm_lib" / "cellar.py").write_text("", encoding="utf-8")
    asked = lint_imports(library_copy)
    assert asked.returncode == 1
    assert "crm_lib.cellar" in asked.stdout
