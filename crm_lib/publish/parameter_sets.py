"""Sets of parameters: one file for a run, or a table of which each row makes a report of its own."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import ParameterError
from crm_lib.publish.parameter_files import DOCUMENTS, SHEETS, TEXTS, read_cells, read_document

KEY = "key"  # the column that names the reports
MOST_SETS = 10_000
_LONGEST = 48
# What a report's folder holds beside the folders of its keys, and what Windows keeps for itself.
_TAKEN = re.compile(
    r"(tables|pages|con|prn|aux|nul|com\d|lpt\d)(\..*)?|(report|failed|result)\..*", re.IGNORECASE
)


@dataclass(frozen=True)
class ParameterSet:
    """One set of parameters: where it stands, its values, and the name of its report."""

    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    told: tuple[str, ...] = ()  # the parameters whose values make the key where none is given


def read_values(path: str | Path, known: Collection[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Read a file of parameters (``--params``): values for all notebooks, and sections for some.

    Parameters
    ----------
    path
        YAML, TOML or JSON: parameter name → value, notebook id → such a table.
    known
        Ids of all notebooks; a section of another name is refused.

    Returns
    -------
    tuple
        The values outside any section, and the sections.  A value that is
        null is left out: the default holds.
    """
    where = "crm render --params"
    file = _find_file(path, where, DOCUMENTS)
    found = read_document(file, where=where)
    if not isinstance(found, Mapping):
        raise ParameterError(
            f"{where}: {file.name!r} must hold name: value lines, not a {_kind(found)}. "
            "A list of sets belongs to --each."
        )
    sections = {str(k): _drop_empty(v) for k, v in found.items() if isinstance(v, Mapping)}
    for name in sections:
        if name not in known:
            near = closest_first(name, known)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(
                f"{where}: {file.name!r} has a section {name!r}, which is no notebook.{hint}"
            )
    values = _drop_empty({k: v for k, v in found.items() if not isinstance(v, Mapping)})
    for name, value in [*values.items(), *(item for s in sections.values() for item in s.items())]:
        if isinstance(value, (list, Mapping)):
            raise ParameterError(
                f"{where}: {name!r} in {file.name!r} must be one value, not a {_kind(value)}. "
                "Lists of values belong to --each."
            )
    return values, sections


def _kind(value: Any) -> str:
    return {dict: "table", list: "list"}.get(type(value), "single value")


def _drop_empty(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(k): v for k, v in values.items() if v is not None}


def _find_file(path: str | Path, where: str, suffixes: Sequence[str]) -> Path:
    file = Path(path).expanduser()
    if not file.is_file():
        folder = file.parent
        names = [p.name for p in folder.iterdir() if p.suffix.lower() in suffixes] if folder.is_dir() else []
        near = list_words(map(repr, closest_first(file.name, names)[:3]))
        hint = f"Nearest files there: {near}." if near else "Check the path."
        raise ParameterError(f"{where}: there is no file {str(path)!r}. {hint}")
    if file.suffix.lower() not in suffixes:
        raise ParameterError(
            f"{where}: takes {list_words(suffixes)}; got {file.name!r}. Save it as one of these."
        )
    return file


def read_sets(source: str | Path | Sequence[Mapping[str, Any]]) -> list[ParameterSet]:
    """Read sets of parameters (``--each``): the rows of a table, a list of sets, or a grid.

    Parameters
    ----------
    source
        CSV (UTF-8 or GB18030) or Excel sheet (``FILE.xlsx#sheet``) whose header
        names parameters; YAML or JSON list of sets; YAML, JSON or TOML table of
        lists, of which every combination is made; or the sets themselves.

    Returns
    -------
    list of ParameterSet
        In the order of the file, keys as given there; an empty cell is left
        out, so that the default holds.

    Raises
    ------
    ParameterError
        No such file, no set in it, or a header that is empty or stands twice.
    """
    where = "crm render --each"
    if not isinstance(source, (str, Path)):
        return _limit(_read_list(source, "set", where), where, "the list")
    name, _, sheet = str(source).partition("#") if not Path(source).exists() else (str(source), "", "")
    file = _find_file(name, where, (*TEXTS, *SHEETS, *DOCUMENTS))
    if file.suffix.lower() in DOCUMENTS:
        found = read_document(file, where=where)
        return _limit(_read_sets_of(found, file.name, where), where, file.name)
    return _limit(_read_table(read_cells(file, sheet, where=where), file.name, where), where, file.name)


def _limit(sets: list[ParameterSet], where: str, name: str) -> list[ParameterSet]:
    if not 1 <= len(sets) <= MOST_SETS:
        got = f"{len(sets):,} sets" if sets else "none"
        raise ParameterError(
            f"{where}: {name} must hold 1 to {MOST_SETS:,} sets of parameters; got {got}. "
            "The first line names the parameters, each line after it makes a report."
        )
    return sets


def _read_table(rows: Sequence[tuple[int, list[Any]]], file: str, where: str) -> list[ParameterSet]:
    if not rows:
        return []
    names = [str(cell).strip() for cell in rows[0][1]]
    while names and not names[-1]:
        names.pop()
    twice = [name for name in names if names.count(name) > 1]
    if twice or "" in names:
        fault = f"names {twice[0]!r} twice" if twice and twice[0] else "has a column without a name"
        raise ParameterError(f"{where}: the first line of {file} {fault}. Name each parameter once.")
    sets = []
    for number, row in rows[1:]:
        extra = [cell for cell in row[len(names) :] if cell not in (None, "")]
        if extra:
            raise ParameterError(
                f"{where}: {file} row {number} has more cells than the first line has names "
                f"({len(names)}). Put a value that holds the separator in quotes."
            )
        given = {name: cell for name, cell in zip(names, row, strict=False) if cell != ""}
        sets.append(_make_set(given, f"{file} row {number}"))
    return sets


