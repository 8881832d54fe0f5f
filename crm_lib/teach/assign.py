"""Make a course folder from notebooks: what students get, and what nbgrader needs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import BuildError, CrmError, ParameterError
from crm_lib.teach.assign_notebooks import make_release, make_source, write_text
from crm_lib.teach.assign_seal import seal_checks, write_sealed
from crm_lib.teach.course import PERSONAL, RELEASE, SOURCE, Written, read_course, write_course
from crm_lib.teach.course_files import (
    describe_assignment,
    gather_data,
    name_assignment,
    name_file,
    write_student_readme,
    write_teacher_files,
)
from crm_lib.teach.personal_data import choose_personal, derive_seed, draw_personal_data, read_course_key
from crm_lib.teach.roster import Student, read_roster

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Edition:
    """One release of one notebook: for all students, or with the data of one."""

    notebook_id: str
    student: Student | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def folders(self) -> list[str]:
        """Where its files go, relative to the course folder."""
        name = name_assignment(self.notebook_id)
        if self.student is None:
            return [f"{SOURCE}/{name}", f"{RELEASE}/{name}"]
        return [f"{PERSONAL}/{self.student.student_id}/{name}"]


def assign_notebooks(
    notebook_ids: Sequence[str],
    *,
    out: str | PathLike[str],
    students: str | PathLike[str] | None = None,
    per_student_data: bool = False,
    course_key: str = "",
    jobs: int = 1,
    progress: Tell | None = None,
) -> Written:
    """Write a course folder for `notebook_ids`.

    Parameters
    ----------
    notebook_ids
        At least one ``<project>/<n>_<name>``; each becomes an assignment.
    out
        The course folder: new, empty, or one this function made.
    students
        Roster with 学号, 姓名, 班级.
    per_student_data
        Draw data of their own for all students of the roster.
    course_key
        ``env:NAME`` or ``file:PATH``: where the key lies that the draws depend
        on. It is written nowhere.
    jobs
        Worker processes.
    progress
        Called with what is being made, how many editions are done, and of how many.

    Returns
    -------
    Written
        The same arguments, library and data give the same bytes; files that are
        there already are not touched.

    Raises
    ------
    ParameterError
        An unknown notebook, or options that do not go together.
    ReadError, DataError
        The roster cannot be used, or the folder holds other files.
    BuildError
        Somebody's work would be overwritten; nothing is written.

    Notes
    -----
    Everything is made before the first file is written.
    """
    folder = Path(out)
    _require_options(notebook_ids, students, per_student_data=per_student_data, course_key=course_key)
    read_course(folder)
    roster = read_roster(students) if students else []
    key = read_course_key(course_key) if per_student_data else b""
    editions = list(_list_editions(notebook_ids, roster if per_student_data else [], key))
    files: dict[str, bytes] = write_teacher_files(roster, course_id=folder.resolve().name)
    for edition, sealed in zip(editions, _seal_all(editions, jobs, progress), strict=True):
        files |= _make_files(edition, sealed)
    return write_course(folder, files, _describe(notebook_ids, editions))


def _require_options(
    notebook_ids: Sequence[str], students: Any, *, per_student_data: bool, course_key: str
) -> None:
    from crm_lib.lesson.checks import load_checks
    from crm_lib.publish.build import list_sources

    known = list_sources()
    if not notebook_ids:
        raise ParameterError(f"crm assign: name at least one notebook; there are: {list_words(known)}.")
    for unknown in (i for i in notebook_ids if i not in known):
        near = list_words(closest_first(unknown, known))
        raise ParameterError(f"crm assign: there is no notebook {unknown!r}; closest first: {near}.")
    for page in (i for i in notebook_ids if not load_checks(i)):
        raise ParameterError(
            f"crm assign: a notebook must have graded tasks; {page!r} has none. "
            f"Hand it out for reading as it is: notebooks/{page}.ipynb."
        )
    if per_student_data and not (students and course_key):
        raise ParameterError(
            "crm assign: --per-student-data needs the roster and the course key; add --students FILE and "
            "--course-key env:NAME or --course-key file:PATH."
        )
    if course_key and not per_student_data:
        raise ParameterError("crm assign: --course-key is for --per-student-data; add it, or leave both out.")


def _list_editions(notebook_ids: Sequence[str], students: Sequence[Student], key: bytes) -> Iterator[Edition]:
    for notebook_id in dict.fromkeys(notebook_ids):
        yield Edition(notebook_id, data=gather_data(notebook_id))
        if students:
            choose_personal(notebook_id)
        for student in students:
            drawn = draw_personal_data(notebook_id, derive_seed(key, student.student_id))
            values = {parameter: name for parameter, (name, _) in drawn.items()}
            data = gather_data(notebook_id, personal=True) | dict(drawn.values())
            yield Edition(notebook_id, student, values, data)


def _seal_all(editions: Sequence[Edition], jobs: int, progress: Tell | None) -> Iterator[dict[str, Any]]:
    """Run each edition's notebook in a process of its own kind; yield the sealed checks in order."""
    tell = progress or (lambda what, done, total: None)
    with _start_workers(min(jobs, len(editions))) as pool:
        running = [pool.submit(_seal_edition, edition) for edition in editions]
        for done, (edition, future) in enumerate(zip(editions, running, strict=True), start=1):
            yield _take_result(future, edition.folders[-1])
            tell(edition.folders[-1], done, len(editions))


