"""The command ``crm``: render reports, build notebooks, look at files and at the machine."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from crm_lib.errors import CrmError, ParameterError

app = typer.Typer(
    help="Notebook suite for customer relationship management (客户关系管理).",
    epilog="Example: crm render 0_start/1_tour --orders orders.xlsx",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Look at data files before a report is made.", no_args_is_help=True)
app.add_typer(data_app, name="data")

Notebooks = Annotated[
    list[str] | None, typer.Argument(help="Notebook ids such as 0_start/1_tour; all when none.")
]
Given = Annotated[
    list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="Set a parameter; may be repeated.")
]


@app.command(
    epilog="Example: crm render 0_start/1_tour --orders orders.xlsx -p as_of=2024-12-31 --out reports"
)
def render(
    notebooks: Notebooks = None,
    given: Given = None,
    orders: Annotated[str, typer.Option(help="Orders file; short for -p orders=FILE.")] = "",
    columns: Annotated[
        str, typer.Option(help="File with a saved column mapping; short for -p columns=FILE.")
    ] = "",
    save_columns: Annotated[Path | None, typer.Option(help="Save the column mapping that was found.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("reports"),
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    show_code: Annotated[bool, typer.Option("--show-code", help="Show the code in the reports.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Render notebooks into reports and an index page.

    A report is a folder: report.html, report.ipynb, result.json, tables/.
    """
    from crm_lib._terminal import show_progress
    from crm_lib.publish.plan import plan_jobs
    from crm_lib.publish.run import describe_failure, run_jobs

    values = _read_pairs(given or [])
    values |= {k: v for k, v in (("orders", orders), ("columns", columns)) if v}
    plan = plan_jobs(notebooks or [], values, out=out, show_code=show_code, debug=debug)
    if save_columns:
        _save_mapping(values, save_columns)
    with _stoppable(), show_progress(len(plan)) as tell:
        entries = run_jobs(plan, n_jobs=jobs, progress=tell, say_wait=_say)
    failed = [e for e in entries if e["status"] != "ok"]
    for entry in failed:
        _say(describe_failure(entry))
    typer.echo(
        f"{len(entries) - len(failed)} of {len(entries)} reports made. Index: {(out / 'index.html').resolve()}"
    )
    if failed:
        raise typer.Exit(1)


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


def _read_pairs(pairs: list[str]) -> dict[str, Any]:
    values = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ParameterError(
                f"crm render: -p takes NAME=VALUE; got {pair!r}. Example: -p as_of=2024-12-31"
            )
        values[name.strip()] = value
    return values


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
def list_(notebook: Annotated[str, typer.Argument(help="Show this notebook's parameters.")] = "") -> None:
    """List the notebooks, or the parameters of one."""
    from crm_lib._terminal import print_table
    from crm_lib.publish.plan import choose_notebooks, notebook_parameters, read_title

    if not notebook:
        print_table(["notebook", "title"], [(i, read_title(i)) for i in choose_notebooks([])])
        return
    (notebook_id,) = choose_notebooks([notebook])
    rows = [(p.name, p.type, repr(p.default), p.rule, p.meaning) for p in notebook_parameters(notebook_id)]
    print_table(["name", "type", "default", "rule", "meaning"], rows)


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


@data_app.command("columns", epilog="Example: crm data columns orders.xlsx --save-columns columns.toml")
def data_columns(
    file: Annotated[str, typer.Argument(help="The file to look at; FILE.xlsx#sheet names a sheet.")],
    schema: Annotated[str, typer.Option(help="Table contract to match.")] = "orders",
    columns: Annotated[str, typer.Option(help="Mapping that settles what is ambiguous.")] = "",
    save_columns: Annotated[Path | None, typer.Option(help="Save the mapping for --columns.")] = None,
) -> None:
    """Show which column of a file is taken for what, and save that mapping."""
    from crm_lib import readwrite
    from crm_lib._terminal import print_table

    mapping = readwrite.propose_columns(file, schema, columns=columns or None)
    print_table(["column", "header in the file"], list(mapping.items()))
    if save_columns:
        readwrite.save_columns(mapping, save_columns)
        typer.echo(f"Column mapping saved: {save_columns}")


@data_app.command("make", epilog="Example: crm data make --customers 1000 --seed 0 --out company")
def data_make(
    customers: Annotated[int, typer.Option(help="Number of customers, 500 to 10,000,000.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 0,
) -> None:
    """Generate the company 旭东, and what was planted in it.

    DIR/data holds the tables, DIR/truth the truth, DIR/files (up to 20,000
    customers) CSV and Excel files as a student meets them.
    """
    from crm_lib._terminal import print_table, show_progress
    from crm_lib.sample import make_company

    bars = show_progress(customers) if sys.stderr.isatty() else nullcontext()
    with bars as tell:
        n_rows = make_company(customers, seed=seed, out=out, progress=tell)
    print_table(["table", "rows"], list(n_rows.items()))


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
