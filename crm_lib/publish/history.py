"""Keep the runs of each report: when, how it ended, how long, what changed in its result.

One file a report, ``.crm/history/<name>.jsonl``, one line a run, oldest first.
The latest good run carries its result, so that the next one is compared with it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crm_lib.catalogue import say
from crm_lib.publish.archive import archive, list_archived, prune
from crm_lib.publish.changes import Change, describe_changes
from crm_lib.publish.page import write_atomic

__all__ = [
    "Change",
    "add_run",
    "archive",
    "describe_changes",
    "find_history",
    "list_archived",
    "name_entry",
    "prune",
    "read_runs",
]

KEPT_RUNS = 400
KEPT_CHANGES = 30
# A larger result is not kept for comparison: the history of 500 reports must stay quick to read.
MOST_STATE_BYTES = 1_000_000
_LONGEST_VALUE = 120
_BLOCK = 65_536


def name_entry(entry: Mapping[str, Any]) -> str:
    """Return the file name of a report's history, as `Job.name` makes it.

    Examples
    --------
    >>> name_entry({"notebook_id": "0_start/1_tour", "key": "C7"})
    '0_start__1_tour__C7'
    """
    place = "/".join(part for part in (str(entry["notebook_id"]), str(entry.get("key") or "")) if part)
    return place.replace("/", "__")


def find_history(out: Path, name: str) -> Path:
    """Return where the runs of the report `name` stand."""
    return Path(out) / ".crm" / "history" / f"{name}.jsonl"


def add_run(out: Path, entry: Mapping[str, Any]) -> None:
    """Append a run to the history of its report, in one step.

    Parameters
    ----------
    out
        The folder of the reports.
    entry
        The record of the run, as `records.make_entry` makes it.

    Raises
    ------
    RenderError
        When the history cannot be written.

    Notes
    -----
    A good run is compared with the good run before it, whatever failed in
    between.  A line that cannot be read stays where it is.  At most 400 runs
    are kept.
    """
    path = find_history(out, name_entry(entry))
    lines = _read_lines(path)
    runs = [run for run in map(_parse, lines) if run is not None]
    record = _describe_run(entry, runs)
    if "state" in record:
        lines = [_without_state(line) for line in lines]
    lines = [*lines, json.dumps(record, ensure_ascii=False)]
    write_atomic(path, "\n".join(lines[-KEPT_RUNS:]) + "\n")


def _describe_run(entry: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the line of a run: its entry in short, and what changed since the good run before it."""
    error = entry.get("error") or None
    record = {
        "run": max((run["run"] for run in runs), default=0) + 1,
        "rendered_at": str(entry.get("rendered_at") or ""),
        "status": str(entry["status"]),
        "seconds": entry.get("seconds"),
        "error": {k: str(error.get(k) or "") for k in ("cell", "sentence")} if error else None,
    }
    if record["status"] != "ok":
        return record
    state = _make_state(entry)
    earlier = next((run for run in reversed(runs) if "state" in run), None)
    if earlier is not None:
        changes = describe_changes(earlier["state"], state)
        record["since"] = earlier["rendered_at"]
        record["changes"] = [_shorten(change) for change in changes[:KEPT_CHANGES]]
        record["n_changes"] = len(changes)
    if len(json.dumps(state, ensure_ascii=False)) <= MOST_STATE_BYTES:
        record["state"] = state
    return record


def _make_state(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is compared: the result first, then what it was made from."""
    sources = {
        "、".join(map(str, source.get("files", ()))): {
            "n_lines": source.get("n_lines"),
            "fingerprint": "、".join(map(str, source.get("sha256", ()))),
        }
        for source in entry.get("sources") or ()
    }
    parameters = dict(entry.get("parameters") or {})
    return {"result": entry.get("result") or {}, "parameters": parameters, "sources": sources}


def _shorten(change: Change) -> dict[str, Any]:
    """Return a change as the history keeps it: of a whole record that came or went the name is enough."""
    sides = {"before": change.before, "after": change.after}
    if change.kind != "changed":
        sides = {side: None if isinstance(v, Mapping | list) else v for side, v in sides.items()}
    short = {side: _shorten_value(value) for side, value in sides.items()}
    return {**asdict(change), **short, "path": list(change.path)}


def _shorten_value(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return value[: _LONGEST_VALUE - 1] + "…"
    if isinstance(value, Mapping | list) and len(json.dumps(value)) > _LONGEST_VALUE:
        return say("index.items", n=len(value))
    return value


def _read_lines(path: Path) -> list[str]:
    """Return the lines of a history; bytes that are no text stay visible as what they are."""
    try:
        text = path.read_bytes().decode("utf-8", errors="backslashreplace")
    except FileNotFoundError:
        return []
    return [line for line in text.split("\n") if line.strip()]


def _without_state(line: str) -> str:
    run = _parse(line)
    if run is None or "state" not in run:
        return line
    return json.dumps({k: v for k, v in run.items() if k != "state"}, ensure_ascii=False)


def _parse(line: str) -> dict[str, Any] | None:
    """Return the run of a line, or None when it is not one."""
    try:
        run = json.loads(line)
        parse_time(run["rendered_at"])
        whole = isinstance(run["status"], str) and type(run["run"]) is int
        seconds = run.get("seconds")
        float(seconds if seconds is not None else 0)
        for change in run.get("changes", ()):
            Change(**{**change, "path": tuple(change["path"])})
        error = run.get("error")
        whole = whole and (error is None or {"cell", "sentence"} <= set(error))
        whole = whole and type(run.get("n_changes", 0)) is int
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return run if whole else None


def parse_time(text: Any) -> dt.datetime:
    """Return an ISO time with its zone (UTC when it names none)."""
    time = dt.datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def read_runs(out: Path, name: str, *, last: int | None = None) -> list[dict[str, Any]]:
    """Return the runs of a report, oldest first.

    Parameters
    ----------
    out
        The folder of the reports.
    name
        The report, as `Job.name` says it.
    last
        Only the newest so many; the beginning of a long file is then not read.

    Returns
    -------
    list of dict
        Each with ``run`` (its number), ``rendered_at``, ``status``,
        ``seconds``, ``error`` and, for a good run that had one before it,
        ``since``, ``changes`` and ``n_changes``.  A line that is broken, or a
        file that cannot be read, is a dict with a ``problem`` in Chinese.
    """
    path = find_history(out, name)
    try:
        lines = _read_lines(path) if last is None else _read_last(path, last)
    except OSError as fault:
        return [{"problem": say("history.unreadable", why=fault.strerror or type(fault).__name__)}]
    return [_parse(line) or {"problem": say("history.broken")} for line in lines]


def _read_last(path: Path, n: int) -> list[str]:
    try:
        with path.open("rb") as file:
            left = file.seek(0, 2)
            data = b""
            while left and data.count(b"\n") <= n:
                step = min(_BLOCK, left)
                left -= step
                file.seek(left)
                data = file.read(step) + data
    except FileNotFoundError:
        return []
    lines = data.decode("utf-8", errors="backslashreplace").split("\n")
    return [line for line in lines if line.strip()][-n:]
