"""The folder of the reports: can it be written, is another run at work in it, putting reports in place."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from crm_lib.errors import ParameterError, RenderError

_PAUSE = 0.2


def prepare_folder(out: Path) -> None:
    """Make the folder of the reports and see that files can be written there.

    Raises
    ------
    ParameterError
        When `out`, or a folder above it, is a file.
    RenderError
        When the folder cannot be made or written.
    """
    for place in (out, *out.parents):
        if place.exists() and not place.is_dir():
            raise ParameterError(
                f"crm render: --out must be a folder; {str(place)!r} is a file. Name another folder."
            )
    trial = out / ".crm" / "trial"
    try:
        trial.parent.mkdir(parents=True, exist_ok=True)
        trial.write_text("can this folder be written?\n", encoding="utf-8")
        trial.unlink()
    except OSError as fault:
        raise RenderError(
            f"crm render: the reports must be written to {str(out)!r}; {fault.strerror or fault}. "
            "Make room and rights for this folder, or name another with --out DIR."
        ) from None


@contextmanager
def lock_folder(out: Path, *, say_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the folder for this run; a second `crm render` waits until the first is done.

    The system gives the lock back when the process ends, however it ends.
    """
    with (out / ".crm" / "lock").open("a+", encoding="utf-8") as file:
        told = False
        while not _take(file):
            if say_wait and not told:
                say_wait(f"another crm render is writing to {out}: waiting until it is done.")
                told = True
            time.sleep(_PAUSE)
        yield


def _take(file: IO[str]) -> bool:
    """Try to lock `file`; a file system that knows no locks is taken as it is."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def replace_folder(new: Path, target: Path) -> None:
    """Put the folder `new` where `target` is; a signal to stop waits until this is done."""
    old = new.with_name(new.name + ".old")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _without_stop():
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(new: Path, target: Path) -> None:
    """Bring back the earlier `target` if a run was killed between the two moves of `replace_folder`."""
    old = new.with_name(new.name + ".old")
    if old.exists() and not target.exists():
        os.replace(old, target)


@contextmanager
def _without_stop() -> Iterator[None]:
    """Hold SIGTERM back for a moment (where the system has it, and only in a main thread)."""
    asked: list[int] = []
    before = None
    with suppress(ValueError):
        before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
        if asked:
            signal.raise_signal(signal.SIGTERM)
