"""Kernels from the warm parent through Jupyter's own extension point, the kernel provisioner."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from crm_lib.kernels.limits import Limits

NAME = "crm-warm"
_LAUNCHER = "ipykernel_launcher"
# Seconds a kernel that was asked to end may take: undisturbed, and once its cell was interrupted; after
# them Jupyter's own, more insistent ways begin.
_CALM_SECONDS, _LAST_SECONDS = 1.0, 1.0
_PAUSE = 0.02


@dataclass(frozen=True)
class _Entry:
    """What the factory looks up, in the shape of an entry point: no installation is needed for it."""

    name: str
    load: Callable[[], type]
    value: str = "crm_lib.kernels.provisioner:make_provisioner_class"


def register() -> None:
    """Make the provisioner known to `jupyter_client` in this process."""
    from jupyter_client.provisioning import KernelProvisionerFactory

    KernelProvisionerFactory.instance().provisioners[NAME] = _Entry(NAME, make_provisioner_class)  # type: ignore[assignment]


class _Warm:
    """What is ours of the provisioner; the rest is Jupyter's own, for local processes."""

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        ready = await super().pre_launch(**options)
        ready["env"] = Limits().dress(ready["env"])
        return ready

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        limits = Limits(memory_mb=self.memory_mb)
        process = _fork(self.address, cmd, options, limits) if self.address else ""
        if isinstance(process, str):
            self.parent.note_refusal(process)
            info = await super().launch_kernel(cmd, **options)
            limits.hold(self.pid)
            return info
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = options.get("cwd") or os.getcwd()
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        # An interrupt that meets an idle kernel on its way out makes it hang for seconds.
        at_its_end = signum == signal.SIGINT and getattr(self.parent, "shutting_down", False)
        # A signal to the group of a process that has ended may go to strangers.
        if self.process and self.process.poll() is None and not at_its_end:
            await super().send_signal(signum)

    async def poll(self) -> int | None:
        status = await super().poll()
        if status is not None and self.process:
            self.parent.note_end(status)
        return status

    async def shutdown_requested(self, restart: bool = False) -> None:
        if self.process and not await _await_end(self.process, _CALM_SECONDS):
            await super().send_signal(signal.SIGINT)  # its cell is still at work
            await _await_end(self.process, _LAST_SECONDS)

    def get_shutdown_wait_time(self, recommended: float = 5.0) -> float:
        return 1.0  # after what `shutdown_requested` has waited


@cache
def make_provisioner_class() -> type:
    """Return the provisioner: forked when a warm parent is there and willing, else the ordinary way.

    Notes
    -----
    Its `kernel_spec.metadata["kernel_provisioner"]["config"]` takes ``address``
    (of the warm parent; empty: none) and ``memory_mb``.
    """
    from jupyter_client.provisioning import LocalProvisioner
    from traitlets import Int, Unicode

    class WarmProvisioner(_Warm, LocalProvisioner):
        address = Unicode("", config=True, help="Socket of the warm parent.")
        memory_mb = Int(None, allow_none=True, config=True, help="Address space of a kernel, in MiB.")

    return WarmProvisioner


def _fork(address: str, cmd: list[str], options: dict[str, Any], limits: Limits) -> Any:
    from crm_lib.kernels.warm import ask_for_kernel

    if _LAUNCHER not in cmd:
        return "the kernel is not Python's own"
    return ask_for_kernel(
        address,
        cmd[cmd.index(_LAUNCHER) + 1 :],
        env=options["env"],
        cwd=str(options.get("cwd") or os.getcwd()),
        quiet="stderr" in options,
        limits=limits,
    )


async def _await_end(process: Any, seconds: float) -> bool:
    """Wait until the kernel has ended; tell whether it did within `seconds`."""
    if not hasattr(process, "fileno"):
        for _ in range(round(seconds / _PAUSE)):
            if process.poll() is not None:
                break
            await asyncio.sleep(_PAUSE)
    elif process.poll() is None:
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        loop.add_reader(process.fileno(), lambda: heard.done() or heard.set_result(None))
        try:
            await asyncio.wait([heard], timeout=seconds)
        finally:
            loop.remove_reader(process.fileno())
            heard.cancel()
    return process.poll() is not None
