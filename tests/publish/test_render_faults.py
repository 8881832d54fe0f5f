"""What may go wrong around a run: folders, disks, signals, broken files, killed processes, two runs at once."""

import errno
import json
import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from crm_command import left_in_stage, start_crm
from small_notebooks import small_notebook, write_notebooks

from crm_lib.errors import ParameterError, RenderError
from crm_lib.look import page
from crm_lib.publish import folders, run, workers
from crm_lib.publish import plan as planning

GOOD = "finding('甲')"
SLEEP = """
import os, pathlib, time
pathlib.Path('kernel.pid').write_text(str(os.getpid()), encoding='utf-8')
time.sleep(600)
"""
unix = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {"0_start/1_good": GOOD, "0_start/2_more": GOOD})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own_tmp():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # short: it holds sockets
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def started():
    """Process ids that a test started; what a failure leaves of them ends with it."""
    ids = []
    yield ids
    for number in ids:
        if psutil.pid_exists(number):
            psutil.Process(number).kill()


def rewrite(suite, notebook_id, body):
    nbformat.write(small_notebook(notebook_id, body), suite / "notebooks" / f"{notebook_id}.ipynb")


def test_a_file_in_the_place_of_the_folder_is_a_wrong_call(suite):
    (suite / "out").write_text("a file", encoding="utf-8")
    for out in (suite / "out", suite / "out" / "deeper"):
        with pytest.raises(ParameterError, match="must be a folder"):
            run.run_jobs(planning.plan_jobs(["0_start/1_good"], {}, out=out))
    assert (suite / "out").read_text(encoding="utf-8") == "a file"


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(suite, monkeypatch):
    def refuse(self, *_, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(RenderError, match=r"Read-only file system.*--out DIR"):
        folders.prepare_folder(suite / "out")


def test_a_full_disk_is_one_sentence_and_leaves_no_half_report(suite, monkeypatch):
    (job,) = planning.plan_jobs(["0_start/1_good"], {}, out=suite / "out")

    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(page, "tempfile", SimpleNamespace(mkstemp=full))
    entry = workers._work(job, SimpleNamespace(send=lambda _: None))
    assert entry["status"] == "failed"
    assert "No space left on device" in entry["error"]["sentence"]
    assert "\n" not in entry["error"]["sentence"]
    assert not job.folder.exists()
    monkeypatch.setattr(workers, "run_in_workers", lambda *_, **__: [entry])
    with pytest.raises(RenderError) as told:
        run.run_jobs([job])
    assert str(told.value).count("No space left") == 2  # the report's and the index's


def test_a_broken_notebook_file_fails_alone(suite):
    (suite / "notebooks/0_start/1_good.ipynb").write_text("{ half a file", encoding="utf-8")
    broken, good = run.run_jobs(planning.plan_jobs([], {"n": "4"}, out=suite / "out"))
    assert (broken["status"], good["status"]) == ("failed", "ok")
    assert broken["error"]["sentence"].endswith("Make it anew with: crm build")
    assert "cannot be read" in planning.read_title("0_start/1_good")
    assert "crm build" in (suite / "out/index.html").read_text(encoding="utf-8")


def test_no_kernel_need_be_registered(suite):
    path = suite / "notebooks/0_start/1_good.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["kernelspec"] = {"name": "nowhere", "display_name": "Nowhere", "language": "python"}
    nbformat.write(notebook, path)
    (entry,) = run.run_jobs(planning.plan_jobs(["0_start/1_good"], {}, out=suite / "out"))
    assert entry["status"] == "ok", entry["error"]


@unix
def test_a_killed_worker_takes_only_its_own_report_with_it(suite):
    run.run_jobs(planning.plan_jobs(["0_start/1_good"], {}, out=suite / "out"))
    before = (suite / "out/0_start/1_good/report.html").read_bytes()
    rewrite(suite, "0_start/1_good", "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)")
    killed, good = run.run_jobs(planning.plan_jobs([], {}, out=suite / "out"))
    assert (killed["status"], good["status"]) == ("failed", "ok")
    assert "killed (signal 9)" in killed["error"]["sentence"]
    assert (suite / "out/0_start/1_good/report.html").read_bytes() == before
    assert left_in_stage(suite / "out") == []
    index = (suite / "out/index.html").read_text(encoding="utf-8")
    assert "signal 9" in index
    assert "上一次做完的报告" in index


@unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stopped_run_leaves_nothing_behind(suite, own_tmp, started, number):
    rewrite(suite, "0_start/1_good", SLEEP)
    asked = start_crm("render", "0_start/1_good", "--out", "out", TMPDIR=str(own_tmp))
    kernel = await_kernel(suite, asked)
    started += [asked.pid, kernel]
    assert any(own_tmp.glob("crm-*"))
    if number == signal.SIGINT:
        os.killpg(asked.pid, number)  # as a terminal does: to the command and its workers
    else:
        asked.send_signal(number)
    _, said = asked.communicate(timeout=15)
    assert asked.returncode == 130
    assert "crm: stopped." in said
    assert "Traceback" not in said
    assert not psutil.pid_exists(kernel) or psutil.Process(kernel).status() == psutil.STATUS_ZOMBIE
    assert list(own_tmp.glob("crm-*")) == []
    assert left_in_stage(suite / "out") == []
    assert not (suite / "out/0_start").exists()


@unix
def test_when_the_command_itself_is_killed_its_kernel_ends_too(suite, own_tmp, started):
    rewrite(suite, "0_start/1_good", SLEEP)
    asked = start_crm("render", "0_start/1_good", "--out", "out", TMPDIR=str(own_tmp))
    kernel = psutil.Process(await_kernel(suite, asked))
    started.append(kernel.pid)
    asked.kill()
    asked.wait()
    asked.stdout.close()
    asked.stderr.close()
    psutil.wait_procs([kernel], timeout=15)
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE
    # what it left, the next run takes away
    rewrite(suite, "0_start/1_good", GOOD)
    (entry,) = run.run_jobs(planning.plan_jobs(["0_start/1_good"], {}, out=suite / "out"))
    assert entry["status"] == "ok"
    assert left_in_stage(suite / "out") == []


def await_kernel(suite, asked):
    """Return the process id that the notebook's cell wrote down."""
    path = suite / "kernel.pid"
    for _ in range(600):
        if path.exists() and (text := path.read_text(encoding="utf-8")):
            return int(text)
        assert asked.poll() is None, asked.stderr.read()
        threading.Event().wait(0.1)
    raise AssertionError("the kernel did not start")


def test_a_second_run_waits_for_the_first_and_says_so(tmp_path):
    folders.prepare_folder(tmp_path)
    told, waits, order = [], threading.Event(), []

    def hear(sentence):
        told.append(sentence)
        waits.set()

    def second():
        with folders.lock_folder(tmp_path, say_wait=hear):
            order.append("second")

    thread = threading.Thread(target=second)
    with folders.lock_folder(tmp_path):
        thread.start()
        assert waits.wait(10)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]
    assert len(told) == 1
    assert "another crm render" in told[0]


