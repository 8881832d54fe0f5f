"""Render many notebooks into one folder, and write its index."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from crm_lib.errors import RenderError
from crm_lib.publish import ground
from crm_lib.publish.commit import mend
from crm_lib.publish.folders import lock_folder, prepare_folder
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.manifest import drop_unused_grounds, find_changes, read_entry
from crm_lib.publish.page import write_atomic
from crm_lib.publish.plan import Job, Progress


def run_jobs(
    jobs: Sequence[Job],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
    say_wait: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Render what changed of `jobs` in worker processes and write the index; one that fails stops no other.

    Parameters
    ----------
    jobs
        What `plan_jobs` returned; all of one folder.  One with ``force`` is
        rendered in any case.
    n_jobs
        Worker processes at most.
    progress
        Called after each cell with the notebook, the cells done and their number.
    say_wait
        Called with a sentence when another run holds the folder.

    Returns
    -------
    list of dict
        The entries, in the order of `jobs`.  Of a report that was left as it
        is the entry on record, with ``"unchanged": True``.

    Raises
    ------
    ParameterError, RenderError
        When the folder is a file or cannot be written, or the index cannot be.
    """
    if not jobs:
        return []
    out = jobs[0].out
    prepare_folder(out)
    with lock_folder(out, say_wait=say_wait):
        mend(out)
        hashes = Hashes.of(out)
        entries = _render_changed(jobs, hashes, n_jobs=n_jobs, progress=progress)
        try:
            refresh_index(out, hashes)
        except RenderError as fault:
            failures = [describe_failure(e) for e in entries if e["error"]]
            raise RenderError("\n".join([*failures, str(fault)])) from None
        finally:
            hashes.save()
    return entries


def _render_changed(
    jobs: Sequence[Job], hashes: Hashes, *, n_jobs: int, progress: Progress | None
) -> list[dict[str, Any]]:
    """Return the entries of `jobs` after rendering those that are not fresh."""
    shared = ground.describe_ground(hashes)
    entries = {
        i: {**read_entry(job), "unchanged": True}
        for i, job in enumerate(jobs)
        if not job.force and next(find_changes(job, hashes, shared), None) is None
    }
    changed = {i: job for i, job in enumerate(jobs) if i not in entries}
    if changed:
        from crm_lib.publish.workers import run_in_workers

        out = jobs[0].out
        hashes.save()  # the workers read it
        # a core idles while the first kernel gets ready: time to import what the index will need
        threading.Thread(target=_import_ahead, daemon=True).start()
        _pass_on(out, shared)
        try:
            made = run_in_workers(list(changed.values()), n_jobs=n_jobs, progress=progress)
        finally:
            ground.pass_on(out, "")
        entries |= dict(zip(changed, made, strict=True))
        _remember_unrun(out, [entries[i] for i in changed])
        drop_unused_grounds(out)
    return [entries[i] for i in range(len(jobs))]


def _import_ahead() -> None:
    """Import what writes the index, and read its font; a fault shows where it is needed."""
    with suppress(Exception):
        import fontTools.subset
        import fontTools.ttLib.woff2
        import jinja2

        import crm_lib.publish.site
        from crm_lib.look.fonts import list_missing

        list_missing(())
        del fontTools, jinja2, crm_lib


def _remember_unrun(out: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add to the history the runs that ended without a report of their own; the others did it themselves."""
    from crm_lib.publish.history import add_run

    for entry in entries:
        if entry["seconds"] is None:
            with suppress(RenderError, OSError):  # its sentence reaches the terminal all the same
                add_run(out, entry)


def _pass_on(out: Path, shared: Mapping[str, Any]) -> None:
    """Let the workers know the ground of this run; on a full disk each says so for its own report."""
    with suppress(RenderError):
        ground.pass_on(out, ground.store_ground(out, shared))


def refresh_index(out: Path, hashes: Hashes) -> bool:
    """Write the index and the feed of `out` unless they are there and show what is on record.

    Returns
    -------
    bool
        Whether they were written.
    """
    known = out / ".crm" / "index.json"
    before = _describe_index(out, hashes)
    try:
        if json.loads(known.read_text(encoding="utf-8")) == before and before["index.html"]:
            return False
    except (OSError, ValueError):
        pass
    from crm_lib.publish.site import write_index

    write_index(out)
    write_atomic(known, json.dumps(_describe_index(out, hashes)) + "\n")
    return True


def _describe_index(out: Path, hashes: Hashes) -> dict[str, str]:
    """Return checksums of the pages of the index, and of the records they were made from."""
    state = out / ".crm"
    records = sorted([*(state / "reports").glob("*.json"), *(state / "history").glob("*.jsonl")])
    listed = [f"{path.name} {hashes.sha256(path)}" for path in records]
    listed += sorted(path.as_posix() for path in (out / "archive").rglob("report.html"))
    pages = {name: out / name for name in ("index.html", "feed.xml")}
    return {
        "records": hashlib.sha256("\n".join(listed).encode("utf-8")).hexdigest(),
        **{name: hashes.sha256(path) if path.is_file() else "" for name, path in pages.items()},
    }


def describe_failure(entry: Mapping[str, Any]) -> str:
    """Return one line that names the notebook, the section and the sentence of a failure."""
    error = entry["error"] or {}
    if not error:
        raise RenderError("describe_failure: the run did not fail")
    where = f" (in: {error['cell']})" if error["cell"] else ""
    key = f"/{entry['key']}" if entry.get("key") else ""
    return f"{entry['notebook_id']}{key}: {error['sentence']}{where}"
