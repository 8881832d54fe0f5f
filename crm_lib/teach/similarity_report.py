"""Write the pairs of similar submissions side by side, for the eyes of the teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from crm_lib.catalogue import list_sentences, say
from crm_lib.look.page import render_page, write_atomic
from crm_lib.teach.gradebook_tables import sort_books
from crm_lib.teach.results import GRADED, Graded
from crm_lib.teach.similarity import Pair, Work

MOST_LINES = 400


@dataclass(frozen=True)
class Side:
    """One work of a pair: the cells that share something, each line with its mark; how many others there are."""

    work: Work
    cells: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]
    n_others: int


def write_similarity(graded: Sequence[Graded], pairs: Sequence[Pair], out: str | PathLike[str]) -> Path:
    """Write ``similarity.html``.

    Parameters
    ----------
    graded : sequence of Graded
        What was compared.
    pairs : sequence of Pair
        What `find_similar` found in it.
    out : str or path
        Folder; made when it is missing.

    Returns
    -------
    Path
        The page: each pair with its score and both codes beside each other, the
        shared rare lines marked; how it was done and what it cannot say.

    Raises
    ------
    RenderError
        The page cannot be written.
    """
    titles = {book.notebook_id: book.title for book in sort_books(graded)}
    shown = [(pair, titles[pair.notebook_id], *show_sides(pair)) for pair in pairs]
    page, _ = render_page(
        "crm_lib.teach",
        "similarity.html.j2",
        styles=("base.css", "teach.css"),
        shared=list_sentences("similarity"),
        pairs=shown,
        n_works=sum(e.status == GRADED for e in graded),
    )
    return write_atomic(Path(out) / "similarity.html", page)


def show_sides(pair: Pair) -> tuple[Side, Side]:
    """Return both works of a pair as the page shows them.

    Parameters
    ----------
    pair : Pair
        With the lines that both have.

    Returns
    -------
    tuple of Side
        Left and right; the cells in the order of their work.
    """
    return _show(pair.left, pair.left_lines), _show(pair.right, pair.right_lines)


def _show(work: Work, marked: frozenset[tuple[int, int]]) -> Side:
    touched = sorted({cell for cell, _ in marked})
    cells = []
    for cell in touched:
        lines = work.cells[cell].split("\n")[:MOST_LINES]
        title = work.titles[cell] or say("similarity.extra")
        cells.append((title, tuple((line, (cell, n) in marked) for n, line in enumerate(lines, 1))))
    return Side(work, tuple(cells), len(work.cells) - len(touched))
