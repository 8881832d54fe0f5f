"""The kernels of one worker: started from this very Python, reached over private sockets, never left over."""

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

_FOLDER: list[Path] = []
_LIVE: list[Any] = []


def use_folder(folder: Path) -> None:
    """Let the sockets of all kernels stand in `folder`, which whoever made it takes away."""
    _FOLDER[:] = [folder]


def make_manager_class() -> type:
    """Return the kernel manager of a run.

    Notes
    -----
    The kernel is this Python, whatever kernels are registered on the machine:
    a user's own ``python3`` kernel often belongs to another environment.
    Sockets need an address that is absolute, short and the kernel's own;
    Windows has none and keeps the default.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernelManager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            self._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")
            self.own_folder = Path(tempfile.mkdtemp(prefix="crm-", dir=_FOLDER[0] if _FOLDER else None))
            if os.name != "nt":
                self.transport, self.ip = "ipc", str(self.own_folder / "k")
            _LIVE.append(self)

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

    return OwnKernelManager


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