def _take_result(future: Future, folder: str) -> dict[str, Any]:
    try:
        return future.result()
    except BrokenExecutor:
        raise BuildError(
            f"crm assign: {folder} cannot be made: its process was ended, perhaps for want of memory. "
            "Close other programs, or give --jobs 1."
        ) from None
    except CrmError as error:
        raise BuildError(f"crm assign: {folder} cannot be made: {error}") from None


@contextmanager
def _start_workers(n_workers: int) -> Iterator[Any]:
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"), initializer=_calm_worker)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _calm_worker() -> None:
    """Draw on no screen, and share the cores: before numpy and matplotlib are imported."""
    for name, value in (("MPLBACKEND", "Agg"), ("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")):
        os.environ.setdefault(name, value)


def _seal_edition(edition: Edition) -> dict[str, Any]:
    """Run the notebook on the edition's data in a folder that is gone afterwards."""
    who = edition.student.student_id if edition.student else RELEASE
    tables = set(edition.data) - set(gather_data(edition.notebook_id, personal=True))
    prints = {
        n: hashlib.sha256(edition.data[n]).hexdigest()
        for n in sorted(tables)
        if not n.rpartition("/")[2].startswith("LICENSE")
    }
    with tempfile.TemporaryDirectory(prefix="crm-assign-") as folder:
        for name, content in edition.data.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return seal_checks(
            edition.notebook_id, edition.values, folder, prints, f"{edition.notebook_id} {who}"
        )


def _make_files(edition: Edition, sealed: dict[str, Any]) -> dict[str, bytes]:
    notebook_id, name = edition.notebook_id, name_file(edition.notebook_id)
    release = make_release(notebook_id, edition.values)
    title = next(c.source for c in release.cells if c.cell_type == "markdown").split("\n")[0].lstrip("# ")
    own = sorted(edition.values.values())
    shared = {
        **edition.data,
        "README.md": write_student_readme(notebook_id, title=title, student=edition.student, own=own),
        **write_sealed(sealed, own=edition.student is not None),
    }
    files = {}
    for folder in edition.folders:
        notebook = make_source(notebook_id) if folder.startswith(f"{SOURCE}/") else release
        files |= {f"{folder}/{n}": content for n, content in {**shared, name: write_text(notebook)}.items()}
    return files


def _describe(notebook_ids: Sequence[str], editions: Sequence[Edition]) -> dict[str, Any]:
    from crm_lib.publish.build import hash_source

    described = {}
    for notebook_id in notebook_ids:
        personal = {
            e.student.student_id: hashlib.sha256(
                b"".join(e.data[n] for n in sorted(e.values.values()))
            ).hexdigest()
            for e in editions
            if e.student and e.notebook_id == notebook_id
        }
        described[name_assignment(notebook_id)] = describe_assignment(
            notebook_id, hash_source(notebook_id), personal=personal
        )
    return described
