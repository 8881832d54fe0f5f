"""Keep earlier reports whole, and take away those that no promise keeps any longer."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crm_lib.errors import ParameterError, RenderError

MARK = "archived.json"
_HALF = ".half-"
# What belongs to a report; a folder of any other name is the report of a key.
_FOLDERS = ("tables", "pages")


@dataclass(frozen=True)
class Archived:
    """One earlier report: its folder, and when it was made."""

    folder: Path
    stamp: str
    made: dt.datetime


def archive(job_folder: Path, out: Path, name: str, stamp: str) -> Path:
    """Copy the report in `job_folder` to ``out/archive/<place>/<stamp>/``, whole or not at all.

    Parameters
    ----------
    job_folder
        The folder of the report, below `out`.
    out
        The folder of the reports.
    name
        The report, as `Job.name` says it.
    stamp
        When it was made (an ISO time, as in its entry).

    Returns
    -------
    Path
        The folder of the copy.  A report archived twice is copied once.

    Raises
    ------
    ParameterError
        When `stamp` is no time or `job_folder` does not stand below `out`.
    RenderError
        When there is no report, or the copy cannot be written.

    Notes
    -----
    Copies, not hard links: whoever saves a table or a notebook of the report
    in place would change a linked copy with it.
    """
    folder, out = Path(job_folder), Path(out)
    _parse_stamp(stamp)
    place = _find_place(folder, out)
    target = out / "archive" / place / _name_folder(stamp)
    if _read_mark(target) is not None:
        return target
    if not (folder / "report.html").is_file():
        raise RenderError(
            f"archive: there must be a report to keep; {place}/report.html is not there. Run: crm render"
        )
    try:
        return _copy_whole(folder, target, {"name": name, "stamp": stamp})
    except OSError as fault:
        raise RenderError(
            f"archive: the report {place} must be copied to {str(target)!r}; {fault.strerror or fault}. "
            "Make room and rights for this folder."
        ) from None


def _find_place(folder: Path, out: Path) -> str:
    try:
        return folder.resolve().relative_to(out.resolve()).as_posix()
    except ValueError:
        raise ParameterError(
            f"archive: the report must stand below {str(out)!r}; got {str(folder)!r}."
        ) from None


def _parse_stamp(stamp: str) -> dt.datetime:
    try:
        time = dt.datetime.fromisoformat(stamp)
    except (ValueError, TypeError):
        raise ParameterError(
            f"archive: stamp must be an ISO time such as '2026-11-03T09:05:00+08:00'; got {stamp!r}."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def _name_folder(stamp: str) -> str:
    """Return `stamp` as a file name for every system: 2026-11-03T090500+0800."""
    return re.sub(r"[^0-9A-Za-z.+-]", "", stamp.replace(" ", "T"))


def _copy_whole(folder: Path, target: Path, mark: dict[str, str]) -> Path:
    """Copy under a name that says it is half done, then rename; clear up what a killed run left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{_HALF}*"):
        shutil.rmtree(left, ignore_errors=True)
    half = Path(tempfile.mkdtemp(dir=target.parent, prefix=_HALF))
    try:
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith("failed."):
                shutil.copy2(path, half / path.name)
            elif path.name in _FOLDERS and path.is_dir() and not (path / "report.html").exists():
                shutil.copytree(path, half / path.name)
        files = sorted(p.relative_to(half).as_posix() for p in half.rglob("*") if p.is_file())
        text = json.dumps({**mark, "files": files}, ensure_ascii=False, indent=1) + "\n"
        (half / MARK).write_text(text, encoding="utf-8", newline="\n")
        half.chmod(0o755)
        half.replace(target)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return target


def _read_mark(folder: Path) -> dict | None:
    """Return what `archive` noted in a folder it made, or None when it did not make it."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
        _parse_stamp(mark["stamp"])
        fits = isinstance(mark["name"], str) and all(isinstance(f, str) for f in mark["files"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return mark if fits else None


def list_archived(out: Path, place: str) -> list[Archived]:
    """Return the archived reports of a place ("2_x/1_y" or "2_x/1_y/key"), newest first.

    Parameters
    ----------
    out
        The folder of the reports.
    place
        The folder of the report below `out`.

    Returns
    -------
    list of Archived
        Only folders that `archive` made for this very report.
    """
    root = Path(out) / "archive" / place
    name = place.replace("/", "__")
    try:
        folders = sorted(path for path in root.iterdir() if not path.name.startswith("."))
    except OSError:
        return []
    marks = [(folder, _read_mark(folder)) for folder in folders]
    found = [
        Archived(folder, mark["stamp"], _parse_stamp(mark["stamp"]))
        for folder, mark in marks
        if mark and mark["name"] == name
    ]
    return sorted(found, key=lambda one: (one.made, one.folder.name), reverse=True)


def prune(out: Path, name: str, *, keep: int | None, keep_days: float | None, now: dt.datetime) -> list[Path]:
    """Delete the archived reports that neither rule keeps.

    Parameters
    ----------
    out
        The folder of the reports.
    name
        The report, as `Job.name` says it.
    keep
        So many of the newest are kept; None promises no number.
    keep_days
        Those of the last so many days are kept; None promises no days.
    now
        The time from which days count back.

    Returns
    -------
    list of Path
        The folders deleted, newest first.

    Raises
    ------
    ParameterError
        When a rule is negative.

    Notes
    -----
    A report is kept when **either** rule keeps it: "the last 10" must not
    lose the reports of this week, nor "30 days" the only ones there are.
    Without any rule nothing is deleted.  The newest archived report and the
    report in place are never deleted, nor is a folder or a file that
    `archive` did not make.
    """
    for rule, value in (("keep", keep), ("keep_days", keep_days)):
        if value is not None and value < 0:
            raise ParameterError(f"prune: {rule} must be >= 0; got {value}. Leave it out to promise nothing.")
    if keep is None and keep_days is None:
        return []
    now = now if now.tzinfo else now.replace(tzinfo=dt.UTC)
    oldest = None if keep_days is None else now - dt.timedelta(days=keep_days)
    reports = list_archived(out, "/".join(name.split("__", 2)))  # a key may hold "__" itself
    gone = [
        report.folder
        for n, report in enumerate(reports)
        if n >= max(keep or 0, 1) and (oldest is None or report.made < oldest)
    ]
    for folder in gone:
        _delete_made(folder)
    return gone


def _delete_made(folder: Path) -> None:
    """Delete what `archive` put into a folder, its mark last, and the folder if nothing else is in it."""
    mark = _read_mark(folder) or {"files": []}
    ours = [folder / name for name in mark["files"] if ".." not in Path(name).parts]
    ours = [path for path in ours if folder in path.parents]
    for path in [*ours, folder / MARK]:
        path.unlink(missing_ok=True)
    folders = {parent for path in ours for parent in path.parents if folder in parent.parents}
    for path in [*sorted(folders, key=lambda p: len(p.parts), reverse=True), folder]:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
