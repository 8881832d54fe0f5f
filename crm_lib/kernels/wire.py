"""Messages between the warm parent and those who ask it for kernels: one JSON object a line."""

from __future__ import annotations

import json
import socket
from typing import Any


class Line:
    """Our end of a Unix socket; it keeps what has arrived of the next message."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._read = b""

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self.sock.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; raise `OSError` when nobody is there."""
        self.sock.sendall(json.dumps(message).encode("ascii") + b"\n")

    def receive(self, seconds: float | None) -> dict[str, Any] | None:
        """Return the next message, or None when none came within `seconds`.

        Raises
        ------
        EOFError
            The other end is gone.
        """
        self.sock.settimeout(seconds)
        while b"\n" not in self._read:
            try:
                more = self.sock.recv(1 << 16)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError as fault:
                raise EOFError from fault
            finally:
                self.sock.settimeout(None)
            if not more:
                raise EOFError
            self._read += more
        first, self._read = self._read.split(b"\n", 1)
        return json.loads(first)

    def close(self) -> None:
        """Hang up."""
        self.sock.close()
