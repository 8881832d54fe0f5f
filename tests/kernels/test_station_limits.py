"""Every limit of a student's process, one at a time: code that would notice if it were gone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from station_ground import NOTEBOOK, as_ordinary_user, lay_out_suite, open_folder

from crm_lib.kernels.answers_in import restore_answer
from crm_lib.kernels.limits_station import StationLimits
from crm_lib.kernels.station import Answer, Work, run_station
from crm_lib.kernels.station_watch import Process, Watched

pytestmark = pytest.mark.needs("bubblewrap")
SMALL = StationLimits(
    wall_seconds=15, cpu_seconds=10, memory_mb=400, processes=12, file_mb=4, open_files=40, output_kb=8,
    answer_kb=64, tmp_mb=12,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def suite() -> Iterator[Path]:
    with open_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_HOME", str(lay_out_suite(folder)))
        patch.setenv("STUDENTS_MUST_NOT_SEE", "a password")
        yield folder


def run(*codes: str, limits: StationLimits = SMALL) -> list[Answer]:
    works = [Work(n, {"demo-1": [code]}) for n, code in enumerate(codes)]
    answers = run_station(NOTEBOOK, submissions=works, limits=limits)
    return sorted((a for a in answers if a.grade_id == "demo-1"), key=lambda a: a.number)


def value(code: str, limits: StationLimits = SMALL) -> Any:
    (answer,) = run(code, limits=limits)
    assert answer.form is not None, answer.error
    return restore_answer(answer.form)


def change(**limits: Any) -> StationLimits:
    return StationLimits(**{**SMALL.as_dict(), **limits})


def test_time_on_the_clock_is_limited() -> None:
    (answer,) = run("import time\ntime.sleep(6)\nanswer_1 = 1", limits=change(wall_seconds=1))
    assert (answer.form, answer.error) == (None, "time limit of 1 s")


def test_computing_time_is_limited() -> None:
    (answer,) = run("while True: pass", limits=change(cpu_seconds=1))
    assert answer.error == "computing time limit of 1 s"


def test_computing_time_counts_all_processes() -> None:
    # four of them, none of which reaches the limit itself
    code = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        while time.process_time() < 1.4: pass
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
answer_1 = 1"""
    (answer,) = run(code, limits=change(cpu_seconds=3))
    assert answer.error == "computing time limit of 3 s"


def test_memory_counts_all_processes() -> None:
    code = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        held = bytearray(b"1") * 150_000_000
        time.sleep(4)
        os._exit(0)
time.sleep(3)
answer_1 = 1"""
    (answer,) = run(code)
    assert answer.error == "memory limit of 400 MB"


def test_what_the_official_cells_hold_is_not_held_against_a_student(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_folder() as folder:
        monkeypatch.setenv("CRM_HOME", str(lay_out_suite(folder, "big = bytearray(b'1') * 900_000_000")))
        code = "import time\nown = bytearray(b'1') * 250_000_000\ntime.sleep(1)\nanswer_1 = len(big)"
        assert value(code) == 900_000_000


def test_memory_that_hides_its_share_counts_in_full() -> None:
    # PR_SET_DUMPABLE 0: the watch may then not read what the process shares with others
    code = """
import ctypes, os, time
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
for _ in range(5):
    if os.fork() == 0:
        held = bytearray(b"1") * 150_000_000
        time.sleep(4)
        os._exit(0)
time.sleep(3)
answer_1 = 1"""
    (answer,) = run(code)
    assert answer.error == "memory limit of 400 MB"


def test_the_system_itself_holds_each_limit() -> None:
    names = ("CPU", "NPROC", "FSIZE", "NOFILE", "CORE", "MSGQUEUE", "MEMLOCK")
    code = f"import resource\nanswer_1 = [resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[1] for n in {names}]"
    assert value(code) == [10 + 1, 12 + 2, 4 * 2**20, 40, 0, 0, 0]


def test_one_process_cannot_take_more_memory_than_all_may() -> None:
    code = "try: held = bytearray(b'1') * 900_000_000\nexcept MemoryError: answer_1 = 'refused'"
    assert value(code) == "refused"


def test_processes_are_limited() -> None:
    code = """
