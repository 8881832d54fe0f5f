"""Building editions from a source, and the rules a source is held to."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from crm_lib.errors import BuildError
from crm_lib.publish import build
from crm_lib.publish.anatomy import find_faults

ROOT = Path(__file__).parents[2]
TOUR = "0_start/1_tour"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the tour's source alone, which a test may spoil."""
    shutil.copytree(ROOT / "notebooks" / "src", tmp_path / "notebooks" / "src")
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return tmp_path


def edit(project, old, new, *, name="1_tour.py"):
    path = project / "notebooks" / "src" / "0_start" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    os.utime(path, (1, 1))


def test_student_edition_is_blank_and_the_teacher_edition_is_not():
    student = json.dumps(build.build_notebook(TOUR), ensure_ascii=False)
    teacher = json.dumps(build.build_notebook(TOUR, edition="teacher"), ensure_ascii=False)
    for secret in ("BEGIN SOLUTION", "参考答案", 'answer_1 = rows[\\"amount\\"].mean()'):
        assert secret in teacher
        assert secret not in student
    assert student.count("answer_1 = None") == 1


def test_ids_are_unique_and_the_same_at_every_build():
    first, second = (build.build_notebook(TOUR) for _ in range(2))
    ids = [c["id"] for c in first.cells]
    assert len(set(ids)) == len(ids)
    assert ids == [c["id"] for c in second.cells]
    assert build.notebook_text(TOUR) == build.notebook_text(TOUR)


def test_a_cell_keeps_its_id_when_another_section_changes(project):
    before = {c.source: c["id"] for c in build.build_notebook(TOUR).cells}
    edit(project, "# ## 小结\n#\n", "# ## 小结\n#\n# 新的一句。\n#\n")
    after = {c.source: c["id"] for c in build.build_notebook(TOUR).cells}
    same = set(before) & set(after)
    assert len(same) >= len(before) - 1
    assert all(before[s] == after[s] for s in same)


def test_nbgrader_metadata_of_an_exercise():
    cells = [c.metadata["nbgrader"] for c in build.build_notebook(TOUR).cells if "nbgrader" in c.metadata]
    task, answer, grade = cells[:3]
    assert (task["locked"], task["grade"], task["solution"]) == (True, False, False)
    assert (answer["locked"], answer["grade"], answer["solution"]) == (False, False, True)
    assert (grade["locked"], grade["grade"], grade["points"]) == (True, True, 5)
    assert grade["grade_id"] == "tour-1-line-amount"
    ids = [c["grade_id"] for c in cells]
    assert len(ids) == len(set(ids)) == 12


def test_nbgrader_accepts_the_metadata():
    from nbgrader.nbgraderformat import MetadataValidator

    MetadataValidator().validate_nb(build.build_notebook(TOUR))


def test_the_report_has_no_exercise_but_every_section():
    student = build.build_notebook(TOUR)
    report = build.drop_graded(student)
    assert not any("**做一做" in c.source for c in report.cells)
    headings = [re.findall(r"^## .+", c.source, re.M) for c in report.cells if c.cell_type == "markdown"]
    assert sum(len(h) for h in headings) >= 7
    assert len(student.cells) > len(report.cells)


def test_write_only_what_changed_and_find_what_is_stale(project):
    path = project / "notebooks" / "0_start" / "1_tour.ipynb"
    assert build.write_notebooks() == [project / "notebooks" / f"{i}.ipynb" for i in build.list_sources()]
    assert build.write_notebooks() == []
    assert build.find_stale() == []
    edit(project, "客户分析", "客户的分析")
    assert build.find_stale() == [TOUR]
    build.write_notebooks()
    path.with_name("9_orphan.ipynb").write_text("{}", encoding="utf-8")
    assert build.find_stale() == ["0_start/9_orphan"]


def test_a_changed_checks_table_makes_the_notebook_stale(project):
    build.write_notebooks()
    edit(project, "points=10", "points=10.0", name="1_tour.checks.py")
    assert build.find_stale() == [TOUR]


FAULTS = [
    (
        "# %%\nshow_figure(plot_segments",
        '# %% tags=["nbval-check-output"]\nshow_figure(plot_segments',
        "shows a figure, which no comparison can hold",
    ),
    ("# # 总览", "# ## 总览", "one H1"),
    ("约 10 分钟", "不久", "minutes"),
    ("## 你将学会", "## 目标", "你将学会"),
    ('# %% tags=["hide-input"]\nfrom', "# %%\nfrom", "imports"),
    ('tags=["finding"]', 'tags=["findings"]', "closed list"),
    ("k_max: int = 8  #", "k_max: int | None = 8  #", "parameter line"),
    ('parameters("0_start/1_tour")', 'parameters("0_start/2_tour")', 'comes parameters("0_start/1_tour")'),
    ("show_source(raw)", "import pandas as pd; pd.read_csv('x')", "through crm_lib only"),
    ("**做一做 1（5 分）**", "**做一做 1（6 分）**", "must name its 5 points"),
    ('check("tour-2-recent", answer_2)', "print(answer_2)", 'must be check("tour-2-recent"'),
    ('grade_id="tour-3-top-fifth"', 'grade_id="tour-9"', "differ"),
    (
        '# %% tags=["export"]\n',
        '# %% tags=["export"]\nprint(answer_3)\n',
        "'answer_3' is defined by a solution",
    ),
    ("# ## 小结", "# ## 结束", "section 小结"),
    ('# %% tags=["export"]', "# %%", "tagged export"),
    ("day, unit = ", "\n".join(f"x{i} = {i}" for i in range(12)) + "\nday, unit = ", "lines; at most 12"),
    (
        "profiles = describe",
        "def f():\n    a = 1\n    b = 1\n    c = 1\n    d = 1\n    return a\n\nprofiles = describe",
        "def f is longer",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), FAULTS, ids=[f[2] for f in FAULTS])
def test_each_broken_rule_is_said(project, old, new, said):
    edit(project, old, new)
    with pytest.raises(BuildError, match=re.escape(said)):
        build.build_notebook(TOUR)


def test_the_tour_breaks_no_rule():
    source = build.read_source(ROOT / "notebooks" / "src" / "0_start" / "1_tour.py")
    assert find_faults(source, TOUR) == []


def test_too_few_mistakes_in_the_checks_table_are_said(project):
    path = project / "notebooks" / "src" / "0_start" / "1_tour.checks.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("CHECKS = [", "from dataclasses import replace\n\nCHECKS = [", 1)
        + "\nCHECKS[0] = replace(CHECKS[0], mistakes=CHECKS[0].mistakes[:3])\n",
        encoding="utf-8",
    )
    with pytest.raises(BuildError, match="at least 4 mistakes"):
        build.build_notebook(TOUR)
