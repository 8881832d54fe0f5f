"""The outer sandbox: a program runs in it without network, without rights, and sees only what it is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from crm_lib._needs import NEEDS, find_need
from crm_lib.errors import RenderError
from crm_lib.kernels.seccomp import why_no_filter

NOBODY = 65534
_MEBIBYTE = 2**20
# The system's programs and libraries, and what the dynamic linker, fonts and clocks read of /etc.
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt/hostedtoolcache")
_SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "timezone")
_ALONE = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")


def sandbox_available() -> tuple[bool, str]:
    """Tell whether students' code can be locked away on this machine, and if not, why.

    Returns
    -------
    tuple of bool and str
        The second is one sentence with the way out, empty when it can.
    """
    why = _find_fault()
    return not why, why


@cache
def _find_fault() -> str:
    rule = "crm grade: students' code runs only in a sandbox"
    if not sys.platform.startswith("linux"):
        return f"{rule}, which needs Linux; this is {sys.platform}. Grade on Linux or in WSL 2."
    if find_need("bubblewrap") is None:
        return f"{rule}; bubblewrap is missing. Install it: {NEEDS['bubblewrap'].install}"
    if why := why_no_filter():
        return f"{rule}; {why}. Grade on another machine."
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        return f"{rule}; setpriv is missing. Install it: apt-get install util-linux"
    with open_sandbox(["/usr/bin/env", "true"], stderr=subprocess.PIPE) as trial:
        said = trial.communicate(timeout=30)[1].decode(errors="replace").strip().splitlines()
    if trial.returncode:
        last = said[-1] if said else f"bwrap ended with {trial.returncode}"
        return (
            f"{rule}, and this machine lets none be made ({last}). Allow user namespaces, or grade as root."
        )
    return ""


def list_environment() -> dict[str, str]:
    """Return the folders of this Python and of its packages: inside → outside."""
    folders = dict.fromkeys([sys.base_prefix, sys.prefix])
    # an environment may borrow the packages of another one
    folders |= dict.fromkeys(f for f in sys.path if f.endswith(("site-packages", "dist-packages")))
    return {folder: folder for folder in folders if os.path.isdir(folder)}


def open_sandbox(
    command: Sequence[str],
    *,
    shown: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    tmp_mb: int = 64,
    pass_fds: Sequence[int] = (),
    stderr: Any = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a sandbox of its own, as user 65534, whoever asks.

    Parameters
    ----------
    command
        Program and arguments, by their paths inside.
    shown
        Files and folders that can be read inside: path inside → path outside.
        The system's programs and libraries can always be read.
    env
        The environment, all of it.
    tmp_mb
        Room in ``/tmp``, the only place that can be written to, in MiB.
    pass_fds
        Descriptors that stay open.
    stderr
        As of `subprocess.Popen`.

    Returns
    -------
    subprocess.Popen
        When it is killed, all that runs inside ends with it; so it does when
        the thread that started it ends.

    Raises
    ------
    RenderError
        bubblewrap is not there.

    Notes
    -----
    As root no user namespace is made: in one of its own, uid 0 would be spared
    the limit on processes.  The program starts as root without any right but
    to become 65534, which ``setpriv`` does at once.
    """
    bwrap = find_need("bubblewrap")
    if bwrap is None:
        raise RenderError(sandbox_available()[1])
    arguments = [bwrap, *_list_options(shown or {}, env or {}, tmp_mb), *_become_nobody(), *command]
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        pass_fds=tuple(pass_fds),
        env={"PATH": "/usr/bin:/bin"},
    )


def _list_options(shown: Mapping[str, str], env: Mapping[str, str], tmp_mb: int) -> list[str]:
    options = [*_ALONE, "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in env.items():
        options += ["--setenv", name, value]
    if os.getuid() == 0:
        options += [w for right in ("SETUID", "SETGID", "SETPCAP") for w in ("--cap-add", f"CAP_{right}")]
    else:
        options += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL"]
    options += _show_system()
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += ["--perms", "1777", "--size", str(tmp_mb * _MEBIBYTE), "--tmpfs", "/tmp"]
    for inside, outside in shown.items():
        options += _make_parents(inside) + ["--ro-bind", outside, inside]
    # what bubblewrap makes itself is a tmpfs without a bound
    return [*options, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]


def _show_system() -> list[str]:
    options: list[str] = []
    for folder in _SYSTEM:
        if os.path.islink(folder):
            options += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            options += _make_parents(folder) + ["--ro-bind", folder, folder]
    options += ["--perms", "0755", "--dir", "/etc"]
    for name in _SETTINGS:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return options


def _make_parents(path: str) -> list[str]:
    """Make the folders above `path` so that anyone may pass through them."""
    above = [str(p) for p in reversed(Path(path).parents) if str(p) != "/"]
    return [word for folder in above for word in ("--perms", "0755", "--dir", folder)]


def _become_nobody() -> list[str]:
    if os.getuid() != 0:
        return []
    return [
        shutil.which("setpriv") or "setpriv",
        *("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
    ]
