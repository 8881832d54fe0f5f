"""Take in the submissions of a class, in any layout: who handed in what, and the answers in it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

from crm_lib._places import list_notebooks
from crm_lib.catalogue import say
from crm_lib.errors import ReadError
from crm_lib.teach.intake_files import HandedFile, list_files
from crm_lib.teach.intake_json import HandedNotebook, read_notebook
from crm_lib.teach.intake_match import count_matches, match_answers
from crm_lib.teach.intake_official import Official, load_official
from crm_lib.teach.intake_owner import Owners
from crm_lib.teach.roster import Student

_SNIFFED = ("", ".json", ".txt")
_MOST_NAMES = 6


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one notebook.

    ``reason`` is empty, or says why nothing can be graded (then there are no
    answers, and ``notebook_id`` may be empty when it cannot be told).  ``answers``
    holds per grade_id the code cells to run, in order; ``extras`` the student's
    cells of no task; ``words`` the own text by manual item; ``notes`` what was strange.
    """

    student: Student
    notebook_id: str
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str = ""
    handed_in_at: datetime | None = None
    time_from: str = ""
    file: str = ""
    sha256: str = ""


def read_submissions(
    folder: Path, *, students: Sequence[Student] = (), notebooks: Sequence[str] | None = None
) -> list[Submission]:
    """Read everything below `folder`: folders per student, files named by student, archives, nbgrader courses.

    Parameters
    ----------
    folder
        Folder of the class, or one archive of it.
    students
        The roster; without it folders and files name the students.
    notebooks
        Notebook ids that were assigned; all of the suite by default.

    Returns
    -------
    list of Submission
        One per student and notebook, sorted by both: the last version handed in.
        A student with nothing readable has one with a ``reason``.
    """
    officials = [load_official(i) for i in notebooks or list_notebooks()]
    owners = Owners(students, [i.notebook_id.split("/")[1] for i in officials])
    files = _drop_shared_top(list_files(Path(folder)))
    by_student: dict[str, list[tuple[Student, HandedFile, list[str]]]] = defaultdict(list)
    for file in files:
        student, notes = owners.find(file.path)
        by_student[student.student_id].append((student, file, notes))
    found = [s for _, own in sorted(by_student.items()) for s in _read_student(own, officials)]
    return sorted(found, key=lambda s: (s.student.student_id, s.notebook_id))


def _drop_shared_top(files: list[HandedFile]) -> list[HandedFile]:
    """Leave out the name of one archive or folder that holds the whole class."""
    tops = {f.path[0] for f in files}
    if len(tops) == 1 and len({f.path[1] for f in files if len(f.path) > 2}) > 1:
        return [replace(f, path=f.path[1:]) if len(f.path) > 1 else f for f in files]
    return files


def _read_student(
    own: Sequence[tuple[Student, HandedFile, list[str]]], officials: Sequence[Official]
) -> list[Submission]:
    read = [_read_file(*each, officials) for each in own if _looks_like_notebook(each[1])]
    if not read:
        student, file, notes = own[0]
        names = "、".join(f.path[-1][:60] for _, f, _ in own[:_MOST_NAMES])
        reason = say("intake.no_file", names=names)
        return [Submission(student, "", notes=tuple(notes), reason=reason, file=file.name)]
    good = defaultdict(list)
    for submission in read:
        good["" if submission.reason else submission.notebook_id].append(submission)
    bad = good.pop("", [])
    chosen = [_choose_last(versions) for versions in good.values()]
    return chosen + [b for b in bad[:1] if not chosen or b.notebook_id not in ("", *good)]


def _looks_like_notebook(file: HandedFile) -> bool:
    name = file.path[-1].lower()
    if ".ipynb" in name:
        return True
    suffix = PurePath(name).suffix
    if file.problem:
        return suffix in ("", ".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
    if suffix not in _SNIFFED:
        return False
    try:
        with file.open() as view:
            return bytes(view[:512]).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{")
    except ReadError:
        return False


def _choose_last(versions: list[Submission]) -> Submission:
    last = max(versions, key=lambda s: (_instant(s.handed_in_at), s.file))
    if len(versions) == 1:
        return last
    return replace(last, notes=(*last.notes, say("intake.several", n=len(versions), name=last.file)))


def _instant(when: datetime | None) -> datetime:
    """Return a time that can be compared; an archive's time has no zone and is taken as it stands."""
    return (when or datetime(1980, 1, 1)).replace(tzinfo=(when and when.tzinfo) or UTC)


def _read_file(
    student: Student, file: HandedFile, notes: list[str], officials: Sequence[Official]
) -> Submission:
    blank = Submission(
        student,
        _guess_by_name(file.path[-1], officials),
        notes=tuple(notes),
        handed_in_at=file.changed_at,
        time_from=file.time_from,
        file=file.name,
    )
    try:
        with file.open() as view:
            blank = replace(blank, sha256=hashlib.sha256(view).hexdigest())
            notebook = read_notebook(view)
        official = _identify(notebook, blank.notebook_id, officials)
    except ReadError as fault:
        return replace(blank, reason=str(fault))
    matched = match_answers(official, notebook)
    notes = [*notes, *notebook.notes, *_note_claim(notebook, official, officials), *matched.notes]
    return replace(
        blank,
        notebook_id=official.notebook_id,
        answers=matched.answers,
        extras=tuple(matched.extras),
        words=matched.words,
        notes=tuple(notes),
    )


def _guess_by_name(name: str, officials: Sequence[Official]) -> str:
    stems = {o.notebook_id.split("/")[1].lower(): o.notebook_id for o in officials}
    hits = [i for stem, i in stems.items() if stem in name.lower()]
    return hits[0] if len(hits) == 1 else officials[0].notebook_id if len(officials) == 1 else ""


def _identify(notebook: HandedNotebook, by_name: str, officials: Sequence[Official]) -> Official:
    """Return the official notebook it came from: by what stands in it; what it claims decides a tie only."""
    scores = {o.notebook_id: count_matches(o, notebook) for o in officials}
    best = max(scores.values())
    known = {o.notebook_id: o for o in officials}
    hits = [i for i, score in scores.items() if score == best]
    if best and len(hits) == 1:
        return known[hits[0]]
    for guess in (notebook.claimed_id, by_name):
        if guess in hits and (best or notebook.cells):
            return known[guess]
    raise ReadError(say("intake.no_match", known="、".join(known)))


def _note_claim(notebook: HandedNotebook, official: Official, officials: Sequence[Official]) -> list[str]:
    claimed = notebook.claimed_id
    if claimed in (o.notebook_id for o in officials) and claimed != official.notebook_id:
        return [say("intake.other_notebook", claimed=claimed, found=official.notebook_id)]
    return []
