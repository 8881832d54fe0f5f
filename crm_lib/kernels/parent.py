"""The warm parent: a process with all the heavy imports done, which forks one kernel per request.

It is started by `crm_lib.kernels.warm` and ends with the command that started
it.  It never uses what it imports: a thread of a library does not survive a
fork, and its locks may be held for ever.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import os
import pkgutil
import selectors
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crm_lib.kernels.child import become_kernel, leave
from crm_lib.kernels.limits import THREAD_VARIABLES
from crm_lib.kernels.wire import Line

# What a kernel imports before its first cell.
KERNEL_MODULES = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "zmq.utils.garbage",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect", "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
)  # fmt: skip
# What the notebooks import, themselves or through the library.  Not Polars: its import starts threads.
# Not matplotlib_inline and not zhplot: their imports change settings, and must do so in the kernel.
MODULES = (
    "numpy", "pyarrow", "pyarrow.csv", "pyarrow.pandas_compat", "pandas",
    "pandas.core.methods.to_dict", "pandas.io.formats.csvs", "pandas.io.formats.html",
    "pandas.io.formats.string", "matplotlib.pyplot", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg", "scipy.stats", "scipy.optimize", "seaborn", "sklearn.cluster",
    "sklearn.decomposition", "sklearn.ensemble", "sklearn.linear_model", "sklearn.metrics",
    "sklearn.model_selection", "sklearn.preprocessing", "sklearn.pipeline", "sklearn.compose", "wordcloud",
    "duckdb", "narwhals", "narwhals._arrow.dataframe", "narwhals._duckdb.dataframe",
    "narwhals._pandas_like.dataframe", "openpyxl", "xlsxwriter", "docx", "python_calamine",
)  # fmt: skip
_ROOMS = (
    "schema", "readwrite", "engine", "stats", "text", "sample", "identify", "differentiate", "interact",
    "customize", "analyze", "portray", "store", "protect", "plots", "lesson",
)  # fmt: skip
# Variables that act when an interpreter or a library starts; a kernel that wants others needs a fresh one.
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "MPL", "ARROW_", *THREAD_VARIABLES)
# For processes that fork: jemalloc, inside pyarrow, starts no thread, and the debugger says nothing.
PARENT_ENV = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
INLINE = "module://matplotlib_inline.backend_inline"


def import_all(names: Iterable[str]) -> None:
    """Import what notebooks use, as a kernel would; what is not installed is left out."""
    # pandas asks at its import whether it stands in a notebook, and how text is shown there
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None, config={})  # type: ignore[attr-defined]
    try:
        with open(os.devnull, "w", encoding="UTF-8") as nowhere, redirect_stdout(nowhere):
            for name in names:
                with suppress(ImportError):
                    importlib.import_module(name)
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _list_rooms() -> list[str]:
    names = []
    for room in _ROOMS:
        with suppress(ImportError):
            package = importlib.import_module(f"crm_lib.{room}")
            paths = getattr(package, "__path__", ())
            names += [f"crm_lib.{room}.{m.name}" for m in pkgutil.iter_modules(paths) if m.name != "__main__"]
    return names


def count_threads() -> int:
    """Return the number of threads of this process, those of libraries included where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def why_not(env: Mapping[str, str], own: Mapping[str, str]) -> str:
    """Return why no kernel can be forked for `env`, or an empty text."""
    if (n := count_threads()) > 1:
        return f"the warm process runs {n} threads, and a fork would lose all but one"
    for name in sorted({*env, *own}):
        if name.startswith(_AT_START) and env.get(name) != own.get(name):
            return f"{name} differs from that of the warm process, and acts only at its start"
    return ""