import os, time
answer_1 = 0
try:
    for _ in range(40):
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
        answer_1 += 1
except BlockingIOError: pass"""
    # itself is one of the twelve
    assert value(code, change(memory_mb=2000)) in {11, 12}


def test_a_file_has_a_largest_size() -> None:
    code = """
try: Path("/tmp/big").write_bytes(bytes(5_000_000))
except OSError as fault: answer_1 = fault.errno"""
    assert value(code) == 27


def test_files_together_have_a_largest_size() -> None:
    code = """
answer_1 = 0
try:
    for n in range(6):
        Path(f"/tmp/{n}").write_bytes(bytes(4_000_000))
        answer_1 += 1
except OSError as fault: assert fault.errno == 28"""
    assert value(code) == 3


def test_shared_memory_has_the_same_room() -> None:
    code = """
try:
    for n in range(6): Path(f"/dev/shm/{n}").write_bytes(bytes(4_000_000))
except OSError as fault: answer_1 = (n, fault.errno)"""
    assert value(code) == [3, 28]


def test_open_files_are_limited() -> None:
    code = """
held = []
try:
    while len(held) < 90: held.append(open("/dev/null"))
except OSError as fault: answer_1 = fault.errno"""
    assert value(code) == 24


def test_output_is_limited_and_the_first_part_kept() -> None:
    (answer,) = run("while True: print('x' * 99)")
    assert answer.error == "too much output (more than 8 kB)"
    assert answer.output.startswith("x" * 99)
    assert 8 * 1024 - 100 <= len(answer.output) <= 8 * 1024


def test_an_answer_has_a_largest_size() -> None:
    (answer,) = run("answer_1 = list(range(50_000))")
    assert (answer.form, answer.error) == (None, "the answer is too big (more than 64 kB)")


def test_the_environment_is_cleared() -> None:
    from crm_lib.kernels.isolate import ENVIRONMENT

    assert value("import os\nanswer_1 = sorted(os.environ)") == sorted(ENVIRONMENT)


def test_no_descriptor_of_the_station_is_left() -> None:
    # all but its own pipe lead to /dev/null, so there is one kind of file and one pipe
    code = """
import os, stat
answer_1 = 0
for fd in range(256):
    try: kind = os.fstat(fd)
    except OSError: continue
    answer_1 += not (stat.S_ISCHR(kind.st_mode) and kind.st_rdev == os.makedev(1, 3))"""
    assert value(code) == 1


def test_nothing_of_proc_is_seen() -> None:
    assert value("import os\nanswer_1 = os.listdir('/proc')") == []


def test_the_process_is_the_first_of_its_world_and_signals_reach_nobody_else() -> None:
    code = """
import os, signal
reached = []
for pid in [*range(2, 60), 0, -1]:
    try: os.kill(pid, 0); reached.append(pid)
    except ProcessLookupError: pass
answer_1 = [os.getpid(), os.getppid(), reached]"""
    assert value(code) == [1, 0, [0]]


def test_a_signal_to_its_group_reaches_nobody_else() -> None:
    # the pause: were the one who waits killed, its end would be seen before the answer is there
    code = "import os, signal, time\nos.kill(0, signal.SIGKILL)\ntime.sleep(1.5)\nanswer_1 = 1"
    assert value(code) == 1


def test_a_fork_that_comes_back_from_the_code_hands_nothing_out() -> None:
    assert value("import os\nanswer_1 = 1\nif os.fork(): os.wait()") == 1


def test_the_watch_counts_processes_where_the_system_does_not() -> None:
    table = {1: Process(1, 0, 0.0, 1, 0), **{n: Process(n, 1, 0.0, 2, 0) for n in range(2, 8)}}
    watched = Watched(0, 1, SMALL.as_dict(), sandboxed=True)
    assert watched.look(table) == ""
    assert watched.look({**table, 8: Process(8, 7, 0.0, 2, 0)}) == "processes"


def test_there_are_no_rights() -> None:
    code = """
