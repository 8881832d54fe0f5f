"""Ask pip whether the pinned versions can be installed on another line of Python.

`python tools/try_resolve.py 3.12` exits with 0 (they can), 1 (they cannot) or
3 (the package index cannot be reached).  Nothing is installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# They come as source only, which pip cannot judge for another Python.
SOURCE_ONLY = ("pyspark", "snownlp")
NO_NETWORK = (
    "Failed to establish",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "timed out",
)


def list_requirements() -> list[str]:
    """Return every requirement of the core and of all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for e in project["optional-dependencies"].values() for x in e)]
    return sorted({line for line in lines if not line.startswith(("crm-lib", *SOURCE_ONLY))})


def main(version: str) -> int:
    """Run pip's resolver for `version` and tell what it found."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--python-version", version]
        command += ["--target", folder, "-c", str(ROOT / "constraints.txt"), *list_requirements()]
        asked = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if asked.returncode == 0:
        print(f"resolves on {version}")
        return 0
    if any(word in asked.stderr for word in NO_NETWORK):
        print("the package index cannot be reached", file=sys.stderr)
        return 3
    print(asked.stderr, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
