"""Files of parameters as people keep them: YAML, TOML, JSON; tables as CSV or Excel sheets."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from crm_lib._checks import import_extra
from crm_lib.errors import CrmError, ParameterError

DOCUMENTS = (".yaml", ".yml", ".toml", ".json")
TEXTS = (".csv", ".tsv", ".txt")
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_MARKS = ",\t;，；"


def read_document(path: Path, *, where: str) -> Any:
    """Return what a YAML, TOML or JSON file holds.

    Notes
    -----
    YAML is read as it is written: ``007``, ``no`` and ``2024-12-31`` are text
    until the type of the parameter says otherwise; only an empty value and
    ``null`` are None.  A name that stands twice is refused in all three.
    """
    text = _read_text(path, where)
    readers = {".toml": tomllib.loads, ".json": _read_json}
    try:
        return readers.get(path.suffix.lower(), _read_yaml)(text)
    except CrmError:
        raise
    except Exception as fault:
        why = re.sub(r"\s+", " ", str(fault)).strip()[:200]
        raise ParameterError(
            f"{where}: {path.name!r} must be well-formed {path.suffix[1:].upper()}; {why}. "
            "Mend that place of the file."
        ) from None


def _read_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_refuse_twice)


def _refuse_twice(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r} stands twice")
        found[name] = value
    return found


def _read_yaml(text: str) -> Any:
    yaml = import_extra("yaml", extra="tour", purpose="reading a YAML file of parameters")
    return yaml.load(text, Loader=_make_loader())


@cache
def _make_loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe, and blind to all that YAML sees in plain words but null."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in kinds if tag.endswith((":null", ":merge"))]
        for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct(loader: Any, node: Any) -> dict[Any, Any]:
        # a merged mapping (<<) may be overridden; what is written out may not stand twice
        _refuse_twice((key.value, None) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge")
        loader.flatten_mapping(node)
        return dict(loader.construct_pairs(node, deep=True))

    Loader.add_constructor("tag:yaml.org,2002:map", construct)
    return Loader


def read_cells(path: Path, sheet: str = "", *, where: str) -> list[tuple[int, list[Any]]]:
    """Return the rows of a table that are not empty, each with the number a person sees."""
    if path.suffix.lower() in SHEETS:
        rows = _read_sheet(path, sheet, where)
    else:
        text = _read_text(path, where)
        first = next((line for line in text.splitlines() if line.strip()), "")
        mark = max(_MARKS, key=first.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    plain = [(number, [_plain(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
    return [(number, row) for number, row in plain if any(cell not in (None, "") for cell in row)]


def _read_sheet(path: Path, sheet: str, where: str) -> list[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(path) as book:
            if sheet and sheet not in book.sheet_names:
                raise ParameterError(
                    f"{where}: {path.name!r} has no sheet {sheet!r}. It has: {', '.join(book.sheet_names)}."
                )
            page = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
            return page.to_python(skip_empty_area=False)
    except (CalamineError, OSError) as fault:
        raise _tell_unreadable(path, where, fault) from None


def _plain(cell: Any) -> Any:
    """Return a cell as the text a person sees: 1001, not 1001.0; a day without a time."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def _read_text(path: Path, where: str) -> str:
    from crm_lib.readwrite.decoding import decode_text

    try:
        return decode_text(path.read_bytes(), where=where)[0]
    except (OSError, CrmError) as fault:
        raise _tell_unreadable(path, where, fault) from None


def _tell_unreadable(path: Path, where: str, fault: Exception) -> ParameterError:
    why = getattr(fault, "strerror", None) or str(fault)
    return ParameterError(
        f"{where}: cannot read {str(path)!r}: {why}. Check the name, and that no other program holds it."
    )
