"""The files of a course beside its notebooks: data, instructions, configuration of nbgrader, lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from crm_lib import __version__
from crm_lib._places import project_root
from crm_lib.lesson.checks import load_checks
from crm_lib.lesson.run import notebook_parameters
from crm_lib.teach.roster import Student

_DATA = "data"
_ALWAYS = ("dictionary.csv", "README.md")


def name_assignment(notebook_id: str) -> str:
    """Return the name of a notebook's assignment: unique in the suite, and fit for nbgrader.

    Examples
    --------
    >>> name_assignment("0_start/1_tour")
    '0_start-1_tour'
    """
    return notebook_id.replace("/", "-")


def name_file(notebook_id: str) -> str:
    """Return the file name of a notebook within its assignment."""
    return f"{notebook_id.split('/')[1]}.ipynb"


def gather_data(notebook_id: str, *, personal: bool = False) -> dict[str, bytes]:
    """Return the data files a release brings along: name relative to the notebook → content.

    With `personal` only what describes the data: the tables are the student's own.
    """
    from crm_lib.sample import list_samples, paths

    root = project_root() / _DATA
    found = [root / name for name in _ALWAYS]
    if not personal:
        known = {s.name: s for s in list_samples()}
        defaults = {p.default for p in notebook_parameters(notebook_id) if p.form == "path"}
        named = [name for name in [*known, "xudong_customers"] if name in defaults]
        found += [path for name in named for path in paths(name)]
        terms = {known[name].terms for name in named if name in known}
        found += [p for p in sorted(root.glob("LICENSE*")) if any(p.name in text for text in terms)]
    return {path.relative_to(root.parent).as_posix(): path.read_bytes() for path in dict.fromkeys(found)}


def list_packaged(notebook_id: str) -> list[str]:
    """Return the samples a notebook reads out of an installed package instead of a file."""
    from crm_lib.sample.files import JOURNEY_NAMES

    return [p.default for p in notebook_parameters(notebook_id) if p.default in JOURNEY_NAMES]


def write_student_readme(
    notebook_id: str, *, title: str, student: Student | None, own: Sequence[str]
) -> bytes:
    """Return README.md of a release, in Chinese: how to work, how to hand in."""
    points = sum(check.points for check in load_checks(notebook_id).values())
    return _fill(
        "assign_student.md.j2",
        title=title,
        assignment=name_assignment(notebook_id),
        file=name_file(notebook_id),
        student=student,
        own=own,
        n_tasks=len(load_checks(notebook_id)),
        points=f"{points:g}",
        packaged=list_packaged(notebook_id),
        version=__version__,
    )


def write_teacher_files(students: Sequence[Student], *, course_id: str) -> dict[str, bytes]:
    """Return what stands at the top of a course folder: instructions, configuration, the list of students."""
    files = {
        "README.md": _fill("assign_teacher.md.j2", version=__version__),
        "nbgrader_config.py": _fill("assign_nbgrader.py.j2", course_id=course_id),
    }
    return files | ({"students.csv": _list_students(students)} if students else {})


def _list_students(students: Sequence[Student]) -> bytes:
    """Return the roster as ``nbgrader db student import`` reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "last_name"])
    writer.writerows([s.student_id, s.name] for s in students)
    return out.getvalue().encode()


def describe_assignment(
    notebook_id: str, source_sha256: str, *, personal: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what the record says about an assignment; `personal` maps students to their data's sha256."""
    return {
        "notebook": notebook_id,
        "crm_lib": __version__,
        "source_sha256": source_sha256,
        "per_student_data": dict(personal or {}),
    }


def _fill(template: str, **values: Any) -> bytes:
    from jinja2 import Environment, StrictUndefined

    text = (resources.files("crm_lib.teach") / "template" / template).read_text("utf-8")
    room = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return (room.from_string(text).render(**values).strip() + "\n").encode()
