"""Make of a table of person records the columns that linking compares: whole numbers, where it can."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.errors import DataError, SchemaError
from crm_lib.identify._dates import parse_dates
from crm_lib.identify._values import NOBODY, distinct_cells, half_width
from crm_lib.identify.link_names import FULL, fold_latin, split_name
from crm_lib.identify.link_places import read_email, read_phone, shorten_place, split_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import pandas as pd

# parts of a name or an address that a register may hold in columns of their own, as headers without signs
_GIVEN = ("givenname", "firstname", "forename", "given", "fname", "名", "prenom", "vorname")
_MIDDLE = ("middlename", "middle", "middleinitial", "midlname")
_SURNAME = ("surname", "lastname", "familyname", "family", "lname", "姓", "姓氏", "nachname")
_POSTCODE = ("postcode", "postalcode", "zip", "zipcode", "邮编", "邮政编码")
_SUBURB = ("suburb", "town", "locality", "cityname")
_HOUSE = ("streetnumber", "housenumber", "门牌号", "streetno", "houseno")
_MORE_ADDRESS = ("address1", "streetname", "addressline1", "address2", "addressline2")
IDENTIFYING = ("name", "birth_date", "phone", "email", "address")
_LOOKED_AT = 1000
_WOMAN = frozenset(("女", "女士", "女性", "f", "female", "w", "woman", "weiblich", "2", "mrs", "ms", "miss"))
_MAN = frozenset(("男", "先生", "男性", "m", "male", "man", "1", "mr", "maennlich"))


def gather_columns(records: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns that identify a person, parts joined, by canonical name.

    Raises
    ------
    SchemaError
        Nothing that identifies a person is there.
    """
    folded = {
        "".join(c for c in str(name).lower() if c.isalnum()): name for name in reversed(records.columns)
    }

    def pick(*names: str) -> list[pd.Series]:
        return [records[folded[n]] for n in names if n in folded]

    out = {c: records[c] for c in ("name", "gender", "birth_date", "phone", "email") if c in records}
    given, surname = pick(*_GIVEN)[:1], pick(*_SURNAME)[:1]
    if "name" in out and surname and not given and not _contains(out["name"], surname[0]):
        given = [out["name"]]  # the header First Name was taken for the name
    elif "name" in out and given and not surname and not _contains(out["name"], given[0]):
        surname = [out["name"]]
    if given and surname:
        out["name"] = _join_name(given[0], pick(*_MIDDLE)[:1], surname[0])
    elif surname and "name" not in out:
        out["name"] = surname[0]
    places = [records[c] for c in ("city",) if c in records] or pick(*_SUBURB)[:1]
    places = places or [records[c] for c in ("province",) if c in records]
    out |= {"place": places[0]} if places else {}
    out |= {"post": code[0]} if (code := pick(*_POSTCODE)[:1]) else {}
    street = [records[c] for c in ("address",) if c in records] or pick(*_MORE_ADDRESS)
    if street:
        out["address"] = _join_text([*pick(*_HOUSE)[:1], *street])
    _require_something(records, out)
    return out


def _contains(whole: pd.Series, part: pd.Series) -> bool:
    """Return whether the one column repeats the other in most of the first thousand rows."""
    told = [
        half_width(p).lower() in half_width(w).lower()
        for w, p in zip(whole.head(_LOOKED_AT), part.head(_LOOKED_AT), strict=True)
        if isinstance(w, str) and isinstance(p, str)
    ]
    return sum(told) > len(told) / 2


def _require_something(records: pd.DataFrame, out: dict[str, Any]) -> None:
    if not set(out) & set(IDENTIFYING):
        raise SchemaError(
            "link_records: needs a column that tells persons apart: name, birth_date, phone, email or address; "
            f"the table has {', '.join(map(str, records.columns)) or 'no columns'}. "
            "Read the file with read_table, which maps known headers, or rename the columns."
        )


