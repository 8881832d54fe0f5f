"""A class from folder to results: cached, late, missing, unreadable; a pretended station runs the code."""

import json
import os
import zipfile
from datetime import datetime

import pytest
from handed_in import TASKS, TOUR, code_cell, make_notebook, text_cell, write_notebook

from crm_lib.errors import DataError, ParameterError, ReadError, RenderError
from crm_lib.kernels.answers_out import take_out
from crm_lib.kernels.station import Answer
from crm_lib.lesson.checks import load_checks, load_variants
from crm_lib.teach import grade_cache, grade_run
from crm_lib.teach.grade import MANUAL_SHEET, grade_class, load_graded
from crm_lib.teach.results import Graded

DUE = "2026-11-20 23:59 +08:00"
IN_TIME = datetime.fromisoformat("2026-11-20T12:00+08:00").timestamp()
# What is right on each of the three variants; the pretended student code looks it up by `v`.
RIGHT = {task: [n + 0.5, n + 10.5, n + 20.5] for n, task in enumerate(TASKS, 1)}
SOLVED = {task: f"answer_{n} = {RIGHT[task]}[v]" for n, task in enumerate(TASKS, 1)}


class Station:
    """Runs trusted test code in this process, and counts the rounds and answers."""

    def __init__(self):
        self.asked = []

    def __call__(self, round_, parameters, works, jobs):
        v = load_variants(TOUR).index(dict(parameters))
        for number, answers in works.items():
            for task, cells in answers.items():
                self.asked.append((v, task))
                space, error = {"v": v}, ""
                try:
                    exec("\n".join(cells), space)
                except Exception as fault:
                    error = f"{type(fault).__name__}: {fault}"
                form = take_out(space[name]) if (name := f"answer_{TASKS.index(task) + 1}") in space else None
                yield Answer(number, task, form, "", error, 0.1)


def truth(notebook_id, parameters):
    v = load_variants(TOUR).index(dict(parameters))
    number = lambda x: {"form": {"kind": "number", "value": repr(x)}}  # noqa: E731
    wrongs = {"median": number(99.0 + v)}
    return {t: {"expected": number(RIGHT[t][v]), "wrongs": wrongs if t == TASKS[0] else {}} for t in TASKS}


@pytest.fixture
def station(monkeypatch):
    station = Station()
    monkeypatch.setattr(grade_run, "_ask_station", station)
    monkeypatch.setattr(grade_cache, "compute_truth", truth)
    return station


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in"


def hand_in(folder, name, answers=None, change=None, *, when=IN_TIME):
    path = write_notebook(folder / name / "1_tour.ipynb", SOLVED if answers is None else answers, change)
    os.utime(path, (when, when))


def grade(folder, tmp_path, **more):
    return {g.student_id: g for g in grade_class(folder, out=tmp_path / "out", **more)}


def points(graded):
    return [t.points for t in graded.tasks]


def test_points_of_good_middling_blank_and_constant_work(folder, tmp_path, station):
    hand_in(folder, "good")
    hand_in(folder, "middling", {**SOLVED, TASKS[0]: "answer_1 = 99.0 + v", TASKS[1]: "answer_2 = 1 / 0"})
    hand_in(folder, "blank", {})
    hand_in(folder, "constant", {t: f"answer_{n} = {RIGHT[t][0]}" for n, t in enumerate(TASKS, 1)})
    hand_in(folder, "unlucky", {TASKS[3]: f"answer_4 = {{0: {RIGHT[TASKS[3]][0]}}}[v]"})
    found = grade(folder, tmp_path)
    assert [points(found[s]) for s in ("good", "blank", "constant")] == [[5, 5, 10, 10], [0] * 4, [0] * 4]
    assert points(found["middling"]) == [0, 0, 10, 10]
    assert [t.mistake for t in found["middling"].tasks] == ["median", "", "", ""]
    assert "ZeroDivisionError" in found["middling"].tasks[1].message
    assert all(t.hard_coded for t in found["constant"].tasks)
    assert all(t.blank for t in found["blank"].tasks)
    assert "KeyError" in found["unlucky"].tasks[3].message
    assert load_graded(tmp_path / "out") == list(found.values())
    assert Graded.from_dict(json.loads(json.dumps(found["good"].to_dict()))) == found["good"]


def test_only_what_earns_points_runs_on_other_data(folder, tmp_path, station):
    hand_in(folder, "wrong", {t: f"answer_{n} = -1" for n, t in enumerate(TASKS, 1)})
    grade(folder, tmp_path)
    assert {v for v, _ in station.asked} == {0}
    station.asked.clear()
    hand_in(
        folder,
        "half",
        {TASKS[0]: "import nothing_like_it", TASKS[1]: SOLVED[TASKS[1]], TASKS[3]: "answer_4 = 0"},
    )
    grade(folder, tmp_path)
    # what left nothing behind is not run again, nor what comes after the last answer that earned something
    assert [t for v, t in station.asked if v] == [TASKS[1]] * 2


