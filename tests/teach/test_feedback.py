"""Feedback is kind and true, for one pair of eyes, and gives nothing away; the class report is for the teacher."""

from __future__ import annotations

import html
import re

import pytest

from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.teach.class_report import count_bands, count_mistakes, read_item, write_class_report
from crm_lib.teach.feedback import MOST_OUTPUT, find_steps, name_files, write_feedback
from crm_lib.teach.gradebook_tables import sort_books
from crm_lib.teach.results import Graded, TaskResult

TOUR = "0_start/1_tour"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
IDS = ("tour-1-line-amount", "tour-2-recent", "tour-3-top-fifth", "tour-4-largest-cluster")


def make(student, points=(5, 5, 10, 10), **more):
    tasks = []
    for n, (grade_id, got) in enumerate(zip(IDS, points, strict=True), 1):
        total = 5 if n < 3 else 10
        wrong = got < total
        tasks.append(
            TaskResult(
                grade_id,
                f"做一做 {n}",
                got,
                total,
                message=f"还不对。给{student}的提示。" if wrong else "回答正确。",
                mistake="off_by_one" if wrong else "",
            )
        )
    more = {"name": f"姓名{student}", "class_name": "甲班", "tasks": tuple(tasks)} | more
    return Graded(student, notebook_id=TOUR, **more)


def read(path):
    return path.read_text(encoding="utf-8")


def words(path):
    page = re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", read(path))
    return re.sub(r"\s+", " ", html.unescape(page))


def test_points_messages_and_where_to_look_again(tmp_path):
    page = words(write_feedback([make("001", (5, 0, 4, 10))], tmp_path)["001"])
    assert "19 / 30" in page
    assert say("feedback.good") in page
    assert "给001的提示" in page
    assert [say(f"feedback.{k}") in page for k in ("full", "part", "none", "waiting")] == [
        True,
        True,
        True,
        False,
    ]
    steps = {k: " ".join(v.split()) for k, v in find_steps(TOUR).items()}
    assert steps[IDS[1]].startswith("步骤二")
    again = page[page.index(say("feedback.again_all")) :]
    assert f"做一做 2 → {steps[IDS[1]]}" in again
    assert f"做一做 3 → {steps[IDS[2]]}" in again
    assert "做一做 1" not in again


@pytest.mark.parametrize(
    ("points", "sentence"),
    [((5, 5, 10, 10), "great"), ((5, 5, 10, 0), "good"), ((5, 0, 0, 0), "some"), ((0, 0, 0, 0), "start")],
)
def test_the_first_sentence_is_kind_and_true(tmp_path, points, sentence):
    page = words(write_feedback([make("001", points)], tmp_path)["001"])
    said = [k for k in ("great", "good", "some", "start") if say(f"feedback.{k}") in page]
    assert said == [sentence]


def test_no_page_knows_of_another_student(tmp_path):
    class_ = [make(f"2024-01-{n}", (5, n % 5, 10, n % 10)) for n in range(1, 9)]
    pages = write_feedback(class_, tmp_path)
    for student, path in pages.items():
        page = read(path)
        others = [
            f for g in class_ if g.student_id != student for f in (g.student_id, g.name, g.tasks[1].message)
        ]
        assert [f for f in others if f in page and f not in ("回答正确。",)] == []


def test_a_page_does_not_carry_the_letters_of_other_names(tmp_path):
    class_ = [make("001", name="张三"), make("002", name="龘靐")]
    page = read(write_feedback(class_, tmp_path)["001"])
    assert not {"龘", "靐"} & set(page)


def test_whatever_students_write_is_escaped(tmp_path):
    entry = make("001", name=HOSTILE, class_name=HOSTILE, notes=(HOSTILE,), extras=(HOSTILE,))
    fields = {"message": HOSTILE, "error": HOSTILE, "output": HOSTILE, "code": (HOSTILE,), "title": HOSTILE}
    hostile = entry.replace(tasks=(TaskResult("t", points=0, total=1, **fields),))
    lost = make("002", name=HOSTILE, status="unreadable", reason=HOSTILE, tasks=())
    pages = [
        *write_feedback([hostile, lost], tmp_path).values(),
        write_class_report([hostile, lost], [], tmp_path),
    ]
    for path in pages:
        page = read(path)
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page
        assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_missing_unreadable_late_and_pending_are_said(tmp_path):
    entries = [
        make("001", tasks=(), status="missing"),
        make("002", tasks=(), status="unreadable", reason="文件是空的。"),
        make("003", late_days=2, late_share=0.2),
        make("004").replace(
            tasks=(TaskResult("1_tour-think-1", "想一想 1", 0, 2, manual=True, pending=True),)
        ),
    ]
    pages = {k: words(p) for k, p in write_feedback(entries, tmp_path).items()}
    assert say("feedback.missing") in pages["001"]
    assert "文件是空的。" in pages["002"]
    assert "迟交 2 天，按规定扣去 20%：30 分变为 24 分。" in pages["003"]
    assert say("feedback.waiting") in pages["004"]
    assert say("feedback.nothing") in pages["004"]


