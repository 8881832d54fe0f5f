"""`crm assign`: what students get, what they never get, and that it works on their machine."""

import json
import re

import nbformat
import pytest
import typer
from class_files import KEY, install_library, read_solutions, run_at_home, write_roster
from typer.testing import CliRunner

from crm_lib import cli_assign
from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson.checks import load_checks
from crm_lib.publish.build import build_notebook, list_sources
from crm_lib.teach.assign import assign_notebooks
from crm_lib.teach.assign_notebooks import make_release, make_source, set_defaults

TOUR, PORTRAIT = "0_start/1_tour", "5_information/7_customer_portrait"
NAME = "0_start-1_tour"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of the tour for two students with data of their own."""
    folder = tmp_path_factory.mktemp("assign")
    (folder / "key").write_text(KEY, encoding="utf-8")
    assign_notebooks(
        [TOUR],
        out=folder / "course",
        students=write_roster(folder),
        per_student_data=True,
        course_key=f"file:{folder / 'key'}",
        jobs=2,
    )
    return folder / "course"


def all_text(folder):
    """Return every byte of a folder that is no data file, as one text."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix not in {".gz", ".csv"}]
    assert files
    return "\n".join(p.read_text(encoding="utf-8") for p in files)


def run(folder, *words, **more):
    app = typer.Typer()
    app.command()(cli_assign.assign)
    return CliRunner().invoke(app, [*words, "--out", str(folder)], **more)


def test_the_folder_holds_what_is_promised_and_nothing_else(course):
    beside = {"README.md", "data/README.md", "data/dictionary.csv", "1_tour.ipynb"}
    common = beside | {"data/LICENSE-lifetimes.txt", "data/cdnow_orders.csv.gz"}
    common |= {"notebooks/0_start/1_tour.sealed.json"}
    own = beside | {"data/my_orders.csv", "notebooks/0_start/1_tour.sealed-own.json"}
    expected = {"README.md", "course.json", "nbgrader_config.py", "students.csv"}
    expected |= {f"{kind}/{NAME}/{name}" for kind in ("source", "release") for name in common}
    expected |= {f"release_per_student/{i}/{NAME}/{n}" for i in ("2024001", "2024002") for n in own}
    assert {p.relative_to(course).as_posix() for p in course.rglob("*") if p.is_file()} == expected


@pytest.mark.parametrize("notebook_id", list_sources())
def test_neither_release_nor_source_tells_what_students_shall_find_out(notebook_id):
    folded = re.findall(r'<details class="model-answer">(.*?)</details>', teacher_text(notebook_id), re.S)
    lines = [line for text in folded for line in text.split("\n")[1:] if len(line.strip()) > 5]
    assert len(lines) > 3
    release, source = (
        "\n".join(c.source for c in make(notebook_id).cells) for make in (make_release, make_source)
    )
    assert [line for line in lines if line in release or line in source] == []
    code = [
        x.strip() for text in read_solutions(notebook_id).values() for x in text.splitlines() if x.strip()
    ]
    assert [x for x in code if x not in source] == []
    hints = "\n".join(
        c.source for c in make_release(notebook_id).cells if "exercise" in c.metadata.get("tags", ())
    )
    given = {x.strip() for text in list_given(notebook_id) for x in text.splitlines()}
    assert [x for x in code if x in release and x not in hints and x not in given] == []
    assert [x for x in code if x.startswith("answer_") and x in release] == []


def list_given(notebook_id):
    """Return what stands before the answer in its cell: names the statement speaks of, meant for the students."""
    cells = build_notebook(notebook_id, edition="teacher").cells
    answers = [c.source for c in cells if "solution" in c.metadata.get("tags", ())]
    return [text.partition("### BEGIN SOLUTION")[0] for text in answers if "### BEGIN SOLUTION" in text]


def teacher_text(notebook_id):
    return "\n".join(c.source for c in build_notebook(notebook_id, edition="teacher").cells)


def test_what_is_handed_out_holds_no_code_and_no_message_of_the_table(course):
    text = all_text(course / "release") + all_text(course / "release_per_student")
    for check in load_checks(TOUR).values():
        for mistake in check.mistakes:
            assert mistake.code not in text
            assert mistake.message not in text
    assert "expected" not in text
    assert "SOLUTION" not in text


def test_the_key_is_written_nowhere(course):
    needles = (KEY, KEY.encode().hex(), "file:")
    everything = b"".join(p.read_bytes() for p in course.rglob("*") if p.is_file())
    assert all(needle.encode() not in everything for needle in needles)


