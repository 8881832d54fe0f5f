"""What the READMEs tell people to type exists: targets, subcommands, options, extras, files, names."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (*READMES, "CONTRIBUTING.md")
# Programs of others whose options are not ours to check.
FOREIGN = {"cd", ".", "git", "apt-get", "pre-commit"}


def list_commands(text: str) -> list[str]:
    """Return the lines of the ``sh`` blocks without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = (re.sub(r"(^|\s)#\s.*$", "", line).strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


def find_fault(command: str, root: Path) -> str | None:
    """Return what is untrue about one command line, or None."""
    words = shlex.split(command.replace("\\", "/"))
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    program, rest = words[0].split("/")[-1], words[1:]
    if program == "make":
        return find_make_fault(rest, root)
    if program == "crm":
        return find_crm_fault(rest)
    if program in {"python", "python3", "py"}:
        return find_python_fault([w for w in rest if not re.fullmatch(r"-3\.\d+", w)], root)
    if program == "pytest":
        missing = [w for w in rest if "/" in w and not (root / w).exists()]
        return f"{', '.join(missing)} is missing" if missing else None
    if program in {"pip", "uv", "conda"}:
        return find_install_fault(rest, root)
    return None if program in FOREIGN else f"{program} is not a program of the project"


def find_make_fault(words: list[str], root: Path) -> str | None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, flags=re.MULTILINE))
    unknown = [w for w in words if "=" not in w and w not in known]
    variables = [w.split("=")[0] for w in words if "=" in w]
    unset = [v for v in variables if not re.search(rf"^{v} \?=|\$\({v}\)", makefile, flags=re.MULTILINE)]
    return f"make has no {', '.join(unknown + unset)}" if unknown or unset else None


def find_crm_fault(words: list[str]) -> str | None:
    """Walk the command tree of `crm` along `words`; every option must be one of the command's."""
    from typer.main import get_command

    from crm_lib.cli import app

    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return f"crm has no command {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    options = {name: p for p in command.params for name in (*p.opts, *p.secondary_opts)}
    unknown = [w for w in words if w.startswith("-") and w.split("=")[0] not in {*options, "--help"}]
    return f"crm has no option {', '.join(unknown)}" if unknown else None


def find_python_fault(words: list[str], root: Path) -> str | None:
    if words[:2] == ["-m", "crm_lib.cli"]:
        return find_crm_fault(words[2:])
    if words[0] == "-m":
        known = {"venv", "pip", "pytest", "jupyterlab"}
        return None if words[1] in known else f"python -m {words[1]} is not known"
    if not (root / words[0]).is_file():
        return f"{words[0]} is missing"
    return find_extra_fault(words[1:], root) if words[0] == "tools/install.py" else None


def find_install_fault(words: list[str], root: Path) -> str | None:
    files = [w for w in words if re.search(r"\.(txt|ya?ml|toml)$", w)]
    missing = [name for name in files if not (root / name).is_file()]
    if missing:
        return f"{', '.join(missing)} is missing"
    return find_extra_fault([e for w in words for e in re.findall(r"\[([\w,]+)\]", w)], root)


def find_extra_fault(words: list[str], root: Path) -> str | None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    unknown = {e for w in words for e in w.split(",")} - set(project["optional-dependencies"])
    return f"no extra {', '.join(sorted(unknown))}" if unknown else None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_the_readme_is_true(project_root: Path, document: str) -> None:
    commands = list_commands((project_root / document).read_text(encoding="utf-8"))
    assert len(commands) >= 5
    faults = {command: fault for command in commands if (fault := find_fault(command, project_root))}
    assert faults == {}


def test_both_readmes_show_the_same_commands(project_root: Path) -> None:
    first, second = ((project_root / name).read_text(encoding="utf-8") for name in READMES)
    assert list_commands(first) == list_commands(second)
    python = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
    assert python.findall(first) == python.findall(second)


@pytest.mark.parametrize("document", READMES)
def test_the_code_of_the_readme_runs(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    text = (project_root / document).read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    rows = [
        ["客户编号", "下单时间", "金额"],
        *([f"C{i % 7}", f"2024-03-{i + 1:02d}", 10.5 * i] for i in range(20)),
    ]
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    assert sorted(names["segments"]["customer_id"]) == [f"C{i}" for i in range(7)]
    assert names["segments"]["segment"].notna().all()


@pytest.mark.parametrize("document", READMES)
def test_links_lead_somewhere(project_root: Path, document: str) -> None:
    text = (project_root / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text)
    assert links
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (project_root / link).exists()] == []


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("make reports PYTHON=python3.12", None),
        ("make everything", "make has no everything"),
        ("make lab COLOUR=red", "make has no COLOUR"),
        ("crm render 0_start/1_tour --orders a.xlsx -p k=3", None),
        ("crm render --order a.xlsx", "crm has no option --order"),
        ("crm paint", "crm has no command 'paint'"),
        ("crm data rows a.xlsx", "crm has no command 'rows'"),
        (r".venv\Scripts\python -m crm_lib.cli build --chek", "crm has no option --chek"),
        ("python tools/nothing.py", "tools/nothing.py is missing"),
        ("python tools/install.py lab,tours", "no extra tours"),
        ('uv pip install -c constraints.txt -e ".[labs]"', "no extra labs"),
        ("conda env create -f environment.yml", None),
        ("conda env create -f environments.yml", "environments.yml is missing"),
        ("frobnicate", "frobnicate is not a program of the project"),
    ],
)
def test_an_untrue_command_is_seen(project_root: Path, command: str, fault: str | None) -> None:
    assert find_fault(command, project_root) == fault


def test_comments_are_no_part_of_a_command() -> None:
    text = (
        '```sh\nmake test    # 快速测试\n# only a comment\ncrm render "a.xlsx#订单"\n```\n```python\nx\n```\n'
    )
    assert list_commands(text) == ["make test", 'crm render "a.xlsx#订单"']
