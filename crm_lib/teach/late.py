"""When a submission came in, and what the late rule takes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_lib.errors import ParameterError

_DAY = timedelta(days=1)
_RULE = re.compile(
    r"(?:每天?扣|-)?\s*(\d+(?:\.\d+)?)\s*%\s*(?:per|a|/|每)?\s*(?:day|天|日)?"
    r"(?:\s*[,，;；]?\s*(?:at\s+most|max|最多)(?:扣)?\s*(\d+(?:\.\d+)?)\s*%)?$",
    re.IGNORECASE,
)
_FORM = 'Write "-10% per day, at most 50%" or "每天扣10%，最多50%".'


@dataclass(frozen=True)
class LateRule:
    """Share of the points taken per day begun after the deadline, and the most that is taken.

    Examples
    --------
    >>> LateRule(0.1, 0.5).share(3)
    0.3
    """

    per_day: float
    most: float = 1.0

    def share(self, days: int) -> float:
        """Return the share of the points that `days` late take."""
        return round(min(self.per_day * days, self.most), 10)


def parse_late_rule(text: str | None) -> LateRule | None:
    """Read a late rule; nothing for none.

    Examples
    --------
    >>> parse_late_rule("-10% per day, at most 50%")
    LateRule(per_day=0.1, most=0.5)
    """
    if not text or not text.strip():
        return None
    found = _RULE.match(text.strip())
    if not found:
        raise ParameterError(f"late rule: {text!r} cannot be read. {_FORM}")
    per_day, most = float(found[1]) / 100, float(found[2] or 100) / 100
    if not (0 < per_day <= 1 and per_day <= most <= 1):
        raise ParameterError(
            f"late rule: shares must lie in (0, 100 %], the daily one first; got {text!r}. {_FORM}"
        )
    return LateRule(per_day, most)


def parse_deadline(text: str | None) -> datetime | None:
    """Read a deadline with its zone: ``2026-11-20 23:59 +08:00`` or ``2026-11-20 23:59 Asia/Shanghai``.

    Raises
    ------
    ParameterError
        It cannot be read, or names no zone: the same hour is another moment elsewhere.
    """
    if not text or not text.strip():
        return None
    return _read_moment(text, "deadline", None)


def read_moment(text: str, zone: tzinfo) -> datetime:
    """Read a time of the roster; without a zone it is one of `zone`."""
    return _read_moment(text, "roster, column 提交时间", zone)


def _read_moment(text: str, where: str, zone: tzinfo | None) -> datetime:
    day, _, name = text.strip().rpartition(" ")
    way_out = "Write it like 2026-11-20 23:59 +08:00 or 2026-11-20 23:59 Asia/Shanghai."
    try:
        if day and name not in ("Z", "z") and re.fullmatch(r"[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*", name):
            moment = datetime.fromisoformat(day.replace("/", "-")).replace(tzinfo=ZoneInfo(name))
        else:
            plain = re.sub(r"\s+([+-]\d\d:?\d\d|[Zz])$", r"\1", text.strip()).replace("/", "-")
            moment = datetime.fromisoformat(plain)
    except (ValueError, ZoneInfoNotFoundError):
        raise ParameterError(f"{where}: {text!r} is no time. {way_out}") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ParameterError(f"{where}: {text!r} names no zone. {way_out}")
        moment = moment.replace(tzinfo=zone)
    return moment


def local_zone() -> tzinfo:
    """Return the zone of this machine at the moment."""
    offset = datetime.now().astimezone().utcoffset() or timedelta()
    return timezone(offset)


def count_late_days(handed_in_at: datetime | None, deadline: datetime | None) -> int:
    """Return the days begun after the deadline; 0 when in time or when a time is missing.

    Examples
    --------
    >>> due = parse_deadline("2026-11-20 23:59 +08:00")
    >>> count_late_days(parse_deadline("2026-11-21 00:00 +08:00"), due)
    1
    """
    if deadline is None or handed_in_at is None or handed_in_at <= deadline:
        return 0
    return math.ceil((handed_in_at - deadline) / _DAY)