def _make_set(values: Mapping[Any, Any], where: str) -> ParameterSet:
    kept = _drop_empty(values)
    mine = {k: v for k, v in kept.items() if k != KEY}
    return ParameterSet(where, mine, str(kept.get(KEY, "")), tuple(mine))


def _read_list(found: Sequence[Any], name: str, where: str) -> list[ParameterSet]:
    sets = []
    for i, values in enumerate(found, start=1):
        if not isinstance(values, Mapping):
            raise ParameterError(f"{where}: {name} {i} must be name: value lines; got a {_kind(values)}.")
        sets.append(_make_set(values, f"{name} {i}"))
    return sets


def _read_sets_of(found: Any, file: str, where: str) -> list[ParameterSet]:
    if isinstance(found, Mapping) and len(found) == 1:
        (only,) = found.values()  # TOML has no list at the top, so a list of sets has a name there
        found = only if isinstance(only, list) and only and isinstance(only[0], Mapping) else found
    if isinstance(found, list):
        return _read_list(found, f"{file} set", where)
    if not isinstance(found, Mapping):
        raise ParameterError(
            f"{where}: {file} must hold a list of sets, or a table of lists; got a {_kind(found)}."
        )
    if KEY in found:
        raise ParameterError(f"{where}: {file} is a grid, which names its reports itself; take out {KEY!r}.")
    return _multiply(found, file, where)


def _multiply(grid: Mapping[str, Any], file: str, where: str) -> list[ParameterSet]:
    """Return every combination of a grid; the last parameter changes fastest."""
    lists = {str(k): v if isinstance(v, list) else [v] for k, v in grid.items()}
    if not lists:
        return []
    n_sets = math.prod(len(values) for values in lists.values())
    if n_sets > MOST_SETS:
        raise ParameterError(
            f"{where}: {file} must hold at most {MOST_SETS:,} combinations; got {n_sets:,}. Shorten its lists."
        )
    told = tuple(k for k, values in lists.items() if len(values) > 1)
    chosen = (_drop_empty(dict(zip(lists, v, strict=True))) for v in itertools.product(*lists.values()))
    return [ParameterSet(f"{file} set {i}", values, "", told) for i, values in enumerate(chosen, start=1)]


def name_sets(sets: Sequence[ParameterSet]) -> list[str]:
    """Return the key of each set: short, readable, a file name on every system, and unique.

    Notes
    -----
    A key is made from its own set alone, so that new rows do not move old
    reports; only of sets that read alike the later ones bear a mark of their values.

    Raises
    ------
    ParameterError
        Two given keys are alike, or two sets without a key have the same
        values; both are named.
    """
    used: dict[str, ParameterSet] = {}
    keys: dict[int, str] = {}
    for i, one in sorted(enumerate(sets), key=lambda pair: not pair[1].key):  # given keys come first
        key = make_key(one.key or _spell(one))
        other = used.get(key.casefold())
        if other and not one.key and (other.key or other.values != one.values):
            key = f"{key}-{_mark(_canonical(one))}"
            other = used.get(key.casefold())
        if other:
            raise ParameterError(_word_collision(other, one, key))
        used[key.casefold()] = one
        keys[i] = key
    return [keys[i] for i in range(len(sets))]


def _word_collision(one: ParameterSet, other: ParameterSet, key: str) -> str:
    where = "crm render --each"
    if other.key:
        return (
            f"{where}: {one.where} and {other.where} would both write the report {key!r}; keys must differ "
            f"in more than capitals and marks. Change the {KEY!r} of one."
        )
    return (
        f"{where}: {one.where} and {other.where} hold the same values, so they would be the same report. "
        f"Take one out, or tell them apart in a column {KEY!r}."
    )


def make_key(text: str) -> str:
    """Return `text` as the name of a folder that Windows accepts too.

    Examples
    --------
    >>> make_key("客户 A/B: 1997"), make_key("CON"), make_key("tables")
    ('客户-A-B-1997', '_CON', '_tables')
    """
    plain = re.sub(r"[^\w.+]+", "-", unicodedata.normalize("NFC", text))
    plain = re.sub(r"-*(__+|\.\.+)-*", "-", plain).strip(" .-_") or _mark(text)
    if len(plain) > _LONGEST:
        plain = f"{plain[: _LONGEST - 9].strip(' .-_')}-{_mark(text)}"
    return f"_{plain}" if _TAKEN.fullmatch(plain) else plain


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _canonical(one: ParameterSet) -> str:
    return json.dumps(dict(one.values), sort_keys=True, ensure_ascii=False, default=str)


def _spell(one: ParameterSet) -> str:
    """Return the values of a set in a few words: files by their name, numbers with what they are."""
    words = []
    for name in one.told:
        value = one.values.get(name)
        text = str(value)
        if isinstance(value, str) and not re.fullmatch(r"[-+.\d]{0,6}|(?i:true|false|yes|no|是|否)", text):
            words.append(re.split(r"[\\/]", text.rstrip("\\/"))[-1])
        elif value is not None:
            words.append(f"{name}-{text}")
    return "-".join(words) or "default"
