"""Add up several pytest runs (their JUnit files) and close with one line in pytest's own form.

    python tools/sum_tests.py build/tests

Exits with 1 when a test failed, a run left no file, or no test ran at all.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

EXPECTED = ("quick", "reference", "pandas2", "slow")


def read_counts(path: Path) -> dict[str, float]:
    """Return passed, failed, error, skipped and seconds of one run."""
    suite = ET.parse(path).getroot().find("testsuite")
    if suite is None:
        raise ValueError(f"{path} holds no test suite")
    n = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    return {
        "failed": n["failures"],
        "passed": n["tests"] - n["failures"] - n["errors"] - n["skipped"],
        "skipped": n["skipped"],
        "error": n["errors"],
        "seconds": float(suite.get("time", 0)),
    }


def close_line(counts: dict[str, float]) -> str:
    """Return ``==== 2 failed, 90 passed in 12.30s ====``."""
    words = [f"{counts[key]:.0f} {key}" for key in ("failed", "passed", "skipped", "error") if counts[key]]
    text = f" {', '.join(words) or 'no tests ran'} in {counts['seconds']:.2f}s "
    return text.center(80, "=")


def main(folder: Path) -> int:
    """Print a line per run, then the sum."""
    total = {"failed": 0.0, "passed": 0.0, "skipped": 0.0, "error": 0.0, "seconds": 0.0}
    whole = True
    for name in EXPECTED:
        path = folder / f"{name}.xml"
        try:
            counts = read_counts(path)
        except (OSError, ET.ParseError, ValueError) as fault:
            print(f"{name:>10}: did not finish ({fault.__class__.__name__})")
            whole = False
            continue
        print(f"{name:>10}: {close_line(counts).strip('= ')}")
        total = {key: total[key] + counts[key] for key in total}
    print(close_line(total), flush=True)
    return 0 if whole and total["passed"] and not total["failed"] + total["error"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
