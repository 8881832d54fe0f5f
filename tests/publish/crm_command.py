"""The command `crm`, run as a process of its own, and what it leaves."""

import os
import signal
import subprocess
import sys


def _hear_ctrl_c():
    """Undo what a shell does to programs it starts in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_crm(*words, before=(), **env):
    """Start ``crm words`` in a session of its own; `before` is a command that runs it."""
    command = [*before, sys.executable, "-m", "crm_lib.cli", *map(str, words)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=_hear_ctrl_c if os.name != "nt" else None,
        env=os.environ | env,
    )


def left_in_stage(out):
    stage = out / ".crm" / "stage"
    return sorted(p.name for p in stage.iterdir()) if stage.exists() else []
