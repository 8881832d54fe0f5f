"""Where the project's folders are: notebooks/, data/, reports/."""

from __future__ import annotations

import os
from pathlib import Path

from crm_lib.errors import ReadError


def is_project(folder: Path) -> bool:
    """Tell whether `folder` is the top of a checkout of the suite."""
    return (folder / "notebooks").is_dir() and (folder / "data").is_dir()


def project_root() -> Path:
    """Return the top folder of the suite.

    It is looked for in this order: the environment variable ``CRM_HOME``, the
    folder that holds the package, the current folder and those above it.
    """
    home = os.environ.get("CRM_HOME")
    here = Path.cwd()
    folders = [Path(home)] if home else [Path(__file__).resolve().parents[1], here, *here.parents]
    for folder in folders:
        if is_project(folder):
            return folder
    raise ReadError(
        "crm_lib: needs the suite's folders notebooks/ and data/; "
        f"none of {', '.join(map(str, folders[:3]))} has them. "
        "Set CRM_HOME to the folder of the checkout, or change into it."
    )


def list_notebooks() -> list[str]:
    """Return the ids (``project/number_name``) of all built notebooks, in book order."""
    folder = project_root() / "notebooks"
    ids = [
        f"{path.parent.name}/{path.stem}"
        for path in folder.glob("[0-9]*_*/[0-9]*_*.ipynb")
        if path.parent.parent == folder
    ]
    return sorted(ids, key=_book_order)


def _book_order(notebook_id: str) -> tuple[int, int, str]:
    project, name = notebook_id.split("/")
    return int(project.split("_")[0]), int(name.split("_")[0]), notebook_id


def notebook_file(notebook_id: str) -> Path:
    """Return the path of the built (student) notebook called `notebook_id`."""
    return project_root() / "notebooks" / f"{notebook_id}.ipynb"


def source_file(notebook_id: str) -> Path:
    """Return the path of the authored source of `notebook_id`."""
    return project_root() / "notebooks" / "src" / f"{notebook_id}.py"


def checks_file(notebook_id: str) -> Path:
    """Return the path of the checks table beside the source of `notebook_id`."""
    return source_file(notebook_id).with_name(f"{notebook_id.split('/')[1]}.checks.py")
