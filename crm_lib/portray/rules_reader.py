"""Read the rules of customer labels from a TOML file, and hold each to its form."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import ParameterError, ReadError
from crm_lib.portray.measures import MEASURES

KINDS = {
    "rule": {"measure", "at_least", "at_most"},
    "statistic": {"measure", "top", "bottom"},
    "preference": {"column", "min_count", "min_lift"},
}
PREFERENCES = ("category", "subcategory", "brand", "channel", "store_id", "sku", "product_name")
_COMMON = {"name", "kind", "definition"}


@dataclass(frozen=True)
class LabelRule:
    """One label: its name, kind, definition in Chinese, and where its limits lie."""

    name: str
    kind: str
    definition: str
    measure: str = ""
    at_least: float | None = None
    at_most: float | None = None
    top: float | None = None
    bottom: float | None = None
    column: str = ""
    min_count: int = 3
    min_lift: float = 1.5


@dataclass(frozen=True)
class LabelRules:
    """A set of labels and its version."""

    version: str
    labels: tuple[LabelRule, ...]


def read_label_rules(path: str | Path | None = None) -> LabelRules:
    """Read the rules of customer labels.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file; without it the rules that come with the library.

    Returns
    -------
    LabelRules
        Version and labels, in the order of the file.

    Raises
    ------
    ReadError
        The file cannot be read or is no TOML; the line is named.
    ParameterError
        Labels break the form; all that do are named in one sentence each.

    Notes
    -----
    ``version`` is a text of the author's; ``[[labels]]`` hold ``name``,
    ``kind``, ``definition`` and the limits of their kind: *rule* ``measure``
    with ``at_least`` and/or ``at_most``; *statistic* ``measure`` with ``top``
    or ``bottom`` (a share); *preference* ``column``, ``min_count``,
    ``min_lift`` and ``{value}`` in the name.

    Examples
    --------
    >>> read_label_rules().labels[0].name
    '近期活跃'
    """
    name, text = _read_text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ReadError(f"read_label_rules: {name} must be TOML; {fault}. Correct that line.") from None
    labels = raw.get("labels")
    if not isinstance(raw.get("version"), str) or not isinstance(labels, list) or not labels:
        raise ParameterError(
            f'read_label_rules: {name} must start with version = "…" (a text) and hold [[labels]]; '
            f"got {list_words(raw) or 'nothing'}. See crm_lib/portray/rules/default.toml."
        )
    faults = [fault for i, body in enumerate(labels) for fault in _find_faults(i, body)]
    names = [b.get("name") for b in labels if isinstance(b, dict) and isinstance(b.get("name"), str)]
    faults += [f"label {n!r}: occurs more than once" for n in dict.fromkeys(names) if names.count(n) > 1]
    if faults:
        raise ParameterError(f"read_label_rules: {name}: {'; '.join(faults)}. Correct the file.")
    return LabelRules(raw["version"], tuple(LabelRule(**body) for body in labels))


def _read_text(path: str | Path | None) -> tuple[str, str]:
    if path is None:
        return "default.toml", (
            resources.files("crm_lib.portray").joinpath("rules/default.toml").read_text("utf-8")
        )
    try:
        return Path(path).name, Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(
            f"read_label_rules: {Path(path).name} must be UTF-8 text; it is not. Save it as UTF-8."
        ) from None
    except OSError as fault:
        raise ReadError(
            f"read_label_rules: the file must be readable; {path}: {fault.strerror}. Check the path."
        ) from None


def _find_faults(i: int, body: Any) -> list[str]:
    if not isinstance(body, dict):
        return [f"label {i + 1} must be a [[labels]] table"]
    who = f"label {body.get('name') or i + 1!r}"
    texts = [f"{who}: {key} must be a text" for key in sorted(_COMMON) if not _is_text(body.get(key))]
    if texts or body["kind"] not in KINDS:
        kinds = f"{who}: kind must be one of {list_words(KINDS)}; got {body.get('kind')!r}"
        return texts or [kinds]
    allowed = _COMMON | KINDS[body["kind"]]
    unknown = [key for key in body if key not in allowed]
    if unknown:
        near = closest_first(unknown[0], KINDS[body["kind"]])[0]
        return [f"{who}: a {body['kind']} has no {unknown[0]!r}; did you mean {near!r}?"]
    check = _check_preference if body["kind"] == "preference" else _check_limits
    return [f"{who}: {fault}" for fault in check(body)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _check_limits(body: dict[str, Any]) -> list[str]:
    if body.get("measure") not in MEASURES:
        near = closest_first(str(body.get("measure", "")), MEASURES)
        return [f"measure must be one of {list_words(near)}; got {body.get('measure')!r}"]
    names = ("at_least", "at_most") if body["kind"] == "rule" else ("top", "bottom")
    limits = {n: body[n] for n in names if n in body}
    bad = [f"{n} must be a number; got {v!r}" for n, v in limits.items() if not _is_number(v)]
    if bad or not limits:
        return bad or [f"needs {' or '.join(names)}"]
    if body["kind"] == "statistic":
        if len(limits) > 1:
            return ["must have top or bottom, not both"]
        return [f"{n} must be above 0 and below 1; got {v}" for n, v in limits.items() if not 0 < v < 1]
    if len(limits) == 2 and body["at_least"] > body["at_most"]:
        return [f"at_least {body['at_least']} must be <= at_most {body['at_most']}"]
    return []


def _check_preference(body: dict[str, Any]) -> list[str]:
    faults = []
    if body.get("column") not in PREFERENCES:
        faults.append(f"column must be one of {list_words(PREFERENCES)}; got {body.get('column')!r}")
    if "{value}" not in body["name"]:
        faults.append("the name must hold {value}, where the category stands")
    count, lift = body.get("min_count", 3), body.get("min_lift", 1.5)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        faults.append(f"min_count must be a whole number >= 1; got {count!r}")
    if not _is_number(lift) or lift <= 1:
        faults.append(f"min_lift must be a number above 1; got {lift!r}")
    return faults
