"""Modules and functions stay small enough to be read; the clock and column names stay outside."""

from __future__ import annotations

from pathlib import Path

import house_rules as house
import pytest

# What may be longer, and why. An entry that is no longer needed fails the test below: take it out.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_modules_are_short(project_root: Path) -> None:
    long = house.find_long_modules(project_root)
    assert set(long) == set(LONG_MODULES), long


def test_functions_are_short(project_root: Path) -> None:
    long = house.find_long_functions(project_root)
    assert set(long) == set(LONG_FUNCTIONS), long


def test_no_analysis_reads_the_clock(project_root: Path) -> None:
    assert house.find_clock_readers(project_root) == []


def test_headers_are_mapped_at_the_border_only(project_root: Path) -> None:
    assert house.find_column_arguments(project_root) == []


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    room = tmp_path / "crm_lib" / "identify"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text("", encoding="utf-8")
    return tmp_path


def write_module(root: Path, text: str) -> None:
    (root / "crm_lib" / "identify" / "spoilt.py").write_text(text, encoding="utf-8")


def test_a_long_module_is_seen(small_tree: Path) -> None:
    write_module(small_tree, "x = 1\n" * house.MOST_MODULE_LINES)
    assert house.find_long_modules(small_tree) == {}
    write_module(small_tree, "x = 1\n" * (house.MOST_MODULE_LINES + 1))
    assert house.find_long_modules(small_tree) == {"crm_lib/identify/spoilt.py": 331}


def test_a_long_function_is_seen_and_its_docstring_not_counted(small_tree: Path) -> None:
    body = "    x = 1\n" * house.MOST_BODY_LINES
    docstring = '    """Do.\n' + "\n    text" * 40 + '\n    """\n'
    write_module(small_tree, f"class A:\n  def f(self):\n    {docstring.strip()}\n{body}")
    assert house.find_long_functions(small_tree) == {}
    write_module(small_tree, f"class A:\n  def f(self):\n    {docstring.strip()}\n{body}    x = 2\n")
    assert house.find_long_functions(small_tree) == {"crm_lib/identify/spoilt.py::A.f": 31}


@pytest.mark.parametrize(
    "call", ["dt.datetime.now()", "datetime.now()", "dt.date.today()", "pd.Timestamp.today()", "time.time()"]
)
def test_a_look_at_the_clock_is_seen(small_tree: Path, call: str) -> None:
    write_module(small_tree, f"def f():\n    return {call}\n")
    assert house.find_clock_readers(small_tree) == ["crm_lib/identify/spoilt.py:2 reads the clock"]


def test_the_time_part_of_a_date_is_no_clock(small_tree: Path) -> None:
    write_module(small_tree, "def f(s):\n    return s.dt.time, s.dt.date, dt.time(3), datetime.time(1)\n")
    assert house.find_clock_readers(small_tree) == []


def test_a_column_argument_is_seen(small_tree: Path) -> None:
    write_module(small_tree, "def f(frame, *, customer_col):\n    pass\n")
    assert house.find_column_arguments(small_tree) == ["crm_lib/identify/spoilt.py::f(customer_col)"]
