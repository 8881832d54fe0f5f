"""Hold every cell of an upload against the rule of its column; each fault is named."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.readwrite.totals import is_totals_word
from crm_lib.store.cell_readers import READERS, Cell, list_closest
from crm_lib.store.cell_texts import tell_text
from crm_lib.store.fields import EXAMPLE, MARK, MARK_TITLE, Form, FormField
from crm_lib.store.upload_read import Received, is_example_mark

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.store.numbers import CustomerNumbers

OLDEST_YEARS = 120
_TOTALS_EMPTY = 0.5
_MAY_BE_TOTAL = re.compile(r"[计計总總汇匯]|t\s*o\s*t\s*a|sum", re.IGNORECASE)
_CONTACT = re.compile(r"(?:\d[\s-]?){10}\d|[\w.+-]@[\w-]+\.")


@dataclass(frozen=True)
class Fault:
    """One broken rule of one row; `position` counts the received rows from 0."""

    position: int
    column: str
    rule: str
    message: str


@dataclass(frozen=True)
class Checked:
    """The rows of an upload with their values read.

    Attributes
    ----------
    values : DataFrame
        One row per received row, all columns of the template: text, dates and numbers as
        Python values, None for a gap and for a cell that broke a rule.
    faults : list of Fault
        Every broken rule, by row.
    tidied : dict
        Column → mask of the rows whose cell was written in another form and brought into ours.
    """

    values: pd.DataFrame
    faults: list[Fault]
    tidied: dict[str, Any]


@dataclass(frozen=True)
class _Limits:
    """What cells are held against besides their form."""

    day: dt.date
    numbers: CustomerNumbers | None
    factor: float = 1.0


def check_rows(received: Received, *, day: dt.date, numbers: CustomerNumbers | None = None) -> Checked:
    """Read and check every cell of an upload; no database is asked.

    Parameters
    ----------
    received : Received
        As `read_upload` returns it.
    day : date
        The day of the upload: no birthday, order or registration may be later.
    numbers : CustomerNumbers, optional
        The rule customer numbers are held against; not held when not given.

    Returns
    -------
    Checked

    Notes
    -----
    Each distinct cell of a column is read once, so a list of 100,000 customers costs what its
    different values cost.  Broken sealed values (phone, e-mail, address, identity number) are
    described, never repeated: verdicts are stored beside the data.
    """
    import pandas as pd

    form, n = received.form, len(received.rows)
    values: dict[str, Any] = {}
    faults: list[Fault] = _check_marks(received) + _check_totals(received)
    tidied: dict[str, Any] = {}
    for field in form.fields:
        if field.name not in received.rows.columns:
            values[field.name] = pd.Series([None] * n, dtype=object)
            continue
        column, found, tidied[field.name] = _read_column(
            received.rows[field.name], field, _Limits(day, numbers, received.factors.get(field.name, 1.0))
        )
        values[field.name] = pd.Series(column, dtype=object)
        faults += found
    frame = pd.DataFrame(values, columns=list(form.names), index=range(n))
    broken = {(f.position, f.column) for f in faults}
    faults += _check_required(frame, form, broken)
    faults += _check_together(frame, form)
    order = {name: i for i, name in enumerate((MARK, *form.names))}
    return Checked(frame, sorted(faults, key=lambda f: (f.position, order[f.column], f.rule)), tidied)


def _check_marks(received: Received) -> list[Fault]:
    if MARK not in received.rows.columns:
        return []
    message = say("upload.fault_example", mark=MARK_TITLE, example=EXAMPLE)
    marks = received.rows[MARK].to_numpy(dtype=object)
    return [Fault(i, MARK, "example", message) for i, m in enumerate(marks) if is_example_mark(m)]


def _check_totals(received: Received) -> list[Fault]:
    """Name rows that hold 合计, Total or the like while half of what is known of a row is empty."""
    import numpy as np
    import pandas as pd

    raw = received.raw.drop(columns="source_row")
    found = np.zeros(len(raw), dtype=bool)
    for name in raw.columns:
        words = [v for v in pd.unique(raw[name].astype(object)) if _may_be_total(v) and is_totals_word(v)]
        if words:
            found |= raw[name].astype(object).isin(words).to_numpy()
    if not found.any():
        return []
    own = received.rows[list(received.headers)]
    found &= own.isna().mean(axis=1).to_numpy() >= _TOTALS_EMPTY
    column = next(iter(received.headers))
    return [Fault(int(p), column, "totals", say("upload.fault_totals")) for p in np.flatnonzero(found)]


def _may_be_total(value: Any) -> bool:
    """Turn most cells away at little cost."""
    return isinstance(value, str) and len(value) <= 16 and bool(_MAY_BE_TOTAL.search(value))


def _read_column(
    column: pd.Series, field: FormField, limits: _Limits
) -> tuple[np.ndarray, list[Fault], np.ndarray]:
    import numpy as np

    codes, raws = _find_distinct(column)
    read = READERS[field.form]
    texts = [tell_text(raw) for raw in raws]
    cells = [
        _hold_limits(read(text, field, raw), field, limits) for text, raw in zip(texts, raws, strict=True)
    ]
    values = np.empty(len(cells) + 1, dtype=object)
    values[:-1] = [c.value for c in cells]
    changed = [
        c.value is not None and isinstance(raw, str) and str(c.value) != text
        for c, text, raw in zip(cells, texts, raws, strict=True)
    ]
    messages = {i: _say_fault(c, field, texts[i], limits.day) for i, c in enumerate(cells) if c.rule}
    bad = np.array([bool(c.rule) for c in cells] + [False])
    faults = [
        Fault(int(p), field.name, cells[codes[p]].rule, messages[codes[p]])
        for p in np.flatnonzero(bad[codes])
    ]
    return values[codes], faults, np.array([*changed, False])[codes]


def _find_distinct(column: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Return a code per row (−1: no cell) and the distinct cells; 1 and TRUE are two cells."""
    import pandas as pd

    cells = column.astype(object)
    if any(isinstance(v, bool | list | dict) for v in cells.head(1000)) or cells.map(type).eq(bool).any():
        cells = cells.map(tell_text)
    codes, raws = pd.factorize(cells)
    return codes, list(raws)


