"""Read the header of a column: its name in comparable form, and its unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Exports from Taiwan and Hong Kong spell the same headers in traditional characters.
_SIMPLIFIED = str.maketrans(
    "戶編號訂單時間額數價實會員買產購銷應總顧貨門稱類狀態種款項標題別聯絡電話註備級層龍類組織計積點帐"
    "發達優惠運費稅區縣鄉鎮國華東廣場網絡頻優選贈送換領務賬帳號碼條規匯",
    "户编号订单时间额数价实会员买产购销应总顾货门称类状态种款项标题别联络电话注备级层龙类组织计积点账"
    "发达优惠运费税区县乡镇国华东广场网络频优选赠送换领务账账号码条规汇",
)
_SCALES = {
    "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5, "万": 1e4, "w": 1e4, "千": 1e3, "k": 1e3, "百": 1e2,
    "million": 1e6, "millions": 1e6, "mn": 1e6, "mio": 1e6, "thousand": 1e3, "thousands": 1e3, "000": 1e3,
    "000s": 1e3, "billion": 1e9,
}  # fmt: skip
_YUAN = {
    "元",
    "圆",
    "块",
    "人民币",
    "人民币元",
    "元人民币",
    "rmb",
    "cny",
    "yuan",
    "¥",
    "rmb元",
    "元rmb",
    "cny元",
}
_SMALL = {"角": 0.1, "分": 0.01, "人民币分": 0.01, "fen": 0.01, "cent": 0.01, "cents": 0.01}
_FOREIGN = (
    "美元", "美金", "港币", "港元", "日元", "日圆", "欧元", "英镑", "韩元", "台币", "新台币", "澳元", "加元",
    "usd", "us$", "hkd", "hk$", "jpy", "eur", "gbp", "krw", "twd", "nt$", "aud", "cad", "sgd", "$", "€", "£",
)  # fmt: skip
# Longer than any header: a cell of text.
_MOST_LETTERS = 120
_BRACKET = re.compile(r"[(\[{<【〔「《〈]([^()\[\]{}<>【】〔〕「」《》〈〉]*)[)\]}>】〕」》〉]")
_CJK = re.compile(r"[\u3400-\u9fff]+")
_UNIT_TAIL = re.compile(
    r"(?:[\s_:,.-]+(?P<sep>%|¥|[a-z$]{1,9}|[\u4e00-\u9fff]{1,4})"
    r"|(?P<glued>亿元|千万元|百万元|十万元|万元|千元|百元|万|元|¥|%))$"
)


@dataclass(frozen=True)
class Unit:
    """The unit a header or a note line names.

    ``factor`` turns the value into yuan (or, for shares, into 0–1); ``foreign``
    says that the currency is not the yuan, which no factor here can mend.
    """

    text: str
    factor: float = 1.0
    foreign: bool = False


@dataclass(frozen=True)
class Header:
    """A header as written, and the keys it may be found by, the surest first.

    Each form is ``(keys, sure)``: all known keys must mean the same column;
    a form that is not ``sure`` ignored a qualifier such as ``(含税)``.
    """

    text: str
    forms: tuple[tuple[tuple[str, ...], bool], ...]
    unit: Unit | None = None


def fold_name(text: Any) -> str:
    """Return `text` without case, width, spaces and punctuation, for comparing names.

    Examples
    --------
    >>> fold_name("Customer_ID"), fold_name("客戶編號：")
    ('customerid', '客户编号')
    """
    plain = unicodedata.normalize("NFKC", str(text)).casefold().translate(_SIMPLIFIED)
    return re.sub(r"[\W_]+", "", plain)


def read_unit(text: str) -> Unit | None:
    """Return the unit that `text` names (``万元``, ``千元``, ``USD``, ``%``), or None.

    Examples
    --------
    >>> read_unit("万元").factor, read_unit("USD").foreign, read_unit("含税")
    (10000.0, True, None)
    """
    shown = text.strip()
    word = unicodedata.normalize("NFKC", shown).casefold().translate(_SIMPLIFIED)
    word = re.sub(r"^(金额)?(计量|货币|金额)?(单位|unit|currency|in)\s*(为|[:=])?\s*", "", word)
    word = re.sub(r"[\s'’,.]+", "", word)
    per = re.split(r"/|每", word, maxsplit=1)[0] if not word.startswith("/") else word
    if per in ("%", "百分比", "percent", "pct"):
        return Unit(shown, 0.01)
    if per in _YUAN:
        return Unit(shown)
    if per in _SMALL:
        return Unit(shown, _SMALL[per])
    return _read_scaled(shown, per)


@lru_cache(maxsize=8192)
def read_header(text: str) -> Header:
    """Take a header apart: the names it may stand for, and its unit."""
    if len(text) > _MOST_LETTERS:
        return Header(text, ())
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)
    plain = re.sub(r"[\u200b-\u200f\ufeff]", "", plain).strip().strip("*:").strip()
    inside = [m.strip() for m in _BRACKET.findall(plain) if m.strip()]
    outside = _BRACKET.sub(" ", plain).strip()
    units = [u for u in map(read_unit, inside) if u]
    forms = [((fold_name(plain),), True)]
    if inside and outside:
        names = [fold_name(i) for i in inside if read_unit(i) is None]
        forms.append(((fold_name(outside), *names), not names))
    stem, unit = _split_unit(outside or plain)
    if unit:
        units.append(unit)
        forms.append(((fold_name(stem),), not inside or bool(units)))
    forms.extend(_split_languages(outside or plain))
    kept = {form[0]: form for form in reversed(forms) if any(form[0])}
    return Header(
        text, tuple(kept[k] for k in dict.fromkeys(f[0] for f in forms if any(f[0]))), _first(units)
    )


def name_headers(texts: Sequence[str]) -> list[str]:
    """Give every header a name of its own: repeated ones a number, empty ones their place.

    Examples
    --------
    >>> name_headers(["金额", "", "金额"])
    ['金额', 'column_2', '金额_2']
    """
    names: list[str] = []
    for i, text in enumerate(texts):
        name, n = text or f"column_{i + 1}", 1
        while name in names or (n > 1 and name in texts):
            n += 1
            name = f"{text}_{n}"
        names.append(name)
    return names


def find_unit_note(cells: list[Any]) -> Unit | None:
    """Return the unit that a line above the header declares (``单位：万元``), or None."""
    for cell in cells:
        plain = unicodedata.normalize("NFKC", str(cell or "")).translate(_SIMPLIFIED)
        found = re.search(r"(?:单位|unit)s?\s*[:=为]\s*([^\s,;)\]。]+(?: \w+)?)", plain, re.IGNORECASE)
        unit = read_unit(found.group(1)) if found else None
        if unit:
            return unit
    return None


def _read_scaled(shown: str, word: str) -> Unit | None:
    foreign = next((f for f in _FOREIGN if word.endswith(f) or word.startswith(f)), None)
    rest = word.replace(foreign, "", 1) if foreign else word
    if not foreign:
        for yuan in sorted(_YUAN, key=len, reverse=True):
            rest = rest.removesuffix(yuan).removeprefix(yuan) if rest != yuan else rest
    if foreign and not rest:
        return Unit(shown, 1.0, True)
    return Unit(shown, _SCALES[rest], bool(foreign)) if rest in _SCALES else None


def _split_unit(plain: str) -> tuple[str, Unit | None]:
    """Split a unit without brackets from the end: ``销售额/千元``, ``amount_cny``, ``金额万元``."""
    head, slash, tail = plain.rpartition("/")
    if slash and head and (unit := read_unit(tail)):
        return head, unit
    found = _UNIT_TAIL.search(plain)
    if not found or not found.start():
        return plain, None
    unit = read_unit(found["sep"] or found["glued"])
    return (plain[: found.start()], unit) if unit else (plain, None)


def _split_languages(plain: str) -> list[tuple[tuple[str, ...], bool]]:
    """Offer the Chinese and the other half of a header in two languages."""
    halves = [fold_name(h) for h in re.split(r"[/\n|;]", plain)]
    forms = [(tuple(halves), True)] if len(halves) > 1 and all(halves) else []
    chinese, other = fold_name("".join(_CJK.findall(plain))), fold_name(_CJK.sub(" ", plain))
    if chinese and other:
        forms.append(((chinese, other), True))
    return forms


def _first(units: list[Unit]) -> Unit | None:
    return units[0] if units else None
