"""The command ``crm``: render reports, hand out and grade, build notebooks, look at files and at the machine."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from crm_lib import cli_assign, cli_data, cli_grade, cli_schedule, cli_store
from crm_lib.errors import CrmError, ParameterError

app = typer.Typer(
    help="Notebook suite for customer relationship management (客户关系管理).",
    epilog="Example: crm render 0_start/1_tour --orders orders.xlsx",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_data.app, name="data")
app.add_typer(cli_schedule.app, name="schedule")
app.add_typer(cli_store.app, name="store")
app.command(epilog=cli_assign.EXAMPLE)(cli_assign.assign)
app.command(epilog=cli_grade.EXAMPLE)(cli_grade.grade)

Notebooks = Annotated[
    list[str] | None, typer.Argument(help="Notebook ids such as 0_start/1_tour; all when none.")
]
Given = Annotated[
    list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="Set a parameter; may be repeated.")
]
Params = Annotated[
    str, typer.Option(metavar="FILE", help="Parameters from a YAML, TOML or JSON file; -p wins over it.")
]
Each = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="One report per row of a table (CSV, XLSX), set of a list (YAML, JSON) or combination of a grid "
        "(YAML, TOML); a column named key names the reports.",
    ),
]
Orders = Annotated[str, typer.Option(help="Orders file; short for -p orders=FILE.")]
Columns = Annotated[str, typer.Option(help="File with a saved column mapping; short for -p columns=FILE.")]
Out = Annotated[Path, typer.Option(help="Folder for the reports.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Also write report.pdf; needs Chromium.")]
ShowCode = Annotated[bool, typer.Option("--show-code", help="Show the code in the reports.")]
Freshness = Annotated[
    str,
    typer.Option(
        metavar="SQL", help="Ask a database this; the same answer as last time means nothing changed in it."
    ),
]


@app.command(
    epilog="Example: crm render 0_start/1_tour --orders orders.xlsx -p as_of=2024-12-31 --out reports\n\n"
    "Example: crm render 0_start/1_tour --each stores.csv"
)
def render(
    notebooks: Notebooks = None,
    given: Given = None,
    params: Params = "",
    each: Each = "",
    orders: Orders = "",
    columns: Columns = "",
    save_columns: Annotated[Path | None, typer.Option(help="Save the column mapping that was found.")] = None,
    out: Out = Path("reports"),
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Worker processes; as many as cores and memory allow when not set."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Render even what has not changed.")] = False,
    pdf: Pdf = False,
    show_code: ShowCode = False,
    freshness: Freshness = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but what failed.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Render notebooks into reports and an index page.

    What has not changed since it was made stays as it is.  A report is a folder: report.html, report.ipynb, result.json, tables/.
    """
    from crm_lib.publish.capacity import count_workers
    from crm_lib.publish.plan import plan_jobs
    from crm_lib.publish.run import describe_failure, run_jobs

    values = _gather_values(given, orders=orders, columns=columns)
    options = {"show_code": show_code, "pdf": pdf, "force": force, "debug": debug}
    options |= {"freshness": freshness}
    plan = plan_jobs(notebooks or [], values, out=out, params=params or None, each=each or None, **options)
    if save_columns:
        _save_mapping(values, save_columns)
    with _stoppable(), _progress(len(plan), quiet=quiet) as tell:
        entries = run_jobs(
            plan, n_jobs=jobs or count_workers(), progress=tell, say_wait=None if quiet else _say
        )
    failed = [e for e in entries if e["status"] != "ok"]
    for entry in failed:
        _say(describe_failure(entry))
    if not quiet:
        typer.echo(f"{_count_outcomes(entries)} Index: {(out / 'index.html').resolve()}")
    if failed:
        raise typer.Exit(1)


