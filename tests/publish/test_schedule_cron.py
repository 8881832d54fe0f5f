"""Cron expressions against a matcher that walks minute by minute, through summer time and back."""

import datetime as dt
import itertools
import re
from zoneinfo import ZoneInfo

import pytest
from cron_walk import walk
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import ParameterError
from crm_lib.publish.schedule.cron import read_cron

BERLIN, NEW_YORK, SHANGHAI = map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Shanghai"))


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def said(moments, zone):
    return [m.astimezone(zone).strftime("%m-%d %H:%M%z") for m in moments]


@pytest.mark.parametrize(
    ("text", "zone", "after", "until", "expected"),
    [
        # clocks go on at two: half past two does not exist and runs an hour later by the wall, once
        ("30 2 * * *", BERLIN, utc(2026, 3, 28), utc(2026, 3, 31),
         ["03-28 02:30+0100", "03-29 03:30+0200", "03-30 02:30+0200"]),
        # clocks go back at three: half past two comes twice and runs the first time
        ("30 2 * * *", BERLIN, utc(2026, 10, 24), utc(2026, 10, 26, 12),
         ["10-24 02:30+0200", "10-25 02:30+0200", "10-26 02:30+0100"]),
        ("30 2 * * *", NEW_YORK, utc(2026, 3, 7, 12), utc(2026, 3, 9, 12), ["03-08 03:30-0400", "03-09 02:30-0400"]),
        ("30 1 * * *", NEW_YORK, utc(2026, 11, 1), utc(2026, 11, 2, 12), ["11-01 01:30-0400", "11-02 01:30-0500"]),
        ("30 2 * * *", SHANGHAI, utc(2026, 3, 28), utc(2026, 3, 30), ["03-29 02:30+0800", "03-30 02:30+0800"]),
        # two and three o'clock fall on one moment: one run
        ("0 2,3 * * *", BERLIN, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12), ["03-29 03:00+0200"]),
        # every hour goes by elapsed time
        ("0 * * * *", BERLIN, utc(2026, 3, 28, 23, 30), utc(2026, 3, 29, 2, 30),
         ["03-29 01:00+0100", "03-29 03:00+0200", "03-29 04:00+0200"]),
        ("0 * * * *", BERLIN, utc(2026, 10, 24, 23, 30), utc(2026, 10, 25, 2, 30),
         ["10-25 02:00+0200", "10-25 02:00+0100", "10-25 03:00+0100"]),
        # a whole day that Samoa left out
        ("0 6 * * *", ZoneInfo("Pacific/Apia"), utc(2011, 12, 29), utc(2012, 1, 1),
         ["12-29 06:00-1000", "12-31 06:00+1400", "01-01 06:00+1400"]),
    ],
)  # fmt: skip
def test_summer_time_and_back_run_exactly_once(text, zone, after, until, expected):
    cron = read_cron(text, zone)
    assert said(cron.list_times(after, until), zone) == expected
    assert said(walk(text, zone, after, until), zone) == expected


