"""Write an executed notebook as one self-contained HTML report."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crm_lib.publish.markdown import highlight_code, render_markdown
from crm_lib.publish.outputs import Numbering, render_outputs
from crm_lib.publish.page import project_title, render_page, write_atomic
from crm_lib.publish.sanitize import dress_tables

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HEADING = re.compile(r"(?s)<h([1-6])((?:\s[^>]*)?)>(.*?)</h\1\s*>")
# The question that opens each step stands out in every lesson.
_THINK = re.compile(r"<p>(<strong>想一想)")
_STYLES = ("base.css", "report.css", "print.css")


@dataclass(frozen=True)
class ReportMeta:
    """What a report says about the run that made it.

    Attributes
    ----------
    notebook_id, title
        Which notebook this is ("0_start/1_tour") and its title.
    parameters
        (name, value, meaning) in the notebook's order.
    facts
        (title, value) that the header shows beside the data.
    data
        (file name, short sha256, rows) of each source read.
    versions
        Package → version.
    rendered_at, seconds
        When the run ended (ISO time) and how long it took: the only values
        that differ between two runs of the same input.  Both stand in one
        line of the footer; the header shows the day.
    status, error
        "ok" or "failed"; ``{"cell": heading, "sentence": text}`` of the failure.
    """

    notebook_id: str
    title: str
    parameters: Sequence[tuple[str, Any, str]] = ()
    facts: Sequence[tuple[str, str]] = ()
    data: Sequence[tuple[str, str, int | None]] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    rendered_at: str = ""
    seconds: float = 0.0
    status: str = "ok"
    error: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Page:
    """A finished page, and what a test of it wants to know."""

    html: str
    missing_glyphs: tuple[str, ...]
    n_figures: int
    n_tables: int
    without_alt: tuple[str, ...]


@dataclass
class _Headings:
    """The headings met so far: unique anchors, no level left out, one H1."""

    entries: list[tuple[int, str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=lambda: {"top", "toc", "main", "about", "crm-error"})
    level: int = 1

    def mark(self, page: str) -> str:
        """Return authored HTML with anchors on its headings."""
        return _HEADING.sub(self._mark_one, page)

    def _mark_one(self, match: re.Match[str]) -> str:
        level = min(max(int(match[1]), 2), self.level + 1)
        self.level = level
        text = html.unescape(re.sub(r"<[^>]+>", "", match[3])).strip()
        anchor = self._anchor(text)
        self.entries.append((level, anchor, text))
        return f'<h{level} id="{html.escape(anchor)}">{match[3].strip()}</h{level}>'

    def _anchor(self, text: str) -> str:
        """Return an anchor as JupyterLab makes it, so that links in the text work in both."""
        base = re.sub(r"\s+", "-", text) or "section"
        anchor, n = base, 1
        while anchor in self.used:
            n += 1
            anchor = f"{base}-{n}"
        self.used.add(anchor)
        return anchor


def write_html(
    notebook: NotebookNode,
    path: str | Path,
    *,
    meta: ReportMeta,
    show_code: bool = False,
    debug: bool = False,
) -> Path:
    """Write `notebook` as one HTML file that needs nothing else.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook of the suite.
    path : str or Path
        The file to write; replaced in one step.
    meta : ReportMeta
        What header and footer say about the run.
    show_code : bool
        Show the code of cells that are not tagged ``hide-input``.
    debug : bool
        Add the traceback, folded, to the box of a failed cell.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    RenderError
        When a formula does not convert, a picture is not in the notebook, or
        the file cannot be written.
    """
    page = render_html(notebook, meta=meta, show_code=show_code, debug=debug)
    return write_atomic(Path(path), page.html)


def render_html(
    notebook: NotebookNode, *, meta: ReportMeta, show_code: bool = False, debug: bool = False
) -> Page:
    """Return `notebook` as a page; see `write_html`.

    Notes
    -----
    Text cells are ours and may hold HTML; outputs are data and are sanitised.
    The page's content policy allows no address and no script but its own, so
    even what a sanitiser missed could not run.
    """
    from markupsafe import Markup

    cells, cut = _drop_unrun([cell for cell in notebook.cells if not _is_foreign(cell)])
    lead, cells = _split_lead(cells)
    headings, numbering = _Headings(), Numbering()
    intro = dress_tables(headings.mark(lead[1]), number=numbering.next_table, align=False)
    body = [_render_cell(cell, headings, numbering, show_code, debug) for cell in cells]
    page, missing = render_page(
        "report.html.j2",
        styles=_STYLES,
        script="report.js",
        sections=("page", "report"),
        running_head=Markup(_word_running_head(meta.title, project_title(meta.notebook_id))),
        shared="".join(c.source for c in notebook.cells if c.cell_type == "markdown"),
        meta=meta,
        project=project_title(meta.notebook_id),
        question=Markup(lead[0]),
        intro=Markup(intro),
        toc=[(level, "#" + quote(anchor), text) for level, anchor, text in headings.entries if level <= 3],
        body=Markup("\n".join(part for part in body if part)),
        n_errors=numbering.errors,
        cut=cut,
    )
    return Page(page, missing, numbering.figures, numbering.tables, tuple(numbering.missing_alt))


def _word_running_head(title: str, project: str) -> str:
    """Return the style rule that puts title and project above every printed page but the first."""
    left, right = (re.sub(r"[^0-9A-Za-z]", lambda m: f"\\{ord(m[0]):x} ", t) for t in (title, project))
    return f'@page {{ @top-left {{ content: "{left}"; }} @top-right {{ content: "{right}"; }} }}'


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def _is_foreign(cell: Any) -> bool:
    """Tell whether the run itself put the cell there (papermill's own error notes)."""
    return any(tag.startswith("papermill-error") for tag in _tags(cell))


def _drop_unrun(cells: list[Any]) -> tuple[list[Any], bool]:
    """Return the cells up to where the run stopped, and whether any were left out.

    What follows speaks of figures that were never made.
    """
    faults = [i for i, c in enumerate(cells) if any(o.output_type == "error" for o in c.get("outputs", ()))]
    last = faults[-1] + 1 if faults else len(cells)
    rest = cells[last:]
    return (cells, False) if any(c.get("execution_count") for c in rest) else (cells[:last], bool(rest))


def _split_lead(cells: list[Any]) -> tuple[tuple[str, str], list[Any]]:
    """Return (question, rest) of the opening cell, without its H1, and the other cells."""
    if not cells or cells[0].cell_type != "markdown":
        return ("", ""), cells
    page = render_markdown(cells[0].source, attachments=cells[0].get("attachments"))
    opening = re.match(r"(?s)\s*<h1>.*?</h1>\s*(?:<p>(.*?)</p>)?(.*)", page)
    if not opening:
        return ("", ""), cells
    return (opening[1] or "", opening[2].strip()), cells[1:]


def _render_cell(cell: Any, headings: _Headings, numbering: Numbering, show_code: bool, debug: bool) -> str:
    tags = _tags(cell)
    if cell.cell_type == "markdown":
        page = headings.mark(render_markdown(cell.source, attachments=cell.get("attachments")))
        page = dress_tables(page, number=numbering.next_table, align=False)
        return _wrap("text", tags, _THINK.sub(r'<p class="think">\1', page))
    if cell.cell_type != "code":
        return ""
    parts = []
    if show_code and "hide-input" not in tags and cell.source.strip():
        parts.append(highlight_code(cell.source))
    parts.append(render_outputs(cell.get("outputs", []), numbering, debug=debug))
    return _wrap("run", tags, "\n".join(part for part in parts if part))


def _wrap(kind: str, tags: set[str], page: str) -> str:
    if not page.strip():
        return ""
    known = tags & {"finding", "parameters", "injected-parameters", "export", "exercise", "solution", "grade"}
    names = " ".join(["cell", kind, *(f"tag-{tag}" for tag in sorted(known))])
    return f'<div class="{names}">{page}</div>'
