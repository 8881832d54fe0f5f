"""A forked kernel as its client sees it: like `subprocess.Popen`, though it is the warm parent's child."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress

from crm_lib.kernels.wire import Line


class ForkedProcess:
    """The process of a forked kernel.

    The system tells only a parent how its child ended; so the warm parent
    tells over `line`.  When the line breaks, the warm parent is gone: the
    kernel, which nobody watches any more, is killed.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, line: Line) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the kernel ends."""
        return self._line.fileno()

    def await_ready(self, seconds: float) -> None:
        """Wait until the kernel's sockets are there, or it has ended."""
        self._hear(seconds)

    def poll(self) -> int | None:
        """Return how the kernel ended (-9: by signal 9), or None while it lives."""
        if self.returncode is None:
            self._hear(0)
        return self.returncode

    def _hear(self, seconds: float) -> None:
        try:
            message = self._line.receive(seconds)
        except (EOFError, ValueError):
            self._end(-signal.SIGKILL)
            return
        if message and "exit" in message:
            self._end(message["exit"])

    def _end(self, code: int) -> None:
        if code == -signal.SIGKILL:
            self._kill_group()
        self.returncode = code
        self._line.close()

    def _kill_group(self) -> None:
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended; raise `subprocess.TimeoutExpired` after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout or 0)
            self._hear(left)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, unless it has ended: its number may be another's by now."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)