def test_the_fields_worked_by_hand():
    def days(text, n=4):
        cron, moment, found = read_cron(text, SHANGHAI), utc(2026, 11, 20, 16), []  # Saturday 00:00 there
        for _ in range(n):
            moment = cron.find_next(moment)
            found.append(moment.astimezone(SHANGHAI).strftime("%a %d %H:%M"))
        return found

    assert days("30 6 * * mon-fri") == ["Mon 23 06:30", "Tue 24 06:30", "Wed 25 06:30", "Thu 26 06:30"]
    assert days("0 9-17/4 * * SAT,sun", 5) == [
        "Sat 21 09:00", "Sat 21 13:00", "Sat 21 17:00", "Sun 22 09:00", "Sun 22 13:00",
    ]  # fmt: skip
    # both fields narrowed: the 25th, and every Friday
    assert days("0 0 25 * fri", 3) == ["Wed 25 00:00", "Fri 27 00:00", "Fri 04 00:00"]
    # a star in one of them: odd days that are Fridays
    assert days("0 0 */2 * 5", 2) == ["Fri 27 00:00", "Fri 11 00:00"]
    assert days("0 0 * * fri-7", 3) == ["Sun 22 00:00", "Fri 27 00:00", "Sat 28 00:00"]
    assert days("@weekly", 2) == days("0 0 * * 0", 2) == ["Sun 22 00:00", "Sun 29 00:00"]
    assert days("0 0 1 JAN,feb *", 3) == ["Fri 01 00:00", "Mon 01 00:00", "Sat 01 00:00"]
    assert days("0 0 29 2 *", 2) == ["Tue 29 00:00", "Sun 29 00:00"]  # 2028, 2032


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("* * * *", "five fields"),
        ("0 0 6 * * mon", "five fields"),
        ("60 * * * *", "minute takes numbers from 0 to 59"),
        ("* 24 * * *", "hour takes numbers from 0 to 23"),
        ("* * 0 * *", "day of the month takes numbers from 1 to 31"),
        ("* * * 13 *", "from 1 to 12, or jan to dec"),
        ("* * * * 8", "from 0 to 7, or sun to sat"),
        ("* * * * freitag", "sun to sat"),
        ("*/0 * * * *", "at least 1"),
        ("5/10 * * * *", "behind * or a range"),
        ("30-10 * * * *", "upwards"),
        ("* * * * sat-mon", "upwards"),
        ("*-5 * * * *", "made of"),
        ("0 0 L * *", "from 1 to 31"),
        ("0 0 * * 1#2", "made of"),
        ("0 0 ? * *", "made of"),
        ("1,,2 * * * *", "made of"),
        ("١ * * * *", "made of"),
        ("0 0 30 2 *", "a day that exists"),
        ("0 0 31 4,6,9,11 *", "at most 30 days"),
        ("@dayly", "Did you mean '@daily'"),
        ("@reboot", "cron knows the names"),
        ("", "five fields"),
    ],
)
def test_what_is_no_cron_expression_is_refused_in_words(text, rule):
    with pytest.raises(ParameterError, match=re.escape(rule)):
        read_cron(text, SHANGHAI)


def fields(low, high):
    number = st.integers(low, high).map(str)
    span = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda p: f"{min(p)}-{max(p)}")
    step = st.integers(1, high).map(str)
    whole = st.one_of(number, span, st.builds("{}/{}".format, st.one_of(span, st.just("*")), step))
    return st.one_of(
        st.just("*"), whole, st.lists(st.one_of(number, span), min_size=2, max_size=3).map(",".join)
    )


EXPRESSIONS = st.builds(
    lambda *parts: " ".join(parts), fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)
)
# around a change of clocks, and anywhere
STARTS = st.one_of(
    st.sampled_from([
        utc(2026, 3, 28, 22),
        utc(2026, 10, 24, 22),
        utc(2026, 3, 7, 22),
        utc(2026, 10, 31, 22),
    ]),
    st.integers(0, 365 * 24).map(lambda h: utc(2026, 1, 1) + dt.timedelta(hours=h)),
)


@settings(max_examples=30)
@given(EXPRESSIONS, st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, ZoneInfo("Australia/Lord_Howe")]), STARTS)
def test_due_times_are_those_of_a_walk_minute_by_minute(text, zone, start):
    cron, until = read_cron(text, zone), start + dt.timedelta(hours=30)
    expected = list(walk(text, zone, start, until))
    assert cron.list_times(start, until) == expected
    assert cron.find_last(start, until) == (expected[-1] if expected else None)
    following = cron.find_next(start)
    assert following == expected[0] if expected else following is None or following > until


@given(EXPRESSIONS, st.sampled_from([BERLIN, SHANGHAI]), STARTS)
def test_next_last_and_all_agree(text, zone, start):
    cron, found, moment = read_cron(text, zone), [], start
    for _ in range(3):
        moment = cron.find_next(moment)
        if moment is None:
            break
        found.append(moment)
    assert all(a < b for a, b in itertools.pairwise(found))
    if found and found[-1] - start < dt.timedelta(days=800):
        assert cron.list_times(start, found[-1]) == found
        assert cron.find_last(start, found[-1]) == found[-1]
