"""Read YAML so that every fault can name its line, and nothing is guessed.

What YAML 1.1 guesses is left as text: ``no`` is no truth value, ``2024-12-31``
no date object, ``12:30`` not 750; a key written twice is a fault, not the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm_lib._checks import import_extra

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEEPEST = 20
_JOB = re.compile(r"^job .+?: ")


@dataclass
class Faults:
    """The faults of one file, collected so that it is mended once."""

    file: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, sentence: str) -> None:
        """Note a fault; line 0 is the file as a whole."""
        self.found.append((line, sentence))

    def list_sentences(self) -> list[str]:
        """Return one line per fault, in the order of the file; one that all jobs inherit is told once."""
        first: dict[tuple[int, str], str] = {}
        for line, text in sorted(self.found, key=lambda fault: fault[0]):
            first.setdefault((line, _JOB.sub("", text)), text)
        return [
            f"{self.file}:{line}: {text}" if line else f"{self.file}: {text}"
            for (line, _), text in first.items()
        ]


@dataclass(frozen=True)
class Value:
    """A value of the file and the line it stands in.

    ``data`` is None, bool, int, float or str, a list of `Value`, or a dict from text to `Value`.
    """

    data: Any
    line: int

    @property
    def kind(self) -> str:
        """What it is, in the words of a fault."""
        kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
        return kinds.get(type(self.data), "a number")

    def plain(self) -> Any:
        """Return the value without its lines."""
        if isinstance(self.data, dict):
            return {key: value.plain() for key, value in self.data.items()}
        return [value.plain() for value in self.data] if isinstance(self.data, list) else self.data


def read_yaml(text: str, faults: Faults) -> Value | None:
    """Return the document in `text`, or None when it is no YAML (noted in `faults`)."""
    yaml = import_extra("yaml", extra="tour", purpose="reading a schedule")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        faults.add(mark.line + 1 if mark else 0, f"this is not YAML: {what}.")
        return None
    return Value(None, 1) if node is None else _convert(node, faults, 0)


def _convert(node: Any, faults: Faults, depth: int) -> Value:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        faults.add(line, f"values may stand within each other {_DEEPEST} deep at most.")
        return Value(None, line)
    if node.id == "mapping":
        return Value(dict(_convert_pairs(node, faults, depth)), line)
    if node.id == "sequence":
        return Value([_convert(item, faults, depth + 1) for item in node.value], line)
    return Value(node.value if node.style else _resolve(node.value), line)


def _convert_pairs(node: Any, faults: Faults, depth: int) -> Iterator[tuple[str, Value]]:
    first: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key, str):
            faults.add(line, "a key must be a word.")
        elif key in first:
            faults.add(line, f"{key!r} stands here a second time; the first is in line {first[key]}.")
        else:
            first[key] = line
            yield key, _convert(value_node, faults, depth + 1)


def _resolve(text: str) -> Any:
    """Return what a plain scalar means, by the narrow rules of YAML 1.2."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
