"""Tell whether what a scheduled job declares as its inputs has changed since its last good run."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from crm_lib.errors import RenderError
from crm_lib.publish.plan import Job
from crm_lib.publish.schedule.file import Input

_SQLITE = b"SQLite format 3\x00"


def fingerprint_answers(inputs: Sequence[Input], out: Path) -> str:
    """Return a checksum of the declared inputs: the bytes of the files, the answers of the databases.

    Raises
    ------
    RenderError
        When a pattern matches no file: the data have not come yet.
    ReadError
        When a database does not answer.
    """
    if not inputs:
        return ""
    return _hash([_ask(one, out) for one in inputs])


def fingerprint_reports(reports: Sequence[Job]) -> str:
    """Return a checksum of all else that decides what the reports say: notebooks, parameters, library."""
    from crm_lib.publish.ground import describe_ground
    from crm_lib.publish.hashes import Hashes
    from crm_lib.publish.manifest import describe_state

    hashes = Hashes.of(reports[0].out)
    shared = describe_ground(hashes)
    return _hash([describe_state(r, hashes=hashes, shared=shared) for r in reports])


def are_in_place(reports: Sequence[Job]) -> bool:
    """Tell whether the last run of every report was good and its page is there."""
    from crm_lib.publish.manifest import read_entry

    return all(read_entry(r).get("status") == "ok" and (r.folder / "report.html").is_file() for r in reports)


def _hash(parts: object) -> str:
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _ask(one: Input, out: Path) -> list[object]:
    if not one.pattern:
        return [one.query, _ask_database(one)]
    from crm_lib.publish.hashes import Hashes

    pattern = str(Path(one.pattern).expanduser())
    files = sorted(path for path in map(Path, glob.glob(pattern, recursive=True)) if path.is_file())
    if not files:
        raise RenderError(f"inputs: no file matches {one.pattern!r} yet.")
    hashes = Hashes.of(out)
    try:
        return [[path.as_posix(), hashes.sha256(path)] for path in files]
    except OSError as fault:
        raise RenderError(f"inputs: {fault.filename} cannot be read: {fault.strerror or fault}.") from None


def _ask_database(one: Input) -> str:
    from crm_lib.publish import inputs
    from crm_lib.publish.freshness import ask_freshness
    from crm_lib.readwrite.parts import list_parts

    part = list_parts(one.database)[0]
    if part.url:
        return ask_freshness(inputs.Input(part.name, "", url=part.url, database="server"), one.query)
    path = Path(part.path)
    with path.open("rb") as file:
        kind = "sqlite" if file.read(len(_SQLITE)) == _SQLITE else "duckdb"
    return ask_freshness(inputs.Input(one.database, "", path=path, database=kind), one.query)
