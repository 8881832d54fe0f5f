"""Read a column of dates for judging it: nothing is refused, what cannot be told is marked so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_lib.errors import DataError
from crm_lib.identify._cells import match_all
from crm_lib.identify._date_forms import OPEN_LONG, OPEN_SHORT, read_date_text
from crm_lib.identify._dates import parse_dates
from crm_lib.identify._values import AMBIGUOUS, Parsed

if TYPE_CHECKING:
    import numpy as np

    from crm_lib.identify._cells import Cells


def read_days(cells: Cells, *, whole_days: bool = True) -> Parsed:
    """Return every distinct cell as a time; where day and month cannot be told it is AMBIGUOUS."""
    try:
        return parse_dates(cells.codes, cells.raw, column=cells.name, whole_days=whole_days)[0]
    except DataError:
        return _read_without_open(cells, whole_days)


def _read_without_open(cells: Cells, whole_days: bool) -> Parsed:
    """Read the column as if the cells that leave day and month open were not there."""
    import numpy as np

    is_open = np.array([_leaves_open(t) for t in cells.half], dtype=bool)
    raw = cells.raw.astype(object)
    raw[is_open] = None
    out = parse_dates(cells.codes, _known_only(raw), column=cells.name, whole_days=whole_days)[0]
    out.values[is_open] = np.datetime64("NaT")
    out.state[is_open] = AMBIGUOUS
    return out


def _leaves_open(text: str) -> bool:
    read = read_date_text(text)
    return read is not None and read.form in (OPEN_LONG, OPEN_SHORT)


def _known_only(raw: np.ndarray) -> np.ndarray:
    out = raw.copy()
    out[[v is None for v in raw.tolist()]] = ""
    return out


_CLOCK = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_ISO = rf"^\d{{4}}-\d\d-\d\d{_CLOCK}$"
_FORMS = {
    "slash": re.compile(rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}{_CLOCK}\Z"),
    "dot": re.compile(rf"\d{{4}}\.\d{{1,2}}\.\d{{1,2}}{_CLOCK}\Z"),
    "chinese": re.compile(rf"\d{{4}}年\d{{1,2}}月\d{{1,2}}日{_CLOCK}\Z"),
    "compact": re.compile(rf"\d{{8}}{_CLOCK}\Z"),
}


def list_forms(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Return how each distinct cell writes its date, and whether the writing alone tells which day it is.

    Forms: iso, slash, dot, compact, chinese, native (a date, no text), open (day and month
    stand before the year), serial (a number), other; blank cells have none.
    """
    import numpy as np

    forms = np.full(len(cells.raw), "", dtype=object)
    told = np.zeros(len(cells.raw), dtype=bool)
    if cells.raw.dtype.kind == "M":
        forms[:], told[:] = "native", True
        return forms, told
    iso = match_all(cells.texts, _ISO)
    forms[iso], told[iso] = "iso", True
    for k in np.flatnonzero(cells.filled & ~iso).tolist():
        value = cells.raw[k]
        if isinstance(value, str):
            forms[k], told[k] = _name_form(cells.texts[k], cells.half[k])
        else:
            told[k] = hasattr(value, "isoformat")
            forms[k] = "native" if told[k] else "serial"
    return forms, told


def _name_form(text: str, half: str) -> tuple[str, bool]:
    read = read_date_text(half)
    if read is None:
        return "other", False
    told = read.form in ("ymd", "chinese", "compact") and not read.short_year and not read.zone
    if read.form in (OPEN_LONG, OPEN_SHORT):
        return "open", False
    if read.form in ("serial", "epoch"):
        return "serial", False
    form = next((name for name, pattern in _FORMS.items() if pattern.match(text)), "other")
    return form, told
