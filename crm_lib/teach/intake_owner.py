"""Whose file it is: by the names of its folders and its own, against the roster where there is one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from crm_lib.catalogue import say
from crm_lib.teach.roster import Student

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)^(con|nul|aux|prn|com\d|lpt\d)(\..*)?$")
_ID_AND_NAME = re.compile(r"([0-9A-Za-z]+)[_\-\s]+(\D*[\u4e00-\u9fff]\D*)$")
_COPY = re.compile(r"\s*\(\d+\)$|-Copy\d+$|[ _-]*副本\d*$", re.IGNORECASE)
_LONGEST = 80


class Owners:
    """Tells the student of a path.

    Parameters
    ----------
    students
        The roster; empty when there is none.
    stems
        File names of the notebooks, which say nothing about a student.
    """

    def __init__(self, students: Sequence[Student], stems: Sequence[str]) -> None:
        self._students = list(students)
        self._by_id = {s.student_id.lower(): s for s in students}
        names = Counter(s.name for s in students if s.name)
        unique = sorted((n for n, k in names.items() if k == 1), key=len, reverse=True)
        self._by_name = {s.name: s for s in students}
        self._find_id = self._any_of(sorted(self._by_id, key=len, reverse=True), bounded=True)
        self._find_name = self._any_of(unique, bounded=False)
        self._stems = self._any_of(sorted(stems, key=len, reverse=True), bounded=False)

    @staticmethod
    def _any_of(words: Sequence[str], *, bounded: bool) -> re.Pattern[str]:
        some = "|".join(map(re.escape, words)) or r"(?!)"
        return re.compile(rf"(?<![0-9A-Za-z])(?:{some})(?![0-9A-Za-z])" if bounded else some, re.IGNORECASE)

    def find(self, path: Sequence[str]) -> tuple[Student, list[str]]:
        """Return the student of `path`, and notes; one who is not in the roster is made from the path."""
        parts = [self._tidy(part, last=n == len(path) - 1) for n, part in enumerate(path)]
        for find, known in ((self._find_id, self._by_id), (self._find_name, self._by_name)):
            hits = [
                known[hit[0].lower() if known is self._by_id else hit[0]]
                for p in parts
                for hit in find.finditer(p)
            ]
            if hits:
                others = {s.student_id for s in hits} - {hits[0].student_id}
                return hits[0], [say("intake.two_students", student_id=hits[0].student_id)] if others else []
        notes = [say("intake.unknown_student")] if self._students else []
        return self._make(path, parts), notes

    def _tidy(self, part: str, *, last: bool) -> str:
        """Return a name without what says nothing about the student: the notebook's name, its suffix."""
        if last:
            part = re.sub(r"(?i)\.ipynb.*$", "", part)
        return _COPY.sub("", self._stems.sub(" ", part)).strip(" _-.")

    def _make(self, path: Sequence[str], parts: Sequence[str]) -> Student:
        label = parts[0] or PurePath(path[0]).stem
        found = _ID_AND_NAME.match(label)
        return Student(make_safe(found[1]), found[2].strip(" _-")) if found else Student(make_safe(label))


def make_safe(label: str) -> str:
    """Return `label` as it may stand in a file name on every system; different labels stay different."""
    safe = _UNSAFE.sub("_", label).strip(" .")[:_LONGEST].strip(" .")
    if safe and safe == label and not _RESERVED.match(safe):
        return safe
    return f"{safe or 'student'}-{hashlib.sha256(label.encode('utf-8', 'replace')).hexdigest()[:6]}"
