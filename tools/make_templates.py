"""Write data/templates: the template of a student's own shopping, empty and filled in by two invented persons."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PERSONS = {
    "my_shopping": (
        1,
        ("missing", "unreadable", "not_listed", "over_total", "outside_period", "no_purchase"),
    ),
    "classmate_shopping": (4, ("missing", "duplicate", "worn_unused")),
}


def write_templates(folder: Path) -> list[Path]:
    """Write the three workbooks into `folder`; the same bytes every time."""
    from crm_lib.identify import write_shopping_template
    from crm_lib.sample.shopping import make_shopping

    written = [write_shopping_template(folder / "my_shopping_template.xlsx")]
    for name, (seed, faults) in PERSONS.items():
        about, tables, _ = make_shopping(seed, faults=faults)
        written.append(write_shopping_template(folder / f"{name}.xlsx", about=about, tables=tables))
    return written


def main() -> int:
    """Rewrite data/templates."""
    for path in write_templates(ROOT / "data" / "templates"):
        print(path.relative_to(ROOT).as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
