"""The course folder of `crm assign` under nbgrader's own commands, from the roster to the export."""

import csv
import html
import json
import os
import subprocess
from pathlib import Path

import pytest
from class_files import KEY, read_solutions, write_roster

from crm_lib.lesson.checks import load_checks
from crm_lib.teach.assign import assign_notebooks

TOUR, NAME = "0_start/1_tour", "0_start-1_tour"
WRONG = "tour-2-recent"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def run_nbgrader(python, course, *words):
    """Run one nbgrader command in the course folder, with nothing but its own configuration."""
    drop = ("CRM_HOME", "CRM_OUTPUT_DIR")
    env = {k: v for k, v in os.environ.items() if k not in drop}
    env |= {"PATH": str(Path(python).parent) + os.pathsep + env["PATH"], "HOME": str(course.parent)}
    done = subprocess.run(
        [python, "-m", "nbgrader", *words],
        cwd=course,
        env=env | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def read_tree(folder):
    """Return the files of a release; of notebooks only what does not depend on who wrote them."""
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for name, content in files.items():
        if name.endswith(".ipynb"):
            files[name] = [read_cell(cell) for cell in json.loads(content)["cells"]]
    return files


def read_cell(cell):
    meta = {
        k: v for k, v in cell["metadata"].get("nbgrader", {}).items() if k not in {"checksum", "cell_type"}
    }
    locks = cell["metadata"].get("editable", True), cell["metadata"].get("deletable", True)
    return cell["id"], "".join(cell["source"]).rstrip("\n"), meta, locks, cell["metadata"].get("tags")


def hand_in(course, student, answers, *, own=False):
    """Do the homework in a copy of what the student got, and hand the whole folder in."""
    place = course / "release_per_student" / student if own else course / "release"
    target = course / "submitted" / student / NAME
    for path in (p for p in (place / NAME).rglob("*") if p.is_file()):
        copy = target / path.relative_to(place / NAME)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    notebook = json.loads((target / "1_tour.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
        if "solution" in cell["metadata"].get("tags", ()) and grade_id in answers:
            cell["source"] = answers[grade_id]
    (target / "1_tour.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory, python):
    folder = tmp_path_factory.mktemp("nbgrader")
    course = folder / "课程"
    (folder / "key").write_text(KEY, encoding="utf-8")
    given = {
        "students": write_roster(folder),
        "per_student_data": True,
        "course_key": f"file:{folder / 'key'}",
    }
    assign_notebooks([TOUR], out=course, jobs=2, **given)
    before = read_tree(course / "release" / NAME)
    run_nbgrader(python, course, "db", "student", "import", "students.csv")
    run_nbgrader(python, course, "generate_assignment", NAME, "--force")
    assert read_tree(course / "release" / NAME) == before
    right = read_solutions(TOUR)
    off_by_one = next(m for m in load_checks(TOUR)[WRONG].mistakes if m.name == "off_by_one")
    hand_in(course, "2024001", right)
    hand_in(course, "2024002", {**right, WRONG: off_by_one.code}, own=True)
    hand_in(course, "blank", {})
    for command in ("autograde", "generate_feedback"):
        run_nbgrader(python, course, command, NAME)
    run_nbgrader(python, course, "export")
    return course


def test_export_has_the_points_of_everybody(course):
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {i: (float(r["raw_score"]), float(r["max_score"])) for i, r in rows.items()} == {
        "2024001": (30, 30),
        "2024002": (25, 30),  # 5 points less for the day that was left out
        "blank": (0, 30),
    }
    assert (rows["2024001"]["last_name"], rows["2024002"]["last_name"]) == ("张伟", "李娜")


def test_a_student_with_data_of_his_own_was_graded_on_them(course):
    graded = json.loads((course / "autograded/2024002" / NAME / "1_tour.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in graded["cells"]]
    assert any('"data/my_orders.csv"' in source for source in sources)
    own = course / "autograded/2024002" / NAME / "data/my_orders.csv"
    assert (
        own.read_bytes()
        == (course / "release_per_student/2024002" / NAME / "data/my_orders.csv").read_bytes()
    )


def test_feedback_names_the_mistake_and_never_the_answer(course):
    pages = {
        student: html.unescape((course / "feedback" / student / NAME / "1_tour.html").read_text("utf-8"))
        for student in ("2024001", "2024002", "blank")
    }
    (mistake,) = [m for m in load_checks(TOUR)[WRONG].mistakes if m.name == "off_by_one"]
    assert [mistake.message in page for page in pages.values()] == [False, True, False]
    code = [x.strip() for text in read_solutions(TOUR).values() for x in text.splitlines() if "answer_" in x]
    assert [line for line in code if line in pages["blank"]] == []


def test_nbgraders_release_tells_nothing(course):
    text = (course / "release" / NAME / "1_tour.ipynb").read_text(encoding="utf-8")
    assert "model-answer" not in text
    assert "SOLUTION" not in text
    assert "NotImplementedError" not in text


def test_assigning_again_leaves_a_course_in_use_alone(course, tmp_path):
    """A student joins the class: he gets his folder, and not one byte of the others changes."""
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    text = "学号,姓名,班级\n2024001,张伟,一班\n2024002,李娜,一班\n2024003,王芳,一班\n"
    before = {
        p: p.read_bytes()
        for kind in ("submitted", "release", "source")
        for p in course.glob(f"{kind}/**/*.*")
    }
    done = assign_notebooks(
        [TOUR],
        out=course,
        students=write_roster(tmp_path, text),
        per_student_data=True,
        course_key=f"file:{tmp_path / 'key'}",
        jobs=2,
    )
    assert {name.split("/")[1] for name in done.written if "/" in name} == {"2024003"}
    assert done.kept == (f"release/{NAME}/1_tour.ipynb",)
    assert {p: p.read_bytes() for p in before} == before
