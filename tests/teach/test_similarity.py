"""Copies are found whatever they look like; who works alone is left in peace."""

from __future__ import annotations

import math
import re

import pytest
from class_of_students import TASKS, TOUR, copy_work, make_student
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.teach import similarity_tokens
from crm_lib.teach.results import Graded, TaskResult
from crm_lib.teach.similarity import (
    LEAST_RARE,
    LEAST_STRENGTH,
    compare_works,
    find_similar,
    read_template,
    read_work,
)
from crm_lib.teach.similarity_report import show_sides, write_similarity
from crm_lib.teach.similarity_tokens import (
    LENGTH,
    WINDOW,
    fingerprint_cells,
    hash_runs,
    hash_template,
    read_tokens,
    winnow,
)

SAMPLE = """# 从高到低
r = rfm['revenue'].sort_values(ascending=False)
answer_3 = r.head(int(len(r) * 0.2)).sum() / r.sum()
"""


def texts(code):
    return [t.text for t in read_tokens(code)]


def hand_in(student):
    tasks = tuple(
        TaskResult(task, f"做一做 {n}", 5, 5, code=tuple(student.answers.get(task, ())))
        for n, task in enumerate(TASKS, 1)
    )
    return Graded(student.student_id, student.name, "", TOUR, tasks=tasks, extras=tuple(student.extras))


def make_class(seed, n=40, copies=0):
    """Return n students, the last `copies` of whom copied from those that explored most."""
    alone = [make_student(f"{seed}-{i}", f"s{i:03d}", wrong=(0, 0, 1, 2)[i % 4]) for i in range(n - copies)]
    sources = sorted(alone, key=lambda s: -len(s.extras))[:copies]
    return alone + [copy_work(s, f"{seed}-{s.student_id}", f"copy-of-{s.student_id}") for s in sources]


@pytest.mark.parametrize(
    "disguised",
    [
        'r=rfm["revenue"].sort_values( ascending = False )\nanswer_3=r.head(int(len(r)*0.2)).sum()/r.sum()',
        "big = rfm.revenue.sort_values(ascending=False); answer_3 = big.head(int(len(big) * .20)).sum() / big.sum()",
        "%matplotlib inline\nx = (\n    rfm['revenue']\n    # 注释\n    .sort_values(ascending=False)\n)\n"
        "answer_3 = x.head(int(len(x) * 0.2)).sum() / x.sum()",
    ],
)
def test_formatting_names_and_remarks_change_no_token(disguised):
    plain = [t for t in texts(disguised) if t not in "()"]
    assert plain == [t for t in texts(SAMPLE) if t not in "()"]


def test_what_a_token_keeps():
    assert texts("n = f'{name}: {x:.2f}'; m = 1_000") == ["V", "=", '"{}: {}', "V", "=", "1000.0"]
    # the values of a list are no column, the name of an argument no variable
    assert texts("for c in ['a']: f(key=c)") == [
        "for",
        "V",
        "in",
        "[",
        '"a',
        "]",
        ":",
        "V",
        "(",
        "key",
        "=",
        "V",
        ")",
    ]
    assert texts("x = '''无尽") == ["V", "=", '"无尽']
    assert texts("!rm -rf /\n?rfm") == []


@given(st.text(max_size=200))
def test_no_text_is_too_strange(code):
    tokens = read_tokens(code)
    assert all(t.text for t in tokens)
    assert [t.line for t in tokens] == sorted(t.line for t in tokens)
    assert len(hash_runs(tokens)) == max(0, len(tokens) - LENGTH + 1)


@given(st.lists(st.integers(0, 9), min_size=WINDOW, max_size=60))
def test_every_window_keeps_one_of_its_smallest(values):
    kept = set(winnow(values))
    for start in range(len(values) - WINDOW + 1):
        here = range(start, start + WINDOW)
        assert any(i in kept and values[i] == min(values[k] for k in here) for i in here)


def test_a_common_passage_leaves_a_common_fingerprint():
    passage = "q = a.b(c, d)\n"  # 10 tokens: more than LENGTH + WINDOW - 1
    assert len(read_tokens(passage)) >= LENGTH + WINDOW - 1
    left = {f.value for f in fingerprint_cells([f"import os\n{passage}print(1, 2, 3)"])}
    right = {f.value for f in fingerprint_cells([f"while True:\n    z += 4\n{passage}"])}
    assert left & right


def test_a_huge_cell_costs_little():
    assert len(read_tokens("x = 1\n" * 50_000)) == similarity_tokens.MOST_TOKENS


def test_strength_by_hand():
    """Four students; the first two share one cell nobody else has, and each has another of its own."""
    shared = "a = b.c(d).e(f).g(h)"
    own = ["while x: y = z[1:2:3] + 4", "def f(x): return x ** 2 // 3", "try: pass\nexcept KeyError: raise"]
    cells = [(shared, own[0]), (shared, own[1]), (own[2],), ("lambda: {1: 2, 3: 4, 5: 6}",)]
    entries = [Graded(f"s{i}", "", "", "x/1", extras=c) for i, c in enumerate(cells)]
    (pair,) = compare_works("x/1", [read_work(e) for e in entries], frozenset())
    # two of four have it: log(5 / 2); the whole passage counts once as evidence
    assert pair.evidence == pytest.approx(math.log(5 / 2))
    n = [len(fingerprint_cells([code])) for code in (shared, own[0], own[1])]
    alone = math.log(5 / 1)
    smaller = n[0] * math.log(5 / 2) + min(n[1], n[2]) * alone
    assert pair.score == pytest.approx(n[0] * math.log(5 / 2) / smaller)
    assert pair.strength == pytest.approx(pair.evidence * pair.score**2)
    assert pair.rare == pytest.approx(pair.strength / math.log(5 / 2))
    assert pair.left_lines == pair.right_lines == {(0, 1)}


