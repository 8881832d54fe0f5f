"""Read one cell of an upload by the form of its column: the value to keep, or the rule it breaks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from crm_lib._checks import closest_first, import_extra
from crm_lib.store.cell_texts import is_nothing, tidy_code, tidy_text
from crm_lib.store.fields import FormField


class Cell(NamedTuple):
    """A cell that was read: its value (None for a gap), or the rule it breaks with what to say about it."""

    value: Any = None
    rule: str = ""
    detail: str = ""


GAP = Cell()
_FORMULA = re.compile(r"[=@+]|-(?=[A-Za-z(@=+])")
_MARKUP = re.compile(r"<\s*[/!?a-zA-Z][^>]*>?|&(?:#\d+|#x[0-9a-fA-F]+|lt|gt);|javascript:", re.IGNORECASE)
_NO_NAME = re.compile(r"[<>{}\[\]|\\=@#$%^&*~;:\"/?!]|https?")
_BETWEEN = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_MAIL = re.compile(
    r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\Z"
)
_MOBILE = re.compile(r"1[3-9]\d{9}\Z", re.ASCII)
_DIALLED = re.compile(
    r"[+(]?[\d\s\-‐‑‒–—―.()·]+(?:(?:转|分机|ext\.?|x)\s*:?\s*\d{1,6})?\Z", re.ASCII | re.IGNORECASE
)
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―.()·]+")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1\d{10}\Z)", re.ASCII)
_FLOAT = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})\Z", re.ASCII)
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[T\s]\s*(.*))?\Z", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)\Z", re.ASCII)
_SERIAL = re.compile(r"([1-6]\d{4})(\.\d+)?\Z", re.ASCII)
_OPEN_DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})\b", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\Z", re.ASCII)
_GAPS = re.compile(r"[\s-]")
_IDENTITY = re.compile(r"[1-9]\d{16}[\dX]\Z", re.ASCII)
_OLD_IDENTITY = re.compile(r"[1-9]\d{14}\Z", re.ASCII)
_FIRST_SERIAL = dt.datetime(1899, 12, 30)
_FIRST_YEAR = 1900
_GREATEST = 10**15
_CODE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff _./#-]*\Z")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z", re.ASCII)


def read_text(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read prose: no formula, no markup, not too long."""
    tidy = tidy_text(text)
    if is_nothing(tidy):
        return GAP
    if _FORMULA.match(tidy):
        return Cell(rule="formula")
    if _MARKUP.search(tidy):
        return Cell(rule="markup")
    return Cell(tidy) if len(tidy) <= field.most else Cell(rule="too_long", detail=str(len(tidy)))


