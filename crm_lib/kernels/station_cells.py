"""What a station runs: the official cells of a notebook with the places where answers are due, and its data."""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_lib._places import notebook_file, project_root
from crm_lib.errors import RenderError

SUITE = "/suite"
_OTHERS_READ = 0o004


@dataclass(frozen=True)
class Variant:
    """One set of parameters a notebook is graded with; what is not named keeps its default.

    A parameter that is the path of a file of this machine is shown to the
    notebook, that file alone, at a path inside the sandbox.
    """

    name: str = "default"
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_cells(notebook_id: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the code cells up to the last answer: official ones, and a mark for each answer that is due.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``; the built student notebook is read.
    parameters
        Values put in place of the defaults right after the parameters cell.

    Returns
    -------
    list of dict
        ``kind`` ``official`` with ``source`` (and ``then``, variables to set
        after it), or ``answer`` with ``grade_id`` and ``variable``.

    Raises
    ------
    RenderError
        The notebook has no graded answer.
    """
    notebook = json.loads(notebook_file(notebook_id).read_text(encoding="utf-8"))
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    variables = dict(_read_call(_source(c)) for c in code if "grade" in _tags(c))
    cells = []
    for cell in code:
        if "solution" in _tags(cell):
            grade_id = cell["metadata"]["nbgrader"]["grade_id"].removesuffix("-answer")
            cells.append({"kind": "answer", "grade_id": grade_id, "variable": variables[grade_id]})
        elif "grade" not in _tags(cell):
            then = dict(parameters) if "parameters" in _tags(cell) else {}
            cells.append({"kind": "official", "source": _source(cell), "then": then})
    last = max((i for i, c in enumerate(cells) if c["kind"] == "answer"), default=-1)
    if last < 0:
        raise RenderError(f"{notebook_id}: has no graded answer, so there is nothing to grade.")
    return cells[: last + 1]


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _read_call(source: str) -> tuple[str, str]:
    """Return grade_id and variable of a check cell: ``check("<grade_id>", <variable>)``."""
    call = ast.parse(source.strip(), mode="eval").body
    assert isinstance(call, ast.Call)
    grade_id, variable = call.args
    assert isinstance(grade_id, ast.Constant)
    assert isinstance(variable, ast.Name)
    return grade_id.value, variable.id


def show_suite(notebook_id: str, variant: Variant, folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what of the suite a station is shown, and the variant's parameters as they read inside.

    Parameters
    ----------
    notebook_id
        The notebook.
    variant
        Its files are shown under ``/suite/variant``.
    folder
        A private folder for copies of files that only their owner may read.

    Returns
    -------
    tuple of dict
        Path inside → path outside: the library, this notebook's student
        edition, the sample data; no checks table and no source.
    """
    root = project_root()
    package = Path(__file__).resolve().parents[1]
    shown = {
        f"{SUITE}/crm_lib": str(package),
        f"{SUITE}/notebooks/{notebook_id}.ipynb": str(notebook_file(notebook_id)),
        f"{SUITE}/data": str(root / "data"),
    }
    parameters = dict(variant.parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and _is_file(value):
            inside = f"{SUITE}/variant/{name}/{Path(value).name}"
            shown[inside] = str(_readable(Path(value).resolve(), folder, name))
            parameters[name] = inside
    return shown, parameters


def _is_file(value: str) -> bool:
    try:
        return ("/" in value or "." in value) and Path(value).is_file()
    except (OSError, ValueError):
        return False


def _readable(path: Path, folder: Path, name: str) -> Path:
    if path.stat().st_mode & _OTHERS_READ:
        return path
    copy = folder / f"{name}{path.suffix}"
    shutil.copyfile(path, copy)
    os.chmod(copy, 0o444)
    return copy
