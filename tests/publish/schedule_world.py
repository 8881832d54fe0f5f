"""A machine with a clock of its own, on which schedules are tried: days pass in milliseconds."""

import datetime as dt
import json
from collections import Counter

from small_notebooks import write_notebooks

from crm_lib.publish.schedule.file import read_schedule
from crm_lib.publish.schedule.run import run_schedule

BODIES = dict.fromkeys(("0_start/1_one", "0_start/2_two", "0_start/3_three"), "finding(f'{n}')")


class Killed(BaseException):
    """The process ended here, as by kill -9: nothing after this line of the scheduler runs."""


class World:
    """A folder with a schedule, a clock, and a renderer that keeps count instead of rendering.

    `on_render(job, now)` may return a sentence (the report fails), "unchanged", or raise.
    """

    def __init__(self, folder, monkeypatch, now):
        write_notebooks(folder, BODIES)
        monkeypatch.setenv("CRM_HOME", str(folder))
        self.folder, self.now = folder, now
        self.started, self.made, self.forced, self.said, self.slept = [], [], [], [], []
        self.on_render = lambda job, now: None
        self.minutes = 1  # that a report takes

    @property
    def out(self):
        return self.folder / "reports"

    def write(self, text):
        (self.folder / "schedule.yaml").write_text(text, encoding="utf-8")
        self.schedule = read_schedule(self.folder / "schedule.yaml")
        return self.schedule

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += dt.timedelta(seconds=seconds)

    def render(self, jobs):
        return [self._render(job) for job in jobs]

    def _render(self, job):
        self.started.append((job.notebook_id, self.now))
        answer = self.on_render(job, self.now)
        self.now += dt.timedelta(minutes=self.minutes)
        failed = answer not in {None, "unchanged"}
        entry = {
            "notebook_id": job.notebook_id,
            "key": job.key,
            "status": "failed" if failed else "ok",
            "error": {"cell": "计算", "sentence": answer} if failed else None,
            "rendered_at": self.now.isoformat(timespec="seconds"),
            "outputs": {},
        }
        if failed:
            return entry
        self.forced += [job.notebook_id] if job.force else []
        if answer != "unchanged":
            self.put_report(job, entry)
        return {**entry, "unchanged": True} if answer == "unchanged" else entry

    def put_report(self, job, entry):
        self.made.append((job.notebook_id, self.now))
        job.folder.mkdir(parents=True, exist_ok=True)
        (job.folder / "report.html").write_text(entry["rendered_at"], encoding="utf-8")
        job.entry_file.parent.mkdir(parents=True, exist_ok=True)
        job.entry_file.write_text(json.dumps(entry), encoding="utf-8")

    def call(self, now=None):
        """Call the scheduler, at `now`; return job, due time and status of what has ended."""
        self.now = now or self.now
        ended = run_schedule(
            self.schedule, clock=lambda: self.now, sleep=self.sleep, render=self.render, say=self.said.append
        )
        return [(name, outcome.due, outcome.status) for name, outcome in ended]

    def state(self):
        return json.loads((self.out / ".crm" / "schedule.json").read_text(encoding="utf-8"))["jobs"]

    def counts(self):
        return Counter(name for name, _ in self.started)
