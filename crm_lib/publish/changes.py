"""Say what differs between the results of two runs of one report: numbers with their difference."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# A result nested deeper than this is compared as a whole.
_DEEPEST = 20
_EQUAL_SHARE = 1e-9


@dataclass(frozen=True)
class Change:
    """One place of a result that is not as it was.

    Attributes
    ----------
    path
        The keys that lead there; a record of a list is named by its own name
        ("actions", "保持", "revenue"), or by its place ("#2") where it has none.
    before, after
        The values; None on the side where there is nothing.
    difference
        After less before, where both are numbers.
    kind
        "changed", "added" or "removed".
    """

    path: tuple[str, ...]
    before: Any
    after: Any
    difference: float | None = None
    kind: str = "changed"

    @property
    def relative(self) -> float | None:
        """The difference as a share of the value before; None when that was zero or no number."""
        if self.difference is None or not self.before:
            return None
        return float(self.difference) / abs(float(self.before))


def describe_changes(old_result: Any, new_result: Any) -> list[Change]:
    """Return what differs between two results, in the order of the new one, then what is gone.

    Parameters
    ----------
    old_result, new_result : mapping or any JSON value
        The "result" of two runs.

    Returns
    -------
    list of Change
        Empty when nothing differs.

    Notes
    -----
    Numbers are equal when they differ by less than 10⁻⁹ of their size: such a
    difference comes from the order of additions.  Records of a list are
    matched by their first text field that names each of them; failing that by
    a whole number that does (a cluster's number); failing that by their place.

    Examples
    --------
    >>> for c in describe_changes({"n": 10, "gone": 1}, {"n": 12}):
    ...     print(c.path, c.before, c.after, c.difference, c.kind)
    ('n',) 10 12 2 changed
    ('gone',) 1 None None removed
    """
    return list(_compare((), old_result, new_result))


def _compare(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if len(path) < _DEEPEST:
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _compare_mappings(path, old, new)
            return
        if _is_list(old) and _is_list(new) and (_are_records(old, new) or _are_numbers(old, new)):
            yield from _compare_mappings(path, *_name_items(old, new))
            return
    if is_number(old) and is_number(new):
        if not math.isclose(old, new, rel_tol=_EQUAL_SHARE):
            yield Change(path, old, new, _subtract(new, old))
    elif type(old) is not type(new) or (old != new and _write(old) != _write(new)):
        yield Change(path, old, new)


def _compare_mappings(
    path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    for key, value in new.items():
        if key in old:
            yield from _compare((*path, str(key)), old[key], value)
        else:
            yield Change((*path, str(key)), None, value, kind="added")
    for key, value in old.items():
        if key not in new:
            yield Change((*path, str(key)), value, None, kind="removed")


def is_number(value: Any) -> bool:
    """Tell whether `value` is a finite number (a yes or no is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _subtract(new: Any, old: Any) -> Any:
    if isinstance(new, int) and isinstance(old, int):
        return new - old
    return float(Decimal(repr(new)) - Decimal(repr(old)))  # 0.3 − 0.1 is 0.2 to the reader


def _write(value: Any) -> str:
    """Return a value as text, in which a NaN, alone or in a list, is like another."""
    return json.dumps(value, sort_keys=True, default=str)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _are_records(*lists: Sequence[Any]) -> bool:
    return all(lists) and all(isinstance(item, Mapping) for items in lists for item in items)


def _are_numbers(old: Sequence[Any], new: Sequence[Any]) -> bool:
    return len(old) == len(new) and all(map(is_number, [*old, *new]))


def _name_items(old: Sequence[Any], new: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both lists as name → item."""
    if not _are_records(old, new):
        return tuple({f"#{n}": item for n, item in enumerate(items, 1)} for items in (old, new))  # type: ignore[return-value]
    field = _find_name_field(old, new)
    return _name_records(old, field), _name_records(new, field)


def _name_records(records: Sequence[Any], field: str | None) -> dict[str, Any]:
    if field is None:
        return {f"#{n}": record for n, record in enumerate(records, 1)}
    # The name leads the path, so it is not compared again as a value.
    return {str(r[field]): {k: v for k, v in r.items() if k != field} for r in records}


def _find_name_field(old: Sequence[Any], new: Sequence[Any]) -> str | None:
    """Return the field that names each record on both sides: text first, then whole numbers."""
    texts = [f for f in new[0] if _names_all(old, f, str) and _names_all(new, f, str)]
    numbers = [f for f in new[0] if _names_all(old, f, int) and _names_all(new, f, int)]
    shared = [f for f in (*texts, *numbers) if {r[f] for r in old} & {r[f] for r in new}]
    return next(iter([*shared, *texts]), None)


def _names_all(records: Sequence[Any], field: str, kind: type) -> bool:
    values = [record.get(field) for record in records]
    return all(type(value) is kind for value in values) and len(set(values)) == len(values)
