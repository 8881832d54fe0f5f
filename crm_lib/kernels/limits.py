"""What a kernel may use: seconds a cell, memory, threads of the numeric libraries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from crm_lib.errors import ParameterError

CELL_SECONDS = 600
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits of a kernel.

    Parameters
    ----------
    cell_seconds
        Seconds a single cell may run.
    memory_mb
        Address space of the kernel process in MiB; None sets no limit.
    threads
        Threads of each numeric library.  With several kernels at work, more
        than one makes them wait for each other; and sums of floats come out
        alike on every machine only with one.
    """

    cell_seconds: int = CELL_SECONDS
    memory_mb: int | None = None
    threads: int = 1

    @classmethod
    def from_environment(cls) -> Limits:
        """Return the limits that ``CRM_CELL_SECONDS`` and ``CRM_MEMORY_MB`` set.

        Raises
        ------
        ParameterError
            A variable holds no whole number of at least 1.
        """
        return cls(
            cell_seconds=_read_whole("CRM_CELL_SECONDS") or CELL_SECONDS,
            memory_mb=_read_whole("CRM_MEMORY_MB"),
        )

    def dress(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return `env` with the number of threads, where its owner did not set one himself."""
        return dict.fromkeys(THREAD_VARIABLES, str(self.threads)) | dict(env)

    def hold(self, pid: int = 0) -> None:
        """Set the memory limit on process `pid` (0: this one), where the system can."""
        if not self.memory_mb or os.name == "nt":
            return
        import resource

        size = self.memory_mb * _MEBIBYTE
        if hasattr(resource, "prlimit"):
            resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
        elif pid == 0:
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _read_whole(name: str) -> int | None:
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ParameterError(
            f"the environment variable {name} must be a whole number >= 1; got {text!r}. "
            f"Set another, or unset it: unset {name}"
        )
    return int(text)
