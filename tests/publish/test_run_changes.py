"""Only what changed is rendered again: which, and why, on real runs of small notebooks."""

import json

import pytest
from small_notebooks import write_notebooks

from crm_lib.errors import RenderError
from crm_lib.publish import ground, run, single
from crm_lib.publish import plan as planning
from crm_lib.publish.history import read_runs
from crm_lib.publish.manifest import explain

READS = "finding(open(name, encoding='utf-8').read())"
A, B = "0_start/1_a", "0_start/2_b"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {A: READS, B: READS})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"data of {name}", encoding="utf-8")
    return tmp_path


def plan(suite, **options):
    """Return a job for each notebook, which reads the file of its own letter."""
    return [
        planning.plan_jobs([notebook], {"name": f"{notebook[-1]}.csv"}, out=suite / "out", **options)[0]
        for notebook in (A, B)
    ]


def render(suite, **options):
    """Return the entries, and the notebooks whose cells ran."""
    told = []
    entries = run.run_jobs(plan(suite, **options), n_jobs=2, progress=lambda *what: told.append(what[0]))
    return entries, set(told)


def list_files(out):
    """Return the bytes and the time of every file but the memory of checksums."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in out.rglob("*")
        if path.is_file() and path.name != "hashes.json"
    }


def test_only_what_changed_is_rendered_again(suite):
    first, ran = render(suite)
    assert ran == {A, B}
    assert not any("unchanged" in entry for entry in first)
    assert first[0]["inputs"] == {"a.csv": first[0]["inputs"]["a.csv"]}

    before = list_files(suite / "out")
    again, ran = render(suite)
    assert ran == set()
    assert again == [{**entry, "unchanged": True} for entry in first]
    assert list_files(suite / "out") == before  # not a byte was written, the index included

    (suite / "b.csv").write_text("data of B", encoding="utf-8")
    assert [explain(job) for job in plan(suite)] == [[], ["the input b.csv has other bytes"]]
    entries, ran = render(suite)
    assert ran == {B}
    assert [entry.get("unchanged", False) for entry in entries] == [True, False]
    assert "data of B" in (suite / "out" / B / "report.html").read_text(encoding="utf-8")
    assert [len(read_runs(suite / "out", f"0_start__{n}")) for n in ("1_a", "2_b")] == [1, 2]
    stored = (suite / "out/.crm/reports/0_start__1_a.json").read_text(encoding="utf-8")
    assert "unchanged" not in stored

    _, ran = render(suite, force=True)
    assert ran == {A, B}


def test_a_spoilt_report_a_lost_index_and_a_failure_are_made_again(suite):
    render(suite)
    out = suite / "out"
    page = (out / "index.html").read_bytes()
    (out / "index.html").unlink()
    _, ran = render(suite)
    assert ran == set()
    assert (out / "index.html").read_bytes() == page

    (out / "index.html").write_text("cut off", encoding="utf-8")
    render(suite)
    assert (out / "index.html").read_bytes() == page

    (out / A / "tables/t.csv").write_text("by hand", encoding="utf-8")
    assert explain(plan(suite)[0]) == ["tables/t.csv was altered since"]
    _, ran = render(suite)
    assert ran == {A}

    (suite / "a.csv").rename(suite / "away.csv")
    (failed, kept), ran = render(suite)
    assert (failed["status"], kept["unchanged"], ran) == ("failed", True, {A})
    assert "a.csv" in failed["error"]["sentence"]
    first, second, *_ = explain(plan(suite)[0])
    assert first.startswith("the last run failed: ")
    assert second.startswith("the input a.csv is gone")
    _, ran = render(suite)
    assert ran == {A}  # a failure is tried each time
    (suite / "away.csv").rename(suite / "a.csv")
    (mended, _), ran = render(suite)
    assert (mended["status"], ran) == ("ok", {A})
    assert [explain(job) for job in plan(suite)] == [[], []]


def test_what_changes_while_the_cells_run_is_found_changed_next_time(suite):
    change = "open(name, 'a', encoding='utf-8').write('!')"
    write_notebooks(suite, {A: f"text = open(name, encoding='utf-8').read()\n{change}\nfinding(text)"})
    _, ran = render(suite)
    assert ran == {A, B}
    assert explain(plan(suite)[0]) == ["the input a.csv has other bytes"]


def test_a_second_folder_of_the_same_process_stands_on_its_own_ground(suite):
    for name in ("one", "two"):
        jobs = planning.plan_jobs([], {"name": "a.csv"}, out=suite / name)
        assert [entry["status"] for entry in run.run_jobs(jobs, n_jobs=2)] == ["ok", "ok"]
        assert [explain(job) for job in jobs] == [[], []]


def test_a_pdf_that_was_asked_for_and_cannot_be_made_is_a_failure(suite, monkeypatch):
    from crm_lib.publish import pdf

    def refuse(*_):
        raise RenderError("no browser here. Install one.")

    monkeypatch.setattr(pdf, "write_pdf", refuse)
    entry = single.run_job(plan(suite, pdf=True)[0])
    assert entry["status"] == "failed"
    assert entry["error"]["sentence"] == "no browser here. Install one."
    failed = suite / "out" / A / "failed.html"
    assert "no browser here" in failed.read_text(encoding="utf-8")


def test_a_pdf_belongs_to_the_report(suite, monkeypatch):
    from crm_lib.publish import pdf

    monkeypatch.setattr(pdf, "write_pdf", lambda html, file: file.write_text(html.name, encoding="utf-8"))
    job = plan(suite, pdf=True)[0]
    entry = single.run_job(job)
    assert entry["outputs"]["pdf"] == f"{A}/report.pdf"
    assert (suite / "out" / A / "report.pdf").read_text(encoding="utf-8") == "report.html"
    assert explain(job) == []
    (suite / "out" / A / "report.pdf").unlink()
    assert explain(job) == ["report.pdf is gone since"]


def test_a_leak_keeps_nothing_of_the_run_but_its_sentence(suite, monkeypatch):
    from crm_lib.publish import leaks

    asked = []

    def find(folder, references):
        asked.append((sorted(p.name for p in folder.iterdir()), references))
        return ["report.html holds the value of 'name'."]

    monkeypatch.setattr(leaks, "find_leaks", find)
    monkeypatch.setenv("SHOP", "sqlite:///shop.db?password=geheim1")
    (job,) = planning.plan_jobs([A], {"name": "env:SHOP"}, out=suite / "out")
    write_notebooks(suite, {A: "finding('甲')"})
    with pytest.raises(RenderError, match="report.html holds the value of 'name'"):
        single.run_job(job)
    assert asked == [(["report.html", "report.ipynb", "result.json", "tables"], {"name": "env:SHOP"})]
    assert not job.folder.exists()
    assert not job.stage.exists()


def test_the_record_names_what_was_read(suite):
    entry = single.run_job(plan(suite)[0])
    kept = json.loads((suite / "out/.crm/manifests/0_start__1_a.json").read_text(encoding="utf-8"))
    assert entry["inputs"] == kept["inputs"]
    assert list(kept["inputs"]) == ["a.csv"]


def test_workers_put_on_record_the_library_the_command_saw(suite, monkeypatch):
    """A file saved after the command looked may not count as the one the report was made with."""
    really = ground.describe_ground
    monkeypatch.setattr(
        ground, "describe_ground", lambda hashes: {**really(hashes), "library": {"crm_lib/early.py": "1"}}
    )
    _, ran = render(suite)
    assert ran == {A, B}
    assert [explain(job) for job in plan(suite)] == [[], []]
    monkeypatch.undo()
    monkeypatch.setenv("CRM_HOME", str(suite))
    monkeypatch.chdir(suite)
    assert "more files of the library have changed" in explain(plan(suite)[0])[-1]
    assert ground.passed_on(suite / "out") == ""
