"""Backups: whole, sealed, restored with equal checksums on either engine, refused when damaged."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from backup_world import Place, make_cipher, make_people

from crm_lib.errors import ParameterError, StoreError
from crm_lib.protect import verify_chain
from crm_lib.store import (
    back_up,
    check_backups,
    copy_off_site,
    create_tables,
    find_whole_backup,
    fingerprint_values,
    insert_customers,
    list_backups,
    open_store,
    prove_restore,
    read_backup,
    read_history,
    restore,
    thin_backups,
    update_customers,
)
from crm_lib.store.backup_files import find_backups, name_note, unpack_tables
from crm_lib.store.retention import erase_customers

POSTGRES = pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))
DAY = "2024-02-01 08:00:00"


def make_place(engine: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
    return Place(engine, folder, server)


@pytest.fixture(params=["duckdb", POSTGRES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The same test on both engines."""
    made = make_place(request.param, tmp_path, request)
    yield made
    made.clear()


@pytest.fixture
def duck(tmp_path: Path) -> Place:
    return Place("duckdb", tmp_path)


def sums(store) -> dict[str, str]:
    frame = store.checksums()
    return dict(zip(frame["table"], frame["sha256"], strict=True))


def spoil(path: Path, place: int = -30) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_destroyed_and_restored_with_equal_checksums(place: Place, tmp_path: Path) -> None:
    with place.make("firm") as store:
        update_customers(
            store,
            pd.DataFrame({
                "customer_no": [store.read("customers")["customer_no"][0]],
                "phone": ["13999999999"],
            }),
            kind="易变动",
            at="2024-01-20 10:00:00",
        )
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before, people = sums(store), store.read("customers", reveal=["phone"], at=DAY)
    destroy(place)
    done = restore(
        backup,
        place.name("firm"),
        cipher=make_cipher(),
        at="2024-02-02 08:00:00",
        replace_existing=True,
        **place.options,
    )
    assert done.checksums["equal"].all()
    assert len(done.checksums) == len(before)
    with place.open("firm") as again:
        after = sums(again)
        # the log of backup and restore came after the content was summed up
        assert {t for t in before if before[t] != after[t]} == {"audit"}
        assert again.read("customers", reveal=["phone"], at=DAY).equals(people)
        assert len(read_history(again, people["customer_no"][0])) == 2
        log = again.audit()
        assert verify_chain(log).empty
        assert log["action"].tolist()[-2:] == ["restore", "reveal"]
        assert backup.path.name in log["detail"].iloc[-2]
        # numbers go on where they stood
        fresh = insert_customers(again, make_people(1, start=99), at="2024-02-03 08:00:00")
        assert fresh["customer_no"][0] not in set(people["customer_no"])


def destroy(place: Place) -> None:
    if place.engine == "duckdb":
        path = place.name("firm")
        path.write_bytes(b"\0" * 5000)
        return
    with place.open("firm") as store, store.transaction("vandal", at=DAY):
        for table in ("customers", "transactions", "settings", "counters"):
            store.run(f"DELETE FROM {table} WHERE true" if table != "settings" else "DELETE FROM raw_records")


