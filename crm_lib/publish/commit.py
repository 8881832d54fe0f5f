"""Put a finished report in place together with what is on record of it; finish what a killed run began."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_lib.publish import ground
from crm_lib.publish.folders import hold_stop, replace_folder, restore_folder
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.history import add_run, read_runs
from crm_lib.publish.manifest import find_altered, write_manifest
from crm_lib.publish.page import write_atomic
from crm_lib.publish.plan import Job

_TEMPORARY = re.compile(r"\..+\.\w{8}\.tmp")


def put_in_place(job: Job, entry: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Move the stage of `job` into place, then its entry, its history and its manifest.

    Notes
    -----
    First a note of all of it is written under ``.crm/ready``.  Whoever finds
    that note after the process was killed can tell by the checksums how far it
    came, and finishes it: at no moment do report and entry speak of two runs
    for longer than until the next one.
    """
    record = {"place": job.place, "name": job.name, "entry": dict(entry), "manifest": dict(manifest)}
    write_atomic(_ready_file(job.out, job.name), json.dumps(record, ensure_ascii=False) + "\n")
    with hold_stop():
        _carry_sets(job.folder, job.stage)
        replace_folder(job.stage, job.folder)
        _finish(job.out, record, again=False)


def _carry_sets(old: Path, new: Path) -> None:
    """Move the reports of parameter sets, which stand within the folder of their notebook, along with it.

    They are in the stage before the swap, so whoever finishes a killed run brings them back with it.
    """
    for path in sorted(old.iterdir()) if old.is_dir() else ():
        is_report = path.is_dir() and any((path / f"{stem}.html").is_file() for stem in ("report", "failed"))
        if is_report and not (new / path.name).exists():
            path.replace(new / path.name)


def add_failure(job: Job, entry: Mapping[str, Any]) -> None:
    """Put what a failed run made beside the earlier report, which stays; then its entry and history."""
    with hold_stop():
        job.folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("html", "ipynb"):
            (job.stage / f"report.{suffix}").replace(job.folder / f"failed.{suffix}")
        shutil.rmtree(job.stage)
        _write_entry(job.out, job.name, entry)
        add_run(job.out, entry)


def _finish(out: Path, record: Mapping[str, Any], *, again: bool) -> None:
    """Write what is on record of a report that stands in place."""
    _write_entry(out, record["name"], record["entry"])
    write_manifest(out, record["name"], record["manifest"])
    if not (again and _is_remembered(out, record)):
        add_run(out, record["entry"])
    _ready_file(out, record["name"]).unlink(missing_ok=True)


def _write_entry(out: Path, name: str, entry: Mapping[str, Any]) -> None:
    text = json.dumps(entry, ensure_ascii=False, indent=1) + "\n"
    write_atomic(out / ".crm" / "reports" / f"{name}.json", text)


def _is_remembered(out: Path, record: Mapping[str, Any]) -> bool:
    runs = read_runs(out, record["name"])
    return bool(runs) and runs[-1].get("rendered_at") == record["entry"]["rendered_at"]


def mend(out: Path) -> None:
    """Finish or clear away what a killed run left in the folder `out`, whose lock is held.

    A report that was complete is put in place with its records; one that was
    not is dropped, and the report before it stays or comes back.
    """
    for path in sorted((out / ".crm" / "ready").glob("*.json")):
        record = _read(path)
        if record:
            _mend_one(out, record)
        path.unlink(missing_ok=True)
    shutil.rmtree(out / ".crm" / "stage", ignore_errors=True)
    ground.pass_on(out, "")
    for folder in (out, *(p for p in (out / ".crm").rglob("*") if p.is_dir())):
        for path in folder.glob(".*.tmp"):
            if _TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {k: record[k] for k in ("place", "name", "entry", "manifest")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _mend_one(out: Path, record: Mapping[str, Any]) -> None:
    stage, folder = out / ".crm" / "stage" / record["name"], out / record["place"]
    if _is_whole(stage, record):
        _carry_sets(folder, stage)
        replace_folder(stage, folder)
    if _is_whole(folder, record):
        _finish(out, record, again=True)
    else:
        restore_folder(stage, folder)


def _is_whole(folder: Path, record: Mapping[str, Any]) -> bool:
    return next(find_altered(folder, record["manifest"]["outputs"], Hashes()), None) is None


def _ready_file(out: Path, name: str) -> Path:
    return out / ".crm" / "ready" / f"{name}.json"
