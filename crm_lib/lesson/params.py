"""Typed parameters, read from the lines of a notebook's parameters cell.

One parameter a line, ``name: type = value  # meaning [low, high]``, or
``{a, b}`` for choices, or ``<path>``, ``<date>``, ``<columns>`` for text with a
form, or ``<secret>`` for text that only says where a secret is kept.
The same lines are the contract of ``crm render``, of ``crm list`` and of
``parameters()`` in a running notebook.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_lib._checks import closest_first
from crm_lib.errors import BuildError
from crm_lib.lesson.param_types import NotShown, convert_value, hide_secret, read_date

FORMS = ("path", "date", "columns", "secret")
SECRET_RULE = "env:NAME or file:PATH"
_LINE = re.compile(r"^(?P<name>[a-z_][a-z0-9_]*): (?P<type>int|float|str|bool) = (?P<value>.+)$")
_RANGE = re.compile(r"\[\s*(-?[\d.]+)?\s*,\s*(-?[\d.]+)?\s*\]")
_CHOICES = re.compile(r"\{([^{}]+)\}")
_FORM = re.compile(r"<(\w+)>")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\s*\S[^\r\n]*")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: its name, type, default, meaning and rule."""

    name: str
    type: str
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    form: str = ""

    @property
    def rule(self) -> str:
        """The rule in short: ``[2, 20]``, ``{a, b}``, ``<date>`` or nothing."""
        if self.choices:
            return "{" + ", ".join(self.choices) + "}"
        if self.low is None and self.high is None:
            return f"<{self.form}>" if self.form else ""
        ends = ["" if end is None else f"{end:g}" for end in (self.low, self.high)]
        return f"[{ends[0]}, {ends[1]}]"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one given value; `kind` is unknown, type, range, choice, date or secret."""

    kind: str
    name: str
    got: Any
    rule: str = ""
    closest: str = ""
    known: tuple[str, ...] = ()


def read_parameters(source: str, *, where: str = "parameters cell") -> tuple[Parameter, ...]:
    """Read the parameters from the text of a parameters cell.

    Raises
    ------
    BuildError
        When a line could be misread by papermill (a second ``=``, a ``#`` in a
        value, an unknown type), or its default breaks its own rule.
    """
    found = tuple(_read_line(line, where) for line in source.splitlines() if line.split("#")[0].strip())
    problems = find_problems(found, {p.name: p.default for p in found})
    if problems:
        raise BuildError(f"{where}: default {problems[0].got!r} of {problems[0].name!r} breaks its own rule")
    return found


def _read_line(line: str, where: str) -> Parameter:
    code, comment = _split_comment(line)
    match = _LINE.match(code)
    if not match or line.count("=") != 1 or "#" in code:
        raise BuildError(
            f"{where}: a parameter line reads 'name: int|float|str|bool = value  # meaning', "
            f"with one '=' and no '#' in the value; got {line!r}"
        )
    low, high = _read_range(comment)
    choices = _CHOICES.search(comment)
    form = _FORM.search(comment)
    if form and form[1] not in FORMS:
        raise BuildError(f"{where}: <{form[1]}> in {line!r} is not one of {', '.join(FORMS)}")
    if form and form[1] in {"path", "date", "secret"} and match["type"] != "str":
        raise BuildError(f"{where}: <{form[1]}> is for text; write '{match['name']}: str' in {line!r}")
    return Parameter(
        name=match["name"],
        type=match["type"],
        default=ast.literal_eval(match["value"]),
        meaning=_RANGE.sub("", _CHOICES.sub("", _FORM.sub("", comment))).strip(),
        low=low,
        high=high,
        choices=tuple(c.strip() for c in choices[1].split(",")) if choices else (),
        form=form[1] if form else "",
    )


def _split_comment(line: str) -> tuple[str, str]:
    for token in tokenize.generate_tokens(io.StringIO(line + "\n").readline):
        if token.type == tokenize.COMMENT:
            return line[: token.start[1]].rstrip(), token.string.lstrip("# ").rstrip()
    return line.rstrip(), ""


def _read_range(comment: str) -> tuple[float | None, float | None]:
    match = _RANGE.search(comment)
    if not match:
        return None, None
    return tuple(float(end) if end else None for end in match.groups())


def convert_values(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` in the declared types; what does not fit is left as it came."""
    by_name = {p.name: p for p in parameters}
    converted = {}
    for name, value in given.items():
        ok, result = _validate_one(by_name[name], value) if name in by_name else (False, value)
        converted[name] = result if ok else value
    return converted


