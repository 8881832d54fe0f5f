"""Parameters read from the lines of a parameters cell."""

import datetime as dt
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import BuildError, ParameterError
from crm_lib.lesson import exports, read_secret
from crm_lib.lesson import run as lesson_run
from crm_lib.lesson.params import convert_values, find_problems, read_parameters, word_problem

CELL = """orders: str = "cdnow"  # 订单文件，或样本的名字 <path>
as_of: str = ""  # 截止日期 <date>
k_max: int = 8  # 最多试几个群 [2, 12]
share: float = 0.2  # 比例 [0, ]
scheme: str = "classic"  # 方案 {classic, eight}
deep: bool = False  # 细看"""


@pytest.fixture
def declared():
    return read_parameters(CELL)


def test_every_part_of_a_line_is_read(declared):
    assert [p.name for p in declared] == ["orders", "as_of", "k_max", "share", "scheme", "deep"]
    k_max = declared[2]
    assert (k_max.type, k_max.default, k_max.low, k_max.high, k_max.meaning) == (
        "int",
        8,
        2,
        12,
        "最多试几个群",
    )
    assert (declared[3].low, declared[3].high) == (0, None)
    assert declared[4].choices == ("classic", "eight")
    assert declared[0].form == "path"
    assert [p.rule for p in declared] == ["<path>", "<date>", "[2, 12]", "[0, ]", "{classic, eight}", ""]


@pytest.mark.parametrize(
    ("name", "given", "kind"),
    [
        ("kmax", 3, "unknown"),
        ("k_max", "many", "type"),
        ("k_max", 13, "range"),
        ("k_max", 1, "range"),
        ("k_max", 2.5, "type"),
        ("share", float("nan"), "type"),
        ("share", -0.1, "range"),
        ("scheme", "clasic", "choice"),
        ("as_of", "2024-02-30", "date"),
        ("as_of", "2024/2/3", "date"),
        ("orders", 5, "type"),
        ("deep", "perhaps", "type"),
        ("deep", 2, "type"),
        ("k_max", True, "type"),  # a truth value is no number, though Python says so
        ("k_max", "1e-1", "type"),
        ("k_max", "2.5e0", "type"),
        ("k_max", "5,0", "type"),
        ("k_max", "", "type"),
        ("k_max", None, "type"),
        ("share", "nan", "type"),
        ("share", "-inf", "type"),
        ("share", "1e999", "type"),
        ("share", False, "type"),
        ("orders", b"x", "type"),
        ("as_of", "2024-W01-1", "date"),  # ten characters, and ISO, but not a day as people write it
        ("as_of", "0000-01-01", "date"),
    ],
)
def test_a_wrong_value_is_a_problem_of_its_kind(declared, name, given, kind):
    (problem,) = find_problems(declared, {name: given})
    assert (problem.kind, problem.name) == (kind, name)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("k_max", 12),
        ("share", 0),
        ("as_of", ""),
        ("as_of", "2024-02-29"),
        ("as_of", dt.date(2024, 2, 29)),
        ("deep", "true"),
        ("deep", "否"),
    ],
)
def test_a_right_value_is_no_problem(declared, name, given):
    assert find_problems(declared, {name: given}) == []


def test_text_of_the_command_line_takes_the_declared_type(declared):
    given = {"k_max": "5", "share": "0.5", "deep": "no", "orders": "007", "k_min": "1"}
    assert convert_values(declared, given) == {
        "k_max": 5,
        "share": 0.5,
        "deep": False,
        "orders": "007",
        "k_min": "1",
    }


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("k_max", "1e1", 10),
        ("k_max", "0.5E1", 5),
        ("k_max", " 7 ", 7),
        ("k_max", "１２", 12),  # an input method for Chinese writes them so
        ("k_max", 5.0, 5),
        ("share", "2.5e-1", 0.25),
        ("share", 1, 1.0),
        ("deep", "是", True),
        ("deep", "Yes", True),
        ("deep", 0, False),
        ("as_of", dt.datetime(2024, 12, 31), "2024-12-31"),
        ("as_of", "２０２４-１２-３１", "2024-12-31"),
        ("orders", " a\n", " a\n"),
    ],
)
def test_values_are_taken_as_people_and_files_write_them(declared, name, given, taken):
    converted = convert_values(declared, {name: given})[name]
    assert (converted, type(converted)) == (taken, type(taken))


@given(st.integers(2, 12), st.floats(0, 1e300), st.booleans(), st.text())
def test_what_has_its_type_comes_back_as_it_is(k_max, share, deep, orders):
    declared = read_parameters(CELL)
    values = {"k_max": k_max, "share": share, "deep": deep, "orders": orders}
    assert convert_values(declared, values) == values
    assert find_problems(declared, values) == []
    texts = convert_values(declared, {"k_max": str(k_max), "share": repr(share), "deep": str(deep)})
    assert texts == {"k_max": k_max, "share": share, "deep": deep}


def test_a_date_in_other_words_is_answered_with_the_day_it_means(declared):
    (problem,) = find_problems(declared, {"as_of": "2024/2/3"})
    assert word_problem(problem, where="x").endswith("got '2024/2/3'. Did you mean '2024-02-03'?")


