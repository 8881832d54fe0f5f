"""A small suite with one graded notebook, for the tests of the stations; and ways to run them as another user."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crm_lib._needs import find_need

NOTEBOOK = "0_demo/1_small"
NUMBERS = (3, 1, 4, 1, 5)
OFFICIAL = """
from crm_lib.lesson import check
import pandas as pd
from pathlib import Path
"""
# The answers are too odd to be met by chance.
LOAD = 'rows = pd.DataFrame({"amount": [1000003 * n + scale for n in (3, 1, 4, 1, 5)]})'
TRUTH = {"demo-1": "rows['amount'].sum()", "demo-2": "rows['amount'].mean()"}
HONEST = {
    "demo-1": ["total = rows['amount'].sum()", "answer_1 = total"],
    "demo-2": ["answer_2 = total / len(rows)"],
}


def true_answers(scale: int = 7) -> dict[str, float]:
    """The right answers, worked here: 3 + 1 + 4 + 1 + 5 = 14."""
    total = 14 * 1000003 + 5 * scale
    return {"demo-1": total, "demo-2": total / 5}


def _cell(source: str, tag: str = "", grade_id: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": [tag]} if tag else {}
    if grade_id:
        metadata["nbgrader"] = {"grade_id": grade_id}
    return {"cell_type": "code", "source": source.strip().splitlines(keepends=True), "metadata": metadata}


def lay_out_suite(folder: Path, *official: str) -> Path:
    """Write a suite with the small notebook below `folder`; its checks table would be a leak."""
    book = folder / "notebooks" / f"{NOTEBOOK}.ipynb"
    book.parent.mkdir(parents=True)
    cells = [
        _cell(OFFICIAL),
        _cell("scale: int = 7  # [0, 99]\nfile: str = ''  # <path>", "parameters"),
        _cell(LOAD),
        *(_cell(source) for source in official),
        _cell("answer_1 = None", "solution", "demo-1-answer"),
        _cell('check("demo-1", answer_1)', "grade", "demo-1"),
        _cell("later = len(rows)"),
        _cell("answer_2 = None", "solution", "demo-2-answer"),
        _cell('check("demo-2", answer_2)', "grade", "demo-2"),
        _cell("raise SystemError('cells after the last answer are not run')"),
    ]
    book.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    source = folder / "notebooks" / "src" / "0_demo" / "1_small.checks.py"
    source.parent.mkdir(parents=True)
    source.write_text("SECRET = 'the hidden truth'\n", encoding="utf-8")
    (folder / "data").mkdir()
    (folder / "data" / "sample.csv").write_text("a\n1\n", encoding="utf-8")
    return folder


@contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder that every user of the machine may pass through (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="crm-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """Return `command` as an ordinary user runs it; Python may lie where only root may pass."""
    if os.getuid() != 0:
        return list(command)
    bwrap, setpriv = find_need("bubblewrap"), shutil.which("setpriv")
    assert bwrap
    assert setpriv
    shown: list[str] = []
    folders = (sys.base_prefix, sys.prefix, str(Path(__file__).parents[2]))
    for closed in dict.fromkeys(c for f in folders if (c := _find_closed(Path(f)))):
        shown += ["--perms", "0755", "--tmpfs", closed]
        for folder in folders:
            if Path(folder).is_relative_to(closed):
                above = [str(p) for p in reversed(Path(folder).parents) if p.is_relative_to(closed)]
                shown += [word for place in above for word in ("--perms", "0755", "--dir", place)]
                shown += ["--ro-bind", folder, folder]
    rights = [word for right in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{right}")]
    user = [
        "--reuid",
        "65533",
        "--regid",
        "65533",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
    # die-with-parent: a test that is broken off leaves nothing behind
    return [bwrap, "--dev-bind", "/", "/", *shown, "--die-with-parent", *rights, setpriv, *user, *command]


def _find_closed(folder: Path) -> str:
    """Return the topmost folder above `folder` that others may not pass through, or an empty text."""
    for above in reversed(folder.parents):
        if not above.stat().st_mode & stat.S_IXOTH:
            return str(above)
    return ""