class WarmParent:
    """Listens for requests, forks kernels, tells who asked how they ended."""

    def __init__(self, listener: socket.socket, life: int, folder: Path, env: Mapping[str, str]) -> None:
        self._listener, self._life, self._folder, self._env = listener, life, folder, env
        self._filters: list[Any] = []
        self._added: dict[str, str] = {}  # variables that libraries set at their import
        self._lines: dict[int, Line] = {}  # process id of a kernel → who asked for it
        self._selector = selectors.DefaultSelector()
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)

    def prepare(self) -> None:
        """Import everything, and keep it out of the collector's way: what it touches, a fork copies."""
        gc.disable()
        before = dict(os.environ)
        import_all(KERNEL_MODULES)
        self._filters = list(warnings.filters)
        import_all((*MODULES, *_list_rooms()))
        self._added = {k: v for k, v in os.environ.items() if k not in before}
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Serve until the command is gone."""
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watch(self._listener, self._accept)
        self._watch(self._wake[0], self._reap)
        self._watch(self._life, self._end_alone)
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _watch(self, source: Any, call: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, call)

    def _accept(self) -> None:
        line = Line(self._listener.accept()[0])
        try:
            request = line.receive(5)
        except (EOFError, ValueError):
            request = None
        if request is None:
            line.close()
            return
        why = why_not(request["env"], self._env)
        if why:
            self._tell(line, {"refused": why})
            line.close()
            return
        self._fork(line, request)

    def _fork(self, line: Line, request: Mapping[str, Any]) -> None:
        own = os.getpid()
        pid = os.fork()
        if pid == 0:
            env = self._added | request["env"]
            self._be_child(line, {**request, "env": env, "parent": own})
        self._lines[pid] = line
        # the only thing that can come over the line now is its end: nobody wants this kernel any more
        self._watch(line, lambda: self._drop(pid))
        self._tell(line, {"pid": pid})

    def _be_child(self, line: Line, request: Mapping[str, Any]) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            self._selector.close()
            for end in (*self._wake, self._life):
                os.close(end)
            self._listener.close()
            for other in self._lines.values():
                other.close()
            become_kernel(request, self._filters, lambda: (line.send({"ready": True}), line.close()))
            code = 0
        except SystemExit as asked:
            code = asked.code if isinstance(asked.code, int) else 0 if asked.code is None else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            leave(code)

    @staticmethod
    def _tell(line: Line, message: dict[str, Any]) -> None:
        with suppress(OSError):
            line.send(message)

    def _drop(self, pid: int) -> None:
        """Kill a kernel whose client is gone; its end is seen like any other."""
        self._selector.unregister(self._lines[pid])
        _kill_group(pid)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake[0], 4096)
        with suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                # before the number of the process is free for another: what it started ends with it
                _kill_group(found.si_pid)
                _, status = os.waitpid(found.si_pid, 0)
                self._report_end(found.si_pid, os.waitstatus_to_exitcode(status))

    def _report_end(self, pid: int, code: int) -> None:
        line = self._lines.pop(pid, None)
        if line is None:
            return
        with suppress(KeyError):
            self._selector.unregister(line)
        self._tell(line, {"exit": code})
        line.close()

    def _end_alone(self) -> None:
        """End when the command is gone, and clear up in its stead."""
        self._kill_kernels()
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)

    def end(self, *_: Any) -> None:
        """End with all kernels."""
        self._kill_kernels()
        os._exit(0)

    def _kill_kernels(self) -> None:
        for pid in self._lines:
            _kill_group(pid)
        for pid in self._lines:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # a child just forked does not lead its group yet
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def main() -> None:
    """Run a warm parent: descriptor of its listening socket, descriptor of its life line, folder of the run."""
    listener, life, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    # Ctrl-C reaches every process of the terminal; the command decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    env = {k: v for k, v in os.environ.items() if k not in PARENT_ENV}
    os.environ.setdefault("MPLBACKEND", INLINE)
    parent = WarmParent(socket.socket(fileno=listener), life, folder, env)
    signal.signal(signal.SIGTERM, parent.end)
    parent.prepare()
    parent.serve()
