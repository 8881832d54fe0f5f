"""A course as nbgrader itself runs it: teacher edition in, points and feedback out."""

import html
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from run_cells import solutions

from crm_lib._places import notebook_file
from crm_lib.lesson.checks import load_checks
from crm_lib.publish.build import notebook_text

TOUR = "0_start/1_tour"
WRONG = "tour-2-recent"


def write_submission(path, answers):
    """Write the student notebook with `answers` (grade_id → code) typed into its answer cells."""
    notebook = json.loads(notebook_file(TOUR).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
        if "solution" in cell["metadata"].get("tags", ()) and grade_id in answers:
            cell["source"] = answers[grade_id]
        if "parameters" in cell["metadata"].get("tags", ()):
            cell["source"] = "".join(cell["source"]).replace('"cdnow"', '"cdnow_sample"')
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def run_nbgrader(python, course, *words):
    """Run one nbgrader command in `course`, a folder outside the project."""
    folder = str(Path(python).parent)
    env = {k: v for k, v in os.environ.items() if k not in ("CRM_HOME", "CRM_OUTPUT_DIR")}
    env |= {"PATH": folder + os.pathsep + env["PATH"], "HOME": str(course.parent), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [python, "-m", "nbgrader", *words, f"--course-dir={course}"],
        cwd=course,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def course(tmp_path_factory, python):
    course = tmp_path_factory.mktemp("nbgrader") / "course"
    source = course / "source" / "tour" / "1_tour.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(notebook_text(TOUR, edition="teacher"), encoding="utf-8")
    right = solutions(TOUR)
    mistake = next(m for m in load_checks(TOUR)[WRONG].mistakes if m.name == "off_by_one")
    handed_in = {
        "blank": {},
        "right": right,
        "wrong": {**right, WRONG: mistake.code},
        "broken": {**right, WRONG: "answer_2 = 1 / 0"},
    }
    for student, answers in handed_in.items():
        write_submission(course / "submitted" / student / "tour" / "1_tour.ipynb", answers)
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        run_nbgrader(python, course, command, "tour")
    return course


def read_points(course, student):
    """Return the points per grade_id in nbgrader's own gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        grades = book.find_submission_notebook("1_tour", "tour", student).grades
        return {grade.name: (grade.score, grade.max_score) for grade in grades}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("student", "lost"), [("blank", None), ("right", ()), ("wrong", (WRONG,)), ("broken", (WRONG,))]
)
def test_nbgrader_gives_the_points_of_check(course, student, lost):
    checks = load_checks(TOUR)
    refused = set(checks) if lost is None else set(lost)
    expected = {i: (0.0 if i in refused else float(c.points), float(c.points)) for i, c in checks.items()}
    assert sum(total for _, total in expected.values()) == 30
    assert read_points(course, student) == expected


@pytest.mark.slow
def test_feedback_names_the_mistake_and_never_the_answer(course):
    pages = {
        student: html.unescape((course / "feedback" / student / "tour" / "1_tour.html").read_text("utf-8"))
        for student in ("blank", "right", "wrong")
    }
    (mistake,) = [m for m in load_checks(TOUR)[WRONG].mistakes if m.name == "off_by_one"]
    assert [mistake.message in pages[s] for s in ("wrong", "right", "blank")] == [True, False, False]
    found = {s: len(re.findall(r'class="crm-check crm-check-right"', page)) for s, page in pages.items()}
    assert found == {"blank": 0, "right": 4, "wrong": 3}
    assert ".crm-check-right" in pages["right"]  # the look travels with the page


@pytest.mark.slow
def test_the_release_holds_no_solution(course):
    release = (course / "release" / "tour" / "1_tour.ipynb").read_text(encoding="utf-8")
    assert not any(line.strip() in release for code in solutions(TOUR).values() for line in code.splitlines())
