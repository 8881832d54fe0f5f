"""Earlier reports are kept whole, and only what no promise keeps is deleted."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ParameterError, RenderError
from crm_lib.publish import archive as archiving
from crm_lib.publish.history import archive, list_archived, prune

PLACE, NAME = "2_differentiation/1_most_valuable", "2_differentiation__1_most_valuable"
ZONE = dt.timezone(dt.timedelta(hours=8))
NOW = dt.datetime(2026, 11, 30, 12, tzinfo=ZONE)


def write_report(out: Path, place: str = PLACE, text: str = "报告") -> Path:
    folder = out / place
    for name in (
        "report.html",
        "report.ipynb",
        "result.json",
        "tables/a b.csv",
        "pages/card.html",
        "failed.html",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text} {name}", encoding="utf-8")
    return folder


def stamp(days_ago: float) -> str:
    return (NOW - dt.timedelta(days=days_ago)).isoformat(timespec="seconds")


def list_files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_report_is_kept_whole_with_what_belongs_to_it(tmp_path: Path) -> None:
    folder = write_report(tmp_path)
    write_report(tmp_path, f"{PLACE}/C7")  # the report of a key, which stands inside
    kept = archive(folder, tmp_path, NAME, "2026-11-03T09:05:00+08:00")
    assert kept == tmp_path / "archive" / PLACE / "2026-11-03T090500+0800"
    assert list_files(kept) == [
        "archived.json", "pages/card.html", "report.html", "report.ipynb", "result.json", "tables/a b.csv",
    ]  # fmt: skip
    # a copy: whoever saves the report in place does not touch it
    (folder / "report.html").write_text("anders", encoding="utf-8")
    assert (kept / "report.html").read_text(encoding="utf-8") == "报告 report.html"
    assert archive(folder, tmp_path, NAME, "2026-11-03T09:05:00+08:00") == kept
    assert (kept / "report.html").read_text(encoding="utf-8") == "报告 report.html"


def test_a_copy_that_breaks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_report(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archiving.shutil, "copytree", full)
        with pytest.raises(RenderError, match="No space left"):
            archive(folder, tmp_path, NAME, stamp(1))
    assert list_files(tmp_path / "archive") == []
    (tmp_path / "archive" / PLACE / ".half-killed").mkdir()
    archive(folder, tmp_path, NAME, stamp(1))
    assert [p.name for p in (tmp_path / "archive" / PLACE).iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("wrong", ["", "yesterday", "../x"])
def test_a_stamp_that_is_no_time_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ParameterError, match="ISO time"):
        archive(write_report(tmp_path), tmp_path, NAME, wrong)


def test_only_a_report_below_the_folder_can_be_kept(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="Run: crm render"):
        archive(tmp_path / PLACE, tmp_path, NAME, stamp(1))
    with pytest.raises(ParameterError, match="must stand below"):
        archive(write_report(tmp_path / "a"), tmp_path / "b", NAME, stamp(1))


@pytest.mark.parametrize(
    ("keep", "keep_days", "left"),
    [
        (2, None, [0, 1]),  # the newest two
        (None, 3, [0, 1, 2, 3]),  # the last three days, the third included
        (2, 3, [0, 1, 2, 3]),  # either promise keeps
        (3, 1, [0, 1, 2]),
        (0, 0, [0]),  # never the newest
        (None, None, [0, 1, 2, 3, 10, 40]),  # nothing promised, nothing deleted
        (99, None, [0, 1, 2, 3, 10, 40]),
    ],
)
def test_a_report_stays_when_either_rule_keeps_it(
    tmp_path: Path, keep: int | None, keep_days: int | None, left: list[int]
) -> None:
    folder = write_report(tmp_path)
    days = [0, 1, 2, 3, 10, 40]
    for day in days:
        archive(folder, tmp_path, NAME, stamp(day))
    gone = prune(tmp_path, NAME, keep=keep, keep_days=keep_days, now=NOW)
    assert [one.stamp for one in list_archived(tmp_path, PLACE)] == [stamp(day) for day in left]
    assert len(gone) == len(days) - len(left)
    assert not any(path.exists() for path in gone)
    assert (folder / "report.html").is_file()
    assert prune(tmp_path, NAME, keep=keep, keep_days=keep_days, now=NOW) == []


@given(
    days=st.lists(st.integers(0, 60), max_size=8, unique=True),
    keep=st.none() | st.integers(0, 9),
    keep_days=st.none() | st.integers(0, 70),
)
def test_what_a_rule_promises_is_there(
    tmp_path_factory: pytest.TempPathFactory, days: list[int], keep: int | None, keep_days: int | None
) -> None:
    out = tmp_path_factory.mktemp("reports")
    folder = write_report(out)
    for day in days:
        archive(folder, out, NAME, stamp(day))
    prune(out, NAME, keep=keep, keep_days=keep_days, now=NOW)
    left = {one.stamp for one in list_archived(out, PLACE)}
    assert {stamp(day) for day in sorted(days)[: keep or 0]} <= left
    assert {stamp(day) for day in days if keep_days is not None and day <= keep_days} <= left
    if keep is None and keep_days is None:
        assert len(left) == len(days)
    shutil.rmtree(out)


def test_what_archive_did_not_make_is_never_deleted(tmp_path: Path) -> None:
    folder = write_report(tmp_path)
    old, mixed = (archive(folder, tmp_path, NAME, stamp(day)) for day in (50, 40))
    archive(folder, tmp_path, NAME, stamp(0))
    (mixed / "notes.txt").write_text("mine", encoding="utf-8")
    (mixed / "tables" / "mine.csv").write_text("mine", encoding="utf-8")
    foreign = tmp_path / "archive" / PLACE / "2020-01-01T000000"
    shutil.copytree(old, foreign)
    (foreign / archiving.MARK).unlink()
    other = tmp_path / "archive" / PLACE / "2020-02-02T000000"
    shutil.copytree(old, other)
    mark = json.loads((other / archiving.MARK).read_text(encoding="utf-8")) | {"name": "another__report"}
    (other / archiving.MARK).write_text(json.dumps(mark), encoding="utf-8")
    gone = prune(tmp_path, NAME, keep=1, keep_days=None, now=NOW)
    assert gone == [mixed, old]
    assert not old.exists()
    assert list_files(mixed) == ["notes.txt", "tables/mine.csv"]
    assert "report.html" in list_files(foreign)
    assert "report.html" in list_files(other)


def test_a_mark_that_names_files_elsewhere_deletes_none(tmp_path: Path) -> None:
    folder = write_report(tmp_path)
    old = archive(folder, tmp_path, NAME, stamp(9))
    archive(folder, tmp_path, NAME, stamp(0))
    mark = {
        "name": NAME,
        "stamp": stamp(9),
        "files": ["../../../../secret.txt", str(tmp_path / "secret.txt")],
    }
    (old / archiving.MARK).write_text(json.dumps(mark), encoding="utf-8")
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    prune(tmp_path, NAME, keep=1, keep_days=None, now=NOW)
    assert (tmp_path / "secret.txt").is_file()


def test_the_reports_of_a_key_are_its_own(tmp_path: Path) -> None:
    for key in ("C1", "C__2"):
        folder = write_report(tmp_path, f"{PLACE}/{key}")
        for day in (1, 2):
            archive(folder, tmp_path, f"{NAME}__{key}", stamp(day))
    prune(tmp_path, f"{NAME}__C__2", keep=1, keep_days=None, now=NOW)
    assert len(list_archived(tmp_path, f"{PLACE}/C1")) == 2
    assert len(list_archived(tmp_path, f"{PLACE}/C__2")) == 1
    assert list_archived(tmp_path, PLACE) == []


@pytest.mark.parametrize("rules", [{"keep": -1, "keep_days": None}, {"keep": None, "keep_days": -0.5}])
def test_a_negative_promise_is_refused(tmp_path: Path, rules: dict[str, float | None]) -> None:
    with pytest.raises(ParameterError, match="must be >= 0"):
        prune(tmp_path, NAME, now=NOW, **rules)
