"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"


@contextlib.contextmanager
def write_aside(target: str | Path, *, check: Callable[[Path], None] | None = None) -> Iterator[BinaryIO]:
    """Write a private file beside its place and move it there when it is whole and on the disk.

    Parameters
    ----------
    target : str or Path
        Where the file goes; replaced when it exists.
    check : callable, optional
        Looks at the whole file before it takes its name; what it raises keeps the file from it.

    Yields
    ------
    binary file
        To write to.  After a fault nothing is left and `target` is as it was; after a kill a file ending
        in ``.part`` may be left, which nothing reads.
    """
    target = Path(target)
    aside = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if check is not None:
            check(aside)
        os.replace(aside, target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    settle_folder(target.parent)


def settle_folder(folder: str | Path) -> None:
    """Bring a folder's own list of names to the disk, so that a rename outlives a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
