"""What shuts one student's process off from everything, between the fork and the student's code.

It runs inside the outer sandbox, in a fork of the station: namespaces of its
own (user, mounts, processes, network, messages), its own sized room for files,
nothing of /proc, no descriptor but its two, limits, no rights, a filter of
system calls.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from crm_lib.kernels.seccomp import hold_filter

_MEBIBYTE = 2**20
_NEW_MOUNTS, _NEW_NAMES, _NEW_MESSAGES = 0x00020000, 0x04000000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
_DIE_WITH_PARENT, _DROP_BOUND, _AMBIENT = 1, 24, 47
_CAPABILITIES_3 = 0x20080522
HOME = "/tmp/home"
ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": HOME,
    "IPYTHONDIR": HOME,
    "JOBLIB_MULTIPROCESSING": "0",
}


def enter_namespaces() -> None:
    """Give this process namespaces of its own; the next process it forks is the first of its world."""
    uid, gid = os.getuid(), os.getgid()
    kinds = _NEW_USERS | _NEW_MOUNTS | _NEW_PROCESSES | _NEW_MESSAGES | _NEW_NETWORK | _NEW_NAMES
    _call("unshare", kinds)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def enter_room(limits: Mapping[str, Any]) -> None:
    """Cover all that siblings could share with room of this process's own, and all of /proc."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    shown = [(path, os.open(path, os.O_PATH)) for path in list_mounts_below("/tmp")]
    size = f"size={limits['tmp_mb']}m,nr_inodes=8192,mode=1777"
    _mount("tmpfs", "/tmp", "tmpfs", _NO_SETUID | _NO_DEVICES, size)
    for path, fd in shown:
        _show_again(path, fd)
    for folder in (HOME, "/tmp/shm"):
        os.makedirs(folder, exist_ok=True)
    if os.path.isdir("/dev/shm"):
        _mount("/tmp/shm", "/dev/shm", None, _BIND)
    _mount("tmpfs", "/proc", "tmpfs", _READ_ONLY, "size=4k,nr_inodes=2,mode=0555")
    os.chdir(HOME)


def list_mounts_below(folder: str) -> list[str]:
    """Return where something is mounted below `folder`: an environment may lie there; those within another left out."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        told = [line.split(" ")[4] for line in file]
    places = [re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), place) for place in told]
    found: list[str] = []
    for place in sorted({p for p in places if p.startswith(f"{folder}/")}):
        if not any(place.startswith(f"{above}/") for above in found):
            found.append(place)
    return found


def _show_again(path: str, fd: int) -> None:
    """Show at `path` what stood there before it was covered; it can be read, as it could be before."""
    inside = f"/proc/self/fd/{fd}"
    if os.path.isdir(inside):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    _mount(inside, path, None, _BIND | _RECURSIVE)
    os.close(fd)


def set_limits(limits: Mapping[str, Any], *, own_bytes: int, own_tasks: int) -> None:
    """Set the limits that the system holds for each process.

    Parameters
    ----------
    limits
        `StationLimits` as a dict.
    own_bytes
        Address space of the station, which the process has inherited.
    own_tasks
        Processes of this world that are not the student's.
    """
    for name, value in (
        ("AS", own_bytes + limits["memory_mb"] * _MEBIBYTE),
        ("CPU", limits["cpu_seconds"] + 1),  # after the watch, which can say why
        ("NPROC", limits["processes"] + own_tasks),
        ("FSIZE", limits["file_mb"] * _MEBIBYTE),
        ("NOFILE", limits["open_files"]),
        ("CORE", 0),
        ("MSGQUEUE", 0),
        ("MEMLOCK", 0),
    ):
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        most = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        resource.setrlimit(number, (most, most))


def read_own_bytes() -> int:
    """Return the address space of this process, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def list_descriptors() -> list[int]:
    """Return the open descriptors of this process (where /proc is still that of its world)."""
    return [int(name) for name in os.listdir("/proc/self/fd")]


def keep_descriptors(open_ones: Sequence[int], *kept: int) -> list[int]:
    """Move `kept` out of the way and let every other descriptor lead nowhere; return where they are.

    Notes
    -----
    They are not closed: at the next fork, libraries (Arrow) close those that
    they opened, and abort the process when that fails.
    """
    moved = [_lift(fd, max(open_ones) + 1) for fd in kept]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in {0, 1, 2, *open_ones}:
        with suppress(OSError):  # the one that listed them is closed already
            os.fstat(fd)
            os.dup2(nowhere, fd, inheritable=fd < 3)
    os.close(nowhere)
    return moved


def _lift(fd: int, least: int) -> int:
    """Return a duplicate of `fd` with a number of at least `least`."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)


def drop_rights() -> None:
    """Give up every capability that the namespace of one's own has brought, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(64):
        libc.prctl(_DROP_BOUND, number, 0, 0, 0)
    libc.prctl(_AMBIENT, 4, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _check(libc.capset(head, (ctypes.c_uint32 * 6)()), "capset")
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def clear_environment() -> None:
    """Leave nothing of the station's environment."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)


def take_blame() -> None:
    """Let the system, when memory runs out, kill this process and not the station."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def reset_signals() -> None:
    """Set every signal to what a fresh interpreter has."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def isolate(limits: Mapping[str, Any], *, own_bytes: int) -> None:
    """Shut off this process, the first of its world: `enter_namespaces` came before the fork of it."""
    reset_signals()
    enter_room(limits)
    clear_environment()
    set_limits(limits, own_bytes=own_bytes, own_tasks=2)
    drop_rights()
    hold_filter()


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [None if w is None else w.encode() for w in (source, target, kind)]
    _call("mount", *words, ctypes.c_ulong(flags), None if options is None else options.encode())


def _call(name: str, *arguments: Any) -> None:
    _check(getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments), name)


def _check(result: int, name: str) -> None:
    if result:
        fault = ctypes.get_errno()
        raise OSError(fault, f"{name}: {os.strerror(fault)}")
