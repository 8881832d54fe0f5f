"""The data of the lesson on the customer database: what is extracted, processed, matched and made an archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

TABLES = {
    "customers": "customers",
    "orders": "orders",
    "investments": "investments",
    "answers": "survey",
    "wallet": "wallet",
}
ARCHIVE = (
    *("name", "gender", "birth_date", "phone", "email", "identity_no", "province", "city", "address"),
    *("occupation", "income_band", "education", "marital_status", "channel", "registered_on"),
)
_DAYS = {"orders": "ordered_at", "investments": "occurred_on", "answers": "answered_on"}
_REGISTERS = {
    "store": "门店",
    "web": "网站",
    "call": "呼叫中心",
    "门店": "门店",
    "网": "网站",
    "呼叫": "呼叫中心",
}


def extract_tables(columns: str = "", **names: str) -> dict[str, pd.DataFrame | None]:
    """Read each table that is given, and remember where it came from.

    Parameters
    ----------
    columns
        Column → header of the customers' registers, where they are not recognised.
    **names
        Table of the lesson (customers, orders, investments, answers, wallet) → file or sample, or empty text.

    Returns
    -------
    dict
        Table → raw rows, None where nothing is given.
    """
    from crm_lib.errors import ParameterError
    from crm_lib.lesson.exports import remember_source
    from crm_lib.lesson.sources import read_source

    if not names.get("customers"):
        raise ParameterError(say("database.no_customers"))
    out: dict[str, pd.DataFrame | None] = {}
    for table, schema in TABLES.items():
        name = names.get(table, "")
        given = {"columns": columns or None} if table == "customers" else {}
        out[table] = read_source(name, schema, **given) if name else None
        if out[table] is not None:
            files = out[table].attrs["source"]["files"]
            prints = [f["sha256"][:12] for f in files]
            remember_source({
                "files": [f["name"] for f in files],
                "sha256": prints,
                "n_lines": len(out[table]),
            })
    return out


def tabulate_extracts(extracted: Mapping[str, pd.DataFrame | None]) -> pd.DataFrame:
    """Return what was extracted: one row per file and table.

    Parameters
    ----------
    extracted
        What `extract_tables` returned.

    Returns
    -------
    DataFrame
        ``what``, ``part`` (which of the three parts it goes into), ``file``, ``n_rows``, ``n_fields``.
    """
    import pandas as pd

    rows = []
    for table, frame in extracted.items():
        if frame is None:
            continue
        files = frame["source_file"].astype(str) if "source_file" in frame else None
        names = [f["name"].rsplit("/", 1)[-1] for f in frame.attrs["source"]["files"]]
        fields = [c for c in frame if c not in ("source_row", "source_file")]
        for name in names:
            mine = frame if files is None else frame[files == name]
            filled = int(mine[fields].notna().any().sum())
            rows.append((say(f"database.of_{table}"), say(f"database.part_{table}"), name, len(mine), filled))
    return pd.DataFrame(rows, columns=["what", "part", "file", "n_rows", "n_fields"])


def clean_extracts(extracted: Mapping[str, pd.DataFrame | None]) -> dict[str, pd.DataFrame | None]:
    """Clean the tables beside the registers.

    Parameters
    ----------
    extracted
        What `extract_tables` returned.
    """
    from crm_lib.identify import clean_table

    out: dict[str, pd.DataFrame | None] = {}
    for table, frame in extracted.items():
        if table != "customers":
            out[table] = None if frame is None else clean_table(frame, TABLES[table]).rows
            if out[table] is not None:
                out[table].attrs = {}
    return out


def choose_archive_day(as_of: str, customers: pd.DataFrame, beside: Mapping[str, pd.DataFrame | None]) -> str:
    """Return the day of the archive: the given one, else the day after the last thing known of a customer.

    Parameters
    ----------
    as_of
        ISO date or empty text.
    customers
        Raw rows of the registers.
    beside
        What `clean_extracts` returned.
    """
    import pandas as pd

    from crm_lib.identify import clean_table
    from crm_lib.lesson.demography import choose_day

    days = [
        pd.to_datetime(rows[_DAYS[t]]).max()
        for t, rows in beside.items()
        if rows is not None
        and t in _DAYS
        and t != "orders"
        and _DAYS[t] in rows
        and rows[_DAYS[t]].notna().any()
    ]
    lines = beside["orders"]
    if as_of or not (days or lines is not None and len(lines)):
        return choose_day(as_of, clean_table(customers, "customers").rows, None)
    if lines is not None and len(lines):
        days.append(pd.Timestamp(choose_day("", customers, lines)) - pd.Timedelta(days=1))
    return (max(days).normalize() + pd.Timedelta(days=1)).date().isoformat()


def keep_known(beside: Mapping[str, pd.DataFrame | None], day: str) -> dict[str, pd.DataFrame | None]:
    """Keep of each table what was known at the end of the day.

    Parameters
    ----------
    beside
        What `clean_extracts` returned.
    day
        ISO date.
    """
    import pandas as pd

    out = dict(beside)
    for table, column in _DAYS.items():
        rows = out.get(table)
        if rows is not None and column in rows:
            late = rows[column] >= pd.Timestamp(day) + pd.Timedelta(days=1)
            out[table] = rows[~late.fillna(False).astype(bool)].reset_index(drop=True)
    return out


def index_records(raw: pd.DataFrame) -> pd.DataFrame:
    """Make the index of the records, like a table of contents: which numbers stand in which register.

    Parameters
    ----------
    raw
        Rows of the registers as read.

    Returns
    -------
    DataFrame
        One row per register: ``register``, ``n_rows``, ``n_numbered``, ``first_record``, ``last_record``,
        ``n_twice`` (numbers that stand more than once).
    """
    import pandas as pd

    files = raw["source_file"].astype(str) if "source_file" in raw else pd.Series("", index=raw.index)
    column = next((c for c in ("record_id", "customer_id") if c in raw), None)
    rows = []
    for name, mine in raw.groupby(files, sort=True):
        given = mine[column].dropna().astype(str).str.strip() if column else pd.Series(dtype=object)
        numbers = given[given.str.contains("[0-9]", regex=True)] if len(given) else given  # a total has none
        ends = (numbers.min(), numbers.max()) if len(numbers) else ("", "")
        label = word_register(name) if name else say("database.of_customers")
        rows.append((label, len(mine), len(numbers), *ends, int(numbers.duplicated().sum())))
    columns = ["register", "n_rows", "n_numbered", "first_record", "last_record", "n_twice"]
    return pd.DataFrame(rows, columns=columns)


def word_register(name: str) -> str:
    """Return the channel that a register's name tells, else the name."""
    return next((word for key, word in _REGISTERS.items() if key in name.lower()), name)
