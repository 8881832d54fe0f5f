"""A report and its records change together: killed before any step, the next run finds one whole or the other."""

import itertools
import json
import os
import shutil
from pathlib import Path

import pytest
from pretended_reports import make_small_library, make_stage, place_report
from small_notebooks import write_notebooks

from crm_lib.publish import commit, folders, manifest
from crm_lib.publish import plan as planning
from crm_lib.publish.history import read_runs

STEPS = ((os, "replace"), (shutil, "rmtree"), (Path, "unlink"), (folders, "swap_folders"))


class Killed(BaseException):
    """The process ends here: nothing after it happens, clean-up included."""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {"0_start/1_good": "finding('甲')"})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    make_small_library(tmp_path, monkeypatch)
    return tmp_path


def kill_at(step, patch):
    """Let the process be killed before its `step`-th change of the file system."""
    count = itertools.count()

    def watch(really):
        def change(*args, **options):
            if next(count) >= step:
                raise Killed
            return really(*args, **options)

        return change

    for owner, name in STEPS:
        patch.setattr(owner, name, watch(getattr(owner, name)))


def texts(job):
    """Return what report, table and entry say: of which run they are."""
    report = (job.folder / "report.html").read_text(encoding="utf-8").removeprefix("report.html: ")
    table = (job.folder / "tables/t.csv").read_text(encoding="utf-8").removeprefix("tables/t.csv: ")
    return {report, table, json.loads(job.entry_file.read_text(encoding="utf-8"))["title"]}


def left_over(out):
    rest = [p for name in ("stage", "ready") for p in (out / ".crm" / name).rglob("*")]
    return rest + list(out.rglob(".*.tmp"))


@pytest.mark.parametrize("earlier", [True, False], ids=["over an earlier report", "the first one"])
@pytest.mark.parametrize("swap", [True, False], ids=["in one step", "in two moves"])
def test_killed_before_any_step_the_next_run_finds_one_whole_report(suite, monkeypatch, swap, earlier):
    if not swap:
        monkeypatch.setattr(folders, "swap_folders", lambda *_: False)
    seen = []
    for step in itertools.count():
        (job,) = planning.plan_jobs([], {}, out=suite / f"out{step}")
        runs = ["old"] if earlier else []
        if earlier:
            place_report(job, "old")
        entry, kept = make_stage(job, "new")
        try:
            with monkeypatch.context() as patch:
                kill_at(step, patch)
                commit.put_in_place(job, entry, kept)
            done = True
        except Killed:
            done = False
        if swap and earlier:
            assert (job.folder / "result.json").is_file()  # at no moment is there no report
        commit.mend(job.out)
        assert left_over(job.out) == []
        if job.folder.exists():
            (said,) = texts(job)
            seen.append(said)
            assert manifest.is_fresh(job)
            runs += ["new"] if said == "new" else []
        assert [run["result"]["text"] for run in read_runs(job.out, job.name) if "result" in run] in (
            [],
            runs[-1:],
        )
        assert len(read_runs(job.out, job.name)) == len(runs)
        if done:
            break
    assert seen[-1] == "new"
    assert ("old" in seen) == earlier
    assert seen.count("new") > 2  # killed early enough, what was complete is put in place all the same


def test_the_two_moves_are_used_where_folders_cannot_be_swapped(suite, monkeypatch):
    moves = []
    move = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (moves.append(Path(new).name), move(old, new)))
    (job,) = planning.plan_jobs([], {}, out=suite / "out")
    place_report(job, "one")
    assert moves.count("1_good") == 1  # nothing there to swap with
    place_report(job, "two")
    n_swapped = moves.count("1_good")
    monkeypatch.setattr(folders, "swap_folders", lambda *_: False)
    place_report(job, "three")
    assert moves.count("1_good") == n_swapped + 1
    assert texts(job) == {"three"}


def test_folders_are_swapped_in_one_step_on_linux(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "who").write_text(name, encoding="utf-8")
    if not folders.swap_folders(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this system, or the file system of the tests, cannot")
    assert (tmp_path / "one/who").read_text(encoding="utf-8") == "other"
    assert (tmp_path / "other/who").read_text(encoding="utf-8") == "one"


def test_a_report_that_was_altered_after_the_kill_is_not_put_on_record(suite, monkeypatch):
    (job,) = planning.plan_jobs([], {}, out=suite / "out")
    place_report(job, "old")
    entry, kept = make_stage(job, "new")
    monkeypatch.setattr(commit, "_finish", lambda *_, **__: None)
    commit.put_in_place(job, entry, kept)  # moved, but not on record
    monkeypatch.undo()
    (job.folder / "report.html").write_text("by hand", encoding="utf-8")
    commit.mend(job.out)
    assert json.loads(job.entry_file.read_text(encoding="utf-8"))["title"] == "old"
    assert left_over(job.out) == []


@pytest.mark.parametrize("text", ["", "{ half", "[]", '{"place": "a"}'])
def test_a_note_that_is_damaged_is_cleared_away(suite, text):
    (job,) = planning.plan_jobs([], {}, out=suite / "out")
    place_report(job, "old")
    path = job.out / ".crm" / "ready" / "x.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (job.out / ".crm" / "reports" / ".x.json.abcd1234.tmp").write_text("half", encoding="utf-8")
    (job.out / ".mine.tmp").write_text("a user's own", encoding="utf-8")
    commit.mend(job.out)
    assert left_over(job.out) == [job.out / ".mine.tmp"]
    assert texts(job) == {"old"}
