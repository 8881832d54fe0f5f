"""The kernels of one process: started from this very Python, reached over private sockets, never left over."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from crm_lib.kernels.clients import make_client_class
from crm_lib.kernels.limits import Limits
from crm_lib.kernels.provisioner import NAME, register

_PLACE: dict[str, Any] = {"folder": None, "address": ""}
_LIVE: list[Any] = []
_REFUSALS: list[str] = []


def use_folder(folder: Path | None, *, address: str = "") -> None:
    """Choose where the kernels of this process live from now on.

    Parameters
    ----------
    folder
        Where the sockets of all kernels stand; whoever made it takes it away.
        None: each kernel makes a folder of its own.
    address
        Socket of the warm parent that forks them; empty: ordinary kernels.
    """
    _PLACE.update(folder=folder, address=address)


class _Own:
    """What is ours of the kernel manager; the rest is Jupyter's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kernel_spec = self.own_spec
        self.client_factory = make_client_class()
        self.own_folder = Path(tempfile.mkdtemp(prefix="k-", dir=_PLACE["folder"]))
        self.connection_file = str(self.own_folder / "connection.json")
        if os.name != "nt":
            self.transport, self.ip = "ipc", str(self.own_folder / "s")
        _LIVE.append(self)

    def note_end(self, status: int) -> None:
        type(self).ended = status

    def note_refusal(self, why: str) -> None:
        _REFUSALS.extend([why] if why else [])

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        # What cells write to stderr comes as messages; this is the process's own last words,
        # such as a traceback of its socket library at shutdown, which help no user.
        if not os.environ.get("CRM_DEBUG"):
            options.setdefault("stderr", subprocess.DEVNULL)
        return await super()._async_pre_start_kernel(**options)

    def cleanup_connection_file(self) -> None:
        super().cleanup_connection_file()
        shutil.rmtree(self.own_folder, ignore_errors=True)
        if self in _LIVE:
            _LIVE.remove(self)


def make_manager_class(limits: Limits | None = None) -> type:
    """Return the kernel manager of a run: kernels forked where possible, else started.

    Parameters
    ----------
    limits
        Limits of each kernel; those of the environment by default.

    Returns
    -------
    type
        A subclass of ``AsyncKernelManager``; its attribute `ended` tells how
        the last of its kernels ended (-9: by signal 9).

    Notes
    -----
    The kernel is this Python, whatever kernels are registered on the machine:
    a user's own ``python3`` kernel often belongs to another environment.
    Sockets need an address that is absolute, short and the kernel's own;
    Windows has none and keeps the default.
    """
    from jupyter_client.manager import AsyncKernelManager

    register()
    spec = _make_spec(limits or Limits.from_environment())

    class OwnKernelManager(_Own, AsyncKernelManager):
        own_spec = spec
        ended: int | None = None

    return OwnKernelManager


def _make_spec(limits: Limits) -> Any:
    from jupyter_client.kernelspec import KernelSpec

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    config = {"address": _PLACE["address"], "memory_mb": limits.memory_mb}
    return KernelSpec(
        argv=command,
        display_name="Python 3",
        language="python",
        metadata={"kernel_provisioner": {"provisioner_name": NAME, "config": config}},
    )


def take_refusals() -> list[str]:
    """Return why kernels of this process were not forked though there was a warm parent, and forget it."""
    found = _REFUSALS[:]
    _REFUSALS.clear()
    return found


def kill_all() -> None:
    """End every kernel of this process at once, with all it has started."""
    for manager in list(_LIVE):
        pid = getattr(manager.provisioner, "pid", None)
        if pid:
            with suppress(OSError):
                # a kernel leads a process group of its own
                os.killpg(pid, signal.SIGKILL) if os.name != "nt" else os.kill(pid, signal.SIGTERM)
        shutil.rmtree(manager.own_folder, ignore_errors=True)
        with suppress(OSError):
            os.unlink(manager.connection_file)
