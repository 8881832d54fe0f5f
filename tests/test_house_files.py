"""The files of the project: names, places, encodings, layout, tests beside their rooms."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import house_rules as house
import pytest

TOP_LEVEL = {
    "README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile",
    "pyproject.toml", "environment.yml", "constraints.txt", ".pre-commit-config.yaml", ".gitignore", ".ci",
    "crm_lib", "notebooks", "data", "reports", "tests", "tools", "docs", "benchmarks",
}  # fmt: skip
OPTIONAL = {".gitattributes", ".github", ".editorconfig"}


def find_layout_faults(root: Path) -> list[str]:
    there = {p.relative_to(root).parts[0] for p in house.list_files(root)}
    missing = [f"{name} is missing" for name in sorted(TOP_LEVEL - there)]
    return missing + [f"{name} has no place at the top" for name in sorted(there - TOP_LEVEL - OPTIONAL)]


def test_the_top_level_is_as_promised(project_root: Path) -> None:
    assert find_layout_faults(project_root) == []


def test_contributing_names_every_room(project_root: Path) -> None:
    text = (project_root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = house.list_rooms(project_root)
    assert len(rooms) >= 8
    assert [room for room in rooms if f"`{room}/`" not in text] == []


def test_no_machine_stands_in_a_file(project_root: Path) -> None:
    assert house.find_leaks(project_root) == []


def test_file_names_suit_every_system(project_root: Path) -> None:
    assert house.find_bad_names(project_root) == []


def test_tests_mirror_the_rooms(project_root: Path) -> None:
    assert house.find_unmirrored(project_root) == []


def test_warnings_are_errors(project_root: Path) -> None:
    settings = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["pytest"]["ini_options"]["filterwarnings"][0] == "error"


@pytest.mark.parametrize(
    "line",
    ['open("a")', 'Path("a").open()', 'Path("a").read_text()', 'Path("a").write_text("x")', 'open("a", "w")'],
)
def test_an_open_without_encoding_is_refused(project_root: Path, line: str) -> None:
    code = f'"""Read."""\n\nfrom pathlib import Path\n\nPath()\n{line}\n'
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--stdin-filename",
        "crm_lib/spoilt.py",
        "-",
    ]
    asked = subprocess.run(
        [*command, "--output-format", "json"],
        cwd=project_root,
        input=code,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert asked.returncode == 1
    assert '"PLW1514"' in asked.stdout


def make_tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "text",
    [
        "cd {here}/notebooks",
        "pip install --index" + "-url x",
        "/ro" + "ot/x",
        "host 10.1" + ".2.3",
        "https://py" + "pi.org/x",
    ],
)
def test_a_machine_in_a_file_is_seen(tmp_path: Path, text: str) -> None:
    make_tree(tmp_path, {"docs/a.md": f"line one\n{text.format(here=tmp_path.resolve())}\n"})
    assert [fault.split(":")[:2] for fault in house.find_leaks(tmp_path)] == [["docs/a.md", "2"]]


def test_ordinary_words_are_no_leak(tmp_path: Path) -> None:
    make_tree(
        tmp_path, {"a.md": "work/1_tour.ipynb is yours; the share is 10.5; version 10.2.3; notebooks/src/\n"}
    )
    assert house.find_leaks(tmp_path) == []


def test_a_bad_file_name_is_seen(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a:b.md": "", "x/Readme": "", "x/README": "", "ok.md": ""})
    assert house.find_bad_names(tmp_path) == ["a:b.md", "x/Readme ~ x/README"]


def test_a_room_without_tests_is_seen(tmp_path: Path) -> None:
    files = ["crm_lib/identify/__init__.py", "crm_lib/plots/__init__.py", "tests/plots/test_a.py"]
    make_tree(tmp_path, dict.fromkeys([*files, "tests/attic/test_a.py", "tests/reference/test_b.py"], ""))
    assert house.find_unmirrored(tmp_path) == [
        "crm_lib/identify has no tests in tests/identify",
        "tests/attic mirrors no room",
        "two test files are called test_a.py",
    ]


def test_a_missing_or_strange_entry_is_seen(tmp_path: Path) -> None:
    folders = {"crm_lib", "notebooks", "data", "reports", "tests", "tools", "docs", "benchmarks", ".ci"}
    present = [f"{name}/README.md" if name in folders else name for name in TOP_LEVEL - {"Makefile"}]
    make_tree(tmp_path, dict.fromkeys([*present, "attic/x", "build/x", "reports/index.html"], ""))
    assert find_layout_faults(tmp_path) == ["Makefile is missing", "attic has no place at the top"]
