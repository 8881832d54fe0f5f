"""Due runs happen once: after outages, failures, kills, a clock put back, a lost record."""

import datetime as dt
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from schedule_world import Killed, World

from crm_lib.errors import ParameterError, RenderError
from crm_lib.publish import history
from crm_lib.publish.schedule.notice import call_command
from crm_lib.publish.schedule.run import look_ahead
from crm_lib.publish.schedule.state import hold_folders

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
SIX = MONDAY + 6 * HOUR
HEAD = "timezone: UTC\njobs:\n"
DAILY = HEAD + '  - {name: daily, notebook: 0_start/1_one, cron: "0 6 * * *"'


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch, MONDAY + 5 * HOUR)


def daily(world, more=""):
    world.write(f"{DAILY}{more}}}\n")
    assert world.call(MONDAY + 5 * HOUR) == []


def test_a_due_run_happens_once_however_often_it_is_called(world):
    daily(world)
    assert world.call(SIX - MINUTE) == []
    assert world.call(SIX) == [("daily", SIX, "ok")]
    for minutes in range(2, 200):
        assert world.call(SIX + minutes * MINUTE) == []
    assert world.call(SIX + DAY) == [("daily", SIX + DAY, "ok")]
    assert world.said == []


def test_nothing_from_before_the_job_was_known_is_run(world):
    world.write(f"{DAILY}}}\n")
    assert world.call(SIX + HOUR) == []
    world.write(f'{DAILY}}}\n  - {{name: new, notebook: 0_start/2_two, cron: "0 7 * * *"}}\n')
    # due in the very minute in which it is first seen
    assert world.call(SIX + HOUR + 40 * MINUTE / 60) == [("new", SIX + HOUR, "ok")]


def test_of_missed_runs_the_latest_is_made_up_unless_it_is_too_old(world):
    daily(world, ", max_staleness: 10h")
    assert world.call(SIX + 3 * DAY + 9 * HOUR) == [("daily", SIX + 3 * DAY, "ok")]
    assert world.said == []
    assert world.call(SIX + 5 * DAY + 11 * HOUR) == [("daily", SIX + 5 * DAY, "missed")]
    assert "due 2026-11-28 06:00 +00:00 is 11h late, more than max_staleness (10h)" in world.said[0]
    assert world.call(SIX + 5 * DAY + 12 * HOUR) == []
    assert len(world.made) == 1
    assert world.call(SIX + 6 * DAY) == [("daily", SIX + 6 * DAY, "ok")]


def test_switched_off_jobs_rest_and_one_job_holds_up_no_other(world):
    world.write(
        f'{DAILY}}}\n  - {{name: off, notebook: 0_start/2_two, cron: "* * * * *", enabled: false}}\n'
        '  - {name: often, notebook: 0_start/3_three, cron: "*/2 * * * *"}\n'
    )
    world.call(SIX - MINUTE)
    ended = world.call(SIX)
    # the daily one and the frequent one are due together; the file's order decides
    assert ended == [("daily", SIX, "ok"), ("often", SIX, "ok"), ("often", SIX + 2 * MINUTE, "ok")]
    assert "0_start/2_two" not in world.counts()


def test_failures_are_tried_again_after_growing_waits(world):
    daily(world, ", retries: {count: 2, wait: 5m, factor: 3}")
    world.on_render = lambda job, now: "没有可以分析的订单" if now < SIX + 20 * MINUTE else None
    assert world.call(SIX) == [("daily", SIX, "ok")]
    # a report takes a minute: 06:00, 06:01 + 5 = 06:06, 06:07 + 15 = 06:22
    assert [t - SIX for _, t in world.started] == [0 * MINUTE, 6 * MINUTE, 22 * MINUTE]
    assert world.slept == [300, 900]
    assert "0_start/1_one: 没有可以分析的订单 (in: 计算); attempt 2 of 3 in 5m" in world.said[0]
    assert world.state()["daily"]["last"]["n_attempts"] == 3


