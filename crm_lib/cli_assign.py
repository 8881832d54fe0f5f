"""The command ``crm assign``: a course folder with what students get."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = (
    "Example: crm assign 0_start/1_tour --out course --students class.csv "
    "--per-student-data --course-key file:course.key"
)


def assign(
    notebooks: Annotated[list[str], typer.Argument(help="Notebook ids such as 0_start/1_tour.")],
    out: Annotated[Path, typer.Option(help="Course folder: new, empty, or one that crm assign made.")],
    students: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Roster (CSV, XLSX) with 学号, 姓名, 班级.")
    ] = None,
    per_student_data: Annotated[
        bool,
        typer.Option("--per-student-data", help="Draw data of their own for all students of the roster."),
    ] = False,
    course_key: Annotated[
        str,
        typer.Option(
            metavar="env:NAME|file:PATH",
            help="Where the key lies that the draws depend on; it is written nowhere; keep it.",
        ),
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Worker processes; as many as cores and memory allow."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but what failed.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Hand out notebooks: blank answers, locked checks, no solutions; also an nbgrader course folder.

    DIR/release/<assignment> is for the students, DIR/source never.  Work that
    was handed in, or that somebody changed, is never overwritten.
    """
    from crm_lib.publish.capacity import count_workers
    from crm_lib.teach.assign import assign_notebooks

    done = assign_notebooks(
        notebooks,
        out=out,
        students=students,
        per_student_data=per_student_data,
        course_key=course_key,
        jobs=jobs or count_workers(),
        progress=None if quiet else _tell,
    )
    for name in done.kept:
        typer.echo(f"crm: left as it is, since it was changed after crm assign wrote it: {name}", err=True)
    if not quiet:
        typer.echo(f"{len(done.written)} files written, {done.n_unchanged} unchanged. Course folder: {out}")


def _tell(what: str, done: int, total: int) -> None:
    """Show how far it is: one line that moves on a terminal, the last one in a log."""
    if sys.stderr.isatty():
        typer.echo(f"\r{done}/{total} {what}\x1b[K", err=True, nl=done == total)
    elif done == total:
        typer.echo(f"{done}/{total} releases made", err=True)