def test_answers_are_blank_with_a_comment_and_checks_are_locked(course):
    cells = nbformat.read(course / "release" / NAME / "1_tour.ipynb", as_version=4).cells
    tagged = {
        t: [c for c in cells if t in c.metadata.get("tags", ())] for t in ("solution", "grade", "exercise")
    }
    assert [len(found) for found in tagged.values()] == [4, 4, 4]
    for cell, check in zip(tagged["solution"], load_checks(TOUR).values(), strict=True):
        comment, code = cell.source.split("\n")
        assert comment.startswith("# 在这里")
        assert code == f"{check.answer} = None"
        assert (cell.metadata.deletable, cell.metadata.get("editable", True)) == (False, True)
    for cell in tagged["grade"] + tagged["exercise"]:
        assert (cell.metadata.deletable, cell.metadata.editable) == (False, False)
        assert cell.metadata.nbgrader.locked


def test_each_student_gets_a_notebook_that_points_at_his_data(course):
    texts = {}
    for student in ("2024001", "2024002"):
        folder = course / "release_per_student" / student / NAME
        common = nbformat.read(course / "release" / NAME / "1_tour.ipynb", as_version=4)
        cells = nbformat.read(folder / "1_tour.ipynb", as_version=4).cells
        differ = [(a.source, b.source) for a, b in zip(common.cells, cells, strict=True) if a != b]
        assert [b for _, b in differ] == [differ[0][0].replace('"cdnow"', '"data/my_orders.csv"')]
        texts[student] = (folder / "data" / "my_orders.csv").read_bytes()
        readme = (folder / "README.md").read_text(encoding="utf-8")
        assert student in readme
        assert "data/my_orders.csv" in readme
    assert len(set(texts.values())) == 2


def test_the_sealed_answers_of_two_students_have_nothing_in_common(course):
    marks = []
    for path in sorted(course.rglob("*.sealed*.json")):
        checks = json.loads(path.read_text(encoding="utf-8"))["checks"]
        assert all("right" in check for check in checks.values())
        marks.append({m for c in checks.values() for m in [c["right"], *(x[0] for x in c["mistakes"])]})
    source, *_ = (m for m in marks if marks.count(m) == 2)
    distinct = [source, *(m for m in marks if m != source)]
    assert len(distinct) == 3
    assert len(set.union(*distinct)) == sum(map(len, distinct))


def test_the_instructions_say_how_to_work_and_with_which_version(course):
    import crm_lib

    text = (course / "release" / NAME / "README.md").read_text(encoding="utf-8")
    for needed in ("共 4 题，30 分", crm_lib.__version__, "1_tour.ipynb", "## 怎样做", "## 怎样交", NAME):
        assert needed in text
    top = (course / "README.md").read_text(encoding="utf-8")
    for lost in ("没有沙箱", "检查在学生的内核里运行", "只检查一份数据"):
        assert lost in top


@pytest.mark.slow
def test_the_same_call_writes_the_same_bytes(course, tmp_path, monkeypatch):
    monkeypatch.setenv("KEY", KEY)
    roster = write_roster(tmp_path, "学号,姓名,班级\n2024001,张伟,一班\n")
    given = ["--students", str(roster), "--per-student-data", "--course-key", "env:KEY", "--jobs", "2"]
    done = run(tmp_path / "course", TOUR, *given, catch_exceptions=False)
    assert done.exit_code == 0
    assert "23 files written, 0 unchanged" in done.stdout
    for path in (p for p in (tmp_path / "course").rglob("*") if p.is_file()):
        name = path.relative_to(tmp_path / "course")
        if name.name not in {"course.json", "students.csv"}:
            assert path.read_bytes() == (course / name).read_bytes(), name