def test_a_wait_lets_other_jobs_run_and_outlives_the_scheduler(world):
    world.write(
        f"{DAILY}, retries: {{count: 1, wait: 1h}}}}\n"
        '  - {name: half, notebook: 0_start/2_two, cron: "30 6 * * *"}\n'
    )
    world.call()
    world.on_render = lambda job, now: (
        "坏了" if job.notebook_id == "0_start/1_one" and now < SIX + HOUR else None
    )
    real_sleep = world.sleep

    def dies(seconds):
        raise Killed

    world.sleep = dies
    with pytest.raises(Killed):
        world.call(SIX)
    world.sleep = real_sleep
    # the next call neither forgets the wait nor cuts it short, and runs what is due meanwhile
    assert world.call(SIX + 20 * MINUTE) == [
        ("half", SIX + 30 * MINUTE, "ok"),
        ("daily", SIX, "ok"),
    ]
    assert [t - SIX for name, t in world.started if name == "0_start/1_one"] == [0 * MINUTE, 61 * MINUTE]


def test_only_the_reports_that_failed_are_tried_again(world):
    world.write(
        HEAD + "  - name: both\n    notebooks: [0_start/1_one, 0_start/2_two]\n"
        '    cron: "0 6 * * *"\n    retries: {count: 1, wait: 1m}\n'
    )
    world.call()
    world.on_render = lambda job, now: (
        "坏了" if "2_two" in job.notebook_id and now < SIX + 2 * MINUTE else None
    )
    assert world.call(SIX) == [("both", SIX, "ok")]
    assert world.counts() == {"0_start/1_one": 1, "0_start/2_two": 2}


TELL = "import json, os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(dict(os.environ)))"


def test_the_failure_command_is_told_once_with_the_failure_in_its_environment(world):
    command = json.dumps([sys.executable, "-c", TELL, "told; $(touch shell).json"])
    daily(world, f", retries: {{count: 1, wait: 1m}}, on_failure: {command}")
    world.on_render = lambda job, now: '<b>"坏了"</b>'
    assert world.call(SIX) == [("daily", SIX, "failed")]
    told = json.loads((world.folder / "told; $(touch shell).json").read_text(encoding="utf-8"))
    assert told["CRM_JOB"] == "daily"
    assert told["CRM_ERROR"] == '0_start/1_one: <b>"坏了"</b> (in: 计算)'
    assert told["CRM_REPORT"] == ""
    assert not (world.folder / "shell").exists()
    assert world.call(SIX + HOUR) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-program"], "cannot be run: No such file"),
        ([sys.executable, "-c", "import sys; sys.exit('no mail server')"], "ended with 1: no mail server"),
    ],
)
def test_a_failure_command_that_fails_is_told(world, command, said):
    daily(world, f", on_failure: {json.dumps(command)}")
    world.on_render = lambda job, now: "坏了"
    assert world.call(SIX) == [("daily", SIX, "failed")]
    first, second = world.state()["daily"]["last"]["sentences"]
    assert "坏了" in first
    assert said in second


def test_a_failure_command_that_hangs_is_ended(tmp_path):
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {'import threading; threading.Event().wait(60)'!r}])"
    problem = call_command(
        [sys.executable, "-c", code], job="a", error="b", report="", folder=tmp_path, seconds=0.5
    )
    assert "took longer than 0.5 seconds" in problem


def test_two_schedulers_never_run_one_job(world):
    daily(world)
    with hold_folders([world.out]):
        assert world.call(SIX) == []
    assert world.started == []
    assert "another crm schedule is at work" in world.said[0]
    assert world.call(SIX + MINUTE) == [("daily", SIX, "ok")]


