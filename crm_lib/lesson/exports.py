"""Write what a run exports beside its report: tables and ``result.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, say, sheet_title
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

_SOURCES: list[dict[str, Any]] = []


def remember_source(source: dict[str, Any]) -> None:
    """Keep the fingerprint of a data source for ``result.json`` and the report's footer."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def forget_sources() -> None:
    """Begin without any source: a notebook run again in the same kernel must not name the files of the last run."""
    _SOURCES.clear()


def export(tables: Mapping[str, pd.DataFrame], result: Mapping[str, Any], *, name: str = "result") -> None:
    """Write `tables` (CSV each, one Excel workbook for all) and `result` as ``result.json``.

    Parameters
    ----------
    tables
        Name → frame; the name becomes the CSV file's, its Chinese title the sheet's.
    result
        The figures of the run: numbers, texts, lists and dicts of these.
    name
        Name of the workbook.

    Notes
    -----
    The same tables and results give the same bytes: keys are sorted, workbook
    dates fixed.  Files go where ``crm render`` says, otherwise into a folder
    ``<notebook>_output`` beside the notebook.
    """
    from crm_lib.lesson.display import finding
    from crm_lib.readwrite.excel import write_csv, write_excel

    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson")))
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    titles = {c: column_title(c) for frame in tables.values() for c in frame.columns}
    written = [
        write_csv(folder / "tables" / f"{key}.csv", frame, titles=titles) for key, frame in tables.items()
    ]
    sheets = {sheet_title(key): frame for key, frame in tables.items()}
    written.append(write_excel(folder / "tables" / f"{name}.xlsx", sheets, titles=titles))
    write_result(folder / "result.json", result)
    files = "、".join(Path(p).name for p in [*written, "result.json"])
    finding(say("lesson.exported", files=files))


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write `result` with the data sources read so far as sorted, indented JSON."""
    body = {"result": to_plain(dict(result)), "sources": _SOURCES}
    text = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def to_plain(value: Any) -> Any:
    """Return `value` as JSON knows it: numpy scalars, dates and frames become plain; NaN becomes null."""
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [to_plain(v) for v in value]
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [to_plain(row) for row in value.to_dict(orient="records")]
    if hasattr(value, "tolist"):
        return to_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
