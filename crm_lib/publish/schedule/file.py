"""The file ``schedule.yaml``: what is rendered when; every fault is told before anything runs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import CrmError, ParameterError
from crm_lib.publish.plan import Job, choose_notebooks, plan_jobs
from crm_lib.publish.schedule.cron import Cron, read_cron
from crm_lib.publish.schedule.fields import (
    read_bool,
    read_count,
    read_factor,
    read_inputs,
    read_keys,
    read_name,
    read_span,
    read_text,
    read_words,
)
from crm_lib.publish.schedule.lines import Faults, Value, read_yaml

_PREFIX = re.compile("^crm render: ")
TOP_KEYS = ("timezone", "out", "defaults", "jobs")
_OWN_KEYS = ("name", "notebook", "notebooks", "cron")
_SHARED_KEYS = (
    "timezone", "out", "parameters", "each", "inputs", "max_staleness", "retries", "retention", "on_failure",
    "timeout", "pdf", "show_code", "enabled",
)  # fmt: skip


@dataclass(frozen=True)
class Retries:
    """How often a failed run is tried again: after `wait`, then `factor` times as long, and so on."""

    count: int = 0
    wait: dt.timedelta = dt.timedelta(minutes=5)
    factor: float = 2.0

    def find_wait(self, n_failed: int) -> dt.timedelta:
        """Return the wait after the `n_failed`-th failure (1 is the first)."""
        return self.wait * self.factor ** (n_failed - 1)


@dataclass(frozen=True)
class Input:
    """What a job's reports are made from: a pattern of files, or the answer of a database."""

    pattern: str = ""
    database: str = ""
    query: str = ""


@dataclass(frozen=True)
class ScheduledJob:
    """One entry of the schedule."""

    name: str
    line: int
    cron: Cron
    out: Path
    notebooks: tuple[str, ...] = ()  # none: all
    parameters: Mapping[str, Any] = field(default_factory=dict)
    each: str = ""
    inputs: tuple[Input, ...] = ()
    max_staleness: dt.timedelta | None = None
    retries: Retries = Retries()
    keep: int | None = None
    keep_days: int | None = None
    on_failure: tuple[str, ...] = ()
    timeout: dt.timedelta | None = None
    pdf: bool = False
    show_code: bool = False
    enabled: bool = True
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)  # of the parameters

    def plan(self) -> list[Job]:
        """Return the reports of this job, as `crm render` would make them (in the schedule's folder)."""
        options: dict[str, Any] = {"show_code": self.show_code, "pdf": self.pdf}
        if self.each:
            options["each"] = Path(self.each)
        return plan_jobs(self.notebooks, self.parameters, out=self.out, **options)


@dataclass(frozen=True)
class Schedule:
    """All jobs of a schedule file; every path in it is relative to the file's `folder`."""

    file: Path
    jobs: tuple[ScheduledJob, ...]

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self.file.parent


def read_schedule(path: str | Path) -> Schedule:
    """Read a schedule file.

    Parameters
    ----------
    path
        The YAML file.

    Returns
    -------
    Schedule
        Its jobs, in the order of the file; what they ask for exists and fits.

    Raises
    ------
    ParameterError
        One line per fault, each with the number of its line in the file.
    """
    from contextlib import chdir

    file = Path(path).resolve()
    faults = Faults(Path(path).name)
    root = read_yaml(_read_text(Path(path)), faults)
    jobs: list[ScheduledJob] = []
    if root is not None:
        jobs = _read_jobs(root, file.parent, faults)
        with chdir(file.parent):
            _check_plans(jobs, faults)
    if faults.found:
        raise ParameterError("\n".join(faults.list_sentences()))
    return Schedule(file, tuple(jobs))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        why = "it is not in UTF-8"
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
    raise ParameterError(
        f"crm schedule: the file {str(path)!r} cannot be read: {why}. "
        "Name the schedule's file; docs/examples/schedule.yaml shows one."
    )


def _read_jobs(root: Value, folder: Path, faults: Faults) -> list[ScheduledJob]:
    top = read_keys(root, "the schedule", TOP_KEYS, faults)
    shared = {k: v for k, v in top.items() if k in {"timezone", "out"}}
    if "defaults" in top:
        shared |= read_keys(top["defaults"], "defaults", _SHARED_KEYS, faults)
    entries = top.get("jobs", Value(None, root.line))
    if not isinstance(entries.data, list) or not entries.data:
        faults.add(entries.line, f"jobs must be a list of at least one job; got {entries.kind}.")
        return []
    jobs, first = [], {}
    for number, entry in enumerate(entries.data, 1):
        job = _read_job(entry, number, shared, folder, faults)
        if job is None:
            continue
        if job.name in first:
            sentence = f"two jobs are called {job.name!r}; the first is in line {first[job.name]}."
            faults.add(job.line, f"{sentence} Give each its own name.")
        first.setdefault(job.name, job.line)
        jobs.append(job)
    return jobs