CASES = {
    "unknown notebook": ([TOUR + "s"], "closest first: 0_start/1_tour"),
    "data without roster": ([TOUR, "--per-student-data", "--course-key", "env:KEY"], "--students FILE"),
    "data without key": ([TOUR, "--per-student-data", "--students", "r.csv"], "--course-key env:NAME"),
    "key without data": ([TOUR, "--course-key", "env:KEY"], "for --per-student-data"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_call_is_one_sentence_and_writes_nothing(tmp_path, case):
    words, sentence = CASES[case]
    done = run(tmp_path / "course", *words)
    assert isinstance(done.exception, ParameterError)
    assert sentence in str(done.exception)
    assert not (tmp_path / "course").exists()


def test_a_folder_of_submissions_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "张伟.ipynb").write_text("{}", encoding="utf-8")
    done = run(tmp_path, TOUR)
    assert isinstance(done.exception, CrmError)
    assert "Name another folder" in str(done.exception)
    assert [p.name for p in tmp_path.iterdir()] == ["张伟.ipynb"]


def test_a_default_is_set_in_its_line_and_the_rule_stays():
    line = 'orders: str = "cdnow"  # 订单文件 <path>\nk: int = 3  # n [1, 9]'
    assert set_defaults(line, {"orders": "data/a.csv"}) == line.replace("cdnow", "data/a.csv")
    with pytest.raises(CrmError, match="one line 'contacts"):
        set_defaults(line, {"contacts": "x"})


PLAY = """
import contextlib, io, json, nbformat, sys, warnings
from pathlib import Path
import crm_lib
assert str(Path(crm_lib.__file__).parents[1]) == HOME, crm_lib.__file__
warnings.simplefilter("ignore")
space, results = {}, {}
quiet = contextlib.redirect_stdout(io.StringIO())
for cell in nbformat.read(FILE, as_version=4).cells:
    tags = cell.metadata.get("tags", ())
    if cell.cell_type != "code" or "export" in tags:
        continue
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
    if "grade" in tags:
        results[grade_id] = []
        for code in ANSWERS.get(grade_id, [blank]):
            exec(code, space)
            found = eval(cell.source, space)
            results[grade_id].append([found.points, found.message])
        continue
    if "solution" in tags:
        blank = cell.source
        continue
    with quiet:
        exec(compile(cell.source, "cell", "exec"), space)
        if "parameters" in tags:
            space.update(CHANGED)
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return install_library(tmp_path_factory.mktemp("home"))


def work(python, home, folder, answers, **changed):
    """Do the homework at home: type each of `answers` (grade_id → codes) in and check it."""
    given = {"HOME": str(home), "FILE": "1_tour.ipynb", "ANSWERS": answers, "CHANGED": changed}
    code = "".join(f"{name} = {value!r}\n" for name, value in given.items()) + PLAY
    return json.loads(run_at_home(python, home, folder, code))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "alike"),
    [
        (f"release/{NAME}", set()),
        # no line of 旭东 that is kept has an amount of 0 or less, so this mistake makes no difference there
        (f"release_per_student/2024002/{NAME}", {"positive_only"}),
    ],
)
def test_a_student_without_the_suite_gets_help_and_points(course, home, python, place, alike):
    table, right = load_checks(TOUR), read_solutions(TOUR)
    answers = {i: [right[i], *(m.code for m in c.mistakes)] for i, c in table.items()}
    results = work(python, home, course / place, answers)
    for grade_id, check in table.items():
        (points, _), *wrong = results[grade_id]
        assert points == check.points
        for mistake, (points, message) in zip(check.mistakes, wrong, strict=True):
            told = (points, mistake.message in message)
            assert told == ((check.points, False) if mistake.name in alike else (0, True)), mistake.name
    blank = work(python, home, course / place, {})
    assert {(points, text[:6]) for ((points, text),) in blank.values()} == {(0, "还没有作答。")}


@pytest.mark.slow
def test_on_changed_parameters_the_release_does_not_judge(course, home, python):
    folder = course / "release_per_student" / "2024001" / NAME
    with pytest.raises(AssertionError, match="参数改过了（k_max）"):
        work(python, home, folder, {}, k_max=5)


@pytest.mark.slow
def test_the_answers_of_a_class_differ(tmp_path):
    """Of all pairs of students, next to none have the same answer to a task, and none to all of them."""
    from crm_lib.teach.assign_seal import _quiet, _run_cell
    from crm_lib.teach.personal_data import write_personal_data

    table = load_checks(TOUR)
    answers = []
    for i in range(10):
        folder = tmp_path / str(i)
        values = write_personal_data(TOUR, f"20240{i:02}", key=KEY.encode(), folder=folder)
        space = {}
        with _quiet(str(folder)):
            for cell in build_notebook(TOUR).cells:
                tags = cell.metadata.get("tags", [])
                if cell.cell_type == "code" and not {"solution", "grade", "export"} & set(tags):
                    _run_cell(cell.source, space, TOUR)
                    space.update(values if "parameters" in tags else {})
        answers.append([check.expected(space) for check in table.values()])
    pairs = [(a, b) for i, a in enumerate(answers) for b in answers[:i]]
    same = [sum(a[k] == b[k] for a, b in pairs) / len(pairs) for k in range(len(table))]
    print("share of pairs with the same answer, by task:", [round(s, 3) for s in same])
    assert max(same) < 0.10
    assert not any(a == b for a, b in pairs)
