"""Defects of the students' files, and the account of every cell that has one.

=============================  ==========  ===============================================================
kind                           dimension   what stands in the file
=============================  ==========  ===============================================================
unknown_customer               关联性      a customer's number that stands in no register
missing_contact                完整性      no telephone number or e-mail where the register asks for one
missing_attribute              完整性      any other empty cell of a register, but consent_on without consent
missing_answer                 完整性      a statement of the scales without an answer
deal_without_amount            完整性      a prospect who became a customer (成交) without a signed amount
full_width_phone               规范性      telephone number in full-width digits
phone_separators               规范性      154-1234-5678 or 154 1234 5678
phone_country_code             规范性      +86 before the number
blank_around_name              规范性      blanks before and after the name
date_form                      规范性      a date not in the form most cells of its column have
money_form                     规范性      an amount with ¥ and separators
twin_record                    唯一性      a record entered again in the same register under another number
twin_lead                      唯一性      a prospect entered again under another number
line_twice                     唯一性      an order line entered twice
impossible_birthday            准确性      a day that does not exist, or lies in the future or before 1900
registered_before_birth        准确性      registered in 19… instead of 20…: before the person was born
height_unit                    准确性      a height of 17.2 or 1720 instead of 172 cm
phone_wrong_length             准确性      a digit of the number is lost
title_against_gender           一致性      先生 behind the name of a woman, 女士 or 太太 behind a man's
city_against_province          一致性      a town that does not lie in the province beside it
consent_before_registration    一致性      agreed to be contacted before the record was made
contact_before_found           一致性      a prospect's first contact lies before the prospect was found
last_before_first              一致性      the latest contact lies before the first one
=============================  ==========  ===============================================================

Each can be told from the files alone.  A birthday that is wrong but possible
cannot, nor can a telephone number that was given up; they are no defects here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib.sample._draws import Draws
from crm_lib.sample._laws import read_laws, read_words

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
DIMENSIONS = {
    "unknown_customer": "关联性",
    **dict.fromkeys(("missing_contact", "missing_attribute", "missing_answer", "deal_without_amount"), "完整性"),
    **dict.fromkeys(
        ("full_width_phone", "phone_separators", "phone_country_code", "blank_around_name", "date_form", "money_form"),
        "规范性",
    ),
    **dict.fromkeys(("twin_record", "twin_lead", "line_twice"), "唯一性"),
    **dict.fromkeys(
        ("impossible_birthday", "registered_before_birth", "height_unit", "phone_wrong_length"), "准确性"
    ),
    **dict.fromkeys(
        (
            "title_against_gender",
            "city_against_province",
            "consent_before_registration",
            "contact_before_found",
            "last_before_first",
        ),
        "一致性",
    ),
}  # fmt: skip
_COLUMNS = ("file", "table", "record_id", "column", "with_column", "kind", "dimension", "shown", "meant")


class Planter:
    """Plants defects in one file after the other and keeps account of them.

    ``record_id`` of an account is the number of the row by its own table:
    of the record, prospect or questionnaire, of an order line
    ``<order_id>/<line_no>``; ``with_column`` is the column a cell contradicts.
    """

    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self.rates = read_laws()["defects"]
        self.rows: list[Row] = []
        self.file, self.table, self.key = "", "", ""
        self.spoilt: set[tuple[str, str]] = set()
        self.touched: set[str] = set()

    def open(self, file: str, table: str, key: str = "record_id") -> None:
        """Turn to a file; the column `key` numbers its rows."""
        self.file, self.table, self.key = file, table, key

    def note(self, record_id: str, column: str, kind: str, shown: Any, meant: Any, beside: str = "") -> None:
        """Enter one defect."""
        cells = (
            self.file,
            self.table,
            record_id,
            column,
            beside,
            kind,
            DIMENSIONS[kind],
            f"{shown}",
            f"{meant}",
        )
        self.rows.append(dict(zip(_COLUMNS, cells, strict=True)))
        self.spoilt.add((record_id, column))
        if DIMENSIONS[kind] != "完整性":
            self.touched.add(record_id)

    def choose(self, name: str, places: Sequence[int], rate: float) -> list[int]:
        """Choose a share of the places, at least one where there are any, in their order."""
        import numpy as np

        if not places:
            return []
        n = max(1, int(len(places) * rate + 0.5))
        bits = self.draws.bits(f"defect/{self.file}/{name}", np.array(places))
        return sorted(np.array(places)[np.argsort(bits, kind="stable")[:n]].tolist())

    def spoil(
        self,
        rows: list[Row],
        kind: str,
        column: str,
        change: Callable[[Row, int], Any],
        *,
        fits: Callable[[Row], Any] = lambda row: True,
        beside: str = "",
        rate: str = "",
    ) -> None:
        """Change the cells of a share of the rows that fit and have no defect in them yet."""
        cells = {column, beside} - {""}
        free = [
            k
            for k, row in enumerate(rows)
            if row[column] not in ("", None)
            and not any((row[self.key], c) in self.spoilt for c in cells)
            and fits(row)
        ]
        for nth, k in enumerate(self.choose(kind, free, self.rates[rate or kind])):
            row, meant = rows[k], rows[k][column]
            row[column] = change(row, nth)
            self.note(row[self.key], column, kind, row[column], meant, beside)
            if beside:
                self.spoilt.add((row[self.key], beside))

    def note_missing(
        self, rows: list[Row], kind: str, columns: Sequence[str], *, but: Sequence[str] = ()
    ) -> None:
        """Enter the empty cells of these columns."""
        for row in rows:
            for column in columns:
                if row[column] in ("", None) and column not in but:
                    self.note(row[self.key], column, kind, "", "")

    def note_forms(self, rows: list[Row], column: str, forms: Sequence[Any], kind: str = "date_form") -> None:
        """Enter the cells whose form is not the most frequent one of their column."""
        most = max(sorted(set(forms), key=str), key=list(forms).count, default=None)
        for row, form in zip(rows, forms, strict=True):
            if form != most and (row[self.key], column) not in self.spoilt:
                self.note(row[self.key], column, kind, row[column], "")

    def twins(
        self, rows: list[Row], kind: str, new_key: Callable[[int], str], needs: Sequence[str]
    ) -> list[Row]:
        """Return copies, under numbers of their own, of a share of the rows without any defect but gaps."""
        free = [k for k, r in enumerate(rows) if r[self.key] not in self.touched and all(r[c] for c in needs)]
        out = []
        for nth, k in enumerate(self.choose(kind, free, self.rates[kind])):
            out.append(rows[k] | {self.key: new_key(nth)})
            self.note(out[-1][self.key], self.key, kind, out[-1][self.key], rows[k][self.key])
        return out

    def tell(self) -> pa.Table:
        """Return the account, one row per defect, in the order of the files."""
        import pyarrow as pa

        order = sorted(self.rows, key=lambda r: (r["file"], r["kind"], r["record_id"], r["column"]))
        return pa.table({name: pa.array([row[name] for row in order], pa.string()) for name in _COLUMNS})


def spoil_register(plant: Planter, register: str, rows: list[Row]) -> None:
    """Plant what contradicts itself within a record of the register, and telephone numbers in other forms."""
    plant.spoil(
        rows,
        "title_against_gender",
        "name",
        _swap_title,
        fits=lambda r: r["name"][-2:] in _TITLES,
        beside="gender",
    )
    plant.spoil(rows, "phone_wrong_length", "phone", lambda r, k: r["phone"][:-1])
    if register == "web":
        plant.spoil(rows, "phone_separators", "phone", lambda r, k: split_phone(r["phone"], "- "[k % 2]))
        plant.spoil(rows, "phone_country_code", "phone", lambda r, k: f"+86{' ' * (k % 2)}{r['phone']}")
        plant.spoil(
            rows, "height_unit", "height_cm", lambda r, k: round(r["height_cm"] * (0.1, 10.0)[k % 2], 1)
        )
        plant.spoil(rows, "consent_before_registration", "consent_on", _consent_early, beside="registered_on")
    plant.spoil(rows, "city_against_province", "city", _move_town, beside="province")
    plant.spoil(rows, "registered_before_birth", "registered_on", lambda r, k: "19" + r["registered_on"][2:],
                fits=lambda r: (r["record_id"], "birth_date") not in plant.spoilt, beside="birth_date")  # fmt: skip


_TITLES = {"先生": "女士", "女士": "先生", "太太": "先生"}


def _swap_title(row: Row, nth: int) -> str:
    return row["name"][:-2] + _TITLES[row["name"][-2:]]


def split_phone(phone: str, sign: str) -> str:
    """Return the number in groups of 3, 4 and 4 digits.

    Examples
    --------
    >>> split_phone("15412345678", "-")
    '154-1234-5678'
    """
    return sign.join((phone[:3], phone[3:7], phone[7:]))


def _consent_early(row: Row, nth: int) -> dt.date:
    return dt.date.fromisoformat(f"{row['registered_on']}") - dt.timedelta(days=20 + 37 * (nth % 9))


def _move_town(row: Row, nth: int) -> str:
    towns = [town.split("|") for town in read_words()["cities"]]
    away = [town for province, town, brief in towns if row["province"] not in (province, brief)]
    return away[nth % len(away)]


def spoil_leads(plant: Planter, rows: list[Row]) -> list[Row]:
    """Plant the defects of the prospects; return those entered twice, to stand at the end."""
    deal = {"fits": lambda r: r["intent"] == "成交"}
    day = dt.timedelta(days=1)
    plant.spoil(
        rows,
        "unknown_customer",
        "customer_id",
        lambda r, k: f"Z{90_000_001 + 7 * k:08}",
        rate="lead_unknown_customer",
    )
    plant.spoil(
        rows, "deal_without_amount", "signed_amount", lambda r, k: "", rate="lead_deal_without_amount", **deal
    )
    plant.spoil(rows, "contact_before_found", "first_contact_on", lambda r, k: r["found_on"] - (3 + 5 * (k % 7)) * day,
                beside="found_on", rate="lead_contact_before_found")  # fmt: skip
    plant.spoil(rows, "last_before_first", "last_contact_on", lambda r, k: r["first_contact_on"] - (2 + 3 * (k % 9)) * day,
                beside="first_contact_on", rate="lead_last_before_first")  # fmt: skip
    plant.spoil(
        rows,
        "phone_separators",
        "phone",
        lambda r, k: split_phone(r["phone"], "- "[k % 2]),
        rate="lead_phone_separators",
    )
    twins = plant.twins(rows, "twin_lead", lambda k: f"L{90_000_001 + k:08}", ["phone"])
    plant.note_missing([*rows, *twins], "missing_contact", ["phone"])
    return twins


def spoil_survey(plant: Planter, rows: list[Row]) -> None:
    """Plant the defects of the questionnaires."""
    plant.spoil(
        rows,
        "unknown_customer",
        "customer_id",
        lambda r, k: f"Z{95_000_001 + 7 * k:08}",
        rate="survey_unknown_customer",
    )
    plant.note_missing(rows, "missing_answer", [f"q{k:02}" for k in range(1, 13)])
