"""Keep customers up to date: find what is missing, send out lists to fill, add what grows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_choice, require_columns
from crm_lib.readwrite.excel import write_file
from crm_lib.store.cell_readers import read_text
from crm_lib.store.columnar import parse_moment
from crm_lib.store.fields import FormField, load_form
from crm_lib.store.templates import make_book
from crm_lib.store.upload_check import holds_contact
from crm_lib.store.upload_known import fetch_people, list_customers, next_serial
from crm_lib.store.upload_match import NEW, SAME
from crm_lib.store.verification import raise_faults

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

# An identity number is asked for where the business needs it, not because the cell is empty.
LEFT_OUT = ("customer_no", "name", "identity_no")
_TOPIC = FormField("topic", "topic", "text", "growing", "", "", most=20)
_VALUE = FormField("value", "value", "text", "growing", "", "", most=200)


def find_missing(store: Store, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """List the current customers of whom something is not known (缺失数据).

    Parameters
    ----------
    store : Store
        The open database.
    columns : sequence of str, optional
        Columns that should be known; all of the template but the identity number when not given.

    Returns
    -------
    DataFrame
        One row per customer with gaps, the most gaps first: customer_no, name, n_missing, missing (the
        columns, joined by commas), titles (the same in Chinese).

    Notes
    -----
    No value of a sealed column is opened: whether it is there can be told without.
    """
    import pandas as pd

    form = load_form("customers")
    wanted = [f.name for f in form.fields if f.name not in LEFT_OUT] if columns is None else list(columns)
    for name in wanted:
        require_choice("find_missing", "a column", name, [n for n in form.names if n != "customer_no"])
    people = fetch_people(store, form).columns
    rows = []
    for i, no in enumerate(people["customer_no"]):
        gaps = [n for n in wanted if people[n][i] is None]
        if gaps:
            rows.append((no, people["name"][i] or "", len(gaps), ", ".join(gaps), form.list_titles(gaps)))
    rows.sort(key=lambda r: (-r[2], r[0]))
    names = ["customer_no", "name", "n_missing", "missing", "titles"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype(
        dict.fromkeys(("customer_no", "name", "missing", "titles"), str) | {"n_missing": "int64"}
    )


def write_missing(
    store: Store,
    path: str | Path,
    *,
    columns: Sequence[str] | None = None,
    choices: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write the list to fill: the customers with gaps, in the form of the import template.

    Parameters
    ----------
    store : Store
        The open database.
    path : str or Path
        The .xlsx file to write.
    columns : sequence of str, optional
        As in `find_missing`.
    choices : mapping of str to sequence of str, optional
        As in `write_template`.

    Returns
    -------
    Path
        The file written: number and name stand in it, cells to fill are framed, known ones are
        greyed and empty (what is known does not leave the database).  Upload it with
        ``upload_rows(store, path, kind="缺失数据", at=...)``.
    """
    form = load_form("customers", choices)
    missing = find_missing(store, columns=columns)
    rows = []
    told = zip(missing["customer_no"], missing["name"], missing["missing"], strict=True)
    for no, name, gaps in told:
        known = {n: "" for n in form.names if n not in gaps.split(", ")}
        rows.append(known | {"customer_no": no} | ({"name": name} if "name" in known else {}))
    return write_file("write_missing", path, make_book(form, max(len(rows), 1), rows))


