"""Rendering small notebooks end to end: refused parameters, failures, atomic places, parallel jobs."""

import json
import shutil

import nbformat
import pytest
from small_notebooks import small_notebook, write_notebooks

from crm_lib.errors import ParameterError
from crm_lib.publish import plan as planning
from crm_lib.publish import run

BODIES = {
    "0_start/1_good": "finding(f'n 的平方是 {n * n}，{name}')",
    "0_start/2_bad": "from crm_lib.errors import DataError\nraise DataError('没有可以分析的订单')",
    "0_start/3_bug": "1 / 0",
    "0_start/10_last": "import os; finding(os.getcwd())",
}


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, BODIES)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    caller = tmp_path / "caller's folder"
    caller.mkdir()
    monkeypatch.chdir(caller)
    return tmp_path


def plan(suite, names, given=None, **options):
    return planning.plan_jobs(names, given or {}, out=suite / "out", **options)


def test_notebooks_come_in_book_order(suite):
    assert planning.choose_notebooks([]) == [
        "0_start/1_good",
        "0_start/2_bad",
        "0_start/3_bug",
        "0_start/10_last",
    ]
    assert planning.choose_notebooks(["notebooks/0_start/1_good.ipynb"]) == ["0_start/1_good"]


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        (["0_start/1_goode"], {}, "Did you mean '0_start/1_good'"),
        (["0_start/1_good"], {"m": "1"}, "has no parameter 'm'"),
        (["0_start/1_good"], {"n": "10"}, "within [1, 9]"),
        (["0_start/1_good"], {"n": "x"}, "of type int"),
        ([], {"m": "1"}, "no notebook has a parameter 'm'"),
        (["0_start/1_good"], {"name": "postgresql://me:secret@host/db"}, "env:NAME"),
    ],
)
def test_wrong_calls_are_refused_before_any_kernel_starts(suite, names, given, said):
    with pytest.raises(ParameterError) as refused:
        plan(suite, names, given)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not (suite / "out").exists()


def test_one_fails_the_others_go_on_and_the_index_says_where(suite):
    told = []
    jobs = plan(suite, [], {"n": "4", "name": "<b>&'\"{{ x }}"})
    entries = run.run_jobs(jobs, n_jobs=2, progress=lambda *what: told.append(what))
    assert [e["status"] for e in entries] == ["ok", "failed", "failed", "ok"]
    assert entries[1]["error"] == {"cell": "计算", "sentence": "没有可以分析的订单"}
    assert entries[2]["error"] == {"cell": "计算", "sentence": "ZeroDivisionError: division by zero"}
    assert {name for name, _, _ in told} == set(BODIES)
    out = suite / "out"
    page = (out / "0_start/1_good/report.html").read_text(encoding="utf-8")
    assert "n 的平方是 16，&lt;b&gt;&amp;'\"{{ x }}" in page
    assert "练习" in page
    assert "SystemExit" not in page
    result = json.loads((out / "0_start/1_good/result.json").read_text(encoding="utf-8"))
    assert result["result"] == {"n": 4}
    assert sorted(p.name for p in (out / "0_start/1_good").iterdir()) == [
        "report.html",
        "report.ipynb",
        "result.json",
        "tables",
    ]
    assert sorted(p.name for p in (out / "0_start/2_bad").iterdir()) == ["failed.html", "failed.ipynb"]
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "没有可以分析的订单" in index
    assert "division by zero" in index
    cwd = (out / "0_start/10_last/report.html").read_text(encoding="utf-8")
    assert "caller's folder" in cwd.replace("&#39;", "'").replace("&#x27;", "'")
    assert str(suite / "out" / ".crm") not in (out / "0_start/1_good/report.ipynb").read_text(
        encoding="utf-8"
    )


def test_a_failed_run_keeps_the_earlier_report_and_a_good_one_clears_the_failure(suite):
    good = suite / "notebooks/0_start/1_good.ipynb"
    run.run_jobs(plan(suite, ["0_start/1_good"]))
    folder = suite / "out/0_start/1_good"
    before = (folder / "report.html").read_text(encoding="utf-8")
    saved = good.read_text(encoding="utf-8")
    nbformat.write(small_notebook("0_start/1_good", "1 / 0"), good)
    (entry,) = run.run_jobs(plan(suite, ["0_start/1_good"]))
    assert entry["status"] == "failed"
    assert (folder / "report.html").read_text(encoding="utf-8") == before
    assert (folder / "failed.html").exists()
    good.write_text(saved, encoding="utf-8")
    run.run_jobs(plan(suite, ["0_start/1_good"]))
    assert not (folder / "failed.html").exists()


def test_same_input_same_bytes_except_the_stamped_time(suite):
    pages = []
    for name in ("one", "two"):
        jobs = planning.plan_jobs(["0_start/1_good"], {}, out=suite / name)
        (entry,) = run.run_jobs(jobs)
        folder = suite / name / "0_start/1_good"
        page = (folder / "report.html").read_text(encoding="utf-8").splitlines()
        tables = [p.read_bytes() for p in sorted((folder / "tables").iterdir())]
        pages.append((page, (folder / "result.json").read_bytes(), tables))
        assert entry["rendered_at"]
    (page_1, *rest_1), (page_2, *rest_2) = pages
    assert rest_1 == rest_2
    differing = [a for a, b in zip(page_1, page_2, strict=True) if a != b]
    assert len(differing) <= 2


def test_a_kernel_that_dies_is_one_sentence(suite):
    path = suite / "notebooks/0_start/1_good.ipynb"
    nbformat.write(small_notebook("0_start/1_good", "import os\nos._exit(3)"), path)
    (entry,) = run.run_jobs(plan(suite, ["0_start/1_good"]))
    assert entry["status"] == "failed"
    assert "kernel" in entry["error"]["sentence"].lower()
    shutil.rmtree(suite / "out")


def test_the_last_words_of_a_kernel_process_stay_off_the_terminal(suite, capfd):
    path = suite / "notebooks/0_start/1_good.ipynb"
    nbformat.write(
        small_notebook("0_start/1_good", "import os\nos.write(2, b'last ' + b'words')\nprint('said')"), path
    )
    (entry,) = run.run_jobs(plan(suite, ["0_start/1_good"]))
    assert entry["status"] == "ok"
    assert "said" in (suite / "out/0_start/1_good/report.html").read_text(encoding="utf-8")
    assert "last words" not in "".join(capfd.readouterr())
