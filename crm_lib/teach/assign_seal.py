"""Seal the checks of a release: run the notebook as the teacher has it, keep only fingerprints."""

from __future__ import annotations

import io
import json
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from typing import Any

from crm_lib.errors import CrmError
from crm_lib.lesson.checks import Check, load_checks, run_answer
from crm_lib.lesson.run import notebook_parameters
from crm_lib.lesson.sealed import (
    COARSEST,
    FINEST,
    fingerprint,
    is_whole,
    lock,
    name_kind,
    sealed_file,
    stretch,
    write_answers,
)

_STRUCTURES = ("list", "table")
_NOISE = 1e-9  # what two honest ways to compute a number may differ by


def seal_checks(
    notebook_id: str, values: Mapping[str, Any], folder: str, files: Mapping[str, str], salt: str
) -> dict[str, Any]:
    """Run the notebook without its exercises, and seal the answers it would accept.

    Only the project's own code runs here, never a student's.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    values
        Parameters that differ from the defaults.
    folder
        Where the notebook runs: the data of the release lie there.
    files
        Name in `folder` → sha256 of the data files that must stay as they are.
    salt
        Makes the fingerprints of two students differ; no secret.

    Returns
    -------
    dict
        What ``crm_lib.lesson.sealed`` reads, as JSON-able data.

    Raises
    ------
    CrmError
        The notebook fails on these data, or a check cannot compute its answer.
    """
    from crm_lib.publish.build import build_notebook

    notebook = build_notebook(notebook_id)
    checks = load_checks(notebook_id)
    space: dict[str, Any] = {}
    sealed = {}
    with _quiet(folder):
        for cell in notebook.cells:
            tags = cell.metadata.get("tags", [])
            if "grade" in tags:
                check = checks[cell.metadata["nbgrader"]["grade_id"]]
                sealed[check.grade_id] = _seal(check, space, f"{salt} {check.grade_id}")
            elif cell.cell_type == "code" and not {"solution", "export"} & set(tags):
                _run_cell(cell.source, space, notebook_id)
                space.update(values if "parameters" in tags else {})
    source = next(c.source for c in notebook.cells if "parameters" in c.metadata.get("tags", ()))
    given = {p.name: values.get(p.name, p.default) for p in notebook_parameters(notebook_id)}
    return {
        "notebook_id": notebook_id,
        "parameters": source,
        "given": given,
        "files": dict(files),
        "checks": sealed,
    }


@contextmanager
def _quiet(folder: str) -> Iterator[None]:
    """Run in `folder`, show nothing, draw on no screen, and leave no figure behind."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    with chdir(folder), redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")


def _run_cell(source: str, space: dict[str, Any], notebook_id: str) -> None:
    try:
        exec(compile(source, notebook_id, "exec"), space)
    except CrmError as error:
        raise CrmError(f"{notebook_id} stops on these data: {error}") from None
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise CrmError(f"{notebook_id} fails on these data: {what}") from None


def _seal(check: Check, space: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """Return one check, sealed; without ``right`` when its answer can only be judged by the grader."""
    inputs = {name: space[name] for name in check.inputs}
    expected = check.expected(inputs)
    sealed = {"answer": check.answer, "points": check.points, "hint": check.hint}
    kind, digits = name_kind(expected), choose_digits(expected)
    loose = kind in _STRUCTURES and (not digits or check.tolerance > 10.0 ** (1 - COARSEST))
    if kind == "other" or loose or check.checker:
        return sealed
    form = {"tolerance": check.tolerance, "digits": digits}
    right = stretch(_write(expected, form), salt)
    return sealed | {
        "kind": kind,
        "salt": salt,
        **form,
        "right": fingerprint(right),
        "mistakes": list(_seal_mistakes(check, inputs, kind, form, salt)),
    }


def _seal_mistakes(
    check: Check, inputs: Mapping[str, Any], kind: str, form: Mapping[str, Any], salt: str
) -> Iterator[list[Any]]:
    for mistake in check.mistakes:
        try:
            wrong = run_answer(mistake.code, check.answer, inputs)
        except Exception:
            continue  # as in the full table: a mistake that cannot be made on these data
        if name_kind(wrong) == kind:
            key = stretch(_write(wrong, form), salt)
            yield [fingerprint(key), check.rubric.get(mistake.name, 0), lock(mistake.message, key)]


def _write(answer: Any, form: Mapping[str, Any]) -> str:
    return next(iter(write_answers(answer, **form)))


def choose_digits(answer: Any) -> int:
    """Return to how many digits all numbers of `answer` can be compared, or 0 when there is no such number.

    A number that lies on the border between two roundings would make the same
    answer right for one student and wrong for another, so fewer digits are taken.
    """
    if name_kind(answer) not in _STRUCTURES:
        return FINEST
    numbers = [x for x in _list_numbers(answer) if math.isfinite(x) and not is_whole(x)]
    for digits in range(FINEST, COARSEST - 1, -1):
        if all(f"{x * (1 - _NOISE):.{digits}g}" == f"{x * (1 + _NOISE):.{digits}g}" for x in numbers):
            return digits
    return 0


def _list_numbers(answer: Any) -> Iterator[float]:
    values = answer
    if hasattr(answer, "columns"):
        values = (v for row in answer.itertuples(name=None) for v in row)
    for value in values:
        if name_kind(value) == "number":
            yield float(value)


def write_sealed(sealed: Mapping[str, Any], *, own: bool) -> dict[str, bytes]:
    """Return the file of the sealed checks: its name relative to the notebook → content."""
    from crm_lib._places import project_root

    name = sealed_file(sealed["notebook_id"], own=own).relative_to(project_root()).as_posix()
    return {name: (json.dumps(sealed, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()}
