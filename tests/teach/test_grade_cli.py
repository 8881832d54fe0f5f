"""The command: what it says, what it writes, and how it refuses."""

import pytest
import typer
from handed_in import write_notebook
from typer.testing import CliRunner

from crm_lib import cli_grade
from crm_lib.errors import ParameterError

APP = typer.Typer()
APP.command(epilog=cli_grade.EXAMPLE)(cli_grade.grade)


@pytest.fixture
def call(tmp_path):
    def run(*words):
        folder = tmp_path / "in"
        return CliRunner().invoke(APP, [str(folder), "--out", str(tmp_path / "out"), *words])

    return run


def test_a_class_without_code_to_run(call, tmp_path):
    write_notebook(tmp_path / "in" / "01" / "1_tour.ipynb", {})
    (tmp_path / "in" / "02.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "class.csv").write_text("学号,姓名\n01,甲\n02,乙\n03,丙\n", encoding="utf-8")
    done = call("--roster", str(tmp_path / "class.csv"), "--notebook", "0_start/1_tour")
    assert done.exit_code == 0, done.output
    assert "1 graded, 0 of them late, 1 not handed in, 1 not readable." in done.output
    assert "02 乙 02.ipynb: 这不是完整的笔记本文件" in done.output
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert {
        "gradebook.csv",
        "gradebook.xlsx",
        "feedback",
        "manual_points.xlsx",
        "class_report.html",
    } <= written
    assert "甲" in (tmp_path / "out" / "gradebook.csv").read_text(encoding="utf-8-sig")


def test_quiet_says_nothing(call, tmp_path):
    write_notebook(tmp_path / "in" / "01" / "1_tour.ipynb", {})
    assert call("--quiet").output == ""


def test_wrong_words_are_a_fault_of_the_call(call, tmp_path):
    write_notebook(tmp_path / "in" / "01" / "1_tour.ipynb", {})
    assert isinstance(call("--late-rule", "10%").exception, ParameterError)
    assert isinstance(call("--deadline", "tomorrow").exception, ParameterError)


def test_help_shows_an_example_and_the_dangerous_word():
    said = CliRunner().invoke(APP, ["--help"], env={"COLUMNS": "200"}).output
    assert "crm grade submitted --out grades" in said
    assert "--unsafe-no-sandbox" in said
