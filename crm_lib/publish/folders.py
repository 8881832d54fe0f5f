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
# the current folder in calls that take one, and "exchange": RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_HERE, _EXCHANGE = -100, 2


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
    """Put the folder `new` where `target` is; a signal to stop waits until this is done.

    Notes
    -----
    Where the system can swap two folders in one step (Linux, macOS), a reader
    sees the old report or the new one at any moment.  Elsewhere the old one is
    moved aside first: `restore_folder` brings it back when the process was
    killed between the two moves.
    """
    old = _aside(new)
    target.parent.mkdir(parents=True, exist_ok=True)
    with hold_stop():
        shutil.rmtree(old, ignore_errors=True)
        if not target.exists():
            os.replace(new, target)
        elif not swap_folders(new, target):
            os.replace(target, old)
            os.replace(new, target)
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)


def swap_folders(one: Path, other: Path) -> bool:
    """Swap two folders in one step; tell whether this system and file system could.

    Examples
    --------
    >>> swap_folders(Path("no such folder"), Path("nor this"))
    False
    """
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        paths = os.fsencode(one), os.fsencode(other)
        if hasattr(library, "renameat2"):
            return library.renameat2(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0
        if hasattr(library, "renamex_np"):
            return library.renamex_np(*paths, _EXCHANGE) == 0
    except (OSError, TypeError):  # Windows has no such library
        pass
    return False


def restore_folder(new: Path, target: Path) -> None:
    """Bring back the earlier `target` if a run was killed between the two moves of `replace_folder`."""
    if _aside(new).exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(_aside(new), target)


def _aside(new: Path) -> Path:
    return new.with_name(new.name + ".old")


@contextmanager
def hold_stop() -> Iterator[None]:
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
