"""The comparisons: how alike two values are, in levels that read the same in DuckDB and Spark.

All SQL stands on whole numbers made beforehand; only digits and plain Latin
letters go through ``levenshtein``, where a byte is a character.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crm_lib.identify.link_names import INITIAL, TITLED

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Level:
    """One level: its name, its SQL on l and r, the shares expected beforehand.

    ``m`` is the share among records of one person, ``u`` among strangers, ``household`` among different
    persons of one home; None there means that home says nothing, so the share is that of strangers.
    """

    name: str
    sql: str
    m: float
    u: float
    household: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One comparison: the columns it needs, when it says nothing, its levels from most alike to least."""

    name: str
    needs: tuple[str, ...]
    missing: str
    levels: tuple[Level, ...]
    counted: str = ""


def same(*columns: str) -> str:
    """Return the SQL for equal columns."""
    return " and ".join(f"l.{c} = r.{c}" for c in columns)


def either_null(column: str) -> str:
    """Return the SQL for a column that is missing on a side."""
    return f"(l.{column} is null or r.{column} is null)"


_MASKED = " or ".join(f"l.mask{k} = r.mask{k}" for k in range(4))
_SPELLING = (
    "(levenshtein(l.latin, r.latin) <= 1 or (levenshtein(l.latin, r.latin) <= 3 and length(l.latin) >= 9"
    " and (l.given = r.given or l.surname = r.surname or levenshtein(l.latin, r.latin) <= 2)))"
)
_SHORT = (
    "l.pet = r.last or r.pet = l.last or l.pet = r.pet"
    f" or ((l.form = {TITLED} or r.form = {TITLED}) and {same('surname_sound')})"
    f" or ((l.form = {INITIAL} or r.form = {INITIAL}) and {same('initial')})"
    f" or ({same('surname', 'last')})"
)
NAME = Comparison(
    "name",
    ("name",),
    either_null("name"),
    (
        Level("exact", same("whole"), 0.78, 5e-4),
        Level("same_sound", f"{same('sound')} or {same('letters')}", 0.06, 5e-4),
        Level("one_letter", f"{_MASKED} or {_SPELLING}", 0.05, 2e-3, 0.03),
        Level("short_form", _SHORT, 0.06, 3e-3, 0.02),
        Level("same_given", same("given"), 0.02, 5e-3),
        Level("same_surname", same("surname_sound"), 0.02, 0.02, 0.75),
        Level("different", "ELSE", 0.01, 0.969, 0.20),
    ),
    counted="whole",
)
_PARTS = " or ".join(f"({same(*p)})" for p in (("year", "month"), ("year", "day"), ("month", "day")))
BIRTH = Comparison(
    "birth",
    ("birth",),
    either_null("year"),
    (
        Level("exact", same("birth"), 0.92, 1e-4),
        Level(
            "one_part", f"{_PARTS} or (l.year = r.year and l.month = r.day and l.day = r.month)", 0.04, 6e-3
        ),
        Level(
            "near",
            "abs(l.birth - r.birth) <= 31 or abs(abs(l.birth - r.birth) - 365) <= 2"
            " or abs(abs(l.birth - r.birth) - 3652) <= 2",
            0.02,
            4e-3,
        ),
        Level("same_year", f"({either_null('birth')} and {same('year')})", 0.01, 1e-4),
        Level("different", "ELSE", 0.01, 0.9899),
    ),
)
PHONE = Comparison(
    "phone",
    ("phone",),
    either_null("phone"),
    (
        Level("exact", same("phone"), 0.6, 1e-4, 0.30),
        Level(
            "one_digit",
            f"levenshtein(l.digits, r.digits) <= 1 or {same('phone_end')}"
            f" or ({same('shuffled')} and levenshtein(l.digits, r.digits) <= 2)",
            0.03,
            1e-5,
            0.02,
        ),
        Level("different", "ELSE", 0.37, 0.99989, 0.68),
    ),
)
EMAIL = Comparison(
    "email",
    ("email",),
    either_null("email"),
    (
        Level("exact", same("email"), 0.8, 2e-5, 0.05),
        Level(
            "same_name",
            f"{same('mail_name')} or (levenshtein(l.mail_text, r.mail_text) <= 1 and length(l.mail_text) >= 6)",
            0.05,
            1e-3,
            0.01,
        ),
        Level("different", "ELSE", 0.15, 0.99898, 0.94),
    ),
)
_TOWN = f"({same('place')} or {either_null('place')})"
ADDRESS = Comparison(
    "address",
    ("street",),
    f"({either_null('street')} and {either_null('place')})",
    (
        Level("exact", f"{same('addr')} and {_TOWN}", 0.75, 1e-4, 0.9),
        Level(
            "house",
            f"{_TOWN} and (({same('street', 'first')}) or ({same('numbers')} and {same('first')}))",
            0.06,
            5e-4,
            0.05,
        ),
        Level("street", f"{same('street')} and {_TOWN}", 0.04, 5e-3, 0.02),
        Level("town", same("place"), 0.08, 0.1, 0.02),
        Level("different", "ELSE", 0.07, 0.8944, 0.01),
    ),
)
TOWN = Comparison(
    "town",
    ("place",),
    either_null("place"),
    (Level("same", same("place"), 0.9, 0.1, 0.97), Level("different", "ELSE", 0.1, 0.9, 0.03)),
)
POST = Comparison(
    "postcode",
    ("post",),
    either_null("post"),
    (Level("same", same("post"), 0.85, 0.01, 0.97), Level("different", "ELSE", 0.15, 0.99, 0.03)),
)
GENDER = Comparison(
    "gender",
    ("gender",),
    either_null("gender"),
    (Level("same", same("gender"), 0.98, 0.5), Level("different", "ELSE", 0.02, 0.5)),
)


