"""Compute the answers of a class: one station per notebook and variant, one shut-off process per answer."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_lib.errors import RenderError
from crm_lib.kernels.answers_in import read_payload
from crm_lib.kernels.limits_station import StationLimits
from crm_lib.kernels.sandbox import sandbox_available
from crm_lib.kernels.station_cells import Variant, read_cells, show_suite
from crm_lib.kernels.station_line import StationDown, StationLine

_KIB = 1024
_PATIENCE = 15.0
_MOST_STARTS = 3
_LEAST_OFFICIAL = 600.0


@dataclass(frozen=True)
class Work:
    """What one student handed in for a notebook: code cells by grade_id, in the order they run."""

    number: int
    answers: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """What came of one student's answer.

    ``form`` is its data (see :mod:`crm_lib.kernels.answers_out`), None when
    there is none; ``output`` what its cells printed; ``error`` one sentence, or
    empty; ``seconds`` on the clock, those of the answers before it included.
    """

    number: int
    grade_id: str
    form: dict[str, Any] | None
    output: str
    error: str
    seconds: float


@dataclass
class _Flight:
    """One process at work."""

    number: int
    pipe: int
    began: float
    read: bytearray = field(default_factory=bytearray)
    over: bool = False


def run_station(
    notebook_id: str,
    *,
    variant: Variant | None = None,
    submissions: Sequence[Work],
    limits: StationLimits | None = None,
    jobs: int = 2,
    unsafe: bool = False,
) -> Iterator[Answer]:
    """Compute the answers of all students to one notebook with one set of parameters.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    variant
        The parameters; the defaults when None.
    submissions
        The students' work; numbers must differ.
    limits
        What the code of one answer may use.
    jobs
        How many answers are computed at a time.
    unsafe
        Run without a sandbox: the limits hold, but the code may read and write
        whatever the user may.  Never as root.

    Yields
    ------
    Answer
        One for each student and graded task, answer by answer of the notebook,
        within one in the order they come in.

    Raises
    ------
    RenderError
        There is no sandbox, or the official cells fail.

    Notes
    -----
    The official cells run once.  Where an answer is due, each student gets a
    fork of that state, in which the code of the answers up to this one runs;
    code that was killed once is not run again for the later ones.  Nothing a
    student does to a variable reaches another answer's fork or student.
    """
    limits = limits or StationLimits()
    _refuse(submissions, unsafe)
    with tempfile.TemporaryDirectory(prefix="crm-station-") as folder:
        shown, parameters = show_suite(notebook_id, variant or Variant(), Path(folder))
        cells = read_cells(notebook_id, parameters)
        task = {"cells": cells, "limits": limits.as_dict(), "sandboxed": not unsafe}
        round_ = _Round(task, shown, list(submissions), limits, max(1, jobs), Path(folder))
        with contextlib.closing(round_.run()) as answers:
            try:
                yield from answers
            except StationDown as fault:
                name = (variant or Variant()).name
                raise RenderError(f"{notebook_id}, variant {name!r}: {fault}") from None


def _refuse(submissions: Sequence[Work], unsafe: bool) -> None:
    numbers = Counter(work.number for work in submissions)
    if twice := [n for n, count in numbers.items() if count > 1]:
        raise RenderError(f"run_station: each student needs a number of his own; {twice[0]} is there twice.")
    if unsafe and hasattr(os, "getuid") and os.getuid() == 0:
        raise RenderError(
            "crm grade: students' code is never run as root without a sandbox. "
            "Install it (apt-get install bubblewrap), or grade as an ordinary user."
        )
    available, why = (True, "") if unsafe else sandbox_available()
    if not available:
        raise RenderError(why)


class _Round:
    """One notebook, one variant: what is still to be computed, and the station that does it."""

    def __init__(
        self,
        task: dict[str, Any],
        shown: dict[str, str],
        works: list[Work],
        limits: StationLimits,
        jobs: int,
        folder: Path,
    ) -> None:
        self._task, self._shown, self._limits = task, shown, limits
        self._jobs, self._folder = jobs, folder
        self._ids = [c["grade_id"] for c in task["cells"] if c["kind"] == "answer"]
        self._works = {work.number: work for work in works}
        self._due = {i: [w.number for w in works if w.answers.get(i)] for i in self._ids}
        self._spoilt: set[tuple[int, str]] = set()
        self._crashes: Counter[int] = Counter()
        self._flights: dict[int, _Flight] = {}

    def run(self) -> Iterator[Answer]:
        """Start a station, again when it went down, until everything is computed."""
        for number, work in self._works.items():
            for grade_id in self._ids:
                if not work.answers.get(grade_id):
                    yield Answer(number, grade_id, None, "", "", 0.0)
        for start in range(1, _MOST_STARTS + 1):
            if not any(self._due.values()):
                return
            try:
                with StationLine(self._task, self._shown, self._folder) as line:
                    yield from self._serve(line)
                return
            except StationDown as fault:
                if fault.final or start == _MOST_STARTS:
                    raise
                yield from self._drop_flights()
            finally:
                self._close_flights()

    def _drop_flights(self) -> Iterator[Answer]:
        """Give up those that were at work twice when their station went down."""
        self._crashes.update(self._flights.keys())
        self._close_flights()
        for grade_id, numbers in self._due.items():
            for number in [n for n in numbers if self._crashes[n] > 1]:
                numbers.remove(number)
                yield Answer(number, grade_id, None, "", "ended the station it ran in", 0.0)

    def _close_flights(self) -> None:
        for flight in self._flights.values():
            os.close(flight.pipe)
        self._flights.clear()

    def _serve(self, line: StationLine) -> Iterator[Answer]:
        for grade_id in self._ids:
            line.await_answer(grade_id, _LEAST_OFFICIAL)
            yield from self._serve_answer(line, grade_id)
            line.send({"do": "next"})

    def _serve_answer(self, line: StationLine, grade_id: str) -> Iterator[Answer]:
        due = self._due[grade_id]
        waiting = list(due)
        with selectors.DefaultSelector() as selector:
            selector.register(line, selectors.EVENT_READ)
            while due:
                while waiting and len(self._flights) < self._jobs:
                    self._start(line, selector, waiting.pop(0), grade_id)
                for key, _ in selector.select(1.0):
                    if key.data is not None:
                        if key.data.number in self._flights:  # else it ended a moment ago
                            self._read(line, selector, key.data)
                    elif (said := line.receive()) and "ended" in said:
                        flight = self._flights.pop(said["ended"])
                        due.remove(flight.number)
                        yield self._conclude(selector, flight, said, grade_id)
                self._lose_patience()

    def _start(self, line: StationLine, selector: Any, number: int, grade_id: str) -> None:
        work = self._works[number]
        before = self._ids[: self._ids.index(grade_id)]
        cells = [list(work.answers.get(i) or ()) for i in before if (number, i) not in self._spoilt]
        cells.append(list(work.answers[grade_id]))
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        flight = _Flight(number, ours, time.monotonic())
        self._flights[number] = flight
        selector.register(ours, selectors.EVENT_READ, flight)
        with tempfile.TemporaryFile() as code:
            code.write(json.dumps(cells).encode())
            code.seek(0)
            try:
                line.send({"do": "run", "number": number}, code.fileno(), theirs)
            finally:
                os.close(theirs)

    def _read(self, line: StationLine, selector: Any, flight: _Flight) -> None:
        most = (self._limits.answer_kb + 6 * self._limits.output_kb + 4) * _KIB
        try:
            data = os.read(flight.pipe, 1 << 16)
        except BlockingIOError:
            return
        flight.read += data
        flight.over = len(flight.read) > most
        if not data or flight.over:
            selector.unregister(flight.pipe)
        if flight.over:
            line.send({"do": "kill", "number": flight.number, "why": "answer_kb"})

    def _conclude(self, selector: Any, flight: _Flight, said: Mapping[str, Any], grade_id: str) -> Answer:
        """Make the answer of a process that has ended; what it wrote last is still in the pipe."""
        most = (self._limits.answer_kb + 6 * self._limits.output_kb + 4) * _KIB
        with contextlib.suppress(BlockingIOError):
            while not flight.over and (data := os.read(flight.pipe, 1 << 16)):
                flight.read += data
                flight.over = len(flight.read) > most
        with contextlib.suppress(KeyError):
            selector.unregister(flight.pipe)
        os.close(flight.pipe)
        why = said["why"] or ("answer_kb" if flight.over else "")
        payload = None if why else read_payload(bytes(flight.read))
        if payload is None:
            self._spoilt.add((flight.number, grade_id))
            error = self._limits.word(why) if why else _word_end(said["code"], bool(flight.read))
            return Answer(flight.number, grade_id, None, "", error, said["seconds"])
        return Answer(flight.number, grade_id, **payload, seconds=said["seconds"])

    def _lose_patience(self) -> None:
        late = self._limits.wall_seconds + _PATIENCE
        if any(time.monotonic() - f.began > late for f in self._flights.values()):
            raise StationDown("the station does not answer")


def _word_end(code: int, wrote: bool) -> str:
    if code == 0 and wrote:
        return "the answer could not be read"
    if code in {137, -9}:
        return "killed by the system (is there memory enough?)"
    return "ended by itself" + (
        f" (signal {code - 128})" if code > 128 else f" (code {code})" if code else ""
    )


def make_unsafe_suite(shown: Mapping[str, str], folder: Path) -> Path:
    """Lay out what a station is shown below `folder`, as links, for a station without a sandbox."""
    suite = folder / "suite"
    shutil.rmtree(suite, ignore_errors=True)
    for inside, outside in shown.items():
        place = suite / inside.strip("/").partition("/")[2]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(outside)
    return suite