def test_what_half_the_class_has_and_what_was_handed_out_count_for_nothing():
    cells = "total = orders.amount.sum() / len(orders)"
    entries = [Graded(f"s{i}", "", "", "x/1", extras=(cells,)) for i in range(6)]
    entries += [Graded(f"t{i}", "", "", "x/1") for i in range(4)]
    works = [read_work(e) for e in entries]
    assert compare_works("x/1", works, frozenset()) == []
    assert len(compare_works("x/1", works[4:], frozenset())) == 1
    assert compare_works("x/1", works[4:], hash_template(["t = o.amount.sum() / len(o)"])) == []


def test_the_template_holds_the_code_of_the_texts_too():
    assert 'clusters["cluster"].mode()[0]' in read_template(TOUR)
    assert read_template("9_none/1_none") == []


def test_untouched_notebooks_are_no_copies():
    blank = [Graded(f"s{i}", "", "", TOUR, sha256="ab") for i in range(5)]
    assert find_similar(blank) == []
    assert find_similar([]) == []


@pytest.mark.parametrize("seed", range(3))
def test_disguised_copies_are_found_and_no_innocent_pair(seed):
    students = make_class(seed, copies=4)
    planted = {frozenset((s.student_id, s.source)) for s in students if s.source}
    pairs = find_similar([hand_in(s) for s in students])
    assert len(planted) == 4
    assert {frozenset((p.left.student_id, p.right.student_id)) for p in pairs} == planted


@pytest.mark.parametrize("n", [2, 3, 4, 8])
def test_small_classes_are_left_in_peace(n):
    for seed in range(20):
        assert find_similar([hand_in(s) for s in make_class(f"small-{seed}", n)]) == []


def test_two_alone_with_the_same_short_answers_are_not_accused():
    """In a class of two nothing shows what is rare: four equal passages weigh 4 * log(3 / 2)."""
    codes = (
        "a, b = np.unique(c, return_counts=True)",
        "while n < 90: n += step(k)",
        "answer = {g: len(f) for g, f in table}",
        "r = sorted(x, key=lambda v: -v)[:20]",
    )
    twins = [Graded(f"s{i}", "", "", "x/1", extras=codes) for i in range(2)]
    (pair,) = compare_works("x/1", [read_work(e) for e in twins], frozenset())
    assert pair.strength == pytest.approx(4 * math.log(3 / 2))
    assert pair.rare == pytest.approx(4)
    assert pair.rare > LEAST_RARE
    assert find_similar(twins) == []


@pytest.mark.slow
def test_innocent_pairs_of_many_classes_stay_below_the_bound():
    flagged, n_pairs, strongest = [], 0, 0.0
    template = hash_template(read_template(TOUR))
    for seed in range(40):
        for n in (12, 40):
            works = [read_work(hand_in(s)) for s in make_class(f"innocent-{seed}", n)]
            pairs = compare_works(TOUR, works, template)
            n_pairs += n * (n - 1) // 2
            strongest = max([strongest, *(p.strength for p in pairs)])
            flagged += [p for p in pairs if p.rare >= LEAST_RARE and p.strength >= LEAST_STRENGTH]
    print(f"{n_pairs:,} innocent pairs, strongest {strongest:.1f}, flagged {len(flagged)}")
    assert flagged == []


@pytest.mark.slow
def test_how_many_copies_are_found():
    found: dict[int, list[bool]] = {}
    for seed in range(25):
        students = make_class(f"copies-{seed}", 36)
        for k, source in enumerate(students[:4]):
            students.append(copy_work(source, f"{seed}-{k}", f"copy-{k}"))
        pairs = {frozenset((p.left.student_id, p.right.student_id)) for p in find_similar(map_in(students))}
        for copy in students[36:]:
            hit = frozenset((copy.student_id, copy.source)) in pairs
            found.setdefault(min(len(copy.extras), 2), []).append(hit)
    shares = {n: sum(hits) / len(hits) for n, hits in sorted(found.items())}
    print("copies found by explorations copied along (2: two or more):", shares)
    assert shares[2] >= 0.95


def map_in(students):
    return [hand_in(s) for s in students]


def test_the_page_shows_both_sides_and_escapes_them(tmp_path):
    students = make_class(0, copies=2)
    graded = map_in(students)
    hostile = "<script>alert(1)</script>"
    graded = [g.replace(name=hostile, sha256=g.student_id[-4:]) for g in graded]
    pairs = find_similar(graded)
    page = write_similarity(graded, pairs, tmp_path).read_text(encoding="utf-8")
    assert len(pairs) == 2
    assert hostile not in page
    assert "&lt;script&gt;" in page
    assert len(re.findall(r"<mark>", page)) > 4
    assert "两份文件完全相同" in page  # the sha256 were made equal
    left, right = show_sides(pairs[0])
    assert left.work.student_id == pairs[0].left.student_id
    assert all(any(marked for _, marked in lines) for side in (left, right) for _, lines in side.cells)


def test_the_result_does_not_depend_on_the_order():
    graded = map_in(make_class(1, copies=3))
    assert find_similar(graded) == find_similar(graded[::-1])
