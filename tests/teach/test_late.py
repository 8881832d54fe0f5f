"""Deadlines with their zones, days begun, and the share a rule takes."""

import pytest

from crm_lib.errors import ParameterError
from crm_lib.teach.late import LateRule, count_late_days, parse_deadline, parse_late_rule

DUE = "2026-11-20 23:59 +08:00"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("-10% per day, at most 50%", LateRule(0.1, 0.5)),
        ("10% a day, max 50 %", LateRule(0.1, 0.5)),
        ("每天扣10%，最多50%", LateRule(0.1, 0.5)),
        ("每天扣 10 %，最多扣 50%", LateRule(0.1, 0.5)),
        ("-5%/day", LateRule(0.05, 1.0)),
        ("", None),
        (None, None),
    ],
)
def test_late_rules(text, rule):
    assert parse_late_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["ten percent", "-0% per day", "-60% per day, at most 50%", "-10 per day", "-110% per day"]
)
def test_late_rules_that_cannot_be_meant(text):
    with pytest.raises(ParameterError, match="at most 50%"):
        parse_late_rule(text)


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        ("2026-11-20 23:59 +08:00", 0),
        ("2026-11-20 23:59:01 +08:00", 1),
        ("2026-11-21 23:59 +08:00", 1),
        ("2026-11-22 00:00 +08:00", 2),
        ("2026-11-20 15:58 Z", 0),
        ("2026-11-20 16:00 Z", 1),
        ("2026/11/20 23:59 Asia/Shanghai", 0),
        ("2026-11-20T10:59:00-05:00", 0),
    ],
)
def test_days_begun_after_the_deadline(moment, days):
    assert count_late_days(parse_deadline(moment), parse_deadline(DUE)) == days


def test_no_time_or_no_deadline_is_not_late():
    assert count_late_days(None, parse_deadline(DUE)) == 0
    assert count_late_days(parse_deadline(DUE), None) == 0


@pytest.mark.parametrize("text", ["2026-11-20 23:59", "20.11.2026", "2026-11-20 23:59 Mars/Base", "tomorrow"])
def test_deadlines_that_cannot_be_read(text):
    with pytest.raises(ParameterError, match=r"\+08:00"):
        parse_deadline(text)


def test_shares_stop_at_the_most():
    rule = LateRule(0.1, 0.5)
    assert [rule.share(d) for d in (0, 1, 3, 5, 6, 100)] == [0, 0.1, 0.3, 0.5, 0.5, 0.5]
