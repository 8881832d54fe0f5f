"""Look after the processes of one student from outside: what they use together, and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Process:
    """One line of the table of processes."""

    pid: int
    parent: int
    seconds: float
    tasks: int
    resident: int


def list_processes(proc: Path = Path("/proc")) -> dict[int, Process]:
    """Return all processes that can be seen, by number."""
    found = {}
    for name in os.listdir(proc):
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                found[int(name)] = _read_process(int(name), (proc / name / "stat").read_bytes())
    return found


def _read_process(pid: int, line: bytes) -> Process:
    words = line[line.rindex(b")") + 2 :].split()
    # user, system, and of children that have ended: user, system
    ticks = sum(int(words[i]) for i in (11, 12, 13, 14))
    return Process(pid, int(words[1]), ticks / _TICK, int(words[17]), int(words[21]) * _PAGE)


def pick_tree(root: int, table: Mapping[int, Process]) -> list[Process]:
    """Return the processes below `root`, the nearest first; not `root` itself."""
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    tree: list[Process] = []
    level = [root]
    while level:
        below = [p for pid in level for p in children.get(pid, ())]
        tree += below
        level = [p.pid for p in below]
    return tree


def measure_memory(tree: Iterable[Process]) -> int:
    """Return the bytes that the processes use together; what several share counts once."""
    return sum(_measure_share(p) for p in tree)


def _measure_share(process: Process) -> int:
    """Return the process's share of memory; all that is resident where it has hidden its share."""
    try:
        return _read_sizes(str(process.pid))["Pss"]
    except PermissionError:
        return process.resident
    except OSError:  # it has ended meanwhile
        return 0


def _read_sizes(pid: str) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    return {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}


def measure_lent() -> int:
    """Return the bytes of this process that count in part for its forks, which did not ask for them."""
    sizes = _read_sizes("self")
    return sizes["Rss"] - sizes["Pss"]


class Watched:
    """The processes of one student."""

    def __init__(self, number: int, pid: int, limits: Mapping[str, Any], *, sandboxed: bool) -> None:
        self.number, self.pid, self.reason = number, pid, ""
        self._limits, self._sandboxed = limits, sandboxed
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds on the clock since it was started."""
        return time.monotonic() - self._started

    def look(self, table: Mapping[int, Process]) -> str:
        """Return the name of the limit that is passed, or an empty text."""
        if self.seconds > self._limits["wall_seconds"]:
            return "wall_seconds"
        tree = pick_tree(self.pid, table)
        if not self._sandboxed and self.pid in table:
            tree.append(table[self.pid])
        if sum(p.seconds for p in tree) > self._limits["cpu_seconds"]:
            return "cpu_seconds"
        if sum(p.tasks for p in tree) > self._limits["processes"] + 1:
            return "processes"
        most = self._limits["memory_mb"] * _MEBIBYTE
        # the exact measure costs milliseconds, so it is taken only when the rough one is over
        if sum(p.resident for p in tree) > most:
            # What is lent comes first: a process that ends in between gives it back,
            # and its own measure, taken before, would still hold it.
            lent = measure_lent()
            if measure_memory(tree) > most + lent:
                return "memory_mb"
        return ""

    def kill(self, reason: str) -> None:
        """End all of them.  The first of their world takes every other with it."""
        self.reason = self.reason or reason
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGSTOP)  # it must not fork between the look and the blow
        for process in pick_tree(self.pid, list_processes()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)