def test_long_output_is_cut_with_a_word(tmp_path):
    task = TaskResult("t", "做一做 1", 0, 5, output="x" * (MOST_OUTPUT + 7))
    page = read(write_feedback([make("001", tasks=(task,))], tmp_path)["001"])
    assert "x" * MOST_OUTPUT in page
    assert "x" * (MOST_OUTPUT + 1) not in page
    assert say("feedback.cut", n=7) in page


def test_file_names_are_safe_everywhere():
    ids = ["a", "A", "../../etc/passwd", "CON", "学号 1", "x" * 300, "", ".", "a/b", "a:b", "\ud800"]
    names = name_files(ids)
    assert len({n.casefold() for n in names.values()}) == len(ids)
    for name in names.values():
        assert re.fullmatch(r"[^<>:\"/\\|?*\s]+\.html", name)
        assert not name.startswith(".")
        assert len(name.encode("utf-8")) < 120
    assert not re.match(r"(?i)con\.", names["CON"])


def test_a_student_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match="2 times"):
        write_feedback([make("001"), make("001")], tmp_path)


def test_bands_by_hand():
    (book,) = sort_books([
        make("1", (5, 5, 10, 10)),
        make("2", (5, 5, 5, 0)),
        make("3", (0, 0, 0, 0)),
        make("4", (0, 0, 0, 3)),
    ])
    counts = [n for _, n, _ in count_bands(book)]
    # 30/30 in the last band; 15/30 = 50 % and 3/30 = 10 % count above their edge
    assert counts == [1, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [b for b, _, _ in count_bands(book)][0] == "0%–10%"


def test_mistakes_are_counted_by_name():
    (book,) = sort_books([make("1", (5, 0, 10, 10)), make("2", (5, 0, 0, 10)), make("3")])
    found = [(title, name, n) for title, name, n, _ in count_mistakes(book)]
    assert found == [("做一做 2", "off_by_one", 2), ("做一做 3", "off_by_one", 1)]


@pytest.mark.parametrize(
    ("p", "d", "r", "word"),
    [
        (0.95, 0.0, -0.5, "easy"),
        (0.1, 0.3, 0.3, "hard"),
        (0.5, -0.1, 0.3, "reversed"),
        (0.5, 0.4, -0.3, "reversed"),
        (0.5, 0.4, 0.1, "weak"),
        (0.5, 0.1, 0.5, "weak"),
        (0.5, 0.4, 0.4, "fine"),
        (0.5, float("nan"), float("nan"), "unknown"),
        (float("nan"), 1, 1, "unknown"),
    ],
)
def test_how_to_read_a_question(p, d, r, word):
    row = {"difficulty": p, "discrimination": d, "item_rest_correlation": r}
    assert read_item(row) == say(f"class_report.{word}")


def test_the_class_report_names_everybody_who_needs_a_word(tmp_path):
    fixed = make("005").replace(
        tasks=(TaskResult("t", "做一做 1", 0, 5, hard_coded=True, error="NameError: x"),)
    )
    entries = [
        make("001", tasks=(), status="missing"),
        make("002", tasks=(), status="unreadable", reason="文件是空的。", class_name="乙班"),
        make("003", late_days=2, late_share=0.2, notes=("少了一个单元。",)),
        make("004", (5, 0, 10, 10)),
        fixed,
    ]
    page = words(write_class_report(entries, [], tmp_path))
    for heading in ("missing", "unreadable", "late", "hard_coded", "errors", "notes"):
        assert say(f"class_report.{heading}") in page
    for piece in (
        "姓名001（001）",
        "文件是空的。",
        "迟交 2 天，扣 20%",
        "NameError: x",
        "少了一个单元。",
        "off_by_one",
    ):
        assert piece in page
    assert say("class_report.similar_none") in page
