"""Which notebooks are to be rendered, with which parameters: wrong calls are refused here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first
from crm_lib._places import list_notebooks, notebook_file
from crm_lib.errors import BuildError, ParameterError
from crm_lib.lesson.param_types import PASSWORD as _PASSWORD
from crm_lib.lesson.params import Parameter, convert_values, find_problems, word_problem
from crm_lib.lesson.run import notebook_parameters
from crm_lib.publish.parameter_sets import ParameterSet, name_sets, read_sets, read_values

Progress = Callable[[str, int, int], None]
_MOST_FAULTS = 10
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Job:
    """One notebook with its given parameters and where its report goes."""

    notebook_id: str
    out: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    show_code: bool = False
    debug: bool = False
    fault: str = ""  # why it cannot even start
    key: str = ""  # tells the reports of one notebook apart; safe as a file name
    pdf: bool = False
    force: bool = False  # render even when nothing changed
    freshness: str = ""  # SQL whose answer tells whether the databases changed

    @property
    def place(self) -> str:
        """The folder of this report below `out`: notebook, and the key where there is one."""
        return f"{self.notebook_id}/{self.key}" if self.key else self.notebook_id

    @property
    def name(self) -> str:
        """One file name for this report, for what is kept of it under ``.crm``."""
        return self.place.replace("/", "__")

    @property
    def folder(self) -> Path:
        """The folder of this report."""
        return self.out / self.place

    @property
    def stage(self) -> Path:
        """Where the report is made before it is moved into place."""
        return self.out / ".crm" / "stage" / self.name

    @property
    def entry_file(self) -> Path:
        """What the index knows of this report."""
        return self.out / ".crm" / "reports" / f"{self.name}.json"


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
    """Return the H1 of a built notebook, or the note that it cannot be read."""
    try:
        cells = json.loads(notebook_file(notebook_id).read_text(encoding="utf-8"))["cells"]
        return "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")
    except _UNREADABLE:
        return "(cannot be read; run: crm build)"


def _declare(notebook_id: str) -> tuple[tuple[Parameter, ...], str]:
    """Return the declared parameters, or a sentence for a notebook file that cannot be read."""
    try:
        return notebook_parameters(notebook_id), ""
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
    except _UNREADABLE:
        why = "it is not a notebook"
    except BuildError as fault:
        why = str(fault)
    return (), f"the notebook file cannot be read: {why}. Make it anew with: crm build"


def plan_jobs(
    names: Sequence[str],
    given: Mapping[str, Any],
    *,
    out: Path,
    params: str | Path | None = None,
    each: str | Path | Sequence[Mapping[str, Any]] | None = None,
    **options: Any,
) -> list[Job]:
    """Return the jobs for `names`; every wrong parameter is refused before any kernel starts.

    Parameters
    ----------
    names
        Notebook ids; all notebooks when empty.
    given
        Parameter name → value (text from a command line is converted).  With
        several notebooks each takes those it declares; one no notebook
        declares is refused.
    out
        Folder of the reports.
    params
        File of parameters; `given` wins over its sections, these over the rest.
    each
        File of parameter sets, or the sets; each makes a report of its own.
        What it names, every notebook must declare, and `given` may not.
    **options
        Fields of `Job`: show_code, pdf, force, debug.

    Raises
    ------
    ParameterError
        All that is wrong, a sentence a line; of more than ten the rest is counted.
    """
    read = {i: _declare(i) for i in choose_notebooks(names)}
    declared = {i: parameters for i, (parameters, fault) in read.items() if not fault}
    common, sections = read_values(params, list_notebooks()) if params else ({}, {})
    if len(read) > 1:
        _refuse_unused(declared, {**common, **given})
    sets, keys = _read_each(each, given)
    jobs = [Job(i, Path(out), fault=fault, **options) for i, (_, fault) in read.items() if fault]
    sentences = [_unicode_sentence("--out")] if _SURROGATE.search(str(out)) else []
    for notebook_id, parameters in declared.items():
        base = _take_declared({**common, **given}, parameters, strict=len(declared) == 1)
        base |= {k: v for k, v in sections.get(notebook_id, {}).items() if k not in given}
        unknown = _find_unknown(notebook_id, parameters, sets)
        sentences += unknown
        for one, key in zip(() if unknown else sets, () if unknown else keys, strict=True):
            mine = convert_values(parameters, {**base, **one.values})
            sentences += _judge(notebook_id, parameters, mine, one.where)
            jobs.append(Job(notebook_id, Path(out), mine, key=key, **options))
    if sentences:
        raise ParameterError(_list_faults(sentences))
    places = {i: n for n, i in enumerate(read)}
    return sorted(jobs, key=lambda job: places[job.notebook_id])


def _read_each(
    each: str | Path | Sequence[Mapping[str, Any]] | None, given: Mapping[str, Any]
) -> tuple[list[ParameterSet], list[str]]:
    """Return the sets and their keys; without any, one that adds nothing."""
    if each is None:
        return [ParameterSet("")], [""]
    sets = read_sets(each)
    for name in given:
        if any(name in one.values for one in sets):
            raise ParameterError(
                f"crm render: parameter {name!r} is set by -p and by --each. Leave it to one of them."
            )
    return sets, name_sets(sets)


def _find_unknown(
    notebook_id: str, parameters: Sequence[Parameter], sets: Sequence[ParameterSet]
) -> list[str]:
    """Return a sentence for each name of the sets that the notebook does not declare, not one a row."""
    names = dict.fromkeys(name for one in sets for name in one.values)
    problems = find_problems(parameters, {n: None for n in names if n not in {p.name for p in parameters}})
    return [word_problem(p, where=f"crm render --each: {notebook_id}") for p in problems]


def _take_declared(
    values: Mapping[str, Any], parameters: Sequence[Parameter], *, strict: bool
) -> dict[str, Any]:
    names = {p.name for p in parameters}
    return {k: v for k, v in values.items() if strict or k in names}


def _judge(notebook_id: str, parameters: Sequence[Parameter], mine: Mapping[str, Any], row: str) -> list[str]:
    where = row or notebook_id
    found = [_unicode_sentence(k) for k, v in mine.items() if _SURROGATE.search(str(v))]
    found += [word_problem(p, where=where, see=notebook_id) for p in find_problems(parameters, mine)]
    return found + [_password_sentence(where, k) for k, v in mine.items() if _PASSWORD.search(str(v))]


def _list_faults(sentences: Sequence[str]) -> str:
    shown = list(dict.fromkeys(sentences))
    more = len(shown) - _MOST_FAULTS
    return "\n".join([*shown[:_MOST_FAULTS], *([f"… and {more:,} more faults."] if more > 0 else [])])


def _unicode_sentence(name: str) -> str:
    return (
        f"crm render: the value of {name!r} is not valid Unicode, so a report cannot name it. "
        "Rename the file, or set the terminal to UTF-8."
    )


def _refuse_unused(declared: Mapping[str, Sequence[Parameter]], given: Mapping[str, Any]) -> None:
    known = {p.name for parameters in declared.values() for p in parameters}
    for name in given:
        if name not in known:
            near = closest_first(name, known)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(
                f"crm render: no notebook has a parameter {name!r}.{hint} See: crm list NOTEBOOK"
            )


def _password_sentence(where: str, name: str) -> str:
    return (
        f"{where}: parameter {name!r} holds a password, which would stand in the report. "
        f"Put the address into an environment variable and pass -p {name}=env:NAME."
    )
