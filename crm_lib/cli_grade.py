"""The command ``crm grade``: points, feedback and reports for a class."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_lib.teach.results import Graded

EXAMPLE = (
    "Example: crm grade submitted --out grades --roster class.csv "
    "--deadline '2026-11-20 23:59 +08:00' --late-rule '-10% per day, at most 50%'"
)


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            help="Folder or zip: a folder per student, files named by student, or an nbgrader course."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for gradebook, feedback and reports.")],
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster",
            "--students",
            metavar="FILE",
            help="CSV or XLSX with 学号, 姓名, 班级, perhaps 提交时间.",
        ),
    ] = None,
    notebook: Annotated[
        list[str] | None,
        typer.Option(help="An assigned notebook; may be repeated. Those found when not set."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Answers computed at a time.")] = 2,
    deadline: Annotated[str, typer.Option(help="With its zone, such as '2026-11-20 23:59 +08:00'.")] = "",
    late_rule: Annotated[str, typer.Option(help="Such as '-10% per day, at most 50%'.")] = "",
    manual: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A sheet of manual points that was filled in elsewhere."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Most seconds one answer may take.")] = 20.0,
    memory_mb: Annotated[int, typer.Option(min=64, help="Most memory one answer may take, in MiB.")] = 1024,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox",
            help="Run students' code without a sandbox: it can read and change your files.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but what failed.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Grade what a class handed in: points, feedback pages, class and similarity reports.

    Students' code runs in a sandbox, on the handed-out data and on other data; hidden checks never enter it.
    Only what changed since the last run is graded again.  The sheet DIR/manual_points.xlsx
    takes points for 想一想 and 拓展任务: fill it in and run the command once more.
    """
    from crm_lib.kernels.limits_station import StationLimits
    from crm_lib.teach.grade import grade_class
    from crm_lib.teach.gradebook import write_books

    limits = StationLimits(wall_seconds=seconds, cpu_seconds=max(1, round(seconds)), memory_mb=memory_mb)
    with _progress(quiet=quiet) as tell:
        graded = grade_class(
            submissions,
            out=out,
            roster=roster,
            notebooks=notebook or None,
            jobs=jobs,
            deadline=deadline or None,
            late_rule=late_rule or None,
            manual=manual,
            limits=limits,
            unsafe=unsafe,
            progress=tell,
        )
    written = write_books(graded, out)
    if not quiet:
        _report(graded, out)
        typer.echo(f"Gradebook: {written['gradebook_xlsx']}")


def _report(graded: Sequence[Graded], out: Path) -> None:
    """Say how many were graded, and name those who could not be."""
    from crm_lib.teach.results import GRADED, MISSING, UNREADABLE

    n = Counter(g.status for g in graded)
    late = sum(g.late_days > 0 for g in graded if g.status == GRADED)
    pending = sum(g.pending for g in graded)
    typer.echo(
        f"{n[GRADED]} graded, {late} of them late, {n[MISSING]} not handed in, {n[UNREADABLE]} not readable."
    )
    for g in graded:
        if g.status == UNREADABLE:
            typer.echo(f"  {g.student_id} {g.name} {g.file}: {g.reason}")
    if pending:
        typer.echo(f"{pending} manual points are still missing; the sheet is {out / 'manual_points.xlsx'}.")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from crm_lib._terminal import show_progress

        with show_progress(1) as tell:
            yield tell
    else:
        yield _tell_in_lines


def _tell_in_lines(notebook_id: str, done: int, total: int) -> None:
    if done in (1, total):
        print(f"{notebook_id}: {done}/{total} answers run", file=sys.stderr, flush=True)