def find_problems(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the values in `given`, in their order; empty when all is well."""
    by_name = {p.name: p for p in parameters}
    problems = []
    for name, value in given.items():
        if name not in by_name:
            near = closest_first(name, by_name)
            got = hide_secret(value)
            problems.append(Problem("unknown", name, got, "", near[0] if near else "", tuple(by_name)))
            continue
        ok, result = _validate_one(by_name[name], value)
        problem = _judge(by_name[name], ok, result)
        if problem:
            problems.append(problem)
    return problems


def _validate_one(parameter: Parameter, value: Any) -> tuple[bool, Any]:
    return convert_value(parameter.type, value, is_date=parameter.form == "date")


def _judge(parameter: Parameter, fits: bool, value: Any) -> Problem | None:
    name, rule = parameter.name, parameter.rule
    if parameter.form == "secret":  # whatever stands there instead of a reference may be the secret
        good = fits and (not value or is_reference(value))
        return None if good else Problem("secret", name, NotShown(), SECRET_RULE)
    got = hide_secret(value)
    if not fits:
        return Problem("type", name, got, parameter.type)
    if parameter.choices and str(value) not in parameter.choices:
        return Problem("choice", name, got, rule, closest_first(str(value), parameter.choices)[0])
    too_low = parameter.low is not None and value < parameter.low
    too_high = parameter.high is not None and value > parameter.high
    if too_low or too_high:
        return Problem("range", name, got, rule)
    if parameter.form == "date" and value and read_date(value) != value:
        return Problem("date", name, got, "YYYY-MM-DD", read_date(value) or "")
    return None


def is_reference(text: str) -> bool:
    """Tell whether `text` says where a secret is kept, ``env:NAME`` or ``file:PATH``.

    Examples
    --------
    >>> is_reference("env:API_TOKEN"), is_reference("file:keys/token.txt"), is_reference("hunter2")
    (True, True, False)
    """
    return bool(_REFERENCE.fullmatch(text))


def word_problem(problem: Problem, *, where: str, see: str = "") -> str:
    """Word `problem` in English, for the command line.

    Parameters
    ----------
    problem
        What `find_problems` found.
    where
        What the sentence begins with: the notebook, or the row of a file.
    see
        Notebook whose parameters the sentence points to; `where` by default.
    """
    if problem.kind == "unknown":
        hint = f" Did you mean {problem.closest!r}?" if problem.closest else ""
        known = ", ".join(problem.known) or "none"
        return f"{where}: has no parameter {problem.name!r}.{hint} It has: {known}."
    rules = {
        "type": f"must be of type {problem.rule}",
        "choice": f"must be one of {problem.rule}",
        "range": f"must be within {problem.rule}",
        "date": f"must be a date written {problem.rule}, or empty",
        "secret": f"takes only the place of a secret, {problem.rule}",
    }
    hint = f" Did you mean {problem.closest!r}?" if problem.closest else f" See: crm list {see or where}"
    if problem.kind == "type" and problem.rule == "str":
        hint = " Write text in quotes."
    if problem.kind == "secret":
        hint = " Put the secret into an environment variable or a file, and pass its name."
    return f"{where}: parameter {problem.name!r} {rules[problem.kind]}; got {problem.got!r}.{hint}"
