"""The station: runs the official cells once and forks a process per student where an answer is due.

It lives inside the outer sandbox.  What students wrote and what they answered
goes past it: it hands descriptors from the grader to the forks, so that no
later fork finds another student's work in the memory it inherits.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

from crm_lib.kernels import isolate, seccomp
from crm_lib.kernels.station_child import Errand, TooMuchOutput, be_child
from crm_lib.kernels.station_watch import Watched, list_processes

_LOOK_SECONDS = 0.1
_MESSAGE = 1 << 16
KILLED = frozenset({-signal.SIGKILL, 128 + signal.SIGKILL})


class Station:
    """The official state of one notebook, and the students' processes of the answer that is due."""

    def __init__(self, control: socket.socket, task: dict[str, Any]) -> None:
        self._control, self._task = control, task
        self._limits, self._sandboxed = task["limits"], task["sandboxed"]
        self._watched: dict[int, Watched] = {}
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        self._shell = make_shell()
        self._looked = 0.0

    def run(self) -> None:
        """Run the notebook to its last answer."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        with contextlib.redirect_stdout(None):
            for cell in self._task["cells"]:
                if cell["kind"] == "answer":
                    self._serve_answer(cell)
                else:
                    self._run_official(cell)

    def _run_official(self, cell: dict[str, Any]) -> None:
        sink = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed by the with below
        with sink, contextlib.redirect_stdout(sink):
            done = self._shell.run_cell(cell["source"], store_history=False)
        fault = done.error_before_exec or done.error_in_exec
        if fault is not None:
            self._fail(f"{type(fault).__name__}: {fault}")
        self._shell.user_ns.update(cell.get("then", {}))
        if "check" in self._shell.user_ns:
            self._shell.user_ns["check"] = judge_later

    def _fail(self, why: str) -> NoReturn:
        self._tell({"failed": why[:2000]})
        sys.exit(1)

    def _tell(self, message: dict[str, Any]) -> None:
        self._control.sendall(json.dumps(message).encode())

    def _serve_answer(self, cell: dict[str, Any]) -> None:
        gc.collect()
        gc.freeze()  # a collection in a fork would copy all that the official cells made
        self._tell({"at": cell["grade_id"]})
        while True:
            readable, *_ = select.select([self._control, self._wake[0]], [], [], _LOOK_SECONDS)
            if self._wake[0] in readable:
                os.read(self._wake[0], 4096)
            if self._control in readable and not self._obey(cell):
                return
            self._reap()
            self._look()

    def _obey(self, cell: dict[str, Any]) -> bool:
        """Do what the grader asks; return whether this answer goes on."""
        data, descriptors, *_ = socket.recv_fds(self._control, _MESSAGE, 2)
        if not data:
            os._exit(0)
        order = json.loads(data)
        if order["do"] == "run":
            self._fork(order["number"], cell["variable"], *descriptors)
        elif order["do"] == "kill" and order["number"] in self._watched:
            self._watched[order["number"]].kill(order["why"])
        return order["do"] != "next"

    def _fork(self, number: int, variable: str, code: int, result: int) -> None:
        errand = Errand(variable, code, result, self._limits, self._sandboxed, isolate.read_own_bytes())
        pid = os.fork()
        if pid == 0:
            be_child(errand, self._shell)
        os.close(code)
        os.close(result)
        self._watched[number] = Watched(number, pid, self._limits, sandboxed=self._sandboxed)

    def _reap(self) -> None:
        for number, watched in list(self._watched.items()):
            pid, status, used = os.wait4(watched.pid, os.WNOHANG)
            if pid:
                del self._watched[number]
                self._end(watched, os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)

    def _end(self, watched: Watched, code: int, used: float) -> None:
        if not self._sandboxed:
            watched.kill("")
        if code in KILLED and used > self._limits["cpu_seconds"]:
            watched.reason = watched.reason or "cpu_seconds"
        seconds = round(watched.seconds, 3)
        self._tell({"ended": watched.number, "code": code, "why": watched.reason, "seconds": seconds})

    def _look(self) -> None:
        now = time.monotonic()
        if not self._watched or now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        table = list_processes()
        for watched in self._watched.values():
            if watched.reason or (reason := watched.look(table)):
                watched.kill(watched.reason or reason)

    def try_isolation(self) -> None:
        """Shut one fork off as a student's would be; when that fails, no student's code is run."""
        code, result = os.pipe(), os.pipe()
        os.write(code[1], b"[[]]")
        os.close(code[1])
        errand = Errand(
            "no_answer", code[0], result[1], self._limits, self._sandboxed, isolate.read_own_bytes()
        )
        pid = os.fork()
        if pid == 0:
            be_child(errand, self._shell)
        os.close(result[1])
        with open(result[0], encoding="utf-8") as file:
            said = json.loads(file.read() or '{"error": "it ended"}')["error"]
        os.close(code[0])
        if os.waitpid(pid, 0)[1] or not said.startswith("NameError"):
            self._fail(said)


def make_shell() -> Any:
    """Return the IPython shell of the process, without history: that keeps a thread and a file."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.separate_in = ""
    config.InteractiveShell.xmode = "Plain"
    shell = InteractiveShell.instance(config=config)
    shell.displayhook.write_output_prompt = lambda: None
    show = shell.showtraceback

    def show_what_fits(*arguments: Any, **options: Any) -> None:
        with contextlib.suppress(TooMuchOutput):
            show(*arguments, **options)

    shell.showtraceback = show_what_fits
    shell.ask_exit = lambda: None  # what exit() calls; there is nobody to ask
    return shell


def judge_later(grade_id: str, answer: Any = None) -> None:
    """Stand in for `check`: the truth is not in this process."""


def main() -> None:
    """Run a station: the descriptor of the grader's socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    data, descriptors, *_ = socket.recv_fds(control, _MESSAGE, 1)
    with open(descriptors[0], encoding="utf-8") as file:
        task = json.load(file)
    station = Station(control, task)
    if task["sandboxed"] and (why := seccomp.why_no_filter()):
        station._fail(why)
    station.try_isolation()
    station.run()
