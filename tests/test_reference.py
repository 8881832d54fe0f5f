"""The stored outputs of the reference notebooks are really compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import make_reference
import pytest


def list_references(root: Path) -> list[Path]:
    return sorted((root / "tests" / "reference").glob("*/*.ipynb"))


def read_checked(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [c for c in cells if make_reference.CHECKED in c["metadata"].get("tags", ())]


def test_every_notebook_has_a_reference_with_at_least_three_outputs(project_root: Path) -> None:
    notebooks = sorted((project_root / "notebooks").glob("[0-9]*/*.ipynb"))
    references = list_references(project_root)
    names = [f"{p.parent.name}/{p.name}" for p in notebooks]
    assert names == [f"{p.parent.name}/{p.name}" for p in references]
    stored = {p.name: sum(bool(c["outputs"]) for c in read_checked(p)) for p in references}
    assert stored
    assert {name: n for name, n in stored.items() if n < make_reference.FEWEST} == {}


def test_only_checked_cells_keep_an_output(project_root: Path) -> None:
    for path in list_references(project_root):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [c for c in cells if c["cell_type"] == "code"]
        kept = [c for c in code if c["outputs"]]
        assert all(make_reference.CHECKED in c["metadata"]["tags"] for c in kept)
        assert [c["execution_count"] is None for c in code] == [not c["outputs"] for c in code]
        images = [kind for c in kept for o in c["outputs"] for kind in o.get("data", ()) if "image" in kind]
        assert images == []


def alter_number(path: Path) -> str:
    """Change the last digit of the first number stored in `path`; return what was changed."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            for kind, text in output.get("data", {"text": output.get("text", "")}).items():
                whole = "".join(text)
                found = re.search(r"(?<=>)[^<>]*?\d(?=[^<>]*<)" if kind == "text/html" else r"\d", whole)
                if not found:
                    continue
                digit = str((int(found[0][-1]) + 1) % 10)
                changed = whole[: found.end() - 1] + digit + whole[found.end() :]
                output.get("data", output)[kind] = changed
                path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
                return f"{found[0]} -> {digit}"
    pytest.fail(f"{path} stores no number at all")


def test_an_altered_number_is_seen(project_root: Path, tmp_path: Path) -> None:
    first = list_references(project_root)[0]
    copy = tmp_path / first.name
    copy.write_bytes(first.read_bytes())
    changed = alter_number(copy)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    asked = subprocess.run(
        [*command, "-c", str(project_root / "pyproject.toml"), "--rootdir", str(tmp_path), str(copy)],
        cwd=project_root,
        env={**os.environ, "CRM_HOME": str(project_root), "CRM_OUTPUT_DIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert asked.returncode == 1, f"{changed}: {asked.stdout[-3000:]}"
    assert re.search(r"^=+ 1 failed, \d+ passed", asked.stdout, flags=re.MULTILINE), asked.stdout[-3000:]


def make_notebook(outputs: list[dict], *tags: str) -> dict:
    import nbformat

    cell = nbformat.v4.new_code_cell("1", outputs=outputs, execution_count=7, metadata={"tags": list(tags)})
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_reference_keeps_text_of_checked_cells_only() -> None:
    from nbformat.v4 import output_from_msg

    def show(**data: str) -> dict:
        kinds = {key.replace("_", "/"): value for key, value in data.items()}
        content = {"data": kinds, "metadata": {}}
        return output_from_msg({"header": {"msg_type": "display_data"}, "content": content})

    checked = make_notebook(
        [show(text_html="<b>3</b>", image_png="x"), show(image_png="x")], "nbval-check-output"
    )
    assert make_reference.keep_checked(checked) == 1
    assert [o["data"] for o in checked.cells[0].outputs] == [{"text/html": "<b>3</b>"}]
    assert checked.cells[0].execution_count == 1
    plain = make_notebook([show(text_html="<b>3</b>")], "finding")
    assert make_reference.keep_checked(plain) == 0
    assert plain.cells[0].outputs == []


def test_a_checked_cell_that_draws_is_named() -> None:
    from nbformat.v4 import new_output

    picture = new_output("display_data", data={"image/svg+xml": "<svg/>", "text/plain": "x"})
    words = new_output("display_data", data={"text/plain": "x"})
    assert make_reference.find_drawn(make_notebook([words, picture], "nbval-check-output")) == [1]
    assert make_reference.find_drawn(make_notebook([words], "nbval-check-output")) == []
    assert make_reference.find_drawn(make_notebook([picture], "finding")) == []
