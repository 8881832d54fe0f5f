"""What a report was made from: nothing changed is fresh, and whatever changed is named."""

import json
import os
from dataclasses import replace

import pytest
from pretended_reports import make_small_library, place_report
from small_notebooks import write_notebooks

from crm_lib.publish import ground, manifest
from crm_lib.publish import plan as planning
from crm_lib.publish.manifest import compare_states, describe_state, explain, is_fresh

NOTEBOOK = "0_start/1_good"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Make a project with one notebook, a library of two files, and one data file."""
    write_notebooks(tmp_path, {NOTEBOOK: "finding('甲')"})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    make_small_library(tmp_path, monkeypatch)
    return tmp_path


def plan(suite, given=None, **options):
    (job,) = planning.plan_jobs([NOTEBOOK], given or {}, out=suite / "out", **options)
    return job


def test_what_was_never_rendered_says_so(suite):
    job = plan(suite)
    assert explain(job) == ["it was never rendered here"]
    assert not is_fresh(job)
    assert not (suite / "out").exists()  # asking leaves nothing behind


def test_nothing_changed_is_fresh(suite):
    job = plan(suite, {"name": "orders.csv"})
    place_report(job)
    assert explain(job) == []
    assert is_fresh(job)


def test_a_default_said_aloud_is_no_change(suite):
    place_report(plan(suite))
    assert explain(plan(suite, {"n": "3"})) == []


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ({"n": "6"}, {}, ["parameter n: 3 → 6"]),
        ({"name": "sales.csv"}, {}, ['parameter name: "" → "sales.csv"', "the input sales.csv is new"]),
        ({}, {"show_code": True}, ["option show_code: false → true"]),
        ({}, {"pdf": True}, ["option pdf: false → true"]),
    ],
)
def test_other_parameters_and_options_are_named(suite, given, options, said):
    (suite / "sales.csv").write_text("a\n", encoding="utf-8")
    place_report(plan(suite))
    assert explain(plan(suite, given, **options)) == said


def test_reports_of_other_parameters_have_their_own_state(suite):
    one, two = (replace(plan(suite), key=key) for key in ("C1", "C2"))
    place_report(one)
    assert (is_fresh(one), explain(two)) == (True, ["it was never rendered here"])
    place_report(two)
    (suite / "out/0_start/1_good/C1/report.html").write_text("spoilt", encoding="utf-8")
    assert (explain(one), is_fresh(two)) == (["report.html was altered since"], True)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("orders.csv", "1,2", "1,3", "the input orders.csv has other bytes"),
        ("rooms/sweep.py", "8", "9", "rooms/sweep.py has changed"),
        ("rooms/template/base.css", "p {}", "b {}", "rooms/template/base.css has changed"),
        (f"notebooks/{NOTEBOOK}.ipynb", "甲", "乙", f"the notebook notebooks/{NOTEBOOK}.ipynb has changed"),
    ],
)
def test_a_changed_file_is_named_even_when_its_size_and_time_are_the_same(suite, file, old, new, said):
    job = plan(suite, {"name": "orders.csv"})
    place_report(job)
    path = suite / file
    before, body = path.stat(), path.read_bytes()
    path.write_bytes(body.replace(old.encode("utf-8"), new.encode("utf-8")))
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert explain(job) == [said]
    path.write_bytes(body)
    assert explain(job) == []  # the same bytes, written anew


def test_a_file_of_the_library_comes_or_goes(suite):
    job = plan(suite)
    place_report(job)
    (suite / "rooms/cards.py").write_text("", encoding="utf-8")
    (suite / "rooms/sweep.py").unlink()
    (suite / "rooms/__pycache__").mkdir()
    (suite / "rooms/__pycache__/x.pyc").write_text("", encoding="utf-8")
    assert explain(job) == ["rooms/cards.py is new", "rooms/sweep.py is gone"]


def test_another_version_is_named(suite, monkeypatch):
    job = plan(suite)
    monkeypatch.setattr(ground, "_list_versions", lambda: (("pandas", "3.1.1"), ("Python", "3.11.7")))
    place_report(job)
    monkeypatch.setattr(ground, "_list_versions", lambda: (("pandas", "3.1.2"), ("splink", "5.0.0")))
    assert explain(job) == [
        "pandas 3.1.1 → 3.1.2",
        "splink not installed → 5.0.0",
        "Python 3.11.7 → not installed",
    ]


def test_the_versions_are_those_of_all_that_is_needed():
    found = dict(ground._list_versions())
    import numpy
    import PIL

    assert found["numpy"] == numpy.__version__  # named by ourselves
    assert found["pillow"] == PIL.__version__  # matplotlib needs it
    assert {"Python", "system", "crm-lib", "papermill"} <= set(found)
    assert "pytest" not in found


def test_altered_and_deleted_files_of_the_report_are_named(suite):
    job = plan(suite)
    place_report(job)
    table = job.folder / "tables/t.csv"
    table.write_bytes(table.read_bytes().replace(b"first", b"First"))
    (job.folder / "result.json").unlink()
    assert explain(job) == ["result.json is gone since", "tables/t.csv was altered since"]
    (job.folder / "note of mine.txt").write_text("seen", encoding="utf-8")
    place_report(job)
    assert is_fresh(job)


def test_a_failed_run_is_never_fresh(suite):
    job = plan(suite)
    entry = place_report(job)
    failed = {**entry, "status": "failed", "error": {"cell": "计算", "sentence": "没有订单"}}
    job.entry_file.write_text(json.dumps(failed), encoding="utf-8")
    assert explain(job) == ["the last run failed: 没有订单"]
    assert explain(replace(job, parameters={"n": 6})) == [
        "the last run failed: 没有订单",
        "parameter n: 3 → 6",
    ]
    manifest.manifest_file(job.out, job.name).unlink()
    assert explain(job) == ["the last run failed: 没有订单"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"notebook": 1}', '{"notebook": {}, "parameters": 3}'])
def test_a_damaged_record_is_no_record(suite, text):
    job = plan(suite)
    place_report(job)
    manifest.manifest_file(job.out, job.name).write_text(text, encoding="utf-8")
    assert explain(job) == ["what its report was made from is not on record"]
    job.entry_file.write_text(text, encoding="utf-8")
    assert not is_fresh(job)
    place_report(job)
    job.entry_file.write_text(text, encoding="utf-8")
    assert explain(job)[0].startswith("the last run failed" if text == '{"notebook": 1}' else "the ")
    for path in (job.out / ".crm" / "grounds").iterdir():
        path.write_text(text, encoding="utf-8")
    assert not is_fresh(job)


def test_a_job_that_cannot_start_says_why(suite):
    path = suite / "notebooks" / f"{NOTEBOOK}.ipynb"
    path.write_text("{ half a file", encoding="utf-8")
    job = plan(suite)
    assert explain(job) == [job.fault]
    assert "crm build" in job.fault


@pytest.mark.parametrize("text", ["{ half a file", "[]", '{"cells": [{}]}'])
def test_a_notebook_that_broke_after_the_plan_was_made_is_named(suite, text):
    job = plan(suite)
    place_report(job)
    (suite / "notebooks" / f"{NOTEBOOK}.ipynb").write_text(text, encoding="utf-8")
    (said,) = explain(job)
    assert said.startswith("the notebook cannot be read")


def test_the_state_is_json_and_holds_no_value_behind_a_name(suite, monkeypatch):
    monkeypatch.setenv("SHOP", "sqlite:////nowhere/shop.db?password=geheim")
    state = describe_state(plan(suite, {"name": "env:SHOP"}))
    text = json.dumps(state, ensure_ascii=False)
    assert json.loads(text) == state
    assert "geheim" not in text
    assert state["parameters"] == {"n": 3, "name": "env:SHOP"}


STATE = {
    "notebook": {"a.ipynb": "1"},
    "parameters": {"flag": True, "n": 1, "text": "x"},
    "options": {"pdf": False},
    "inputs": {},
    "library": {f"crm_lib/{i}.py": "1" for i in range(20)},
    "template": {},
    "fonts": {"Noto.ttf": "1"},
    "versions": {"pandas": "3.1.1"},
}


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("parameters", {"flag": 1, "n": 1, "text": "x"}, ["parameter flag: true → 1"]),
        ("parameters", {"flag": True, "n": 1.0, "text": "x"}, ["parameter n: 1 → 1.0"]),
        ("parameters", {"flag": True, "n": 1}, ['parameter text: "x" → none']),
        (
            "parameters",
            {"flag": True, "n": 1, "text": "客" * 200},
            ['parameter text: "x" → "' + "客" * 76 + "…"],
        ),
        ("fonts", {"Noto.ttf": "2"}, ["Noto.ttf has changed"]),
        (
            "library",
            {f"crm_lib/{i}.py": "2" for i in range(20)},
            [*(f"crm_lib/{i}.py has changed" for i in range(8)), "12 more files of the library have changed"],
        ),
    ],
)
def test_what_differs_between_two_states_is_said(part, value, said):
    assert list(compare_states(STATE, STATE)) == []
    assert list(compare_states(STATE, {**STATE, part: value})) == said


def test_grounds_no_report_stands_on_are_dropped(suite):
    job = plan(suite)
    place_report(job)
    (suite / "rooms/sweep.py").write_text("K = 9\n", encoding="utf-8")
    place_report(job)
    kept = job.out / ".crm" / "grounds"
    assert len(list(kept.iterdir())) == 2
    manifest.drop_unused_grounds(job.out)
    assert len(list(kept.iterdir())) == 1
    assert is_fresh(job)
