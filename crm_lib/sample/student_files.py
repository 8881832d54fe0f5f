"""The tables of 旭东 as a student meets them: CSV and Excel files with the defects of real exports.

====================================  ======================================================================
file                                  defects
====================================  ======================================================================
register_store.xlsx                   title over merged cells, header two rows down, dates as text in two
                                      forms, impossible birthdays, totals in the last row
register_web.csv                      UTF-8 with BOM, English headers, birthdays in four forms, telephone
                                      numbers with separators or +86, heights in another unit
register_call_center.csv              GB18030, full-width digits in telephone numbers, blanks around names,
                                      totals in the last row
orders.csv                            UTF-8 with BOM, two forms of times, amounts with ¥ and separators,
                                      lines entered twice, totals in the last row
contacts.csv                          GB18030, separated by semicolons
leads.csv                             prospects entered twice, contacts before the first one, customers that
                                      stand in no register
survey.csv                            answers left out, customers that stand in no register
the others                            UTF-8 with BOM, Chinese headers
====================================  ======================================================================

Each cell with a defect stands in ``truth/defects.parquet``; the kinds are
described in `crm_lib.sample._defects`, their rates stand in ``laws.toml``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.sample._defects import Planter, spoil_leads, spoil_register, spoil_survey
from crm_lib.sample._draws import Draws
from crm_lib.schema import load_schema

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

_PERSON = ["record_id", "name", "gender", "birth_date", "phone"]
_PLACE = ["province", "city", "address"]
STORE = [*_PERSON, *_PLACE, "occupation", "income_band", "marital_status", "has_children", "housing",
         "registered_on", "consent_marketing"]  # fmt: skip
WEB = [*_PERSON, "email", *_PLACE, "hobbies", "entertainment", "height_cm", "build", "delivery_window",
       "language", "registered_on", "consent_marketing", "consent_on"]  # fmt: skip
CALL_CENTER = [*_PERSON, "email", *_PLACE, "monthly_income", "education", "has_pet", "delivery_window",
               "registered_on"]  # fmt: skip
PLAIN = ("products", "clicks", "reviews", "campaigns", "campaign_members", "wallet", "touches", "investments",
         "survey_items", "experience", "population", "price_quotes", "consents")  # fmt: skip
_ATTRIBUTES = ("occupation", "income_band", "marital_status", "has_children", "housing", "hobbies", "entertainment",
               "height_cm", "build", "delivery_window", "language", "monthly_income", "education", "has_pet")  # fmt: skip
# an amount that says whose it is; the contract's title alone could be any amount
HEADERS = {("orders", "amount"): "实付金额"}
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_IMPOSSIBLE = ("1990-02-30", "1985-13-07", "2035-06-18", "1899-00-00")
_TWICE = 0.004


def write_files(folder: str | Path, *, seed: int) -> list[Path]:
    """Write the files of a company made by `make_company` into its folder ``files``.

    Parameters
    ----------
    folder : path
        The company's folder, with ``data`` and ``truth``.
    seed : int
        Decides which cells are spoilt.

    Returns
    -------
    list of Path
        The files written, sorted by name.
    """
    import pyarrow.parquet as pq

    folder, out = Path(folder), Path(folder) / "files"
    out.mkdir(exist_ok=True)
    data = {p.stem: pq.read_table(p) for p in sorted((folder / "data").glob("*.parquet"))}
    planted = pq.read_table(folder / "truth" / "records.parquet")
    wrong = planted.filter(planted["wrong_birthday"])["record_id"].to_pylist()
    spoil = Spoiler(Draws(seed, 1), frozenset(wrong))
    _write_registers(data["customers"], spoil, out)
    _write_orders(data["orders"], spoil, out)
    _write_prospects(data["leads"], spoil.plant, out)
    _write_survey(data["survey"], spoil.plant, out)
    _write_csv(
        out / "contacts.csv", "contacts", _plain_rows(data["contacts"]), encoding="gb18030", separator=";"
    )
    for name in PLAIN:
        _write_csv(out / f"{name}.csv", name, _plain_rows(data[name]))
    pq.write_table(
        spoil.plant.tell(), folder / "truth" / "defects.parquet", compression="zstd", version="2.6"
    )
    return sorted(out.iterdir())


def list_dictionary() -> list[dict[str, str]]:
    """List the data dictionary of the files: file, column, type, unit, title, meaning of each column."""
    registers = {
        "register_store.xlsx": STORE,
        "register_web.csv": WEB,
        "register_call_center.csv": CALL_CENTER,
    }
    parts = [(file, "customers", columns) for file, columns in registers.items()]
    parts += [
        (f"{name}.csv", name, _list_columns(name))
        for name in ("orders", "contacts", "leads", "survey", *PLAIN)
    ]
    return [
        {
            "file": f"xudong/{file}",
            "column": name,
            "type": load_schema(schema).column(name).type,
            "unit": load_schema(schema).column(name).unit,
            "title": show_header(schema, name),
            "meaning": load_schema(schema).column(name).meaning,
        }
        for file, schema, columns in parts
        for name in columns
    ]


def _list_columns(name: str) -> tuple[str, ...]:
    """Return the columns 旭东 has of a contract, in the order of its table."""
    left_out = {
        "orders": ("product_name", "status", "currency"),
        "products": ("subcategory",),
        "clicks": ("page",),
        "consents": ("customer_no",),
        "survey": tuple(f"q{k:02}" for k in range(13, 31)),
    }
    return tuple(c for c in load_schema(name).names if c not in left_out.get(name, ()))


def show_header(schema: str, column: str) -> str:
    """Return the header under which the Chinese files show a column."""
    return HEADERS.get((schema, column)) or load_schema(schema).column(column).title


class Spoiler:
    """Decides, by the number of a row, which cell gets which defect."""

    def __init__(self, draws: Draws, wrong_birthdays: frozenset[str]) -> None:
        self.draws = draws
        self.wrong_birthdays = wrong_birthdays
        self.plant = Planter(draws)

    def pick(self, name: str, n: int, weights: list[float]) -> list[int]:
        """Return one choice per row."""
        import numpy as np

        return self.draws.choose(f"spoil/{name}", np.arange(n), weights).tolist()

    def birthdays(self, name: str, rows: list[Row], forms: list[str], weights: list[float]) -> None:
        """Write the birthdays in mixed forms; every second wrong one becomes impossible."""
        which = self.pick(f"{name}/form", len(rows), weights)
        worst = self.pick(f"{name}/impossible", len(rows), [4.0, 1.0, 1.0, 1.0, 1.0])
        shown = []
        for row, form, k in zip(rows, which, worst, strict=True):
            meant = row["birth_date"]
            row["birth_date"] = _show_day(meant, forms[form])
            if row["record_id"] in self.wrong_birthdays and k:
                row["birth_date"] = _IMPOSSIBLE[k - 1]
                self.plant.note(
                    row["record_id"], "birth_date", "impossible_birthday", row["birth_date"], meant
                )
            shown.append(forms[form])
        self.plant.note_forms(rows, "birth_date", shown)


def _show_day(day: Any, form: str) -> str:
    return form.format(y=day.year, m=day.month, d=day.day)


def _plain_rows(table: pa.Table) -> list[Row]:
    """Return the rows with cells as a Chinese export shows them."""
    return [{name: _show(value) for name, value in row.items()} for row in table.to_pylist()]


def _show(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else value


def _write_registers(customers: pa.Table, spoil: Spoiler, out: Path) -> None:
    parts: dict[str, list[Row]] = {"store": [], "web": [], "call_center": []}
    for row in customers.to_pylist():
        parts[row["channel"]].append(row | {"registered_on": row["registered_on"].isoformat()})
    iso, slash = "{y}-{m:02}-{d:02}", "{y}/{m}/{d}"
    store, web, called = parts.values()
    spoil.plant.open("register_store.xlsx", "customers")
    spoil.birthdays("store", store, [iso, slash], [3.0, 1.0])
    _finish_register(spoil.plant, "store", store, STORE)
    _write_store(out / "register_store.xlsx", _shown(store, STORE))
    spoil.plant.open("register_web.csv", "customers")
    forms = [iso, slash, "{y}{m:02}{d:02}", "{y}年{m}月{d}日"]
    spoil.birthdays("web", web, forms, [5.0, 2.0, 1.0, 2.0])
    _finish_register(spoil.plant, "web", web, WEB)
    _write_csv(out / "register_web.csv", "customers", _shown(web, WEB), english=True)
    spoil.plant.open("register_call_center.csv", "customers")
    spoil.birthdays("call_center", called, [iso, "{y}.{m}.{d}"], [4.0, 1.0])
    _dress_calls(spoil, called)
    _finish_register(spoil.plant, "call_center", called, CALL_CENTER)
    rows = _shown(called, CALL_CENTER)
    rows.append(dict.fromkeys(CALL_CENTER, "") | {"record_id": "合计", "name": len(called)})
    _write_csv(out / "register_call_center.csv", "customers", rows, encoding="gb18030")


def _finish_register(plant: Planter, register: str, rows: list[Row], columns: list[str]) -> None:
    """Plant the defects that all registers share; records entered twice come last."""
    spoil_register(plant, register, rows)
    letter = rows[0]["record_id"][0] if rows else ""
    rows += plant.twins(rows, "twin_record", lambda k: f"{letter}{90_000_001 + k:08}", ["phone"])
    plant.note_missing(rows, "missing_contact", [c for c in ("phone", "email") if c in columns])
    plant.note_missing(rows, "missing_attribute", [c for c in _ATTRIBUTES if c in columns])


def _dress_calls(spoil: Spoiler, rows: list[Row]) -> None:
    """Write some numbers in full-width digits, and blanks around some names."""
    wide = spoil.pick("wide", len(rows), [0.7, 0.3])
    blank = spoil.pick("blank", len(rows), [0.85, 0.15])
    for row, is_wide, is_blank in zip(rows, wide, blank, strict=True):
        phone, name = row["phone"], row["name"]
        if is_wide and phone:
            row["phone"] = phone.translate(_FULL_WIDTH)
            spoil.plant.note(row["record_id"], "phone", "full_width_phone", row["phone"], phone)
        if is_blank:
            row["name"] = f" {name}　"
            spoil.plant.note(row["record_id"], "name", "blank_around_name", row["name"], name)


def _shown(rows: Iterable[Row], columns: list[str]) -> list[Row]:
    return [{name: _show(row[name]) for name in columns} for row in rows]


def _write_prospects(leads: pa.Table, plant: Planter, out: Path) -> None:
    rows = [dict(row) for row in leads.to_pylist()]
    plant.open("leads.csv", "leads", "lead_id")
    rows += spoil_leads(plant, rows)
    _write_csv(out / "leads.csv", "leads", _shown(rows, leads.column_names))


def _write_survey(survey: pa.Table, plant: Planter, out: Path) -> None:
    rows = [dict(row) for row in survey.to_pylist()]
    plant.open("survey.csv", "survey", "response_id")
    spoil_survey(plant, rows)
    _write_csv(out / "survey.csv", "survey", _shown(rows, survey.column_names))


def _write_store(path: Path, rows: list[Row]) -> None:
    """Write the store register as an assistant keeps it: a title over merged cells, a blank row, the header."""
    import datetime as dt

    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        book.set_properties({"created": dt.datetime(2025, 1, 2), "author": "旭东"})
        sheet = book.add_worksheet("门店会员")
        centred = book.add_format({"align": "center", "bold": True})
        sheet.merge_range(0, 0, 0, len(STORE) - 1, "旭东门店会员登记表（内部资料）", centred)
        sheet.write_row(2, 0, [show_header("customers", name) for name in STORE], centred)
        for k, row in enumerate(rows):
            sheet.write_row(3 + k, 0, list(row.values()))
        sheet.write_row(3 + len(rows), 0, ["合计", f"{len(rows)}人"])


def _write_orders(orders: pa.Table, spoil: Spoiler, out: Path) -> None:
    rows = _plain_rows(orders)
    n = len(rows)
    total = sum(round(row["amount"] * 100) for row in rows) / 100
    short, pretty = spoil.pick("time", n, [0.8, 0.2]), spoil.pick("money", n, [0.97, 0.03])
    twice = spoil.pick("twice", n, [1.0 - _TWICE, _TWICE])
    plant, written = spoil.plant, []
    plant.open("orders.csv", "orders", "line")
    for row, is_short, is_pretty, is_twice in zip(rows, short, pretty, twice, strict=True):
        at = row["ordered_at"]
        row["ordered_at"] = f"{_show_day(at, '{y}/{m}/{d}')} {at:%H:%M:%S}" if is_short else f"{at}"
        row["amount"] = (
            f"¥{row['amount']:,.2f}" if is_pretty and row["amount"] > 0 else f"{row['amount']:.2f}"
        )
        written += [row, row] if is_twice else [row]
        row_id = f"{row['order_id']}/{row['line_no']}"
        if row["amount"].startswith("¥"):
            plant.note(row_id, "amount", "money_form", row["amount"], "")
        if is_twice:
            plant.note(row_id, "line_no", "line_twice", row_id, "")
    lines = [{"line": f"{row['order_id']}/{row['line_no']}", "ordered_at": row["ordered_at"]} for row in rows]
    plant.note_forms(lines, "ordered_at", short)
    written.append(dict.fromkeys(rows[0], "") | {"order_id": "合计", "amount": f"{total:.2f}"})
    _write_csv(out / "orders.csv", "orders", written)


def _write_csv(
    path: Path,
    schema: str,
    rows: list[Row],
    *,
    encoding: str = "utf-8-sig",
    separator: str = ",",
    english: bool = False,
) -> None:
    text = io.StringIO()
    write = csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow
    write([name if english else show_header(schema, name) for name in rows[0]])
    for row in rows:
        write(list(row.values()))
    path.write_bytes(text.getvalue().encode(encoding))
