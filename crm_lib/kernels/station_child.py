"""What the process of one student does: shut itself off, run the code, hand out the answer as data."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from crm_lib.kernels import isolate
from crm_lib.kernels.answers_out import take_out

_MOST_ERROR = 500
_KIB = 1024


@dataclass(frozen=True)
class Errand:
    """What a process of a student is for: the variable to take out, and where from and where to.

    ``code`` and ``result`` are descriptors; the code is a JSON list of lists of
    cells, one for each answer up to this one.
    """

    variable: str
    code: int
    result: int
    limits: Mapping[str, Any]
    sandboxed: bool
    own_bytes: int


class TooMuchOutput(Exception):
    """More was printed than may be; it ends the cell unless the cell catches it."""


class BoundedText:
    """A stream that keeps the first part of what is printed and then refuses."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, most: int, sentence: str) -> None:
        self._left, self._sentence, self.full = most, sentence, False
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Keep `text`, or the part of it there is room for."""
        text = str(text)
        part = text[: self._left]
        self._parts.append(part)
        self._left -= len(part.encode("utf-8", "replace"))
        if len(part) < len(text) or self._left < 0:
            self._left, self.full = 0, True
            raise TooMuchOutput(self._sentence)
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is nowhere to flush to."""

    def isatty(self) -> bool:
        """Tell that nobody sits here."""
        return False

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def fileno(self) -> int:
        """Refuse: the text is kept in memory."""
        raise OSError("this stream has no descriptor")

    def text(self) -> str:
        """Return what was kept, without the colours of a terminal."""
        import re

        whole = "".join(self._parts).encode("utf-8", "replace").decode("utf-8")
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", whole)


def be_child(errand: Errand, shell: Any) -> NoReturn:
    """Run `errand` in this fork of the station, and end the process (never returns).

    Notes
    -----
    A process cannot enter a new process namespace itself, only its children
    can: so this one forks once more and then only waits.
    """
    code = 1
    try:
        os.setsid()
        isolate.take_blame()
        open_ones = isolate.list_descriptors()
        if errand.sandboxed:
            isolate.enter_namespaces()
            pid = os.fork()
            if pid:
                code = _wait_for(pid, open_ones)
                return
            os.setsid()  # a signal to its group must not reach the one that waits
        code = _serve(errand, shell, open_ones)
    except BaseException as fault:
        with suppress(BaseException):
            _answer(errand.result, None, "", f"the sandbox failed: {fault}")
    finally:
        os._exit(code)


def _wait_for(pid: int, open_ones: list[int]) -> int:
    isolate.reset_signals()
    isolate.keep_descriptors(open_ones)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if status >= 0 else 128 - status


def _serve(errand: Errand, shell: Any, open_ones: list[int]) -> int:
    cells = json.loads(_read_all(errand.code))
    (result,) = isolate.keep_descriptors(open_ones, errand.result)
    if errand.sandboxed:
        isolate.isolate(errand.limits, own_bytes=errand.own_bytes)
    else:
        isolate.reset_signals()
        isolate.clear_environment()
        isolate.set_limits(errand.limits, own_bytes=errand.own_bytes, own_tasks=100_000)
    home = os.getpid()
    form, output, error = run_answer(shell, cells, errand.variable, errand.limits)
    if os.getpid() == home:  # code that forks comes back here once for each fork
        _answer(result, form, output, error)
    return 0


def _read_all(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8", closefd=False) as file:
        return file.read()


def run_answer(
    shell: Any, cells: list[list[str]], variable: str, limits: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, str, str]:
    """Run the cells of the answers up to this one; return its form, what its own cells printed, its error."""
    *before, own = cells
    for earlier in before:
        _run_cells(shell, earlier, _new_stream(limits))
    stream = _new_stream(limits)
    error = _run_cells(shell, own, stream)
    if variable not in shell.user_ns:
        return None, stream.text(), error or f"NameError: {variable} is not defined"
    return take_out(shell.user_ns[variable]), stream.text(), error


def _new_stream(limits: Mapping[str, Any]) -> BoundedText:
    return BoundedText(limits["output_kb"] * _KIB, f"too much output (more than {limits['output_kb']:g} kB)")


def _run_cells(shell: Any, cells: list[str], stream: BoundedText) -> str:
    """Run the cells of one answer; return the first error, in one sentence."""
    sys.stdout = sys.stderr = stream
    error = ""
    for cell in cells:
        fault: BaseException | None
        try:
            done = shell.run_cell(cell, store_history=False)
            fault = done.error_before_exec or done.error_in_exec
        except BaseException as thrown:  # what IPython itself does not catch
            fault = thrown
        error = error or _word(fault)
    return error or ("too much output" if stream.full else "")


def _word(fault: BaseException | None) -> str:
    if fault is None:
        return ""
    if isinstance(fault, TooMuchOutput):
        return str(fault)
    try:
        said = f"{fault.msg} (line {fault.lineno})" if isinstance(fault, SyntaxError) else str(fault)
        text = " ".join(said.split())
    except BaseException:
        text = ""
    name = type(fault).__name__
    return (f"{name}: {text}" if text else name)[:_MOST_ERROR]


def _answer(result: int, form: Any, output: str, error: str) -> None:
    text = json.dumps({"form": form, "output": output, "error": error}, ensure_ascii=False, allow_nan=False)
    data = memoryview(text.encode("utf-8", "replace"))
    while data:
        data = data[os.write(result, data) :]
