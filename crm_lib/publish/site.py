"""Write the index page and the feed of a reports folder from the records the runs left there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from crm_lib.publish.entries import Entry, Link, read_entries
from crm_lib.publish.feed import write_feed
from crm_lib.publish.page import project_title, render_page, write_atomic

__all__ = ["Entry", "Link", "read_entries", "write_index"]

# From so many reports of one notebook on, those that went well are folded away.
_FOLDED_FROM = 5


@dataclass(frozen=True)
class Task:
    """All reports of one notebook: those shown at once, and those folded away."""

    notebook_id: str
    shown: tuple[Entry, ...]
    folded: tuple[Entry, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()  # what all of them share, said once

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All reports, the shown ones first."""
        return self.shown + self.folded

    @property
    def n_failed(self) -> int:
        """How many were not made."""
        return sum(entry.status != "ok" for entry in self.entries)


@dataclass(frozen=True)
class Project:
    """A project of the book with its tasks."""

    title: str
    anchor: str
    tasks: tuple[Task, ...]

    @property
    def n(self) -> int:
        """How many reports it has."""
        return sum(len(task.entries) for task in self.tasks)

    @property
    def n_failed(self) -> int:
        """How many of them were not made."""
        return sum(task.n_failed for task in self.tasks)


def write_index(out_dir: str | Path) -> Path:
    """Write ``out_dir/index.html``: every report by project and task, with what failed and why.

    Parameters
    ----------
    out_dir : str or Path
        A folder ``crm render`` wrote to; the records stand in
        ``.crm/reports/*.json``, the runs in ``.crm/history``.  A record that
        cannot be read is shown as a problem; a listed file that is gone is
        named, not linked.

    Returns
    -------
    Path
        The index, replaced in one step; ``feed.xml`` stands beside it.
    """
    out = Path(out_dir)
    entries = read_entries(out)
    write_feed(out, entries)
    return write_atomic(out / "index.html", _render(entries))


def _render(entries: Sequence[Entry]) -> str:
    good = [e for e in entries if not e.problem]
    page, _ = render_page(
        "index.html.j2",
        styles=("base.css", "index.css"),
        script="index.js",
        sections=("page", "index", "report", "site"),
        projects=_group(good),
        problems=[e for e in entries if e.problem],
        broken=[e for e in good if e.problems],
        n_ok=sum(e.status == "ok" for e in good),
        n_failed=sum(e.status != "ok" for e in good),
        seconds=sum(e.seconds or 0.0 for e in good),
        newest=max((e.rendered_at for e in good), default=""),
    )
    return page


def _group(entries: Sequence[Entry]) -> list[Project]:
    """Return sorted entries by project and notebook."""
    return [
        Project(
            project_title(project),
            f"p{n}",
            tuple(_make_task(task, list(runs)) for task, runs in groupby(tasks, key=lambda e: e.notebook_id)),
        )
        for n, (project, tasks) in enumerate(groupby(entries, key=lambda e: e.project), 1)
    ]


def _make_task(notebook_id: str, entries: list[Entry]) -> Task:
    """Fold many reports of one notebook; what failed is never folded away."""
    if len(entries) < _FOLDED_FROM:
        return Task(notebook_id, tuple(entries))
    shown = tuple(e for e in entries if e.status != "ok" or not e.key)
    folded = tuple(e for e in entries if e not in shown)
    same = set.intersection(*(set(e.parameters) for e in entries))
    return Task(notebook_id, shown, folded, tuple(p for p in entries[0].parameters if p in same))
