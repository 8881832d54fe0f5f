"""A course folder: what may be written where, and what must never be overwritten.

``course.json`` records what ``crm assign`` wrote.  A file that is as it was
written may be replaced; one that somebody worked in is left alone or refused,
and once work was handed in, what was handed out stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import BuildError, ReadError

RECORD = "course.json"
SOURCE, RELEASE, PERSONAL = "source", "release", "release_per_student"
_HANDED_IN = ("submitted", "autograded", "feedback")
_NOTES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Written:
    """What a call wrote, how many files were so already, and which edited ones were left alone."""

    written: tuple[str, ...]
    n_unchanged: int
    kept: tuple[str, ...]


def read_course(out: Path) -> dict[str, Any]:
    """Return the record of a course folder; a fresh one for a folder that is new or empty.

    Raises
    ------
    ReadError
        The folder holds something, but no record: it may be the class's work.
    """
    path = out / RECORD
    if not path.is_file():
        if out.exists() and (not out.is_dir() or _holds_files(out)):
            raise ReadError(
                f"crm assign: --out must be a new or empty folder, or one that crm assign made; "
                f"{out} holds other files and no {RECORD}. Name another folder."
            )
        return {"assignments": {}, "files": {}, "writing": {}}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {name: dict(record[name]) for name in ("assignments", "files", "writing")}
    except (ValueError, KeyError, TypeError):
        raise ReadError(
            f"crm assign: {path} must be the record that crm assign wrote; it cannot be read. "
            "Restore it from a backup, or name another folder."
        ) from None


def _holds_files(folder: Path) -> bool:
    return any(p.name.lower() not in _NOTES for p in folder.iterdir())


def write_course(out: Path, files: Mapping[str, bytes], assignments: Mapping[str, Any]) -> Written:
    """Write a course's files, or nothing at all when one of them must not be overwritten.

    Parameters
    ----------
    out
        The course folder.
    files
        Name relative to `out` (with ``/``) → content.
    assignments
        Assignment → what the record says about it.

    Returns
    -------
    Written
        A file whose content would not differ from what was written last time
        is left as it is now, whoever has changed it since.

    Raises
    ------
    BuildError
        A file somebody worked in would be lost, or one that was handed out
        would change although work was handed in; all of them at once.
    """
    record = read_course(out)
    prints = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    changed, kept, edited = _compare(out, prints, record)
    _refuse_losses(out, changed, edited)
    # whoever is cut off while writing finds his half-written course known as his own
    _write_record(out, record | {"writing": prints})
    for name in changed:
        _replace(out / name, files[name])
    done = {
        "assignments": record["assignments"] | assignments,
        "files": record["files"] | prints,
        "writing": {},
    }
    _write_record(out, done)
    return Written(tuple(changed), len(files) - len(changed) - len(kept), tuple(kept))


def _write_record(out: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    _replace(out / RECORD, text.encode())


def _compare(
    out: Path, prints: Mapping[str, str], record: Mapping[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """Return the files to write, those that stay as others changed them, and those nobody may overwrite."""
    changed, kept, edited = [], [], []
    for name, new in sorted(prints.items()):
        now, before = _hash_file(out / name), record["files"].get(name)
        if now == new:
            continue
        foreign = bool(now) and now not in {before, record["writing"].get(name)}
        settled = before == new and not record["writing"]
        if foreign and (settled or "/" not in name):
            kept.append(name)
            continue
        changed.append(name)
        if foreign and not name.startswith(f"{RELEASE}/"):  # nbgrader writes its release anew
            edited.append(name)
    return changed, kept, edited


def _refuse_losses(out: Path, changed: Sequence[str], edited: Sequence[str]) -> None:
    if edited:
        raise BuildError(
            f"crm assign: must not overwrite what somebody worked in; changed since it was written: "
            f"{list_words(edited, most=5)}. Move these files away, or name another folder with --out."
        )
    replaced = {_assignment_of(name) for name in changed if (out / name).exists()}
    late = sorted(replaced & set(find_handed_in(out)))
    if late:
        raise BuildError(
            f"crm assign: must not change an assignment after work was handed in; {out} holds submissions for "
            f"{list_words(late, most=5)}, and what was handed out would change. Name another folder with --out."
        )


def _assignment_of(name: str) -> str:
    """Return the assignment a file of the course belongs to, or nothing."""
    parts = name.split("/")
    place = {SOURCE: 1, RELEASE: 1, PERSONAL: 2}.get(parts[0], len(parts))
    return parts[place] if place < len(parts) - 1 else ""


def find_handed_in(out: Path) -> list[str]:
    """Return the assignments for which `out` holds students' work, sorted."""
    folders = (p for kind in _HANDED_IN for p in (out / kind).glob("*/*") if p.is_dir() and _holds_files(p))
    return sorted({p.name for p in folders})


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    os.replace(new, path)
