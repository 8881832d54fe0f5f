"""When is a cron expression due? The slow answer: look at every minute, with code of its own."""

import datetime as dt
import functools

MINUTE = dt.timedelta(minutes=1)


@functools.cache
def allowed(field, low, high):
    """Return the numbers a field names; numbers only, written without looking at the library."""
    found = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= {
            n for n in range(int(first), int(last or first) + 1) if (n - int(first)) % int(step or 1) == 0
        }
    return found


def fits(text, wall):
    minute, hour, day, month, weekday = text.split()
    on_day = wall.day in allowed(day, 1, 31)
    on_weekday = bool({wall.isoweekday(), wall.isoweekday() % 7} & allowed(weekday, 0, 7))
    either = "*" not in day[0] + weekday[0]
    return (
        wall.minute in allowed(minute, 0, 59)
        and wall.hour in allowed(hour, 0, 23)
        and wall.month in allowed(month, 1, 12)
        and (on_day or on_weekday if either else on_day and on_weekday)
    )


def walk(text, zone, after, until):
    """Yield the due minutes in (after, until], by walking over all of them from a day earlier on."""
    by_elapsed_time = text.split()[1].startswith("*")
    moment, seen, skipped_until, gap = after - dt.timedelta(hours=27), set(), None, None
    offset = moment.astimezone(zone).utcoffset()
    while (moment := moment + MINUTE) <= until:
        here = moment.astimezone(zone)
        wall = here.replace(tzinfo=None, fold=0)
        if here.utcoffset() > offset:
            gap, skipped_until = here.utcoffset() - offset, moment + (here.utcoffset() - offset)
        offset = here.utcoffset()
        due = fits(text, wall) and (by_elapsed_time or wall not in seen)
        if skipped_until and moment < skipped_until and not by_elapsed_time:
            due = due or fits(text, wall - gap)
        seen.add(wall)
        if due and moment > after:
            yield moment
