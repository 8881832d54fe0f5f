"""Timers, crontab lines and tasks hold any path, read back as systemd and cron read them."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ParameterError
from crm_lib.publish.schedule import install

NASTY = ["my reports", '50% "off"', "it's $HOME", "back\\slash", "a\\%b", "#x;y&z", "报告", "`id`", "a\\\\%"]


def read_systemd(line, *, variables=True):
    """Split a line as systemd.syntax(7) says; an unescaped specifier or variable is a failure."""
    words, word, quote, i = [], None, "", 0
    while i < len(line):
        c = line[i]
        if c == "\\":
            word, i = (word or "") + line[i + 1], i + 2
            continue
        if c in "%$" and (variables or c == "%"):
            assert line[i + 1] == c, f"{line[i:]!r} would be replaced"
            word, i = (word or "") + c, i + 2
            continue
        if quote:
            word, quote = (word, "") if c == quote else (word + c, quote)
        elif c in "\"'" and word is None:
            word, quote = "", c
        elif c == " ":
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + c
        i += 1
    return words + ([] if word is None else [word])


def read_cron(line):
    """Take the command out of a crontab line as Debian's cron does: the loop of its do_command.c."""
    command, escaped, out = line.split(" ", 5)[5], False, []
    for c in command:
        if escaped:
            if c == "%":
                out[-1] = "%"
            else:
                out.append(c)
            escaped = False
            continue
        if c == "%":
            break
        escaped = c == "\\"
        out.append(c)
    return "".join(out)


def field(text, name):
    return re.search(rf"^{name}=(.*)$", text, flags=re.MULTILINE)[1]


@pytest.mark.parametrize("name", NASTY)
def test_any_path_reaches_the_command_as_it_is(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    file = folder / "plan 1.yaml"
    expected = [sys.executable, "-P", "-m", "crm_lib.cli", "schedule", "run", "--quiet", str(file)]
    assert install.list_command(file) == expected

    units = install.make_units(file, every=5)
    service = next(text for unit, text in units.items() if unit.endswith(".service"))
    assert read_systemd(field(service, "ExecStart")) == expected
    assert all(re.fullmatch(r"crm-plan-1-[0-9a-f]{8}\.(service|timer)", unit) for unit in units)

    command = read_cron(install.make_crontab_line(file, every=5))
    show = f"exec {shlex.quote(sys.executable)} -c 'import sys; print(ascii(sys.argv[1:]))' "
    prefix, _, rest = command.partition(" ")
    assert prefix.startswith("CRM_HOME=")
    shown = subprocess.run(["/bin/sh", "-c", show + rest], capture_output=True, text=True, encoding="utf-8")
    assert shown.stdout.strip() == ascii(expected)


@given(st.text(st.sampled_from("a %\\'\"$`#"), max_size=12))
def test_quoting_is_undone_by_its_reader(word):
    assert read_systemd(install.quote_systemd(word)) == [word]
    assert read_systemd(install.quote_systemd(word, variables=False), variables=False) == [word]
    assert shlex.split(read_cron("* * * * * " + install.quote_cron(shlex.quote(word)))) == [word]


def test_the_timer_looks_every_so_many_minutes(tmp_path):
    units = install.make_units(tmp_path / "a.yaml", every=15)
    timer = next(text for name, text in units.items() if name.endswith(".timer"))
    assert field(timer, "OnCalendar") == "*:0/15"
    assert field(timer, "Persistent") == "true"
    assert install.make_crontab_line(tmp_path / "a.yaml", every=1).startswith("* * * * * CRM_HOME=")
    assert install.make_crontab_line(tmp_path / "a.yaml", every=60).startswith("0 * * * * CRM_HOME=")
    assert "/SC MINUTE /MO 15" in install.make_task_line(tmp_path / "a.yaml", every=15)
    with pytest.raises(ParameterError, match="must be one of 1, 2, 3"):
        install.make_units(tmp_path / "a.yaml", every=7)


def test_a_path_with_a_line_end_is_refused(tmp_path):
    for make in (install.make_units, install.make_crontab_line):
        with pytest.raises(ParameterError, match="in one line"):
            make(tmp_path / "a\nb.yaml", every=5)


def test_two_schedules_have_two_timers(tmp_path):
    assert install.name_unit(tmp_path / "a" / "s.yaml") != install.name_unit(tmp_path / "b" / "s.yaml")


def test_units_are_written_and_foreign_ones_left_alone(tmp_path):
    units = install.make_units(tmp_path / "a.yaml", every=5)
    paths = install.write_units(units, tmp_path / "units")
    assert [p.read_text(encoding="utf-8") for p in paths] == list(units.values())
    assert install.write_units(units, tmp_path / "units") == paths
    paths[1].write_text("[Timer]\n", encoding="utf-8")
    paths[0].unlink()
    with pytest.raises(ParameterError, match="was not written by this command"):
        install.write_units(units, tmp_path / "units")
    assert not paths[0].exists()
    assert paths[1].read_text(encoding="utf-8") == "[Timer]\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to ask")
def test_systemd_itself_accepts_the_units(tmp_path):
    folder = tmp_path / 'my "50%" $reports'
    folder.mkdir()
    units = install.make_units(folder / "s.yaml", every=5)
    paths = install.write_units(units, tmp_path / "units")
    asked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, paths)], capture_output=True, text=True, encoding="utf-8"
    )
    named = [line for line in asked.stderr.splitlines() if "crm-s-" in line]
    assert named == []
    calendar = subprocess.run(
        ["systemd-analyze", "calendar", "*:0/5"], capture_output=True, text=True, encoding="utf-8"
    )
    assert "Normalized form: *-*-* *:00/5:00" in calendar.stdout
