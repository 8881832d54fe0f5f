"""Copy the student notebooks to work/, where they may be changed; what lies there already is kept."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_notebooks(source: Path, target: Path) -> tuple[int, list[str]]:
    """Copy every notebook of `source` that `target` lacks; return how many, and those kept as changed."""
    n_copied, changed = 0, []
    for notebook in sorted(source.rglob("*.ipynb")):
        name = notebook.relative_to(source)
        if name.parts[0] == "src" or ".ipynb_checkpoints" in name.parts:
            continue
        copy = target / name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notebook, copy)
            n_copied += 1
        elif copy.read_bytes() != notebook.read_bytes():
            changed.append(name.as_posix())
    return n_copied, changed


def main() -> int:
    """Copy, and say what was done."""
    n_copied, changed = copy_notebooks(ROOT / "notebooks", ROOT / "work")
    print(f"work/: {n_copied} notebooks copied, {len(changed)} kept as they are")
    for name in changed:
        print(f"  kept work/{name} (delete it to get a fresh one)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
