"""Every name a room offers explains its parameters and its result."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import house_rules as house
import pytest


def list_public(room: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the functions that the room itself (its ``__init__``) offers."""
    package = importlib.import_module(f"crm_lib.{room}")
    names = getattr(package, "__all__", [name for name in vars(package) if not name.startswith("_")])
    for name in names:
        thing = getattr(package, name)
        if inspect.isfunction(thing) and thing.__module__.startswith(f"crm_lib.{room}"):
            yield f"{room}.{name}", thing


def find_doc_faults(name: str, function: Callable[..., Any]) -> list[str]:
    """Name the parameters that the docstring leaves out, and a result it does not tell."""
    doc = inspect.getdoc(function)
    if not doc:
        return [f"{name} has no docstring"]
    signature = inspect.signature(function)
    faults = [
        f"{name} does not describe {parameter}"
        for parameter in signature.parameters
        if not re.search(rf"^([\w*]+, )*\*{{0,2}}{parameter}\b|`{parameter}`", doc, flags=re.MULTILINE)
    ]
    gives = signature.return_annotation not in (None, "None", inspect.Signature.empty)
    told = doc.startswith("Return ") or re.search(r"^(Returns|Yields)\n---", doc, flags=re.MULTILINE)
    return faults + ([f"{name} does not describe its result"] if gives and not told else [])


def test_public_functions_are_described(project_root: Path) -> None:
    offered = [pair for room in house.list_rooms(project_root) for pair in list_public(room)]
    assert len(offered) > 10
    assert [fault for name, function in offered for fault in find_doc_faults(name, function)] == []


def undocumented(frame: int) -> int:
    return frame


def half_documented(frame: int) -> int:
    """Do a thing with a frame."""
    return frame


def briefly_documented(frame: int) -> int:
    """Return `frame` as it is."""
    return frame


def documented(frame: int) -> int:
    """Do a thing.

    Parameters
    ----------
    frame : int
        A number.

    Returns
    -------
    int
        It.
    """
    return frame


@pytest.mark.parametrize(
    ("function", "n_faults"),
    [(undocumented, 1), (half_documented, 2), (briefly_documented, 0), (documented, 0)],
)
def test_a_missing_description_is_seen(function: Callable[..., Any], n_faults: int) -> None:
    assert len(find_doc_faults(function.__name__, function)) == n_faults