def test_a_run_killed_between_two_moves_is_mended(tmp_path):
    new, target = tmp_path / "stage", tmp_path / "report"
    for folder, text in ((new, "new"), (target, "old")):
        folder.mkdir()
        (folder / "report.html").write_text(text, encoding="utf-8")
    os.replace(target, tmp_path / "stage.old")  # killed here
    folders.restore_folder(new, target)
    assert (target / "report.html").read_text(encoding="utf-8") == "old"
    folders.replace_folder(new, target)
    assert (target / "report.html").read_text(encoding="utf-8") == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report"]


@unix
def test_a_request_to_stop_waits_until_the_report_is_in_place(tmp_path, monkeypatch):
    new, target = tmp_path / "stage", tmp_path / "report"
    for folder in (new, target):
        folder.mkdir()
    stopped, moves = [], []
    monkeypatch.setattr(signal, "raise_signal", lambda number: stopped.append((number, len(moves))))
    move = os.replace

    def move_and_ask(old, place):
        move(old, place)
        moves.append(place)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(os, "replace", move_and_ask)
    monkeypatch.setattr(folders, "swap_folders", lambda *_: False)
    folders.replace_folder(new, target)
    assert stopped == [(signal.SIGTERM, 2)]


def test_a_name_that_is_not_unicode_is_refused(suite):
    with pytest.raises(ParameterError, match="not valid Unicode"):
        planning.plan_jobs(["0_start/1_good"], {"name": "\udcff.csv"}, out=suite / "out")
    with pytest.raises(ParameterError, match="'--out' is not valid Unicode"):
        planning.plan_jobs(["0_start/1_good"], {}, out=suite / "\udcff")


@pytest.mark.parametrize("words", [["--help"], ["list"], ["render", "0_start/1_good", "--out", "中文"]])
def test_a_terminal_without_chinese_shows_escapes_and_goes_on(suite, words):
    (suite / "中文").mkdir()
    asked = start_crm(*words, PYTHONIOENCODING="ascii", LC_ALL="C", LANG="C")
    out, said = asked.communicate(timeout=240)
    assert asked.returncode == 0, said
    assert out
    assert "Traceback" not in said
    assert words != ["list"] or "\\u" in out


def test_the_header_tells_the_day_and_what_was_set(suite):
    (entry,) = run.run_jobs(planning.plan_jobs(["0_start/1_good"], {"n": "4"}, out=suite / "out"))
    html = (suite / "out/0_start/1_good/report.html").read_text(encoding="utf-8")
    header = html.split("<header")[1].split("</header>")[0]
    assert "<dt>个数</dt><dd>4</dd>" in header
    assert "名字" not in header  # left empty
    assert json.loads((suite / "out/.crm/reports/0_start__1_good.json").read_text("utf-8")) == entry
