"""The kinds of check: each holds one rule against a table and says which cells it looked at and which are bad."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from crm_lib.identify._quality_forms import Verdict, describe_column, judge_form, judge_truth
from crm_lib.identify._values import AMBIGUOUS, OK

if TYPE_CHECKING:
    import numpy as np

    from crm_lib.identify._quality_table import QualityTable, Setting
    from crm_lib.identify.quality_rules import QualityRule

FORMS = ("iso", "slash", "dot", "chinese", "compact", "open", "serial")


class Outcome(NamedTuple):
    """What a rule found in one column: rows looked at, bad rows, and words why per row (or None)."""

    column: str
    checked: np.ndarray
    bad: np.ndarray
    why: np.ndarray | None = None


Check = Callable[["QualityTable", "QualityRule", "Setting"], Iterator[Outcome]]


def run_rule(table: QualityTable, rule: QualityRule, setting: Setting) -> list[Outcome]:
    """Hold one rule against a table; nothing where its columns, or the tables it refers to, are not there."""
    if not can_run(table, rule, setting):
        return []
    outcomes = list(CHECKS[rule.kind](table, rule, setting))
    if rule.when is None:
        return outcomes
    cells = table.cells(rule.when[0])
    wanted = {v.lower() for v in rule.when[1]}
    import numpy as np

    fits = cells.spread(np.array([t.lower() in wanted for t in cells.half], dtype=bool))
    return [Outcome(o.column, o.checked & fits, o.bad & fits, o.why) for o in outcomes]


def can_run(table: QualityTable, rule: QualityRule, setting: Setting) -> bool:
    """Say whether a rule has what it needs: some of its columns, for a comparison all."""
    there = [c for c in rule.columns if table.has(c)]
    if not there or (rule.when is not None and not table.has(rule.when[0])):
        return False
    if rule.kind == "cross":
        needed = rule.columns[:3] if rule.options["check"] == "product" else rule.columns[:2]
        return all(table.has(c) for c in needed)
    if rule.kind == "unique":
        return table.has(rule.columns[0]) and len(there) >= min(len(rule.columns), 2)
    return rule.kind != "reference" or any(t in setting.keys for t in rule.options["to"])


def _each(table: QualityTable, rule: QualityRule) -> Iterator[str]:
    return (c for c in rule.columns if table.has(c))


def _spread(table: QualityTable, column: str, verdict: Verdict) -> Outcome:
    import numpy as np

    cells = table.cells(column)
    why = None
    if verdict.why is not None:
        why = np.array([*verdict.why, ""], dtype=object)[cells.codes]
    return Outcome(column, cells.spread(verdict.checked), cells.spread(verdict.bad), why)


def _check_required(table: QualityTable, rule: QualityRule, _setting: Setting) -> Iterator[Outcome]:
    """Find empty cells; a register that knows nothing of the column at all is not asked for it."""
    import numpy as np

    columns = list(_each(table, rule))
    filled = {c: table.cells(c).row_filled for c in columns}
    if rule.options.get("any"):
        some = np.logical_or.reduce(list(filled.values()))
        yield Outcome(columns[0], np.ones(len(table), dtype=bool), ~some)
        return
    several = len(set(table.groups.tolist())) > 1
    for column in columns:
        asked = np.ones(len(table), dtype=bool)
        if several:
            asked = (np.bincount(table.groups, weights=filled[column]) > 0)[table.groups]
        yield Outcome(column, asked, asked & ~filled[column])


def _check_empty(table: QualityTable, rule: QualityRule, _setting: Setting) -> Iterator[Outcome]:
    import numpy as np

    for column in _each(table, rule):
        yield Outcome(column, np.ones(len(table), dtype=bool), table.cells(column).row_filled)


def _check_format(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    for column in _each(table, rule):
        if "pattern" in rule.options:
            yield _spread(table, column, _judge_pattern(table, column, rule.options["pattern"]))
        elif rule.options["form"] == "date":
            yield _check_date_form(table, column)
        else:
            yield _spread(table, column, judge_form(table, column, rule.options["form"], setting))


def _judge_pattern(table: QualityTable, column: str, pattern: str) -> Verdict:
    import numpy as np

    cells, known = table.cells(column), re.compile(pattern)
    fits = np.array([known.fullmatch(t) is not None for t in cells.texts], dtype=bool)
    return Verdict(cells.filled, cells.filled & ~fits)


def _check_date_form(table: QualityTable, column: str) -> Outcome:
    """Hold each date against the way most dates of its register's column are written."""
    import numpy as np

    cells, forms = table.cells(column), name_row_forms(table, column)
    checked = cells.row_filled
    unclear = cells.spread(table.days(column).state == AMBIGUOUS)
    why = np.where(unclear, "日月不明", "").astype(object)
    return Outcome(column, checked, checked & ((forms != find_main_forms(table, column)) | unclear), why)


def name_row_forms(table: QualityTable, column: str) -> np.ndarray:
    """Return how each row's date is written; a date that is no text counts as ISO."""
    import numpy as np

    forms = np.append(table.date_forms(column)[0], "").astype(object)
    forms[forms == "native"] = "iso"
    return forms[table.cells(column).codes]


def find_main_forms(table: QualityTable, column: str, *, choices: tuple[str, ...] = FORMS) -> np.ndarray:
    """Return per row which of `choices` most dates of its register's column have; of equals the first.

    Dates that can be read decide; what is no date of the calendar has a say only where there are no others.
    """
    import numpy as np

    forms = name_row_forms(table, column)
    readable = table.cells(column).spread(table.days(column).state == OK)
    out = np.full(len(table), "", dtype=object)
    for group in np.unique(table.groups):
        mine = table.groups == group
        deciding = mine & readable if (mine & readable).any() else mine
        counts = [int((forms[deciding] == form).sum()) for form in choices]
        out[mine] = choices[counts.index(max(counts))]
    return out


