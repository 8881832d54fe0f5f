"""Kill -9 at random moments of import, update, backup and restore: all or none, and whole backups."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from backup_world import Place, make_cipher, make_people
from postgres_server import PostgresServer

from crm_lib.store import back_up, insert_customers, list_backups, open_store, verify_store

TESTS = Path(__file__).resolve().parents[1]
OPERATIONS = ("import", "update", "backup", "restore")
N_CUSTOMERS, N_IMPORTED = 300, 400

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's"),
]


@dataclass
class Scene:
    """A database before an operation, in a folder of its own, with two whole backups beside it."""

    target: str
    folder: Path
    options: dict[str, Any]

    def open(self) -> Any:
        return open_store(self.target, actor="ann", cipher=make_cipher(), **self.options)

    def start(self, operation: str) -> subprocess.Popen[bytes]:
        asked = {
            "operation": operation,
            "target": self.target,
            "folder": str(self.folder),
            "options": self.options,
        }
        line = [sys.executable, "kill_child.py", json.dumps(asked)]
        return subprocess.Popen(line, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def content(self) -> dict[str, str]:
        with self.open() as store:
            assert verify_store(store).empty
            sums = store.checksums()
            log = store.audit()[["seq", "at", "actor", "action", "object", "n_rows"]]
        told = dict(zip(sums["table"], sums["sha256"], strict=True))
        # a sealed backup has other bytes each time, and the log names their hash
        return {**told, "audit": log.to_json()}


def watch_whole(scene: Scene, operation: str) -> list[tuple[str, float]]:
    """Run the operation to its end; return its steps, each with how long it took."""
    child = scene.start(operation)
    steps, moments = [], []
    for line in child.stdout:
        steps.append(line.decode().split()[1])
        moments.append(time.perf_counter())
    assert child.wait() == 0, child.stderr.read().decode()
    child.stdout.close()
    child.stderr.close()
    assert steps[0] == "begin"
    assert steps[-1] == "end"
    return [(s, b - a) for s, a, b in zip(steps, moments, moments[1:], strict=False)]


def choose_moment(steps: list[tuple[str, float]], late: bool, chance: random.Random) -> tuple[int, float]:
    """Return a step and how long to wait in it.

    Early moments are spread over the time from the first transaction on; late ones over the steps from the
    last rows written to the end, which are short and the most dangerous.
    """
    names = [name.rpartition(".")[2] for name, _ in steps]
    if late:
        chosen = chance.randrange(len(names) - 1 - names[::-1].index("append"), len(names))
    else:
        start = names.index("transaction")
        weights = [seconds + 0.001 for _, seconds in steps[start:]]
        chosen = start + chance.choices(range(len(weights)), weights)[0]
    return chosen, chance.random() * steps[chosen][1]


def kill_inside(scene: Scene, operation: str, chosen: int, wait: float) -> str:
    """Kill in the middle of a step; return the last step told."""
    child = scene.start(operation)
    told = [child.stdout.readline() for _ in range(chosen + 1)]
    time.sleep(wait)
    child.kill()
    told += child.stdout.readlines()
    assert child.wait() in {0, -signal.SIGKILL}, child.stderr.read().decode()
    child.stdout.close()
    child.stderr.close()
    return told[-1].decode().split()[1]


def check_after(scene: Scene, before: dict[str, str], after: dict[str, str], first: set[str]) -> str:
    """Hold the scene to everything that must be true after a kill; return none or all."""
    found = scene.content()
    assert found in (before, after), {t for t in found if found[t] not in {before[t], after[t]}}
    backups = list_backups(scene.folder / "backups", cipher=make_cipher())
    whole = set(backups.loc[backups["state"] == "whole", "name"])
    assert whole == set(backups["name"])
    # what was there before may only have gone for a newer one
    assert first <= whole or len(whole) >= 2
    return "none" if found == before else "all"


def finish_anyway(scene: Scene, operation: str) -> None:
    """Do again what the kill undid: nothing it left stands in the way."""
    child = scene.start(operation)
    _, faults = child.communicate(timeout=120)
    assert child.returncode == 0, faults.decode()
    left = [p.name for p in scene.folder.rglob(".*part*")]
    assert not [n for n in left if n.startswith(".crm-")], left


def kill_many(make_scene: Callable[[str], Scene], n_kills: int, seed: int, engine: str) -> None:
    chance, verdicts, inside, at_steps = random.Random(seed), Counter(), 0, Counter()
    for number, operation in enumerate(OPERATIONS):
        model = make_scene(f"model_{operation}")
        before, first = model.content(), set(list_backups(model.folder / "backups")["name"])
        steps = watch_whole(model, operation)
        after = model.content()
        assert before != after
        share = n_kills // len(OPERATIONS) + (number < n_kills % len(OPERATIONS))
        for k in range(share):
            scene = make_scene(f"{operation}_{k}")
            last = kill_inside(scene, operation, *choose_moment(steps, k % 2 == 1, chance))
            inside += last != "end"
            at_steps[last] += 1
            side = check_after(scene, before, after, first)
            verdicts[operation, side] += 1
            if k % 3 == 0 and side == "none":
                finish_anyway(scene, operation)
                assert scene.content() == after
    print(
        f"\n{engine}: {n_kills} kills, {inside} inside the operation; {dict(verdicts)}; at {dict(at_steps)}"
    )
    assert sum(verdicts.values()) == n_kills
    assert inside >= 0.8 * n_kills
    # a test that only ever sees one side proves nothing
    assert {side for _, side in verdicts} == {"none", "all"}


def make_base(place: Place, folder: Path) -> None:
    """Make the database all scenes are copies of, two backups of different content, and a file to import."""
    people = make_people(N_IMPORTED, start=1000).drop(columns="source")
    people.loc[people.index % 50 == 7, "phone"] = "12"
    people.to_csv(folder / "incoming.csv", index=False)
    with place.make("base", N_CUSTOMERS) as store:
        back_up(store, folder / "backups", at="2024-02-01 08:00:00")
        insert_customers(store, make_people(20, start=700), at="2024-02-02 08:00:00")
        back_up(store, folder / "backups", at="2024-02-03 08:00:00")
        insert_customers(store, make_people(20, start=800), at="2024-02-04 08:00:00")


def test_thirty_kills_on_duckdb(tmp_path: Path) -> None:
    place = Place("duckdb", tmp_path)
    make_base(place, tmp_path)

    def make_scene(name: str) -> Scene:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(tmp_path / "backups", folder / "backups")
        shutil.copyfile(tmp_path / "incoming.csv", folder / "incoming.csv")
        shutil.copyfile(tmp_path / "base.duckdb", folder / "firm.duckdb")
        return Scene(str(folder / "firm.duckdb"), folder, {})

    kill_many(make_scene, 30, 20240301, "DuckDB")


@pytest.fixture
def server_place(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Place]:
    place = Place("postgresql", tmp_path, postgres_server)
    yield place
    place.clear()


@pytest.mark.needs("postgresql")
def test_twelve_kills_of_a_client_of_postgresql(server_place: Place, tmp_path: Path) -> None:
    make_base(server_place, tmp_path)
    base = server_place.made[0]

    class ServerScene(Scene):
        def content(self) -> dict[str, str]:
            self.wait_alone()
            return super().content()

        def wait_alone(self) -> None:
            """Wait until the server has seen that the killed client is gone."""
            database = self.target.rpartition("/")[2]
            link = server_place.server.connect()
            cursor = link.cursor()
            asked = (
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = %s"
            )
            for _ in range(400):
                cursor.execute(asked, (database,))
                if not cursor.fetchone()[0]:
                    break
                time.sleep(0.05)
            link.close()

    def make_scene(name: str) -> Scene:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(tmp_path / "backups", folder / "backups")
        shutil.copyfile(tmp_path / "incoming.csv", folder / "incoming.csv")
        database = f"k_{name}_{base}"[:60]
        server_place.server.run_sql(f"CREATE DATABASE {database} TEMPLATE {base}")
        server_place.made.append(database)
        return ServerScene(server_place.server.address(database), folder, server_place.options)

    kill_many(make_scene, 12, 20240302, "PostgreSQL")
