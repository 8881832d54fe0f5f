"""The commands `crm schedule` as a person, or cron, meets them."""

import datetime as dt
import json
import os
import subprocess
import sys

import pytest
from schedule_world import BODIES
from small_notebooks import write_notebooks
from typer.testing import CliRunner

from crm_lib import cli_schedule
from crm_lib.errors import CrmError
from crm_lib.publish.schedule import run as schedule_run

GOOD = 'timezone: UTC\njobs:\n  - {name: a, notebook: 0_start/1_one, cron: "* * * * *"}\n'
OFF = 'timezone: UTC\njobs:\n  - {name: a, notebook: 0_start/1_one, cron: "* * * * *", enabled: false}\n'
RARE = 'timezone: Asia/Shanghai\njobs:\n  - {name: a, notebook: 0_start/1_one, cron: "0 6 29 2 *"}\n'


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, BODIES)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # the minute does not turn while a test looks
    monkeypatch.setattr(
        schedule_run, "read_clock", lambda: dt.datetime(2026, 11, 23, 6, 0, 30, tzinfo=dt.UTC)
    )
    return tmp_path


def call(suite, text, *words):
    (suite / "schedule.yaml").write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli_schedule.app, list(words))


def fake(monkeypatch, sentence=None):
    """Let the reports be made, or fail, in no time."""

    def render_reports(**options):
        def render(jobs):
            error = {"cell": "计算", "sentence": sentence} if sentence else None
            status = "failed" if sentence else "ok"
            return [{"notebook_id": j.notebook_id, "key": "", "status": status, "error": error} for j in jobs]

        return render

    monkeypatch.setattr("crm_lib.publish.schedule.attempt.render_reports", render_reports)


@pytest.mark.parametrize("words", [["run"], ["list"], ["install"]], ids=lambda w: w[0])
def test_every_command_has_help_with_an_example(words):
    result = CliRunner().invoke(cli_schedule.app, [*words, "--help"])
    assert result.exit_code == 0
    assert f"Example: crm schedule {words[0]}" in " ".join(result.output.split())


def test_a_run_tells_what_it_did_and_what_comes(suite, monkeypatch):
    fake(monkeypatch)
    first = call(suite, RARE, "run")
    assert (first.exit_code, first.stdout) == (0, "Nothing is due. Next: a, 2028-02-29 06:00 +08:00.\n")
    assert call(suite, RARE, "run", "--quiet").output == ""
    assert "every job is switched off" in call(suite, OFF, "run").stdout
    ran = call(suite, GOOD, "run")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("a: ok (")


def test_a_failure_is_one_line_and_exit_code_1(suite, monkeypatch):
    fake(monkeypatch, "坏了")
    failed = call(suite, GOOD, "run", "--quiet")
    assert failed.exit_code == 1
    assert failed.output == "crm: job 'a' failed: 0_start/1_one: 坏了 (in: 计算)\n"


def test_a_faulty_schedule_runs_nothing(suite, monkeypatch):
    fake(monkeypatch)
    result = call(suite, GOOD + '  - {name: b, notebook: 0_start/9_nine, cron: "* *"}\n', "run")
    assert isinstance(result.exception, CrmError)
    assert str(result.exception).count("schedule.yaml:4: job 'b'") == 2
    assert not (suite / "reports").exists()


def test_a_dry_run_says_what_would_run_and_why_and_leaves_no_trace(suite):
    result = call(suite, GOOD + OFF.splitlines()[2].replace("name: a", "name: b") + "\n", "run", "--dry-run")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["job", "would", "why", "time"]
    assert rows[1][:2] == ["a", "run"]
    assert rows[1][2:] == ["due 2026-11-23 06:00 +00:00", "2026-11-23 06:00 +00:00"]
    assert rows[2] == ["b", "-", "switched off", "-"]
    assert not (suite / "reports").exists()


