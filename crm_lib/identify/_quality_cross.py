"""Checks between the columns of one record; each returns the rows compared and those that disagree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crm_lib.identify._values import OK

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._quality_table import QualityTable, Setting
    from crm_lib.identify.quality_rules import QualityRule

Pair = tuple["np.ndarray", "np.ndarray"]


def _compare_days(table: QualityTable, rule: QualityRule, setting: Setting) -> Pair:
    """Compare two dates: the first column must not lie before the second.

    A second date after the day of the assessment is a fault of its own and says nothing of the first.
    """
    import numpy as np

    later, earlier = (_read_days(table, c) for c in rule.columns[:2])
    checked = later[1] & earlier[1] & (earlier[0] <= np.datetime64(setting.as_of))
    return checked, later[0] < earlier[0]


def _read_days(table: QualityTable, column: str) -> Pair:
    import numpy as np

    read, cells = table.days(column), table.cells(column)
    days = np.append(read.values, np.datetime64("NaT"))[cells.codes].astype("datetime64[D]")
    return days, cells.spread((read.state == OK) & cells.filled)


def _read_numbers(table: QualityTable, column: str) -> Pair:
    import numpy as np

    read, cells = table.numbers(column), table.cells(column)
    values = np.append(np.asarray(read.values, dtype="float64"), np.nan)[cells.codes]
    return values, cells.spread((read.state == OK) & cells.filled)


def _compare_numbers(table: QualityTable, rule: QualityRule, _setting: Setting) -> Pair:
    """Compare two numbers: the first must not exceed the second."""
    small, large = (_read_numbers(table, c) for c in rule.columns[:2])
    return small[1] & large[1], small[0] > large[0] + float(rule.options.get("tolerance", 0.0))


def _compare_product(table: QualityTable, rule: QualityRule, _setting: Setting) -> Pair:
    """Compare an amount with quantity × unit price × (1 − discount); a line marked as returned may be negative."""
    import numpy as np

    amount, quantity, price = (_read_numbers(table, c) for c in rule.columns[:3])
    checked = amount[1] & quantity[1] & price[1]
    product = quantity[0] * price[0]
    if len(rule.columns) > 3 and table.has(rule.columns[3]):
        discount = _read_numbers(table, rule.columns[3])
        empty = ~table.cells(rule.columns[3]).row_filled
        checked &= discount[1] | empty
        product = product * (1.0 - np.where(empty, 0.0, discount[0]))
    return checked, np.abs(np.abs(amount[0]) - np.abs(product)) > float(
        rule.options.get("tolerance", 0.005)
    ) + 1e-9


def _compare_region(table: QualityTable, rule: QualityRule, _setting: Setting) -> Pair:
    from crm_lib.identify.formats_regions import find_region

    found = find_region(table.raw[rule.columns[0]], table.raw[rule.columns[1]])["agrees"]
    return found.notna().to_numpy(), (~found.fillna(True)).to_numpy(dtype=bool)


def _compare_title(table: QualityTable, rule: QualityRule, _setting: Setting) -> Pair:
    """Compare the sex with the salutation in the name."""
    from crm_lib.identify.formats_names import check_name
    from crm_lib.identify.formats_numbers import tell_gender

    hint = check_name(table.raw[rule.columns[1]])["gender_hint"].to_numpy(dtype=object)
    told = tell_gender(table.raw[rule.columns[0]]).to_numpy(dtype=object)
    checked = (hint != "") & (told != "")
    return checked, hint != told


def _compare_identity(table: QualityTable, rule: QualityRule, field: str) -> Pair:
    from crm_lib.identify.formats_numbers import check_identity_number

    other: pd.Series = table.raw[rule.columns[1]]
    options = {"birth_date": other} if field == "birth_agrees" else {"gender": other}
    agrees = check_identity_number(table.raw[rule.columns[0]], **options)[field]
    return agrees.notna().to_numpy(), (~agrees.fillna(True)).to_numpy(dtype=bool)


CROSS_CHECKS: dict[str, Callable[[QualityTable, QualityRule, Setting], Pair]] = {
    "after": _compare_days,
    "at_most": _compare_numbers,
    "product": _compare_product,
    "city_in_province": _compare_region,
    "gender_title": _compare_title,
    "identity_birth": lambda table, rule, _: _compare_identity(table, rule, "birth_agrees"),
    "identity_gender": lambda table, rule, _: _compare_identity(table, rule, "gender_agrees"),
}
