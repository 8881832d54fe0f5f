"""Repair raw tables where the repair is certain; every changed cell stands in an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.identify._quality_checks import code_meaning, find_main_forms, join_codes, run_rule
from crm_lib.identify._quality_mends import WRITTEN_FORMS, fill_provinces, mend_cells, mend_city, mend_dates
from crm_lib.identify._quality_table import QualityTable, Setting
from crm_lib.identify.quality_rules import QualityRule, load_quality_rules

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

REPAIRS: dict[str, tuple[str, str]] = {
    "phone": ("full-width digits, separators or +86 taken away", "电话号码统一写法"),
    "name": ("blanks taken away, dots written the one way", "姓名统一写法"),
    "id": ("full-width, blank or unseen characters taken away", "编号统一写法"),
    "text": ("blanks taken away, digits and letters made half-width", "文字统一写法"),
    "email": ("blanks taken away, signs made half-width", "邮箱统一写法"),
    "number": ("yuan sign and separators of thousands taken away", "数字统一写法"),
    "date": ("written as most dates of the column", "日期统一写法"),
    "province": ("written in full", "省份写全称"),
    "city": ("written in full", "城市写全称"),
    "province_from_city": ("empty; the city says which", "由城市补省份"),
    "twin": ("the same record once more under another number; merged", "重复登记合并"),
}
_MERGED = {"customers": "record_id", "leads": "lead_id"}


@dataclass(frozen=True)
class Repaired:
    """A repaired raw table and the account of it: ``n_in == len(rows) + len(merged)``.

    Attributes
    ----------
    rows
        The raw rows in file order, columns as before, with certain repairs made; still
        values as read, so that `clean_table` and `assess_quality` take them.
    merged
        Rows that were another row once more: source_row (and source_file), merged_into
        (the other's source_row), and their columns.
    audit
        One row per changed cell and per merged row: source_row, source_file, column, before, after, rule.
    """

    rows: pd.DataFrame
    merged: pd.DataFrame
    audit: pd.DataFrame

    @property
    def n_in(self) -> int:
        """Return the number of rows that came in."""
        return len(self.rows) + len(self.merged)


def repair_values(
    raw: pd.DataFrame,
    table: str,
    *,
    rules: Any = None,
    phone_prefixes: Sequence[str] = (),
) -> Repaired:
    """Make the repairs that are certain, and no others.

    Parameters
    ----------
    raw
        Raw rows of one table as `read_table` returns them.
    table
        Name of the table, for example ``"customers"``.
    rules
        What `load_quality_rules` takes; cells are repaired that break one of its rules of form.
    phone_prefixes
        As for `assess_quality`.

    Returns
    -------
    Repaired
        rows, merged and audit.

    Notes
    -----
    Certain is: the same number, name, date, amount or region written the one way; the province of a
    city named in full; a record of a register (customers, leads) that equals an earlier one in
    every column but its number, with name, and telephone or birthday, in it.  Nothing is guessed: an impossible
    birthday, a number with a digit too few, two numbers in one cell or 03/04/2023 stay as they
    are and stay in the findings.  Rows that are no records (totals, blank rows) are not touched.
    A merged record's number stands in ``merged`` and in the audit, so that orders that name it can be found.
    Repairing what is repaired changes nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame({"record_id": ["K1", "K2"], "phone": ["１３８12345678", "1381234"], "name": ["王芳　", "李明"]})
    >>> done = repair_values(raw, "customers")
    >>> done.rows["phone"].tolist(), done.audit[["column", "after"]].values.tolist()
    (['13812345678', '1381234'], [['phone', '13812345678'], ['name', '王芳']])
    """
    import datetime as dt

    known = [r for r in load_quality_rules(rules) if r.table == table]
    setting = Setting(dt.date.max, tuple(phone_prefixes), {})
    plain = raw.reset_index(drop=True)
    plain.attrs = dict(raw.attrs)
    view = QualityTable(table, plain)
    changes = _list_changes(view, known, setting)
    rows = _apply(plain, changes)
    twins = _find_twins(QualityTable(table, rows), known, setting) if table in _MERGED else {}
    return _build(plain, rows, changes, twins, table)


Change = tuple[int, str, str, str]  # place in the raw frame, column, new text, code of REPAIRS


def _list_changes(view: QualityTable, rules: Sequence[QualityRule], setting: Setting) -> list[Change]:
    changes: dict[tuple[int, str], Change] = {}
    for rule in rules:
        form = rule.options.get("form")
        if rule.kind != "format" or form is None:
            continue
        for outcome in run_rule(view, rule, setting):
            after = propose_repairs(view, outcome.column, form, outcome.bad, setting)
            for k in after.nonzero()[0].tolist():
                place = int(view.positions[k])
                changes.setdefault((place, outcome.column), (place, outcome.column, str(after[k]), form))
    filled = fill_provinces(view)
    for k in filled.nonzero()[0].tolist():
        place = int(view.positions[k])
        changes[place, "province"] = (place, "province", str(filled[k]), "province_from_city")
    order = {c: k for k, c in enumerate(view.raw.columns)}
    return sorted(changes.values(), key=lambda c: (c[0], order[c[1]]))


def propose_repairs(
    view: QualityTable, column: str, form: str, bad: np.ndarray, setting: Setting
) -> np.ndarray:
    """Return the certain repair of each bad row's cell, empty text where there is none."""
    import numpy as np

    cells = view.cells(column)
    if not bad.any():
        return np.full(len(view), "", dtype=object)
    if form == "city":
        after = mend_city(view, column, bad)
    elif form == "date":
        after = _propose_dates(view, column, bad)
    else:
        wanted = np.zeros(len(cells.raw), dtype=bool)
        wanted[np.unique(cells.codes[bad & (cells.codes >= 0)])] = True
        texts = [t or "" for t in mend_cells(view, column, form, wanted, setting)]
        after = np.where(bad, np.array([*texts, ""], dtype=object)[cells.codes], "")
    same = after == np.array([*cells.texts, ""], dtype=object)[cells.codes]
    return np.where(same, "", after)


def _propose_dates(view: QualityTable, column: str, bad: np.ndarray) -> np.ndarray:
    """Write each bad date as most readable ones of its column are, as far as that form can be written."""
    import numpy as np

    cells, main = view.cells(column), find_main_forms(view, column, choices=WRITTEN_FORMS)
    texts = mend_dates(view, column)
    after = np.full(len(view), "", dtype=object)
    for k in bad.nonzero()[0].tolist():
        after[k] = texts[cells.codes[k]].get(main[k], "") if cells.codes[k] >= 0 else ""
    return after


def _apply(raw: pd.DataFrame, changes: Sequence[Change]) -> pd.DataFrame:
    """Return the frame with the new texts; columns without a change are the very same."""
    out = raw.copy(deep=False)
    by_column: dict[str, list[Change]] = {}
    for change in changes:
        by_column.setdefault(change[1], []).append(change)
    for column, mine in by_column.items():
        cells = raw[column].copy()
        if cells.isna().all() or str(cells.dtype) == "category":
            cells = cells.astype(object)
        cells.iloc[[c[0] for c in mine]] = [c[2] for c in mine]
        out[column] = cells
    out.attrs = dict(raw.attrs)
    return out


def _find_twins(view: QualityTable, rules: Sequence[QualityRule], setting: Setting) -> dict[int, int]:
    """Return place of a record → place of the earlier one it equals in every column but its number."""
    import numpy as np

    columns = [c for c in view.raw.columns if c not in ("source_row", "source_file", _MERGED[view.name])]
    filled = {c: view.cells(c).row_filled for c in columns}
    nobody = np.zeros(len(view), dtype=bool)
    sure = filled.get("name", nobody) & (filled.get("phone", nobody) | filled.get("birth_date", nobody))
    if not sure.any():
        return {}
    key = join_codes([view.groups, *(code_meaning(view, c, setting) for c in columns)])
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    first = first[inverse]
    twins = (sure & (first != np.arange(len(key)))).nonzero()[0]
    return {int(view.positions[k]): int(view.positions[first[k]]) for k in twins}


def _build(
    raw: pd.DataFrame, rows: pd.DataFrame, changes: Sequence[Change], twins: dict[int, int], table: str
) -> Repaired:
    import numpy as np

    numbers = raw["source_row"].to_numpy() if "source_row" in raw else np.arange(1, len(raw) + 1)
    gone = np.zeros(len(rows), dtype=bool)
    gone[list(twins)] = True
    merged = rows[gone].reset_index(drop=True)
    places = sorted(twins)
    merged.insert(0, "merged_into", np.array([numbers[twins[k]] for k in places], dtype="int64"))
    if "source_row" not in merged:
        merged.insert(0, "source_row", np.array([numbers[k] for k in places], dtype="int64"))
    stay = rows[~gone].reset_index(drop=True)
    if twins and "source_row" not in stay:  # without it the numbers of later rows would shift
        stay["source_row"] = numbers[~gone]
    stay.attrs = dict(raw.attrs)
    return Repaired(stay, merged, _write_audit(raw, rows, changes, twins, table))


def _write_audit(
    raw: pd.DataFrame, rows: pd.DataFrame, changes: Sequence[Change], twins: dict[int, int], table: str
) -> pd.DataFrame:
    """Return one row per changed cell and per merged row, in file order."""
    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import as_text

    lines = [
        (place, column, as_text(raw[column].iloc[place]), after, _rule_text(code))
        for place, column, after, code in changes
    ]
    number = _MERGED.get(table, "")
    for place, into in twins.items():
        own, other = (as_text(rows[number].iloc[k]) if number in rows else "" for k in (place, into))
        lines.append((place, number, own, other, _rule_text("twin")))
    lines.sort(key=lambda line: line[0])
    places = np.array([line[0] for line in lines], dtype="int64")
    audit = pd.DataFrame([line[1:] for line in lines], columns=["column", "before", "after", "rule"])
    numbers = raw["source_row"].to_numpy() if "source_row" in raw else np.arange(1, len(raw) + 1)
    files = (
        raw["source_file"].astype(object).to_numpy()
        if "source_file" in raw
        else np.full(len(raw), "", object)
    )
    audit.insert(0, "source_row", numbers[places].astype("int64"))
    audit.insert(1, "source_file", files[places])
    return audit.astype(dict.fromkeys(("source_file", "column", "before", "after", "rule"), str))


def _rule_text(code: str) -> str:
    return f"{code}: {REPAIRS[code][0]}"