import ctypes, os
head, rights = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capget(head, rights) == 0
answer_1 = [*rights, os.getuid(), os.geteuid(), os.getgid()]"""
    assert value(code) == [0] * 6 + [65534] * 3


def test_memory_that_no_sum_sees_cannot_be_had() -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
answer_1 = []
for name, *arguments in [("memfd_create", b"x", 0), ("shmget", 1, 4096, 0o1666), ("unshare", 0x10000000),
                         ("mount", b"x", b"/tmp", b"tmpfs", 0, None), ("ptrace", 0, 0, 0, 0)]:
    answer_1.append((name, getattr(libc, name)(*arguments), ctypes.get_errno()))
    ctypes.set_errno(0)"""
    names = ("memfd_create", "shmget", "unshare", "mount", "ptrace")
    assert value(code) == [[name, -1, 1] for name in names]


def test_students_at_work_at_the_same_time_share_no_folder_and_no_address() -> None:
    # each leaves traces, waits until the other is at work as well, and looks for the other's
    code = """
import os, socket, time
me, other = "{me}", "{other}"
Path("/tmp/" + me).write_text("x"); Path("/dev/shm/" + me).write_text("x")
server = socket.socket(socket.AF_UNIX); server.bind("\\0" + me); server.listen()
lan = socket.socket(); answer_1 = []
time.sleep(1.5)
for folder in ("/tmp/", "/dev/shm/"):
    answer_1.append(Path(folder + other).exists())
try: socket.socket(socket.AF_UNIX).connect("\\0" + other); answer_1.append(True)
except OSError: answer_1.append(False)"""
    found = run(code.format(me="anna", other="bert"), code.format(me="bert", other="anna"))
    assert [a.form and restore_answer(a.form) for a in found] == [[False] * 3] * 2


def test_no_later_student_finds_an_earlier_ones_work_in_memory() -> None:
    mark = "earlier" + "_work_of_somebody"
    look = f"""
import gc
mark = bytes(reversed({mark[::-1].encode()!r}))
found = []
for thing in gc.get_objects():
    parts = thing.values() if type(thing) is dict else thing if type(thing) in (list, tuple) else ()
    found += [1 for p in list(parts) if isinstance(p, (str, bytes, bytearray)) and len(p) < 999
              and p is not mark and mark in (p.encode("utf-8", "replace") if isinstance(p, str) else p)]
answer_1 = len(found)"""
    works = [Work(0, {"demo-1": [f"answer_1 = '{mark}'"]}), Work(1, {"demo-1": [look]})]
    answers = [a for a in run_station(NOTEBOOK, submissions=works, jobs=1) if a.grade_id == "demo-1"]
    assert [restore_answer(a.form or {}) for a in answers] == [mark, 0]


def test_nothing_survives_an_answer() -> None:
    import psutil

    token = f"31.{os.getpid()}"
    code = f"""
import subprocess, threading, time
for _ in range(2): subprocess.Popen(["setsid", "sleep", "{token}"])
threading.Thread(target=time.sleep, args=(60,)).start()
answer_1 = 1"""
    works = [Work(n, {"demo-1": [code]}) for n in range(2)]
    seen = []
    for answer in run_station(NOTEBOOK, submissions=works, jobs=1, limits=SMALL):
        if answer.grade_id == "demo-1":
            # the station itself is still at work here
            seen.append([
                p.pid for p in psutil.process_iter(["cmdline"]) if token in (p.info["cmdline"] or ())
            ])
            assert restore_answer(answer.form or {}) == 1
    assert seen == [[], []]


def test_the_same_holds_for_an_ordinary_user() -> None:
    """Run this file's tests once more, as another user."""
    if os.environ.get("CRM_TEST_AS_USER"):
        pytest.skip("this is that run")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", __file__]
    root = Path(__file__).parents[2]
    env = {**os.environ, "CRM_TEST_AS_USER": "1", "HOME": "/tmp", "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/none"}
    done = subprocess.run(
        as_ordinary_user(command), cwd=root, env=env, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
