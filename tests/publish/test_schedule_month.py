"""A simulated month: outages, kills, failures, a change of clocks; the right runs happen exactly once."""

import datetime as dt
import functools
import tempfile
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cron_walk import walk
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_world import Killed, World

from crm_lib.publish import history

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
MARCH = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
STEP = 30 * MINUTE

# name: notebook, cron, zone; in March New York (8th) and Berlin (29th) put their clocks on
JOBS = {
    "daily": ("0_start/1_one", "30 2 * * *", "Europe/Berlin"),
    "weekly": ("0_start/2_two", "0 7 * * 1", "Asia/Shanghai"),
    "hourly": ("0_start/3_three", "0 */6 * * *", "America/New_York"),
}
SETTINGS = {
    "daily": ", retries: {count: 2, wait: 20m, factor: 2}, retention: {keep: 4, keep_days: 10}",
    "weekly": ", max_staleness: 36h",
    "hourly": "",
}
# the machine is off from … until, in days of March: over the Berlin change of clocks too
OUTAGES = [(3.1, 3.2), (8.9, 12.4), (15.95, 17.6), (20.0, 20.01), (28.2, 29.5)]


def on_day(number):
    """Return the half hour that this many days into March fall into."""
    return MARCH + round((number - 1) * DAY / STEP) * STEP


def write_jobs(names=tuple(JOBS), more=SETTINGS):
    lines = [
        f'  - {{name: {n}, notebook: {JOBS[n][0]}, cron: "{JOBS[n][1]}", timezone: {JOBS[n][2]}{more.get(n, "")}}}'
        for n in names
    ]
    return "\n".join(["jobs:", *lines, ""])


def list_ticks(outages, n_days):
    """Return the moments at which a timer calls the scheduler."""
    ticks = (MARCH + n * STEP for n in range(int(n_days * DAY / STEP) + 1))
    return [t for t in ticks if not any(off <= t < on for off, on in outages)]


@functools.cache
def list_due(name):
    """Return all due times of March, and of the first minute before it."""
    _, cron, zone = JOBS[name]
    return list(walk(cron, ZoneInfo(zone), MARCH - MINUTE, MARCH + 31 * DAY))


def expect(name, ticks, max_staleness=None):
    """Return the due times that must run: at each tick the latest since the tick before, if not too old."""
    found, before = [], ticks[0] - MINUTE
    for tick in ticks:
        new = [d for d in list_due(name) if before < d <= tick]
        if new and (max_staleness is None or tick - new[-1] <= max_staleness):
            found.append(new[-1])
        before = tick
    return found


def live(world, ticks):
    """Call the scheduler at each tick it is free at; return what has ended and how often it was killed."""
    ended, n_killed = [], 0
    for tick in ticks:
        if tick < world.now:
            continue  # still at work, or waiting for another attempt
        try:
            ended += world.call(tick)
        except Killed:
            n_killed += 1
            world.now = tick
    return ended, n_killed


def test_a_month_of_outages_kills_and_failures(tmp_path, monkeypatch):
    world = World(tmp_path, monkeypatch, MARCH)
    world.write(write_jobs())
    kills = {on_day(5): 1, on_day(24): 2}

    def misbehave(job, now):
        for day in kills:
            if kills[day] and day <= now < day + DAY and job.notebook_id == "0_start/3_three":
                kills[day] -= 1
                raise Killed
        # every third day the first two attempts fail; on the 14th all do
        tries = Counter(t.date() for name, t in world.started if name == job.notebook_id)[now.date()]
        fails = job.notebook_id == "0_start/1_one" and (now.day % 3 == 0 and tries < 3 or now.day == 14)
        return "坏了" if fails else None

    world.on_render = misbehave
    outages = [(on_day(a), on_day(b)) for a, b in OUTAGES]
    ticks = list_ticks(outages, 31)
    ended, n_killed = live(world, ticks)

    assert n_killed == 3
    staleness = {"weekly": 36 * HOUR}
    for name in JOBS:
        expected = expect(name, ticks, staleness.get(name))
        run = [(d, status) for n, d, status in ended if n == name and status != "missed"]
        assert [d for d, _ in run] == expected, name
        assert [d.day for d, status in run if status == "failed"] == ([14] if name == "daily" else [])
    # the Monday of the 9th came to 60 hours of an outage, the 16th to 38 hours: both too old
    assert [d.day for n, d, status in ended if status == "missed"] == [8, 15]
    assert 20 < sum(n == "daily" for n, _, _ in ended) < 31
    check_retention(world)


def check_retention(world):
    """Of the daily reports there are the last four, and all of the ten days before the last run."""
    made = [t for name, t in world.made if name == "0_start/1_one"]
    last = world.state()["daily"]["last"]["finished"]
    oldest = dt.datetime.fromisoformat(last) - 10 * DAY
    promised = sorted({*made[-4:], *(t for t in made if t >= oldest)}, reverse=True)
    assert len(promised) > 4
    assert [one.made for one in history.list_archived(world.out, "0_start/1_one")] == promised


def test_each_day_of_the_change_has_its_run(tmp_path, monkeypatch):
    world = World(tmp_path, monkeypatch, MARCH)
    world.write(write_jobs(["daily"], {}))
    ended, _ = live(world, list_ticks([], 31))
    local = [d.astimezone(world.schedule.jobs[0].cron.zone) for _, d, _ in ended]
    assert [d.day for d in local] == list(range(1, 32))
    assert [(d.day, d.hour) for d in local if d.hour != 2] == [(29, 3)]


HOURS = st.integers(0, 8 * 24)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.lists(st.tuples(HOURS, st.integers(1, 70)), max_size=5),
    st.sets(st.tuples(st.sampled_from(sorted(JOBS)), st.integers(0, 8)), max_size=4),
)
def test_after_any_outages_each_run_has_happened_once(outages, killed_days):
    spans = [(MARCH + a * HOUR, MARCH + (a + n) * HOUR) for a, n in outages]
    ticks = list_ticks(spans, 8)[::2] or [MARCH]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        world = World(Path(folder), patch, MARCH)
        world.minutes = 0
        world.write(write_jobs(more={}))
        left = set(killed_days)
        notebooks = {notebook: name for name, (notebook, _, _) in JOBS.items()}

        def kill(job, now):
            mark = (notebooks[job.notebook_id], (now - MARCH).days)
            if mark in left:
                left.remove(mark)
                raise Killed

        world.on_render = kill
        # whatever was killed last is started again
        _, n_killed = live(world, [*ticks, *(ticks[-1] + n * MINUTE for n in range(1, 6))])
        assert n_killed == len(killed_days - left)
        check_runs(world, ticks, killed=bool(n_killed))


def check_runs(world, ticks, *, killed):
    n_made = Counter(name for name, _ in world.made)
    for name, (notebook, _, _) in JOBS.items():
        # read from the record: what a killed call had ended, nobody was told
        run = [dt.datetime.fromisoformat(d) for d in world.state()[name]["done"]]
        expected = expect(name, ticks)
        assert n_made[notebook] == len(run)
        # a run that was killed may be overtaken by the next one while the machine is off
        assert set(run) <= set(expected)
        assert run[-1:] == expected[-1:]
        assert killed or run == expected
