"""Find the files of a class: folders, files, archives; nothing is unpacked onto the disk, no link is followed."""

from __future__ import annotations

import io
import mmap
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crm_lib.catalogue import say
from crm_lib.errors import ReadError
from crm_lib.teach.intake_json import MOST_BYTES

_IGNORED = ("__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "gradebook.db")
_PACKED = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_MOST_ENTRIES = 20_000
_MOST_ARCHIVE = 64 << 20  # of an archive inside an archive
_CHUNK = 1 << 20
_UTF8_NAME = 0x800
_NO_TIME = datetime(1980, 1, 1)
_BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    ValueError,
    NotImplementedError,
    EOFError,
    RuntimeError,
)


@dataclass(frozen=True)
class HandedFile:
    """One file somebody handed in, not yet read.

    ``path`` holds the names below the submissions folder, those of archives among
    them; ``problem`` says why it cannot be opened at all; ``changed_at`` is its time: with
    a zone when it comes from the disk (``time_from`` file), without one from an archive.
    """

    path: tuple[str, ...]
    changed_at: datetime | None = None
    time_from: str = "file"
    problem: str = ""
    disk: Path | None = None
    entry: tuple[int, ...] = ()  # which entry of the archive `disk`, and of the archive in it

    @property
    def name(self) -> str:
        """The path as one text."""
        return "/".join(self.path)

    @contextmanager
    def open(self) -> Iterator[Any]:
        """Give the bytes as a memory map, without reading them; raise `ReadError` in words."""
        if self.problem:
            raise ReadError(self.problem)
        with self._stream() as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MOST_BYTES:
                raise ReadError(say("intake.too_big", size=size >> 20, most=MOST_BYTES >> 20))
            if not size:
                raise ReadError(say("intake.empty"))
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
                yield view

    @contextmanager
    def _stream(self) -> Iterator[IO[bytes]]:
        assert self.disk is not None
        try:
            with open_plain(self.disk) as stream:
                if not self.entry:
                    yield stream
                    return
                with tempfile.TemporaryFile() as unpacked:
                    _unpack_entry(stream, self.entry, unpacked)
                    yield unpacked
        except OSError as fault:
            raise ReadError(say("intake.no_access", why=fault.strerror or type(fault).__name__)) from None


