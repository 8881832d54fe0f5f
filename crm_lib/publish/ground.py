"""The ground every report stands on: the library's own files, installed versions, template and fonts."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from crm_lib.errors import CrmError
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.page import write_atomic

PARTS = ("library", "template", "fonts", "versions")
# What a notebook and its page are made with; what these need in turn is followed.
_EXTRAS = frozenset(("tour", "store", "link"))
_PASSED_ON = "ground.txt"


def describe_ground(hashes: Hashes) -> dict[str, dict[str, str]]:
    """Return the state of what all reports share.

    Returns
    -------
    dict
        ``library`` and ``template`` (file → SHA-256), ``fonts`` (file →
        SHA-256), ``versions`` (Python, system, and every distribution the
        library needs, those it needs in turn included).
    """
    files = {}
    for name, path in _list_library():
        with suppress(FileNotFoundError):  # an editor's file that was there for a moment
            files[name] = hashes.sha256(path)
    return {
        "library": {name: digest for name, digest in files.items() if "/template/" not in name},
        "template": {name: digest for name, digest in files.items() if "/template/" in name},
        "fonts": _describe_fonts(hashes),
        "versions": dict(_list_versions()),
    }


def _list_library() -> Iterator[tuple[str, Path]]:
    """Yield every file of the package but caches, sorted."""
    top = Path(__file__).resolve().parents[1]
    for folder, below, files in os.walk(top):
        below[:] = sorted(name for name in below if name != "__pycache__" and not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith((".pyc", "~", ".swp")):
                path = Path(folder, name)
                yield f"{top.name}/{path.relative_to(top).as_posix()}", path


def _describe_fonts(hashes: Hashes) -> dict[str, str]:
    from crm_lib.look.fonts import find_math_fonts, find_text_font

    found = {}
    for find in (lambda: (find_text_font(),), find_math_fonts):
        try:
            paths = find()
        except CrmError as fault:
            found[str(fault)] = "missing"
            continue
        found |= {path.name: hashes.sha256(path) for path in paths}
    return found


@cache
def _list_versions() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import PackageNotFoundError, distribution

    from packaging.requirements import Requirement

    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [("crm-lib", _EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = found.version
        for line in found.requires or ():
            need = Requirement(line)
            here = any(not need.marker or need.marker.evaluate({"extra": e}) for e in extras or {""})
            asked = (need.name.lower().replace("_", "-"), frozenset(need.extras))
            if here and asked not in seen:
                seen.add(asked)
                waiting.append(asked)
    system = {"Python": platform.python_version(), "system": f"{sys.platform} {platform.machine()}"}
    return tuple({**system, **dict(sorted(versions.items()))}.items())


def store_ground(out: Path, ground: Mapping[str, Any]) -> str:
    """Keep `ground` once for all reports made on it; return the mark under which it is kept."""
    text = json.dumps(ground, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    mark = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    if not _file(out, mark).is_file():
        write_atomic(_file(out, mark), text)
    return mark


def load_ground(out: Path, mark: str) -> dict[str, dict[str, str]]:
    """Return what `store_ground` kept under `mark`; nothing when it is gone or damaged."""
    try:
        ground = json.loads(_file(out, mark).read_text(encoding="utf-8"))
        return {part: dict(ground[part]) for part in PARTS}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {part: {} for part in PARTS}


def _file(out: Path, mark: str) -> Path:
    return out / ".crm" / "grounds" / f"{mark}.json"


def drop_grounds(out: Path, used: set[str]) -> None:
    """Remove the grounds no report stands on any more."""
    for path in (out / ".crm" / "grounds").glob("*.json"):
        if path.stem not in used:
            path.unlink(missing_ok=True)


def pass_on(out: Path, mark: str) -> None:
    """Tell the workers of this run, which holds the lock of `out`, which ground it found (empty: none).

    Notes
    -----
    They look at a file: a server that forks them may have been started with
    the environment of an earlier run.
    """
    # They start after the command looked: a file saved in between would be put on
    # record although the code that runs is the older one.
    if mark:
        write_atomic(out / ".crm" / _PASSED_ON, mark + "\n")
    else:
        (out / ".crm" / _PASSED_ON).unlink(missing_ok=True)


def passed_on(out: Path) -> str:
    """Return the mark the command passed on to this worker, or nothing."""
    try:
        mark = (out / ".crm" / _PASSED_ON).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return mark if _file(out, mark).is_file() else ""