def _join_text(parts: Sequence[pd.Series]) -> pd.Series:
    """Join cells with a blank; missing ones are left out."""
    out = parts[0].astype(object).where(parts[0].notna(), "").map(_plain)
    for part in parts[1:]:
        out = out + " " + part.astype(object).where(part.notna(), "").map(_plain)
    return out.str.strip()


def _join_name(given: pd.Series, middle: list[pd.Series], surname: pd.Series) -> pd.Series:
    first = _join_text([given, *middle])
    last = surname.astype(object).where(surname.notna(), "").map(_plain)
    chinese = last.str.contains("[\u3400-\u9fff]", regex=True)
    latin = (last + ", " + first).where((last != "") & (first != ""), last + first)
    return latin.where(~chinese, last + first)


def _plain(value: Any) -> str:
    return half_width(value)


def read_cells(column: pd.Series, read: Callable[[str], Any]) -> tuple[np.ndarray, list[Any]]:
    """Read each distinct cell of `column` once; return the place of each row's result and the results.

    The place of a missing cell is the last one, which holds None.
    """
    codes, cells = distinct_cells(column)
    out: list[Any] = []
    for cell in cells.tolist():
        text = cell if isinstance(cell, str) and cell.isascii() and cell.isalnum() else half_width(cell)
        out.append(None if text.lower() in NOBODY else read(text))
    out.append(None)
    return codes, out


def number_texts(values: Sequence[Any], codes: np.ndarray) -> np.ndarray:
    """Return per row a whole number that stands for the text, −1 where it is missing."""
    import numpy as np
    import pandas as pd

    found = pd.factorize(np.array([None if v is None else str(v) for v in values], dtype=object))[0]
    return found[codes].astype("int64")


@cache
def _sound_table() -> dict[str, str]:
    return {}


def find_sound(character: str) -> str:
    """Return the sound of one Chinese character without tone; other characters stay."""
    table = _sound_table()
    if character not in table:
        pypinyin = import_extra("pypinyin", extra="link", purpose="linking Chinese names")
        table[character] = pypinyin.lazy_pinyin(character)[0]
    return table[character]


def read_names(column: pd.Series) -> dict[str, np.ndarray]:
    """Return the columns of a name: numbers for its parts, the text for Latin spelling."""
    import numpy as np

    codes, parts = read_cells(column, lambda text: split_name(text, find_sound))
    out: dict[str, np.ndarray] = {
        "name": number_texts([None if p is None else i for i, p in enumerate(parts)], codes)
    }

    def put(title: str, values: list[Any]) -> None:
        out[title] = number_texts(values, codes)

    for title in ("whole", "sound", "letters", "surname_sound", "given", "initial"):
        put(title, [p and getattr(p, title) for p in parts])
    for k in range(4):
        put(f"mask{k}", [p and p.masks[k] for p in parts])
    surnames = [None if p is None else p.surname for p in parts]
    put("surname", surnames)
    for title in ("last", "pet"):  # single characters share one numbering
        text = [None if p is None else getattr(p, title) for p in parts]
        out[title] = np.array([-1 if t is None else ord(t) for t in text], dtype="int64")[codes]
    out["form"] = np.array([FULL if p is None else p.form for p in parts], dtype="int64")[codes]
    out["latin"] = np.array([p and p.latin for p in parts], dtype=object)[codes]
    out["woman"] = np.array([-1 if p is None or p.woman is None else int(p.woman) for p in parts])[codes]
    return out


