"""Take telephone numbers, mail addresses and postal addresses apart for linking."""

from __future__ import annotations

import re
from typing import NamedTuple

from crm_lib.identify.link_names import fold_latin, read_link_words

_NOT_DIGIT = re.compile(r"[^0-9]+")
_EXTENSION = re.compile(r"(?:ext|转|分机|x)\.?\s*[0-9]+\s*$", re.IGNORECASE)
_SEVERAL = re.compile(r"[;；,，、/|]")
_HAN = re.compile("[\u3400-\u9fff]")
_NUMBER = re.compile(r"[0-9]+[a-z]?")
_HAN_NUMBER = re.compile("[〇零一二三四五六七八九十百]+(?=[号栋幢座楼层室单弄巷])")
_HAN_DIGITS = {c: k for k, c in enumerate("零一二三四五六七八九")} | {"〇": 0}
# as far as the street: province, town and district may be left out by another register
_PROVINCE = re.compile(r"^(?:中国)?[\u4e00-\u9fff]{2,7}?(?:省|自治区|特别行政区)")
_CITY = re.compile(r"^[\u4e00-\u9fff]{2,9}?(?:自治州|地区|盟|市)(?!场)")
_DISTRICT = re.compile(r"^(?:(?![路街道巷弄村])[\u4e00-\u9fff]){1,7}?(?:区|县|旗|市)(?![路街道巷弄])")
_PLACE_END = re.compile(
    r"(?:壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|自治州|地区|省|市|盟|区|县)$"
)
_LATIN_WORD = re.compile(r"[a-z0-9]+")
_SHORTEST_PHONE, _LONGEST_PHONE = 5, 15


class AddressParts(NamedTuple):
    """One address: its street, its numbers in the order written, the town it names."""

    street: str | None = None
    numbers: str | None = None
    first: str | None = None
    town: str | None = None


def read_phone(text: str) -> str | None:
    """Return the digits of the first number in a half-width cell, without the code of the country.

    Examples
    --------
    >>> read_phone("+86 138-0013-8000"), read_phone("(021) 6123 4567 转 12"), read_phone("0000000")
    ('13800138000', '02161234567', None)
    """
    if len(text) == 11 and text[0] == "1" and text.isascii() and text.isdigit() and len(set(text)) > 1:
        return text  # as most are
    first = _EXTENSION.sub("", _SEVERAL.split(text)[0])
    if first.endswith(".0"):
        first = first[:-2]
    digits = _NOT_DIGIT.sub("", first)
    if digits.startswith("0086"):
        digits = digits[4:]
    elif digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) == 12 and digits.startswith("01") and digits[2] in "3456789":
        digits = digits[1:]
    if not _SHORTEST_PHONE <= len(digits) <= _LONGEST_PHONE or len(set(digits)) == 1:
        return None
    return None if digits in "01234567890123456789" else digits


def read_email(text: str) -> str | None:
    """Return a mail address in lower case, or None when it has no name and host.

    Examples
    --------
    >>> read_email(" Li.Lei@Example.COM "), read_email("none"), read_email("mailto:a@b.cn")
    ('li.lei@example.com', None, 'a@b.cn')
    """
    low = "".join(text.lower().split()).removeprefix("mailto:").strip("<>;,.")
    name, at, host = low.partition("@")
    return low if at and name and "." in host and "@" not in host else None


def shorten_place(text: str) -> str | None:
    """Return a province or town without the word for what it is.

    Examples
    --------
    >>> shorten_place("广东省"), shorten_place("深圳市"), shorten_place("New York")
    ('广东', '深圳', 'newyork')
    """
    if _HAN.search(text):
        plain = "".join(text.split())
        short = _PLACE_END.sub("", plain)
        return (short if len(short) >= 2 else plain) or None
    return "".join(_LATIN_WORD.findall(fold_latin(text))) or None


def split_address(text: str) -> AddressParts:
    """Take one half-width address apart.

    Examples
    --------
    >>> split_address("广东省深圳市南山区旭日路12号301室")
    AddressParts(street='旭日路', numbers='12 301', first='12', town='深圳')
    >>> split_address("旭日路12-301").numbers, split_address("Flat 4, 12 Main Street").street
    ('12 301', 'main st')
    """
    if _HAN.search(text):
        return _split_chinese(text)
    words = _LATIN_WORD.findall(fold_latin(text))
    numbers = sorted((w for w in words if w[0].isdigit()), key=lambda n: (len(n), n))
    known = read_link_words()["street_words"]
    street = " ".join(filter(None, (known.get(w, w) for w in words if not w[0].isdigit())))
    return AddressParts(street or None, " ".join(numbers) or None, numbers[-1] if numbers else None)


def _split_chinese(text: str) -> AddressParts:
    plain = _HAN_NUMBER.sub(lambda m: str(_read_han_number(m.group())), "".join(text.lower().split()))
    rest = _PROVINCE.sub("", plain)
    city = _CITY.match(rest)
    rest = rest[city.end() :] if city else rest
    rest = _DISTRICT.sub("", rest) or rest
    number = _NUMBER.search(rest)
    numbers = _NUMBER.findall(rest)
    street = (rest[: number.start()] if number else rest).strip("-—，,。第")
    return AddressParts(
        street or None,
        " ".join(numbers) or None,
        numbers[0] if numbers else None,
        shorten_place(city.group()) if city else None,
    )


def _read_han_number(text: str) -> int:
    """Read 一百二十三 and 一二三 alike as 123."""
    if not set(text) & set("十百"):
        return int("".join(str(_HAN_DIGITS[c]) for c in text))
    total, digit = 0, 0
    for c in text:
        if c == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif c == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _HAN_DIGITS[c]
    return total + digit
