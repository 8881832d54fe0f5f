"""The one place that words an error about arguments and columns.

A message says, in this order: what was called, the rule, what it got, and the
way out.  Checks of values collect every fault before they raise, so that a
user mends a file once, not once per row.
"""

from __future__ import annotations

import datetime as dt
import difflib
import importlib
from collections.abc import Collection, Iterable, Sequence
from types import ModuleType
from typing import Any

from crm_lib.errors import DataError, MissingPackageError, ParameterError, SchemaError


def closest_first(name: str, names: Iterable[str]) -> list[str]:
    """Sort `names` by likeness to `name`, the closest first (ties by name)."""
    low = name.lower()
    return sorted(
        (str(n) for n in names),
        key=lambda n: (-difflib.SequenceMatcher(None, low, n.lower()).ratio(), n),
    )


def list_words(words: Iterable[Any], *, most: int = 12) -> str:
    """Join `words` for a message; past `most` say how many more there are."""
    shown = [str(w) for w in words]
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")


def require_columns(where: str, available: Collection[str], needed: Sequence[str]) -> None:
    """Raise `SchemaError` when a needed column is not among `available`."""
    missing = [c for c in needed if c not in available]
    if missing:
        raise SchemaError(
            f"{where}: needs column {list_words(repr(c) for c in missing)}; the table has "
            f"{list_words(closest_first(missing[0], available)) or 'no columns'}. "
            "Read the file with read_table, which maps known headers, or rename the column."
        )


def require_choice(where: str, name: str, value: Any, choices: Sequence[Any]) -> None:
    """Raise `ParameterError` when `value` is not one of `choices`."""
    if value not in choices:
        raise ParameterError(
            f"{where}: {name} must be one of {list_words(map(repr, choices))}; got {value!r}. "
            f"Did you mean {closest_first(str(value), map(str, choices))[0]!r}?"
        )


def require_range(
    where: str, name: str, value: float, low: float | None = None, high: float | None = None
) -> None:
    """Raise `ParameterError` when `value` is outside [low, high]; no number (NaN) is in no range."""
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        rule = f">= {low}" if high is None else f"<= {high}" if low is None else f"in [{low}, {high}]"
        raise ParameterError(f"{where}: {name} must be {rule}; got {value!r}. Choose a value {rule}.")


def require_rows(where: str, n_rows: int, needed: int, what: str, hint: str) -> None:
    """Raise `DataError` when fewer than `needed` rows are given."""
    if n_rows < needed:
        raise DataError(f"{where}: needs at least {needed} {what}; got {n_rows}. {hint}")


def require_values(where: str, frame: Any, column: str, good: Any, rule: str, hint: str) -> None:
    """Raise `DataError` when `good` (a boolean Series) is false somewhere in `column`.

    Names how many rows break the rule and shows the first with its customer.
    """
    bad = ~good
    n_bad = int(bad.sum())
    if not n_bad:
        return
    first = frame.loc[bad].iloc[0]
    who = f"customer {first['customer_id']}, " if "customer_id" in frame.columns else ""
    raise DataError(
        f"{where}: column {column!r} must be {rule}; {n_bad:,} of {len(frame):,} rows are not "
        f"(first: {who}{first[column]}). {hint}"
    )


def parse_day(where: str, name: str, value: Any) -> dt.date:
    """Return `value` (ISO string, date, datetime or Timestamp) as a date."""
    try:
        if isinstance(value, dt.date) and value == value:  # NaT is a datetime that equals nothing
            return value.date() if isinstance(value, dt.datetime) else value
        text = str(value).strip()
        return dt.date.fromisoformat(text) if len(text) <= 10 else dt.datetime.fromisoformat(text).date()
    except ValueError:
        raise ParameterError(
            f"{where}: {name} must be a date like 2024-12-31; got {value!r}. "
            "Write year, month and day with hyphens."
        ) from None


def import_extra(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional package, or say in one sentence how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingPackageError(
            f"{purpose} needs the package {module.split('.')[0]!r}, which is not installed. "
            f"Install it with: pip install 'crm-lib[{extra}]'"
        ) from None
