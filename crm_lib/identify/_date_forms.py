"""Take written dates apart: three numbers, a clock time and the form they are written in."""

from __future__ import annotations

import re
from typing import NamedTuple

from crm_lib.identify._values import half_width

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {m: i for i, m in enumerate(_NAMES, start=1)}
# forms whose order of day and month the writing itself does not tell
OPEN_LONG, OPEN_SHORT = "dmy|mdy", "dmy|mdy|ymd"


class DateParts(NamedTuple):
    """A written date: numbers in written order (year, month, day unless the form is open)."""

    form: str
    a: int
    b: int
    c: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    micro: int = 0
    short_year: bool = False
    zone: bool = False


_TAIL = r"(?:[t\s,]\s*(?P<time>.*))?\Z"
_GLUED = r"(?P<time>\s*\S.*)?\Z"
_SEP = r"\s*[-/.,]\s*"
_YMD = re.compile(rf"(\d{{4}}){_SEP}(\d{{1,2}}){_SEP}(\d{{1,2}}){_TAIL}")
_CHINESE = re.compile(rf"(\d{{4}}|\d{{2}})\s*年\s*(\d{{1,2}})\s*月\s*(\d{{1,2}})\s*[日号]?{_GLUED}")
_OPEN = re.compile(rf"(\d{{1,2}}){_SEP}(\d{{1,2}}){_SEP}(\d{{4}}|\d{{2}}){_TAIL}")
_DAY_NAME = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[-\s./]*([a-z]{{3,9}})\.?[-\s./,]*(\d{{4}}|\d{{2}}){_TAIL}"
)
_NAME_DAY = re.compile(
    rf"([a-z]{{3,9}})\.?[-\s./]*(\d{{1,2}})(?:st|nd|rd|th)?[-\s./,]+(\d{{4}}|\d{{2}}){_TAIL}"
)
_YEAR_NAME = re.compile(rf"(\d{{4}})[-\s./]*([a-z]{{3,9}})[-\s./]*(\d{{1,2}}){_TAIL}")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[t\s]?(\d\d):?(\d\d)(?::?(\d\d))?)?\Z")
# 2001 to 2030, so that 2023010514 and 19970101 stay what they are
_EPOCH = re.compile(r"(1[0-8]\d{8})(\d{3})?\Z")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?\Z")
_ZONE = re.compile(r"\s*(?:z|utc|gmt)?\s*(?:[+-]\d{2}:?(?:\d{2})?)?\Z")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?\Z")
_BLOCK = re.compile(r"(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?\Z")
_HALF = re.compile(r"\s*(上午|下午|凌晨|早上|清晨|中午|傍晚|晚上|a\.?m\.?|p\.?m\.?)\s*")
_WEEKDAY = re.compile(
    r"[（(]?(?:星期|周|礼拜)[一二三四五六日天][)）]?"
    r"|\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b\.?,?"
)
_AFTERNOON = ("下午", "中午", "傍晚", "晚上", "pm", "p.m", "p.m.", "pm.")


def read_date_text(value: str) -> DateParts | None:
    """Take one written date apart, or return None when it is no date in any known form.

    Examples
    --------
    >>> read_date_text("2023年1月5日 14时3分")[:6]
    ('chinese', 2023, 1, 5, 14, 3)
    >>> read_date_text("1/12/2010 8:26")[:6]
    ('dmy|mdy', 1, 12, 2010, 8, 26)
    """
    text = _WEEKDAY.sub(" ", half_width(value).lower()).strip(" ,")
    text = re.sub(r"^(\d{8}|\d{14})\.0+\Z", r"\1", text)
    if m := _COMPACT.match(text):
        year, month, day, *clock = (int(g or 0) for g in m.groups())
        return DateParts("compact", year, month, day, *clock)
    if m := _SERIAL.match(text):
        return read_serial(float(text))
    if m := _EPOCH.match(text):
        return _read_epoch(int(m[1]), int(m[2] or 0))
    for form, pattern in _WRITTEN:
        if m := pattern.match(text):
            return _finish(form, m)
    return None


_WRITTEN = (
    ("ymd", _YMD),
    ("chinese", _CHINESE),
    ("open", _OPEN),
    ("day_name", _DAY_NAME),
    ("name_day", _NAME_DAY),
    ("year_name", _YEAR_NAME),
)


def _finish(form: str, m: re.Match) -> DateParts | None:
    """Put the numbers of a match in order and read the clock behind them."""
    clock = read_clock(m["time"] or "")
    numbers = [MONTHS.get(g[:3]) if g.isalpha() else int(g) for g in m.groups()[:3]]
    if clock is None or None in numbers:
        return None
    a, b, c = numbers
    short = form in ("chinese", "open", "day_name", "name_day") and len(m[1 if form == "chinese" else 3]) == 2
    if form == "open":
        form = OPEN_SHORT if short else OPEN_LONG
    elif form == "day_name":
        a, b, c = c, b, a
    elif form == "name_day":
        a, b, c = c, a, b
    *time, zone = clock
    return DateParts(form, a, b, c, *time, short_year=short, zone=zone)


def read_clock(text: str) -> tuple[int, int, int, int, bool] | None:
    """Read a time of day: hour, minute, second, microsecond, and whether a zone stood there."""
    text = text.strip()
    if not text:
        return 0, 0, 0, 0, False
    half = _HALF.search(text)
    spoken = half is not None or bool(re.search("[时点]", text))
    text = (_HALF.sub(" ", text) if half else text).strip()
    text = re.sub(r"\s*[时点分]\s*", ":", text).replace("秒", "").rstrip(": ")
    zone = _ZONE.search(text)
    body = text[: zone.start()] if zone and zone.group() else text
    m = _CLOCK.match(body) or _BLOCK.match(body)
    if m is None or (m.lastindex == 1 and not spoken):
        return None
    hour, minute, second = (int(g or 0) for g in m.groups()[:3])
    micro = int(((m[4] or "") + "000000")[:6])
    if half is not None:
        hour = _on_the_clock(hour, half[1])
    return hour, minute, second, micro, len(body) < len(text)


def _on_the_clock(hour: int, half: str) -> int:
    """Return the hour of the 24-hour clock; a 13 after 下午 stands as it is."""
    if half in _AFTERNOON:
        noon_or_late = half == "中午" and hour in (10, 11)
        return hour + 12 if hour < 12 and not noon_or_late else hour
    return 0 if hour == 12 else hour


def read_serial(number: float) -> DateParts | None:
    """Read a spreadsheet's day number (1900 system); five digits, so that years stay out."""
    import datetime as dt

    if not 10_000 <= number < 100_000:
        return None
    moment = dt.datetime(1899, 12, 30) + dt.timedelta(seconds=round(number * 86400))
    return DateParts(
        "serial", moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
    )


def _read_epoch(seconds: int, milliseconds: int) -> DateParts:
    """Read the seconds since 1970 that log files and web shops write."""
    import datetime as dt

    t = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)
    return DateParts("epoch", t.year, t.month, t.day, t.hour, t.minute, t.second, milliseconds * 1000)