def test_defaults_alone_never_load_pydantic():
    code = (
        "import sys; from crm_lib.lesson.params import read_parameters as r; "
        f"r({CELL!r}); print('pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


SECRET = read_parameters('token: str = ""  # 口令 <secret>')


@pytest.mark.parametrize("reference", ["", "env:API_TOKEN", "file:keys/我的 token.txt"])
def test_a_secret_is_given_by_where_it_is_kept(reference):
    assert find_problems(SECRET, {"token": reference}) == []


@pytest.mark.parametrize(
    "value", ["hunter2", "env:", "env:A B", "file:", "ENV:X", "env:A\nhunter2", 123456, None]
)
def test_anything_else_is_refused_without_being_repeated(value):
    (problem,) = find_problems(SECRET, {"token": value})
    said = word_problem(problem, where="0_start/1_tour")
    assert "env:NAME or file:PATH" in said
    assert "hunter2" not in said + repr(problem)
    assert "123456" not in said + repr(problem)


def test_a_secret_in_the_parameters_cell_is_refused_without_being_repeated():
    with pytest.raises(BuildError) as refused:
        read_parameters('token: str = "hunter2"  # 口令 <secret>')
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["postgresql://me:hunter2@host/db", "pg://me:hun/ter2@h", "pg://h/d?password=hunter2"]
)
def test_no_sentence_repeats_a_password(declared, address):
    problems = find_problems(
        declared, {"k_max": address, "scheme": address, "kmax": address, "as_of": address}
    )
    assert len(problems) == 4
    assert "ter2" not in " ".join(word_problem(p, where="x") for p in problems)


def test_a_secret_is_read_where_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_TEST_TOKEN", " s3cret\n")
    (tmp_path / "key.txt").write_text("\ufeff密钥 1\r\n第二行\r\n", encoding="utf-8")
    assert read_secret("env:CRM_TEST_TOKEN") == "s3cret"
    assert read_secret(f"file:{tmp_path / 'key.txt'}") == "密钥 1\n第二行"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:CRM_TEST_NOTHING", "没有环境变量“CRM_TEST_NOTHING”"),
        ("file:no such file", "读不出来"),
        ("file:empty.txt", "是空的"),
        ("file:binary", "读不出来"),
        ("", "没有填写"),
        ("hunter2", "不要写在笔记本里"),
    ],
)
def test_a_secret_that_is_not_there_is_one_sentence(reference, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ParameterError) as refused:
        read_secret(reference)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_notebook_goes_on_with_the_declared_types(monkeypatch, tmp_path):
    monkeypatch.setattr(lesson_run, "notebook_parameters", lambda _: read_parameters(CELL))
    monkeypatch.setattr(lesson_run, "show_look", lambda: None)
    variables = {"k_max": "5", "share": 1, "deep": "是", "as_of": ""}
    monkeypatch.setattr(lesson_run, "notebook_variables", lambda: variables)
    exports.remember_source({"files": ["of an earlier run.csv"]})
    lesson_run.parameters("0_start/1_tour")
    exports.write_result(tmp_path / "result.json", {})
    assert json.loads((tmp_path / "result.json").read_text("utf-8"))["sources"] == []
    assert variables == {"k_max": 5, "share": 1.0, "deep": True, "as_of": "", "NOTEBOOK_ID": "0_start/1_tour"}
    monkeypatch.setattr(lesson_run, "notebook_variables", lambda: {"as_of": "2024/2/3"})
    with pytest.raises(ParameterError, match="你是不是想写“2024-02-03”"):
        lesson_run.parameters("0_start/1_tour")


def test_sentences_name_rule_value_and_way_out(declared):
    problems = find_problems(declared, {"kmax": 3, "k_max": 30, "scheme": "clasic"})
    assert [word_problem(p, where="0_start/1_tour") for p in problems] == [
        "0_start/1_tour: has no parameter 'kmax'. Did you mean 'k_max'? "
        "It has: orders, as_of, k_max, share, scheme, deep.",
        "0_start/1_tour: parameter 'k_max' must be within [2, 12]; got 30. See: crm list 0_start/1_tour",
        "0_start/1_tour: parameter 'scheme' must be one of {classic, eight}; got 'clasic'. Did you mean 'classic'?",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "n: int | None = None  # optional",
        "n = 5",
        "n: int = 5  # as in n=5",
        "c: str = '#fff'  # colour",
        "n: list = []  # many",
        "n: str = 'a'  # text <colour>",
        "n: int = 30  # out of its own range [2, 20]",
        "s: str = 'x'  # not one of its own choices {a, b}",
        "n: int = 5  # a secret is text <secret>",
    ],
)
def test_lines_papermill_would_misread_are_refused_at_build(line):
    with pytest.raises(BuildError):
        read_parameters(line)


def test_papermill_reads_every_line_we_accept():
    """The independent oracle: papermill's own reader sees the same names, types and values."""
    from nbformat.v4 import new_code_cell, new_notebook
    from papermill.inspection import _infer_parameters

    cell = new_code_cell(CELL, metadata={"tags": ["parameters"]})
    notebook = new_notebook(
        cells=[cell], metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "p"}}
    )
    seen = {p.name: (p.inferred_type_name, p.default) for p in _infer_parameters(notebook)}
    assert seen == {
        "orders": ("str", '"cdnow"'),
        "as_of": ("str", '""'),
        "k_max": ("int", "8"),
        "share": ("float", "0.2"),
        "scheme": ("str", '"classic"'),
        "deep": ("bool", "False"),
    }