def _hold_limits(cell: Cell, field: FormField, limits: _Limits) -> Cell:
    value, day = cell.value, limits.day
    if value is None:
        return cell
    if field.form == "customer_no":
        wrong = limits.numbers is not None and limits.numbers.find_fault(value.upper())
        return Cell(rule="customer_no") if wrong else Cell(value.upper())
    if (
        not field.sealed
        and isinstance(value, str)
        and field.form in ("text", "name")
        and holds_contact(value)
    ):
        return Cell(rule="contact_inside")
    if isinstance(value, dt.date):
        of = value.date() if isinstance(value, dt.datetime) else value
        if of > day:
            return Cell(rule="future", detail=of.isoformat())
        too_old = field.name == "birth_date" and of.year < day.year - OLDEST_YEARS
        return Cell(rule="too_old", detail=of.isoformat()) if too_old else cell
    if isinstance(value, int | float):
        value = value * limits.factor if limits.factor != 1 else value
        if (field.least is not None and value < field.least) or (
            field.largest is not None and value > field.largest
        ):
            return Cell(rule="range", detail=tell_text(value))
        return Cell(value)
    return cell


def _say_fault(cell: Cell, field: FormField, text: str, day: dt.date) -> str:
    """Word a fault: what, the rule, what came, the way out."""
    length = len(text.strip())
    hide = field.sealed or holds_contact(text)
    got = say("upload.hidden", n=length) if hide else say("upload.got", text=_cut(text))
    least, largest = (tell_text(v) if v is not None else "" for v in (field.least, field.largest))
    return say(
        f"upload.fault_{cell.rule}", title=field.title, got=got, detail=cell.detail, most=field.most,
        low=least, high=largest, day=day.isoformat(), years=OLDEST_YEARS,
        choices=list_closest(field, cell.detail) if field.choices else "",
    )  # fmt: skip


def holds_contact(text: str) -> bool:
    """Return whether a cell seems to hold a telephone number, an identity number or an e-mail address.

    Examples
    --------
    >>> holds_contact("教师 138-1234-5678"), holds_contact("旭日路108号")
    (True, False)
    """
    return bool(_CONTACT.search(unicodedata.normalize("NFKC", text)))


def _cut(text: str, most: int = 20) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= most else plain[:most] + "…"


def _check_required(frame: pd.DataFrame, form: Form, broken: set[tuple[int, str]]) -> list[Fault]:
    """Name empty cells of columns that may not be empty; a change to a known customer needs no name."""
    import numpy as np

    faults = []
    for field in (f for f in form.fields if f.required):
        empty = frame[field.name].isna().to_numpy()
        if form.table == "customers":
            known = ~frame["customer_no"].isna().to_numpy()
            known[[p for p, c in broken if c == "customer_no"]] = True
            empty = empty & ~known
        message = say("upload.fault_missing", title=field.title)
        faults += [
            Fault(int(p), field.name, "missing", message)
            for p in np.flatnonzero(empty)
            if (int(p), field.name) not in broken
        ]
    return faults


def _check_together(frame: pd.DataFrame, form: Form) -> list[Fault]:
    """Compare columns of one row: what the identity number says, and the order of days."""
    if form.table != "customers":
        return []
    faults = _compare(
        frame, ("identity_no", "birth_date"), lambda no, born: no[6:14] == born.strftime("%Y%m%d"),
        "identity_birth", "identity_no",
    )  # fmt: skip
    faults += _compare(
        frame, ("identity_no", "gender"), lambda no, sex: sex != "女男"[int(no[16]) % 2 == 0],
        "identity_gender", "identity_no",
    )  # fmt: skip
    return faults + _compare(
        frame, ("birth_date", "registered_on"), lambda born, joined: born <= joined,
        "before_birth", "registered_on",
    )  # fmt: skip


def _compare(
    frame: pd.DataFrame, names: Sequence[str], agree: Callable[..., bool], rule: str, column: str
) -> list[Fault]:
    import numpy as np

    both = np.flatnonzero(frame[list(names)].notna().all(axis=1).to_numpy())
    pairs = zip(*(frame[n].to_numpy(dtype=object)[both] for n in names), strict=True)
    message = say(f"upload.fault_{rule}")
    return [
        Fault(int(p), column, rule, message) for p, pair in zip(both, pairs, strict=True) if not agree(*pair)
    ]
