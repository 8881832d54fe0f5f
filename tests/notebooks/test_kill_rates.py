"""Every graded exercise of every notebook, through the sandbox: right answers full, wrong ones never."""

import pytest
from run_cells import solutions

from crm_lib._places import list_notebooks
from crm_lib.lesson.checks import load_checks, load_variants
from crm_lib.teach.grade_cache import Memory
from crm_lib.teach.grade_run import Rules, grade_works
from crm_lib.teach.intake_official import load_official
from crm_lib.teach.truth import read_truth

GRADED = [i for i in list_notebooks() if load_checks(i)]


@pytest.mark.parametrize("notebook_id", GRADED)
def test_a_notebook_has_three_variants_and_four_mistakes_a_task(notebook_id):
    assert len(load_variants(notebook_id)) >= 3
    assert all(len(check.mistakes) >= 4 for check in load_checks(notebook_id).values())


def write_works(notebook_id, memory):
    """Return name → grade_id → cells: the solution, the blank, typed-in constants, the k-th mistake of every task."""
    checks, right = load_checks(notebook_id), solutions(notebook_id)
    truth = read_truth(memory.truth(notebook_id, {}))
    works = {
        "solution": {i: [code] for i, code in right.items()},
        "blank": {},
        "constant": {i: [f"{c.answer} = {truth[i].expected!r}"] for i, c in checks.items()},
    }
    for k in range(max(len(c.mistakes) for c in checks.values())):
        works[f"mistake {k}"] = {i: [c.mistakes[k].code] for i, c in checks.items() if k < len(c.mistakes)}
    return works


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("notebook_id", GRADED)
def test_solution_full_blank_nothing_wrong_answers_never_full(notebook_id, tmp_path, record_property, capsys):
    checks, memory = load_checks(notebook_id), Memory(tmp_path)
    works = write_works(notebook_id, memory)
    names = list(works)
    graded = grade_works(load_official(notebook_id), dict(enumerate(works.values())), memory, Rules())
    killed, alive = 0, []
    for number, name in enumerate(names):
        for task in graded[number]:
            check = checks[task.grade_id]
            if name == "solution":
                assert (task.points, task.error) == (check.points, ""), task
            elif name == "blank":
                assert task.points == 0
                assert task.blank
            elif task.grade_id in works[name]:
                killed += task.points < check.points
                alive += [f"{task.grade_id} {name}"] * (task.points >= check.points)
            if name.startswith("mistake") and task.grade_id in works[name]:
                mistake = check.mistakes[int(name.split()[1])]
                assert (task.mistake, mistake.message in task.message) == (mistake.name, True), task
            if name == "constant":
                assert task.hard_coded, task
    with capsys.disabled():
        print(f"\nkill rate of {notebook_id}: {killed}/{killed + len(alive)} wrong answers refused")
    record_property("kill_rate", killed / (killed + len(alive)))
    assert alive == []
    assert killed >= 5 * len(checks)