def _check_valid(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    for column in _each(table, rule):
        yield _spread(table, column, judge_truth(table, column, rule.options["form"], setting))


def _check_unique(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    """Find rows equal to an earlier one of the same register in all the columns, however they are written."""
    import numpy as np

    columns = list(_each(table, rule))
    filled = np.sum([table.cells(c).row_filled for c in columns], axis=0)
    within = [c for c in rule.options.get("within", ()) if table.has(c) and c not in columns]
    parts = [table.groups, *(table.cells(c).codes for c in within)]
    key = join_codes([*parts, *(code_meaning(table, c, setting) for c in columns)])
    least = min(rule.options.get("least", len(columns)), len(columns))
    checked = (filled >= least) & table.cells(columns[0]).row_filled
    key = np.where(checked, key, -1 - np.arange(len(key)))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    first = first[inverse]
    bad = checked & (first != np.arange(len(key)))
    why = np.full(len(key), "", dtype=object)
    why[bad] = [f"同第 {n} 行" for n in table.source_rows[first[bad]].tolist()]
    yield Outcome(columns[0], checked, bad, why)


def code_meaning(table: QualityTable, column: str, setting: Setting) -> np.ndarray:
    """Return a number per row for what its cell means: a telephone number written in two ways has one."""
    import numpy as np
    import pandas as pd

    cells = table.cells(column)
    meaning = np.array([t.casefold() for t in cells.half], dtype=object)
    if table.kind_of(column) in ("date", "datetime"):
        days = table.days(column)
        known = days.state == OK
        meaning[known] = days.values[known].astype("datetime64[s]").astype(str)
    elif column == "phone":
        number = describe_column(table, column, "phone", setting)["number"]
        meaning = np.where(number == "", meaning, number)
    elif column == "name":
        meaning = describe_column(table, column, "name", setting)["name"]
    meaning[~cells.filled] = ""
    return pd.factorize(np.append(meaning, ""))[0][cells.codes]


def join_codes(parts: list[np.ndarray]) -> np.ndarray:
    """Return a number per row for all its codes together."""
    import numpy as np
    import pandas as pd

    key = np.zeros(len(parts[0]), dtype="int64")
    for codes in parts:
        codes = codes - codes.min(initial=0)
        key = pd.factorize(key * (int(codes.max(initial=0)) + 1) + codes)[0]
    return key


def _check_range(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    import numpy as np

    for column in _each(table, rule):
        low, high = rule.options.get("min"), rule.options.get("max")
        if isinstance(low if low is not None else high, str):
            read = table.days(column)
            values = read.values.astype("datetime64[D]").astype("int64")
            low, high = (None if b is None else _day_of(b, setting.as_of) for b in (low, high))
        else:
            read = table.numbers(column)
            values = np.asarray(read.values, dtype="float64")
        checked = (read.state == OK) & table.cells(column).filled
        bad = np.zeros(len(values), dtype=bool)
        with np.errstate(invalid="ignore"):
            bad |= (values < low) if low is not None else False
            bad |= (values > high) if high is not None else False
        yield _spread(table, column, Verdict(checked, checked & bad))


def _day_of(bound: str, as_of: dt.date) -> int:
    """Return a bound such as as_of-120y as days since 1970."""
    if not bound.startswith("as_of"):
        day = dt.date.fromisoformat(bound)
    else:
        n = int(bound[6:-1] or 0) if len(bound) > 5 else 0
        day = as_of - dt.timedelta(days=n if bound.endswith("d") else 0)
        if bound.endswith("y"):
            day = day.replace(year=max(day.year - n, 1), day=min(day.day, 28))
    return (day - dt.date(1970, 1, 1)).days


def _check_in_set(table: QualityTable, rule: QualityRule, _setting: Setting) -> Iterator[Outcome]:
    import numpy as np

    wanted = {str(v) for v in rule.options["values"]}
    for column in _each(table, rule):
        cells = table.cells(column)
        known = np.array([t in wanted for t in cells.half], dtype=bool)
        yield _spread(table, column, Verdict(cells.filled, cells.filled & ~known))


def _check_reference(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    import numpy as np

    known: set[str] = set().union(*(setting.keys.get(t, set()) for t in rule.options["to"]))
    for column in _each(table, rule):
        cells = table.cells(column)
        lost = np.array([t not in known for t in cells.half], dtype=bool)
        yield _spread(table, column, Verdict(cells.filled, cells.filled & lost))


def _check_fresh(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    for column in _each(table, rule):
        read = table.days(column)
        age = (dt.date(1970, 1, 1) - setting.as_of).days + read.values.astype("datetime64[D]").astype("int64")
        checked = (read.state == OK) & table.cells(column).filled
        yield _spread(table, column, Verdict(checked, checked & (-age > rule.options["days"])))


def _check_cross(table: QualityTable, rule: QualityRule, setting: Setting) -> Iterator[Outcome]:
    from crm_lib.identify._quality_cross import CROSS_CHECKS

    checked, bad = CROSS_CHECKS[rule.options["check"]](table, rule, setting)
    yield Outcome(rule.columns[0], checked, checked & bad)


CHECKS: dict[str, Check] = {
    "required": _check_required,
    "empty": _check_empty,
    "format": _check_format,
    "valid": _check_valid,
    "unique": _check_unique,
    "range": _check_range,
    "in_set": _check_in_set,
    "reference": _check_reference,
    "fresh": _check_fresh,
    "cross": _check_cross,
}