def _count_outcomes(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return how many reports were made, left as they were, and failed."""
    n_failed = sum(e["status"] != "ok" for e in entries)
    n_unchanged = sum(e["status"] == "ok" and bool(e.get("unchanged")) for e in entries)
    n_made = len(entries) - n_failed - n_unchanged
    return f"{n_made} of {len(entries)} reports made, {n_unchanged} unchanged, {n_failed} failed."


def _progress(n_jobs: int, *, quiet: bool) -> AbstractContextManager[Any]:
    from crm_lib._terminal import show_progress

    return nullcontext() if quiet else show_progress(n_jobs)


@app.command(epilog="Example: crm explain 0_start/1_tour --orders orders.xlsx --out reports")
def explain(
    notebooks: Notebooks = None,
    given: Given = None,
    params: Params = "",
    each: Each = "",
    orders: Orders = "",
    columns: Columns = "",
    out: Out = Path("reports"),
    pdf: Pdf = False,
    show_code: ShowCode = False,
    freshness: Freshness = "",
) -> None:
    """Say what changed since the reports were made.

    Give the options of the render command that is meant: what it would leave
    as it is, is unchanged.
    """
    from crm_lib.publish.manifest import explain as find_reasons
    from crm_lib.publish.plan import plan_jobs

    values = _gather_values(given, orders=orders, columns=columns)
    options = {"show_code": show_code, "pdf": pdf, "freshness": freshness}
    for job in plan_jobs(
        notebooks or [], values, out=out, params=params or None, each=each or None, **options
    ):
        for reason in find_reasons(job) or ["unchanged"]:
            typer.echo(f"{job.place}: {reason}")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn Ctrl-C, or a request of the system to end, into a sentence and exit code 130."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        _say("stopped. Reports that were done are in place; the others are as they were before.")
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(sentence: str) -> None:
    typer.echo(f"crm: {sentence}", err=True)


def _gather_values(given: list[str] | None, **files: str) -> dict[str, Any]:
    """Return what -p and its short forms set; a word without = may be a secret, so it is not repeated."""
    values: dict[str, Any] = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise ParameterError(
                "crm: -p takes NAME=VALUE; got a word without a name or '='. Example: -p as_of=2024-12-31"
            )
        values[name.strip()] = value
    return values | {name: value for name, value in files.items() if value}


def _save_mapping(values: dict[str, Any], path: Path) -> None:
    from crm_lib.lesson import data_source
    from crm_lib.readwrite import propose_columns, save_columns

    if not values.get("orders"):
        raise ParameterError("crm render: --save-columns needs --orders FILE, whose columns it saves.")
    save_columns(
        propose_columns(data_source(values["orders"]), "orders", columns=values.get("columns")), path
    )
    typer.echo(f"Column mapping saved: {path}")


@app.command("list", epilog="Example: crm list 0_start/1_tour")
def list_(
    notebook: Annotated[str, typer.Argument(help="Show this notebook's parameters.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List the notebooks, or the parameters of one.

    Of a parameter: its name, type, default, rule and meaning.
    """
    from crm_lib.publish.plan import choose_notebooks, notebook_parameters, read_title

    if not notebook:
        rows = [{"notebook": i, "title": read_title(i)} for i in choose_notebooks([])]
        _print_rows(["notebook", "title"], rows, as_json=as_json)
        return
    (notebook_id,) = choose_notebooks([notebook])
    declared = [{**vars(p), "rule": p.rule} for p in notebook_parameters(notebook_id)]
    titles = ["name", "type", "default", "rule", "meaning"]
    shown = declared if as_json else [row | {"default": repr(row["default"])} for row in declared]
    _print_rows(titles, shown, as_json=as_json)


def _print_rows(titles: list[str], rows: list[dict[str, Any]], *, as_json: bool) -> None:
    from crm_lib._terminal import print_table

    if as_json:
        import json

        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    print_table(titles, [[row[title] for title in titles] for row in rows])


@app.command(epilog="Example: crm build --check")
def build(
    notebooks: Notebooks = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a notebook is stale.")
    ] = False,
    edition: Annotated[str, typer.Option(help="student or teacher.")] = "student",
    out: Annotated[Path | None, typer.Option(help="Folder; notebooks/ by default.")] = None,
) -> None:
    """Build the notebooks from their sources in notebooks/src."""
    from crm_lib._checks import require_choice
    from crm_lib.publish.build import EDITIONS, find_stale, write_notebooks

    require_choice("crm build", "--edition", edition, EDITIONS)
    if check:
        stale = find_stale()
        if stale:
            typer.echo(
                f"crm build --check: not built from its source: {', '.join(stale)}. Run: crm build", err=True
            )
            raise typer.Exit(1)
        typer.echo("All notebooks are built from their sources.")
        return
    if edition == "teacher" and out is None:
        raise ParameterError(
            "crm build: the teacher edition is never committed; name a folder with --out DIR."
        )
    for path in write_notebooks(list(notebooks) if notebooks else None, edition=edition, out=out):
        typer.echo(f"written: {path}")


@app.command(epilog="Example: crm doctor")
def doctor() -> None:
    """Check this machine: what it has and what it lacks."""
    from crm_lib._terminal import print_table
    from crm_lib.doctor import check_machine

    findings = check_machine()
    rows = [("ok" if f.ok else "missing", f.name, f.purpose) for f in findings]
    print_table(["state", "what", "what for"], rows)
    # on lines of their own, so that the commands can be copied
    for finding in (f for f in findings if not f.ok):
        typer.echo(f"{finding.name}: {finding.found}. Get it with: {finding.install}")
    if any(f.required and not f.ok for f in findings):
        raise typer.Exit(1)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; a fault of the user's is one or two lines, never a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    _accept_any_terminal()
    try:
        app(words, prog_name="crm")
    except CrmError as error:
        if "--debug" in words:
            raise
        typer.echo(f"crm: {error}", err=True)
        sys.exit(2 if isinstance(error, ParameterError) else 1)


def _accept_any_terminal() -> None:
    """Let a terminal that knows no Chinese show escapes instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
