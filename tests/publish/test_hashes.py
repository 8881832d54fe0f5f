"""Checksums remembered between runs: right for files written in the same tick of the clock too."""

import hashlib
import json
import time

import pytest

from crm_lib.publish import hashes as hashing
from crm_lib.publish.hashes import Hashes

LATER = 10_000_000_000


def digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.fixture
def reads(monkeypatch):
    """Count the files that are really read."""
    names, really = [], hashlib.file_digest

    def count(file, name):
        names.append(file.name)
        return really(file, name)

    monkeypatch.setattr(hashing.hashlib, "file_digest", count)
    return names


@pytest.fixture
def later(monkeypatch):
    """Let the clock run ten seconds ahead of the files."""
    now = time.time_ns
    monkeypatch.setattr(hashing.time, "time_ns", lambda: now() + LATER)


def test_a_file_that_rested_is_read_once_and_never_again(tmp_path, reads, later):
    file = tmp_path / "a.csv"
    file.write_text("abc", encoding="utf-8")
    first = Hashes(tmp_path / "hashes.json")
    assert [first.sha256(file), first.sha256(file)] == [digest("abc")] * 2
    first.save()
    assert Hashes(tmp_path / "hashes.json").sha256(file) == digest("abc")
    assert len(reads) == 1


def test_a_file_just_written_is_read_each_time(tmp_path, reads):
    file = tmp_path / "a.csv"
    file.write_text("abc", encoding="utf-8")
    memory = Hashes(tmp_path / "hashes.json")
    memory.sha256(file)
    memory.sha256(file)
    assert len(reads) == 2


def test_a_second_write_within_one_tick_is_seen(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text("abc", encoding="utf-8")
    # the coarsest of clocks: both writes leave the same size, times and inode
    stamp = hashing._stamp(file.stat())
    monkeypatch.setattr(hashing, "_stamp", lambda _: list(stamp))
    memory = Hashes(tmp_path / "hashes.json")
    assert memory.sha256(file) == digest("abc")
    file.write_text("xyz", encoding="utf-8")
    assert memory.sha256(file) == digest("xyz")


def test_the_rule_of_two_seconds_is_what_sees_it(tmp_path, monkeypatch, later):
    file = tmp_path / "a.csv"
    file.write_text("abc", encoding="utf-8")
    stamp = hashing._stamp(file.stat())
    monkeypatch.setattr(hashing, "_stamp", lambda _: list(stamp))
    memory = Hashes(tmp_path / "hashes.json")
    memory.sha256(file)
    file.write_text("xyz", encoding="utf-8")
    assert memory.sha256(file) == digest("abc")  # nothing but the rule told the two apart


def test_a_copy_that_keeps_size_and_times_is_another_file(tmp_path, later):
    import os
    import shutil

    old, new = tmp_path / "a.csv", tmp_path / "b.csv"
    old.write_text("abc", encoding="utf-8")
    memory = Hashes(tmp_path / "hashes.json")
    assert memory.sha256(old) == digest("abc")
    new.write_text("xyz", encoding="utf-8")
    shutil.copystat(old, new)
    os.replace(new, old)
    assert memory.sha256(old) == digest("xyz")


def test_a_file_that_changes_while_it_is_read_is_not_remembered(tmp_path, monkeypatch, later):
    file = tmp_path / "a.csv"
    file.write_text("0", encoding="utf-8")
    really, n = hashlib.file_digest, iter(range(1, 9))

    def write_meanwhile(opened, name):
        found = really(opened, name)
        file.write_text("x" * next(n) * 2, encoding="utf-8")
        return found

    monkeypatch.setattr(hashing.hashlib, "file_digest", write_meanwhile)
    memory = Hashes(tmp_path / "hashes.json")
    memory.sha256(file)
    memory.save()
    assert not (tmp_path / "hashes.json").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2, 3, 4, 5, null]}', '{"a": ["", 2, 3, 4, 5, "f"]}']
)
def test_a_damaged_memory_is_no_memory(tmp_path, text):
    file, memory = tmp_path / "a", tmp_path / "hashes.json"
    file.write_text("abc", encoding="utf-8")
    memory.write_text(text.replace('"a"', json.dumps(str(file))), encoding="utf-8")
    assert Hashes(memory).sha256(file) == digest("abc")


def test_what_is_gone_is_forgotten(tmp_path, later):
    kept, gone, file = tmp_path / "kept", tmp_path / "gone", tmp_path / "hashes.json"
    memory = Hashes(file)
    for path in (kept, gone):
        path.write_text("abc", encoding="utf-8")
        memory.sha256(path)
    gone.unlink()
    memory.save()
    assert list(json.loads(file.read_text(encoding="utf-8"))) == [str(kept)]
    with pytest.raises(FileNotFoundError):
        memory.sha256(gone)
