"""SHA-256 of files, remembered from run to run for files that certainly did not change."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from crm_lib.errors import RenderError
from crm_lib.publish.page import write_atomic

# A file written so shortly before it was hashed may be written again within the same tick of its clock.
_RACY_NS = 2_000_000_000
_MOST = 50_000
_TRIES = 3


class Hashes:
    """The checksums of files, kept in ``.crm/hashes.json`` of a reports folder.

    Notes
    -----
    A remembered checksum stands for a file while its path, size, times of
    change (of content and of the file's record) and inode are the same *and*
    it was last changed more than two seconds before it was hashed.  The second
    rule is git's: two writes within one tick of the clock leave the same times.
    Times alone are never trusted: a copy that keeps them has another record.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, list] = _load(file)
        self._changed = False

    @classmethod
    def of(cls, out: Path) -> Hashes:
        """Return what the runs into `out` remember; nothing is written until `save`."""
        return cls(out / ".crm" / "hashes.json")

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of the bytes of `path`, in hexadecimal digits.

        Raises
        ------
        OSError
            When the file is not there or cannot be read.
        """
        name = os.path.abspath(path)
        stamp = _stamp(os.stat(name))
        known = self._known.get(name)
        if known and known[:4] == stamp and max(stamp[1:3]) + _RACY_NS < known[4]:
            return known[5]
        return self._read(name, stamp)

    def _read(self, name: str, stamp: list[int]) -> str:
        digest = ""
        for _ in range(_TRIES):
            now = time.time_ns()
            with open(name, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = _stamp(os.stat(name))
            if after == stamp:
                self._known[name] = [*stamp, now, digest]
                self._changed = True
                break
            stamp = after
        return digest

    def save(self) -> None:
        """Write what is known for the next run; a folder that cannot be written only makes it slower."""
        if not self._changed or self._file is None:
            return
        kept = {name: known for name, known in self._known.items() if os.path.exists(name)}
        latest = dict(sorted(kept.items())[:_MOST])
        with suppress(RenderError, OSError):
            write_atomic(self._file, json.dumps(latest, separators=(",", ":")) + "\n")
        self._changed = False


def _stamp(stat: os.stat_result) -> list[int]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _load(file: Path | None) -> dict[str, list]:
    """Read the memory; one that is damaged is no memory."""
    try:
        known = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {name: entry for name, entry in known.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 6
        and all(isinstance(number, int) for number in entry[:5])
        and isinstance(entry[5], str)
    )