def _read_job(
    entry: Value, number: int, shared: Mapping[str, Value], folder: Path, faults: Faults
) -> ScheduledJob | None:
    n_before = len(faults.found)
    own = read_keys(entry, f"job {number}", (*_OWN_KEYS, *_SHARED_KEYS), faults)
    values = {**shared, **own}
    name = read_name(values.get("name"), number, entry.line, faults)
    where = f"job {name!r}" if name else f"job {number}"
    cron = _read_cron(values, where, entry.line, faults)
    parts = {
        "notebooks": _read_notebooks(values, where, entry.line, faults),
        "parameters": _read_parameters(values.get("parameters"), where, faults),
        "lines": _find_lines(values.get("parameters")),
        "each": read_text(values.get("each"), where, "each", faults),
        "inputs": tuple(Input(**i) for i in read_inputs(values.get("inputs"), where, faults)),
        "max_staleness": read_span(values.get("max_staleness"), where, "max_staleness", faults),
        "retries": _read_retries(values.get("retries"), where, faults),
        "on_failure": read_words(values.get("on_failure"), where, "on_failure", faults),
        "timeout": read_span(values.get("timeout"), where, "timeout", faults),
        **_read_retention(values.get("retention"), where, faults),
    }
    for key, default in (("pdf", False), ("show_code", False), ("enabled", True)):
        parts[key] = read_bool(values.get(key), where, key, default, faults)
    out = folder / (read_text(values.get("out"), where, "out", faults) or "reports")
    if len(faults.found) > n_before or cron is None:
        return None
    return ScheduledJob(name=name, line=entry.line, cron=cron, out=out, **parts)


def _read_cron(values: Mapping[str, Value], where: str, line: int, faults: Faults) -> Cron | None:
    zone = _read_zone(values.get("timezone"), where, line, faults)
    text = read_text(values.get("cron"), where, "cron", faults)
    if not text:
        if "cron" not in values:
            faults.add(line, f"{where}: needs cron, for example '30 6 * * mon-fri'.")
        return None
    try:
        # the fields are told to be wrong even where the zone is
        cron = read_cron(text, zone or ZoneInfo("UTC"))
    except ParameterError as fault:
        faults.add(values["cron"].line, f"{where}: {fault}")
        return None
    return cron if zone else None


def _read_zone(value: Value | None, where: str, line: int, faults: Faults) -> ZoneInfo | None:
    if value is None:
        faults.add(line, f"{where}: needs a timezone, its own or the schedule's; for example Asia/Shanghai.")
        return None
    try:
        return ZoneInfo(str(value.data))
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        from zoneinfo import available_timezones

        near = list_words(closest_first(str(value.data), available_timezones())[:2])
        faults.add(
            value.line, f"{where}: there is no timezone {value.data!r}. Did you mean one of these: {near}?"
        )
    return None


def _read_notebooks(values: Mapping[str, Value], where: str, line: int, faults: Faults) -> tuple[str, ...]:
    given = [values[key] for key in ("notebook", "notebooks") if key in values]
    if len(given) != 1:
        got = "both" if given else "neither"
        faults.add(line, f"{where}: needs notebook, or notebooks (a list, or all); got {got}.")
        return ()
    if "notebooks" in values and given[0].data == "all":
        return ()
    if "notebook" in values:
        name = read_text(given[0], where, "notebook", faults)
        names = (name,) if name else ()
    else:
        names = read_words(given[0], where, "notebooks", faults)
    for name in names:
        try:
            choose_notebooks([name])
        except ParameterError as fault:
            faults.add(given[0].line, f"{where}: {_PREFIX.sub('', str(fault))}")
    return names


def _read_parameters(value: Value | None, where: str, faults: Faults) -> dict[str, Any]:
    if value is None or value.data is None:
        return {}
    if not isinstance(value.data, dict):
        faults.add(value.line, f"{where}: parameters must be lines 'name: value'; got {value.kind}.")
        return {}
    for name, one in value.data.items():
        if isinstance(one.data, (dict, list)):
            faults.add(one.line, f"{where}: parameter {name!r} must be one value; got {one.kind}.")
    return value.plain()


def _find_lines(value: Value | None) -> dict[str, int]:
    entries = value.data if value and isinstance(value.data, dict) else {}
    return {name: one.line for name, one in entries.items()}


def _read_retries(value: Value | None, where: str, faults: Faults) -> Retries:
    if value is None:
        return Retries()
    given = read_keys(value, f"{where}: retries", ("count", "wait", "factor"), faults)
    count = read_count(given.get("count"), where, "retries count", faults, least=0, most=20)
    wait = read_span(given.get("wait"), where, "retries wait", faults)
    factor = read_factor(given.get("factor"), where, "retries factor", faults)
    plain = Retries()
    return Retries(1 if count is None else count, wait or plain.wait, factor or plain.factor)


def _read_retention(value: Value | None, where: str, faults: Faults) -> dict[str, int | None]:
    if value is None:
        return {}
    names = ("keep", "keep_days")
    given = read_keys(value, f"{where}: retention", names, faults)
    return {
        name: read_count(given.get(name), where, f"retention {name}", faults, least=1, most=100_000)
        for name in names
    }


def _check_plans(jobs: list[ScheduledJob], faults: Faults) -> None:
    """See that notebooks and parameters exist and fit, and that no two jobs write one report."""
    owners: dict[Path, ScheduledJob] = {}
    for job in (j for j in jobs if j.enabled):
        try:
            reports = job.plan()
        except CrmError as fault:
            if job.each and not Path(job.each).exists():
                continue  # it may be made before the job is due; the run will tell
            for sentence in str(fault).splitlines():
                named = [line for name, line in job.lines.items() if f"parameter {name!r}" in sentence]
                faults.add((named or [job.line])[0], f"job {job.name!r}: {_PREFIX.sub('', sentence)}")
            continue
        for report in reports:
            owner = owners.setdefault(report.folder.resolve(), job)
            if owner is not job:
                sentence = f"job {job.name!r}: writes the report {report.place}, as job {owner.name!r} does"
                faults.add(job.line, f"{sentence} (line {owner.line}). Give one of them its own out folder.")
