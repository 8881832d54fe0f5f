"""Write constraints.txt: the versions of this environment, as the tests run with them.

Run it in an environment that holds every extra (`make constraints`), after the
tests have passed there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The versions the tests run with, for Python 3.11, 3.12 and 3.13: every extra and all they need.
# Used as: pip install -c constraints.txt -e ".[tour]"     Rewritten by: make constraints
"""
# The second test environment runs pandas 2, which needs one package more than pandas 3.
EXTRA_PINS = ["pytz==2026.6"]
LEFT_OUT = {"crm-lib", "pip", "setuptools", "wheel"}


def list_pins(frozen: str) -> list[str]:
    """Return the sorted ``name==version`` lines of a `pip freeze`; refuse anything without a version."""
    pins: dict[str, str] = {}
    for line in [*frozen.splitlines(), *EXTRA_PINS]:
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"([A-Za-z0-9][\w.-]*)==([\w.!+-]+)", line.strip())
        if found is None:
            sys.exit(f"make_constraints: {line!r} has no plain version; install it from the package index")
        name = re.sub(r"[-_.]+", "-", found[1]).lower()
        if name not in LEFT_OUT:
            pins[name] = f"{name}=={found[2]}"
    return [pins[name] for name in sorted(pins)]


def main() -> None:
    """Freeze this environment into constraints.txt."""
    command = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    frozen = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    pins = list_pins(frozen)
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(pins) + "\n", encoding="utf-8", newline="\n")
    print(f"constraints.txt: {len(pins)} packages")


if __name__ == "__main__":
    main()
