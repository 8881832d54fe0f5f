"""Kill the command at thirty moments, its kernels, fill its disk: what stands is whole, and a rerun completes."""

import json
import os
import random
import re
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from crm_command import left_in_stage, start_crm
from small_notebooks import small_notebook, write_notebooks

from crm_lib.publish.history import read_runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals of Unix"),
    pytest.mark.timeout(1500),
]
NAMES = ("0_start/1_a", "0_start/2_b", "0_start/3_c")
N_KILLS = 30
SAID = re.compile(r"个数是 (\d)。")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, dict.fromkeys(NAMES, "finding(f'个数是 {n}。')"))
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own_tmp(monkeypatch):
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # short: it holds sockets
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder)


def render(suite, n, **env):
    """Render everything; return exit code and what was said."""
    asked = start_crm("render", "-p", f"n={n}", "--jobs", "2", "--out", suite / "out", **env)
    said = "".join(asked.communicate(timeout=240))
    return asked.returncode, said


def check_whole(out):
    """Fail when any file is half written, or the files of a report come from different runs."""
    for path in out.rglob("*"):
        if not path.is_file() or (out / ".crm" / "stage") in path.parents or path.name.endswith(".tmp"):
            continue
        if path.suffix in {".json", ".ipynb"}:
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        elif path.suffix == ".html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path
    for path in (out / ".crm" / "reports").glob("*.json"):
        outputs = json.loads(path.read_text(encoding="utf-8"))["outputs"]
        named = [n for value in outputs.values() for n in ([value] if isinstance(value, str) else value)]
        assert [n for n in named if not (out / n).is_file()] == []
    for name in NAMES:
        if (out / name).exists():
            assert len(numbers(out / name)) == 1


def numbers(folder):
    """Return the number that page, notebook, result and table of a report show."""
    page, notebook = (
        set(SAID.findall((folder / f"report.{suffix}").read_text(encoding="utf-8")))
        for suffix in ("html", "ipynb")
    )
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]["n"]
    table = (folder / "tables/t.csv").read_text(encoding="utf-8-sig").split()[-1]
    return page | notebook | {str(result), table}


def test_killed_at_thirty_random_moments_every_file_is_whole_and_a_rerun_completes(suite, own_tmp, capsys):
    out, chance, came = suite / "out", random.Random(30), []
    started = time.perf_counter()
    assert render(suite, 9)[0] == 0
    lasted = time.perf_counter() - started
    for i in range(N_KILLS):
        n, before = i % 8 + 1, list_folders(own_tmp)
        asked = start_crm("render", "-p", f"n={n}", "--jobs", "2", "--out", out)
        await_moment(asked, chance, lasted, late=i % 3 == 0)
        # either the command alone, or at the same moment its workers too
        os.kill(asked.pid, signal.SIGKILL) if i % 2 else os.killpg(asked.pid, signal.SIGKILL)
        asked.communicate(timeout=60)
        check_whole(out)
        came.append(sum(numbers(out / name) == {str(n)} for name in NAMES))
        code, said = render(suite, n)
        assert code == 0, said
        check_whole(out)
        assert [numbers(out / name) for name in NAMES] == [{str(n)}] * 3
        assert left_in_stage(out) == []
        # with the workers gone nobody is left who could clear their sockets away
        await_none_left(own_tmp, before if i % 2 else list_folders(own_tmp))
    with capsys.disabled():
        done = {n: came.count(n) for n in range(4)}
        print(f"\n{N_KILLS} kills in runs of {lasted:.1f} s; reports done by then: {done}")
    assert came.count(0) < N_KILLS  # some kills fell into the run, not all before it
    for name in NAMES:
        stamps = [run["rendered_at"] for run in read_runs(out, name.replace("/", "__"))]
        assert len(stamps) >= N_KILLS + 1
        assert stamps == sorted(stamps)


def await_moment(asked, chance, lasted, *, late):
    """Wait for a random moment of the run; a late one is when its first report was just put in place."""
    if not late:
        threading.Event().wait(chance.uniform(0.05, lasted))
        return
    places = [Path("out", name, "result.json") for name in NAMES]
    before = [identify(path) for path in places]
    while asked.poll() is None and [identify(path) for path in places] == before:
        threading.Event().wait(0.001)
    threading.Event().wait(chance.choice([0, chance.uniform(0, lasted / 4)]))


def identify(path):
    return path.stat().st_ino if path.exists() else None


def list_folders(folder):
    return set(folder.glob("crm-*"))


def await_none_left(folder, before):
    """Wait until nothing that the killed command started is left: no process, no new folder of sockets."""
    for _ in range(300):
        at_work = [p for p in psutil.process_iter(["environ"]) if is_ours(p, folder)]
        if not at_work and list_folders(folder) <= before:
            return
        threading.Event().wait(0.1)
    raise AssertionError(f"left over: {at_work}, {list_folders(folder) - before}")


