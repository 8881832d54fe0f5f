"""Start the warm parent of a run, and ask it for kernels."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from crm_lib.kernels.limits import Limits
from crm_lib.kernels.parent import PARENT_ENV
from crm_lib.kernels.processes import ForkedProcess
from crm_lib.kernels.wire import Line

# A Unix socket's address may have 107 bytes (103 on macOS); a kernel's folder and socket add about 30.
LONGEST_FOLDER = 60
_START_SECONDS = 120.0
# Without the current folder on the path: a file random.py in it must not become the standard library's.
_COMMAND = "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from crm_lib.kernels.parent import main; main()"


def fork_available() -> bool:
    """Return whether kernels are forked from a warm parent on this machine.

    Notes
    -----
    On Linux yes; on other Unix systems, whose own libraries do not bear a
    fork, only with ``CRM_FORK=1``; with ``CRM_FORK=0`` never.
    """
    wish = os.environ.get("CRM_FORK", "").strip()
    if wish == "0" or not hasattr(os, "fork") or not hasattr(os, "waitid"):
        return False
    return sys.platform == "linux" or wish == "1"


def make_folder() -> Path:
    """Return a new private folder for sockets, whose path is short enough for their addresses.

    Where ``TMPDIR`` is too long, or another system's characters make it so, it
    stands in ``/tmp``.
    """
    here = tempfile.gettempdir()
    too_long = len(os.fsencode(here)) > LONGEST_FOLDER and os.name != "nt"
    return Path(tempfile.mkdtemp(prefix="crm-", dir="/tmp" if too_long else here))


class Warm:
    """The warm parent of a run, as the command that started it sees it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self._limits = folder, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._life = -1
        self._started = 0

    @property
    def address(self) -> str:
        """Where it listens; empty when there is none."""
        alive = self._process is not None and self._process.poll() is None
        return str(self._socket()) if alive else ""

    @property
    def pid(self) -> int:
        """Its process id; 0 when there is none."""
        return self._process.pid if self._process else 0

    def _socket(self) -> Path:
        return self.folder / f"warm-{self._started}"

    def start(self) -> None:
        """Start it; requests may be sent at once and are answered when the imports are done."""
        self._started += 1
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._socket()))
            listener.listen(128)
            ours, theirs = os.pipe()[::-1]
            ends = (listener.fileno(), theirs)
            command = [sys.executable, "-c", _COMMAND, *map(str, ends), str(self.folder)]
            said = None if os.environ.get("CRM_DEBUG") else subprocess.DEVNULL
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stderr=said,
                    pass_fds=ends,
                    env=self._limits.dress(os.environ) | PARENT_ENV,
                )
            finally:
                os.close(theirs)
            self._life = ours

    def revive(self, *, most: int = 3) -> str:
        """Start it again when something killed it (at most `most` times in all); return its address."""
        if self._process is not None and self._process.poll() is not None and self._started < most:
            self.stop()
            self.start()
        return self.address

    def stop(self) -> None:
        """End it, and with it every kernel it has forked."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1


@contextmanager
def warm_up(folder: Path | None = None, *, limits: Limits | None = None) -> Iterator[Warm]:
    """Keep a warm parent for the time of a run.

    Parameters
    ----------
    folder
        Private folder for its socket; by default one is made, and taken away at the end.
    limits
        The limits of the kernels; those of the environment by default.

    Yields
    ------
    Warm
        Its `address` is what a worker needs to get kernels; it is empty where
        there is no forking.
    """
    own = folder is None
    place = make_folder() if folder is None else folder
    warm = Warm(place, limits or Limits.from_environment())
    try:
        if fork_available():
            with suppress(OSError):  # no room for a socket or a process: kernels start the ordinary way
                warm.start()
        yield warm
    finally:
        warm.stop()
        if own:
            shutil.rmtree(place, ignore_errors=True)


def ask_for_kernel(
    address: str, argv: Sequence[str], *, env: Mapping[str, str], cwd: str, quiet: bool, limits: Limits
) -> ForkedProcess | str:
    """Ask the warm parent at `address` for a kernel.

    Returns
    -------
    ForkedProcess or str
        The kernel's process once its sockets are there, or why there is none.
    """
    line = Line(socket.socket(socket.AF_UNIX))
    request = {
        "argv": list(argv),
        "env": dict(env),
        "cwd": cwd,
        "quiet": quiet,
        "memory_mb": limits.memory_mb,
    }
    try:
        line.sock.connect(address)
        line.send(request)
        answer: dict[str, Any] = line.receive(_START_SECONDS) or {"refused": "it did not answer"}
        if "pid" not in answer:
            line.close()
            return str(answer["refused"])
        process = ForkedProcess(answer["pid"], line)
        process.await_ready(_START_SECONDS)
    except (OSError, EOFError):
        line.close()
        return "the warm process is gone"
    return process
