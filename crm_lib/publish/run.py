"""Run notebooks through papermill and put their reports in place."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first
from crm_lib._places import list_notebooks, notebook_file
from crm_lib.errors import ParameterError, RenderError
from crm_lib.lesson.params import Parameter, convert_values, find_problems, word_problem
from crm_lib.lesson.run import notebook_parameters

if TYPE_CHECKING:
    from nbformat import NotebookNode

Progress = Callable[[str, int, int], None]
_PASSWORD = re.compile(r"://[^/@:]*:[^/@]+@")
VERSIONS_SHOWN = ("crm-lib", "pandas", "numpy", "scikit-learn", "matplotlib", "duckdb", "papermill")


@dataclass(frozen=True)
class Job:
    """One notebook with its given parameters and where its report goes."""

    notebook_id: str
    out: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    show_code: bool = False
    debug: bool = False

    @property
    def folder(self) -> Path:
        """The folder of this report."""
        return self.out / self.notebook_id

    @property
    def stage(self) -> Path:
        """Where the report is made before it is moved into place."""
        return self.out / ".crm" / "stage" / self.notebook_id.replace("/", "__")

    @property
    def entry_file(self) -> Path:
        """What the index knows of this report."""
        return self.out / ".crm" / "reports" / f"{self.notebook_id.replace('/', '__')}.json"


def choose_notebooks(names: Sequence[str]) -> list[str]:
    """Return the notebook ids meant by `names` (all when empty); unknown ones are refused."""
    known = list_notebooks()
    if not names:
        return known
    ids = [name.removesuffix(".ipynb").removeprefix("notebooks/") for name in names]
    for name in ids:
        if name not in known:
            near = closest_first(name, known)
            raise ParameterError(
                f"crm render: there is no notebook {name!r}. Did you mean {near[0]!r}? See: crm list"
            )
    return list(dict.fromkeys(ids))


def read_title(notebook_id: str) -> str:
    """Return the H1 of a built notebook."""
    cells = json.loads(notebook_file(notebook_id).read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")


def plan_jobs(names: Sequence[str], given: Mapping[str, Any], *, out: Path, **options: bool) -> list[Job]:
    """Return the jobs for `names`; every wrong parameter is refused before any kernel starts.

    Parameters
    ----------
    names
        Notebook ids; all notebooks when empty.
    given
        Parameter name → value (text from a command line is converted).  With
        several notebooks each takes those it declares; one no notebook
        declares is refused.
    """
    declared = {i: notebook_parameters(i) for i in choose_notebooks(names)}
    if len(declared) > 1:
        _refuse_unused(declared, given)
    jobs, sentences = [], []
    for notebook_id, parameters in declared.items():
        names_here = {p.name for p in parameters}
        mine = given if len(declared) == 1 else {k: v for k, v in given.items() if k in names_here}
        mine = convert_values(parameters, mine)
        sentences += [word_problem(p, where=notebook_id) for p in find_problems(parameters, mine)]
        sentences += [_password_sentence(notebook_id, k) for k, v in mine.items() if _PASSWORD.search(str(v))]
        jobs.append(Job(notebook_id, Path(out), mine, **options))
    if sentences:
        raise ParameterError("\n".join(sentences))
    return jobs


def _refuse_unused(declared: Mapping[str, Sequence[Parameter]], given: Mapping[str, Any]) -> None:
    known = {p.name for parameters in declared.values() for p in parameters}
    for name in given:
        if name not in known:
            near = closest_first(name, known)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(
                f"crm render: no notebook has a parameter {name!r}.{hint} See: crm list NOTEBOOK"
            )


def _password_sentence(notebook_id: str, name: str) -> str:
    return (
        f"{notebook_id}: parameter {name!r} holds a password, which would stand in the report. "
        f"Put the address into an environment variable and pass -p {name}=env:NAME."
    )


def run_job(job: Job, *, on_cell: Progress | None = None) -> dict[str, Any]:
    """Render one notebook and move its report into place.

    Returns
    -------
    dict
        The entry of the index: status ``ok`` or ``failed``, seconds, outputs,
        and for a failure the cell and the sentence.  A failed run leaves an
        earlier good report where it is and keeps the failed notebook beside it.
    """
    import nbformat

    from crm_lib.publish.papermill_run import execute, find_failed_section

    shutil.rmtree(job.stage, ignore_errors=True)
    (job.stage / "tables").mkdir(parents=True)
    started = time.perf_counter()
    error = execute(job, on_cell=on_cell)
    notebook = nbformat.read(job.stage / "report.ipynb", as_version=4)
    if error:
        error["cell"] = find_failed_section(notebook)
    entry = _make_entry(job, notebook, error, time.perf_counter() - started)
    _write_report(job, notebook, entry)
    _move_into_place(job, entry)
    job.entry_file.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(job.entry_file, json.dumps(entry, ensure_ascii=False, indent=1) + "\n")
    return entry


def _make_entry(job: Job, notebook: NotebookNode, error: Any, seconds: float) -> dict[str, Any]:
    import datetime as dt

    result = job.stage / "result.json"
    body = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
    opening = notebook.cells[0].source.splitlines()
    stem = "failed" if error else "report"
    outputs = {"html": f"{job.notebook_id}/{stem}.html", "ipynb": f"{job.notebook_id}/{stem}.ipynb"}
    if not error:
        tables = sorted(p.name for p in (job.stage / "tables").iterdir())
        outputs |= {"result": f"{job.notebook_id}/result.json"} if body else {}
        outputs["tables"] = [f"{job.notebook_id}/tables/{name}" for name in tables]
    return {
        "notebook_id": job.notebook_id,
        "key": "",
        "title": opening[0].lstrip("# "),
        "project": job.notebook_id.split("/")[0],
        "question": next((line for line in opening[1:] if line.strip()), ""),
        "status": "failed" if error else "ok",
        "seconds": round(seconds, 2),
        "rendered_at": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        "parameters": {
            p.name: job.parameters.get(p.name, p.default) for p in notebook_parameters(job.notebook_id)
        },
        "outputs": outputs,
        "error": error,
        "sources": body.get("sources", []),
        "result": body.get("result", {}),
    }


def _write_report(job: Job, notebook: NotebookNode, entry: Mapping[str, Any]) -> None:
    from crm_lib.publish.html import ReportMeta, write_html

    meta = ReportMeta(
        notebook_id=job.notebook_id,
        title=entry["title"],
        parameters=[
            (p.name, entry["parameters"][p.name], p.meaning) for p in notebook_parameters(job.notebook_id)
        ],
        data=[("、".join(s["files"]), "、".join(s["sha256"]), s["n_lines"]) for s in entry["sources"]],
        versions=list_versions(),
        rendered_at=entry["rendered_at"],
        seconds=entry["seconds"],
        status=entry["status"],
        error=entry["error"],
    )
    write_html(notebook, job.stage / "report.html", meta=meta, show_code=job.show_code, debug=job.debug)


def list_versions() -> dict[str, str]:
    """Return the versions a report depends on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": platform.python_version()}
    for name in VERSIONS_SHOWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _move_into_place(job: Job, entry: Mapping[str, Any]) -> None:
    """Replace the earlier report by the new one; a failure only adds its own files."""
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    if entry["status"] == "failed":
        job.folder.mkdir(exist_ok=True)
        for suffix in ("html", "ipynb"):
            os.replace(job.stage / f"report.{suffix}", job.folder / f"failed.{suffix}")
        shutil.rmtree(job.stage)
        return
    old = job.stage.with_name(job.stage.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if job.folder.exists():
        os.replace(job.folder, old)
    os.replace(job.stage, job.folder)
    shutil.rmtree(old, ignore_errors=True)


def write_text_atomic(path: Path, text: str) -> None:
    """Write `text` so that readers see the old file or the new one, never a part."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)


def run_jobs(
    jobs: Sequence[Job], *, n_jobs: int = 1, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Render `jobs` in worker processes and write the index; one that fails stops no other.

    Returns
    -------
    list of dict
        The entries, in the order of `jobs`.
    """
    from crm_lib.publish.site import write_index
    from crm_lib.publish.workers import run_in_workers

    entries = run_in_workers(jobs, n_jobs=n_jobs, progress=progress)
    for out in {job.out for job in jobs}:
        write_index(out)
    return entries


def describe_failure(entry: Mapping[str, Any]) -> str:
    """Return one line that names the notebook, the section and the sentence of a failure."""
    error = entry["error"] or {}
    if not error:
        raise RenderError("describe_failure: the run did not fail")
    return f"{entry['notebook_id']}: {error['sentence']} (in: {error['cell']})"
