"""The gradebook: statistics by hand and against other formulas, files that open well and do no harm."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import DataError
from crm_lib.teach.gradebook import write_books, write_gradebook
from crm_lib.teach.gradebook_items import analyze_items, measure_alpha, measure_discrimination
from crm_lib.teach.gradebook_tables import (
    sort_books,
    tabulate_classes,
    tabulate_items,
    tabulate_students,
    tabulate_tasks,
)
from crm_lib.teach.results import Graded, TaskResult

TOUR = "0_start/1_tour"
DANGEROUS = '=HYPERLINK("http://x","y")'


def task(number, points, total=5.0, **more):
    return TaskResult(f"t-{number}", f"做一做 {number}", points, total, **more)


def graded(student, *points, class_name="甲班", **more):
    tasks = tuple(task(n, p) for n, p in enumerate(points, 1))
    return Graded(student, f"学生{student}", class_name, TOUR, tasks=tasks, **more)


def items_of(points, total=1.0, blanks=None):
    points = pd.DataFrame(points, dtype=float)
    totals = pd.Series(total, index=points.columns, dtype=float)
    blanks = pd.DataFrame(False, index=points.index, columns=points.columns) if blanks is None else blanks
    return analyze_items(points, totals, blanks=blanks).set_index("question")


def test_items_by_hand():
    # sums 3, 3, 2, 1, 0; 27 % of 5 is 1.35: one student in each tail
    found = items_of({"a": [1, 1, 1, 0, 0], "b": [1, 1, 1, 1, 0], "c": [1, 1, 0, 0, 0]})
    assert found["difficulty"].tolist() == [3 / 5, 4 / 5, 2 / 5]
    assert found["mean_points"].tolist() == [3 / 5, 4 / 5, 2 / 5]
    # sample variance of three ones in five: (3 * 0.4² + 2 * 0.6²) / 4 = 0.3
    assert found.loc["a", "sd_points"] == pytest.approx(math.sqrt(0.3))
    # the best is one of two with sum 3, which share the place: both have everything; the weakest has nothing
    assert found["discrimination"].tolist() == [1.0, 1.0, 1.0]
    # a against b + c = 2, 2, 1, 1, 0: covariance 5/5 - 0.6 * 1.2 = 0.28, variances 0.24 and 10/5 - 1.44 = 0.56
    assert found.loc["a", "item_rest_correlation"] == pytest.approx(0.28 / math.sqrt(0.24 * 0.56))


def test_ties_at_the_edge_share_the_places():
    # 8 students, round(0.27 * 8) = 2 in each tail; sums 4, 3, 3, 3, 2, 1, 1, 0
    sums = pd.Series([4, 3, 3, 3, 2, 1, 1, 0])
    shares = pd.Series([1.0, 1, 0, 0, 0, 1, 0, 0])
    upper = (1 + 1 / 3) / 2  # the best, and one place for three, of whom one is right
    lower = (0 + 1 / 2) / 2
    assert measure_discrimination(shares, sums) == pytest.approx(upper - lower)


def test_the_order_of_the_students_does_not_matter():
    rng = np.random.default_rng(0)
    points = pd.DataFrame(rng.integers(0, 2, (23, 4)), columns=list("abcd"))
    shuffled = points.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(items_of(points), items_of(shuffled))


@pytest.mark.parametrize("seed", range(5))
def test_correlation_and_alpha_against_other_formulas(seed):
    from scipy.stats import pearsonr, pointbiserialr

    rng = np.random.default_rng(seed)
    skill = rng.normal(size=60)
    points = pd.DataFrame({
        q: (skill + rng.normal(size=60) > cut) * 1.0 for q, cut in zip("abcd", (-1, 0, 0, 1), strict=True)
    })
    found = items_of(points)
    for q in points:
        rest = points.drop(columns=q).sum(axis=1)
        assert found.loc[q, "item_rest_correlation"] == pytest.approx(pointbiserialr(points[q] == 1, rest)[0])
        assert found.loc[q, "item_rest_correlation"] == pytest.approx(pearsonr(points[q], rest)[0])
    # alpha another way: from the mean covariance and the mean variance
    c = np.cov(points.to_numpy().T)
    k = 4
    mean_cov = (c.sum() - np.trace(c)) / (k * (k - 1))
    assert measure_alpha(points) == pytest.approx(k * mean_cov / (np.trace(c) / k + (k - 1) * mean_cov))


@pytest.mark.parametrize("seed", range(5))
def test_discrimination_against_a_plain_sort_where_nothing_is_tied(seed):
    rng = np.random.default_rng(seed)
    sums, shares = pd.Series(rng.permutation(37) * 1.0), pd.Series(rng.random(37))
    order = sums.sort_values().index
    plain = shares[order[-10:]].mean() - shares[order[:10]].mean()  # 0.27 * 37 = 9.99
    assert measure_discrimination(shares, sums) == pytest.approx(plain)


def test_kuder_richardson_is_alpha_of_right_and_wrong():
    points = pd.DataFrame({"a": [1, 1, 1, 0], "b": [1, 1, 0, 0], "c": [1, 0, 0, 0]}, dtype=float)
    p = points.mean()
    kr20 = 3 / 2 * (1 - (p * (1 - p)).sum() / points.sum(axis=1).var(ddof=0))
    assert measure_alpha(points) == pytest.approx(kr20) == pytest.approx(0.75)


@given(st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=3), min_size=0, max_size=12))
def test_statistics_stay_within_their_bounds(rows):
    found = items_of(pd.DataFrame(rows, columns=list("abc"), dtype=float))
    for name, low, high in (
        ("difficulty", 0, 1),
        ("discrimination", -1, 1),
        ("item_rest_correlation", -1, 1),
    ):
        known = found[name].dropna()
        assert ((known >= low - 1e-9) & (known <= high + 1e-9)).all()


def test_what_cannot_be_computed_is_empty():
    found = items_of({"a": [1, 1, 1], "b": [0, 1, 1]})
    assert math.isnan(found.loc["a", "item_rest_correlation"])
    one = items_of({"a": [1.0]})
    assert math.isnan(one.loc["a", "discrimination"])
    assert math.isnan(one.loc["a", "sd_points"])
    assert math.isnan(measure_alpha(pd.DataFrame({"a": [1, 0]})))


def test_a_question_with_a_mark_still_missing_is_in_no_sum():
    found = items_of({"a": [1, 0, 1, 0], "b": [1, 1, 0, 0], "essay": [1.0, np.nan, 0.0, 1.0]})
    alone = items_of({"a": [1, 0, 1, 0], "b": [1, 1, 0, 0]})
    pd.testing.assert_frame_equal(found.loc[["a", "b"]], alone)
    assert found.loc["essay", ["n_students", "mean_points"]].tolist() == [3, pytest.approx(2 / 3)]


def test_a_question_without_a_total_is_refused():
    with pytest.raises(DataError, match="total above 0; b has none"):
        analyze_items(pd.DataFrame({"b": [1.0]}), pd.Series({"b": 0.0}), blanks=pd.DataFrame({"b": [False]}))


def make_class():
    return [
        graded("002", 5.0, 0.0, handed_in_at="2026-11-02T10:00:00+08:00"),
        graded("001", 5.0, 5.0, late_days=2, late_share=0.2),
        Graded("003", DANGEROUS, "乙班", TOUR, status="missing", reason="没有交"),
        Graded("004", "@SUM(A1)", "乙班", TOUR, status="unreadable", reason="=cmd|' /C calc'!A0"),
        Graded(
            "005",
            "赵六",
            "乙班",
            TOUR,
            tasks=(
                task(1, 2.5),
                task(2, 0, blank=True),
                TaskResult("think", "想一想", 0, 4, manual=True, pending=True),
            ),
        ),
    ]


def test_a_row_per_student():
    table, titles = tabulate_students(make_class())
    # by code point 乙 stands before 甲
    assert table["student_id"].tolist() == ["003", "004", "005", "001", "002"]
    # 10 points less 20 %
    assert table["points"].tolist() == [0, 0, 2.5, 8, 5]
    assert set(table["total"]) == {14.0}
    assert table[f"{TOUR}|t-2"].isna().tolist() == [True, True, False, False, False]
    assert table[f"{TOUR}|think"].isna().all()
    assert titles[f"{TOUR}|t-1"] == "做一做 1（5 分）"
    assert table[f"{TOUR}|status"].tolist()[0] == "未交"
    assert "还有 1 项" in table[f"{TOUR}|status"].tolist()[2]


def test_several_notebooks_stand_side_by_side():
    other = "2_differentiation/1_most_valuable"
    both = [graded("001", 5.0, 4.0), graded("001", 1.0, 1.0).replace(notebook_id=other)]
    both.append(graded("002", 3.0, 3.0).replace(notebook_id=other))
    table, titles = tabulate_students(both)
    assert table["points"].tolist() == [11.0, 6.0]
    assert table["total"].tolist() == [20.0, 20.0]
    assert len(set(titles.values())) == len(titles)
    assert [b.notebook_id for b in sort_books(both)] == [TOUR, other]


def test_the_long_table_loses_nobody():
    table = tabulate_tasks(make_class())
    assert len(table) == 2 + 2 + 3
    assert table["points"].isna().sum() == 1
    assert table.loc[table["blank"], "grade_id"].tolist() == ["t-2"]


def test_statistics_of_questions_and_classes():
    items = tabulate_items(make_class())
    whole = items[items["class_name"] == ""].set_index("grade_id")
    assert whole.loc["t-1", ["n_students", "mean_points", "difficulty"]].tolist() == [3, 12.5 / 3, 12.5 / 15]
    assert whole.loc["t-2", "blank_share"] == pytest.approx(1 / 3)
    assert whole.loc["think", "n_students"] == 2  # those who have no such task have 0
    assert set(items["class_name"]) == {"", "甲班", "乙班"}
    classes = tabulate_classes(make_class()).set_index("class_name")
    counts = ["n_students", "n_graded", "n_missing", "n_unreadable", "n_late"]
    assert classes.loc["", counts].tolist() == [5, 3, 1, 1, 1]
    assert classes.loc["甲班", "mean_points"] == pytest.approx((8 + 5) / 2)


def test_a_student_twice_is_refused():
    with pytest.raises(DataError, match="'001' stands there 2 times"):
        sort_books([graded("001", 1.0), graded("001", 2.0)])


def test_the_csv_opens_in_excel_and_does_no_harm(tmp_path):
    path = write_gradebook(make_class(), tmp_path)["gradebook_csv"]
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0][:3] == ["学号", "姓名", "班级"]
    assert len(rows) == 6
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t" and cell]
    assert rows[1][1] == f"'{DANGEROUS}"
    assert [row[rows[0].index("迟交天数")] for row in rows[1:]] == ["", "0", "0", "2", "0"]
    assert [row[0] for row in rows[1:]] == ["003", "004", "005", "001", "002"]


def test_the_workbook_holds_statistics_and_no_formula(tmp_path):
    path = write_gradebook(make_class(), tmp_path)["gradebook_xlsx"]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["成绩", "题目统计", "班级统计", "逐题明细", "说明"]
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert book["成绩"]["A2"].value == "003"
    assert book["成绩"]["B2"].value == DANGEROUS
    heads = [c.value for c in book["题目统计"][1]]
    assert {"平均分", "标准差", "没有作答的比例", "难度 P", "区分度 D", "与其余题目的相关"} <= set(heads)
    notes = " ".join(str(c.value) for row in book["说明"].iter_rows() for c in row)
    assert all(name in notes for name in ("Kelley 1939", "Henrysson 1963", "Cronbach 1951"))


def test_the_same_work_gives_the_same_bytes(tmp_path):
    first = write_gradebook(make_class(), tmp_path / "a")
    second = write_gradebook(make_class()[::-1], tmp_path / "b")
    assert [p.read_bytes() for p in first.values()] == [p.read_bytes() for p in second.values()]


def test_nobody_handed_in(tmp_path):
    written = write_books([Graded("001", "", "", TOUR, status="missing")], tmp_path)
    assert all(path.exists() for path in written.values())
    assert write_books([], tmp_path / "none")["class_report"].exists()