def open_plain(path: Path) -> IO[bytes]:
    """Open an ordinary file; a link put in its place meanwhile, or a pipe, is refused."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ReadError(say("intake.link"))
    return os.fdopen(descriptor, "rb")


def _unpack_entry(stream: IO[bytes], chain: tuple[int, ...], target: IO[bytes]) -> None:
    """Copy one entry of the archive `stream` to `target`, an entry of an archive in it if need be."""
    try:
        with zipfile.ZipFile(stream) as archive:
            info = archive.infolist()[chain[0]]
            if len(chain) == 1:
                _copy_entry(archive, info, target)
                return
            inner = io.BytesIO()
            _copy_entry(archive, info, inner)
        _unpack_entry(inner, chain[1:], target)
    except ReadError:
        raise
    except _BAD_ARCHIVE:
        raise ReadError(say("intake.bad_archive")) from None


def _copy_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: IO[bytes]) -> None:
    copied = 0
    with archive.open(info) as source:
        while chunk := source.read(_CHUNK):
            copied += len(chunk)
            if copied > MOST_BYTES:
                raise ReadError(say("intake.too_big", size=copied >> 20, most=MOST_BYTES >> 20))
            target.write(chunk)
    target.flush()


def list_files(folder: Path) -> list[HandedFile]:
    """Return every file below `folder`, those inside zip archives too, in the order of their names.

    Raises
    ------
    ReadError
        `folder` is no folder and no archive.
    """
    folder = Path(folder)
    if folder.is_file():
        return sorted(_look_at(folder, ()), key=lambda f: f.path)
    if not folder.is_dir():
        raise ReadError(f"crm grade: no folder {folder.name!r} with submissions. Check the path.")
    submitted = folder / "submitted"  # a whole nbgrader course
    top = submitted if submitted.is_dir() and not submitted.is_symlink() else folder
    found = []
    for place, folders, names in os.walk(top, followlinks=False):
        here = Path(place)
        below = here.relative_to(top).parts
        linked = [n for n in folders if (here / n).is_symlink()]
        found += [HandedFile((*below, n), problem=say("intake.link")) for n in linked]
        folders[:] = sorted(n for n in folders if not _is_ignored(n) and n not in linked)
        for name in names:
            if not _is_ignored(name):
                found += _look_at(here / name, below)
    return sorted(found, key=lambda f: f.path)


def _is_ignored(name: str) -> bool:
    return name.startswith((".", "~$")) or name in _IGNORED


def _look_at(path: Path, below: tuple[str, ...]) -> Iterator[HandedFile]:
    parts = (*below, path.name)
    status = path.lstat()
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    if not stat.S_ISREG(status.st_mode):
        yield HandedFile(parts, changed, problem=say("intake.link"))
    elif path.suffix.lower() == ".zip":
        try:
            with open_plain(path) as stream:
                yield from list(_list_archive(stream, parts, changed, path, ()))
        except (OSError, ReadError) as fault:
            why = getattr(fault, "strerror", "") or type(fault).__name__
            yield HandedFile(parts, changed, problem=say("intake.no_access", why=why))
    elif path.suffix.lower() in _PACKED:
        yield HandedFile(parts, changed, problem=say("intake.other_archive", suffix=path.suffix.lower()))
    else:
        yield HandedFile(parts, changed, disk=path)


def _list_archive(
    stream: IO[bytes], parts: tuple[str, ...], changed: datetime, disk: Path, chain: tuple[int, ...]
) -> Iterator[HandedFile]:
    try:
        archive = zipfile.ZipFile(stream)
        entries = archive.infolist()
    except _BAD_ARCHIVE:
        yield HandedFile(parts, changed, problem=say("intake.bad_archive"))
        return
    if len(entries) > _MOST_ENTRIES:
        yield HandedFile(parts, changed, problem=say("intake.too_many_entries", most=_MOST_ENTRIES))
        return
    top = (*parts[:-1], parts[-1][: -len(".zip")])
    empty = True
    for n, info in enumerate(entries):
        names = _split(info)
        if names and not info.is_dir() and not any(map(_is_ignored, names)):
            empty = False
            yield from _look_inside(archive, info, (*top, *names), disk, (*chain, n))
    if empty:
        yield HandedFile(parts, changed, problem=say("intake.empty_archive"))


def _split(info: zipfile.ZipInfo) -> list[str]:
    """Return the names of an entry; steps upwards and roots are only text here, and left out."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        try:  # Windows in China writes its names in GBK
            name = name.encode("cp437").decode("utf-8")
        except UnicodeDecodeError:
            name = name.encode("cp437").decode("gb18030", "replace")
        except UnicodeEncodeError:
            pass
    return [p for p in name.replace("\\", "/").split("/") if p not in ("", ".", "..") and not p.endswith(":")]


def _look_inside(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    parts: tuple[str, ...],
    disk: Path,
    chain: tuple[int, ...],
) -> Iterator[HandedFile]:
    try:
        when: datetime | None = datetime(*info.date_time)
    except ValueError:
        when = None
    file = HandedFile(parts, when, "archive", disk=disk, entry=chain)
    nested = parts[-1].lower().endswith(".zip")
    if stat.S_ISLNK(info.external_attr >> 16):
        yield replace(file, problem=say("intake.link"))
    elif info.flag_bits & 1:
        yield replace(file, problem=say("intake.password"))
    elif nested and (len(chain) > 1 or info.file_size > _MOST_ARCHIVE):
        yield replace(file, problem=say("intake.nested"))
    elif nested:
        inner = io.BytesIO()
        try:
            _copy_entry(archive, info, inner)
        except _BAD_ARCHIVE:
            yield replace(file, problem=say("intake.bad_archive"))
            return
        yield from _list_archive(inner, parts, when or _NO_TIME, disk, chain)
    else:
        yield file
