"""Hostile work is contained, earns nothing, and holds nobody up: as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hostile_corpus import CORPUS, Hostile, as_notebook, names
from hostile_run import HONEST_FROM, LIMITS

from crm_lib.kernels.answers_in import restore_answer
from crm_lib.lesson.checks import Check, CheckResult, grade_answer

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
from station_ground import NOTEBOOK, as_ordinary_user, lay_out_suite, open_folder, true_answers

pytestmark = [pytest.mark.slow, pytest.mark.needs("bubblewrap")]
ROOT = Path(__file__).parents[2]
SECRET = "7f3c-nobody-may-read-this"
CHECK = Check("demo-1", "answer_1", 5, (), lambda data: true_answers()["demo-1"])


class Run:
    """One run of the corpus: what came of it, and what it left in the world."""

    def __init__(self, user: str) -> None:
        with open_folder() as folder, _open_ears() as ears:
            facts = _plant(folder, ears)
            command = [sys.executable, str(ROOT / "tests" / "hostile" / "hostile_run.py")]
            if user == "ordinary":
                command = as_ordinary_user(command)
            done = subprocess.run(
                command,
                input=json.dumps(facts),
                cwd=folder,
                env=_environment(folder),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=500,
            )
            assert done.returncode == 0, done.stderr[-2000:]
            self.answers = [json.loads(line) for line in done.stdout.splitlines()]
            self.left = sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
            self.planted = facts["planted"]
            self.heard = ears.listen()
            self.processes = _find_processes(facts["token"])

    def of(self, name: str) -> dict[str, Any]:
        """The answer of one attack."""
        (found,) = [a for a in self.answers if a["number"] == names().index(name)]
        return found


class _Ears:
    """Listeners of the host: what an attack would reach if it could."""

    def __init__(self, *ears: socket.socket) -> None:
        self.ears = ears

    def __enter__(self) -> _Ears:
        return self

    def __exit__(self, *_: object) -> None:
        for ear in self.ears:
            ear.close()

    def listen(self) -> list[str]:
        """What has arrived."""
        heard = []
        for ear in self.ears:
            ear.setblocking(False)
            try:
                heard.append(str(ear.recv(99) if ear.type == socket.SOCK_DGRAM else ear.accept()))
            except BlockingIOError:
                continue
        return heard


def _open_ears() -> _Ears:
    tcp, udp, named = socket.socket(), socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)
    tcp.bind(("0.0.0.0", 0))
    udp.bind(("0.0.0.0", tcp.getsockname()[1]))
    named.bind(f"\0crm-hostile-{os.getpid()}")
    tcp.listen()
    named.listen()
    return _Ears(tcp, udp, named)


def _own_address() -> str:
    with socket.socket(type=socket.SOCK_DGRAM) as any_line:
        try:
            any_line.connect(("192.0.2.1", 9))
            return any_line.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def _plant(folder: Path, ears: _Ears) -> dict[str, Any]:
    lay_out_suite(folder)
    outside = folder / "outside"
    outside.mkdir()
    outside.chmod(0o777)
    places = [folder / "gradebook.csv", folder / "submitted" / "anna" / "1_small.ipynb"]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(SECRET, encoding="utf-8")
    return {
        "notebook": NOTEBOOK,
        "grade_id": "demo-1",
        "answer": "answer_1",
        "honest": "rows['amount'].sum()",
        "places": [str(p) for p in places]
        + [str(folder / "notebooks" / "src" / "0_demo" / "1_small.checks.py")],
        "outside": str(outside),
        "port": ears.ears[0].getsockname()[1],
        "abstract": f"crm-hostile-{os.getpid()}",
        "address": _own_address(),
        "token": f"33.{os.getpid()}",
        "secret_head": SECRET[:9],
        "secret_tail": SECRET[9:],
        "planted": sorted(str(p.relative_to(folder)) for p in folder.rglob("*")),
    }


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, "CRM_HOME": str(folder), "A_PASSWORD": SECRET}


def _find_processes(token: str) -> list[str]:
    import psutil

    found = psutil.process_iter(["cmdline"])
    return [" ".join(p.info["cmdline"]) for p in found if token in (p.info["cmdline"] or ())]


@pytest.fixture(scope="module", params=["root", "ordinary"])
def run(request: pytest.FixtureRequest) -> Run:
    if request.param == "root" and os.getuid() != 0:
        pytest.skip("only root can grade as root")
    return Run(request.param)


def judge(answer: dict[str, Any]) -> CheckResult:
    value = None if answer["form"] is None else restore_answer(answer["form"])
    return grade_answer(CHECK, value, {})


def test_the_corpus_is_large_enough() -> None:
    assert len(names()) >= 25


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda h: h.name)
def test_it_earns_what_it_computed_and_the_sheet_says_why(hostile: Hostile, run: Run) -> None:
    answer = run.of(hostile.name)
    assert judge(answer).points == (5 if hostile.earns else 0), answer
    assert re.search(hostile.error, answer["error"]), answer["error"]


@pytest.mark.parametrize("name", names())
def test_it_reads_no_secret_and_writes_nothing(name: str, run: Run) -> None:
    answer = run.of(name)
    assert SECRET not in json.dumps(answer)
    assert "the hidden truth" not in json.dumps(answer)
    assert not re.search(r"^(wrote|reached|hit) ", answer["output"], re.MULTILINE), answer["output"]
    # a byte more than what is allowed of output never reaches a sheet
    assert len(answer["output"]) <= LIMITS.output_kb * 1024


def test_the_host_is_as_it_was(run: Run) -> None:
    assert run.left == run.planted
    assert run.heard == []
    assert run.processes == []


def test_every_honest_student_has_full_points_meanwhile(run: Run) -> None:
    honest = [a for a in run.answers if a["number"] >= HONEST_FROM]
    assert len(honest) >= 10
    assert [judge(a).points for a in honest] == [5] * len(honest)


def test_nobody_waits_for_one_who_does_not_end(run: Run) -> None:
    # the answers come in the order they are done: those that end at once overtake the endless loop
    order = [a["number"] for a in run.answers]
    stuck = order.index(names().index("endless_loop"))
    next_one = names().index("endless_loop") + 1
    assert sorted(order) == sorted(set(order))
    before = [n for n in order[:stuck] if n % HONEST_FROM < next_one]
    assert len([n for n in order if n % HONEST_FROM < next_one - 1]) <= len(before) + 1


def test_nobody_runs_much_longer_than_the_limit(run: Run) -> None:
    # what the station says each took, the watch's rounds and a loaded machine's delay included
    assert max(a["seconds"] for a in run.answers) < 3 * LIMITS.wall_seconds


def test_a_notebook_can_be_made_of_each() -> None:
    official = {"cells": [{"cell_type": "code", "source": "", "metadata": {
        "tags": ["solution"], "nbgrader": {"grade_id": "demo-1-answer"}}}], "nbformat": 4}  # fmt: skip
    made = as_notebook(official, {"demo-1": ["a = 1", "b = 2"]})
    assert [c["source"] for c in made["cells"]] == ["a = 1", "b = 2"]
    assert official["cells"][0]["source"] == ""
