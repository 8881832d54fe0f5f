"""A kernel client that knows when its kernel is ready, instead of waiting to see that nothing more comes."""

from __future__ import annotations

from functools import cache
from typing import Any

_SECONDS = 1.0


@cache
def make_client_class() -> type:
    """Return the client of our kernels.

    Notes
    -----
    Jupyter's own client waits a fifth of a second in silence before it calls a
    kernel ready.  A kernel tells the end of each request on its output channel;
    when the end of ours is heard, both channels are connected and quiet.
    """
    from jupyter_client.asynchronous import AsyncKernelClient

    class PromptKernelClient(AsyncKernelClient):
        async def wait_for_ready(self, timeout: float | None = None) -> None:
            if not await _hear_idle(self):
                await super().wait_for_ready(timeout=timeout)

    return PromptKernelClient


async def _hear_idle(client: Any) -> bool:
    from queue import Empty

    asked = client.kernel_info()
    try:
        reply = await client.get_shell_msg(timeout=_SECONDS)
        client._handle_kernel_info_reply(reply)
        while True:
            message = await client.get_iopub_msg(timeout=_SECONDS)
            mine = message["parent_header"].get("msg_id") == asked
            if mine and message["content"].get("execution_state") == "idle":
                return True
    except Empty:
        return False