def read_births(column: pd.Series) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return day number, year, month and day of births (−1 is missing), and what to tell the reader."""
    import numpy as np

    codes, cells = distinct_cells(column)
    notes: list[str] = []
    try:
        parsed, _ = parse_dates(codes, cells, column="birth_date", whole_days=True)
    except DataError:
        parsed, _ = parse_dates(codes, cells, column="birth_date", whole_days=True, date_order="dmy")
        notes.append("birth_date: nothing tells day from month; read with the day first.")
    days = np.append(parsed.values.astype("datetime64[D]"), np.datetime64("NaT"))
    good = ~np.isnat(days)
    number = np.where(good, days.astype("int64"), 0)
    months = np.where(good, days, np.datetime64(0, "D")).astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype("int64") + 1970
    out = {
        "birth": np.where(good, number + 100_000, -1),
        "year": np.where(good, year, -1),
        "month": np.where(good, months.astype("int64") % 12 + 1, -1),
        "day": np.where(good, (days - months.astype("datetime64[D]")).astype("int64") + 1, -1),
    }
    for i, cell in enumerate(cells.tolist()):  # a year alone
        text = "" if good[i] else half_width(cell).removesuffix(".0").removesuffix("年")
        if len(text) == 4 and text.isdigit() and 1900 <= int(text) <= 2100:
            out["year"][i] = int(text)
    return {title: values[codes].astype("int64") for title, values in out.items()}, notes


def read_genders(column: pd.Series | None, woman: np.ndarray | None) -> np.ndarray | None:
    """Return 1 for women, 0 for men, −1 where neither the column nor a title in the name tells."""
    import numpy as np

    if column is None:
        return woman if woman is not None and (woman >= 0).any() else None
    codes, told = read_cells(column, lambda t: 1 if t.lower() in _WOMAN else 0 if t.lower() in _MAN else None)
    out = np.array([-1 if t is None else t for t in told], dtype="int64")[codes]
    return out if woman is None else np.where(out < 0, woman, out)


def read_addresses(columns: dict[str, pd.Series]) -> dict[str, np.ndarray]:
    """Return numbers for street, house and room, whole address, town and postcode."""
    import numpy as np

    out: dict[str, np.ndarray] = {}
    town = None
    if "address" in columns:
        codes, parts = read_cells(columns["address"], split_address)
        for title in ("street", "numbers", "first"):
            out[title] = number_texts([p and getattr(p, title) for p in parts], codes)
        whole = [f"{p.street}|{p.numbers}" if p and p.street and p.numbers else None for p in parts]
        out["addr"] = number_texts(whole, codes)
        town = np.array([p and p.town for p in parts], dtype=object)[codes]
    if "place" in columns:
        codes, places = read_cells(columns["place"], shorten_place)
        named = np.array(places, dtype=object)[codes]
        town = named if town is None else np.where(np.equal(named, None), town, named)
    if town is not None and not np.equal(town, None).all():
        out["place"] = number_texts(list(town), np.arange(len(town)))
    if "post" in columns:
        codes, posts = read_cells(
            columns["post"], lambda t: fold_latin(t).replace(" ", "").removesuffix(".0")
        )
        out["post"] = number_texts(posts, codes)
    return out


def read_contacts(columns: dict[str, pd.Series]) -> dict[str, np.ndarray]:
    """Return telephone and mail: a number for equality, the text and its sorted digits for likeness."""
    import numpy as np

    out: dict[str, np.ndarray] = {}
    if "phone" in columns:
        codes, phones = read_cells(columns["phone"], read_phone)
        out["phone"] = number_texts(phones, codes)
        out["digits"] = np.array(phones, dtype=object)[codes]
        out["shuffled"] = number_texts([p and "".join(sorted(p)) for p in phones], codes)
        out["phone_end"] = number_texts([p and p[-7:] for p in phones], codes)
    if "email" in columns:
        codes, mails = read_cells(columns["email"], read_email)
        out["email"] = number_texts(mails, codes)
        out["mail_name"] = number_texts([m and m.partition("@")[0] for m in mails], codes)
        out["mail_text"] = np.array([m and _ascii(m.partition("@")[0]) for m in mails], dtype=object)[codes]
    return out


def _ascii(text: str) -> str | None:
    return text if text.isascii() else None
