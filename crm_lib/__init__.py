"""crm_lib: analytics for customer relationship management (客户关系管理).

The rooms bear the names of the textbook's projects, so a lesson and its code
are found by the same word:

- ``crm_lib.schema``         table contracts: columns, types, units, aliases
- ``crm_lib.readwrite``      read any real-world file; write Excel and Word
- ``crm_lib.engine``         aggregations over order lines, where the data lives
- ``crm_lib.sample``         sample and real data that travel with the project
- ``crm_lib.identify``       客户识别: cleaning with full accounting
- ``crm_lib.differentiate``  客户区分: R.F.M. and segments
- ``crm_lib.portray``        客户画像: clusters, labels, word clouds
- ``crm_lib.plots``          result frame → Axes
- ``crm_lib.lesson``         what a notebook calls
- ``crm_lib.publish``        notebook + parameters → report
- ``crm_lib.cli``            the command ``crm``

``import crm_lib`` loads nothing heavy; the names below are fetched on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "CrmError": "crm_lib.errors",
    "read_table": "crm_lib.readwrite",
    "clean_table": "crm_lib.identify",
    "summarize_rfm": "crm_lib.differentiate",
    "fit_rfm_bins": "crm_lib.differentiate",
    "score_rfm": "crm_lib.differentiate",
    "name_segments": "crm_lib.differentiate",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 (the lazy names are provided by __getattr__)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'crm_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
