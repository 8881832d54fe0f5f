"""Reports from forked kernels: the same as from ordinary ones; what goes wrong in a kernel is a sentence."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import nbformat
import psutil
import pytest
from publish.small_notebooks import small_notebook, write_notebooks

from crm_lib.kernels import fork_available
from crm_lib.publish import plan as planning
from crm_lib.publish import run

BODY = """
import warnings
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.cluster import KMeans
frame = pd.DataFrame(np.random.default_rng(n).normal(size=(300, 2)).round(3), columns=['甲', '乙'])
frame['群'] = KMeans(3, random_state=0, n_init=1).fit_predict(frame)
print(pd.get_option('display.max_columns'), plt.get_backend(), sorted(warnings.filters, key=repr)[:1] and '')
sns.scatterplot(frame, x='甲', y='乙', hue='群')
plt.show()
finding(f"{frame['甲'].mean():.9f}")
frame.describe()
"""
KEEP = """
import os, pathlib, time
pathlib.Path(f'kernel-{os.getpid()}.pid').write_text(str(os.getppid()), encoding='utf-8')
time.sleep(600)
"""
forked = pytest.mark.skipif(not fork_available(), reason="no kernels are forked here")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def render(suite, out, **options):
    return run.run_jobs(planning.plan_jobs([], {}, out=suite / out), **options)


def without_stamp(page):
    """Return a page without the time of rendering and how long it took."""
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d)?|\d+\.\d+ 秒", "", page)


@forked
def test_a_report_is_the_same_from_a_forked_and_from_an_ordinary_kernel(suite, monkeypatch, capfd):
    write_notebooks(suite, {"0_start/1_same": BODY, "0_start/2_more": "import os; print(os.getppid() > 1)"})
    render(suite, "forked")
    assert "forked here" not in capfd.readouterr().err
    monkeypatch.setenv("CRM_FORK", "0")
    render(suite, "ordinary")
    assert capfd.readouterr().err.count("kernels are not forked here") == 1
    for notebook_id in ("0_start/1_same", "0_start/2_more"):
        one, two = (suite / out / notebook_id for out in ("forked", "ordinary"))
        assert (one / "result.json").read_bytes() == (two / "result.json").read_bytes()
        assert [p.read_bytes() for p in sorted((one / "tables").iterdir())] == [
            p.read_bytes() for p in sorted((two / "tables").iterdir())
        ]
        pages = [without_stamp((f / "report.html").read_text(encoding="utf-8")) for f in (one, two)]
        assert pages[0] == pages[1]
    assert "data:image/png" in pages[0] or "data:image/png" in (
        suite / "forked/0_start/1_same/report.html"
    ).read_text(encoding="utf-8")


@forked
def test_kernels_are_forked_from_one_parent_and_draw_their_own_numbers(suite):
    body = (
        "import os, random, numpy\nfrom pathlib import Path\n"
        "Path(f'told-{os.getpid()}').write_text(f'{os.getppid()} {random.random()} {numpy.random.rand()}', 'utf-8')"
    )
    write_notebooks(suite, {f"0_start/{i}_n": body for i in range(1, 4)})
    entries = render(suite, "out", n_jobs=2)
    assert [e["status"] for e in entries] == ["ok"] * 3
    parents, first, second = zip(*(p.read_text("utf-8").split() for p in suite.glob("told-*")), strict=True)
    assert len(set(parents)) == 1
    assert len(set(first)) == len(set(second)) == 3


def test_a_kernel_that_is_killed_is_a_sentence_and_the_next_report_is_made(suite):
    write_notebooks(
        suite, {"0_start/1_dies": "import os\nos.kill(os.getpid(), 9)", "0_start/2_lives": "finding('甲')"}
    )
    dead, alive = render(suite, "out")
    assert dead["error"] == {
        "cell": "计算",
        "sentence": "the kernel was killed (signal 9). Is there memory enough? Fewer --jobs need less.",
    }
    assert alive["status"] == "ok"
    failed = nbformat.read(suite / "out/0_start/1_dies/failed.ipynb", as_version=4)
    (error,) = [
        o for c in failed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"
    ]
    assert "signal 9" in error.evalue


@forked
def test_a_warm_parent_that_is_killed_is_started_again(suite):
    killing = "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)"
    write_notebooks(
        suite,
        {"0_start/1_kills": killing, "0_start/2_next": "import os; print(os.getppid())", "0_start/3_n": "n"},
    )
    killed, *others = render(suite, "out")
    assert "killed (signal 9)" in killed["error"]["sentence"]
    assert [e["status"] for e in others] == ["ok", "ok"]


def test_a_cell_over_its_time_is_a_sentence_with_the_limit_and_the_section(suite, monkeypatch):
    monkeypatch.setenv("CRM_CELL_SECONDS", "2")
    write_notebooks(
        suite, {"0_start/1_slow": "import time\ntime.sleep(60)", "0_start/2_good": "finding('甲')"}
    )
    slow, good = render(suite, "out")
    assert slow["error"]["cell"] == "计算"
    assert slow["error"]["sentence"] == (
        "a cell may take 2 seconds and took longer. "
        "Give it fewer data, or more time: set the environment variable CRM_CELL_SECONDS."
    )
    assert good["status"] == "ok"


def test_a_cell_over_the_memory_is_a_sentence_with_the_limit(suite, monkeypatch):
    monkeypatch.setenv("CRM_MEMORY_MB", "4096")
    write_notebooks(suite, {"0_start/1_big": "b = bytearray(6 * 2**30)"})
    (big,) = render(suite, "out")
    assert "may use 4096 MiB of memory (CRM_MEMORY_MB)" in big["error"]["sentence"]


@forked
def test_when_the_command_is_killed_no_process_and_no_folder_is_left(suite):
    write_notebooks(suite, {"0_start/1_a": KEEP, "0_start/2_b": KEEP})
    own_tmp = Path(tempfile.mkdtemp(dir="/tmp"))  # short: it holds sockets
    command = [sys.executable, "-m", "crm_lib.cli", "render", "--out", "out", "--jobs", "2"]
    said = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    asked = subprocess.Popen(
        command, env=os.environ | {"TMPDIR": str(own_tmp)}, start_new_session=True, **said
    )
    family = []
    try:
        assert wait_for(lambda: len(list(suite.glob("kernel-*.pid"))) == 2 or asked.poll() is not None)
        assert asked.poll() is None
        family = psutil.Process(asked.pid).children(recursive=True)
        kernels = [psutil.Process(int(p.stem.split("-")[1])) for p in suite.glob("kernel-*.pid")]
        assert set(kernels) <= set(family)
        assert len(family) >= 6  # the warm parent, two kernels, two workers and what forks them
        os.kill(asked.pid, signal.SIGKILL)
        asked.wait()
        assert wait_for(lambda: not any(is_alive(p) for p in family))
        assert wait_for(lambda: list(own_tmp.glob("crm-*")) == [])
    finally:
        for process in filter(is_alive, family):
            process.kill()
        asked.kill()
        shutil.rmtree(own_tmp, ignore_errors=True)


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(is_so):
    for _ in range(900):
        if is_so():
            return True
        threading.Event().wait(0.1)
    return False


def test_the_times_of_cells_are_noted_where_they_are_asked_for(suite, monkeypatch):
    monkeypatch.setenv("CRM_TIMES", str(suite / "times.jsonl"))
    write_notebooks(suite, {"0_start/1_good": "import time; time.sleep(0.3)"})
    render(suite, "out")
    (row,) = map(json.loads, (suite / "times.jsonl").read_text(encoding="utf-8").splitlines())
    assert row["notebook"] == "0_start/1_good"
    assert 0.3 <= sum(row["seconds"]) < 60
    assert small_notebook("0_start/1_good", "n").metadata.kernelspec.name == "python3"
