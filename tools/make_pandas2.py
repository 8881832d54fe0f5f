"""Make .venv-pandas2: the packages of this environment, but pandas 2 in place of pandas 3.

Only pandas is installed; everything else is seen through to the environment
that runs this script, so the second environment costs seconds.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / ".venv-pandas2"
PANDAS = "pandas==2.3.3"


def read_pin(name: str) -> str:
    """Return the line of constraints.txt that pins `name`."""
    found = re.search(rf"^{name}==\S+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.M)
    if found is None:
        sys.exit(f"make_pandas2: constraints.txt has no {name}; run make constraints")
    return found[0]


def main() -> None:
    """Build the environment anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(TARGET)], check=True)
    python = TARGET / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    wheelhouse = ROOT / "wheelhouse"
    if any(wheelhouse.glob("*.whl")):
        command += ["--no-index", "--find-links", str(wheelhouse)]
    print(f"installing {PANDAS} into {TARGET.name} ...", flush=True)
    subprocess.run([*command, PANDAS, read_pin("pytz")], check=True)
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(
        subprocess.run(ask, check=True, capture_output=True, text=True, encoding="utf-8").stdout.strip()
    )
    below = sysconfig.get_path("purelib")
    (own / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n", encoding="utf-8")
    # Kernels and HTML templates of Jupyter are looked up beside the environment, not in its packages.
    share = Path(sys.prefix) / "share"
    if share.is_dir() and not (TARGET / "share").exists():
        (TARGET / "share").symlink_to(share, target_is_directory=True)


if __name__ == "__main__":
    main()
