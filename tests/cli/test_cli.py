"""The command line as a person meets it: help, exit codes, one-line errors, no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crm_lib import cli

ORDERS = "会员,日子,花费\nA,2024-01-05,10\nA,2024-02-05,20\nB,2024-02-01,5\n"


def crm(*words, cwd=None):
    command = [sys.executable, "-m", "crm_lib.cli", *map(str, words)]
    env = os.environ | {"COLUMNS": "200", "PYTHONUTF8": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=env, encoding="utf-8", timeout=240
    )


@pytest.mark.parametrize(
    "words",
    [
        ["render"],
        ["explain"],
        ["assign"],
        ["grade"],
        ["list"],
        ["build"],
        ["data", "columns"],
        ["data", "make"],
        ["schedule", "run"],
        ["schedule", "list"],
        ["schedule", "install"],
        ["store", "create"],
        ["store", "template"],
        ["store", "upload"],
        ["store", "verify"],
        ["store", "backup"],
        ["store", "restore"],
        ["store", "list"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example(words):
    result = CliRunner().invoke(cli.app, [*words, "--help"])
    assert result.exit_code == 0
    assert f"Example: crm {' '.join(words)}" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["render", "0_start/1_tuor"], "Did you mean '0_start/1_tour'"),
        (["render", "0_start/1_tour", "-p", "kmax=3"], "Did you mean 'k_max'"),
        (["render", "0_start/1_tour", "-p", "k_max=99"], "within [2, 12]"),
        (["render", "0_start/1_tour", "-p", "k_max"], "NAME=VALUE"),
        (["render", "--jobs", "0"], "--jobs"),
        (["render", "--save-columns", "x.toml"], "--orders"),
        (["build", "--edition", "teacher"], "--out"),
        (["build", "--edition", "techer"], "teacher"),
        (["rendr"], "No such command"),
        (["list", "nothing"], "there is no notebook"),
        (["render", "--params", "none.yaml"], "there is no file 'none.yaml'"),
        (["render", "0_start/1_tour", "--each", "none.csv"], "there is no file 'none.csv'"),
        (["explain", "0_start/1_tour", "-p", "k_max=99"], "within [2, 12]"),
    ],
)
def test_a_wrong_call_ends_with_2_and_a_short_sentence(words, said, tmp_path):
    result = crm(*words, cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(tmp_path):
    result = crm("render", "0_start/1_tuor", "--debug", cwd=tmp_path)
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_list_shows_every_parameter_for_scripts():
    lines = crm("list", "0_start/1_tour").stdout.splitlines()
    assert lines[0].split("\t") == ["name", "type", "default", "rule", "meaning"]
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in lines[1:]}
    assert rows["k_max"][:3] == ["int", "8", "[2, 12]"]
    assert rows["scheme"][2] == "{classic, eight}"


def test_list_for_programs():
    (k_max,) = [p for p in json.loads(crm("list", "0_start/1_tour", "--json").stdout) if p["name"] == "k_max"]
    assert (k_max["type"], k_max["default"], k_max["low"], k_max["high"]) == ("int", 8, 2, 12)
    assert {"notebook": "0_start/1_tour"}.items() <= json.loads(crm("list", "--json").stdout)[0].items()


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "publish"))
    from small_notebooks import write_notebooks

    bodies = {"0_start/1_good": "finding(f'{n} {name}')", "0_start/2_odd": "1 / (n - 2)"}
    write_notebooks(tmp_path, bodies)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return tmp_path


def test_one_report_a_row_then_nothing_to_do_then_only_what_changed(suite):
    (suite / "rows.csv").write_text("key,n\n甲,1\n乙,3\n丙,2\n", encoding="gb18030")
    words = ["0_start/2_odd", "--each", "rows.csv"]
    asked = crm("explain", *words, cwd=suite)
    assert asked.stdout.splitlines()[0] == "0_start/2_odd/甲: it was never rendered here"
    first = crm("render", *words, cwd=suite)
    assert first.returncode == 1
    assert (
        "crm: 0_start/2_odd/丙: ZeroDivisionError: division by zero (in: 计算)" in first.stderr.splitlines()
    )
    index = (suite / "reports" / "index.html").resolve()
    assert first.stdout.splitlines() == [f"2 of 3 reports made, 0 unchanged, 1 failed. Index: {index}"]
    again = crm("render", *words, cwd=suite)
    assert again.stdout.startswith("0 of 3 reports made, 2 unchanged, 1 failed.")
    (suite / "rows.csv").write_text("key,n\n甲,5\n乙,3\n", encoding="utf-8")
    reasons = crm("explain", *words, cwd=suite).stdout.splitlines()
    assert reasons == ["0_start/2_odd/甲: parameter n: 1 → 5", "0_start/2_odd/乙: unchanged"]
    third = crm("render", *words, "--quiet", cwd=suite)
    assert (third.returncode, third.stdout, third.stderr) == (0, "", "")
    assert crm("render", *words, cwd=suite).stdout.startswith("0 of 2 reports made, 2 unchanged, 0 failed.")
    assert crm("render", *words, "--force", cwd=suite).stdout.startswith("2 of 2 reports made, 0 unchanged")


def test_parameters_from_a_file(suite):
    (suite / "p.toml").write_text('n = 5\n["0_start/1_good"]\nname = "甲"\n', encoding="utf-8")
    done = crm("render", "--params", "p.toml", "-p", "n=7", "--out", "我 的", cwd=suite)
    assert done.returncode == 0, done.stderr
    page = (suite / "我 的" / "0_start" / "1_good" / "report.html").read_text(encoding="utf-8")
    assert "7 甲" in page


@pytest.mark.parametrize("words", [["--help"], ["render", "--help"], ["list"], ["schedule", "--help"]])
def test_what_says_a_few_words_loads_nothing_heavy(words):
    # typer itself brings pydantic
    code = (
        "import sys; from crm_lib import cli\n"
        f"try: cli.main({words!r})\nexcept SystemExit: pass\n"
        "print(sorted({'pandas', 'nbformat', 'papermill', 'yaml', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_own_orders_from_the_callers_folder_with_a_saved_mapping(tmp_path):
    (tmp_path / "我的 订单.csv").write_text(ORDERS, encoding="gb18030")
    refused = crm("render", "0_start/1_tour", "--orders", "我的 订单.csv", "--out", "out", cwd=tmp_path)
    assert refused.returncode == 1
    assert "ordered_at" in refused.stderr
    assert "日子" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "ordered_at" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")

    mapping = "customer_id=会员,ordered_at=日子,amount=花费"
    saved = crm(
        "data", "columns", "我的 订单.csv", "--columns", mapping, "--save-columns", "c.toml", cwd=tmp_path
    )
    assert saved.returncode == 0, saved.stderr
    done = crm(
        "render",
        "0_start/1_tour",
        "--orders",
        "我的 订单.csv",
        "--columns",
        "c.toml",
        "--out",
        "out",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "out" / "index.html") in done.stdout
    folder = tmp_path / "out" / "0_start" / "1_tour"
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["n_customers"], result["n_lines"], result["as_of"]) == (2, 3, "2024-02-06")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "我的 订单.csv" in page
    assert str(tmp_path) not in page