KILLED_RUN = """
import datetime as dt, os, signal, sys
from crm_lib.publish.schedule.file import read_schedule
from crm_lib.publish.schedule.run import run_schedule
run_schedule(
    read_schedule(sys.argv[1]),
    clock=lambda: dt.datetime.fromisoformat(sys.argv[2]),
    render=lambda jobs: os.kill(os.getpid(), signal.SIGKILL),
)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_is_started_again_and_frees_its_lock(world):
    daily(world)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(world.folder / "schedule.yaml"), SIX.isoformat()], timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert world.state()["daily"]["under_way"]["n_lost"] == 1
    ((decision, _),) = look_ahead(world.schedule, clock=lambda: SIX + MINUTE)
    assert (decision.action, decision.why) == ("run", "its last start was cut off")
    assert world.call(SIX + MINUTE) == [("daily", SIX, "ok")]
    assert world.call(SIX + 2 * MINUTE) == []


def cut_off(world, at):
    def die(job, now):
        raise Killed

    world.on_render, before = die, world.on_render
    with pytest.raises(Killed):
        world.call(at)
    world.on_render = before


def test_a_run_that_never_comes_to_an_end_is_given_up(world):
    daily(world)
    for n in range(3):
        cut_off(world, SIX + n * MINUTE)
    assert world.call(SIX + 3 * MINUTE) == [("daily", SIX, "failed")]
    assert "cut off 3 times" in world.state()["daily"]["last"]["sentences"][0]
    assert world.call(SIX + DAY) == [("daily", SIX + DAY, "ok")]


def test_a_cut_off_run_is_not_made_up_when_it_is_too_old(world):
    daily(world, ", max_staleness: 2h")
    cut_off(world, SIX)
    assert world.call(SIX + 3 * HOUR) == [("daily", SIX, "missed")]


def test_a_run_whose_reports_were_all_made_before_the_kill_is_not_repeated(world):
    daily(world, ", retention: {keep: 5}")
    real = world.put_report

    def put_and_die(job, entry):
        real(job, entry)
        raise Killed

    world.put_report = put_and_die
    with pytest.raises(Killed):
        world.call(SIX)
    world.put_report = real
    assert world.call(SIX + 5 * MINUTE) == [("daily", SIX, "ok")]
    assert len(world.started) == 1
    assert len(history.list_archived(world.out, "0_start/1_one")) == 1


def test_a_stop_that_was_asked_for_is_no_failure(world):
    daily(world)

    def stop(job, now):
        raise KeyboardInterrupt

    world.on_render = stop
    for n in range(5):
        with pytest.raises(KeyboardInterrupt):
            world.call(SIX + n * MINUTE)
    world.on_render = lambda job, now: None
    assert world.call(SIX + HOUR) == [("daily", SIX, "ok")]


def test_an_unexpected_error_of_one_job_stops_no_other(world):
    world.write(f'{DAILY}}}\n  - {{name: good, notebook: 0_start/2_two, cron: "0 6 * * *"}}\n')
    world.call()

    def stumble(job, now):
        if job.notebook_id == "0_start/1_one":
            raise KeyError("x")

    world.on_render = stumble
    assert world.call(SIX) == [("daily", SIX, "failed"), ("good", SIX, "ok")]


def test_a_clock_put_back_runs_nothing_twice(world):
    daily(world)
    assert world.call(SIX) == [("daily", SIX, "ok")]
    assert world.call(SIX - 2 * HOUR) == []
    assert world.call(SIX + MINUTE) == []
    assert world.call(SIX + DAY) == [("daily", SIX + DAY, "ok")]


def test_a_clock_that_was_years_ahead_does_not_stop_the_job_for_years(world):
    daily(world)
    far = SIX + 3650 * DAY
    assert world.call(far) == [("daily", far, "ok")]
    assert world.call(SIX + HOUR) == []
    assert "it goes on from now" in world.said[-1]
    assert world.call(SIX + DAY) == [("daily", SIX + DAY, "ok")]
    assert len(world.said) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1, "jobs": {"daily": {"since": "yesterday"}}}', '{"version": 9}']
)
def test_a_damaged_record_is_told_and_read_from_the_reports(world, text):
    daily(world)
    world.call(SIX)
    file = world.out / ".crm" / "schedule.json"
    file.write_text(text, encoding="utf-8")
    assert world.call(SIX + HOUR) == []
    assert "was damaged" in world.said[0]
    assert (world.out / ".crm" / "schedule.damaged.json").read_text(encoding="utf-8") == text
    file.write_text(text, encoding="utf-8")
    # what was missed while there was no record is still made up
    assert world.call(SIX + DAY + HOUR) == [("daily", SIX + DAY, "ok")]
    assert len(world.made) == 2


def test_a_record_that_cannot_be_written_stops_the_run_before_it_starts(world, monkeypatch):
    daily(world)

    def full(*_):
        raise RenderError("no space left on device")

    monkeypatch.setattr("crm_lib.publish.schedule.state.write_atomic", full)
    with pytest.raises(RenderError, match="no space"):
        world.call(SIX)
    assert world.started == []


def test_a_job_over_its_time_is_stopped_and_the_index_shows_it(world):
    daily(world, ", timeout: 1s")
    world.on_render = lambda job, now: threading.Event().wait(60) and None
    assert world.call(SIX) == [("daily", SIX, "failed")]
    (sentence,) = world.state()["daily"]["last"]["sentences"]
    assert sentence == "was stopped: it took longer than its timeout of 1s."
    assert "timeout of 1s" in (world.out / "index.html").read_text(encoding="utf-8")


def test_unchanged_inputs_are_not_rendered_and_changed_ones_always(world):
    daily(world, ", inputs: [data/o*.csv]")
    day = SIX
    assert world.call(day) == [("daily", day, "failed")]
    assert "no file matches 'data/o*.csv'" in world.state()["daily"]["last"]["sentences"][0]
    (world.folder / "data" / "orders.csv").write_text("a", encoding="utf-8")
    seen = []
    for text in ("a", "a", "b", "b"):
        (world.folder / "data" / "orders.csv").write_text(text, encoding="utf-8")
        day += DAY
        ((_, _, status),) = world.call(day)
        seen.append(status)
    assert seen == ["ok", "unchanged", "ok", "unchanged"]
    # run_jobs knows nothing of these files: it must be told to render
    assert world.forced == ["0_start/1_one"] * 2
    (world.out / "0_start/1_one/report.html").unlink()
    assert world.call(day + DAY) == [("daily", day + DAY, "ok")]


def test_a_database_tells_by_its_answer_whether_it_has_changed(world, monkeypatch):
    with sqlite3.connect(world.folder / "shop.db") as db:
        db.execute("CREATE TABLE orders (updated_at TEXT)")
        db.execute("INSERT INTO orders VALUES ('2026-11-01')")
    monkeypatch.setenv("SHOP", "shop.db")
    daily(world, ', inputs: [{database: "env:SHOP", query: "SELECT max(updated_at) FROM orders"}]')
    assert [world.call(SIX + n * DAY)[0][2] for n in range(2)] == ["ok", "unchanged"]
    db.execute("INSERT INTO orders VALUES ('2026-11-09')")
    db.commit()
    db.close()
    assert world.call(SIX + 2 * DAY)[0][2] == "ok"
    assert "2026-11" not in world.state()["daily"]["fingerprint"]


def test_retention_keeps_what_either_rule_promises(world):
    daily(world, ", retention: {keep: 3, keep_days: 5}")
    for n in range(12):
        world.call(SIX + n * DAY)
    kept = [one.made.day for one in history.list_archived(world.out, "0_start/1_one")]
    # made at 06:01; on 4 December those of the last five days: from 29 November 06:01 on
    assert kept == [4, 3, 2, 1, 30, 29]
    world.on_render = lambda job, now: "unchanged"
    for n in range(12, 30):
        world.call(SIX + n * DAY)
    assert [one.made.day for one in history.list_archived(world.out, "0_start/1_one")] == [4, 3, 2]


def test_two_schedules_do_not_share_a_name_in_one_folder(world):
    daily(world)
    other = world.folder / "other.yaml"
    other.write_text((world.folder / "schedule.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    mine, world.schedule = world.schedule, world.schedule.__class__(other, world.schedule.jobs)
    with pytest.raises(ParameterError, match="belongs to the schedule"):
        world.call(SIX)
    Path(mine.file).unlink()  # moved, not copied
    assert world.call(SIX) == [("daily", SIX, "ok")]


def test_a_look_ahead_changes_nothing(world):
    daily(world)
    before = world.state()
    ((decision, record),) = look_ahead(world.schedule, clock=lambda: SIX + 2 * DAY + 2 * HOUR)
    assert decision.action == "run"
    assert decision.why == "due 2026-11-25 06:00 +00:00, made up 2h late for 2 earlier runs too"
    assert record.last is None
    assert world.state() == before
    assert world.started == []
