"""A student's own shopping, written down by the seven aspects of behaviour: read, with every fault named."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.errors import ReadError
from crm_lib.identify.cleaning import clean_table
from crm_lib.identify.prospects import load_rules
from crm_lib.schema.reader import Column, Table

if TYPE_CHECKING:
    import pandas as pd

ABOUT, GUIDE, NUMBER, SURE = "基本信息", "填写说明", "序号", "把握"
NOT_SURE = ("大概", "不记得")


@dataclass(frozen=True)
class Sheet:
    """One sheet of the template: the aspect it is for, its contract, its hint and its example row."""

    aspect: str
    hint: str
    example: tuple[str, ...]
    table: Table
    needed: frozenset[str] = frozenset()

    @property
    def asked(self) -> tuple[Column, ...]:
        """The columns a student fills in, without the number of the row and how sure he is."""
        return self.table.columns[1:-1]


@dataclass(frozen=True)
class Shopping:
    """What one person wrote down.

    Attributes
    ----------
    about
        shop, shop_kind, writer, start_on, end_on: text, the days as Timestamp or missing.
    tables
        Table → typed rows: the columns of the contract and source_row; also rows with faults.
    faults
        One row per fault: table, sheet, row (of the file), column, title, value (as written), kind,
        dimension (of data quality), cause.
    uncertain
        One row per row marked 大概 or 不记得: table, sheet, row, sure.
    source
        Files with their checksums, as `read_table` tells them.
    """

    about: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    faults: pd.DataFrame
    uncertain: pd.DataFrame
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Rows that were filled in, over all sheets."""
        return sum(map(len, self.tables.values()))


@cache
def list_sheets() -> tuple[Sheet, ...]:
    """Return the seven sheets of the template, one per aspect, in the textbook's order."""
    rules = load_rules("shopping")
    number = Column(NUMBER, "text", NUMBER, "1, 2, 3 …")
    sure = Column("sure", "category", SURE, "这一行记得多牢", choices=tuple(rules["sure"]))
    found = []
    for raw in rules["sheets"]:
        # the contract requires nothing: a missing cell is a fault to be told, not a reason to set a row aside
        needed = frozenset(c["name"] for c in raw["columns"] if c.pop("required", False))
        own = [Column(**{**c, "choices": tuple(c.get("choices", ()))}) for c in raw["columns"]]
        table = Table(raw["name"], raw["sheet"], "row", (number, *own, sure))
        found.append(Sheet(raw["aspect"], raw["hint"], tuple(raw["example"]), table, needed))
    return tuple(found)


def read_my_shopping(file: str | Path) -> Shopping:
    """Read a filled-in template of one's own shopping, and find every fault in it.

    Parameters
    ----------
    file : path
        A workbook made from the template; sheets may be empty, rows may stand anywhere below the header,
        the example row may stay.

    Returns
    -------
    Shopping
        Typed tables, faults, uncertain rows.  No fault stops the reading: a missing sheet or column is a
        fault like a wrong cell, and leaves an empty table or column.

    Raises
    ------
    ReadError
        When the file cannot be read, or holds none of the sheets.

    Notes
    -----
    Faults are attributed to one of the six dimensions and to a likely cause (``rules/shopping.toml``).  A row
    outside the period is accurate but not valid for the question asked; it is kept and told.  "Listed more in
    our shop than the wallet says" compares sums per category and allows for half a cent.
    """
    from crm_lib.identify._behaviour_faults import find_faults, make_faults
    from crm_lib.readwrite import read_table

    sheets, faults, tables, source = list_sheets(), [], {}, {}
    about = _read_about(file, read_table, faults)
    for sheet in sheets:
        raw = _read_sheet(file, sheet, read_table)
        if raw is None:
            faults.append((sheet.table.name, 0, "", "", "no_sheet"))
            tables[sheet.table.name] = _empty(sheet)
            continue
        source = source or raw.attrs.get("source", {})
        rows, found = _type_sheet(raw, sheet)
        tables[sheet.table.name] = rows
        faults += found
    if not source:
        names = "、".join(s.table.title for s in sheets)
        raise ReadError(
            f"read_my_shopping: {Path(file).name} has none of the sheets {names}. Use the template."
        )
    faults += find_faults(tables, about)
    uncertain = _list_uncertain(tables)
    return Shopping(about, tables, make_faults(faults), uncertain, {"files": source.get("files", [])})


def _read_sheet(file: str | Path, sheet: Sheet, read_table: Any) -> pd.DataFrame | None:
    try:
        raw = read_table(file, sheet.table, sheet=sheet.table.title)
    except ReadError as error:
        # a sheet without a single cell is no sheet for the reader
        if "has no sheet" in str(error) or "is no sheet" in str(error):
            return None
        raise
    named = raw[NUMBER] if NUMBER in raw.columns else None
    if named is None:
        return raw
    example = named.astype(object).map(lambda v: str(v).strip().startswith(("例", "示例")))
    kept = raw[~example.to_numpy(dtype=bool)].reset_index(drop=True)
    kept.attrs = raw.attrs
    return kept


