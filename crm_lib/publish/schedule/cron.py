"""Cron expressions with a time zone: when is a job due, through summer time and back.

Five fields as in Debian's cron, and nothing beyond them: what one cron takes
and another refuses (``L``, ``W``, ``#``, ``?``, a sixth field) is refused here.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from crm_lib._checks import closest_first
from crm_lib.errors import ParameterError

_MONTHS = tuple(m.lower() for m in calendar.month_abbr)[1:]
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# name of the field, lowest and highest number, names of the numbers from the lowest on
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, (*_DAYS, "sun")),
)
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?", re.ASCII)
# No zone has ever put its clock on or back by more than a day.
_REACH = 2
_YEARS_AHEAD = 40
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Cron:
    """When a job is due: the numbers each field allows, and the zone of the clock on the wall."""

    text: str
    zone: ZoneInfo
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    any_hour: bool  # the hour field starts with *: runs by elapsed time
    both_days: bool  # day of the month and day of the week must both fit, else either

    def fits_day(self, day: dt.date) -> bool:
        """Tell whether the expression allows `day`."""
        if day.month not in self.months:
            return False
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return all(fits) if self.both_days else any(fits)

    def find_next(self, after: dt.datetime) -> dt.datetime | None:
        """Return the first due time later than `after`, in UTC; None when there is none in 40 years."""
        first = after.astimezone(self.zone).date() - _REACH * _DAY
        for n in range(366 * _YEARS_AHEAD):
            times = [t for t in self._list_day(first + n * _DAY) if t > after]
            if times:
                near = (self._list_day(first + (n + more) * _DAY) for more in range(1, _REACH + 1))
                return min([*times, *(t for day in near for t in day if t > after)])
        return None

    def find_last(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """Return the last due time later than `after` and not later than `until`, in UTC."""
        day = until.astimezone(self.zone).date() + _REACH * _DAY
        first = after.astimezone(self.zone).date() - _REACH * _DAY
        while day >= first:
            times = [t for t in self._list_day(day) if after < t <= until]
            if times:
                near = (self._list_day(day - more * _DAY) for more in range(1, _REACH + 1))
                return max([*times, *(t for other in near for t in other if after < t <= until)])
            day -= _DAY
        return None

    def list_times(self, after: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
        """Return all due times later than `after` and not later than `until`, in UTC, in order."""
        first = after.astimezone(self.zone).date() - _REACH * _DAY
        n_days = (until.astimezone(self.zone).date() - first).days + _REACH
        days = (self._list_day(first + n * _DAY) for n in range(n_days + 1))
        return sorted({t for day in days for t in day if after < t <= until})

    def _list_day(self, day: dt.date) -> set[dt.datetime]:
        """Return the due times, in UTC, of one day of the wall calendar."""
        if not self.fits_day(day):
            return set()
        walls = [dt.datetime.combine(day, dt.time(h, m)) for h in self.hours for m in self.minutes]
        return {moment for wall in walls for moment in self._place(wall)}

    def _place(self, wall: dt.datetime) -> Iterator[dt.datetime]:
        """Give the moments at which the wall clock says `wall`.

        A fixed hour runs exactly once: one that is skipped in spring runs when
        it would have been without the change, one that comes twice in autumn
        runs the first time.  With ``*`` in the hour field elapsed time counts:
        what is skipped does not run, what comes twice runs twice.
        """
        first = wall.replace(tzinfo=self.zone, fold=0).astimezone(dt.UTC)
        there = first.astimezone(self.zone).replace(tzinfo=None) == wall
        if there or not self.any_hour:
            yield first
        if there and self.any_hour:
            yield wall.replace(tzinfo=self.zone, fold=1).astimezone(dt.UTC)


def read_cron(text: str, zone: ZoneInfo) -> Cron:
    """Read a cron expression of five fields, or a name such as ``@daily``.

    Parameters
    ----------
    text
        Minute, hour, day of the month, month, day of the week: numbers, names
        (``jan``, ``mon``), ``*``, ranges, steps and lists.
    zone
        The zone whose clock is meant.

    Returns
    -------
    Cron
        The expression, ready to be asked.

    Raises
    ------
    ParameterError
        When it is no such expression, or names no day that exists.

    Notes
    -----
    Day of the month and day of the week: when either field starts with ``*``
    both must fit, otherwise one of them is enough, as in Debian's cron.

    Examples
    --------
    >>> cron = read_cron("30 6 * * mon-fri", ZoneInfo("Asia/Shanghai"))
    >>> cron.find_next(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)).isoformat()
    '2026-11-22T22:30:00+00:00'
    """
    fields = _expand(text).split()
    if len(fields) != len(_FIELDS):
        raise ParameterError(
            f"cron has five fields (minute hour day month weekday); got {len(fields)} in {text!r}. "
            "Example: '30 6 * * mon-fri', half past six on working days."
        )
    sets = [_read_field(field, *rule) for field, rule in zip(fields, _FIELDS, strict=True)]
    cron = Cron(
        text,
        zone,
        *sets[:4],
        weekdays=frozenset(n % 7 for n in sets[4]),
        any_hour=fields[1].startswith("*"),
        both_days=fields[2].startswith("*") or fields[4].startswith("*"),
    )
    longest = max(calendar.monthrange(2024, month)[1] for month in cron.months)
    if cron.both_days and min(cron.days) > longest:
        raise ParameterError(
            f"cron must name a day that exists; the months of {text!r} have at most {longest} days. "
            "Change the third or the fourth field."
        )
    return cron


def _expand(text: str) -> str:
    word = text.strip().lower()
    if not word.startswith("@"):
        return word
    if word not in _MACROS:
        near = closest_first(word, _MACROS)[0]
        raise ParameterError(
            f"cron knows the names {', '.join(_MACROS)}; got {text!r}. Did you mean {near!r}?"
        )
    return _MACROS[word]


def _read_field(field: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    numbers: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if not match or (match["low"] == "*" and match["high"]):
            raise _refuse(name, "is made of *, numbers, a-b, */n, a-b/n, and commas between them", part)
        if match["low"] == "*":
            ends = (low, high)
        else:
            ends = tuple(
                _read_number(word, name, low, high, names)
                for word in (match["low"], match["high"] or match["low"])
            )
        numbers |= _list_part(match, ends, name, part)
    return frozenset(numbers)


def _list_part(match: re.Match[str], ends: tuple[int, ...], name: str, part: str) -> set[int]:
    start, end = ends
    # Saturday to Sunday: the week ends with 7, and 0 at the end of a range is meant so.
    if end == 0 and start > 0 and name == "day of the week":
        end = 7
    if match["step"] and match["low"] != "*" and not match["high"]:
        raise _refuse(name, "takes a step behind * or a range only", part)
    if match["step"] and not int(match["step"]):
        raise _refuse(name, "takes a step of at least 1", part)
    if start > end:
        raise _refuse(name, "takes ranges that go upwards (write two ranges with a comma)", part)
    return set(range(start, end + 1, int(match["step"] or 1)))


def _read_number(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word in names:
        return low + names.index(word)
    if not (word.isascii() and word.isdecimal() and low <= int(word) <= high):
        known = f", or {names[0]} to {names[-2] if low == 0 else names[-1]}" if names else ""
        raise _refuse(name, f"takes numbers from {low} to {high}{known}", word)
    return int(word)


def _refuse(name: str, rule: str, got: str) -> ParameterError:
    return ParameterError(f"cron: the field for the {name} {rule}; got {got!r}.")
