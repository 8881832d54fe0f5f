"""Fetch into wheelhouse/ every wheel that a classroom without a network needs.

    python tools/make_wheelhouse.py tour,lab,teach

Take the project folder with wheelhouse/ inside to the other machine (same
system, same Python); every make target there installs from it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from make_pandas2 import PANDAS, read_pin

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "wheelhouse"


def main(extras: str) -> None:
    """Build or fetch the wheels, and those that installing the project itself needs."""
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(TARGET)]
    print(f"fetching the wheels of [{extras}] ...", flush=True)
    subprocess.run([*wheel, "-c", "constraints.txt", f".[{extras}]"], cwd=ROOT, check=True)
    subprocess.run(
        [*wheel, "--no-deps", "setuptools>=77", "wheel", PANDAS, read_pin("pytz")], cwd=ROOT, check=True
    )
    for own in TARGET.glob("crm_lib-*.whl"):
        own.unlink()
    wheels = list(TARGET.glob("*.whl"))
    size = sum(path.stat().st_size for path in wheels) / 1e6
    print(f"wheelhouse/: {len(wheels)} wheels, {size:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tour,lab,link,teach,store,test")
