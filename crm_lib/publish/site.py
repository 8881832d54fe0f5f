"""Write the index page of a reports folder from the records the runs left there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crm_lib.catalogue import say
from crm_lib.publish.page import project_title, render_page, write_atomic
from crm_lib.publish.sanitize import is_local_link

_LINKS = ("html", "earlier", "pdf", "ipynb", "result", "tables")


@dataclass(frozen=True)
class Link:
    """A file of a run: the words of the link, its address, and whether the file is there."""

    text: str
    href: str
    there: bool


@dataclass(frozen=True)
class Entry:
    """One run as the index shows it, or a record that could not be read (``problem``)."""

    project: str
    notebook_id: str
    key: str
    title: str
    question: str = ""
    status: str = "ok"
    seconds: float | None = None
    rendered_at: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    error: tuple[str, str] | None = None
    problem: str = ""

    @property
    def words(self) -> str:
        """Return what the search box looks through."""
        values = " ".join(f"{name}={value}" for name, value in self.parameters)
        parts = (
            self.title,
            self.question,
            self.notebook_id,
            self.key,
            project_title(self.project),
            values,
        )
        return " ".join((*parts, *(self.error or ()))).lower()


def write_index(out_dir: str | Path) -> Path:
    """Write ``out_dir/index.html``: every report by project and task, with what failed and why.

    Parameters
    ----------
    out_dir : str or Path
        A folder ``crm render`` wrote to; the records stand in
        ``.crm/reports/*.json``.  A record that cannot be read is shown as a
        problem; a listed file that is gone is named, not linked.

    Returns
    -------
    Path
        The index, replaced in one step.
    """
    out = Path(out_dir)
    entries = read_entries(out)
    good = [e for e in entries if not e.problem]
    page, _ = render_page(
        "index.html.j2",
        styles=("base.css", "index.css"),
        script="index.js",
        groups=_group(good),
        problems=[e for e in entries if e.problem],
        n_ok=sum(e.status == "ok" for e in good),
        n_failed=sum(e.status != "ok" for e in good),
        seconds=sum(e.seconds or 0.0 for e in good),
        newest=max((e.rendered_at for e in good), default=""),
    )
    return write_atomic(out / "index.html", page)


def read_entries(out_dir: Path) -> list[Entry]:
    """Return all records of `out_dir` in the order of the curriculum, then by key."""
    found = [_read_entry(path, out_dir) for path in sorted((out_dir / ".crm" / "reports").glob("*.json"))]
    return sorted(found, key=lambda e: (_natural(e.notebook_id), _natural(e.key), e.title))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key under which 2_x stands before 10_x."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def _group(entries: list[Entry]) -> list[tuple[str, list[tuple[str, list[Entry]]]]]:
    """Return [(project title, [(notebook id, entries)])] of sorted entries."""
    return [
        (
            project_title(project),
            [(task, list(runs)) for task, runs in groupby(list(tasks), key=lambda e: e.notebook_id)],
        )
        for project, tasks in groupby(entries, key=lambda e: e.project)
    ]


def _read_entry(path: Path, out_dir: Path) -> Entry:
    try:
        record = json.loads(path.read_text("utf-8"))
        return _make_entry(record, out_dir)
    except OSError as fault:
        problem = say("site.unreadable", why=fault.strerror or type(fault).__name__)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        problem = say("site.broken")
    return Entry("", "", path.stem, path.name, status="failed", problem=problem)


def _make_entry(record: Mapping[str, Any], out_dir: Path) -> Entry:
    notebook_id = str(record["notebook_id"])
    error = record.get("error")
    seconds = record.get("seconds")
    return Entry(
        project=notebook_id.split("/")[0],
        notebook_id=notebook_id,
        key=str(record.get("key") or ""),
        title=_plain(record.get("title")) or notebook_id,
        question=_plain(record.get("question")),
        status=str(record["status"]),
        seconds=None if seconds is None else float(seconds),
        rendered_at=str(record.get("rendered_at") or ""),
        parameters=tuple((str(k), str(v)) for k, v in (record.get("parameters") or {}).items() if str(v)),
        links=tuple(_list_links(record.get("outputs") or {}, out_dir)),
        error=(str(error.get("cell") or ""), str(error.get("sentence") or "")) if error else None,
    )


def _plain(text: Any) -> str:
    """Return the first words of a lesson without their Markdown marks."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", str(text or ""))
    return re.sub(r"^[#>\s]+|\*\*|`", "", words).strip()


def _list_links(outputs: Mapping[str, Any], out_dir: Path) -> list[Link]:
    links = []
    for kind in _LINKS:
        paths = outputs.get(kind) or []
        for path in [paths] if isinstance(paths, str) else paths:
            name = path.replace("\\", "/")
            words = name.rsplit("/", 1)[-1] if kind == "tables" else say(f"site.{kind}")
            local = is_local_link(quote(name)) and ".." not in name.split("/")
            links.append(Link(words, quote(name), local and (out_dir / name).is_file()))
    return links
