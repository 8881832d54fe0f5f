"""Start a station and talk to it: small JSON messages, and descriptors that go past it to its forks."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from crm_lib.kernels.limits import Limits
from crm_lib.kernels.parent import PARENT_ENV
from crm_lib.kernels.sandbox import list_environment, open_sandbox
from crm_lib.kernels.station_cells import SUITE

_COMMAND = "from crm_lib.kernels.station_inside import main; main()"
_MESSAGE = 1 << 16
_STATION_TMP_MB = 256


class StationDown(Exception):
    """The station is gone; `final` when another would fare no better."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class StationLine:
    """A station at work, and the line to it."""

    def __init__(self, task: Mapping[str, Any], shown: Mapping[str, str], folder: Path) -> None:
        self._task, self._shown, self._folder = task, shown, folder

    def __enter__(self) -> Self:
        """Start the station."""
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._said = tempfile.TemporaryFile()
        try:
            self._process = self._open(theirs.fileno())
        finally:
            theirs.close()
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(self._task).encode())
            file.seek(0)
            self.send({}, file.fileno())
        return self

    def _open(self, end: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-s", "-P", "-c", _COMMAND, str(end)]
        if self._task["sandboxed"]:
            shown = list_environment() | dict(self._shown)
            env = _make_env(SUITE, "/tmp")
            return open_sandbox(
                command, shown=shown, env=env, tmp_mb=_STATION_TMP_MB, pass_fds=[end], stderr=self._said
            )
        from crm_lib.kernels.station import make_unsafe_suite

        suite = make_unsafe_suite(self._shown, self._folder)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            pass_fds=[end],
            env=_make_env(str(suite), str(self._folder)),
            cwd=self._folder,
        )

    def __exit__(self, *_: object) -> None:
        """End the station with all its forks."""
        self._sock.close()
        self._process.kill()
        self._process.wait()
        self._said.close()

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._sock.fileno()

    def send(self, message: Mapping[str, Any], *descriptors: int) -> None:
        """Send a message, and descriptors with it.

        Raises
        ------
        StationDown
            Nobody is there.
        """
        try:
            socket.send_fds(self._sock, [json.dumps(message).encode()], descriptors)
        except OSError:
            raise StationDown(self._last_words()) from None

    def receive(self) -> dict[str, Any]:
        """Return the next message.

        Raises
        ------
        StationDown
            The station is gone, or its official cells failed.
        """
        try:
            data = self._sock.recv(_MESSAGE)
        except OSError:
            data = b""
        if not data:
            raise StationDown(self._last_words())
        message = json.loads(data)
        if "failed" in message:
            raise StationDown(f"the official cells failed: {message['failed']}", final=True)
        return message

    def await_answer(self, grade_id: str, seconds: float) -> None:
        """Wait until the official cells before `grade_id` have run."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self._sock], [], [], 1.0)[0] and self.receive().get("at") == grade_id:
                return
        raise StationDown(f"the official cells took more than {seconds:g} s", final=True)

    def _last_words(self) -> str:
        """Return why it ended: the last line it wrote, if any."""
        self._process.kill()
        code = self._process.wait()
        self._said.seek(max(0, os.fstat(self._said.fileno()).st_size - 4000))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return f"the station ended ({lines[-1][:300] if lines else f'code {code}'})"


def _make_env(suite: str, writable: str) -> dict[str, str]:
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": f"{writable}/station",
        "TMPDIR": writable,
        "LANG": "C.UTF-8",
        "PYTHONPATH": suite,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CRM_HOME": suite,
        "CRM_OUTPUT_DIR": f"{writable}/station/out",
        "MALLOC_ARENA_MAX": "2",  # each arena of a thread takes 64 MB of the address space
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{writable}/station",
        "JOBLIB_MULTIPROCESSING": "0",
        "IPYTHONDIR": f"{writable}/station",
    }
    return Limits().dress(env) | PARENT_ENV
