"""A station computes the answers of a class: official state, forks, data out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from station_ground import HONEST, NOTEBOOK, as_ordinary_user, lay_out_suite, open_folder, true_answers

from crm_lib.errors import ParameterError, RenderError
from crm_lib.kernels.answers_in import restore_answer
from crm_lib.kernels.limits_station import StationLimits
from crm_lib.kernels.station import Answer, Work, run_station
from crm_lib.kernels.station_cells import Variant, read_cells, show_suite

pytestmark = pytest.mark.needs("bubblewrap")


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_folder() as folder:
        monkeypatch.setenv("CRM_HOME", str(lay_out_suite(folder)))
        yield folder


def compute(*works: dict[str, list[str]], **options: Any) -> dict[tuple[int, str], Answer]:
    submissions = [Work(n, answers) for n, answers in enumerate(works)]
    return {(a.number, a.grade_id): a for a in run_station(NOTEBOOK, submissions=submissions, **options)}


def values(answers: dict[tuple[int, str], Answer], number: int = 0) -> list[Any]:
    found = (answers[number, grade_id] for grade_id in ("demo-1", "demo-2"))
    return [None if a.form is None else restore_answer(a.form) for a in found]


def test_honest_work_is_computed_with_the_defaults_and_with_a_variant(suite: Path) -> None:
    assert values(compute(HONEST)) == list(true_answers().values())
    changed = compute(HONEST, variant=Variant("scaled", {"scale": 50}))
    assert values(changed) == list(true_answers(50).values())


def test_what_was_typed_does_not_follow_the_variant(suite: Path) -> None:
    typed = {"demo-1": [f"answer_1 = {true_answers()['demo-1']}"]}
    variant = compute(typed, variant=Variant("scaled", {"scale": 50}))
    assert values(variant)[0] == true_answers()["demo-1"] != true_answers(50)["demo-1"]


def test_every_task_of_every_student_is_answered_once(suite: Path) -> None:
    works = [Work(4, HONEST), Work(9, {}), Work(2, {"demo-2": ["answer_2 = 1"]})]
    answers = list(run_station(NOTEBOOK, submissions=works))
    asked = sorted((w.number, grade_id) for w in works for grade_id in ("demo-1", "demo-2"))
    assert sorted((a.number, a.grade_id) for a in answers) == asked
    missing = [a for a in answers if a.number == 9]
    assert [(a.form, a.error, a.output) for a in missing] == [(None, "", "")] * 2


def test_a_student_reaches_neither_the_official_state_nor_another_student(suite: Path) -> None:
    spoiler = {"demo-1": ["rows['amount'] = 0\nlater = 0\ndel pd\nanswer_1 = rows['amount'].sum()"]}
    answers = compute(spoiler, HONEST, spoiler, HONEST, jobs=1)
    assert values(answers, 0)[0] == 0
    assert values(answers, 1) == values(answers, 3) == list(true_answers().values())


def test_an_answer_sees_the_official_cells_before_it_and_the_students_earlier_answers(suite: Path) -> None:
    early = {
        "demo-1": ["helper = 5\nanswer_1 = 'later' in globals()"],
        "demo-2": ["answer_2 = later * helper"],
    }
    assert values(compute(early)) == [False, 25]


def test_each_error_is_one_sentence_and_the_value_before_it_still_counts(suite: Path) -> None:
    works = {
        "ZeroDivisionError: division by zero": "answer_1 = 5\n1 / 0",
        "SystemExit: 3": "answer_1 = 5\nimport sys; sys.exit(3)",
    }
    answers = compute(*({"demo-1": [code.replace("\n", "\n\n")]} for code in works.values()))
    for number, error in enumerate(works):
        assert (answers[number, "demo-1"].error, values(answers, number)[0]) == (error, 5)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("answer_1 = (", "SyntaxError: incomplete input (line 1)"),
        ("answer_1: int", "NameError: answer_1 is not defined"),
        ("import os; os._exit(3)", "ended by itself (code 3)"),
        ("import ctypes; ctypes.string_at(0)", "ended by itself (signal 11)"),
    ],
)
def test_what_gives_no_value_says_why(suite: Path, code: str, error: str) -> None:
    answer = compute({"demo-1": [code]})[0, "demo-1"]
    assert answer.form is None
    assert answer.error == error


def test_output_belongs_to_the_answer_whose_cells_printed_it(suite: Path) -> None:
    talker = {"demo-1": ["print('一')\nanswer_1 = 1"], "demo-2": ["print('二')", "answer_2 = 2\nanswer_2"]}
    answers = compute(talker)
    assert answers[0, "demo-1"].output == "一\n"
    assert answers[0, "demo-2"].output.startswith("二\n")
    assert "一" not in answers[0, "demo-2"].output


def test_check_says_nothing_in_the_station(suite: Path) -> None:
    answers = compute({"demo-1": ["answer_1 = 2", "check('demo-1', answer_1)"]})
    assert (values(answers)[0], answers[0, "demo-1"].error) == (2, "")


def test_code_that_was_killed_is_not_run_again_for_later_answers(suite: Path) -> None:
    stuck = {"demo-1": ["import time\ntime.sleep(60)"], "demo-2": ["answer_2 = rows['amount'].mean()"]}
    answers = compute(stuck, limits=StationLimits(wall_seconds=1))
    assert answers[0, "demo-1"].error == "time limit of 1 s"
    assert values(answers)[1] == true_answers()["demo-2"]


def test_a_file_of_a_variant_is_shown_alone_even_if_only_its_owner_may_read_it(suite: Path) -> None:
    (suite / "class").mkdir()
    for name in ("orders.csv", "gradebook.csv"):
        (suite / "class" / name).write_text("x", encoding="utf-8")
        (suite / "class" / name).chmod(0o600)
    code = "answer_1 = [p.name for p in Path(file).parent.iterdir()] + [Path(file).read_text()]"
    variant = Variant("file", {"file": str(suite / "class" / "orders.csv")})
    assert values(compute({"demo-1": [code]}, variant=variant))[0] == ["orders.csv", "x"]


def test_no_checks_table_and_no_source_is_shown(suite: Path) -> None:
    shown, _ = show_suite(NOTEBOOK, Variant(), suite)
    assert sorted(shown) == ["/suite/crm_lib", "/suite/data", f"/suite/notebooks/{NOTEBOOK}.ipynb"]
    code = "answer_1 = sorted(str(p) for p in Path('/suite').rglob('*') if '/crm_lib/' not in str(p))"
    seen = values(compute({"demo-1": [code]}))[0]
    assert not [path for path in seen if "src" in path or "checks" in path]
    assert f"/suite/notebooks/{NOTEBOOK}.ipynb" in seen


def test_official_cells_that_fail_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_folder() as folder:
        monkeypatch.setenv("CRM_HOME", str(lay_out_suite(folder, "1 / 0")))
        with pytest.raises(RenderError, match="1_small, variant 'default': the official cells failed: Zero"):
            compute(HONEST)


def test_wrong_calls_are_refused(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RenderError, match="2 is there twice"):
        list(run_station(NOTEBOOK, submissions=[Work(2, HONEST), Work(2, HONEST)]))
    with pytest.raises(ParameterError, match="processes must be a number > 0; got 0"):
        StationLimits(processes=0)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    with pytest.raises(RenderError, match="never run as root without a sandbox"):
        compute(HONEST, unsafe=True)


def test_a_notebook_without_tasks_is_refused(suite: Path) -> None:
    book = suite / "notebooks" / f"{NOTEBOOK}.ipynb"
    book.write_text(json.dumps({"cells": []}), encoding="utf-8")
    with pytest.raises(RenderError, match="no graded answer"):
        read_cells(NOTEBOOK, {})


def test_a_reader_who_stops_early_leaves_no_station(suite: Path) -> None:
    import psutil

    answers = run_station(NOTEBOOK, submissions=[Work(n, HONEST) for n in range(4)])
    next(answers)
    assert psutil.Process().children(recursive=True)
    answers.close()
    assert not [p for p in psutil.Process().children(recursive=True) if "bwrap" in p.name()]


def test_without_a_sandbox_the_same_comes_out_and_the_limits_hold(suite: Path) -> None:
    """As an ordinary user, who must ask for it: root may not."""
    code = """
