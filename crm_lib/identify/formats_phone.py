"""Read telephone numbers as they are written in China: mobile, landline, service, foreign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from crm_lib._checks import import_extra
from crm_lib.errors import ParameterError
from crm_lib.identify._cells import Cells, match_all, spread_fields

if TYPE_CHECKING:
    import pandas as pd

PHONE_KINDS = ("mobile", "landline", "service", "foreign", "unknown")
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―.()·]+")
_EXTENSION = re.compile(
    r"(?:转分?机?|分机|ext\.?|x|#|,)\s*:?\s*(\d{1,6})\Z|(?<=\d{7})-(\d{1,5})\Z", re.IGNORECASE
)
_COUNTRY = re.compile(r"(?:\+|00)86")
_MOBILE = re.compile(r"0?(1\d{10})\Z")
_SERVICE = re.compile(r"[48]00\d{7}\Z")
_LANDLINE = re.compile(r"0[1-9]\d{8,10}\Z")
_PLAIN_MOBILE = r"^1[0-9]{10}$"
_PLAIN_OTHER = re.compile(
    r"(?:0\d{2,3}-?\d{7,8}(?:-\d{1,6})?|[48]00(?:\d{7}|-\d{3}-?\d{4}|-\d{4}-?\d{3})|\+(?!86)\d[\d -]{5,18})\Z"
)


class _Phone(NamedTuple):
    number: str
    e164: str
    extension: str
    kind: str
    is_plain: bool
    is_possible: bool
    is_valid: bool
    is_invented: bool


PHONE_FIELDS = _Phone._fields
_COLUMNS = dict(
    zip(_Phone._fields, ("str", "str", "str", "str", "bool", "bool", "bool", "bool"), strict=True)
)


def parse_phone(values: pd.Series, *, region: str = "CN", phone_prefixes: Sequence[str] = ()) -> pd.DataFrame:
    """Read each cell as a telephone number.

    Parameters
    ----------
    values : Series
        One cell per row, text or numbers, as read from a file.
    region : str
        Country a number without country code belongs to, as two letters.
    phone_prefixes : sequence of str
        First digits of numbers a data set invented on purpose (旭东: ``"154"``):
        where possible, they count as valid.

    Returns
    -------
    DataFrame
        With the index of `values`: number (the one way to write it: ``13812345678``,
        ``0571-87654321``, ``0571-87654321-801``, ``400-812-3123``, ``+16502530000``; empty
        when it can be no number), e164, extension, kind (mobile, landline, service,
        foreign, unknown), is_plain (already written plainly), is_possible (has the form
        of a number), is_valid (the numbering plan knows it), is_invented.

    Raises
    ------
    MissingPackageError
        The package phonenumbers is not installed.
    ParameterError
        There is no such region.

    Notes
    -----
    *Possible* and *valid* are told apart: a wrong number of digits is a fault of form
    (规范性), a number no network was given is a fault of truth (准确性).  Mobile
    numbers are held against the pattern of libphonenumber itself, in one pass; the
    rest are parsed by it one by one.  A local number without its area code is not possible:
    nobody elsewhere could dial it.

    Examples
    --------
    >>> import pandas as pd
    >>> out = parse_phone(pd.Series(["+86 138-1234-5678", "(0571)8765 4321转801", "1381234567"]))
    >>> out[["number", "kind", "is_possible"]].values.tolist()
    [['13812345678', 'mobile', True], ['0571-87654321-801', 'landline', True], ['', 'unknown', False]]
    """
    package = import_extra("phonenumbers", extra="link", purpose="parse_phone")
    if region not in package.SUPPORTED_REGIONS:
        raise ParameterError(
            f"parse_phone: region must be two letters of a country; got {region!r}. Write 'CN' for China."
        )
    cells = Cells(values, "phone")
    return spread_fields(values, cells, read_phones(cells, region, tuple(phone_prefixes)), _COLUMNS)


def read_phones(cells: Cells, region: str, prefixes: tuple[str, ...]) -> list[Any]:
    """Return the fields of each distinct cell; plain Chinese mobile numbers all at once."""
    fast = match_all(cells.texts, _PLAIN_MOBILE).tolist() if region == "CN" else [False] * len(cells.raw)
    valid = match_all(cells.texts, f"^(?:{_mobile_pattern()})$").tolist() if region == "CN" else fast
    out: list[_Phone | None] = []
    for text, half, ok, is_mobile, known in zip(
        cells.texts, cells.half, cells.filled.tolist(), fast, valid, strict=True
    ):
        if is_mobile:
            invented = bool(prefixes) and text.startswith(prefixes)
            out.append(_Phone(text, "+86" + text, "", "mobile", True, True, known or invented, invented))
        else:
            out.append(_read(text, half, region, prefixes) if ok else None)
    return out


@cache
def _mobile_pattern() -> str:
    package = import_extra("phonenumbers", extra="link", purpose="parse_phone")
    plan = package.PhoneMetadata.metadata_for_region("CN")
    return plan.mobile.national_number_pattern


def _read(text: str, half: str, region: str, prefixes: tuple[str, ...]) -> _Phone:
    body, extension = half, ""
    found = _EXTENSION.search(half)
    if found and not _MOBILE.match(_SEPARATORS.sub("", _COUNTRY.sub("", half))):
        body, extension = half[: found.start()], found.group(1) or found.group(2)
    digits = _SEPARATORS.sub("", body)
    if region == "CN":
        if _COUNTRY.match(digits):
            digits = _COUNTRY.sub("", digits, count=1)
            inland = _MOBILE.match(digits) or _SERVICE.match(digits)
            digits = digits if inland else "0" + digits.lstrip("0")
        digits = digits[2:] if re.fullmatch(r"861\d{10}", digits) else digits
        read = _read_chinese(digits, extension)
    else:
        read = None
    if read is None and re.fullmatch(r"\+?\d{3,17}", digits):
        read = _read_other(digits, extension, region)
    if read is None:
        return _Phone("", "", "", "unknown", False, False, False, False)
    number, e164, kind, possible, valid = read
    invented = possible and bool(prefixes) and number.startswith(prefixes)
    plain = text == number or (kind != "mobile" and bool(_PLAIN_OTHER.match(text)))
    return _Phone(number, e164, extension, kind, plain, possible, valid or invented, invented)


def _read_chinese(digits: str, extension: str) -> tuple[str, str, str, bool, bool] | None:
    """Read a Chinese number: its form, international form, kind, possible, valid; None when it is none."""
    mobile = _MOBILE.match(digits)
    if mobile:
        number = mobile.group(1)
        known = re.fullmatch(_mobile_pattern(), number) is not None
        return number, "+86" + number, "mobile", True, known
    if _SERVICE.match(digits):
        _, known = _judge(digits)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", "+86" + digits, "service", True, known
    if _LANDLINE.match(digits):
        possible, known = _judge(digits)
        cut = 3 if digits[1] in "12" else 4
        shown = f"{digits[:cut]}-{digits[cut:]}" + (f"-{extension}" if extension else "")
        possible = possible and len(digits) - cut in (7, 8)
        return (shown, "+86" + digits[1:], "landline", True, known) if possible else None
    return None


def _judge(digits: str) -> tuple[bool, bool]:
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException:
        return False, False
    return phonenumbers.is_possible_number(number), phonenumbers.is_valid_number(number)


def _read_other(digits: str, extension: str, region: str) -> tuple[str, str, str, bool, bool] | None:
    """Read a number with another country's code, or any number of another region."""
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    abroad = number.country_code != phonenumbers.country_code_for_region("CN")
    whole = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not whole or not abroad:
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    shown = e164 + (f"-{extension}" if extension else "")
    return shown, e164, "foreign", True, phonenumbers.is_valid_number(number)
