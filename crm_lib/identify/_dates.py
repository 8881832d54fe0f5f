"""Read a column of dates: every known way to write one, and an order of day and month."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from crm_lib.identify._date_forms import OPEN_LONG, OPEN_SHORT, DateParts, read_date_text, read_serial
from crm_lib.identify._date_order import (
    WORDS,
    build_times,
    choose_order,
    full_year,
    orders_of,
    raise_undecided,
    read_orders,
    refuse_swapped,
)
from crm_lib.identify._values import AMBIGUOUS, BAD, MISSING, NOBODY, Parsed, empty_result, half_width

if TYPE_CHECKING:
    import numpy as np

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?\Z", re.ASCII)
_RULE_OF = {"serial": "excel_serial", "zone": "zone_dropped", "epoch": "epoch"}
# one form for 95 cells of 100 is the column's own way to write dates, told once
_UNIFORM = 0.95
_LATEST_SHORT, _LATEST_BIRTH = 68, 29

Note = tuple[str, str, str, str]  # code, before, after, detail


def parse_dates(
    codes: np.ndarray, cells: np.ndarray, *, column: str, date_order: str = "auto", whole_days: bool = False
) -> tuple[Parsed, list[Note]]:
    """Read every distinct cell as a point in local time; also return the column's notes.

    Zones are dropped, so the clock time stands as printed. Two-digit years up
    to 68 are 20xx (in a column of birth dates up to 29), the others 19xx.
    """
    import numpy as np

    if cells.dtype.kind == "M":
        out = empty_result(codes, cells, cells.astype("datetime64[us]"))
        _refuse_range(out)
        if whole_days:
            _drop_clock(out)
        return out, []
    out = empty_result(codes, cells, np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[us]"))
    forms = np.full(len(cells), "", dtype=object)
    parts = _read_cells(out, forms)
    if date_order == "auto":
        refuse_swapped(
            column, out.values[forms == "native"], [p for p in parts.values() if p.form == OPEN_LONG]
        )
    latest = _LATEST_BIRTH if "birth" in column else _LATEST_SHORT
    _settle_known(out, parts, latest)
    notes = _settle_open(out, forms, parts, column, date_order, latest)
    _refuse_range(out)
    notes += _settle_rules(out, forms, parts)
    if whole_days:
        _drop_clock(out)
    return out, notes


def _read_cells(out: Parsed, forms: np.ndarray) -> dict[int, DateParts]:
    """Read ISO and native cells at once, take all others apart; note each cell's form."""
    parts: dict[int, DateParts] = {}
    iso: list[int] = []
    for i, cell in enumerate(out.raw.tolist()):
        if isinstance(cell, str) and _ISO.match(cell):
            iso.append(i)
            forms[i] = "iso"
        elif isinstance(cell, str):
            _read_written(out, forms, parts, i, cell)
        else:
            _read_native(out, forms, parts, i, cell)
    if iso:
        _read_iso(out, iso)
    return parts


def _read_iso(out: Parsed, iso: list[int]) -> None:
    import numpy as np
    import pandas as pd

    times = pd.to_datetime(pd.Series(out.raw[iso]), format="ISO8601", errors="coerce")
    out.values[iso] = times.to_numpy("datetime64[us]")
    lost = np.array(iso)[np.isnat(out.values[iso])]
    out.state[lost], out.rule[lost] = BAD, "unreadable"


def _read_written(out: Parsed, forms: np.ndarray, parts: dict[int, DateParts], i: int, cell: str) -> None:
    text = half_width(cell)
    if text.lower() in NOBODY:
        out.state[i], out.rule[i] = MISSING, "placeholder" if text else ""
        return
    read = read_date_text(text)
    if read is None:
        out.state[i], out.rule[i] = BAD, "unreadable"
        return
    parts[i] = read
    forms[i] = "zone" if read.zone and read.form == "ymd" else read.form


def _read_native(out: Parsed, forms: np.ndarray, parts: dict[int, DateParts], i: int, cell: Any) -> None:
    """Read a cell that is a date, a time stamp or a number rather than text."""
    import numpy as np

    if isinstance(cell, dt.datetime):
        forms[i] = "zone" if cell.tzinfo is not None else "native"
        out.values[i] = np.datetime64(cell.replace(tzinfo=None), "us")
    elif isinstance(cell, dt.date):
        forms[i] = "native"
        out.values[i] = np.datetime64(cell, "us")
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        whole = float(cell).is_integer()
        read = read_serial(float(cell)) or (read_date_text(str(int(cell))) if whole else None)
        if read is None:
            out.state[i], out.rule[i] = BAD, "unreadable"
        else:
            parts[i], forms[i] = read, read.form
    else:
        out.state[i], out.rule[i] = BAD, "unreadable"


def _matrix(parts: list[DateParts]) -> np.ndarray:
    import numpy as np

    return np.array([p[1:8] for p in parts], dtype="int64").reshape(-1, 7)


