"""Write crm_lib/lesson/task_sheets.toml, from which the pages of the projects tell what each lesson asks."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "crm_lib" / "lesson" / "task_sheets.toml"


def make_text(root: Path = ROOT) -> str:
    """Return the text of the file: the sheets of all lessons of the projects that have a page of their own."""
    from crm_lib.lesson.project import read_sheet, write_sheets

    pages = sorted((root / "notebooks" / "src").glob("[1-9]*_*/0_*.py"))
    files = [p for page in pages for p in _list_lessons(root / "notebooks" / page.parent.name)]
    return write_sheets([read_sheet(p, f"{p.parent.name}/{p.stem}") for p in files])


def _list_lessons(folder: Path) -> list[Path]:
    lessons = [p for p in folder.glob("[0-9]*_*.ipynb") if not p.name.startswith("0_")]
    return sorted(lessons, key=lambda p: int(p.name.split("_")[0]))


def main() -> int:
    """Write the file; with --check only say whether it is up to date."""
    text = make_text()
    fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
    if "--check" in sys.argv[1:]:
        print(
            "task sheets are up to date"
            if fresh
            else "task sheets are stale: python tools/make_task_sheets.py"
        )
        return 0 if fresh else 1
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"{TARGET.relative_to(ROOT)}: {text.count('[[sheet]]')} sheets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