def record_details(store: Store, frame: pd.DataFrame, *, at: str | dt.datetime) -> pd.DataFrame:
    """Record what grows about a customer (易新增): family, hobbies, what they told us.

    Parameters
    ----------
    store : Store
        The open database.
    frame : DataFrame
        One detail a row: customer_no, topic (such as 家庭 or 爱好), value, and, where known, source (who
        told it, default 客户本人), surveyed_on (default the day of `at`) and own (default True).
    at : str or datetime
        When they are recorded, local time.

    Returns
    -------
    DataFrame
        One row per row of `frame`, in its order: record_no (of the earlier record where there was one),
        customer_no, topic, value, verdict (新增, 已有).

    Raises
    ------
    StoreError
        A customer is unknown, topic or value is empty or not fit to be kept, or holds a telephone
        number or the like; nothing is recorded then.

    Notes
    -----
    Nothing is replaced: a customer may have two hobbies.  The same customer, topic and value again is
    the same detail.
    """
    import pandas as pd

    moment = parse_moment("record_details", "at", at)
    require_columns("record_details", frame.columns, ["customer_no", "topic", "value"])
    rows = frame.reset_index(drop=True)
    topics, values = _read(rows["topic"], _TOPIC), _read(rows["value"], _VALUE)
    keys = list(zip(rows["customer_no"].tolist(), topics, values, strict=True))
    with store.transaction("record_details", at=moment) as entry:
        _require_details(store, keys)
        known = _fetch_known(store)
        fresh = [k for k in dict.fromkeys(keys) if k not in known]
        first = next_serial(store, f"record{moment.year}", len(fresh)) if fresh else 1
        numbers = {k: f"R{moment.year % 100:02d}{first + i:07d}" for i, k in enumerate(fresh)}
        chosen = [keys.index(k) for k in fresh]
        if fresh:
            store.insert("analysis_records", _complete(rows.iloc[chosen], fresh, numbers, moment))
        entry.note("analysis_records", len(fresh))
    first_at = {k: keys.index(k) for k in fresh}
    return pd.DataFrame({
        "record_no": [numbers.get(k) or known[k] for k in keys],
        "customer_no": rows["customer_no"].tolist(),
        "topic": topics,
        "value": values,
        "verdict": [NEW if first_at.get(k) == i else SAME for i, k in enumerate(keys)],
    }, columns=["record_no", "customer_no", "topic", "value", "verdict"]).astype(str)  # fmt: skip


def _read(values: pd.Series, field: FormField) -> list[str]:
    """Return tidy texts; empty where a cell is a gap, unfit or holds contact data."""
    cells = [read_text("" if v is None or v != v else str(v), field) for v in values.tolist()]
    return [c.value if c.value and not holds_contact(c.value) else "" for c in cells]


def _require_details(store: Store, keys: Sequence[tuple[Any, str, str]]) -> None:
    customers = list_customers(store)
    bad = [str(i) for i, (_, topic, value) in enumerate(keys, start=1) if not topic or not value]
    raise_faults("record_details", [
        ("customer not in the database", [str(no) for no, _, _ in keys if no not in customers]),
        ("topic or value is empty, too long, code or contact data, in row", bad),
    ])  # fmt: skip


def _fetch_known(store: Store) -> dict[tuple[str, str, str], str]:
    found = store.query(
        "SELECT record_no, customer_no, topic, value FROM analysis_records ORDER BY record_no DESC"
    )
    columns = (found[c].tolist() for c in ("customer_no", "topic", "value", "record_no"))
    return {(no, topic, value): record for no, topic, value, record in zip(*columns, strict=True)}


def _complete(
    rows: pd.DataFrame,
    keys: Sequence[tuple[str, str, str]],
    numbers: Mapping[tuple[str, str, str], str],
    moment: dt.datetime,
) -> pd.DataFrame:
    import pandas as pd

    def take(name: str, default: Any) -> list[Any]:
        values = rows[name].tolist() if name in rows.columns else [None] * len(rows)
        return [default if v is None or v != v else v for v in values]

    days = [parse_day("record_details", "surveyed_on", d) for d in take("surveyed_on", moment.date())]
    return pd.DataFrame({
        "record_no": [numbers[k] for k in keys],
        "customer_no": [k[0] for k in keys],
        "topic": [k[1] for k in keys],
        "value": [k[2] for k in keys],
        "source": take("source", "客户本人"),
        "surveyed_on": pd.to_datetime(pd.Series(days, dtype="datetime64[us]")),
        "own": take("own", True),
        "verified_on": None,
    })