@pytest.mark.needs("postgresql")
def test_from_one_engine_to_the_other_and_back(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    one, two = (make_place(engine, tmp_path, request) for engine in ("duckdb", "postgresql"))
    with one.make("one", 150) as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before = sums(store)
    done = restore(backup, two.name("two"), cipher=make_cipher(), at=DAY, **two.options)
    assert done.checksums["equal"].all()
    with two.open("two") as store:
        assert {t for t, s in sums(store).items() if s != before[t]} == {"audit"}
        again = back_up(store, tmp_path / "more", at="2024-02-02 08:00:00")
    done = restore(again, one.name("three"), cipher=make_cipher(), at=DAY, **one.options)
    assert done.checksums["equal"].all()
    with one.open("three") as store:
        assert {t for t, s in sums(store).items() if s != before[t]} == {"audit"}
        assert verify_chain(store.audit()).empty
    one.clear()
    two.clear()


def test_a_backup_shows_nothing_and_is_private(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
    content = backup.path.read_bytes() + name_note(backup.path).read_bytes()
    for text in ("张0", "解放路", "13800000000", "customers.parquet", "PAR1", "user0@"):
        assert text.encode() not in content.replace(b'"table": "customers"', b"")
    if os.name == "posix":
        assert backup.path.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700
    assert not list((tmp_path / "backups").glob(".*"))


def test_what_the_log_and_the_note_say(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        log = store.audit()
    assert backup.path.name == f"crm-20240201T080000-{make_cipher().key_id}.crmbackup"
    told = json.loads(log["detail"].iloc[-1])
    assert told == {"file": backup.path.name, "sha256": backup.sha256}
    found = read_backup(backup.path)
    assert found.sha256 == backup.sha256
    assert found.checksums.equals(backup.checksums)
    assert (found.at, found.n_bytes, found.key_id) == (DAY, backup.path.stat().st_size, make_cipher().key_id)
    manifest = unpack_tables(make_cipher(), backup.path)[1]
    assert manifest["audit_head"] == {"n": 3, "hash": log["hash"].iloc[2]}


def test_a_damaged_backup_is_refused_and_the_newest_whole_one_named(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        first = back_up(store, tmp_path / "backups", at="2024-02-01 08:00:00")
        second = back_up(store, tmp_path / "backups", at="2024-02-02 08:00:00")
        third = back_up(store, tmp_path / "backups", at="2024-02-03 08:00:00")
    spoil(third.path)
    second.path.write_bytes(second.path.read_bytes()[:-100])
    for broken in (second, third):
        with pytest.raises(
            StoreError, match=f"is no whole backup.*The newest whole backup there is '{first.path.name}'"
        ):
            restore(broken, tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    assert not list(tmp_path.glob("*new*"))
    listed = list_backups(tmp_path / "backups")
    assert listed["state"].tolist() == ["whole", "damaged", "damaged"]
    assert find_whole_backup(tmp_path / "backups").path == first.path
    spoil(first.path, 60)
    with pytest.raises(StoreError, match="No whole one is there"):
        restore(first, tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    assert find_whole_backup(tmp_path / "backups") is None


def test_a_forged_note_does_not_hide_damage_from_the_key(duck: Place, tmp_path: Path) -> None:
    from crm_lib.store.backup_files import hash_file

    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
    good = backup.sha256
    spoil(backup.path)
    note = name_note(backup.path)
    note.write_text(note.read_text("utf-8").replace(good, hash_file(backup.path)), encoding="utf-8")
    assert list_backups(tmp_path / "backups")["state"].tolist() == ["whole"]
    assert list_backups(tmp_path / "backups", cipher=make_cipher())["state"].tolist() == ["damaged"]


def test_another_key_and_what_is_no_backup(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
    other = make_cipher(bytes(32))
    with pytest.raises(
        StoreError, match=f"was sealed with key {make_cipher().key_id}; this is key {other.key_id}"
    ):
        restore(backup, tmp_path / "new.duckdb", cipher=other, at=DAY)
    (tmp_path / "text").write_text("no backup", encoding="utf-8")
    sealed = make_cipher().seal_file(tmp_path / "text", tmp_path / "crm-20240201T080000-00000000.crmbackup")
    with pytest.raises(StoreError, match="is sealed with this key but holds no backup"):
        restore(sealed, tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    with pytest.raises(StoreError, match="cannot be read"):
        restore(tmp_path / "none", tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    with pytest.raises(StoreError, match="must be a backup"):
        read_backup(tmp_path / "text")


def test_an_existing_database_is_replaced_only_when_asked(place: Place, tmp_path: Path) -> None:
    with place.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        insert_customers(store, make_people(3, start=50), at="2024-02-01 09:00:00")
        before = sums(store)
    options = {"cipher": make_cipher(), "at": "2024-02-02 08:00:00", **place.options}
    with pytest.raises(StoreError, match="must not hold a database yet"):
        restore(backup, place.name("firm"), **options)
    with place.open("firm") as store:
        assert sums(store) == before
    done = restore(backup, place.name("firm"), replace_existing=True, **options)
    assert done.lost_entries == 2
    with place.open("firm") as store:
        assert len(store.read("customers")) == 12
        assert json.loads(store.audit()["detail"].iloc[-1])["lost_entries"] == 2


def test_a_restore_that_does_not_come_out_equal_changes_nothing(place: Place, tmp_path: Path) -> None:
    from crm_lib.store import backup_files

    with place.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before = sums(store)
    manifest = unpack_tables(make_cipher(), backup.path)[1]
    manifest["checksums"][0]["sha256"] = "0" * 64
    tables = unpack_tables(make_cipher(), backup.path)[0]
    forged = find_backups(tmp_path / "backups")[0]
    backup_files.pack_tables(make_cipher(), forged, tables, manifest)
    options = {"cipher": make_cipher(), "at": "2024-02-02 08:00:00", **place.options}
    with pytest.raises(StoreError, match="'customers' does not"):
        restore(forged, place.name("firm"), replace_existing=True, **options)
    with place.open("firm") as store:
        assert sums(store) == before
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_the_log_of_a_damaged_file_is_not_played_into_the_new_one(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
    path = duck.name("firm")
    line = (
        "import os, sys; from backup_world import *; s = Place('duckdb', Path(sys.argv[1])).open('firm');"
        "insert_customers(s, make_people(2, start=70), at='2024-02-01 10:00:00'); os._exit(0)"
    )
    tests = str(Path(__file__).resolve().parents[1])
    subprocess.run([sys.executable, "-c", line, str(tmp_path)], check=True, cwd=tests, timeout=60)
    log = path.with_name(f"{path.name}.wal")
    assert log.exists()
    content = bytearray(path.read_bytes())
    content[:4096] = bytes(4096)
    path.write_bytes(content)
    done = restore(backup, path, cipher=make_cipher(), at="2024-02-02 08:00:00", replace_existing=True)
    assert done.lost_entries is None
    assert not log.exists()
    assert path.with_name(f"{log.name}.damaged").exists()
    with duck.open("firm") as store:
        assert len(store.read("customers")) == 12
        assert verify_chain(store.audit()).empty


def erase(store, number: str, at: str) -> None:
    """Erase a customer as the retention of the house does: rows away, fingerprint on the list."""
    with store.transaction("erase", at=at):
        erase_customers(store, [number], day=dt.date.fromisoformat(at[:10]))
        mark = fingerprint_values([number], "customer_no", store.cipher)
        store.load(
            "erasures",
            pd.DataFrame({"customer_fingerprint": mark, "erased_on": [at[:10]], "reason": ["撤回同意"]}),
        )


def test_who_was_erased_after_the_backup_does_not_come_back(place: Place, tmp_path: Path) -> None:
    with place.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        gone = store.read("customers")["customer_no"][4]
        erase(store, gone, "2024-02-02 08:00:00")
    options = {"cipher": make_cipher(), "at": "2024-02-03 08:00:00", **place.options}
    done = restore(backup, place.name("firm"), replace_existing=True, **options)
    assert done.n_erased == 1
    assert done.checksums["equal"].all()
    with place.open("firm") as store:
        assert gone not in set(store.read("customers")["customer_no"])
        assert gone not in set(store.read("transactions")["customer_no"])
        assert len(store.read("customers")) == 11
        # bookkeeping keeps the order line, without the person
        assert len(store.read("transactions")) == 12
        assert len(store.dump("erasures")) == 1


def test_erasures_are_known_from_newer_backups_and_from_elsewhere(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        first = back_up(store, tmp_path / "backups", at=DAY)
        one, two = store.read("customers")["customer_no"][[1, 2]]
        erase(store, one, "2024-02-02 08:00:00")
        back_up(store, tmp_path / "backups", at="2024-02-03 08:00:00")
        spoilt = back_up(store, tmp_path / "backups", at="2024-02-04 08:00:00")
    spoil(spoilt.path)
    marks = fingerprint_values([two, two], "customer_no", make_cipher())
    more = pd.DataFrame({
        "customer_fingerprint": marks,
        "erased_on": pd.Timestamp("2024-02-05"),
        "reason": "期满",
    })
    done = restore(first, tmp_path / "new.duckdb", cipher=make_cipher(), at="2024-02-06", erasures=more)
    assert done.n_erased == 2
    with duck.open("new") as store:
        assert not {one, two} & set(store.dump("customers")["customer_no"])
        assert len(store.dump("erasures")) == 2


def test_a_copy_elsewhere_is_read_back_and_restores(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before = sums(store)
    noted = copy_off_site(backup, tmp_path / "far", at="2024-02-01 09:00:00")
    copy = tmp_path / "far" / backup.path.name
    assert copy.read_bytes() == backup.path.read_bytes()
    assert noted.off_site == (
        {"folder": str(tmp_path / "far"), "at": "2024-02-01 09:00:00", "sha256": backup.sha256},
    )
    assert read_backup(backup.path).off_site == noted.off_site
    # copied again: one place, one line
    assert len(copy_off_site(backup.path, tmp_path / "far").off_site) == 1
    backup.path.unlink()
    restore(copy, tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    with duck.open("new") as store:
        assert {t for t, s in sums(store).items() if s != before[t]} == {"audit"}


def test_a_copy_that_does_not_read_back_is_none(
    duck: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)

    def copy_badly(reader, writer, size=0):
        content = bytearray(reader.read())
        content[100] ^= 1
        writer.write(content)

    monkeypatch.setattr(shutil, "copyfileobj", copy_badly)
    with pytest.raises(StoreError, match="does not read back"):
        copy_off_site(backup, tmp_path / "far")
    assert not list((tmp_path / "far").iterdir())
    monkeypatch.undo()
    with pytest.raises(StoreError, match="in another place"):
        copy_off_site(backup, tmp_path / "backups")
    spoil(backup.path)
    with pytest.raises(StoreError, match="Copy a whole one"):
        copy_off_site(backup, tmp_path / "far")


def verdicts(folder: Path, as_of: str, **options) -> dict[str, str]:
    frame = check_backups(folder, as_of=as_of, **options)
    assert list(frame.columns) == ["check", "title", "required", "found", "verdict"]
    assert not frame["found"].str.contains("{", regex=False).any()
    return {c: "yes" if v == "合格" else "no" for c, v in zip(frame["check"], frame["verdict"], strict=True)}


def test_the_verdicts_on_backups(duck: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    nothing = dict.fromkeys(("newest", "whole", "off_site", "restored", "private"), "no")
    assert verdicts(folder, "2024-02-01") == nothing
    with duck.make("firm") as store:
        backup = back_up(store, folder, at=DAY)
        fresh = {"newest": "yes", "whole": "yes", "off_site": "no", "restored": "no", "private": "yes"}
        assert verdicts(folder, "2024-02-08") == fresh
        assert verdicts(folder, "2024-02-09") == {**fresh, "newest": "no"}
        # what had not happened on the day of the judgement does not count
        assert verdicts(folder, "2024-01-31") == nothing
        copy_off_site(backup, tmp_path / "far", at="2024-02-03 08:00:00")
        prove_restore(store, backup, at="2024-02-03 09:00:00")
    assert verdicts(folder, "2024-02-02") == fresh
    assert set(verdicts(folder, "2024-02-08").values()) == {"yes"}
    assert verdicts(folder, "2024-05-03", max_age_days=999)["restored"] == "yes"
    assert verdicts(folder, "2024-05-04", max_age_days=999)["restored"] == "no"
    spoil(tmp_path / "far" / backup.path.name)
    assert verdicts(folder, "2024-02-08")["off_site"] == "no"
    if os.name == "posix":
        backup.path.chmod(0o644)
        assert verdicts(folder, "2024-02-08")["private"] == "no"
    spoil(backup.path)
    assert verdicts(folder, "2024-02-08")["whole"] == "no"
    with pytest.raises(ParameterError, match="max_age_days"):
        check_backups(folder, as_of="2024-02-08", max_age_days=-1)


def test_a_rehearsal_is_logged_whether_it_succeeds_or_not(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before = sums(store)
        done = prove_restore(store, backup, at="2024-02-02 08:00:00")
        assert done.checksums["equal"].all()
        assert json.loads(store.audit()["detail"].iloc[-1]) == {"equal": True, "file": backup.path.name}
        spoil(backup.path)
        with pytest.raises(StoreError, match="is no whole backup"):
            prove_restore(store, backup, at="2024-02-03 08:00:00")
        assert json.loads(store.audit()["detail"].iloc[-1]) == {"equal": False, "file": backup.path.name}
        assert {t for t, s in sums(store).items() if s != before[t]} == {"audit"}
        assert verify_chain(store.audit()).empty


def test_old_backups_roll_off_and_the_last_whole_one_never(duck: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with duck.make("firm") as store:
        for day in range(1, 5):
            last = back_up(store, folder, at=f"2024-02-0{day} 08:00:00", keep=3)
        assert [p.name[4:12] for p in find_backups(folder)] == ["20240202", "20240203", "20240204"]
        assert len(list(folder.iterdir())) == 6
        spoil(last.path)
        back_up(store, folder, at="2024-02-05 08:00:00", keep=2)
        # the damaged one does not count among the two
        assert [p.name[4:12] for p in find_backups(folder)] == ["20240203", "20240204", "20240205"]
        with pytest.raises(ParameterError, match="keep"):
            back_up(store, folder, at="2024-02-06 08:00:00", keep=0)


def test_backups_older_than_the_regulation_allows_go(duck: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with duck.make("firm", 0) as store:
        for day in ("01", "02", "11"):
            last = back_up(store, folder, at=f"2024-02-{day} 08:00:00")
    # ten days back from 12 February is the 2nd, which still stays
    gone = thin_backups(folder, keep_days=10, as_of="2024-02-12")
    assert [n[4:12] for n in gone] == ["20240201"]
    assert thin_backups(folder, keep_days=10, as_of="2025-01-01") == [
        "crm-20240202T080000-85630e05.crmbackup"
    ]
    assert [p.name for p in find_backups(folder)] == [last.path.name]
    with pytest.raises(ParameterError, match="as_of"):
        thin_backups(folder, keep_days=10)
    with pytest.raises(ParameterError, match="keep_days"):
        thin_backups(folder, keep_days=-1, as_of="2024-02-12")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="told by Linux alone")
def test_a_file_open_in_this_program_is_not_replaced_under_it(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        before = sums(store)
        with pytest.raises(StoreError, match="is open in this program"):
            restore(backup, duck.name("firm"), cipher=make_cipher(), at=DAY, replace_existing=True)
        assert sums(store) == before


def test_two_backups_of_one_moment_are_two(duck: Place, tmp_path: Path) -> None:
    with duck.make("firm") as store:
        names = [back_up(store, tmp_path / "backups", at=DAY).path.name for _ in range(3)]
    assert len(set(names)) == 3
    assert [p.name for p in find_backups(tmp_path / "backups")] == names


def test_left_overs_are_swept_and_a_running_backup_is_not(duck: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = folder / f".crm-20240101T080000-00000000.crmbackup.{ended.pid}.part"
    alive = folder / f".crm-20240101T080000-00000000.crmbackup.{os.getpid()}.part"
    foreign = folder / ".crm-notes.txt"
    for path in (dead, alive, foreign):
        path.write_bytes(b"half")
    with duck.make("firm") as store:
        back_up(store, folder, at=DAY)
    assert alive.exists()
    assert foreign.exists()
    if os.name == "posix":
        assert not dead.exists()
    assert len(list_backups(folder)) == 1


def test_without_a_key_no_backup(duck: Place, tmp_path: Path) -> None:
    path = tmp_path / "plain.duckdb"
    with open_store(path, actor="ann", create=True) as store:
        create_tables(store, at=DAY)
        insert_customers(store, make_people(3), at=DAY)
        with pytest.raises(StoreError, match="this store has no key"):
            back_up(store, tmp_path / "backups", at=DAY)
        assert not (tmp_path / "backups").exists()
        backup = back_up(store, tmp_path / "backups", at=DAY, cipher=make_cipher())
        before = sums(store)
        with pytest.raises(StoreError, match="opened without one"):
            prove_restore(store, backup, at=DAY)
    done = restore(backup, tmp_path / "new.duckdb", cipher=make_cipher(), at=DAY)
    assert done.checksums["equal"].all()
    with open_store(tmp_path / "new.duckdb", actor="ann") as store:
        assert {t for t, s in sums(store).items() if s != before[t]} == {"audit"}
    with duck.make("firm") as store, pytest.raises(StoreError, match="with the store's key"):
        back_up(store, tmp_path / "backups", at=DAY, cipher=make_cipher(bytes(32)))


def test_an_empty_database_and_a_folder_that_is_none(place: Place, tmp_path: Path) -> None:
    with place.make("firm", 0) as store:
        backup = back_up(store, tmp_path / "backups", at=DAY)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StoreError, match="must be a folder to write to"):
            back_up(store, tmp_path / "file", at=DAY)
    done = restore(backup, place.name("new"), cipher=make_cipher(), at=DAY, **place.options)
    assert done.checksums["equal"].all()
    assert list_backups(tmp_path / "none").empty