ALL_COMPARISONS = (NAME, BIRTH, PHONE, EMAIL, ADDRESS, TOWN, POST, GENDER)


def pick_levels(one: Comparison, names: Collection[str]) -> Comparison:
    """Return a comparison with some of its levels; without ``same_year`` a birth is a whole date or missing."""
    levels = tuple(v for v in one.levels if v.name in names)
    missing = either_null("birth") if one is BIRTH and len(levels) < len(one.levels) else one.missing
    return replace(one, levels=levels, missing=missing)


def choose_comparisons(
    columns: Collection[str], known: Collection[str], *, years: bool = True
) -> list[Comparison]:
    """Return the comparisons that these columns allow; `known` are the columns with any value.

    `years` says that some births are a year alone; else there is no level for them.
    """
    out: list[Comparison] = []
    for one in (NAME, BIRTH, PHONE, EMAIL, ADDRESS, POST, GENDER):
        needs = {"year"} if one is BIRTH else set(one.needs)
        if one is ADDRESS and "street" not in known and "place" in known:
            one, needs = TOWN, {"place"}
        if needs <= set(known) & set(columns):
            names = [v.name for v in one.levels if years or v.name != "same_year"]
            out.append(pick_levels(one, names))
    return out


def fill_columns(columns: Collection[str], comparisons: list[Comparison]) -> list[str]:
    """Return the columns that the SQL of `comparisons` names and the table lacks."""
    import re

    text = " ".join(level.sql for one in comparisons for level in one.levels)
    text += " ".join(one.missing for one in comparisons)
    return sorted(set(re.findall(r"\b[lr]\.(\w+)", text)) - set(columns))


def write_comparison(one: Comparison, m: list[float], u: list[float]) -> dict[str, Any]:
    """Return one comparison as splink's settings hold it, with its learned shares."""
    levels: list[dict[str, Any]] = [
        {"sql_condition": _both_sides(one.missing), "label_for_charts": "missing", "is_null_level": True}
    ]
    for k, level in enumerate(one.levels):
        said: dict[str, Any] = {
            "sql_condition": level.sql if level.sql == "ELSE" else _both_sides(level.sql),
            "label_for_charts": level.name,
            "m_probability": m[k],
            "u_probability": u[k],
        }
        if k == 0 and one.counted:
            said |= {"tf_adjustment_column": one.counted, "tf_adjustment_weight": 1.0}
        levels.append(said)
    return {"output_column_name": f"c_{one.name}", "comparison_levels": levels}


def _both_sides(sql: str) -> str:
    """Write l.x and r.x as splink names the columns of a pair: x_l and x_r."""
    import re

    return re.sub(r"\b([lr])\.(\w+)", r"\2_\1", sql)
