"""The copy that guards are taken away from is as fresh after each of them."""

from __future__ import annotations

from pathlib import Path

from conftest import ROOT
from guard_runs import ProjectCopy


def test_what_is_changed_gone_or_new_is_mended(tmp_path: Path) -> None:
    copy = ProjectCopy(tmp_path / "project")
    changed, gone, new = (copy.root / name for name in ("README.md", "crm_lib/cli.py", "new/inside.txt"))
    changed.write_text("spoilt", encoding="utf-8")
    gone.unlink()
    new.parent.mkdir()
    new.write_text("x", encoding="utf-8")
    cached = copy.root / "crm_lib" / "__pycache__"
    cached.mkdir()
    copy.mend()
    assert changed.read_bytes() == (ROOT / "README.md").read_bytes()
    assert gone.read_bytes() == (ROOT / "crm_lib/cli.py").read_bytes()
    assert not new.parent.exists()
    assert cached.exists()