def is_ours(process, folder):
    environ = process.info["environ"] or {}
    return process.pid != os.getpid() and environ.get("TMPDIR") == str(folder)


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("left_kb", [4, 64, 160, 300, 2000])
def test_a_disk_that_fills_up_is_a_sentence_and_a_rerun_with_room_completes(suite, left_kb):
    out = suite / "out"
    out.mkdir()
    size = 8 * 2**20
    script = f"""
    head -c {size - left_kb * 1024} /dev/zero > {out}/filler
    "$@"; echo "code $?"
    ls -A {out}/.crm/stage 2>/dev/null
    echo ---
    rm {out}/filler
    "$@"; echo "code $?"
    echo ---
    cp -r {out} {suite}/copy
    """
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", str(size), "--tmpfs", str(out), "--die-with-parent"]
    asked = start_crm("render", "--jobs", "2", "--out", out, before=[*disk, "sh", "-c", script, "sh"])
    shown, said = asked.communicate(timeout=600)
    full, again, _ = shown.split("---\n")
    assert re.search(r"code (\d+)", full)[1] == ("0" if "3 of 3" in full else "1"), said
    assert left_kb > 1000 or "code 1" in full
    assert "code 1" not in full or "No space left on device" in said
    assert "Traceback" not in said
    assert "code 0" in again, said
    check_whole(suite / "copy")
    assert [numbers(suite / "copy" / name) for name in NAMES] == [{"3"}] * 3


@pytest.mark.needs("bubblewrap")
def test_a_folder_that_became_read_only_is_a_sentence_and_keeps_its_reports(suite):
    assert render(suite, 1)[0] == 0
    out = suite / "out"
    locked = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(out), str(out), "--die-with-parent"]
    asked = start_crm("render", "-p", "n=2", "--out", out, before=locked)
    _, said = asked.communicate(timeout=240)
    assert asked.returncode == 1
    assert said.count("\n") == 1
    assert "Read-only file system" in said
    assert "--out DIR" in said
    check_whole(out)
    assert [numbers(out / name) for name in NAMES] == [{"1"}] * 3


SLEEP = """
import os, pathlib, time
pathlib.Path('kernel.pid').write_text(str(os.getpid()), encoding='utf-8')
time.sleep(600)
"""


def spoil(suite, body):
    """Let the second notebook do something else; the others go on."""
    import nbformat

    nbformat.write(small_notebook(NAMES[1], body), suite / "notebooks" / f"{NAMES[1]}.ipynb")


def test_a_kernel_killed_from_outside_is_one_sentence_and_the_others_go_on(suite):
    assert render(suite, 1)[0] == 0
    spoil(suite, SLEEP)
    asked = start_crm("render", "-p", "n=2", "--jobs", "2", "--out", suite / "out")
    path = suite / "kernel.pid"
    while not (path.exists() and path.read_text(encoding="utf-8")):
        assert asked.poll() is None
        threading.Event().wait(0.1)
    os.kill(int(path.read_text(encoding="utf-8")), signal.SIGKILL)
    _, said = asked.communicate(timeout=120)
    assert asked.returncode == 1
    check_failure(suite, said, "kernel")


def test_a_cell_over_its_time_is_one_sentence_and_the_others_go_on(suite):
    assert render(suite, 1)[0] == 0
    spoil(suite, "import time\ntime.sleep(600)")
    code, said = render(suite, 2, CRM_CELL_SECONDS="5")
    assert code == 1
    check_failure(suite, said, "5 s")


def check_failure(suite, said, word):
    """See that the second report failed in words, kept its error and the report before; the others are new."""
    out = suite / "out"
    (line,) = [line for line in said.splitlines() if line.startswith(f"crm: {NAMES[1]}")]
    assert word in line
    assert "Traceback" not in said
    assert [numbers(out / name) for name in NAMES] == [{"2"}, {"1"}, {"2"}]
    entry = json.loads((out / ".crm/reports/0_start__2_b.json").read_text(encoding="utf-8"))
    assert entry["status"] == "failed"
    assert entry["outputs"]["earlier"] == f"{NAMES[1]}/report.html"
    assert (out / NAMES[1] / "failed.ipynb").is_file()
    assert entry["error"]["sentence"][:20] in (out / "index.html").read_text(encoding="utf-8")
    spoil(suite, "finding(f'个数是 {n}。')")
    assert render(suite, 3)[0] == 0
    assert [numbers(out / name) for name in NAMES] == [{"3"}] * 3


def test_two_runs_at_once_wait_and_nothing_is_mixed(suite):
    runs = [start_crm("render", "-p", f"n={n}", "--jobs", "2", "--out", suite / "out") for n in (4, 7)]
    told = ["".join(run.communicate(timeout=240)) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert sum("another crm render is writing" in said for said in told) == 1
    check_whole(suite / "out")
    (number,) = numbers(suite / "out" / NAMES[0])
    assert [numbers(suite / "out" / name) for name in NAMES] == [{number}] * 3
    for name in NAMES:
        assert len(read_runs(suite / "out", name.replace("/", "__"))) == 2


def test_two_runs_of_the_same_at_once_render_it_once(suite):
    runs = [start_crm("render", "--jobs", "2", "--out", suite / "out") for _ in range(2)]
    assert [run.communicate(timeout=240) and run.returncode for run in runs] == [0, 0]
    assert [len(read_runs(suite / "out", name.replace("/", "__"))) for name in NAMES] == [1, 1, 1]
