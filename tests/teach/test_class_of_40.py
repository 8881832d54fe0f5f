"""A class of forty, good, middling, blank, copied, hard-coded, broken and hostile, from files to reports."""

from __future__ import annotations

import csv
import html
import re
import time

import openpyxl
import pytest
from class_of_students import TASKS, TOUR, make_class_of_40, write_class

from crm_lib._places import checks_file
from crm_lib.kernels.limits_station import StationLimits
from crm_lib.lesson.checks import load_checks, load_variants
from crm_lib.teach.grade import grade_class
from crm_lib.teach.gradebook import write_books
from crm_lib.teach.results import GRADED, MISSING, UNREADABLE
from crm_lib.teach.similarity import find_similar
from crm_lib.teach.truth import compute_truth, read_truth

pytestmark = [pytest.mark.slow, pytest.mark.needs("bubblewrap")]


@pytest.fixture(scope="module")
def truths():
    return [
        {k: t.expected for k, t in read_truth(compute_truth(TOUR, v)).items()} for v in load_variants(TOUR)
    ]


@pytest.fixture(scope="module")
def class_(truths):
    constants = {task: getattr(value, "item", lambda v=value: v)() for task, value in truths[0].items()}
    return {s.student_id: s for s in make_class_of_40(40, constants)}


@pytest.fixture(scope="module")
def folder(class_, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write_class(folder, class_.values())
    return folder


@pytest.fixture(scope="module")
def graded(folder):
    start = time.perf_counter()
    graded = grade_class(
        folder / "submitted",
        out=folder / "out",
        roster=folder / "roster.csv",
        jobs=2,
        limits=StationLimits(wall_seconds=10, cpu_seconds=10),
    )
    print(f"\n40 submissions graded in {time.perf_counter() - start:.1f} s")
    return {g.student_id: g for g in graded}


@pytest.fixture(scope="module")
def written(graded, folder):
    return write_books(list(graded.values()), folder / "out")


def test_the_class_is_what_it_should_be(class_):
    kinds = [s.kind for s in class_.values()]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {
        "good": 14, "middling": 10, "blank": 3, "copied": 4, "hard-coded": 3, "broken": 3, "hostile": 3,
    }  # fmt: skip


def test_everybody_gets_the_points_that_are_due(class_, graded):
    got = {i: {t.grade_id: t.points for t in graded[i].tasks if not t.manual} for i in class_}
    wrong = {i: (s.kind, got[i], s.due) for i, s in class_.items() if got[i] != pytest.approx(s.due)}
    assert wrong == {}
    status = {i: g.status for i, g in graded.items()}
    unreadable = [i for i, s in class_.items() if s.unreadable]
    assert [i for i, s in status.items() if s == UNREADABLE] == unreadable
    assert [i for i, s in status.items() if s == MISSING] == ["20249999"]
    assert sum(s == GRADED for s in status.values()) == 39


def test_mistakes_constants_and_blanks_are_called_so(class_, graded):
    for i, student in class_.items():
        tasks = {t.grade_id: t for t in graded[i].tasks}
        if student.kind == "middling":
            assert all(tasks[task].mistake for task in student.mistakes)
        fixed = {k for k, t in tasks.items() if t.hard_coded}
        assert fixed == (set(student.mistakes) if student.kind == "hard-coded" else set())
        if not student.unreadable:
            assert {k for k in TASKS if tasks[k].blank} == set(TASKS) - set(student.answers)


def test_the_gradebook_holds_the_points_that_are_due(class_, written):
    with written["gradebook_csv"].open(encoding="utf-8-sig", newline="") as file:
        rows = {row["学号"]: row for row in csv.DictReader(file)}
    assert len(rows) == 41
    for i, student in class_.items():
        assert float(rows[i]["得分"]) == pytest.approx(sum(student.due.values()))
        assert rows[i]["姓名"] == student.name
    assert float(rows["20249999"]["得分"]) == 0
    sheet = openpyxl.load_workbook(written["gradebook_xlsx"])["成绩"]
    head, *lines = sheet.iter_rows(values_only=True)
    points = {line[0]: line[head.index("得分")] for line in lines}
    assert {i: points[i] for i in class_} == pytest.approx({
        i: sum(s.due.values()) for i, s in class_.items()
    })


def test_the_planted_copies_are_found_and_no_innocent_pair(class_, graded):
    planted = {frozenset((i, s.source)) for i, s in class_.items() if s.source}
    pairs = find_similar(list(graded.values()))
    print({(p.left.student_id, p.right.student_id): round(p.strength, 1) for p in pairs})
    assert len(planted) == 4
    assert {frozenset((p.left.student_id, p.right.student_id)) for p in pairs} == planted


def spell(value):
    """Return the ways a number could stand in a page."""
    if isinstance(value, bool) or float(value) == int(value):
        return {str(int(value)), f"{int(value):,}"}
    return {f"{value:.6g}", f"{value:.4f}", f"{value:,.2f}", repr(float(value))[:10], f"{100 * value:.2f}"}


def test_feedback_gives_no_answer_no_check_and_no_other_student_away(class_, graded, written, truths):
    source = checks_file(TOUR).read_text(encoding="utf-8")
    secret = re.findall(r"(?m)^def (\w+)|^    (return .+)$", source)
    secret = [piece for pair in secret for piece in pair if piece] + ["expected", "Mistake(", "VARIANTS"]
    secret += [m.code for check in load_checks(TOUR).values() for m in check.mistakes]
    leaks = []
    for i in class_:
        raw = (written["feedback"] / f"{i}.html").read_text(encoding="utf-8")
        page = html.unescape(re.sub(r"(?s)<style>.*?</style>", "", raw))
        own = re.sub(r"(?s)<details>.*?</details>", "", page)  # what the student wrote and printed
        leaks += [(i, piece) for piece in secret if piece in own]
        leaks += [(i, o.name) for k, o in class_.items() if k != i and (o.name in page or k in page)]
        lost = [t.grade_id for t in graded[i].tasks if t.points < t.total and not t.hard_coded]
        for task in lost:
            numbers = {spelt for truth in truths for spelt in spell(truth[task])}
            found = [n for n in numbers if re.search(rf"(?<![\d.,]){re.escape(n)}(?!\d)", own)]
            leaks += [(i, task, found)] if found else []
    assert leaks == []


def test_the_class_report_counts_the_mistakes(class_, graded, written):
    page = html.unescape(written["class_report"].read_text(encoding="utf-8"))
    planted = [
        m for s in class_.values() if not s.source for m in s.mistakes.values() if m and m != "hard_coded"
    ]
    assert planted
    assert all(f"<code>{name}</code>" in page for name in set(planted))
    assert "没交的人（20249999）" in page
    assert page.count(" ↔ ") == 4


def test_grading_again_runs_nothing_and_says_the_same(folder, graded):
    told = []
    again = grade_class(
        folder / "submitted",
        out=folder / "out",
        roster=folder / "roster.csv",
        limits=StationLimits(wall_seconds=10, cpu_seconds=10),
        progress=lambda *what: told.append(what),
    )
    assert {g.student_id: g.points for g in again} == {i: g.points for i, g in graded.items()}
    # only what a limit struck may have been the machine's fault and runs again
    assert max((total for *_, total in told), default=0) <= 2 * len(TASKS)
