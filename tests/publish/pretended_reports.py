"""Reports put in place by the code that does it, without any kernel having run."""

import datetime as dt
import itertools

from crm_lib.publish import ground
from crm_lib.publish.commit import put_in_place
from crm_lib.publish.manifest import describe_state, list_outputs, make_manifest

_MOMENTS = itertools.count()


def make_stage(job, text="first"):
    """Fill the stage of `job` as a good run would; return its entry and its manifest."""
    (job.stage / "tables").mkdir(parents=True)
    for name in ("report.html", "report.ipynb", "result.json", "tables/t.csv"):
        (job.stage / name).write_text(f"{name}: {text}", encoding="utf-8")
    state = describe_state(job)
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=next(_MOMENTS))
    entry = {
        "notebook_id": job.notebook_id,
        "key": job.key,
        "title": text,
        "status": "ok",
        "seconds": 1.0,
        "rendered_at": moment.isoformat(),
        "parameters": {},
        "outputs": {"html": f"{job.place}/report.html"},
        "error": None,
        "result": {"text": text},
    }
    return entry, make_manifest(state, ground.store_ground(job.out, state_ground(state)), outputs_of(job))


def state_ground(state):
    return {part: state[part] for part in ground.PARTS}


def outputs_of(job):
    return list_outputs(job.stage)


def place_report(job, text="first"):
    """Put a report of `job` in place; return its entry."""
    entry, manifest = make_stage(job, text)
    put_in_place(job, entry, manifest)
    return entry


def make_small_library(root, monkeypatch):
    """Let a library of two files stand for ours, so that a test may change it."""
    (root / "rooms" / "template").mkdir(parents=True)
    (root / "rooms/sweep.py").write_text("K = 8\n", encoding="utf-8")
    (root / "rooms/template/base.css").write_text("p {}\n", encoding="utf-8")
    monkeypatch.setattr(ground, "__file__", str(root / "rooms" / "publish" / "ground.py"))
