"""What a report was made from, whether that changed since, and what changed: in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crm_lib._places import notebook_file
from crm_lib.lesson.run import notebook_parameters
from crm_lib.publish import ground
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.inputs import MISSING, UNKNOWN, find_inputs, fingerprint_inputs, same_fingerprint
from crm_lib.publish.page import write_atomic
from crm_lib.publish.plan import Job

_OWN = ("notebook", "parameters", "options", "inputs")
_MOST_NAMED = 8
_NEVER = "it was never rendered here"


def describe_state(
    job: Job, *, hashes: Hashes | None = None, shared: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return all that decides what the report of `job` will say, ready for JSON.

    Parameters
    ----------
    job
        A job of `plan_jobs` without a fault.
    hashes
        Remembered checksums; read from the reports folder when not given.
    shared
        The ground, when it is known already (see `ground.describe_ground`).

    Returns
    -------
    dict
        ``notebook`` (file → SHA-256), ``parameters`` (every declared one,
        defaults filled in), ``options``, ``inputs`` (label → SHA-256 or why
        not), ``library``, ``template``, ``fonts``, ``versions``.

    Notes
    -----
    Neither clock nor environment enters: no analysis looks at the clock, an
    empty ``as_of`` is the last order's, and of environment variables only what
    an ``env:NAME`` parameter names counts.  A secret enters as the reference it
    was given as (``env:NAME``, ``file:PATH``): its value leaves no trace, not
    even a checksum, so another password behind the same name changes nothing.
    """
    hashes = hashes or Hashes.of(job.out)
    return {
        "notebook": {
            f"notebooks/{job.notebook_id}.ipynb": hashes.sha256(notebook_file(job.notebook_id)),
        },
        "parameters": {
            **{p.name: p.default for p in notebook_parameters(job.notebook_id)},
            **job.parameters,
        },
        "options": {"show_code": job.show_code, "pdf": job.pdf, "freshness": job.freshness},
        "inputs": fingerprint_inputs(find_inputs(job), hashes, freshness=job.freshness),
        **(shared or ground.describe_ground(hashes)),
    }


def explain(job: Job) -> list[str]:
    """Return what changed since the report of `job` was made, a sentence each; nothing when it is fresh.

    Parameters
    ----------
    job
        One job of `plan_jobs`.

    Returns
    -------
    list of str
        English sentences without a full stop, the gravest first: that it was
        never rendered, or why the last run failed; then notebook, parameters,
        options, inputs, library, template, fonts, versions; then files of the
        report that were altered or deleted.

    Examples
    --------
    >>> from crm_lib.publish.plan import Job
    >>> explain(Job("0_start/1_tour", Path("no such folder")))
    ['it was never rendered here']
    """
    return list(find_changes(job, Hashes.of(job.out)))


def is_fresh(job: Job) -> bool:
    """Tell whether the report in place is what rendering `job` would make again.

    Returns
    -------
    bool
        True when nothing changed and every file of the report is as it was
        written.  A failed run, and a database without a freshness query, never are.
    """
    return next(find_changes(job, Hashes.of(job.out)), None) is None


