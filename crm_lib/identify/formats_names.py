"""Read names of persons: Han names, double surnames, names with a dot, Latin names, salutations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crm_lib.identify._cells import Cells, spread_fields

if TYPE_CHECKING:
    import pandas as pd

NAME_KINDS = ("han", "dotted", "latin", "titled", "nickname", "unknown")
_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容
仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐
段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙
南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 纳兰 完颜 耶律 叶赫 那拉
"""
COMPOUND_SURNAMES = frozenset(_SURNAMES.split())
_TITLES = {
    "先生": "男", "女士": "女", "太太": "女", "小姐": "女", "夫人": "女", "阿姨": "女", "大姐": "女", "大哥": "男",
    "叔叔": "男", "同学": "", "老师": "", "师傅": "", "经理": "", "老板": "", "医生": "",
}  # fmt: skip
_HAN = r"[\u3400-\u9fff\u3007\u3005\U00020000-\U0003ffff]"
_ALL_HAN = re.compile(rf"{_HAN}+\Z")
_DOTS = re.compile(r"[·．.•・‧∙⋅●･]")
_DOTTED = re.compile(rf"{_HAN}+(?:·{_HAN}+)+\Z")
_LETTERS = rf"(?:(?!{_HAN})[^\W\d_])+\.?"
_LATIN = re.compile(rf"{_LETTERS}(?:[ '’\-]{{1,2}}{_LETTERS})*\Z")
_NICKNAME = re.compile(rf"[小老阿]{_HAN}\Z")
_MOST_HAN = 6


class _Name(NamedTuple):
    name: str
    surname: str
    given: str
    kind: str
    gender_hint: str
    is_plain: bool
    is_possible: bool
    is_full: bool
    fault: str


NAME_FIELDS = _Name._fields
_COLUMNS = dict(zip(_Name._fields, ["str"] * 5 + ["bool"] * 3 + ["str"], strict=True))


def check_name(values: pd.Series) -> pd.DataFrame:
    """Read each cell as the name of a person.

    Parameters
    ----------
    values : Series
        One cell per row, as read from a file.

    Returns
    -------
    DataFrame
        With the index of `values`: name (tidy: no outer blanks, no blanks between single
        characters, every dot written ``·``), surname and given (empty where they cannot be told),
        kind (han, dotted, latin, titled such as 张女士, nickname such as 小伟, unknown),
        gender_hint (男 or 女 where the salutation says so), is_plain (was already tidy),
        is_possible (can be a name), is_full (a whole name, no salutation or nickname), fault
        (length, digits, signs or empty).

    Notes
    -----
    A name with a dot is one name and is never split: 阿依古丽·买买提 has no surname here.  A
    double surname (复姓) is told from a list; two characters alone, such as 欧阳, are read as surname
    and given name, because a person may well be called so.  More than six Chinese characters
    without a dot are taken to be a firm.

    Examples
    --------
    >>> import pandas as pd
    >>> out = check_name(pd.Series([" 欧阳娜娜", "阿依古丽．买买提", "张女士", "王5"]))
    >>> out[["name", "surname", "kind", "fault"]].values.tolist()[:3]
    [['欧阳娜娜', '欧阳', 'han', ''], ['阿依古丽·买买提', '', 'dotted', ''], ['张女士', '张', 'titled', '']]
    >>> out["fault"].tolist()[3]
    'digits'
    """
    cells = Cells(values, "name")
    rows = [
        read_name(t, h) if ok else None
        for t, h, ok in zip(cells.texts, cells.half, cells.filled.tolist(), strict=True)
    ]
    return spread_fields(values, cells, rows, _COLUMNS)


def read_name(text: str, half: str) -> _Name:
    """Read one name from its cell and its half-width text."""
    name = tidy_name(half)
    plain = text == name
    if _ALL_HAN.match(name):
        return _read_han(name, plain)
    if _DOTTED.match(name):
        fault = "length" if len(name) > 40 else ""
        return _Name(name, "", "", "dotted", "", plain, not fault, True, fault)
    if _LATIN.match(name):
        fault = "" if 2 <= len(name) <= 60 else "length"
        return _Name(name, "", "", "latin", "", plain, not fault, True, fault)
    fault = "digits" if re.search(r"\d", name) else "signs"
    return _Name(name, "", "", "unknown", "", plain, False, False, fault)


def tidy_name(half: str) -> str:
    """Return a half-width name with its blanks and dots written the one way."""
    if re.fullmatch(rf"{_HAN}(?: {_HAN})+", half):  # 张 伟, spaced to fill a form
        half = half.replace(" ", "")
    dotted = _DOTS.sub("·", re.sub(rf"\s*({_DOTS.pattern})\s*", r"\1", half))
    return dotted if _DOTTED.match(dotted) else half


def _read_han(name: str, plain: bool) -> _Name:
    title = name[-2:] if name[-2:] in _TITLES and len(name) > 2 else ""
    stem = name[: -len(title)] if title else name
    size = 2 if stem[:2] in COMPOUND_SURNAMES and (title or len(stem) > 2) else 1
    if title:
        return _Name(name, stem[:size], stem[size:], "titled", _TITLES[title], plain, True, False, "")
    if _NICKNAME.match(name):
        return _Name(name, "", name[1:], "nickname", "", plain, True, False, "")
    fault = "" if 2 <= len(name) <= _MOST_HAN else "length"
    return _Name(name, name[:size], name[size:], "han", "", plain, not fault, not fault, fault)
