"""The right answers of a notebook on one set of parameters, from the official notebook and its checks table.

They are computed in a process of their own that runs only the project's code, and
come out as data.  No student's process is ever told them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crm_lib._places import project_root
from crm_lib.errors import BuildError
from crm_lib.lesson.charts import ChartFacts
from crm_lib.lesson.checkers import TextFacts
from crm_lib.lesson.checks import Check, run_answer
from crm_lib.teach.intake_official import load_official

_SECONDS = 900
_FACTS = {"chart": ChartFacts, "text": TextFacts}
_COMMAND = (
    "import sys; sys.path[:1] = [p for p in sys.path[:1] if p]; from crm_lib.teach.truth import main; main()"
)


@dataclass(frozen=True)
class TaskTruth:
    """The expected answer of one task, and those of its frequent mistakes by name."""

    expected: Any
    wrongs: Mapping[str, Any] = field(default_factory=dict)


def compute_truth(notebook_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Run the official notebook with `parameters`; return its right answers as JSON-able data.

    Returns
    -------
    dict
        grade_id → ``expected`` and ``wrongs``, for `read_truth`.

    Raises
    ------
    BuildError
        The official notebook or its checks table fails on these parameters; no
        submission is at fault then.
    """
    from crm_lib.kernels import Limits

    with tempfile.TemporaryDirectory(prefix="crm-truth-") as folder:
        (Path(folder) / "tables").mkdir()
        result = Path(folder) / "truth.json"
        env = Limits().dress(os.environ) | {
            "CRM_HOME": str(project_root()),
            "CRM_OUTPUT_DIR": folder,
            "MPLBACKEND": "Agg",
            "PYTHONUTF8": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, str(result)],
            input=json.dumps({"notebook_id": notebook_id, "parameters": dict(parameters)}),
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
        )
        if done.returncode or not result.is_file():
            why = (done.stderr.strip().splitlines() or ["no message"])[-1][:300]
            raise BuildError(
                f"crm grade: {notebook_id} fails on {dict(parameters) or 'its own data'}: {why}. "
                "Mend the notebook, its checks table or VARIANTS there; no submission is at fault."
            )
        return json.loads(result.read_text(encoding="utf-8"))


def read_truth(data: Mapping[str, Any]) -> dict[str, TaskTruth]:
    """Return grade_id → truth from what `compute_truth` gave."""
    return {
        grade_id: TaskTruth(_decode(task["expected"]), {k: _decode(v) for k, v in task["wrongs"].items()})
        for grade_id, task in data.items()
    }


def main() -> None:
    """Compute the truth asked for on the standard input into the file named by the first argument."""
    import warnings

    asked = json.loads(sys.stdin.read())
    warnings.simplefilter("ignore")
    found = _run_official(asked["notebook_id"], asked["parameters"])
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8", newline="\n")


def _run_official(notebook_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Run the cells a report runs; where an answer stands, compute it from the variables of that moment."""
    official = load_official(notebook_id)
    space: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    given = dict(parameters)
    for cell in official.cells:
        if cell.role == "answer":
            found[cell.task] = _answer(official.checks[cell.task], space)
            if len(found) == len(official.checks):
                break
        if cell.kind != "code" or cell.role:
            continue
        exec(compile(cell.source, notebook_id, "exec", dont_inherit=True), space)
        if "parameters" in cell.tags:
            unknown = sorted(set(given) - set(space))
            if unknown:
                raise BuildError(f"VARIANTS name unknown parameters {', '.join(unknown)}")
            space.update(given)
    return found


def _answer(check: Check, space: Mapping[str, Any]) -> dict[str, Any]:
    inputs = {name: space[name] for name in check.inputs}
    wrongs = {}
    for mistake in check.mistakes:
        try:
            value = run_answer(mistake.code, check.answer, inputs)
        except Exception:  # a mistake that is an error on these data is told by the error
            continue
        if value is not None:
            wrongs[mistake.name] = _encode(value, check.grade_id)
    return {"expected": _encode(check.expected(inputs), check.grade_id), "wrongs": wrongs}


def _encode(value: Any, grade_id: str) -> dict[str, Any]:
    from crm_lib.kernels.answers_out import take_out

    for name, kind in _FACTS.items():
        if isinstance(value, kind):
            return {"facts": name, **asdict(value)}
    form = take_out(value)
    if form["kind"] in ("other", "null"):
        raise BuildError(
            f"{grade_id}: its answer is no data ({form.get('type', 'None')} {form.get('why', '')})"
        )
    return {"form": form}


def _decode(data: Mapping[str, Any]) -> Any:
    from crm_lib.kernels.answers_in import restore_answer

    if "form" in data:
        return restore_answer(data["form"])
    facts = {k: _freeze(v) for k, v in data.items() if k != "facts"}
    return _FACTS[data["facts"]](**facts)


def _freeze(value: Any) -> Any:
    return tuple(map(_freeze, value)) if isinstance(value, list) else value
