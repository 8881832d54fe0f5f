"""Parameters read from the lines of a parameters cell."""

import pytest

from crm_lib.errors import BuildError
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
    ],
)
def test_a_wrong_value_is_a_problem_of_its_kind(declared, name, given, kind):
    (problem,) = find_problems(declared, {name: given})
    assert (problem.kind, problem.name) == (kind, name)


@pytest.mark.parametrize(
    ("name", "given"), [("k_max", 12), ("share", 0), ("as_of", ""), ("as_of", "2024-02-29"), ("deep", "true")]
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