def _read_about(file: str | Path, read_table: Any, faults: list) -> dict[str, Any]:
    import pandas as pd

    fields, out = load_rules("shopping")["about"], {}
    given = _read_answers(file, read_table)
    for name, facts in fields.items():
        value, row = given.get(facts["title"], (None, 0))
        blank = value is None or value != value or not str(value).strip()
        if blank:
            faults.append(("about", int(row), facts["title"], "", "missing"))
        out[name] = _read_field(facts, None if blank else value, int(row), faults)
    start, end = out["start_on"], out["end_on"]
    if pd.notna(start) and pd.notna(end) and start > end:
        faults.append((
            "about",
            0,
            fields["end_on"]["title"],
            f"{start.date()} > {end.date()}",
            "out_of_range",
        ))
        out["start_on"], out["end_on"] = end, start
    return out


def _read_answers(file: str | Path, read_table: Any) -> dict[str, tuple[Any, int]]:
    """Return question → (answer as written, row) of the first sheet; nothing when it is not there."""
    columns = (Column("item", "text", "项目", "what is asked"), Column("value", "text", "填写", "the answer"))
    try:
        raw = read_table(file, Table("about", ABOUT, "item", columns), sheet=ABOUT)
    except ReadError as error:
        if "has no sheet" not in str(error):
            raise
        return {}
    if not {"item", "value"} <= set(raw.columns):
        return {}
    rows = zip(raw["item"], raw["value"], raw["source_row"], strict=True)
    return {str(item).strip(): (value, row) for item, value, row in rows}


def _read_field(facts: dict[str, Any], value: Any, row: int, faults: list) -> Any:
    import pandas as pd

    if facts.get("type") != "date":
        text = "" if value is None else str(value).strip()
        if text and facts.get("choices") and text not in facts["choices"]:
            faults.append(("about", row, facts["title"], text, "not_listed"))
        return text
    if value is None:
        return pd.NaT
    one = Table("about", ABOUT, "item", (Column("day", "date", facts["title"], facts["meaning"]),))
    cleaned = clean_table(pd.DataFrame({"day": [value, None], "other": [1, 2]}), one).rows["day"]
    day = cleaned.iloc[0] if len(cleaned) else pd.NaT
    if pd.isna(day):
        faults.append(("about", row, facts["title"], str(value), "unreadable"))
    return day


def _type_sheet(raw: pd.DataFrame, sheet: Sheet) -> tuple[pd.DataFrame, list[tuple]]:
    """Return typed rows and the faults that typing and the drop-downs show."""
    import pandas as pd

    name, faults = sheet.table.name, []
    lacking = [c for c in sheet.asked if c.name not in raw.columns]
    faults += [(name, 0, c.title, "", "no_column") for c in lacking]
    values = raw.drop(columns=[c for c in (NUMBER,) if c in raw.columns])
    filled = values.drop(columns=["source_row"]).notna().any(axis=1) if len(values) else []
    raw_kept = raw[filled].reset_index(drop=True) if len(values) else raw
    raw_kept.attrs = raw.attrs
    cleaned = clean_table(raw_kept, sheet.table)
    rows = cleaned.rows.reindex(columns=[*sheet.table.names, "source_row"])
    before = raw_kept.set_index("source_row")
    unread = cleaned.audit[cleaned.audit["rule"].astype(str).str.startswith("unreadable")]
    for fault in unread.itertuples():
        title = sheet.table.column(fault.column).title
        faults.append((name, int(fault.source_row), title, str(fault.before), "unreadable"))
    gone = set(zip(unread["source_row"].astype("int64"), unread["column"], strict=True))
    for column in (*sheet.asked, sheet.table.columns[-1]):
        if column.name not in before.columns:
            continue
        for row, value in zip(rows["source_row"], rows[column.name], strict=True):
            if pd.isna(value):
                if column.name in sheet.needed and (int(row), column.name) not in gone:
                    faults.append((name, int(row), column.title, "", "missing"))
            elif column.type == "category" and value not in column.choices:
                faults.append((name, int(row), column.title, str(value), "not_listed"))
    return rows.reset_index(drop=True), faults


def _empty(sheet: Sheet) -> pd.DataFrame:
    import pandas as pd

    names = [*sheet.table.names, "source_row"]
    blank = clean_table(
        pd.DataFrame({n: pd.Series([], dtype=object) for n in sheet.table.names}), sheet.table
    )
    return blank.rows.reindex(columns=names).reset_index(drop=True)


def _list_uncertain(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    titles = {s.table.name: s.table.title for s in list_sheets()}
    rows = [
        (name, titles[name], int(row.source_row), row.sure)
        for name, frame in tables.items()
        for row in frame[frame["sure"].isin(NOT_SURE)].itertuples()
    ]
    return pd.DataFrame(rows, columns=["table", "sheet", "row", "sure"])
