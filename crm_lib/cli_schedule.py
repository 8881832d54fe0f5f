"""The commands ``crm schedule``: run what is due, list what comes, install what starts it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    from crm_lib.publish.schedule.decide import Decision
    from crm_lib.publish.schedule.file import Schedule
    from crm_lib.publish.schedule.state import Outcome, Record

app = typer.Typer(help="Render reports at their times, unattended.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The schedule.")]
_SCHEDULE = Path("schedule.yaml")


@app.command(epilog="Example: crm schedule run schedule.yaml --jobs 2")
def run(
    file: File = _SCHEDULE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Run nothing; show what would run, and why.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when all is well.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Run what is due, and the latest run that was missed; then end.

    Calling it again does nothing until the next due time, so a timer may call
    it every few minutes.  Exit code 1: something failed, one line each.
    """
    from crm_lib.publish.schedule.attempt import render_reports
    from crm_lib.publish.schedule.file import read_schedule
    from crm_lib.publish.schedule.run import run_schedule

    schedule = read_schedule(file)
    if dry_run:
        _show_decisions(schedule)
        return
    with _stoppable(), _show_cells() as tell:
        render = render_reports(n_jobs=jobs, say_wait=_say, progress=tell)
        ended = run_schedule(schedule, render=render, say=_say)
    faults = _tell_ended(ended, quiet=quiet)
    if not ended and not quiet:
        _tell_next(schedule)
    if faults:
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
        _say("stopped. What was under way is run again at the next call.")
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _show_cells() -> Iterator[Callable[[str, int, int], None] | None]:
    """Show the cells that are done on a terminal; a log of a timer is spared them."""
    from crm_lib._terminal import show_progress

    if not sys.stderr.isatty():
        yield None
        return
    with show_progress(0) as tell:
        yield tell


def _say(sentence: str) -> None:
    typer.echo(f"crm: {sentence}", err=True)


def _tell_ended(ended: Sequence[tuple[str, Outcome]], *, quiet: bool) -> bool:
    """Say how each run ended; return whether something went wrong."""
    faults = False
    for name, outcome in ended:
        went_wrong = outcome.status == "failed" or (outcome.status != "missed" and bool(outcome.sentences))
        faults |= went_wrong
        if went_wrong:
            tries = f" after {outcome.n_attempts} attempts" if outcome.n_attempts > 1 else ""
            how = f"failed{tries}" if outcome.status == "failed" else outcome.status
            _say(f"job {name!r} {how}: {' '.join(outcome.sentences)}")
        elif not quiet and outcome.status != "missed":  # of which the run has told already
            seconds = (outcome.finished - outcome.started).total_seconds()
            typer.echo(f"{name}: {outcome.status} ({seconds:.1f} s)")
    return faults


def _tell_next(schedule: Schedule) -> None:
    from crm_lib.publish.schedule.decide import local_time
    from crm_lib.publish.schedule.run import look_ahead

    coming = [d for d, _ in look_ahead(schedule) if d.job.enabled and d.at]
    if not coming:
        typer.echo("Nothing is due, and nothing comes: every job is switched off.")
        return
    first = min(coming, key=lambda d: d.at)
    typer.echo(f"Nothing is due. Next: {first.job.name}, {local_time(first.at, first.job)}.")


def _show_decisions(schedule: Schedule) -> None:
    from crm_lib._terminal import print_table
    from crm_lib.publish.schedule.run import look_ahead

    actions = {"run": "run", "wait": "wait", "miss": "skip", "give up": "fail", "rest": "-"}
    rows = [(d.job.name, actions[d.action], d.why, *_find_times(d)) for d, _ in look_ahead(schedule)]
    print_table(["job", "would", "why", "time"], rows)


def _find_times(decision: Decision) -> tuple[str]:
    from crm_lib.publish.schedule.decide import local_time

    return (local_time(decision.at, decision.job) if decision.at else "-",)


