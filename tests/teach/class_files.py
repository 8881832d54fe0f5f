"""Rosters and courses for the tests of `crm assign`; a copy of the library as a student has it."""

import os
import shutil
import subprocess
from pathlib import Path

import crm_lib
from crm_lib.publish.build import build_notebook

ROSTER = "学号,姓名,班级\n2024001,张伟,一班\n2024002,李娜,一班\n"
KEY = "0123456789-course-key"


def write_roster(folder, text=ROSTER):
    """Write the roster and return its path."""
    path = folder / "名单.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def install_library(folder):
    """Copy the library alone: no notebooks, no data, no checks tables beside it."""
    shutil.copytree(
        Path(crm_lib.__file__).parent, folder / "crm_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder


def run_at_home(python, home, folder, code):
    """Run `code` in `folder` with the student's copy of the library; return what it prints."""
    drop = ("CRM_HOME", "CRM_OUTPUT_DIR", "PYTHONPATH")
    env = {k: v for k, v in os.environ.items() if k not in drop} | {"PYTHONUTF8": "1", "MPLBACKEND": "Agg"}
    first = f"import sys; sys.path.insert(0, {str(home)!r}); sys.meta_path = "
    first += "[f for f in sys.meta_path if 'editable' not in str(f).lower()]\n"
    done = subprocess.run(
        [python, "-c", first + code],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def read_solutions(notebook_id):
    """Return the code of each solution by grade_id."""
    found = {}
    for cell in build_notebook(notebook_id, edition="teacher").cells:
        if "solution" in cell.metadata.get("tags", ()):
            code = [line for line in cell.source.splitlines() if "### " not in line]
            found[cell.metadata["nbgrader"]["grade_id"].removesuffix("-answer")] = "\n".join(code)
    return found
