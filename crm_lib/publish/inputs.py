"""The data a report declares: every file, table or database that one of its parameters names.

A notebook reads data through its parameters of the forms ``<path>`` and
``<columns>``, and nothing else: tests/publish/test_inputs_declared.py renders
each one where only these files are visible.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import CrmError, ParameterError

if TYPE_CHECKING:
    from crm_lib.lesson.params import Parameter
    from crm_lib.publish.hashes import Hashes
    from crm_lib.publish.plan import Job

UNKNOWN = "unknown: "
MISSING = "missing: "
_NO_QUERY = "a database counts as changed, unless a freshness query is given"
_SIGNS = ((0, b"SQLite format 3\x00", "sqlite"), (8, b"DUCK", "duckdb"))


@dataclass(frozen=True)
class Input:
    """One thing a report reads.

    Attributes
    ----------
    label
        What messages call it: the path below the project, or as it was given.
    parameter
        The parameter that names it.
    path
        The file; None for a server and for what is not there.
    url
        The address of a database server; it may hold a password and is never shown.
    database
        ``sqlite``, ``duckdb``, ``server`` or nothing.
    problem
        Why there is nothing to read.
    """

    label: str
    parameter: str
    path: Path | None = None
    url: str = ""
    database: str = ""
    problem: str = ""


def find_inputs(job: Job) -> list[Input]:
    """Return what `job` declares to read, in the order of its parameters.

    Returns
    -------
    list of Input
        A sample is its files, a pattern every file it matches, a folder every
        file below it, ``FILE.xlsx#sheet`` its file, ``env:NAME`` what the
        variable names.  What is not there is listed with its problem.
    """
    from crm_lib.lesson.run import notebook_parameters

    return [
        found
        for parameter in notebook_parameters(job.notebook_id)
        for found in _find(parameter, str(job.parameters.get(parameter.name, parameter.default)))
    ]


def _find(parameter: Parameter, value: str) -> list[Input]:
    if not value.strip():
        return []
    if parameter.form == "path":
        return _find_samples(parameter.name, value) or _find_source(parameter.name, value)
    if parameter.form == "columns" and ("=" not in value or Path(value.strip()).expanduser().is_file()):
        return [_describe_file(parameter.name, value, Path(value.strip()).expanduser())]
    return []


def _find_samples(name: str, value: str) -> list[Input]:
    from crm_lib import sample

    try:
        paths = sample.paths(value)
    except ParameterError:  # no sample has this name
        return []
    except CrmError as fault:
        return [Input(value, name, problem=str(fault))]
    return [_describe_file(name, _name_below_project(path), path) for path in paths]


def _name_below_project(path: Path) -> str:
    """Name a sample from the data folder of the project on, or from its package on."""
    from crm_lib._places import project_root

    root, path = project_root().resolve(), path.resolve()
    inside = path.is_relative_to(root / "data")
    return path.relative_to(root if inside else path.parents[2]).as_posix()


def _find_source(name: str, value: str) -> list[Input]:
    """Resolve a source exactly as `read_table` would, so that both see the same files."""
    from crm_lib.readwrite.parts import list_parts

    text, label = value, value
    if value.startswith("env:"):
        text = os.environ.get(value[4:], "").strip()
    folder = Path(text).expanduser()
    if text and folder.is_dir():
        return [
            _describe_file(name, f"{label}/{path.relative_to(folder).as_posix()}", path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
    try:
        parts = list_parts(value)
    except CrmError as fault:
        return [Input(label, name, problem=str(fault))]
    if parts[0].url:
        return [Input(_label_part(value, parts[0].name), name, url=parts[0].url, database="server")]
    paths = [part.path for part in parts if part.path is not None]
    return [_describe_file(name, _label_part(value, path.as_posix()), path) for path in paths]


def _label_part(value: str, place: str) -> str:
    """Name a part as the caller did; behind ``env:`` by its file name, which the report shows."""
    return f"{value} ({place.rsplit('/', 1)[-1]})" if value.startswith("env:") else place


def _describe_file(name: str, label: str, path: Path) -> Input:
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as fault:
        return Input(label, name, problem=f"{fault.strerror or type(fault).__name__}")
    kind = next((kind for at, sign, kind in _SIGNS if head[at:].startswith(sign)), "")
    return Input(label, name, path=path, database=kind)


def fingerprint_inputs(inputs: list[Input], hashes: Hashes, *, freshness: str = "") -> dict[str, str]:
    """Return label → fingerprint: a file's SHA-256, a database's answer, or why there is none.

    Parameters
    ----------
    inputs
        What `find_inputs` returned.
    hashes
        Remembers the checksums of files.
    freshness
        The SQL query that tells whether a database changed, such as
        ``SELECT max(updated_at) FROM orders``; each database is asked.

    Notes
    -----
    A fingerprint that begins with ``unknown:`` equals nothing, not even itself:
    the report is made again.  That goes for a database without a query, and for
    one whose query failed.
    """
    return {found.label: _fingerprint(found, hashes, freshness) for found in inputs}


def _fingerprint(found: Input, hashes: Hashes, query: str) -> str:
    if found.problem:
        return MISSING + found.problem
    if found.database:
        if not query:
            return UNKNOWN + _NO_QUERY
        from crm_lib.publish.freshness import ask_freshness

        try:
            return ask_freshness(found, query)
        except CrmError as fault:
            return UNKNOWN + str(fault)
    try:
        return hashes.sha256(found.path)  # type: ignore[arg-type]
    except OSError as fault:
        return UNKNOWN + f"it cannot be read: {fault.strerror or type(fault).__name__}"


def same_fingerprint(old: Any, new: Any) -> bool:
    """Tell whether two fingerprints stand for the same data."""
    return old == new and not str(new).startswith(UNKNOWN)