import json, sys
from crm_lib.kernels.limits_station import StationLimits
from crm_lib.kernels.station import Work, run_station
works = [Work(0, {"demo-1": ["answer_1 = int(rows['amount'].sum())"]}), Work(1, {"demo-1": ["while True: pass"]})]
found = run_station(sys.argv[1], submissions=works, unsafe=True, limits=StationLimits(wall_seconds=1.5))
print(json.dumps([[a.number, a.form and a.form["value"], a.error] for a in found if a.grade_id == "demo-1"]))
"""
    command = as_ordinary_user([sys.executable, "-c", code, NOTEBOOK])
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root), "CRM_HOME": str(suite)}
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [
        [0, str(true_answers()["demo-1"]), ""],
        [1, None, "time limit of 1.5 s"],
    ]


def test_a_station_that_is_killed_is_started_again_and_nobody_is_lost(suite: Path) -> None:
    import psutil

    submissions = [Work(n, HONEST) for n in range(6)]
    answers = run_station(NOTEBOOK, submissions=submissions, jobs=2)
    found = [next(answers)]
    for process in psutil.Process().children():
        if process.name() == "bwrap":
            process.kill()
    found += answers
    assert sorted((a.number, a.grade_id) for a in found) == [
        (n, f"demo-{i}") for n in range(6) for i in (1, 2)
    ]
    assert {restore_answer(a.form or {"kind": "null"}) for a in found} == set(true_answers().values())
