"""Decide the order of day, month and year from the evidence of the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.errors import DataError
from crm_lib.identify._date_forms import OPEN_LONG, OPEN_SHORT, DateParts

if TYPE_CHECKING:
    import numpy as np

# fewer dates than this may have small days by chance
_FEW = 4
WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}


@dataclass(frozen=True)
class OrderChoice:
    """The order taken for a form, or None when cells prove different orders."""

    order: str | None
    why: str


def build_times(parts: np.ndarray) -> np.ndarray:
    """Return datetime64[us] from columns year, month, day, hour, minute, second, microsecond.

    What is no date of the calendar between 1900 and 2199 is NaT.
    """
    import numpy as np

    y, m, d, h, mi, s, us = (parts[:, i] for i in range(7))
    leap = (y % 4 == 0) & ((y % 100 != 0) | (y % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    month = np.where((m >= 1) & (m <= 12), m, 0)
    last = lengths[month] + ((month == 2) & leap)
    good = (y >= 1900) & (y < 2200) & (d >= 1) & (d <= last) & (h < 24) & (mi < 60) & (s < 60)
    months = np.where(good, (y - 1970) * 12 + m - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, d - 1, 0).astype("timedelta64[D]")
    clock = ((h * 60 + mi) * 60 + s) * 1_000_000 + us
    out = days.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    out[~good] = np.datetime64("NaT")
    return out


def full_year(year: np.ndarray, latest: int) -> np.ndarray:
    """Return two-digit years in full: up to `latest` they are 20xx, above it 19xx."""
    import numpy as np

    return np.where(year >= 100, year, np.where(year <= latest, 2000 + year, 1900 + year))


def read_orders(parts: np.ndarray, orders: tuple[str, ...], latest: int) -> dict[str, np.ndarray]:
    """Return the dates of open `parts` under each of `orders`."""
    import numpy as np

    out = {}
    for order in orders:
        y, m, d = (parts[:, order.index(k)] for k in "ymd")
        # a year of two digits cannot be read from a four-digit place and the other way round
        ymd = np.column_stack([full_year(y, latest), m, d, parts[:, 3:]])
        out[order] = build_times(ymd)
    return out


def choose_order(readings: dict[str, np.ndarray], rows: np.ndarray, hint: str | None) -> OrderChoice | None:
    """Choose one order for all cells of a form; None means that nothing in the column decides.

    Parameters
    ----------
    readings
        The dates of the distinct cells under each order; NaT where impossible.
    rows
        For each row in this form, in file order, the number of its distinct cell.
    hint
        The order already proved by the other open form of the column.
    """
    import numpy as np

    possible = {o: ~np.isnat(t) for o, t in readings.items()}
    any_order = np.logical_or.reduce(list(possible.values()))
    fitting = [o for o in readings if (possible[o] | ~any_order).all()]
    if not fitting:
        return OrderChoice(None, "cells prove different orders; only those that prove theirs are read")
    if len(fitting) == 1:
        proof = [o for o in readings if o not in fitting]
        only = any_order & ~np.logical_or.reduce([possible[o] for o in proof])
        return OrderChoice(
            fitting[0], f"proved by {int(only.sum()):,} distinct dates that fit no other order"
        )
    if hint in fitting:
        return OrderChoice(hint, "as the other dates of the column prove")
    first = readings[fitting[0]]
    if all(((readings[o] == first) | np.isnat(first)).all() for o in fitting[1:]):
        return OrderChoice(fitting[0], "every order gives the same dates")
    rising = [o for o in fitting if _never_falls(readings[o][rows])]
    if len(rising) == 1:
        return OrderChoice(rising[0], "the only order in which the dates of the file never go back")
    return None


def _never_falls(times: np.ndarray) -> bool:
    import numpy as np

    days = times[~np.isnat(times)].astype("datetime64[D]").astype("int64")
    return len(days) > 1 and bool((np.diff(days) >= 0).all())


def raise_undecided(column: str, cell: str, readings: dict[str, np.ndarray], i: int) -> None:
    """Raise `DataError` that shows one cell with its readings and the way out."""
    import numpy as np

    known = {o: t[i] for o, t in readings.items() if not np.isnat(t[i])}
    shown = " or ".join(f"{str(t)[:10]} ({WORDS[o]})" for o, t in known.items())
    ways = " or ".join(f'date_order="{o}"' for o in known)
    raise DataError(
        f"clean_table: column {column!r} must tell day and month apart; {cell!r} could be {shown}, "
        f"and no date of the column decides. Say which: {ways}."
    )


def refuse_swapped(column: str, native: np.ndarray, written: list[DateParts]) -> None:
    """Raise `DataError` when a spreadsheet of another country has read part of a column's dates.

    It takes 03/04/2023 for the day it is there, and leaves 25/04/2023, which is
    no date there, as text: then every date has a day up to 12 and no text has.
    """
    import numpy as np

    days = native.astype("datetime64[D]")
    numbers = (days - days.astype("datetime64[M]")).astype("int64") + 1
    if len(np.unique(days)) < _FEW or len(written) < _FEW or (numbers > 12).any():
        return
    if not (all(p.a > 12 for p in written) or all(p.a <= 12 < p.b for p in written)):
        return
    text = f"{written[0].a}/{written[0].b}/{written[0].c}"
    raise DataError(
        f"clean_table: column {column!r} must hold one kind of dates; {len(written):,} are text such as {text!r} and "
        f"{len(native):,} are dates whose day is never above 12: a spreadsheet has probably swapped their day and "
        "month. Export the dates as 2023-04-25; if they are right as they stand, say "
        f'date_order="{"dmy" if written[0].a > 12 else "mdy"}".'
    )


def orders_of(form: str, date_order: str) -> tuple[str, ...]:
    """Return the orders to try for an open form, given the caller's `date_order`."""
    orders = tuple(form.split("|"))
    assert form in (OPEN_LONG, OPEN_SHORT)
    return (date_order,) if date_order in orders else orders