@app.command("list", epilog="Example: crm schedule list schedule.yaml")
def list_(file: File = _SCHEDULE) -> None:
    """List the jobs: when they ran last and how that ended, when they run next."""
    from crm_lib._terminal import print_table
    from crm_lib.publish.schedule.decide import local_time
    from crm_lib.publish.schedule.file import read_schedule
    from crm_lib.publish.schedule.run import look_ahead

    rows = []
    for decision, record in look_ahead(read_schedule(file)):
        job = decision.job
        last = local_time(record.last.started, job) if record.last else "never"
        rows.append((job.name, job.cron.text, job.cron.zone.key, last, *_tell_state(decision, record)))
    print_table(["job", "cron", "timezone", "last run", "status", "next run"], rows)


def _tell_state(decision: Decision, record: Record) -> tuple[str, str]:
    """Return the status of the last run, and when the next one is."""
    from crm_lib.publish.schedule.decide import local_time

    status = record.last.status if record.last else "-"
    if decision.under_way:
        begun = decision.under_way
        status = "waits for another attempt" if begun.retry_at else "under way, or cut off"
    if not decision.job.enabled:
        return status, "switched off"
    if decision.action in {"run", "give up", "miss"}:
        return status, "due now" if decision.action == "run" else "at the next call"
    return status, local_time(decision.at, decision.job)


@app.command(epilog="Example: crm schedule install schedule.yaml --systemd --write")
def install(
    file: File = _SCHEDULE,
    systemd: Annotated[bool, typer.Option("--systemd", help="A timer of the user's systemd.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line for the crontab.")] = False,
    schtasks: Annotated[bool, typer.Option("--schtasks", help="A task of Windows.")] = False,
    every: Annotated[int, typer.Option(help="Minutes between two looks at the schedule.")] = 5,
    write: Annotated[bool, typer.Option("--write", help="Write the files of the timer.")] = False,
    to: Annotated[
        Path | None, typer.Option(help="Folder for them; ~/.config/systemd/user by default.")
    ] = None,
) -> None:
    """Print what starts `crm schedule run` every few minutes; nothing is switched on.

    Without a choice: systemd where it is, else cron; on Windows a task.
    """
    from crm_lib.publish.schedule.file import read_schedule
    from crm_lib.publish.schedule.install import make_crontab_line, make_task_line, make_units

    chosen = [name for name, on in (("systemd", systemd), ("cron", cron), ("schtasks", schtasks)) if on]
    if len(chosen) > 1:
        raise ParameterError(f"crm schedule install: choose one of --{', --'.join(chosen)}.")
    how = chosen[0] if chosen else _choose_way()
    if to and not (how == "systemd" and write):
        raise ParameterError("crm schedule install: --to names the folder for --systemd --write; give both.")
    read_schedule(file)  # a faulty schedule is told now, not at its first due time
    if how == "systemd":
        _install_units(make_units(file, every=every), to if write else None, write=write)
        return
    line = make_crontab_line(file, every=every) if how == "cron" else make_task_line(file, every=every)
    typer.echo(line)
    if how == "cron":
        _say("put this line into your crontab with: crontab -e. Nothing was changed.")
    else:
        _say("run this line in a command prompt. Nothing was changed.")


def _choose_way() -> str:
    if os.name == "nt":
        return "schtasks"
    return "systemd" if shutil.which("systemctl") else "cron"


def _install_units(units: dict[str, str], to: Path | None, *, write: bool) -> None:
    from crm_lib.publish.schedule.install import write_units

    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    folder = to or Path(home) / "systemd" / "user"
    for name, text in units.items():
        typer.echo(f"# {folder / name}\n{text}")
    if write:
        write_units(units, folder)
        _say(f"written: {', '.join(str(folder / name) for name in units)}.")
    else:
        _say("nothing was written; --write writes these files.")
    timer = next(name for name in units if name.endswith(".timer"))
    _say(
        "it is switched on with: systemctl --user daemon-reload && "
        f"systemctl --user enable --now {timer}\n"
        "crm: and, to run while you are logged out: loginctl enable-linger"
    )
