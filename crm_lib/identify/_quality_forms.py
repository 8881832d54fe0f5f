"""How a distinct cell should be written, and whether what it says can be true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crm_lib.identify._cells import match_all
from crm_lib.identify._values import BAD, OK, tidy_text

if TYPE_CHECKING:
    import numpy as np

    from crm_lib.identify._cells import Cells
    from crm_lib.identify._quality_table import QualityTable, Setting

_EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24}$"
_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
_WIDE = re.compile(r"[０-９Ａ-Ｚａ-ｚ]")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+\d+\Z")


class Verdict(NamedTuple):
    """Per distinct cell: is it looked at, is it bad, and a word why (empty where there is none)."""

    checked: np.ndarray
    bad: np.ndarray
    why: list[str] | None = None


def judge_form(table: QualityTable, column: str, form: str, setting: Setting) -> Verdict:
    """Say of each distinct cell whether it is written as it should be."""
    cells = table.cells(column)
    if form in ("phone", "identity_number", "credit_code", "name"):
        frame = describe_column(table, column, form, setting)
        bad = ~frame["is_possible"] | ~frame["is_plain"] if "is_plain" in frame else ~frame["is_possible"]
        why = _phone_why(cells, frame) if form == "phone" else None
        return Verdict(cells.filled, cells.filled & bad, why)
    if form == "email":
        return Verdict(cells.filled, cells.filled & ~match_all(cells.texts, _EMAIL))
    if form == "number":
        return _judge_number(table, column)
    if form in ("province", "city"):
        return _judge_region(table, column, form)
    return _judge_text(table, column, form)


def _judge_number(table: QualityTable, column: str) -> Verdict:
    cells = table.cells(column)
    if cells.raw.dtype.kind in "iuf":
        return Verdict(cells.filled, cells.filled & False)
    return Verdict(cells.filled, cells.filled & ~match_all(cells.texts, _NUMBER))


def _judge_text(table: QualityTable, column: str, form: str) -> Verdict:
    """Find blanks around, unseen characters and full-width digits and letters; in an id any full-width sign."""
    import numpy as np

    cells = table.cells(column)
    bad = cells.filled & ~cells.plain
    for k in np.flatnonzero(bad).tolist():
        text = cells.texts[k]
        if form == "id":
            bad[k] = text != cells.half[k]
        else:
            bad[k] = text != tidy_text(text) or bool(_WIDE.search(text))
    if form == "id":
        bad |= np.array([bool(_SCIENTIFIC.match(t)) for t in cells.texts], dtype=bool)
    return Verdict(cells.filled, bad)


def _judge_region(table: QualityTable, column: str, form: str) -> Verdict:
    """Find names that are not written in full; a name nobody knows is no fault."""
    import numpy as np

    from crm_lib.identify.formats_regions import read_city, read_province

    cells = table.cells(column)
    read = read_province if form == "province" else read_city
    found = [read(t)[2] for t in cells.half]
    bad = np.array([f not in ("full", "unknown") for f in found], dtype=bool)
    untidy = np.array([t != h for t, h in zip(cells.texts, cells.half, strict=True)], dtype=bool)
    return Verdict(cells.filled, cells.filled & (bad | untidy))


def describe_column(table: QualityTable, column: str, form: str, setting: Setting) -> dict[str, np.ndarray]:
    """Return the fields of a column's distinct cells as its format sees them, worked out once."""
    if (column, form) not in table.memo:
        table.memo[column, form] = _describe(table.cells(column), form, setting)
    return table.memo[column, form]


def _describe(cells: Cells, form: str, setting: Setting) -> dict[str, np.ndarray]:
    import numpy as np
    import pandas as pd

    from crm_lib.identify import formats_names, formats_numbers, formats_phone

    if form == "phone":
        rows = formats_phone.read_phones(cells, "CN", setting.phone_prefixes)
        names = formats_phone.PHONE_FIELDS
    elif form == "name":
        pairs = zip(cells.texts, cells.half, cells.filled.tolist(), strict=True)
        rows = [formats_names.read_name(t, h) if ok else None for t, h, ok in pairs]
        names = formats_names.NAME_FIELDS
    else:
        check = formats_numbers.check_identity_number
        check = formats_numbers.check_credit_code if form == "credit_code" else check
        frame = check(pd.Series(cells.texts, dtype=object, name=cells.name))
        return {c: frame[c].to_numpy() for c in frame.columns}
    empty = tuple(False if n.startswith("is_") else "" for n in names)
    columns = (
        zip(*[empty if row is None else row for row in rows], strict=True) if rows else [()] * len(names)
    )
    kinds = {n: bool if n.startswith("is_") else object for n in names}
    return {n: np.array(v, dtype=kinds[n]) for n, v in zip(names, columns, strict=True)}


def _phone_why(cells: Cells, frame: dict[str, np.ndarray]) -> list[str]:
    """Say what is wrong with the writing of a number, without showing it."""
    why = []
    for text, half, number, plain in zip(
        cells.texts, cells.half, frame["number"].tolist(), frame["is_plain"].tolist(), strict=True
    ):
        if plain:
            why.append("")
        elif not number:
            why.append("位数或字符不对")
        elif text != half and _WIDE.search(text):
            why.append("全角数字")
        elif half.startswith(("+86", "0086")):
            why.append("带国家代码")
        else:
            why.append("有空白或分隔符")
    return why


def judge_truth(table: QualityTable, column: str, form: str, setting: Setting) -> Verdict:
    """Say of each distinct cell that has the form whether it can be true."""
    import numpy as np

    cells = table.cells(column)
    if form == "date":
        forms = table.date_forms(column)[0]
        checked = cells.filled & np.isin(forms, ["other", ""], invert=True)
        return Verdict(checked, checked & (table.days(column).state == BAD))
    if form == "number":
        return Verdict(cells.filled, cells.filled & (table.numbers(column).state != OK))
    frame = describe_column(table, column, form, setting)
    checked = cells.filled & frame["is_possible"]
    if form == "name":
        return Verdict(checked, checked & ~frame["is_full"])
    return Verdict(checked, checked & ~frame["is_valid"])
