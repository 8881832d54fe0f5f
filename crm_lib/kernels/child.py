"""What a process becomes between the fork and its kernel: as much like a fresh interpreter as can be."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from crm_lib.kernels.limits import Limits

_PR_SET_PDEATHSIG = 1


def become_kernel(
    request: Mapping[str, Any], plain_filters: Sequence[Any], say_ready: Callable[[], None]
) -> None:
    """Run the kernel that `request` asks for, until it is shut down (in the forked process).

    Parameters
    ----------
    request
        ``argv`` of the kernel program, ``env``, ``cwd``, ``quiet``, ``memory_mb``,
        and ``parent``, the process id of the warm parent.
    plain_filters
        The filters of warnings as they were before the imports of the notebooks.
    say_ready
        Called when the kernel's sockets are there.
    """
    _die_with(request["parent"])
    _settle_process(request["cwd"], request["env"], quiet=request["quiet"])
    Limits(memory_mb=request["memory_mb"]).hold()
    _reseed()
    sys.argv = [_launcher_file(), *request["argv"]]
    from ipykernel.kernelapp import IPKernelApp

    warm_filters = list(warnings.filters)
    # The class read its default from the environment of the warm parent.
    app = IPKernelApp.instance(parent_handle=request["parent"])
    app.initialize(list(request["argv"]))
    # It waits for a thread that, at times, waits for a thread it has ended; the process ends without it.
    atexit.unregister(app.close)
    _order_filters(plain_filters, warm_filters)
    say_ready()
    app.start()


def _settle_process(cwd: str, env: Mapping[str, str], *, quiet: bool) -> None:
    os.setsid()
    for number in signal.valid_signals():
        with suppress(OSError, ValueError):  # SIGKILL and SIGSTOP are nobody's to set
            if number not in {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT}:
                signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(cwd)
    if quiet:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
    gc.enable()


def _die_with(parent: int) -> None:
    """Let the system kill this process when the warm parent is gone, however it went (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _reseed() -> None:
    """Give numpy's global generator a seed of its own; Python reseeds its own generator at a fork."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _launcher_file() -> str:
    from importlib.util import find_spec

    spec = find_spec("ipykernel_launcher")
    return spec.origin if spec and spec.origin else "ipykernel_launcher"


def _order_filters(plain: Sequence[Any], warm: Sequence[Any]) -> None:
    """Put what the libraries added before what the shell added, as where they are imported in a cell."""
    of_libraries = list(warm[: len(warm) - len(plain)])
    of_shell = [f for f in warnings.filters if f not in warm]
    warnings.filters[:] = [*of_libraries, *of_shell, *plain]  # type: ignore[index]
    # Python keeps a version of the list, by which it knows that its caches are stale.
    getattr(warnings, "_filters_mutated", getattr(warnings, "_filters_mutated_lock_held", lambda: None))()


def leave(code: int) -> None:
    """End this process after the exit functions, without taking apart all that was imported."""
    with suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.__stdout__, sys.__stderr__):
        with suppress(BaseException):
            stream.flush()
    os._exit(code)
