"""Resolve what a user calls a source into the files, tables and frames it stands for."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import ReadError

READABLE = (
    ".csv", ".tsv", ".txt", ".tab", ".dat", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et",
    ".parquet", ".pq", ".feather", ".arrow", ".json", ".jsonl", ".ndjson", ".duckdb", ".db",
    ".sqlite", ".sqlite3", ".htm", ".html", ".xml", ".gz", ".bz2", ".xz", ".zip",
)  # fmt: skip
_URL = re.compile(r"[a-z][a-z0-9+]*://", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One thing to read: a file, a database address or a frame, and the sheet or table in it."""

    name: str
    path: Path | None = None
    url: str | None = None
    frame: Any = None
    inside: str | None = None


def list_parts(source: Any, *, sheet: str | None = None) -> list[Part]:
    """Return the parts of `source` in the order they are read: by file name."""
    if isinstance(source, (str, os.PathLike)):
        parts = _resolve_text(os.fspath(source))
    elif isinstance(source, (list, tuple)):
        if not source:
            raise ReadError("read_table: the list of files is empty. Name at least one file.")
        parts = [p for item in source for p in list_parts(item)]
    else:
        parts = [Part(name=f"the {type(source).__name__} given", frame=source)]
    if sheet is not None:
        parts = [Part(p.name, p.path, p.url, p.frame, sheet) for p in parts]
    return _name_apart(parts) if len(parts) > 1 else parts


def hide_password(url: str) -> str:
    """Return a database address that may be shown: without password and without options.

    Examples
    --------
    >>> hide_password("postgresql+pg8000://ann:secret@db/shop?ssl=1")
    'postgresql+pg8000://ann:***@db/shop'
    """
    return re.sub(r"(://[^/@:]*):.*@", r"\1:***@", re.split(r"[?#]", url, maxsplit=1)[0])


def _resolve_text(text: str) -> list[Part]:
    if text.startswith("env:"):
        text = _read_environment(text[4:])
    if re.match("(https?|ftp|file|s3)://", text, re.IGNORECASE):
        raise ReadError(
            f"read_table: {hide_password(text)} is an address on the web, and no file is fetched from there. "
            "Download it and give its path."
        )
    if _URL.match(text):
        url, _, inside = text.partition("#")
        if url.lower().startswith("duckdb:///"):
            return _resolve_text(text[len("duckdb:///") :])
        return [Part(name=hide_password(url), url=url, inside=inside or None)]
    path = Path(text).expanduser()
    if path.exists():
        return [_check_file(path)]
    for mark in reversed([m.start() for m in re.finditer("#", text)]):
        if Path(text[:mark]).expanduser().exists():
            found = _check_file(Path(text[:mark]).expanduser())
            return [Part(found.name, found.path, inside=text[mark + 1 :])]
    if any(c in text for c in "*?["):
        return _resolve_pattern(text)
    raise _tell_missing(Path(text.rpartition("#")[0] or text).expanduser())


def _read_environment(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ReadError(
            f"read_table: the source env:{name} names the environment variable {name}, which is not set. "
            f"Set it to a file or a database address, for example {name}=orders.xlsx."
        )
    return value


def _resolve_pattern(text: str) -> list[Part]:
    pattern, mark, inside = text.partition("#")
    found = sorted(f for f in glob.glob(os.path.expanduser(pattern), recursive=True) if os.path.isfile(f))
    if not found:
        folder = Path(pattern).expanduser().parent
        raise ReadError(
            f"read_table: no file matches {pattern!r}; {_tell_folder(folder, Path(pattern).name)} "
            "Check the pattern; * stands for any letters."
        )
    return [Part(Path(f).name, Path(f), inside=inside if mark else None) for f in found]


def _check_file(path: Path) -> Part:
    if path.is_dir():
        raise ReadError(
            f"read_table: {path.name or path} is a folder; {_tell_folder(path, '')} "
            f"Name one of them, or all alike with a pattern such as {path.name or path}/*.csv."
        )
    return Part(path.name, path)


def _tell_missing(path: Path) -> ReadError:
    folder = path.parent
    if not folder.is_dir():
        return ReadError(
            f"read_table: no file {path.name!r}: the folder {folder} does not exist. Check the path."
        )
    return ReadError(
        f"read_table: no file {path.name!r}; {_tell_folder(folder, path.name)} Check the name and the folder."
    )


def _tell_folder(folder: Path, near: str) -> str:
    try:
        names = [p.name for p in folder.iterdir() if p.is_file() and p.suffix.lower() in READABLE]
    except OSError:
        names = []
    if not names:
        return f"the folder {folder} holds no file that can be read."
    shown = closest_first(near, names) if near else sorted(names)
    return f"the folder {folder} holds {list_words(map(repr, shown), most=5)}."


def _name_apart(parts: Iterable[Part]) -> list[Part]:
    """Sort by name and tell files of the same name apart by as much of their folder as needed."""
    listed = list(parts)
    names = [p.name for p in listed]
    full = [p.path.as_posix() if p.path and names.count(p.name) > 1 else p.name for p in listed]
    if len(set(full)) < len(full):
        full = [f"{f}#{p.inside}" if p.inside else f for f, p in zip(full, listed, strict=True)]
    shared = os.path.commonpath([os.path.dirname(f) for f in full]) if all("/" in f for f in full) else ""
    cut = [f[len(shared) :].lstrip("/") if shared else f for f in full]
    named = [Part(n, p.path, p.url, p.frame, p.inside) for n, p in zip(cut, listed, strict=True)]
    return sorted(named, key=lambda p: p.name)
