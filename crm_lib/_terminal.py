"""Progress and tables for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

_MOST_BARS = 30  # more would not fit a screen


@contextmanager
def show_progress(n_notebooks: int) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function ``tell(notebook_id, done, total)``.

    On a terminal it moves a bar per notebook (of many reports only those at
    work, and one for all); elsewhere (a log file, CI) it
    prints a line when a notebook starts and when its last cell is done.
    """
    if not sys.stderr.isatty():
        yield _tell_in_lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        whole = bars.add_task("starting", total=None)
        tasks: dict[str, int] = {}
        crowded = n_notebooks > _MOST_BARS

        def tell(notebook_id: str, done: int, total: int) -> None:
            bars.update(whole, visible=crowded, description="reports", total=n_notebooks)
            if notebook_id not in tasks:
                tasks[notebook_id] = bars.add_task(notebook_id, total=total)  # type: ignore[assignment]
            bars.update(
                tasks[notebook_id],  # type: ignore[arg-type]
                completed=done,
                visible=not (crowded and done == total),
            )
            if done == total:
                bars.advance(whole)

        yield tell


def _tell_in_lines(notebook_id: str, done: int, total: int) -> None:
    if done in (1, total):
        word = "cells done" if done == total else "started"
        print(f"{notebook_id}: {done}/{total} {word}", file=sys.stderr, flush=True)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; without a terminal as tab-separated lines that scripts can read."""
    if not sys.stdout.isatty():
        for row in [titles, *rows]:
            print("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=False)
    for title in titles:
        table.add_column(title, overflow="fold")  # Chinese has no blanks to break at
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)
