"""How many reports this machine can make at once."""

from __future__ import annotations

import math
import os
from pathlib import Path

# A worker with the imports of a report and its kernel with the data of a lesson, in MiB.
_EACH_MIB = 700
_GROUP = Path("/sys/fs/cgroup")


def count_workers(*, group: Path = _GROUP, memory: Path = Path("/proc/meminfo")) -> int:
    """Return how many workers fit the cores and the memory this process may use, at least 1.

    Parameters
    ----------
    group, memory
        Where Linux tells the limits of a container and the memory that is free.

    Notes
    -----
    In a container the cores of the machine say nothing: what counts are the
    cores this process may run on and the share of them its group is granted.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _read_words(group / "cpu.max")
    if len(share) == 2 and all(word.isdigit() for word in share):
        cores = min(cores, math.ceil(int(share[0]) / int(share[1])))
    free = min(_free_of_machine(memory), _free_of_group(group))
    return max(1, min(cores, int(free // _EACH_MIB)) if math.isfinite(free) else cores)


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except OSError:
        return []


def _free_of_machine(path: Path) -> float:
    words = _read_words(path)
    return int(words[words.index("MemAvailable:") + 1]) / 2**10 if "MemAvailable:" in words else math.inf


def _free_of_group(group: Path) -> float:
    limit, used = _read_words(group / "memory.max"), _read_words(group / "memory.current")
    if limit and used and limit[0].isdigit():
        return (int(limit[0]) - int(used[0])) / 2**20
    return math.inf
