"""Advisories in the OSV format: which versions of a package they concern."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_lib.errors import ProtectError

_ECOSYSTEM = "pypi"


@dataclass(frozen=True)
class Advisory:
    """One advisory about one package: its ranges as events (kind, version), and versions named singly."""

    id: str
    aliases: tuple[str, ...]
    package: str
    summary: str
    severity: str
    ranges: tuple[tuple[tuple[str, str], ...], ...]
    versions: frozenset[str]

    def concerns(self, version: str) -> bool:
        """Tell whether a version of the package is concerned.

        The events of a range, sorted by version, open it (`introduced`) and close it: `fixed` from that
        version on, `last_affected` behind it; ``0`` is before everything.  Versions compare as PEP 440 has
        it, so 2.0rc1 comes before 2.0.
        """
        from packaging.version import InvalidVersion, Version

        mine = Version(version)
        if any(_is_same(mine, other) for other in self.versions):
            return True
        try:
            return any(_is_within(mine, events) for events in self.ranges)
        except InvalidVersion as fault:
            raise ProtectError(
                f"scan_dependencies: the ranges of {self.id} must be versions of Python packages; {fault}. "
                "Fetch the advisory again."
            ) from None

    @property
    def fixed_in(self) -> tuple[str, ...]:
        """The versions in which it is mended."""
        return tuple(version for events in self.ranges for kind, version in events if kind == "fixed")


def _is_same(mine: Any, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return mine == Version(other)
    except InvalidVersion:
        return str(mine) == other


def _is_within(mine: Any, events: tuple[tuple[str, str], ...]) -> bool:
    from packaging.version import Version

    inside = False
    # 0.dev0 is before every release
    marks = [(Version("0.dev0" if version == "0" else version), kind) for kind, version in events]
    for version, kind in sorted(marks):
        if kind == "introduced" and mine >= version:
            inside = True
        elif (kind == "fixed" and mine >= version) or (kind == "last_affected" and mine > version):
            inside = False
    return inside


def read_advisories(folder: str | Path) -> list[Advisory]:
    """Read every advisory of a folder (or one file) in OSV's JSON.

    Parameters
    ----------
    folder : str or Path
        A folder with one advisory a ``.json`` file, in any depth, or a single file with one advisory or a
        list of them.

    Returns
    -------
    list of Advisory
        Sorted by id and package; withdrawn ones and those of other ecosystems are left out.

    Raises
    ------
    ProtectError
        There is none, or a file is no advisory.
    """
    place = Path(folder)
    files = sorted(place.rglob("*.json")) if place.is_dir() else [place]
    records = [record for file in files for record in _read_file(file)]
    if not records:
        raise ProtectError(
            f"scan_dependencies: advisories must be a folder of OSV files (.json); {str(place)!r} has none. "
            "Unpack the archive of PyPI's advisories that osv.dev offers there."
        )
    found = [advisory for record in records for advisory in _parse(record)]
    return sorted(found, key=lambda a: (a.id, a.package))


def _read_file(path: Path) -> list[Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "no JSON"
        raise ProtectError(
            f"scan_dependencies: {path.name!r} must be an advisory in OSV's JSON; it is not ({why}). "
            "A damaged advisory may hide a hole: fetch it again."
        ) from None
    records = content if isinstance(content, list) else [content]
    for record in records:
        if (
            not isinstance(record, Mapping)
            or "id" not in record
            or not isinstance(record.get("affected"), list)
        ):
            if isinstance(record, Mapping) and record.get("withdrawn"):
                continue
            raise ProtectError(
                f"scan_dependencies: {path.name!r} must be an advisory in OSV's JSON; it has no 'id' or no list "
                "'affected'. Fetch it again."
            )
    return [r for r in records if not r.get("withdrawn")]


def _parse(record: Mapping[str, Any]) -> Iterator[Advisory]:
    from packaging.utils import canonicalize_name

    for part in record["affected"]:
        package = part.get("package", {})
        # 'PyPI' may carry a suffix, as in 'PyPI:https://…'
        if str(package.get("ecosystem", "")).partition(":")[0].lower() != _ECOSYSTEM:
            continue
        yield Advisory(
            str(record["id"]),
            tuple(map(str, record.get("aliases", ()))),
            canonicalize_name(str(package.get("name", ""))),
            " ".join(str(record.get("summary") or record.get("details") or "").split())[:200],
            _find_severity(record, part),
            tuple(_read_events(r) for r in part.get("ranges", ()) if r.get("type") != "GIT"),
            frozenset(map(str, part.get("versions", ()))),
        )


def _read_events(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    kinds = ("introduced", "fixed", "last_affected")
    return tuple((k, str(event[k])) for event in item.get("events", ()) for k in kinds if k in event)


def _find_severity(record: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    known = record.get("database_specific") or {}
    if known.get("severity"):
        return str(known["severity"]).lower()
    scores = [*part.get("severity", ()), *record.get("severity", ())]
    return str(scores[0].get("score", "")) if scores else ""
