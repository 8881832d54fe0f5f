"""Kernels forked from a warm parent: like fresh ones, apart from each other, reaped, refused where unsafe."""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest
from kernels.warm_cells import Kernel, run_cell

from crm_lib.kernels import Limits, fork_available, make_folder, take_refusals, warm_up
from crm_lib.kernels import parent as warm_parent
from crm_lib.kernels.warm import LONGEST_FOLDER, ask_for_kernel

pytestmark = pytest.mark.skipif(not fork_available(), reason="no kernels are forked here")

IMPORTS = f"""
import contextlib, importlib
for name in {[m for m in warm_parent.MODULES if not m.startswith("narwhals._")]!r}:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""
STATE = """
import builtins, decimal, gc, json, locale, logging, os, signal, sys, threading, warnings
import matplotlib, numpy, pandas
def name(f):
    return [f[0], getattr(f[1], 'pattern', f[1]), f[2].__name__, getattr(f[3], 'pattern', f[3]), f[4]]
own = {'JPY_PARENT_PID', 'PYDEVD_DISABLE_FILE_VALIDATION'}
print(json.dumps({
    'path': sys.path, 'flags': repr(sys.flags), 'argv': [os.path.basename(w) for w in sys.argv],
    'filters': [name(f) for f in warnings.filters],
    'rc': {k: repr(v) for k, v in matplotlib.rcParams.items()}, 'backend': matplotlib.get_backend(),
    'pandas': {k: repr(pandas.get_option(k)) for k in pandas._config.config._registered_options},
    'numpy': [repr(numpy.geterr()), repr(numpy.get_printoptions())],
    'env': {k: v for k, v in os.environ.items() if k not in own}, 'cwd': os.getcwd(),
    'signals': {str(n): str(signal.getsignal(n)) for n in sorted(signal.valid_signals())},
    'masked': repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    'leads': os.getsid(0) == os.getpgid(0) == os.getpid(), 'stdin': os.readlink('/proc/self/fd/0'),
    'gc': [gc.isenabled(), gc.get_threshold()], 'locale': locale.setlocale(locale.LC_ALL),
    'logging': [logging.root.level, len(logging.root.handlers)], 'decimal': repr(decimal.getcontext()),
    'names': sorted(n for n in dir(builtins)), 'hooks': [repr(type(sys.displayhook)), sys.excepthook.__name__],
    'main': [__name__, sys.modules['__main__'].__dict__ is globals()], 'umask': os.umask(0o022),
    'max': sys.getrecursionlimit(), 'tmp': __import__('tempfile').gettempdir(),
}))
"""


@pytest.fixture(scope="module", autouse=True)
def plain_backend():
    """Let kernels choose where figures go, as on a user's machine; the tests' own setting stays away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)
        yield


@pytest.fixture(scope="module")
def warm(plain_backend):
    with warm_up(limits=Limits()) as started:
        yield started


@pytest.fixture
def folder():
    place = make_folder()
    yield place
    shutil.rmtree(place)


def children(process_id):
    return [p for p in psutil.Process(process_id).children(recursive=True) if p.is_running()]


def wait_until(is_so):
    for _ in range(300):
        if is_so():
            return True
        threading.Event().wait(0.05)
    return False


