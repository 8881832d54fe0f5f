"""What grading found, as data: one `Graded` per student and notebook, one `TaskResult` per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

GRADED, MISSING, UNREADABLE = "graded", "missing", "unreadable"
STATUSES = (GRADED, MISSING, UNREADABLE)


@dataclass(frozen=True)
class TaskResult:
    """Points and message of one task of one student.

    Parameters
    ----------
    grade_id
        Of the checks table; of a manual task ``<notebook>-think-2`` or ``<notebook>-extend-1``.
    title
        Chinese name of the task, such as ``做一做 1``.
    points, total
        Points given (before the late rule), and the most there are.
    message
        What the student is told, in Chinese; never the answer.
    mistake
        Name of the frequent mistake behind a wrong answer, or nothing.
    blank
        Nothing was answered.
    hard_coded
        Right on the handed-out data only: a constant instead of a calculation.
    output
        Text the student's own cells printed, bounded.
    error
        One sentence when the student's code failed, else nothing.
    code
        The student's code cells of this task, in the order they ran.
    manual
        Points come from the sheet for 想一想 and 拓展任务.
    pending
        A manual task whose points have not been entered yet; it counts 0 until then.
    """

    grade_id: str
    title: str
    points: float
    total: float
    message: str = ""
    mistake: str = ""
    blank: bool = False
    hard_coded: bool = False
    output: str = ""
    error: str = ""
    code: tuple[str, ...] = ()
    manual: bool = False
    pending: bool = False


@dataclass(frozen=True)
class Graded:
    """One student's result in one notebook.

    Parameters
    ----------
    status
        ``graded``; ``missing`` (not handed in); ``unreadable`` (handed in, but cannot be
        read; `reason` says why).
    handed_in_at
        ISO time with its zone, or nothing; `time_from` says whence (``roster``, ``file``,
        ``archive``).
    late_days, late_share
        Days begun after the deadline, and the share of the points the late rule takes.
    notes
        What was strange in the submission and how it was settled, in Chinese.
    extras
        The student's own code cells that belong to no task.
    file, sha256
        Name of the file that was graded, and the hash of its content.
    """

    student_id: str
    name: str
    class_name: str
    notebook_id: str
    status: str = GRADED
    reason: str = ""
    handed_in_at: str = ""
    time_from: str = ""
    late_days: int = 0
    late_share: float = 0.0
    tasks: tuple[TaskResult, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    file: str = ""
    sha256: str = field(default="")

    @property
    def raw_points(self) -> float:
        """Points of all tasks before the late rule."""
        return _round(sum(t.points for t in self.tasks))

    @property
    def points(self) -> float:
        """Points after the late rule, to two digits."""
        return _round(self.raw_points * (1 - self.late_share))

    @property
    def total(self) -> float:
        """Most points there are."""
        return _round(sum(t.total for t in self.tasks))

    @property
    def pending(self) -> int:
        """Number of manual tasks without points yet."""
        return sum(t.pending for t in self.tasks)

    def replace(self, **changes: Any) -> Graded:
        """Return a copy with `changes`."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Graded:
        """Return what `to_dict` wrote."""
        lists = {key: tuple(data[key]) for key in ("extras", "notes")}
        tasks = tuple(TaskResult(**{**t, "code": tuple(t["code"])}) for t in data["tasks"])
        return cls(**{**data, **lists, "tasks": tasks})


def _round(points: float) -> float:
    return round(points + 1e-9, 2)
