"""Write the Atom feed of a reports folder: one entry for each run that was made or failed."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from collections.abc import Sequence
from pathlib import Path

from crm_lib.catalogue import say
from crm_lib.errors import RenderError
from crm_lib.publish.entries import Entry, Run, make_run
from crm_lib.publish.history import parse_time, read_runs
from crm_lib.publish.page import format_seconds, write_atomic

MOST_ENTRIES = 50
_CHANGES_TOLD = 3
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = "1970-01-01T00:00:00+00:00"


def write_feed(out: Path, entries: Sequence[Entry]) -> Path:
    """Write ``out/feed.xml``.

    Parameters
    ----------
    out
        The folder of the reports.
    entries
        The reports, as `read_entries` gives them.

    Returns
    -------
    Path
        The feed, replaced in one step when it changed.

    Notes
    -----
    An entry keeps its id for ever: it is made of the folder's own id
    (``.crm/feed-id``), the report and the number of the run.  Addresses are
    relative to the feed, which does not know where it will stand.
    """
    runs = _list_newest(out, entries)
    folder_id = _read_id(out)
    updated = runs[0][1].rendered_at if runs else _NEVER
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">',
        f"<id>urn:uuid:{folder_id}</id>",
        _tag("title", say("index.heading")),
        f"<updated>{_stamp(updated)}</updated>",
        f"<author>{_tag('name', 'crm_lib')}</author>",
        '<link rel="self" type="application/atom+xml" href="feed.xml"/>',
        '<link rel="alternate" type="text/html" href="index.html"/>',
        *(_word_entry(folder_id, entry, run) for entry, run in runs),
        "</feed>",
    ]
    path, text = out / "feed.xml", "\n".join(lines) + "\n"
    if path.is_file() and path.read_bytes() == text.encode("utf-8"):
        return path
    return write_atomic(path, text)


def _list_newest(out: Path, entries: Sequence[Entry]) -> list[tuple[Entry, Run]]:
    """Return the newest runs of all reports, newest first.

    The entries hold the last few runs of each; only of a report whose oldest
    known run is itself among the newest are more read.
    """
    known = [(entry, _known_runs(entry)) for entry in entries if not entry.problem]
    newest = _sort_newest([(entry, run) for entry, runs in known for run in runs])
    last = newest[-1][1] if len(newest) == MOST_ENTRIES else None
    found = []
    for entry, runs in known:
        more = bool(runs) and runs[-1].number > 1
        if more and (last is None or parse_time(runs[-1].rendered_at) >= parse_time(last.rendered_at)):
            lines = read_runs(out, entry.name, last=MOST_ENTRIES)
            archived = {link.text: link for link in entry.archived}
            runs = [make_run(line, archived) for line in lines if "problem" not in line]
        found += [(entry, run) for run in runs]
    return _sort_newest(found)


def _sort_newest(pairs: Sequence[tuple[Entry, Run]]) -> list[tuple[Entry, Run]]:
    ordered = sorted(pairs, key=lambda pair: (pair[0].name, pair[1].number))
    return sorted(ordered, key=lambda pair: parse_time(pair[1].rendered_at), reverse=True)[:MOST_ENTRIES]


def _known_runs(entry: Entry) -> list[Run]:
    """Return the runs of an entry; a report from before there was a history counts as its own run."""
    if entry.runs:
        return list(entry.runs)
    try:
        parse_time(entry.rendered_at)
    except ValueError:
        return []
    return [Run(0, entry.rendered_at, entry.status, entry.seconds, entry.error)]


def _read_id(out: Path) -> uuid.UUID:
    """Return what tells the feed of this folder from all others; made once."""
    path = out / ".crm" / "feed-id"
    try:
        return uuid.UUID(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        fresh = uuid.uuid4()
    try:
        write_atomic(path, f"{fresh}\n")
    except RenderError as fault:
        raise RenderError(f"crm render: the feed must keep its id. {fault}") from None
    return fresh


def _word_entry(folder_id: uuid.UUID, entry: Entry, run: Run) -> str:
    made = run.status == "ok"
    status = say("report.ok" if made else "report.failed")
    title = " · ".join(part for part in (entry.title, entry.key, status) if part)
    number = uuid.uuid5(folder_id, f"{entry.name}/{run.number}")
    parts = [
        "<entry>",
        f"<id>urn:uuid:{number}</id>",
        _tag("title", title),
        f"<updated>{_stamp(run.rendered_at)}</updated>",
        f'<link rel="alternate" type="text/html" href="{html.escape(_find_page(entry, run))}"/>',
        f'<category term="{html.escape(_clean(entry.notebook_id))}"/>',
        _tag("summary", _summarize(run)),
        "</entry>",
    ]
    return "\n".join(parts)


def _summarize(run: Run) -> str:
    took = say("index.took", seconds=format_seconds(run.seconds))
    if run.error:
        return f"{say('page.stopped_at', cell=run.error[0])}：{run.error[1]}"
    if run.status != "ok" or run.n_changes is None:
        return took
    if not run.n_changes:
        return f"{took}；{say('index.unchanged')}"
    told = [words.line for words in run.changes[:_CHANGES_TOLD]]
    more = [say("index.more_changes", n=run.n_changes - len(told))] if run.n_changes > len(told) else []
    return "；".join([took, *told, *more])


def _find_page(entry: Entry, run: Run) -> str:
    """Return the address of what the run made: its archived report, else the one in place, else the index."""
    if run.archived:
        return run.archived
    there = {link.kind: link.href for link in entry.links if link.there}
    return there.get("html") or there.get("earlier") or "index.html"


def _stamp(time: str) -> str:
    """Return a time as RFC 3339 wants it."""
    return parse_time(time).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{html.escape(_clean(text), quote=False)}</{name}>"