def find_changes(job: Job, hashes: Hashes, shared: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Yield the sentences of `explain`; whoever wants to know *whether* takes the first."""
    if job.fault:
        yield job.fault
        return
    entry, kept = read_entry(job), read_manifest(job)
    if not entry and not kept:
        yield _NEVER
        return
    if entry.get("status") != "ok":
        yield _word_failure(entry)
    if not kept:
        if entry.get("status") == "ok":
            yield "what its report was made from is not on record"
        return
    try:
        new = describe_state(job, hashes=hashes, shared=shared)
    except OSError as fault:
        yield f"the notebook cannot be read: {fault.strerror or fault}"
        return
    except (ValueError, KeyError, TypeError):
        yield "the notebook cannot be read: it is not one, or its parameters are not. Run: crm build"
        return
    yield from compare_states(kept, new)
    yield from find_altered(job.folder, kept["outputs"], hashes)


def _word_failure(entry: Mapping[str, Any]) -> str:
    if not entry:
        return "the record of its last run is gone"
    error = entry.get("error")
    said = error.get("sentence", "") if isinstance(error, Mapping) else ""
    return f"the last run failed: {said}" if said else "the last run failed"


def compare_states(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence for each thing that differs between two states of `describe_state`."""
    for name in _named(old["notebook"], new["notebook"]):
        yield f"the notebook {name} has changed"
    for what in ("parameters", "options"):
        for name in _named(old[what], new[what]):
            values = " → ".join(_show(state[what].get(name)) for state in (old, new))
            yield f"{what.removesuffix('s')} {name}: {values}"
    yield from _compare_inputs(old["inputs"], new["inputs"])
    for what in ("library", "template", "fonts"):
        yield from _compare_files(old[what], new[what], what)
    for name in _named(old["versions"], new["versions"]):
        before, after = (state["versions"].get(name, "not installed") for state in (old, new))
        yield f"{name} {before} → {after}"


def _named(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values differ; true and 1 do, and 1 and 1.0."""
    keys = dict.fromkeys([*new, *old])
    return [k for k in keys if (k in old) != (k in new) or repr(old[k]) != repr(new[k])]


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if value is not None else "none"
    return text if len(text) <= 80 else text[:77] + "…"


def _compare_inputs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for label in dict.fromkeys([*new, *old]):
        before, after = old.get(label), new.get(label)
        if same_fingerprint(before, after):
            continue
        if after is None:
            yield f"the input {label} is no longer read"
        elif after.startswith(UNKNOWN):
            yield f"the input {label} is never known to be unchanged: {after.removeprefix(UNKNOWN)}"
        elif after.startswith(MISSING):
            yield f"the input {label} is gone: {after.removeprefix(MISSING)}"
        elif before is None:
            yield f"the input {label} is new"
        elif before.startswith(MISSING):
            yield f"the input {label} is there now"
        elif after.startswith("answer "):
            yield f"the freshness query of {label} has another answer"
        else:
            yield f"the input {label} has other bytes"


def _compare_files(old: Mapping[str, str], new: Mapping[str, str], what: str) -> Iterator[str]:
    differing = _named(old, new)
    for name in differing[:_MOST_NAMED]:
        how = "is gone" if name not in new else "is new" if name not in old else "has changed"
        yield f"{name} {how}"
    if len(differing) > _MOST_NAMED:
        yield f"{len(differing) - _MOST_NAMED} more files of the {what} have changed"


def find_altered(folder: Path, outputs: Mapping[str, list], hashes: Hashes) -> Iterator[str]:
    """Yield a sentence for each file of a report that is not as it was written."""
    for name, (size, digest) in outputs.items():
        path = folder / name
        try:
            same = path.stat().st_size == size and hashes.sha256(path) == digest
        except OSError:
            yield f"{name} is gone since"
            continue
        if not same:
            yield f"{name} was altered since"


def list_outputs(folder: Path) -> dict[str, list]:
    """Return every file of a finished report with its size and SHA-256, sorted by name."""
    hashes = Hashes()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): [path.stat().st_size, hashes.sha256(path)] for path in files}


def make_manifest(state: Mapping[str, Any], mark: str, outputs: Mapping[str, list]) -> dict[str, Any]:
    """Return what is kept of a run: its own state, the mark of the ground, and its files."""
    return {**{part: state[part] for part in _OWN}, "ground": mark, "outputs": dict(outputs)}


def manifest_file(out: Path, name: str) -> Path:
    """Return where the manifest of the report called `name` stands."""
    return out / ".crm" / "manifests" / f"{name}.json"


def write_manifest(out: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Keep `manifest` for the next run."""
    write_atomic(manifest_file(out, name), json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")


def read_manifest(job: Job) -> dict[str, Any]:
    """Return the state the report in place was made from, with its outputs; empty when not on record."""
    kept = _read_json(manifest_file(job.out, job.name))
    try:
        own = {part: dict(kept[part]) for part in _OWN}
        outputs = {str(name): [int(size), str(digest)] for name, (size, digest) in kept["outputs"].items()}
        return {**own, "outputs": outputs, **ground.load_ground(job.out, str(kept["ground"]))}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def read_entry(job: Job) -> dict[str, Any]:
    """Return what is on record of the last run of `job`; empty when there is none."""
    return _read_json(job.entry_file)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def drop_unused_grounds(out: Path) -> None:
    """Remove what no manifest refers to any more."""
    kept = (out / ".crm" / "manifests").glob("*.json")
    ground.drop_grounds(out, {str(_read_json(path).get("ground")) for path in kept})
