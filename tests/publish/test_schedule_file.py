"""The schedule file: what it says, and every fault of it in one go, with its line."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_world import BODIES
from small_notebooks import write_notebooks

from crm_lib.errors import ParameterError
from crm_lib.publish.schedule.fields import read_span_text
from crm_lib.publish.schedule.file import Input, Retries, read_schedule
from crm_lib.publish.schedule.lines import Faults, read_yaml

FULL = """\
timezone: Asia/Shanghai
out: reports
defaults:
  retries: {count: 2, wait: 5m, factor: 3}
  max_staleness: 36h
jobs:
  - name: 每日
    notebook: 0_start/1_one
    cron: "30 6 * * mon-fri"
    parameters: {n: 4, name: no}
    inputs:
      - data/*.csv
      - {database: "env:SHOP", query: "SELECT 1"}
    retention: {keep: 10, keep_days: 30}
    on_failure: [mail, -s, "it failed", 7]
    timeout: 1h30m
    pdf: true
  - name: weekly
    notebooks: all
    cron: "@weekly"
    timezone: Europe/Berlin
    out: weekly
    enabled: false
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, BODIES)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return tmp_path


def read(suite, text):
    (suite / "schedule.yaml").write_text(text, encoding="utf-8")
    return read_schedule(suite / "schedule.yaml")


def find_faults(suite, text):
    with pytest.raises(ParameterError) as refused:
        read(suite, text)
    return str(refused.value).splitlines()


def test_all_a_job_can_say(suite):
    first, second = read(suite, FULL).jobs
    assert (first.name, first.notebooks, first.out) == ("每日", ("0_start/1_one",), suite / "reports")
    # `no` is a name here, not a truth value
    assert first.parameters == {"n": 4, "name": "no"}
    assert first.inputs == (Input(pattern="data/*.csv"), Input(database="env:SHOP", query="SELECT 1"))
    assert first.retries == Retries(2, dt.timedelta(minutes=5), 3.0)
    assert [first.retries.find_wait(n).total_seconds() for n in (1, 2, 3)] == [300, 900, 2700]
    assert (first.keep, first.keep_days, first.pdf, first.enabled) == (10, 30, True, True)
    assert first.on_failure == ("mail", "-s", "it failed", "7")
    assert (first.timeout, first.max_staleness) == (dt.timedelta(minutes=90), dt.timedelta(hours=36))
    assert (second.notebooks, second.out, second.enabled) == ((), suite / "weekly", False)
    assert second.cron.zone.key == "Europe/Berlin"
    assert [job.pdf for job in first.plan()] == [True]


def test_paths_are_relative_to_the_file_wherever_it_is_called(suite, monkeypatch):
    other = suite / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    (suite / "schedule.yaml").write_text(FULL, encoding="utf-8")
    assert read_schedule("../schedule.yaml").jobs[0].out == suite / "reports"


SPOILT = """\
timezone: Asia/Shangai
outt: reports
defaults:
  retries: {count: -1, wait: 5}
jobs:
  - name: a
    notebook: 0_start/1_onne
    cron: "61 * * * *"
    max_stalenes: 1h
    timeout: 30
    enabled: yes
  - name: b
    notebook: 0_start/1_one
    notebooks: all
    cron: "0 6 31 2 *"
    on_failure: mail me
    retention: {keep: 0}
    inputs: [{database: "postgresql://me:secret@db/shop"}, 3]
  - name: c
    notebook: 0_start/1_one
    timezone: UTC
    retries: {}
    cron: "0 6 * * *"
    parameters:
      n: 99
      naem: x
  - name: c
    name: d
    pdf: sure
"""


def test_every_fault_is_told_in_one_go_with_its_line(suite):
    faults = find_faults(suite, SPOILT)
    expected = [
        (1, "there is no timezone 'Asia/Shangai'. Did you mean one of these: Asia/Shanghai"),
        (2, "the schedule has no 'outt'. Did you mean 'out'?"),
        (4, "retries count must be a whole number from 0 to 20; got -1"),
        (4, "retries wait must be a span with units"),
        (7, "there is no notebook '0_start/1_onne'. Did you mean '0_start/1_one'?"),
        (8, "minute takes numbers from 0 to 59; got '61'"),
        (9, "has no 'max_stalenes'. Did you mean 'max_staleness'?"),
        (10, "timeout must be a span with units"),
        (11, "enabled must be true or false; got 'yes'"),
        (12, "needs notebook, or notebooks (a list, or all); got both"),
        (15, "at most 29 days"),
        (16, "on_failure must be a list of words"),
        (17, "retention keep must be a whole number from 1"),
        (18, "a database input needs query too"),
        (18, "the address of the database holds a password"),
        (18, "an input is a pattern of files, or database and query; got a number"),
        (25, "parameter 'n' must be within [1, 9]; got 99"),
        (26, "has no parameter 'naem'. Did you mean 'name'?"),
        (28, "'name' stands here a second time; the first is in line 27"),
        (27, "needs cron, for example"),
        (27, "needs notebook, or notebooks (a list, or all); got neither"),
        (29, "pdf must be true or false; got 'sure'"),
    ]
    for line, words in expected:
        assert [f for f in faults if f.startswith(f"schedule.yaml:{line}: ") and words in f], (line, words)
    assert "secret" not in "".join(faults)
    # the name of the fourth job is that of the third
    assert len(faults) == len(expected), faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "schedule.yaml:1: the schedule must be lines 'key: value'; got nothing"),
        ("jobs: []", "at least one job"),
        ("jobs: 3", "at least one job; got a number"),
        ("- a", "got a list"),
        ("jobs: [a, b", "schedule.yaml:1: this is not YAML"),
        ("jobs:\n\t- a", "schedule.yaml:2: this is not YAML"),
        ("a: &x [*x]", "deep at most"),
        ("? [a]\n: b", "a key must be a word"),
        ("jobs:\n  - {notebook: 0_start/1_one, cron: '@daily'}", "schedule.yaml:2: job 1: needs a name"),
        ("jobs:\n  - {name: a, notebook: 0_start/1_one, cron: '@daily'}", "needs a timezone"),
        ("timezone: [1]\njobs:\n  - {name: a, notebook: 0_start/1_one, cron: '@daily'}", "no timezone"),
        ("timezone: UTC\njobs:\n  - {name: a, notebook: 0_start/1_one, cron: 5}", "cron must be text"),
        ("timezone: UTC\njobs:\n  - {name: a, notebooks: [], cron: '@daily'}", "a list of words"),
        ("timezone: UTC\njobs:\n  - {name: a, notebooks: all, cron: '@daily', parameters: [1]}", "name: value"),
        ("timezone: UTC\njobs:\n  - {name: a, notebooks: all, cron: '@daily', parameters: {n: [1]}}", "one value"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_in_words(suite, text, said):
    assert any(said in fault for fault in find_faults(suite, text)), find_faults(suite, text)


JOB = '  - {{name: {name}, notebook: 0_start/1_one, cron: "@daily"{more}}}\n'


def test_two_jobs_may_not_write_one_report(suite):
    text = "timezone: UTC\njobs:\n" + JOB.format(name="a", more="")
    (fault,) = find_faults(suite, text + JOB.format(name="b", more=", parameters: {n: 4}"))
    assert "job 'b': writes the report 0_start/1_one, as job 'a' does (line 3)" in fault
    assert len(read(suite, text + JOB.format(name="b", more=", out: other")).jobs) == 2
    assert len(read(suite, text + JOB.format(name="b", more=", enabled: false")).jobs) == 2


def test_two_jobs_may_not_have_one_name(suite):
    text = "timezone: UTC\njobs:\n" + JOB.format(name="a", more="")
    (fault,) = find_faults(suite, text + JOB.format(name="a", more=", out: other"))
    assert "two jobs are called 'a'; the first is in line 3" in fault


def test_a_table_of_parameters_makes_a_report_a_row(suite):
    job = JOB.format(name="a", more=", each: sets.csv")
    # not there yet: it may be made before the job is due
    (one,) = read(suite, "timezone: UTC\njobs:\n" + job).jobs
    (suite / "sets.csv").write_text("key,n\nx,1\ny,2\n", encoding="utf-8")
    (one,) = read(suite, "timezone: UTC\njobs:\n" + job).jobs
    (suite / "sets.csv").write_text("key,n\nx,1\ny,99\n", encoding="utf-8")
    (fault,) = find_faults(suite, "timezone: UTC\njobs:\n" + job)
    assert "99" in fault


def test_a_file_that_cannot_be_read_is_told(suite):
    with pytest.raises(ParameterError, match="cannot be read: No such file"):
        read_schedule(suite / "nothing.yaml")
    (suite / "schedule.yaml").write_bytes("jobs: 每日".encode("gb18030"))
    with pytest.raises(ParameterError, match="not in UTF-8"):
        read_schedule(suite / "schedule.yaml")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("36h", 129600), ("1d12h", 129600), ("2w", 1209600), ("1h 30m", 5400)],
)
def test_spans(text, seconds):
    assert read_span_text(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "36", "h", "0h", "-1h", "1.5h", "30m1h", "1y", "9999w", "١h"])
def test_what_is_no_span(text):
    assert read_span_text(text) is None


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=12))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
)


@given(VALUES)
def test_yaml_reads_back_what_was_written(value):
    import json

    faults = Faults("x")
    text = json.dumps(value)  # JSON is YAML
    if re.search(r"\\u(00[0189]|007f|d[89a-f]|fff[ef])", text):
        return  # characters no YAML file may hold, even escaped as halves
    found = read_yaml(text, faults)
    assert faults.found == []
    assert found.plain() == value
