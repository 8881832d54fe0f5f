"""Time the grading of a class of forty, and hold it to plain `nbgrader autograde`.

    python -m benchmarks.bench_grade
    python -m benchmarks.bench_grade --most 6

Forty simulated submissions of the tour (good, middling, blank, copied, hard-coded, broken, hostile).  `crm grade`
takes all of them at two jobs: sandbox, every variant of the data, gradebook, feedback, class report, similarity.
`nbgrader autograde` takes the harmless ones among them, one after the other: one run, no sandbox, no other data.
Both count from the start of the process.  Exit code 1 when the goal is missed: at most a third of nbgrader's time
per submission.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL = 1 / 3
ROOT = Path(__file__).resolve().parents[1]
HARMLESS = ("good", "middling", "blank", "copied", "hard-coded", "broken")
sys.path.insert(0, str(ROOT / "tests" / "teach"))


def make_class(folder):
    from class_of_students import TOUR, make_class_of_40, write_class

    from crm_lib.lesson.checks import load_variants
    from crm_lib.teach.truth import compute_truth, read_truth

    truth = read_truth(compute_truth(TOUR, load_variants(TOUR)[0]))
    values = {task: t.expected for task, t in truth.items()}
    students = make_class_of_40(0, {task: getattr(v, "item", lambda v=v: v)() for task, v in values.items()})
    write_class(folder, students)
    return students


def grade_all(folder, jobs):
    """Grade as the command does; what it prints is read by the run that started it."""
    from crm_lib.teach.grade import grade_class
    from crm_lib.teach.gradebook import write_books

    graded = grade_class(folder / "submitted", out=folder / "out", roster=folder / "roster.csv", jobs=jobs)
    write_books(graded, folder / "out")
    print(json.dumps({g.student_id: g.points for g in graded}))


def time_crm(folder, jobs):
    command = [sys.executable, "-m", "benchmarks.bench_grade", "--grade", str(folder), "--jobs", str(jobs)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return time.perf_counter() - start, json.loads(done.stdout)


def make_course(folder, students):
    """Make an nbgrader course of the harmless submissions; its assignment is generated, not yet graded."""
    from class_of_students import TOUR, make_notebook

    from crm_lib.publish.build import notebook_text

    course = folder / "course"
    source = course / "source" / "tour" / "1_tour.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(notebook_text(TOUR, edition="teacher"), encoding="utf-8")
    for student in students:
        path = course / "submitted" / student.student_id / "tour" / "1_tour.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(make_notebook(student), ensure_ascii=False), encoding="utf-8")
    run_nbgrader(course, "generate_assignment")
    return course


def run_nbgrader(course, word):
    env = os.environ | {"HOME": str(course.parent), "PYTHONUTF8": "1"}
    env["PATH"] = str(Path(sys.executable).parent) + os.pathsep + env["PATH"]
    command = [sys.executable, "-m", "nbgrader", word, "tour", f"--course-dir={course}"]
    done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"nbgrader {word} failed: {done.stderr[-2000:]}")


def time_nbgrader(course, students):
    start = time.perf_counter()
    run_nbgrader(course, "autograde")
    seconds = time.perf_counter() - start
    n = sum((course / "autograded" / s.student_id / "tour" / "1_tour.ipynb").exists() for s in students)
    if n != len(students):
        sys.exit(f"nbgrader graded {n} of {len(students)} harmless submissions")
    return seconds


def main():
    parser = argparse.ArgumentParser(description="Time the grading of a class of forty.")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, default=40, help="harmless submissions nbgrader is given")
    parser.add_argument("--grade", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.grade:
        grade_all(given.grade, given.jobs)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as name:
        folder = Path(name)
        students = make_class(folder)
        seconds, points = time_crm(folder, given.jobs)
        right = sum(abs(points[s.student_id] - sum(s.due.values())) < 1e-6 for s in students)
        ours = seconds / len(students)
        kinds = [s for s in students if s.kind in HARMLESS and not s.unreadable]
        harmless = kinds[:: max(1, len(kinds) // given.most)][: given.most]
        plain = time_nbgrader(make_course(folder, harmless), harmless)
    theirs = plain / len(harmless)
    print(f"crm grade, {given.jobs} jobs: {len(students)} submissions in {seconds:.1f} s, {ours:.2f} s each")
    print(f"  points as due: {right} of {len(students)}")
    print(f"nbgrader autograde: {len(harmless)} harmless ones in {plain:.1f} s, {theirs:.2f} s each")
    met = ours <= GOAL * theirs and right == len(students)
    print(f"ratio {ours / theirs:.2f} (goal: at most {GOAL:.2f}): {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
