"""What the code of a student may use while one answer is computed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from crm_lib.errors import ParameterError


@dataclass(frozen=True)
class StationLimits:
    """The limits of one answer: its code, and that of the student's answers before it.

    Parameters
    ----------
    wall_seconds
        Seconds on the clock.
    cpu_seconds
        Seconds of computing, all its processes together.
    memory_mb
        Memory of all its processes together, in MiB, what they share counted once.
    processes
        Processes and threads at a time.
    file_mb
        Size of a file, in MiB.
    open_files
        Files and connections that one process holds open.
    output_kb
        Text that is shown, in KiB.
    answer_kb
        Size of the answer as data, in KiB.
    tmp_mb
        Room for files, in MiB.
    """

    wall_seconds: float = 20.0
    cpu_seconds: int = 20
    memory_mb: int = 1024
    processes: int = 32
    file_mb: int = 16
    open_files: int = 64
    output_kb: int = 64
    answer_kb: int = 4096
    tmp_mb: int = 64

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ParameterError(f"StationLimits: {field.name} must be a number > 0; got {value!r}.")

    def as_dict(self) -> dict[str, Any]:
        """Return the limits as a dict, in the order of the fields."""
        return asdict(self)

    def word(self, name: str) -> str:
        """Return the limit called `name` in words, as an answer's `error` says it.

        Examples
        --------
        >>> StationLimits().word("wall_seconds")
        'time limit of 20 s'
        """
        value = f"{getattr(self, name):g}"
        return _WORDS[name].format(value)


_WORDS = {
    "wall_seconds": "time limit of {} s",
    "cpu_seconds": "computing time limit of {} s",
    "memory_mb": "memory limit of {} MB",
    "processes": "limit of {} processes",
    "file_mb": "file size limit of {} MB",
    "open_files": "limit of {} open files",
    "output_kb": "too much output (more than {} kB)",
    "answer_kb": "the answer is too big (more than {} kB)",
    "tmp_mb": "limit of {} MB for files",
}