def test_a_forked_kernel_is_like_a_fresh_one(warm, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_SOMETHING", "set after the warm parent was started")
    # Libraries import in a cell, as in a notebook; in the forked kernel they are there.
    fresh = json.loads(run_cell(folder, IMPORTS + STATE))
    forked = json.loads(run_cell(folder, IMPORTS + STATE, warm.address))
    assert forked.pop("stdin") == os.devnull  # Jupyter leaves a pipe there, from which nothing ever comes
    del fresh["stdin"]
    # what this run itself was told to ignore (nohup, a shell's background job) a fresh kernel inherits
    own = {signal.SIGPIPE, signal.SIGXFSZ}  # Python itself ignores these two
    told = {n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN}
    for number in told - own:
        for kernel in (fresh, forked):
            kernel["signals"].pop(str(int(number)), None)
    for what in fresh:
        assert forked[what] == fresh[what], what
    assert forked["cwd"] == str(tmp_path)
    assert forked["env"]["CRM_SOMETHING"]
    assert forked["env"]["OMP_NUM_THREADS"] == "1"


def test_it_was_forked_and_its_imports_were_there(warm, folder):
    with Kernel(folder, warm.address) as kernel:
        told = kernel.run("import os, sys; print(os.getppid(), 'sklearn.cluster' in sys.modules)")
        assert told == f"{warm.pid} True"
        assert take_refusals() == []


def test_two_kernels_draw_different_random_numbers(warm, folder):
    draw = (
        "import random, numpy, os\nfrom scipy import stats\n"
        "print(random.random(), numpy.random.rand(), numpy.random.default_rng().random(), stats.norm.rvs(), os.urandom(4).hex())"
    )
    first, second = (run_cell(folder, draw, warm.address).split() for _ in range(2))
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_figures_are_shown(warm, folder):
    with Kernel(folder, warm.address) as kernel:
        kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()")
        assert "image/png" in kernel.client.nb.cells[-1].outputs[-1]["data"]


def test_the_program_that_ends_is_seen_with_its_code(warm, folder):
    for source, code in (("import os; os._exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)):
        kernel = Kernel(folder, warm.address)
        with pytest.raises(RuntimeError), kernel:
            kernel.run(source)
        assert kernel.manager_class.ended == code


def test_twenty_kernels_leave_no_zombie_and_no_file(warm, folder):
    for _ in range(20):
        assert run_cell(folder, "print(1)", warm.address) == "1"
    assert psutil.Process(warm.pid).children() == []
    assert list(folder.iterdir()) == []


def test_what_a_kernel_started_ends_with_it(warm, folder):
    pid = int(
        run_cell(
            folder,
            "import subprocess, sys\n"
            "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)",
            warm.address,
        )
    )
    assert wait_until(lambda: not psutil.pid_exists(pid))


def test_a_kernel_whose_client_is_gone_is_killed(warm, folder):
    with Kernel(folder, warm.address) as kernel:
        process = psutil.Process(kernel.process.pid)
        kernel.process._line.sock.shutdown(socket.SHUT_RDWR)
        assert wait_until(lambda: not process.is_running())


def test_a_busy_kernel_can_be_interrupted(warm, folder):
    with Kernel(folder, warm.address) as kernel:
        timer = threading.Timer(1, lambda: os.kill(kernel.process.pid, signal.SIGINT))
        timer.start()
        said = kernel.run(
            "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('interrupted')"
        )
        timer.join()
        assert said == "interrupted"


def test_memory_is_limited_when_asked(warm, folder):
    source = "try:\n    b = bytearray(6 * 2**30)\nexcept MemoryError:\n    print('too much')"
    for address in (warm.address, ""):
        assert run_cell(folder, source, address, Limits(memory_mb=4096)) == "too much", address


def test_no_fork_with_another_thread_at_work():
    assert warm_parent.why_not({}, {}) == "" or warm_parent.count_threads() > 1
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert "threads" in warm_parent.why_not({}, {})
    finally:
        stop.set()
        thread.join()


def test_a_parent_with_threads_refuses_and_the_kernel_starts_the_ordinary_way(folder, monkeypatch):
    # a library that starts threads at its import, as OpenBLAS does when several are allowed
    package = folder / "site" / "narwhals_thread.py"
    package.parent.mkdir()
    package.write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
        encoding="utf-8",
    )
    (package.parent / "sitecustomize.py").write_text("import narwhals_thread\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    with warm_up(folder, limits=Limits()) as threaded, Kernel(folder, threaded.address) as kernel:
        assert kernel.run("print(2)") == "2"
        assert "runs 2 threads" in take_refusals()[0]
        assert kernel.run("import os; print(os.getppid())") == str(os.getpid())


def test_a_kernel_with_another_environment_of_the_interpreter_is_not_forked(warm, folder, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    with Kernel(folder, warm.address) as kernel:
        assert kernel.run("import os; print(os.getppid())") == str(os.getpid())
        assert take_refusals()[0].startswith("PYTHONHASHSEED differs")


def test_when_the_warm_parent_is_killed_its_kernels_are_and_the_next_one_starts_anyway(folder):
    with warm_up(folder, limits=Limits()) as warm:
        kernel = Kernel(folder, warm.address)
        with pytest.raises(RuntimeError), kernel:
            kernel.run(f"import os; os.kill({warm.pid}, 9)\nimport time; time.sleep(60)")
        assert kernel.manager_class.ended == -9
        assert warm.address == ""
        assert run_cell(folder, "print(3)", str(folder / "warm-1")) == "3"
        first = warm.revive()
        assert first.endswith("warm-2")
        assert run_cell(folder, "import os; print(os.getppid())", first) == str(warm.pid)


def test_forking_can_be_forbidden(monkeypatch, folder):
    monkeypatch.setenv("CRM_FORK", "0")
    assert not fork_available()
    with warm_up(folder, limits=Limits()) as none:
        assert (none.address, none.pid) == ("", 0)
    monkeypatch.delenv("CRM_FORK")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not fork_available()
    monkeypatch.setenv("CRM_FORK", "1")
    assert fork_available()


def test_a_long_folder_for_temporary_files_leaves_room_for_sockets(tmp_path, monkeypatch):
    deep = tmp_path / ("a" * 60) / ("客户" * 15)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with warm_up(limits=Limits()) as warm:
        assert len(os.fsencode(warm.folder)) < LONGEST_FOLDER
        assert run_cell(warm.folder, "print(4)", warm.address) == "4"
    assert not warm.folder.exists()


def test_nobody_else_can_reach_the_sockets(warm):
    assert warm.folder.stat().st_mode & 0o777 == 0o700


def test_an_address_where_nobody_listens_is_a_reason_not_a_fault(tmp_path):
    answer = ask_for_kernel(str(tmp_path / "s"), [], env={}, cwd=".", quiet=True, limits=Limits())
    assert answer == "the warm process is gone"


def test_nothing_is_left_of_a_run(folder):
    with warm_up(limits=Limits()) as warm:
        run_cell(warm.folder, "print(5)", warm.address)
        pid, place = warm.pid, Path(warm.folder)
    assert not psutil.pid_exists(pid)
    assert not place.exists()
