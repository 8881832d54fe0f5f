"""The rules that every engine keeps, so that all give the same digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_lib.errors import DataError, ParameterError

MONEY_UNIT = 10_000
"""Money is summed as integers of 1/10,000 of the unit."""

LARGEST_AMOUNT = 1e10
"""An order line of ten billion yuan is a slip, and above it doubles lose the 1/10,000."""

LARGEST_TOTAL = 9e18
"""What a 64-bit integer holds, in 1/10,000 of the unit."""

MONEY = ("amount", "quantity", "unit_price", "discount")
DAY_RULE = "times, dates or text like 2024-12-31"
ISO_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?$"
NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"


def combine_amount(number: dict[str, Any], fill_zero: Callable[[Any], Any]) -> Any:
    """Combine the numbers of a line; the order of the products is the same in every engine."""
    if "amount" in number:
        return number["amount"]
    amount = number["quantity"] * number["unit_price"]
    return amount * (1 - fill_zero(number["discount"])) if "discount" in number else amount


def require_zone(where: str, time_zone: str | None) -> str:
    """Return `time_zone` when it names a zone; times with a zone have no calendar day without one."""
    from zoneinfo import ZoneInfo

    if time_zone is None:
        raise DataError(
            f"{where}: column 'ordered_at' holds times with a zone, and their calendar day depends on "
            "where it is counted. Say where, e.g. time_zone='Asia/Shanghai'."
        )
    try:
        return ZoneInfo(time_zone).key
    except (KeyError, ValueError, OSError):
        raise ParameterError(
            f"{where}: time_zone must be a name like 'Asia/Shanghai'; got {time_zone!r}. "
            "Write region and city with a slash."
        ) from None


def refuse_type(where: str, column: str, rule: str, kind: str) -> DataError:
    """Word that a column has a type the engine cannot take for what it should be."""
    return DataError(f"{where}: column {column!r} must hold {rule}; got type {kind}. Run clean_table first.")
