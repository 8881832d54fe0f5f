"""Read what the runs left in a reports folder, as the index shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crm_lib.catalogue import say
from crm_lib.publish.archive import list_archived
from crm_lib.publish.history import read_runs
from crm_lib.publish.page import project_title
from crm_lib.publish.sanitize import is_local_link
from crm_lib.publish.wording import Words, word_change

_LINKS = ("html", "earlier", "pdf", "ipynb", "result", "pages", "tables")
SHOWN_RUNS = 10


@dataclass(frozen=True)
class Link:
    """A file of a run: the words of the link, its address, whether the file is there, and its kind."""

    text: str
    href: str
    there: bool
    kind: str = ""


@dataclass(frozen=True)
class Run:
    """One line of a report's history; `archived` is the address of the report kept from it."""

    number: int
    rendered_at: str
    status: str
    seconds: float | None
    error: tuple[str, str] | None = None
    since: str = ""
    n_changes: int | None = None
    changes: tuple[Words, ...] = ()
    archived: str = ""


@dataclass(frozen=True)
class Entry:
    """One report as the index shows it, or a record that could not be read (``problem``)."""

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
    runs: tuple[Run, ...] = ()  # newest first
    archived: tuple[Link, ...] = ()  # newest first
    problems: tuple[str, ...] = ()  # of its history

    @property
    def name(self) -> str:
        """The file name of what is kept of this report."""
        return "__".join(part for part in (*self.notebook_id.split("/"), self.key) if part)

    @property
    def files(self) -> tuple[Link, ...]:
        """The links that stand in the first line: all but tables and pages."""
        return tuple(link for link in self.links if link.kind not in {"tables", "pages"})

    @property
    def latest(self) -> Run | None:
        """The run this entry tells of, if the history knows it."""
        newest = self.runs[0] if self.runs else None
        return newest if newest and newest.rendered_at == self.rendered_at else None

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


def read_entries(out_dir: Path) -> list[Entry]:
    """Return all records of `out_dir` in the order of the curriculum, then by key."""
    found = [_read_entry(path, out_dir) for path in sorted((out_dir / ".crm" / "reports").glob("*.json"))]
    return sorted(found, key=lambda e: (_natural(e.notebook_id), _natural(e.key), e.title))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key under which 2_x stands before 10_x."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def _read_entry(path: Path, out_dir: Path) -> Entry:
    try:
        record = json.loads(path.read_text("utf-8"))
        return _make_entry(record, path.stem, out_dir)
    except OSError as fault:
        problem = say("site.unreadable", why=fault.strerror or type(fault).__name__)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        problem = say("site.broken")
    return Entry("", "", path.stem, path.name, status="failed", problem=problem)


def _make_entry(record: Mapping[str, Any], name: str, out_dir: Path) -> Entry:
    notebook_id, key = str(record["notebook_id"]), str(record.get("key") or "")
    error, seconds = record.get("error"), record.get("seconds")
    archived = _link_archived(out_dir, f"{notebook_id}/{key}".rstrip("/"))
    runs, problems = _list_runs(out_dir, name, archived)
    return Entry(
        project=notebook_id.split("/")[0],
        notebook_id=notebook_id,
        key=key,
        title=_plain(record.get("title")) or notebook_id,
        question=_plain(record.get("question")),
        status=str(record["status"]),
        seconds=None if seconds is None else float(seconds),
        rendered_at=str(record.get("rendered_at") or ""),
        parameters=tuple((str(k), str(v)) for k, v in (record.get("parameters") or {}).items() if str(v)),
        links=tuple(_list_links(record.get("outputs") or {}, out_dir)),
        error=(str(error.get("cell") or ""), str(error.get("sentence") or "")) if error else None,
        runs=runs,
        archived=tuple(archived.values()),
        problems=problems,
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
            words = name.rsplit("/", 1)[-1] if kind in {"tables", "pages"} else say(f"site.{kind}")
            local = is_local_link(quote(name)) and ".." not in name.split("/")
            links.append(Link(words, quote(name), local and (out_dir / name).is_file(), kind))
    return links


def _link_archived(out_dir: Path, place: str) -> dict[str, Link]:
    """Return time → link of the reports kept from earlier runs, newest first."""
    if ".." in place.split("/"):
        return {}
    found = {}
    for one in list_archived(out_dir, place):
        page = one.folder / "report.html"
        address = quote(page.relative_to(out_dir).as_posix())
        found[one.stamp] = Link(one.stamp, address, page.is_file(), "archived")
    return found


def _list_runs(
    out_dir: Path, name: str, archived: Mapping[str, Link]
) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """Return the newest runs, newest first, and what could not be read of them."""
    lines = read_runs(out_dir, name, last=SHOWN_RUNS)
    runs = [make_run(line, archived) for line in reversed(lines) if "problem" not in line]
    return tuple(runs), tuple(dict.fromkeys(line["problem"] for line in lines if "problem" in line))


def make_run(line: Mapping[str, Any], archived: Mapping[str, Link] | None = None) -> Run:
    """Return a line of `read_runs` as a run."""
    error, seconds = line.get("error"), line.get("seconds")
    kept = (archived or {}).get(line["rendered_at"])
    return Run(
        number=line["run"],
        rendered_at=line["rendered_at"],
        status=line["status"],
        seconds=None if seconds is None else float(seconds),
        error=(str(error["cell"]), str(error["sentence"])) if error else None,
        since=str(line.get("since") or ""),
        n_changes=line.get("n_changes"),
        changes=tuple(map(word_change, line.get("changes", ()))),
        archived=kept.href if kept and kept.there else "",
    )