def _settle_known(out: Parsed, parts: dict[int, DateParts], latest: int) -> None:
    """Write the dates whose order of year, month and day the writing tells."""
    import numpy as np

    known = [i for i, p in parts.items() if p.form not in (OPEN_LONG, OPEN_SHORT)]
    numbers = _matrix([parts[i] for i in known])
    short = np.array([parts[i].short_year for i in known], dtype=bool)
    numbers[short, 0] = full_year(numbers[short, 0], latest)
    _write(out, np.array(known, dtype="int64"), build_times(numbers))


def _write(out: Parsed, cells: np.ndarray, times: np.ndarray) -> None:
    import numpy as np

    out.values[cells] = times
    lost = cells[np.isnat(times)]
    out.state[lost], out.rule[lost] = BAD, "unreadable"


def _settle_open(
    out: Parsed,
    forms: np.ndarray,
    parts: dict[int, DateParts],
    column: str,
    date_order: str,
    latest: int,
) -> list[Note]:
    """Decide and write the dates whose writing leaves day and month open."""
    import numpy as np

    notes: list[Note] = []
    hint = None
    for form in (OPEN_LONG, OPEN_SHORT):
        cells = np.flatnonzero(forms == form)
        if not len(cells):
            continue
        readings = read_orders(_matrix([parts[i] for i in cells]), orders_of(form, date_order), latest)
        place = np.full(len(out.raw) + 1, -1)
        place[cells] = np.arange(len(cells))
        rows = place[out.codes]
        choice = choose_order(readings, rows[rows >= 0], hint)
        if choice is None:
            i = _first_undecided(readings)
            raise_undecided(column, str(out.raw[cells[i]]), readings, i)
        _write_open(out, cells, readings, choice.order)
        hint = choice.order or hint
        why = "as asked for" if len(readings) == 1 else choice.why
        notes.append(("date_order", "", "", f"{WORDS.get(choice.order, 'mixed orders')}: {why}"))
    return notes


def _first_undecided(readings: dict[str, np.ndarray]) -> int:
    """Return the first cell that more than one order reads, differently."""
    import numpy as np

    times = np.array(list(readings.values()))
    several = (~np.isnat(times)).sum(axis=0) > 1
    for i in np.flatnonzero(several):
        if len(set(times[~np.isnat(times[:, i]), i].tolist())) > 1:
            return int(i)
    raise AssertionError("an undecided column has an undecided cell")


def _write_open(out: Parsed, cells: np.ndarray, readings: dict[str, np.ndarray], order: str | None) -> None:
    """Write the chosen reading; without one, only the cells that have a single reading."""
    import numpy as np

    if order is not None:
        _write(out, cells, readings[order])
        return
    times = np.array(list(readings.values()))
    for k, i in enumerate(cells):
        found = {t for t in times[:, k].tolist() if t is not None}
        out.values[i] = np.datetime64(found.pop(), "us") if len(found) == 1 else np.datetime64("NaT")
        if found:
            out.state[i], out.rule[i] = AMBIGUOUS, "unreadable"
        elif np.isnat(out.values[i]):
            out.state[i], out.rule[i] = BAD, "unreadable"


def _refuse_range(out: Parsed) -> None:
    import numpy as np

    low, high = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")
    outside = (out.state == 0) & ~((out.values >= low) & (out.values < high))
    out.values[outside] = np.datetime64("NaT")
    out.state[outside], out.rule[outside] = BAD, "unreadable"


def _settle_rules(out: Parsed, forms: np.ndarray, parts: dict[int, DateParts]) -> list[Note]:
    """Give every changed cell its rule; a form that the whole column shares is told once."""
    import numpy as np

    fine = out.state == 0
    per_cell = np.bincount(out.codes[out.codes >= 0], minlength=len(out.raw))
    notes: list[Note] = []
    for form in dict.fromkeys(forms[fine].tolist()):
        if form in ("iso", "native", ""):
            continue
        mine = fine & (forms == form)
        rule = _RULE_OF.get(form, "date")
        if per_cell[mine].sum() >= _UNIFORM * per_cell[fine].sum():
            i = int(np.flatnonzero(mine)[0])
            code = rule if rule != "date" else "date_form"
            after = str(out.values[i].astype("datetime64[s]")).replace("T", " ")
            notes.append((code, str(out.raw[i]), after, ""))
        else:
            out.rule[mine] = rule
    for i, p in parts.items():
        short = p.short_year or p.form == OPEN_SHORT
        if fine[i] and (short or (p.zone and forms[i] != "zone")):
            out.rule[i] = "two_digit_year" if short else "zone_dropped"
    return notes


def _drop_clock(out: Parsed) -> None:
    import numpy as np

    days = out.values.astype("datetime64[D]").astype("datetime64[us]")
    timed = ~np.isnat(days) & (days != out.values)
    out.values, out.rule[timed] = days, "time_dropped"
