"""Assess the quality of raw tables in six dimensions, cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day
from crm_lib.errors import ParameterError
from crm_lib.identify._quality_checks import Outcome, run_rule
from crm_lib.identify._quality_table import QualityTable, Setting
from crm_lib.identify.quality_repair import propose_repairs
from crm_lib.identify.quality_rules import DIMENSIONS, QualityRule, load_quality_rules

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FINDING_COLUMNS = (
    "table", "column", "row", "source_file", "record", "dimension", "rule", "value", "detail", "cause", "severity",
    "effort",
)  # fmt: skip
_PRIVATE = ("phone", "email", "address", "identity_number")


def assess_quality(
    tables: Mapping[str, pd.DataFrame],
    *,
    as_of: str | dt.date,
    rules: str | PathLike | Iterable[QualityRule] | None = None,
    phone_prefixes: Sequence[str] = (),
    show_values: bool = False,
) -> pd.DataFrame:
    """Hold raw tables against the rules of data quality and list every cell that breaks one.

    Parameters
    ----------
    tables
        Name of the table (``"customers"``, ``"orders"`` …) → raw rows as `read_table` returns
        them: values as read, so that full-width digits, mixed dates and blanks are seen.
        Tables given together are held against each other (关联性).
    as_of
        Day of the assessment; later dates are faults.
    rules
        What `load_quality_rules` takes: a TOML file of one's own rules, or rules.
    phone_prefixes
        First digits of telephone numbers that the data invented on purpose (旭东: ``("154",)``).
    show_values
        Show telephone numbers, e-mail addresses, postal addresses and identity numbers in full; by
        default they are masked.

    Returns
    -------
    DataFrame
        One row per cell and broken rule, by table, row, dimension and rule: table, column, row (the
        row number seen in the file), source_file (of several files), record (its number), dimension
        (one of the six), rule, value, detail, cause (the likely one: 信息, 技术, 流程 or 管理), severity
        (严重, 一般, 提示), effort (自动, 核对, 回访). ``attrs["quality"]`` holds the day, per table the
        records and the rows that are none (totals, blank rows, the header again), per rule and
        column the cells checked, and per table, dimension and column the different cells checked.

    Raises
    ------
    ParameterError
        A rules file has faults, there are no rules for any of the tables, or ``as_of`` is no day.
    MissingPackageError
        A rule needs a package that is not installed.

    Notes
    -----
    A rule runs only where its columns exist; which did not run is told by
    ``attrs["quality"]["not_run"]``.  In several registers read together, a column that one of
    them does not have at all is not missing there.  A value that has no place in the numbering
    plan is 准确性, a value not written as it should be is 规范性; one cell may have both.  The
    cause is the rule's default: only somebody who knows the source can say what it was.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame({"record_id": ["K1", "K2"], "name": [" 王芳", "李明"], "birth_date": ["1990-02-30", "1985-03-01"]})
    >>> found = assess_quality({"customers": raw}, as_of="2025-01-01")
    >>> found[["record", "column", "dimension"]].values.tolist()
    [['K1', 'name', '规范性'], ['K1', 'birth_date', '准确性']]
    """
    day = parse_day("assess_quality", "as_of", as_of)
    known = load_quality_rules(rules)
    _check_call(tables, known)
    views = {name: QualityTable(name, raw) for name, raw in tables.items()}
    setting = Setting(day, tuple(phone_prefixes), _collect_keys(views, known))
    record = {"as_of": day.isoformat(), "tables": [], "rules": [], "cells": [], "not_run": []}
    parts = [_assess_table(view, known, setting, record, show_values) for view in views.values()]
    return _join(parts, record, known)


def _check_call(tables: Mapping[str, Any], rules: Sequence[QualityRule]) -> None:
    names = list(dict.fromkeys(r.table for r in rules))
    if not set(tables) & set(names):
        raise ParameterError(
            f"assess_quality: at least one table must have rules; got {list_words(map(repr, tables)) or 'no table'}, "
            f"and there are rules for {list_words(names)}. Name the tables so, or give rules of your own."
        )


def _collect_keys(views: Mapping[str, QualityTable], rules: Sequence[QualityRule]) -> dict[str, set[str]]:
    """Return the values of every column that a rule refers to, of the tables that are there."""
    import numpy as np

    wanted = {target for rule in rules for target in rule.options.get("to", ())}
    found: dict[str, set[str]] = {}
    for target in sorted(wanted):
        table, column = target.split(".")
        if table in views and views[table].has(column):
            cells = views[table].cells(column)
            found[target] = set(np.array(cells.half, dtype=object)[cells.filled].tolist())
    return found


def _assess_table(
    view: QualityTable,
    rules: Sequence[QualityRule],
    setting: Setting,
    record: dict[str, Any],
    show_values: bool,
) -> list[pd.DataFrame]:
    """Run the rules of one table; return its findings rule by rule, and add to the record."""
    parts: list[pd.DataFrame] = []
    seen: dict[tuple[str, str], np.ndarray] = {}
    for number, rule in enumerate(rules):
        if rule.table != view.name:
            continue
        outcomes = run_rule(view, rule, setting)
        if not outcomes:
            record["not_run"].append(rule.id)
        for outcome in outcomes:
            key = (rule.dimension, outcome.column)
            seen[key] = seen[key] | outcome.checked if key in seen else outcome.checked
            counts = {"n_checked": int(outcome.checked.sum()), "n_bad": int(outcome.bad.sum())}
            record["rules"].append({"table": view.name, "rule": rule.id, "column": outcome.column, **counts})
            if counts["n_bad"]:
                found = _list_findings(view, rule, number, outcome, show_values)
                parts.append(found.assign(effort=_tell_effort(view, rule, outcome, setting)))
    record["tables"].append({
        "table": view.name,
        "n_rows": view.n_rows,
        "n_records": len(view),
        **view.n_dropped,
    })
    record["cells"] += [
        {"table": view.name, "dimension": dimension, "column": column, "n_checked": int(mask.sum())}
        for (dimension, column), mask in seen.items()
        if mask.any()
    ]
    return parts


def _list_findings(
    view: QualityTable, rule: QualityRule, number: int, outcome: Outcome, show_values: bool
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    at = np.flatnonzero(outcome.bad)
    cells = view.cells(outcome.column)
    codes, inverse = np.unique(cells.codes[at], return_inverse=True)
    texts = [cells.texts[k] if k >= 0 else "" for k in codes.tolist()]
    if outcome.column in _PRIVATE and not show_values:
        texts = list(map(mask_value, texts))
    detail = np.full(len(at), rule.say, dtype=object)
    if outcome.why is not None:
        detail = [f"{rule.say.rstrip('。')}：{w}。" if w else rule.say for w in outcome.why[at].tolist()]
    return pd.DataFrame({
        "table": view.name,
        "column": outcome.column,
        "row": view.source_rows[at],
        "source_file": view.source_files[at],
        "record": view.records[at],
        "dimension": rule.dimension,
        "rule": rule.id,
        "value": np.array(texts, dtype=object)[inverse],
        "detail": detail,
        "cause": rule.cause,
        "severity": rule.severity,
        "_place": view.positions[at],
        "_rule": number,
    })


def _tell_effort(view: QualityTable, rule: QualityRule, outcome: Outcome, setting: Setting) -> Any:
    """Return who can mend each bad cell; what 自动 promises, `repair_values` does, else somebody has to look."""
    import numpy as np

    if rule.effort != "自动" or rule.kind != "format":
        return rule.effort
    sure = propose_repairs(view, outcome.column, rule.options.get("form", ""), outcome.bad, setting) != ""
    return np.where(sure[outcome.bad], "自动", "核对")


def mask_value(text: str) -> str:
    """Return a private value as a report may show it: its begin and, of a long one, its end.

    Examples
    --------
    >>> mask_value("13812345678"), mask_value("wang@example.com"), mask_value("朝阳区旭日路5号"), mask_value("")
    ('138****78', 'w****@example.com', '朝阳区****', '')
    """
    text = text.strip()
    if "@" in text:
        user, _, domain = text.partition("@")
        return f"{user[:1]}****@{domain}"
    digits = sum(c.isdigit() for c in text)
    if digits > len(text) / 2:
        return f"{text[:3]}****{text[-2:]}" if len(text) > 6 else "****"
    return f"{text[:3]}****" if text else ""


def _join(
    parts: list[list[pd.DataFrame]], record: dict[str, Any], rules: Sequence[QualityRule]
) -> pd.DataFrame:
    import pandas as pd

    ordered = []
    for frames in parts:
        if frames:
            found = pd.concat(frames, ignore_index=True)
            place = found["dimension"].map({d: k for k, d in enumerate(DIMENSIONS)})
            ordered.append(
                found.assign(_dimension=place).sort_values(["_place", "_dimension", "_rule"], kind="stable")
            )
    texts = [c for c in FINDING_COLUMNS if c != "row"]
    if ordered:
        out = pd.concat(ordered, ignore_index=True)[list(FINDING_COLUMNS)]
    else:
        out = pd.DataFrame({c: pd.Series(dtype=object) for c in FINDING_COLUMNS})
    out = out.astype({"row": "int64", **dict.fromkeys(texts, str)})
    out.attrs["quality"] = record
    return out