def read_name(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a name: prose that holds letters and nothing a name never holds."""
    cell = read_text(text, field)
    if cell.rule or cell.value is None:
        return cell
    if not any(c.isalpha() for c in cell.value) or _NO_NAME.search(cell.value):
        return Cell(rule="name")
    # 李 娜 is typed so that it lines up with 欧阳娜娜
    return Cell(_BETWEEN.sub("", cell.value))


def read_choice(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a word of a list, also in its other spellings."""
    tidy = tidy_text(text)
    known = list_spellings(field)
    found = known.get(tidy) or known.get(tidy.lower())
    if found:
        return Cell(found)
    if is_nothing(tidy):
        return GAP
    return Cell(rule="choice", detail=tidy[:20])


@cache
def list_spellings(field: FormField) -> dict[str, str]:
    """Return every way to write a choice of `field`, with the choice."""
    out = {word.lower(): choice for choice, words in field.synonyms for word in words}
    for choice in field.choices:
        for ending in field.endings:
            if choice.endswith(ending) and len(choice) > len(ending) + 1:
                out.setdefault(choice.removesuffix(ending).lower(), choice)
    return out | {choice.lower(): choice for choice in field.choices} | {c: c for c in field.choices}


def list_closest(field: FormField, word: str, most: int = 6) -> str:
    """Return the choices of `field` for a message; of a long list the closest ones."""
    if len(field.choices) <= most:
        return "、".join(field.choices)
    return "、".join(closest_first(word, field.choices)[:most]) + " 等"


def read_phone(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a telephone number: a Chinese mobile number, or any number that could be dialled."""
    if _MOBILE.match(text):
        return Cell(text)
    tidy = tidy_code(text)
    if is_nothing(tidy):
        return GAP
    if found := _FLOAT.match(tidy):
        lead, rest, power = found[1], found[2] or "", int(found[3])
        if len(rest) < power and not (lead + rest).ljust(power + 1, "0")[-4:].strip("0"):
            return Cell(rule="lost_digits")
        tidy = (lead + rest).ljust(power + 1, "0")
    tidy = re.sub(r"\A(\d+)\.0+\Z", r"\1", tidy)
    digits = _COUNTRY.sub("", _SEPARATORS.sub("", tidy), count=1)
    if _MOBILE.match(digits):
        return Cell(digits)
    if re.search(r"\d{7,}\s*[/,;、，；|或]\s*\d{7,}", tidy):
        return Cell(rule="two_numbers")
    if re.fullmatch(r"\d+", digits) and digits[:1] == "1":
        return Cell(rule="phone_digits", detail=str(len(digits)))
    return _read_other_phone(tidy)


def _read_other_phone(tidy: str) -> Cell:
    package = import_extra("phonenumbers", extra="link", purpose="upload_rows")
    if not _DIALLED.match(tidy):
        return Cell(rule="phone")
    body = re.sub(r"(?:转|分机|ext\.?|x)\s*:?\s*(\d{1,6})\Z", r";ext=\1", tidy, flags=re.IGNORECASE)
    try:
        number = package.parse(body, "CN")
    except package.NumberParseException:
        return Cell(rule="phone")
    if not package.is_valid_number(number):
        return Cell(rule="phone")
    if number.country_code != package.country_code_for_region("CN"):
        form = package.format_number(number, package.PhoneNumberFormat.E164)
        return Cell(form + (f"-{number.extension}" if number.extension else ""))
    form = package.format_number(number, package.PhoneNumberFormat.NATIONAL)
    shown = re.sub(r"[\s()]+", "-", form.split(" ext")[0].split(" 转")[0].split("转")[0]).strip("-")
    area = re.match(r"(0(?:10|2\d|\d{3}))-?(\d{3,4}-?\d{4})\Z", shown)
    shown = f"{area[1]}-{area[2].replace('-', '')}" if area else shown
    return Cell(shown + (f"-{number.extension}" if number.extension else ""))


def read_email(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read an e-mail address; the part after the @ is written small."""
    tidy = tidy_code(text)
    if is_nothing(tidy):
        return GAP
    if len(tidy) > field.most or not _MAIL.match(tidy) or ".." in tidy:
        return Cell(rule="email")
    name, place = tidy.split("@")
    return Cell(f"{name}@{place.lower()}")


def read_identity(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read an identity number (GB 11643): form, check digit, birthday and place.

    The place counts when its code was ever in use: numbers were given out from 1984 on, by where a
    person was registered then, so a code may be younger than the person.
    """
    ric = import_extra("stdnum.cn.ric", extra="link", purpose="upload_rows")
    tidy = _GAPS.sub("", tidy_code(text)).upper()
    if is_nothing(tidy):
        return GAP
    if isinstance(raw, (float, int)) or _FLOAT.match(tidy):
        return Cell(rule="lost_digits")
    if _OLD_IDENTITY.match(tidy):
        return Cell(rule="identity_old")
    if not _IDENTITY.match(tidy):
        return Cell(rule="identity_form", detail=str(len(tidy)))
    if ric.calc_check_digit(tidy) != tidy[-1]:
        return Cell(rule="identity_check")
    try:
        born = dt.date(int(tidy[6:10]), int(tidy[10:12]), int(tidy[12:14]))
    except ValueError:
        return Cell(rule="identity_part")
    sound = born.year >= _FIRST_YEAR and _is_place(tidy[:6])
    return Cell(tidy) if sound else Cell(rule="identity_part")


@cache
def _is_place(code: str) -> bool:
    from stdnum import numdb

    return any(props for _, props in numdb.get("cn/loc").info(code)[-1:])


def read_date(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a day; a clock time beside it is dropped."""
    cell = read_time(text, field, raw)
    return Cell(cell.value.date()) if cell.value is not None else cell


def read_time(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a day with or without a clock time; a number is Excel's count of days."""
    tidy = tidy_code(text)
    if is_nothing(tidy):
        return GAP
    if found := _SERIAL.match(tidy):
        seconds = round(float(f"0{found[2] or ''}") * 86_400)
        return Cell(_FIRST_SERIAL + dt.timedelta(days=int(found[1]), seconds=seconds))
    found = _DAY.match(tidy) or _COMPACT.match(re.sub(r"\.0+\Z", "", tidy))
    if not found:
        return Cell(rule="date_open" if _OPEN_DAY.match(tidy) else "date", detail=tidy[:20])
    clock = _CLOCK.match((found[4] or "").strip() or "0:00") if found.re is _DAY else _CLOCK.match("0:00")
    try:
        hour, minute, second = (int(g or 0) for g in clock.groups())  # type: ignore[union-attr]
        value = dt.datetime(int(found[1]), int(found[2]), int(found[3]), hour, minute, second)
    except (ValueError, AttributeError):
        return Cell(rule="date", detail=tidy[:20])
    return Cell(value) if value.year >= _FIRST_YEAR else Cell(rule="date", detail=tidy[:20])


def read_code(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a code such as an order number."""
    tidy = re.sub(r"\A(\d+)\.0+\Z", r"\1", tidy_code(text))
    if is_nothing(tidy):
        return GAP
    if _FLOAT.match(tidy) or (isinstance(raw, float) and abs(raw) >= 1e15):
        return Cell(rule="lost_digits")
    if len(tidy) > field.most:
        return Cell(rule="too_long", detail=str(len(tidy)))
    return Cell(tidy) if _CODE.match(tidy) else Cell(rule="code", detail=tidy[:20])


def read_number(text: str, field: FormField, raw: Any = None) -> Cell:
    """Read a number, with a currency sign and thousands separators if they are there."""
    tidy = re.sub(r"\A[¥￥]\s*|\s*元\Z", "", tidy_code(text)).strip()
    if is_nothing(tidy):
        return GAP
    if _THOUSANDS.match(tidy):
        tidy = tidy.replace(",", "")
    try:
        number = Decimal(tidy)
    except InvalidOperation:
        return Cell(rule="number", detail=tidy[:20])
    if (
        not number.is_finite()
        or abs(number) > _GREATEST
        or (field.form == "integer" and number != number.to_integral_value())
    ):
        return Cell(rule="integer" if field.form == "integer" else "number", detail=tidy[:20])
    return Cell(int(number) if field.form == "integer" else float(number))


READERS: dict[str, Callable[..., Cell]] = {
    "text": read_text, "name": read_name, "choice": read_choice, "phone": read_phone, "email": read_email,
    "identity": read_identity, "date": read_date, "datetime": read_time, "customer_no": read_code,
    "id": read_code, "number": read_number, "integer": read_number, "money": read_number,
}  # fmt: skip