def test_a_message_that_looks_like_a_limit_spares_nobody_the_other_data(folder, tmp_path, station):
    code = f"answer_1 = {RIGHT[TASKS[0]][0]}\nraise ValueError('time limit of 20 s')"
    hand_in(folder, "sly", {TASKS[0]: code})
    (task, *_) = grade(folder, tmp_path)["sly"].tasks
    assert (task.points, task.hard_coded) == (0, True)


def test_only_what_changed_is_graded_again(folder, tmp_path, station, monkeypatch):
    hand_in(folder, "one")
    hand_in(folder, "two", {TASKS[0]: "answer_1 = 3"})
    hand_in(folder, "same as one")
    first = grade(folder, tmp_path)
    assert len(station.asked) == 4 * 3 + 1  # equal code runs once; a wrong answer only on the first data
    station.asked.clear()
    assert grade(folder, tmp_path) == first
    assert station.asked == []
    hand_in(folder, "two", {TASKS[0]: "answer_1 = 4"})
    hand_in(folder, "one", None, lambda nb: nb["cells"].append(text_cell("mehr")), when=IN_TIME)
    grade(folder, tmp_path)
    assert station.asked == [(0, TASKS[0])]
    station.asked.clear()
    monkeypatch.setattr(grade_cache, "load_variants", lambda notebook_id: [{}, {"seed": 1}])
    grade(folder, tmp_path)  # the table of variants changed: all is run again
    assert len(station.asked) == 4 * 3 + 1


def test_what_a_limit_struck_is_run_again(folder, tmp_path, station):
    hand_in(folder, "slow", {TASKS[0]: "raise ValueError('time limit of 20 s')"})
    grade(folder, tmp_path)
    grade(folder, tmp_path)
    assert len(station.asked) == 2


def test_damaged_memory_is_made_anew(folder, tmp_path, station):
    hand_in(folder, "one")
    grade(folder, tmp_path)
    for path in (tmp_path / "out" / ".crm" / "grades").iterdir():
        path.write_text('[{"x": 1}]', encoding="utf-8")
    assert grade(folder, tmp_path)["one"].points == 30


def write_roster(tmp_path, text):
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_roster_late_missing_and_unreadable(folder, tmp_path, station):
    roster = write_roster(
        tmp_path,
        "学号,姓名,班级,提交时间\n03,丙,一班,2026-11-22 10:00\n01,甲,一班,\n02,乙,二班,\n04,丁,二班,昨天\n05,戊,二班,\n",
    )
    hand_in(folder, "01 甲")
    hand_in(folder, "03", when=0)
    hand_in(folder, "04", when=IN_TIME + 86_400)
    hand_in(folder, "99")
    (folder / "05").mkdir()
    (folder / "05" / "1_tour.ipynb").write_text("{", encoding="utf-8")
    late = {"deadline": DUE, "late_rule": "-10% per day, at most 15%"}
    found = grade(folder, tmp_path, roster=roster, **late)
    assert list(found) == ["03", "01", "02", "04", "05", "99"]
    seen = {i: (g.status, g.late_days, g.time_from, g.points) for i, g in found.items()}
    assert seen == {
        "03": ("graded", 2, "roster", 25.5),  # 30 × (1 − 15 %)
        "01": ("graded", 0, "file", 30),
        "02": ("missing", 0, "", 0),
        "04": ("graded", 1, "file", 27),  # 30 × (1 − 10 %); 昨天 is no time
        "05": ("unreadable", found["05"].late_days, "file", 0),
        "99": ("graded", 0, "file", 30),
    }
    assert found["03"].handed_in_at == "2026-11-22T10:00:00+08:00"
    assert any("昨天" in note for note in found["04"].notes)
    assert any("名单里没有" in note for note in found["99"].notes)
    assert (found["01"].name, found["01"].class_name, found["02"].reason) == ("甲", "一班", "没有交。")
    assert found["05"].total == 30


def test_times_of_an_archive_are_of_the_zone_of_the_deadline(folder, tmp_path, station):
    folder.mkdir()
    with zipfile.ZipFile(folder / "01.zip", "w") as archive:
        info = zipfile.ZipInfo("1_tour.ipynb", (2026, 11, 21, 0, 10, 0))
        archive.writestr(info, json.dumps(make_notebook(SOLVED)))
    found = grade(folder, tmp_path, deadline=DUE, late_rule="-10% per day")["01"]
    assert (found.handed_in_at, found.time_from, found.late_days) == (
        "2026-11-21T00:10:00+08:00",
        "archive",
        1,
    )


