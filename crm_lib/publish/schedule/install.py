"""Word what starts ``crm schedule run`` again and again: a systemd timer, a crontab line, a Windows task."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

from crm_lib._places import project_root
from crm_lib.errors import ParameterError

STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
_HEADER = "# Written by: crm schedule install. Changes are lost when it is written again."


def list_command(file: Path) -> list[str]:
    """Return the command that runs the schedule, with this very Python, from any folder.

    Notes
    -----
    ``-P`` keeps the folder it is started in off the import path: a ``json.py``
    in somebody's home must not become part of the library.
    """
    return [sys.executable, "-P", "-m", "crm_lib.cli", "schedule", "run", "--quiet", str(file.resolve())]


def name_unit(file: Path) -> str:
    """Return the name of the timer: that of the file, told apart by its folder."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", file.stem).strip("-") or "schedule"
    mark = hashlib.sha256(str(file.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"crm-{stem}-{mark}"


def check_step(every: int) -> None:
    """Refuse a number of minutes that does not divide the hour evenly."""
    if every not in STEPS:
        raise ParameterError(
            f"crm schedule install: --every must be one of {', '.join(map(str, STEPS))} minutes; got {every}. "
            "Whoever wants it rarer writes so into the schedule."
        )


def make_units(file: Path, *, every: int) -> dict[str, str]:
    """Return file name → text of the systemd user units.

    Parameters
    ----------
    file
        The schedule.
    every
        Minutes between two looks at the schedule.

    Returns
    -------
    dict of str
        The service and its timer.
    """
    check_step(every)
    _refuse_line_ends(file)
    name = name_unit(file)
    command = " ".join(quote_systemd(word) for word in list_command(file))
    home = quote_systemd(f"CRM_HOME={project_root().resolve()}", variables=False)
    minutes = "hourly" if every == 60 else f"*:0/{every}"
    service = f"""{_HEADER}
[Unit]
Description=Reports due by {quote_text(file.name)} (crm schedule run)

[Service]
Type=oneshot
Environment={home}
ExecStart={command}
"""
    timer = f"""{_HEADER}
[Unit]
Description=Look every {every} min whether a report of {quote_text(file.name)} is due

[Timer]
OnCalendar={minutes}
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"{name}.service": service, f"{name}.timer": timer}


def quote_text(text: str) -> str:
    """Return free text for a unit file."""
    return text.replace("%", "%%")


def quote_systemd(word: str, *, variables: bool = True) -> str:
    r"""Return one word of a systemd line, in quotes, so that it is taken as it is.

    Parameters
    ----------
    word
        The word.
    variables
        Whether the line replaces ``$NAME`` (ExecStart does, Environment does not).

    Examples
    --------
    >>> print(quote_systemd('/my "50%" $HOME'))
    "/my \"50%%\" $$HOME"
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if variables else escaped}"'


def make_crontab_line(file: Path, *, every: int) -> str:
    """Return the crontab line that looks at the schedule every so many minutes."""
    check_step(every)
    _refuse_line_ends(file)
    minutes = {1: "*", 60: "0"}.get(every, f"*/{every}")
    words = [f"CRM_HOME={shlex.quote(str(project_root().resolve()))}", shlex.join(list_command(file))]
    return f"{minutes} * * * * {quote_cron(' '.join(words))}"


def quote_cron(command: str) -> str:
    r"""Return a shell command for a crontab, where a bare ``%`` ends the command.

    Notes
    -----
    cron takes the backslash off ``\%`` and leaves all others, but a backslash
    before that one would be taken to belong to it: empty quotes part the two.
    They do so inside single quotes, where `shlex.quote` puts a backslash.
    """
    return command.replace("\\%", "\\''%").replace("%", "\\%")


def make_task_line(file: Path, *, every: int) -> str:
    """Return the schtasks command for Windows."""
    check_step(every)
    inner = subprocess.list2cmdline(list_command(file))
    line = ["schtasks", "/Create", "/SC", "MINUTE", "/MO", str(every), "/TN", name_unit(file), "/TR", inner]
    return subprocess.list2cmdline(line)


def _refuse_line_ends(file: Path) -> None:
    for path in (str(file.resolve()), sys.executable, str(project_root())):
        if re.search(r"[\r\n\0]", path):
            raise ParameterError(
                f"crm schedule install: a path must stand in one line; {path!r} does not. Rename the folder."
            )


def write_units(units: dict[str, str], folder: Path) -> list[Path]:
    """Write the units into `folder`; one that is there and not ours is left alone.

    Raises
    ------
    ParameterError
        When such a file is there, or the folder cannot be written.
    """
    paths = [folder / name for name in units]
    for path in paths:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(_HEADER):
            raise ParameterError(
                f"crm schedule install: {str(path)!r} was not written by this command. Move it away first."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            path.write_text(units[path.name], encoding="utf-8", newline="\n")
    except OSError as fault:
        raise ParameterError(
            f"crm schedule install: the units must be written to {str(folder)!r}; {fault.strerror or fault}. "
            "Name another folder with --to."
        ) from None
    return paths
