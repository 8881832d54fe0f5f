"""Install extras of the project into the running environment, in the tested versions.

    python tools/install.py tour            (what a report needs)
    python tools/install.py test lab

Shows a short progress and, if pip fails, what pip said.  When a folder
wheelhouse/ with wheels lies in the project, nothing is fetched from anywhere.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELHOUSE = ROOT / "wheelhouse"


def make_command(extras: list[str]) -> list[str]:
    """Return the pip command that installs `extras`."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    if any(WHEELHOUSE.glob("*.whl")):
        command += ["--no-index", "--find-links", str(WHEELHOUSE)]
    return [*command, "-c", "constraints.txt", "-e", f".[{','.join(extras)}]"]


def run_pip(command: list[str]) -> tuple[int, str]:
    """Run pip, count the packages on the terminal, return its exit code and all it said."""
    said: list[str] = []
    n_packages = 0
    pip = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert pip.stdout is not None
    for line in pip.stdout:
        said.append(line)
        if line.startswith("Collecting "):
            n_packages += 1
            show_progress(f"  {n_packages:3d} packages found, now {line.split()[1]}")
        elif line.startswith("Installing collected"):
            show_progress(f"  {n_packages:3d} packages fetched, now installing", last=True)
    return pip.wait(), "".join(said)


def show_progress(text: str, *, last: bool = False) -> None:
    """Rewrite one line on a terminal; in a log say only the `last` word."""
    if sys.stdout.isatty():
        print(f"\r{text[:78]:<78}", end="\n" if last else "", flush=True)
    elif last:
        print(text, flush=True)


def main(extras: list[str]) -> int:
    """Install `extras`; return 0, or 1 with pip's own words."""
    if not extras:
        print(__doc__)
        return 2
    if importlib.util.find_spec("pip") is None:
        subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, capture_output=True)
    source = "wheelhouse/" if any(WHEELHOUSE.glob("*.whl")) else "the package index"
    print(f"installing [{','.join(extras)}] from {source} ...", flush=True)
    start = time.perf_counter()
    code, said = run_pip(make_command(extras))
    if code:
        print(said, file=sys.stderr)
        print(f"pip could not install [{','.join(extras)}]; its words stand above.", file=sys.stderr)
        return 1
    print(f"installed [{','.join(extras)}] in {time.perf_counter() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
