"""What is done first of all in a worker, and once for all workers where they are forked from one process."""

from __future__ import annotations

import os
import sys

MODULES = (
    "papermill", "nbclient", "jupyter_client.manager", "jupyter_client.asynchronous",
    "jupyter_client.provisioning", "zmq.asyncio", "bleach", "bs4", "fontTools.subset",
    "fontTools.ttLib.woff2", "jinja2", "pygments.lexers.python", "typer", "crm_lib.publish.html",
    "crm_lib.publish.manifest", "crm_lib.publish.papermill_run", "crm_lib.publish.workers",
)  # fmt: skip

# jsonschema (which nbformat imports) would build grammars for a second, of which we use none.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def import_ahead() -> None:
    """Import what a worker needs, and read the font of the reports; a fault shows where it is needed."""
    import gc
    import importlib
    from contextlib import suppress

    # nothing of this is ever thrown away, so the collector need not walk through it, now or in a fork
    gc.disable()
    for name in MODULES:
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(Exception):
        from crm_lib.look.fonts import list_missing

        list_missing(())
    gc.freeze()
    gc.enable()


# Python's own server of forked processes can be told what to import, but not what to do.
if os.environ.pop("CRM_WORKER_TEMPLATE", ""):
    import_ahead()