def test_manual_points_of_the_sheet_in_the_folder_are_kept_and_merged(folder, tmp_path, station):
    import openpyxl

    hand_in(folder, "one")
    assert len(grade(folder, tmp_path)["one"].tasks) == 4
    path = tmp_path / "out" / MANUAL_SHEET
    book = openpyxl.load_workbook(path)
    titles = [c.value for c in book.active[1]]
    book.active.cell(2, titles.index("得分") + 1, 2)
    book.save(path)
    for _ in range(2):
        found = grade(folder, tmp_path)["one"]
        assert (found.points, found.total, found.pending) == (32, 30 + 4 * 2 + 5, 4)
    book.active.cell(2, titles.index("得分") + 1, 7)
    book.save(tmp_path / "mine.xlsx")
    with pytest.raises(DataError, match="row 2: 得分 must lie in 0 to 2; got 7"):
        grade(folder, tmp_path, manual=tmp_path / "mine.xlsx")


@pytest.mark.parametrize(
    ("more", "kind", "said"),
    [
        ({"late_rule": "-10% per day"}, ParameterError, "needs a deadline"),
        ({"deadline": "2026-11-20 23:59"}, ParameterError, "names no zone"),
        ({"jobs": 0}, ParameterError, "jobs"),
        ({"notebooks": ["0_start/1_tuor"]}, ParameterError, "0_start/1_tour"),
        ({"roster": "none.csv"}, ReadError, "none.csv"),
        ({"manual": "none.xlsx"}, ReadError, "none.xlsx"),
    ],
)
def test_wrong_calls_run_nothing(folder, tmp_path, station, more, kind, said):
    hand_in(folder, "one")
    with pytest.raises(kind, match=said):
        grade(folder, tmp_path, **more)
    assert station.asked == []


def test_a_folder_without_any_notebook(folder, tmp_path, station):
    with pytest.raises(ReadError, match="no folder"):
        grade(folder, tmp_path)
    folder.mkdir()
    with pytest.raises(ReadError, match="0 submissions"):
        grade(folder, tmp_path)


def test_nobody_handed_in_is_a_result_when_the_notebook_is_named(folder, tmp_path, station):
    folder.mkdir()
    roster = write_roster(tmp_path, "学号,姓名\n1,甲\n2,乙\n")
    found = grade(folder, tmp_path, roster=roster, notebooks=[TOUR])
    assert [g.status for g in found.values()] == ["missing", "missing"]


def test_progress_counts_answers(folder, tmp_path, station):
    hand_in(folder, "one")
    hand_in(folder, "two", {TASKS[0]: "answer_1 = 3"})
    told = []
    grade(folder, tmp_path, progress=lambda *words: told.append(words))
    assert told == [(TOUR, n, 5) for n in range(1, 6)]


def test_without_a_sandbox_it_refuses_in_one_sentence(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "crm_lib.kernels.station.sandbox_available", lambda: (False, "crm grade: no sandbox.")
    )
    monkeypatch.setattr(grade_cache, "compute_truth", truth)
    hand_in(folder, "one")
    with pytest.raises(RenderError, match="no sandbox"):
        grade(folder, tmp_path)


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_edited_checks_monkey_patches_and_forged_marks_earn_nothing(folder, tmp_path):
    from handed_in import find_cell, solve

    patched = (
        "import builtins, crm_lib.lesson.checks as c\nc.compare_answers = lambda *a, **k: c.Verdict(True)\n"
    )
    patched += (
        "class Yes(float):\n    __eq__ = lambda s, o: True\n    __hash__ = float.__hash__\nanswer_1 = Yes(1)"
    )

    def forge(notebook):
        for task in TASKS:
            cell = find_cell(notebook, task)
            cell["metadata"]["nbgrader"]["points"] = 0
            cell["source"] = (
                "from crm_lib.lesson.checks import CheckResult\nCheckResult('x', 5, 5, '回答正确')"
            )
        notebook["cells"].insert(2, code_cell("rfm = None\ncheck = print"))

    write_notebook(folder / "patched" / "1_tour.ipynb", {TASKS[0]: patched, TASKS[1]: "answer_2 = exit()"})
    write_notebook(folder / "forged" / "1_tour.ipynb", {TASKS[0]: "answer_1 = 1.0"}, forge)
    spoilt = "rows.drop(rows.index, inplace=True)\nanswer_1 = 0.0"
    write_notebook(folder / "spoilt" / "1_tour.ipynb", {**solve(), TASKS[0]: spoilt})
    write_notebook(
        folder / "good" / "1_tour.ipynb", None, lambda nb: nb["cells"].insert(3, code_cell("rows = 1"))
    )
    found = {g.student_id: g for g in grade_class(folder, out=tmp_path / "out")}
    assert {s: points(g) for s, g in found.items()} == {
        "patched": [0, 0, 0, 0],
        "forged": [0, 0, 0, 0],
        "spoilt": [0, 5, 10, 10],  # what it did to rows stays in its own fork, and later cells are official
        "good": [0, 5, 10, 10],  # a cell of one's own that overwrites rows belongs to the first answer
    }
    assert sum(c.points for c in load_checks(TOUR).values()) == found["good"].total == 30
