"""Read the rules of complaint routing from a TOML file, and hold each to its form."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import ParameterError, ReadError

URGENCIES = ("紧急", "较急", "普通")


@dataclass(frozen=True)
class RoutingRule:
    """Who answers complaints of one topic, how urgent they are, and within how many hours."""

    topic: str
    department: str
    urgency: str
    hours: float
    words: tuple[str, ...] = ()
    contact_topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoutingRules:
    """The rules by topic, the words that make a complaint urgent, and those that tell one."""

    version: str
    rules: tuple[RoutingRule, ...]
    urgent_words: tuple[str, ...]
    urgent_hours: float
    complaint_words: tuple[str, ...]


def read_routing_rules(path: str | Path | None = None) -> RoutingRules:
    """Read the rules by which complaints are routed.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file of the form of ``crm_lib/identify/routing.toml``; without it that one.

    Returns
    -------
    RoutingRules
        Rules in the order of the file.

    Raises
    ------
    ReadError
        The file cannot be read or is no TOML.
    ParameterError
        Rules break the form; all that do are named.
    """
    try:
        if path is None:
            text = (resources.files("crm_lib.identify") / "routing.toml").read_text("utf-8")
        else:
            text = Path(path).read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReadError(
            f"read_routing_rules: the file must be TOML in UTF-8; {str(path)!r} cannot be read ({error}). "
            "Start from a copy of crm_lib/identify/routing.toml."
        ) from None
    blocks = found.get("rules", [])
    faults = _find_faults(found, blocks)
    if faults:
        raise ParameterError(
            f"read_routing_rules: each rule needs topic, department, urgency ({'/'.join(URGENCIES)}) and hours "
            f"above 0; {list_words(faults, most=6)}. Mend the file."
        )
    return RoutingRules(
        str(found.get("version", "")),
        tuple(_make_rule(block) for block in blocks),
        tuple(found["urgent"]["words"]),
        float(found["urgent"]["hours"]),
        tuple(found["complaint"]["words"]),
    )


def _make_rule(block: dict[str, Any]) -> RoutingRule:
    lists = {name: tuple(block.get(name, ())) for name in ("words", "contact_topics")}
    return RoutingRule(block["topic"], block["department"], block["urgency"], float(block["hours"]), **lists)


def _find_faults(found: dict[str, Any], blocks: Any) -> list[str]:
    if not isinstance(blocks, list) or not blocks or any(not isinstance(b, dict) for b in blocks):
        return ["there are no [[rules]]"]
    faults: list[str] = []
    seen: dict[str, str] = {}
    for i, block in enumerate(blocks, start=1):
        name = block.get("topic") or f"rule {i}"
        faults += [f"{name} lacks {k}" for k in ("topic", "department") if not _is_text(block.get(k))]
        if block.get("urgency") not in URGENCIES:
            faults.append(f"urgency of {name} is {block.get('urgency')!r}")
        if not _is_hours(block.get("hours")):
            faults.append(f"hours of {name} are {block.get('hours')!r}")
        faults += [
            f"{k} of {name} is no list of texts"
            for k in ("words", "contact_topics")
            if not _is_list(block.get(k, []))
        ]
        for said in {f"topic {name}", *(f"contact topic {t}" for t in block.get("contact_topics", ()))}:
            if said in seen:
                faults.append(f"{said} stands in two rules")
            seen[said] = name
    for section in ("urgent", "complaint"):
        if not isinstance(found.get(section), dict) or not _is_list(found[section].get("words")):
            faults.append(f"[{section}] lacks its words")
        elif section == "urgent" and not _is_hours(found[section].get("hours")):
            faults.append("[urgent] lacks its hours")
    return faults


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_hours(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10_000


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(w, str) and w.strip() for w in value)