def test_the_list_shows_last_and_next_runs_on_the_clock_of_the_zone(suite, monkeypatch):
    fake(monkeypatch)
    assert call(suite, GOOD, "run").exit_code == 0
    rows = [line.split("\t") for line in call(suite, RARE, "list").stdout.splitlines()]
    assert rows[0] == ["job", "cron", "timezone", "last run", "status", "next run"]
    name, cron, zone, last, status, coming = rows[1]
    assert (name, cron, zone, status) == ("a", "0 6 29 2 *", "Asia/Shanghai", "ok")
    assert last == "2026-11-23 14:00 +08:00"
    assert coming == "2028-02-29 06:00 +08:00"


def test_an_installation_changes_nothing_unless_it_is_told_to(suite, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(suite / "config"))
    shown = call(suite, GOOD, "install", "--systemd")
    assert "OnCalendar=*:0/5" in shown.stdout
    assert "enable --now crm-schedule-" in shown.output
    assert "nothing was written" in shown.output
    assert not (suite / "config").exists()
    written = call(suite, GOOD, "install", "--systemd", "--write")
    units = sorted((suite / "config" / "systemd" / "user").iterdir())
    assert [u.suffix for u in units] == [".service", ".timer"]
    assert all(u.read_text(encoding="utf-8") in shown.stdout for u in units)
    assert "written: " in written.output
    line = call(suite, GOOD, "install", "--cron", "--every", "10")
    assert line.stdout.startswith("*/10 * * * * CRM_HOME=")
    assert "crontab -e" in line.output
    assert call(suite, GOOD, "install", "--schtasks").stdout.startswith("schtasks /Create ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--systemd", "--cron"], "choose one of --systemd, --cron"),
        (["--cron", "--to", "x"], "--to names the folder"),
        (["--cron", "--every", "7"], "--every must be one of"),
    ],
)
def test_a_wrong_installation_is_refused(suite, words, said):
    result = call(suite, GOOD, "install", *words)
    assert isinstance(result.exception, CrmError)
    assert said in str(result.exception)


def test_the_first_choice_is_what_the_machine_has(monkeypatch):
    for program, way in (("/usr/bin/systemctl", "systemd"), (None, "cron")):
        monkeypatch.setattr("shutil.which", lambda name, found=program: found)
        assert cli_schedule._choose_way() == way


@pytest.mark.slow
def test_end_to_end_a_report_is_made_once_and_an_unchanged_one_left_alone(suite):
    """The real command, with real kernels; the clock is the record's: its past is put back."""
    # not due for half an hour
    minute = (dt.datetime.now(dt.UTC).minute + 30) % 60
    text = GOOD.replace('"* * * * *"', f'"{minute} * * * *"')
    (suite / "own reports.yaml").write_text(text, encoding="utf-8")

    def crm(*words):
        command = [sys.executable, "-m", "crm_lib.cli", "schedule", *words]
        env = os.environ | {"PYTHONUTF8": "1"}
        # from another folder, as cron calls it
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=env,
            cwd=suite / "data",
            timeout=240,
        )

    file = suite / "own reports.yaml"
    assert crm("run", str(file)).returncode == 0
    seen = []
    for _ in range(2):
        put_back(suite)
        done = crm("run", str(file))
        assert done.returncode == 0, done.stderr
        seen.append(done.stdout.split(" (")[0])
        assert "Nothing is due" in crm("run", str(file)).stdout
    assert seen == ["a: ok", "a: unchanged"]
    assert (suite / "reports" / "0_start" / "1_one" / "report.html").is_file()


def put_back(suite):
    """Let the schedule have been looked at last two hours ago."""
    state = suite / "reports" / ".crm" / "schedule.json"
    body = json.loads(state.read_text(encoding="utf-8"))
    body["jobs"]["a"]["since"] = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)).isoformat()
    body["jobs"]["a"]["done"] = []
    state.write_text(json.dumps(body), encoding="utf-8")
