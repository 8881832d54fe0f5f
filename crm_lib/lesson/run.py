"""The calls that know the running notebook: its parameters, its data, its exercises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first
from crm_lib._places import notebook_file
from crm_lib.catalogue import say
from crm_lib.errors import CrmError, DataError, ParameterError, ReadError
from crm_lib.lesson.checks import CheckResult, grade_answer, load_checks
from crm_lib.lesson.display import show_table
from crm_lib.lesson.exports import forget_sources, remember_source
from crm_lib.lesson.kernel import notebook_variables, show_look, speak_errors
from crm_lib.lesson.params import Parameter, Problem, convert_values, find_problems, read_parameters
from crm_lib.lesson.sealed import load_sealed

if TYPE_CHECKING:
    import pandas as pd

# patterns, addresses and tables inside a file are for read_table to judge
_ELSEWHERE = re.compile(r"[*?\[#]|://|^env:")


def notebook_parameters(notebook_id: str) -> tuple[Parameter, ...]:
    """Return the declared parameters of a built notebook (from its parameters cell)."""
    import json

    path = notebook_file(notebook_id)
    sealed = None if path.exists() else load_sealed(notebook_id)
    if sealed:  # a release holds no suite, only what its students may read
        return read_parameters(sealed.parameters, where=notebook_id)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if "parameters" in cell["metadata"].get("tags", ()):
            return read_parameters("".join(cell["source"]), where=notebook_id)
    return ()


def parameters(notebook_id: str) -> None:
    """Check the parameters of the running notebook; a wrong one stops here, in words.

    Parameters
    ----------
    notebook_id
        The notebook's name in the suite, such as ``0_start/1_tour``.

    Raises
    ------
    ParameterError
        One Chinese sentence per wrong parameter.
    """
    speak_errors()
    forget_sources()
    variables = notebook_variables()
    declared = notebook_parameters(notebook_id)
    given = {p.name: variables[p.name] for p in declared if p.name in variables}
    problems = find_problems(declared, given)
    if problems:
        raise ParameterError(" ".join(_word(problem) for problem in problems))
    variables.update(convert_values(declared, given))
    variables["NOTEBOOK_ID"] = notebook_id
    show_look()


def _word(problem: Problem) -> str:
    hint = say("parameters.closest", closest=problem.closest) if problem.closest else ""
    return say(
        f"parameters.{problem.kind}",
        name=problem.name,
        rule=problem.rule,
        got=problem.got,
        hint=hint,
        known="、".join(problem.known),
    )


def data_source(name: str) -> str | Path:
    """Return the file of the sample called `name`, or `name` itself when it is a user's file.

    Parameters
    ----------
    name
        A sample, a file, a pattern of files, or an address of a database.

    Raises
    ------
    ReadError
        There is no such file; the sentence names the files that are there.
    """
    from crm_lib import sample

    samples = [s.name for s in sample.list_samples()]
    if name in samples:
        return sample.path(name)
    if not _ELSEWHERE.search(name) and not Path(name).exists():
        raise ReadError(_word_missing(name, samples))
    return name


def _word_missing(name: str, samples: list[str]) -> str:
    folder = Path(name).parent
    try:
        files = sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError:
        return say("lesson.no_folder", folder=folder, name=name)
    data = [f for f in files if not f.endswith((".ipynb", ".py", ".html", ".md"))]
    near = closest_first(Path(name).name, [*data, *samples])[:5]
    where = folder.resolve().name if str(folder) == "." else folder
    return say("lesson.no_file", name=name, folder=where, near="、".join(near))


def show_source(raw: pd.DataFrame) -> None:
    """Show from which file the frame was read and how, and remember it for the footer.

    Parameters
    ----------
    raw
        What ``read_table`` returned.
    """
    import pandas as pd

    source = raw.attrs.get("source", {})
    files = [f["name"] for f in source.get("files", ())]
    prints = [f["sha256"][:12] for f in source.get("files", ())]
    pairs = [(old, new) for new, old in source.get("mapping", {}).items()]
    mapping = "，".join(new if old == new else f"{old} → {new}" for old, new in pairs)
    rows = [
        ("files", "、".join(files)),
        ("n_lines", f"{len(raw):,}"),
        ("sheet", source.get("sheet")),
        ("encoding", source.get("encoding")),
        ("separator", _name_separator(source.get("separator"))),
        ("header_row", source.get("header_row")),
        ("mapping", mapping),
        ("fingerprint", "、".join(prints)),
    ]
    remember_source({"files": files, "sha256": prints, "n_lines": len(raw)})
    frame = pd.DataFrame([(say(f"source.{k}"), str(v)) for k, v in rows if v], columns=["item", "value"])
    show_table(frame, say("lesson.source_caption"))


def _name_separator(mark: str | None) -> str:
    names = {",": "comma", ";": "semicolon", "\t": "tab", " ": "space", "|": "pipe"}
    return say(f"source.{names[mark]}") if mark in names else mark or ""


def show_cleaning(cleaned: Any, caption: str) -> None:
    """Show how many lines were kept, merged and set aside, and why.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    caption
        What the table shows, one line.
    """
    from crm_lib.identify import REASONS, summarize_cleaning

    table = summarize_cleaning(cleaned)
    named = table.assign(item=[REASONS[i][1] if i in REASONS else i for i in table["item"]])
    show_table(named.drop(columns="meaning"), caption)


def require_data(cleaned: Any, *, what: str = "订单") -> None:
    """Stop with a clear sentence when cleaning left no row to analyse.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    what
        What the rows are called, in Chinese.

    Raises
    ------
    DataError
        No row is left; the sentence gives the reasons and their numbers.
    """
    if len(cleaned.rows):
        return
    from crm_lib.identify import REASONS

    n_in = len(cleaned.merged) + len(cleaned.quarantine)
    counts = cleaned.quarantine["reason"].value_counts() if n_in else {}
    reasons = "，".join(f"{REASONS[r][1] if r in REASONS else r} {n} 行" for r, n in counts.items())
    why = say("lesson.no_rows_why", reasons=reasons) if n_in else say("lesson.no_rows_empty")
    raise DataError(say("lesson.no_rows", what=what, n_in=n_in, why=why))


def check(grade_id: str, answer: Any) -> CheckResult:
    """Check an answer of the running notebook and say, kindly, what is wrong with it.

    Parameters
    ----------
    grade_id
        Id of the exercise.
    answer
        The student's answer; None means not answered yet.

    Returns
    -------
    CheckResult
        Shows the message; its text form is the points.
    """
    variables = notebook_variables()
    notebook_id = str(variables.get("NOTEBOOK_ID", ""))
    table = load_checks(notebook_id)
    sealed = None if table else load_sealed(notebook_id)
    if sealed:
        return sealed.judge(grade_id, answer, variables)
    if grade_id not in table:
        raise CrmError(say("check.unknown", grade_id=grade_id, known="、".join(table) or "—"))
    needed = table[grade_id].inputs
    missing = [name for name in needed if name not in variables]
    if missing:
        raise CrmError(say("check.missing_input", name=missing[0]))
    return grade_answer(table[grade_id], answer, {name: variables[name] for name in needed})
