"""What surrounds an attempt: its time limit, and the command that is told of a failure."""

from __future__ import annotations

import _thread
import datetime as dt
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

# A command that only sends a message and takes longer than this hangs.
COMMAND_SECONDS = 60.0
_LONGEST_ERROR = 8000


class TimeUp(BaseException):
    """The time of a job is up.  Like KeyboardInterrupt it passes every ``except Exception``."""


@contextmanager
def limit_time(limit: dt.timedelta | None) -> Iterator[None]:
    """Raise `TimeUp` in the block when it takes longer than `limit`; without one let it run.

    Notes
    -----
    Where there are no alarm signals (Windows) the end comes as an interrupt of
    the main thread, which the system delivers between two steps of Python.
    """
    if limit is None:
        yield
    elif hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(limit.total_seconds()):
            yield
    else:
        with _interrupt(limit.total_seconds()):
            yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _interrupt(seconds: float) -> Iterator[None]:
    is_up = threading.Event()

    def stop() -> None:
        is_up.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if is_up.is_set():
            raise TimeUp from None
        raise
    finally:
        timer.cancel()


def call_command(
    command: Sequence[str],
    *,
    job: str,
    error: str,
    report: str,
    folder: Path,
    seconds: float = COMMAND_SECONDS,
) -> str:
    """Run the on-failure command of a job; return what went wrong with it, or nothing.

    Parameters
    ----------
    command
        Program and arguments, as they are: no shell reads them.
    job, error, report
        What the command finds in CRM_JOB, CRM_ERROR and CRM_REPORT.
    folder
        Where it runs.
    seconds
        Its time; it and all it has started are ended then.
    """
    said = {"CRM_JOB": job, "CRM_ERROR": error[:_LONGEST_ERROR], "CRM_REPORT": report}
    env = {**os.environ, **{name: text.replace("\0", "") for name, text in said.items()}}
    what = f"the on_failure command {command[0]!r}"
    try:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        return f"{what} cannot be run: {why}. Give the full path of the program."
    try:
        _, words = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"{what} was ended: it took longer than {seconds:g} seconds."
    last = (words.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
    return f"{what} ended with {process.returncode}: {last[:300]}" if process.returncode else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        # the command leads a session of its own, so what it has started ends too
        os.killpg(process.pid, signal.SIGKILL) if os.name != "nt" else process.kill()
    process.communicate()
