"""Make values of one kind comparable: one key for all spellings of the same value, and what each is worth."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.identify._audit import as_text
from crm_lib.identify._values import NOBODY

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify.survivorship import Rules

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]")
_TITLE = re.compile(r"(.{1,2})(先生|女士|太太|小姐|夫人|老师|经理|同学|师傅)\Z")
_NICKNAME = re.compile(r"[小阿老](.{1,2})\Z")
_INITIAL = re.compile(r"[a-z]\.?\Z")
_MOBILE = re.compile(r"1[3-9]\d{9}\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\Z")
_DAY = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})日?\Z|(\d{4})(\d\d)(\d\d)\Z")
_DISTRICT = re.compile(r".*[省市区县旗州盟](?=.)")
_PLACE_END = re.compile(r"(维吾尔|壮族|回族)?(自治区|特别行政区|省|市)\Z")
_NOT_WORD = re.compile(r"[\W_]+")
WHOLE, SHORT, TITLE_ONLY = 2, 1, 0


@dataclass(frozen=True)
class Form:
    """What one cell says: ``key`` (empty: nothing), whether it is possible, and how whole it is (a date: readable)."""

    key: str
    valid: bool = True
    full: int = WHOLE


def plain(value: Any) -> str:
    """Return a cell as text in half width, trimmed; placeholders such as ``-`` or ``未知`` are empty.

    Examples
    --------
    >>> plain(" １３８ "), plain("未知"), plain(None), plain(12.0)
    ('138', '', '', '12')
    """
    text = unicodedata.normalize("NFKC", as_text(value)).strip()
    return "" if text.casefold() in NOBODY else text


def read_forms(values: Iterable[Any], form: str, rules: Rules) -> list[Form]:
    """Return the form of each value.

    Parameters
    ----------
    values
        Cells, best each distinct one once.
    form
        Kind of value, one of ``survivorship.FORMS``.
    rules
        The rules of the merge: placeholder numbers, the earliest possible birthday.

    Examples
    --------
    >>> from crm_lib.identify.survivorship import load_survivorship
    >>> [f.key for f in read_forms(["朝阳区旭日路12号101室", "旭日路12-101"], "address", load_survivorship())]
    ['旭日路|12.101', '旭日路|12.101']
    >>> [f.full for f in read_forms(["王静", "小静", "王女士"], "name", load_survivorship())]
    [2, 1, 0]
    """
    return [_read(value, form, rules) for value in values]


def _read(value: Any, form: str, rules: Rules) -> Form:
    text = plain(value)
    if not text:
        return Form("")
    if form == "name":
        return _read_name(text)
    if form == "phone":
        return _read_phone(text, rules.placeholder_phones)
    if form == "email":
        low = text.casefold().replace(" ", "")
        return Form(low, bool(_EMAIL.match(low)))
    if form == "date":
        return _read_date(value, text, rules.earliest_birth)
    if form == "place":
        return Form(_PLACE_END.sub("", text).casefold() or text)
    return Form(_address_key(text) if form == "address" else text.casefold())


def _read_name(text: str) -> Form:
    key = re.sub(r"[\s·•.．・‧]+", "" if _HAN.search(text) else " ", text).strip().casefold()
    if not key:
        return Form("")
    if not _HAN.search(text):
        words = key.split(" ")
        return Form(key, full=WHOLE if sum(not _INITIAL.match(w) for w in words) > 1 else SHORT)
    if _TITLE.match(key) or re.search(r"[*＊xX某]", key):
        return Form(key, full=TITLE_ONLY)
    return Form(key, full=SHORT if _NICKNAME.match(key) or len(key) == 1 else WHOLE)


def _read_phone(text: str, placeholders: tuple[str, ...]) -> Form:
    digits = re.sub(r"\D", "", text)
    inland = re.sub(r"\A(00)?86(?=1[3-9]\d{9}\Z)", "", digits)
    good = bool(_MOBILE.match(inland)) or (7 <= len(inland) <= 15 and not re.match(r"1\d{10}\Z", inland))
    return Form(inland or text.casefold(), good and len(set(inland)) > 1 and inland not in placeholders)


def _read_date(value: Any, text: str, earliest: dt.date) -> Form:
    day = value if isinstance(value, dt.date) else _find_day(text)
    if day is None:
        return Form(text, valid=False, full=SHORT)
    day = day.date() if isinstance(day, dt.datetime) else day
    return Form(day.isoformat(), day >= earliest)


def _find_day(text: str) -> dt.date | None:
    found = _DAY.match(text.split(" ")[0].split("T")[0])
    if not found:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups() if part))
    except ValueError:
        return None


def _address_key(text: str) -> str:
    """Return street and numbers; province, town and district in front of the street may be left out."""
    tight = re.sub(r"\s+", "", text).casefold()
    if not _HAN.search(text) or not re.search(r"\d", tight):
        return _NOT_WORD.sub("", tight) or tight
    street = _DISTRICT.sub("", re.split(r"\d", tight, maxsplit=1)[0])
    return f"{_NOT_WORD.sub('', street)}|{'.'.join(re.findall(r'[0-9]+', tight))}"


def supports(short: Form, whole: Form) -> bool:
    """Tell whether a nickname or form of address bears out a whole name.

    Examples
    --------
    >>> supports(Form("小静", full=1), Form("王静")), supports(Form("李女士", full=0), Form("王静"))
    (True, False)
    """
    title, nickname = _TITLE.match(short.key), _NICKNAME.match(short.key)
    if title:
        return whole.key.startswith(title[1])
    return bool(nickname) and whole.key.endswith(nickname[1])


def vouches(mail: str, name: str) -> bool:
    """Tell whether the local part of an e-mail address spells the name, in pinyin where it is Chinese.

    Examples
    --------
    >>> vouches("wangjing88@example.com", "王静"), vouches("wangjing88@example.com", "王敏")
    (True, False)
    >>> vouches("ann.smith@example.com", "Smith Ann")
    True
    """
    local = re.sub(r"[^a-z]", "", mail.split("@")[0].casefold())
    if not _HAN.search(name):
        words = [w for w in re.split(r"\W+", name.casefold()) if w]
        return len(words) > 1 and all(w in local for w in words)
    return any(sound in local for sound in _spell(name))


@cache
def _spell(name: str) -> tuple[str, ...]:
    pinyin = import_extra(
        "pypinyin", extra="link", purpose="holding a Chinese name against an e-mail address"
    )
    sounds = pinyin.pinyin(name, style=pinyin.Style.NORMAL, heteronym=True)
    # ü is written v in addresses, u on passports
    ways = [sorted({s for sound in one for s in (sound, sound.replace("v", "u"))}) for one in sounds]
    if len(name) < 2 or len(name) > 4:
        return ()
    whole = list(product(*ways))[:64]
    return tuple(dict.fromkeys(s for w in whole for s in ("".join(w), "".join([*w[1:], w[0]]))))


@dataclass(frozen=True)
class Coded:
    """A column read once: forms and texts of its distinct cells, and the cell of each row (-1: says nothing)."""

    forms: list[Form]
    texts: list[str]
    cells: np.ndarray


def code_column(values: pd.Series, form: str, rules: Rules) -> Coded:
    """Read each distinct cell of a column once.

    Parameters
    ----------
    values
        One column of the records.
    form
        Kind of value.
    rules
        The rules of the merge.
    """
    import numpy as np
    import pandas as pd

    cells, distinct = pd.factorize(values.astype(object), use_na_sentinel=True)
    forms = read_forms(distinct, form, rules)
    empty = np.array([not f.key for f in forms] + [True])
    return Coded(forms, [as_text(v) for v in distinct], np.where(empty[cells], -1, cells))
