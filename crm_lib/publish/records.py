"""What a run leaves on record: its entry for the index, its failure, the header and footer of its report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crm_lib.errors import RenderError
from crm_lib.lesson.run import notebook_parameters
from crm_lib.publish.page import write_atomic

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from crm_lib.lesson.params import Parameter
    from crm_lib.publish.plan import Job

VERSIONS_SHOWN = ("crm-lib", "pandas", "numpy", "scikit-learn", "matplotlib", "duckdb", "papermill")


def note_failure(job: Job, sentence: str) -> dict[str, Any]:
    """Return and keep the entry of a job that left no report of its own, so that the index shows it."""
    entry = {
        "notebook_id": job.notebook_id,
        "key": job.key,
        "title": job.notebook_id,
        "project": job.notebook_id.split("/")[0],
        "question": "",
        "status": "failed",
        "seconds": None,
        "rendered_at": _now(),
        "parameters": dict(job.parameters),
        "outputs": _earlier(job),
        "error": {"cell": "", "sentence": sentence},
        "sources": [],
        "result": {},
    }
    with suppress(RenderError):  # on a full disk the sentence still reaches the terminal
        write_entry(job, entry)
    return entry


def _now() -> str:
    import datetime as dt

    return dt.datetime.now().astimezone().isoformat(timespec="seconds")


def _earlier(job: Job) -> dict[str, str]:
    """Return the link to the report of an earlier run, which a failure leaves in place."""
    there = (job.folder / "report.html").is_file()
    return {"earlier": f"{job.place}/report.html"} if there else {}


def write_entry(job: Job, entry: Mapping[str, Any]) -> None:
    """Keep the record of a run, from which the index is made."""
    write_atomic(job.entry_file, json.dumps(entry, ensure_ascii=False, indent=1) + "\n")


def make_entry(
    job: Job,
    notebook: NotebookNode,
    error: Any,
    seconds: float,
    *,
    inputs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record of a run whose files stand in the stage.

    Parameters
    ----------
    job
        What was run.
    notebook
        The executed notebook.
    error
        None, or the cell and the sentence of the failure.
    seconds
        How long it took.
    inputs
        The files the run depended on, path → sha256 or why there is none.

    Returns
    -------
    dict
        Outputs are paths below the reports' folder: html, ipynb, pdf and
        result; tables and pages (lists); earlier, the report a failure left.
    """
    result = job.stage / "result.json"
    body = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
    opening = notebook.cells[0].source.splitlines()
    return {
        "notebook_id": job.notebook_id,
        "key": job.key,
        "title": opening[0].lstrip("# "),
        "project": job.notebook_id.split("/")[0],
        "question": next((line for line in opening[1:] if line.strip()), ""),
        "status": "failed" if error else "ok",
        "seconds": round(seconds, 2),
        "rendered_at": _now(),
        "parameters": {
            p.name: job.parameters.get(p.name, p.default) for p in notebook_parameters(job.notebook_id)
        },
        "outputs": _list_outputs(job, failed=bool(error)),
        "error": error,
        "sources": body.get("sources", []),
        "result": body.get("result", {}),
        **({} if inputs is None else {"inputs": dict(inputs)}),
    }


def _list_outputs(job: Job, *, failed: bool) -> dict[str, Any]:
    stem = "failed" if failed else "report"
    outputs: dict[str, Any] = {kind: f"{job.place}/{stem}.{kind}" for kind in ("html", "ipynb")}
    if failed:
        return outputs | _earlier(job)
    if job.pdf:
        outputs["pdf"] = f"{job.place}/report.pdf"
    if (job.stage / "result.json").is_file():
        outputs["result"] = f"{job.place}/result.json"
    outputs["tables"] = _list_files(job, "tables", "*")
    pages = _list_files(job, "pages", "*.html")
    return outputs | ({"pages": pages} if pages else {})


def _list_files(job: Job, folder: str, pattern: str) -> list[str]:
    files = sorted(p.name for p in (job.stage / folder).glob(pattern) if p.is_file())
    return [f"{job.place}/{folder}/{name}" for name in files]


def write_report(job: Job, notebook: NotebookNode, entry: Mapping[str, Any]) -> None:
    """Write the HTML report of a run into the stage."""
    from crm_lib.publish.html import ReportMeta, write_html

    meta = ReportMeta(
        notebook_id=job.notebook_id,
        title=f"{entry['title']} · {job.key}" if job.key else entry["title"],
        parameters=[
            (p.name, entry["parameters"][p.name], p.meaning) for p in notebook_parameters(job.notebook_id)
        ],
        facts=_pick_facts(notebook_parameters(job.notebook_id), entry),
        data=[("、".join(s["files"]), "、".join(s["sha256"]), s["n_lines"]) for s in entry["sources"]],
        versions=list_versions(),
        rendered_at=entry["rendered_at"],
        seconds=entry["seconds"],
        status=entry["status"],
        error=entry["error"],
    )
    write_html(notebook, job.stage / "report.html", meta=meta, show_code=job.show_code, debug=job.debug)


def _pick_facts(parameters: Sequence[Parameter], entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the header says: the day of the figures, then what was set otherwise than by default.

    A file stands there as soon as it was read; until then its parameter does.
    """
    values = entry["parameters"] | {k: v for k, v in entry["result"].items() if k == "as_of"}
    picked = []
    for parameter in parameters:
        value, is_file = values[parameter.name], parameter.form == "path"
        changed = value != parameter.default and str(value).strip() != ""
        if (changed and not (is_file and entry["sources"])) and parameter.form not in {"columns", "secret"}:
            picked.append((re.split("[，；：（]", parameter.meaning)[0] or parameter.name, str(value)))
    return picked


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
