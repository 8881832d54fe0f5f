"""The outside programs that parts of the project use, each with the line that installs it.

One list for `crm doctor` (prints it), the tests (skip by it, and name what was
skipped) and the commands that call such a program.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """One outside program: how to find it, what for, and its Debian package (or the extra that brings it)."""

    name: str
    purpose: str
    debian: str
    find: Callable[[], str | None]
    extra: str = ""

    @property
    def install(self) -> str:
        """Return the line that installs the program on this kind of machine."""
        if self.extra:
            return f"pip install -c constraints.txt -e '.[{self.extra}]'"
        if sys.platform.startswith("linux"):
            return f"apt-get install {self.debian}"
        return f"install {self.name} and put it on the PATH"


def _find_program(*names: str) -> Callable[[], str | None]:
    return lambda: next((path for path in map(shutil.which, names) if path), None)


def _find_package(name: str) -> Callable[[], str | None]:
    def find() -> str | None:
        spec = importlib.util.find_spec(name)
        return spec.origin if spec else None

    return find


def _find_postgresql() -> str | None:
    places = [Path("/usr/lib/postgresql"), Path("/usr/local/pgsql"), Path("/opt/homebrew/opt")]
    on_path = shutil.which("postgres")
    servers = sorted(str(p) for place in places for p in place.glob("*/bin/postgres"))
    return on_path or (servers[-1] if servers else None)


NEEDS: dict[str, Need] = {
    need.name: need
    for need in (
        Need(
            "chromium",
            "reports as PDF and the browser tests",
            "chromium",
            _find_program("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
        ),
        Need("bubblewrap", "running students' code locked away", "bubblewrap", _find_program("bwrap")),
        Need("poppler", "tests that read a PDF report", "poppler-utils", _find_program("pdftotext")),
        Need("java", "transactions on Spark", "default-jre-headless", _find_program("java")),
        Need("pyspark", "transactions on Spark", "", _find_package("pyspark"), extra="spark"),
        Need("postgresql", "the customer database on PostgreSQL", "postgresql", _find_postgresql),
    )
}


def find_need(name: str) -> str | None:
    """Return where the outside program `name` is, or None when it is missing.

    Parameters
    ----------
    name : str
        A key of `NEEDS`, e.g. ``"chromium"``.

    Returns
    -------
    str or None
        The path of the program.
    """
    return NEEDS[name].find()
